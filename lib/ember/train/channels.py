"""Inputs that are scaled and shifted by channel."""

from ..base.check import number, plain
from ..tensors.values import read


def by_channel(scale, offset, shape):
    """Scales, then offsets, of a sample's last dimension: each may be one number for all."""
    if scale is None:
        raise ValueError("input_offset is %r, and input_scale None, which takes numbers as they are" % (offset,))
    channels, found = shape[-1] if shape else 1, []
    for name, given in (("input_scale", scale), ("input_offset", offset)):
        try:
            part = (number(name, given),) if isinstance(plain(given), (int, float)) else read(given)[0]
        except TypeError:
            part = ()
        if len(part) not in (1, channels):
            raise ValueError("%s is %r; it may be a number, or a list of %d, one a channel of %s"
                             % (name, given, channels, shape))  # fmt: skip
        found.append([float(number(name, v)) for v in part])
    n = max(len(found[0]), len(found[1]))
    return tuple([part[c % len(part)] for part in found for c in range(n)])
