"""Parameters: tensors that training changes, and the seed of everything random."""

from array import array
from math import sqrt

from ..base.check import sizes
from .tensor import Tensor


class Parameter(Tensor):
    """A tensor that training changes. Its values are drawn when they are first needed, from the counter-based
    generator: the same seed gives the same values on every board. They are uniform in [low, high), or what a function
    of nn.init says. Parameter(tensor) begins with the tensor's."""

    made = 0  # parameters so far: each draws from a stream of its own
    drawn = 0  # tensors of ember.rand and randn: from others
    first = 0  # the number of its first element: more in a piece of one

    def __init__(self, shape, low=0.0, high=0.0):
        values = None
        if isinstance(shape, Tensor):  # with its values
            values, shape = shape, shape.shape
        else:
            given, shape = shape, sizes(shape)
            if shape is None:
                raise ValueError("shape is %r; it may be whole numbers from 1, or a Tensor with the values" % (given,))
        Tensor.__init__(self, None, shape, True)
        self.initial = (uniform, low, high)  # what draws it: a function of it, and the other arguments
        self.owner, self.owner_at = None, 0  # the Trainer, or recorded function, whose arena holds it, and where
        self.stream = Parameter.made
        Parameter.made += 1
        if values is not None:
            from .values import read, typed

            self.storage = typed("f", read(values)[0])

    def __repr__(self):
        return "Parameter(shape=%s)" % (self.shape,)

    def elements(self):
        if self.storage is None:
            from .eager import Eager

            self.storage = Eager().new(self.dims).storage
            self.draw()
        return self.storage

    def __iadd__(self, other):
        """Into its memory, in no_grad()."""
        self[...] = self + other
        return self

    def __isub__(self, other):
        return self.__iadd__(-other)

    def __imul__(self, other):  # MicroPython makes p = p * x of it, and does not ask
        raise RuntimeError("write p[...] = p * x, in no_grad()")

    __itruediv__ = __imul__

    def draw(self):
        """Its starting values, into the memory it has."""
        self.initial[0](self, *self.initial[1:])


def uniform(t, low, high):
    """Draw the elements of t, a parameter, from [low, high)."""
    from .eager import FIRST, Eager

    eager = Eager()
    eager.ints[FIRST] = t.first
    eager.uniform(0, t.numel(), 1, t.stream, t, low, high, FIRST)
    eager.flush()


PIECEWISE = [uniform]  # those that draw each element by itself, so a piece of a parameter as well


class Buffer(Parameter):
    """A tensor that belongs to a model and is saved with it, but is not trained: a module changes it itself. What
    forward changes in a Trainer's step lasts if the step counts."""

    fixed = False  # whether nothing changes it

    def __init__(self, shape, low=0.0, high=0.0):
        Parameter.__init__(self, shape, low, high)
        self.requires_grad = False


def inverse_root(n):
    """1 / sqrt(n): the same float32 where floats are double and where they are single (n ** -0.5 is not)."""
    return 1.0 / array("f", (sqrt(n),))[0]


seed = 0  # of everything random


def manual_seed(value):
    """Start everything random anew: call it before the model is made. value: 0 to 2**30 - 1."""
    global seed
    if not 0 <= value < 1 << 30:
        raise ValueError("seed is %r; it may be 0 to 2**30 - 1" % (value,))
    seed = value
    Parameter.made = Parameter.drawn = 0
