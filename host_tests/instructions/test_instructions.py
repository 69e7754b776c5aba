"""Every instruction on both VMs against NumPy float64, over drawn shapes, strides, and partial batches."""

import inspect
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings

import reference
from cases import CASES
from checkout import ROOT
from ember.instructions import emit, isa, table
from programs import FIELDS, FINISHED, FUNCTIONS, Memory, both, instruction, run
from trials import compare, drawn, memory, relaxed


def check(vm, m, words):
    program = m.program(words)
    before, after = m.copy(), m.copy()
    verdict, _, _ = run(vm, program, after)
    assert verdict == FINISHED
    expected = reference.Reference(before)
    assert expected.run(program) is None
    compare(program, before, after, expected)


@both
@pytest.mark.parametrize("name", CASES)
@relaxed
@given(r=drawn)
def test_instruction(vm, name, r):
    m = memory(r)
    check(vm, m, CASES[name](m, r))


@both
@pytest.mark.parametrize("fn", range(len(FUNCTIONS)), ids=FUNCTIONS)
@settings(relaxed, max_examples=12)
@given(r=drawn)
def test_map_functions(vm, fn, r):
    for name in ("map", "map_strided", "sum"):
        m = memory(r)
        check(vm, m, CASES[name](m, r, fn=fn))


@both
def test_long_sums(vm):
    rng = np.random.default_rng(3)
    for k in (64, 129, 600):
        m = Memory()
        c, a, b = (m.put(isa.ARENA, rng.standard_normal(n)) for n in (6, 2 * k, 3 * k))
        for b_k, b_n in ((3, 1), (1, k)):
            check(
                vm,
                m,
                instruction(
                    "matmul",
                    into=1,
                    batch=1,
                    m=2,
                    n=3,
                    k=k,
                    c_batch=0,
                    c_m=3,
                    a_batch=0,
                    a_m=k,
                    a_k=1,
                    b_batch=0,
                    b_k=b_k,
                    b_n=b_n,
                    c=c,
                    a=a,
                    b=b,
                ),
            )


def test_every_opcode_and_function_has_a_case():
    assert set(CASES) == {row[table.NAME] for row in table.TABLE}
    assert set(reference.MAP) == {function[0] for function in table.FUNCTIONS}
    seen = {}
    for name in CASES:
        for seed in range(150):
            words = CASES[name](Memory(), random.Random(seed))
            for position, field in enumerate(table.parse(words[0])):
                seen.setdefault((name, field[1]), set()).add(words[1 + position])
    for name in CASES:
        for field in FIELDS[name]:
            if field[0] == table.IMMEDIATE and field[3] < len(FUNCTIONS):
                assert seen[name, field[1]] == set(range(field[2], field[3] + 1)), (name, field[1])


# --- What is made of the table


def test_what_is_made_of_the_table_is_current():
    command = [sys.executable, str(ROOT / "tools" / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


class Emitted(list):
    def emit(self, *words):
        self.append(words)


@pytest.mark.parametrize("opcode", range(len(table.TABLE)), ids=[row[table.NAME] for row in table.TABLE])
def test_it_is_emitted_by_name(opcode):
    """With its operands in whatever order; one that is missing, or not of this instruction, is an error at once."""
    name = table.TABLE[opcode][table.NAME]
    function, names = getattr(emit, name), [field[1] for field in FIELDS[name]]
    assert list(inspect.signature(function).parameters) == ["sink", *names]
    sink, words = Emitted(), dict(zip(names, range(100, 200)))
    function(sink, **dict(reversed(words.items())))
    assert sink == [(opcode, *words.values())]
    for wrong in (dict(list(words.items())[1:]), dict(words, other=1)):
        with pytest.raises(TypeError):
            function(sink, **wrong)
