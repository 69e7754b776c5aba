"""Shapes, slices, statistics, products of matrices: in recorded batches, where it is hard, and what is refused."""

import os
import subprocess
import sys
from array import array

import numpy as np
import pytest

import ember
from checkout import ROOT, run_micropython
from ember import Parameter, Tensor, nn, optim, vm
from ember.instructions import isa
from ember.ops.reduce import matmul_sizes
from ember.tensors.tensor import current_sink
from op_cases import vms
from random_graphs import gradients, huber, same


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


INF, NAN = float("inf"), float("nan")

# Recorded: a batch of x [N, 4], whose rows are known only when the program runs.


def parts_of_itself(t):
    """Whole and part of the same memory meet where it is used last: the result must not take its place."""
    t = -t
    u = t + t[1]
    return (u[0] - u) + u[0:1] * u[1:2]


def parts(t):
    return t + t[1]


def assign(m, x):
    y = x.tanh()
    y[:, 1:3] = m.v[1:3].tanh()
    y[:, 0] = x[:, 3]
    y[..., 3:] = 0.5
    y[:, 2] += y[:, 1] * 1
    return y


RECORDED = {
    "expand and a product of rank 5": lambda m, x: (x.reshape(-1, 1, 1, 1, 4).expand(-1, 2, 3, 1, 4) @ m.q).sum(
        (1, 2, 3)
    ),
    "product with matrices": lambda m, x: (x.reshape(-1, 1, 2, 2).expand(-1, 3, 2, 2) @ m.w[:, :2, :2])[:, 1].flatten(
        1
    ),
    "matrix with columns": lambda m, x: (m.k @ x.unsqueeze(2)).squeeze(2),
    "product with a vector": lambda m, x: (x @ m.v).unsqueeze(1) * x,
    "dot over the batch": lambda m, x: x * (x @ m.v).dot(x @ m.v),
    "row over the batch": lambda m, x: x * ((x @ m.v) @ x),
    "spread": lambda m, x: x / (x.var(0, correction=0) + 1) + x.std((0, 1)),
    "norm": lambda m, x: x / (x.norm(2, 1, keepdim=True) + 1) + x.norm(3) + x.norm(1.5, 0),
    "logsumexp": lambda m, x: x - x.logsumexp(1, keepdim=True) + x.logsumexp(0) * 0.1,
    "prod": lambda m, x: x * x.prod(0) * x.prod(),
    "min": lambda m, x: x - x.min(0) + x.min(1, keepdim=True),
    "any and all": lambda m, x: x * (x > 0).any(1, True) + x * (x > 0).all(),
    "roll, flip, pad": lambda m, x: x.roll(1, 1).flip(1).pad((1, 1), "constant", 0.5)[:, ::-1][:, 1:5],
    "reflect, replicate": lambda m, x: x.pad((2, 1), "reflect")[..., ::2].pad((1, 0), "replicate")[:, :4],
    "stack": lambda m, x: ember.stack([x, x * 2], 1).sum(1),
    "split": lambda m, x: ember.cat(x.split(3, 1)[::-1], 1),
    "unbind": lambda m, x: ember.stack(x.unbind(1)[::-1], 1),
    "expand_as": lambda m, x: ember.cat([m.t.expand_as(x), x], 1)[:, 2:6],
    "repeat": lambda m, x: x.repeat(1, 2)[:, 1:5],
    "unflatten": lambda m, x: x.unflatten(1, (2, 2)).movedim(1, 2).flatten(1),
    "flatten(0, 1)": lambda m, x: (
        (x.reshape(-1, 2, 2).flatten(0, 1) @ m.k[:2, :2]).unflatten(0, (x.shape[0], 2)).flatten(1)
    ),
    "assign": assign,
    "parts of parameters": lambda m, x: x @ m.q[0, 1] + m.q[1, 0, 2] + m.v[1] * m.v,
    "parts of itself": lambda m, x: m.v.tanh() * x + parts_of_itself(m.v.tanh()) + -parts(-m.v),
    "bilinear": lambda m, x: m.bilinear(x, x.tanh()),
    "outer": lambda m, x: x * ember.outer(x[:, 0], m.v),
    "six dimensions": lambda m, x: (
        (x.reshape(-1, 1, 2, 1, 2, 1) * m.q.reshape(2, 1, 3, 2, 2, 4)[:1].reshape(1, 3, 1, 4, 1, 4)).sum((1, 3)).sum(1)
        @ m.k
    ).sum(1),
}


