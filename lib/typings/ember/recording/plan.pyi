from array import array
from collections.abc import MutableSequence, Sequence

def merge(
    sizes: Sequence[int], first: Sequence[int], last: MutableSequence[int], shares: Sequence[tuple[int, int]]
) -> array[int]: ...
def ranked(alone: Sequence[int], measure: Sequence[int], first: Sequence[int]) -> list[int]: ...
def lower_bound(sizes: Sequence[int], first: Sequence[int], last: Sequence[int], group: Sequence[int]) -> int: ...
def place(
    order: Sequence[int],
    sizes: Sequence[int],
    first: Sequence[int],
    last: Sequence[int],
    offsets: MutableSequence[int],
    most: int = 1 << 29,
) -> int: ...
def plan(
    sizes: Sequence[int],
    first: Sequence[int],
    last: MutableSequence[int],
    shares: Sequence[tuple[int, int]] = (),
    tries: int = 1000,
) -> tuple[array[int], int, int]: ...
