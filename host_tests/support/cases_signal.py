"""The cases of signals: transforms and filters; see cases.py."""

import numpy as np

from draws import case, held, normal
from ember.instructions import isa
from programs import instruction, word


def transform(m, r):
    """Fields, and sizes of a row's reals and of a row's pairs. levels may ask for more than half has."""
    n, half = m.size(r, 4), r.choice((1, 2, 3, 4, 8, 16, 31, 64))
    fits = half.bit_length() - 1
    levels = r.choice((fits, fits, fits, r.randint(0, 15)))
    points = 1 << min(levels, fits)
    wave = normal(r, half)
    wave[:points] = np.sin(np.pi * np.arange(points) / points)
    scale = r.choice(((1.0, 1.0), (0.5 / points, 1.0 / points), (0.75, -1.25)))
    fields = {"n": word(n), "half": half, "levels": levels, "wave": m.operand(r, wave, [half])}
    fields["scale"] = m.put(r.choice((isa.ARENA, isa.CONSTANTS, isa.FLOATS)), scale)
    return fields, [n, 2 * half], [n, 2 * half + 2]


def of(m, r, sizes, written=False):
    count = sizes[0] * sizes[1]
    return m.operand(r, held(r, count, isa.WRITE) if written else normal(r, count), sizes, written)


@case
def rfft(m, r):
    fields, real, pairs = transform(m, r)
    return instruction("rfft", **fields, y=of(m, r, pairs, True), x=of(m, r, real))


@case
def rfft_transposed(m, r):
    fields, real, pairs = transform(m, r)
    return instruction("rfft_transposed", **fields, x=of(m, r, real, True), y=of(m, r, pairs))


@case
def biquad(m, r):
    outer, n, inner = m.size(r, 5), m.size(r, 40), r.choice((1, 1, 2, 3, 7))
    given, kept = r.randint(0, 1), r.randint(0, 1)
    x = m.operand(r, normal(r, outer * n * inner), [outer, n, inner], True)
    y = x
    if r.random() < 0.6:
        y = m.operand(r, held(r, outer * n * inner, isa.WRITE), [outer, n, inner], True)
    start = m.operand(r, normal(r, outer * 2 * inner), [outer, 2, inner], True)
    end = start
    if not given or r.random() < 0.6:
        end = m.operand(r, held(r, outer * 2 * inner, isa.WRITE), [outer, 2, inner], True)
    radius, angle = r.uniform(0, 0.97), r.uniform(0, np.pi)  # of the poles
    coefficients = [*normal(r, 3), -2 * radius * np.cos(angle), radius**2]
    return instruction(
        "biquad",
        transposed=r.randint(0, 1),
        given=given,
        kept=kept,
        outer=word(outer),
        n=word(n),
        inner=inner,
        y=y,
        x=x,
        coefficients=m.put(r.choice((isa.ARENA, isa.CONSTANTS)), coefficients),
        start=start,
        end=end,
    )
