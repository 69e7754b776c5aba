"""The reference of the instructions that go row by row: losses, random numbers, optimizers; see reference_memory.py."""

import math

import numpy as np

from random_numbers import uniforms
from reference_memory import TINY, U, instruction, maximum


def softmaxes(x):
    """Softmax and log-softmax of rows with their bounds."""
    best = x[:, :1]
    for j in range(1, x.shape[1]):
        best = maximum(best, x[:, j : j + 1])
    e = np.exp(x - best)
    total = e.sum(1, keepdims=True)
    roundings = x.shape[1] + 12 + np.abs(x - best).max(1, keepdims=True)
    log = (x - best) - np.log(total)
    y = e / total
    error = U * (roundings + np.abs(x - best)) * y + TINY
    return y, error, log, U * (roundings + 3 * (np.abs(x - best) + np.log(total)))


@instruction
def softmax(m, f):
    y, error, log, log_error = softmaxes(m.read(f.x, f.n, f.width))
    if f.form == 2:
        hidden = (m.read(f.x, f.n, f.width) == -np.inf).all(1, keepdims=True)
        y, error = np.where(hidden, 0.0, y), np.where(hidden, 0.0, error)
    m.meet(m.at(f.y, f.n, f.width), log if f.form == 1 else y, log_error if f.form == 1 else error)


@instruction
def softmax_grad(m, f):
    y, g = m.read(f.y, f.n, f.width), m.read(f.g, f.n, f.width)
    terms = g if f.log else g * y
    dot, size = terms.sum(1, keepdims=True), np.abs(terms).sum(1, keepdims=True)
    factor = np.exp(y) if f.log else y
    value = g - factor * dot if f.log else y * (g - dot)
    error = U * (f.width + 8) * np.abs(factor) * (size + np.abs(g)) + U * np.abs(g) + TINY
    m.meet(m.at(f.dx, f.n, f.width), value, error, f.into)


def until_fault(labels, high):
    """How many rows come before the first label outside 0 .. high - 1, and that row or None."""
    bad = np.flatnonzero((labels < 0) | (labels >= high))
    return (int(bad[0]), int(bad[0])) if len(bad) else (len(labels), None)


@instruction
def cross_entropy(m, f):
    label = m.read(f.label, f.n)
    n, fault = until_fault(label, f.width)
    x = m.read(f.x, n, f.width)
    if n:
        y, error, log, log_error = softmaxes(x)
        m.meet(m.at(f.p, n, f.width), y, error)
        rows = np.arange(n), label[:n]
        m.meet(m.at(f.loss, n), -log[rows], log_error[rows])
    return fault


@instruction
def cross_entropy_grad(m, f):
    label = m.read(f.label, f.n)
    n, fault = until_fault(label, f.width)
    p, g = m.read(f.p, n, f.width), m.read(f.g, n)[:, None]
    hit = np.arange(f.width) == label[:n, None]
    m.meet(m.at(f.dx, n, f.width), (p - hit) * g, 2 * U * (np.abs(p) + hit) * np.abs(g) + TINY, f.into)
    return fault


@instruction
def check_index(m, f):
    return until_fault(m.read(f.index, f.n), f.high)[1]


@instruction
def count_correct(m, f):
    label = m.read(f.label, f.n)
    n, fault = until_fault(label, f.width)
    x = m.read(f.x, n, f.width)
    best, found = x[:, 0].copy(), np.zeros(n, dtype=np.int64)
    for j in range(1, f.width):
        take = (x[:, j] > best) | (np.isnan(x[:, j]) & ~np.isnan(best))
        best, found = np.where(take, x[:, j], best), np.where(take, j, found)
    m.values[f.counter >> 24][f.counter & 0xFFFFFF] += int((found == label[:n]).sum())
    return fault


def scalars(m, place, count=1):
    return [value.item() for value in m.read(place, count)]


@instruction
def dropout(m, f):
    (p,), (key,), (step,), (sample,) = (scalars(m, place) for place in (f.p, f.key, f.step, f.sample))
    element = (np.arange(f.n)[:, None] + sample) * f.width + np.arange(f.width)
    keep = uniforms(key, f.stream, step, element & 0xFFFFFFFF) >= p
    value = np.where(keep, m.read(f.x, f.n, f.width) * (np.float64(1) / (1 - p)), 0)
    m.meet(m.at(f.y, f.n, f.width), value, U * 4 * np.abs(value), f.into)


