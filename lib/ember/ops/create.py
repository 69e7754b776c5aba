"""Tensors that are made of nothing: filled, counted, drawn. dtype is an array typecode; sizes are whole numbers, or one
tuple of them. While recording they are part of the program: rand and randn draw anew in every run.
"""

from ..tensors.parameter import Parameter
from ..tensors.tensor import Tensor, apply, numel
from ..tensors.values import read, take, typed
from .common import samples
from .rules import Op

STREAM = 1 << 28  # the first of those that are drawn from here, one a call since manual_seed


def _sizes(sizes):
    sizes = tuple(sizes[0] if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes)
    for n in sizes:
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            raise ValueError("size is %s; each may be a whole number from 1" % (sizes,))
    return sizes


FULL = Op(lambda inputs, dims, value: dims, lambda sink, y, inputs, saved: sink.fill(y, saved[1]), None)


def _filled(dims, value, dtype="f", requires_grad=False):
    """A tensor of these dimensions, of which the first may be the batch."""
    if dtype != "f":
        n = numel(dims)
        if n < 0:
            raise ValueError("dtype is %r; while recording what is as large as the batch is float32" % (dtype,))
        return Tensor(_repeated(typed(dtype, (value,), "a fill"), n), dims, requires_grad, dtype)
    y = apply(FULL, (), (dims, float(value)))
    y.requires_grad = bool(requires_grad)
    return y


def _repeated(data, n):
    while len(data) * 2 <= n:
        data.extend(data)
    data.extend(data[: n - len(data)])
    return data


def _from(dtype, first, step, last, n):
    """n numbers, to be written. ValueError where the type does not hold these, equally far apart from first to last."""
    typed(dtype, (first, first + step, last) if n > 1 else (first,), "the range")
    return _repeated(typed(dtype, (0,)), n)


def zeros(*size, dtype="f", requires_grad=False):
    """All 0."""
    return _filled(_sizes(size), 0, dtype, requires_grad)


def ones(*size, dtype="f", requires_grad=False):
    """All 1."""
    return _filled(_sizes(size), 1, dtype, requires_grad)


def empty(*size, dtype="f", requires_grad=False):
    """For what is written later; until then 0."""
    return _filled(_sizes(size), 0, dtype, requires_grad)


def full(size, fill_value, dtype="f", requires_grad=False):
    """All fill_value."""
    return _filled(_sizes((size,)), fill_value, dtype, requires_grad)


def zeros_like(x, dtype="f", requires_grad=False):
    """0 in the shape of x."""
    return _filled(x.dims, 0, dtype, requires_grad)


def ones_like(x, dtype="f", requires_grad=False):
    """1 in the shape of x."""
    return _filled(x.dims, 1, dtype, requires_grad)


def full_like(x, fill_value, dtype="f", requires_grad=False):
    """fill_value in the shape of x."""
    return _filled(x.dims, fill_value, dtype, requires_grad)


def as_tensor(data, dtype="f"):
    """A tensor of numbers or lists of them; a Tensor as it is."""
    return data if isinstance(data, Tensor) else Tensor(data, dtype=dtype)


def tensor(data, dtype="f", requires_grad=False):
    """A tensor with elements of its own: what data was, numbers, lists, a buffer or a Tensor, may change afterwards."""
    values, shape = read(data) if isinstance(data, Tensor) else take(data, dtype, None)
    return Tensor(typed(dtype, values), shape, requires_grad, dtype)


def arange(start, end=None, step=1, dtype="f", requires_grad=False):
    """start, start + step, … below end (above it where step is below 0); arange(n) begins with 0."""
    if end is None:
        start, end = 0, start
    for name, value in (("start", start), ("end", end), ("step", step)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value - value != 0:
            raise ValueError("%s is %r; it may be a finite number" % (name, value))
    n = (end - start) / step if step else 0
    n = int(n) + (n > int(n))
    if n < 1:
        raise ValueError("arange from %r to %r by %r is empty" % (start, end, step))
    data, whole = _from(dtype, start, step, start + (n - 1) * step, n), dtype != "f"
    for i in range(n):
        data[i] = int(start + i * step) if whole else start + i * step
    return Tensor(data, (n,), requires_grad, dtype)


def linspace(start, end, steps, dtype="f", requires_grad=False):
    """steps numbers from start to end, both of them among these, equally far apart."""
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        raise ValueError("steps is %r; it may be a whole number from 1" % (steps,))
    each = (end - start) / (steps - 1) if steps > 1 else 0.0
    data, whole = _from(dtype, start, each, end, steps), dtype != "f"
    for i in range(steps):  # from the nearer end
        value = start + i * each if 2 * i < steps else end - (steps - 1 - i) * each
        data[i] = int(value) if whole else value
    return Tensor(data, (steps,), requires_grad, dtype)


def eye(n, m=None, dtype="f", requires_grad=False):
    """[n, m], n by n where m is None: 1 on the diagonal, else 0."""
    n, m = _sizes((n, n if m is None else m))
    data = _repeated(typed(dtype, (0,)), n * m)
    for i in range(min(n, m)):
        data[i * m + i] = 1
    return Tensor(data, (n, m), requires_grad, dtype)


# Random numbers: u of (seed, stream, step, element), as docs/vm.md says. Arguments: dims, whether normal.


def _drawn(sink, y, inputs, saved):
    from ..instructions.program import COUNT
    from .noise import normal

    n, width = samples(y.dims)
    if sink.records:
        fresh, stream, sample = 1, sink.stream(), COUNT
    else:
        from ..tensors.eager import FIRST as sample

        fresh, stream = 0, STREAM + Parameter.drawn
        Parameter.drawn += 1
    if saved[1]:
        normal(sink, fresh, n, width, stream, y, sink.new(y.dims), sample)
    else:
        sink.uniform(fresh, n, width, stream, y, 0.0, 1.0, sample)


DRAWN = Op(lambda inputs, dims, is_normal: dims, _drawn, None)


def _draw(dims, is_normal, requires_grad):
    y = apply(DRAWN, (), (dims, is_normal))
    y.requires_grad = bool(requires_grad)
    return y


def rand(*size, requires_grad=False):
    """Uniform in [0, 1), of the counter-based generator: the same after manual_seed, on every board."""
    return _draw(_sizes(size), False, requires_grad)


def randn(*size, requires_grad=False):
    """Normal, mean 0 and variance 1, of the counter-based generator: the same after manual_seed, on every board."""
    return _draw(_sizes(size), True, requires_grad)


def rand_like(x, requires_grad=False):
    """As rand, in the shape of x."""
    return _draw(x.dims, False, requires_grad)


def randn_like(x, requires_grad=False):
    """As randn, in the shape of x."""
    return _draw(x.dims, True, requires_grad)
