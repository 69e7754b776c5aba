"""The op table, continued: normal numbers, and noise made of them."""

from ..instructions.program import COUNT
from . import common, rules

SECOND = 1 << 29  # how far off the stream of the second number is: no other stream is as far
TURN = 13176795 / 2097152  # 2 pi


def normal(sink, fresh, n, width, stream, d, scratch, sample):
    """d = numbers of mean 0 and variance 1, each of two uniform ones (Box and Muller, 1958): of the same element and
    step, the first drawn from stream, the second from stream + SECOND. sample: as in Sink.uniform."""
    sink.uniform(fresh, n, width, stream, d, 1.0, 0.0, sample)  # above 0, where the logarithm is finite
    sink.map(rules.LOG_FN, d, d)
    sink.map(rules.MUL_FN, d, d, sink.scalar(-2.0))
    sink.map(rules.SQRT_FN, d, d)
    sink.uniform(fresh, n, width, stream + SECOND, scratch, 0.0, TURN, sample)
    sink.map(rules.COS_FN, scratch, scratch)
    sink.map(rules.MUL_FN, d, d, scratch)


def _noise(sink, y, inputs, saved):
    n, width = common.samples(y.dims)
    normal(sink, 1, n, width, sink.stream(), y, sink.new(y.dims), COUNT)
    sink.map(rules.MUL_FN, y, y, sink.scalar(saved[0]))
    sink.map(rules.ADD_FN, y, y, inputs[0])


def _noise_grad(sink, y, g, inputs, saved):
    rules.hand_on(sink, inputs[0], g)


NOISE = rules.Op(rules.same, _noise, _noise_grad, False)
