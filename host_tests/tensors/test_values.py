"""Numbers from outside become elements of a type, or ValueError says which does not: over types, values and places,
with Python's integers for the oracle; and NumPy's arrays, in whatever shape, type and order they come."""

from array import array
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ember
from ember import Tensor, data, metrics, nn, optim, runtime, vm

LIMITS = {
    "B": (0, 255),
    "b": (-128, 127),
    "h": (-(2**15), 2**15 - 1),
    "H": (0, 2**16 - 1),
    "i": (-(2**31), 2**31 - 1),
    "I": (0, 2**32 - 1),
}
EDGES = sorted({edge + step for bounds in LIMITS.values() for edge in bounds for step in (-1, 0, 1)})
INTEGERS = st.one_of(st.sampled_from(EDGES), st.integers(-300, 300), st.integers(-(2**40), 2**40))
NUMBERS = st.one_of(INTEGERS, INTEGERS.map(float), st.floats(), st.booleans(), INTEGERS.map(np.int64))


def one(dtype, values):
    """What PyTorch's and NumPy's converted arrays would hold, or None where a value is none of the type."""
    low, high = LIMITS[dtype]
    whole = [int(v) for v in values if abs(v) < float("inf") and v == int(v)]
    return whole if len(whole) == len(values) and all(low <= v <= high for v in whole) else None


def trainer(shape=(1,), batch=8, **options):
    ember.manual_seed(4)
    model = nn.Sequential(nn.Linear(shape[-1], 3, bias=False))
    return ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.5), shape, batch, **options)


def flat(shape, **options):
    ember.manual_seed(4)
    model = nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1], 1))
    return ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.0), shape, 4, **options)


def weights(trainer):
    return [v for p in trainer.model.parameters() for v in p.elements()]


def in_a_tensor(dtype, values, path):
    return Tensor(values, dtype=dtype).tolist()


def in_a_batch(dtype, values, path):
    """The rows as the program read them: it makes float32 of them, and a weight of 1 leaves them."""
    t = trainer(input_dtype=dtype)
    before = t.steps, weights(t)
    try:
        t.accumulate([[v] for v in values], [0] * len(values))
        return list(t.executor.segments[4])
    finally:
        assert (t.steps, weights(t)) == before


def in_parts(dtype, values, path):
    t = trainer(input_dtype=dtype, micro_batch=1)
    t.predict([[v] for v in values])
    return in_a_batch(dtype, values, path)


def in_a_metric(dtype, values, path):
    m = metrics.MAE(1, target_dtype=dtype)
    m.update([0.0] * len(values), values)
    return list(m.executor.segments[5])


def in_a_recorded_function(dtype, values, path):
    f = ember.record(lambda a, x: nn.MSELoss(reduction="none")(a, x), (8,), Tensor([0] * 8, dtype=dtype))
    f([0.0] * len(values), values)
    return list(f.executor.segments[5])


def in_a_file(dtype, values, path):
    data.write(str(path), [(values, 0)], [(values, 0)], (len(values),), 1, dtype)
    batches = data.Batches(str(path), 1)
    found = [list(x) for x, _ in batches]
    batches.close()
    return found[0]


def in_a_program_that_travelled(dtype, values, path):
    trainer(input_dtype=dtype).export(str(path))
    model = runtime.load(str(path))
    model.step([[v] for v in values], [0] * len(values))
    return list(model.executor.segments[4])


