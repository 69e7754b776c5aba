"""Parts of a batch are the batch: whatever the loss, its weights and its reduction, and however the batch is cut."""

from array import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ember
from catalogue_list import LOSSES
from ember import Tensor, metrics, nn, optim, runtime, schedule, vm
from ember.instructions import isa, program
from op_cases import vms

CLASSES, FEATURES, MOST = 4, 3, 9


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


class Of(nn.Module):
    """A loss of three inputs, of an output of six columns."""

    def __init__(self, loss, signs=None):
        self.loss, self.reduction, self.signs = loss, loss.reduction, signs

    def forward(self, output, y):
        a, b, c = output[:, :2], output[:, 2:4], output[:, 4:]
        if self.signs is None:
            return self.loss(a, b, c)
        return self.loss(a, b, y[:, : self.signs] if self.signs > 1 else y[:, 0])


class Logarithms(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(FEATURES, CLASSES)

    def forward(self, x):
        return self.layer(x).log_softmax(-1)


class Steps(nn.Module):
    """[N, 3, CLASSES], as log probabilities."""

    def __init__(self):
        self.layer = nn.Linear(FEATURES, 3 * CLASSES)

    def forward(self, x):
        return self.layer(x).reshape(-1, 3, CLASSES).log_softmax(-1)


def linear(width=CLASSES):
    return lambda: nn.Linear(FEATURES, width)


def chances():
    return nn.Sequential(nn.Linear(FEATURES, CLASSES), nn.Sigmoid())


def labels(rng, n):
    return array("B", rng.integers(0, CLASSES, n).tolist())


def values(low=-1.0, high=1.0, width=CLASSES):
    return lambda rng, n: array("f", rng.uniform(low, high, n * width).astype("f4").tolist())


def several(rng, n):
    """Of each sample some labels, then -1."""
    rows = [[*rng.permutation(CLASSES)[: rng.integers(0, CLASSES + 1)]] for _ in range(n)]
    return array("f", [float(v) for row in rows for v in (*row, -1, -1, -1, -1)[:CLASSES]])


def signs(rng, n):
    return array("f", rng.choice((-1.0, 1.0), n * 6).tolist())


WEIGHTS = st.lists(st.sampled_from((0.2, 0.3, 1.0, 1.7, 5.0)), min_size=CLASSES, max_size=CLASSES)
WEIGHTED = {"weight": st.none() | WEIGHTS, "ignore_index": st.integers(-2, CLASSES - 1)}
CASES = {  # the model, targets, and options beside the reduction
    "CrossEntropyLoss": (linear(), labels, dict(WEIGHTED, label_smoothing=st.sampled_from((0.0, 0.3)))),
    "NLLLoss": (Logarithms, labels, WEIGHTED),
    "MultiMarginLoss": (linear(), labels, {"weight": st.none() | WEIGHTS, "p": st.sampled_from((1, 2))}),
    "BCELoss": (chances, values(0, 1), {"weight": st.none() | WEIGHTS}),
    "BCEWithLogitsLoss": (linear(), values(0, 1), {"weight": st.none() | WEIGHTS, "pos_weight": st.none() | WEIGHTS}),
    "KLDivLoss": (Logarithms, values(0.1, 1), {"reduction": st.sampled_from(("batchmean", "mean", "sum"))}),
    "CTCLoss": (Steps, lambda rng, n: array("B", rng.integers(0, CLASSES, n * 2).tolist()), {}),
    "PoissonNLLLoss": (linear(), values(0.1, 2), {"full": st.booleans()}),
    "GaussianNLLLoss": (linear(6), values(width=6), {}),
    "MarginRankingLoss": (linear(6), signs, {}),
    "CosineEmbeddingLoss": (linear(6), signs, {}),
    "TripletMarginLoss": (linear(6), values(width=6), {}),
    "TripletMarginWithDistanceLoss": (linear(6), values(width=6), {"swap": st.booleans()}),
    "MultiLabelMarginLoss": (linear(), several, {}),
    "MultiLabelSoftMarginLoss": (linear(), values(0, 1), {"weight": st.none() | WEIGHTS}),
    "HingeEmbeddingLoss": (linear(), lambda rng, n: array("f", rng.choice((-1.0, 1.0), n * CLASSES).tolist()), {}),
}
SHAPES = {"MarginRankingLoss": 2, "CosineEmbeddingLoss": 1, **dict.fromkeys(
    ["TripletMarginLoss", "TripletMarginWithDistanceLoss", "GaussianNLLLoss"])}  # fmt: skip


def made(name, options):
    loss = getattr(nn, name)(**options)
    if name == "GaussianNLLLoss":
        loss.forward = lambda x, target, var, of=loss: type(of).forward(of, x, target, var * var + 0.1)
    return Of(loss, SHAPES[name]) if name in SHAPES else loss


def trainer(name, options, model, optimizer=None, rows=MOST, **more):
    ember.manual_seed(3)
    model = model()
    optimizer = optimizer(model.parameters()) if optimizer else optim.Adam(model.parameters(), lr=0.1)
    if name == "CTCLoss":
        more["target_shape"] = (2,)
    return ember.Trainer(model, made(name, options), optimizer, (FEATURES,), rows, **more)


def inputs(rng, n):
    return array("f", rng.normal(size=n * FEATURES).astype("f4").tolist())


def cut(t, x, y, edges):
    """The batch in parts, by hand."""
    for first, last in zip([0, *edges], edges):
        t.accumulate(x[first * t.sample_size : last * t.sample_size], y[first * t.target_size : last * t.target_size])
    t.update()


def kept(t):
    """Parameters, frozen ones, gradients, the optimizer's state."""
    return np.array(t.executor.segments[0][: t.image.statistics])


def alike(machine, a, b):
    if machine == "native":
        return a.astype("f4").tobytes() == b.astype("f4").tobytes()
    return np.allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_parts_have_the_bits_of_the_whole(machine, name):
    """In one go, in parts as memory would cut it, by hand, in slices; the loss is PyTorch's for all of it."""
    model, targets, options = CASES.get(name, (linear(), values(), {}))
    options = dict({"reduction": st.sampled_from(("mean", "sum"))}, **options)

    @settings(max_examples=12 if machine == "native" else 2, deadline=None)
    @given(st.data(), st.fixed_dictionaries({}, optional=options), st.integers(0, 1000))
    def run(data, chosen, seed):
        rng = np.random.default_rng(seed)
        micro = data.draw(st.integers(1, MOST - 1))
        whole, memory, hand = (trainer(name, chosen, model, **more) for more in ({}, {"micro_batch": micro}, {}))
        reference = trainer(name, chosen, model)
        for _ in range(3):
            n = data.draw(st.integers(1, MOST))
            x, y = inputs(rng, n), targets(rng, n)
            edges = [*sorted(data.draw(st.sets(st.integers(1, n - 1)))), n] if n > 1 else [n]
            output = reference.model(Tensor(x, (n, FEATURES)))
            target = Tensor(y, dtype=y.typecode, shape=(n,) + whole.front.target_dims[1:])
            expected = reference.criterion(output, target).item()
            whole.step(x, y)
            memory.step(x, y)
            cut(hand, x, y, edges)
            reference.step(x, y, budget_us=1)
            while reference.unfinished:
                reference.poll(1)
            for t in (memory, hand, reference):
                assert alike(machine, kept(t), kept(whole)) and t.steps == whole.steps
            for t in (whole, memory, hand):
                assert t.loss == pytest.approx(0.0 if expected != expected else expected, rel=2e-5, abs=1e-6)
            assert memory.evaluate([(x, y)])[0] == pytest.approx(whole.evaluate([(x, y)])[0], rel=1e-5, abs=1e-6)

    run()


def step_of(name, x, y, w, b, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    """PyTorch's loss of a linear model, and the gradients of both, in float64; what a mean divides by."""
    z = x @ w + b
    p = np.exp(z - z.max(1, keepdims=True))
    p = p / p.sum(1, keepdims=True)
    weight = np.ones(CLASSES) if weight is None else np.array(weight)
    each, rows, by = np.zeros(len(x)), np.arange(len(x)), len(x) if reduction == "mean" else 1.0
    own, spread = np.zeros((len(x), CLASSES)), label_smoothing / CLASSES
    if name == "MultiMarginLoss":
        over = np.maximum(0, 1 - z[rows, y][:, None] + z)
        over[rows, y] = 0
        each = weight[y] * over.sum(1) / CLASSES
        own = weight[y][:, None] * (over > 0) / CLASSES
        own[rows, y] -= own.sum(1)
    else:
        counts = 1.0 * (y != ignore_index)
        share = (1 - label_smoothing) * weight[y][:, None] * np.eye(CLASSES)[y] + spread * weight
        share = share * counts[:, None]
        each = -(share * np.log(p)).sum(1)
        own = p * share.sum(1, keepdims=True) - share
        by = (weight[y] * counts).sum() if reduction == "mean" else 1.0
    return each.sum(), x.T @ own, own.sum(0), by


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "NLLLoss", "MultiMarginLoss"])
def test_weights_are_those_of_pytorch(machine, name):
    model, targets, options = CASES[name]
    options = dict({"reduction": st.sampled_from(("mean", "sum"))}, **options)
    options.pop("p", None)

    @settings(max_examples=20 if machine == "native" else 3, deadline=None)
    @given(st.data(), st.fixed_dictionaries({}, optional=options), st.integers(0, 1000))
    def run(data, chosen, seed):
        rng = np.random.default_rng(seed)
        t = trainer(name, chosen, model, lambda p: optim.SGD(p, lr=0.5), micro_batch=data.draw(st.integers(1, MOST)))
        layer, seen, steps = getattr(t.model, "layer", t.model), [0.0, 0.0], 0
        w, b = np.array(layer.weight.tolist()), np.array(layer.bias.tolist())
        for _ in range(3):
            n = data.draw(st.integers(1, MOST))
            x, y = inputs(rng, n), targets(rng, n)
            loss, dw, db, by = step_of(name, np.array(x).reshape(n, -1), np.array(y), w, b, **chosen)
            t.step(x, y)
            assert t.loss == pytest.approx(loss / by if by else 0.0, rel=1e-4, abs=1e-5)
            if by:
                w, b, steps = w - 0.5 * dw / by, b - 0.5 * db / by, steps + 1
                seen = [seen[0] + loss, seen[1] + by]
            assert np.allclose(layer.weight.tolist(), w, rtol=1e-4, atol=1e-5)
            assert np.allclose(layer.bias.tolist(), b, rtol=1e-4, atol=1e-5)
            assert t.steps == steps
            assert t.running_loss == pytest.approx(seen[0] / (seen[1] or 1.0), rel=1e-4, abs=1e-5)

    run()


