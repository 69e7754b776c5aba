"""Recurrent networks over whole sequences. A row is a step of every sample.

n samples of `steps` steps of `hidden` units; h[t] is a step's state, s the state before it, start before the first; w_r
is w's columns of gate r, w' its transpose; da is the gradient of gates, before their functions.
"""

from .bind import OFFSET
from .functions import relu as rectified
from .functions import sigmoid, tanh


def _places(row, last_first, n, steps, hidden):
    """Of a step: where each sample's state lies, and where its state before lies, or -1 in the first step."""
    t = steps - 1 - row if last_first else row
    before = t + 1 if last_first else t - 1
    for i in range(n):
        yield i, (i * steps + t) * hidden, (i * steps + before) * hidden if row else -1


def _row_of(memory, at, n):
    return [memory[at + k] for k in range(n)]


def _state(h, h_at, start, start_at, i, before, hidden):
    """The state before a step."""
    if before < 0:
        return _row_of(start, start_at + i * hidden, hidden)
    return _row_of(h, h_at + before, hidden)


def _dot(total, state, w, at, width):
    """total + state[0] * w[0, j] + state[1] * w[1, j] + …, a column of w."""
    for value in state:
        total += value * w[at]
        at += width
    return total


def rnn(segments, first, last, relu, reverse, n, steps, hidden, h, w, start):
    """h[t] = f(h[t] + s @ w), f = tanh, or relu if `relu`
    h [n, steps, hidden], w [hidden, hidden], start [n, hidden]

    s is the state before, start in the first step. The sum starts from what h holds and goes over the states in order.
    From the last step to the first if `reverse`.
    """
    states, weights, starts = segments[h >> 24], segments[w >> 24], segments[start >> 24]
    h, w, start = h & OFFSET, w & OFFSET, start & OFFSET
    apply = rectified if relu else tanh
    for row in range(first, last):
        for i, at, before in _places(row, reverse, n, steps, hidden):
            state = _state(states, h, starts, start, i, before, hidden)
            for j in range(hidden):
                states[h + at + j] = apply(_dot(states[h + at + j], state, weights, w + j, hidden), 0.0)


def rnn_grad(segments, first, last, relu, reverse, n, steps, hidden, da, carry, g, h, w):
    """d = carry + g[t]
    da[t] = d * (1 - h[t] * h[t]), or if `relu` 0 where h[t] <= 0, else d
    carry = da[t] @ w'
    da, g, h [n, steps, hidden]; carry [n, hidden]; w [hidden, hidden]

    From the step that was last. The sum goes over the gates in order; w' is w transposed.
    """
    to, carried, gradients = segments[da >> 24], segments[carry >> 24], segments[g >> 24]
    states, weights = segments[h >> 24], segments[w >> 24]
    da, carry, g, h, w = da & OFFSET, carry & OFFSET, g & OFFSET, h & OFFSET, w & OFFSET
    for row in range(first, last):
        for i, at, _ in _places(row, not reverse, n, steps, hidden):
            for j in range(hidden):
                d, y = carried[carry + i * hidden + j] + gradients[g + at + j], states[h + at + j]
                to[da + at + j] = (0.0 if y <= 0.0 else d) if relu else d * (1.0 - y * y)
            gate = _row_of(to, da + at, hidden)
            for k in range(hidden):
                carried[carry + i * hidden + k] = _dot(0.0, gate, weights, w + k * hidden, 1)


def gru(segments, first, last, reverse, n, steps, hidden, h, gates, w, start):
    """r = sigmoid(r + s @ w_r), z = sigmoid(z + s @ w_z), q = q + s @ w_n, n = tanh(n + r * q)
    h[t] = (1 - z) * n + z * s
    h [n, steps, hidden]; start [n, hidden]; gates [n, steps, 4, hidden]: r, z, n, q; w [hidden, 3, hidden]: r, z, n

    s is the state before. Sums as in rnn.
    """
    states, to, weights, starts = segments[h >> 24], segments[gates >> 24], segments[w >> 24], segments[start >> 24]
    h, gates, w, start = h & OFFSET, gates & OFFSET, w & OFFSET, start & OFFSET
    for row in range(first, last):
        for i, at, before in _places(row, reverse, n, steps, hidden):
            state, place = _state(states, h, starts, start, i, before, hidden), gates + 4 * at
            for j in range(2 * hidden):
                to[place + j] = sigmoid(_dot(to[place + j], state, weights, w + j, 3 * hidden))
            for j in range(hidden):
                q = place + 3 * hidden + j
                to[q] = _dot(to[q], state, weights, w + 2 * hidden + j, 3 * hidden)
                new = place + 2 * hidden + j
                to[new] = tanh(to[new] + to[place + j] * to[q])
                z = to[place + hidden + j]
                states[h + at + j] = (1.0 - z) * to[new] + z * state[j]


