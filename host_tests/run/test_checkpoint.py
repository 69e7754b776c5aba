"""Checkpoints: what is loaded goes on as if it had never stopped; what is damaged is refused and changes nothing."""

import os
import subprocess
import sys
from array import array

import pytest

import ember
from ember import nn, optim, vm
from op_cases import vms

BATCH = 4


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def build(seed=1, hidden=3, optimizer=optim.Adam, freeze=False, **settings):
    ember.manual_seed(seed)
    model = nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Dropout(0.25), nn.Linear(hidden, 3))
    if freeze:
        model.layers[0].bias.requires_grad = False
    return ember.Trainer(model, nn.CrossEntropyLoss(), optimizer(model.parameters(), lr=0.05, **settings), (2,), BATCH)


def batch(k):
    return array("f", [((i * 5 + k * 3) % 7) / 3 - 1 for i in range(2 * BATCH)]), array(
        "B", [(i + k) % 3 for i in range(BATCH)]
    )


def go(trainer, start, stop):
    for k in range(start, stop):
        trainer.step(*batch(k))
    return everything(trainer)


def everything(trainer):
    """What lasts: all that was kept, but for the gradients, and the counters."""
    blocks = [
        trainer.executor.segments[0][o : o + n].tolist()
        for kind, o, n in trainer.plan.kept
        if kind not in ("gradients", "statistics")
    ]
    return blocks, trainer.steps, trainer.epoch, trainer.executor.segments[3][1]


@pytest.mark.parametrize("settings", [
    {}, {"optimizer": optim.SGD}, {"optimizer": optim.SGD, "momentum": 0.9}, {"optimizer": optim.AdamW},
    {"freeze": True},
])  # fmt: skip
def test_going_on_as_if_it_had_never_stopped(machine, tmp_path, settings):
    path = str(tmp_path / "a.ckpt")
    one = build(**settings)
    one.epoch = 3
    go(one, 0, 5)
    one.save(path)
    expected = go(one, 5, 9)
    assert expected == go(build(**settings), 0, 9)[:1] + expected[1:]
    other = build(seed=8, **settings)  # other starting values, another key for dropout
    go(other, 0, 2)
    other.accumulate(*batch(1))  # half a step, which loading forgets
    other.load(path)
    assert go(other, 5, 9) == expected
    assert sorted(os.listdir(tmp_path)) == ["a.ckpt"]


SCRIPT = """
import sys
sys.path[:0] = {paths!r}
from test_checkpoint import *
vm.select({machine!r})
t = build(seed=2)
t.load({path!r})
print(repr((t.evaluate([batch(k) for k in range(3)]), go(t, 5, 7))))
"""


def test_a_new_process_scores_the_same_and_goes_on(machine, tmp_path):
    path = str(tmp_path / "a.ckpt")
    t = build()
    go(t, 0, 5)
    t.save(path)
    expected = repr((t.evaluate([batch(k) for k in range(3)]), go(t, 5, 7)))
    script = SCRIPT.format(paths=[os.path.dirname(__file__), *sys.path], machine=machine, path=path)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == expected, done.stderr


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "a.ckpt"
    vm.select()
    t = build()
    go(t, 0, 3)
    t.save(str(path))
    return path.read_bytes()


def refused(trainer, path, data, says):
    with open(path, "wb") as f:
        f.write(data)
    before, arena = everything(trainer), trainer.executor.segments[0].tolist()
    with pytest.raises(ValueError, match=says) as error:
        trainer.load(path)
    assert path in str(error.value)
    assert everything(trainer) == before and trainer.executor.segments[0].tolist() == arena


def test_truncated_at_every_length(saved, tmp_path):
    t, path = build(seed=5), str(tmp_path / "b.ckpt")
    for n in range(len(saved)):
        refused(t, path, saved[:n], "truncated|damaged|not an Ember checkpoint")
    refused(t, path, saved + b"\0", "damaged")
    refused(t, path, saved + saved, "damaged")


def test_every_byte_matters(saved, tmp_path):
    t, path = build(seed=5), str(tmp_path / "b.ckpt")
    for i in range(len(saved)):
        data = bytearray(saved)
        data[i] ^= 1 << i % 8
        refused(t, path, bytes(data), "damaged|not an Ember checkpoint|version|holds")
    twin = build(seed=5)
    assert go(t, 0, 2) == go(twin, 0, 2)


@pytest.mark.parametrize("settings,says", [
    ({"hidden": 4}, r"of another model: .* has 0.weight, of shape \(2, 4\), has shape \(2, 3\)"),
    ({"optimizer": optim.SGD}, "42 of optimizer state.* 21, 0 and 0"),
    ({"optimizer": optim.SGD, "momentum": 0.5}, "21, 0 and 21"),
    ({"freeze": True}, r"has 3.weight, of shape \(3, 3\), has shape \(3,\)"),
])  # fmt: skip
def test_another_model_or_optimizer(saved, tmp_path, settings, says):
    refused(build(**settings), str(tmp_path / "b.ckpt"), saved, says)


def test_the_same_count_in_other_shapes(saved, tmp_path):
    ember.manual_seed(1)
    model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 4, bias=False))  # 21, as saved
    t = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (3,), BATCH)
    refused(t, str(tmp_path / "b.ckpt"), saved, "has shape")


def test_missing_files_are_named(tmp_path):
    t = build()
    before = everything(t)
    missing = str(tmp_path / "none.ckpt")
    with pytest.raises(OSError, match="none.ckpt"):
        t.load(missing)
    with pytest.raises(OSError, match="nowhere"):
        t.save(str(tmp_path / "nowhere" / "a.ckpt"))
    assert everything(t) == before


def test_saving_again_replaces_and_survives_a_failure(tmp_path, monkeypatch):
    path = str(tmp_path / "a.ckpt")
    t = build()
    t.save(path)
    first = open(path, "rb").read()
    go(t, 0, 1)

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr("ember.run.blocks.crc32", full)
    with pytest.raises(OSError):
        t.save(path)
    monkeypatch.undo()
    assert open(path, "rb").read() == first
    t.save(path)
    assert open(path, "rb").read() != first
    fresh = build(seed=4)
    fresh.load(path)
    assert everything(fresh) == everything(t)


def test_the_model_sees_what_was_loaded(tmp_path):
    """Eager use reads the same memory."""
    path, t = str(tmp_path / "a.ckpt"), build()
    go(t, 0, 4)
    t.save(path)
    other = build(seed=9)
    other.load(path)
    x = ember.Tensor([[0.5, -1.0]])
    assert other.model.eval()(x).tolist() == t.model.eval()(x).tolist() == t.predict([[0.5, -1.0]]).tolist()
