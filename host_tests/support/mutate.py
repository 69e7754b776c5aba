"""make mutate: does a test notice when a gradient rule is wrong? Each mutant of mutants.py runs the gradient cases, and
those of singular.py, that reach its rule, until one fails.

    python host_tests/support/mutate.py [part of a key ...]

Exits with 1 where a mutant survives that mutants_equivalent.txt does not explain. There, a line that begins with a
word is a reason, and the indented lines below it are the keys of the mutants that it explains.
"""

import ast
import gc
import multiprocessing
import os
import sys
import types
from collections import Counter
from importlib import import_module
from pathlib import Path

import numpy as np

import ember  # noqa: F401  (the package, so that its modules are found)
import mutants
import singular
from checkout import ROOT
from ember import vm
from ember.tensors import tensor
from gradients import check
from op_cases import Draw, everything, table
from singular_ember import wrong

EXPLAINED = Path(__file__).with_name("mutants_equivalent.txt")
PROFILED = 150  # draws of each case: which rows' gradients they run
ENOUGH = 150  # draws that reach a rule
SINGULAR = "singular: "  # before the names of cases of singular.py
OUTCOMES = ("killed", "equivalent", "survived", "unreached")


def draw(case, seed):
    rng = np.random.default_rng([seed, len(case)])
    return Draw(lambda options: options[rng.integers(len(options))])


def run(case, seed):
    with np.errstate(all="ignore"):
        if case.startswith(SINGULAR):
            assert not wrong(case[len(SINGULAR) :], seed, False)
        else:
            check(everything()[case][1], draw(case, seed))


def draws_of(case):
    """How often it is drawn."""
    return singular.CASES[case[len(SINGULAR) :]].variants if case.startswith(SINGULAR) else PROFILED


def profile(cases):
    """{row: [(case, seed)]}: which draws run the gradient of a row. A draw that fails without a fault, as one upon a
    kink does, is left out; a case may have few of those."""
    rows, found, seen = table(), {}, set()

    def watched(name, grad):
        def run_and_note(*arguments):
            seen.add(name)
            return grad(*arguments)

        return run_and_note

    kept = {name: op.grad for name, op in rows.items() if op.grad is not None}
    for name, grad in kept.items():
        rows[name].grad = watched(name, grad)
    try:
        for case in cases:
            failed = 0
            for seed in range(draws_of(case)):
                seen.clear()
                try:
                    run(case, seed)
                except Exception as error:
                    failed += 1
                    seen.clear()
                    if failed > PROFILED // 50:
                        raise AssertionError("%s, draw %d fails without a fault" % (case, seed)) from error
                for name in seen:
                    found.setdefault(name, []).append((case, seed))
    finally:
        for name, grad in kept.items():
            rows[name].grad = grad
    return found


