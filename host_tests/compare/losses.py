"""Losses with their options drawn: the value, and the gradient of every input."""

import numpy as np
import torch
from libraries import floats, gradient, numpy
from measure import NOISE, Pair, Useless, noise

from ember import Tensor, nn

TITLE = "losses with options drawn: the value, the gradient of every input"
COUNT = 1200
TOLERANCE = 2e-5

LABELS, VALUES = "labels", "values"  # what a target is, where it is not differentiated


class Loss:
    """name and options of both; inputs: float32 arrays that have gradients; others: what comes after them, arrays of
    whole numbers or of floats; options in which both differ are given by what makes them."""

    def __init__(self, name, inputs, others=(), **options):
        self.name, self.inputs, self.others, self.options = name, list(inputs), list(others), options

    def ours(self, **more):
        turned = {k: floats(v) if isinstance(v, np.ndarray) else v for k, v in self.options.items()}
        return getattr(nn, self.name)(**dict(turned, **more))

    def theirs(self, dtype=torch.float64, **more):
        turned = {k: torch.tensor(v, dtype=dtype) if isinstance(v, np.ndarray) else v for k, v in self.options.items()}
        return getattr(torch.nn, self.name)(**dict(turned, **more))

    def text(self):
        said = ["%s=%s" % (k, v.tolist() if isinstance(v, np.ndarray) else v) for k, v in self.options.items()]
        return "%s(%s) of %s" % (self.name, ", ".join(said), [x.shape for x in self.inputs])


def batch(d):
    return d.whole(1, 5), d.whole(1, 5)


def chances(d, *shape):
    """Of classes, the last dimension."""
    e = np.exp(d.rng.normal(size=shape))
    return (e / e.sum(-1, keepdims=True)).astype("f4")


def reduction(d):
    return d.pick("mean", "sum", "none")


def cross_entropy(d):
    n, c = batch(d)
    options = {"reduction": reduction(d), "label_smoothing": d.pick(0.0, 0.1, 1.0)}
    if d.chance():
        options["weight"] = d.rng.uniform(0.3, 3, c).astype("f4")
    if d.chance(0.25):
        return Loss("CrossEntropyLoss", [d.normal(n, c), chances(d, n, c)], **options)
    label = d.rng.integers(c, size=n)
    ignored = d.pick(-100, -100, 0, c - 1, 7)
    if d.chance(0.4) and n > 1:
        label[1:][d.rng.random(n - 1) < 0.4] = ignored
    if (label != ignored).any() or options["reduction"] != "mean":
        options["ignore_index"] = ignored
    elif ignored not in range(c):
        label[:] = 0
    return Loss("CrossEntropyLoss", [d.normal(n, c) * 2], [label], **options)


def negative_log_likelihood(d):
    found = cross_entropy(d)
    if len(found.inputs) > 1:
        return negative_log_likelihood(d)
    found.options.pop("label_smoothing")
    found.name, x = "NLLLoss", found.inputs[0]
    found.inputs = [np.log(np.exp(x) / np.exp(x).sum(-1, keepdims=True)).astype("f4")]
    return found


def multi_margin(d):
    n, c = batch(d)
    options = {"p": d.pick(1, 2), "margin": d.pick(1.0, 0.3), "reduction": reduction(d)}
    if d.chance():
        options["weight"] = d.rng.uniform(0.3, 3, c).astype("f4")
    return Loss("MultiMarginLoss", [d.normal(n, c)], [d.rng.integers(c, size=n)], **options)


def multi_label(d):
    n, c = batch(d)
    if d.chance():
        return Loss("MultiLabelMarginLoss", [d.normal(n, c)], [d.rng.integers(-1, c, size=(n, c))],
                    reduction=reduction(d))  # fmt: skip
    options = {"weight": d.rng.uniform(0.3, 3, c).astype("f4")} if d.chance() else {}
    return Loss("MultiLabelSoftMarginLoss", [d.normal(n, c) * 3, chances(d, n, c)], reduction=reduction(d), **options)


def of_values(d):
    shape = d.shape(1, 3)
    name = d.pick("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "SoftMarginLoss", "KLDivLoss", "PoissonNLLLoss",
                  "BCELoss", "BCEWithLogitsLoss", "HingeEmbeddingLoss")  # fmt: skip
    x, t, options = d.normal(*shape), d.normal(*shape), {"reduction": reduction(d)}
    if name == "SmoothL1Loss":
        options["beta"] = d.pick(1.0, 0.3, 0.0)
    if name == "HuberLoss":
        options["delta"] = d.pick(1.0, 0.3)
    if name == "SoftMarginLoss" or name == "HingeEmbeddingLoss":
        t = np.where(t > 0, 1, -1).astype("f4")
        if name == "HingeEmbeddingLoss":
            options["margin"] = d.pick(1.0, 0.4)
            if d.chance(0.3):
                t[t < 0] = 0.5  # is neither
        return Loss(name, [x], [t], **options)
    if name == "KLDivLoss":
        options["reduction"] = d.pick("mean", "sum", "none", "batchmean")
        options["log_target"] = d.chance()
        if not options["log_target"]:
            t = np.where(d.rng.random(shape) < 0.2, 0, np.abs(t)).astype("f4")
            return Loss(name, [x], [t], **options)
    if name == "PoissonNLLLoss":
        options.update(log_input=d.chance(), full=d.chance())
        t = np.abs(t) * d.pick(1, 4)
        x = x if options["log_input"] else np.abs(x) + np.float32(0.2)
        return Loss(name, [x], [t.astype("f4")], **options)
    if name in ("BCELoss", "BCEWithLogitsLoss"):
        t = d.rng.uniform(size=shape).astype("f4").round(d.pick(0, 3))
        if d.chance():
            options["weight"] = d.rng.uniform(0.3, 3, d.pick(shape, shape[-1:])).astype("f4")
        if name == "BCELoss":
            return Loss(name, [(1 / (1 + np.exp(-x))).astype("f4")], [t], **options)
        if d.chance():
            options["pos_weight"] = d.rng.uniform(0.3, 3, shape[-1:]).astype("f4")
        x = x * d.pick(1, 10)
    return Loss(name, [x, t], **options)


