"""Losses where it is hard: chances of 0 and 1, large logits, nothing that counts; in a Trainer; what they refuse."""

import subprocess
import sys
from array import array

import numpy as np
import pytest

import ember
from checkout import ROOT
from ember import Tensor, nn, optim, vm
from op_cases import soft, vms

INF, NAN = float("inf"), float("nan")


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def value_and_gradient(loss, x, *targets):
    x = Tensor(x, requires_grad=True)
    y = loss(x, *targets)
    y.sum().backward()
    return y.tolist(), x.grad.tolist()


def test_known_values(machine):
    """From PyTorch's documentation, or by hand."""
    assert nn.MultiMarginLoss()(Tensor([[0.1, 0.2, 0.4, 0.8]]), [3]).item() == pytest.approx(0.325)
    assert nn.CrossEntropyLoss(label_smoothing=0.1)(Tensor([[0.0, 0.0]]), [1]).item() == pytest.approx(np.log(2))
    assert nn.HuberLoss(delta=2.0)(Tensor([5.0]), [1.0]).item() == 6
    assert nn.SmoothL1Loss(beta=2.0)(Tensor([5.0]), [1.0]).item() == 3
    assert nn.TripletMarginLoss()(Tensor([[0.0]]), Tensor([[2.0]]), Tensor([[5.0]])).item() == 0
    assert nn.GaussianNLLLoss(full=True)(Tensor([0.0]), [0.0], [1.0]).item() == pytest.approx(np.log(2 * np.pi) / 2)
    assert nn.CosineEmbeddingLoss()(Tensor([[1.0, 0.0]]), Tensor([[0.0, 2.0]]), [1]).item() == 1


def test_defaults_are_those_of_pytorch():
    for loss, names in (
        (nn.SmoothL1Loss(), {"beta": 1}), (nn.HuberLoss(), {"delta": 1}), (nn.MarginRankingLoss(), {"margin": 0}),
        (nn.CosineEmbeddingLoss(), {"margin": 0}), (nn.HingeEmbeddingLoss(), {"margin": 1}),
        (nn.MultiMarginLoss(), {"p": 1, "margin": 1}), (nn.TripletMarginLoss(), {"margin": 1, "p": 2, "swap": False}),
        (nn.PoissonNLLLoss(), {"log_input": True, "full": False, "eps": 1e-8}), (nn.KLDivLoss(), {"log_target": False}),
        (nn.GaussianNLLLoss(), {"full": False, "eps": 1e-6}), (nn.CTCLoss(), {"blank": 0, "zero_infinity": False}),
        (nn.CrossEntropyLoss(), {"weight": None, "label_smoothing": 0}), (nn.NLLLoss(), {"weight": None}),
        (nn.BCEWithLogitsLoss(), {"weight": None, "pos_weight": None}), (nn.BCELoss(), {"weight": None}),
        (nn.L1Loss(), {}), (nn.MSELoss(), {}), (nn.SoftMarginLoss(), {}),
    ):  # fmt: skip
        assert loss.reduction == "mean" and {name: getattr(loss, name) for name in names} == names


def test_certain_chances(machine):
    """PyTorch bounds the logarithm by -100, and the divisor of the gradient by 1e-12."""
    values, slopes = value_and_gradient(nn.BCELoss(reduction="none"), [0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0])
    assert values == [0, 0, 100, 100] and slopes[:2] == [0, 0]
    assert slopes[2:] == pytest.approx([1e12, -1e12])
    assert np.isnan(nn.BCELoss()(Tensor([-0.5]), [0.0]).item())


def test_large_logits(machine):
    loss = nn.BCEWithLogitsLoss(reduction="none")
    values, slopes = value_and_gradient(loss, [1e4, -1e4, 1e4, -1e4, 40.0, INF], [1.0, 0.0, 0.0, 1.0, 1.0, 0.0])
    assert values == pytest.approx([0, 0, 1e4, 1e4, np.exp(-40), INF], rel=1e-6, abs=0)
    assert slopes == pytest.approx([0, 0, 1, -1, -np.exp(-40), 1], rel=1e-6, abs=0)
    values, slopes = value_and_gradient(nn.SoftMarginLoss(reduction="none"), [1e4, -1e4, 0.0], [1.0, 1.0, -1.0])
    assert values == pytest.approx([0, 1e4, np.log(2)]) and slopes == pytest.approx([0, -1, 0.5])


