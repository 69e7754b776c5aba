"""Cases of the losses: PyTorch's formulas in NumPy, with their gradients."""

import itertools
import math

import numpy as np

from ember import Tensor, nn
from ember.ops.loss import WAYS
from ember.tensors.tensor import apply
from op_cases import covers, fit, soft
from op_cases_activation import sigmoid, softplus

REDUCTIONS = ("mean", "sum", "none")


def total(each, reduction, by=None):
    """What a loss gives of its elements; by: what a mean divides by, if not their number."""
    if reduction == "none":
        return each
    return each.sum() / (1 if reduction == "sum" else each.size if by is None else by)


def share(g, each, reduction, by=None):
    """The gradient of total with respect to each element."""
    if reduction == "mean":
        g = g / (each.size if by is None else by)
    return np.broadcast_to(g, each.shape)


def huber(d, delta):
    return np.where(abs(d) < delta, d * d / 2, delta * (abs(d) - delta / 2))


def stirling(t, full):
    return np.where(t > 1, t * np.log(t) - t + np.log(2 * np.pi * t) / 2, 0) if full else 0 * t


# Beside a loss: how to draw x and target, its elements, and their derivatives with respect to x and the target.


def absolute(d, s):
    return nn.L1Loss, {}, d.apart(s), d.apart(s) + 1 / 32, lambda x, t: abs(x - t), (
        lambda x, t: np.sign(x - t), lambda x, t: -np.sign(x - t))  # fmt: skip


def near(d, s):
    k = d.choice((1.0, 0.3, 2.5))
    name, by = d.choice((("delta", 1.0), ("beta", k)))
    loss = nn.HuberLoss if name == "delta" else nn.SmoothL1Loss
    x, t = d.apart(s), d.apart(s) + 1 / 32
    t = np.where(abs(abs(x - t) - k) < 0.01, t + 0.02, t)
    return loss, {name: k}, x, t, lambda x, t: huber(x - t, k) / by, (
        lambda x, t: np.clip(x - t, -k, k) / by, lambda x, t: -np.clip(x - t, -k, k) / by)  # fmt: skip


def chances(d, s):
    x, t = d.rng.uniform(0.1, 0.9, s).astype("f4").astype("f8"), d.rng.uniform(0, 1, s).astype("f4").astype("f8")
    weight = d.choice((None, d.positive(s[-1:])))
    w = 1 if weight is None else weight
    return nn.BCELoss, {"weight": tensor(weight)}, x, t, (
        lambda x, t: -w * (t * np.log(x) + (1 - t) * np.log(1 - x))), (
        lambda x, t: w * (x - t) / (x * (1 - x)), lambda x, t: w * (np.log(1 - x) - np.log(x)))  # fmt: skip


def logits(d, s):
    weight, positive = d.choice((None, d.positive(s))), d.choice((None, d.positive(s[-1:])))
    w, p = [1 if a is None else a for a in (weight, positive)]
    weights = {"weight": tensor(weight), "pos_weight": tensor(positive)}
    return nn.BCEWithLogitsLoss, weights, d.normal(s) * 3, d.normal(s), (
        lambda x, t: w * ((1 - t) * softplus(x) + p * t * softplus(-x))), (
        lambda x, t: w * ((1 - t) * sigmoid(x) - p * t * sigmoid(-x)),
        lambda x, t: w * (p * softplus(-x) - softplus(x)))  # fmt: skip


def divergence(d, s):
    if d.choice((True, False)):
        return nn.KLDivLoss, {"log_target": True}, d.normal(s), d.normal(s), lambda x, t: np.exp(t) * (t - x), (
            lambda x, t: -np.exp(t), lambda x, t: np.exp(t) * (t - x + 1))  # fmt: skip
    return nn.KLDivLoss, {}, d.normal(s), d.positive(s), lambda x, t: t * (np.log(t) - x), (
        lambda x, t: -t, lambda x, t: np.log(t) - x + 1)  # fmt: skip


def poisson(d, s):
    full, t = d.choice((True, False)), d.positive(s)
    t = np.where(abs(t - 1) < 0.01, 1.1, t)
    more = (lambda t: np.where(t > 1, np.log(t) + 0.5 / t, 0)) if full else (lambda t: 0 * t)
    if d.choice((True, False)):
        return nn.PoissonNLLLoss, {"full": full}, d.normal(s), t, (
            lambda x, t: np.exp(x) - t * x + stirling(t, full)), (
            lambda x, t: np.exp(x) - t, lambda x, t: -x + more(t))  # fmt: skip
    return nn.PoissonNLLLoss, {"log_input": False, "full": full, "eps": 0.1}, d.positive(s), t, (
        lambda x, t: x - t * np.log(x + 0.1) + stirling(t, full)), (
        lambda x, t: 1 - t / (x + 0.1), lambda x, t: more(t) - np.log(x + 0.1))  # fmt: skip


