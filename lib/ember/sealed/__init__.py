"""Sealed files: secrecy and authenticity under a key that the caller gives. See docs/sealed.md.

from ember import sealed

key = sealed.Key(secret)                            # 16 bytes or more, from where the board keeps it
trainer.save(key.at("model.ckpt", "checkpoint"))
trainer.load(key.at("model.ckpt", "checkpoint"))
"""

from .container import KINDS, Reader, Writer  # noqa: F401
from .key import Key  # noqa: F401

_PIECE = 128  # bytes that are sealed at once


class File:
    """A sealed file of a kind, where others have a path: see run/files.py. Once it is in its place, or was read without
    an error, older ones are refused, if the key counts."""

    def __init__(self, path, key, kind):
        self.path, self.key, self.kind = path, key, kind

    def __repr__(self):
        return repr(self.path)

    def replace(self, write, what, whole=None):
        """write(what, file) a new one, in place of the old one."""
        from ..run.files import replace

        made = []

        def through(what, file):
            with Writer(file, self.key, self.kind) as out:
                write(what, out)
            made.append(out.number)

        replace(self.path, through, what)
        self.key.accept(self.kind, made[0])

    def replacing(self, pieces):
        """The same, piece by piece: yields the bytes of each, when it is written."""
        from ..run.files import replacing

        made = _Made()
        out = Writer(made, self.key, self.kind)
        yield from replacing(self.path, _sealed(pieces, out, made))
        self.key.accept(self.kind, out.number)

    def open(self):
        """What is in it, found authentic. OSError where it is not there, ValueError says what is wrong with it."""
        from ..run.files import find

        return self._read(find(self.path, self.kind, self._whole))

    def _read(self, file):
        try:
            return Reader(file, self.key, self.kind, repr(self.path))
        except BaseException:
            file.close()
            raise

    def _whole(self, file):
        """Whether it is authentic: what a power cut left beside may take the place of one that is gone."""
        try:
            return Reader(file, self.key, self.kind, "") is not None
        except ValueError:
            return False


class _Made:
    """A file of what was sealed and is not yet written."""

    def __init__(self):
        self.parts = []

    def write(self, data):
        self.parts.append(bytes(data))

    def take(self):
        found = b"".join(self.parts)
        self.parts = []
        return found


def _sealed(pieces, out, made):
    """Pieces, sealed: of a long one a segment at a time."""
    for piece in pieces:
        there = memoryview(piece)
        step = _PIECE // (len(bytes(there[:1])) or 1)
        for at in range(0, len(there), step):
            out.write(there[at : at + step])
            yield made.take()
    out.finish()
    yield made.take()
