from collections.abc import Callable
from typing import Any

from .lbfgs import LBFGS

def search(
    optimizer: LBFGS, closure: Callable[[], Any], t: float, loss: float, slope: float, most: int
) -> tuple[float, float, int]: ...