@instruction
def uniform(m, f):
    low, high = scalars(m, f.range, 2)
    (key,), (step,), (sample,) = (scalars(m, place) for place in (f.key, f.step, f.sample))
    element = (np.arange(f.n)[:, None] + sample) * f.width + np.arange(f.width)
    u = uniforms(key, f.stream, step if f.fresh else 0, element & 0xFFFFFFFF)
    m.meet(m.at(f.d, f.n, f.width), low + (high - low) * u, U * 3 * (abs(low) + abs(high - low)))


@instruction
def convert(m, f):
    scale, shift = np.reshape(scalars(m, f.affine, 2 * f.channels), (2, f.channels))
    x = m.read(f.src, f.n, f.channels) * scale
    m.meet(m.at(f.d, f.n, f.channels), x + shift, U * 3 * (np.abs(x) + np.abs(shift)))


@instruction
def count(m, f):
    segment, offset = f.counter >> 24, f.counter & 0xFFFFFF
    value = int(m.values[segment][offset]) * f.keep + f.n * f.add
    m.values[segment][offset] = min(value, 2**31 - 1)  # where it stays


@instruction
def stop(m, f):
    """Where it goes on."""
    assert scalars(m, f.go) != [0]


@instruction
def check_finite(m, f):
    """Where it goes on."""
    with np.errstate(all="ignore"):
        found = m.read(f.a, f.n).astype("f4") / np.float32(scalars(m, f.total)[0])
        assert np.isfinite(found * found if f.squared else found).all()


def gradient(m, f, p, weight_decay):
    """G and its bound."""
    (total,) = scalars(m, f.total)
    G = m.read(f.g, f.n) / np.float64(total)
    return G + weight_decay * p, U * 2 * (np.abs(G) + np.abs(weight_decay * p))


@instruction
def sgd(m, f):
    lr, momentum, dampening, weight_decay = scalars(m, f.hyper, 4)
    (step,) = scalars(m, f.step)
    p = m.read(f.p, f.n)
    G, error = gradient(m, f, p, weight_decay)
    if f.momentum:
        old = m.read(f.v, f.n)
        v = G if step == 0 else momentum * old + (1 - dampening) * G
        size = np.abs(momentum * old) + np.abs((1 - dampening) * G) + np.abs(G)
        error = 2 * error + 4 * U * size
        m.meet(m.at(f.v, f.n), v, error)
        G = G + momentum * v if f.nesterov else v
        error = 3 * error + U * np.abs(G) * 2
    m.meet(m.at(f.p, f.n), p - lr * G, abs(lr) * error + U * 2 * (np.abs(p) + np.abs(lr * G)))


@instruction
def adam(m, f):
    lr, beta1, beta2, eps, weight_decay = scalars(m, f.hyper, 5)
    (step,) = scalars(m, f.step)
    t, p = step + 1, m.read(f.p, f.n)
    G, error = gradient(m, f, p, 0 if f.decoupled else weight_decay)
    if f.decoupled == 1:
        p = p - lr * weight_decay * p
    old_m, old_v = m.read(f.m, f.n), m.read(f.v, f.n)
    new_m, new_v = beta1 * old_m + (1 - beta1) * G, beta2 * old_v + (1 - beta2) * G * G
    m_error = U * 4 * (np.abs(old_m) + np.abs(G)) + error
    v_error = U * 4 * (old_v + G * G) + 2 * error * np.abs(G)
    m.meet(m.at(f.m, f.n), new_m, m_error)
    m.meet(m.at(f.v, f.n), new_v, v_error)
    if f.amsgrad:
        new_v = np.maximum(m.read(f.most, f.n), new_v)
        m.meet(m.at(f.most, f.n), new_v, v_error)
    if f.decoupled == 2:
        p = np.where(new_m * p >= 0, p - lr * weight_decay * p, p)
    c1, c2 = 1 - beta1**t, math.sqrt(1 - beta2**t)
    root = np.sqrt(new_v) / c2 + eps
    change = (lr / c1) * (new_m / root)
    # 1 - beta ** t cancels: t + 2 * log2(t) roundings of beta ** t, seen against what is left of 1.
    loss = 2 * U * (4 + t) * (beta1**t / c1 + beta2**t / c2**2) + 8 * U
    relative = np.abs(change) * (loss + v_error / np.maximum(new_v, TINY) + U * 8)
    m.meet(m.at(f.p, f.n), p - change, relative + abs(lr / c1) * m_error / root + U * 4 * np.abs(p))


