"""Operations and losses where their rules are singular: at 0 and -0, at infinities and NaN, at ties and margins, near
overflow, at the smallest numbers. Inputs are drawn from such values; PyTorch 2.13 says what is right (singular_torch.py
writes its answers to singular.npz), and test_singular.py holds Ember to them.

A case is an expression that both understand: x, y, z are the inputs, T has the functions, nn the modules. Options are
drawn, and their values, negated, and a float to each side of them, are among what inputs are drawn from.
"""

import math
import random
import zlib

import numpy as np

INF, NAN = math.inf, math.nan
GREATEST, LEAST, SUBNORMAL = 3.4028235e38, 1.1754944e-38, 1e-45
USUAL = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 6.0, 0.37, -1.3)
FAR = (INF, -INF, NAN, GREATEST, -GREATEST, LEAST, SUBNORMAL, -SUBNORMAL, 88.7, -88.7, 89.0, -89.0, 104.0, -104.0,
       20.0, -20.0, 1e-8, -1e-8, 1e19, -1e19, 1e-20)  # fmt: skip
PLAIN = (0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 0.37, 0.0, 1.0)
SEEDS = (1.0, -0.5, 2.0, 1.0, 0.0)  # gradients that come from above
WIDTH = 4


class Case:
    """expression, inputs: how many; options: name -> what it may be; values: what is drawn from, for each input or for
    all; rows: inputs are rows of WIDTH, not elements; still: inputs without a gradient, by number; margins: whether
    options join what is drawn from; scaled: rows cancel, and are as exact as their largest element."""

    def __init__(self, expression, inputs=1, options=None, values=USUAL + FAR, rows=False, still=(), margins=True,
                 scaled=False):  # fmt: skip
        self.scaled = scaled
        self.expression, self.inputs, self.options = expression, inputs, options or {}
        values = values if isinstance(values[0], tuple) else (values,)
        self.values = values * inputs if len(values) == 1 else values
        self.rows, self.still, self.margins = rows, still, margins
        self.variants = max([1 if options is None else 4] + [len(values) for values in self.options.values()])


CASES = {}

for name in (
    "abs neg rsqrt square reciprocal expm1 log1p log2 sin cos tan asin acos atan sinh cosh erf relu tanh sigmoid exp "
    "log sqrt silu mish logsigmoid softsign tanhshrink relu6 selu hardsigmoid hardswish floor ceil round "
    "trunc sign acosh asinh atanh exp2 log10 nan_to_num"
).split():
    CASES[name] = Case("T.%s(x)" % name)
for name in "add sub mul div pow atan2 remainder maximum minimum fmod hypot logaddexp".split():
    CASES[name] = Case("T.%s(x, y)" % name, 2)
CASES["lerp"] = Case("T.lerp(x, y, z)", 3, values=(PLAIN + FAR[5:] + (INF, -INF),) * 2 + (USUAL,))
for name, expression in (
    ("number_over", "2.0 / x"), ("less_number", "1.0 - x"), ("x_times_x", "x * x"), ("x_over_x", "x / x"),
    ("x_less_x", "x - x"), ("greatest_with_itself", "T.maximum(x, x)"), ("angle_with_itself", "T.atan2(x, x)"),
    ("power_of_itself", "T.pow(x, x)"), ("root_of_square", "T.sqrt(x * x)"),
    ("chosen_root", "T.where(x > 0.0, T.sqrt(x), x)"),
):  # fmt: skip
    CASES[name] = Case(expression)
