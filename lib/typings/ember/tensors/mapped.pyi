from typing_extensions import Buffer

from .tensor import Tensor, _Shape

def frombuffer(buffer: Buffer, shape: _Shape | None = None, offset: int = 0) -> Tensor: ...
