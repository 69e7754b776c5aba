"""What a Trainer's update does besides the optimizer: clips gradients, and averages weights."""

from ..nn.utils import bound_of, limit_to, scale_to
from ..ops.rules import DIV_FN
from ..optim.average import decay_of, follow


class Extras:
    """bounds: [clip_value, clip_norm, ema], of which those that are None are left out."""

    def __init__(self, clip_value, clip_norm, ema):
        self.values = [0.0, 0.0, 0.0]
        self.clips = clip_value is not None, clip_norm is not None
        if clip_value is not None:
            self.values[0] = bound_of("clip_value", clip_value)
        if clip_norm is not None:
            self.values[1] = bound_of("clip_norm", clip_norm)
        self.averages = ema is not None
        if self.averages:
            self.values[2] = decay_of("ema", ema)

    def clip(self, recording, g, total):
        """Clip gradients, which total divides, as means. What divides them then. The slots come after those of the
        optimizers."""
        self.slots = recording.at(recording.slot(self.values), (3,))
        if not any(self.clips):
            return total
        recording.map(DIV_FN, g, g, total)
        value, norm = self.clips
        if value:
            limit_to(recording, (g,), self.slots.alias((), 0))
        if norm:
            scale_to(recording, (g,), self.slots.alias((), 1))
        return recording.scalar(1.0)

    def average(self, recording, average, p):
        follow(recording, average, p, self.slots.alias((), 2))
