"""docs/differences.md: each line names tests that are there; those that stand nowhere else stand here. What PyTorch has
is said in the page; here is that Ember is so."""

import ast
import math
import re
from array import array

import numpy as np
import pytest

import ember
from checkout import ROOT
from ember import Tensor, nn, optim

PAGE = ROOT / "docs" / "differences.md"
INF, NAN = math.inf, math.nan


def lines():
    return [line for line in PAGE.read_text().splitlines() if line.startswith("- ")]


def checks(line):
    """The tests that a line names at its end, cases of operations too, which test_gradients.py runs:
    (test_a.py: test_one, test_two; op_cases_b.py: three)"""
    found = re.search(r"\(((?:(?:test|op_cases)_\w+\.py: [\w, ]+(?:; )?)+)\)$", line)
    assert found, "a line without its tests: " + line
    for part in found.group(1).split("; "):
        file, names = part.split(": ")
        yield from ((file, name) for name in names.split(", "))


def defined_in(file):
    found = [path for path in (ROOT / "host_tests").rglob(file) if path.parent.name != "device"]
    tree = ast.parse(found[0].read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)
            and (node.name.startswith("test_") or file.startswith("op_cases_"))}  # fmt: skip


def test_each_line_names_tests_that_are_there():
    assert len(lines()) > 40
    for line in lines():
        for file, name in checks(line):
            assert name in defined_in(file), "%s is not in %s: %s" % (name, file, line)


def test_the_tests_here_are_all_of_a_line():
    named = {name for line in lines() for file, name in checks(line) if file == "test_differences.py"}
    of_the_page = {"test_each_line_names_tests_that_are_there", "test_the_tests_here_are_all_of_a_line",
                   "test_every_line_of_the_page_is_a_difference_or_a_heading"}  # fmt: skip
    assert named == defined_in("test_differences.py") - of_the_page


def test_every_line_of_the_page_is_a_difference_or_a_heading():
    """What is there besides is the introduction: no difference hides in prose."""
    rest = [line for line in PAGE.read_text().splitlines() if line and line[0] not in "-#"]
    assert len(rest) == 2


def values_and_slopes(f, *values):
    """Of the sum of f's results."""
    tensors = [Tensor(v, requires_grad=True) for v in values]
    y = f(*tensors)
    y.sum().backward()
    return y.tolist(), [t.grad.tolist() for t in tensors]


# Tensors.


def test_tensors_calculate_in_float32():
    assert Tensor([1, 2]).dtype == "f"
    labels = Tensor([1, 2], dtype="B")
    for f in (lambda: labels + 1, lambda: labels.sum(), lambda: labels.max(0)):
        with pytest.raises(ValueError, match="float32"):
            f()


def test_equals_compares_identity():
    a, b = Tensor([1.0, 2.0]), Tensor([1.0, 3.0])
    assert (a == b) is False and (a != b) is True and (a == a) is True
    assert ember.eq(a, b).tolist() == [1.0, 0.0] and ember.ne(a, b).tolist() == [0.0, 1.0]


def test_comparisons_give_floats():
    y = Tensor([1.0, 3.0]) > 2.0
    assert y.dtype == "f" and y.tolist() == [0.0, 1.0]


def test_indices_are_floats():
    x = Tensor([3.0, 1.0, 2.0])
    for y in (x.argmax(), x.argsort(), x.sort()[1], x.topk(2)[1]):
        assert y.dtype == "f"
    assert x.argsort().tolist() == [1.0, 2.0, 0.0]


def test_max_gives_values_alone():
    for name, expected in (("max", 2.0), ("min", 1.0)):
        value, slope = values_and_slopes(lambda x, name=name: getattr(x, name)(1), [[expected, expected, 1.5]])
        assert value == [expected] and slope == [[[0.5, 0.5, 0.0]]]


