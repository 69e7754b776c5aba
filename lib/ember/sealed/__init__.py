"""Sealed files: secrecy and authenticity under a key that the caller gives. See docs/sealed.md.

from ember import sealed

key = sealed.Key(secret)                            # 16 bytes or more, from where the board keeps it
trainer.save(key.at("model.ckpt", "checkpoint"))
trainer.load(key.at("model.ckpt", "checkpoint"))
"""

from .container import KINDS, Reader, Writer, check  # noqa: F401
from .key import Key  # noqa: F401


class File:
    """A sealed file of a kind, where others have a path: see run/files.py. Once it is in its place, or was read without
    an error, older ones are refused, if the key counts. path: a string, or what stands for one, as slots do."""

    def __init__(self, path, key, kind):
        check(key, kind)
        self.path, self.key, self.kind = path, key, kind

    def __repr__(self):
        return repr(self.path)

    def exists(self):
        from ..run.files import exists

        return exists(self.path, self._whole)

    def replace(self, write, what):
        """write(what, file) a new one, in place of the old one."""
        from ..run.files import at_once

        for _ in self.replacing(at_once, (write, what)):
            pass

    def replacing(self, write, what):
        """The same, piece by piece: write(what, file) yields the bytes of each piece that it has written, and so does
        this."""
        from ..run.files import replacing

        made = []

        def through(what, file):
            with Writer(file, self.key, self.kind) as out:
                for n in write(what, out):
                    out.size -= n
                    yield n
            made.append(out.number)
            yield out.size  # what sealing takes

        yield from replacing(self.path, through, what, self._whole)
        self.key.accept(self.kind, made[0])

    def open(self):
        """What is in it, found authentic. OSError where it is not there, ValueError says what is wrong with it."""
        from ..run.files import find

        file = find(self.path, self.kind, self._whole)
        try:
            return Reader(file, self.key, self.kind, repr(self.path))
        except BaseException:
            file.close()
            raise

    def _whole(self, file):
        """Whether it is authentic; ValueError where not. What a cut left beside may take the place of one that is."""
        return Reader(file, self.key, self.kind, repr(self.path)) is not None
