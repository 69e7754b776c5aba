"""What resumes goes on as if it had never stopped: to the bit, in the middle of an epoch, whatever is set."""

from array import array

import pytest

import ember
from ember import callbacks, nn, optim, schedule

BATCH, EPOCHS, STEPS = 4, 4, 3


def batches():
    found = []
    for k in range(STEPS):
        x = array("f", [((i * 5 + k * 3) % 7) / 3 - 1 for i in range(2 * BATCH)])
        found.append((x, array("B", [(i + k) % 3 for i in range(BATCH)])))
    return found


OPTIMIZERS = {
    "SGD": {"momentum": 0.9, "nesterov": True},
    "Adam": {"amsgrad": True},
    "AdamW": {},
    "RMSprop": {"centered": True, "momentum": 0.5},
    "Adagrad": {},
    "Adadelta": {},
    "Lion": {},
    "Adan": {},
    "NAdam": {},
    "RAdam": {},
    "Adamax": {},
    "LAMB": {},
    "Rprop": {},
    "LBFGS": {"history_size": 3, "max_iter": 2},
}


def model_of(seed):
    ember.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Dropout(0.25), nn.Linear(4, 3))


def trainer_of(seed=1, optimizer="Adam", rate=0.05, **options):
    model = model_of(seed) if not options.get("micro_batch") else plain(seed)
    settings = OPTIMIZERS.get(optimizer, {}) if not options.get("fused") else {}
    optimizer = getattr(optim, optimizer)(model.parameters(), lr=rate, **settings)
    return ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, (2,), BATCH, **options)


def plain(seed):
    ember.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Dropout(0.25), nn.Linear(4, 3))


class Stop(Exception):
    pass


def stopper(trainer, at, path):
    """on_step that saves, and ends everything, after so many steps."""
    count = [0]

    def on_step(t):
        count[0] += 1
        if count[0] == at:
            t.save(path)
            raise Stop

    return on_step


def state_of(trainer):
    image, executor = trainer.image, trainer.executor
    last = image.starts[4] + 6
    arena = [v for k, v in enumerate(executor.view(0, last)) if not image.starts[2] <= k < image.starts[3]]
    return array("f", arena).tobytes(), list(executor.segments[2]), list(executor.segments[3])[1:4], trainer.epoch


def cut_and_resumed(tmp_path, at, make, schedules=None, every="epoch", calls=lambda: []):
    """The state of an uncut run, and of one that was cut after `at` steps and went on in a new Trainer."""

    def begin(seed):
        trainer = make(seed)
        if schedules:
            trainer.schedule = schedules(trainer.optimizer)
        return trainer

    path, options = str(tmp_path / "a.ckpt"), {"schedule_every": every}
    uncut = begin(1)
    known = calls()
    uncut.fit(batches(), EPOCHS, callbacks=known, **options)
    cut = begin(1)
    with pytest.raises(Stop):
        cut.fit(batches(), EPOCHS, callbacks=calls(), on_step=stopper(cut, at, path), **options)
    other, again = begin(7), calls()
    assert other.resume(path, batches())
    other.fit(batches(), EPOCHS - other.epoch, callbacks=again, **options)
    return (state_of(uncut), [c.state() for c in known]), (state_of(other), [c.state() for c in again])


@pytest.mark.parametrize("optimizer", sorted(name for name in OPTIMIZERS if hasattr(optim, name)))
@pytest.mark.parametrize("at", [1, 5])
def test_every_optimizer(tmp_path, optimizer, at):
    one, other = cut_and_resumed(tmp_path, at, lambda seed: trainer_of(seed, optimizer))
    assert one == other


@pytest.mark.parametrize("options", [
    {"ema": 0.9}, {"clip_norm": 0.5}, {"clip_value": 0.1, "ema": 0.5}, {"state_dtype": "bfloat16"},
    {"micro_batch": 2}, {"micro_batch": 3, "ema": 0.9}, {"fused": True, "optimizer": "SGD"},
], ids=lambda options: "-".join(options))  # fmt: skip
@pytest.mark.parametrize("at", [2, 6, 7])
def test_every_option(tmp_path, options, at):
    one, other = cut_and_resumed(tmp_path, at, lambda seed: trainer_of(seed, **options))
    assert one == other