def weighted(micro_batch, **options):
    model = nn.Linear(2, 3)
    with ember.no_grad():
        model.weight[...] = Tensor([[0.1, -0.2, 0.3], [0.2, 0.1, -0.1]])
        model.bias[...] = Tensor([0.0, 0.1, -0.1])
    t = ember.Trainer(model, nn.CrossEntropyLoss(**options), optim.SGD(model.parameters(), lr=0.5), (2,), 6,
                      micro_batch=micro_batch)  # fmt: skip
    x = array("f", [1.0, 0.5, -1.0, 2.0, 0.3, -0.7, 1.5, 1.5, -0.2, 0.4, 0.9, -1.1])
    t.step(x, array("B", [0, 1, 2, 0, 1, 2]))
    return kept(t), t.loss


@pytest.mark.parametrize("micro_batch", [1, 2, 5])
@pytest.mark.parametrize("options", [{"weight": [1.0, 5.0, 0.2]}, {"ignore_index": 2},
                                     {"weight": [1.0, 5.0, 0.2], "ignore_index": 0, "label_smoothing": 0.2}],
                         ids=repr)  # fmt: skip
def test_class_weights_and_ignored_labels_in_parts(machine, options, micro_batch):
    (whole, loss), (parts, loss_of_parts) = weighted(6, **options), weighted(micro_batch, **options)
    assert alike(machine, parts, whole) and loss_of_parts == pytest.approx(loss, rel=1e-6)