class Model(nn.Module):
    def __init__(self, f):
        ember.manual_seed(3)
        self.w, self.q, self.k = Parameter((3, 4, 5), -1, 1), Parameter((2, 3, 4, 4), -1, 1), Parameter((4, 4), -1, 1)
        self.v, self.t, self.bilinear = Parameter((4,), -1, 1), Parameter((1, 4), -1, 1), nn.Bilinear(4, 4, 4)
        self.f = f

    def forward(self, x):
        return self.f(self, x @ self.k)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_a_recorded_batch_gives_what_eager_execution_gives(machine, name):
    for batch, rows in ((5, 5), (5, 3), (2, 1)) if machine == "native" else ((3, 2),):
        rng = np.random.default_rng(1)
        x, y = [array("f", rng.normal(size=rows * 4).astype("f4")) for _ in range(2)]
        model = Model(RECORDED[name])
        trainer = ember.Trainer(model, huber, optim.SGD(model.parameters(), lr=0.1), (4,), batch)
        trainer.accumulate(x, y)
        again = Model(RECORDED[name])
        loss = huber(again(Tensor(x, (rows, 4))), Tensor(y, (rows, 4)))
        loss.backward(Tensor([float(rows)], loss.shape))
        expected = gradients(again.parameters())
        assert np.isfinite(loss.item()) and trainer.loss == pytest.approx(loss.item(), rel=1e-5)
        same(gradients(model.parameters()), expected, machine == "native")


def test_fewer_rows_than_the_correction(machine):
    """More than n is taken from n: the divisor is 0, not below, recorded and at once."""
    for rows, expected in ((3, 1.0), (2, INF), (1, NAN)):
        x = array("f", [1.0, 2.0, 3.0][:rows])
        values = Tensor(x).var(correction=2).item(), Tensor(x).std(0, correction=2).item()
        assert np.allclose(values, (expected * 2, (expected * 2) ** 0.5), equal_nan=True)
        weight = Parameter((1,), 1, 1)
        model = nn.Sequential()
        model.weight, model.forward = weight, lambda x, w=weight: x * 0 + x.var(0, correction=2) + w * 0
        trainer = ember.Trainer(model, nn.MSELoss(), optim.SGD([weight]), (1,), 3)
        assert np.allclose([v[0] for v in trainer.predict(x).tolist()], expected * 2, equal_nan=True)


def recorded(f):
    model = Model(f)
    return ember.Trainer(model, huber, optim.SGD(model.parameters()), (4,), 3)


@pytest.mark.parametrize("f", [
    lambda m, x: x[None], lambda m, x: x[0], lambda m, x: x[1:], lambda m, x: x[::-1], lambda m, x: x.flip(0),
    lambda m, x: x.roll(1, 0), lambda m, x: x.repeat(2, 1), lambda m, x: x.repeat(2, 1, 1), lambda m, x: x.unbind(),
    lambda m, x: x.split(1), lambda m, x: x.unsqueeze(0), lambda m, x: x.pad((0, 0, 1, 0)), lambda m, x: x.flatten(0),
    lambda m, x: x.movedim(0, 1), lambda m, x: ember.stack([x, x]), lambda m, x: x @ m.w[:, :, :4],
    lambda m, x: m.w @ x, lambda m, x: x.expand(2, -1, -1), lambda m, x: x.narrow(0, 0, 1),
])  # fmt: skip
def test_what_would_part_samples_is_refused(f):
    with pytest.raises(ValueError, match="batch|matmul of shapes|flatten|expand"):
        recorded(f)


