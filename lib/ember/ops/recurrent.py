"""The op table, continued: recurrent networks over whole sequences, an instruction each way.

N batch, L steps, H hidden. What the input gives every gate of every step is one matrix product before; the gradients of
weights are matrix products after. Gates, in PyTorch's order: LSTM i f g o; GRU r z n, and what r is multiplied with.
"""

from ..instructions import emit
from ..instructions.isa import ADD as INTO_ADD
from ..instructions.isa import WRITE
from .rules import COPY_FN, Op, contribute, hand_on, into_grad, strided, strides_of, summed_grad


def _sizes(x, hidden):
    """n, steps, hidden: what all are told before their operands."""
    n, steps = x.dims[:2]
    return n, steps, hidden


def _shape(inputs, *args):
    return inputs[0].dims[:2] + (inputs[1].dims[0],)


def _working(sink, inputs, saved):
    """A copy of the first input, which the instruction turns into what it keeps."""
    work = sink.new(inputs[0].dims)
    sink.copy(work, inputs[0])
    saved.append(work)
    return work


def _carry(sink, start, gradient=None):
    """The gradient that the last state has, which becomes that of the first."""
    carry = sink.new(start.dims)
    if gradient is None:
        sink.fill(carry, 0.0)
    else:
        sink.copy(carry, gradient)
    return carry


def _weight_grad(sink, w, h, start, da, reverse, blocks):
    """grad w += states before each step, times da. blocks: (columns of w, where they are in da, where in w)."""
    if not w.requires_grad:
        return
    (n, steps, size), width, gates = h.dims, w.dims[1], da.dims[2]
    d, into = into_grad(sink, w)
    first = steps - 1 if reverse else 0
    for count, of_da, of_w in blocks:
        place, gate = d.alias(w.dims, of_w), da.alias(da.dims, of_da)
        # The samples of the first step, of which the state before is start.
        step = da.alias(da.dims, of_da + first * gates)
        emit.matmul(sink, into=into, batch=1, m=size, n=count, k=n, c_batch=0, c_m=width, a_batch=0, a_m=1, a_k=size,
                    b_batch=0, b_k=steps * gates, b_n=1, c=place, a=start, b=step)  # fmt: skip
        if steps > 1:  # sample by sample, into the same place
            states = h.alias(h.dims, size if reverse else 0)
            gate = da.alias(da.dims, of_da + (0 if reverse else gates))
            emit.matmul(sink, into=INTO_ADD, batch=n, m=size, n=count, k=steps - 1, c_batch=0, c_m=width,
                        a_batch=steps * size, a_m=1, a_k=size, b_batch=steps * gates, b_k=gates, b_n=1, c=place,
                        a=states, b=gate)  # fmt: skip


def _pass_on(sink, x, g):
    if x.requires_grad:
        hand_on(sink, x, g)


# RNN: inputs x [N, L, H] (the input's part), w [H, H], start [N, H].


def _rnn_emit(sink, y, inputs, saved):
    x, w, start = inputs
    sink.copy(y, x)
    emit.rnn(sink, saved[0], saved[1], *_sizes(x, w.dims[0]), h=y, w=w, start=start)


def _rnn_grad(sink, y, g, inputs, saved):
    x, w, start = inputs
    relu, reverse = saved
    carry, da = _carry(sink, start), sink.new(x.dims)
    emit.rnn_grad(sink, relu, reverse, *_sizes(x, w.dims[0]), da=da, carry=carry, g=g, h=y, w=w)
    _weight_grad(sink, w, y, start, da, reverse, ((w.dims[1], 0, 0),))
    _pass_on(sink, start, carry)
    _pass_on(sink, x, da)


RNN = Op(_shape, _rnn_emit, _rnn_grad)


# GRU: inputs x [N, L, 3 * H], w [H, 3 * H], start [N, H], and the bias [H] of what r is multiplied with.


def _beside(x, size):
    """Strides and dims of the first three of four blocks, and of the fourth."""
    n, steps = x.dims[:2]
    return (n, steps, 3 * size), (n, steps, size), (steps * 4 * size, 4 * size, 1)


def _gru_emit(sink, y, inputs, saved):
    x, w, start, bias = inputs
    size = w.dims[0]
    three, one, strides = _beside(x, size)
    gates = sink.new(x.dims[:2] + (4 * size,))
    saved.append(gates)
    strided(sink, COPY_FN, WRITE, three, gates, strides, x, strides_of(three))
    strided(sink, COPY_FN, WRITE, one, gates.alias(gates.dims, 3 * size), strides, bias, (0, 0, 1))
    emit.gru(sink, saved[0], *_sizes(x, size), h=y, gates=gates, w=w, start=start)


def _gru_grad(sink, y, g, inputs, saved):
    x, w, start, bias = inputs
    reverse, gates = saved
    size = w.dims[0]
    three, one, strides = _beside(x, size)
    carry, da = _carry(sink, start), sink.new(gates.dims)
    emit.gru_grad(sink, reverse, *_sizes(x, size), da=da, carry=carry, g=g, gates=gates, h=y, w=w, start=start)
    _weight_grad(sink, w, y, start, da, reverse, ((2 * size, 0, 0), (size, 3 * size, 2 * size)))
    _pass_on(sink, start, carry)
    if bias.requires_grad:
        contribute(sink, bias, COPY_FN, one, da.alias(da.dims, 3 * size), strides)
    if x.requires_grad:
        contribute(sink, x, COPY_FN, three, da, strides)


GRU = Op(_shape, _gru_emit, _gru_grad)


# LSTM: inputs x [N, L, 4 * H], w [H, 4 * H], start [N, H], start of the cell [N, H]. Its second argument is a list, to
# which it gives the cells [N, L, H]; LAST_CELL takes the last of them, and leaves the gradient that it gets there.


def _lstm_emit(sink, y, inputs, saved):
    x, w, start, start_cell = inputs
    gates, cells = _working(sink, inputs, saved), sink.new(y.dims)
    saved[1].append(cells)
    emit.lstm(sink, saved[0], *_sizes(x, w.dims[0]), h=y, c=cells, gates=gates, w=w, start=start, start_c=start_cell)


def _lstm_grad(sink, y, g, inputs, saved):
    x, w, start, start_cell = inputs
    reverse, found, gates = saved
    carry, da = _carry(sink, start), sink.new(x.dims)
    carry_cell = _carry(sink, start_cell, found[1] if len(found) > 1 else None)
    emit.lstm_grad(sink, reverse, *_sizes(x, w.dims[0]), da=da, carry=carry, carry_c=carry_cell, g=g, gates=gates,
                   c=found[0], w=w, start_c=start_cell)  # fmt: skip
    _weight_grad(sink, w, y, start, da, reverse, ((w.dims[1], 0, 0),))
    _pass_on(sink, start, carry)
    _pass_on(sink, start_cell, carry_cell)
    _pass_on(sink, x, da)


LSTM = Op(_shape, _lstm_emit, _lstm_grad)


def _last_cell_emit(sink, y, inputs, saved):
    reverse, found = saved
    n, steps, size = inputs[0].dims
    last = found[0].alias(inputs[0].dims, 0 if reverse else (steps - 1) * size)
    strided(sink, COPY_FN, WRITE, (n, size), y, (size, 1), last, (steps * size, 1))


def _last_cell_grad(sink, y, g, inputs, saved):
    summed_grad(sink, inputs[0])  # so that the sequence has one, if nothing else asks for it
    saved[1].append(g)


LAST_CELL = Op(lambda inputs, *args: (inputs[0].dims[0], inputs[0].dims[2]), _last_cell_emit, _last_cell_grad)
