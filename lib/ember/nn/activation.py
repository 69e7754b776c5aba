"""Activations as modules: each is the function of its name, in ops/activation.py or ops/piecewise.py."""

from ..base.check import not_negative, number, positive, whole
from ..ops import activation, piecewise
from ..tensors.parameter import Parameter
from . import Module


class Identity(Module):
    """x, whatever it is made with."""

    def __init__(self, *anything, **more):
        pass

    def forward(self, x):
        return x


class _Activation(Module):
    """function(x, *arguments), which `shown` names."""

    arguments, shown = (), ""

    def forward(self, x):
        return self.function(x, *self.arguments)

    def extra_repr(self):
        names = self.shown.split() or [""] * len(self.arguments)
        return ", ".join([name + repr(value) for name, value in zip(names, self.arguments)])


class SiLU(_Activation):
    """x * sigmoid(x), of any shape (Ramachandran et al., 2017)."""

    function = staticmethod(activation.silu)


class Mish(_Activation):
    """x * tanh(softplus(x)), of any shape (Misra, 2019)."""

    function = staticmethod(activation.mish)


class LogSigmoid(_Activation):
    """log(sigmoid(x)), of any shape."""

    function = staticmethod(activation.logsigmoid)


class Softsign(_Activation):
    """x / (1 + |x|), of any shape."""

    function = staticmethod(activation.softsign)


class Tanhshrink(_Activation):
    """x - tanh(x), of any shape."""

    function = staticmethod(activation.tanhshrink)


class ReLU6(_Activation):
    """x within 0 and 6, of any shape."""

    function = staticmethod(piecewise.relu6)


class SELU(_Activation):
    """elu with the factors that keep mean 0 and variance 1 (Klambauer et al., 2017); any shape."""

    function = staticmethod(piecewise.selu)


class Hardsigmoid(_Activation):
    """relu6(x + 3) / 6, of any shape."""

    function = staticmethod(piecewise.hardsigmoid)


class Hardswish(_Activation):
    """x * relu6(x + 3) / 6, of any shape (Howard et al., 2019)."""

    function = staticmethod(piecewise.hardswish)


class GELU(_Activation):
    """x times the chance that a normal number is below x, of any shape (Hendrycks and Gimpel, 2016)."""

    function = staticmethod(activation.gelu)
    shown = "approximate="

    def __init__(self, approximate="none"):
        self.arguments = (activation.approximation(approximate),)


class Softplus(_Activation):
    """log(1 + exp(beta * x)) / beta, of any shape; x where beta * x is above threshold."""

    function = staticmethod(activation.softplus)
    shown = "beta= threshold="

    def __init__(self, beta=1.0, threshold=20.0):
        self.arguments = (positive("beta", beta), number("threshold", threshold))


class LeakyReLU(_Activation):
    """x above 0, negative_slope * x below, of any shape (Maas et al., 2013)."""

    function = staticmethod(piecewise.leaky_relu)
    shown = "negative_slope="

    def __init__(self, negative_slope=0.01):
        self.arguments = (number("negative_slope", negative_slope),)


class ELU(_Activation):
    """x above 0, alpha * (exp(x) - 1) below, of any shape (Clevert et al., 2016)."""

    function = staticmethod(piecewise.elu)
    shown = "alpha="

    def __init__(self, alpha=1.0):
        self.arguments = (number("alpha", alpha),)


class CELU(_Activation):
    """x above 0, alpha * (exp(x / alpha) - 1) below, of any shape (Barron, 2017)."""

    function = staticmethod(piecewise.celu)
    shown = "alpha="

    def __init__(self, alpha=1.0):
        self.arguments = (positive("alpha", alpha),)


class Hardtanh(_Activation):
    """x within min_val and max_val, of any shape."""

    function = staticmethod(piecewise.hardtanh)
    shown = "min_val= max_val="

    def __init__(self, min_val=-1.0, max_val=1.0):
        self.arguments = piecewise.ordered(min_val, max_val)


class Softshrink(_Activation):
    """x brought nearer to 0 by lambd, of any shape; 0 where it is no further than that."""

    function = staticmethod(piecewise.softshrink)

    def __init__(self, lambd=0.5):
        self.arguments = (not_negative("lambd", lambd),)


class Hardshrink(_Activation):
    """x where it is further from 0 than lambd, else 0, of any shape."""

    function = staticmethod(piecewise.hardshrink)

    def __init__(self, lambd=0.5):
        self.arguments = (not_negative("lambd", lambd),)


class Threshold(_Activation):
    """x where it is above threshold, else value."""

    function = staticmethod(piecewise.threshold)
    shown = "threshold= value="

    def __init__(self, threshold, value):
        self.arguments = (number("threshold", threshold), number("value", value))


class PReLU(Module):
    """x above 0, weight * x below. The weight, one number or one a channel (the last dimension), is trained."""

    shown = "num_parameters="

    def __init__(self, num_parameters=1, init=0.25):
        self.num_parameters = whole("num_parameters", num_parameters)
        self.weight = Parameter((num_parameters,), number("init", init), init)

    def forward(self, x):
        return piecewise.prelu(x, self.weight)


class _Along(_Activation):
    """Along dimension dim."""

    shown = "dim="

    def __init__(self, dim):
        if isinstance(dim, bool) or not isinstance(dim, int):
            raise ValueError("dim is %r; it may be a whole number" % (dim,))
        self.arguments = (dim,)


class Softmax(_Along):
    """exp(x) / sum(exp(x)) along dim."""

    def forward(self, x):
        return x.softmax(self.arguments[0])


class LogSoftmax(_Along):
    """log(softmax(x)), without going through numbers that vanish. CrossEntropyLoss has it inside."""

    def forward(self, x):
        return x.log_softmax(self.arguments[0])


class Softmin(_Along):
    """softmax(-x)"""

    function = staticmethod(activation.softmin)


class GLU(_Along):
    """a * sigmoid(b), a and b the halves of dimension dim: [..., 2 * C] to [..., C] (Dauphin et al., 2017)."""

    function = staticmethod(activation.glu)

    def __init__(self, dim=-1):
        _Along.__init__(self, dim)


class SwiGLU(_Along):
    """silu(a) * b, a and b the halves of dimension dim: [..., 2 * C] to [..., C] (Shazeer, 2020; not in PyTorch)."""

    function = staticmethod(activation.swiglu)

    def __init__(self, dim=-1):
        _Along.__init__(self, dim)
