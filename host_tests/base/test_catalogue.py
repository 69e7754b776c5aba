"""Every entry of the catalogue is there, says what it does, has a type, and a gradient that is tested on both VMs."""

import ast
import inspect
import sys
import types

import numpy as np
import pytest
from tools import catalogue_page

import ember
from catalogue_list import DIFFERENTIABLE, ENTRIES, STEPS, find
from checkout import ROOT
from ember import nn, vm
from ember.base import catalogue
from ember_tools.catalogue import listed
from ember_tools.flat import PARTS
from op_cases import Draw, everything, table, vms

STUBS = ROOT / "lib" / "typings" / "ember"
DRAWS = 100  # of each case: its choices are among names, too


def ids(entries):
    return ["%s.%s" % (place.split(".", 1)[-1], name) for _, place, name in entries]


@pytest.mark.parametrize("title,place,name", ENTRIES, ids=ids(ENTRIES))
def test_it_is_there(title, place, name):
    assert callable(find(place, name))


def test_no_function_is_called_as_a_module_is():
    """`ember.name` would be the module."""
    functions = (catalogue.OPERATORS + listed("OPERATIONS", "FUNCTIONS")).split()
    assert not {module.partition(".")[0] for module in PARTS["every"]()} & set(functions)


# In the catalogue, not in the list: other names for what is in it, and what has tests of its own.
BESIDE = set(
    "movedim unflatten narrow unbind broadcast_to expand_as logical_not size dim embedding "
    "scaled_dot_product_attention TransformerEncoder decay_groups EMA".split()
)


def test_the_list_has_what_the_catalogue_has():
    words = listed("OPERATIONS", "FUNCTIONS", "LAYERS", "OPTIMIZERS").split()
    assert {word for word in words if word[-1] != ":"} - {name for _, _, name in ENTRIES} == BESIDE


@pytest.mark.parametrize("title,place,name", ENTRIES, ids=ids(ENTRIES))
def test_it_says_what_it_does(title, place, name):
    found = find(place, name)
    assert found.__doc__ and found.__doc__ != object.__init__.__doc__, "%s has no docstring" % name


def declared(module):
    tree = ast.parse((STUBS / PARTS["file"](module)).with_suffix(".pyi").read_text())
    found = set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name for a in node.names}
        elif isinstance(node, ast.Assign):
            found |= {t.id for t in node.targets if isinstance(t, ast.Name)}
    return found


@pytest.mark.parametrize("title,place,name", ENTRIES, ids=ids(ENTRIES))
def test_it_has_a_type(title, place, name):
    find(place, name)
    module = "__init__" if place == "ember" else find(place, name).__module__.partition(".")[2]
    module = "functional" if place == "ember.functional" else module
    assert name in declared(module)


@pytest.mark.parametrize("name", sorted(table()))
def test_rows_speak_one_dialect(name):
    row = table()[name]
    for function, said in ((row.emit, "sink y inputs saved"), (row.grad, "sink y g inputs saved")):
        assert function is None or list(inspect.signature(function).parameters) == said.split()


def test_its_page_is_current():
    vm.select()
    assert catalogue_page.PAGE.read_text() == catalogue_page.page(), "make generate"


OURS = str(ROOT / "lib" / "ember")


def by_a_case(caller):
    """Whether a case called it, or an operator that a case wrote: not the library for its own ends."""
    code = caller.f_code
    return not code.co_filename.startswith(OURS) or (
        code.co_filename.endswith("tensor.py") and code.co_name.startswith("__") and by_a_case(caller.f_back)
    )


class watching:
    """`with watching() as seen:` the names of the public functions and layers that cases call themselves."""

    def __enter__(self):
        self.seen, self.undo = set(), []
        functions = {}
        for title, place, name in ENTRIES:
            try:
                found = find(place, name)
            except AttributeError:
                continue
            if title in ("Operations", "Signals") and isinstance(found, types.FunctionType):
                functions[found.__code__] = name
            elif isinstance(found, type) and issubclass(found, nn.Module):
                self.undo.append((found, found.__dict__.get("__call__")))
                found.__call__ = self.noting(name, found.__call__)
        self.functions = functions
        self.profile = sys.getprofile()
        sys.setprofile(self.note)
        return self.seen

    def noting(self, name, call):
        def run(module, *arguments, **named):
            if type(module).__name__ == name and by_a_case(sys._getframe(1)):
                self.seen.add(name)
            return call(module, *arguments, **named)

        return run

    def note(self, frame, event, argument):
        name = self.functions.get(frame.f_code) if event == "call" else None
        if name and by_a_case(frame.f_back):
            self.seen.add(name)

    def __exit__(self, *error):
        sys.setprofile(self.profile)
        for found, call in reversed(self.undo):
            if call is None:
                del found.__call__
            else:
                found.__call__ = call


def run(case, seed):
    rng = np.random.default_rng([seed, len(case)])
    inputs, in_ember, _, _ = everything()[case][1](Draw(lambda options: options[rng.integers(len(options))]))
    y = in_ember(*[ember.Tensor([float(v) for v in a.ravel()], a.shape, True) for a in inputs])
    assert y.requires_grad
    return y


telling = []  # (case, seed) of the draws that ran a name for the first time


@pytest.fixture(scope="module", params=vms())
def ran(request):
    """The names of what the gradient cases run: in many draws, of which the second VM repeats those that told."""
    vm.select(request.param)
    draws = list(telling) or [(case, seed) for seed in range(DRAWS) for case in sorted(everything())]
    with watching() as seen:
        for case, seed in draws:
            before = len(seen)
            run(case, seed)
            if len(seen) > before:
                telling.append((case, seed))
    vm.select()
    return seen


GRADIENTS = [e for e in ENTRIES if e[0] in DIFFERENTIABLE and e[2] not in STEPS]


@pytest.mark.parametrize("title,place,name", GRADIENTS, ids=ids(GRADIENTS))
def test_its_gradient_is_tested(ran, title, place, name):
    assert name in ran


@pytest.mark.parametrize("name", STEPS)
def test_what_goes_in_steps_has_no_gradient(name):
    x = ember.Tensor([1.0, 2.0], requires_grad=True)
    if name == "one_hot":
        x = ember.Tensor([1, 0], dtype="i")
        assert not ember.one_hot(x, 2).requires_grad
        return
    function = getattr(ember, name)
    two = ("eq", "ne", "lt", "le", "gt", "ge", "floor_divide", "logical_and", "logical_or", "logical_xor")
    more = [0.5] if name in two else []
    assert not function(x, *more).requires_grad


def test_every_row_of_its_page_has_an_example():
    """So it says which instructions an entry uses, and how many bytes of scratch it takes."""
    rows = [line for line in (ROOT / "docs" / "catalogue.md").read_text().splitlines() if line.endswith("| | | |")]
    assert not rows
