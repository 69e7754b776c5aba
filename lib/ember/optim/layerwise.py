"""Optimizers whose update looks at a whole tensor at a time. They are written in the instructions of any model."""

from ..base.check import chance, flag, not_negative
from ..instructions import emit
from ..instructions.program import STEP
from ..nn.utils import squares
from ..ops.rules import ADD_FN, COPY_FN, DIV_FN, GT_FN, MAXIMUM_FN, MUL_FN, SQRT_FN, SUB_FN
from ..tensors.sink import INTS, numel
from . import Optimizer, betas

_ANY = float("inf")


def _norm(sink, x):
    """The root of the sum of squares of x."""
    norm = sink.new(())
    squares(sink, norm, x)
    sink.map(SQRT_FN, norm, norm)
    return norm


class LAMB(Optimizer):
    """Adam's step, weight decay included, made as long as the tensor it changes, for each tensor (You et al., 2020).
    Where either is 0 the step stays as long as it is."""

    states = 2
    layerwise = True
    settings = ("lr", "betas", "eps", "weight_decay")
    slots = ("lr", "weight_decay", ".", "betas", "betas", "eps", ".")

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=1e-2):
        Optimizer.__init__(self, params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def hyper(self, values):
        """[lr, weight_decay], then the settings of an Adam of learning rate 1 without decay, which finds the step."""
        b1, b2 = betas(values, 2)
        return (not_negative("lr", values["lr"]), not_negative("weight_decay", values["weight_decay"]), 1.0,
                b1, b2, not_negative("eps", values["eps"]), 0.0)  # fmt: skip

    def emit(self, sink, n, p, g, states, hyper, total):
        m, v = states
        step, decay = sink.new(p.dims), sink.new(p.dims)
        sink.fill(step, 0.0)
        emit.adam(sink, decoupled=0, amsgrad=0, n=n, p=step, g=g, m=m, v=v, most=v, hyper=hyper.alias((5,), 2),
                  step=INTS + STEP, total=total)  # fmt: skip
        sink.map(MUL_FN, decay, p, hyper.alias((), 1))
        sink.map(SUB_FN, step, step, decay)  # this is added: it points down
        length, ratio = _norm(sink, step), _norm(sink, p)
        zero, one, good, both = sink.scalar(0.0), sink.scalar(1.0), sink.new(()), sink.new(())
        sink.map(GT_FN, good, length, zero)
        sink.map(GT_FN, both, ratio, zero)
        sink.map(MUL_FN, good, good, both)
        # Where not both are above 0, 1 / 1.
        for x in (length, ratio):
            sink.map(MUL_FN, x, x, good)
            sink.map(SUB_FN, both, one, good)
            sink.map(ADD_FN, x, x, both)
        sink.map(DIV_FN, ratio, ratio, length)
        sink.map(MUL_FN, ratio, ratio, hyper.alias((), 0))
        sink.map(MUL_FN, step, step, ratio)
        sink.map(ADD_FN, p, p, step)


class Muon(Optimizer):
    """Momentum, made orthogonal by ns_steps of a Newton-Schulz iteration (Jordan, 2024), for matrices. Weight decay is
    decoupled. Convolution weights [K_h, K_w, in, out] are matrices [K_h * K_w * in, out].

    adjust_lr_fn: "original" times lr by sqrt(max(1, out / in)), "match_rms_adamw" by 0.2 * sqrt(max(in, out)), so that
    steps are as large as AdamW's. Calculates in float32, where PyTorch takes bfloat16.
    """

    states = 1
    layerwise = True
    settings = ("lr", "weight_decay", "momentum", "eps")

    def __init__(self, params, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True,
                 ns_coefficients=(6889 / 2000, -191 / 40, 4063 / 2000), eps=1e-7, ns_steps=5,
                 adjust_lr_fn="original"):  # fmt: skip
        if not isinstance(ns_coefficients, (tuple, list)) or len(ns_coefficients) != 3:
            raise ValueError("ns_coefficients is %r; it may be 3 numbers" % (ns_coefficients,))
        if isinstance(ns_steps, bool) or not isinstance(ns_steps, int) or not 1 <= ns_steps < 100:
            raise ValueError("ns_steps is %r; it may be a whole number from 1 to 99" % (ns_steps,))
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError("adjust_lr_fn is %r; it may be 'original' or 'match_rms_adamw'" % (adjust_lr_fn,))
        self.nesterov, self.coefficients, self.ns_steps = flag("nesterov", nesterov), tuple(ns_coefficients), ns_steps
        self.adjust_lr_fn = adjust_lr_fn or "original"
        Optimizer.__init__(self, params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "eps": eps})

    def add_param_group(self, given):
        Optimizer.add_param_group(self, given)
        for p in self.groups[-1].params:
            if len(p.dims) < 2:
                self.groups.pop()
                raise ValueError("Muon takes matrices, not a parameter of shape %s: give it to another optimizer, as "
                                 "AdamW, beside this one" % (p.shape,))  # fmt: skip

    def hyper(self, values):
        return (not_negative("lr", values["lr"]), not_negative("weight_decay", values["weight_decay"]),
                chance("momentum", values["momentum"]), not_negative("eps", values["eps"]))  # fmt: skip

    def emit(self, sink, n, p, g, states, hyper, total):
        buffer, momentum = states[0], hyper.alias((), 2)
        x, change, number = sink.new(p.dims), sink.new(p.dims), sink.new(())
        sink.map(DIV_FN, x, g, total)
        sink.map(SUB_FN, number, sink.scalar(1.0), momentum)
        sink.map(SUB_FN, change, x, buffer)
        sink.map(MUL_FN, change, change, number)
        sink.map(ADD_FN, buffer, buffer, change)
        if self.nesterov:
            sink.map(SUB_FN, change, buffer, x)
            sink.map(MUL_FN, change, change, momentum)
            sink.map(ADD_FN, x, x, change)
        else:
            sink.map(COPY_FN, x, buffer)
        rows, columns = numel(p.dims[:-1]), p.dims[-1]
        norm = _norm(sink, x)
        sink.map(MAXIMUM_FN, norm, norm, hyper.alias((), 3))
        sink.map(DIV_FN, x, x, norm)
        x = self._orthogonal(sink, x, change, rows, columns)
        sink.map(MUL_FN, number, hyper.alias((), 0), hyper.alias((), 1))
        sink.map(SUB_FN, number, sink.scalar(1.0), number)
        sink.map(MUL_FN, p, p, number)
        if self.adjust_lr_fn == "original":
            sink.map(DIV_FN, number, sink.scalar(max(rows, columns)), sink.scalar(rows))
        else:
            sink.map(DIV_FN, number, sink.scalar(max(rows, columns)), sink.scalar(25.0))
        sink.map(SQRT_FN, number, number)
        sink.map(MUL_FN, number, number, hyper.alias((), 0))
        sink.map(MUL_FN, x, x, number)
        sink.map(SUB_FN, p, p, x)

    def _orthogonal(self, sink, x, other, rows, columns):
        """x [rows, columns] with its singular values near 1: as often as ns_steps says, x becomes
        a x + (b s + c s s) x, where s = x x^T, or x^T x, whichever is smaller. Uses the memory of both; returns one."""
        a, b, c = [sink.scalar(value) for value in self.coefficients]
        wide = rows <= columns
        side, long = (rows, columns) if wide else (columns, rows)
        step, along = (columns, 1) if wide else (1, columns)  # from one of the side to the next, and along it
        s, ss = sink.new((side, side)), sink.new((side, side))
        for _ in range(self.ns_steps):
            emit.matmul(sink, into=0, batch=1, m=side, n=side, k=long, c_batch=0, c_m=side, a_batch=0, a_m=step,
                        a_k=along, b_batch=0, b_k=along, b_n=step, c=s, a=x, b=x)  # fmt: skip
            emit.matmul(sink, into=0, batch=1, m=side, n=side, k=side, c_batch=0, c_m=side, a_batch=0, a_m=side,
                        a_k=1, b_batch=0, b_k=side, b_n=1, c=ss, a=s, b=s)  # fmt: skip
            sink.map(MUL_FN, s, s, b)
            sink.map(MUL_FN, ss, ss, c)
            sink.map(ADD_FN, s, s, ss)
            sink.map(MUL_FN, other, x, a)
            left, right = (s, x) if wide else (x, s)
            emit.matmul(sink, into=1, batch=1, m=rows, n=columns, k=side, c_batch=0, c_m=columns, a_batch=0, a_m=side,
                        a_k=1, b_batch=0, b_k=columns, b_n=1, c=other, a=left, b=right)  # fmt: skip
            x, other = other, x
        return x