def test_steps_have_no_gradient():
    x = Tensor([1.5, -0.5], requires_grad=True)
    for name in ("floor", "ceil", "round", "trunc", "sign"):
        assert not getattr(x, name)().requires_grad


def changed_in_place(y, x):
    """Whether y sees what is written into the memory of x."""
    x.elements()[0] = 9.0
    return 9.0 in np.array(y.tolist()).ravel()


def test_transposing_copies():
    def x():
        return Tensor([[1.0, 2.0], [3.0, 4.0]])

    for f in (lambda x: x.transpose(0, 1), lambda x: x.permute(1, 0), lambda x: x.T, lambda x: x[:, 0]):
        made = x()
        assert not changed_in_place(f(made), made)
    for f in (lambda x: x.reshape(4), lambda x: x[0], lambda x: x[:1], lambda x: x.flatten()):
        made = x()
        assert changed_in_place(f(made), made)


def test_assignment_does_not_reach_views():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    view, same = x[0], x
    x[0, 0] = 5.0
    assert x.tolist()[0] == [5.0, 2.0] and view.tolist() == [1.0, 2.0] and same is x
    p = ember.Parameter((2,))
    with ember.no_grad():
        view = p[:1]
        p[0] = 7.0
    assert view.tolist() == [7.0]


def test_in_place_operators():
    x = y = Tensor([1.0])
    x += 1.0
    assert x.tolist() == [2.0] and y.tolist() == [1.0]
    p = q = ember.Parameter((1,))
    with ember.no_grad():
        p += 1.0
        p -= 0.25
    assert p is q and q.tolist() == [0.75]


def test_no_tensor_is_empty():
    with pytest.raises(ValueError, match="0 elements"):
        Tensor([])


def test_slices_go_backwards():
    assert Tensor([1.0, 2.0, 3.0])[::-1].tolist() == [3.0, 2.0, 1.0]


def test_a_number_is_not_floor_divided():
    x = Tensor([0.75])
    with pytest.raises(TypeError):
        2 // x
    assert ember.floor_divide(2.0, x).tolist() == [2.0]


def test_clamp_takes_numbers():
    with pytest.raises(ValueError, match="take maximum or minimum"):
        Tensor([1.0]).clamp(Tensor([0.0]))


def test_softmax_is_told_its_dim():
    for name in ("softmax", "log_softmax", "softmin"):
        with pytest.raises(TypeError):
            getattr(Tensor([1.0]), name)()


# Layouts.


def test_channels_come_last():
    assert nn.Conv2d(3, 8, 3)(Tensor([0.0] * 75, (1, 5, 5, 3))).shape == (1, 3, 3, 8)
    assert nn.Conv1d(3, 8, 3)(Tensor([0.0] * 15, (1, 5, 3))).shape == (1, 3, 8)


def test_weights_are_in_out():
    assert nn.Linear(3, 8).weight.shape == (3, 8)
    assert nn.Conv2d(4, 6, (3, 5), groups=2).weight.shape == (3, 5, 2, 6)
    assert nn.Bilinear(2, 3, 4).weight.shape == (2, 3, 4)


def test_the_batch_comes_first():
    output, state = nn.GRU(3, 4, 2, bidirectional=True)(Tensor([0.0] * 30, (2, 5, 3)))
    assert output.shape == (2, 5, 8) and state.shape == (2, 4, 4)
    assert nn.MultiheadAttention(4, 2)(*[Tensor([0.0] * 24, (2, 3, 4))] * 3)[0].shape == (2, 3, 4)
    x = Tensor([0.25] * 24, (2, 3, 4)).log()
    assert nn.CTCLoss(reduction="none")(x, [[1], [2]]).shape == (2,)


def test_recurrent_layers_have_one_bias():
    found = {
        kind: [p.shape for p in kind(2, 3).parameters() if len(p.shape) == 1] for kind in (nn.RNN, nn.LSTM, nn.GRU)
    }
    assert found == {nn.RNN: [(3,)], nn.LSTM: [(12,)], nn.GRU: [(9,), (3,)]}


