"""L-BFGS, against the inverse Hessian that it stands for, in NumPy; its line search, too, and by what it promises."""

from array import array

import numpy as np
import pytest

import ember
from checkout import MICROPYTHON, run_micropython
from ember import Tensor, nn, optim, vm
from ember.run import jobs
from ember.tensors.parameter import Parameter
from numpy_lbfgs import lbfgs
from op_cases import vms


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    ember.manual_seed(4)
    yield request.param
    vm.select()


RNG = np.random.default_rng(8)
A = RNG.normal(size=(12, 5)).astype("f4") + np.eye(12, 5, dtype="f4")
B = RNG.normal(size=12).astype("f4")


def least_squares(goal=B, **settings):
    """x in two parameters, and the closure of ||A x - goal||^2 / 12."""
    first, second = Parameter((2,), -1.0, 1.0), Parameter((3, 1), -1.0, 1.0)
    a, b = Tensor(A.tolist()), Tensor(goal.reshape(12, 1).tolist())
    optimizer = optim.LBFGS([first, second], **settings)

    def closure():
        optimizer.zero_grad()
        loss = (a @ ember.cat([first.reshape(2, 1), second], 0) - b).pow(2).mean()
        loss.backward()
        return loss

    return first, second, optimizer, closure


def loss_and_slope(goal=B):
    a, goal = A.astype("f8"), goal.astype("f8")
    return lambda x: ((a @ x - goal) ** 2).mean(), lambda x: 2 / 12 * a.T @ (a @ x - goal)


def values(*parameters):
    return np.concatenate([np.array(p.elements(), "f8") for p in parameters])


def near(found, expected):
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


NONE = {"tolerance_grad": 0.0, "tolerance_change": 0.0, "max_eval": 300}


@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
@pytest.mark.parametrize("history, lr, moves", [
    (100, 1.0, 6), (2, 0.5, 8), (1, 0.7, 8), (5, 1.0, 1), (100, 1.0, 100), (2, 0.5, 100), (3, 0.05, 100), (1, 3.0, 30),
    (1, 3.0, 4), (2, 30.0, 4), (2, 100.0, 3), (3, 0.1, 4), (2, 6.0, 4), (1, 8.0, 4), (5, 12.0, 3), (4, 0.03, 3),
])  # fmt: skip
def test_moves_follow_the_inverse_hessian(machine, history, lr, moves, line_search):
    """A line search sees losses, not only slopes: here they fall to 0, so that float32 tells them apart to the end."""
    lr = lr if line_search else min(lr, 1.0)
    moves = min(moves, 12) if machine == "portable" else moves
    # In float64: what BLAS makes of float32 differs from processor to processor.
    goal = (A.astype("f8") @ np.array([0.5, -1, 2, 0.25, 1])).astype("f4") if line_search else B
    first, second, optimizer, closure = least_squares(
        goal, lr=lr, max_iter=moves, history_size=history, line_search_fn=line_search, **NONE
    )
    expected = lbfgs(*loss_and_slope(goal), values(first, second), moves, history, lr, line_search)
    start = closure().item()
    assert optimizer.step(closure) == start
    assert line_search or optimizer.evaluations == moves  # the last move is not looked at
    near(values(first, second), expected)


@pytest.mark.parametrize("lr", [1.0, 0.1, 50.0])
@pytest.mark.parametrize("max_eval", [1, 2, 3, 5, 8])
def test_a_search_keeps_to_max_eval(machine, lr, max_eval):
    goal = A @ np.array([0.5, -1, 2, 0.25, 1], "f4")
    settings = dict(NONE, max_eval=max_eval, line_search_fn="strong_wolfe")
    first, second, optimizer, closure = least_squares(goal, lr=lr, max_iter=9, **settings)
    expected = lbfgs(*loss_and_slope(goal), values(first, second), 9, 100, lr, True, max_eval)
    optimizer.step(closure)
    assert np.abs(values(first, second) - expected).max() <= 1e-3 * np.abs(expected).max()
    assert max_eval <= optimizer.evaluations <= max_eval + 1  # the first place of a search is always looked at


