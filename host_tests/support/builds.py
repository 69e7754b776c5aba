"""The native VM built another way: its flags, and what its bits come to."""

import hashlib
import re

import numpy as np

from programs import ROOT

HERE = ROOT / "firmware" / "vm"


def flags():
    return re.search("^EMBER_VM_FLAGS = (.*)$", (HERE / "flags.mk").read_text(), re.MULTILINE).group(1).split()


def digest(buffers):
    """Of all segments, every NaN standing for every other."""
    result = hashlib.sha256()
    for buffer in buffers:
        values = np.array(buffer)
        if buffer.typecode == "f":
            values = np.where(np.isnan(values), np.float32(np.nan), values)
        result.update(values.tobytes())
    return result.hexdigest()