def test_cells_take_batches():
    cell = nn.LSTMCell(2, 3)
    assert [p.shape for p in cell.parameters() if len(p.shape) == 1] == [(12,)]
    with pytest.raises(ValueError, match="takes"):
        cell(Tensor([1.0, 2.0]))


def test_one_dimension_is_two():
    assert nn.MaxPool1d(2).kernel_size == (1, 2) and nn.Conv1d(3, 4, 5).weight.shape == (1, 5, 3, 4)


def test_an_encoder_takes_a_function():
    encoder = nn.TransformerEncoder(lambda: nn.TransformerEncoderLayer(4, 2, 8), 2)
    assert encoder.layers[0] is not encoder.layers[1]
    with pytest.raises(ValueError, match="lambda"):
        nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2)


def test_fans_of_an_embedding():
    """fan_in of [600, 4] is 600: kaiming_uniform's bound is sqrt(6 / 600)."""
    weight = nn.Embedding(600, 4).weight
    nn.init.kaiming_uniform_(weight)
    assert 0.9 * math.sqrt(6 / 600) < max(abs(v) for v in weight.elements()) <= math.sqrt(6 / 600) * 1.0001


# Gradients.


def test_a_graph_is_walked_once():
    x = Tensor([2.0], requires_grad=True)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()
    with pytest.raises(TypeError):
        (x * x).sum().backward(retain_graph=True)
    assert not x.grad.requires_grad


def test_limits_at_infinity():
    for name in ("silu", "mish", "gelu", "hardswish"):
        value, slope = values_and_slopes(lambda x, name=name: getattr(x, name)(), [-INF, INF])
        assert value == [0.0, INF] and slope == [[0.0, 1.0]]
    assert values_and_slopes(lambda x: x.softsign(), [-INF, INF])[1] == [[0.0, 0.0]]


def test_losses_of_large_numbers():
    loss = nn.SoftMarginLoss(reduction="none")
    value, slope = values_and_slopes(lambda x: loss(x, Tensor([-1.0, 1.0])), [1e19, -INF])
    assert value[1] == INF and value[0] == pytest.approx(1e19) and slope == [[1.0, -1.0]]
    loss = nn.BCEWithLogitsLoss(reduction="none")
    value, slope = values_and_slopes(lambda x: loss(x, Tensor([1.0, 0.0])), [-1e30, 1e30])
    assert value == pytest.approx([1e30, 1e30]) and slope == [[-1.0, 1.0]]


def test_half_powers_of_minus_infinity():
    assert (Tensor([-INF]) ** 0.5).tolist() == [INF] and (Tensor([-INF]) ** -0.5).tolist() == [0.0]


def test_inverse_hyperbolics_of_large_numbers():
    for f in (ember.asinh, ember.acosh):
        assert values_and_slopes(f, [1e30])[1][0] == pytest.approx([1e-30], rel=1e-6)
    assert np.isnan(values_and_slopes(ember.acosh, [-2.0, -1e30])[1]).all()


def test_atan2_of_large_numbers():
    assert values_and_slopes(ember.atan2, [1e30], [1e30])[1] == [[0.0], [0.0]]


def test_products_of_zero_and_infinity():
    slopes = values_and_slopes(lambda x: x.prod(1), [[1.0, NAN, 0.0], [INF, 0.0, 2.0]])[1][0]
    assert np.isnan(slopes[0]).all() and np.isnan(slopes[1][0]) and slopes[1][1] == INF
    assert np.isnan(values_and_slopes(lambda x: x.cumprod(0), [0.0, 1.0, INF])[1][0][1:]).all()


def test_greatest_norm_of_nan():
    assert np.isnan(values_and_slopes(lambda x: x.norm(INF), [1.0, NAN])[1]).all()


