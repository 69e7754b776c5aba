"""How parameters start: `nn.init`, with the names and defaults of torch.nn.init.

nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

Each takes a Parameter, or a float32 tensor, and returns it; a bad argument raises ValueError. A parameter that has no
values yet is drawn when they are needed, straight into the arena of its Trainer or recorded function. All numbers are
the VM's, of the seed and the parameter's stream: the same on every board, and the same when it is drawn again. A
tensor takes the stream that the next parameter would have had.

A weight is [..., in, out], as Linear's [in, out] and a convolution's [K_h, K_w, in / groups, out]: its fan_in is in,
its fan_out is out, both times the K. (PyTorch's fans of an Embedding are the other way round.)
"""

from math import sqrt

from ..tensors.parameter import Parameter, uniform
from ..tensors.tensor import Tensor, numel
from .init_draw import constant, diagonal, finite, normal, orthogonal, single, truncated

_INFINITY = float("inf")


def _start(tensor, fill, *arguments):
    """Have fill(tensor, ...) draw it: when it is needed, or now where it has values."""
    if not isinstance(tensor, Tensor) or tensor.dtype != "f":
        raise ValueError("tensor is %r; it may be a Parameter or a float32 tensor" % (tensor,))
    if isinstance(tensor, Parameter):
        tensor.initial = (fill,) + arguments
        if tensor.storage is not None:
            tensor.draw()
    else:
        values = Parameter(tensor.shape)
        values.storage, values.offset = tensor.elements(), tensor.offset
        fill(values, *arguments)
    return tensor


def _shape(tensor, least):
    """The dimensions of what is to be drawn, at least so many."""
    dims = getattr(tensor, "dims", None)
    if dims is None:
        raise ValueError("tensor is %r; it may be a Parameter or a float32 tensor" % (tensor,))
    if len(dims) < least:
        raise ValueError("tensor has shape %s; it may have %d dimensions or more" % (tensor.shape, least))
    return dims


def constant_(tensor, val):
    """Each element val."""
    return _start(tensor, constant, finite(val, "val"))


def zeros_(tensor):
    """Each element 0."""
    return _start(tensor, constant, 0.0)


def ones_(tensor):
    """Each element 1."""
    return _start(tensor, constant, 1.0)


def eye_(tensor):
    """[N, M]: 1 where both indices are equal, else 0."""
    if len(_shape(tensor, 2)) != 2:
        raise ValueError("tensor has shape %s; it may have two dimensions" % (tensor.shape,))
    return _start(tensor, diagonal, 1)


def dirac_(tensor, groups=1):
    """A convolution's weight that hands on its input, as far as there are channels: 1 in the middle of the kernel."""
    _shape(tensor, 3)
    if not isinstance(groups, int) or groups < 1 or tensor.dims[-1] % groups:
        raise ValueError("groups is %r; it must divide the %d channels out" % (groups, tensor.dims[-1]))
    return _start(tensor, diagonal, groups)


def uniform_(tensor, a=0.0, b=1.0):
    """Uniform from a to b."""
    a, b = finite(a, "a"), finite(b, "b")
    if a > b:
        raise ValueError("a is %r; it may be at most b, which is %r" % (a, b))
    finite(b - a, "b - a")
    return _start(tensor, uniform, a, b)


def normal_(tensor, mean=0.0, std=1.0):
    """Normal with this mean and standard deviation, by the method of Box and Muller (1958)."""
    return _start(tensor, normal, finite(mean, "mean"), _at_least_0(std, "std"))


def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0):
    """Normal within a and b: these bounds as they are, not in units of std; they may be infinite."""
    mean, std = finite(mean, "mean"), _at_least_0(std, "std")
    a, b = [x if x in (-_INFINITY, _INFINITY) else finite(x, name) for x, name in ((a, "a"), (b, "b"))]
    if std == 0:
        raise ValueError("std is 0; it may be a number above 0")
    if not a < b:
        raise ValueError("a is %r; it may be a number below b, which is %r" % (a, b))
    nearest = a if a > mean else b if b < mean else mean
    if abs(nearest - mean) > 1e9 * std:
        raise ValueError("a and b are %r and %r; one may be at most 1e9 times std from mean" % (a, b))
    return _start(tensor, truncated, mean, std, a, b)