PLACES = [in_a_tensor, in_a_batch, in_parts, in_a_metric, in_a_recorded_function, in_a_file]
PLACES += [in_a_program_that_travelled]


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=40)
@given(dtype=st.sampled_from(sorted(LIMITS)), values=st.lists(NUMBERS, min_size=1, max_size=8))
def test_a_number_is_held_or_refused(place, dtype, values, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "values.bin"
    expected = one(dtype, values)
    if expected is None:
        first = next(i for i, v in enumerate(values) if one(dtype, [v]) is None)
        with pytest.raises(ValueError, match="at index %d; type %r" % (first, dtype)):
            place(dtype, values, path)
    else:
        assert place(dtype, values, path) == expected


@given(dtype=st.sampled_from(sorted(LIMITS)), given=st.sampled_from(sorted(LIMITS)), values=st.data())
def test_an_array_of_another_type(dtype, given, values):
    """Of the same size, too: it is never read as if it were of the right type."""
    low, high = LIMITS[given]
    number = st.one_of(st.integers(low, high), st.sampled_from((low, high)))
    numbers = values.draw(st.lists(number, min_size=1, max_size=8))
    for buffer in (array(given, numbers), memoryview(array(given, numbers)), np.array(numbers, given)):
        t = trainer(input_dtype=dtype)
        if one(dtype, numbers) is None:
            with pytest.raises(ValueError, match="type %r" % dtype):
                t.step(buffer, [0] * len(numbers))
            assert t.steps == 0
        else:
            t.step(buffer, [0] * len(numbers))
            assert list(t.executor.segments[4]) == numbers


def test_what_is_beyond_float32_is_infinite():
    """As in PyTorch and NumPy."""
    inf = float("inf")
    assert Tensor([10**400, -(10**400), 3.5e38, 2**128, 16777217]).tolist() == [inf, -inf, inf, inf, 16777216.0]


@pytest.mark.parametrize("vm_name", ["native", "portable"])
@settings(max_examples=40)
@given(
    dtype=st.sampled_from("fiBbhHI"),
    channels=st.integers(1, 5),
    rows=st.integers(1, 4),
    more=st.integers(1, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_scale_and_offset_by_channel(vm_name, dtype, channels, rows, more, seed):
    """x * scale + offset in float32, each rounded alone: to the bit where the VM is the native one."""
    r = np.random.default_rng(seed)
    low, high = LIMITS.get(dtype, (-1000, 1000))
    raw = r.integers(low, high, (rows, more, channels), endpoint=True).astype(dtype)
    scale, offset = r.normal(size=(2, channels)).astype("f")
    before = vm.name
    vm.select(vm_name)
    try:
        t = flat((more, channels), input_dtype=dtype, input_scale=scale, input_offset=offset.tolist())
        seen = flat((more, channels))
        right = raw.astype("f") * scale + offset
        found, expected = (np.array(each.predict(x).tolist()) for each, x in ((t, raw), (seen, right)))
        near = 1e-5 * np.abs(right).max() * more * channels
        assert np.array_equal(found, expected) if vm_name == "native" else np.allclose(found, expected, 1e-5, near)
    finally:
        vm.select(before)


class Two(nn.Module):
    def __init__(self):
        self.a, self.b = nn.Linear(2, 1), nn.Linear(3, 1)

    def forward(self, a, b):
        return self.a(a) + self.b(b)


def two(**options):
    ember.manual_seed(2)
    model = Two()
    return ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1), [(2,), (3,)], 4, **options)


def test_scale_and_offset_of_several_inputs():
    t = two(input_dtype=["H", "f"], input_scale=[[0.5, 2.0], 1.0], input_offset=[0.25, (0.0, 1.0, -1.0)])
    plain = two()
    a, b = np.array([[1, 60000], [3, 4]]), np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    right = a * [0.5, 2.0] + 0.25, b + [0.0, 1.0, -1.0]
    assert t.predict((a, b)).tolist() == plain.predict(right).tolist()
    t.step((a, b), np.ones((2, 1)))
    plain.step(right, np.ones((2, 1)))
    assert weights(t) == weights(plain)


def test_scale_and_offset_travel(tmp_path):
    t = trainer((2, 3), input_dtype="B", input_scale=[0.5, 0.25, 2.0], input_offset=(1.0, 2.0, 3.0))
    t.export(str(tmp_path / "x.ember"))
    x = bytes(range(6))
    assert list(runtime.load(str(tmp_path / "x.ember")).predict(x))[:6] == list(t.predict(x).elements())


@pytest.mark.parametrize("options,says", [
    ({"input_scale": [1.0, 2.0]}, r"input_scale is \[1.0, 2.0\]; it may be a number, or a list of 3, one"),
    ({"input_offset": (1.0,) * 4}, "input_offset is .* a list of 3"),
    ({"input_scale": None, "input_offset": 1.0}, "input_offset is 1.0, and input_scale None"),
    ({"input_scale": [1.0, "a", 2.0]}, "input_scale is 'a'; it may be a number"),
    ({"input_scale": float("nan")}, "input_scale is nan"),
    ({"input_offset": float("inf")}, "input_offset is inf"),
    ({"input_offset": "abc"}, "input_offset is 'abc'"),
])  # fmt: skip
def test_a_wrong_scale_is_named(options, says):
    with pytest.raises(ValueError, match=says):
        trainer((2, 3), **options)


# NumPy.

X = np.random.default_rng(0).normal(size=(6, 3))
Y = np.array([0, 1, 2, 2, 1, 0])
SINGLE = X.astype("f")
INPUTS = {
    "float64": X,
    "float32": SINGLE,
    "Fortran order": np.asfortranarray(SINGLE),
    "transposed": np.ascontiguousarray(SINGLE.T).T,
    "every other row": np.repeat(SINGLE, 2, 0)[::2],
    "every other column": np.repeat(SINGLE, 2, 1)[:, ::2],
    "backwards": SINGLE[::-1].copy()[::-1],
    "big-endian": SINGLE.astype(">f4"),
    "in a row": SINGLE.ravel(),
    "every other in a row": np.repeat(SINGLE.ravel(), 2)[::2],
    "read only": np.broadcast_to(SINGLE, (6, 3)),
    "memoryview": memoryview(X),
    "a list of rows": list(SINGLE),
    "a list of arrays": [array("f", row.tolist()) for row in SINGLE],
}
LABELS = {
    "int64": Y,
    "uint8": Y.astype("B"),
    "float64": Y.astype("d"),
    "bool or more": Y.astype("i4"),
    "strided": np.repeat(Y.astype("B"), 2)[::2],
    "scalars": list(Y),
    "without dimensions": [np.array(v) for v in Y],
}
FLAT = array("f", SINGLE.ravel().tolist()), array("B", Y.tolist())


@pytest.mark.parametrize("micro_batch", [None, 4])
@pytest.mark.parametrize("x", INPUTS.values(), ids=list(INPUTS))
def test_batches_of_numpy(x, micro_batch):
    plain = trainer((3,), micro_batch=micro_batch)
    plain.step(*FLAT)
    expected = plain.predict(FLAT[0]).tolist()
    for y in LABELS.values():
        t = trainer((3,), micro_batch=micro_batch)
        t.step(x, y)
        assert weights(t) == weights(plain)
        assert t.predict(x).tolist() == expected
        for out in (np.zeros((6, 3), "f"), np.zeros((8, 3), "f"), np.zeros(18, "f")):
            assert t.predict(x, out=out) is out and out.ravel()[:18].reshape(6, 3).tolist() == expected
        counted = [metrics.Accuracy(3) for _ in range(2)]
        assert t.evaluate([(x, y)], counted[:1]) == plain.evaluate([FLAT], counted[1:])
        assert counted[0].compute() == counted[1].compute()
        counted[0].reset()
        counted[0].update(np.array(expected), y)
        assert counted[0].compute() == counted[1].compute()


@pytest.mark.parametrize("x", INPUTS.values(), ids=list(INPUTS))
def test_recorded_functions_and_travelled_programs_take_numpy(x, tmp_path):
    f = ember.record(lambda x, y: (x * 2.0).sum(1) + y, (8, 3), (8,))
    assert np.allclose(f(x, np.ones(6)).tolist(), SINGLE.sum(1, dtype="d") * 2 + 1, atol=1e-5)
    t = trainer((3,))
    t.export(str(tmp_path / "x.ember"))
    model = runtime.load(str(tmp_path / "x.ember"))
    out = np.zeros((8, 3), "f")
    assert model.predict(x, out) is out and out[:6].tolist() == t.predict(FLAT[0]).tolist()
    model.step(x, Y)
    t.step(*FLAT)
    assert model.loss == t.loss


@pytest.mark.parametrize("bad", [X[:, :2], X.reshape(3, 6), X.T, X[:, :, None], np.zeros((9, 3)), np.zeros((0, 3))])
@pytest.mark.parametrize("micro_batch", [None, 4])
def test_another_shape_is_refused(bad, micro_batch):
    t = trainer((3,), micro_batch=micro_batch)
    for y in (Y[: len(bad)], Y):
        with pytest.raises(ValueError, match="x has shape"):
            t.step(bad, y)
        with pytest.raises(ValueError, match="x has shape"):
            t.predict(bad)
    assert t.steps == 0


@pytest.mark.parametrize("out", [
    np.zeros((3, 6), "f"), np.zeros((6, 3)), np.zeros((3, 6), "f").T, np.zeros((2, 3), "f"), np.zeros(36, "f")[::2],
    np.zeros(17, "f"), np.zeros(18, "i"), np.broadcast_to(np.float32(0), (6, 3)),
])  # fmt: skip
@pytest.mark.parametrize("micro_batch", [None, 4])
def test_another_out_is_refused(out, micro_batch):
    with pytest.raises(ValueError):
        trainer((3,), micro_batch=micro_batch).predict(X, out=out)
    assert not out.any()


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "i8", "i4", "u2", "u8", "b1", ">f4", ">i2", ">f8"])
def test_tensors_keep_the_shape(dtype):
    a = np.arange(24).reshape(4, 3, 2).astype(dtype)
    for view in (a, a.T, a[::2], a[:, ::-1], a[:, :, 1], np.asfortranarray(a), a[0, 0, 0], np.array(a[1, 1, 1])):
        t = Tensor(view)
        assert (t.shape, t.tolist()) == (view.shape, view.astype("f").tolist())
    assert Tensor(a, shape=(np.int64(6), 4)).shape == (6, 4)
    assert Tensor(a.astype("i2"), dtype="h").tolist() == a.astype("i2").tolist()