def test_kl_of_a_target_of_zero():
    loss = nn.KLDivLoss(reduction="none")
    assert values_and_slopes(loss, [-2.0], [0.0])[1] == [[-0.0], [2.0]]


# Layers and losses.


def test_dropout_of_all():
    with pytest.raises(ValueError, match="p is 1.0"):
        nn.Dropout(1.0)


def test_losses_that_do_not_raise():
    assert math.isnan(nn.BCELoss()(Tensor([1.5]), Tensor([1.0])).item())
    loss = nn.GaussianNLLLoss(eps=0.5)
    one, other = [loss(Tensor([1.0]), Tensor([0.0]), Tensor([v])).item() for v in (-1.0, 0.5)]
    assert one == other


def test_muon_is_float32():
    """A matrix that is orthogonal but for the last bits of float32, which bfloat16 has not, tells the two apart."""
    p = ember.Parameter((2, 2))
    p.grad = Tensor([[1.0, 1e-3], [0.0, 1.0]])
    optim.Muon([p], lr=1.0, weight_decay=0.0, momentum=0.0, nesterov=False).step()
    bits = np.array(p.tolist(), "f4").view("u4")
    assert (bits & 0xFFFF).any()


def test_batches_are_counted_where_it_matters():
    assert "num_batches_tracked" not in nn.BatchNorm1d(2).state_dict()
    counted = nn.BatchNorm1d(2, momentum=None).num_batches_tracked
    assert (counted.shape, counted.dtype) == ((1,), "f")


def test_labels_of_several_classes_may_be_floats():
    loss, x = nn.MultiLabelMarginLoss(), Tensor([[0.5, 0.25, 1.0]])
    target = [[2, -1, 0]]
    assert loss(x, Tensor(target)).item() == loss(x, Tensor(target, dtype="b")).item() == pytest.approx(0.25)


# Modules and programs.


def test_a_parameter_is_drawn():
    p = ember.Parameter((1000,), -1.0, 2.0)
    found = np.array(p.tolist())
    assert -1 <= found.min() < -0.9 and 1.9 < found.max() <= 2
    with ember.no_grad():
        p[...] = Tensor([1.0] * 1000)
    assert p.sum().item() == 1000
    values = Tensor([1.0, 2.0])
    copied = ember.Parameter(values)
    assert copied.tolist() == [1.0, 2.0] and not changed_in_place(copied, values)


def test_parameters_in_the_order_they_were_made():
    net = nn.Module()
    first, second = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    net.a, net.b = second, first
    assert [name for name, _ in net.named_parameters()] == ["b.weight", "a.weight"] == list(net.state_dict())
    assert type(net.parameters()) is type(net.children()) is type(net.named_modules()) is list


def test_plain_lists_count():
    net = nn.Module()
    net.blocks, net.heads = [nn.Linear(1, 1, bias=False)], {"left": ember.Parameter((1,))}
    assert [name for name, _ in net.named_parameters()] == ["blocks.0.weight", "heads.left"]


def test_written_otherwise():
    assert repr(nn.MultiheadAttention(4, 2)).startswith("MultiheadAttention(4, 2, kdim=4")
    assert repr(nn.Upsample(scale_factor=2)).startswith("Upsample(scale_factor=(2, 2)")


def test_names_of_a_state():
    assert list(nn.GRU(1, 1).state_dict()) == ["layers.0.0." + k for k in ("weight_ih", "weight_hh", "bias", "bias_hh")]
    assert set(nn.MultiheadAttention(2, 1, bias=False).state_dict()) == {
        k + "_proj.weight" for k in ("q", "k", "v", "out")
    }


def test_a_state_stays_where_parameters_were():
    net = nn.Linear(1, 1)
    state = net.state_dict()
    trainer = ember.Trainer(net, nn.MSELoss(), optim.SGD(net.parameters(), lr=0.5), (1,), 1)
    before = state["bias"].tolist()
    trainer.step([[1.0]], [[9.0]])
    assert state["bias"].tolist() == before != net.bias.tolist() == net.state_dict()["bias"].tolist()


