"""Metrics, against NumPy and plain loops that count; in batches of every cut; and that update() allocates nothing."""

import math
from array import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout import ALLOCATED, run_micropython
from ember import Tensor, metrics, nn, vm
from op_cases import vms

BATCH = 4


@pytest.fixture(params=vms(), autouse=True)
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def fed(metric, x, y, cut=BATCH):
    """The metric after all rows, in batches of `cut`."""
    for i in range(0, len(x), cut):
        metric.update(array("f", x[i : i + cut].ravel()), array(metric.target_dtype, y[i : i + cut].ravel().tolist()))
    return metric


def scores(seed, rows, classes, levels=5):
    """Few levels, so that there are ties."""
    rng = np.random.default_rng(seed)
    return (rng.integers(-levels, levels, (rows, classes)) / 4).astype("f4"), rng.integers(0, max(2, classes), rows)


def confusion(x, y, classes):
    matrix = [[0] * classes for _ in range(classes)]
    for row, label in zip(x, y):
        matrix[label][list(row).index(max(row))] += 1
    return matrix


SEEDS = st.integers(0, 10**6)


@settings(max_examples=4)
@given(SEEDS, st.integers(1, 11), st.integers(2, 6), st.integers(1, BATCH))
def test_what_is_counted_by_class(seed, rows, classes, cut):
    x, y = scores(seed, rows, classes)
    matrix = confusion(x, y, classes)
    assert fed(metrics.ConfusionMatrix(classes, BATCH), x, y, cut).compute() == matrix
    right = sum(matrix[i][i] for i in range(classes))
    assert fed(metrics.Accuracy(classes, BATCH), x, y, cut).compute() == pytest.approx(right / rows, rel=1e-6)
    k = 1 + seed % classes
    order = [sorted(range(classes), key=lambda j: (-row[j], j)) for row in x]
    top = sum(label in places[:k] for label, places in zip(y, order)) / rows
    assert fed(metrics.TopKAccuracy(classes, k, BATCH), x, y, cut).compute() == pytest.approx(top, rel=1e-6)


def f_beta(right, chosen, actual, beta):
    """Of precision and recall, as it is defined."""
    p, r = right / chosen if chosen else 0.0, right / actual if actual else 0.0
    return p, r, (1 + beta**2) * p * r / (beta**2 * p + r) if p + r else 0.0


@settings(max_examples=4)
@given(SEEDS, st.integers(1, 9), st.integers(2, 5), st.sampled_from([0.5, 1.0, 2.0]))
def test_precision_recall_and_f(seed, rows, classes, beta):
    x, y = scores(seed, rows, classes)
    m = np.array(confusion(x, y, classes))
    each = [f_beta(m[i, i], m[:, i].sum(), m[i].sum(), beta) for i in range(classes)]
    present = [e for e, i in zip(each, range(classes)) if m[:, i].sum() + m[i].sum()]
    expected = {"none": np.array(each).T, "macro": np.mean(present, 0),
                "micro": f_beta(m.trace(), rows, rows, beta)}  # fmt: skip
    for average, (p, r, f) in expected.items():
        assert fed(metrics.Precision(classes, average, BATCH), x, y).compute() == pytest.approx(p, rel=1e-6)
        assert fed(metrics.Recall(classes, average, BATCH), x, y).compute() == pytest.approx(r, rel=1e-6)
        assert fed(metrics.FBeta(classes, beta, average, BATCH), x, y).compute() == pytest.approx(f, rel=1e-6)


@settings(max_examples=4)
@given(SEEDS, st.integers(1, 9), st.sampled_from([0.0, 0.25, 0.5]))
def test_two_classes_of_one_output(seed, rows, threshold):
    x, y = scores(seed, rows, 1)
    chosen = x[:, 0] > threshold
    p, r, f = f_beta(int((chosen & (y == 1)).sum()), int(chosen.sum()), int((y == 1).sum()), 1.0)
    options = dict(batch_size=BATCH, threshold=threshold)
    assert fed(metrics.Accuracy(1, **options), x, y).compute() == pytest.approx((chosen == (y == 1)).mean(), rel=1e-6)
    assert fed(metrics.Precision(1, **options), x, y).compute() == pytest.approx(p, rel=1e-6)
    assert fed(metrics.Recall(1, **options), x, y).compute() == pytest.approx(r, rel=1e-6)
    assert fed(metrics.FBeta(1, **options), x, y).compute() == pytest.approx(f, rel=1e-6)
    assert fed(metrics.FBeta(1, average="none", **options), x, y).compute() == pytest.approx([f], rel=1e-6)


