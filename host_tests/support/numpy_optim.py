"""The optimizers in NumPy, float64, written from the papers and PyTorch's documentation: step(p, g, t, state) -> p,
where t counts from 1 and state is a dict that it keeps what it needs in."""

import numpy as np


def kept(state, name, p):
    return state.setdefault(name, np.zeros_like(p))


def sgd(p, g, t, state, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
    g = g + weight_decay * p
    if momentum:
        buffer = g if t == 1 else momentum * state["buffer"] + (1 - dampening) * g
        state["buffer"] = buffer
        g = g + momentum * buffer if nesterov else buffer
    return p - lr * g


def adam(p, g, t, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled=False, amsgrad=False,
         cautious_weight_decay=False):  # fmt: skip
    if not decoupled:
        g = g + weight_decay * p
    m = state["m"] = betas[0] * kept(state, "m", p) + (1 - betas[0]) * g
    v = state["v"] = betas[1] * kept(state, "v", p) + (1 - betas[1]) * g**2
    if amsgrad:
        v = state["most"] = np.maximum(kept(state, "most", p), v)
    if decoupled:
        p = p * (1 - lr * weight_decay * (m * p >= 0 if cautious_weight_decay else 1))
    return p - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)


def adamw(p, g, t, state, weight_decay=1e-2, **settings):
    return adam(p, g, t, state, weight_decay=weight_decay, decoupled=True, **settings)


def rmsprop(p, g, t, state, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False):
    g = g + weight_decay * p
    v = state["v"] = alpha * kept(state, "v", p) + (1 - alpha) * g**2
    if centered:
        mean = state["mean"] = alpha * kept(state, "mean", p) + (1 - alpha) * g
        v = v - mean**2
    change = g / (np.sqrt(v) + eps)
    if momentum:
        change = state["buffer"] = momentum * kept(state, "buffer", p) + change
    return p - lr * change


def adagrad(p, g, t, state, lr=0.01, lr_decay=0.0, weight_decay=0.0, eps=1e-10):
    g = g + weight_decay * p
    state["sum"] = kept(state, "sum", p) + g**2
    return p - lr / (1 + (t - 1) * lr_decay) * g / (np.sqrt(state["sum"]) + eps)


def adadelta(p, g, t, state, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0):
    g = g + weight_decay * p
    v = state["v"] = rho * kept(state, "v", p) + (1 - rho) * g**2
    change = np.sqrt(kept(state, "u", p) + eps) / np.sqrt(v + eps) * g
    state["u"] = rho * state["u"] + (1 - rho) * change**2
    return p - lr * change


