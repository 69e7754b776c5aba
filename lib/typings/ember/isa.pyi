from typing import Any

TYPES: str
READS: str
WRITES: str
UPDATES: str
ACCUMULATES: str
FUNCTIONS: tuple[tuple[str, int, int], ...]
TABLE: tuple[tuple[str, str, str, str, str, int, int], ...]

def function(name: str) -> int: ...
def parse(opcode: int) -> list[tuple[Any, ...]]: ...
def product(text: str, names: list[str]) -> list[int]: ...
def checksum() -> int: ...

# Opcodes and other numbers: a new instruction need not be named here too.
def __getattr__(name: str) -> int: ...
