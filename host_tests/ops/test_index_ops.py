"""Operations by index and in order where it is hard, recorded over batches, and in a Trainer. On both VMs."""

from array import array

import numpy as np
import pytest

import ember
from ember import Tensor, nn, optim, vm
from op_cases import vms
from random_graphs import BATCH, STEPS, eager, huber, recorded, same

NAN, INF = float("nan"), float("inf")


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    ember.manual_seed(5)
    yield request.param
    vm.select()


# Order.


def test_the_order_of_what_compares_oddly(machine):
    x = Tensor([1.0, NAN, -0.0, INF, 0.0, -INF, NAN, 1.0])
    up, down = [5, 2, 4, 0, 7, 3, 1, 6], [1, 6, 3, 0, 7, 2, 4, 5]
    assert x.argsort().tolist() == up and x.argsort(descending=True).tolist() == down
    assert x.topk(3)[1].tolist() == down[:3] and x.topk(3, largest=False)[1].tolist() == up[:3]
    assert str(x.sort()[0].tolist()) == "[-inf, -0.0, 0.0, 1.0, 1.0, inf, nan, nan]"


@pytest.mark.parametrize("values, greatest, least", [
    ([2.0], 0, 0), ([1.0, 3.0, 3.0, 1.0], 1, 0), ([NAN], 0, 0), ([5.0, NAN, -5.0, NAN], 1, 1), ([INF, INF], 0, 0),
    ([-INF, -INF], 0, 0), ([INF, NAN], 1, 1), ([-INF, 1.0, INF], 2, 0), ([0.0, -0.0], 0, 0), ([-0.0, 0.0], 0, 0),
    ([3e38, -3e38, 1e-45], 0, 1), ([0.0, 1e-45, -1e-45], 1, 2), ([7.0] * 40 + [8.0], 40, 0),
])  # fmt: skip
def test_where_the_greatest_is(machine, values, greatest, least):
    x = Tensor(values)
    assert (x.argmax().item(), x.argmin().item()) == (greatest, least)
    twice = Tensor([values, values])
    assert twice.argmax(-1).tolist() == [greatest] * 2 and twice.argmin(1, True).tolist() == [[least]] * 2
    assert twice.T.argmax(0, keepdim=True).tolist() == [[greatest] * 2]
    assert x.argmax().shape == () and not Tensor(values, requires_grad=True).argmax().requires_grad


def test_ties_go_to_the_first_with_their_gradient(machine):
    x = Tensor([[2.0, 1.0, 2.0], [0.0, 0.0, -0.0]], requires_grad=True)
    values, indices = x.topk(1)
    values.sum().backward()
    assert indices.tolist() == [[0], [0]] and x.grad.tolist() == [[1, 0, 0], [1, 0, 0]]


def test_sums_and_products_of_edge_values(machine):
    x = Tensor([INF, 1.0, -INF, 0.0])
    assert str(x.cumsum(0).tolist()) == "[inf, inf, nan, nan]"
    assert str(Tensor([2.0, INF, -1.0]).cumprod(0).tolist()) == "[2.0, inf, -inf]"
    assert Tensor([3.0]).cumsum(-1).tolist() == Tensor([3.0]).cumprod(0).tolist() == [3]


@pytest.mark.parametrize("values, gradient", [
    ([2.0, 3.0, 4.0], [16, 10, 6]), ([0.0, 3.0, 4.0], [16, 0, 0]), ([2.0, 0.0, 4.0], [1, 10, 0]),
    ([2.0, 0.0, 0.0], [1, 2, 0]), ([-0.0, 5.0, 0.0], [6, 0, 0]), ([0.0], [1]),
])  # fmt: skip
def test_the_gradient_of_a_product_with_zeros(machine, values, gradient):
    x = Tensor(values, requires_grad=True)
    x.cumprod(0).sum().backward()
    assert x.grad.tolist() == pytest.approx(gradient)


