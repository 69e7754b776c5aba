"""Convolution and pooling. Images are [n, h, w, channels], weights [k_h, k_w, c, groups * f].

An output position o and a position k of the kernel meet the input at o * s - p + k * d (stride, padding, dilation);
what lies outside the image is left out. Output channel o is of group o // f, which reads c input channels of its own.
"""

from .elementwise import INF, OFFSET


def _dot(total, values, places, weight, at):
    """total plus the values times the weights at their places, in order."""
    for i in range(len(values)):
        total += values[i] * weight[places[i] + at]
    return total


def conv2d(segments, first, last, into, n, h, w, c, f, groups, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, d_h, d_w,
           y, x, weight):  # fmt: skip
    """y[n, o_h, o_w, o] = into(y, sum over k_h, k_w, i of x[n, i_h, i_w, group * c + i] * weight[k_h, k_w, i, o])

    i_h = o_h * s_h - p_h + k_h * d_h, and so i_w; group = o // f; into 1 starts from y.
    """
    to, source, weights = segments[y >> 24], segments[x >> 24], segments[weight >> 24]
    weight &= OFFSET
    wide = groups * f
    for row in range(first, last):
        image, top = row // out_h * h, row % out_h * s_h - p_h
        to_at = (y & OFFSET) + row * out_w * wide
        for column in range(out_w):
            left = column * s_w - p_w
            for group in range(groups):
                values, places = [], []
                for k in range(k_h * k_w):
                    i_h, i_w = top + k // k_w * d_h, left + k % k_w * d_w
                    if 0 <= i_h < h and 0 <= i_w < w:
                        at = (x & OFFSET) + (((image + i_h) * w + i_w) * groups + group) * c
                        place = weight + k * c * wide
                        for i in range(at, at + c):
                            values.append(source[i])
                            places.append(place)
                            place += wide
                for o in range(group * f, group * f + f):
                    to[to_at + o] = _dot(to[to_at + o] if into else 0.0, values, places, weights, o)
            to_at += wide


def _output(i, p, k, d, s, count):
    """The output position whose window has its element k at input position i, or -1."""
    o = i + p - k * d
    return o // s if o % s == 0 and 0 <= o < count * s else -1


def conv2d_grad_input(segments, first, last, into, n, h, w, c, f, groups, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w,
                      d_h, d_w, dx, g, weight):  # fmt: skip
    """dx[n, i_h, i_w, i] = into(dx, sum over k_h, k_w, o of g[n, o_h, o_w, o] * weight[k_h, k_w, i % c, o])

    over the output channels o of i's group, i // c, and the output positions o_h, o_w that meet i_h, i_w at k_h, k_w;
    into 1 starts from dx.
    """
    to, gradients, weights = segments[dx >> 24], segments[g >> 24], segments[weight >> 24]
    weight &= OFFSET
    wide = groups * f
    for row in range(first, last):
        image, i_h = row // h * out_h, row % h
        to_at = (dx & OFFSET) + row * w * groups * c
        for i_w in range(w):
            for group in range(groups):
                values, places = [], []
                for k in range(k_h * k_w):
                    o_h = _output(i_h, p_h, k // k_w, d_h, s_h, out_h)
                    o_w = _output(i_w, p_w, k % k_w, d_w, s_w, out_w)
                    if o_h >= 0 and o_w >= 0:
                        at = (g & OFFSET) + ((image + o_h) * out_w + o_w) * wide + group * f
                        place = weight + k * c * wide + group * f
                        for i in range(f):
                            values.append(gradients[at + i])
                            places.append(place + i)
                for i in range(c):
                    to[to_at] = _dot(to[to_at] if into else 0.0, values, places, weights, i * wide)
                    to_at += 1


def conv2d_grad_weight(segments, first, last, into, n, h, w, c, f, groups, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w,
                       d_h, d_w, dw, x, g):  # fmt: skip
    """dw[k_h, k_w, i, o] = into(dw, sum over n, o_h, o_w of x[n, i_h, i_w, group * c + i] * g[n, o_h, o_w, o])

    i_h = o_h * s_h - p_h + k_h * d_h, and so i_w; group = o // f; into 1 starts from dw.
    """
    to, source, gradients = segments[dw >> 24], segments[x >> 24], segments[g >> 24]
    wide, deep = groups * f, groups * c
    for row in range(first, last):
        k = row // c
        down, right = k // k_w * d_h - p_h, k % k_w * d_w - p_w
        left = max(0, (-right + s_w - 1) // s_w)  # the output columns from left on, as many as are in the image
        columns = max(0, min(out_w, (w - 1 - right) // s_w + 1) - left)
        for o in range(wide):
            to_at = (dw & OFFSET) + row * wide + o
            channel = (x & OFFSET) + o // f * c + row % c
            total = to[to_at] if into else 0.0
            for line in range(n * out_h):
                i_h = line % out_h * s_h + down
                if 0 <= i_h < h:
                    x_at = channel + ((line // out_h * h + i_h) * w + left * s_w + right) * deep
                    g_at = (g & OFFSET) + (line * out_w + left) * wide + o
                    for _ in range(columns):
                        total += source[x_at] * gradients[g_at]
                        x_at += s_w * deep
                        g_at += wide
            to[to_at] = total


def _best(x, at, i_h, i_w, h, w, c, k_h, k_w):
    """Where the window at i_h, i_w has its maximum, or -1: the first of equals, the first NaN before all."""
    best, where = -INF, -1
    for row in range(max(0, i_h), min(h, i_h + k_h)):
        for column in range(max(0, i_w), min(w, i_w + k_w)):
            here = at + (row * w + column) * c
            value = x[here]
            if where < 0 or value > best or (value != value and best == best):
                best, where = value, here
    return where


def max_pool2d(segments, first, last, n, h, w, c, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, y, x):
    """y[n, o_h, o_w, c] = the maximum of x over its window: rows o_h * s_h - p_h + (0 .. k_h - 1), and so the columns

    NaN counts as the maximum. A window wholly outside the image gives -inf.
    """
    to, source = segments[y >> 24], segments[x >> 24]
    for row in range(first, last):
        to_at = (y & OFFSET) + row * out_w * c
        at = (x & OFFSET) + row // out_h * h * w * c
        for i in range(out_w * c):
            where = _best(source, at + i % c, row % out_h * s_h - p_h, i // c * s_w - p_w, h, w, c, k_h, k_w)
            to[to_at + i] = source[where] if where >= 0 else -INF


def max_pool2d_grad(segments, first, last, n, h, w, c, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, dx, x, g):
    """dx = dx + g at the element of x that is its window's maximum, found again: the first of equals, the first NaN

    A window wholly outside the image gives nothing.
    """
    to, source, gradients = segments[dx >> 24], segments[x >> 24], segments[g >> 24]
    for row in range(first, last):
        at = (x & OFFSET) + row // out_h * h * w * c
        g_at = (g & OFFSET) + row * out_w * c
        apart = (dx & OFFSET) - (x & OFFSET)
        for i in range(out_w * c):
            where = _best(source, at + i % c, row % out_h * s_h - p_h, i // c * s_w - p_w, h, w, c, k_h, k_w)
            if where >= 0:
                to[where + apart] += gradients[g_at + i]
