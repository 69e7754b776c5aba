"""The optimizers of a Trainer, one or several: which parameters they train, and the section `update`."""

from ..instructions import emit
from ..instructions.program import FLOATS, KEY, STEP
from ..tensors.sink import INTS, is_among, numel, numels

_PART = 512  # elements of a packed state that are unpacked at once


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
    for o in optimizers:
        if not hasattr(o, "groups"):
            raise ValueError("optimizer is %r; it may be an optimizer, as optim.SGD(model.parameters()), or a list"
                             % (o,))  # fmt: skip
        if o.steps:
            raise ValueError("the optimizer has already taken %d steps of its own; give a new one" % o.steps)
    groups, seen = [], []
    for o in optimizers:
        for group in o.groups:
            groups.append([])
            for p in group.params:
                if not p.requires_grad:
                    continue
                if is_among(p, seen):
                    raise ValueError("a parameter of shape %s is in two optimizers" % (p.shape,))
                groups[-1].append(p)
                seen.append(p)
    return groups


def _units(o, groups, packed):
    """What one emit of the optimizer updates, (dimensions, which of its groups): a group, a tensor, or of a group whose
    state is packed a part: only that is unpacked at once."""
    units = []
    for k in range(len(groups)):
        if o.layerwise:
            for p in groups[k]:
                units.append((p.dims, k))
            continue
        n = numels(groups[k])
        most = _PART if packed and o.states else n
        for at in range(0, n, most or 1):
            units.append(((min(most, n - at),), k))
    return units


def _layout(front):
    """For each optimizer: it, its units, the slots' first group, and how many elements of the arena a state takes."""
    packed, first, found = front.state_dtype == "bfloat16", 0, []
    for o in front.optimizers:
        units, each = _units(o, front.groups[first : first + len(o.groups)], packed), 0
        for dims, _ in units:
            each += _place(numel(dims), packed)
        found.append((o, units, first, each))
        first += len(o.groups)
    return found


def _place(n, packed):
    return (n + 1) // 2 if packed else n


def state_size(front):
    """Elements of state in all."""
    size = 0
    for o, units, _, each in _layout(front):
        size += o.states * each + o.scalars * len(units)
    return size


def record_update(recording, front, size, gradients, state, total):
    """Parameters lie from 0 on, as their gradients do; total, a tensor of one element, divides these."""
    more, packed, offset, one = front.extras, front.state_dtype == "bfloat16", 0, recording.scalar(1.0)
    hypers = []
    for o in front.optimizers:
        for g in o.groups:
            hypers.append(recording.at(recording.slot(list(g.hyper)), (len(g.hyper),)))
    emit.check_finite(recording, squared=1, n=size, a=gradients, total=total)
    emit.check_finite(recording, squared=1, n=len(recording.slots), a=FLOATS << 24, total=one)
    if more:
        total = more.clip(recording, recording.at(gradients, (size,)), total)
    for o, units, first, each in _layout(front):
        single = state + o.states * each
        for dims, k in units:
            n = numel(dims)
            places, states = [], []
            for i in range(o.states):
                place = recording.at(state + i * each, (_place(n, packed),))
                places.append(place)
                states.append(_unpacked(recording, place, dims) if packed else place.alias(dims))
            for _ in range(o.scalars):
                states.append(recording.at(single, ()))
                single += 1
            p, g = recording.at(offset, dims), recording.at(gradients + offset, dims)
            o.emit(recording, n, p, g, states, hypers[first + k], total)
            for place, wide in zip(places, states if packed else ()):
                emit.to_bfloat16(recording, n=numel(place.dims), stream=recording.stream(), d=place, src=wide,
                                 key=INTS + KEY, step=INTS + STEP)  # fmt: skip
            offset += n
            state += _place(n, packed)
        state = single
    emit.check_finite(recording, squared=0, n=size, a=0, total=one)  # what was written
    if more and more.averages:
        more.average(recording, recording.at(front.average, (size,)), recording.at(0, (size,)))


def _unpacked(recording, place, dims):
    """A state as float32, which may have one element more than dims say."""
    wide = recording.new((2 * numel(place.dims),))
    emit.from_bfloat16(recording, n=numel(place.dims), d=wide, src=place)
    return wide.alias(dims)
