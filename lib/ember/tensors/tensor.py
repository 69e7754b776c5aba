"""Tensors and reverse-mode differentiation.

An operation on tensors is one row of the op table (ops/rules.py). It is emitted into the current sink: by default
`Eager`, which runs it at once, or a `Recording`, which writes it into a program. Either way the graph hangs off the
tensors, and `backward` walks it: there is no tape that would have to be cleared.

Shapes are kept as `dims`: while recording, a first dimension below zero is so many times the rows of the batch.
"""

from array import array

from ..base.catalogue import find
from ..base.check import plain
from .sink import numel

_sink = None  # where operations are emitted
_order = 0  # of the operations so far, in steps of 2, so that one fits between: backward goes from the last
grad_enabled = True
_FREED = ()  # the node of a tensor whose graph has been walked


def current_sink():
    """Where operations are emitted now."""
    global _sink
    if _sink is None:
        from .eager import Eager

        _sink = Eager()
    return _sink


def operand(x):
    """A tensor as it is, a number as one without dimensions, and lists and buffers as they are nested."""
    if isinstance(x, Tensor):
        return x
    if x is None:
        raise TypeError("None is no tensor, and no number")
    return current_sink().scalar(x) if isinstance(x, (int, float)) else Tensor(x)


class use:
    """`with use(recording):` operations are emitted there."""

    def __init__(self, sink):
        self.sink = sink

    def __enter__(self):
        global _sink
        self.before = _sink
        _sink = self.sink
        return self.sink

    def __exit__(self, kind, error, trace):
        global _sink
        _sink = self.before


class no_grad:
    """`with ember.no_grad():` operations are not remembered for backward."""

    def __enter__(self):
        global grad_enabled
        self.before = grad_enabled
        grad_enabled = False

    def __exit__(self, kind, error, trace):
        global grad_enabled
        grad_enabled = self.before


def axis(dims, dim):
    """dim counted from the front, or ValueError."""
    dim = plain(dim)
    if not isinstance(dim, int) or not -len(dims) <= dim < len(dims):
        raise ValueError("dim %r of a tensor with %d dimensions" % (dim, len(dims)))
    return dim % len(dims)


def apply(op, inputs, args=()):
    """Emit one operation; remember it where a gradient may be asked for."""
    global _order
    sink = current_sink()
    if sink.records:  # what was made outside is a constant of the program
        inputs = sink.adopt(inputs)
    dims = op.shape(inputs, *args)
    saved = list(args)
    if op.emit is None:
        y = inputs[0].alias(dims)
    else:
        y = sink.new(dims)
        op.emit(sink, y, inputs, saved)
        sink.flush()
    if grad_enabled and op.grad is not None:
        for x in inputs:
            if x.requires_grad:
                y.requires_grad = True
                y.node = (op, inputs, saved)
                _order += 2
                y.order = _order
                for used in inputs:
                    if op.values or not used.requires_grad:
                        used.pinned = True
                break
    return y


SHAPED = hasattr(memoryview, "cast")  # whether buffers may have several dimensions: on CPython


def _is_floats(data):
    """Whether a buffer is one of float32: what most are, known without values.py."""
    if SHAPED or not isinstance(data, (array, memoryview)) or not len(data):
        return False
    return isinstance(data[0], float) and len(bytes(data[:1])) == 4