def test_float32_is_used_in_place():
    a = np.zeros((2, 3), "f")
    t = Tensor(a)
    a[1, 2] = 5.0
    assert t.tolist()[1][2] == 5.0


@pytest.mark.parametrize("bad", [
    np.array(["a"]), np.array([1j]), np.array([None]), np.array(["2020-01-01"], "M8[D]"), np.zeros(2, [("a", "f4")]),
])  # fmt: skip
def test_what_holds_no_numbers_is_refused(bad):
    with pytest.raises(ValueError):
        Tensor(bad)


def test_numpy_wherever_a_tensor_or_a_number_is_taken():
    x = Tensor(X)
    ones = np.ones((6, 3))
    for y in (x + ones, ones + x, x - -ones, np.float32(1) + x, x + np.float64(1), ember.maximum(x + 1.0, ones * -9)):
        assert np.allclose(y.tolist(), SINGLE + 1)
    assert np.allclose((ones - x).tolist(), 1 - SINGLE)
    assert np.allclose((ones / (x * x + 1.0)).tolist(), 1 / (SINGLE**2 + 1))
    assert nn.MSELoss()(x, X + 1).item() == pytest.approx(1.0, rel=1e-6)
    for target in (Y, Y.tolist(), list(Y), np.eye(3)[Y], np.eye(3)[Y].tolist(), Tensor(Y, dtype="H")):
        assert nn.CrossEntropyLoss()(x, target).item() == pytest.approx(nn.CrossEntropyLoss()(x, Y.tolist()).item())
    assert x.index_select(np.int64(1), np.array([2, 0])).shape == (6, 2)
    assert x.gather(1, Y[:, None]).tolist() == np.take_along_axis(SINGLE, Y[:, None], 1).tolist()
    assert ember.embedding(np.array([[0, 1]]), x).shape == (1, 2, 3) and nn.Embedding(6, 2)(Y).shape == (6, 2)
    assert x[np.int64(1)].tolist() == SINGLE[1].tolist() and x.sum(np.int64(0)).shape == (3,)
    assert x.reshape(np.int64(3), 6).shape == x.reshape(np.array([3, 6])).shape == (3, 6)
    layer = nn.Linear(np.int64(3), np.int32(2))
    optimizer = optim.Adam(layer.parameters(), lr=np.float32(0.5), betas=(np.float64(0.5), np.array(0.75)))
    optimizer.lr = np.float32(0.25)
    t = ember.Trainer(layer, nn.MSELoss(), optimizer, (np.int64(3),), np.int64(8), micro_batch=np.int8(4))
    t.fit([(X, np.zeros((6, 2)))], np.int64(2))
    assert (t.steps, optimizer.lr, layer.weight.shape) == (2, 0.25, (3, 2))


def test_data_of_numpy(tmp_path):
    path = str(tmp_path / "some.bin")
    data.write(path, zip(X.reshape(6, 3, 1), Y), [(X[0], Y[0])], (np.int64(3), 1), np.int64(3), "f", np.float32(0.5))
    batches = data.Batches(path, np.int64(6), shuffle=False)
    batches.check()
    assert [(x, bytes(y)) for x, y in batches] == [(FLAT[0], bytes(FLAT[1]))]
    batches.close()
    with pytest.raises(ValueError, match=r"sample 1 has shape \(1, 3\); it may have 3 elements, or shape \(3, 1\)"):
        data.write(path, [(X[0], 0), (X[:1], 0)], [(X[0], 0)], (3, 1), 3, "f")


@pytest.mark.parametrize("x,y", list(product(INPUTS.values(), [Y, Y.tolist()])))
def test_slices_take_numpy(x, y):
    plain = trainer((3,))
    plain.step(*FLAT)
    for micro_batch in (None, 4):
        t = trainer((3,), micro_batch=micro_batch)
        t.slices.pace, t.slices.overhead = 1000, 0
        done = t.step(x, y, budget_us=1)
        while not done:
            done = t.poll(1)
        assert weights(t) == weights(plain)
