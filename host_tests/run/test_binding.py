"""Several inputs and outputs of a program that travelled, beside the Trainer that wrote it; the file that has them."""

import random
import struct
from array import array

import pytest

import ember
import travelling
from ember import nn, optim, runtime
from files import everything, mutated, sealed, words_of
from several import BATCH, inputs, targets
from several import build as several
from travelling import floats, travelled

SHAPES = [{}, {"many": False}, {"micro_batch": 3}, {"many": False, "micro_batch": 1}]


def has_several_targets(trainer):
    return trainer.image.targets > 0


def batches(trainer, count=4):
    for k in range(count):
        rows = BATCH - (k == count - 1)
        yield inputs(k, rows), targets(k, rows) if has_several_targets(trainer) else targets(k, rows)[0]


@pytest.mark.parametrize("more", SHAPES)
def test_as_many_inputs_and_outputs(tmp_path, more):
    trainer = several(**more)
    for _ in range(2):  # before the first step and after some
        model = travelled(trainer, tmp_path)
        for x, y in batches(trainer):
            for t in (trainer, model):
                t.step(x, y)
            assert everything(model) == everything(trainer)
        assert model.evaluate(batches(trainer)) == trainer.evaluate(batches(trainer))
        assert (model.evaluate(batches(trainer))[1] is None) == has_several_targets(trainer)
        for rows in (BATCH, 1, 3, BATCH):
            found, expected = model.predict(inputs(9, rows)), trainer.predict(inputs(9, rows))
            many = isinstance(found, tuple)
            assert many == has_several_targets(trainer)
            for f, e in zip(found if many else (found,), expected if many else (expected,)):
                assert list(f) == sum(e.tolist(), [])
            out = tuple(array("f", [9.0] * 20) for _ in range(2)) if many else array("f", [9.0] * 20)
            again = tuple(array("f", o) for o in out) if many else array("f", out)
            assert model.predict(inputs(9, rows), out) is out
            assert trainer.predict(inputs(9, rows), again) == out
        for x, y in batches(trainer):
            trainer.accumulate(x, y)
            model.accumulate(x, y)
        trainer.update()
        model.update()
        for x, y in batches(trainer):
            trainer.step(x, y)
            done = model.step(x, y, 1)
            while not done:
                done = model.poll(1)
        assert everything(model) == everything(trainer)


@pytest.mark.parametrize("more", SHAPES)
def test_a_checkpoint_of_several_goes_both_ways(tmp_path, more):
    trainer, other = several(**more), several(**more)
    model = travelled(trainer, tmp_path)
    for x, y in batches(trainer):
        model.step(x, y)
    model.save(str(tmp_path / "there"))
    trainer.load(str(tmp_path / "there"))
    assert everything(trainer)[0] == everything(model)[0] and trainer.steps == 4
    for x, y in batches(trainer, 3):
        trainer.step(x, y)
    trainer.save(str(tmp_path / "back"))
    model.load(str(tmp_path / "back"))
    for t in (trainer, model):
        t.step(*next(batches(trainer)))
    assert everything(trainer)[0] == everything(model)[0] and trainer.steps == model.steps == 8
    assert everything(travelled(other, tmp_path))[0] == everything(other)[0] != everything(model)[0]


class Shares(nn.Module):
    """One input in a tuple, two outputs of which one is a tuple's only; weights that lie in bytes."""

    def __init__(self, flash, outputs):
        ember.manual_seed(7)
        self.first, self.second, self.outputs = nn.Linear(3, 4), nn.Linear(4, 3), outputs
        self.first.weight = ember.frombuffer(flash, (3, 4))

    def forward(self, a):
        hidden = self.first(a)
        return (self.second(hidden), hidden)[: self.outputs]


