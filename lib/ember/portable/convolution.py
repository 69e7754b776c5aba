"""Convolutions, as sums of products over the positions of the window that lie inside the image.

n images of h x w pixels, out_h x out_w come out; c channels of each group go in, f come out; a window is k_h x k_w; s
is its stride, p the padding, d the dilation.
"""

from .bind import OFFSET


def _dot(total, values, places, weight, at):
    """total plus the values times the weights at their places, in order."""
    for i in range(len(values)):
        total += values[i] * weight[places[i] + at]
    return total


def conv2d(segments, first, last, into, n, h, w, c, f, groups, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, d_h, d_w,
           y, x, weight):  # fmt: skip
    """y[j, o_h, o_w, o] = (y if into else 0) + sum over q, r, i of x[j, i_h, i_w, o // f * c + i] * weight[q, r, i, o]
    i_h = o_h * s_h - p_h + q * d_h, i_w = o_w * s_w - p_w + r * d_w
    y [n, out_h, out_w, groups * f], x [n, h, w, groups * c], weight [k_h, k_w, c, groups * f]

    What lies outside the image is left out. Output channel o is of group o // f, which reads c channels of its own.
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
    """dx[j, i_h, i_w, i] = (dx if into else 0) + sum over q, r, o of g[j, o_h, o_w, o] * weight[q, r, i % c, o]
    where there are such: o // f = i // c, o_h * s_h = i_h + p_h - q * d_h, o_w * s_w = i_w + p_w - r * d_w
    dx [n, h, w, groups * c], g [n, out_h, out_w, groups * f], weight [k_h, k_w, c, groups * f]
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
    """dw[q, r, i, o] = (dw if into else 0) + sum over j, o_h, o_w of x[j, i_h, i_w, o // f * c + i] * g[j, o_h, o_w, o]
    i_h = o_h * s_h - p_h + q * d_h, i_w = o_w * s_w - p_w + r * d_w
    dw [k_h, k_w, c, groups * f], x [n, h, w, groups * c], g [n, out_h, out_w, groups * f]
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
