"""The front leaves: once a Trainer has recorded, it runs without modules, the op table and the rest of what made its
program. What a script still holds of these stays with it."""

import gc
import sys

from ..base.homes import forget

# What a runner stands on, and what a script may hold: made twice, it would be two. The rest loads again if it must. The
# portable VM stays too. A room and a module of it are apart by an underscore here, as they are on a board.
_STAY = (" base base_homes vm instructions instructions_program machine machine_image machine_executor run run_alone "
         "run_jobs run_runner runtime train train_trainer callbacks monitor progress data metrics metrics_more "
         "schedule schedule_more schedule_several ")  # fmt: skip
_PORTABLE = " instructions_isa instructions_table instructions_derived cost "


class Slots:
    """What a schedule knows of an optimizer: a group's hyperparameters, where they lie."""

    def __init__(self, group):
        self.hyper = group.hyper
        if hasattr(group, "initial_lr"):
            self.initial_lr = group.initial_lr


class Groups:
    def __init__(self, optimizer):
        self.groups = [Slots(group) for group in optimizer.groups]


def release(trainer):
    """See Trainer.release."""
    names = trainer.asked[0]
    if trainer.front is None:
        return []
    if trainer.front.moves:
        raise ValueError("release: LBFGS moves by the front, between the program's runs")
    if trainer.executor.followers:
        raise ValueError("release: a recorded function uses the parameters of this Trainer, and needs the front")
    if any([address >> 24 for address, _ in trainer.image.results]):
        raise ValueError("release: the model's output is its input, or a constant, which the front alone looks up")
    trainer.idle()
    trainer.unbind()  # the last batch need not stay
    trainer.image.names = trainer.names  # export writes them
    gc.collect()
    before = _free()
    if trainer.schedule is not None:
        rebind(trainer.schedule, trainer.optimizer, Groups(trainer.optimizer))
    for optimizer in trainer.optimizers:
        optimizer.trainer = None
    trainer.executor.explain = None
    trainer.front = trainer.model = trainer.criterion = trainer.optimizer = trainer.plan = None
    trainer.optimizers = ()
    unload()
    gc.collect()
    found = [("the front", _free() - before)]
    for name in list(names or ()):
        if name[:1] != "_" and _of_front(names[name]):
            before = _free()
            names[name] = None  # as in forget()
            del names[name]
            gc.collect()
            found.append((name, _free() - before))
    return found


def rebind(schedule, optimizer, groups):
    """It moves the slots themselves, and what it is made of too."""
    if schedule.optimizer is optimizer:
        schedule.optimizer = groups
    for other in getattr(schedule, "schedulers", ()):
        rebind(other, optimizer, groups)


def _leaves(name):
    if name[:6] != "ember.":
        return False
    name = name[6:].replace(".", "_")
    if " %s " % name in _STAY:
        return False
    portable = "ember.portable.run" in sys.modules or "ember.portable_run" in sys.modules
    return not portable or name[:8] != "portable" and " %s " % name not in _PORTABLE


def unload():
    """Forget the front's modules: they load anew when they are asked for."""
    for name in list(sys.modules):
        if _leaves(name):
            forget(name[6:])


def _of_front(value):
    """Whether a script's name holds one of the front's modules or classes, or what is made by one, or derived."""
    if type(value) is type(sys):
        return _leaves(value.__name__)
    kind = value if isinstance(value, type) else type(value)
    return _leaves(getattr(kind, "__module__", "")) or any([_of_front(base) for base in getattr(kind, "__bases__", ())])


def _free():
    return getattr(gc, "mem_free", int)()