def soft_margin(d, s):
    return nn.SoftMarginLoss, {}, d.normal(s) * 2, d.normal(s), lambda x, t: softplus(-t * x), (
        lambda x, t: -t * sigmoid(-t * x), lambda x, t: -x * sigmoid(-t * x))  # fmt: skip


def hinge(d, s):
    margin = d.choice((1.0, 0.4))
    x, t = d.apart(s) + 1 / 32, np.where(d.normal(s) > 0, 1.0, -1.0)
    x = np.where(abs(x - margin) < 0.01, x + 0.02, x)
    return nn.HingeEmbeddingLoss, {"margin": margin}, x, t, (
        lambda x, t: np.where(t > 0, x, np.maximum(0, margin - x))), (
        lambda x, t: np.where(t > 0, 1, -1.0 * (x < margin)), lambda x, t: 0 * t)  # fmt: skip


def tensor(a):
    return None if a is None else Tensor([float(v) for v in a.ravel()], a.shape)


@covers("HUBER", "BCE", "LOGSIGMOID", "SOFTPLUS", "ABS", "WHERE")
def loss_of_values(d):
    kind, arguments, x, t, elements, slopes = d.choice(
        (absolute, near, chances, logits, divergence, poisson, soft_margin, hinge)
    )(d, d.shape())
    reduction = d.choice(REDUCTIONS + ("batchmean",) * (kind is nn.KLDivLoss))
    loss = kind(reduction=reduction, **arguments)
    by = len(x) if reduction == "batchmean" else None
    reduction = "mean" if by else reduction
    given = [x] if kind is nn.HingeEmbeddingLoss else [x, t]  # whose targets are signs

    def gradient(g, *given):
        g = share(g, elements(x, t), reduction, by)
        return [g * slope(x, t) for slope in slopes[: len(given)]]

    def ember(x, y=None):
        return loss(x, tensor(t) if y is None else y)

    return given, ember, lambda x, y=t: total(elements(x, y), reduction, by), gradient


@covers("DIV", "LOG", "AT_LEAST")
def gaussian(d):
    s = d.shape()
    full, reduction = d.choice((True, False)), d.choice(REDUCTIONS)
    loss = nn.GaussianNLLLoss(full=full, reduction=reduction)

    def numpy(x, t, v):
        return total((np.log(v) + (x - t) ** 2 / v + full * np.log(2 * np.pi)) / 2, reduction)

    def gradient(g, x, t, v):
        g = share(g, x, reduction)
        return g * (x - t) / v, g * (t - x) / v, fit(g * (1 / v - (x - t) ** 2 / v**2) / 2, v)

    return [d.normal(s), d.normal(s), d.positive(s[:-1] + (d.choice((1, s[-1])),))], loss, numpy, gradient


@covers("RELU", "MAXIMUM", "MINIMUM")
def ranking(d):
    s, margin, reduction = d.shape(), d.choice((0.0, 0.2)), d.choice(REDUCTIONS)
    a, b = d.apart(s), d.apart(s) + 1 / 32
    t = np.where(d.normal(s) > 0, 1.0, -1.0)
    loss = nn.MarginRankingLoss(margin, reduction=reduction)

    def each(a, b):
        return np.maximum(0, -t * (a - b) + margin)

    def gradient(g, a, b):
        g = share(g, a, reduction) * (each(a, b) > 0) * t
        return -g, g

    return [a, b], lambda a, b: loss(a, b, tensor(t)), lambda a, b: total(each(a, b), reduction), gradient


@covers("SQRT", "WHERE")
def cosine(d):
    s, margin, reduction = d.shape(2), d.choice((0.0, 0.3)), d.choice(REDUCTIONS)
    a, b = d.normal(s) + 0.1, d.normal(s) - 0.1
    loss = nn.CosineEmbeddingLoss(margin, reduction=reduction)

    def angle(a, b):
        return (a * b).sum(1) / np.sqrt(((a * a).sum(1) + 1e-12) * ((b * b).sum(1) + 1e-12))

    c = angle(a, b)
    t = np.where((d.normal(s[:1]) > 0) | (abs(c - margin) < 0.01), 1.0, -1.0)

    def each(a, b):
        return np.where(t > 0, 1 - angle(a, b), np.maximum(0, angle(a, b) - margin))

    def gradient(g, a, b):
        g = share(g, c, reduction) * np.where(t > 0, -1.0, c > margin)
        a_size, b_size = [np.sqrt((x * x).sum(1, keepdims=True)) for x in (a, b)]
        of_a = b / (a_size * b_size) - c[:, None] * a / a_size**2
        of_b = a / (a_size * b_size) - c[:, None] * b / b_size**2
        return g[:, None] * of_a, g[:, None] * of_b

    return [a, b], lambda a, b: loss(a, b, tensor(t)), lambda a, b: total(each(a, b), reduction), gradient


