"""The optimizers that are used less; SGD and Adam are in update.

n elements of a parameter p; g is their gradient, a sum of weights that come to total; what else is [n] is state.
"""

from .bind import OFFSET
from .functions import div, sqrt, to_whole


def _hyper(segments, address, n):
    floats, at = segments[address >> 24], address & OFFSET
    return [floats[at + i] for i in range(n)]


def _integer(segments, address):
    return segments[address >> 24][address & OFFSET]


def rmsprop(segments, first, last, centered, momentum, n, p, g, v, a, b, hyper, total):
    """G = g / total + weight_decay * p
    v = alpha * v + (1 - alpha) * (G * G)
    if centered: a = alpha * a + (1 - alpha) * G, s = sqrt(v - a * a) + eps, else s = sqrt(v) + eps
    if momentum: b = momentum * b + G / s, p = p - lr * b, else p = p - lr * (G / s)
    p [n], g [n], v [n], a [n] if centered, b [n] if momentum, hyper [5] = lr, alpha, eps, weight_decay, momentum

    A weight_decay of 0 leaves its term out.
    """
    lr, alpha, eps, decay, factor = _hyper(segments, hyper, 5)
    (total,) = _hyper(segments, total, 1)
    parameters, gradients, squares = segments[p >> 24], segments[g >> 24], segments[v >> 24]
    means, moving = segments[a >> 24], segments[b >> 24]
    p, g, v, a, b = p & OFFSET, g & OFFSET, v & OFFSET, a & OFFSET, b & OFFSET
    for i in range(first, last):
        value = parameters[p + i]
        gradient = div(gradients[g + i], total)
        if decay != 0.0:
            gradient += decay * value
        squares[v + i] = size = alpha * squares[v + i] + (1.0 - alpha) * (gradient * gradient)
        if centered:
            means[a + i] = mean = alpha * means[a + i] + (1.0 - alpha) * gradient
            size -= mean * mean
        change = div(gradient, sqrt(size) + eps)
        if momentum:
            moving[b + i] = change = factor * moving[b + i] + change
        parameters[p + i] = value - lr * change


def adagrad(segments, first, last, n, p, g, v, hyper, step, total):
    """G = g / total + weight_decay * p
    v = v + G * G
    p = p - (lr / (1 + step * lr_decay)) * (G / (sqrt(v) + eps))
    p [n], g [n], v [n], hyper [4] = lr, lr_decay, eps, weight_decay

    A weight_decay of 0 leaves its term out.
    """
    lr, lr_decay, eps, decay = _hyper(segments, hyper, 4)
    (total,) = _hyper(segments, total, 1)
    rate = div(lr, 1.0 + float(_integer(segments, step)) * lr_decay)
    parameters, gradients, squares = segments[p >> 24], segments[g >> 24], segments[v >> 24]
    p, g, v = p & OFFSET, g & OFFSET, v & OFFSET
    for i in range(first, last):
        value = parameters[p + i]
        gradient = div(gradients[g + i], total)
        if decay != 0.0:
            gradient += decay * value
        squares[v + i] = size = squares[v + i] + gradient * gradient
        parameters[p + i] = value - rate * div(gradient, sqrt(size) + eps)


def adadelta(segments, first, last, n, p, g, v, a, hyper, total):
    """G = g / total + weight_decay * p
    v = rho * v + (1 - rho) * (G * G)
    d = (sqrt(a + eps) / sqrt(v + eps)) * G
    a = rho * a + (1 - rho) * (d * d)
    p = p - lr * d
    p [n], g [n], v [n], a [n], hyper [4] = lr, rho, eps, weight_decay

    A weight_decay of 0 leaves its term out.
    """
    lr, rho, eps, decay = _hyper(segments, hyper, 4)
    (total,) = _hyper(segments, total, 1)
    parameters, gradients = segments[p >> 24], segments[g >> 24]
    squares, changes = segments[v >> 24], segments[a >> 24]
    p, g, v, a = p & OFFSET, g & OFFSET, v & OFFSET, a & OFFSET
    for i in range(first, last):
        value = parameters[p + i]
        gradient = div(gradients[g + i], total)
        if decay != 0.0:
            gradient += decay * value
        squares[v + i] = size = rho * squares[v + i] + (1.0 - rho) * (gradient * gradient)
        change = div(sqrt(changes[a + i] + eps), sqrt(size + eps)) * gradient
        changes[a + i] = rho * changes[a + i] + (1.0 - rho) * (change * change)
        parameters[p + i] = value - lr * change