@settings(max_examples=4)
@given(SEEDS, st.integers(1, 11), st.integers(1, 3), st.integers(1, BATCH), st.sampled_from([0.0, 1000.0]))
def test_errors_of_values(seed, rows, width, cut, middle):
    rng = np.random.default_rng(seed)
    y = (rng.normal(size=(rows, width)) + middle).astype("f4")
    x = (y + rng.normal(size=y.shape) / 4).astype("f4")
    d = x.astype("f8") - y
    assert fed(metrics.MAE(width, BATCH), x, y, cut).compute() == pytest.approx(np.abs(d).mean(), rel=1e-5)
    assert fed(metrics.RMSE(width, BATCH), x, y, cut).compute() == pytest.approx(np.sqrt((d * d).mean()), rel=1e-5)
    mean = fed(metrics.Mean(nn.MSELoss(), width, BATCH), x, y, cut).compute()
    assert mean == pytest.approx((d * d).mean(), rel=1e-5)
    if rows > 3:
        spread = ((y - y.astype("f8").mean(0)) ** 2).sum(0)
        expected = 1 - (d * d).sum(0) / spread
        found = fed(metrics.R2Score(width, BATCH), x, y, cut).compute()
        # The mean is kept as a float32, so it is off by a rounding of its own size.
        assert found == pytest.approx(expected.mean(), rel=1e-4, abs=1e-5 + 1e-7 * middle)


def test_mean_of_a_loss_of_labels():
    x, y = scores(3, 7, 4)
    logits = x.astype("f8")
    expected = (np.log(np.exp(logits).sum(1)) - logits[range(7), y]).mean()
    assert fed(metrics.Mean(nn.CrossEntropyLoss(), 4, BATCH), x, y).compute() == pytest.approx(expected, rel=1e-5)
    total = fed(metrics.Mean(nn.CrossEntropyLoss(reduction="sum"), 4, BATCH), x, y).compute()
    assert total == pytest.approx(expected, rel=1e-5)


def area(x, y):
    pairs = [(a > b) + (a == b) / 2 for a in x[y == 1] for b in x[y == 0]]
    return np.mean(pairs)


@settings(max_examples=4)
@given(SEEDS, st.integers(2, 40), st.integers(2, 30), st.sampled_from([(0.0, 1.0), (-0.5, 0.25)]))
def test_the_area_is_within_its_error(seed, rows, bins, bounds):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    y[:2] = 0, 1
    x = np.clip(rng.normal(size=rows) / 4 + y / 4 + 0.3, -1, 2).astype("f4")  # some lie outside
    metric = fed(metrics.AUROC(bins, *bounds, batch_size=16), x, y, 16)
    assert abs(metric.compute() - area(x, y)) <= metric.error() + 1e-6 <= 0.5 + 1e-6
    clipped = np.clip(np.floor((x - np.float32(bounds[0])) * np.float32(bins / (bounds[1] - bounds[0]))), 0, bins - 1)
    assert metric.compute() == pytest.approx(area(clipped, y), rel=1e-5)


def test_the_error_falls_with_bins():
    x, y = np.linspace(0, 1, 32, endpoint=False).astype("f4"), np.arange(32) * 7 % 5 % 2
    errors = [fed(metrics.AUROC(bins, batch_size=32), x, y, 32).error() for bins in (2, 8, 32)]
    assert errors[0] > errors[1] > errors[2] == 0


def test_nan_and_infinity():
    nan, inf = math.nan, math.inf
    x = np.array([[nan, 1.0], [2.0, nan], [inf, 1.0], [-inf, inf]], "f4")
    y = np.array([1, 0, 0, 1])
    assert fed(metrics.ConfusionMatrix(2, BATCH), x, y).compute() == [[1, 0], [0, 1]]
    assert fed(metrics.TopKAccuracy(2, 1, BATCH), x[2:], y[2:]).compute() == 1
    assert fed(metrics.Recall(2, batch_size=BATCH), x, y).compute() == 0.5
    binary = np.array([nan, inf, -inf, nan], "f4")
    assert fed(metrics.Accuracy(1, BATCH), binary, np.array([0, 1, 0, 1])).compute() == 0.5
    assert fed(metrics.AUROC(4, batch_size=BATCH), binary, np.array([0, 1, 0, 1])).compute() == 1
    assert fed(metrics.MAE(1, BATCH), np.array([inf, 1.0], "f4"), np.array([0.0, 0.0])).compute() == inf
    assert math.isnan(fed(metrics.RMSE(1, BATCH), np.array([nan, 1.0], "f4"), np.array([0.0, 0.0])).compute())
    one = fed(metrics.AUROC(4, batch_size=BATCH), np.array([0.5], "f4"), np.array([1]))
    assert math.isnan(one.compute()) and math.isnan(one.error())


def test_targets_that_are_all_the_same():
    same = np.array([2.0, 2.0, 2.0], "f4")
    assert fed(metrics.R2Score(1, BATCH), same, same).compute() == 1
    assert fed(metrics.R2Score(1, BATCH), same + 1, same).compute() == 0


def test_a_count_beyond_what_a_float_counts_to():
    """2**24 + 1 is no float32."""
    metric = metrics.ConfusionMatrix(2, BATCH)
    metric.executor.segments[0][0] = 2.0**24
    for _ in range(3):
        fed(metric, np.array([[1.0, 0.0]], "f4"), np.array([0]))
    assert metric.compute()[0][0] == 2**24 + 3
    error = metrics.MAE(1, BATCH)
    for value in (1.0, 2.0**25):  # the sum so far is the smaller
        error.update(array("f", [value]), array("f", [0.0]))
    assert error.compute() == (2**25 + 1) / 2