# A batch in which no label counts.


class Net(nn.Module):
    """With everything that a step may change."""

    def __init__(self):
        self.first, self.norm = nn.Linear(FEATURES, 5), nn.BatchNorm1d(5)
        self.drop, self.last = nn.Dropout(0.3), nn.Linear(5, CLASSES)

    def forward(self, x):
        return self.last(self.drop(self.norm(self.first(x)).relu()))


NOTHING = array("B", [2] * 5)
MAKE = {
    "Adam": (lambda p: optim.Adam(p, lr=0.1, weight_decay=0.1), {"ema": 0.9}),
    "SGD": (lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1), {"clip_norm": 1.0, "clip_value": 0.5}),
    "bfloat16": (lambda p: optim.Adagrad(p, lr=0.1), {"state_dtype": "bfloat16"}),
    "parts": (lambda p: optim.LAMB(p, lr=0.1), {"micro_batch": 2}),
    "fused": (lambda p: optim.SGD(p, lr=0.1), {"fused": True}),
    "L-BFGS": (lambda p: optim.LBFGS(p, lr=0.1, max_iter=3, history_size=2), {}),
}
OPTIONS = {"ignore_index": 2}


def lasting(t):
    """All that a step changes for good: weights, state, averages, buffers, the running loss, counters."""
    arena = memoryview(t.executor.segments[0])
    blocks = [bytes(arena[at : at + n]) for at, n in map(t.image.block, (0, 1, 3))]
    return blocks, t.running_loss, t.steps, list(t.executor.segments[isa.FLOATS])


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("options", [OPTIONS, {"weight": [1.0, 1.0, 0.0, 1.0]}], ids=["ignored", "weightless"])
def test_a_batch_that_counts_nothing_is_no_step(machine, kind, options, tmp_path):
    make, more = MAKE[kind]
    rng = np.random.default_rng(2)
    one, twin = (trainer("CrossEntropyLoss", options, Net, make, 5, **more) for _ in range(2))
    steps = []
    for _ in range(3):
        x, y = inputs(rng, 5), array("B", [0, 1, 3, 2, 1])
        for t in (one, twin):
            t.step(x, y)
        before, norm = lasting(one), one.model.norm.running_mean.tolist()
        one.step(inputs(rng, 5), NOTHING)
        assert one.loss == 0 and lasting(one) == before and one.model.norm.running_mean.tolist() == norm
        steps.append(one.steps)
        if kind != "L-BFGS":
            one.accumulate(inputs(rng, 2), NOTHING[:2])
            if kind != "fused":
                one.accumulate(inputs(rng, 2), NOTHING[:2])
            one.update()
            assert one.loss == 0 and lasting(one) == before
            x = inputs(rng, 5)
            one.step(x, NOTHING, budget_us=1)
            while one.unfinished:
                one.poll(1)
            assert one.loss == 0 and lasting(one) == before
    assert lasting(one) == lasting(twin) and steps == [1, 2, 3]
    assert not any([v != v for v in one.executor.segments[0][: one.image.statistics]])
    if kind != "L-BFGS":
        one.export(str(tmp_path / "program"))
        there = runtime.load(str(tmp_path / "program"))
        before = lasting(there)[0][:2]
        there.step(inputs(rng, 5), NOTHING)
        assert there.loss == 0 and lasting(there)[0][:2] == before and there.steps == 3
    assert one.evaluate([(inputs(rng, 5), NOTHING)])[0] == 0


