"""A step whose numbers are not finite changes nothing, whatever the optimizer and however a step is cut; and what is
done then."""

import itertools
from array import array

import numpy as np
import pytest

import ember
from ember import nn, optim, runtime, schedule
from ember.instructions import program
from ember.run import guard
from ember.train.export import compile as compile_to

NAN, INF = float("nan"), float("inf")
VALUES = (NAN, INF, -INF, 3e38, 1e20)
OPTIMIZERS = ("SGD AdamW Adam RMSprop Adagrad Adadelta Lion Adan LAMB Muon Adamax NAdam RAdam Rprop ASGD").split()
X = array("f", [0.5, 2.0, 3.0, -4.0, 1.5, 0.6, -1.0, 0.2, 2.0, 0.3, 0.4, 1.0])
Y = array("f", [0.0, 1.0, -1.0, 1.0, 0.5, 0.25, 1.0, 0.0])


def model():
    ember.manual_seed(3)
    return nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Dropout(0.2), nn.Linear(5, 2))


def plain():
    ember.manual_seed(3)
    return nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Dropout(0.2), nn.Linear(5, 2))


def make(name="Adam", of=model, **options):
    net = of()
    if name == "Muon":  # for matrices
        optimizer = [optim.Muon([p for p in net.parameters() if len(p.shape) == 2], lr=0.01),
                     optim.AdamW([p for p in net.parameters() if len(p.shape) == 1], lr=0.01)]  # fmt: skip
    else:
        optimizer = getattr(optim, name)(net.parameters(), lr=0.01)
    return ember.Trainer(net, nn.MSELoss(), optimizer, (3,), 4, **options)


def lasting(trainer):
    """All that a step changes for good, as bytes."""
    image, executor = trainer.image, trainer.executor
    blocks = ((0, image.starts[program.GRADIENTS]), image.block(program.STATE), (image.statistics + 2, 4))
    slots = [executor.read((program.INTS << 24) + k) for k in (program.STEP, program.KEY)]
    return [bytes(executor.view(at, n)) for at, n in blocks] + slots + [trainer.epoch]


def spoilt(values, value, at=4):
    values = array("f", values)
    values[at] = value
    return values


def in_slices(trainer, x, y):
    trainer.slices.pace = trainer.slices.pace or 1.0
    done = trainer.step(x, y, 1)
    while not done:
        done = trainer.poll(1)


def accumulated(trainer, x, y):
    trainer.accumulate(x, y)
    trainer.update()


STEPS = {"whole": lambda t, x, y: t.step(x, y), "slices": in_slices, "accumulated": accumulated}


def refuses(trainer, x, y, step="whole"):
    """The words; nothing has changed."""
    before = lasting(trainer)
    with pytest.raises(ValueError, match="nothing has changed") as error:
        STEPS[step](trainer, x, y)
    assert lasting(trainer) == before
    return str(error.value)


def goes_on(trainer):
    """A good step after that moves every parameter."""
    steps, before = trainer.steps, array("f", trainer.executor.view(0, 20))
    trainer.step(X, Y)
    after = array("f", trainer.executor.view(0, 20))
    assert trainer.steps == steps + 1 and np.isfinite(after).all() and before != after


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_optimizer(name):
    trainer = make(name)
    trainer.step(X, Y)
    for value in VALUES:
        refuses(trainer, spoilt(X, value), Y)
        refuses(trainer, X, spoilt(Y, value))
        rate = trainer.optimizer.groups[0].hyper[0]
        trainer.optimizer.groups[0].hyper[0] = value
        assert "lr is" in refuses(trainer, X, Y)
        trainer.optimizer.groups[0].hyper[0] = rate
    assert trainer.skipped == 0
    goes_on(trainer)


def test_lbfgs():
    trainer = make("LBFGS", plain)
    trainer.step(X, Y)
    for value in VALUES:
        refuses(trainer, spoilt(X, value), Y)
        refuses(trainer, X, spoilt(Y, value))
    trainer.step(X, Y)