def test_distances_at_corners(machine):
    assert value_and_gradient(nn.L1Loss(reduction="sum"), [1.0, 2.0], [1.0, 5.0]) == (3, [0, -1])
    assert value_and_gradient(nn.SmoothL1Loss("sum", beta=0), [1.0, 2.0], [1.0, 5.0]) == (3, [0, -1])
    values, slopes = value_and_gradient(nn.HuberLoss("none"), [0.0, 1.0, -1.0, 1e30, INF], [0.0] * 5)
    assert values == pytest.approx([0, 0.5, 0.5, 1e30, INF]) and slopes == [0, 1, -1, 1, 1]


def test_a_target_of_zero_has_no_logarithm(machine):
    loss = nn.KLDivLoss("batchmean")
    target = Tensor([[0.0, 1.0]], requires_grad=True)
    y = loss(Tensor([[-9.0, 0.0]]), target)
    y.backward()
    assert y.item() == 0 and np.isfinite(target.grad.tolist()).all()
    assert nn.PoissonNLLLoss(full=True)(Tensor([0.0]), [0.0]).item() == 1
    assert nn.GaussianNLLLoss()(Tensor([1.0]), [1.0], [0.0]).item() == pytest.approx(np.log(1e-6) / 2)


def test_what_is_ignored_does_not_count(machine):
    logits = [[1.0, 2.0, -1.0], [NAN, INF, 3.0], [0.5, 0.0, 0.0]]
    for smoothing in (0.0, 0.1):
        loss = nn.CrossEntropyLoss([1.0, 2.0, 3.0], -100, label_smoothing=smoothing)
        found = loss(Tensor(logits), [1, -100, 0]).item()
        without = nn.CrossEntropyLoss([1.0, 2.0, 3.0], label_smoothing=smoothing)
        assert found == pytest.approx(without(Tensor(logits[::2]), [1, 0]).item())
    for loss in (nn.CrossEntropyLoss(), nn.NLLLoss()):  # as PyTorch's, without being told
        for labels in ([1, -100, 0], Tensor(array("b", [1, -100, 0]), dtype="b")):
            found = loss(Tensor(logits), labels).item()
            assert found == pytest.approx(loss(Tensor(logits[::2]), [1, 0]).item())
        with pytest.raises(ValueError, match="label -100 at index 0"):
            type(loss)(ignore_index=None)(Tensor(logits), [-100, 0, 0])
    loss = nn.NLLLoss(ignore_index=2, reduction="sum")
    assert value_and_gradient(loss, [[-INF, -1.0, -2.0]], [2]) == (0, [[0, 0, 0]])
    assert np.isnan(nn.NLLLoss(ignore_index=2)(Tensor([[-1.0, -1.0, -2.0]]), [2]).item())  # as in PyTorch


def test_labels_of_several_dimensions(machine):
    logits = np.random.default_rng(6).normal(size=(2, 3, 4)).astype("f4")
    labels = [[0, 3, 1], [2, 2, 0]]
    expected = nn.CrossEntropyLoss()(Tensor(logits.reshape(6, 4).tolist()), sum(labels, [])).item()
    for target in (labels, Tensor(labels, dtype="i")):
        assert nn.CrossEntropyLoss()(Tensor(logits.tolist()), target).item() == pytest.approx(expected)
    row = Tensor([[9, 9, 9], [2, 2, 0]], dtype="i")[1]  # what lies before a view is none of its labels
    assert np.isfinite(nn.CrossEntropyLoss()(Tensor(logits[1].tolist()), row).item())


def test_whole_targets_are_values_too(machine):
    for dtype in ("B", "b", "h", "i"):
        target = Tensor(array(dtype, [0, 1]), dtype=dtype)
        assert nn.MSELoss()(Tensor([0.0, 3.0]), target).item() == 2
        assert nn.BCEWithLogitsLoss()(Tensor([0.0, 0.0]), target).item() == pytest.approx(np.log(2))
        assert nn.NLLLoss([1.0, 3.0])(Tensor([[-1.0, 0.0], [0.0, -2.0]]), target).item() == pytest.approx(7 / 4)


# CTC.


def log_p(shape, seed=0):
    return np.log(soft(np.random.default_rng(seed).normal(size=shape), -1))


def test_ctc_of_what_cannot_be(machine):
    x = log_p((2, 2, 3)).tolist()
    arguments = [[1, 1], [1, 2]], [2, 2], [2, 2]  # a repeated label needs a blank between
    found = nn.CTCLoss(reduction="none")(Tensor(x), *arguments).tolist()
    assert found[0] == INF and 0 < found[1] < 9
    values, slopes = value_and_gradient(nn.CTCLoss(reduction="none", zero_infinity=True), x, *arguments)
    assert values == [0, found[1]] and not np.any(slopes[0]) and np.isfinite(slopes[1]).all()


