"""What is recorded is what would have run: recorded graphs against the same graphs run eagerly, bit by bit."""

from array import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ember
from ember import Tensor, nn, optim, vm
from ember.tensors.parameter import Parameter
from op_cases import Draw, everything, vms
from random_graphs import BATCH, STEPS, data, eager, gradients, huber, recorded, same


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    ember.manual_seed(5)
    yield request.param
    vm.select()


ACROSS = ("total", "columns")  # what mixes the samples of a batch


LOSSES = [nn.CrossEntropyLoss(), nn.MSELoss(), huber]


@st.composite
def graphs(draw, without=()):
    names = [name for name in sorted(STEPS) if name not in without]
    step = st.tuples(st.sampled_from(names), st.integers(0, 3), st.integers(0, 3))
    return draw(st.lists(step, min_size=1, max_size=7))


def examples(machine, native, portable):
    return settings(max_examples=native if machine == "native" else portable)


@pytest.mark.parametrize("name", sorted(STEPS))
def test_each_step_alone(machine, name):
    """With operands that are used again and ones that are not, so that results take their place or must not."""
    for steps in ([(name, 0, 0)], [("tanh", 0, 0), (name, 0, 1), ("add", 0, 2)], [("neg", 0, 0), (name, 0, 0)]):
        trainer, found = recorded(steps, huber, BATCH, BATCH)
        loss, expected = eager(steps, huber, BATCH)
        same(found, expected, machine == "native")
        assert trainer.loss == pytest.approx(loss, rel=1e-5, abs=1e-6)


def test_random_graphs(machine):
    @examples(machine, 60, 8)
    @given(graphs(), st.sampled_from(LOSSES), st.integers(1, BATCH))
    def run(steps, loss, rows):
        trainer, found = recorded(steps, loss, BATCH, rows)
        value, expected = eager(steps, loss, rows)
        same(found, expected, machine == "native")
        assert trainer.loss == pytest.approx(value, rel=1e-4, abs=1e-5)

    run()


def test_partial_batches(machine):
    """Some rows in a Trainer for more give the bits of a Trainer for exactly so many."""

    @examples(machine, 25, 4)
    @given(graphs(), st.sampled_from(LOSSES), st.integers(1, BATCH - 1))
    def run(steps, loss, rows):
        more, found = recorded(steps, loss, BATCH, rows)
        exact, expected = recorded(steps, loss, rows, rows)
        assert repr(found) == repr(expected) and more.loss == exact.loss or found != found
        assert repr(more.predict(data(rows, loss)[0])) == repr(exact.predict(data(rows, loss)[0]))

    run()


def test_values_and_running_again(machine):
    """A program leaves nothing behind that the next run would see."""

    @examples(machine, 20, 3)
    @given(graphs(without=("dropout",)), st.sampled_from(LOSSES))
    def run(steps, loss):
        trainer, found = recorded(steps, loss, BATCH, BATCH)
        trainer.evaluate([data(3, loss, 9)])
        trainer.predict(data(2, loss, 8)[0])
        trainer.fresh = True
        trainer.accumulate(*data(BATCH, loss))
        assert repr(found) == repr(gradients(trainer.model.parameters()))

    run()


# Micro-batches.


def mlp():
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 4)), (6,)


def cnn():
    return nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.Tanh(), nn.MaxPool2d(2), nn.Dropout(0.3), nn.Conv2d(3, 2, 2),
                         nn.Flatten(), nn.Linear(2, 4)), (4, 4, 1)  # fmt: skip


class Split(nn.Module):
    """Cuts every sample in two before dropout."""

    def __init__(self):
        self.layer, self.dropout = nn.Linear(3, 4), nn.Dropout(0.5)

    def forward(self, x):
        return self.layer(self.dropout(x.reshape(-1, 3))).reshape(-1, 2, 4).sum(1)


def split():
    return Split(), (6,)


@pytest.mark.parametrize("make", [mlp, cnn, split])
@pytest.mark.parametrize("parts", [(6,), (3, 3), (1, 5), (2, 1, 3), (1, 1, 1, 1, 1, 1)])
def test_parts_of_a_batch_give_the_bits_of_the_whole(machine, make, parts):
    results = []
    for cuts in ((6,), parts):
        ember.manual_seed(2)
        model, shape = make()
        trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.02), shape, 6)
        size = trainer.sample_size
        for step in range(3):
            rng = np.random.default_rng(step)
            x, y = rng.normal(size=6 * size).astype("f4"), rng.integers(4, size=6)
            start = 0
            for n in cuts:
                trainer.accumulate(array("f", x[start * size : (start + n) * size]),
                                   array("B", y[start : start + n].tolist()))  # fmt: skip
                start += n
            trainer.update()
        results.append((trainer.loss, [p.tolist() for p in model.parameters()]))
    (loss, whole), (loss_of_parts, found) = results
    assert loss == pytest.approx(loss_of_parts, rel=1e-5)
    same(found, whole, machine == "native")


MAY_BE_REFUSED = ("multi_label_margin", "picked")


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long), pytest.param(2, marks=pytest.mark.long)])
def test_each_catalogue_case_recorded(machine, seed):
    """Every operation of the catalogue, its inputs as parameters: the gradients that eager execution gives."""

    class Case(nn.Module):
        def __init__(self, inputs, f):
            self.inputs, self.f = [], f
            for a in inputs:
                p = Parameter(a.shape)
                p.storage = array("f", a.ravel())
                self.inputs.append(p)

        def forward(self, x):
            y = self.f(*self.inputs)
            return x + y.sum() + (y * y).sum()

    cases = everything()
    for name in sorted(cases):
        rng = np.random.default_rng([seed, len(name)])
        inputs, f, _, _ = cases[name][1](Draw(lambda options, rng=rng: options[rng.integers(len(options))]))
        if name in ("dropout", "gaussian_noise", "cross_entropy"):
            continue  # the random graphs have dropout; labels from outside are refused
        model = Case(inputs, f)
        out = huber(model(Tensor([[0.5]])), Tensor([[0.25]]))
        out.backward(Tensor([1.0], out.shape))
        expected = [p.grad.tolist() for p in model.inputs]
        try:
            trainer = ember.Trainer(model, huber, optim.SGD(model.parameters()), (1,), 1)
        except ValueError as error:  # labels from outside, and masks, may be drawn
            assert name in MAY_BE_REFUSED and ("made outside" in str(error) or "x[mask] while" in str(error))
            continue
        trainer.accumulate(array("f", [0.5]), array("f", [0.25]))
        same([p.grad.tolist() for p in model.inputs], expected, machine == "native")


def test_labels_from_outside_are_refused(machine):
    model = nn.Linear(2, 3)
    labels = Tensor([0, 1], dtype="i")
    with pytest.raises(ValueError, match="made outside|integer labels"):
        ember.Trainer(model, lambda out, y: nn.CrossEntropyLoss()(out, labels), optim.SGD(model.parameters()), (2,), 2)
