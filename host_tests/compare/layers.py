"""Layers drawn at random, of both: a function of a Draw gives a Match. Recurrent layers and attention are in
layers_more.py."""

from array import array

import numpy as np
import torch
from match import Match, affine, kernel, last, pair, turned

from ember import nn


def linear(d):
    a, b = d.whole(1, 7), d.whole(1, 7)
    text, ours, theirs = pair("Linear", a, b, bias=d.chance())
    return Match(text, ours, theirs, [d.normal(*d.shape(1, 3), a)], weights=affine(ours, theirs, turned))


def bilinear(d):
    a, b, c = d.whole(1, 5), d.whole(1, 5), d.whole(1, 4)
    text, ours, theirs = pair("Bilinear", a, b, c, bias=d.chance())
    n = d.shape(1, 2)
    turn = lambda w: w.transpose(1, 2, 0)  # noqa: E731
    return Match(text, ours, theirs, [d.normal(*n, a), d.normal(*n, b)], weights=affine(ours, theirs, turn))


def window(d, rank, most=4):
    """A number, or one for each dimension."""
    both = tuple(d.whole(1, most) for _ in range(rank))
    return both[0] if rank == 1 or d.chance(0.4) else both


def spread(value, rank):
    return (value,) * rank if isinstance(value, int) else value


def image(d, rank, channels, least):
    return d.normal(d.whole(1, 3), channels, *[d.whole(n, n + 5) for n in least])


def convolution(d):
    rank, groups = d.pick(1, 2), d.pick(1, 1, 2, 3)
    a, b = groups * d.whole(1, 3), groups * d.whole(1, 3)
    k, dilation = window(d, rank), window(d, rank, 2)
    padding = d.pick(0, 1, 2, "valid", "same")
    stride = 1 if padding == "same" else window(d, rank, 3)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups, "bias": d.chance()}
    if padding != "valid" and d.chance(0.3):
        options["padding_mode"] = d.pick("reflect", "replicate", "circular")
    text, ours, theirs = pair("Conv%dd" % rank, a, b, k, **options)
    least = [max(3, m * (n - 1) + 1) for n, m in zip(spread(k, rank), spread(dilation, rank))]  # 3: for padding by 2
    return Match(text, ours, theirs, [image(d, rank, a, least)], last, weights=affine(ours, theirs, kernel))


def transposed(d):
    rank, groups = d.pick(1, 2), d.pick(1, 1, 2)
    a, b = groups * d.whole(1, 3), groups * d.whole(1, 3)
    k, stride, dilation = window(d, rank), d.whole(1, 3), d.whole(1, 2)
    padding = d.whole(0, min(1, min(spread(k, rank)) - 1))
    extra = d.whole(0, max(stride, dilation) - 1)
    text, ours, theirs = pair("ConvTranspose%dd" % rank, a, b, k, stride=stride, padding=padding, output_padding=extra,
                              groups=groups, bias=d.chance(), dilation=dilation)  # fmt: skip
    # Its weight is that of the convolution which it turns round: [in, out / groups, K ...].
    return Match(text, ours, theirs, [image(d, rank, a, [2] * rank)], last, weights=affine(ours, theirs, kernel))


