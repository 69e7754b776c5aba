"""The cases of recurrent networks; see cases.py."""

import numpy as np

from draws import case, held, normal
from programs import instruction, word


def sequence(m, r):
    """Sizes, and what makes an operand of so many blocks of the hidden size for each step of each sample."""
    n, steps, hidden = m.size(r, 3), r.choice((1, 2, 4)), r.choice((1, 2, 3, 5))
    fields = {"n": word(n), "steps": steps, "hidden": hidden, "reverse": r.randint(0, 1)}

    def each(values, blocks, writable=False):
        sizes = [n, steps, blocks * hidden]
        return m.operand(r, values(r, n * steps * blocks * hidden), sizes, writable)

    def state(writable=False):
        return m.operand(r, normal(r, n * hidden), [n, hidden], writable)

    def weight(blocks):
        count = hidden * blocks * hidden
        return m.operand(r, normal(r, count) * np.float32(0.4), [hidden, blocks * hidden])

    return fields, each, state, weight


def nothing(r, count):
    return held(r, count, 0)


def inside(r, count):
    """As the results of functions are."""
    return np.tanh(normal(r, count)).astype(np.float32)


@case
def rnn(m, r):
    fields, each, state, weight = sequence(m, r)
    return instruction("rnn", relu=r.randint(0, 1), **fields, h=each(normal, 1, True), w=weight(1), start=state())


@case
def rnn_grad(m, r):
    fields, each, state, weight = sequence(m, r)
    g = each(normal, 1, True)
    da = g if r.random() < 0.4 else each(nothing, 1, True)
    return instruction("rnn_grad", relu=r.randint(0, 1), **fields, da=da, carry=state(True), g=g, h=each(inside, 1),
                       w=weight(1))  # fmt: skip


@case
def gru(m, r):
    fields, each, state, weight = sequence(m, r)
    return instruction(
        "gru", **fields, h=each(nothing, 1, True), gates=each(normal, 4, True), w=weight(3), start=state()
    )


@case
def gru_grad(m, r):
    fields, each, state, weight = sequence(m, r)
    gates = each(inside, 4, True)
    da = gates if r.random() < 0.4 else each(nothing, 4, True)
    return instruction("gru_grad", **fields, da=da, carry=state(True), g=each(normal, 1), gates=gates,
                       h=each(inside, 1), w=weight(3), start=state())  # fmt: skip


@case
def lstm(m, r):
    fields, each, state, weight = sequence(m, r)
    h, c, gates = each(nothing, 1, True), each(nothing, 1, True), each(normal, 4, True)
    return instruction("lstm", **fields, h=h, c=c, gates=gates, w=weight(4), start=state(), start_c=state())


@case
def lstm_grad(m, r):
    fields, each, state, weight = sequence(m, r)
    gates = each(inside, 4, True)
    da = gates if r.random() < 0.4 else each(nothing, 4, True)
    return instruction("lstm_grad", **fields, da=da, carry=state(True), carry_c=state(True), g=each(normal, 1),
                       gates=gates, c=each(normal, 1), w=weight(4), start_c=state())  # fmt: skip
