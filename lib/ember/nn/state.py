"""The values of a module's parameters and buffers, as a dict, and back."""

from ..tensors.tensor import Tensor, current_sink
from .walk import named_tensors

try:
    from collections import OrderedDict as Ordered
except ImportError:  # a small MicroPython
    Ordered = dict


def state_dict(module):
    """{name: tensor} of its parameters and buffers, in the order they were made, over the same memory: what is written
    there is written into the module. A Trainer made afterwards moves the parameters elsewhere; ask it again then."""
    found = Ordered()
    for name, p in named_tensors(module, True):
        found[name] = p.detach()
    return found


def _values(name, value, shape):
    """What is to be copied into a parameter of this shape, as a tensor, or ValueError."""
    flat = False
    if not isinstance(value, Tensor):
        try:
            if hasattr(value, "tolist") and hasattr(value, "shape") and not isinstance(value, memoryview):
                value = value.tolist()  # a NumPy array of any kind
            elif not isinstance(value, (int, float, list, tuple)):
                value, flat = [v for v in value], True
            value = Tensor(value)
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError("%s: %s" % (name, error))  # noqa: B904
    if value.numel() != Tensor.numel(value.alias(shape)) or not flat and value.shape != shape:
        raise ValueError("%s has shape %s, what is given %s" % (name, shape, value.shape))
    return value


def load_state_dict(module, state_dict, strict=True):
    """Copy values into its parameters and buffers, from {name: tensor, lists, buffer, or NumPy array}.

    strict: names that are missing in the dict, or that the module has not, are a RuntimeError, as in PyTorch. So are
    shapes that differ, in any case. Then nothing was changed. Returns both lists of names, (missing, unexpected).
    """
    if current_sink().records:
        raise RuntimeError("load_state_dict while recording; call it before, or after")
    if not isinstance(state_dict, dict):
        raise ValueError("state_dict is %r; it may be a dict of names and values" % (state_dict,))
    own = named_tensors(module, True)
    names = [name for name, _ in own]
    missing = [name for name in names if name not in state_dict]
    unexpected = [name for name in state_dict if name not in names]
    wrong, ready = [], []
    if strict:
        wrong = ["%s is missing" % name for name in missing] + ["%s is not of the module" % k for k in unexpected]
    for name, p in own:
        if name in state_dict:
            try:
                ready.append((p, _values(name, state_dict[name], p.shape)))
            except ValueError as error:
                wrong.append(str(error))
    if wrong:
        raise RuntimeError("load_state_dict of %s: %s" % (module.__class__.__name__, "; ".join(wrong)))
    for p, value in ready:
        to, source, at, start = p.elements(), value.elements(), p.offset, value.offset
        for i in range(p.numel()):
            to[at + i] = source[start + i]
    return missing, unexpected
