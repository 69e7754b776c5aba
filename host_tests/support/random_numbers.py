"""threefry2x32 with 20 rounds in NumPy, from the paper (Salmon et al., SC 2011), and what Ember draws from it."""

import numpy as np

ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)


def threefry(key, counter):
    """Two words of key, two of counter (ints or arrays, taken mod 2**32) -> two arrays of uint32."""
    k0, k1, x0, x1 = (np.asarray(word, dtype=np.int64).astype(np.uint32) for word in (*key, *counter))
    keys = k0, k1, k0 ^ k1 ^ np.uint32(0x1BD11BDA)
    with np.errstate(over="ignore"):
        x0, x1 = x0 + keys[0], x1 + keys[1]
        for i in range(20):
            turn = np.uint32(ROTATIONS[i % 8])
            x0 = x0 + x1
            x1 = ((x1 << turn) | (x1 >> (np.uint32(32) - turn))) ^ x0
            if i % 4 == 3:
                s = i // 4 + 1
                x0, x1 = x0 + keys[s % 3], x1 + keys[(s + 1) % 3] + np.uint32(s)
    return x0, x1


def uniforms(key, stream, step, element):
    """u in [0, 1) for an array of elements."""
    element = np.asarray(element, dtype=np.int64) & 0xFFFFFFFF
    even, odd = threefry((key, stream), (step, element >> 1))
    return (np.where(element & 1, odd, even) >> np.uint32(8)) * 2.0**-24


def permute(i, n, key, epoch):
    """The definition, one value at a time."""
    bits = 2
    while (n - 1) >> bits:
        bits += 2
    half = bits // 2
    mask = (1 << half) - 1
    while True:
        left, right = i >> half, i & mask
        for r in range(4):
            left, right = right, left ^ (int(threefry((key, 0x5EED), (epoch, right << 2 | r))[0]) & mask)
        i = left << half | right
        if i < n:
            return i
