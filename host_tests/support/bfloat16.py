"""bfloat16 in NumPy's integers, from docs/vm.md alone: the reference, the replay and the cases of what converts it."""

import numpy as np

from draws import case, held, normal
from ember.instructions import isa
from programs import instruction, word
from random_numbers import threefry
from reference_memory import instruction as reference


def narrow(values, drawn):
    """float32 values, a number of 16 bits each -> uint16."""
    whole = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.int64)
    finite = np.isfinite(values)
    up = (whole + drawn) // 65536
    up = np.where(np.isfinite(wide(up % 65536)), up, whole // 65536)  # what is finite stays so
    special = np.where(np.isnan(values), whole // 65536 | 0x40, whole // 65536)
    return np.where(finite, up, special).astype(np.uint16)


def wide(halves):
    """uint16 -> the float32 that begins with them."""
    return (np.asarray(halves, np.uint32) << np.uint32(16)).view(np.float32)


def pack(halves):
    """The float32 that hold pairs of them."""
    return np.ascontiguousarray(halves, "<u2").view("<u4").view(np.float32)


def unpack(packed):
    return np.ascontiguousarray(packed, np.float32).view("<u2")


def drawn(key, stream, step, n):
    """16 bits for each of 2 n elements."""
    even, odd = threefry((key, stream), (step, np.arange(n)))
    return np.stack([even >> np.uint32(16), odd >> np.uint32(16)], 1).ravel().astype(np.int64)


@reference
def to_bfloat16(m, f):
    (key,), (step,) = (m.read(place, 1).tolist() for place in (f.key, f.step))
    halves = narrow(m.read(f.src, 2 * f.n).astype(np.float32), drawn(key, f.stream, step, f.n))
    m.meet(m.at(f.d, f.n), pack(halves).astype(np.float64), 0)


@reference
def from_bfloat16(m, f):
    m.meet(m.at(f.d, 2 * f.n), wide(unpack(m.read(f.src, f.n).astype(np.float32))).astype(np.float64), 0)


class Replay:
    """What replay.Replay does of them."""

    def to_bfloat16(self, i):
        key, step = (int(self.part(place, 1)[0]) for place in (i.key, i.step))
        self.part(i.d, i.n)[:] = pack(narrow(self.part(i.src, 2 * i.n), drawn(key, i.stream, step, i.n)))

    def from_bfloat16(self, i):
        self.part(i.d, 2 * i.n)[:] = wide(unpack(self.part(i.src, i.n)))


@case
def to_bfloat16_(m, r):
    n = m.size(r, 90)
    key, step = (m.put(isa.INTS, [r.choice((0, 1, -1, 2**31 - 1, r.randrange(1 << 30)))]) for _ in range(2))
    return instruction(
        "to_bfloat16", n=word(n), stream=r.choice((0, 7, 2**30 - 1)), d=m.operand(r, held(r, n, 0), [n], True),
        src=m.operand(r, normal(r, 2 * n), [n, 2]), key=key, step=step,
    )  # fmt: skip


@case
def from_bfloat16_(m, r):
    n = m.size(r, 90)
    packed = pack(narrow(normal(r, 2 * n), 0x8000))
    return instruction(
        "from_bfloat16", n=word(n), d=m.operand(r, held(r, 2 * n, 0), [n, 2], True), src=m.operand(r, packed, [n])
    )