WORLDS = {
    "parts": {"micro_batch": 1, "of": plain},
    "clip": {"clip_norm": 1.0, "clip_value": 0.5},
    "ema": {"ema": 0.5},
    "bfloat16": {"state_dtype": "bfloat16"},
    "two": {"micro_batch": 2, "of": plain, "ema": 0.9, "clip_norm": 1.0, "state_dtype": "bfloat16"},
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("world", WORLDS)
def test_however_a_step_is_cut(world, step):
    trainer = make(**WORLDS[world])
    trainer.step(X, Y)
    for value in VALUES:
        refuses(trainer, spoilt(X, value), Y, step)
        refuses(trainer, X, spoilt(Y, value, 7), step)
    goes_on(trainer)


@pytest.mark.parametrize("step", STEPS)
def test_fused(step):
    """It looks at the loss and where the backward pass begins: so much it promises."""
    trainer = make("SGD", plain, fused=True)
    trainer.step(X, Y)
    for value in VALUES:
        refuses(trainer, X, spoilt(Y, value), step)
    for value in (NAN, INF, -INF):
        trainer.optimizer.groups[0].hyper[0] = value
        refuses(trainer, X, Y, step)
    trainer.optimizer.groups[0].hyper[0] = 0.01
    goes_on(trainer)


@pytest.mark.parametrize("how", ["exported", "compiled"])
@pytest.mark.parametrize("step", STEPS)
def test_without_a_front(how, step, tmp_path):
    path = str(tmp_path / "a.ember")
    if how == "compiled":
        net = model()
        compile_to(net, nn.MSELoss(), optim.Adam(net.parameters()), (3,), 4, path)
        trainer = runtime.load(path)
    else:
        make().export(path)
        trainer = runtime.load(path)
    trainer.step(X, Y)
    for value in VALUES:
        refuses(trainer, spoilt(X, value), Y, step)
        assert "the loss is" in refuses(trainer, X, spoilt(Y, value), step)
    goes_on(trainer)


# --- The words


def test_what_is_named():
    trainer = make("SGD", plain, clip_norm=1.0)
    assert refuses(trainer, spoilt(X, NAN), Y).startswith("the loss is nan: the step is not made")
    trainer = make("SGD")
    assert "the new 1.running_var is" in refuses(trainer, spoilt(X, 1e20), Y)


def test_a_gradient_is_named_where_the_loss_is_not_large():
    """The loss looks normal: a product with 1e-30 on the way forward, and 3e38 in a sample."""
    ember.manual_seed(1)
    net = nn.Sequential(nn.Linear(1, 1, bias=False))
    trainer = ember.Trainer(net, lambda a, b: a.sin().mean(), optim.Adam(net.parameters()), (1,), 2)
    words = refuses(trainer, array("f", [1.0, 3e38]), array("f", [0.0, 0.0]))
    assert words.startswith("the gradient of 0.weight is") and "at element 0" in words
    assert np.isfinite(trainer.loss)


def test_a_parameter_is_looked_at_where_it_is_written():
    """A gradient of 0 over an eps of 0: what was written is lost, and it is said."""
    ember.manual_seed(1)
    net = nn.Linear(2, 1)
    trainer = ember.Trainer(net, nn.MSELoss(), optim.Adam(net.parameters(), eps=0.0), (2,), 1)
    with pytest.raises(ValueError, match="weight is nan at element 1: no step mends it"):
        trainer.step(array("f", [1.0, 0.0]), array("f", [9.0]))
    with pytest.raises(ValueError, match="no step mends it"):
        trainer.step(array("f", [1.0, 1.0]), array("f", [9.0]))
    with pytest.raises(ValueError, match="weight is nan at element 1: it is not saved"):
        trainer.save("never.ckpt")


@pytest.mark.parametrize("where", ["parameters", "state"])
def test_what_is_not_finite_is_not_saved(where, tmp_path):
    trainer, path = make(), str(tmp_path / "a.ckpt")
    trainer.step(X, Y)
    trainer.save(path)
    good = open(path, "rb").read()
    at = trainer.image.starts[program.STATE if where == "state" else program.PARAMETERS]
    for value in (NAN, INF, -INF):
        trainer.executor.segments[0][at] = value
        with pytest.raises(ValueError, match="it is not saved"):
            trainer.save(path)
        with pytest.raises(ValueError, match="it is not saved"):
            trainer.export(path)
        assert open(path, "rb").read() == good
    trainer.load(path)
    goes_on(trainer)


# --- What is done


def run(trainer, batches):
    for x, y in batches:
        trainer.step(x, y)
    return lasting(trainer)[:3]


@pytest.mark.parametrize("policy", ["skip", ("reduce", 0.25), "reduce"])
@pytest.mark.parametrize("step", STEPS)
def test_a_bad_step_is_none(policy, step):
    """It takes data and draws of the generator, and nothing else."""
    trainer = make(guard=policy)
    trainer.step(X, Y)
    before, rate = lasting(trainer), trainer.optimizer.lr
    for k, value in enumerate(VALUES):
        STEPS[step](trainer, spoilt(X, value), Y)
        assert trainer.skipped == k + 1
    after = lasting(trainer)
    assert after[:4] == before[:4] and after[5:] == before[5:], "all but the key"
    assert after[4] != before[4] and 0 <= after[4] < 1 << 30
    factor = 1.0 if policy == "skip" else 0.5 if policy == "reduce" else 0.25
    assert trainer.optimizer.lr == pytest.approx(rate * factor ** len(VALUES))
    goes_on(trainer)


def test_masks_do_not_repeat():
    """Dropout is a function of the steps, which stand still: of the step before, or of the one that was skipped."""
    net = nn.Sequential(nn.Dropout(0.5), nn.Linear(64, 1))
    trainer = ember.Trainer(net, nn.MSELoss(), optim.SGD(net.parameters(), lr=0.0), (64,), 1, guard="skip")
    x, y, seen = array("f", [1.0] * 64), array("f", [0.0]), set()
    for _ in range(6):
        trainer.accumulate(x, y)
        seen.add(bytes(trainer.executor.view(*trainer.image.block(program.GRADIENTS))))
        trainer.update()
        trainer.step(x, array("f", [NAN]))
    assert len(seen) == 6 and trainer.skipped == 6


def test_a_group_of_its_own_and_the_schedule_are_reduced():
    net = plain()
    groups = [{"params": net.layers[0].parameters(), "lr": 0.1}, {"params": net.layers[3].parameters(), "lr": 0.4}]
    optimizer = optim.SGD(groups)
    rates = schedule.StepLR(optimizer, 1, 0.5)
    trainer = ember.Trainer(net, nn.MSELoss(), optimizer, (3,), 4, guard="reduce", schedule=rates)
    trainer.step(X, spoilt(Y, NAN))
    assert [g.hyper[0] for g in optimizer.groups] == pytest.approx([0.05, 0.2])
    rates.step()
    assert [g.hyper[0] for g in optimizer.groups] == pytest.approx([0.025, 0.1])


def test_in_parts_with_an_average_and_a_schedule():
    trainer = make(of=plain, micro_batch=1, ema=0.5, guard="skip")
    rates = schedule.StepLR(trainer.optimizer, 1, 0.5)
    seen = []
    batches = [(X, Y), (spoilt(X, NAN), Y), (X, spoilt(Y, INF))]
    trainer.fit(batches, 1, schedule=rates, schedule_every="step", on_step=lambda t: seen.append(t.steps))
    assert trainer.skipped == 2 and trainer.steps == 1 and rates.last_epoch == 1 and seen == [1]
    assert np.isfinite(trainer.running_loss)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("options", [{}, {"state_dtype": "bfloat16", "ema": 0.9}])
def test_rewind_in_memory(step, options):
    trainer = make(guard=("rewind", 2), **options)
    assert dict((kind, size) for kind, _, size in trainer.plan.kept)["a good state"] > 0
    for _ in range(5):
        STEPS[step](trainer, X, Y)
        if trainer.steps == 4:
            good = lasting(trainer)
    STEPS[step](trainer, X, spoilt(Y, NAN))
    now = lasting(trainer)
    assert trainer.steps == 4 and trainer.skipped == 1 and now[:2] == good[:2]
    goes_on(trainer)


def test_rewind_after_a_parameter_was_lost():
    ember.manual_seed(1)
    net = nn.Linear(2, 1)
    trainer = ember.Trainer(net, nn.MSELoss(), optim.Adam(net.parameters(), eps=0.0), (2,), 1, guard="rewind")
    before = lasting(trainer)[:2]
    trainer.step(array("f", [1.0, 0.0]), array("f", [9.0]))
    assert lasting(trainer)[:2] == before and trainer.skipped == 1
    goes = trainer.executor.view(0, 3)
    trainer.step(array("f", [1.0, 1.0]), array("f", [9.0]))
    assert np.isfinite(goes).all() and trainer.steps == 1


def test_rewind_to_a_checkpoint(tmp_path):
    path = str(tmp_path / "a.ckpt")
    trainer = make(guard=("rewind", path))
    with pytest.raises(ValueError, match="the loss is nan: no checkpoint"):
        trainer.step(X, spoilt(Y, NAN))
    trainer.step(X, Y)
    trainer.save(path)
    good = lasting(trainer)[:2]
    for _ in range(3):
        trainer.step(X, Y)
    trainer.step(X, spoilt(Y, NAN))
    assert lasting(trainer)[:2] == good and trainer.steps == 1 and trainer.skipped == 1


def test_what_travelled_keeps_a_state_too(tmp_path):
    make().export(str(tmp_path / "a.ember"))
    trainer = runtime.load(str(tmp_path / "a.ember"))
    guard.guard(trainer, ("rewind", 1))
    trainer.step(X, Y)
    good = lasting(trainer)[:2]
    trainer.step(spoilt(X, INF), Y)
    assert lasting(trainer)[:2] == good and trainer.skipped == 1
    guard.guard(trainer, "raise")
    refuses(trainer, spoilt(X, INF), Y)
    guard.guard(trainer, "skip")
    trainer.step(spoilt(X, INF), Y)
    assert trainer.skipped == 2


@pytest.mark.parametrize(
    "policy",
    ["no", None, 1, ("skip", 1), ("reduce", 1.0), ("reduce", 0), ("reduce", NAN), ("rewind", 0), ("rewind", 1.5)],
)
def test_policies_that_are_none(policy):
    with pytest.raises(ValueError, match="guard"):
        make(guard=policy)


@pytest.mark.parametrize("k", range(1, 12))
def test_interrupted_at_the_gate(monkeypatch, k):
    """An update that was interrupted is finished before whatever comes next: so it is found then."""
    trainer = make()
    trainer.step(X, Y)
    before, run, calls = lasting(trainer), trainer.executor.vm_run, itertools.count(1)

    def interrupted(code, segments, state, budget, weights=None):
        if next(calls) == k:
            raise KeyboardInterrupt
        return run(code, segments, state, 1, weights)

    trainer.accumulate(X, spoilt(Y, NAN))
    trainer.stretch = 1
    trainer.executor.vm_run = interrupted
    with pytest.raises((KeyboardInterrupt, ValueError)) as first:
        trainer.update()
    trainer.executor.vm_run = run
    if first.type is KeyboardInterrupt and trainer.executor.state[1]:
        with pytest.raises(ValueError, match="nothing has changed"):
            trainer.step(X, Y)
    assert lasting(trainer) == before
    goes_on(trainer)


def test_a_step_in_which_no_label_counts_is_none():
    ember.manual_seed(1)
    net = nn.Linear(2, 3)
    trainer = ember.Trainer(net, nn.CrossEntropyLoss(ignore_index=2), optim.Adam(net.parameters()), (2,), 2)
    trainer.step(array("f", [NAN, 1.0, 2.0, 3.0]), array("B", [2, 2]))
    assert trainer.steps == 0 and trainer.skipped == 0 and np.isfinite(net.weight.tolist()).all()


# --- Numbers at the edge


def edge(loss, x=(1.0,), **adam):
    ember.manual_seed(1)
    net = nn.Linear(1, 1)
    optimizer = optim.Adam(net.parameters(), lr=0.1, **adam) if adam else optim.SGD(net.parameters(), lr=0.1)
    trainer = ember.Trainer(net, loss, optimizer, (1,), len(x))
    trainer.before = net.weight.tolist()[0][0]
    return trainer, array("f", x), array("f", [0.0] * len(x))


@pytest.mark.parametrize(
    "loss, says",
    [
        (lambda a, b: (a * 1000.0 + 1000.0).exp().mean(), "the loss is inf"),
        (lambda a, b: (a * 0.0).log().mean(), "the loss is -inf"),
        (lambda a, b: (a / (a - a)).mean(), "the loss is inf"),
        (lambda a, b: ((a - a) / (a - a)).mean(), "the loss is nan"),
        (lambda a, b: a.std(), "the loss is nan"),
        (lambda a, b: a.var(), "the loss is nan"),
        (lambda a, b: (a * 0.0).sqrt().mean(), "the gradient of weight is nan at element 0"),
    ],
)
def test_what_overflows_is_refused(loss, says):
    assert refuses(*edge(loss)).startswith(says)


def test_the_variance_of_one_element():
    trainer, x, y = edge(lambda a, b: a.var(correction=0))
    trainer.step(x, y)
    assert trainer.loss == 0.0
    net = nn.Sequential(nn.Linear(1, 2), nn.BatchNorm1d(2))
    trainer = ember.Trainer(net, nn.MSELoss(), optim.SGD(net.parameters()), (1,), 2)
    trainer.step(array("f", [3.0]), array("f", [1.0, 1.0]))
    assert net.layers[1].running_var.tolist() == pytest.approx([0.9, 0.9]) and trainer.loss == 1.0


@pytest.mark.parametrize("size", [1e-30, 1e-22, 1e-15, 1.0])
@pytest.mark.parametrize("eps", [1e-8, 1e-22])
def test_adams_epsilon(eps, size):
    """Where a gradient's square is 0 in float32, a step stays below the rate."""
    trainer, x, y = edge(lambda a, b: (a * size).mean(), eps=eps)
    trainer.step(x, y)
    assert abs(trainer.model.weight.tolist()[0][0] - trainer.before) <= 0.1 * 1.001


@pytest.mark.parametrize("eps", [0.0, 1e-50])
def test_an_epsilon_of_0(eps):
    trainer, x, y = edge(lambda a, b: (a * 1e-30).mean(), eps=eps, weight_decay=0.0)
    with pytest.raises(ValueError, match="weight is -inf at element 0: no step mends it"):
        trainer.step(x, y)


def test_the_test_can_fail(monkeypatch):
    """Without its gate a step ruins what it should leave."""
    from ember.instructions import emit
    from ember.train import sections, sections_more, update

    class Blind:
        def __getattr__(self, name):
            return (lambda *a, **k: None) if name == "check_finite" else getattr(emit, name)

    for module in (sections, sections_more, update):
        monkeypatch.setattr(module, "emit", Blind())
    trainer = make()
    trainer.step(X, Y)
    with pytest.raises(pytest.fail.Exception):
        refuses(trainer, spoilt(X, NAN), Y)
    assert not np.isfinite(trainer.executor.view(0, 20)).all()
