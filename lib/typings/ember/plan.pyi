from array import array
from collections.abc import MutableSequence, Sequence

def merge(
    sizes: Sequence[int], first: Sequence[int], last: MutableSequence[int], shares: Sequence[tuple[int, int]]
) -> array[int]: ...
def lower_bound(sizes: Sequence[int], first: Sequence[int], last: Sequence[int], group: Sequence[int]) -> int: ...
def place(
    order: Sequence[int],
    sizes: Sequence[int],
    first: Sequence[int],
    last: Sequence[int],
    offsets: MutableSequence[int],
) -> int: ...
def plan(
    sizes: Sequence[int],
    first: Sequence[int],
    last: MutableSequence[int],
    shares: Sequence[tuple[int, int]] = (),
    tries: int = 2000,
) -> tuple[array[int], int, int]: ...
