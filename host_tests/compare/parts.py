"""A Trainer's steps with the batch whole, in micro-batches, in parts that are accumulated, and in slices, beside
PyTorch's whole batch: the weights after some steps of SGD, and the loss of each."""

from array import array

import losses
import numpy as np
import torch
from libraries import numpy
from measure import NOISE, Pair, noise

import ember
from ember import nn, optim

TITLE = "a Trainer's batches whole, in micro-batches, accumulated and in slices: weights and losses of 3 steps"
COUNT = 400
TOLERANCE = 2e-5
STEPS = 3
OTHERS = ("MarginRankingLoss", "CosineEmbeddingLoss", "GaussianNLLLoss", "TripletMarginLoss",
          "TripletMarginWithDistanceLoss", "CTCLoss")  # fmt: skip


def loss_of(d):
    """(a loss of x and targets, how the model ends, targets as the loss takes them of n samples of c)"""
    while (loss := d.pick(*losses.MAKERS)(d)).name in OTHERS:
        pass
    loss.options["reduction"] = d.pick("mean", "mean", "sum")
    loss.options.pop("pos_weight", None), loss.options.pop("weight", None)
    return loss


def targets(d, loss, n, c):
    """Of float32, or labels."""
    name, labelled = loss.name, len(loss.inputs) == 1 and loss.others and loss.others[0].dtype.kind == "i"
    if name == "MultiLabelMarginLoss":
        return d.rng.integers(-1, c, size=(n, c)).astype("f4")
    if labelled:
        label = d.rng.integers(c, size=n)
        ignored = loss.options.get("ignore_index", -100)
        if 0 <= ignored < c and (label == ignored).all():
            label[0] = (ignored + 1) % c
        return label
    if name in ("HingeEmbeddingLoss", "SoftMarginLoss"):
        return np.where(d.normal(n, c) > 0, 1, -1).astype("f4")
    if name in ("BCELoss", "BCEWithLogitsLoss"):
        return d.rng.uniform(size=(n, c)).astype("f4")
    if (
        name in ("CrossEntropyLoss", "MultiLabelSoftMarginLoss")
        or name == "KLDivLoss"
        and not loss.options["log_target"]
    ):
        return losses.chances(d, n, c)
    return (np.abs(d.normal(n, c)) if name == "PoissonNLLLoss" else d.normal(n, c)).astype("f4")


def ends(loss):
    """What stands behind the last layer, so that the loss takes what comes."""
    if loss.name == "NLLLoss" or loss.name == "KLDivLoss":
        return "LogSoftmax", (-1,)
    if loss.name == "BCELoss":
        return "Sigmoid", ()
    if loss.name == "PoissonNLLLoss" and not loss.options["log_input"]:
        return "Softplus", ()
    return None


def models(d, features, hidden, c, end):
    """Ember's and PyTorch's, and pairs of their parameters."""
    sizes = (features, hidden, c) if hidden else (features, c)
    ours, theirs, pairs = [], [], []
    for k, (a, b) in enumerate(zip(sizes, sizes[1:])):
        one, other = nn.Linear(a, b), torch.nn.Linear(a, b)
        w, bias = d.normal(a, b) / 2, d.normal(b) / 2
        one.weight.elements()[:], one.bias.elements()[:] = array("f", w.ravel()), array("f", bias)
        with torch.no_grad():
            other.weight.copy_(torch.tensor(w.T)), other.bias.copy_(torch.tensor(bias))
        pairs += [(one.weight, other.weight, True), (one.bias, other.bias, False)]
        ours, theirs = ours + [one], theirs + [other]
        if k < len(sizes) - 2:
            ours, theirs = ours + [nn.Tanh()], theirs + [torch.nn.Tanh()]
    if end:
        ours, theirs = ours + [getattr(nn, end[0])(*end[1])], theirs + [getattr(torch.nn, end[0])(*end[1])]
    return nn.Sequential(*ours), torch.nn.Sequential(*theirs).double(), pairs