CASES["power_by_number"] = Case("x ** k", options={"k": (0, 1, 2, 3, 0.5, -1, -0.5, 1.5, -2, 64, 4)}, margins=False)
CASES["power_of_number"] = Case("T.pow(k, x)", options={"k": (0.0, 1.0, 2.0, 0.5, -2.0, -1.0)})
CASES["remainder_by_number"] = Case("x % k", options={"k": (1.0, 2.5, -3.0)})
CASES["clamp"] = Case("T.clamp(x, low, high)", options={"low": (-1.0, 0.0, None, -88.7), "high": (1.0, 0.5, 6.0)})
CASES["leaky_relu"] = Case("T.leaky_relu(x, slope)", options={"slope": (0.01, 0.5, 0.0, -1.0, 2.0)})
CASES["elu"] = Case("T.elu(x, alpha)", options={"alpha": (1.0, 0.5, 2.0, 0.0)})
CASES["celu"] = Case("T.celu(x, alpha)", options={"alpha": (1.0, 0.5, 2.0)})
CASES["hardtanh"] = Case("T.hardtanh(x, low, high)", options={"low": (-1.0, 0.0, -3.0), "high": (1.0, 0.5, 6.0)})
CASES["softshrink"] = Case("T.softshrink(x, lambd)", options={"lambd": (0.5, 0.0, 2.0)})
CASES["hardshrink"] = Case("T.hardshrink(x, lambd)", options={"lambd": (0.5, 0.0, 2.0)})
CASES["threshold"] = Case("T.threshold(x, at, 2.0)", options={"at": (0.5, 0.0, -1.0)})
CASES["softplus"] = Case("T.softplus(x, beta, at)", options={"beta": (1.0, 2.0, 0.5), "at": (20.0, 3.0)})
CASES["gelu"] = Case("T.gelu(x, approximate=way)", options={"way": ("none", "tanh")}, margins=False)
CASES["prelu"] = Case("T.prelu(x, number([slope]))", options={"slope": (0.25, 0.0, -1.0, 2.0)})
CASES["where"] = Case("T.where(x > y, x, y)", 2)
for name in "eq ne lt le gt ge".split():
    CASES[name] = Case("x * 0.0 + 1.0 * T.%s(x, y)" % name, 2)

# Rows.
BESIDE = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, INF, -INF, NAN, 1.0, 2.0, -3.0, 88.7, -104.0)
ORDER = BESIDE + (GREATEST, -GREATEST, SUBNORMAL)
SUMS = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -3.0, 0.0, INF, -INF, NAN)
FEW = (0.0, 0.0, 1.0, -1.0, 2.0, 0.5, -3.0, 0.0, 1.0, INF)
for name in "softmax log_softmax softmin logsumexp".split():
    CASES[name] = Case("T.%s(x, -1)" % name, values=BESIDE + (-INF,) * 6, rows=True, scaled=True)
CASES["softmax_of_few"] = Case("T.softmax(x, -1)", values=(0.0, 1.0, -INF, -INF), rows=True, scaled=True)
CASES["logsumexp_of_few"] = Case("T.logsumexp(x, -1)", values=(0.0, 1.0, -INF, -INF, INF), rows=True)
for name in "amax amin".split():
    CASES[name] = Case("T.%s(x, -1)" % name, values=ORDER, rows=True)
for name in "sum mean prod".split():
    CASES[name] = Case("T.%s(x, -1)" % name, values=SUMS, rows=True)
CASES["prod_of_few"] = Case("T.prod(x, -1)", values=FEW, rows=True)
for name in "cumsum cumprod".split():
    CASES[name] = Case("T.%s(x, -1)" % name, values=FEW, rows=True)
for name in "var std".split():
    CASES[name] = Case("T.%s(x, -1, correction=k)" % name, options={"k": (0, 1, 4)}, values=(0.0, 1.0, 1.0, 1.0, NAN),
                       rows=True, margins=False)  # fmt: skip
for name, powers in (("norm", (2, 1, 3, 0.5, 1.5, 0)), ("greatest_norm", (INF, -INF))):
    CASES[name] = Case("T.norm(x, p, -1)", options={"p": powers}, values=FEW[:-1] + (NAN,), rows=True, margins=False)
