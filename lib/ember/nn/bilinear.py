"""A layer of two inputs."""

from ..base.check import flag, whole
from ..ops.matrix import bilinear
from ..tensors.parameter import Parameter, inverse_root
from . import Module


class Bilinear(Module):
    """y[o] = the sum of x1[i] * x2[j] * weight[i, j, o], plus bias[o]: [..., in1] and [..., in2] to [..., out].

    Weight (here [in1, in2, out]) and bias start uniform within 1 / sqrt(in1), as PyTorch's do.
    """

    shown = "in1_features= in2_features= out_features= bias="

    def __init__(self, in1_features, in2_features, out_features, bias=True):
        self.in1_features = whole("in1_features", in1_features)
        self.in2_features = whole("in2_features", in2_features)
        self.out_features = whole("out_features", out_features)
        bound = inverse_root(in1_features)
        self.weight = Parameter((in1_features, in2_features, out_features), -bound, bound)
        self.bias = Parameter((out_features,), -bound, bound) if flag("bias", bias) else None

    def forward(self, x1, x2):
        if x1.dims[-1:] != (self.in1_features,) or x2.dims[:-1] + x1.dims[-1:] != x1.dims:
            self.refuse(x1, "(..., %d) and (..., %d)" % (self.in1_features, self.in2_features))
        if x2.dims[-1:] != (self.in2_features,):
            self.refuse(x2, "(..., %d) second" % self.in2_features)
        return bilinear(x1, x2, self.weight, self.bias)
