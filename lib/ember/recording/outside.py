"""What a recording takes from outside: tensors with values of their own become constants of the program."""

from ..instructions import isa
from ..tensors import parameter


def constant(recording, x):
    """One that wants a gradient but has no place in the program."""
    if isinstance(x, parameter.Parameter):
        from .changed import known

        known(recording, x)
    return x.detach()


def capture(recording, t):
    """Where the values of a tensor lie, that was made outside, from now on."""
    if t.mapped:
        return _map(recording, t)
    data = t.elements()
    if t.dtype != "f":
        raise ValueError("%r was made outside: while recording, only float32 tensors may be constants" % (t,))
    if isinstance(t, parameter.Buffer):
        raise ValueError("a buffer of shape %s belongs to no module of the model: keep its module as an attribute"
                         % (t.shape,))  # fmt: skip
    if isinstance(t, parameter.Parameter):
        recording.constant(t)
    for other, address in recording.captured:
        if other is data:
            return address
    address = (isa.CONSTANTS << 24) + len(recording.values)
    recording.values.extend(data)
    recording.captured.append((data, address))
    return address


def _map(recording, t):
    k = 0
    while k < len(recording.mapped) and recording.mapped[k].storage is not t.storage:
        k += 1
    if k == len(recording.mapped):
        recording.mapped.append(t)
    return isa.FIRST_BOUND + k + (recording.plan.inputs if recording.plan else 0) << 24
