"""One instruction tried: in memory that is drawn, and what it may have written there."""

import random

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from programs import Memory, bits

drawn = st.randoms(use_true_random=False) | st.integers(0, 2**32).map(random.Random)
relaxed = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def memory(r):
    max_rows = r.choice((1, 1, 2, 5))
    return Memory(r.randint(1, max_rows), max_rows)


def compare(program, before, after, expected):
    """Elements the instruction writes are within their bounds, all others hold the bits they held."""
    for segment, typecode in enumerate(memory.typecode for memory in before):
        if typecode != "f":
            assert list(after[segment]) == expected.values[segment].tolist(), "segment %d" % segment
            continue
        old, new = np.array(before[segment]), np.array(after[segment])
        want, error = expected.values[segment], expected.error[segment]
        written = expected.written[segment]
        with np.errstate(all="ignore"):
            fits = (np.abs(new - want) <= error) | (new == want.astype(np.float32)) | np.isnan(new) & np.isnan(want)
        stray = np.flatnonzero(~written & (bits(old) != bits(new)))
        assert not len(stray), "segment %d: element %d written" % (segment, stray[0])
        wrong = np.flatnonzero(written & ~fits)
        assert not len(wrong), "segment %d element %d: %r, not %r +- %r (%d wrong)" % (
            segment,
            wrong[0],
            new[wrong[0]],
            want[wrong[0]],
            error[wrong[0]],
            len(wrong),
        )
