"""Plain SGD within the backward pass: a gradient is added into the weights as it is found, and has no memory of its own
(Lv et al., Full parameter fine-tuning with limited resources, 2023).

Gradients have places beyond the arena while they are recorded. What writes there is emitted when the rule it belongs to
is done, since that may still read the weights, and goes into the parameters: seeded with -lr, a gradient is the change.
"""

from ..instructions import table
from ..instructions.isa import LIMIT, MAP
from ..tensors.tensor import Tensor
from .recording import Recording

_BEYOND = LIMIT >> 1  # places from here are of gradients


def check(front, micro_batch):
    """ValueError where the Trainer asks for more."""
    o = front.optimizer
    if len(front.optimizers) > 1 or len(o.groups) > 1 or o.__class__.__name__ != "SGD":
        raise ValueError("fused is for one SGD with one group; this has %s"
                         % ", ".join([o.__class__.__name__ for o in front.optimizers]))  # fmt: skip
    if any(list(o.groups[0].hyper)[1:]):
        raise ValueError("fused is for SGD without momentum, dampening and weight_decay")
    if front.extras or micro_batch:
        raise ValueError("fused goes without clip_value, clip_norm, ema and micro_batch")


def _is_gradient(t):
    return _BEYOND <= t.place < LIMIT


class Fused(Recording):
    """A Recording in which gradients of parameters go into the parameters."""

    again = False  # by weights that may have changed

    def __init__(self, *arguments):
        Recording.__init__(self, *arguments)
        self.waiting, self.changed = [], []  # instructions; (first, end) of parameters that have changed
        self.written = [None] * len(table.TABLE)

    def gradient(self, offset, dims):
        """Where the gradient of the parameter at that offset goes."""
        return self.at(_BEYOND + offset, dims)

    def _access(self, opcode):
        """For each field of an instruction, whether it is an operand that is written."""
        if self.written[opcode] is None:
            fields = table.parse(opcode)
            self.written[opcode] = [f[0] == table.ADDRESS and f[2] != table.READS for f in fields]
        return self.written[opcode]

    def emit(self, opcode, *fields):
        written = self._access(opcode)
        for k in range(len(fields)):
            t = fields[k]
            if not isinstance(t, Tensor) or t.place is None:
                continue
            if _is_gradient(t):
                if not written[k]:
                    raise ValueError("fused: a layer's rule reads a gradient again; leave fused out")
                self.waiting.append((opcode, fields))
                return
            self._refuse(t, written[k])
        Recording.emit(self, opcode, *fields)

    def _refuse(self, t, written):
        self._refuse_changed(t)
        for opcode, fields in self.waiting:
            access = self._access(opcode)
            for k in range(len(fields)):
                if (written or access[k]) and isinstance(fields[k], Tensor) and fields[k].place == t.place:
                    raise ValueError("fused: a layer's gradient rule uses memory twice; leave fused out")

    def _refuse_changed(self, t):
        for first, end in self.changed:
            if first <= t.place < end:
                raise ValueError("fused: a parameter is used in two places, or by a layer that reads it once more "
                                 "after its gradient is known; leave fused out")  # fmt: skip

    def flush(self):
        """A rule is done. Of its gradients one must not read the parameter that another has changed, nor its own, but
        for a map, which reads an element before it is written."""
        waiting, self.waiting = self.waiting, []
        for opcode, fields in waiting:
            tensors = [t for t in fields if isinstance(t, Tensor) and t.place is not None]
            changed = [(t.place - _BEYOND, t.place - _BEYOND + t.numel()) for t in tensors if _is_gradient(t)]
            if opcode != MAP:
                self.changed += changed
            for t in tensors:
                self._refuse_changed(t)
            self.changed += changed
            Recording.emit(self, opcode, *fields)

    def section(self, name):
        self.changed = []
        Recording.section(self, name)

    def address(self, t):
        if t.place is not None and _is_gradient(t):
            return t.place - _BEYOND + t.offset
        return Recording.address(self, t)