def in_torch(d, model, pairs, loss, xs, ys, lr, noisy):
    """Losses of the steps, weights at the end."""
    kept = {k: v.clone() for k, v in model.state_dict().items()}
    if noisy:
        with torch.no_grad():
            for p in model.parameters():
                p *= torch.tensor(1 + NOISE * d.rng.uniform(-1, 1, size=tuple(p.shape)))
    optimizer, criterion, seen = torch.optim.SGD(model.parameters(), lr), loss.theirs(), []
    for x, y in zip(xs, ys):
        optimizer.zero_grad()
        y = torch.tensor(
            y.astype("i8") if y.dtype.kind == "i" or loss.name == "MultiLabelMarginLoss" else y.astype("f8")
        )
        value = criterion(model(torch.tensor(x, dtype=torch.float64)), y)
        value.backward()
        optimizer.step()
        seen.append(value.item())
    found = [np.array(seen)] + [numpy(p).T if turned else numpy(p) for _, p, turned in pairs]
    model.load_state_dict(kept)
    return found


def case(d):
    loss, n, c = loss_of(d), d.whole(2, 9), d.whole(2, 4)
    for name in ("CrossEntropyLoss", "NLLLoss", "MultiMarginLoss", "MultiLabelSoftMarginLoss", "BCEWithLogitsLoss"):
        if loss.name == name and d.chance(0.6):
            loss.options["weight"] = d.rng.uniform(0.3, 3, c).astype("f4")
    if loss.options.get("ignore_index", -100) != -100:
        loss.options["ignore_index"] = d.pick(-100, d.whole(0, c - 1))
    features, lr = d.whole(1, 4), d.pick(0.05, 0.2)
    ours, theirs, pairs = models(d, features, d.pick(0, 3), c, ends(loss))
    xs, ys = [], []
    for k in range(STEPS):
        rows = n if k < STEPS - 1 else d.whole(1, n)  # the last is smaller
        xs.append(d.normal(rows, features))
        ys.append(targets(d, loss, rows, c))
    expected = in_torch(d, theirs, pairs, loss, xs, ys, lr, False)
    much = noise(expected, *[in_torch(d, theirs, pairs, loss, xs, ys, lr, True) for _ in range(2)])
    how = d.pick("whole", "micro-batches", "accumulated", "slices")
    micro = d.whole(1, n) if how == "micro-batches" or how == "slices" and d.chance() else None
    labelled = ys[0].dtype.kind == "i"
    dtype = {} if labelled or loss.name != "CrossEntropyLoss" else {"target_dtype": "f"}
    trainer = ember.Trainer(
        ours, loss.ours(), optim.SGD(ours.parameters(), lr), (features,), n, micro_batch=micro, **dtype
    )
    seen = []
    for x, y in zip(xs, ys):
        y = bytes(y.tolist()) if labelled else array("f", y.astype("f4").ravel())
        per, x = len(y) // len(x), array("f", x.ravel())
        if how == "accumulated":
            rows, at = len(y) // per, 0
            while at < rows:
                part = d.whole(1, rows - at)
                trainer.accumulate(x[at * features : (at + part) * features], y[at * per : (at + part) * per])
                at += part
            trainer.update()
        elif how == "slices":
            done = trainer.step(x, y, 1)
            while not done:
                done = trainer.poll(1)
        else:
            trainer.step(x, y)
        seen.append(trainer.loss)
    found = [np.array(seen)] + [numpy(own) for own, _, _ in pairs]
    names = ["losses"] + ["parameter %d" % k for k in range(len(pairs))]
    text = "%s, %s%s, batches of %s" % (loss.text().split(" of [")[0], how, " of %d" % micro if micro else "",
                                       [len(x) for x in xs])  # fmt: skip
    return text, [Pair(name, f, e, much) for name, f, e in zip(names, found, expected)]
