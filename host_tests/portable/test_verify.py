"""Both verifiers: every kind of breakage by hand, and the same verdict as the contract's on mutated programs."""

import random

import pytest

import reference_verify as expected
from breakage import BIG, mutate
from cases import CASES
from ember.instructions import isa, table
from programs import FIELDS, Memory, address, assemble, both, instruction

WRITABLE = isa.WRITABLE
SEGMENTS = [
    (WRITABLE, 100, 10),
    (0, 50, 0),
    (0, 10, 0),
    (isa.INT32 | WRITABLE, 8, 0),
    (isa.UINT8, 0, 1),
    (0, 0, 6),
    (isa.INT16 | WRITABLE, 20, 0),
]
HEADER = 5 + 3 * len(SEGMENTS) + 2
X, LABEL, WORDS = address(5), address(4), address(6)
CONSTANT, FLOAT, INT = address(isa.CONSTANTS), address(isa.FLOATS), address(isa.INTS)


def plain(**fields):
    return instruction("map", **dict(dict(fn=0, into=0, n=10, a_step=1, b_step=1, d=0, a=20, b=20), **fields))


def strided(n, d, a, place, fn=0):
    """A map_strided of sizes n; b is a."""
    fields = {"n%d" % i: n[i] for i in range(4)}
    for name, strides in (("d", d), ("a", a), ("b", a)):
        fields.update({name + str(i): strides[i] for i in range(4)})
    return instruction("map_strided", fn=fn, into=0, d=place[0], a=place[1], b=place[1], **fields)


def product(**fields):
    base = dict(
        into=0,
        batch=1,
        m=-1,
        n=3,
        k=2,
        c_batch=0,
        c_m=3,
        a_batch=0,
        a_m=2,
        a_k=1,
        b_batch=0,
        b_k=3,
        b_n=1,
        c=0,
        a=X,
        b=CONSTANT,
    )
    return instruction("matmul", **dict(base, **fields))


def loss(**fields):
    return instruction("cross_entropy", **dict(dict(n=-1, width=6, loss=0, p=20, x=X, label=LABEL), **fields))


def convolution(**fields):
    base = dict(
        into=0,
        n=-1,
        h=2,
        w=3,
        c=1,
        f=1,
        groups=1,
        out_h=2,
        out_w=3,
        k_h=1,
        k_w=1,
        s_h=1,
        s_w=1,
        p_h=0,
        p_w=0,
        d_h=1,
        d_w=1,
        y=0,
        x=X,
        weight=CONSTANT,
    )
    return instruction("conv2d", **dict(base, **fields))


def step(**fields):
    return instruction(
        "sgd",
        **dict(dict(momentum=0, nesterov=0, n=10, p=0, g=10, v=20, hyper=FLOAT, step=INT + 1, total=FLOAT), **fields),
    )


def at(words, name):
    """The word of a field of the first instruction, or of its opcode."""
    if name == "opcode":
        return HEADER
    return HEADER + 1 + [field[1] for field in FIELDS[table.TABLE[words[0]][table.NAME]]].index(name)


def program(*instructions, max_rows=4):
    return assemble([list(instructions), [plain()]], SEGMENTS, max_rows)


