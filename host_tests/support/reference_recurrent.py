"""The reference of recurrent networks; see reference_memory.py. Errors grow from step to step, at most by the size of
the recurrent weight: the bound is as wide as that, and replay.py says to the bit what they do."""

import numpy as np

from reference_memory import TINY, U, instruction


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def steps(f, backward=False):
    """The steps in the order of the rows, each with the step before it in the sequence, or None."""
    order = list(range(f.steps))
    if bool(f.reverse) != backward:
        order.reverse()
    for t in order:
        before = t + 1 if f.reverse else t - 1
        yield t, before if 0 <= before < f.steps else None


def read(m, f, place, blocks):
    return m.read(place, f.n, f.steps, blocks * f.hidden).copy()


def state(m, f, place):
    return m.read(place, f.n, f.hidden).copy()


def bound(f, w, *values):
    growth = (2 + np.abs(w).sum(0).max()) ** f.steps
    return U * 100 * growth * (f.hidden + 4) * (1 + max(np.abs(v).max() for v in values)) ** 2 + TINY


def keep(m, f, place, values, error):
    m.meet(m.at(place, *values.shape), values, np.full(values.shape, error))


@instruction
def rnn(m, f):
    h, w, start = read(m, f, f.h, 1), m.read(f.w, f.hidden, f.hidden), state(m, f, f.start)
    error = bound(f, w, h, start)
    for t, before in steps(f):
        a = h[:, t] + (start if before is None else h[:, before]) @ w
        h[:, t] = np.maximum(a, 0) if f.relu else np.tanh(a)
    keep(m, f, f.h, h, error * (1 + np.abs(h).max()))


@instruction
def rnn_grad(m, f):
    g, h, w, carry = read(m, f, f.g, 1), read(m, f, f.h, 1), m.read(f.w, f.hidden, f.hidden), state(m, f, f.carry)
    da, error = np.zeros_like(g), bound(f, w.T, g, carry)
    for t, _ in steps(f, True):
        d = carry + g[:, t]
        da[:, t] = np.where(h[:, t] <= 0, 0, d) if f.relu else d * (1 - h[:, t] ** 2)
        carry = da[:, t] @ w.T
    keep(m, f, f.da, da, error)
    keep(m, f, f.carry, carry, error)


@instruction
def gru(m, f):
    gates, w, start = read(m, f, f.gates, 4), m.read(f.w, f.hidden, 3 * f.hidden), state(m, f, f.start)
    h, error, size = np.zeros((f.n, f.steps, f.hidden)), bound(f, w, gates, start), f.hidden
    for t, before in steps(f):
        s = start if before is None else h[:, before]
        r, z, n, q = (gates[:, t, k * size : (k + 1) * size] for k in range(4))
        r[:], z[:] = sigmoid(r + s @ w[:, :size]), sigmoid(z + s @ w[:, size : 2 * size])
        q[:] = q + s @ w[:, 2 * size :]
        n[:] = np.tanh(n + r * q)
        h[:, t] = (1 - z) * n + z * s
    keep(m, f, f.gates, gates, error)
    keep(m, f, f.h, h, error)


@instruction
def gru_grad(m, f):
    g, gates, h = read(m, f, f.g, 1), read(m, f, f.gates, 4), read(m, f, f.h, 1)
    w, carry, start = m.read(f.w, f.hidden, 3 * f.hidden), state(m, f, f.carry), state(m, f, f.start)
    da, size, error = np.zeros_like(gates), f.hidden, bound(f, w.T, g, carry, gates, start) * 8
    for t, before in steps(f, True):
        s = start if before is None else h[:, before]
        r, z, n, q = (gates[:, t, k * size : (k + 1) * size] for k in range(4))
        d = carry + g[:, t]
        dn = d * (1 - z) * (1 - n**2)
        parts = dn * q * r * (1 - r), d * (s - n) * z * (1 - z), dn, dn * r
        da[:, t] = np.concatenate(parts, 1)
        carry = d * z + np.concatenate((parts[0], parts[1], parts[3]), 1) @ w.T
    keep(m, f, f.da, da, error)
    keep(m, f, f.carry, carry, error)


@instruction
def lstm(m, f):
    gates, w = read(m, f, f.gates, 4), m.read(f.w, f.hidden, 4 * f.hidden)
    start, start_c = state(m, f, f.start), state(m, f, f.start_c)
    h, c = np.zeros((f.n, f.steps, f.hidden)), np.zeros((f.n, f.steps, f.hidden))
    error, size = bound(f, w, gates, start, start_c) * 4, f.hidden
    for t, before in steps(f):
        a = gates[:, t] + (start if before is None else h[:, before]) @ w
        gates[:, t] = np.where(np.arange(4 * size) // size == 2, np.tanh(a), sigmoid(a))
        i, forget, g, o = (gates[:, t, k * size : (k + 1) * size] for k in range(4))
        c[:, t] = forget * (start_c if before is None else c[:, before]) + i * g
        h[:, t] = o * np.tanh(c[:, t])
    for place, values in ((f.gates, gates), (f.c, c), (f.h, h)):
        keep(m, f, place, values, error)


@instruction
def lstm_grad(m, f):
    g, gates, c, w = read(m, f, f.g, 1), read(m, f, f.gates, 4), read(m, f, f.c, 1), m.read(f.w, f.hidden, 4 * f.hidden)
    carry, carry_c, start_c = state(m, f, f.carry), state(m, f, f.carry_c), state(m, f, f.start_c)
    da, size, error = np.zeros_like(gates), f.hidden, bound(f, w.T, g, carry, carry_c, gates, c, start_c) * 8
    for t, before in steps(f, True):
        i, forget, new, o = (gates[:, t, k * size : (k + 1) * size] for k in range(4))
        d, bent = carry + g[:, t], np.tanh(c[:, t])
        e = carry_c + d * o * (1 - bent**2)
        cell = start_c if before is None else c[:, before]
        parts = e * new * i * (1 - i), e * cell * forget * (1 - forget), e * i * (1 - new**2), d * bent * o * (1 - o)
        da[:, t] = np.concatenate(parts, 1)
        carry, carry_c = da[:, t] @ w.T, e * forget
    for place, values in ((f.da, da), (f.carry, carry), (f.carry_c, carry_c)):
        keep(m, f, place, values, error)
