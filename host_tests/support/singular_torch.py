"""Writes singular.npz, what PyTorch makes of the cases of singular.py: run it in an environment that has
PyTorch 2.13 and NumPy (requirements-torch.txt).

Of each case and variant: the result and the gradient of each input in float32; where PyTorch's vectorized and scalar
loops do not agree, or float64 shows that float32 overflowed or cancelled on the way, the others too.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

import singular

torch.set_num_threads(1)


class Functions:
    """torch's, and those of torch.nn.functional."""

    def __getattr__(self, name):
        return getattr(torch, name) if hasattr(torch, name) else getattr(nn.functional, name)


def pool(layer, x):
    return layer(x[:, None, :])[:, 0, :]


def labels(x):
    return torch.arange(len(x)) % singular.WIDTH


def compute(case, draw, rows, dtype=torch.float32):
    """[result, gradients] of some rows."""
    tensors = [torch.tensor(a[rows], dtype=dtype, requires_grad=i not in case.still) for i, a in enumerate(draw.inputs)]
    space = {"T": Functions(), "nn": nn, "pool": pool, "number": lambda x: torch.tensor(x, dtype=dtype),
             "labels": lambda x: labels(range(draw.rows))[rows], **draw.options,
             **dict(zip("xyz", tensors))}  # fmt: skip
    y = eval(case.expression, space)
    if y.requires_grad:
        y.backward(torch.tensor(draw.seed((draw.rows,) + tuple(y.shape[1:]))[rows], dtype=dtype))
    found = [y] + [torch.zeros_like(t) if t.grad is None else t.grad for t in tensors]
    with np.errstate(over="ignore"):
        return [t.detach().numpy().astype("f4") for t in found]


def main():
    stored = {"version": np.array(list(torch.__version__.split("+")[0].encode()), "u1")}
    for name, variant in singular.every():
        case, draw = singular.CASES[name], singular.Draw(name, variant)
        alone = [compute(case, draw, slice(i, i + 1)) for i in range(draw.rows)]
        ways = [compute(case, draw, slice(None)), [np.concatenate(parts) for parts in zip(*alone)],
                compute(case, draw, slice(None), torch.float64)]  # fmt: skip
        bits = [np.concatenate([a.ravel() for a in way]).view("u4") for way in ways]
        key = "%s %d" % (name, variant)
        stored[key + " drawn"] = np.array([draw.checksum()], "u4")
        stored[key] = np.stack([bits[0], bits[0] ^ bits[1], bits[0] ^ bits[2]])  # mostly zeros: small in the file
    np.savez_compressed(Path(__file__).with_name("singular.npz"), **stored)


if __name__ == "__main__":
    main()
