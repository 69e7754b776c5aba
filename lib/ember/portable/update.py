"""What a training step's update takes: count, stop, check_finite, and the optimizers SGD and Adam.

n elements of a parameter p; g is their gradient, a sum of weights that come to total; m, v, most are state.
"""

from .bind import OFFSET
from .functions import div, sqrt, to_whole

MOST = 0x7FFFFFFF  # of a counter: as many or more


def count(segments, first, last, keep, add, n, counter):
    """counter = counter * keep + n * add, at most 2^31 - 1
    counter [1]
    """
    integers, at = segments[counter >> 24], counter & OFFSET
    integers[at] = min(integers[at] * keep + n * add, MOST)


def stop(segments, first, last, go):
    """the run is finished where go is 0
    go [1]
    """
    return -1 if segments[go >> 24][go & OFFSET] == 0 else None


def check_finite(segments, first, last, squared, n, a, total):
    """ends the run at the first a[i] where not |a[i]| < limit
    limit = |total| * 2^64, or without `squared` |total| * 2^128: below it a[i] / total, or its square, is finite
    a [n], total [1]
    """
    values, limit = segments[a >> 24], abs(segments[total >> 24][total & OFFSET])
    a, limit = a & OFFSET, limit * 2.0**64 * (1.0 if squared else 2.0**64)
    for i in range(first, last):
        if not abs(values[a + i]) < limit:
            return -2 - i
    return None


def sgd(segments, first, last, momentum, nesterov, n, p, g, v, hyper, step, total):
    """G = g / total + weight_decay * p
    with momentum: v = G if step is 0, else momentum * v + (1 - dampening) * G
                   G = G + momentum * v if nesterov, else v
    p = p - lr * G
    p [n], g [n], v [n] with momentum, hyper [4] = lr, momentum, dampening, weight_decay

    A weight_decay of 0 leaves its term out.
    """
    parameters, gradients, velocities = segments[p >> 24], segments[g >> 24], segments[v >> 24]
    floats, at = segments[hyper >> 24], hyper & OFFSET
    lr, factor, dampening, decay = floats[at], floats[at + 1], floats[at + 2], floats[at + 3]
    started = segments[step >> 24][step & OFFSET] != 0
    total = segments[total >> 24][total & OFFSET]
    p, g, v = p & OFFSET, g & OFFSET, v & OFFSET
    for i in range(first, last):
        value = parameters[p + i]
        gradient = div(gradients[g + i], total)
        if decay != 0.0:
            gradient += decay * value
        if momentum:
            velocity = factor * velocities[v + i] + (1.0 - dampening) * gradient if started else gradient
            velocities[v + i] = velocity
            gradient = gradient + factor * velocity if nesterov else velocity
        parameters[p + i] = value - lr * gradient


def adam(segments, first, last, decoupled, amsgrad, n, p, g, m, v, most, hyper, step, total):
    """t = step + 1, G = g / total
    decoupled 0: G = G + weight_decay * p, 1: p = p - (lr * weight_decay) * p
    m = beta1 * m + (1 - beta1) * G
    v = beta2 * v + (1 - beta2) * (G * G)
    amsgrad: most = most where most >= v or most is NaN, else v; s = most, else s = v
    decoupled 2: p = p - (lr * weight_decay) * p where m * p >= 0
    p = p - (lr / (1 - beta1^t)) * (m / (sqrt(s) / sqrt(1 - beta2^t) + eps))
    p [n], g [n], m [n], v [n], most [n] with amsgrad, hyper [5] = lr, beta1, beta2, eps, weight_decay

    A weight_decay of 0 leaves its term out.
    """
    parameters, gradients = segments[p >> 24], segments[g >> 24]
    firsts, seconds, largest = segments[m >> 24], segments[v >> 24], segments[most >> 24]
    floats, at = segments[hyper >> 24], hyper & OFFSET
    lr, beta1, beta2, eps, decay = floats[at], floats[at + 1], floats[at + 2], floats[at + 3], floats[at + 4]
    t = (segments[step >> 24][step & OFFSET] + 1) & 0xFFFFFFFF
    total = segments[total >> 24][total & OFFSET]
    rate = div(lr, 1.0 - to_whole(beta1, t))
    correction = sqrt(1.0 - to_whole(beta2, t))
    p, g, m, v, most = p & OFFSET, g & OFFSET, m & OFFSET, v & OFFSET, most & OFFSET
    for i in range(first, last):
        value = parameters[p + i]
        gradient = div(gradients[g + i], total)
        if decay != 0.0:
            if decoupled == 1:
                value -= lr * decay * value
            elif not decoupled:
                gradient += decay * value
        firsts[m + i] = first_moment = beta1 * firsts[m + i] + (1.0 - beta1) * gradient
        seconds[v + i] = second_moment = beta2 * seconds[v + i] + (1.0 - beta2) * (gradient * gradient)
        if amsgrad:
            before = largest[most + i]
            if before >= second_moment or before != before:
                second_moment = before
            largest[most + i] = second_moment
        if decay != 0.0 and decoupled == 2 and first_moment * value >= 0.0:
            value -= lr * decay * value
        parameters[p + i] = value - rate * div(first_moment, div(sqrt(second_moment), correction) + eps)
