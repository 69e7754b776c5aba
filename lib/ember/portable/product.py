"""Matrix multiplication.

batch products of m x k by k x n elements; c_m, a_k … are the strides of c along m, of a along k …
"""

from .bind import OFFSET


def matmul(segments, first, last, into, batch, m, n, k, c_batch, c_m, a_batch, a_m, a_k, b_batch, b_k, b_n, c, a, b):
    """c[i, p, q] = (c if into else 0) + sum over r of a[i, p, r] * b[i, r, q], r in order
    c [batch, m, n], a [batch, m, k], b [batch, k, n]
    """
    to, left, right = segments[c >> 24], segments[a >> 24], segments[b >> 24]
    values = [0.0] * k  # a row of a: read once, not once a column
    for row in range(first, last):
        i, j = row // m, row % m
        at = (a & OFFSET) + i * a_batch + j * a_m
        for p in range(k):
            values[p] = left[at]
            at += a_k
        to_at = (c & OFFSET) + i * c_batch + j * c_m
        column = (b & OFFSET) + i * b_batch
        for _ in range(n):
            total = to[to_at] if into else 0.0
            at = column
            for x in values:
                total += x * right[at]
                at += b_k
            to[to_at] = total
            to_at += 1
            column += b_n