def test_parameters_are_not_assigned_to_while_recording():
    def f(m, x):
        m.v[0] = 1.0

    with pytest.raises(RuntimeError, match="leaf"):
        recorded(f)


# Assignment.


def leaf(values):
    return Tensor(values, requires_grad=True)


def test_assignment(machine):
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    before, data = x.reshape(4), x.elements()
    x[0] = x[1]
    x[:, 1] = -1
    assert x.tolist() == [[3, -1], [3, -1]]
    assert before.tolist() == data.tolist() == [1, 2, 3, 4]  # views and the buffer keep what they had
    x[...] = Tensor([[5.0], [6.0]])
    assert x.tolist() == [[5, 5], [6, 6]]
    a, b = leaf([1.0, 2.0]), leaf([3.0])
    x[1] = a
    x[0, :1] = b
    x[1, 1] = 7
    (x * x).sum().backward()
    assert (x.tolist(), a.grad.tolist(), b.grad.tolist()) == ([[3, 5], [1, 7]], [2, 0], [6])


def test_assignment_to_what_is_needed_is_refused(machine):
    a = leaf([1.0, 2.0])
    with pytest.raises(RuntimeError, match="a leaf"):
        a[0] = 3.0
    y = a * 2
    square = y * y
    with pytest.raises(RuntimeError, match=r"needs x as it is; assign to x \* 1"):
        y[0] = 3.0
    z = y * 1
    z[0] = 3.0
    (square + z).sum().backward()
    assert (z.tolist(), a.grad.tolist()) == ([3, 4], [8, 18])
    constant = Tensor([5.0, 6.0])
    y = constant * a
    with pytest.raises(RuntimeError, match="as it is"):
        constant[0] = 1.0
    constant = Tensor([5.0, 6.0])
    y = constant + a  # when it was recorded, constant had no gradient
    with pytest.raises(RuntimeError, match="as it is"):
        constant[0] = a.sum()
    with ember.no_grad():
        a[0] = 9.0  # in place: the graph of y was made with what a was
    assert a.tolist() == [9, 2] and a.requires_grad


def test_what_was_computed_before_an_assignment(machine):
    """Operations that need no more than the shape of x may come before, and their gradient goes to what x was."""
    a = leaf([1.0, 2.0, 3.0])
    y = a * 2
    total = y.sum()
    y[0] += y[1] * 1  # takes y[0] and y[1], and assigns
    y[1:] = y[:2]
    middle = y + 0
    y[0] = 0.0
    assert (y.tolist(), middle.tolist(), total.item()) == ([0, 6, 4], [6, 6, 4], 12)
    (y.sum() + middle.sum() * 10 + total * 100).backward()
    assert a.grad.tolist() == [2 * (1 + 20 + 100), 2 * (1 + 20 + 1 + 10 + 100), 200]
    assert y.grad is None
    a = leaf([1.0, 2.0])
    y = a * 3
    part = y[0]
    y[0] = a.sum()
    part.backward()  # does not go through the assignment
    assert a.grad.tolist() == [3, 0] and y.grad is None


def test_a_parameter_is_written_to_in_place(machine):
    p = Parameter((2, 2), 0, 1)
    with ember.no_grad():
        p[1] = Tensor([5.0, 6.0])
    data = p.elements()
    with ember.no_grad():
        p[:, 0] = 0.0
    assert p.elements() is data and p.tolist()[1] == [0, 6] and p.tolist()[0][0] == 0


