"""What goes by index, and along one dimension: gather, scatter_add, scan, argsort.

outer x n x inner elements; an index is below high; what is sorted is n rows of width elements.
"""

from .bind import OFFSET
from .functions import FUNCTIONS, add, single


def _indices(found, indices, at, step, high):
    """Read a row of indices into found. Whether each is a whole number of 0 .. high - 1."""
    for j in range(len(found)):
        k = indices[at]
        if not 0 <= k < high or k != int(k):
            return False
        found[j] = int(k)
        at += step
    return True


def gather(segments, first, last, into, outer, n, inner, high, i_outer, i_n, i_inner, y, x, index):
    """y[o, i, j] = into(y[o, i, j], x[o, k, j]), k = index[o * i_outer + i * i_n + j * i_inner]
    y [outer, n, inner], x [outer, high, inner]

    An index may be float32 too. A fault where one is not a whole number of 0 .. high - 1, before anything of its row is
    written.
    """
    to, source, indices = segments[y >> 24], segments[x >> 24], segments[index >> 24]
    found = [0] * inner
    for row in range(first, last):
        o = row // n
        if not _indices(found, indices, (index & OFFSET) + o * i_outer + row % n * i_n, i_inner, high):
            return row
        y_at, x_at = (y & OFFSET) + row * inner, (x & OFFSET) + o * high * inner
        for j in range(inner):
            value = source[x_at + found[j] * inner + j]
            to[y_at + j] = to[y_at + j] + value if into else value


def scatter_add(segments, first, last, outer, n, inner, high, i_outer, i_n, i_inner, y, x, index):
    """y[o, k, j] = y[o, k, j] + x[o, i, j], k = index[o * i_outer + i * i_n + j * i_inner], in the order of o, i, j
    y [outer, high, inner], x [outer, n, inner]

    An index may be float32 too. A fault where one is not a whole number of 0 .. high - 1, before anything of its row is
    added.
    """
    to, source, indices = segments[y >> 24], segments[x >> 24], segments[index >> 24]
    found = [0] * inner
    for row in range(first, last):
        o = row // n
        if not _indices(found, indices, (index & OFFSET) + o * i_outer + row % n * i_n, i_inner, high):
            return row
        y_at, x_at = (y & OFFSET) + o * high * inner, (x & OFFSET) + row * inner
        for j in range(inner):
            to[y_at + found[j] * inner + j] += source[x_at + j]


def _sums_so_far(to, y, source, x, step, n):
    total = plain = source[x]
    rest = 0.0
    to[y] = total
    for _ in range(n - 1):
        y += step
        x += step
        term = source[x] + rest
        plain = single(plain + source[x])
        t = single(total + term)
        rest = term - (t - total)
        total = t
        t = single(total + rest)
        to[y] = t if t - t == 0.0 else plain


def scan(segments, first, last, fn, reverse, outer, n, inner, y, x):
    """y[o, 0, j] = x[o, 0, j], and from there y[o, i, j] = fn(y[o, i - 1, j], x[o, i, j])
    y [outer, n, inner], x [outer, n, inner]

    With `reverse` from i = n - 1 down to 0, fn meeting y[o, i + 1, j]. Where fn is add, the sum so far is kept in two
    floats, as in `sum`.
    """
    to, source, apply = segments[y >> 24], segments[x >> 24], FUNCTIONS[fn]
    for row in range(first, last):
        at, step = row * n * inner, inner
        if reverse:
            at, step = at + (n - 1) * inner, -inner
        y_at, x_at = (y & OFFSET) + at, (x & OFFSET) + at
        if apply is add:
            for j in range(inner):
                _sums_so_far(to, y_at + j, source, x_at + j, step, n)
            continue
        for j in range(inner):
            to[y_at + j] = source[x_at + j]
        for _ in range(n - 1):
            y_at += step
            x_at += step
            for j in range(inner):
                to[y_at + j] = apply(to[y_at - step + j], source[x_at + j])


def _greater(a, b):
    return a > b or (a != a and b == b)


def _before(x, a, b, descending):
    """Whether element a is sorted before element b: by value, and of equal ones the first."""
    p, q = x[a], x[b]
    if _greater(p, q):
        return descending
    if _greater(q, p):
        return not descending
    return a < b


def _sift(order, at, root, end, x, x_at, descending):
    """Let the element at the root of a heap sink to its place: what comes later is further up."""
    item = int(order[at + root])
    while 2 * root + 1 < end:
        child = 2 * root + 1
        below = int(order[at + child])
        if child + 1 < end:
            other = int(order[at + child + 1])
            if _before(x, x_at + below, x_at + other, descending):
                child, below = child + 1, other
        if not _before(x, x_at + item, x_at + below, descending):
            break
        order[at + root] = below
        root = child
    order[at + root] = item


def argsort(segments, first, last, descending, n, width, y, x):
    """y[i] = the positions j of x[i, j] in the order of their values: stable, NaN greater than all
    y [n, width], x [n, width]

    -0 equals 0. Descending, too, equal elements stay in their order.
    """
    to, source = segments[y >> 24], segments[x >> 24]
    descending = descending != 0
    for row in range(first, last):
        y_at, x_at = (y & OFFSET) + row * width, (x & OFFSET) + row * width
        for i in range(width):
            to[y_at + i] = i
        for root in range(width // 2 - 1, -1, -1):
            _sift(to, y_at, root, width, source, x_at, descending)
        for end in range(width - 1, 0, -1):
            to[y_at], to[y_at + end] = to[y_at + end], to[y_at]
            _sift(to, y_at, 0, end, source, x_at, descending)