def gru_grad(segments, first, last, reverse, n, steps, hidden, da, carry, g, gates, h, w, start):
    """d = carry + g[t], dn = d * (1 - z) * (1 - n * n), dz = d * (s - n) * (z * (1 - z))
    dq = dn * r, dr = dn * q * (r * (1 - r)); da[t] = dr, dz, dn, dq
    carry = d * z + dr @ w_r' + dz @ w_z' + dq @ w_n'
    da, gates [n, steps, 4, hidden]; carry, start [n, hidden]; g, h [n, steps, hidden]; w [hidden, 3, hidden]

    From the step that was last. One sum in this order.
    """
    to, carried, gradients, values = segments[da >> 24], segments[carry >> 24], segments[g >> 24], segments[gates >> 24]
    states, weights, starts = segments[h >> 24], segments[w >> 24], segments[start >> 24]
    da, carry, g, gates = da & OFFSET, carry & OFFSET, g & OFFSET, gates & OFFSET
    h, w, start = h & OFFSET, w & OFFSET, start & OFFSET
    for row in range(first, last):
        # The state before is that of the step that comes next here, or start in the last row.
        t = row if reverse else steps - 1 - row
        for i in range(n):
            at, before = (i * steps + t) * hidden, (i * steps + (t + 1 if reverse else t - 1)) * hidden
            state = _state(states, h, starts, start, i, -1 if row == steps - 1 else before, hidden)
            for j in range(hidden):
                r, z, new, q = [values[gates + 4 * at + k * hidden + j] for k in range(4)]
                d = carried[carry + i * hidden + j] + gradients[g + at + j]
                dn = d * (1.0 - z) * (1.0 - new * new)
                place = da + 4 * at + j
                to[place] = dn * q * (r * (1.0 - r))
                to[place + hidden] = d * (state[j] - new) * (z * (1.0 - z))
                to[place + 2 * hidden] = dn
                to[place + 3 * hidden] = dn * r
                carried[carry + i * hidden + j] = d * z
            gate = _row_of(to, da + 4 * at, 2 * hidden) + _row_of(to, da + 4 * at + 3 * hidden, hidden)
            for k in range(hidden):
                spot = carry + i * hidden + k
                carried[spot] = _dot(carried[spot], gate, weights, w + k * 3 * hidden, 1)


def lstm(segments, first, last, reverse, n, steps, hidden, h, c, gates, w, start, start_c):
    """i, f, o = sigmoid(i, f, o + s @ w), g = tanh(g + s @ w)
    c[t] = f * c[t - 1] + i * g, h[t] = o * tanh(c[t])
    h, c [n, steps, hidden]; start, start_c [n, hidden]
    gates [n, steps, 4, hidden], w [hidden, 4, hidden]: i, f, g, o

    s is the state before. Sums as in rnn.
    """
    states, cells, to, weights = segments[h >> 24], segments[c >> 24], segments[gates >> 24], segments[w >> 24]
    starts, start_cells = segments[start >> 24], segments[start_c >> 24]
    h, c, gates, w, start, start_c = (
        h & OFFSET,
        c & OFFSET,
        gates & OFFSET,
        w & OFFSET,
        start & OFFSET,
        start_c & OFFSET,
    )
    for row in range(first, last):
        for i, at, before in _places(row, reverse, n, steps, hidden):
            state, place = _state(states, h, starts, start, i, before, hidden), gates + 4 * at
            cell = _state(cells, c, start_cells, start_c, i, before, hidden)
            for j in range(4 * hidden):
                apply = tanh if j // hidden == 2 else sigmoid
                to[place + j] = apply(_dot(to[place + j], state, weights, w + j, 4 * hidden))
            for j in range(hidden):
                i_, f, g, o = [to[place + k * hidden + j] for k in range(4)]
                cells[c + at + j] = f * cell[j] + i_ * g
                states[h + at + j] = o * tanh(cells[c + at + j])


def lstm_grad(segments, first, last, reverse, n, steps, hidden, da, carry, carry_c, g, gates, c, w, start_c):
    """d = carry + g[t], t = tanh(c[t]), e = carry_c + d * o * (1 - t * t)
    di = e * g * (i * (1 - i)), df = e * c[t - 1] * (f * (1 - f)), dg = e * i * (1 - g * g), do = d * t * (o * (1 - o))
    carry_c = e * f, carry = da[t] @ w'
    da, gates [n, steps, 4, hidden]; carry, carry_c, start_c [n, hidden]; g, c [n, steps, hidden]; w [hidden, 4, hidden]

    From the step that was last. The sum goes over the gates in order.
    """
    to, carried, carried_c = segments[da >> 24], segments[carry >> 24], segments[carry_c >> 24]
    gradients, values, cells = segments[g >> 24], segments[gates >> 24], segments[c >> 24]
    weights, start_cells = segments[w >> 24], segments[start_c >> 24]
    da, carry, carry_c, g = da & OFFSET, carry & OFFSET, carry_c & OFFSET, g & OFFSET
    gates, c, w, start_c = gates & OFFSET, c & OFFSET, w & OFFSET, start_c & OFFSET
    for row in range(first, last):
        t = row if reverse else steps - 1 - row
        for i in range(n):
            at, before = (i * steps + t) * hidden, (i * steps + (t + 1 if reverse else t - 1)) * hidden
            cell = _state(cells, c, start_cells, start_c, i, -1 if row == steps - 1 else before, hidden)
            for j in range(hidden):
                i_, f, new, o = [values[gates + 4 * at + k * hidden + j] for k in range(4)]
                d = carried[carry + i * hidden + j] + gradients[g + at + j]
                bent = tanh(cells[c + at + j])
                e = carried_c[carry_c + i * hidden + j] + d * o * (1.0 - bent * bent)
                place = da + 4 * at + j
                to[place] = e * new * (i_ * (1.0 - i_))
                to[place + hidden] = e * cell[j] * (f * (1.0 - f))
                to[place + 2 * hidden] = e * i_ * (1.0 - new * new)
                to[place + 3 * hidden] = d * bent * (o * (1.0 - o))
                carried_c[carry_c + i * hidden + j] = e * f
            gate = _row_of(to, da + 4 * at, 4 * hidden)
            for k in range(hidden):
                carried[carry + i * hidden + k] = _dot(0.0, gate, weights, w + k * 4 * hidden, 1)
