"""Packing: any types, shapes, and numbers of inputs and targets, beside files that are made apart."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_files import column, handed_out, second_version
from ember.data import Batches, create, write

LIMITS = {"B": (0, 255), "b": (-128, 127), "H": (0, 65535), "h": (-32768, 32767), "I": (0, 2**32 - 1),
          "i": (-(2**31), 2**31 - 1), "f": (-1000, 1000)}  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return str(tmp_path_factory.mktemp("pack") / "some.bin")


def size(shape):
    n = 1
    for d in shape:
        n *= d
    return n


shapes = st.lists(st.integers(1, 4), max_size=3).map(tuple)
parts = st.tuples(st.sampled_from("fiBbhHI"), shapes, st.sampled_from(["none", "one", "channels"]))
targets = st.tuples(st.sampled_from("fiBbhHI"), shapes, st.sampled_from(["values", "labels", "names"]))


@given(
    st.lists(parts, min_size=1, max_size=3),
    st.lists(targets, min_size=1, max_size=3),
    st.integers(1, 9),
    st.integers(0, 3),
    st.sampled_from([None, 1, 4]),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_a_file_is_that_which_is_made_apart(path, xs, ys, train, test, chunk, draw, alone):
    """Byte by byte; and read again it is what it was made of."""
    several_x, several_y = len(xs) > 1 or not alone, len(ys) > 1 or not alone

    def values(typecode, shape, classes=0):
        low, high = (0, classes - 1) if classes else LIMITS[typecode]
        return [draw.randint(low, high) for _ in range(size(shape))]

    scales = [None if kind == "none" else 0.5 if kind == "one" or not shape else [i + 0.25 for i in range(shape[-1])]
              for _, shape, kind in xs]  # fmt: skip
    offsets = [0.0 if scale is None else [-1.5] * len(scale) if isinstance(scale, list) else 2.0 for scale in scales]
    classes = [0 if kind == "values" or typecode == "f" else 5 for typecode, _, kind in ys]
    names = [tuple("é%d" % i for i in range(5)) if n and kind == "names" else None for n, (_, _, kind) in
             zip(classes, ys)]  # fmt: skip
    samples = [[values(t, s) for t, s, _ in xs] + [values(t, s, n) for (t, s, _), n in zip(ys, classes)]
               for _ in range(train + test)]  # fmt: skip
    coded = [[struct.pack("<%d%s" % (len(v), t), *v) for v, (t, _, _) in zip(row, xs + ys)] for row in samples]
    columns = [column(t, s, a, b)
               for (t, s, _), a, b in zip(xs, scales, offsets)]  # fmt: skip
    labels = [column(t, s, classes=n, names=called) for (t, s, _), n, called in zip(ys, classes, names)]
    expected = second_version(columns, labels, coded[:train], coded[train:],
                              several_x + 2 * several_y + 4 * (chunk is not None), chunk)  # fmt: skip

    def given(row):
        x, y = row[: len(xs)], [v if s else v[0] for v, (_, s, _) in zip(row[len(xs) :], ys)]
        return tuple(x) if several_x else x[0], tuple(y) if several_y else y[0]

    def one(values, several):
        return tuple(values) if several else values[0]

    rows = [given(row) for row in samples]
    write(
        path,
        iter(rows[:train]),
        rows[train:],
        [s for _, s, _ in xs] if several_x else xs[0][1],
        one(classes, several_y),
        one([t for t, _, _ in xs], several_x),
        one(scales, several_x),
        one(offsets, several_x),
        one([t for t, _, _ in ys], several_y),
        [s for _, s, _ in ys] if several_y else ys[0][1],
        one(names, several_y),
        chunk,
    )
    assert Path(path).read_bytes() == expected
    about, found = handed_out(path, shuffle=False)
    assert found == [tuple(map(tuple, row)) for row in samples[:train]]
    assert about == {
        "shape": one([s for _, s, _ in xs], several_x),
        "typecode": one([t for t, _, _ in xs], several_x),
        "scale": one(scales, several_x),
        "offset": one(offsets, several_x),
        "target_shape": one([s for _, s, _ in ys], several_y),
        "target_typecode": one([t for t, _, _ in ys], several_y),
        "classes": one(classes, several_y),
        "names": one(names, several_y),
    }
    if test:
        assert handed_out(path, split="test")[1] == [tuple(map(tuple, row)) for row in samples[train:]]


WRONG = [
    ({"scale": [1.0]}, r"scale is \[1.0\], offset 0.0; each may be a number, or a list of 2, one a channel"),
    ({"offset": [1.0, 2.0, 3.0]}, "a list of 2, one a channel"),
    ({"scale": [1.0, float("nan")]}, "scale is nan; it may be a number"),
    ({"names": ("a", "b")}, r"names are \('a', 'b'\); there may be 3"),
    ({"names": ("a", "b", "c\nd")}, "of one line each"),
    ({"target_typecode": "f"}, "target_typecode is 'f'; labels of 3 classes"),
    ({"target_typecode": ("B", "B"), "classes": (3, 7)}, "sample 0 has label 7"),
    ({"target_typecode": ()}, "target_shape has 0 entries for 0 targets"),
    ({"target_typecode": ("B", "B"), "target_shape": [()]}, "target_shape has 1 entries for 2 targets"),
    ({"typecode": ("B", "f"), "shape": [(2,)]}, "has 2 entries for 1"),
    ({"shape": [(2,), (1,)]}, "sample 0 has 1 elements; it may have 2 elements"),
    ({"chunk": 0}, "chunk is 0; it may be a whole number from 1"),
    ({"target_typecode": "d"}, "typecodes f i B b h H I"),
    ({"classes": -1}, "classes is -1"),
    ({"target_shape": (2,)}, "the target of sample 0 has 1 elements; it may have 2 elements"),
    ({"classes": 2}, "sample 1 has label 2; it may be a whole number from 0 to 1"),
]


@pytest.mark.parametrize("wrong, words", WRONG, ids=[str(sorted(wrong.items())) for wrong, _ in WRONG])
def test_what_is_wrong_is_named_and_no_file_is_touched(tmp_path, wrong, words):
    path, train = tmp_path / "some.bin", [([1, 2], 1), ([3, 4], 2)]
    path.write_bytes(b"there")
    arguments = dict({"shape": (2,), "classes": 3}, **wrong)
    if "target_typecode" in wrong and isinstance(wrong["target_typecode"], tuple):
        train = [([1, 2], (1, 7)), ([3, 4], (2, 7))]
    with pytest.raises((ValueError, TypeError), match=words):
        write(str(path), train, train, **arguments)
    assert path.read_bytes() == b"there" and [p.name for p in tmp_path.iterdir()] == ["some.bin"]


def test_arrays_of_numpy_and_labels_of_many_classes(tmp_path):
    path = str(tmp_path / "some.bin")
    x, y = np.arange(24, dtype=np.float64).reshape(4, 3, 2) / 8, np.array([0, 299, 5, 256])
    write(path, zip(x, y), [], (3, 2), 300, "f")
    batches = Batches(path, 4, shuffle=False)
    a, b = next(iter(batches))
    assert (np.array(a).reshape(4, 3, 2) == x).all() and list(b) == list(y) and batches.target_typecode == "H"


def test_a_file_that_grows_begins_empty(tmp_path):
    path = str(tmp_path / "some.bin")
    with create(path, [(2,), (1,)], (0, 4), ("f", "b"), target_typecode=("f", "B"), target_shape=[(3,), ()],
                chunk=2) as file:  # fmt: skip
        file.append(([0.5, 1.5], [-3]), ([1, 2, 3], 3))
    assert handed_out(path)[1] == [((0.5, 1.5), (-3,), (1.0, 2.0, 3.0), (3,))]