# Of PyTorch 2.13 in float32: Rosenbrock's function from (-1.2, 1), max_iter=100, no tolerances.
SEARCHED = [
    (1.0, 1, 2, (-1.2, 1.0)), (1.0, 2, 3, (-1.024532, 1.07162)), (1.0, 4, 4, (-1.028457, 1.068187)),
    (1.0, 6, 6, (-1.027618, 1.058412)), (1.0, 9, 9, (-0.943127, 0.852964)), (1e-3, 1, 2, (-1.19929, 1.00029)),
    (1e-3, 2, 3, (-1.196091, 1.001596)), (1e-3, 3, 4, (-1.160907, 1.015957)), (1e-3, 9, 10, (-1.100706, 1.043035)),
]  # fmt: skip


@pytest.mark.parametrize("lr, max_eval, evaluations, end", SEARCHED)
def test_as_often_as_pytorch(lr, max_eval, evaluations, end):
    p = Parameter((2,))
    p.elements()[0], p.elements()[1] = -1.2, 1.0
    settings = dict(NONE, max_eval=max_eval)
    optimizer = optim.LBFGS([p], lr=lr, max_iter=100, line_search_fn="strong_wolfe", **settings)
    seen = []

    def closure():
        optimizer.zero_grad()
        loss = rosenbrock(p)
        loss.backward()
        seen.append(list(p.elements()))
        return loss

    optimizer.step(closure)
    assert len(seen) == optimizer.evaluations == evaluations
    np.testing.assert_allclose(p.tolist(), end, rtol=1e-5)


def test_several_steps_go_on_from_each_other(machine):
    """As PyTorch: the second step knows the moves of the first."""
    first, second, optimizer, closure = least_squares(max_iter=3, history_size=10, **NONE)
    expected = lbfgs(*loss_and_slope(), values(first, second), 6, 10, 1.0)
    optimizer.step(closure)
    optimizer.step(closure)
    near(values(first, second), expected)


@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
def test_least_squares_ends_at_the_solution(machine, line_search):
    first, second, optimizer, closure = least_squares(max_iter=40, line_search_fn=line_search, history_size=5)
    optimizer.step(closure)
    solution = np.linalg.lstsq(A.astype("f8"), B.astype("f8"), rcond=None)[0]
    np.testing.assert_allclose(values(first, second), solution, atol=2e-3)


def rosenbrock(p):
    a, b = p[0:1], p[1:2]
    return ((1.0 - a) ** 2 + (b - a * a) ** 2 * 100.0).sum()


def test_rosenbrock(machine):
    p = Parameter((2,))
    p.elements()[0], p.elements()[1] = -1.2, 1.0
    optimizer = optim.LBFGS([p], max_iter=100, line_search_fn="strong_wolfe", history_size=10)

    def closure():
        optimizer.zero_grad()
        loss = rosenbrock(p)
        loss.backward()
        return loss

    first = optimizer.step(closure)
    assert abs(first - 24.2) < 1e-4 and optimizer.evaluations < 100
    np.testing.assert_allclose(p.tolist(), [1, 1], atol=5e-3)


@pytest.mark.parametrize("t", [1e-4, 0.05, 1.0, 30.0])
def test_a_search_ends_where_it_falls_and_flattens(t):
    """Strong Wolfe conditions, from first tries that are far too short and far too long."""
    p = Parameter((2,))
    optimizer = optim.LBFGS([p], t, 1, 25, line_search_fn="strong_wolfe", history_size=1)
    seen = []

    def closure():
        optimizer.zero_grad()
        loss = rosenbrock(p)
        loss.backward()
        seen.append((loss.item(), list(p.elements()), np.array(p.grad.tolist())))
        return loss

    p.elements()[0], p.elements()[1] = -1.2, 1.0
    optimizer.step(closure)
    loss, x, g = seen[0]
    end = next(entry for entry in seen if entry[1] == list(p.elements()))
    move = np.array(end[1]) - np.array(x)
    assert end[0] <= loss + 1e-4 * (g @ move) and abs(end[2] @ move) <= 0.9 * abs(g @ move)
    gradient = end[2]  # and the gradient is that there
    np.testing.assert_array_equal(optimizer.g.tolist(), gradient)