@covers("MINIMUM", "POW", "SQRT")
def triplet(d):
    n, width = d.size(), d.size()
    p, swap, reduction = d.choice((2.0, 1.0, 3.0)), d.choice((False, True)), d.choice(REDUCTIONS)
    margin = d.choice((1.0, 50.0))
    places = d.apart((3 * n * width,)).reshape(3, n, width)
    anchor, positive, negative = places * [[[1.0]], [[0.9]], [[1.1]]]
    loss = nn.TripletMarginLoss(margin, p, swap=swap, reduction=reduction)

    def distance(x, y):
        return (abs(x - y + 1e-6) ** p).sum(-1) ** (1 / p)

    def each(a, b, c):
        apart = np.minimum(distance(a, c), distance(b, c)) if swap else distance(a, c)
        return np.maximum(0, distance(a, b) - apart + margin)

    def pull(x, y):
        z = x - y + 1e-6
        return np.sign(z) * abs(z) ** (p - 1) / distance(x, y)[:, None] ** (p - 1)

    def gradient(g, a, b, c):
        g = (share(g, np.zeros(n), reduction) * (each(a, b, c) > 0))[:, None]
        swapped = (distance(b, c) < distance(a, c))[:, None] * swap
        of_far = np.where(swapped, pull(b, c), pull(a, c))
        return (g * (pull(a, b) - ~swapped.astype(bool) * of_far), g * (-pull(a, b) - swapped * of_far), g * of_far)

    inputs = [anchor, positive, negative]
    near_zero = distance(*inputs[:2]) - distance(anchor, negative) + margin
    if (abs(near_zero) < 0.05).any() or (abs(distance(positive, negative) - distance(anchor, negative)) < 0.02).any():
        inputs[0] = anchor + 9.03
    return inputs, loss, lambda *x: total(each(*x), reduction), gradient


@covers("GATHER", "SOFTMAX", "WHERE")
def labelled(d):
    """Cross entropy and negative log likelihood with all that they may have."""
    shape = d.shape(d.choice((1, 1, 2)))
    classes, reduction = d.size(), d.choice(REDUCTIONS)
    label = d.rng.integers(classes, size=shape)
    weight = d.choice((None, d.positive((classes,))))
    ignored = d.choice((None, 0, -100, 255))
    smoothing = d.choice((0.0, 0.2, 1.0))
    only = d.choice((True, False))
    kept = np.ones(shape)
    if ignored:
        label = np.where(d.rng.uniform(size=shape) < 0.3, ignored, label)
        label.flat[0] = 0
        kept = (label != ignored) * 1.0
    elif ignored == 0:
        kept = (label != 0) * 1.0
        if not kept.any() and reduction == "mean":
            reduction = "sum"  # a mean over nothing is NaN
    w = np.ones(classes) if weight is None else weight
    truth = np.where(kept, label, 0)
    if only:
        smoothing, loss = 0.0, nn.NLLLoss(tensor(weight), ignored, reduction)
    else:
        loss = nn.CrossEntropyLoss(tensor(weight), ignored, reduction, smoothing)
    by = (w[truth] * kept).sum()
    goal = ((1 - smoothing) * np.eye(classes)[truth] + smoothing / classes) * w * kept[..., None]

    def log_p(x):
        return x if only else np.log(soft(x, -1))

    def gradient(g, x):
        g = np.broadcast_to(g / by if reduction == "mean" else g, shape)[..., None]
        return (-g * goal,) if only else (g * (soft(x, -1) * goal.sum(-1, keepdims=True) - goal),)

    return ([d.normal(shape + (classes,))], lambda x: loss(x, label.tolist()),
            lambda x: total(-(goal * log_p(x)).sum(-1), reduction, by), gradient)  # fmt: skip