def norm(m, f, place):
    """An operand of normalize: [rows, elements of a row]."""
    return m.read(place, (f.n, f.s_n), (f.m, f.s_m), (f.h, f.s_h), (f.w, f.s_w)).reshape(f.n * f.m, -1)


def into_norm(m, f, place, value, error, into=0):
    where = m.at(place, (f.n, f.s_n), (f.m, f.s_m), (f.h, f.s_h), (f.w, f.s_w))
    m.meet(where, value.reshape(where[1].shape), error.reshape(where[1].shape), into)


@instruction
def normalize(m, f):
    x, eps = norm(m, f, f.x), m.read(f.eps, 1)[0]
    mean = x.mean(1, keepdims=True) if f.center else np.zeros((len(x), 1))
    # Sums in two floats; what the mean was rounded by is taken away again.
    mean_error = U * 4 * np.abs(x).mean(1, keepdims=True) * f.center
    d = x - mean
    size = np.abs(d) + mean_error
    # What is taken away again is a mean of differences that were rounded.
    d_error = U * 4 * size + U * 2 * size.mean(1, keepdims=True) * f.center
    var = (d * d).mean(1, keepdims=True)
    var_error = U * 8 * (size * size).mean(1, keepdims=True)
    factor = 1 / np.sqrt(var + eps)
    relative = U * 4 + var_error / (var + eps)
    into_norm(m, f, f.y, d * factor, (d_error + np.abs(d) * (relative + U)) * factor * 2 + TINY)
    m.meet(m.at(f.mean, f.n * f.m), mean.ravel(), mean_error.ravel() + TINY)
    m.meet(m.at(f.var, f.n * f.m), var.ravel(), var_error.ravel() + TINY)


@instruction
def normalize_grad(m, f):
    y, g, var, eps = norm(m, f, f.y), norm(m, f, f.g), m.read(f.var, f.n * f.m)[:, None], m.read(f.eps, 1)[0]
    a, b = g.mean(1, keepdims=True) * f.center, (g * y).mean(1, keepdims=True)
    a_error = U * 4 * np.abs(g).mean(1, keepdims=True) * f.center
    b_error = U * 5 * np.abs(g * y).mean(1, keepdims=True)
    factor = 1 / np.sqrt(var + eps)
    size = np.abs(g) + np.abs(a) + np.abs(y * b)
    error = (U * 8 * size + a_error + np.abs(y) * b_error) * factor * 2 + TINY
    into_norm(m, f, f.dx, (g - a - y * b) * factor, error, f.into)


def moved(old, factor, new, error):
    """An exponential mean of old and new, and its bound."""
    return factor * old + (1 - factor) * new, U * 4 * (np.abs(old) + np.abs(new)) + error


@instruction
def rmsprop(m, f):
    lr, alpha, eps, weight_decay, momentum = scalars(m, f.hyper, 5)
    p = m.read(f.p, f.n)
    G, error = gradient(m, f, p, weight_decay)
    v, v_error = moved(m.read(f.v, f.n), alpha, G * G, 2 * error * np.abs(G) + U * G * G)
    m.meet(m.at(f.v, f.n), v, v_error)
    size, size_error = v, v_error
    if f.centered:
        a, a_error = moved(m.read(f.a, f.n), alpha, G, error)
        m.meet(m.at(f.a, f.n), a, a_error)
        size, size_error = v - a * a, v_error + 2 * np.abs(a) * a_error + U * (a * a + v)
    root = np.sqrt(size) + eps
    change = G / root
    change_error = error / root + np.abs(change) * (size_error / np.maximum(size, TINY) + 6 * U)
    if f.momentum:
        old = m.read(f.b, f.n)
        change_error = change_error + U * 4 * (np.abs(old) + np.abs(change))
        change = momentum * old + change
        m.meet(m.at(f.b, f.n), change, change_error)
    m.meet(m.at(f.p, f.n), p - lr * change, lr * change_error + U * 3 * (np.abs(p) + np.abs(lr * change)))