@pytest.mark.parametrize("micro_batch", [None, 1, 2])
def test_parts_that_count_nothing_take_no_part(machine, micro_batch):
    x, y = inputs(np.random.default_rng(3), 6), array("B", [2, 2, 1, 0, 2, 2])
    parts = trainer("CrossEntropyLoss", OPTIONS, linear(), rows=6, micro_batch=micro_batch)
    alone = trainer("CrossEntropyLoss", OPTIONS, linear(), rows=6)
    parts.step(x, y)
    alone.step(x[6:12], y[2:4])
    assert alike(machine, kept(parts), kept(alone)) and parts.steps == 1
    assert parts.loss == pytest.approx(alone.loss, rel=1e-6)


def test_a_fit_steps_the_schedule_when_a_step_counted(machine):
    t = trainer("CrossEntropyLoss", OPTIONS, Net, lambda p: optim.SGD(p, lr=1.0), 5)
    rng, seen = np.random.default_rng(4), []
    some = [(inputs(rng, 5), y) for y in (NOTHING, array("B", [0, 1, 2, 2, 3]), NOTHING, array("B", [1, 2, 2, 2, 2]))]
    t.fit(some, 1, on_step=lambda t: seen.append(t.steps), schedule=schedule.StepLR(t.optimizer, 1, 0.5),
          schedule_every="step")  # fmt: skip
    assert seen == [1, 2] and t.optimizer.lr == 0.25 and t.epoch == 1
    before, called = lasting(t), []
    t.fit(some[:1], 2, callbacks=[called.append])
    assert lasting(t)[0] == before[0] and t.epoch == 1 and not called and t.optimizer.lr == 0.25
    with pytest.raises(ValueError, match="no batches in epoch 2"):
        t.fit([], 1)


