"""What is said of a name that is not there, and what dir() and the REPL's Tab show of names that load later."""

import shutil

import pytest

import ember
from checkout import ROOT, run_micropython
from ember import Tensor, nn, optim  # noqa: F401 (in what is evaluated)
from ember.base.names import names_of, nearest

TYPED = [  # (what, as it was typed, what is said)
    ("ember", "Trianer", "ember has no 'Trianer'; did you mean 'Trainer'?"),
    ("ember", "trainr", "ember has no 'trainr'; did you mean 'Trainer'?"),
    ("ember", "softmx", "ember has no 'softmx'; did you mean 'softmax'?"),
    ("ember", "xyzzy", "ember has no 'xyzzy'"),
    ("nn", "conv2d", "ember.nn has no 'conv2d'; did you mean 'Conv2d'?"),
    ("nn", "Linar", "ember.nn has no 'Linar'; did you mean 'Linear'?"),
    ("nn", "CrossEntropy", "ember.nn has no 'CrossEntropy'; did you mean 'CrossEntropyLoss'?"),
    ("optim", "adam", "ember.optim has no 'adam'; did you mean 'Adam'?"),
    ("optim", "RMSProp", "ember.optim has no 'RMSProp'; did you mean 'RMSprop'?"),
    ("nn.Linear(1, 1)", "wieght", "Linear has no 'wieght'; did you mean 'weight'?"),
    ("nn.ReLU()", "paramters", "ReLU has no 'paramters'; did you mean 'parameters'?"),
    ("Tensor([1.0])", "Sum", "a Tensor has no 'Sum'; did you mean 'sum'?"),
]


def script(lines):
    return "import ember\nfrom ember import Tensor, nn, optim\n" + lines


@pytest.mark.parametrize("what, typed, said", TYPED)
def test_the_name_that_was_meant(what, typed, said):
    with pytest.raises(AttributeError) as error:
        getattr(eval(what), typed)
    assert str(error.value) == said


def test_under_micropython_too(micropython):
    text = "".join("try: %s.%s\nexcept AttributeError as error: print(error)\n" % row[:2] for row in TYPED)
    assert micropython(script(text)).splitlines() == [said for _, _, said in TYPED]


def test_what_is_far_is_not_meant():
    assert nearest("abc", ["xyz", "abcdefgh"]) is None
    assert nearest("", ["a"]) is None
    assert nearest("lenear", ["Linear", "Bilinear"]) == "Linear"


@pytest.mark.parametrize("module", [ember, nn, optim], ids=lambda module: module.__name__)
def test_dir_lists_what_loads_later(module):
    assert set(names_of(module.__name__)) <= set(dir(module)) and "__name__" in dir(module)
    assert all(getattr(module, name) for name in names_of(module.__name__))


def test_dir_under_micropython(micropython):
    """Of the names that are interned; from the second time on, of all."""
    out = micropython(script("""
from ember.base.names import names_of
for module in ember, nn, optim:
    dir(module)
    there = dir(module)
    print([name for name in names_of(module.__name__) if name not in there])
"""), heap="4m")  # fmt: skip
    assert out == "[]\n[]\n[]\n"


def test_a_module_that_was_not_copied(tmp_path):
    shutil.copytree(ROOT / "lib" / "ember", tmp_path / "ember")
    (tmp_path / "ember" / "nn" / "conv.py").unlink()
    out = run_micropython("unix", "import sys\nsys.path.insert(0, %r)\nfrom ember import nn\ntry: nn.Conv1d\n"
                          "except ImportError as error: print(error)" % str(tmp_path))  # fmt: skip
    assert "Conv1d is in ember.nn.conv, which is not on this board: deploy --with Conv1d brings it" in out
