"""Nothing that Python, another thread or hardware changes under the native VM may break memory: labels and positions
that change between check and use, segments and a state that change while a run goes on, rows that a program writes."""

import os
import shutil
import subprocess
import sys
from array import array

import pytest

from builds import HERE, flags
from checkout import run_micropython
from ember.instructions import isa, table
from ember.portable import explain
from programs import FAULT, FINISHED, NATIVE, ROOT, Memory, assemble, both, instruction
from racing import CASES

RACING = ROOT / "host_tests" / "support" / "racing.py"
NATIVE_BUILD = ROOT / "build" / "native"


def raced(name, seconds, library):
    environment = dict(os.environ, EMBER_LIBRARY=str(library))
    return subprocess.run([sys.executable, RACING, name, str(seconds)], env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("name", CASES)
def test_what_changes_under_a_run_breaks_no_memory(name):
    done = raced(name, 1, NATIVE_BUILD / "libember.so")
    assert done.returncode == 0, done.stderr


# The VM as it was: each of these looks a second time.
SEEDED = {
    "cross_entropy": [("loss.c", "p[i * width + labels[i]]", "p[i * width + integer_of(label, first + i)]")],
    "argsort": [("index.c", "return at < width ? at : 0;", "return at;")],
    "state": [
        ("host.c", "ember_run(&vm, own, budget)", "ember_run(&vm, state, budget)"),
        ("run.c", "pc += (int32_t)words;", "pc = state[1] + (int32_t)words;"),
    ],
}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    folder = shutil.copytree(HERE, tmp_path_factory.mktemp("faulty") / "vm")
    for file, good, bad in sum(SEEDED.values(), []):
        text = (folder / file).read_text()
        assert text.count(good) == 1
        (folder / file).write_text(text.replace(good, bad))
    sources = [str(folder / "ember_vm.c"), str(folder / "host.c")]
    library = str(folder / "libember.so")
    subprocess.run(["gcc", "-O1", *flags(), "-shared", "-fPIC", "-o", library, *sources], check=True)
    return library


@pytest.mark.parametrize("name", SEEDED)
def test_a_second_look_at_memory_is_found(name, faulty):
    assert any(raced(name, 5, faulty).returncode < 0 for _ in range(6))


# --- Rows are Python's to say


def counting(slot, name="count"):
    m = Memory(rows=3, max_rows=4)
    m.put(isa.INTS, [0, 0])
    counter = (isa.INTS << 24) + slot
    if name == "count":
        words = instruction("count", keep=1, add=1, n=-1, counter=counter)
    else:
        x, label = m.bind("f", [0.0] * 6, shape=(0, 2)), m.bind("B", [0] * 3, shape=(0, 1))
        words = instruction("count_correct", n=-1, width=2, counter=counter, x=x, label=label)
    return m, m.program(words)


@both
@pytest.mark.parametrize("name", ["count", "count_correct"])
def test_no_program_writes_rows(vm, name):
    m, program = counting(1, name)
    assert vm.verify(program) == 0
    assert vm.run(program, m.buffers, array("i", [0] * 4), -1) == FINISHED
    assert list(m.buffers[isa.INTS][:2]) == [3, 3]
    program = counting(0, name)[1]
    verdict = vm.verify(program)
    assert verdict >> 24 == 10
    text = explain.explain(program, verdict)
    assert text.endswith("operand counter is written and reaches rows, the first of segment 3 (ints), which no program "
                         "may change")  # fmt: skip


def test_the_table_writes_integers_where_the_verifier_looks():
    """Whoever appends a row that writes integers by strides finds this, and looks at how far the refusal above goes."""
    for opcode, row in enumerate(table.TABLE):
        for field in table.parse(opcode):
            if field[0] == table.ADDRESS and field[2] != table.READS and set(field[3]) != {"f"}:
                assert field[4] == [([-1], -1)], (row[0], field)


@both
def test_rows_that_change_between_slices_are_refused(vm):
    m = Memory(rows=3, max_rows=4)
    d, a = m.put(isa.ARENA, [0.0] * 4), m.put(isa.ARENA, [0.0] * 4)
    program = m.program(instruction("map", fn=0, into=0, n=-1, a_step=1, b_step=1, d=d, a=a, b=a))
    state = array("i", [0] * 4)
    assert vm.run(program, m.buffers, state, 0) == 0
    for rows in (0, -1, 5, 1 << 30, 2):  # the last fits the program, but not the seal
        m.buffers[isa.INTS][0] = rows
        with pytest.raises(ValueError):
            vm.run(program, m.buffers, state, -1)
    m.buffers[isa.INTS][0] = 3
    assert vm.run(program, m.buffers, state, -1) == FINISHED


# --- Buffers that are resized, or lists of them


class Growing(list):
    """Segments to which another thread adds one while they are looked at."""

    def __len__(self):
        n = list.__len__(self)
        if self.more:
            self.append(self.more.pop())
        return n


def test_segments_that_come_while_they_are_bound():
    m = Memory()
    d = m.put(isa.ARENA, [0.0] * 4)
    program = m.program(instruction("map", fn=0, into=0, n=4, a_step=1, b_step=1, d=d, a=d, b=d))
    segments = Growing(m.buffers[:-1])
    segments.more = [m.buffers[-1]]
    try:
        NATIVE.run(program, segments, array("i", [0] * 4), -1)
    except ValueError as error:
        assert "wrong number of segments" in str(error)


def test_a_buffer_that_is_read_is_not_resized():
    """CPython holds what was exported; a thread that resizes it fails, not the run."""
    m = Memory()
    d = m.put(isa.ARENA, [0.0] * 4)
    program = m.program(instruction("map", fn=0, into=0, n=4, a_step=1, b_step=1, d=d, a=d, b=d))
    arena, failed = m.buffers[0], []

    class Budget(int):
        def __lt__(self, other):  # while the segments are held
            try:
                arena.extend(arena)
            except BufferError:
                failed.append(True)
            return int.__lt__(self, other)

        __gt__ = __lt__

    assert NATIVE.run(program, m.buffers, array("i", [0] * 4), Budget(5)) == FINISHED
    assert failed


RESIZED = """
import ember_vm
from array import array
words, state = array("i", %r), array("i", (0, 0, 0, 0))
segments = [array("f", (0.0,) * 16), array("f", (0.0,)), array("f", (0.0,)), array("i", (1,))]
class Budget:
    def __int__(self):
        # the list, the state and a segment move, and what they were is given away
        for k in range(200):
            segments.append(array("f", (1.0,) * 100))
        while len(segments) > 4:
            segments.pop()
        for k in range(50):
            state.append(0)
        return 5
try:
    print(ember_vm.run(words, segments, state, Budget()))
except (ValueError, TypeError) as error:
    print("refused")
"""


@pytest.mark.parametrize("build", ["unix", "unix-ember"])
def test_a_budget_whose_method_moves_everything(build):
    """MicroPython calls __int__ of what it takes for a number: before any address is known."""
    words = instruction("map", fn=0, into=0, n=4, a_step=1, b_step=1, d=0, a=8, b=8)
    segments = [(isa.WRITABLE, 16, 0), (0, 1, 0), (0, 1, 0), (isa.INT32 | isa.WRITABLE, 1, 0)]
    program = assemble([[words]], segments)
    text = RESIZED % (tuple(program),)
    assert run_micropython(build, text).strip() == "refused"  # the state has too many words by then


@pytest.mark.parametrize("name", ["cross_entropy", "cross_entropy_grad", "count_correct"])
def test_faults_leave_the_rows_before_them(name):
    """A label that is out of range within a run of rows: those before it are done, and the state names it."""
    m = Memory()
    labels = m.put(isa.INTS, [0] * 150 + [7] + [0] * 20)
    x, y, more = [m.put(isa.ARENA, values * 171) for values in ([1.0, 0.0], [-5.0, -5.0], [2.0])]
    counter = m.put(isa.INTS, [0])
    fields = {
        "cross_entropy": dict(loss=more, p=y, x=x),
        "cross_entropy_grad": dict(into=0, dx=y, p=x, g=more),
        "count_correct": dict(counter=counter, x=x),
    }[name]
    state = array("i", [0] * 4)
    words = instruction(name, n=171, width=2, label=labels, **fields)
    assert NATIVE.run(m.program(words), m.buffers, state, -1) == FAULT
    assert state[2] == 150
    written = m.buffers[0][y & 0xFFFFFF :][:342]
    if name == "count_correct":
        assert m.buffers[isa.INTS][counter & 0xFFFFFF] == 150
    else:
        assert -5.0 not in written[:300] and set(written[300:]) == {-5.0}
