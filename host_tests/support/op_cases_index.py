"""Cases of what takes elements by index, of sorting, and of sums along a dimension."""

import numpy as np

import ember
from ember import Tensor
from op_cases import covers


def given(d, index, high):
    """An index as a list, in which negative ones count from the end, or as a tensor of any dtype."""
    index = np.asarray(index)
    dtype = d.choice(("list", "f", "i", "B", "b", "h", "H", "I"))
    if dtype == "list" and index.ndim:
        return np.where(d.rng.random(index.shape) < 0.3, index - high, index).tolist()
    dtype = "f" if dtype == "list" else dtype
    flat = [float(k) if dtype == "f" else int(k) for k in index.ravel()]
    return Tensor(flat, index.shape, dtype=dtype)


def shaped(d):
    """A shape and one of its dimensions, from the front or from the back."""
    shape = d.shape()
    dim = d.choice(range(len(shape)))
    return shape, dim, d.choice((dim, dim - len(shape)))


def added(shape, dim, index, g):
    """zeros of a shape with g added where the index says."""
    out = np.zeros(shape)
    where = list(np.indices(index.shape))
    where[dim] = index
    np.add.at(out, tuple(where), g)
    return out


@covers("GATHER")
def selected(d):
    shape, dim, said = shaped(d)
    x, index = d.normal(shape), d.rng.integers(0, shape[dim], d.size())
    by = given(d, index, shape[dim])

    def gradient(g, x):
        out = np.zeros(shape)
        np.add.at(out, (slice(None),) * dim + (index,), g)
        return (out,)

    return [x], lambda x: x.index_select(said, by), lambda x: np.take(x, index, dim), gradient


@covers("GATHER", "SLICE")
def gathered(d):
    shape, dim, said = shaped(d)
    sizes = [d.size() if i == dim else d.choice((n, n, max(1, n - 1))) for i, n in enumerate(shape)]
    x, index = d.normal(shape), d.rng.integers(0, shape[dim], sizes)
    by = given(d, index, shape[dim])

    def in_numpy(x):
        return np.take_along_axis(x[tuple(slice(0, n) if i != dim else slice(None) for i, n in enumerate(sizes))],
                                  index, dim)  # fmt: skip

    return [x], lambda x: ember.gather(x, said, by), in_numpy, lambda g, x: (added(shape, dim, index, g),)


@covers("GATHER", "RESHAPE")
def taken(d):
    """The same indices for all that lies before dim, for all after it, for both, for none; of a row of all."""
    shape, dim, said = shaped(d)
    x = d.normal(shape)
    if d.choice((True, False, False, False)):
        index = d.rng.integers(0, x.size, (d.size(),))
        return ([x], lambda x: x.take_along_dim(Tensor([int(k) for k in index], dtype="i")),
                lambda x: x.ravel()[index], lambda g, x: (added((x.size,), 0, index, g).reshape(shape),))  # fmt: skip
    before, after = d.choice((True, False)), d.choice((True, False))
    sizes = [d.size() if i == dim else 1 if (before if i < dim else after) else n for i, n in enumerate(shape)]
    index = d.rng.integers(0, shape[dim], sizes)
    by = given(d, index, shape[dim])
    full = np.broadcast_to(index, [sizes[dim] if i == dim else n for i, n in enumerate(shape)])
    return ([x], lambda x: x.take_along_dim(by, said), lambda x: np.take_along_axis(x, full, dim),
            lambda g, x: (added(shape, dim, full, g),))  # fmt: skip


@covers("SCATTER_ADD", "SLICE")
def scattered(d):
    shape, dim, said = shaped(d)
    sizes = tuple(d.size() if i == dim else n for i, n in enumerate(shape))
    larger = tuple(n + d.choice((0, 0, 1)) for n in sizes)
    x, source, index = d.normal(shape), d.normal(larger), d.rng.integers(0, shape[dim], sizes)
    by = given(d, index, shape[dim])
    part, times = tuple(slice(0, n) for n in sizes), d.choice((1, 2))

    def in_ember(x, source):
        for _ in range(times):
            x = x.scatter_add(said, by, source)
        return x

    def gradient(g, x, source):
        out = np.zeros(larger)
        out[part] = times * np.take_along_axis(g, index, dim)
        return g, out

    return ([x, source], in_ember, lambda x, source: x + times * added(shape, dim, index, source[part]),
            gradient)  # fmt: skip