class Tensor:
    """An array of float32 (or, as labels, integers) that remembers how it came to be.

    data: a number, nested lists, or a buffer, which is used in place if it has the type: flat, with shape=, or on
    CPython in several dimensions, such as NumPy's. What its type does not hold raises ValueError.
    dtype: an array typecode: "f", or "i", "B", "b", "h", "H", "I" for labels and raw inputs.
    """

    __array_ufunc__ = None  # an operator between an array of NumPy's and a tensor is the tensor's
    pinned = False  # the gradient of an operation needs it as it is: it is no longer assigned to
    handed = False  # its memory became another gradient's
    mapped = 0  # elements of a buffer of plain bytes that is only read: see mapped.py
    weighted = None  # of a mean over weights that is recorded: (the sum, the weights), for a Trainer

    def __init__(self, data=None, shape=None, requires_grad=False, dtype="f"):
        if data is not None:
            if dtype != "f" or not _is_floats(data):
                from .values import take

                data, shape = take(data, dtype, shape)
            shape = (len(data),) if shape is None else tuple(shape)
            if numel(shape) != len(data) or len(data) == 0 or min(shape + (1,)) < 1:
                raise ValueError("data has %d elements, shape %s takes %d" % (len(data), tuple(shape), numel(shape)))
        if requires_grad and dtype != "f":
            raise ValueError("only float32 tensors have gradients, not dtype %r" % dtype)
        self.storage = data  # its elements; None while recording
        self.dims = tuple(shape or ())
        self.place = None  # while recording: an address, or -1 - buffer
        self.offset = 0  # elements from there
        self.node = None  # (op, inputs, arguments)
        self.order = 0
        self.seen = False
        self.dtype = dtype
        self.requires_grad = requires_grad
        self.grad = None

    @property
    def shape(self):
        for d in self.dims:
            if d < 0:  # the batch counts as full
                rows = current_sink().rows
                return tuple([-d * rows if d < 0 else d for d in self.dims])
        return self.dims

    def alias(self, dims, offset=0):
        """The same elements under other dimensions."""
        if self.storage is None and self.place is None:
            self.elements()  # a parameter draws its values
        y = Tensor()
        y.storage, y.place, y.dtype = self.storage, self.place, self.dtype
        y.offset = self.offset + offset
        y.dims = tuple(dims)
        if self.mapped:
            y.mapped = self.mapped
        return y

    def detach(self):
        """The same elements, without a past."""
        return self.alias(self.dims)

    def numel(self):
        return abs(numel(self.shape))

    def elements(self):
        """The buffer of an eager tensor."""
        if self.storage is None:
            raise RuntimeError("a tensor that is being recorded has no values yet: item(), tolist(), if and print see "
                               "them after a run only; ember.where chooses within one")  # fmt: skip
        if self.mapped:
            from ..portable.bind import view

            return view(self.storage, "f")
        return self.storage

    def item(self):
        if self.numel() != 1:
            raise ValueError("item() takes a tensor of one element, not of shape %s" % (self.shape,))
        return self.elements()[self.offset]

    def tolist(self):
        data = self.elements()
        if not self.dims:
            return data[self.offset]
        return _nest(data, self.dims, 0, self.offset)

    def __repr__(self):
        if self.storage is None:
            return "Tensor(shape=%s, recorded)" % (self.shape,)
        more = ", requires_grad=True" if self.requires_grad else ""
        return "Tensor(%s%s)" % (self.tolist() if self.numel() <= 64 else "shape=%s" % (self.shape,), more)

    def __len__(self):
        if not self.dims:
            raise TypeError("a tensor without dimensions has no len()")
        return self.shape[0]

    def __bool__(self):
        return self.item() != 0

    def backward(self, gradient=None):
        """Add the gradient of this tensor (with respect to itself: 1, or `gradient`) to `.grad` of every leaf."""
        if not self.requires_grad:
            raise RuntimeError("backward: this tensor does not depend on any parameter that requires a gradient")
        sink = current_sink()
        nodes = _reachable(self)
        if gradient is None:
            if abs(numel(self.dims)) != 1:
                raise RuntimeError("backward without a gradient takes one element, not shape %s" % (self.shape,))
            seed = sink.new(self.dims)
            sink.fill(seed, 1.0)
        else:
            if gradient.dims != self.dims:
                raise ValueError("gradient has shape %s, the tensor %s" % (gradient.shape, self.shape))
            seed = sink.new(self.dims)
            sink.copy(seed, gradient)
        if self.node is None:
            _receive(sink, self, seed)
        else:
            self.grad = seed
        sink.flush()
        for y in nodes:
            op, inputs, saved = y.node
            g = y.grad
            y.grad = None
            y.node = _FREED
            if g is not None or op.always:
                op.grad(sink, y, g, inputs, saved)
                sink.flush()

    # Operations: what each does stands in its row of the op table.

    def __add__(self, other):
        """a + b; the two broadcast, and one may be a number."""
        return self.op("ADD", (other,))

    __radd__ = __add__

    def __sub__(self, other):
        """a - b; the two broadcast, and one may be a number."""
        return self.op("SUB", (other,))

    def __rsub__(self, other):
        return operand(other).op("SUB", (self,))

    def __mul__(self, other):
        """a * b; the two broadcast, and one may be a number."""
        return self.op("MUL", (other,))

    __rmul__ = __mul__

    def __truediv__(self, other):
        """a / b, by IEEE 754 where b is 0; the two broadcast, and one may be a number."""
        return self.op("DIV", (other,))

    def __rtruediv__(self, other):
        return operand(other).op("DIV", (self,))

    def __matmul__(self, other):
        """[..., M, K] @ [..., K, N] to [..., M, N]; what is in front broadcasts, and M or N may be missing."""
        return self.op("MATMUL", (other,))

    def __neg__(self):
        """-x"""
        return self.op("NEG")

    def __pow__(self, exponent):
        if isinstance(exponent, Tensor):
            return find("pow")(self, exponent)
        return self * self if exponent == 2 else self.op("POW", (), (exponent,))

    def __getitem__(self, index):
        return find("take", "RULES")(self, index)

    def __setitem__(self, index, value):
        find("put", "RULES")(self, index, value)

    add, sub, mul, div, matmul, neg = __add__, __sub__, __mul__, __truediv__, __matmul__, __neg__

    def __gt__(self, other):
        return self.gt(other)

    def __lt__(self, other):
        return self.lt(other)

    def __ge__(self, other):
        return self.ge(other)

    def __le__(self, other):
        return self.le(other)

    def __mod__(self, other):
        return self.remainder(other)

    def __floordiv__(self, other):
        return self.floor_divide(other)

    def __abs__(self):
        return self.abs()

    def __rpow__(self, base):
        return find("pow")(base, self)

    def __getattr__(self, name):
        """The other operations, as methods: base/catalogue.py says where they are."""
        function = find(name, "RULES" if name == "op" else "OPERATIONS")
        if function is None:
            from ..base.names import Missing

            raise AttributeError(Missing("a Tensor", name))
        setattr(Tensor, name, function)
        return getattr(self, name)

    @property
    def T(self):
        if len(self.dims) != 2:
            raise ValueError(".T of shape %s; it takes two dimensions, permute(...) any number" % (self.shape,))
        return self.transpose(0, 1)


def _nest(data, dims, depth, start):
    if depth == len(dims) - 1:
        return [data[i] for i in range(start, start + dims[depth])]
    step = numel(dims[depth + 1 :])
    return [_nest(data, dims, depth + 1, start + i * step) for i in range(dims[depth])]


def _receive(sink, x, g):
    """A leaf that is itself the root of backward."""
    if x.grad is None:
        x.grad = g
    else:
        sink.copy(x.grad, g, 1)


def inputs_of(root):
    """What the operations on the way to root took."""
    return [x for y in _reachable(root) for x in y.node[1]]


def _reachable(root):
    """The tensors that operations made on the way to root, the last first."""
    found, waiting = [], [root]
    while waiting:
        y = waiting.pop()
        if y.node is _FREED:
            for z in found:
                z.seen = False
            raise RuntimeError("backward a second time: the graph was freed by the first; compute the loss again")
        if y.node is not None and not y.seen:
            y.seen = True
            found.append(y)
            for x in y.node[1]:
                if x.requires_grad:
                    waiting.append(x)
    found.sort(key=lambda y: -y.order)
    for y in found:
        y.seen = False
    return found