def lion(segments, first, last, n, p, g, m, hyper, total):
    """G = g / total, u = beta1 * m + (1 - beta1) * G
    p = p - (lr * weight_decay) * p
    p = p - lr where u > 0, p + lr where u < 0
    m = beta2 * m + (1 - beta2) * G
    p [n], g [n], m [n], hyper [4] = lr, beta1, beta2, weight_decay

    A weight_decay of 0 leaves its term out.
    """
    lr, beta1, beta2, decay = _hyper(segments, hyper, 4)
    (total,) = _hyper(segments, total, 1)
    parameters, gradients, moments = segments[p >> 24], segments[g >> 24], segments[m >> 24]
    p, g, m = p & OFFSET, g & OFFSET, m & OFFSET
    for i in range(first, last):
        value, moment = parameters[p + i], moments[m + i]
        gradient = div(gradients[g + i], total)
        if decay != 0.0:
            value -= lr * decay * value
        way = beta1 * moment + (1.0 - beta1) * gradient
        if way > 0:
            value -= lr
        elif way < 0:
            value += lr
        elif way != way:
            value = way
        parameters[p + i] = value
        moments[m + i] = beta2 * moment + (1.0 - beta2) * gradient


def adan(segments, first, last, n, p, g, m, v, s, before, hyper, step, total):
    """t = step + 1, G = g / total, D = G - before (0 where step is 0), U = G + beta2 * D
    m = beta1 * m + (1 - beta1) * G
    v = beta2 * v + (1 - beta2) * D
    s = beta3 * s + (1 - beta3) * (U * U)
    r = sqrt(s) / sqrt(1 - beta3^t) + eps
    p = (p - ((lr / (1 - beta1^t)) * m + (lr * beta2 / (1 - beta2^t)) * v) / r) / (1 + lr * weight_decay)
    before = G
    p [n], g [n], m [n], v [n], s [n], before [n], hyper [6] = lr, beta1, beta2, beta3, eps, weight_decay
    """
    lr, beta1, beta2, beta3, eps, decay = _hyper(segments, hyper, 6)
    done = _integer(segments, step)
    t, (total,) = (done + 1) & 0xFFFFFFFF, _hyper(segments, total, 1)
    first_rate = div(lr, 1.0 - to_whole(beta1, t))
    second_rate = div(lr * beta2, 1.0 - to_whole(beta2, t))
    correction, shrink = sqrt(1.0 - to_whole(beta3, t)), 1.0 + lr * decay
    parameters, gradients, previous = segments[p >> 24], segments[g >> 24], segments[before >> 24]
    firsts, seconds, sizes = segments[m >> 24], segments[v >> 24], segments[s >> 24]
    p, g, m, v, s, before = p & OFFSET, g & OFFSET, m & OFFSET, v & OFFSET, s & OFFSET, before & OFFSET
    for i in range(first, last):
        gradient = div(gradients[g + i], total)
        change = gradient - previous[before + i] if done else 0.0
        ahead = gradient + beta2 * change
        firsts[m + i] = mean = beta1 * firsts[m + i] + (1.0 - beta1) * gradient
        seconds[v + i] = drift = beta2 * seconds[v + i] + (1.0 - beta2) * change
        sizes[s + i] = size = beta3 * sizes[s + i] + (1.0 - beta3) * (ahead * ahead)
        root = div(sqrt(size), correction) + eps
        parameters[p + i] = div(parameters[p + i] - div(first_rate * mean + second_rate * drift, root), shrink)
        previous[before + i] = gradient
