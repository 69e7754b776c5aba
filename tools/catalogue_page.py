"""Generates docs/catalogue.md: what each operation, layer and loss of the catalogue is, the instructions that it uses
forward and backward, and the bytes of scratch it takes on a small example. A recording of the example says so.

    python tools/catalogue_page.py            writes it
    python tools/catalogue_page.py --check    exits with 1 where it is not current
"""

import inspect
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "lib"), str(ROOT / "host_tests" / "support")]

import ember  # noqa: E402
from catalogue_list import DIFFERENTIABLE, PARTS, find  # noqa: E402
from ember import nn  # noqa: E402
from ember.instructions import isa, table  # noqa: E402
from ember.recording.build import build  # noqa: E402
from ember.recording.recording import Recording  # noqa: E402
from ember.tensors.sink import numel  # noqa: E402
from ember.tensors.tensor import use  # noqa: E402

PAGE = ROOT / "docs" / "catalogue.md"

INTRODUCTION = """\
# The catalogue

Made by tools/catalogue_page.py from recordings of the examples: do not edit. x and y are float32 of shape (4, 6),
image (2, 8, 8, 4), sequence (2, 8, 4), weight (6, 6, 2); all take gradients. labels (4,) and columns (4, 6) are
whole numbers, sign (4,) is 1 or -1. Scratch is what lives at once while the example runs forward and
backward, in bytes: results, gradients in between, and what the gradient needs. Backward begins by copying the gradient
that it starts from: one map.

Compare by `x.eq(y)` and `x.ne(y)`, or `>`, `<`, `>=`, `<=`. `x == y` asks whether both are one tensor, since
MicroPython makes a bool of whatever `==` returns.
"""

