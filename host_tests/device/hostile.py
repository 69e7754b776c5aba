"""A floating-point mode that somebody else has set on a Cortex-M: around each step it flushes subnormals to zero, makes
every NaN the default one and rounds upwards. `hostile.step` goes to bits.main as `around`."""

import micropython

MODE = 0x01000000 | 0x02000000 | 0x00400000  # flush to zero, default NaN, round up
CONTROL = 0x07C00000  # the bits that say how to compute; the others say what happened


@micropython.asm_thumb
def get():
    data(2, 0xEEF1, 0x0A10)  # vmrs r0, fpscr


@micropython.asm_thumb
def put(r0):
    data(2, 0xEEE1, 0x0A10)  # vmsr fpscr, r0


def arithmetic():
    """The interpreter's own, of what is subnormal and of what has to be rounded."""
    tiny, one = 2.0**-120, 1.0
    return tiny * 2.0**-10, one + 2.0**-30


def is_real():
    """That the mode does what it says."""
    plain = arithmetic()
    put(get() | MODE)
    hostile = arithmetic()
    put(get() & ~MODE)
    return plain[0] > 0.0 and hostile[0] == 0.0 and plain[1] == 1.0 and hostile[1] > 1.0


def step(take, x, y):
    before = get()
    put(before | MODE)
    take(x, y)
    after = get()
    put(before)
    if after & CONTROL != (before | MODE) & CONTROL:
        raise AssertionError("the caller's mode is not as it was: %#x" % after)
