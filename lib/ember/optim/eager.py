"""A step of an optimizer that no Trainer has."""

from array import array

from ..instructions.program import STEP
from ..tensors.sink import numel
from ..tensors.tensor import Tensor, current_sink


def step(optimizer):
    """Update every parameter that has a gradient, eagerly, or within a recorded function."""
    sink = current_sink()
    if sink.records:
        return sink.update(optimizer)
    for group in optimizer.groups:
        if group.state is None:
            group.state, group.steps = [None] * len(group.params), [0] * len(group.params)
        for i in range(len(group.params)):
            p = group.params[i]
            if p.grad is None or not p.requires_grad:
                continue
            if group.state[i] is None:
                shapes = [p.shape] * optimizer.states + [()] * optimizer.scalars
                group.state[i] = [Tensor(array("f", [0.0] * numel(s)), s) for s in shapes]
            hyper = Tensor(group.hyper)
            sink.ints[STEP] = min(group.steps[i], 0x7FFFFFFF)  # where a counter stays
            try:
                optimizer.emit(sink, p.numel(), p, p.grad, group.state[i], hyper, sink.scalar(1.0))
                sink.flush()
            finally:
                sink.ints[STEP] = 0
            group.steps[i] += 1
    optimizer.steps += 1
