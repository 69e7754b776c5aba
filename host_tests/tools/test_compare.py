"""`make compare TORCH=1`, as far as it can be looked at without PyTorch: its page, its command, how it measures."""

import ast
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from checkout import ROOT

HERE = ROOT / "host_tests" / "compare"
sys.path.append(str(HERE))

import measure  # noqa: E402
import page  # noqa: E402


def constants(kind):
    """What a kind says of itself, without loading PyTorch."""
    found = {}
    for node in ast.parse((HERE / (kind + ".py")).read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            found[node.targets[0].id] = node.value.value
    return found


def test_the_page_is_whole():
    """Each kind has a row, with as many cases as it makes; what differs has an id, and the rest is within bounds."""
    text = page.PAGE.read_text()
    seed, rows, failed = page.read(text)
    assert sum(cases for cases, *_ in rows.values()) > 5000
    for kind, (cases, numbers, worst, where, allowed, differ) in rows.items():
        said = constants(kind)
        assert cases == said.get("COUNT", cases) and numbers > cases
        assert "| %s: %s |" % (kind, said["TITLE"]) in text
        assert allowed == said["TOLERANCE"] and worst <= max(allowed, measure.OVER_NOISE * measure.USELESS)
        assert differ == len([name for name in failed if name.startswith("%s-%d-" % (kind, seed))])
        assert where.startswith("%s-%d-" % (kind, seed))
    assert page.COMMAND in text


def test_its_command_is_there():
    rules = (ROOT / "Makefile").read_text()
    command = rules[rules.index("\ncompare:") :].split("\n\n")[0]
    assert "host_tests/compare" in command and page.COMMAND.startswith("make compare")
    taken = {node.args[0].value for node in ast.walk(ast.parse((HERE / "__main__.py").read_text()))
             if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_argument"}  # fmt: skip
    said = {word.strip("),") for word in command.replace("(", " ").split() if word.startswith("--")}
    assert said and said <= taken
    assert (ROOT / "requirements-torch.txt").read_text().count("torch==") == 2


def tally(kind, cases, failed=()):
    module = SimpleNamespace(TITLE="of %s" % kind, TOLERANCE=1e-5)
    found = measure.Tally(module)
    found.cases, found.numbers, found.worst, found.where = cases, 7 * cases, 2.5e-6, "%s-3-4" % kind
    found.failed = list(failed)
    return found


def test_a_page_is_read_as_it_is_written():
    tallies = {kind: tally(kind, 10 + k) for k, kind in enumerate(measure.KINDS)}
    assert page.read(page.written(tallies, 3, "2.13.0")) == (
        3, {kind: (10 + k, 70 + 7 * k, 2.5e-6, "%s-3-4" % kind, 1e-5, 0) for k, kind in enumerate(measure.KINDS)},
        [])  # fmt: skip
    tallies["edges"].failed = ["edges-3-1", "edges-3-5"]
    assert page.read(page.written(tallies, 3, "2.13.0"))[1]["edges"][-1] == 2
    assert page.read(page.written(tallies, 3, "2.13.0"))[2] == ["edges-3-1", "edges-3-5"]
    del tallies["graphs"]
    with pytest.raises(ValueError, match="rows of"):
        page.read(page.written(tallies, 3, "2.13.0"))


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("found, expected, off", [
    ([1.0, 2.0], [1.0, 2.0], 0), ([1.0, 2.002], [1.0, 2.0], 1e-3), ([0.001, 0.0], [0.0, 0.0], 0.02),
    ([NAN, INF, -INF], [NAN, INF, -INF], 0), ([NAN], [1.0], INF), ([1.0], [NAN], INF), ([INF], [-INF], INF),
    ([INF, 1.0], [3e38, 1.0], INF), ([1.0], [1.0, 1.0], INF), ([], [], 0),
])  # fmt: skip
def test_errors(found, expected, off):
    assert measure.error(found, expected) == pytest.approx(off)


def test_errors_of_each_by_itself():
    assert measure.error_alone(np.array([1e-30, 1.0]), np.array([2e-30, 1.0]), measure.TINY) == pytest.approx(0.5)
    assert measure.error_alone(np.array([1e-30, 1.0]), np.array([2e-30, 1.0]), 1e-2) < 1e-25
    assert measure.error_alone(np.array([NAN]), np.array([0.0]), 1.0) == INF


def test_what_noise_hides_is_useless_and_what_it_does_not_differs():
    with pytest.raises(measure.Useless):
        measure.noise([np.array([1.0])], [np.array([1.1])])
    much = measure.noise([np.array([1.0])], [np.array([1.0 + 1e-6])])
    assert much == pytest.approx(1e-6)
    t = measure.Tally(SimpleNamespace(TOLERANCE=1e-7))
    assert not t.add("a", "text", [measure.Pair("x", [1.0 + 1e-5], [1.0], much)])
    assert t.add("b", "text", [measure.Pair("x", [1.0 + 1e-4], [1.0], much)])[0] == "b: text"
    assert t.cases == 2 and t.failed == ["b"] and t.where == "a"


def test_a_case_is_drawn_again():
    one, other = [measure.Draw("graphs", 1, 7) for _ in "ab"]
    assert one.shape() == other.shape() and (one.normal(3) == other.normal(3)).all()
    assert (measure.Draw("graphs", 2, 7).normal(9) != measure.Draw("graphs", 1, 7).normal(9)).any()
