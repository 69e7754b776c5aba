"""Sealed files: secrecy and authenticity under a key that the caller gives. See docs/sealed.md.

    from ember import sealed

    key = sealed.Key(secret)                                # 16 bytes or more, from where the board keeps it
    with sealed.Writer(file, key, "checkpoint") as out:     # has write()
        out.write(b"…")
    with sealed.Reader(file, key, "checkpoint", "a.ckpt") as plain:     # has read(), readinto(), seek(), tell()
        plain.read()

    0   b"EMBS", version 1, kind (1 program, 2 checkpoint, 3 package), two zero bytes
    8   the key's id, 8 bytes; the number against rollback, a 64-bit integer, little endian
    24  what Tink's AES256-CTR-HMAC-SHA256 streaming AEAD writes, in segments of 512 bytes, with tags of 16: its key is
        HKDF's of the secret and the kind, its associated data the 24 bytes before

What it is made of is in base/suite.py.
"""

from io import BytesIO
from struct import pack, unpack_from

from .base.suite import cipher, ctr, hkdf, hmac, pads, same

KINDS = ("program", "checkpoint", "package")
VERSION = 1
_HEAD, _MORE, _SEGMENT, _TAG, _PIECE = 24, 40, 512, 16, 128  # bytes; _MORE: of Tink's, before its first segment's text
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


def _repeats(data):
    return bytes(data) == bytes([data[0]]) * len(data)


def _check(key, kind):
    if not isinstance(key, Key):
        raise TypeError("key is of type %s; it may be a sealed.Key(secret)" % type(key).__name__)
    if kind not in KINDS:
        raise ValueError("kind is %r; it may be one of %s" % (kind, ", ".join(KINDS)))


def save(replace, path, write, what, key, kind):
    """What replace(path, write, what) does (run/blocks.py), sealed. When the file is in its place, older ones are
    refused."""
    made = []

    def through(what, file):
        with Writer(file, key, kind) as out:
            write(what, out)
        made.append(out.number)

    replace(path, through, what)
    key.accept(kind, made[0])


class _Segments:
    """What writers and readers share: one segment in memory, its key, its tag."""

    def __init__(self, key, kind, head, more):
        found = hkdf(key.of(kind), more[1:33], head, 64)
        self._encrypt, self._key = cipher(found[:32]), pads(found[32:])
        self._iv = bytearray(16)
        self._iv[:7] = more[33:]
        self._chunk = memoryview(bytearray(_SEGMENT))
        self._stream = bytearray(_PIECE)

    def _place(self, segment, last):
        """The nonce of a segment: what the container's begins with, which one it is, and whether it is the last."""
        self._iv[7:] = pack(">IBI", segment, last, 0)

    def _tag(self, n):
        return hmac(self._key, self._iv, self._chunk[:n])[:_TAG]


class Writer(_Segments):
    """Seals what is written, to a file that has write(). In a `with`: what it left by an error is no container."""

    def __init__(self, file, key, kind):
        _check(key, kind)
        self.number = key.next(kind)
        head = pack("<4sBBHQQ", b"EMBS", VERSION, KINDS.index(kind) + 1, 0, 0, self.number)
        head = head[:8] + key.id + head[16:]
        more = bytes([_MORE]) + key.nonce()
        _Segments.__init__(self, key, kind, head, more)
        self._file, self._segment, self._used, self._room = file, 0, 0, _SEGMENT - _MORE - _TAG
        file.write(head + more)

    def write(self, data):
        """Any buffer. Returns how many bytes."""
        if self._file is None:
            raise ValueError("this container is closed")
        there, written = memoryview(data), 0
        step = _PIECE // (len(bytes(there[:1])) or 1)  # elements: in MicroPython bytes are reached by a copy alone
        for at in range(0, len(there), step):
            part = bytes(there[at : at + step])
            written += len(part)
            while part:
                if self._used == self._room:  # a full segment may be the last: not before more comes
                    self._put(0)
                n = min(len(part), self._room - self._used)
                self._chunk[self._used : self._used + n] = part[:n]
                self._used += n
                part = part[n:]
        return written

    def _put(self, last):
        n = self._used
        self._place(self._segment, last)
        ctr(self._encrypt, self._iv, self._chunk[:n], self._stream)
        self._file.write(self._chunk[:n])
        self._file.write(self._tag(n))
        self._segment, self._used, self._room = self._segment + 1, 0, _SEGMENT - _TAG

    def __enter__(self):
        return self

    def __exit__(self, error, *_):
        if self._file is not None and error is None:
            self._put(1)
        self._file = None


