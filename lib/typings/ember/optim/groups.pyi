from typing import Any

from ..nn import Module

def decay_groups(model: Module, weight_decay: float) -> list[dict[str, Any]]: ...