def test_reset_and_nothing_to_compute():
    x, y = scores(1, 6, 3)
    for metric in (metrics.Accuracy(3, BATCH), metrics.FBeta(3, batch_size=BATCH)):
        first = fed(metric, x, y).compute()
        fed(metric, x[:1], y[:1])
        metric.reset()
        with pytest.raises(ValueError, match="nothing was counted"):
            metric.compute()
        assert fed(metric, x, y).compute() == first


def test_lists_tensors_and_more_rows_than_a_batch():
    x, y = scores(5, 11, 3)
    expected = confusion(x, y, 3)
    for a, b in ((x.tolist(), y.tolist()), (Tensor(x.tolist()), Tensor(y.tolist(), dtype="i")),
                 (array("f", x.ravel()), array("i", y.tolist())),
                 (memoryview(x.ravel()), bytes(y.tolist()))):  # fmt: skip
        metric = metrics.ConfusionMatrix(3, BATCH)
        metric.update(a, b)
        assert metric.compute() == expected
    narrow = metrics.Accuracy(1, BATCH)
    narrow.update(Tensor([[1.0], [0.0]]), Tensor([1, 1], dtype="B"))
    assert narrow.compute() == 0.5


BAD = [
    ([[1.0, 2.0]], [0], r"outputs \[N, 3\] and 1 targets for each, not 2 and 1"),
    ([[1.0, 2.0, 3.0]], [0, 1], "not 3 and 2"),
    ([], [], "not 0 and 0"),
    ([[1.0, 2.0, 3.0]], [3], "label 3 at index 0"),
    ([[1.0, 2.0, 3.0]] * 2, [0, -1], "label -1 at index 1"),
    ([[1.0, 2.0, 3.0]] * 9, [0] * 8 + [7], "label 7 at index 8"),
    (array("f", [1, 2, 3]), bytes([3]), "label 3 at index 0"),
    ([["a", "b", "c"]], [0], "output has 'a' at index 0; type 'f' holds numbers"),
]


@pytest.mark.parametrize("x,y,says", BAD)
def test_a_bad_batch_changes_nothing(x, y, says):
    metric = metrics.ConfusionMatrix(3, BATCH)
    metric.update([[1.0, 0.0, 0.0]], [2])
    with pytest.raises(ValueError, match=says):
        metric.update(x, y)
    assert metric.compute() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize("make,says", [
    (lambda: metrics.Accuracy(0), "classes is 0; it may be a whole number from 1"),
    (lambda: metrics.ConfusionMatrix(1), "classes is 1; it may be a whole number from 2"),
    (lambda: metrics.TopKAccuracy(3, 4), "k is 4; it may be at most classes, 3"),
    (lambda: metrics.FBeta(3, average="weighted"), "average is 'weighted'"),
    (lambda: metrics.FBeta(3, beta=-1), "beta is -1"),
    (lambda: metrics.MAE(0), "width is 0"),
    (lambda: metrics.MAE(1, batch_size=0), "batch_size is 0"),
    (lambda: metrics.Accuracy(3, target_dtype="f"), "target_dtype is 'f'"),
    (lambda: metrics.AUROC(1), "bins is 1"),
    (lambda: metrics.AUROC(10, 1.0, 1.0), "low is 1.0"),
    (lambda: metrics.Mean(nn.CrossEntropyLoss(reduction="none"), 3), "'mean' or 'sum'"),
])  # fmt: skip
def test_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()
    with pytest.raises(AttributeError, match="Specificity"):
        metrics.Specificity  # noqa: B018


SCRIPT = """
from array import array
from ember import metrics, nn, vm
assert vm.name == "native"
made = [metrics.Accuracy(3), metrics.Accuracy(1), metrics.TopKAccuracy(3, 2), metrics.ConfusionMatrix(3),
        metrics.Precision(3), metrics.Recall(3), metrics.FBeta(3), metrics.MAE(2), metrics.RMSE(2),
        metrics.R2Score(2), metrics.AUROC(10), metrics.Mean(nn.CrossEntropyLoss(), 3)]
batches = []
for m in made:
    x = array("f", [i % 5 / 4 for i in range(8 * m.width)])
    y = [i % 2 for i in range(8 * m.target_size)]
    y = array(m.target_dtype, y)
    batches.append((x, y, memoryview(x)[: 5 * m.width], memoryview(y)[: 5 * m.target_size]))
def feed(m, x, y, steps):
    for _ in range(steps):
        m.update(x, y)
        m.reset()
        m.update(x, y)
def whole(steps):
    feed(m, x, y, steps)
def short(steps):
    feed(m, a, b, steps)
for m, (x, y, a, b) in zip(made, batches):
    assert allocated(whole) == 0 and allocated(short) == 0, type(m)
    m.reset()
    m.update(x, y)
    print(type(m).__name__, m.compute())
"""


@pytest.mark.parametrize("build", ["unix", "unix-single"])
def test_update_allocates_nothing(build):
    found = run_micropython(build, ALLOCATED + SCRIPT, heap="4m")
    assert len(found.splitlines()) == 12