@instruction
def adagrad(m, f):
    lr, lr_decay, eps, weight_decay = scalars(m, f.hyper, 4)
    (step,) = scalars(m, f.step)
    p = m.read(f.p, f.n)
    G, error = gradient(m, f, p, weight_decay)
    v = m.read(f.v, f.n) + G * G
    v_error = 2 * error * np.abs(G) + 3 * U * v
    m.meet(m.at(f.v, f.n), v, v_error)
    rate, root = lr / (1 + step * lr_decay), np.sqrt(v) + eps
    change = rate * G / root
    change_error = rate * error / root + np.abs(change) * (v_error / np.maximum(v, TINY) + 10 * U)
    m.meet(m.at(f.p, f.n), p - change, change_error + U * 3 * np.abs(p))


@instruction
def adadelta(m, f):
    lr, rho, eps, weight_decay = scalars(m, f.hyper, 4)
    p, a = m.read(f.p, f.n), m.read(f.a, f.n)
    G, error = gradient(m, f, p, weight_decay)
    v, v_error = moved(m.read(f.v, f.n), rho, G * G, 2 * error * np.abs(G) + U * G * G)
    factor = np.sqrt(a + eps) / np.sqrt(v + eps)
    d = factor * G
    d_error = factor * error + np.abs(d) * (v_error / (v + eps) + 8 * U)
    m.meet(m.at(f.v, f.n), v, v_error)
    m.meet(m.at(f.a, f.n), *moved(a, rho, d * d, 2 * np.abs(d) * d_error + U * d * d))
    m.meet(m.at(f.p, f.n), p - lr * d, lr * d_error + U * 3 * (np.abs(p) + np.abs(lr * d)))


@instruction
def lion(m, f):
    lr, beta1, beta2, weight_decay = scalars(m, f.hyper, 4)
    p, old = m.read(f.p, f.n), m.read(f.m, f.n)
    G, error = gradient(m, f, p, 0)
    way, way_error = moved(old, beta1, G, error)
    p = p - lr * weight_decay * p
    # Where the sign is within the bound of 0 either way is right.
    doubt = np.where(np.abs(way) <= way_error, 2 * lr, 0)
    m.meet(m.at(f.p, f.n), p - lr * np.sign(way), doubt + U * 6 * (np.abs(p) + lr))
    m.meet(m.at(f.m, f.n), *moved(old, beta2, G, error))


@instruction
def adan(m, f):
    lr, beta1, beta2, beta3, eps, weight_decay = scalars(m, f.hyper, 6)
    (step,) = scalars(m, f.step)
    t, p, before = step + 1, m.read(f.p, f.n), m.read(f.before, f.n)
    G, error = gradient(m, f, p, 0)
    D = G - before if step else np.zeros(f.n)
    D_error = error + U * (np.abs(G) + np.abs(before)) if step else np.zeros(f.n)
    ahead, ahead_error = G + beta2 * D, error + D_error + 3 * U * (np.abs(G) + np.abs(D))
    mean, mean_error = moved(m.read(f.m, f.n), beta1, G, error)
    drift, drift_error = moved(m.read(f.v, f.n), beta2, D, D_error)
    size, size_error = moved(m.read(f.s, f.n), beta3, ahead**2, 2 * np.abs(ahead) * ahead_error + ahead_error**2)
    for place, value, bound in ((f.m, mean, mean_error), (f.v, drift, drift_error), (f.s, size, size_error)):
        m.meet(m.at(place, f.n), value, bound)
    c1, c2, c3 = (1 - beta**t for beta in (beta1, beta2, beta3))
    root = np.sqrt(size) / math.sqrt(c3) + eps
    parts = np.abs(lr / c1 * mean) + np.abs(lr * beta2 / c2 * drift)
    change = (lr / c1 * mean + lr * beta2 / c2 * drift) / root
    lost = 2 * U * (4 + t) * (beta1**t / c1 + beta2**t / c2 + beta3**t / c3) + 12 * U
    change_error = (lr / c1 * mean_error + lr * beta2 / c2 * drift_error) / root
    change_error = change_error + parts / root * (lost + size_error / np.maximum(size, TINY))
    m.meet(
        m.at(f.p, f.n), (p - change) / (1 + lr * weight_decay), 2 * change_error + U * 8 * (np.abs(p) + parts / root)
    )
    m.meet(m.at(f.before, f.n), G, error)
