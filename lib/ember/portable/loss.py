"""Softmax, cross entropy, and the checks and counts that labels need.

n rows of width elements, one a class; label is the row's class, g the gradient of what the forward kernel wrote.
"""

from .bind import OFFSET
from .functions import INF, exp, log, maximum
from .update import MOST


def _greatest(x, at, width):
    greatest = x[at]
    for i in range(at + 1, at + width):
        greatest = maximum(greatest, x[i])
    return greatest


def _exponentials(y, y_at, x, x_at, width):
    """y = exp(x - greatest). Returns the greatest and the sum."""
    greatest, total = _greatest(x, x_at, width), 0.0
    for _ in range(width):
        e = exp(x[x_at] - greatest)
        y[y_at] = e
        total += e
        x_at += 1
        y_at += 1
    return greatest, total


def softmax(segments, first, last, form, n, width, y, x):
    """m = max over j of x[i, j], e[j] = exp(x[i, j] - m), s = sum over j of e[j]
    form 0: y[i, j] = e[j] / s, 1: y[i, j] = (x[i, j] - m) - log(s), 2: as 0, but 0 where m is -inf
    y [n, width], x [n, width]
    """
    to, source = segments[y >> 24], segments[x >> 24]
    for row in range(first, last):
        y_at, x_at = (y & OFFSET) + row * width, (x & OFFSET) + row * width
        if form == 1:
            _log_softmax(to, y_at, source, x_at, width)
        elif form == 2 and _greatest(source, x_at, width) == -INF:
            for i in range(y_at, y_at + width):
                to[i] = 0.0
        else:
            total = _exponentials(to, y_at, source, x_at, width)[1]
            for i in range(y_at, y_at + width):
                to[i] /= total


def _log_softmax(y, y_at, x, x_at, width):
    greatest, total = _greatest(x, x_at, width), 0.0
    for i in range(x_at, x_at + width):
        total += exp(x[i] - greatest)
    total = log(total)
    for i in range(width):
        y[y_at + i] = (x[x_at + i] - greatest) - total


def softmax_grad(segments, first, last, log, into, n, width, dx, y, g):
    """log 0: dx[i, j] = into(dx[i, j], y[i, j] * (g[i, j] - (sum over k of g[i, k] * y[i, k])))
    log 1: dx[i, j] = into(dx[i, j], g[i, j] - exp(y[i, j]) * (sum over k of g[i, k]))
    dx [n, width], y [n, width], g [n, width]
    """
    to, results, gradients = segments[dx >> 24], segments[y >> 24], segments[g >> 24]
    for row in range(first, last):
        at = row * width
        to_at, y_at, g_at = (dx & OFFSET) + at, (y & OFFSET) + at, (g & OFFSET) + at
        dot = 0.0
        for i in range(width):
            dot += gradients[g_at + i] if log else gradients[g_at + i] * results[y_at + i]
        for i in range(width):
            if log:
                value = gradients[g_at + i] - exp(results[y_at + i]) * dot
            else:
                value = results[y_at + i] * (gradients[g_at + i] - dot)
            to[to_at + i] = to[to_at + i] + value if into else value


def cross_entropy(segments, first, last, n, width, loss, p, x, label):
    """m = max over j of x[i, j], e[j] = exp(x[i, j] - m), s = sum over j of e[j]
    p[i, j] = e[j] / s, loss[i] = log(s) - (x[i, label[i]] - m)
    loss [n], p [n, width], x [n, width], label [n]

    A fault where label[i] is not 0 .. width - 1.
    """
    losses, to, source, labels = segments[loss >> 24], segments[p >> 24], segments[x >> 24], segments[label >> 24]
    for row in range(first, last):
        wanted = labels[(label & OFFSET) + row]
        if not 0 <= wanted < width:
            return row
        p_at, x_at = (p & OFFSET) + row * width, (x & OFFSET) + row * width
        value = source[x_at + wanted]  # before p, which may lie in the same place
        greatest, total = _exponentials(to, p_at, source, x_at, width)
        for i in range(p_at, p_at + width):
            to[i] /= total
        losses[(loss & OFFSET) + row] = log(total) - (value - greatest)


def cross_entropy_grad(segments, first, last, into, n, width, dx, p, label, g):
    """dx[i, j] = into(dx[i, j], (p[i, j] - (1 where j is label[i], else 0)) * g[i])
    dx [n, width], p [n, width], label [n], g [n]

    A fault where label[i] is not 0 .. width - 1.
    """
    to, source, labels, gradients = segments[dx >> 24], segments[p >> 24], segments[label >> 24], segments[g >> 24]
    for row in range(first, last):
        wanted = labels[(label & OFFSET) + row]
        if not 0 <= wanted < width:
            return row
        to_at, p_at = (dx & OFFSET) + row * width, (p & OFFSET) + row * width
        gradient = gradients[(g & OFFSET) + row]
        for j in range(width):
            value = (source[p_at + j] - (1.0 if j == wanted else 0.0)) * gradient
            to[to_at + j] = to[to_at + j] + value if into else value


def check_index(segments, first, last, n, high, index):
    """a fault at the first i whose index[i] is not 0 .. high - 1
    index [n]
    """
    indices, at = segments[index >> 24], index & OFFSET
    for row in range(first, last):
        if not 0 <= indices[at + row] < high:
            return row


def count_correct(segments, first, last, n, width, counter, x, label):
    """counter = counter + how many rows i have their first maximum of x[i, j] at j = label[i]
    counter [1], x [n, width], label [n]

    NaN counts as the maximum. A fault where label[i] is not 0 .. width - 1.
    """
    integers, source, labels = segments[counter >> 24], segments[x >> 24], segments[label >> 24]
    at = counter & OFFSET
    for row in range(first, last):
        wanted = labels[(label & OFFSET) + row]
        if not 0 <= wanted < width:
            return row
        x_at = (x & OFFSET) + row * width
        best, where = -INF, -1
        for j in range(width):
            value = source[x_at + j]
            if where < 0 or value > best or value != value:
                best, where = value, j
                if value != value:
                    break
        if where == wanted:
            integers[at] = min(integers[at] + 1, MOST)
