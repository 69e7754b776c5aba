"""Values of Python as bytes, for what a checkpoint holds besides the arena's arrays: None, bool, int of 64 bits, float,
str, bytes, tuple and list (which come back as tuples), dict, and arrays or memoryviews of float32.

    N T F                       None, True, False
    i d                         int64, float64
    s b  uint32 n, n bytes      text in UTF-8, bytes
    t m  uint32 n, n values     a tuple; a dict: key, value, key, value, ... (n counts both)
    f    uint32 n, n float32
"""

from struct import pack

ALONE = {None: b"N", True: b"T", False: b"F"}


def encoded(value):
    """The bytes of a value, one after the other: arrays as they lie."""
    if value is None or value is True or value is False:
        yield ALONE[value]
    elif isinstance(value, int):
        if not -1 << 63 <= value < 1 << 63:
            raise ValueError("%d is too large to be saved; it may have 64 bits" % value)
        yield b"i" + pack("<q", value)
    elif isinstance(value, float):
        yield b"d" + pack("<d", value)
    elif isinstance(value, (str, bytes, bytearray)):
        kind, value = (b"s", bytes(value, "utf-8")) if isinstance(value, str) else (b"b", value)
        yield kind + pack("<I", len(value))
        yield value
    elif isinstance(value, (tuple, list, dict)):
        kind = b"t"
        if isinstance(value, dict):
            kind, value = b"m", _entries(value)
        yield kind + pack("<I", len(value))
        for part in value:
            yield from encoded(part)
    else:
        if not _single(value):
            raise ValueError("%r cannot be saved; it may be a number, text, bytes, float32, or of these" % (value,))
        yield b"f" + pack("<I", len(value))
        yield memoryview(value)


def _entries(value):
    """Of a dict: key, value, key, value, ... by the keys' types and words, so that its bytes do not depend on who has
    it: in MicroPython it has no order."""
    keys = list(value)
    found = []
    for _, _, i in sorted([(type(keys[i]).__name__, str(keys[i]), i) for i in range(len(keys))]):
        found += [keys[i], value[keys[i]]]
    return found


def _single(value):
    """Whether these are float32."""
    try:
        return not len(value) or isinstance(value[0], float) and len(bytes(value[:1])) == 4
    except (TypeError, KeyError):
        return False


def size(value):
    """The bytes that it takes."""
    return sum([4 * len(piece) if isinstance(piece, memoryview) else len(piece) for piece in encoded(value)])
