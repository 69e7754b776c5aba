"""Recurrent layers. Batch first: sequences are [N, L, C], states [N, layers * D, H] (PyTorch's batch_first=True,
whose states have N second all the same). One
instruction runs a whole sequence, so a program is as long for a hundred steps as for one.

N batch, L steps, C features in, H hidden, D directions (1 or 2).
"""

from ..base.check import chance, flag, only, whole
from ..ops import recurrent as rows
from ..ops.reduce import MATMUL
from ..ops.shape import cat
from ..ops.views import stack
from ..tensors.parameter import Parameter, inverse_root
from ..tensors.tensor import apply, current_sink
from . import Module
from .common import Dropout


class Direction(Module):
    """The weights of one direction of one layer."""

    def __init__(self, features, hidden, gates, bias, reverse):
        bound = inverse_root(hidden)
        self.weight_ih = Parameter((features, gates * hidden), -bound, bound)
        self.weight_hh = Parameter((hidden, gates * hidden), -bound, bound)
        self.bias = Parameter((gates * hidden,), -bound, bound) if bias else None
        self.bias_hh = Parameter((hidden,), -bound, bound) if bias and gates == 3 else None  # GRU's c_n
        self.reverse = reverse

    def inputs(self, x):
        """What the input gives each gate of each step: [N, L, gates * H]."""
        return apply(MATMUL, (x, self.weight_ih) if self.bias is None else (x, self.weight_ih, self.bias))


class _Recurrent(Module):
    gates = 1
    batch_first = True
    shown = "input_size hidden_size num_layers=1 bias=True batch_first= dropout=0.0 bidirectional=False"

    def __init__(self, input_size, hidden_size, num_layers=1, bias=True, batch_first=True, dropout=0.0,
                 bidirectional=False):  # fmt: skip
        only("batch_first", batch_first, True)
        flag("bias", bias)
        flag("bidirectional", bidirectional)
        self.input_size = whole("input_size", input_size)
        self.hidden_size = whole("hidden_size", hidden_size)
        self.bias, self.bidirectional, self.dropout = bias, bidirectional, chance("dropout", dropout)
        self.num_layers = whole("num_layers", num_layers)
        self.between, self.layers, features = Dropout(dropout), [], input_size
        for _ in range(num_layers):
            self.layers.append([Direction(features, hidden_size, self.gates, bias, reverse)
                                for reverse in range(2 if bidirectional else 1)])  # fmt: skip
            features = hidden_size * len(self.layers[0])

    def _through(self, x, starts, lengths):
        """The last layer's output, and for each of starts the last states of all, [N, layers * D, H]."""
        if len(x.dims) != 3 or x.dims[2] != self.input_size:
            self.refuse(x, "(N, L, %d)" % self.input_size)
        shape, ends, valid = (x.dims[0], len(self.layers) * len(self.layers[0]), self.hidden_size), [], None
        for start in starts:
            if start is not None and start.dims != shape:
                raise ValueError("%r takes a state of shape %s, got %s" % (self, start.alias(shape).shape, start.shape))
        if lengths is not None:
            from .lengths import Valid

            valid = Valid(lengths, x)
            x = valid.only(x)
        for k in range(len(self.layers)):
            x = self.between(x) if k else x
            outputs = []
            for direction in self.layers[k]:
                begin = [zeros(x.dims[0], self.hidden_size) if s is None else s[:, len(ends)] for s in starts]
                reverse = direction.reverse
                if valid:
                    output, end = self._run(direction, valid.turned(x) if reverse else x, 0, valid, *begin)
                    end = (valid.last(output),) + end
                    output = valid.only(output)
                    output = valid.turned(output) if reverse else output
                else:
                    output, end = self._run(direction, x, reverse, None, *begin)
                    end = (output[:, 0] if reverse else output[:, -1],) + end
                outputs.append(output)
                ends.append(end)
            x = outputs[0] if len(outputs) == 1 else cat(outputs, 2)
        return x, [stack([end[i] for end in ends], 1) for i in range(len(starts))]

    def forward(self, x, state=None, lengths=None):
        output, states = self._through(x, (state,), lengths)
        return output, states[0]


def zeros(*dims):
    sink = current_sink()
    start = sink.new(dims)
    sink.fill(start, 0.0)
    sink.flush()
    return start


# One direction over all steps, given who has the weights: (output, the last of other states).


def rnn(weights, x, reverse, relu, start):
    return apply(rows.RNN, (weights.inputs(x), weights.weight_hh, start), (relu, reverse)), ()


def gru(weights, x, reverse, start):
    bias = zeros(start.dims[-1]) if weights.bias_hh is None else weights.bias_hh
    return apply(rows.GRU, (weights.inputs(x), weights.weight_hh, start, bias), (reverse,)), ()


def lstm(weights, x, reverse, valid, start, start_cell):
    gates, found = weights.inputs(x), []
    if valid:
        gates = valid.held(gates)
    output = apply(rows.LSTM, (gates, weights.weight_hh, start, start_cell), (reverse, found))
    return output, (apply(rows.LAST_CELL, (output,), (reverse, found)),)


class RNN(_Recurrent):
    """h[t] = tanh(x[t] @ weight_ih + h[t - 1] @ weight_hh + bias), or relu of it (Elman, 1990).

    output, state = layer(x, state=None): [N, L, C] to [N, L, D * H], and the last states, [N, layers * D, H]. Layer i
    reads what layer i - 1 made, after dropout. bidirectional: half of the output goes from the last step to the first.
    lengths, [N], says how many steps of each sequence count, from 1 to L: the rest is not looked at, of the output it
    is 0, and states are those of the last step that counts.
    All starts uniform within 1 / sqrt(H). layers[i][d] has the weights [C, H] and [H, H]; there is one bias, where
    PyTorch adds two.
    """

    def __init__(self, input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True, batch_first=True,
                 dropout=0.0, bidirectional=False):  # fmt: skip
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError("nonlinearity is %r; it may be 'tanh' or 'relu'" % (nonlinearity,))
        self.relu = 1 if nonlinearity == "relu" else 0
        _Recurrent.__init__(self, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)

    def _run(self, direction, x, reverse, valid, start):
        return rnn(direction, x, reverse, self.relu, start)


class GRU(_Recurrent):
    """Gated recurrent unit (Cho et al., 2014) as PyTorch computes it: n = tanh(x W_n + b_n + r * (h U_n + c_n)).

    Called as RNN is. Weights are [C, 3 * H] and [H, 3 * H], columns for r, z and n; bias is b, bias_hh c_n [H].
    Backward keeps 5 * H floats a step.
    """

    gates = 3

    def _run(self, direction, x, reverse, valid, start):
        return gru(direction, x, reverse, start)


class LSTM(_Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997) as PyTorch computes it.

    output, (state, cell) = layer(x, (state, cell)=None, lengths=None), each state [N, layers * D, H]; otherwise as RNN.
    Weights are [C, 4 * H] and [H, 4 * H], columns for i, f, g and o. Backward keeps 6 * H floats a step.
    """

    gates = 4

    def _run(self, direction, x, reverse, valid, start, start_cell):
        return lstm(direction, x, reverse, valid, start, start_cell)

    def forward(self, x, state=None, lengths=None):
        output, states = self._through(x, (None, None) if state is None else state, lengths)
        return output, tuple(states)
