"""What a newcomer typically gets wrong, and what is then said: the thing, what it was, what it may be, what to do.

Each row is run on CPython and under MicroPython, where messages are Ember's own: what only Python says differs between
the two and is not listed here.
"""

import ast

import pytest

from checkout import run_micropython

PRELUDE = """
import ember
from array import array
from ember import Tensor, nn, optim, runtime

def trainer(model=None, loss=None, optimizer=None, **options):
    model = model or nn.Sequential(nn.Linear(4, 3))
    options.setdefault("input_shape", (4,))
    return ember.Trainer(model, loss or nn.CrossEntropyLoss(), optimizer or optim.SGD(model.parameters(), lr=0.1),
                         batch_size=options.pop("batch_size", 8), **options)

class Model(nn.Module):
    def __init__(self, then):
        self.layer, self.then = nn.Linear(4, 3), then

    def forward(self, x):
        return self.then(self.layer(x))

def travelled():
    trainer().export(FOLDER + "/a.ember")
    return runtime.load(FOLDER + "/a.ember")

def saved():
    trainer().save(FOLDER + "/a.ckpt")
    return FOLDER + "/a.ckpt"

X, Y = array("f", [0.5] * 32), array("B", [0] * 8)
T = Tensor([1.0, 2.0], requires_grad=True)
"""

ONCE = "(lambda y: (y.backward(), y.backward()))"
BATCH = "the first dimension is the batch of one of them, whatever it holds; a constant has 1 there"
VALUES = "has no values yet: item(), tolist(), if and print see them after a run only; ember.where chooses within one"

