"""The library's rooms: each stands on others, and no two on each other, wherever in a file the import stands."""

import ast
import sys

import pytest

from checkout import ROOT

sys.path.insert(0, str(ROOT / "lib"))
import parts  # noqa: E402

# What each room stands on. The modules beside the rooms, which people import by name, are rooms of their own.
STANDS_ON = {
    "base": set(),
    "progress": set(),
    "instructions": set(),
    "portable": {"base", "instructions"},
    "machine": {"instructions", "portable"},  # an image is written out as instructions
    "vm": {"instructions", "machine", "portable"},
    "schedule": {"base"},
    "tensors": {"base", "instructions", "machine", "portable", "vm"},
    "ops": {"base", "instructions", "tensors"},
    "run": {"base", "instructions", "machine", "tensors"},
    "sealed": {"run"},
    "runtime": {"base", "instructions", "portable", "run"},
    "data": {"base", "run", "tensors", "vm"},
    "callbacks": {"base", "instructions"},
    "guards": {"base", "instructions", "run"},
    "monitor": {"instructions", "machine"},
    "recording": {"base", "instructions", "machine", "portable", "run", "tensors", "vm"},
    "nn": {"base", "instructions", "ops", "recording", "tensors"},
    "filters": {"base", "ops", "tensors"},
    "functional": {"base", "nn", "ops", "tensors"},
    "optim": {"base", "instructions", "nn", "ops", "schedule", "tensors"},
    "metrics": {"base", "instructions", "machine", "nn", "ops", "recording", "run", "tensors", "vm"},
    "train": {"base", "instructions", "machine", "nn", "ops", "optim", "recording", "run", "tensors", "vm"},
    "__init__": {"base"},
}


def room(module):
    return module.partition(".")[0]


def pointed_at():
    """{room: the others that its modules import from, at their top or later}"""
    found = {}
    for module in parts.every():
        there = found.setdefault(room(module), set())
        for others in parts.imported(module):
            there.update(map(room, others))
    return {name: others - {name} for name, others in found.items()}


def in_order(stands_on):
    """The rooms, each after those that it stands on; ValueError names those that stand on each other."""
    order, left = [], dict(stands_on)
    while left:
        free = sorted(name for name, others in left.items() if not others & set(left))
        if not free:
            raise ValueError("in a circle: %s" % sorted(left))
        order += free
        for name in free:
            del left[name]
    return order


def test_a_room_points_at_what_it_stands_on():
    assert pointed_at() == STANDS_ON


def test_no_two_rooms_point_at_each_other():
    assert len(in_order(STANDS_ON)) == len(STANDS_ON)
    with pytest.raises(ValueError, match=r"in a circle: \['nn', 'ops'\]"):
        in_order({"base": set(), "nn": {"ops", "base"}, "ops": {"nn"}})


def test_what_runs_a_program_knows_of_no_model():
    """A runner, an image and an executor, whatever loads them: nothing of them leads to the front."""
    front, waiting, met = {"nn", "optim", "recording", "train", "ops"}, ["run", "runtime", "machine", "schedule"], set()
    while waiting:
        name = waiting.pop()
        if name not in met:
            met.add(name)
            waiting += STANDS_ON[name]
    assert not met & front


def test_a_module_of_a_room_that_looks_names_up_is_not_asked_for_as_one():
    """`from ..nn import loss` asks nn for a layer of that name; `from ..nn.loss import …` loads the module."""
    wrong = []
    for module in parts.every():
        for node in ast.walk(ast.parse((parts.PACKAGE / parts.file(module)).read_text())):
            for home, name in parts.meant(module, node) if isinstance(node, ast.ImportFrom) else ():
                owner = home.rpartition(".")[0]
                if name is None and owner and "def __getattr__" in (parts.PACKAGE / parts.file(owner)).read_text():
                    wrong.append("%s:%d imports %s" % (module, node.lineno, home))
    assert not wrong
