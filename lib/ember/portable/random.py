"""Random numbers by counter (threefry2x32 with 20 rounds, Salmon, Moraes, Dror, Shaw: SC 2011), and what draws on them.

n rows of width elements, the first of them row `sample` of all; u(key, stream, step, element) is from 0 up to 1.
"""

from .bind import OFFSET
from .functions import div

MASK = 0xFFFFFFFF
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def threefry(key0, key1, x0, x1):
    """threefry2x32 with 20 rounds of a counter under a key: two words of 32 bits."""
    keys = (key0, key1, key0 ^ key1 ^ 0x1BD11BDA)
    x0, x1 = (x0 + key0) & MASK, (x1 + key1) & MASK
    for group in range(5):
        for turn in _ROTATIONS[group & 1]:
            x0 = (x0 + x1) & MASK
            x1 = ((x1 << turn | x1 >> (32 - turn)) & MASK) ^ x0
        x0 = (x0 + keys[(group + 1) % 3]) & MASK
        x1 = (x1 + keys[(group + 2) % 3] + group + 1) & MASK
    return x0, x1


def dropout(segments, first, last, into, n, width, stream, y, x, p, key, step, sample):
    """y[i, j] = into(y[i, j], x[i, j] * (1 / (1 - p)) where u(key, stream, step, element) >= p, else 0)
    element = (sample + i) * width + j
    y [n, width], x [n, width]

    u is from 0 up to 1: docs/vm.md, Random numbers.
    """
    to, source = segments[y >> 24], segments[x >> 24]
    chance = segments[p >> 24][p & OFFSET]
    key = segments[key >> 24][key & OFFSET] & MASK
    step = segments[step >> 24][step & OFFSET] & MASK
    sample = segments[sample >> 24][sample & OFFSET]
    y, x = y & OFFSET, x & OFFSET
    scale = div(1.0, 1.0 - chance)
    drawn = -1
    for i in range(first * width, last * width):
        element = (sample * width + i) & MASK
        if element >> 1 != drawn:
            drawn = element >> 1
            words = threefry(key, stream, step, drawn)
        value = source[x + i] * scale if (words[element & 1] >> 8) * 5.9604644775390625e-8 >= chance else 0.0
        to[y + i] = to[y + i] + value if into else value


def uniform(segments, first, last, fresh, n, width, stream, d, range, key, step, sample):
    """d[i, j] = low + (high - low) * u(key, stream, step if fresh else 0, (sample + i) * width + j)
    d [n, width], range [2] = low, high

    u is from 0 up to 1: docs/vm.md, Random numbers.
    """
    bounds, at = segments[range >> 24], range & OFFSET
    low, high = bounds[at], bounds[at + 1]
    key = segments[key >> 24][key & OFFSET] & MASK
    step = segments[step >> 24][step & OFFSET] & MASK if fresh else 0
    start = segments[sample >> 24][sample & OFFSET] * width
    first, last = first * width, last * width
    _fill(segments[d >> 24], d & OFFSET, first, last, low, high - low, key, stream, step, start)


def _fill(to, at, first, last, low, span, key, stream, step, start):
    drawn = -1
    for i in range(first, last):
        element = (start + i) & MASK
        if element >> 1 != drawn:
            drawn = element >> 1
            words = threefry(key, stream, step, drawn)
        to[at + i] = low + span * ((words[element & 1] >> 8) * 5.9604644775390625e-8)


def permute(i, n, key, epoch):
    """Where epoch's shuffle of 0 .. n - 1 puts i: a Feistel network of four rounds, walked until it lands below n."""
    if not 0 <= i < n <= 1 << 30:
        raise ValueError("index %d of %d: it may be 0 to n - 1, n at most 2**30" % (i, n))
    key, epoch = key & MASK, epoch & MASK
    half = 1
    while (n - 1) >> (2 * half):
        half += 1
    mask = (1 << half) - 1
    while True:
        left, right = i >> half, i & mask
        for turn in range(4):
            left, right = right, left ^ (threefry(key, 0x5EED, epoch, right << 2 | turn)[0] & mask)
        i = left << half | right
        if i < n:
            return i
