"""Weights and their averages, which change places for a while."""


class Swapped:
    """For each pair of buffers: they change places, and at the end of the block change back."""

    def __init__(self, pairs):
        self.pairs = pairs

    def __enter__(self):
        for a, b in self.pairs:
            for i in range(len(a)):
                a[i], b[i] = b[i], a[i]

    def __exit__(self, *error):
        self.__enter__()
