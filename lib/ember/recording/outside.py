"""What a recording takes from outside: tensors with values of their own become constants of the program."""

from ..instructions import isa
from ..tensors import parameter


def constant(r, x):
    """One that wants a gradient but has no place in the program."""
    if isinstance(x, parameter.Parameter):
        from .changed import known

        known(r, x)
    return x.detach()


def capture(r, t):
    """Where the values of a tensor lie, that was made outside, from now on."""
    if t.mapped:
        return _map(r, t)
    data = t.elements()
    if t.dtype != "f":
        raise ValueError("%r was made outside: while recording, only float32 tensors may be constants" % (t,))
    if isinstance(t, parameter.Buffer):
        raise ValueError("a buffer of shape %s belongs to no module of the model: keep its module as an attribute"
                         % (t.shape,))  # fmt: skip
    if isinstance(t, parameter.Parameter):
        r.constant(t)
    for other, address in r.captured:
        if other is data:
            return address
    address = (isa.CONSTANTS << 24) + len(r.values)
    r.values.extend(data)
    r.captured.append((data, address))
    return address


def _map(r, t):
    k = 0
    while k < len(r.mapped) and r.mapped[k].storage is not t.storage:
        k += 1
    if k == len(r.mapped):
        r.mapped.append(t)
    return isa.FIRST_BOUND + k + (r.plan.inputs if r.plan else 0) << 24