for name in "sort argmax".split():
    CASES[name] = Case("T.%s(x, -1)%s" % (name, "[0]" if name == "sort" else " + 0.0 * T.sum(x, -1)"), values=ORDER,
                       rows=True)  # fmt: skip
CASES["median"] = Case("T.median(x, -1)[0]", values=ORDER, rows=True)
CASES["layer_norm"] = Case("nn.LayerNorm(4, eps, False)(x)", options={"eps": (1e-5, 0.0)}, values=FEW, rows=True,
                           margins=False, scaled=True)  # fmt: skip
CASES["rms_norm"] = Case("nn.RMSNorm(4, eps, False)(x)", options={"eps": (1e-5, 0.0)}, values=FEW, rows=True,
                         margins=False, scaled=True)  # fmt: skip
CASES["max_pool"] = Case("pool(nn.MaxPool1d(2), x)", values=ORDER, rows=True)
CASES["avg_pool"] = Case("pool(nn.AvgPool1d(2), x)", values=SUMS, rows=True)
CASES["glu"] = Case("T.glu(x)", values=PLAIN + (INF, -INF, NAN, 88.7, -104.0, 20.0), rows=True)

# Losses.
PAIRS = USUAL + (INF, -INF, NAN, 88.7, -88.7, 104.0, SUBNORMAL, 1e19)
CHANCES = (0.0, 1.0, 0.5, 0.25, SUBNORMAL, 1e-20, LEAST, 0.99999994, 1e-8)
SIGNS = (1.0, -1.0, 1.0, -1.0, 0.0, 0.5, 2.0, -3.0)


def loss(name, inputs=2, arguments="", **more):
    CASES[name] = Case("nn.%s(%sreduction='none')(%s)" % (name, arguments, ", ".join("xyz"[:inputs])), inputs, **more)


loss("MSELoss", values=PAIRS)
loss("L1Loss", values=PAIRS)
loss("SmoothL1Loss", 2, "beta=beta, ", values=PAIRS, options={"beta": (1.0, 0.5, 0.0)})
loss("HuberLoss", 2, "delta=delta, ", values=PAIRS, options={"delta": (1.0, 0.5, 2.0)})
loss("BCELoss", values=CHANCES)
loss("BCEWithLogitsLoss", values=(USUAL + FAR, (0.0, 1.0, 0.0, 1.0, 0.5, 0.25, 2.0, -1.0)), scaled=True)
loss("KLDivLoss", 2, "log_target=way, ", values=(PAIRS, CHANCES + (2.0, -1.0, INF)), options={"way": (False, True)},
     margins=False)  # fmt: skip
loss("PoissonNLLLoss", 2, "log_input=way, full=full, ", values=(PAIRS, CHANCES + (2.0, 3.0)), still=(1,),
     options={"way": (False, True), "full": (False, True)}, margins=False)  # fmt: skip
loss("GaussianNLLLoss", 3, "full=full, eps=eps, ", values=(PAIRS, PAIRS, CHANCES + (2.0, 1e-6)),
     options={"full": (False, True), "eps": (1e-6, 0.5)}, margins=False, scaled=True)  # fmt: skip
loss("SoftMarginLoss", values=(PAIRS, SIGNS), still=(1,))
loss("HingeEmbeddingLoss", 2, "margin=margin, ", values=(PAIRS, SIGNS), options={"margin": (1.0, 0.0, -0.5, 2.0)},
     still=(1,), margins=False)  # fmt: skip
CASES["HingeEmbeddingLoss"].values = (PAIRS + (1.0, 2.0, -0.5, 0.0), SIGNS)
loss("MarginRankingLoss", 3, "margin=margin, ", values=(PAIRS[:16], PAIRS[:16], SIGNS), margins=False,
     still=(2,), options={"margin": (1.0, 0.0, -0.5)})  # fmt: skip