@covers("GATHER")
def embedded(d):
    """Used twice, so that the row without a gradient is that of one use only."""
    high, width = d.size(), d.size()
    weight, index = d.normal((high, width)), d.rng.integers(0, high, d.shape(d.choice((1, 2))))
    by, row = given(d, index, high), d.choice((None, 0, high - 1, -1))
    twice = d.choice((True, False))

    def gradient(g, weight):
        out = np.zeros((high, width))
        np.add.at(out, index, g)
        if row is not None:
            out[row] = 0
        if twice:
            np.add.at(out, index, g)
        return (out,)

    def in_ember(weight):
        y = ember.embedding(by, weight, padding_idx=row)
        return y + ember.embedding(by, weight) if twice else y

    def in_numpy(weight):  # what has no gradient does not change with weight
        still = np.array(weight)
        if row is not None:
            still[row] = kept[row]
        return still[index] + weight[index] if twice else still[index]

    kept = np.array(weight)
    return [weight], in_ember, in_numpy, gradient


@covers("ONE_HOT")
def hot(d):
    high, index = d.size(), d.shape(d.choice((1, 2)))
    index = d.rng.integers(0, high, index)
    x, by = d.normal(index.shape + (high,)), given(d, index, high)
    return ([x], lambda x: x * ember.one_hot(by, high), lambda x: x * np.eye(high)[index],
            lambda g, x: (g * np.eye(high)[index],))  # fmt: skip


@covers("ARGSORT", "GATHER", "PERMUTE")
def ordered(d):
    shape, dim, said = shaped(d)
    x, descending = d.apart(shape), d.choice((True, False))

    def where(x):
        return np.argsort(-x if descending else x, dim, kind="stable")

    def gradient(g, x):
        return (added(shape, dim, where(x), g * where(x)),)

    def in_ember(x):
        values, indices = x.sort(said, descending)
        return values * indices

    return [x], in_ember, lambda x: np.take_along_axis(x, where(x), dim) * where(x), gradient


@covers("ARGSORT", "GATHER", "SLICE")
def top(d):
    shape, dim, said = shaped(d)
    x, largest, k = d.apart(shape), d.choice((True, False)), d.choice((1, shape[dim], (shape[dim] + 1) // 2))

    def where(x):
        return np.take(np.argsort(-x if largest else x, dim, kind="stable"), range(k), dim)

    def in_ember(x):
        values, indices = x.topk(k, said, largest)
        return values + indices

    return ([x], in_ember, lambda x: np.take_along_axis(x, where(x), dim) + where(x),
            lambda g, x: (added(shape, dim, where(x), g),))  # fmt: skip


@covers("ARGMAX")
def best(d):
    shape, dim, said = shaped(d)
    name, in_numpy = d.choice((("argmax", np.argmax), ("argmin", np.argmin)))
    said, dim = d.choice(((said, dim), (None, None)))
    x = np.round(d.normal(shape))  # ties
    index = np.asarray(in_numpy(x, dim))
    index = index if dim is None else np.expand_dims(index, dim)
    still = Tensor([float(v) for v in x.ravel()], shape)
    return ([x], lambda x: x * getattr(still, name)(said, said is not None), lambda x: x * index,
            lambda g, x: (g * index,))  # fmt: skip


@covers("CUMSUM")
def sums(d):
    """Used twice, so that a gradient is added to another."""
    shape, dim, said = shaped(d)
    x = d.normal(shape)
    return ([x], lambda x: x.cumsum(said) + x, lambda x: np.cumsum(x, dim) + x,
            lambda g, x: (np.flip(np.cumsum(np.flip(g, dim), dim), dim) + g,))  # fmt: skip


@covers("CUMPROD")
def running_products(d):
    shape, dim, said = shaped(d)
    x = d.positive(shape) * d.rng.choice((-1, 1), shape) * (d.rng.random(shape) < d.choice((1, 0.8, 0.3)))

    def gradient(g, x):
        out = np.zeros(shape)
        for i in range(shape[dim]):
            one = np.array(x)
            one[(slice(None),) * dim + (i,)] = 1
            products = np.cumprod(one, dim) * g
            out[(slice(None),) * dim + (i,)] = products.take(range(i, shape[dim]), dim).sum(dim)
        return (out,)

    return [x], lambda x: x.cumprod(said), lambda x: np.cumprod(x, dim), gradient


@covers("TRIANGLE")
def triangle(d):
    name, in_numpy = d.choice((("tril", np.tril), ("triu", np.triu)))
    shape, diagonal = d.shape(d.choice((2, 3))), d.choice((0, 1, -1, 2, -9))
    x = d.normal(shape)
    kept = in_numpy(np.ones(shape[-2:]), diagonal)
    return ([x], lambda x: getattr(x, name)(diagonal) + x, lambda x: in_numpy(x, diagonal) + x,
            lambda g, x: (g * kept + g,))  # fmt: skip