def pool(d):
    rank, kind = d.pick(1, 2), d.pick("Max", "Avg")
    k = window(d, rank)
    options = {"stride": d.pick(None, window(d, rank, 3)), "padding": d.whole(0, min(spread(k, rank)) // 2)}
    options["ceil_mode"] = d.chance(0.3)
    if kind == "Avg":
        options["count_include_pad"] = d.chance()
    text, ours, theirs = pair("%sPool%dd" % (kind, rank), k, **options)
    return Match(text, ours, theirs, [image(d, rank, d.whole(1, 3), spread(k, rank))], last)


def adaptive(d):
    rank = d.pick(1, 2)
    text, ours, theirs = pair("AdaptiveAvgPool%dd" % rank, window(d, rank, 5))
    return Match(text, ours, theirs, [image(d, rank, d.whole(1, 3), [1] * rank)], last)


def batch_norm(d):
    rank, c = d.pick(0, 1, 2), d.whole(1, 4)
    options = {"eps": d.pick(1e-5, 1e-2), "momentum": d.pick(0.1, 0.5), "affine": d.chance(),
               "track_running_stats": d.chance(0.7)}  # fmt: skip
    text, ours, theirs = pair("BatchNorm%dd" % max(rank, 1), c, **options)
    x = d.normal(d.whole(2, 5), c, *[d.whole(1, 4) for _ in range(rank)]) * 2 + d.pick(0, 3)
    training = d.chance()
    if training:
        call = lambda module, x: module(x)  # noqa: E731
    else:
        mean, var = d.normal(c), d.normal(c) ** 2 + np.float32(0.5)
        if ours.running_mean is not None:
            ours.running_mean.elements()[:], ours.running_var.elements()[:] = array("f", mean), array("f", var)
            theirs.running_mean.copy_(torch.tensor(mean)), theirs.running_var.copy_(torch.tensor(var))
        ours.eval(), theirs.eval()
        call = None
    match = Match("%s, %s" % (text, "training" if training else "evaluation"), ours, theirs, [x.astype("f4")], last,
                  weights=affine(ours, theirs), call=call)  # fmt: skip
    match.statistics = training and ours.running_mean is not None
    return match


def other_norm(d):
    name, rank = d.pick("LayerNorm", "RMSNorm", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d"), d.pick(1, 2)
    eps = d.pick(1e-5, 1e-2)
    if name in ("LayerNorm", "RMSNorm"):
        shape, tail = d.shape(1, 3), d.whole(1, 2)
        options = {"elementwise_affine": d.chance()}
        if name == "LayerNorm":
            options["bias"] = d.chance()
        text, ours, theirs = pair(name, (d.shape(1, 2) if tail == 2 else (d.whole(2, 6),)), eps=eps, **options)
        x = d.normal(*shape, *ours.normalized_shape)
        return Match(text, ours, theirs, [x], weights=affine(ours, theirs))
    if name == "GroupNorm":
        groups = d.whole(1, 3)
        c = groups * d.whole(1, 3)
        text, ours, theirs = pair(name, groups, c, eps=eps, affine=d.chance())
        rank = d.whole(0, 2) if c > groups else d.whole(1, 2)
    else:
        c, rank = d.whole(1, 4), int(name[-2])
        text, ours, theirs = pair(name, c, eps=eps, affine=d.chance())
    x = d.normal(d.whole(1, 3), c, *[d.whole(2, 4) for _ in range(rank)])
    return Match(text, ours, theirs, [x], last, weights=affine(ours, theirs))


def upsample(d):
    rank = d.pick(1, 2)
    mode = d.pick("nearest", "linear" if rank == 1 else "bilinear")
    options = {"mode": mode}
    if mode != "nearest":
        options["align_corners"] = d.chance()
    if d.chance():
        options["size"] = window(d, rank, 7)
    else:
        options["scale_factor"] = d.pick(2, 3, 1.5, 0.5)
    text, ours, theirs = pair("Upsample", **options)
    return Match(text, ours, theirs, [image(d, rank, d.whole(1, 3), [2] * rank)], last)


def shuffle(d):
    r = d.whole(1, 3)
    text, ours, theirs = pair("PixelShuffle", r)
    return Match(text, ours, theirs, [image(d, 2, r * r * d.whole(1, 2), [1, 1])], last)


ACTIVATIONS = {
    "ReLU": (), "ReLU6": (), "SELU": (), "SiLU": (), "Mish": (), "Softsign": (), "Hardsigmoid": (), "Hardswish": (),
    "Sigmoid": (), "LogSigmoid": (), "Tanh": (), "Tanhshrink": (), "Identity": (), "Dropout": ((0.0,),),
    "LeakyReLU": ((0.01, 0.3),), "ELU": ((1.0, 0.4),), "CELU": ((1.0, 2.0),), "GELU": (("none", "tanh"),),
    "Softplus": ((1.0, 2.0), (20.0, 1.0)), "Hardtanh": ((-1.0, -0.2), (1.0, 0.5)), "Softshrink": ((0.5, 0.1),),
    "Hardshrink": ((0.5, 0.1),), "Threshold": ((0.1, -0.5), (0.0, 20.0)), "Softmax": ((0, 1, -1),),
    "LogSoftmax": ((0, 1, -1),), "Softmin": ((0, 1, -1),), "GLU": ((-1, 1),), "Flatten": ((1, 2),),
}  # fmt: skip


def activation(d):
    name = d.pick(*ACTIVATIONS)
    options = [d.pick(*values) for values in ACTIVATIONS[name]]
    if name == "GELU":
        text, ours, theirs = pair(name, approximate=options[0])
    else:
        text, ours, theirs = pair(name, *options)
    shape = [d.whole(1, 4) for _ in range(d.whole(2, 3))] if name != "GLU" else [d.whole(1, 3), 2 * d.whole(1, 2)]
    if name == "Flatten":
        shape = [d.whole(1, 3) for _ in range(3)]
    return Match(text, ours, theirs, [d.normal(*shape) * 2])


def prelu(d):
    c = d.whole(1, 4)
    text, ours, theirs = pair("PReLU", d.pick(1, c), init=d.between(0.1, 0.5))
    return Match(text, ours, theirs, [d.normal(d.whole(1, 3), c, *[d.whole(1, 3)] * d.whole(0, 2))], last,
                 weights=affine(ours, theirs))  # fmt: skip


def sequence(d):
    """Several layers one after the other."""
    sizes = [d.whole(1, 6) for _ in range(d.whole(2, 5))]
    ours, theirs, weights = [], [], []
    for a, b in zip(sizes, sizes[1:]):
        _, one, other = pair("Linear", a, b)
        _, act, their_act = pair(d.pick("ReLU", "Tanh", "SiLU", "GELU", "Sigmoid", "ELU"))
        ours, theirs, weights = ours + [one, act], theirs + [other, their_act], weights + affine(one, other, turned)
        if b > 2 and d.chance(0.3):
            _, one, other = pair("LayerNorm", b)
            ours, theirs, weights = ours + [one], theirs + [other], weights + affine(one, other)
    return Match("Sequential%s" % sizes, nn.Sequential(*ours), torch.nn.Sequential(*theirs),
                 [d.normal(d.whole(1, 4), sizes[0])], weights=weights)  # fmt: skip