def test_ctc_of_nothing_and_of_certainty(machine):
    x = log_p((1, 3, 2))
    assert nn.CTCLoss()(Tensor(x.tolist()), [[1]], [3], [0]).item() == pytest.approx(-x[0, :, 0].sum(), rel=1e-5)
    certain = [[[-INF, 0.0, -INF], [0.0, -INF, -INF], [-INF, -INF, 0.0]]]
    value, slopes = value_and_gradient(nn.CTCLoss(), certain, [[1, 2]], [3], [2])
    assert value == 0 and np.isfinite(slopes).all()


def test_ctc_over_many_steps(machine):
    """Chances far below what float32 holds, and lengths that differ: against the recursion in float64."""
    n, steps, classes = 2, 20 if machine == "portable" else 120, 4
    x, targets, ends, lengths = log_p((n, steps, classes)) * 3, [[2, 1, 1], [0, 2, 3]], [steps, steps - 7], [3, 2]
    expected = []
    for i in range(n):
        label = [3] + [k for j in targets[i][: lengths[i]] for k in (j, 3)]
        a = np.full(len(label), -np.inf)
        a[:2] = x[i, 0, label[:2]]
        for t in range(1, ends[i]):
            ways = [np.array([a[s], a[s - 1] if s else -np.inf,
                              a[s - 2] if s > 1 and label[s] != 3 and label[s] != label[s - 2] else -np.inf])
                    for s in range(len(label))]  # fmt: skip
            a = np.array([np.logaddexp.reduce(w) for w in ways]) + x[i, t, label]
        expected.append(-np.logaddexp(a[-1], a[-2]))
    loss = nn.CTCLoss(blank=3, reduction="none")
    values, slopes = value_and_gradient(loss, x.tolist(), Tensor(targets, dtype="B"), ends, Tensor(lengths, dtype="i"))
    assert values == pytest.approx(expected, rel=1e-5)
    assert np.allclose(np.sum(slopes, -1)[0], -1, atol=1e-3)  # at every step one class or another was read
    assert not np.any(np.array(slopes)[1, steps - 7 :])


# In a Trainer.

ROWS = 5


def trained(loss, x, y, rows=ROWS, **settings):
    ember.manual_seed(3)
    model = nn.Linear(2, 3)
    trainer = ember.Trainer(model, loss, optim.SGD(model.parameters(), lr=1.0), (2,), rows, **settings)
    before = np.array(model.weight.tolist())
    trainer.step(x, y)
    return trainer, before - model.weight.tolist()


def eager(loss, x, y):
    ember.manual_seed(3)
    model = nn.Linear(2, 3)
    value = loss(model(Tensor(x)), y)
    value.backward()
    return value.item(), np.array(model.weight.grad.tolist())


SAMPLES = np.random.default_rng(2).normal(size=(ROWS, 2)).astype("f4").tolist()
LABELS = [0, 2, 1, 2, 0]
SOFT = soft(np.random.default_rng(4).normal(size=(ROWS, 3)), 1).astype("f4").tolist()
BITS = [[0, 1, 1], [1, 0, 0], [0, 0, 0], [1, 1, 1], [0, 1, 0]]


@pytest.mark.parametrize("rows", [ROWS, 3])
@pytest.mark.parametrize("loss, targets, settings", [
    (nn.CrossEntropyLoss([0.5, 2.0, 3.0]), LABELS, {}),
    (nn.CrossEntropyLoss(ignore_index=2), LABELS, {}),
    (nn.CrossEntropyLoss([0.5, 2.0, 3.0], 2, label_smoothing=0.2), LABELS, {}),
    (nn.CrossEntropyLoss([0.5, 2.0, 3.0], 2, "sum"), LABELS, {}),
    (nn.CrossEntropyLoss(label_smoothing=0.1), SOFT, {"target_dtype": "f"}),
    (nn.NLLLoss([0.5, 2.0, 3.0]), LABELS, {}),
    (nn.MultiMarginLoss(2, weight=[0.5, 2.0, 3.0]), LABELS, {}),
    (nn.BCEWithLogitsLoss(pos_weight=[1.0, 2.0, 0.5]), BITS, {"target_dtype": "B"}),
    (nn.KLDivLoss("batchmean"), SOFT, {}),
    (nn.SmoothL1Loss(), SOFT, {}),
], ids=repr)  # fmt: skip
def test_a_trainer_takes_the_same_step(machine, loss, targets, settings, rows):
    """The gradient of a mean that a weighting divides is that of the batch, full or not."""
    x, y = SAMPLES[:rows], targets[:rows]
    value, gradient = eager(loss, x, y if isinstance(y[0], int) else Tensor(y))
    trainer, step = trained(loss, x, y, **settings)
    assert np.allclose(step, gradient, rtol=1e-4, atol=1e-6)
    assert trainer.loss == pytest.approx(value, rel=1e-5)
    score, accuracy = trainer.evaluate([(x, y)])
    assert np.isfinite(score) and (accuracy is not None) == isinstance(y[0], int)


