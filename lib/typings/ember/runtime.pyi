from typing_extensions import Buffer

from .running import Runner

def load(source: str | Buffer) -> Runner: ...