@covers("SOFTMAX", "MUL")
def soft_targets(d):
    s, smoothing, reduction = d.shape(2), d.choice((0.0, 0.3)), d.choice(REDUCTIONS)
    weight = d.choice((None, d.positive(s[-1:])))
    w = 1 if weight is None else weight
    loss = nn.CrossEntropyLoss(tensor(weight), reduction=reduction, label_smoothing=smoothing)

    def goal(t):
        return (t * (1 - smoothing) + smoothing / s[-1]) * w

    def gradient(g, x, t):
        g = np.broadcast_to(g / s[0] if reduction == "mean" else g, s[:1])[:, None]
        return (g * (soft(x, -1) * goal(t).sum(-1, keepdims=True) - goal(t)),
                -g * w * (1 - smoothing) * np.log(soft(x, -1)))  # fmt: skip

    return ([d.normal(s), soft(d.normal(s), -1)], loss,
            lambda x, t: total(-(goal(t) * np.log(soft(x, -1))).sum(-1), reduction), gradient)  # fmt: skip


@covers("GATHER", "ONE_HOT", "RELU")
def multi_margin(d):
    n, classes = d.size(), d.size()
    p, margin, reduction = d.choice((1, 2)), d.choice((1.0, 0.4)), d.choice(REDUCTIONS)
    weight, label = d.choice((None, d.positive((classes,)))), d.rng.integers(classes, size=n)
    x = d.apart((n, classes)) / 4 + d.rng.uniform(-0.01, 0.01, (n, classes))
    w = np.ones(n) if weight is None else weight[label]
    own = np.eye(classes)[label]
    loss = nn.MultiMarginLoss(p, margin, tensor(weight), reduction)

    def over(x):
        return np.maximum(0, margin - (x * own).sum(1, keepdims=True) + x) * (1 - own)

    gap = margin - (x * own).sum(1, keepdims=True) + x
    x = np.where((abs(gap) < 1e-3) & (own == 0), x + 0.01, x)

    def gradient(g, x):
        g = share(g, w, reduction)[:, None] * w[:, None] * (over(x) > 0) / classes * (1 if p == 1 else 2 * over(x))
        return (g - own * g.sum(1, keepdims=True),)

    return ([x], lambda x: loss(x, label.tolist()),
            lambda x: total(w * (over(x) ** p).sum(1) / classes, reduction), gradient)  # fmt: skip


@covers("GATHER", "ONE_HOT", "RELU", "WHERE")
def multi_label_margin(d):
    s, reduction = d.shape(2), d.choice(REDUCTIONS)
    classes = s[-1]
    labels = d.rng.integers(-1, classes, size=s)  # from the first -1 on they do not count
    x = d.apart(s) / 4 + d.rng.uniform(-0.01, 0.01, s)
    gap = 1 + x[:, None, :] - x[:, :, None]
    x = x + np.where((abs(gap) < 1e-3).any((1, 2)), d.rng.uniform(0.02, 0.04, s).T, 0).T
    chosen = [list(itertools.takewhile(lambda k: k >= 0, row)) for row in labels]
    loss = nn.MultiLabelMarginLoss(reduction)
    given = d.choice((labels.tolist(), Tensor(labels.tolist(), dtype="b"), tensor(labels)))

    def pairs(row, own):
        return [(j, i) for j in own for i in range(classes) if i not in own and 1 - row[j] + row[i] > 0]

    def each(x):
        return np.array([sum(1 - row[j] + row[i] for j, i in pairs(row, own)) / classes for row, own in zip(x, chosen)])

    def gradient(g, x):
        z, g = np.zeros_like(x), share(g, np.zeros(len(x)), reduction) / classes
        for k, own in enumerate(chosen):
            for j, i in pairs(x[k], own):
                z[k, j] -= g[k]
                z[k, i] += g[k]
        return (z,)

    return [x], lambda x: loss(x, given), lambda x: total(each(x), reduction), gradient


@covers("LOGSIGMOID")
def multi_label_soft_margin(d):
    s, reduction = d.shape(2), d.choice(REDUCTIONS)
    weight = d.choice((None, d.positive(s[-1:])))
    w = (1 if weight is None else weight) / s[-1]
    loss = nn.MultiLabelSoftMarginLoss(tensor(weight), reduction)

    def gradient(g, x, t):
        g = share(g, np.zeros(len(x)), reduction)[:, None] * w
        return g * ((1 - t) * sigmoid(x) - t * sigmoid(-x)), g * (softplus(-x) - softplus(x))

    return ([d.normal(s) * 3, d.rng.uniform(0, 1, s)], loss,
            lambda x, t: total((w * (t * softplus(-x) + (1 - t) * softplus(x))).sum(-1), reduction),
            gradient)  # fmt: skip


