from array import array
from collections.abc import Callable, Sequence
from typing import Literal, NoReturn

from typing_extensions import Buffer

from .machine.executor import Executor
from .machine.image import Image

FINISHED: int
PAUSED: int
FAULT: int
NOT_FINITE: int

# What `select` takes from a VM.
name: Literal["native", "portable"]

def run(
    program: array[int], segments: Sequence[Buffer], state: array[int], budget: int, weights: Buffer | None = None
) -> int: ...

verify: Callable[[array[int]], int]
permute: Callable[[int, int, int, int], int]  # i, n, key, epoch
components: int  # a bit each

def select(wanted: Literal["native", "portable"] | None = None) -> None: ...
def check(program: array[int]) -> None: ...
def execute(image: Image, arena: array[float]) -> Executor: ...
def fault(program: array[int], segments: Sequence[Buffer], state: array[int]) -> NoReturn: ...