def test_triangles_leave_nothing_of_what_they_drop(machine):
    x = Tensor([[1.0, NAN, INF], [2.0, 3.0, -INF]], requires_grad=True)
    assert x.tril().tolist() == [[1, 0, 0], [2, 3, 0]]
    assert Tensor([[NAN, 1.0], [INF, 2.0]]).triu(1).tolist() == [[0, 1], [0, 0]]
    x.tril(-1).sum().backward()
    assert x.grad.tolist() == [[0, 0, 0], [1, 0, 0]]


# Indices.


def test_an_index_may_be_of_any_dtype(machine):
    x = Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    for dtype in "fiBbhHI":
        index = Tensor([2, 0, 2], dtype=dtype)
        assert x.index_select(0, index).tolist() == [[5, 6], [1, 2], [5, 6]]
        assert ember.embedding(index.reshape(3, 1), x).tolist() == [[[5, 6]], [[1, 2]], [[5, 6]]]
        assert ember.one_hot(index).tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 1]]
        rest = index.alias((2,), 1)  # a part of a buffer
        assert x.index_select(0, rest).tolist() == [[1, 2], [5, 6]]
    assert x.index_select(0, [-1, -3, 1.0]).tolist() == [[5, 6], [1, 2], [3, 4]]
    assert ember.one_hot([0]).tolist() == [[1]] and ember.one_hot(Tensor(1.0), 2).tolist() == [0, 1]


X = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
I32 = Tensor([1, 0, 3], dtype="i")


@pytest.mark.parametrize("f, says", [
    (lambda: X.index_select(1, I32), "^index 3 at position 2; it may be a whole number from 0 to 2$"),
    (lambda: X.index_select(1, Tensor([0, -1], dtype="h")), "index -1 at position 1; .* from 0 to 2"),
    (lambda: X.gather(1, Tensor([[0.0, 1.0], [2.0, 0.5]])), "index 0.5 at position 3"),
    (lambda: X.gather(0, Tensor([[0.0, NAN, 1.0]])), "index nan at position 1; .* from 0 to 1"),
    (lambda: X.gather(0, Tensor([[0, 1, 0], [0, 0, 5]], dtype="i")), "index 5 at position 5; .* from 0 to 1"),
    (lambda: X.take_along_dim(Tensor([[INF], [0.0]]), 1), "index inf at position 0"),
    (lambda: X.scatter_add(0, Tensor([[0, 1, 2]], dtype="B"), X), "index 2 at position 2; .* from 0 to 1"),
    (lambda: ember.embedding(Tensor([[0, 1], [1, 2]], dtype="b"), X), "index 2 at position 3"),
    (lambda: ember.one_hot(Tensor([2, 9], dtype="i"), 3), "index 9 at position 1; .* from 0 to 2"),
    (lambda: ember.one_hot(Tensor([2, -9], dtype="i")), "index -9 at position 1; .* from 0 to 2"),
    (lambda: X.index_select(1, [0, 3]), "index 3 at position 1; it may be a whole number from -3 to 2"),
    (lambda: X.gather(1, [[0], [0.5]]), "index 0.5 at position 1"),
    (lambda: X.index_select(1, [NAN]), "index nan at position 0"),
    (lambda: X.index_select(1, [-INF]), "index -inf at position 0"),
    (lambda: X.index_select(1, 0), "index is 0; it may be a Tensor or a list"),
    (lambda: X.index_select(1, [[0]]), r"index of shape \(1, 1\)"),
    (lambda: X.index_select(2, [0]), "dim 2"),
    (lambda: X.gather(1, [0]), r"\(2, 3\) by an index of shape \(1,\)"),
    (lambda: X.gather(1, [[0]] * 3), r"\(2, 3\) by an index of shape \(3, 1\)"),
    (lambda: X.take_along_dim([[0, 0]], 0), r"\(2, 3\) by indices of shape \(1, 2\)"),
    (lambda: X.scatter_add(1, [[0]], X), r"\(2, 3\) by an index of shape \(1, 1\)"),
    (lambda: X.scatter_add(1, [[0] * 4] * 2, X), r"\(2, 3\) by an index of shape \(2, 4\)"),
    (lambda: ember.embedding([0], Tensor([1.0])), r"weight \(V, D\), got shape \(1,\)"),
    (lambda: ember.embedding([0], X, 2), "padding_idx is 2; it may be a whole number from -2 to 1"),
    (lambda: ember.one_hot([0], 0), "num_classes is 0; it may be a whole number from 1"),
    (lambda: I32.cumsum(0), "dtype 'i'"),
    (lambda: I32.argsort(), "dtype 'i'"),
    (lambda: X.topk(4), "k is 4; it may be a whole number from 1 to 3"),
    (lambda: X.topk(0, 0), "k is 0; it may be a whole number from 1 to 2"),
    (lambda: X.argmax((0, 1)), r"dim is \(0, 1\); it may be a whole number or None"),
    (lambda: X.argmin(2), "dim 2"),
    (lambda: X.cumsum(2), "dim 2"),
    (lambda: X[0].tril(), r"\(3,\)"),
    (lambda: X.triu(0.5), "diagonal is 0.5; it may be a whole number"),
    (lambda: nn.Embedding(0, 2), "num_embeddings is 0"),
    (lambda: nn.Embedding(2, 1.5), "embedding_dim is 1.5"),
    (lambda: nn.Embedding(2, 2, padding_idx=2), "padding_idx is 2; it may be a whole number from -2 to 1"),
])  # fmt: skip
def test_refusals(machine, f, says):
    with pytest.raises(ValueError, match=says):
        f()


