"""Clipping of gradients: what torch.nn.utils has, eagerly or within a recorded function. A Trainer's clip_norm and
clip_value record the same."""

from .isa import ADD as INTO_ADD
from .isa import MAXIMUM, WRITE
from .ops import ABS_FN, ADD_FN, DIV_FN, MAXIMUM_FN, MINIMUM_FN, MUL_FN, NEG_FN, SQRT_FN, strided
from .tensor import Tensor, numel, sink


def squares(target, total, x, into=WRITE):
    """total = the sum of squares of x, in index order; into: isa.ADD adds to what total holds."""
    if into == WRITE:
        target.fill(total, 0.0)
    strided(target, MUL_FN, INTO_ADD, (numel(x._dims),), total, (0,), x, (1,))


def scale_to(target, gradients, bound, largest=False):
    """Scale gradients so that their norm over all elements is at most bound, a tensor. Returns the norm, as it was."""
    norm, factor = target.new(()), target.new(())
    target.fill(norm, 0.0)
    for g in gradients:
        if largest:
            strided(target, ABS_FN, MAXIMUM, (numel(g._dims),), norm, (0,), g, (1,))
        else:
            squares(target, norm, g, INTO_ADD)
    if not largest:
        target.map(SQRT_FN, norm, norm)
    target.map(ADD_FN, factor, norm, target.scalar(1.0 / 1000000))
    target.map(DIV_FN, factor, bound, factor)
    target.map(MINIMUM_FN, factor, factor, target.scalar(1.0))  # NaN stays
    for g in gradients:
        target.map(MUL_FN, g, g, factor)
    return norm


def limit_to(target, gradients, bound):
    """Limit each element to -bound … bound, a tensor. NaN stays."""
    low = target.new(())
    target.map(NEG_FN, low, bound)
    for g in gradients:
        target.map(MINIMUM_FN, g, g, bound)
        target.map(MAXIMUM_FN, g, g, low)


def bound_of(name, value):
    """value as a float, or ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ValueError("%s is %r; it may be a number above 0" % (name, value))
    return float(value)


def _gradients(parameters):
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p.grad for p in parameters if p.grad is not None]


def clip_grad_norm_(parameters, max_norm, norm_type=2.0):
    """Scale the gradients in place by max_norm / (norm + 1e-6) where that is below 1; returns the norm over all of
    them before (Pascanu, Mikolov and Bengio, 2013). A norm of NaN makes all of them NaN.

    parameters: tensors, or one; max_norm: above 0; norm_type: 2, or inf for the largest element. ValueError otherwise.
    """
    max_norm = bound_of("max_norm", max_norm)
    if norm_type not in (2, float("inf")):
        raise ValueError("norm_type is %r; it may be 2 or inf" % (norm_type,))
    target = sink()
    norm = scale_to(target, _gradients(parameters), target.scalar(max_norm), norm_type != 2)
    target.flush()
    return norm


def clip_grad_value_(parameters, clip_value):
    """Limit each element of the gradients in place to -clip_value … clip_value: a number above 0, else ValueError."""
    clip_value = bound_of("clip_value", clip_value)
    target = sink()
    limit_to(target, _gradients(parameters), target.scalar(clip_value))
    target.flush()
