"""What an executor keeps, piece by piece."""

PIECE = 16  # elements, of 4 bytes: a micro:bit has room for no more


def pieces(executor, first, n, most=0):
    """n elements of what an executor keeps, from an address on: at once where they lie in this heap, or so many at the
    most."""
    most = most or (n if executor.in_place else PIECE)
    for at in range(first, first + n, most or 1):
        yield executor.view(at, min(most, first + n - at))