def test_an_index_out_of_range_leaves_everything_usable(machine):
    weight = Tensor([[1.0], [2.0]], requires_grad=True)
    with pytest.raises(ValueError, match="index 2"):
        ember.embedding(Tensor([0, 2], dtype="B"), weight)
    y = ember.embedding(Tensor([0, 1, 1], dtype="B"), weight)
    y.sum().backward()
    assert y.tolist() == [[1], [2], [2]] and weight.grad.tolist() == [[1], [2]]


# Recorded: the batch is the first dimension.

MINE = {
    "index_select": lambda m, x, y: x.index_select(1, [3, 0, 0, -1]),
    "gather": lambda m, x, y: x.gather(1, y.argsort(1)),
    "gather less": lambda m, x, y: x.gather(1, y.topk(2)[1]).sum(1, keepdim=True) * y,
    "take": lambda m, x, y: x.take_along_dim([[1, 0, 2, 2]], 1),
    "take outside": lambda m, x, y: x.take_along_dim(Tensor([[1, 0, 2, 2]], dtype="h"), -1),
    "take a part": lambda m, x, y: x.take_along_dim(Tensor([9, 1, 0, 2, 2], dtype="i").alias((1, 4), 1), 1),
    "scatter": lambda m, x, y: x.scatter_add(1, y.argmax(1, keepdim=True), y),
    "scatter all": lambda m, x, y: x @ m.weight.scatter_add(0, x.argsort(1), y),
    "sort": lambda m, x, y: x.reshape(-1, 2, 2).sort(1)[0].flatten(1),
    "topk": lambda m, x, y: x.topk(4, largest=False)[0],
    "cumsum": lambda m, x, y: x.cumsum(1).tanh(),
    "cumsum inside": lambda m, x, y: x.reshape(-1, 2, 2).cumsum(1).flatten(1),
    "cumprod": lambda m, x, y: x.tanh().cumprod(-1),
    "cumprod zeros": lambda m, x, y: x.relu().cumprod(-1).tanh(),
    "tril": lambda m, x, y: x.reshape(-1, 2, 2).tril().flatten(1),
    "embedding": lambda m, x, y: ember.embedding(y.argmax(1), m.weight),
    "embedding padded": lambda m, x, y: ember.embedding(y.argmin(1), m.weight, 1) + x,
    "rows by batch": lambda m, x, y: m.weight.gather(0, y.argsort(1)),
    "select by batch": lambda m, x, y: m.weight.index_select(0, y.argmax(1)),
    "one_hot": lambda m, x, y: x * ember.one_hot(y.argmax(1), 4),
    "argmin": lambda m, x, y: x.argmin(1, keepdim=True) * y,
    "argmax inside": lambda m, x, y: x * y.reshape(-1, 2, 2).argmax(1).reshape(-1, 2).sum(1, keepdim=True),
}