NEAR = (0.0, -0.0, 1.0, 2.0, -1.0, 1.0, 0.5)
loss("TripletMarginLoss", 3, "margin=margin, p=p, eps=eps, swap=swap, ", values=NEAR, rows=True, margins=False,
     options={"margin": (1.0, 0.5), "p": (2, 1, 3, 1.5), "eps": (0.0, 1e-6, 0.0), "swap": (False, True)},
     scaled=True)  # fmt: skip
CASES["TripletMarginLoss"].variants = 12
CASES["CosineEmbeddingLoss"] = Case("nn.CosineEmbeddingLoss(margin=margin, reduction='none')(x, y, T.sum(z, -1))", 3,
                                    {"margin": (0.0, 0.5, -0.5)}, ((0.0, 1.0, 0.0, -1.0, 2.0),) * 2
                                    + ((0.25, -0.25, 0.0, 1.0, -1.0),), rows=True, still=(2,),
                                    margins=False)  # fmt: skip
CASES["CrossEntropyLoss"] = Case("nn.CrossEntropyLoss(reduction='none')(x, labels(x))", values=BESIDE + (-INF,) * 3,
                                 rows=True)  # fmt: skip
CASES["cross_entropy_of_chances"] = Case("nn.CrossEntropyLoss(reduction='none')(x, y)", 2, None,
                                         (BESIDE + (-INF,), (0.0, 0.25, 1.0, 0.5)), rows=True)  # fmt: skip
CASES["NLLLoss"] = Case("nn.NLLLoss(reduction='none')(x, labels(x))", values=BESIDE, rows=True)
CASES["MultiMarginLoss"] = Case("nn.MultiMarginLoss(p=p, margin=margin, reduction='none')(x, labels(x))", 1,
                                {"p": (1, 2), "margin": (1.0, 0.5)}, NEAR + (2.5, 1.5, NAN, INF), rows=True,
                                margins=False)  # fmt: skip


class Draw:
    """The inputs and options of a case, the same for the same seed everywhere: nothing but random() is asked."""

    def __init__(self, name, variant, seed=0):
        case = CASES[name]
        random_number = random.Random("%s %d %d" % (name, variant, seed)).random

        def one_of(values):
            return values[int(random_number() * len(values))]

        self.options = {key: one_of(values) for key, values in case.options.items()}
        for key, values in case.options.items() if len(case.options) == 1 else ():
            self.options[key] = values[variant % len(values)]  # each once
        if self.options.get("low") is not None and self.options["low"] >= self.options["high"]:
            self.options["high"] = self.options["low"] + 1.0
        near = []
        for value in self.options.values() if case.margins else ():
            if isinstance(value, float):
                near += [value, -value, *(float(np.nextafter(np.float32(value), np.float32(w))) for w in (-9, 99))]
        self.rows = 48 if case.rows else 72 * case.inputs
        shape = (self.rows, WIDTH) if case.rows else (self.rows,)
        size = int(np.prod(shape))
        self.inputs = [[one_of(values + tuple(near) * 2) for _ in range(size)] for values in case.values]
        for i in range(size if case.inputs > 1 and case.values[0] == case.values[1] else 0):
            at = i // WIDTH if case.rows else i
            if at % 4 == 0:  # a tie
                self.inputs[1][i] = self.inputs[0][i]
            elif at % 4 == 1 and min(case.values[0]) < 0:
                self.inputs[1][i] = -self.inputs[0][i]
        with np.errstate(over="ignore", invalid="ignore"):
            self.inputs = [np.array(a, "f4").reshape(shape) for a in self.inputs]
        self.seeds = np.array([one_of(SEEDS) for _ in range(size)], "f4")

    def seed(self, shape):
        """The gradient that comes from above."""
        return self.seeds[: int(np.prod(shape))].reshape(shape)

    def checksum(self):
        return zlib.crc32(b"".join([a.tobytes() for a in [*self.inputs, self.seeds]] + [repr(self.options).encode()]))


def every():
    """(name, variant) of all that is stored."""
    return [(name, variant) for name, case in CASES.items() for variant in range(case.variants)]