def test_views_share_memory_and_copies_do_not(machine):
    x = Tensor([float(i) for i in range(24)], (2, 3, 4))
    for view in (x[1], x[:, :, :], x[1:, 1:2], x[0, 1, 1:3], x.unbind(0)[1], x.split(1)[1], x.squeeze(),
                 x[None, ..., None], x.narrow(0, 1, 1), x.unflatten(2, (2, 2)), x.flatten(0, 1),
                 x.expand(2, 3, 4)):  # fmt: skip
        assert view.elements() is x.elements()
    for copy in (x[:, 1], x[..., :2], x[::-1], x.expand(2, 2, 3, 4), x.roll(1)):
        assert copy.elements() is not x.elements()
    assert Tensor([1, 2, 3, 4], dtype="i")[1:3].tolist() == [2, 3]
    p = Parameter((2, 3), 1, 1)
    assert p[1].tolist() == p[:, 0].tolist() + [1.0] == [1, 1, 1]


# Where it is hard.


def gradient(f, values):
    x = leaf(values)
    y = f(x)
    y.backward(Tensor([1.0] * y.numel(), y.shape))
    return x.grad.tolist()


@pytest.mark.parametrize("f,values,expected", [
    (lambda x: x.prod(), [2.0, 0.0, 3.0], [0, 6, 0]),
    (lambda x: x.prod(), [2.0, 0.0, 0.0], [0, 0, 0]),
    (lambda x: x.prod(), [0.0], [1]),
    (lambda x: x.prod(), [-0.0, 5.0], [5, 0]),
    (lambda x: x.prod(1), [[2.0, 0.0], [0.0, 0.0], [3.0, 4.0]], [[0, 2], [0, 0], [4, 3]]),
    (lambda x: x.min(), [1.0, 2.0, 1.0, 1.0, 1.0], [0.25, 0, 0.25, 0.25, 0.25]),
    (lambda x: x.norm(), [0.0, 0.0], [0, 0]),
    (lambda x: x.norm(1), [0.0, -2.0], [0, -1]),
    (lambda x: x.norm(3), [0.0, -2.0], [0, -1]),
    (lambda x: x.norm(3), [0.0, 0.0], [0, 0]),
    (lambda x: x.norm(0.5), [0.0, 4.0], [0, 1]),
    (lambda x: x.norm(1.5), [1e-30, 1.0], [1e-15, 1]),
    (lambda x: x.norm(INF), [2.0, -2.0, 1.0], [0.5, -0.5, 0]),
    (lambda x: x.norm(INF), [0.0, 0.0], [0, 0]),
    (lambda x: x.std(), [2.0, 2.0], [0, 0]),
    (lambda x: x.var(), [2.0, 4.0], [-2, 2]),
    (lambda x: x.var(correction=0), [7.0], [0]),
    (lambda x: x.logsumexp(), [INF, 1.0], [NAN, 0]),
    (lambda x: x.logsumexp(), [-INF, 1.0], [0, 1]),
    (lambda x: x.logsumexp(), [1000.0], [1]),
])  # fmt: skip
def test_gradients_at_corners(machine, f, values, expected):
    assert np.allclose(gradient(f, values), expected, rtol=1e-5, atol=0, equal_nan=True)