def xavier_uniform_(tensor, gain=1.0):
    """Uniform within gain * sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010)."""
    return _within(tensor, _xavier(tensor, gain))


def xavier_normal_(tensor, gain=1.0):
    """Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010)."""
    return _start(tensor, normal, 0.0, _xavier(tensor, gain))


def kaiming_uniform_(tensor, a=0.0, mode="fan_in", nonlinearity="leaky_relu"):
    """Uniform within gain * sqrt(3 / fan): mode says which fan, calculate_gain(nonlinearity, a) the gain (He, Zhang,
    Ren and Sun, 2015)."""
    return _within(tensor, _kaiming(tensor, a, mode, nonlinearity))


def kaiming_normal_(tensor, a=0.0, mode="fan_in", nonlinearity="leaky_relu"):
    """Normal with standard deviation gain / sqrt(fan), otherwise as kaiming_uniform_."""
    return _start(tensor, normal, 0.0, _kaiming(tensor, a, mode, nonlinearity))


def orthogonal_(tensor, gain=1.0):
    """gain times a matrix with orthonormal columns, or rows where they are fewer (Saxe, McClelland and Ganguli, 2014).

    The matrix of a weight [..., out] is [product of the rest, out]: that of PyTorch transposed, the inputs of an output
    in another order.
    """
    _shape(tensor, 2)
    return _start(tensor, orthogonal, finite(gain, "gain"))


def calculate_gain(nonlinearity, param=None):
    """What a layer before this function multiplies its weights by, so that variance stays: 1 for "linear", "conv1d",
    "conv2d", "conv_transpose1d", "conv_transpose2d" and "sigmoid", 5 / 3 for "tanh", sqrt(2) for "relu", 3 / 4 for
    "selu", sqrt(2 / (1 + param * param)) for "leaky_relu", whose slope param is 0.01 by default."""
    if nonlinearity in ("linear", "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d", "sigmoid"):
        return 1.0
    if nonlinearity == "tanh":
        return single(5.0 / 3.0)
    if nonlinearity == "relu":
        return single(sqrt(2.0))
    if nonlinearity == "selu":
        return 0.75
    if nonlinearity == "leaky_relu":
        slope = finite(0.01 if param is None else param, "param")
        return single(sqrt(single(2.0 / single(1.0 + single(slope * slope)))))
    raise ValueError("nonlinearity is %r; it may be linear, conv1d, conv2d, conv_transpose1d, conv_transpose2d, "
                     "sigmoid, tanh, relu, leaky_relu or selu" % (nonlinearity,))  # fmt: skip


def _at_least_0(value, name):
    value = finite(value, name)
    if value < 0:
        raise ValueError("%s is %r; it may be a number from 0" % (name, value))
    return value


def _fans(tensor):
    """(fan_in, fan_out)"""
    dims = _shape(tensor, 2)
    kernel = numel(dims[:-2])
    return kernel * dims[-2], kernel * dims[-1]


def _xavier(tensor, gain):
    fan_in, fan_out = _fans(tensor)
    return single(_at_least_0(gain, "gain") * single(sqrt(single(2.0 / (fan_in + fan_out)))))


def _kaiming(tensor, a, mode, nonlinearity):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError("mode is %r; it may be 'fan_in' or 'fan_out'" % (mode,))
    fan = _fans(tensor)[mode == "fan_out"]
    return single(calculate_gain(nonlinearity, a) / single(sqrt(fan)))


def _within(tensor, std):
    """Uniform with this standard deviation."""
    bound = single(single(sqrt(3.0)) * std)
    return _start(tensor, uniform, -bound, bound)
