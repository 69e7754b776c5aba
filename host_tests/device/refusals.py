"""Prints what a user is told, and some results: the same words on every interpreter.

refusals.py VM FOLDER
"""

import sys
from array import array

sys.path[:0] = sys.argv[2].split(":")

import ember  # noqa: E402
from ember import Tensor, nn, optim, vm  # noqa: E402

vm.select(sys.argv[1])
ember.manual_seed(1)
X = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.5), (3,), 4)
x, y = array("f", [0.5, -1.0, 2.0] * 4), array("B", [0, 1, 1, 0])


def twice():
    a = Tensor([1.0, 2.0], requires_grad=True)
    s = (a * a).sum()
    s.backward()
    s.backward()


def small(n):
    return lambda: ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters()), (3,), 4, memory=n)


CASES = (
    lambda: X + Tensor([1.0, 2.0]), lambda: X @ X, lambda: X.reshape(4), lambda: X.reshape(-2, -3), lambda: X.sum(2),
    lambda: X.softmax(5), lambda: X.permute(0, 0), lambda: X[0, 0, 0], lambda: X[2], lambda: X[1:1], lambda: X[::0],
    lambda: X["1"], lambda: ember.cat([X, X[:, :2]]), lambda: ember.cat([]), lambda: Tensor([[1.0], [2.0, 3.0]]),
    lambda: Tensor([]), lambda: X.item(), lambda: nn.Linear(4, 2)(X), lambda: nn.Conv2d(1, 2, 3)(X),
    lambda: nn.MSELoss()(X, X.T), lambda: nn.CrossEntropyLoss()(X, [0, 3]), lambda: nn.CrossEntropyLoss()(X, [0, -1]),
    lambda: nn.Linear(0, 1), lambda: nn.Conv2d(3, 4, 3, groups=2), lambda: nn.MaxPool2d(2, padding=2),
    lambda: nn.CrossEntropyLoss(reduction="average"), lambda: ember.manual_seed(-1), lambda: ember.nothing, twice,
    lambda: X.sum().backward(), lambda: trainer.step(x[:11], y), lambda: trainer.step(x, y[:3]),
    lambda: trainer.step(array("f"), array("B")), lambda: trainer.step([[1, 2]], [0]),
    lambda: trainer.step(x, array("B", [0, 1, 2, 0])), lambda: trainer.step(x, array("b", [0, 1, -1, 0])),
    lambda: trainer.predict(x[:2]), lambda: trainer.update(), lambda: trainer.evaluate([]),
    lambda: trainer.optimizer.step(), small(100), lambda: trainer.load("/nowhere/none.ckpt"),
    lambda: trainer.save("/nowhere/none.ckpt"), lambda: optim.SGD([]), lambda: optim.SGD(model.parameters() * 2),
    lambda: optim.SGD(model.parameters(), nesterov=True), lambda: vm.select("fast"),
    lambda: ember.Trainer(nn.ReLU(), nn.MSELoss(), optim.SGD([]), (3,)),
    lambda: ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters()), (2,), 4),
    lambda: ember.Trainer(model, lambda o, t: (t * t).mean(), optim.SGD(model.parameters()), (3,), 4),
    lambda: ember.Trainer(model, nn.MSELoss("none"), optim.SGD(model.parameters()), (3,), 4),
)  # fmt: skip

for i, case in enumerate(CASES):
    try:
        print(i, "no error", case())
    except Exception as error:
        print(i, type(error).__name__, error)

trainer.step(x, y)
trainer.step([[0.5, -1.0, 2.0]], [1])
a = Tensor([[0.5, -1.0], [2.0, 3.0]], requires_grad=True)
(ember.cat([a.softmax(0), a[:, :1]], 1).T @ a.max(1, keepdim=True)).tanh().mean().backward()
print([["%.4f" % v for v in row] for row in a.grad.tolist()])
print(trainer.steps, "%.4f" % trainer.loss, trainer.plan)
# Where a layer's starting values lie must not depend on how long Python's floats are.
bounds = array("f", [nn.Linear(n, 1).weight.initial[1] for n in range(1, 1500)])
total = 0
for byte in bytes(bounds):
    total = (total * 31 + byte) & 0x3FFFFF
print("bounds", total)