@pytest.mark.parametrize("f,values,expected", [
    (lambda x: x.prod(), [INF, 0.0], NAN),
    (lambda x: x.prod(), [3e38, 10.0, 0.5], INF),
    (lambda x: x.min(), [1.0, NAN, -INF], NAN),
    (lambda x: x.min(), [INF, INF], INF),
    (lambda x: x.max(), [NAN, 3.0], NAN),
    (lambda x: x.var(), [7.0], NAN),
    (lambda x: x.std(), [7.0], NAN),
    (lambda x: x.std(correction=3), [7.0, 8.0], INF),
    (lambda x: x.var(), [1e6, 1e6 + 1, 1e6 + 2], 1),
    (lambda x: x.var(), [1.0, NAN], NAN),
    (lambda x: x.norm(0), [0.0, -0.0, 2.0, NAN], 2),
    (lambda x: x.norm(-INF), [3.0, -2.0], 2),
    (lambda x: x.norm(), [3e-30, 4e-30], 5e-30),
    (lambda x: x.norm(), [INF, 1.0], INF),
    (lambda x: x.logsumexp(), [-INF, -INF], -INF),
    (lambda x: x.logsumexp(), [INF, -INF], INF),
    (lambda x: x.logsumexp(), [NAN, 1.0], NAN),
    (lambda x: x.logsumexp(), [3e38, 3e38], 3e38),
    (lambda x: x.logsumexp(), [-3e38], -3e38),
    (lambda x: x.any(), [0.0, NAN], 1),
    (lambda x: x.any(), [0.0, -0.0], 0),
    (lambda x: x.all(), [NAN, 1.0, -2.0], 1),
    (lambda x: x.all(), [1.0, 0.0], 0),
    (lambda x: x.all(), [INF], 1),
])  # fmt: skip
def test_values_at_corners(machine, f, values, expected):
    found = f(Tensor(values)).item()
    assert np.isclose(found, expected, rtol=1e-6, atol=0, equal_nan=True)


def test_answers_have_no_gradient(machine):
    x = leaf([1.0, 0.0])
    assert not (x.any().requires_grad or x.all().requires_grad or x.norm(0).requires_grad)


def test_a_sum_over_five_dimensions_is_in_order(machine):
    """The bits of a sum do not depend on how many instructions it takes."""
    x = np.random.default_rng(0).normal(size=(4, 3, 2, 3, 3, 3)).astype("f4") * 1000
    b = np.random.default_rng(1).normal(size=(1, 3, 1, 3, 1, 3)).astype("f4")
    weight = leaf(b.tolist())
    (Tensor(x.tolist()) * weight).sum().backward()
    expected = np.zeros(b.shape, "f4")
    for index in np.ndindex(x.shape):
        expected[tuple(i if n > 1 else 0 for i, n in zip(index, b.shape))] += x[index]
    found = np.array(weight.grad.tolist())
    assert np.array_equal(found, expected) if machine == "native" else np.allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize("binary", ["unix", "unix-single"])
def test_every_interpreter_prints_the_same(binary):
    script = ROOT / "host_tests" / "device" / "shape.py"
    environment = dict(os.environ, PYTHONPATH=str(ROOT / "lib"))
    expected = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=True)
    found = run_micropython(binary, script).splitlines()
    assert found == expected.stdout.splitlines() and len(found) > 20


@pytest.mark.parametrize("f,expected", [
    (lambda a: a.reshape(2, 3, 4) @ a.reshape(4, 6), 1),
    (lambda a: a.reshape(2, 1, 3, 4) @ a.reshape(2, 1, 4, 3), 1),
    (lambda a: a.reshape(2, 3, 2, 2) @ a.reshape(2, 3, 2, 2), 1),
    (lambda a: a.reshape(6, 4) @ a.reshape(2, 3, 4, 1), 1),
    (lambda a: a.reshape(2, 3, 2, 2) @ a[:12].reshape(3, 2, 2), 3),
])  # fmt: skip
def test_how_many_instructions_a_product_takes(f, expected):
    sink, opcodes = current_sink(), []
    emit = sink.emit
    sink.emit = lambda opcode, *fields: (opcodes.append(opcode), emit(opcode, *fields))
    try:
        y = f(leaf([1.0] * 24))
        assert opcodes.count(isa.MATMUL) == expected
        y.sum().backward()
        assert opcodes.count(isa.MATMUL) == 3 * expected
    finally:
        del sink.emit


def test_rows_that_meet_the_same_matrix_are_one_product():
    assert matmul_sizes((2, 3, 4), (4, 6)) == (6, 6, 4, [])
    assert matmul_sizes((-1, 3, 4), (1, 4, 6)) == (-3, 6, 4, [])
    assert matmul_sizes((-1, 3, 5, 4), (3, 4, 2)) == (5, 2, 4, [[-1, 30, 60, 0], [3, 10, 20, 8]])
    assert matmul_sizes((-1, 3, 5, 4), (-1, 3, 4, 2)) == (5, 2, 4, [[-3, 10, 20, 8]])


