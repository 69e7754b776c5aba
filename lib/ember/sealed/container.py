"""The container: what is written is sealed, what is read was found authentic. docs/sealed.md says why it is so.

0   b"EMBE", version 1, kind (1 program, 2 checkpoint, 3 package), two zero bytes
8   the key's id, 8 bytes; the number against rollback, a 64-bit integer, little endian
24  what Tink's AES256-CTR-HMAC-SHA256 streaming AEAD writes, in segments of 512 bytes, with tags of 16: its key is
    HKDF's of the secret and the kind, its associated data the 24 bytes before
"""

from io import BytesIO
from struct import pack, unpack_from

from .key import Key
from .suite import cipher, ctr, hkdf, hmac, pads, same

KINDS = ("program", "checkpoint", "package")
VERSION = 1
_HEAD, _MORE, _SEGMENT, _TAG, _PIECE = 24, 40, 512, 16, 128  # bytes; _MORE: of Tink's, before its first segment's text


def check(key, kind):
    if not isinstance(key, Key):
        raise TypeError("key is of type %s; it may be a sealed.Key(secret)" % type(key).__name__)
    if kind not in KINDS:
        raise ValueError("kind is %r; it may be one of %s" % (kind, ", ".join(KINDS)))


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
        check(key, kind)
        self.number = key.next(kind)
        head = pack("<4sBBHQQ", b"EMBE", VERSION, KINDS.index(kind) + 1, 0, 0, self.number)
        head = head[:8] + key.id + head[16:]
        more = bytes([_MORE]) + key.nonce()
        _Segments.__init__(self, key, kind, head, more)
        self._file, self._segment, self._used, self._room = file, 0, 0, _SEGMENT - _MORE - _TAG
        file.write(head + more)
        self.size = _HEAD + _MORE  # of the file, so far

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
        self.size += n + _TAG
        self._segment, self._used, self._room = self._segment + 1, 0, _SEGMENT - _TAG

    def __enter__(self):
        return self

    def __exit__(self, error, value, trace):
        if error is None:
            self.finish()
        self._file = None

    def finish(self):
        """The last segment: without it, it is no container."""
        if self._file is not None:
            self._put(1)
        self._file = None


class Reader(_Segments):
    """Opens a file that has readinto(), seek(). All of it is found authentic first; what is read is found so again,
    segment by segment, so that it is what was sealed whatever the file has become. In a `with`: if that ends without
    an error, the number is accepted.

    ValueError says what is wrong with a file, by its name. None of it was handed out by then.
    """

    def __init__(self, file, key, kind, name):
        check(key, kind)
        size = file.seek(0, 2)
        file.seek(0)
        head = bytearray(_HEAD + _MORE)
        if file.readinto(head) < 4 or head[:4] != b"EMBE":
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

    def __exit__(self, error, value, trace):
        if error is None:
            self._owner.accept(self._kind, self.number)
        self.close()

    def close(self):
        """The file too."""
        self._file.close()