def test_gradients_of_parts_are_sums_of_weights(machine):
    loss = nn.CrossEntropyLoss([0.5, 2.0, 3.0], 0)
    trainer, _ = trained(loss, SAMPLES, LABELS)
    ember.manual_seed(3)
    model = nn.Linear(2, 3)
    trainer = ember.Trainer(model, loss, optim.SGD(model.parameters(), lr=1.0), (2,), ROWS)
    trainer.accumulate(SAMPLES[:2], LABELS[:2])
    trainer.accumulate(SAMPLES[2:], LABELS[2:])
    (_, first), (_, second) = eager(loss, SAMPLES[:2], LABELS[:2]), eager(loss, SAMPLES[2:], LABELS[2:])
    # LABELS are 0, 2 | 1, 2, 0, and 0 is ignored
    assert np.allclose(model.weight.grad.tolist(), 3 * first + 5 * second, rtol=1e-4, atol=1e-6)


def test_the_plain_case_stays_one_instruction():
    plain, _ = trained(nn.CrossEntropyLoss(), SAMPLES, LABELS)
    weighted, _ = trained(nn.CrossEntropyLoss([1.0, 1.0, 1.0]), SAMPLES, LABELS)
    assert "cross_entropy" in str(plain.image) and "gather" not in str(plain.image)
    assert "gather" in str(weighted.image) and "cross_entropy" not in str(weighted.image)


def test_a_user_of_one_loss_loads_no_other():
    program = """
import sys
from ember import nn
nn.CrossEntropyLoss()(nn.Linear(2, 2)(__import__("ember").Tensor([[1.0, 2.0]])), [1]).backward()
print(*sorted(name for name in sys.modules if name.startswith("ember.nn.loss") or "activation" in name))
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT / "lib")})
    assert done.stdout.split() == ["ember.nn.loss"]


X = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


@pytest.mark.parametrize("f, says", [
    (lambda: nn.L1Loss("average"), "reduction is 'average'"),
    (lambda: nn.KLDivLoss("batch"), "reduction is 'batch'"),
    (lambda: nn.CrossEntropyLoss("mean"), "weight is 'mean'"),
    (lambda: nn.CrossEntropyLoss([[1.0]]), "weight is"),
    (lambda: nn.CrossEntropyLoss([]), r"weight is \[\]"),
    (lambda: nn.BCELoss("mean"), "weight is 'mean'"),
    (lambda: nn.BCEWithLogitsLoss(pos_weight=[]), r"pos_weight is \[\]"),
    (lambda: nn.BCEWithLogitsLoss(["a"]), r"weight is \['a'\]"),
    (lambda: nn.CrossEntropyLoss(ignore_index=0.5), "ignore_index is 0.5"),
    (lambda: nn.CrossEntropyLoss(label_smoothing=1.5), "label_smoothing is 1.5"),
    (lambda: nn.HuberLoss(delta=0), "delta is 0"),
    (lambda: nn.SmoothL1Loss(beta=-1), "beta is -1"),
    (lambda: nn.MultiMarginLoss(3), "p is 3"),
    (lambda: nn.CosineEmbeddingLoss(2), "margin is 2"),
    (lambda: nn.TripletMarginLoss(0), "margin is 0"),
    (lambda: nn.TripletMarginLoss(p=-1), "p is -1"),
    (lambda: nn.PoissonNLLLoss(eps=0), "eps is 0"),
    (lambda: nn.GaussianNLLLoss(eps=0), "eps is 0"),
    (lambda: nn.CTCLoss(-1), "blank is -1"),
    (lambda: nn.CrossEntropyLoss([1.0, 2.0])(X, [0, 1]), r"weight has shape \(2,\); for 3 classes"),
    (lambda: nn.NLLLoss()(X, [0, 3]), "label 3 at index 1"),
    (lambda: nn.NLLLoss()(X, [0]), r"not shapes \(2, 3\) and \(1,\)"),
    (lambda: nn.NLLLoss()(X, Tensor([0.0, 1.0])), "integer labels"),
    (lambda: nn.MultiMarginLoss()(X, [0, -1]), "label -1 at index 1"),
    (lambda: nn.L1Loss()(X, Tensor([1.0])), r"L1Loss of shape \(2, 3\) and target \(1,\)"),
    (lambda: nn.MarginRankingLoss()(X, Tensor([1.0]), 1), r"MarginRankingLoss of shapes \(2, 3\) and \(1,\)"),
    (lambda: nn.CTCLoss()(X, [[1]], [1], [1]), r"\(N, T, C\).*\(2, 3\)"),
    (lambda: nn.CTCLoss(3)(X.reshape(1, 2, 3), [[1]], [1], [1]), "above blank = 3"),
    (lambda: nn.CTCLoss()(X.reshape(1, 2, 3), [[1]], [3], [1]), "input_lengths has 3; .* from 1 to 2"),
    (lambda: nn.CTCLoss()(X.reshape(1, 2, 3), [[1]], [2], [2]), "target_lengths has 2; .* from 0 to 1"),
    (lambda: nn.CTCLoss()(X.reshape(1, 2, 3), [[1]], [2, 2], [1]), "input_lengths is .* of 1"),
    (lambda: nn.CTCLoss()(X.reshape(1, 2, 3), [[0]], [2], [1]), "targets has 0, which is blank, at index 0"),
    (lambda: nn.CTCLoss()(X.reshape(1, 2, 3), [[3]], [2], [1]), "label 3 at index 0"),
    (lambda: trained(nn.CrossEntropyLoss(ignore_index=255), SAMPLES, LABELS), "ignore_index is 255; .* from 0 to 2"),
    (lambda: trained(lambda x, y: nn.CTCLoss()(x.reshape(-1, 1, 3), [[1]], [1], [1]), SAMPLES, SOFT), "or a Trainer's"),
])  # fmt: skip
def test_refusals(f, says):
    with pytest.raises(ValueError, match=says):
        f()


EVERYTHING = """
from ember import Tensor, nn
found = []
def add(f, x, *targets):
    x = Tensor(x, requires_grad=True)
    y = f(x, *targets)
    y.sum().backward()
    found.extend([y.sum().item(), (x.grad * x).sum().item()])
