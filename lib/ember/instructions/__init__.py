"""The narrow waist: what a program is, the table of instructions, and what is derived from it."""
