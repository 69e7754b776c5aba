"""Random modules with the weights of PyTorch's: forward, and the gradients of the input and of every parameter."""

from array import array

import layers
import layers_more
import numpy as np
import torch
from libraries import floats, gradient, numpy
from measure import NOISE, Pair, noise

from ember import Tensor

TITLE = "random modules with options drawn: forward, the gradients of input and parameters"
COUNT = 1500
TOLERANCE = 2e-5
MAKERS = (
    layers.linear, layers.bilinear, layers.convolution, layers.convolution, layers.transposed, layers.pool,
    layers.adaptive, layers.batch_norm, layers.other_norm, layers.upsample, layers.shuffle, layers.activation,
    layers.activation, layers.prelu, layers.sequence, layers_more.recurrent, layers_more.recurrent,
    layers_more.cell, layers_more.embedding, layers_more.attention, layers_more.encoder_layer,
)  # fmt: skip


def listed(y):
    return list(y) if isinstance(y, (tuple, list)) else [y]


def in_torch(match, inputs, weights):
    """Outputs, gradients of inputs, gradients of parameters. weights: of the outputs, or None for ones to be drawn."""
    tensors = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in inputs]
    match.theirs.zero_grad()
    outputs = listed(match.call(match.theirs, *tensors))
    if weights is None:
        return outputs
    loss = sum((y * torch.tensor(w, dtype=y.dtype)).sum() for y, w in zip(outputs, weights))
    if loss.requires_grad:
        loss.backward()
    parameters = {id(p): p for _, p, _ in match.weights}
    return ([numpy(y) for y in outputs] + [gradient(t) for t in tensors if t.requires_grad],
            {k: gradient(p) for k, p in parameters.items()})  # fmt: skip


def case(d):
    match = d.pick(*MAKERS)(d)
    turn, turn_out = getattr(match, "turn", None), getattr(match, "turn", None)
    turn = turn or (lambda x, k: match.to(x) if x.dtype.kind == "f" else x)
    turn_out = turn_out or (lambda y, k: match.out(y))
    for own, p, how in match.weights:
        value = p.detach().numpy().astype("f4")
        with torch.no_grad():
            p.copy_(torch.tensor(value))
        own.elements()[:] = array("f", np.ascontiguousarray(how(value)).ravel())
    parameters = list({id(p): p for _, p, _ in match.weights}.values())
    kept = {k: v.clone() for k, v in match.theirs.state_dict().items()}
    inputs = [x.astype("f8") if x.dtype.kind == "f" else x for x in match.inputs]
    weights = [d.rng.normal(size=tuple(y.shape)).astype("f4").astype("f8") for y in in_torch(match, inputs, None)]
    match.theirs.load_state_dict(kept)
    expected, gradients = in_torch(match, inputs, weights)
    after = {k: numpy(v) for k, v in match.theirs.state_dict().items() if k.startswith("running")}
    others = []
    for _ in range(2):  # in float32's noise
        match.theirs.load_state_dict(kept)
        with torch.no_grad():
            for p in parameters:
                p *= torch.tensor(1 + NOISE * d.rng.uniform(-1, 1, size=tuple(p.shape)))
        noisy = [x * (1 + NOISE * d.rng.uniform(-1, 1, size=x.shape)) if x.dtype.kind == "f" else x for x in inputs]
        values, more = in_torch(match, noisy, weights)
        others.append(values + list(more.values()))
    match.theirs.load_state_dict(kept)
    match.theirs.float()
    values, more = in_torch(match, match.inputs, weights)
    others.append(values + list(more.values()))
    much = noise(expected + list(gradients.values()), *others)

    def tensor(x, k):
        if x.dtype.kind != "f":
            return Tensor([int(v) for v in x.ravel()], x.shape, dtype="i")
        t = floats(np.ascontiguousarray(turn(x, k)))
        t.requires_grad = True
        return t

    tensors = [tensor(x, k) for k, x in enumerate(match.inputs)]
    outputs = listed(match.call(match.ours, *tensors))
    loss = None
    for k, (y, w) in enumerate(zip(outputs, weights)):
        part = (y * floats(np.ascontiguousarray(turn_out(w, k)))).sum()
        loss = part if loss is None else loss + part
    values = [numpy(y) for y in outputs]
    if loss.requires_grad:
        loss.backward()
    pairs = [Pair("output %d" % k, y, turn_out(e, k), much) for k, (y, e) in enumerate(zip(values, expected))]
    wanted = [(k, t) for k, t in enumerate(tensors) if t.requires_grad]
    for (k, t), e in zip(wanted, expected[len(values) :]):
        pairs.append(Pair("gradient of input %d" % k, gradient(t), turn(e, k), much))
    for k, (own, p, how) in enumerate(match.weights):
        pairs.append(
            Pair("gradient of parameter %d" % k, gradient(own), np.reshape(how(gradients[id(p)]), own.shape), much)
        )
    if getattr(match, "statistics", False):
        for name, e in after.items():
            if not name.endswith("tracked"):
                pairs.append(Pair(name, numpy(getattr(match.ours, name)), e, much))
    return match.text + ", input " + ", ".join(str(x.shape) for x in match.inputs), pairs