# What is refused.

X = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
V = Tensor([1.0, 2.0])
WHOLE = Tensor([1, 2, 3, 4], (2, 2), dtype="i")


def set_item(index, value, x=X):
    (x * 1 if x.dtype == "f" else x)[index] = value


@pytest.mark.parametrize("f,error,says", [
    (lambda: X[..., 0, ...], ValueError, r"at most one \.\.\."),
    (lambda: X[0, 0, 0, ...], ValueError, r"3 indices for shape \(2, 3\)"),
    (lambda: X[True], TypeError, "not True"),
    (lambda: X[1.0], TypeError, "not 1.0"),
    (lambda: X[::0], ValueError, "step 0; it may be any other"),
    (lambda: X[0:2:-1], ValueError, r"empty slice of dimension 0 of shape \(2, 3\)"),
    (lambda: X[-3], IndexError, r"index -3 of dimension 0"),
    (lambda: WHOLE[:, 0], ValueError, "integer tensors"),
    (lambda: set_item(0, V), ValueError, r"value of shape \(2,\) for elements of shape \(3,\)"),
    (lambda: set_item((0, 0), V), ValueError, r"value of shape \(2,\) for elements of shape \(\)"),
    (lambda: set_item(0, 1.0, WHOLE), ValueError, "dtype 'i'"),
    (lambda: set_item(0, WHOLE), ValueError, "dtype 'i'"),
    (lambda: X.squeeze(2), ValueError, "dim 2"),
    (lambda: X.squeeze((0, -2)), ValueError, "dim 0 is named twice"),
    (lambda: X.unsqueeze(3), ValueError, "dim 3"),
    (lambda: X.movedim((0, 1), 0), ValueError, "source names 2 dims and destination 1"),
    (lambda: X.unflatten(1, (2, 2)), ValueError, r"unflatten of dimension 1 of shape \(2, 3\) into \(2, 2\)"),
    (lambda: X.unflatten(1, (-1, -1)), ValueError, "unflatten"),
    (lambda: X.unflatten(1, ()), ValueError, "unflatten"),
    (lambda: X.flatten(1, 0), ValueError, "start_dim 1 comes after end_dim 0"),
    (lambda: X.flatten(0, 2), ValueError, "dim 2"),
    (lambda: X.narrow(1, 1, 3), ValueError, "start is 1 and length 3; of 3 there are 2 at the most"),
    (lambda: X.narrow(1, 3, 1), ValueError, "start is 3"),
    (lambda: X.narrow(1, 0, 0), ValueError, "length 0"),
    (lambda: X.split(0), ValueError, "split_size is 0"),
    (lambda: X.split([1, 1], 1), ValueError, r"split_size is \[1, 1\]; its sum may be only 3"),
    (lambda: X.split([3, 0], 1), ValueError, "split_size"),
    (lambda: X.chunk(0), ValueError, "chunks is 0"),
    (lambda: ember.stack([]), ValueError, "at least one"),
    (lambda: ember.stack([X, V]), ValueError, r"stack of shapes \[\(2, 3\), \(2,\)\]"),
    (lambda: X.flip(0, 0), ValueError, "dim 0 is named twice"),
    (lambda: X.roll((1, 2)), ValueError, r"shifts is \(1, 2\); without dims"),
    (lambda: X.roll((1, 2), 0), ValueError, r"shifts is \(1, 2\) and dims is \(0,\)"),
    (lambda: X.expand(2, 4), ValueError, r"expand of shape \(2, 3\) to \(2, 4\)"),
    (lambda: X.expand(3), ValueError, r"expand of shape \(2, 3\) to \(3,\)"),
    (lambda: X.expand(-1, 2, 3), ValueError, r"expand of shape \(2, 3\) to \(-1, 2, 3\)"),
    (lambda: X.expand(0, 3), ValueError, r"sizes is \(0, 3\)"),
    (lambda: X.expand_as(V), ValueError, "broadcast"),
    (lambda: X.expand_as(Tensor([1.0, 2.0, 3.0])), ValueError, r"expand of shape \(2, 3\) to \(3,\)"),
    (lambda: X.repeat(2), ValueError, r"repeat of shape \(2, 3\) is \(2,\)"),
    (lambda: X.repeat(2, -1), ValueError, "repeat"),
    (lambda: X.pad((1,)), ValueError, r"pad is \(1,\); it may be pairs"),
    (lambda: X.pad((1, 1, 1, 1, 1, 1)), ValueError, "at most one for each dimension"),
    (lambda: X.pad((1, 1.5)), ValueError, "pairs of whole numbers"),
    (lambda: X.pad((1, 1), "wrap"), ValueError, "mode is 'wrap'; it may be 'constant', 'reflect'"),
    (lambda: X.pad((3, 0), "reflect"), ValueError, r"is \(3, 0\); it may be from 0 to 2"),
    (lambda: X.pad((-1, 0), "replicate"), ValueError, r"is \(-1, 0\); it may be from 0"),
    (lambda: X.pad((-2, -1)), ValueError, "nothing is left"),
    (lambda: X.sum((0, 0)), ValueError, r"dim \(0, 0\) names a dimension twice"),
    (lambda: X.sum(()), ValueError, r"dim is \(\)"),
    (lambda: X.min(2), ValueError, "dim 2"),
    (lambda: X.var(correction=-1), ValueError, "correction is -1"),
    (lambda: X.std(correction=True), ValueError, "correction is True"),
    (lambda: X.norm(NAN), ValueError, "p is nan"),
    (lambda: X.norm("fro"), ValueError, "p is 'fro'"),
    (lambda: WHOLE.prod(), ValueError, "dtype 'i'"),
    (lambda: X @ Tensor(1.0), ValueError, r"matmul of shapes \(2, 3\) and \(\)"),
    (lambda: X @ V, ValueError, r"\(2, 3\) and \(2,\)"),
    (lambda: V @ X.T, ValueError, r"\(2,\) and \(3, 2\)"),
    (lambda: X.reshape(2, 1, 3) @ X.reshape(1, 3, 2).repeat(3, 1, 1), ValueError, r"\(2, 1, 3\).*do not broadcast"),
    (lambda: ember.outer(X, V), ValueError, r"a has shape \(2, 3\)"),
    (lambda: V.dot(Tensor([1.0])), ValueError, r"dot of shapes \(2,\) and \(1,\)"),
    (lambda: V.dot(X), ValueError, r"b has shape \(2, 3\)"),
    (lambda: ember.bilinear(X, X, X), ValueError, "bilinear of shapes"),
    (lambda: ember.bilinear(V, V, X.reshape(1, 2, 3).repeat(2, 1, 1), V), ValueError, r"bias has shape \(2,\) for 3"),
    (lambda: nn.Bilinear(0, 1, 1), ValueError, "in1_features is 0"),
    (lambda: nn.Bilinear(1, 1.5, 1), ValueError, "in2_features is 1.5"),
    (lambda: nn.Bilinear(1, 1, -1), ValueError, "out_features is -1"),
    (lambda: nn.Bilinear(2, 3, 1)(X, X), ValueError, r"Bilinear\(in1_features=2, .* takes .*\(2, 3\)"),
    (lambda: nn.Bilinear(3, 2, 1)(X, X), ValueError, r"Bilinear\(in1_features=3, .* takes .*\(2, 3\)"),
])  # fmt: skip
def test_refusals(f, error, says):
    with pytest.raises(error, match=says):
        f()
