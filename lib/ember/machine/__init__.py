"""What a program runs in: its image, and the executor, which alone reaches its memory."""