@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
def test_a_recorded_closure_is_an_eager_one(machine, line_search):
    x = np.random.default_rng(1).normal(size=(8, 3)).astype("f4")
    y = (x @ np.array([[1.0], [-2.0], [0.5]]) + 0.3).astype("f4")
    found = []
    for recorded in (False, True):
        ember.manual_seed(4)
        model, criterion = nn.Linear(3, 1), nn.MSELoss()
        optimizer = optim.LBFGS(model.parameters(), max_iter=5, history_size=4, line_search_fn=line_search)

        def run(a, b, model=model, criterion=criterion):
            loss = criterion(model(a), b)
            loss.backward()
            return [loss] + [p.grad for p in model.parameters()]

        inputs = Tensor(x.ravel().tolist(), (8, 3)), Tensor(y.ravel().tolist(), (8, 1))
        function = ember.record(run, (8, 3), (8, 1)) if recorded else run

        def closure(function=function, optimizer=optimizer, inputs=inputs):
            optimizer.zero_grad()
            return function(*inputs)

        optimizer.step(closure)
        found.append(values(*model.parameters()))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-4, atol=1e-5)


def test_where_the_gradient_is_nothing_it_stays(machine):
    p, frozen = Parameter((1,)), Parameter((3,))
    frozen.requires_grad = False
    optimizer = optim.LBFGS([p, frozen])
    assert optimizer.step(lambda: [Tensor([2.0]), Tensor([0.0])]) == 2.0
    assert p.tolist() == [0.0] and optimizer.evaluations == 1
    with pytest.raises(ValueError, match="2 gradients for 1 parameters"):
        optimizer.step(lambda: [Tensor([2.0]), Tensor([0.0]), Tensor([0.0])])


@pytest.mark.parametrize("make, says", [
    (lambda p: optim.LBFGS(p, max_iter=0), "max_iter is 0"),
    (lambda p: optim.LBFGS(p, max_eval=1.5), "max_eval is 1.5"),
    (lambda p: optim.LBFGS(p, history_size=0), "history_size is 0"),
    (lambda p: optim.LBFGS(p, tolerance_grad=-1), "tolerance_grad is -1"),
    (lambda p: optim.LBFGS(p, tolerance_change=float("nan")), "tolerance_change is nan"),
    (lambda p: optim.LBFGS(p, line_search_fn="armijo"), "line_search_fn is 'armijo'"),
    (lambda p: optim.LBFGS(p, lr=-1), "lr is -1"),
    (lambda p: optim.LBFGS([{"params": p}, {"params": [Parameter((1,))]}]), "2 groups; it takes one"),
])  # fmt: skip
def test_refusals(make, says):
    with pytest.raises(ValueError, match=says):
        make([Parameter((2,))])


X = np.random.default_rng(1).normal(size=(8, 3)).astype("f4")
Y = (X @ np.array([[1.0], [-2.0], [0.5]]) + 0.3 + 0.1 * np.sin(9 * X[:, :1])).astype("f4")
BATCH = array("f", X.ravel().tolist()), array("f", Y.ravel().tolist())


def trainer(reduction="mean", line_search=None, max_iter=5, **settings):
    ember.manual_seed(4)
    model = nn.Linear(3, 1)
    bounds = dict(NONE, max_eval=60)
    optimizer = optim.LBFGS(model.parameters(), 1.0, max_iter, history_size=4, line_search_fn=line_search, **bounds)
    return ember.Trainer(model, nn.MSELoss(reduction), optimizer, (3,), 8, **settings)


@pytest.mark.parametrize("reduction, micro_batch", [("mean", None), ("mean", 3), ("sum", None)])
@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
def test_a_trainer(machine, reduction, line_search, micro_batch):
    """Its steps are those of NumPy's L-BFGS, and of PyTorch's manner, the loss that of before each."""
    t = trainer(reduction, line_search, micro_batch=micro_batch)
    a = np.concatenate([X, np.ones((8, 1))], 1).astype("f8")
    rows = 8 if reduction == "mean" else 1
    model = t.model
    x = values(model.weight, model.bias)

    def loss(x):
        return ((a @ x - Y[:, 0].astype("f8")) ** 2).sum() / rows

    def slope(x):
        return 2 / rows * a.T @ (a @ x - Y[:, 0].astype("f8"))

    expected = lbfgs(loss, slope, x.copy(), 10, 4, 1.0, line_search)
    before = loss(x)
    for step in range(2):
        t.step(*BATCH)
        assert t.steps == step + 1
        if not step:
            assert t.loss == pytest.approx(before, rel=1e-5)
    assert t.optimizer.evaluations >= 10
    found = values(model.weight, model.bias)
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()
    assert loss(found) <= loss(expected) * (1 + 1e-4) + 1e-9


