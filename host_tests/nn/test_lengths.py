"""Recurrent layers over sequences of unequal length, and cells. Their gradients are cases of op_cases_modules.py."""

import numpy as np
import pytest

import ember
from ember import nn, optim, vm
from ember.tensors.tensor import Tensor
from op_cases import vms

STEPS = 5


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def sequences(n=3):
    return np.random.default_rng(n).normal(size=(n, STEPS, 2)).astype("f4")


def tensor(a):
    return Tensor(np.asarray(a, "f4").tolist())


def ends_of(state):
    return np.array([s.tolist() for s in (state if isinstance(state, tuple) else (state,))])


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("lengths", [[5, 1, 3], Tensor([5, 1, 3], dtype="B"), Tensor([5.0, 1.0, 3.0])],
                         ids=["list", "bytes", "floats"])  # fmt: skip
def test_each_sequence_is_what_it_is_alone(machine, name, lengths):
    """The bits of the sequence by itself, whatever comes after it: NaN too, of which no gradient has any."""
    ember.manual_seed(1)
    layer, x = getattr(nn, name)(2, 3, 2, bidirectional=True), sequences()
    output, state = layer(tensor(x), lengths=lengths)
    found, states = np.array(output.tolist()), ends_of(state)
    for i, k in enumerate((5, 1, 3)):
        alone, end = layer(tensor(x[i : i + 1, :k]))
        assert (found[i, :k] == np.array(alone.tolist())[0]).all() and (found[i, k:] == 0).all()
        assert (states[:, i] == ends_of(end)[:, 0]).all()
        x[i, k:] = np.nan
    x = Tensor(x.tolist(), requires_grad=True)
    output, state = layer(x, lengths=lengths)
    assert (np.array(output.tolist()) == found).all() and (ends_of(state) == states).all()
    loss = output.sum() + sum(s.sum() for s in (state if isinstance(state, tuple) else (state,)))
    loss.backward()
    slope = np.array(x.grad.tolist())
    for i, k in enumerate((5, 1, 3)):
        assert (slope[i, :k] != 0).all() and (slope[i, k:] == 0).all()
    assert all(np.isfinite(np.array(p.grad.tolist())).all() for p in layer.parameters())


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_recorded_for_a_batch_of_any_size(machine, name):
    ember.manual_seed(1)
    layer = getattr(nn, name)(2, 3, bidirectional=True)

    def model(x, lengths):
        return layer(x, lengths=lengths)[0]

    run = ember.record(model, (4, STEPS, 2), Tensor(bytes(4), dtype="B"))
    for n in (4, 1, 3):
        x, lengths = sequences(n), [1 + (3 * k + n) % STEPS for k in range(n)]
        found = run(x.ravel(), bytes(lengths)).tolist()
        assert found == layer(tensor(x), lengths=lengths)[0].tolist()


class Last(nn.Module):
    def __init__(self, name):
        self.rnn, self.head = getattr(nn, name)(2, 4), nn.Linear(4, 2)

    def forward(self, x, lengths):
        state = self.rnn(x, lengths=lengths.squeeze(1))[1]
        return self.head((state[0] if isinstance(state, tuple) else state)[:, 0])


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_a_trainer_takes_lengths_as_an_input(machine, name):
    """And learns by them: the sum of a sequence's first feature, of as many steps as count."""
    ember.manual_seed(1)
    net = Last(name)
    trainer = ember.Trainer(net, nn.CrossEntropyLoss(), optim.Adam(net.parameters(), lr=0.05), [(STEPS, 2), (1,)], 16,
                            input_dtype=["f", "B"])  # fmt: skip
    rng = np.random.default_rng(1)
    first = None
    for _ in range(40 if machine == "native" else 4):
        lengths = rng.integers(1, STEPS + 1, size=16)
        x = rng.normal(size=(16, STEPS, 2)).astype("f4")
        y = [int(x[i, :k, 0].sum() > 0) for i, k in enumerate(lengths)]
        trainer.step((x.ravel(), bytes(lengths.tolist())), bytes(y))
        first = first or trainer.loss
    assert trainer.loss < (0.6 if machine == "native" else 2) * first


@pytest.mark.parametrize("lengths, says", [
    ([1, 2], r"lengths has shape \(2,\); it may be \(N,\)"), ([[1], [2], [3]], r"lengths has shape \(3, 1\)"),
    ([1, 0, 2], "lengths has 0 at index 1; it may be a whole number from 1 to 5"),
    ([1, 2, 6], "lengths has 6 at index 2"),
    ([1, 2.5, 3], "lengths has 2.5 at index 1"), (Tensor([7, 1, 1], dtype="i"), "lengths has 7 at index 0"),
])  # fmt: skip
def test_what_is_no_length_is_refused(lengths, says):
    with pytest.raises(ValueError, match=says):
        nn.GRU(2, 3)(tensor(sequences()), lengths=lengths)


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_cells_one_after_the_other_are_the_layer(machine, name):
    """The bits, of output and states, where the weights are the same."""
    ember.manual_seed(1)
    layer, cell, x = getattr(nn, name)(2, 3), getattr(nn, name + "Cell")(2, 3), sequences()
    for key in ("weight_ih", "weight_hh", "bias", "bias_hh"):
        setattr(cell, key, getattr(layer.layers[0][0], key))
    output, end = layer(tensor(x))
    state = None
    for t in range(STEPS):
        state = cell(tensor(x[:, t]), state)
        h = state[0] if name == "LSTM" else state
        assert h.tolist() == output[:, t].tolist()
    assert (ends_of(state) == ends_of(end)[:, :, 0]).all()


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_cells_without_a_bias_and_what_they_refuse(name):
    cell = getattr(nn, name + "Cell")(2, 3, bias=False)
    assert len(cell.parameters()) == 2
    cell(tensor([[1.0, 2.0]]))
    with pytest.raises(ValueError, match=r"Cell\(2, 3, bias=False.* takes \(N, 2\), got shape \(1, 3\)"):
        cell(tensor([[1.0, 2.0, 3.0]]))
    state = tensor([[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"takes a state of shape \(1, 3\), got \(1, 2\)"):
        cell(tensor([[1.0, 2.0]]), (state, state) if name == "LSTM" else state)


# By PyTorch 2.13: pack_padded_sequence, of an LSTM whose weights are all 1/4 and whose biases are 0.
KNOWN = ([0.07691923, 0.23037027, -0.04676919, 0.0], [0.23037027, -0.04676919], [0.38545525, -0.10723115])


def test_known_values():
    layer = nn.LSTM(1, 1, bias=False)
    layer.load_state_dict({name: [[0.25] * 4] for name in layer.state_dict()})
    output, (state, cell) = layer(tensor([[[1.0], [2.0]], [[-1.0], [9.0]]]), lengths=[2, 1])
    assert np.array(output.tolist()).ravel() == pytest.approx(KNOWN[0], abs=1e-6)
    assert np.array(state.tolist()).ravel() == pytest.approx(KNOWN[1], abs=1e-6)
    assert np.array(cell.tolist()).ravel() == pytest.approx(KNOWN[2], abs=1e-6)
