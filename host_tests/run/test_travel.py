"""What a program that travelled refuses: in the Trainer's order, and in its words where these are not of its model."""

import sys
from array import array

import numpy as np
import pytest

import ember
from checkout import ROOT
from ember import Tensor, nn, optim
from files import everything
from several import X, Y
from several import build as several
from travelling import ONE, floats, small, travelled

PAGE = " ".join((ROOT / "docs" / "file.md").read_text().split())


def said(use, *arguments):
    with pytest.raises((ValueError, TypeError)) as caught:
        use(*arguments)
    return str(caught.value)


LONG = [(X[0] * 2, X[1] * 2), (Y[0] * 2, Y[1] * 2)]
BAD = [
    (X[:1], Y), (X, Y[:1]), ((X[0][:-1], X[1]), Y), ((X[0], X[1][:-4]), Y), ((X[0], X[1][:-1]), Y),
    (X, (Y[0][:-1], Y[1])), (X, (Y[0], Y[1][:-1])), ((X[0][:-1], X[1]), (Y[0][:-1], Y[1])),
    (X, (bytes([0, 1, 3, 0]), Y[1])), LONG, ((X[0][:0], X[1][:0]), (Y[0][:0], Y[1][:0])),
]  # fmt: skip


def stem(text):
    """What both say: a Trainer goes on with its model and its shape, a program that travelled with its own."""
    return text.split("; this program takes")[0].split("; Net")[0].split("; Sequential")[0]


@pytest.mark.parametrize("more", [{}, {"micro_batch": 3}])
@pytest.mark.parametrize("x, y", BAD)
def test_a_bad_batch_of_several_changes_nothing(tmp_path, more, x, y):
    trainer = several(**more)
    model = travelled(trainer, tmp_path)
    for t in (trainer, model):
        t.step(X, Y)
    before = everything(model)
    for name in ("step", "accumulate"):
        assert stem(said(getattr(model, name), x, y)) == stem(said(getattr(trainer, name), x, y))
    assert stem(said(model.evaluate, [(x, y)])) == stem(said(trainer.evaluate, [(x, y)]))
    if x is not X:
        if tuple(map(len, x)) != tuple(map(len, X)):
            assert stem(said(model.predict, x)) == stem(said(trainer.predict, x))
    assert everything(model)[:2] == before[:2] or more
    for t in (trainer, model):
        t.step(X, Y)
    assert everything(model) == everything(trainer)


@pytest.mark.parametrize("more", [{}, {"micro_batch": 3}])
@pytest.mark.parametrize("x, y", [
    (ONE[0][:-1], ONE[1]), (ONE[0], ONE[1][:-1]), (ONE[0][:-2], ONE[1]), (ONE[0][:-1], ONE[1][:-1]), (ONE[0][:0], b""),
    (floats(10), bytes(5)), (floats(12), bytes(4)), (ONE[0], bytes([0, 1, 2, 3])), (ONE[0], bytes([3, 9, 0, 0])),
])  # fmt: skip
def test_a_bad_batch_changes_nothing(tmp_path, more, x, y):
    trainer = small(**more)
    model = travelled(trainer, tmp_path)
    for t in (trainer, model):
        t.step(*ONE)
    before = everything(model)
    for name in ("step", "accumulate"):
        assert stem(said(getattr(model, name), x, y)) == stem(said(getattr(trainer, name), x, y))
        assert everything(model) == before
    if len(x) not in (6, 8):
        assert stem(said(model.predict, x)) == stem(said(trainer.predict, x))
    for t in (trainer, model):
        t.step(*ONE)
    assert everything(model) == everything(trainer)


def test_indices_are_named_as_well(tmp_path):
    ember.manual_seed(1)
    model = nn.Sequential(nn.Embedding(5, 3), nn.Flatten(), nn.Linear(6, 3))
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters()), (2,), 4, input_dtype="B",
                            input_scale=None)  # fmt: skip
    there = travelled(trainer, tmp_path)
    for t in (trainer, there):
        assert (
            said(t.step, bytes([0, 1, 4, 5]), bytes(2)) == "index 5 at position 3; it may be a whole number from 0 to 4"
        )
        assert (
            said(t.step, bytes([0, 1, 4, 3]), bytes([0, 3]))
            == "label 3 at index 1; it may be a whole number from 0 to 2"
        )