def test_a_trainer_fits_evaluates_and_saves(machine, tmp_path):
    t = trainer(line_search="strong_wolfe")
    t.fit([BATCH] * 3, 2)
    assert t.steps == 6
    best = np.linalg.lstsq(np.concatenate([X, np.ones((8, 1))], 1), Y, rcond=None)[1][0] / 8
    assert t.evaluate([BATCH])[0] == pytest.approx(best, rel=1e-3)
    assert t.running_loss >= t.loss * (1 - 2**-23)  # the least that a loss can differ by, at the bottom
    assert t.loss >= best * (1 - 1e-4)
    path = str(tmp_path / "weights")
    t.save(path)
    other = trainer(line_search="strong_wolfe")
    other.step(*BATCH)
    assert other.optimizer.moves
    other.load(path)
    assert other.steps == 6 and other.optimizer.moves == t.optimizer.moves
    assert other.predict(BATCH[0]).tolist() == t.predict(BATCH[0]).tolist()
    other.step(*BATCH)
    assert other.evaluate([BATCH])[0] <= best * (1 + 1e-3)


def test_a_trainer_that_is_interrupted(machine):
    """In whatever look at the loss: the weights are those of before a move."""
    for n in range(1, 6):
        t = trainer()
        run, seen = jobs.accumulate_part, []

        def look(t, x, y, n=n, run=run, seen=seen):
            seen.append(values(*t.model.parameters()))
            if len(seen) == n:
                raise KeyboardInterrupt
            run(t, x, y)

        with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(jobs, "accumulate_part", look)
            t.step(*BATCH)
        assert values(*t.model.parameters()).tolist() in [x.tolist() for x in seen[: max(1, n - 1)]]
        assert t.steps == 0
        t.step(*BATCH)
        assert t.steps == 1


def test_what_a_trainer_refuses(machine, tmp_path):
    for settings, says in (({"clip_norm": 1.0}, "LBFGS takes no clip_value, clip_norm or ema"), ({"ema": 0.9}, "ema"),
                           ({"state_dtype": "bfloat16"}, "LBFGS takes no state_dtype"),
                           ({"fused": True}, "LBFGS")):  # fmt: skip
        with pytest.raises(ValueError, match=says):
            trainer(**settings)
    model = nn.Linear(3, 1)
    two = [optim.LBFGS([model.weight], history_size=1), optim.SGD([model.bias])]
    with pytest.raises(ValueError, match="LBFGS is one of 2 optimizers; it trains alone"):
        ember.Trainer(model, nn.MSELoss(), two, (3,))
    t = trainer()
    before = values(*t.model.parameters()).tolist()
    for do, error, says in ((lambda: t.step(*BATCH, budget_us=100), ValueError, "budget_us is 100; LBFGS takes whole"),
                            (t.update, RuntimeError, "it takes step"),
                            (lambda: t.optimizer.step(None), RuntimeError, "call trainer.step"),
                            (lambda: t.export(str(tmp_path / "x")), ValueError, "LBFGS moves between"),
                            (lambda: t.step(BATCH[0][:-1], BATCH[1]), ValueError, "has 23 elements")):  # fmt: skip
        with pytest.raises(error, match=says):
            do()
        assert values(*t.model.parameters()).tolist() == before and t.steps == 0


SCRIPT = """
import ember
from array import array
from ember import nn, optim
ember.manual_seed(4)
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
optimizer = optim.LBFGS(model.parameters(), max_iter=5, history_size=4, line_search_fn="strong_wolfe")
trainer = ember.Trainer(model, nn.MSELoss(), optimizer, (3,), 8)
x, y = array("f", [i * 37 % 11 / 4 - 1 for i in range(24)]), array("f", [i * 7 % 5 / 2 for i in range(8)])
trainer.step(x, y)
first = trainer.loss
trainer.fit([(x, y)], 4)
print(trainer.steps, first, trainer.loss, *array("I", bytes(trainer.executor.segments[0][:21])))
"""


def test_the_bits_of_a_trainer_under_micropython():
    found = []
    for name in MICROPYTHON:
        steps, first, last, *bits = run_micropython(name, SCRIPT).split()
        found.append(bits)
        assert int(steps) == 5 and float(last) < float(first) / 2
    assert found[0] == found[1] == found[2]
