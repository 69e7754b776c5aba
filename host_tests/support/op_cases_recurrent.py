"""Cases of recurrent layers: against loops over steps in NumPy, and the gradients of these loops."""

import numpy as np

from ember import nn
from op_cases import covers


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rnn_step(x, h, c, w, u, b, relu):
    a = x @ w + h @ u + b
    return (np.maximum(a, 0) if relu else np.tanh(a)), c


def gru_step(x, h, c, w, u, b, relu):
    size = h.shape[1]
    b, c_n = b
    a = x @ w + b
    r, z = (sigmoid(a[:, k * size : (k + 1) * size] + h @ u[:, k * size : (k + 1) * size]) for k in (0, 1))
    q = c_n + h @ u[:, 2 * size :]
    return (1 - z) * np.tanh(a[:, 2 * size :] + r * q) + z * h, c


def lstm_step(x, h, c, w, u, b, relu):
    i, f, g, o = np.split(x @ w + h @ u + b, 4, 1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


STEP = {"RNN": rnn_step, "GRU": gru_step, "LSTM": lstm_step}
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def run(name, relu, layers, x, start, start_c, weights):
    """The output and all last states and cells side by side."""
    ends, k = [], 0
    for directions in layers:
        outputs = []
        for reverse in range(directions):
            each = 4 if name == "GRU" else 3
            w, u, *b = weights[each * k : each * k + each]
            b = b if name == "GRU" else b[0]
            h, c, found = start[:, k], start_c[:, k], [None] * x.shape[1]
            for t in reversed(range(x.shape[1])) if reverse else range(x.shape[1]):
                h, c = STEP[name](x[:, t], h, c, w, u, b, relu)
                found[t] = h
            ends += [h, c] if name == "LSTM" else [h]
            outputs.append(np.stack(found, 1))
            k += 1
        x = np.concatenate(outputs, 2)
    return np.concatenate([x.reshape(len(x), -1)] + ends, 1)


def slopes(f, inputs, g, h=1e-6):
    """The gradient of the loops by central differences: there is no formula but the loops themselves."""
    found = []
    for a in inputs:
        d = np.zeros_like(a)
        for i in np.ndindex(a.shape):
            kept = a[i]
            a[i] = kept + h
            up = (f(*inputs) * g).sum()
            a[i] = kept - h
            d[i] = (up - (f(*inputs) * g).sum()) / (2 * h)
            a[i] = kept
        found.append(d)
    return found


@covers("RNN", "GRU", "LSTM", "LAST_CELL")
def recurrent(d):
    name, relu = d.choice(("RNN", "GRU", "LSTM")), d.choice((0, 0, 1))
    n, steps, features, hidden = d.choice((1, 2)), d.choice((1, 2, 3)), d.choice((1, 2)), d.choice((1, 2))
    layers = d.choice(((1,), (1,), (1, 1), (2,)))
    more = {"nonlinearity": "relu" if relu else "tanh"} if name == "RNN" else {}
    layer = getattr(nn, name)(features, hidden, len(layers), bidirectional=layers[0] == 2, **more)
    cells_alone = name == "LSTM" and d.choice((False, False, True))  # then nothing asks for the sequence
    gates, each = GATES[name], 4 if name == "GRU" else 3
    count, weights = sum(layers), []
    for k in range(count):
        width = features if k < layers[0] else hidden * layers[0]
        weights += [d.normal((width, gates * hidden)), d.normal((hidden, gates * hidden)), d.normal((gates * hidden,))]
        weights += [d.normal((hidden,))] if name == "GRU" else []
    inputs = [d.normal((n, steps, features)), d.normal((n, count, hidden))]
    inputs += [d.normal((n, count, hidden))] if name == "LSTM" else []
    first = len(inputs)

    def in_ember(x, *rest):
        given, k = rest[first - 1 :], 0
        for directions in layer.layers:
            for direction in directions:
                own = given[each * k : each * k + each]
                names = ("weight_ih", "weight_hh", "bias", "bias_hh")
                vars(direction).update(zip(names, own if name == "GRU" else own[:3] + (None,)))
                k += 1
        state = rest[0] if name != "LSTM" else rest[:2]
        output, end = layer(x, state)
        ends = [end] if name != "LSTM" else list(end)
        from ember import cat

        found = [] if cells_alone else [output.flatten(1)]
        ends = ends[-1:] if cells_alone else ends
        for k in range(count):
            found += [e[:, k] for e in ends]
        return cat(found, 1)

    def in_numpy(x, start, *rest):
        start_c, given = (rest[0], rest[1:]) if name == "LSTM" else (start, rest)
        found = run(name, relu, layers, x, start, start_c, given)
        if cells_alone:
            found = found[:, -2 * count * hidden :].reshape(len(x), count, 2, hidden)[:, :, 1].reshape(len(x), -1)
        return found

    return inputs + weights, in_ember, in_numpy, lambda g, *inputs: slopes(in_numpy, [np.array(a) for a in inputs], g)