@pytest.mark.parametrize("more", [{}, {"micro_batch": 3}])
def test_outs_that_do_not_do(tmp_path, more):
    trainer, many = small(**more), several(**more)
    model, there = travelled(trainer, tmp_path), travelled(many, tmp_path, "many.ember")
    short = array("f", [9.0] * 11)
    assert said(model.predict, ONE[0], short) == said(trainer.predict, ONE[0], short)
    assert list(short) == [9.0] * 11
    assert "structures" in said(model.predict, ONE[0], bytearray(48))
    for out in ((), (short,), (array("f", [9.0] * 12), array("f", [9.0] * 7)), (short, short, short)):
        assert said(there.predict, X, out) == said(many.predict, X, out)


@pytest.mark.parametrize("more", [{}, {"micro_batch": 3}])
@pytest.mark.parametrize("outputs", [1, 3])
def test_outs_of_numpy(tmp_path, more, outputs):
    model = nn.Sequential(nn.Linear(2, outputs))
    trainer = ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters()), (2,), 4, **more)
    there = travelled(trainer, tmp_path)
    expected = np.array(ONE[0]).reshape(4, 2) @ np.array(model.layers[0].weight.tolist())
    expected += np.array(model.layers[0].bias.tolist())
    for t in (trainer, there):
        for shape in ((4, outputs), (5, outputs), (4 * outputs,)):
            out = np.full(shape, 9, "f")
            assert t.predict(ONE[0], out) is out
            assert out.ravel()[: 4 * outputs] == pytest.approx(expected.ravel(), rel=1e-5, abs=1e-6)
            assert (out.ravel()[4 * outputs :] == 9).all()
        for out in (np.zeros((4, outputs)), np.zeros((2, outputs), "f"), np.zeros((outputs + 1, 4), "f"),
                    np.zeros((4, 2 * outputs), "f")[:, ::2], np.zeros((4, outputs), "i")):  # fmt: skip
            with pytest.raises(ValueError):
                t.predict(ONE[0], out)
            assert not out.any()


def test_a_step_in_slices_is_to_be_finished_first(tmp_path):
    trainer = small()
    model = travelled(trainer, tmp_path)
    for use in (lambda t: t.step(*ONE), lambda t: t.predict(ONE[0]), lambda t: t.evaluate([ONE]), lambda t: t.update(),
                lambda t: t.save(str(tmp_path / "no")), lambda t: t.load(str(tmp_path / "no"))):  # fmt: skip
        words = []
        for t in (trainer, model):
            assert not t.step(*ONE, 1)
            with pytest.raises(RuntimeError) as caught:
                use(t)
            words.append(str(caught.value))
            t.slices.drop()
        assert words[0] == words[1] and "a step in slices is unfinished" in words[0]
    for t in (trainer, model):
        with pytest.raises(RuntimeError, match="update: nothing was accumulated since the last update"):
            t.update()


def test_what_was_refused_does_not_stay_bound(tmp_path):
    model = travelled(small(), tmp_path)
    model.accumulate(*ONE)
    for bad in ((ONE[0][:-1], ONE[1]), (ONE[0], array("i", [0, 1, 2, 300]))):
        said(model.accumulate, *bad)
        before = model.steps
        model.update()
        assert model.steps == before + 1
        model.accumulate(*ONE)


LISTS = [[[0.0, 1.0], [1.0, 0.0]], Tensor([0.0, 1.0, 1.0, 0.0], (2, 2)), [0.0, 1.0]]


@pytest.mark.parametrize("more", [{}, {"micro_batch": 1}])
@pytest.mark.parametrize("x", LISTS)
def test_without_the_front_lists_and_tensors_are_refused_in_words(tmp_path, more, x, monkeypatch):
    model = travelled(small(**more), tmp_path)
    many = travelled(several(**more), tmp_path, "many.ember")
    monkeypatch.setitem(sys.modules, "ember.tensors.values", None)
    before = everything(model)
    words = "x is a %s; where the rest of Ember is not there, it may be a buffer of type 'f'" % type(x).__name__
    for use in (model.predict, lambda x: model.step(x, bytes(2)), lambda x: model.accumulate(x, bytes(2)),
                lambda x: model.evaluate([(x, bytes(2))])):  # fmt: skip
        with pytest.raises(TypeError, match=words):
            use(x)
    with pytest.raises(TypeError, match="y is a list; .* it may be a buffer of type 'B'"):
        model.step(floats(4), [0, 1])
    assert everything(model) == before
    with pytest.raises(TypeError, match="input 1 is a list; .* it may be a buffer of type 'B'"):
        many.step((X[0], list(X[1])), Y)
    assert "lists and tensors" in PAGE