def test_what_is_given_up_leaves_the_running_statistics(machine):
    """They are copied back in the update."""
    t = trainer("CrossEntropyLoss", {}, Net, rows=5)
    x, y = inputs(np.random.default_rng(5), 5), array("B", [0, 1, 2, 3, 0])
    before = t.model.norm.running_mean.tolist(), t.model.norm.running_var.tolist()
    t.accumulate(x, y)
    assert (t.model.norm.running_mean.tolist(), t.model.norm.running_var.tolist()) == before
    prediction = t.predict(x).tolist()
    t.slices.drop()
    t.fresh = True
    t.step(x, y)
    mean = np.array(before[0]) * 0.9 + 0.1 * (
        np.array(x).reshape(5, -1) @ np.array(start_of(Net).first.weight.tolist())
        + np.array(start_of(Net).first.bias.tolist())
    ).mean(0)
    assert np.allclose(t.model.norm.running_mean.tolist(), mean, atol=1e-6)
    assert t.predict(x).tolist() != prediction


def start_of(model):
    ember.manual_seed(3)
    return model()


# Sums over many steps.


def test_running_losses_do_not_stick(machine):
    """A float32 that counts sticks at 2**24; its rest goes on."""
    model = nn.Linear(1, 1, bias=False)
    t = ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.0), (1,), 1)
    with ember.no_grad():
        model.weight[...] = Tensor([[1.0]])
    at = t.image.statistics + program.RUNNING
    t.executor.segments[0][at], t.executor.segments[0][at + 1] = 2.0**24, 2.0**24
    for _ in range(300):
        t.step(array("f", [2.0]), array("f", [1.0]))  # a loss of 1
    arena, rest = t.executor.segments[0], program.RUNNING_REST - program.RUNNING
    for k in (at, at + 1):
        assert arena[k] + arena[k + rest] == 2**24 + 300
    assert t.running_loss == 1.0
    t.reset_running()
    assert t.running_loss == 0.0
    t.step(array("f", [3.0]), array("f", [1.0]))
    assert t.running_loss == 4.0