class Reader(_Segments):
    """Opens a file that has readinto(), seek(). All of it is found authentic first; what is read is found so again,
    segment by segment, so that it is what was sealed whatever the file has become. In a `with`: if that ends without
    an error, the number is accepted.

    ValueError says what is wrong with a file, by its name. None of it was handed out by then.
    """

    def __init__(self, file, key, kind, name):
        _check(key, kind)
        size = file.seek(0, 2)
        file.seek(0)
        head = bytearray(_HEAD + _MORE)
        if file.readinto(head) < 4 or head[:4] != b"EMBS":
            raise ValueError("%s is not sealed" % name)
        if size < _HEAD + _MORE + _TAG:
            raise ValueError("%s is truncated" % name)
        if head[4] != VERSION:
            raise ValueError("%s is sealed in version %d; this Ember opens version %d" % (name, head[4], VERSION))
        if not 0 < head[5] <= len(KINDS) or head[6] | head[7] or head[_HEAD] != _MORE:
            raise ValueError("%s is damaged" % name)
        if KINDS[head[5] - 1] != kind:
            raise ValueError("%s is a sealed %s, not a %s" % (name, KINDS[head[5] - 1], kind))
        if head[8:16] != key.id:
            raise ValueError("%s is sealed with another key, or about something else" % name)
        (self.number,) = unpack_from("<Q", head, 16)
        _Segments.__init__(self, key, kind, head[:_HEAD], bytes(head[_HEAD:]))
        self._file, self._owner, self._kind, self._name = file, key, kind, name
        self._body = size - _HEAD
        self._last = (self._body - 1) // _SEGMENT
        self.size = self._body - _MORE - _TAG * (self._last + 1)  # of what is in it
        self._at, self._here = 0, -1
        for segment in range(self._last + 1):
            self._find(segment)
        key.check(kind, self.number, name)

    def _find(self, segment):
        """A segment into memory; its bytes, once they are found authentic. Nothing of the first is before them."""
        self._here = -1
        at, skip = segment * _SEGMENT, 0 if segment else _MORE
        n = min(_SEGMENT, self._body - at) - skip
        self._file.seek(_HEAD + at + skip)
        if n < _TAG or self._file.readinto(self._chunk[:n]) != n:
            raise ValueError("%s is truncated" % self._name)
        self._place(segment, segment == self._last)
        if not same(self._chunk[n - _TAG : n], self._tag(n - _TAG)):
            raise ValueError("%s is not authentic: damaged, or changed" % self._name)
        return n - _TAG

    def _part(self, n):
        """The next bytes, n at the most: as many as one segment has, where they lie."""
        n = min(n, self.size - self._at)
        if n <= 0:
            return b""
        segment, at = divmod(self._at + _MORE, _SEGMENT - _TAG)
        if segment != self._here:
            ctr(self._encrypt, self._iv, self._chunk[: self._find(segment)], self._stream)
            self._here = segment
        first = 0 if segment else _MORE
        part = self._chunk[at - first : min(at + n, _SEGMENT - _TAG) - first]
        self._at += len(part)
        return part

    def read(self, n=-1):
        """n bytes, or what is left."""
        n = self.size if n is None or n < 0 else n
        found = bytes(self._part(n))
        while 0 < len(found) < n and self._at < self.size:
            found += bytes(self._part(n - len(found)))
        return found

    def readinto(self, buffer):
        """Fills a buffer of any type, as far as there are bytes; how many there were."""
        there, at, filled = memoryview(buffer), 0, 0
        width = len(bytes(there[:1]))  # of an element: bytes are reached by whole ones
        while at < len(there):
            part = self._part((len(there) - at) * width)
            whole = len(part) // width
            if whole:
                self._at -= len(part) - whole * width
            elif len(part):  # of one that two segments share
                whole, part = 1, bytes(part)
                part += self.read(width - len(part))
            else:
                break
            filled += BytesIO(part).readinto(there[at : at + whole])
            at += whole
        return filled

    def seek(self, at, whence=0):
        at += (0, self._at, self.size)[whence]
        if at < 0:
            raise ValueError("seek to %d" % at)
        self._at = at
        return at

    def tell(self):
        return self._at

    def __enter__(self):
        return self

    def __exit__(self, error, *_):
        self._file = None
        if error is None:
            self._owner.accept(self._kind, self.number)
