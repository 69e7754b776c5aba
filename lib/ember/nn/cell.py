"""Recurrent cells: one step of a recurrent layer. Weights are as those of the layers, in recurrent.py.

N batch, C features in, H hidden.
"""

from ..base.check import flag, whole
from .recurrent import Direction, gru, lstm, rnn, zeros


class _Cell(Direction):
    gates = 1
    shown = "input_size hidden_size bias=True"

    def __init__(self, input_size, hidden_size, bias=True):
        self.input_size = whole("input_size", input_size)
        self.hidden_size = whole("hidden_size", hidden_size)
        Direction.__init__(self, input_size, hidden_size, self.gates, flag("bias", bias), 0)

    def _begin(self, x, states):
        """[N, C] as a sequence of one step, and the states, zeros where there are none."""
        if len(x.dims) != 2 or x.dims[1] != self.input_size:
            self.refuse(x, "(N, %d)" % self.input_size)
        shape, begin = (x.dims[0], self.hidden_size), []
        for state in states:
            if state is not None and state.dims != shape:
                raise ValueError("%r takes a state of shape %s, got %s" % (self, x.alias(shape).shape, state.shape))
            begin.append(zeros(*shape) if state is None else state)
        return x.unsqueeze(1), begin


class RNNCell(_Cell):
    """tanh(x @ weight_ih + state @ weight_hh + bias), or relu of it: [N, C] and a state [N, H] (None: zeros) to the
    next state. There is one bias, where PyTorch adds two."""

    shown = "input_size hidden_size bias=True nonlinearity='tanh'"

    def __init__(self, input_size, hidden_size, bias=True, nonlinearity="tanh"):
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError("nonlinearity is %r; it may be 'tanh' or 'relu'" % (nonlinearity,))
        self.nonlinearity = nonlinearity
        _Cell.__init__(self, input_size, hidden_size, bias)

    def forward(self, x, state=None):
        x, begin = self._begin(x, (state,))
        return rnn(self, x, 0, 1 if self.nonlinearity == "relu" else 0, *begin)[0].squeeze(1)


class GRUCell(_Cell):
    """A step of GRU: [N, C] and a state [N, H] (None: zeros) to the next state."""

    gates = 3

    def forward(self, x, state=None):
        x, begin = self._begin(x, (state,))
        return gru(self, x, 0, *begin)[0].squeeze(1)


class LSTMCell(_Cell):
    """A step of LSTM: [N, C] and (state, cell), [N, H] each (None: zeros), to the next (state, cell)."""

    gates = 4

    def forward(self, x, state=None):
        x, begin = self._begin(x, (None, None) if state is None else state)
        output, (cell,) = lstm(self, x, 0, None, *begin)
        return output.squeeze(1), cell
