"""Clipping of gradients: what torch.nn.utils has, eagerly or within a recorded function. A Trainer's clip_norm and
clip_value record the same."""

from ..instructions.isa import MAXIMUM
from ..ops.reduce import summed
from ..ops.rules import ABS_FN, ADD_FN, COPY_FN, DIV_FN, MAXIMUM_FN, MINIMUM_FN, MUL_FN, NEG_FN, SQRT_FN, strided
from ..tensors.tensor import Tensor, current_sink, numel


def squares(sink, total, x):
    """total = the sum of squares of x."""
    summed(sink, COPY_FN, (numel(x.dims),), total, (0,), x, (1,), None, None, 1)


def scale_to(sink, gradients, bound, largest=False):
    """Scale gradients so that their norm over all elements is at most bound, a tensor. Returns the norm, as it was."""
    norm, factor = sink.new(()), sink.new(())
    if largest or not gradients:
        sink.fill(norm, 0.0)
    if largest:
        for g in gradients:
            strided(sink, ABS_FN, MAXIMUM, (numel(g.dims),), norm, (0,), g, (1,))
    elif gradients:
        each = norm if len(gradients) == 1 else sink.new((len(gradients),))
        for i in range(len(gradients)):
            squares(sink, each.alias((), i), gradients[i])
        if each is not norm:
            summed(sink, COPY_FN, each.dims, norm, (0,), each, (1,))
        sink.map(SQRT_FN, norm, norm)
    sink.map(ADD_FN, factor, norm, sink.scalar(1.0 / 1000000))
    sink.map(DIV_FN, factor, bound, factor)
    sink.map(MINIMUM_FN, factor, factor, sink.scalar(1.0))  # NaN stays
    for g in gradients:
        sink.map(MUL_FN, g, g, factor)
    return norm


def limit_to(sink, gradients, bound):
    """Limit each element to -bound … bound, a tensor. NaN stays."""
    low = sink.new(())
    sink.map(NEG_FN, low, bound)
    for g in gradients:
        sink.map(MINIMUM_FN, g, g, bound)
        sink.map(MAXIMUM_FN, g, g, low)


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
    sink = current_sink()
    norm = scale_to(sink, _gradients(parameters), sink.scalar(max_norm), norm_type != 2)
    sink.flush()
    return norm


def clip_grad_value_(parameters, clip_value):
    """Limit each element of the gradients in place to -clip_value … clip_value: a number above 0, else ValueError."""
    clip_value = bound_of("clip_value", clip_value)
    sink = current_sink()
    limit_to(sink, _gradients(parameters), sink.scalar(clip_value))
    sink.flush()
