"""The optimizers of a Trainer, one or several: which parameters they train, and the section `update`."""

from . import isa
from .program import STEP
from .sink import INTS
from .tensor import numel


def extras(clip_value, clip_norm, ema):
    """What the update does besides, if anything."""
    if clip_value is None and clip_norm is None and ema is None:
        return None
    from .update_more import Extras

    return Extras(clip_value, clip_norm, ema)


def trained_groups(optimizers):
    """For each group of each optimizer, the parameters that it trains."""
    if not optimizers:
        raise ValueError("optimizer is an empty list; it may be an optimizer or several")
    groups = [[p for p in group.params if p.requires_grad] for o in optimizers for group in o.groups]
    for o in optimizers:
        if not hasattr(o, "emit"):
            raise ValueError("%s is not for a Trainer: call its step(closure)" % o.__class__.__name__)
        if o.steps:
            raise ValueError("the optimizer has already taken %d steps of its own; give a new one" % o.steps)
    if len(optimizers) > 1:
        seen = []
        for p in [p for group in groups for p in group]:
            if any([p is q for q in seen]):
                raise ValueError("a parameter of shape %s is in two optimizers" % (p.shape,))
            seen.append(p)
    return groups


def state_size(optimizers):
    """Elements of state in all."""
    return sum([o.states * p.numel() for o in optimizers for g in o.groups for p in g.params if p.requires_grad])


def record_update(r, trainer, size, gradients, state, count):
    """Parameters lie from 0 on, as their gradients do; count: the slot that says over how many rows these are sums."""
    optimizers, groups, more = trainer.optimizers, trainer._groups, trainer._extras
    hypers = [r.at(r.slot(list(g.hyper)), (len(g.hyper),)) for o in optimizers for g in o.groups]
    if more:
        count = more.clip(r, r.at(gradients, (size,)), count)
    offset, k = 0, 0
    for o in optimizers:
        first = offset
        total = sum([p.numel() for trained in groups[k : k + len(o.groups)] for p in trained])
        for _ in o.groups:
            trained = groups[k]
            for dims in [p._dims for p in trained] if o.layerwise else [(sum([p.numel() for p in trained]),)]:
                n = numel(dims)
                if n:
                    states = [r.at(state + i * total + offset - first, dims) for i in range(o.states)]
                    o.emit(r, n, r.at(offset, dims), r.at(gradients + offset, dims), states, hypers[k], count)
                offset += n
            k += 1
        state += o.states * total
    if more and more.averages:
        more.average(r, r.at(trainer._average, (size,)), r.at(0, (size,)))
    r.emit(isa.COUNT, 1, 1, 1, INTS + STEP)