@covers("RELU", "MINIMUM", "SQRT")
def triplet_of_ones_own(d):
    """The distance is squared, or, where it is None, the length of a - b + 1e-6."""
    n, width, own = d.size(), d.size(), d.choice((True, False))
    swap, margin, reduction = d.choice((False, True)), d.choice((1.0, 50.0)), d.choice(REDUCTIONS)
    loss = nn.TripletMarginWithDistanceLoss((lambda a, b: ((a - b) ** 2).sum(-1)) if own else None, margin, swap,
                                            reduction)  # fmt: skip
    inputs = list(d.apart((3 * n * width,)).reshape(3, n, width) * [[[1.0]], [[0.9]], [[1.1]]])

    def distance(a, b):
        return ((a - b) ** 2).sum(-1) if own else np.sqrt(((a - b + 1e-6) ** 2).sum(-1))

    def pull(a, b):
        return 2 * (a - b) if own else (a - b + 1e-6) / distance(a, b)[:, None]

    def each(a, b, c):
        apart = np.minimum(distance(a, c), distance(b, c)) if swap else distance(a, c)
        return np.maximum(0, distance(a, b) - apart + margin)

    def gradient(g, a, b, c):
        g = (share(g, np.zeros(n), reduction) * (each(a, b, c) > 0))[:, None]
        swapped = (distance(b, c) < distance(a, c))[:, None] & swap
        of_far = np.where(swapped, pull(b, c), pull(a, c))
        return (g * (pull(a, b) - ~swapped * of_far), g * (-pull(a, b) - swapped * of_far), g * of_far)

    near_zero = distance(*inputs[:2]) - distance(inputs[0], inputs[2]) + margin
    if (abs(near_zero) < 0.05).any() or (abs(distance(*inputs[1:]) - distance(inputs[0], inputs[2])) < 0.02).any():
        inputs[0] = inputs[0] + 9.03
    return inputs, loss, lambda *x: total(each(*x), reduction), gradient


def readings(label, steps, classes, blank):
    """Every sequence of `steps` classes that is read as this label: repeats made one, then blanks left out."""
    for path in itertools.product(range(classes), repeat=steps):
        if [k for k, _ in itertools.groupby(path) if k != blank] == list(label):
            yield path


@covers("WAYS")
def ways(d):
    x = d.normal((d.size(), d.size()))

    def numpy(x):
        wide = np.pad(np.exp(x), ((0, 0), (2, 0)))
        return np.stack([wide[:, k : k + x.shape[1]] for k in range(3)], 1)

    def gradient(g, x):
        wide = np.zeros((x.shape[0], x.shape[1] + 2))
        for k in range(3):
            wide[:, k : k + x.shape[1]] += g[:, k]
        return (wide[:, 2:] * np.exp(x),)

    return [x], lambda x: apply(WAYS, (x,)).exp(), numpy, gradient


@covers("GATHER", "CLAMP", "WHERE")
def sequences(d):
    n, steps, classes, room = d.choice((1, 2)), d.choice((3, 4, 1)), d.choice((2, 3)), d.choice((1, 2, 3))
    blank, reduction = d.choice(range(classes)), d.choice(REDUCTIONS)
    others = [k for k in range(classes) if k != blank]
    targets = np.array(others)[d.rng.integers(len(others), size=(n, room))]
    ends = d.rng.integers(1, steps + 1, size=n)
    lengths = [int(k) for k in d.rng.integers(room + 1, size=n)]
    paths = []
    for i in range(n):
        while not (found := list(readings(targets[i, : lengths[i]], ends[i], classes, blank))):
            lengths[i] -= 1  # a shorter one fits
        paths.append(found)
    by = np.array([max(1, k) for k in lengths]) if reduction == "mean" else 1
    loss = nn.CTCLoss(blank, reduction)

    def chances(x, i):
        return np.array([math.exp(sum(x[i, t, k] for t, k in enumerate(path))) for path in paths[i]])

    def numpy(x):
        return total(np.array([-math.log(chances(x, i).sum()) for i in range(n)]) / by, reduction)

    def gradient(g, x):
        z = np.zeros_like(x)
        g = share(g, np.zeros(n), reduction) / by
        for i in range(n):
            p = chances(x, i)
            for path, part in zip(paths[i], p / p.sum()):
                z[i, np.arange(len(path)), path] -= g[i] * part
        return (z,)

    x = np.log(soft(d.normal((n, steps, classes)), -1))
    return [x], lambda x: loss(x, targets.tolist(), [int(k) for k in ends], lengths), numpy, gradient