def lion(p, g, t, state, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
    m = kept(state, "m", p)
    p = p * (1 - lr * weight_decay) - lr * np.sign(betas[0] * m + (1 - betas[0]) * g)
    state["m"] = betas[1] * m + (1 - betas[1]) * g
    return p


def adan(p, g, t, state, lr=1e-3, betas=(0.98, 0.92, 0.99), eps=1e-8, weight_decay=0.0):
    """Algorithm 1 with the betas of the authors' code, which are one less the paper's."""
    difference = g - state["before"] if t > 1 else np.zeros_like(g)
    m = state["m"] = betas[0] * kept(state, "m", p) + (1 - betas[0]) * g
    v = state["v"] = betas[1] * kept(state, "v", p) + (1 - betas[1]) * difference
    n = state["n"] = betas[2] * kept(state, "n", p) + (1 - betas[2]) * (g + betas[1] * difference) ** 2
    root = np.sqrt(n / (1 - betas[2] ** t)) + eps
    state["before"] = g
    step = (m / (1 - betas[0] ** t) + betas[1] * v / (1 - betas[1] ** t)) / root
    return (p - lr * step) / (1 + lr * weight_decay)


def lamb(p, g, t, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=1e-2):
    m = state["m"] = betas[0] * kept(state, "m", p) + (1 - betas[0]) * g
    v = state["v"] = betas[1] * kept(state, "v", p) + (1 - betas[1]) * g**2
    step = m / (1 - betas[0] ** t) / (np.sqrt(v / (1 - betas[1] ** t)) + eps) + weight_decay * p
    lengths = np.sqrt((p**2).sum()), np.sqrt((step**2).sum())
    return p - lr * (lengths[0] / lengths[1] if min(lengths) > 0 else 1.0) * step


def muon(p, g, t, state, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True,
         ns_coefficients=(3.4445, -4.775, 2.0315), eps=1e-7, ns_steps=5, adjust_lr_fn="original",
         shape=(2, 3)):  # fmt: skip
    """p and g are flat, of the matrix [in, out] that is the transpose of PyTorch's."""
    buffer = state["buffer"] = momentum * kept(state, "buffer", p) + (1 - momentum) * g
    update = (1 - momentum) * g + momentum * buffer if nesterov else buffer
    x = update.reshape(-1, shape[-1]).T
    outputs, inputs = x.shape
    if outputs > inputs:
        x = x.T
    x = x / max(np.sqrt((x**2).sum()), eps)
    a, b, c = ns_coefficients
    for _ in range(ns_steps):
        s = x @ x.T
        x = a * x + (b * s + c * s @ s) @ x
    if outputs > inputs:
        x = x.T
    scale = np.sqrt(max(1, outputs / inputs)) if adjust_lr_fn == "original" else 0.2 * np.sqrt(max(outputs, inputs))
    return p * (1 - lr * weight_decay) - lr * scale * x.T.ravel()


def decayed(p, g, lr, weight_decay, decoupled):
    """p and g after weight decay, of the one or the other."""
    return (p * (1 - lr * weight_decay), g) if decoupled else (p, g + weight_decay * p)


def adamax(p, g, t, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    g = g + weight_decay * p
    m = state["m"] = betas[0] * kept(state, "m", p) + (1 - betas[0]) * g
    u = state["u"] = np.maximum(betas[1] * kept(state, "u", p), np.abs(g) + eps)
    return p - lr / (1 - betas[0] ** t) * m / u


def nadam(p, g, t, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, momentum_decay=4e-3,
          decoupled_weight_decay=False):  # fmt: skip
    p, g = decayed(p, g, lr, weight_decay, decoupled_weight_decay)
    mu, after = [betas[0] * (1 - 0.5 * 0.96 ** (k * momentum_decay)) for k in (t, t + 1)]
    product = state["product"] = state.get("product", 1.0) * mu
    m = state["m"] = betas[0] * kept(state, "m", p) + (1 - betas[0]) * g
    v = state["v"] = betas[1] * kept(state, "v", p) + (1 - betas[1]) * g**2
    mean = after * m / (1 - product * after) + (1 - mu) * g / (1 - product)
    return p - lr * mean / (np.sqrt(v / (1 - betas[1] ** t)) + eps)


def radam(p, g, t, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled_weight_decay=False):
    p, g = decayed(p, g, lr, weight_decay, decoupled_weight_decay)
    m = state["m"] = betas[0] * kept(state, "m", p) + (1 - betas[0]) * g
    v = state["v"] = betas[1] * kept(state, "v", p) + (1 - betas[1]) * g**2
    mean, most = m / (1 - betas[0] ** t), 2 / (1 - betas[1]) - 1
    rho = most - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
    if rho <= 5:
        return p - lr * mean
    r = np.sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
    return p - lr * mean * r * np.sqrt(1 - betas[1] ** t) / (np.sqrt(v) + eps)


def rprop(p, g, t, state, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
    before, size = kept(state, "before", p), state.setdefault("size", np.full_like(p, lr))
    size = np.where(g * before > 0, size * etas[1], np.where(g * before < 0, size * etas[0], size))
    size = state["size"] = np.minimum(np.maximum(size, step_sizes[0]), step_sizes[1])
    g = state["before"] = np.where(g * before < 0, 0.0, g)
    return p - np.sign(g) * size


def asgd(p, g, t, state, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0.0):
    """The rate of a step is that which the step before found for it."""
    eta = state.get("eta", lr)
    p = p * (1 - lambd * eta) - eta * (g + weight_decay * p)
    mean = kept(state, "mean", p)
    state["mean"] = mean + (p - mean) / max(1, t - 1 - t0)
    state["eta"] = lr / (1 + lambd * lr * t) ** alpha
    return p