def chosen(profiled, rows):
    """Draws that reach these rows: ENOUGH, taken in turn from each case of each row."""
    lanes = {}
    for row in sorted(rows):
        for case, seed in profiled.get(row, ()):
            lanes.setdefault((row, case), []).append((case, seed))
    found = []
    for i in range(PROFILED):
        for lane in lanes.values():
            if i < len(lane) and lane[i] not in found:
                found.append(lane[i])
        if len(found) >= ENOUGH * max(1, len(rows) // 8) and i >= 12:
            break
    return found


def live(name_of_file):
    """Every function made by a module's source that a row of the table, or another function, holds."""
    found, waiting = {}, [op.grad for op in table().values()] + [op.emit for op in table().values()]
    for module in list(sys.modules.values()):
        if (getattr(module, "__file__", None) or "").endswith(name_of_file):
            waiting += list(vars(module).values())
    while waiting:
        function = waiting.pop()
        if isinstance(function, types.FunctionType) and id(function) not in found:
            found[id(function)] = function
            for cell in function.__closure__ or ():
                waiting.append(cell.cell_contents)
    return [f for f in found.values() if f.__code__.co_filename.endswith(name_of_file)]


def codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


class planted:
    """`with planted(source, mutant):` the library has that fault."""

    def __init__(self, source, mutant):
        self.source, self.mutant, self.undo = source, mutant, []

    def __enter__(self):
        mutant = self.mutant
        mutant.apply()
        try:
            if isinstance(mutant.node, ast.Call):
                self._row(mutant)
            else:
                self._function(mutant)
        finally:
            mutant.undo()

    def _row(self, mutant):
        """A row made anew gives its gradient to the one that is in use."""
        module = import_module("ember." + mutant.module)
        op = getattr(module, mutant.rule)
        self.undo.append((op, "grad", op.grad))
        code = compile(ast.fix_missing_locations(ast.Expression(mutant.node)), "mutant", "eval")
        op.grad = eval(code, dict(vars(module))).grad

    def _function(self, mutant):
        file, node = "ember/%s.py" % mutant.module.replace(".", "/"), mutant.node
        functions = [f for f in live(file) if (f.__name__, f.__code__.co_firstlineno) == (node.name, node.lineno)]
        free = functions[0].__code__.co_freevars
        body = list(node.body)
        if free:  # what the fault no longer mentions stays a variable of the closure
            node.body.insert(0, ast.parse("if 0: (%s,)" % ", ".join(free)).body[0])
        try:
            tree = ast.fix_missing_locations(self.source.trees[mutant.module])
            made = [c for c in codes(compile(tree, str(ROOT / "lib" / file), "exec"))
                    if (c.co_name, c.co_firstlineno) == (node.name, node.lineno)]  # fmt: skip
        finally:
            node.body[:] = body
        for f in functions:
            self.undo.append((f, "__code__", f.__code__))
            f.__code__ = made[0]

    def __exit__(self, *error):
        for target, name, value in self.undo:
            setattr(target, name, value)


def dies(source, mutant, draws):
    """Whether one of the draws fails, or the fault does not even compile."""
    try:
        with planted(source, mutant):
            for case, seed in draws:
                run(case, seed)
    except Exception:
        tensor._sink = None  # it may hold what was emitted before the fault
        tensor.grad_enabled = True
        return True
    return False


def explained():
    """{key of a mutant: why it is equivalent}"""
    found, reason = {}, ""
    for line in EXPLAINED.read_text().splitlines():
        if line.startswith(" "):
            found[" ".join(line.split())] = reason
        elif line:
            reason = line
    return found


_source = _mutants = _profiled = None


def outcome(number):
    mutant = _mutants[number]
    draws = chosen(_profiled, _source.rows_of(mutant.module, mutant.rule))
    if not draws:
        return number, "unreached"
    return number, "killed" if dies(_source, mutant, draws) else "survived"


def main(wanted):
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

    global _source, _mutants, _profiled
    vm.select()
    _source = mutants.Source()
    _mutants = [m for m in mutants.mutants(_source) if not wanted or any(part in m.key for part in wanted)]
    console, reasons, results = Console(), explained(), {}
    console.print("%d mutants; which draws reach which rule ..." % len(_mutants))
    rows = {row for m in _mutants for row in _source.rows_of(m.module, m.rule)}
    cases = [name for name, (covered, _) in sorted(everything().items()) if rows & set(covered)]
    _profiled = profile(cases + [SINGULAR + name for name in singular.CASES])
    gc.freeze()
    with (
        multiprocessing.get_context("fork").Pool(min(2, os.cpu_count() or 1)) as pool,
        Progress(console=console) as bar,
    ):
        task = bar.add_task("mutants", total=len(_mutants))
        for number, result in pool.imap_unordered(outcome, range(len(_mutants)), 8):
            if result == "survived" and _mutants[number].key in reasons:
                result = "equivalent"
            results[number] = result
            if result in ("survived", "unreached"):
                print("%s, line %d: %s" % (result, _mutants[number].line, _mutants[number].key), flush=True)
            bar.advance(task)
    summary = Table("module", *OUTCOMES)
    for module in sorted({m.module for m in _mutants}):
        counts = Counter(results[i] for i, m in enumerate(_mutants) if m.module == module)
        summary.add_row(module, *(str(counts[name]) for name in OUTCOMES))
    total = Counter(results.values())
    summary.add_row("all", *(str(total[name]) for name in OUTCOMES), style="bold")
    console.print(summary)
    left = total["survived"] + total["unreached"]
    if not wanted:
        keys = {m.key for m in _mutants}
        for key in sorted(set(reasons) - keys):
            print("explained, but no longer there: %s" % key)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
