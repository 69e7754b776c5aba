"""The key of sealed files: what is derived from a secret, nonces, numbers against rollback."""

from struct import pack

from .suite import hkdf

_made = [0]  # containers since the start: part of each nonce


class Key:
    """A secret, and what goes with it.

    secret   16 bytes or more that nobody can guess. A password is none.
    counter  against rollback: counter(kind) is the highest number that was accepted, 0 to begin with, and
             counter(kind, number) keeps it where a reset, a power cut and an older file system leave it
    entropy  entropy(n): n bytes that came at no other start of any board with this secret; os.urandom by default
    about    bytes that tell apart what has one secret: b"kitchen". What was sealed about one thing is not another's
    """

    def __init__(self, secret, counter=None, entropy=None, about=b""):
        if not isinstance(secret, (bytes, bytearray, memoryview)):
            raise TypeError("secret is of type %s; it may be bytes: 16 or more" % type(secret).__name__)
        if len(secret) < 16 or _repeats(secret):
            raise ValueError("secret has %d bytes, or one over and over; it may be 16 or more that nobody can guess"
                             % len(secret))  # fmt: skip
        if not isinstance(about, bytes):
            raise TypeError("about is %r; it may be bytes, as b'kitchen'" % (about,))
        self._secret, self._about = bytes(secret), about
        self._counter, self._entropy = counter, entropy
        self.id = self.of("id", 8)  # no secret: it tells one key from another

    def of(self, use, n=32):
        """The key of one use: a kind, or b"id"."""
        return hkdf(self._secret, b"ember sealed 1", bytes(use, "ascii") + b"\0" + self._about, n)

    def nonce(self):
        """39 bytes that come once, or RuntimeError: 32 of entropy, and a count."""
        entropy, salt, error = self._entropy, b"", "this firmware has no os.urandom"
        if entropy is None:
            import os

            entropy = getattr(os, "urandom", None)
        if entropy:
            try:
                salt = bytes(entropy(32))
                error = "entropy(32) gave %d bytes, or one over and over" % len(salt)
            except (NotImplementedError, OSError) as raised:
                error = raised
        if len(salt) != 32 or _repeats(salt):
            raise RuntimeError("no entropy for a nonce, so nothing is sealed: %s. Give Key(secret, entropy=f), where "
                               "f(n) returns n bytes that came at no other start" % error)  # fmt: skip
        _made[0] += 1
        return salt + pack(">Q", _made[0])[1:]

    def next(self, kind):
        """The number of what is sealed next; 0 where nobody counts."""
        return self.accepted(kind) + 1 if self._counter else 0

    def accepted(self, kind):
        """The highest number that was accepted; 0 where nobody counts."""
        found = self._counter(kind) if self._counter else 0
        if not isinstance(found, int) or not 0 <= found < 1 << 63:
            raise RuntimeError("counter(%r) gave %r; it may give 0 to 2**63 - 1" % (kind, found))
        return found

    def check(self, kind, number, name):
        """ValueError where a number is older than what was accepted, or is none."""
        if self._counter and number < max(self.accepted(kind), 1):
            raise ValueError("%s is older than what was accepted: it has number %d, the counter is at %d"
                             % (name, number, self.accepted(kind)))  # fmt: skip

    def accept(self, kind, number):
        """From now on what has a lower number is refused."""
        if self._counter and number > self.accepted(kind):
            self._counter(kind, number)
            if self.accepted(kind) < number:
                raise RuntimeError("counter(%r, %d) was not kept" % (kind, number))

    def at(self, path, kind):
        """A sealed file: whatever takes a path takes it too."""
        from . import File

        return File(path, self, kind)


def _repeats(data):
    return bytes(data) == bytes([data[0]]) * len(data)