X = [[0.5, -1.0, 2.0, -3.0], [0.1, 0.7, -0.2, 4.0]]
for f in (nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Mish(), nn.Softplus(), nn.Softplus(2, 0.5), nn.ELU(), nn.SELU(),
          nn.CELU(2.0), nn.Hardswish(), nn.Hardsigmoid(), nn.Hardtanh(), nn.LeakyReLU(), nn.Softshrink(), nn.ReLU6(),
          nn.Hardshrink(), nn.PReLU(4), nn.GLU(), nn.GLU(0), nn.SwiGLU(), nn.Softmax(1), nn.LogSoftmax(0),
          nn.Softmin(-1), nn.Threshold(0.15, 2), nn.Tanhshrink(), nn.Softsign(), nn.LogSigmoid(), nn.Identity()):
    add(f, X)
P, T = [[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]], Tensor([[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
for f in (nn.L1Loss(), nn.SmoothL1Loss(), nn.HuberLoss(), nn.BCELoss(),
          nn.BCEWithLogitsLoss(pos_weight=[1.0, 2.0, 3.0]), nn.KLDivLoss("batchmean"),
          nn.PoissonNLLLoss(full=True), nn.SoftMarginLoss(), nn.HingeEmbeddingLoss(), nn.MSELoss(),
          nn.CrossEntropyLoss()):
    add(f, P, T)
for f in (nn.CrossEntropyLoss(), nn.CrossEntropyLoss([1.0, 2.0, 3.0], -100, label_smoothing=0.1), nn.NLLLoss(),
          nn.MultiMarginLoss()):
    add(f, P, [0, 2])
A, B = Tensor(P) * 2.0 + 1.0, Tensor([1, -1], dtype="b")
add(nn.TripletMarginLoss(swap=True), P, A, Tensor(P) * 0.5)
add(nn.CosineEmbeddingLoss(), P, A, B)
add(nn.MarginRankingLoss(), P, A, T)
add(nn.GaussianNLLLoss(full=True), P, A, A)
add(lambda x: nn.CTCLoss()(x.reshape(1, 2, 3).log_softmax(-1), [[2]], [2], [1]), P)
"""


def test_all_of_them_on_micropython(micropython):
    here = {}
    exec(EVERYTHING, here)
    found = [float(v) for v in micropython(EVERYTHING + "print(*found)").split()]
    assert found == pytest.approx(here["found"], rel=2e-5, abs=2e-6)