@pytest.mark.parametrize("outputs", [1, 2])
def test_tuples_of_one_and_weights_that_stay_where_they_lie(tmp_path, outputs):
    flash = bytes(array("f", [0.02 * k - 0.1 for k in range(12)]))
    model = Shares(flash, outputs)

    def loss(outputs, targets):
        total = nn.CrossEntropyLoss()(outputs[0], targets[0])
        return total + nn.MSELoss()(outputs[1], targets[1]) if len(targets) > 1 else total

    trainer = ember.Trainer(model, loss, optim.SGD(model.parameters()), [(3,)], 4, target_dtype=("B", "f")[:outputs])
    x, y = (floats(12),), (bytes([0, 2, 1, 1]), floats(16))[:outputs]
    trainer.export(str(tmp_path / "model.ember"))
    data = (tmp_path / "model.ember").read_bytes()
    assert data.count(flash) == 1
    for there in (runtime.load(data), runtime.load(str(tmp_path / "model.ember"))):
        twin = Shares(flash, outputs)
        twin = ember.Trainer(twin, loss, optim.SGD(twin.parameters()), [(3,)], 4, target_dtype=("B", "f")[:outputs])
        for _ in range(3):
            there.step(x, y)
            twin.step(x, y)
        assert everything(there) == everything(twin)
        assert [list(f) for f in there.predict(x)] == [sum(f.tolist(), []) for f in twin.predict(x)]


# --- Versions of the file


def sections_of(words):
    """A file of version 2, by docs/file.md: its parts one after the other, and what is left."""
    code = words[16 : 16 + words[17]]
    parts, at, count = {"head": words[:16], "program": code}, 16 + words[17], code[3]
    lengths = [code[5 + 3 * k + 1] for k in range(count)]
    for name, n in [*(("segment %d" % k, lengths[k]) for k in range(1, count)), ("parameters", words[9]),
                    ("frozen", words[10]), ("state", words[14]), ("names", words[15])]:  # fmt: skip
        parts[name], at = words[at : at + n], at + n
    return parts, words[at:]


def read(path):
    return words_of(path.read_bytes())


def test_one_input_and_one_output_is_version_2(tmp_path):
    """Written anew from its parts, it is read."""
    trainer = travelling.make("mlp")
    trainer.export(str(tmp_path / "model.ember"))
    words = read(tmp_path / "model.ember")
    parts, rest = sections_of(words)
    assert words[1] == 2 and rest == [] and sum(len(part) for part in parts.values()) == words[3] == len(words)
    names = struct.pack("<%di" % words[15], *parts["names"]).rstrip(b"\0").decode()
    assert names.split("\n")[:2] == ["lr beta1 beta2 eps weight_decay", "0.weight 6 5"]
    weights = struct.pack("<%di" % words[9], *parts["parameters"])
    assert weights == trainer.executor.segments[0][: words[9]].tobytes()
    old = sealed([word for part in parts.values() for word in part])
    model = runtime.load(old)
    for x, y in travelling.batches(trainer, 5):
        model.step(x, y)
        trainer.step(x, y)
    assert everything(model) == everything(trainer)


@pytest.mark.parametrize("more", SHAPES[:2])
def test_several_are_version_3(tmp_path, more):
    trainer = several(**more)
    trainer.export(str(tmp_path / "model.ember"))
    words = read(tmp_path / "model.ember")
    rest = sections_of(words)[1]
    many = has_several_targets(trainer)
    assert words[1] == 3 and rest[-2:] == [2, 2 if many else 0]
    outputs = [words[7:9], *([rest[:2]] if many else [])]
    assert outputs == [[at, dims[1]] for at, dims in trainer.image.results]
    assert len(rest) == (4 if many else 2)


def test_mutated_files_of_several_are_run_or_refused(tmp_path):
    several().export(str(tmp_path / "model.ember"))
    dice, words, ran = random.Random(7), read(tmp_path / "model.ember"), 0
    for _ in range(1000):
        try:
            model = runtime.load(mutated(words, dice))
            model.executor.run(0, 10000)
            ran += 1
        except (ValueError, MemoryError):
            continue
    assert ran > 50