# The others are called with x alone (losses with x and y).
PAIR = (
    "add sub mul div remainder pow atan2 minimum maximum eq ne lt le gt ge hypot fmod floor_divide logaddexp "
    "logical_and logical_or logical_xor"
)
EXAMPLES = {name: "ember.%s(x, y)" % name for name in PAIR.split()}
EXAMPLES.update({
    "clamp": "x.clamp(-1, 1)", "where": "ember.where(x > 0, x, y)", "masked_fill": "x.masked_fill(x > 0, 0.0)",
    "lerp": "ember.lerp(x, y, 0.5)", "reshape": "x.reshape(6, 4)", "unsqueeze": "x.unsqueeze(1)",
    "permute": "x.permute(1, 0)", "transpose": "x.transpose(0, 1)", "flip": "x.flip(1)", "roll": "x.roll(2, 1)",
    "expand": "x.unsqueeze(1).expand(4, 3, 6)", "repeat": "x.repeat(1, 2)", "cat": "ember.cat([x, y], 1)",
    "stack": "ember.stack([x, y])", "split": "x.split(3, 1)[0]", "chunk": "x.chunk(2, 1)[0]",
    "pad": "x.pad((1, 1))", "topk": "x.topk(2)[0]", "sort": "x.sort(1)[0]", "outer": "ember.outer(x[0], y[0])",
    "dot": "ember.dot(x[0], y[0])", "matmul": "x @ y.T", "softmax": "x.softmax(1)", "prod": "x.prod(1)",
    "log_softmax": "x.log_softmax(1)", "softmin": "x.softmin(1)", "logsumexp": "x.logsumexp(1)",
    "cumsum": "x.cumsum(1)", "cumprod": "x.cumprod(1)", "argmax": "x.argmax(1)", "argmin": "x.argmin(1)",
    "view": "x.view(6, 4)", "select": "x.select(1, 2)", "mm": "x.mm(y.t())", "clip": "x.clip(-1, 1)",
    "bmm": "sequence.bmm(sequence.transpose(1, 2))",
    "median": "x.median(1)[0]", "cummax": "x.cummax(1)[0]", "tile": "x.tile(2)",
    "repeat_interleave": "x.repeat_interleave(2, 1)", "rfft": "ember.rfft(x, 8)",
    "irfft": "ember.irfft(x.reshape(4, 3, 2), 4)", "power_spectrum": "ember.power_spectrum(x, 8)",
    "stft": "ember.stft(sequence.transpose(1, 2), 4, 2)", "spectrogram": "ember.spectrogram(x, 4, 2)",
    "log_mel": "ember.log_mel(x, 8000, 4, 2, 2)", "mfcc": "ember.mfcc(x, 8000, 4, 2, 2, 2)",
    "biquad": "ember.biquad(sequence, [0.2, 0.4, 0.2, -0.5, 0.3], dim=1)",
    "prelu": "ember.prelu(x, y[0])", "threshold": "x.threshold(0.1, 0.0)",
    "Threshold": "nn.Threshold(0.1, 0.0)(x)", "Softmax": "nn.Softmax(1)(x)", "LogSoftmax": "nn.LogSoftmax(1)(x)",
    "Softmin": "nn.Softmin(1)(x)", "Linear": "nn.Linear(6, 3)(x)", "Conv2d": "nn.Conv2d(4, 4, 3, padding=1)(image)",
    "MaxPool2d": "nn.MaxPool2d(2)(image)", "AvgPool2d": "nn.AvgPool2d(2)(image)", "Dropout": "nn.Dropout(0.5)(x)",
    "BatchNorm2d": "nn.BatchNorm2d(4, track_running_stats=False)(image)",
    "LayerNorm": "nn.LayerNorm(6)(x)", "RMSNorm": "nn.RMSNorm(6)(x)",
    "GroupNorm": "nn.GroupNorm(2, 4)(image)", "Sequential": "nn.Sequential(nn.Tanh(), nn.Flatten())(x)",
    "Bilinear": "nn.Bilinear(6, 6, 2)(x, y)", "BCELoss": "nn.BCELoss()(x.sigmoid(), y.detach().sigmoid())",
    "GaussianNLLLoss": "nn.GaussianNLLLoss()(x, y.detach(), y.exp())",
    "MarginRankingLoss": "nn.MarginRankingLoss()(x, y, y.detach())",
    "TripletMarginLoss": "nn.TripletMarginLoss()(x, y, x + y)",
    "TripletMarginWithDistanceLoss": "nn.TripletMarginWithDistanceLoss()(x, y, x + y)",
    "MultiLabelMarginLoss": "nn.MultiLabelMarginLoss()(x, columns)",
    "index_select": "x.index_select(1, [0, 2])", "gather": "x.gather(1, columns)",
    "scatter_add": "x.scatter_add(1, columns, y)", "take_along_dim": "x.take_along_dim(columns, 1)",
    "one_hot": "ember.one_hot(labels, 6)", "bilinear": "ember.bilinear(x, y, weight)",
    "Conv1d": "nn.Conv1d(4, 4, 3, padding=1)(sequence)", "ConvTranspose1d": "nn.ConvTranspose1d(4, 4, 2, 2)(sequence)",
    "ConvTranspose2d": "nn.ConvTranspose2d(4, 4, 2, 2)(image)", "MaxPool1d": "nn.MaxPool1d(2)(sequence)",
    "AvgPool1d": "nn.AvgPool1d(2)(sequence)", "AdaptiveAvgPool1d": "nn.AdaptiveAvgPool1d(3)(sequence)",
    "AdaptiveAvgPool2d": "nn.AdaptiveAvgPool2d(3)(image)",
    "BatchNorm1d": "nn.BatchNorm1d(6, track_running_stats=False)(x)",
    "InstanceNorm1d": "nn.InstanceNorm1d(4)(sequence)", "InstanceNorm2d": "nn.InstanceNorm2d(4)(image)",
    "Embedding": "nn.Embedding(6, 3)(labels)", "RNN": "nn.RNN(4, 4)(sequence)[0]",
    "GRU": "nn.GRU(4, 4)(sequence)[0]", "LSTM": "nn.LSTM(4, 4)(sequence)[0]",
    "RNNCell": "nn.RNNCell(6, 4)(x)", "GRUCell": "nn.GRUCell(6, 4)(x)", "LSTMCell": "nn.LSTMCell(6, 4)(x)[0]",
    "MultiheadAttention": "nn.MultiheadAttention(4, 2)(sequence, sequence, sequence)[0]",
    "TransformerEncoderLayer": "nn.TransformerEncoderLayer(4, 2, 8)(sequence)",
    "SinusoidalEncoding": "nn.SinusoidalEncoding(4, 8)(sequence)",
    "RotaryEncoding": "nn.RotaryEncoding(4, 8)(sequence)", "Upsample": "nn.Upsample(scale_factor=2)(image)",
    "PixelShuffle": "nn.PixelShuffle(2)(image)", "NLLLoss": "nn.NLLLoss()(x, labels)",
    "CrossEntropyLoss": "nn.CrossEntropyLoss()(x, labels)",
    "CosineEmbeddingLoss": "nn.CosineEmbeddingLoss()(x, y, sign)",
    "MultiMarginLoss": "nn.MultiMarginLoss()(x, labels)",
    "CTCLoss": "nn.CTCLoss()(sequence.log_softmax(2), [[1, 2], [3, 1]], [8, 8], [2, 2])",
})  # fmt: skip