ACCEPTED = {
    "map": plain(),
    "by rows": plain(n=-5, d=0, a=20),
    "last element": plain(a=90, b=90, d=0, n=20),
    "in place": plain(a=0, b=0),
    "touching": plain(d=30, a=20, b=40),
    "scalars": plain(a_step=0, b_step=0, a=15, b=CONSTANT + 49, n=15),
    "strided": strided((2, 3, 1, -1), (1, 2, 0, 6), (-1, -2, 0, 0), (0, CONSTANT + 5)),
    "reduction": strided((30, 1, 1, 1), (0, 0, 0, 0), (1, 0, 0, 0), (0, 20)),
    "in place, reversed": strided((10, 1, 1, 1), (-1, 0, 0, 0), (-1, 0, 0, 0), (9, 9)),
    "rows 2**30": strided((1 << 15, 1 << 15, 1, 1), (0,) * 4, (0,) * 4, (0, 1)),
    "a row 2**30": product(m=1, n=64, k=BIG, a_k=0, b_k=0, b_n=0),
    "matmul": product(),
    "cross_entropy": loss(),
    "cross_entropy in place": loss(x=20),
    "conv2d": convolution(),
    "no momentum": step(v=isa.LIMIT - 1),
    "momentum": step(momentum=1),
    "grad in place": instruction("softmax_grad", log=0, into=1, n=2, width=3, dx=0, y=0, g=10),
    "grad on grad": instruction("softmax_grad", log=0, into=1, n=2, width=3, dx=0, y=10, g=0),
}
K = expected
REFUSED = {
    "opcode past the table": (K.OPCODE, "opcode", [len(table.TABLE)] + plain()[1:]),
    "opcode -1": (K.OPCODE, "opcode", [-1] + plain()[1:]),
    "function": (K.IMMEDIATE, "fn", plain(fn=len(table.FUNCTIONS))),
    "function -1": (K.IMMEDIATE, "fn", plain(fn=-1)),
    "into": (K.IMMEDIATE, "into", plain(into=5)),
    "matmul into": (K.IMMEDIATE, "into", product(into=2)),
    "a_step": (K.IMMEDIATE, "a_step", plain(a_step=2)),
    "b_step": (K.IMMEDIATE, "b_step", plain(b_step=-1)),
    "size 0": (K.SIZE, "n", plain(n=0)),
    "size": (K.SIZE, "n", plain(n=BIG + 1)),
    "rows": (K.SIZE, "n", plain(n=-(BIG // 4) - 1)),
    "size -2**31": (K.SIZE, "n", plain(n=-(2**31))),
    "size 2**31-1": (K.SIZE, "n", plain(n=2**31 - 1)),
    "rows above 2**30": (K.SIZE, "opcode", strided(((1 << 15) + 1, 1 << 15, 1, 1), (0,) * 4, (0,) * 4, (0, 1))),
    "rows 2**31": (K.SIZE, "opcode", strided((1 << 15, 1 << 15, 2, 1), (0,) * 4, (0,) * 4, (0, 1))),
    "rows 2**72": (K.SIZE, "opcode", strided((BIG, BIG, BIG, 1), (0,) * 4, (0,) * 4, (0, 1))),
    "a row above 2**30": (K.SIZE, "opcode", product(n=65, k=BIG)),
    "a row 2**32": (K.SIZE, "opcode", product(n=256, k=BIG)),
    "a row of rows": (
        K.SIZE,
        "opcode",
        instruction("gru", reverse=0, n=-64, steps=1, hidden=2048, h=0, gates=0, w=0, start=0),
    ),
    "a row of an image": (K.SIZE, "opcode", convolution(out_w=1, f=32767, k_h=255, k_w=255)),
    "rows 2**64": (K.SIZE, "opcode", strided((1 << 22, 1 << 21, 1 << 21, 1), (0,) * 4, (0,) * 4, (0, 1))),
    "stride": (K.STRIDE, "d0", strided((1, 1, 1, 1), (BIG, 0, 0, 0), (0,) * 4, (0, 1))),
    "stride -": (K.STRIDE, "d2", strided((1, 1, 1, 1), (0, 0, -BIG, 0), (0,) * 4, (0, 1))),
    "stride -2**31": (K.STRIDE, "a3", strided((1, 1, 1, 1), (0,) * 4, (0, 0, 0, -(2**31)), (0, 1))),
    "address -1": (K.SEGMENT, "a", plain(a=-1)),
    "segment 7": (K.SEGMENT, "a", plain(a=address(7))),
    "address 2**31-1": (K.SEGMENT, "d", plain(d=2**31 - 1)),
    "untouched address": (K.SEGMENT, "v", step(v=address(7))),
    "type int": (K.TYPE, "d", plain(d=INT)),
    "type uint8": (K.TYPE, "a", plain(a=LABEL)),
    "label float": (K.TYPE, "label", loss(label=X)),
    "untouched type": (K.TYPE, "v", step(v=INT)),
    "counter int16": (K.TYPE, "counter", instruction("count", keep=0, add=0, n=1, counter=WORDS)),
    "constants": (K.READ_ONLY, "d", plain(d=CONSTANT)),
    "floats": (K.READ_ONLY, "d", plain(d=FLOAT)),
    "inputs": (K.READ_ONLY, "c", product(c=X)),
    "untouched constant": (K.READ_ONLY, "v", step(v=CONSTANT)),
    "updated constant": (K.READ_ONLY, "p", step(p=CONSTANT)),
    "one beyond": (K.RANGE, "a", plain(a=CONSTANT + 41)),
    "scalar beyond": (K.RANGE, "b", plain(b=CONSTANT + 50, b_step=0)),
    "beyond at one row": (K.RANGE, "a", plain(n=7, a=X, b=X)),
    "at one row, by one": (K.RANGE, "d", plain(n=11, d=100)),
    "beyond at all rows": (K.RANGE, "a", plain(n=-13, a=CONSTANT, b=CONSTANT)),
    "by one at all rows": (K.RANGE, "a", plain(n=-6, a=X + 1, b=X, d=0)),
    "below": (K.RANGE, "a", strided((5, 1, 1, 1), (1, 0, 0, 0), (-1, 0, 0, 0), (20, CONSTANT + 3))),
    "below at all rows": (K.RANGE, "a", strided((-2, 1, 1, 1), (1, 0, 0, 0), (-1, 0, 0, 0), (20, CONSTANT + 6))),
    "far": (K.RANGE, "d", strided((BIG, 64, 1, BIG), (BIG - 1,) * 4, (0,) * 4, (0, 1))),
    "far below": (K.RANGE, "d", strided((BIG, 64, 1, BIG), (1 - BIG,) * 4, (0,) * 4, (0, 1))),
    "far both ways": (K.RANGE, "d", strided((64, BIG, 1, BIG), (0, BIG - 1, 0, 1 - BIG), (0,) * 4, (0, 1))),
    "saturated": (K.RANGE, "y", convolution(n=BIG // 64, h=64, out_h=1, out_w=1, groups=32767, f=32767)),
    "product 2**32": (K.RANGE, "x", convolution(n=BIG // 4, h=32, w=32, out_h=1, out_w=1, y=0, x=CONSTANT)),
    "labels": (K.RANGE, "label", loss(n=-2, width=1, loss=0, p=20, x=40)),
    "hyper": (K.RANGE, "hyper", step(hyper=FLOAT + 7)),
    "momentum v": (K.RANGE, "v", step(momentum=1, v=131)),
    "overlap": (K.OVERLAP, "a", plain(a=9)),
    "overlap below": (K.OVERLAP, "b", plain(d=30, b=21)),
    "at all rows only": (K.OVERLAP, "a", plain(n=-5, a=19)),
    "scalar in d": (K.OVERLAP, "a", plain(a=0, a_step=0)),
    "same place, reversed": (K.OVERLAP, "a", strided((10, 1, 1, 1), (1, 0, 0, 0), (-1, 0, 0, 0), (0, 9))),
    "not named": (K.OVERLAP, "a", product(a=0, c=0, c_m=3)),
    "loss in p": (K.OVERLAP, "p", loss(p=3)),
    "momentum overlap": (K.OVERLAP, "v", step(momentum=1, v=9)),
    "y = g": (K.OVERLAP, "g", instruction("softmax_grad", log=0, into=0, n=2, width=3, dx=0, y=20, g=5)),
}
REFUSED["product 2**32"] = (K.RANGE, "y", REFUSED["product 2**32"][2])


@both
@pytest.mark.parametrize("name", ACCEPTED)
def test_accepts(vm, name):
    p = program(ACCEPTED[name])
    assert expected.verify(p) == 0
    assert vm.verify(p) == 0


@both
@pytest.mark.parametrize("name", REFUSED)
def test_refuses(vm, name):
    kind, field, words = REFUSED[name]
    verdict = kind << 24 | at(words if field != "opcode" else plain(), field)
    p = program(words)
    assert expected.verify(p) == verdict
    assert vm.verify(p) == verdict


HEADERS = [
    (0, 0, 0),
    (0, isa.MAGIC + 1, 0),
    (1, 0, 1),
    (1, -1, 1),
    (2, 0, 2),
    (2, BIG + 1, 2),
    (2, -1, 2),
    (3, 3, 3),
    (3, 64, 3),
    (3, -1, 3),
    (4, 0, 4),
    (4, 16, 4),
    (4, -1, 4),
    (5, 16, 5),
    (5, 5, 5),
    (5, -1, 5),
    (5, WRITABLE | isa.INT32, 5),
    (8, WRITABLE, 8),
    (8, 1, 8),
    (11, 2, 11),
    (14, WRITABLE, 14),
    (6, -1, 6),
    (6, BIG + 1, 6),
    (7, -1, 7),
    (7, BIG, 7),
    (7, BIG // 4, 7),
    (7, 2**31 - 1, 7),
    (15, 0, 15),
    (17, 15, 17),
]


@both
@pytest.mark.parametrize("word, value, found", HEADERS)
def test_refuses_a_header(vm, word, value, found):
    p = program(plain())
    p[word] = value
    assert vm.verify(p) == expected.verify(p) == K.HEADER << 24 | found


@both
def test_refuses_more_words_than_a_verdict_can_name(vm):
    p = assemble([[]], SEGMENTS)
    p[5 + 3 * len(SEGMENTS)] = p[1] = BIG + 1
    p.frombytes(bytes(4 * (BIG + 1 - len(p))))
    assert vm.verify(p) == expected.verify(p) == K.HEADER << 24 | 1


@both
def test_refuses_sections(vm):
    ends = 5 + 3 * len(SEGMENTS)
    for word, value, found in (
        (ends, HEADER - 1, ends),
        (ends, -1, ends),
        (ends, 0, ends),
        (ends, 2**31 - 1, ends),
        (ends + 1, HEADER, ends + 1),
        (ends + 1, HEADER + 10, ends + 1),
        (ends + 1, HEADER + 19, ends + 1),
    ):
        p = program(plain())
        p[word] = value
        assert vm.verify(p) == expected.verify(p) == K.SECTION << 24 | found
    p = program(plain())
    p[ends] += 1  # the second instruction's opcode is the first section's
    assert vm.verify(p) == expected.verify(p) == K.TRUNCATED << 24 | HEADER + 9
    header = assemble([[]], SEGMENTS)
    assert vm.verify(header) == expected.verify(header) == 0


@both
@pytest.mark.parametrize("name", CASES)
def test_refuses_every_truncation(vm, name):
    m = Memory(1, 2)
    whole = m.program(CASES[name](m, random.Random(name)))
    end = 5 + 3 * whole[3]
    assert vm.verify(whole) == 0
    for length in range(len(whole)):
        p = whole[:length]
        assert vm.verify(p) == expected.verify(p) == K.HEADER << 24 | (1 if length > 4 else 0)
        if length > 4:
            p[1] = length
            assert vm.verify(p) == expected.verify(p) != 0
        if length > end + 1:
            p[end] = length
            assert vm.verify(p) == expected.verify(p) == K.TRUNCATED << 24 | end + 1


@both
def test_verdicts_on_mutated_programs(vm):
    r, kinds = random.Random(7), set()
    for _ in range(500):
        max_rows = r.choice((1, 2, 5))
        m = Memory(1, max_rows)
        p = m.program(*(CASES[r.choice(list(CASES))](m, r) for _ in range(r.randint(1, 3))))
        for _ in range(40):
            mutated = mutate(p, r)
            verdict = expected.verify(mutated)
            assert vm.verify(mutated) == verdict, mutated.tolist()
            kinds.add(verdict >> 24)
    assert kinds == set(range(13))
