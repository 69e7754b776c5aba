"""Memory that changes while the native VM runs: a thread writes what must not be there, and takes it back, all the
time.

    python host_tests/support/racing.py CASE SECONDS

prints how many runs finished and how many stopped at a fault. With a VM that reads twice what data chooses it crashes.
EMBER_LIBRARY names the VM.
"""

import sys
import threading
import time
from array import array
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "lib"), str(ROOT / "tools" / "host"), str(ROOT / "host_tests" / "support")]

from ember.instructions import isa  # noqa: E402
from programs import FAULT, FINISHED, NATIVE, Memory, instruction  # noqa: E402

ROWS, WIDTH = 8192, 64
WILD = -(1 << 30)  # as an index, so far outside that nothing is mapped there


def labelled(m):
    return m.put(isa.ARENA, np.full(ROWS * WIDTH, 0.5)), m.put(isa.INTS, np.full(ROWS, 3))


def cross_entropy(m):
    x, label = labelled(m)
    loss, p = m.put(isa.ARENA, np.zeros(ROWS)), m.put(isa.ARENA, np.zeros(ROWS * WIDTH))
    return instruction("cross_entropy", n=ROWS, width=WIDTH, loss=loss, p=p, x=x, label=label), label


def cross_entropy_grad(m):
    p, label = labelled(m)
    dx, g = m.put(isa.ARENA, np.zeros(ROWS * WIDTH)), m.put(isa.ARENA, np.ones(ROWS))
    return instruction("cross_entropy_grad", into=0, n=ROWS, width=WIDTH, dx=dx, p=p, label=label, g=g), label


def count_correct(m):
    x, label = labelled(m)
    counter = m.put(isa.INTS, [0])
    return instruction("count_correct", n=ROWS, width=WIDTH, counter=counter, x=x, label=label), label


def indexed(m, name):
    """Rows of one element each, by an index each."""
    index, y, x = m.put(isa.INTS, np.full(ROWS, 3)), m.put(isa.ARENA, np.zeros(ROWS)), m.put(isa.ARENA, np.zeros(ROWS))
    more = {"into": 0} if name == "gather" else {}
    return instruction(name, outer=1, n=ROWS, inner=1, high=WIDTH, i_outer=0, i_n=1, i_inner=0, y=y, x=x, index=index,
                       **more), index  # fmt: skip


def gather(m):
    return indexed(m, "gather")


def scatter_add(m):
    return indexed(m, "scatter_add")


def argsort(m):
    """What is written is what is read again: positions."""
    x, y = m.put(isa.ARENA, np.arange(ROWS) % 7), m.put(isa.ARENA, np.zeros(ROWS))
    return instruction("argsort", descending=0, n=1, width=ROWS, y=y, x=x), y


def state(m):
    """The state of a run: an instruction and a row that are not there."""
    d, a = m.put(isa.ARENA, np.zeros(ROWS)), m.put(isa.ARENA, np.zeros(ROWS))
    return instruction("map", fn=0, into=0, n=ROWS, a_step=1, b_step=1, d=d, a=a, b=a), None


CASES = {
    case.__name__: case
    for case in (cross_entropy, cross_entropy_grad, count_correct, gather, scatter_add, argsort, state)
}


def race(name, seconds):
    """How often runs came to each end."""
    m = Memory()
    words, place = CASES[name](m)
    program, buffers, found = m.program(words), m.buffers, {}
    assert NATIVE.verify(program) == 0
    state, going = array("i", [0, 0, 0, 0]), True

    def keep_writing():
        if place is None:
            mine, wild = memoryview(state).cast("B")[4:12], array("i", [WILD] * 2).tobytes()
        else:
            mine = memoryview(buffers[place >> 24]).cast("B")[4 * (place & 0xFFFFFF) :][: 4 * ROWS]
            wild = np.full(ROWS, WILD, np.int32).tobytes()
        good = bytes(mine)
        while going:
            mine[:] = wild
            time.sleep(0)  # the other may begin so
            mine[:] = good
            time.sleep(0)

    thread = threading.Thread(target=keep_writing)
    thread.start()
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            try:
                result = NATIVE.run(program, buffers, state, -1)
            except ValueError:
                result = "refused"
            found[result] = found.get(result, 0) + 1
            if result != FINISHED:
                state[1] = state[2] = state[3] = 0
    finally:
        going = False
        thread.join()
    return found


if __name__ == "__main__":
    sys.setswitchinterval(1e-5)
    found = race(sys.argv[1], float(sys.argv[2]))
    assert set(found) <= {FINISHED, FAULT, "refused"}, found
    print(found)
