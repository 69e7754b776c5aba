from typing import Literal

from typing_extensions import TypeAlias

from .runner import Runner

_Guard: TypeAlias = (
    Literal["raise", "skip", "reduce", "rewind"]
    | tuple[Literal["reduce"], float]
    | tuple[Literal["rewind"], int]
    | tuple[Literal["rewind"], str]
)

def guard(runner: Runner, guard: _Guard) -> None: ...