def of_several(d):
    name = d.pick("MarginRankingLoss", "CosineEmbeddingLoss", "TripletMarginLoss", "TripletMarginWithDistanceLoss",
                  "GaussianNLLLoss", "TripletMarginLoss")  # fmt: skip
    n, c = batch(d)
    options, a, b = {"reduction": reduction(d)}, d.normal(n, c), d.normal(n, c)
    if name == "GaussianNLLLoss":
        options.update(full=d.chance())
        return Loss(name, [a, b, np.abs(d.normal(n, d.pick(1, c))) + np.float32(0.1)], **options)
    sign = np.where(d.normal(n) > 0, 1, -1).astype("f4")
    if name == "MarginRankingLoss":
        options["margin"] = d.pick(0.0, 0.3)
        return Loss(name, [a[:, 0], b[:, 0]], [sign], **options)
    if name == "CosineEmbeddingLoss":
        options["margin"] = d.pick(0.0, 0.3, -0.5)
        return Loss(name, [a, b], [sign], **options)
    options.update(margin=d.pick(1.0, 0.3), swap=d.chance())
    if name == "TripletMarginLoss":
        options["p"] = d.pick(2.0, 1.0, 3.0)
        if d.chance(0.3):
            options["eps"] = d.pick(0.0, 1e-3)
        if d.chance(0.2):
            b = a.copy()  # where the two are equal
    return Loss(name, [a, b, d.normal(n, c)], **options)


def sequences(d):
    """CTCLoss of logits: PyTorch's gradient takes it that a softmax stands before it."""
    n, steps, c, room = d.whole(1, 3), d.whole(2, 6), d.whole(2, 4), d.whole(1, 3)
    blank = d.whole(0, c - 1)
    target = np.array([k for k in range(c) if k != blank])[d.rng.integers(c - 1, size=(n, room))]
    ends = d.rng.integers(1, steps + 1, size=n)
    return Loss("CTCLoss", [d.normal(n, steps, c)], [target, ends, d.rng.integers(0, room + 1, size=n)], blank=blank,
                reduction=reduction(d), zero_infinity=d.chance())  # fmt: skip


def called(loss, criterion, x, others):
    if loss.name != "CTCLoss":
        return criterion(*x, *others)
    x = x[0].log_softmax(-1)
    return criterion(x if isinstance(x, Tensor) else x.transpose(0, 1), *others)  # PyTorch's steps come first


MAKERS = (cross_entropy, cross_entropy, negative_log_likelihood, multi_margin, multi_label, of_values, of_values,
          of_values, of_several, of_several, sequences)  # fmt: skip


def in_torch(loss, inputs, weights, dtype=torch.float64):
    tensors = [torch.tensor(x, dtype=dtype, requires_grad=True) for x in inputs]
    others = [torch.tensor(x, dtype=dtype if x.dtype.kind == "f" else torch.int64) for x in loss.others]
    y = called(loss, loss.theirs(dtype), tensors, others)
    if weights is None:
        return tuple(y.shape)
    if y.requires_grad:
        (y * torch.tensor(weights, dtype=dtype)).sum().backward()
    return [numpy(y)] + [gradient(t) for t in tensors]


def case(d):
    loss = d.pick(*MAKERS)(d)
    weights = np.asarray(d.normal(*in_torch(loss, loss.inputs, None)), "f4")
    expected = in_torch(loss, loss.inputs, weights)
    if loss.name == "CTCLoss" and not np.isfinite(expected[0]).all():
        raise Useless  # where a target does not fit PyTorch's gradient is NaN, Ember's 0
    others = [in_torch(loss, loss.inputs, weights, torch.float32)]
    for _ in range(2):
        noisy = [x * (1 + NOISE * d.rng.uniform(-1, 1, size=x.shape)) for x in loss.inputs]
        others.append(in_torch(loss, noisy, weights))
    much = noise(expected, *others)
    tensors = [floats(x) for x in loss.inputs]
    for t in tensors:
        t.requires_grad = True
    more = [
        Tensor([int(v) for v in x.ravel()], x.shape, dtype="i") if x.dtype.kind == "i" else floats(x)
        for x in loss.others
    ]
    y = called(loss, loss.ours(), tensors, more)
    value = numpy(y)
    if y.requires_grad:
        (y * floats(weights)).sum().backward()
    pairs = [Pair("loss", value, expected[0], much)]
    for k, (t, e) in enumerate(zip(tensors, expected[1:])):
        pairs.append(Pair("gradient of input %d" % k, gradient(t), e, much))
    return loss.text(), pairs
