"""The tool that seeds faults: it finds the gradient rules, a fault in one is seen, what is equivalent is not."""

import pytest

import mutants
import mutate
from ember import vm

SOURCE = mutants.Source()
MUTANTS = {m.key: m for m in mutants.mutants(SOURCE)}


@pytest.mark.parametrize("rule", [
    "ops.unary._neg_grad", "ops.rules.unary.grad", "ops.rules.into_grad", "ops.math.one.grad", "ops.math.ERF",
    "ops.activation._gelu_slope", "ops.statistics._spread.grad",
])  # fmt: skip
def test_rules_are_found(rule):
    assert any(key.startswith(rule + ":") for key in MUTANTS)


def test_forward_code_has_no_mutants():
    assert not any(m.rule.endswith("_emit") or m.rule in ("cos", "strided", "broadcast") for m in MUTANTS.values())


def test_keys_are_of_one_mutant_each():
    assert len(MUTANTS) == len(mutants.mutants(SOURCE)) > 1000


@pytest.mark.parametrize("key,case,dead", [
    ("ops.unary._neg_grad: NEG_FN → COPY_FN", "neg", True),
    ("ops.unary._neg_grad: into → 0", "neg", True),
    ("ops.unary.LOG: True → False", "log", True),
    ("ops.statistics._prod_grad: x + zero → x - zero", "product", False),
])  # fmt: skip
def test_a_fault_is_seen_and_taken_out_again(key, case, dead):
    vm.select()
    draws = [(case, seed) for seed in range(12)]
    assert mutate.dies(SOURCE, MUTANTS[key], draws) == dead
    for draw in draws:
        mutate.run(*draw)


def test_what_is_explained_is_there():
    assert set(mutate.explained()) <= set(MUTANTS)