SCHEDULES = {
    "step": lambda o: schedule.StepLR(o, 2),
    "one cycle": lambda o: schedule.OneCycleLR(o, 0.1, total_steps=EPOCHS * STEPS + 1),
    "plateau": lambda o: schedule.ReduceLROnPlateau(o, patience=0),
    "sequence": lambda o: schedule.SequentialLR(
        o, [schedule.ConstantLR(o, 0.5, 2), schedule.ExponentialLR(o, 0.9)], milestones=[2]
    ),
    "chain": lambda o: schedule.ChainedScheduler([schedule.ConstantLR(o, 0.5, 2), schedule.ExponentialLR(o, 0.9)]),
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("every", ["epoch", "step"])
@pytest.mark.parametrize("at", [4, 7])
def test_every_schedule(tmp_path, name, every, at):
    one, other = cut_and_resumed(tmp_path, at, trainer_of, SCHEDULES[name], every)
    assert one == other


def test_callbacks_go_on_with_what_they_knew(tmp_path):
    def calls():
        return [callbacks.EarlyStopping(patience=3), callbacks.KeepBest()]

    one, other = cut_and_resumed(tmp_path, 8, trainer_of, calls=calls)
    assert one[0] == other[0]
    assert one[1][0] == other[1][0] and one[1][1][:2] == other[1][1][:2]
    assert bytes(one[1][1][2]) == bytes(other[1][1][2])


def test_callbacks_of_other_kinds_are_refused(tmp_path):
    path = str(tmp_path / "a.ckpt")
    trainer = trainer_of()
    with pytest.raises(Stop):
        trainer.fit(batches(), 2, callbacks=[callbacks.EarlyStopping()], on_step=stopper(trainer, 4, path))
    other = trainer_of(2)
    other.resume(path, batches())
    with pytest.raises(ValueError, match="what was saved is of EarlyStopping, in this order"):
        other.fit(batches(), 2)


def test_a_rate_set_by_hand_and_bounds_and_running_loss(tmp_path):
    path = str(tmp_path / "a.ckpt")
    one, other = trainer_of(clip_norm=1.0), trainer_of(2, clip_norm=1.0)
    for x, y in batches():
        one.step(x, y)
    one.optimizer.lr, one.bounds[1] = 0.015625, 0.25
    one.save(path)
    other.load(path)
    assert (other.lr, other.bounds[1], other.running_loss, other.loss) == (
        one.lr, 0.25, one.running_loss, one.loss)  # fmt: skip
    assert other.lr == 0.015625


@pytest.mark.parametrize("micro_batch", [None, 2])
def test_half_of_a_batch(tmp_path, micro_batch):
    """Gradients that were accumulated, running statistics as this step leaves them, the samples that were counted."""
    path = str(tmp_path / "a.ckpt")
    make = {"micro_batch": micro_batch} if micro_batch else {}
    one, other = trainer_of(**make), trainer_of(2, **make)
    (x, y), (x2, y2), _ = batches()
    one.step(x, y)
    one.accumulate(x, y)
    one.save(path)
    other.load(path)
    for trainer in (one, other):
        trainer.accumulate(x2, y2)
        trainer.update()
        trainer.step(x, y)
    assert state_of(one) == state_of(other)


def test_metadata(tmp_path):
    path, other = str(tmp_path / "a.ckpt"), trainer_of(2)
    one = trainer_of()
    one.metadata = {
        "name": "näme",
        "at": (1, 2.5, None, True, b"\0\xff", (1 << 62, -(1 << 63))),
        "x": array("f", [1.5]),
    }
    one.save(path)
    other.load(path)
    assert other.metadata == one.metadata
    for wrong in ({"x": array("i", [1])}, {"x": 1 << 63}, {"x": object()}, {"x": array("d", [1.0])}):
        one.metadata = wrong
        with pytest.raises(ValueError, match="cannot be saved|too large"):
            one.save(path)
        other.load(path)


def test_nothing_to_resume(tmp_path):
    trainer = trainer_of()
    before = state_of(trainer)
    assert trainer.resume(str(tmp_path / "none.ckpt"), batches()) is False and state_of(trainer) == before


def test_interrupted_epochs_without_resume_begin_anew():
    one, other = trainer_of(), trainer_of()
    seen = []
    with pytest.raises(Stop):
        one.fit(batches(), 1, on_step=_raise_at(2))
    one.fit(batches(), 1, on_step=lambda t: seen.append(t.steps))
    assert len(seen) == STEPS
    other.fit(batches(), 1)


def _raise_at(n):
    count = [0]

    def on_step(t):
        count[0] += 1
        if count[0] == n:
            raise Stop

    return on_step


# Data of a file: its place within the epoch, whatever interrupts.


def packed(tmp_path):
    from ember import data

    samples = [([((i * 5 + k * 3) % 7) / 3 - 1 for i in range(2)], k % 3) for k in range(STEPS * BATCH - 1)]
    data.write(str(tmp_path / "some.bin"), samples, [], (2,), 3, "f")
    return lambda: data.Batches(str(tmp_path / "some.bin"), BATCH, seed=5)


def test_the_place_in_a_file(tmp_path):
    """Saved after each step of two epochs, and where a step itself is interrupted."""
    make, path = packed(tmp_path), str(tmp_path / "a.ckpt")
    uncut = trainer_of(schedule=None)
    uncut.schedule = schedule.ExponentialLR(uncut.optimizer, 0.9)
    uncut.fit(make(), 3)
    for at in range(1, 2 * STEPS + 1):
        for interrupted in (False, True):
            cut = trainer_of()
            cut.schedule = schedule.ExponentialLR(cut.optimizer, 0.9)
            step, count = cut.step, [0]

            def failing(x, y, step=step, count=count, at=at):
                count[0] += 1
                if count[0] == at + 1:
                    raise Stop
                step(x, y)

            if interrupted:
                cut.step = failing
            with pytest.raises(Stop):
                cut.fit(make(), 3, on_step=None if interrupted else stopper(cut, at, path))
            if interrupted:
                cut.save(path)
            other, batches = trainer_of(7), make()
            other.schedule = schedule.ExponentialLR(other.optimizer, 0.9)
            assert other.resume(path, batches)
            other.fit(batches, 3 - other.epoch)
            assert state_of(other) == state_of(uncut), (at, interrupted)


def test_the_newest_files_are_kept(tmp_path):
    trainer, path = trainer_of(), str(tmp_path / "a-%d.ckpt")
    (tmp_path / "a-x.ckpt").write_bytes(b"another")
    saving = callbacks.Save(path, every=2, keep=3)
    assert saving.newest() is None
    trainer.fit(batches(), EPOCHS, on_step=saving)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a-10.ckpt", "a-12.ckpt", "a-8.ckpt", "a-x.ckpt"]
    assert saving.newest() == str(tmp_path / "a-12.ckpt")
    assert saving.written == 6 * (tmp_path / "a-12.ckpt").stat().st_size
    other = trainer_of(2)
    assert other.resume(saving.newest()) and state_of(other)[:3] == state_of(trainer)[:3]
    with pytest.raises(ValueError, match="to keep 2 files it takes a %d"):
        callbacks.Save(str(tmp_path / "a"), keep=2)


def test_saved_at_the_end_of_an_epoch_with_the_callbacks_before_it(tmp_path):
    path = str(tmp_path / "a.ckpt")

    def calls(extra=()):
        return [callbacks.EarlyStopping(patience=4), *extra, callbacks.Save(path)]

    uncut, cut, other = trainer_of(), trainer_of(), trainer_of(7)
    uncut.fit(batches(), EPOCHS, callbacks=calls())
    cut.fit(batches(), 2, callbacks=calls())
    other.resume(path, batches())
    again = calls()
    other.fit(batches(), EPOCHS - other.epoch, callbacks=again)
    assert state_of(other) == state_of(uncut) and again[-1].called == EPOCHS
