"""What an executor takes only now and then: where a run stands that was interrupted, the words for one that stopped."""

from ..instructions import program
from .image import word

INSIDE = -2  # in place of a seal, while a run has the state


def section(code, state):
    """That in which a run is paused, or -1."""
    at, k = state[1], -1
    if at:
        k = word(code, 4) - 1
        while k and word(code, program.HEAD + 3 * word(code, 3) + k - 1) > at:
            k -= 1
    return k


def recover(executor, last, look):
    """See Executor.recover."""
    state = executor.state
    found = last if state[1] < 0 else section(executor.code, state)  # below 0: finished by another
    if found == last and state[3] == INSIDE:
        found = -2
    if not look:
        if found == last and executor.run(state[0], -1) < 0:
            return found
        reset(state)
    return found


def reset(state):
    """Ready for another run. An interruption within leaves what can be reset again."""
    state[3] = state[2] = state[1] = 0


def explain(code, segments, state):
    """ValueError names the index at which the check of a batch stopped. The state is made ready for another run."""
    pc, row = state[1], state[2]
    reset(state)
    if pc < word(code, program.HEAD + 3 * word(code, 3)):  # the section that checks has check_index alone
        high, address = word(code, pc + 2), word(code, pc + 3)
        found = segments[address >> 24][(address & 0xFFFFFF) + row]
        if not 0 <= found < high:
            what, where = ("index", "position") if address >> 24 == program.X else ("label", "index")
            raise ValueError("%s %r at %s %d; it may be a whole number from 0 to %d"
                             % (what, found, where, row, high - 1))  # fmt: skip
    raise ValueError("a label or an index of the batch is out of range")