@pytest.mark.parametrize("rows", [BATCH, 2])
@pytest.mark.parametrize("name", MINE)
def test_recorded_is_eager(machine, name, rows, monkeypatch):
    monkeypatch.setitem(STEPS, name, MINE[name])
    for steps in ([(name, 0, 0)], [("tanh", 0, 0), (name, 0, 1), ("add", 0, 2)]):
        trainer, found = recorded(steps, huber, BATCH, rows)
        loss, expected = eager(steps, huber, rows)
        same(found, expected, machine == "native")
        assert trainer.loss == pytest.approx(loss, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name, says", [
    ("sort", lambda m, x, y: x.sort(0)[0]), ("argmax", lambda m, x, y: x * x.argmax(0)),
    ("argmin", lambda m, x, y: x * x.argmin()), ("cumsum", lambda m, x, y: x.cumsum(0)),
    ("cumprod", lambda m, x, y: x.cumprod(0)), ("topk", lambda m, x, y: x.topk(1, 0)[0]),
    ("index_select", lambda m, x, y: x.index_select(0, [0])), ("gather", lambda m, x, y: x.gather(0, [[0] * 4])),
    ("scatter_add", lambda m, x, y: x.scatter_add(0, x.argsort(1), x)),
    ("take_along_dim", lambda m, x, y: x.take_along_dim(x, 0)), ("tril", lambda m, x, y: x.tril()),
    ("num_classes", lambda m, x, y: x * ember.one_hot(x.argmax(1))),
    ("index_select", lambda m, x, y: m.weight.index_select(1, x.argmax(1))),
    ("gather", lambda m, x, y: x.gather(1, [[0]] * BATCH)),
])  # fmt: skip
def test_what_would_mix_samples_is_refused(name, says, monkeypatch):
    monkeypatch.setitem(STEPS, "refused", says)
    with pytest.raises(ValueError, match="%s.*|arg.* along the batch" % name):
        recorded([("refused", 0, 0)], huber, BATCH, BATCH)


# In a Trainer.


class Words(nn.Module):
    def __init__(self, high=7, width=3, padding_idx=None):
        ember.manual_seed(4)
        self.table, self.out = nn.Embedding(high, width, padding_idx), nn.Linear(width, 2)

    def forward(self, x):
        return self.out(self.table(x).sum(1))


def trainer_of(dtype, scale, **named):
    model = Words(**named)
    return ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.1), (4,), 3,
                         input_dtype=dtype, input_scale=scale)  # fmt: skip


SENTENCES = [0, 6, 6, 3, 1, 1, 1, 1, 5, 0, 2, 6]
LABELS = bytes([0, 1, 1])


def parameters(trainer):
    return [p.tolist() for p in trainer.model.parameters()]


def test_whole_numbers_reach_an_embedding_as_they_are(machine):
    found = []
    for dtype, scale in (("f", 1.0), ("B", None), ("b", None), ("h", None), ("i", None), ("B", 1.0), ("f", None)):
        trainer = trainer_of(dtype, scale)
        assert ("src=seg4" in str(trainer.image)) == (dtype == "B" and scale == 1.0)
        for _ in range(3):
            trainer.step(array(dtype, SENTENCES), LABELS)
        trainer.step(np.array(SENTENCES[:8]).reshape(2, 4).tolist(), [1, 0])
        found.append((parameters(trainer), trainer.loss, trainer.predict(array(dtype, SENTENCES)).tolist()))
    assert all(one == found[0] for one in found)


