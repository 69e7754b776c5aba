"""What a checkpoint must agree in with the program that loads it: its mathematics, and no more."""

from array import array

import pytest

import ember
from ember import nn, optim, runtime
from ember.run.identity import identity

BATCH = 4


def convolutional():
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 3))


class Residual(nn.Module):
    def __init__(self):
        self.a, self.b, self.norm = nn.Linear(6, 6), nn.Linear(6, 3), nn.LayerNorm(6)

    def forward(self, x):
        return self.b(self.norm(x + self.a(x).relu() * 0.3))


class Recurrent(nn.Module):
    def __init__(self):
        self.cells, self.head = nn.GRU(2, 4), nn.Linear(12, 3)

    def forward(self, x):
        return self.head(self.cells(x)[0].flatten(1))


def dense(activation=nn.Tanh, p=0.25, width=5, weight=None):
    return nn.Sequential(nn.Linear(6, width), activation(), nn.Dropout(p), nn.Linear(width, 3))


MODELS = {"dense": (dense, (6,)), "residual": (Residual, (6,)), "convolutional": (convolutional, (6, 6, 1)),
          "recurrent": (Recurrent, (3, 2))}  # fmt: skip


def trainer_of(model, shape=(6,), optimizer=optim.Adam, loss=None, seed=1, settings=None, **options):
    ember.manual_seed(seed)
    made = model()
    return ember.Trainer(made, loss or nn.CrossEntropyLoss(), optimizer(made.parameters(), lr=0.05, **(settings or {})),
                         shape, **dict({"batch_size": BATCH}, **options))  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_what_is_no_mathematics(name, tmp_path):
    """Batch size, parts, a budget that makes activations again, a file that travelled."""
    model, shape = MODELS[name]
    path = str(tmp_path / "a.ckpt")
    one = trainer_of(model, shape)
    least = one.plan.total()
    others = [trainer_of(model, shape, seed=2, batch_size=9), trainer_of(model, shape, seed=2, micro_batch=1)]
    for part in range(95, 60, -5):
        try:
            others.append(trainer_of(model, shape, seed=2, memory=least * part // 100))
        except MemoryError:
            break
    one.export(str(tmp_path / "a.ember"))
    others.append(runtime.load(str(tmp_path / "a.ember")))
    n = BATCH * one.sample_size
    one.step(array("f", [(i % 7) / 7 for i in range(n)]), array("B", [i % 3 for i in range(BATCH)]))
    one.save(path)
    weights = bytes(one.executor.view(0, one.image.starts[2]))
    assert len(others) > 2
    for other in others:
        assert identity(other.image) == identity(one.image)
        other.load(path)
        assert bytes(other.executor.view(0, one.image.starts[2])) == weights


def test_fused_is_the_same_mathematics(tmp_path):
    path = str(tmp_path / "a.ckpt")
    one, other = [trainer_of(dense, optimizer=optim.SGD, fused=fused, seed=1 + fused) for fused in (False, True)]
    one.save(path)
    other.load(path)
    assert bytes(other.executor.view(0, 10)) == bytes(one.executor.view(0, 10))


OTHERS = {
    "activation": (
        lambda: dense(nn.Sigmoid),
        {},
        "operation . of the forward pass is map tanh there, and here map sigmoid",
    ),
    "dropout": (lambda: dense(p=0.5), {}, "dropout, has another setting"),
    "no dropout": (lambda: nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)), {}, "is dropout there"),
    "width": (lambda: dense(width=6), {}, r"0.weight, of shape \(6, 6\), has shape \(6, 5\)"),
    "optimizer": (dense, {"optimizer": optim.AdamW}, "of the optimizer Adam; this one is AdamW"),
    "its kind": (dense, {"settings": {"amsgrad": True}}, "adam, has another setting"),
    "state": (dense, {"state_dtype": "bfloat16"}, "the optimizer, in its operation"),
    "average": (dense, {"ema": 0.9}, "the optimizer, in its operation|floats"),
    "loss": (dense, {"loss": nn.CrossEntropyLoss(label_smoothing=0.1)}, "of the forward pass"),
    "weights of classes": (dense, {"loss": nn.CrossEntropyLoss(weight=[1.0, 2.0, 3.0])}, "of the forward pass"),
    "scale": (dense, {"input_dtype": "B", "input_scale": 0.5}, "of the forward pass"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_differs_is_named(name, tmp_path):
    path = str(tmp_path / "a.ckpt")
    trainer_of(dense).save(path)
    model, options, says = OTHERS[name]
    other = trainer_of(model, **options)
    before = bytes(other.executor.view(0, other.image.starts[-1]))
    with pytest.raises(ValueError, match=says):
        other.load(path)
    assert bytes(other.executor.view(0, other.image.starts[-1])) == before


def test_settings_of_constants_count():
    """A number of the model's own, an array of weights at its first and its last element."""
    ones = [trainer_of(dense, loss=nn.CrossEntropyLoss(weight=weight)).image
            for weight in ([1.0, 5.0, 0.2], [1.0, 5.0, 0.3], [2.0, 5.0, 0.2])]  # fmt: skip
    assert len({bytes(identity(image)[0]) for image in ones}) == 3

    class Scaled(Residual):
        def forward(self, x):
            return self.b(self.norm(x + self.a(x).relu() * 0.4))

    assert identity(trainer_of(Scaled).image) != identity(trainer_of(Residual).image)


# Weights alone, by name.


class Headed(nn.Module):
    def __init__(self, classes):
        self.body, self.head = nn.Linear(6, 5), nn.Linear(5, classes)

    def forward(self, x):
        return self.head(self.body(x).tanh())


@pytest.mark.parametrize("half", [False, True])
def test_weights_alone_by_name(tmp_path, half):
    path = str(tmp_path / "a.ckpt")
    one = trainer_of(lambda: Headed(3), ema=0.5)
    other = trainer_of(lambda: Headed(7), optimizer=optim.SGD, seed=2, ema=0.9)
    one.save(path, half=half)
    before = bytes(other.executor.view(0, other.image.starts[-1]))
    with pytest.raises(ValueError, match="lacks head.weight, head.bias of this model's parameters, by name and shape"):
        other.load(path, weights_only=True)
    assert bytes(other.executor.view(0, other.image.starts[-1])) == before
    head = [p.tolist() for p in other.model.head.parameters()]
    assert other.load(path, weights_only=True, strict=False) == ["head.weight", "head.bias"]
    assert [p.tolist() for p in other.model.head.parameters()] == head
    for p, q in zip(other.model.body.parameters(), one.model.body.parameters()):
        assert p.elements().tolist() == pytest.approx(q.elements().tolist(), rel=2**-8 if half else 0)
    weights = other.model.body.weight.tolist()
    with other.averaged():
        assert other.model.body.weight.tolist() == weights
    stranger = trainer_of(dense, seed=2)
    with pytest.raises(ValueError, match="lacks 0.weight"):
        stranger.load(path, weights_only=True, strict=False)


# Half precision.


def rounded(value):
    """A float32 to the nearest bfloat16, halves to even, by NumPy."""
    import numpy as np

    bits = np.float32(value).view(np.uint32).astype(np.uint64)
    return np.uint32((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).view(np.float32)


def test_half_precision(tmp_path):
    path, whole = str(tmp_path / "a.ckpt"), str(tmp_path / "whole.ckpt")
    one, other = trainer_of(dense), trainer_of(dense, seed=2)
    for _ in range(3):
        one.step(array("f", [(i % 7) / 7 for i in range(24)]), array("B", [i % 3 for i in range(BATCH)]))
    n, arena = one.image.starts[2], one.executor.view(0, one.image.starts[4]).tolist()
    assert one.save(path, half=True) < one.save(whole) - n
    other.load(path)
    there = other.executor.view(0, one.image.starts[4]).tolist()
    first, last = one.image.starts[3], one.image.starts[4]
    for k in [*range(n), *range(first, last)]:
        assert there[k] == rounded(arena[k])
    again = trainer_of(dense, seed=3)
    again.load(path)
    for trainer in (other, again):
        trainer.step(array("f", [(i % 5) / 5 for i in range(24)]), array("B", [i % 3 for i in range(BATCH)]))
    assert bytes(other.executor.view(0, last)) == bytes(again.executor.view(0, last))


def test_a_packed_state_stays_packed(tmp_path):
    path = str(tmp_path / "a.ckpt")
    one, other = [trainer_of(dense, seed=seed, state_dtype="bfloat16") for seed in (1, 2)]
    one.step(array("f", [(i % 7) / 7 for i in range(24)]), array("B", [i % 3 for i in range(BATCH)]))
    one.save(path, half=True)
    other.load(path)
    first, last = one.image.starts[3], one.image.starts[4]
    assert bytes(other.executor.view(first, last - first)) == bytes(one.executor.view(first, last - first))
