from collections.abc import Callable
from typing import Any

from .record import Plan, Program

def build(rows: int, body: Callable[[Any], object], memory: int | None = None) -> tuple[Plan, Program]: ...