def test_gradients_of_an_embedding(machine):
    trainer, model = trainer_of("B", None), Words()
    trainer.accumulate(array("B", SENTENCES), LABELS)
    loss = nn.CrossEntropyLoss(reduction="sum")(model(Tensor(SENTENCES, (3, 4), dtype="B")), list(LABELS))
    loss.backward()
    for p, q in zip(trainer.model.parameters(), model.parameters()):
        assert np.allclose(p.grad.tolist(), q.grad.tolist(), rtol=1e-5, atol=1e-6)


def test_parts_of_a_batch_give_the_bits_of_the_whole(machine):
    whole, parts = trainer_of("h", None), trainer_of("h", None)
    x = array("h", SENTENCES)
    for _ in range(3):
        whole.step(x, LABELS)
        for i in range(3):
            parts.accumulate(x[4 * i : 4 * i + 4], LABELS[i : i + 1])
        parts.update()
    assert machine != "native" or parameters(whole) == parameters(parts)


@pytest.mark.parametrize("scale", [None, 1.0])
def test_an_index_out_of_range_changes_nothing(machine, scale):
    trainer = trainer_of("h", scale)
    trainer.step(array("h", SENTENCES), LABELS)
    for bad in (7, -1, 32767, -32768):
        for position in (0, 5, 11):
            x = array("h", SENTENCES)
            x[position] = bad
            says = "index %r(.0)? at position %d; it may be a whole number from 0 to 6" % (bad, position)
            before, loss = parameters(trainer), trainer.loss
            with pytest.raises(ValueError, match=says):
                trainer.step(x, LABELS)
            with pytest.raises(ValueError, match=says):
                trainer.step([list(x[i : i + 4]) for i in (0, 4, 8)], LABELS)
            with pytest.raises(ValueError, match=says):
                trainer.predict(x)
            assert parameters(trainer) == before
            assert scale or trainer.loss == loss
    with pytest.raises(ValueError, match="label 2 at index 1"):
        trainer.step(array("h", SENTENCES), bytes([0, 2, 1]))
    other = trainer_of("h", scale)
    other.step(array("h", SENTENCES), LABELS)
    for one in (trainer, other):  # nothing is left of what was refused
        one.accumulate(array("h", SENTENCES), LABELS)
    if scale is None:  # in the midst of a batch that goes on
        with pytest.raises(ValueError, match="index 9"):
            trainer.accumulate(array("h", [9] * 12), LABELS)
    for one in (trainer, other):
        one.accumulate(array("h", SENTENCES[4:8]), LABELS[:1])
        one.update()
    assert parameters(trainer) == parameters(other)


def test_the_row_for_padding_stays(machine):
    trainer = trainer_of("B", None, padding_idx=-1)
    table = trainer.model.table
    assert table.padding_idx == 6 and table.weight.tolist()[6] == [0, 0, 0]
    before = table.weight.tolist()
    for _ in range(4):
        trainer.step(array("B", SENTENCES), LABELS)
    after = table.weight.tolist()
    assert after[6] == [0, 0, 0] and after[4] == before[4]
    assert all(after[k] != before[k] for k in (0, 1, 2, 3, 5))


def test_an_embedding_learns(machine):
    """Which of two words a sentence has."""
    rng = np.random.default_rng(0)
    trainer = trainer_of("B", None)
    x = rng.integers(2, 7, (60, 4))
    y = rng.integers(0, 2, 60)
    x[np.arange(60), rng.integers(0, 4, 60)] = y
    batches = [(array("B", x[i : i + 3].ravel().tolist()), array("B", y[i : i + 3].tolist())) for i in range(0, 60, 3)]
    trainer.fit(batches, 12)
    assert trainer.evaluate(batches)[1] == 1.0