@pytest.mark.parametrize("micro_batch", [None, 2])
def test_evaluate_is_over_all_weights(machine, micro_batch):
    """Not over batches: PyTorch's loss of all of them at once; of a sum it is over batches."""
    options = {"weight": [1.0, 5.0, 0.2, 2.0], "ignore_index": 0}
    rng = np.random.default_rng(6)
    batches = [(inputs(rng, n), labels(rng, n)) for n in (5, 2, 4)]
    x, y = sum([x for x, _ in batches], array("f")), sum([y for _, y in batches], array("B"))
    t = trainer("CrossEntropyLoss", options, linear(), rows=5, micro_batch=micro_batch)
    output = t.model(Tensor(x, (11, FEATURES)))
    expected = nn.CrossEntropyLoss(**options)(output, Tensor(y, dtype="B")).item()
    mean = metrics.Mean(nn.CrossEntropyLoss(**options), CLASSES, 5)
    assert t.evaluate(batches, [mean])[0] == pytest.approx(expected, rel=1e-5)
    assert mean.compute() == pytest.approx(expected, rel=1e-5)
    one = trainer("CrossEntropyLoss", dict(options, reduction="sum"), linear(), rows=5, micro_batch=micro_batch)
    of_a_sum = nn.CrossEntropyLoss(reduction="sum", **options)(output, Tensor(y, dtype="B")).item()
    assert one.evaluate(batches)[0] == pytest.approx(of_a_sum / 3, rel=1e-5)
    for x, y in batches:
        one.step(x, y)
    assert one.running_loss > one.evaluate(batches)[0] > 0


def test_the_loss_of_a_sum(machine):
    model = nn.Linear(1, 1, bias=False)
    with ember.no_grad():
        model.weight[...] = Tensor([[1.0]])
    t = ember.Trainer(model, nn.MSELoss(reduction="sum"), optim.SGD(model.parameters(), lr=0.0), (1,), 4)
    x, y = array("f", [1.0, 2.0, 3.0, 4.0]), array("f", [0.0] * 4)
    t.step(x, y)
    assert t.loss == t.running_loss == t.evaluate([(x, y)])[0] == 30.0
    cut(t, x, y, [1, 3, 4])
    assert t.loss == t.running_loss == 30.0


def test_a_function_that_returns_a_weighted_loss(machine):
    """It is taken for what it is."""
    loss, found = nn.CrossEntropyLoss([1.0, 5.0, 0.2, 2.0], 0), []
    x, y = inputs(np.random.default_rng(7), 6), array("B", [0, 1, 2, 3, 0, 1])
    for criterion, more in ((loss, {}), (lambda z, y: loss(z, y), {"target_dtype": "B", "target_shape": ()})):
        model = start_of(linear())
        t = ember.Trainer(model, criterion, optim.Adam(model.parameters(), lr=0.1), (FEATURES,), 6, micro_batch=2,
                          **more)  # fmt: skip
        t.step(x, y)
        found.append(kept(t))
    assert alike(machine, *found)


def test_a_function_that_calculates_on_with_a_weighted_loss(machine):
    """It is a mean over rows: in parts each part's mean counts as its rows do."""
    loss = nn.CrossEntropyLoss([1.0, 5.0, 0.2, 2.0])
    x, y = inputs(np.random.default_rng(7), 6), array("B", [0, 1, 2, 3, 0, 1])
    more = {"target_dtype": "B", "target_shape": ()}
    for edges, shares in (([6], [1]), ([2, 6], [2 / 6, 4 / 6])):
        model = start_of(linear())
        t = ember.Trainer(model, lambda z, y: loss(z, y) * 2.0, optim.SGD(model.parameters(), lr=0.5), (3,), 6, **more)
        expected, first = np.array(model.weight.tolist()), 0
        for last, share in zip(edges, shares):
            part = np.array(x).reshape(6, 3)[first:last], np.array(y[first:last])
            _, dw, _, by = step_of("CrossEntropyLoss", *part, np.array(start_of(linear()).weight.tolist()),
                                   np.array(start_of(linear()).bias.tolist()), loss.weight.tolist())  # fmt: skip
            expected, first = expected - 0.5 * share * 2 * dw / by, last
        cut(t, x, y, edges)
        assert np.allclose(model.weight.tolist(), expected, rtol=1e-4, atol=1e-6)