# Shapes of what the examples take; and what has whole numbers.
SHAPES = {"x": (4, 6), "y": (4, 6), "image": (2, 8, 8, 4), "sequence": (2, 8, 4), "weight": (6, 6, 2)}
GIVEN = {"labels": (4,), "columns": (4, 6)}


def example_of(title, name):
    if title == "Losses":
        default = "nn.%s()(x, y.detach())"
    else:
        default = "x.%s()" if title == "Operations" else "nn.%s()(x)"
    return EXAMPLES.get(name, default % name)


def recorded(example):
    """(opcodes forward, opcodes backward, bytes of scratch), or None where the example cannot be recorded."""
    emitted = []

    class Watched(Recording):
        def emit(self, opcode, *fields):
            emitted.append(opcode)
            Recording.emit(self, opcode, *fields)

        def constant(self, x):  # an example makes its layer itself, at every recording a new one
            return x.detach()

    def body(r):
        tensors = {}
        for name, dims in SHAPES.items():
            size = abs(numel(dims))
            tensors[name] = r.at(r.keep(name, size), dims)
            tensors[name].requires_grad = True
            tensors[name].grad = r.at(r.keep("gradient of " + name, size), dims)
        for k, (name, dims) in enumerate(GIVEN.items()):
            r.bound.append((isa.TYPES.index("B"), numel(dims), 0))
            tensors[name] = r.at((isa.FIRST_BOUND + k) << 24, dims)
            tensors[name].dtype = "B"
        tensors["sign"] = r.at(r.keep("sign", 4), (4,))
        with use(r):
            del emitted[:]
            y = eval(example, {"ember": ember, "nn": nn}, tensors)
            emitted.append(None)
            if y.requires_grad:
                seed = r.at(r.keep("seed", abs(y.numel())), y.dims)
                y.backward(seed)
            r.section("all")

    try:
        plan, _, _ = build(1, body, kind=Watched)
    except (ValueError, TypeError, AttributeError, RuntimeError, NotImplementedError):
        return None
    middle = emitted.index(None)
    return emitted[:middle], emitted[middle + 1 :], 4 * plan.activations


def instructions(opcodes):
    """Their names, each once, with how often."""
    names = [table.TABLE[opcode][table.NAME] for opcode in opcodes]
    return ", ".join("%s%s" % (n, " ×%d" % names.count(n) if names.count(n) > 1 else "") for n in dict.fromkeys(names))


def page():
    lines = [INTRODUCTION]
    for title, place, names in PARTS:
        full = title in DIFFERENTIABLE
        lines.append("\n## %s (`%s`)\n" % (title, place))
        lines.append("| name | what it is |" + (" example | forward | backward | scratch |" if full else ""))
        lines.append("|---|---|" + ("---|---|---|---:|" if full else ""))
        for name in names:
            try:
                found = find(place, name)
            except AttributeError:
                continue
            said = re.split(r"(?<=[.;:])\s|\n\n", inspect.cleandoc(found.__doc__ or ""))[0].replace("\n", " ")
            row = "| %s | %s |" % (name, said.rstrip(";:").replace("|", "\\|"))
            if full:
                example = example_of(title, name)
                said = recorded(example)
                row += " `%s` | %s | %s | %d |" % (
                    example, instructions(said[0]), instructions(said[1]), said[2]) if said else " | | | |"  # fmt: skip
            lines.append(row)
    return "\n".join(lines) + "\n"


def main():
    text = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text() != text:
            sys.exit("%s is not current: make generate" % PAGE.relative_to(ROOT))
        return
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