MISTAKES = [  # (what was typed, what is said)
    # Batches.
    ("trainer().step(X, 3)", "y is 3; it may be a buffer, a tensor or a list of samples"),
    ("trainer().step(X, None)", "y is None; a step, and evaluate, take the targets of x"),
    ("trainer().step(None, Y)", "x is None; it may be a buffer, a tensor or a list of samples"),
    ("trainer().step(array('f', [0.0] * 40), array('B', [0] * 10))", 
     "x has 40 elements, 10 samples; Sequential takes (N, 4) with N from 1 to 8"),
    ("trainer().step(array('f', [0.0] * 24), Y)", "x has 6 samples, y has 8"),
    ("trainer().step(array('f', [0.0] * 30), Y)", "x has 30 elements;"),
    ("trainer().step(X, array('B', [7] * 8))", "label 7 at index 0; it may be a whole number from 0 to 2"),
    ("trainer().step(X, [0, 1, 2, 0, 1, 2, 0, 0.5])", "label 0.5 at index 7; it may be a whole number from 0 to 2"),
    ("trainer(loss=nn.MSELoss()).step(X, Y)", "y has 8 elements;"),
    ("trainer().predict(0.5)", "x is 0.5; it may be a buffer, a tensor or a list of samples"),
    ("trainer().predict([0.1, 0.2])", "x has shape (2,);"),
    ("trainer().evaluate(X)", "evaluate: batches has 0.5; each may be a pair (x, y)"),
    ("trainer().evaluate([])", "evaluate: no batches"),
    ("trainer().update()", "update: nothing was accumulated since the last update"),
    ("travelled().step(X, Y[:4])", "x has 8 samples, y has 4"),
    ("travelled().step(array('f', [0.0] * 40), array('B', [0] * 10))", 
     "x has 40 elements, 10 samples; this program takes 1 to 8 samples of 4, of type 'f'"),
    # A Trainer.
    ("trainer(loss=nn.MSELoss)", "it may be a loss of nn, made by calling its class, or a function"),
    ("ember.Trainer(nn.Linear(4, 3), None, None, (4,))", "loss is None; it may be a loss of nn"),
    ("trainer(optimizer=optim.SGD)", "it may be an optimizer, as optim.SGD(model.parameters())"),
    ("trainer(optimizer=optim.SGD(nn.Linear(4, 3).parameters()))", "was it made of this model's parameters()"),
    ("trainer(input_size=(4,), input_shape=(4,))", "a Trainer has no 'input_size'; did you mean 'input_shape'?"),
    ("trainer(input_shape=4)", "input_shape is 4; it may be a tuple of whole numbers from 1"),
    ("trainer(batch_size=0)", "batch_size is 0; it may be a whole number from 1"),
    ("trainer(memory='64k')", "memory is '64k'; it may be a number of bytes from 1"),
    ("trainer(memory=100)", "bytes at the least, allowed are 100"),
    ("trainer(nn.Sequential(nn.Linear(5, 3)))", "takes (N, 5), got shape (8, 4)"),
    ("trainer(nn.Sequential(nn.Linear(4, 3), nn.Linear(4, 3)))", "takes (N, 4), got shape (8, 3)"),
    ("trainer(Model(lambda y: None))", "the model returned None: does its forward() return what it made?"),
    ("trainer(Model(lambda y: y if y.sum() > 0 else -y))", VALUES),
    ("trainer(Model(lambda y: y * y.sum().item()))", VALUES),
    ("trainer(Model(lambda y: y + Tensor([[1.0] * 3] * 8)))", BATCH),
    ("trainer(nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 3))).load(saved())",
     "is of another model: its parameter that comes where this one has 0.weight, of shape (4, 5), has shape (4, 3)"),
    ("trainer().load(FOLDER + '/nothing')", "no checkpoint"),
    ("ember.Batches(FOLDER + '/nothing', 8)", "no data file"),
    # Layers and optimizers.
    ("nn.Linear(4.5, 3)", "in_features is 4.5; it may be a whole number from 1"),
    ("nn.Dropout(1.5)", "p is 1.5; it may be a number from 0 to below 1"),
    ("nn.Sequential(3)", "layers has 3; each may be a module, or a function of a tensor"),
    ("nn.Conv2d(3, 4, 3)(Tensor([[1.0]]))", "takes (N, H, W, 3), got shape (1, 1)"),
    ("nn.Embedding(4, 2)(Tensor([1.5]))", "index 1.5 at position 0; it may be a whole number from 0 to 3"),
    ("nn.conv2d", "ember.nn has no 'conv2d'; did you mean 'Conv2d'?"),
    ("optim.SGD(nn.Linear(4, 3).parameters(), lr=-1)", "lr is -1; it may be a number from 0"),
    ("optim.SGD(nn.Linear(4, 3).parameters(), lr='0.1')", "lr is '0.1'; it may be a number from 0"),
    ("optim.SGD(nn.Linear(4, 3))", "it may be a list of parameters, or of groups"),
    ("optim.SGD([])", "the optimizer got no parameters"),
    ("optim.adam", "ember.optim has no 'adam'; did you mean 'Adam'?"),
    # Tensors.
    ("Tensor([[1.0], [1.0, 2.0]])", "nested lists are ragged"),
    ("Tensor('abc')", "data is 'abc'; it may be a number, lists of numbers or a buffer"),
    ("Tensor([300], dtype='B')", "data has 300 at index 0; type 'B' holds whole numbers from 0 to 255"),
    ("ember.Parameter([1.5])", "shape is [1.5]; it may be whole numbers from 1, or a Tensor with the values"),
    ("ember.cat([T, Tensor([1], dtype='B')])", "cat takes float32 tensors, got shape (1,) of dtype 'B'"),
    ("ember.cat([1.0, 2.0])", "cat takes a list of at least one tensor"),
    ("T + Tensor([1.0, 2.0, 3.0])", "shapes (2,) and (3,) do not broadcast"),
    ("Tensor([[1.0, 2.0]]) @ Tensor([[1.0, 2.0]])", "matmul of shapes (1, 2) and (1, 2)"),
    ("T.reshape(3)", "reshape of (2,) to (3,): as many elements are needed, and at most one -1"),
    ("T.sum(3)", "dim 3 of a tensor with 1 dimensions"),
    ("T + None", "None is no tensor, and no number"),
    ("nn.CrossEntropyLoss()(Tensor([[1.0, 2.0]]), 1)", "target is 1; it may be a tensor, a list or a buffer"),
    ("ember.zeros(2, dtype='q')", "dtype is 'q'; it may be one of f, i, B, b, h, H, I"),
    ("ember.full((2,), 300, dtype='B')", "a fill has 300 at index 0; type 'B' holds whole numbers from 0 to 255"),
    ("ember.arange(-1, 3, dtype='B')", "the range has -1 at index 0; type 'B' holds whole numbers from 0 to 255"),
    ("ember.arange(0, 3, 0.5, dtype='i')", "the range has 0.5 at index 1; type 'i' holds whole numbers"),
    ("ember.functional.lineer", "ember.functional has no 'lineer'; did you mean 'linear'?"),
    ("T.backward()", "backward without a gradient takes one element, not shape (2,)"),
    ("Tensor([1.0]).sum().backward()", "does not depend on any parameter that requires a gradient"),
    (ONCE + "(T.sum())", "backward a second time: the graph was freed by the first; compute the loss again"),
    ("T.Sum()", "a Tensor has no 'Sum'; did you mean 'sum'?"),
]  # fmt: skip

RUN = """
for typed in %r:
    try:
        print(repr("nothing: " + repr(eval(typed))))
    except (ValueError, TypeError, RuntimeError, AttributeError, OSError, MemoryError) as error:
        print(repr(str(error)))
"""


def test_there_are_more_than_forty():
    assert len({typed for typed, _ in MISTAKES}) == len(MISTAKES) > 40


@pytest.mark.parametrize("typed, said", MISTAKES, ids=[typed for typed, _ in MISTAKES])
def test_on_cpython(typed, said, tmp_path):
    names = {"FOLDER": str(tmp_path)}
    exec(PRELUDE, names)
    with pytest.raises((ValueError, TypeError, RuntimeError, AttributeError, OSError, MemoryError)) as error:
        eval(typed, names)
    assert said in str(error.value)


@pytest.mark.parametrize("binary", ["unix", "unix-single"])
def test_under_micropython(binary, tmp_path):
    script = "FOLDER = %r\n" % str(tmp_path) + PRELUDE + RUN % [typed for typed, _ in MISTAKES]
    found = [ast.literal_eval(line) for line in run_micropython(binary, script, heap="2m").splitlines()]
    assert len(found) == len(MISTAKES)
    wrong = [(typed, text) for (typed, said), text in zip(MISTAKES, found) if said not in text]
    assert not wrong
