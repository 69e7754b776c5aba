"""What a step in slices knows of the board: weights of instructions, pace, the longest row. On machines that are made
up, where each is known."""

import random
import sys
import types
from array import array

import pytest

from ember.instructions import components, cost, isa, probe, table
from ember.run import slices
from ember.run import weights as measured
from programs import both
from sliced import BATCH, MODELS, batch, make
from walk import WEIGHTS, starts, walk

OPCODE = {row[table.NAME]: k for k, row in enumerate(table.TABLE)}


def timeline(code, rows, weights):
    """What each instruction begins after, and what one of its rows takes: {word: (units, units)}."""
    found, total = {}, 0
    for section in range(code[4]):
        for pc, count, of_a_row in walk(code, section, rows, weights):
            found[pc] = total, of_a_row
            total += count * of_a_row
    found[len(code)] = total, 0
    return found


def on_a_machine(monkeypatch, t, pace, overhead, look=0, weights=None, other=0):
    """On which a row takes what the table says, or weights, a call somewhat more, and Python before each look at the
    clock `look`; forty times a second something has the machine for `other`. Returns the clock: [microseconds]."""
    real, now, after, known, draw = t.executor.vm_run, [0.0], [0.0], {}, random.Random(3)
    weights = weights or WEIGHTS

    def run(program, segments, state, budget, measured=None):
        key = program.tobytes(), segments[isa.INTS][0]
        if key not in known:
            known[key] = timeline(program, key[1], weights)
        first = state[0] % isa.FOLLOWING
        edges = starts(program)
        (before, row), end = known[key][state[1] or edges[first]], edges[first + state[0] // isa.FOLLOWING + 1]
        before += row * state[2]
        done = real(program, segments, state, budget, measured)
        after, row = known[key][end if done > 0 else state[1]]
        now[0] += overhead + (after + row * state[2] - before) / pace
        return done

    def ticks_us():
        now[0] += look
        if now[0] > after[0]:
            now[0] += other
            after[0] = now[0] + draw.uniform(0, 50000)
        return int(now[0])

    t.executor.vm_run = run
    monkeypatch.setattr(slices, "ticks_us", ticks_us)
    return now


@pytest.mark.parametrize("other", [0, 700, 5000])
@pytest.mark.parametrize("pace, overhead", [(40, 5), (3, 20), (700, 1)])
@pytest.mark.parametrize("name, rows", [("dropout", BATCH), ("norm", BATCH), ("recurrent", BATCH), ("dropout", 1)])
def test_the_pace_is_measured(monkeypatch, name, rows, pace, overhead, other):
    t = make(name, micro_batch=rows) if name != "norm" else make(name)
    on_a_machine(monkeypatch, t, pace, overhead, other=other)
    assert t.slices.calibrate() == pytest.approx(pace, rel=0.2)
    assert t.slices.overhead == pytest.approx(overhead, abs=max(2, overhead / 4))
    assert t.plan.longest_us >= 0.95 * t.plan.longest / pace
    assert "%d µs here" % t.plan.longest_us in str(t.plan)


def another(seed):
    """Weights of a machine where things cost otherwise; of a multiply-accumulate still 8."""
    r = random.Random(seed)
    weights = [round(n * r.uniform(0.4, 3)) if n else r.choice((0, 3, 9)) for n in WEIGHTS]
    weights[OPCODE["matmul"]], weights[OPCODE["map"]] = 8, 0
    return weights


@pytest.mark.parametrize("name, seed", [(name, seed) for seed, name in enumerate(MODELS)])
def test_the_weights_are_measured(monkeypatch, name, seed):
    """Of each opcode and function of the program: those of a machine that is made up."""
    t, wanted = make(name), another(seed)
    on_a_machine(monkeypatch, t, 300, 7, weights=wanted)
    assert t.slices.weights is None
    assert t.slices.calibrate() == pytest.approx(300, rel=0.2)
    seen = set()
    for pc in timeline(t.image.code, BATCH, wanted):
        opcode = t.image.code[pc] if pc < len(t.image.code) else None
        if opcode in (None, OPCODE["count"]):
            continue
        places = [opcode] if opcode != OPCODE["map"] else []
        if not table.TABLE[opcode][table.WEIGHT]:
            places.append(len(table.TABLE) + t.image.code[pc + 1])
        for place in places:
            assert t.slices.weights[place] == pytest.approx(wanted[place], rel=0.03, abs=1)
        seen |= set(places)
    assert len(seen) > 8
    others = set(range(len(wanted))) - seen - {len(table.TABLE) + table.function("add")}
    assert all(t.slices.weights[k] == WEIGHTS[k] for k in others)
    row = max(row for _, row in timeline(t.image.code, BATCH, wanted).values())
    assert t.plan.longest_us == pytest.approx(row / 300, rel=0.2, abs=1)


@pytest.mark.parametrize("error", [MemoryError, ImportError])
def test_weights_that_do_not_fit_are_the_tables(monkeypatch, error):
    def full(code, run):
        raise error

    monkeypatch.setitem(sys.modules, "ember.run.weights", types.SimpleNamespace(measure=full, longest=None))
    t = make()
    assert t.slices.calibrate() > 0 and t.slices.weights is None
    assert t.plan.longest_us > 0


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize("micro_batch", [None, 2])
@pytest.mark.parametrize("name", MODELS)
def test_a_slice_is_over_in_time(monkeypatch, name, micro_batch, seed):
    """But for its last row: with what the calls take, what Python takes, and the look at the batch that comes first."""
    t = make(name, micro_batch=micro_batch)
    weights = WEIGHTS if seed is None else another(seed)
    now = on_a_machine(monkeypatch, t, 100, 15, 10, weights)
    t.slices.calibrate()
    row = max(row for _, row in timeline(t.image.code, t.micro_batch, weights).values()) / 100
    for budget in (170, 400):
        x, y = batch(budget)
        start, done = now[0], t.step(x, y, budget)
        while not done:
            assert now[0] - start <= budget + row
            start = now[0]
            done = t.poll(budget)


def test_the_longest_row_is_the_tables():
    t = make("recurrent")
    code, longest = t.image.code, 0
    for pc, (_, of_a_row) in timeline(code, BATCH, WEIGHTS).items():
        if pc < len(code):
            words = list(code[pc + 1 : pc + 1 + len(table.parse(code[pc]))])
            assert cost.cost(code[pc], words, BATCH, True) == of_a_row
            longest = max(longest, of_a_row)
    assert t.plan.longest == longest
    assert "the longest costs %d multiply-accumulates" % (longest // 8) in str(t.plan)


def probes():
    """The program of each opcode, as it is run to be measured, and its segments."""
    found = {}

    def run(program, segments, state, budget, weights=None):
        found.setdefault(program[starts(program)[0]], (array("i", program), segments))
        Ticks.now += 5000

    probed = measured._Probe(run)
    for opcode in range(len(table.TABLE)):
        probed.step(opcode)
    return found


class Ticks:
    now = 0


@both
def test_the_probes_are_programs(monkeypatch, vm):
    """Each verifies, runs, and takes as many steps as the table says, and as it says itself."""
    monkeypatch.setattr(slices, "ticks_us", lambda: Ticks.now)
    at = 0
    for opcode, (program, segments) in sorted(probes().items()):
        assert vm.verify(program) == 0, table.TABLE[opcode]
        assert vm.run(program, segments, array("i", [0] * 4), -1) == 1
        steps = measured.unpack_from("<h", probe.FIELDS, at)[0]
        at += 2 * components.WORDS[opcode]
        weights = [1] * len(table.TABLE) + [0] * len(table.FUNCTIONS)
        least = 1 if opcode in (OPCODE["count"], OPCODE["stop"]) else 128
        assert timeline(program, 1, weights)[len(program)][0] == steps >= least
    assert at == len(probe.FIELDS)