def test_super_does_not_find_what_loads_late(monkeypatch):
    class Net(nn.Linear):
        def state_dict(self):
            return super().state_dict()

        def renamed(self):
            return {"net." + name: t for name, t in nn.Linear(1, 1).state_dict().items()}

    monkeypatch.delattr(nn.Module, "state_dict", raising=False)
    with pytest.raises(AttributeError, match="state_dict"):
        Net(1, 1).state_dict()
    assert list(Net(1, 1).renamed()) == ["net.weight", "net.bias"]
    assert list(Net(1, 1).state_dict()) == ["weight", "bias"]  # from its first use on


def test_python_runs_while_recording_only():
    calls = []

    def function(x):
        calls.append(x)
        return x * float(len(calls))

    double = ember.record(function, (2, 1))
    assert len(calls) == 2
    assert double(array("f", [1.0, 2.0])).tolist() == [[2.0], [4.0]]
    assert double(array("f", [1.0, 2.0])).tolist() == [[2.0], [4.0]] and len(calls) == 2
    with pytest.raises(RuntimeError, match="no values yet"):
        ember.record(lambda x: x * x.sum().item(), (2, 1))


def test_gradients_begin_anew_in_a_recorded_function():
    p = ember.Parameter((1,), 1.0, 1.0)

    def function(x):
        (x * p).sum().backward()
        return p.grad

    slope = ember.record(function, (2, 1))
    for _ in range(2):
        assert slope(array("f", [1.0, 2.0])).tolist() == [3.0]


# Optimizers and schedules.


def test_optimizers_have_no_such_options():
    for option in ("maximize", "foreach", "fused", "capturable", "differentiable"):
        with pytest.raises(TypeError):
            optim.Adam([ember.Parameter((1,))], **{option: False})


def test_a_group_does_not_decouple():
    for kind in (optim.NAdam, optim.RAdam):
        with pytest.raises(ValueError, match="a group sets 'decoupled_weight_decay'"):
            kind([{"params": [ember.Parameter((1,))], "decoupled_weight_decay": True}])


def test_a_cycle_begins_at_its_base():
    optimizer = optim.SGD([ember.Parameter((1,))], lr=0.25)
    optim.lr_scheduler.StepLR(optimizer, 3)
    cycle = optim.lr_scheduler.CyclicLR(optimizer, 0.5, 1.0, 2, cycle_momentum=False)
    rates = [optimizer.lr]
    for _ in range(4):
        cycle.step()
        rates.append(optimizer.lr)
    assert rates == [0.5, 0.75, 1.0, 0.75, 0.5]


def test_what_moves_momentum_stands_alone():
    schedules = optim.lr_scheduler
    optimizer = optim.SGD([ember.Parameter((1,))], lr=0.25, momentum=0.5)
    step = schedules.StepLR(optimizer, 3)
    for other in (schedules.CyclicLR(optimizer, 0.5, 1.0, 2), schedules.OneCycleLR(optimizer, 1.0, 20)):
        with pytest.raises(ValueError, match="schedulers holds"):
            schedules.SequentialLR(optimizer, [step, other], [5])


# Signals.


def test_spectra_are_pairs():
    spectrum = ember.rfft(Tensor([[0.0, 1.0, 0.0, -1.0]]))
    assert spectrum.shape == (1, 3, 2) and np.allclose(spectrum.tolist(), [[[0, 0], [0, -2], [0, 0]]])
    assert np.allclose(ember.irfft(spectrum).tolist(), [[0, 1, 0, -1]])


def test_time_comes_before_bins():
    x = Tensor([0.0] * 40, (2, 20))
    assert ember.stft(x, 8, 4, center=False).shape == (2, 4, 5, 2)
    assert ember.spectrogram(x, 8, 4, center=False).shape == (2, 4, 5)
