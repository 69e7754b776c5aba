"""The portable VM: every instruction in plain Python, and what proves, explains and lists programs."""
