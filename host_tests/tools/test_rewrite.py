"""What is done to the library for a board: names of integers written in, modules joined; it computes what it did."""

import ast
import os
import re
import subprocess
import sys

import pytest

from checkout import BUILD, MICROPYTHON, ROOT
from ember_tools import onboard
from ember_tools.rewrite import Package, RewriteError

DEVICE, HOST = ROOT / "host_tests" / "device", ROOT / "tools" / "host"
NUMBERS = "A, B = 3, 1 << 4\nC = A + B\nNAME = 'f'\nLONG = 'more than it takes'\nlist_ = [A]\n"


def written(joined=None, **texts):
    return Package(dict({"numbers": NUMBERS, "__init__": ""}, **texts), joined).written()


def run(text):
    found = {}
    exec(text, found)
    return found


# --- Literals


@pytest.mark.parametrize("imports, said", [
    ("from . import numbers", "numbers.%s"),
    ("from . import numbers as n", "n.%s"),
    ("from .numbers import A, B, C, NAME", "%s"),
    ("from .more import A, B, C, NAME", "%s"),
])  # fmt: skip
def test_integers_and_short_strings_are_written_in(imports, said):
    names = ", ".join(said % name for name in ("A", "B", "C", "NAME"))
    text = "%s\n\n\ndef f(x):\n    return x, %s\n" % (imports, names)
    made = written(user=text, more="from .numbers import A, B, C, NAME\n")["user"]
    assert made == "\n\n\ndef f(x):\n    return x, 3, 16, 19, 'f'\n"


def test_a_module_that_only_names_integers_is_gone():
    made = written(plain="X, Y = range(2)\nZ = -X - 1\n", user="from . import plain\nz = [plain.Z, plain.Y]\n")
    assert "plain" not in made
    assert run(made["user"])["z"] == [-1, 1]


def test_what_is_no_integer_stays():
    made = written(user="from .numbers import A, LONG, list_\n\nx = [A, LONG, list_]\n")
    assert made["user"] == "from .numbers import LONG, list_\n\nx = [3, LONG, list_]\n"
    assert run(made["numbers"])["list_"] == [3]


def test_a_name_that_changes_is_no_integer():
    text = "n = 0\nm = 1\nm = 2\nk = 3\n\n\ndef f():\n    global n\n    n += 1\n    return n, m, k\n"
    made = written(counted=text)["counted"]
    assert made == text.replace("k = 3", "").replace(" m, k", " m, 3")


def test_a_local_name_is_another():
    text = """from .numbers import A
from . import numbers


def f(A):
    return A


def g():
    A = 1
    return A, lambda A: A, [A for A in ()]


def h(x=A):
    return numbers.A, (lambda: A)(), [x for x in (A,)], {A: A for x in ()}


class K:
    A = A

    def f(self):
        return A


def i(numbers):
    return numbers.A
"""
    made = written(user=text)["user"]
    assert "def f(A):\n    return A\n" in made
    assert "    A = 1\n    return A, lambda A: A, [A for A in ()]\n" in made
    assert "def h(x=3):\n    return 3, (lambda: 3)(), [x for x in (3,)], {3: 3 for x in ()}\n" in made
    assert "    A = A\n\n    def f(self):\n        return 3\n" in made
    assert "def i(numbers):\n    return numbers.A\n" in made


def test_a_name_that_may_be_two_things_is_assigned():
    text = "def f(x):\n    if x:\n        from .numbers import A as y\n    else:\n        y = 0\n    return y\n"
    made = written(user=text)["user"]
    assert made == text.replace("from .numbers import A as y", "y = 3")
    assert run(made)["f"](True) == 3


def test_every_line_stays_where_it_is():
    text = "from .numbers import (\n    A,\n    LONG,\n)\n\n\n"
    text += "def f():\n    from .numbers import B\n\n    return A, B, LONG\n"
    made = written(user=text)["user"]
    assert made == "from .numbers import LONG\n\n\n\n\n\ndef f():\n    pass\n\n    return 3, 16, LONG\n"


# --- Joined


def test_joined_modules_are_one():
    first = "import math\n\n\ndef f(value, other=1):\n    return value + other\n\n\ndef _same():\n    return 1\n"
    second = "import math\n\nfrom . import first\nfrom .first import f as g\n\n\n"
    second += "def _same():\n    return 2\n\n\ndef sum(x):\n"
    second += "    return g(x), first.f(x, 3), first._same(), _same(), math.pi\n"
    user = "from . import second\nfrom .first import f, _same\nfrom .second import sum as total\n\n"
    user += "x = f(1), _same(), total(1), second.sum\n"
    made = Package(
        {"__init__": "", "first": first, "second": second, "user": user}, {"core": ("first", "second")}
    ).written()
    assert sorted(made) == ["core", "user"]
    assert made["core"].count("import") == 1
    core = run(made["core"])
    assert core["second_sum"](1) == (2, 4, 1, 2, core["math"].pi)
    assert "def f(a, b=1):\n    return a + b\n" in made["core"]
    imports = "from . import core as second\nfrom .core import f, _0 as _same\n"
    assert made["user"].startswith(imports + "from .core import second_sum as total\n")
    assert "total(1), second.second_sum" in made["user"]


def test_a_line_of_core_is_one_of_a_module():
    texts = {"__init__": "", "first": "def f():\n    return 1\n", "second": "\n\ndef g():\n    return 1 / 0\n"}
    package = Package(texts, {"core": ("first", "second")})
    lines = package.written()["core"].splitlines()
    for k, line in enumerate(lines):
        if line and not line.startswith("#"):
            module, number = package.where("core", k + 1)
            assert texts[module].splitlines()[number - 1] == line
    with pytest.raises(RewriteError):
        package.where("core", len(lines) + 2)


def test_arguments_that_somebody_names_keep_their_names():
    texts = {
        "__init__": "",
        "first": "def f(value, other):\n    return [value for x in other]\n\n\ny = f(1, other=[2])\n",
    }
    assert "def f(a, other):\n    return [a for x in other]\n" in Package(texts, {"core": ("first",)}).written()["core"]
    kept = Package(texts, {"core": ("first",)}, asked={"first": ["f"]}).written()["core"]
    assert "def f(value, other)" in kept


def test_an_argument_within_an_argument():
    text = "def f(value, a):\n    def g(other, b):\n        return value, other, a, b\n\n    return g\n"
    made = run(Package({"__init__": "", "first": text}, {"core": ("first",)}).written()["core"])
    assert made["f"](1, 2)(3, 4) == (1, 3, 2, 4)


@pytest.mark.parametrize("text, asked, message", [
    ("def sum(x):\n    return x\n", {"first": ["sum"]}, "asked for by name"),
    ("def g():\n    from . import second\n\n    second.x = 1\n", {}, "sets second.x"),
    ("from . import second\nx = second.numbers.A\n", {}, "is a module"),
])  # fmt: skip
def test_what_it_does_not_understand_it_refuses(text, asked, message):
    texts = {"__init__": "", "first": text, "second": "from . import numbers\nx = [numbers.A]\n", "numbers": NUMBERS}
    with pytest.raises(RewriteError, match=message):
        Package(texts, {"core": ("second", "first")}, asked=asked).written()


# --- The library


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The library as a board has it, as sources."""
    folder = tmp_path_factory.mktemp("written")
    (folder / "ember").mkdir()
    for name, text in onboard.written().items():
        (folder / "ember" / (name + ".py")).write_text(text)
    return folder


def test_no_integer_is_asked_for_by_name():
    made = onboard.written()
    assert not {"isa", "program"} & set(made)
    assert sum(map(len, map(str.splitlines, made.values()))) > 15000


def functions(text):
    """{line: name} of the functions and classes."""
    kinds = ast.FunctionDef, ast.ClassDef
    return [(node.lineno, node.name) for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]


def test_each_function_stays_on_its_line():
    package = onboard.package()
    for file, text in onboard.written().items():
        there = {line: name for line, name in functions(text) if name != "_said"}
        for line, name in there.items():
            module, number = package.where(file, line) if file in package.joined else (file, line)
            here = dict(functions(package.sources[module].text))[number]
            assert here[0] == "_" if re.fullmatch(r"_\d+", name) else here.strip("_") in name, (module, number, name)
        modules = package.joined.get(file, [file])
        assert file == "words" or len(there) == sum(len(functions(package.sources[m].text)) for m in modules) or (
            "__init__" in modules)  # fmt: skip


def test_a_traceback_says_the_module():
    """As the board prints it: the file it has, and the line there."""
    lines = onboard.written()["core"].splitlines()
    at = next(k for k, line in enumerate(lines) if "class Recording" in line) + 1
    text = onboard.package().sources["recording_recording"].text.splitlines()
    there = next(k for k, line in enumerate(text) if "class Recording" in line) + 1
    said = 'Traceback (most recent call last):\n  File "/lib/ember/core.py", line %d, in _7\n' % at
    assert 'File "ember/recording/recording.py", line %d, in Recording\n' % there in onboard.traced(said)
    assert onboard.traced('File "core.py", line 1') == 'File "core.py", line 1'


INTERPRETERS = {"cpython": (sys.executable, "PYTHONPATH", HOST), "unix-single": (
    MICROPYTHON["unix-single"], "MICROPYPATH", BUILD / "native")}  # fmt: skip
BITS = "from ember import vm\nvm.select('native')\nimport bits\nbits.main('digits.bin', bits.MODELS[%d:][:1])"
SUITES = "numbers", "ops", "storage", "trainer", "travel", "values"
UNITTEST = "from ember import vm\nvm.select('native')\nimport unittest\nunittest.main('test_%s')"


def said(name, folder, script, where):
    binary, variable, native = INTERPRETERS[name]
    path = ":".join(map(str, (folder, native, DEVICE, *([DEVICE / "lib"] if name != "cpython" else []))))
    done = subprocess.run([str(binary), "-c", script], env=dict(os.environ, **{variable: path}), cwd=where,
                          capture_output=True, text=True)  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", INTERPRETERS)
@pytest.mark.parametrize("model", range(8))
def test_it_learns_the_same_bits(name, model, folder, tmp_path):
    (tmp_path / "digits.bin").write_bytes((ROOT / "lib" / "examples" / "digits.bin").read_bytes())
    found = said(name, folder, BITS % model, tmp_path)
    expected = said("cpython", ROOT / "lib", BITS % model, tmp_path)
    assert (found[0], found[2]) == (0, "")
    assert found[1].split(" | ")[:2] == expected[1].split(" | ")[:2] and len(found[1]) > 60


@pytest.mark.parametrize("name", INTERPRETERS)
@pytest.mark.parametrize("suite", SUITES)
def test_it_passes_the_device_tests(name, suite, folder, tmp_path):
    (tmp_path / "digits.bin").write_bytes((ROOT / "lib" / "examples" / "digits.bin").read_bytes())
    code, found, errors = said(name, folder, UNITTEST % suite, tmp_path)
    assert code == 0 and "OK" in found + errors, found + errors


LOUD = """X = "is x; it may be something else, or nothing at all"


def f(x):
    if x:
        raise ValueError(
            "is %r; it may be something else,"
            " or nothing at all" % x)
    raise TypeError("short")


def g():
    return f(0)
"""


def test_a_long_message_loads_when_its_error_is_raised(tmp_path):
    """Short ones, and what is no message of an error, stay; the lines stay too."""
    made = Package({"__init__": "", "loud": LOUD}, quiet=("loud",)).written()
    assert functions(made["loud"])[:2] == functions(LOUD) and "%r" not in made["loud"] and '"short"' in made["loud"]
    (tmp_path / "ember").mkdir()
    for name in ("__init__", "loud", "words"):
        (tmp_path / "ember" / (name + ".py")).write_text(made.get(name, ""))
    script = "import sys\nfrom ember import loud\nprint('ember.words' in sys.modules)\ntry: loud.f(3)\n"
    script += "except ValueError as error: print(error)\nprint('ember.words' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["False", "is 3; it may be something else, or nothing at all", "True"]


HIDDEN = """
class A:
    _n = 1

    def _f(self):
        return self._n

    def g(self):
        self._m = self._f()
        return self._m, self.__class__.__name__


_A = A


def _h():
    return _A().g()


result = _h()
"""


def test_what_nobody_else_uses_is_a_number():
    made = Package({"__init__": "", "first": HIDDEN}, {"core": ("first",)}).written()["core"]
    assert not re.search(r"\b_[a-zA-Z]", made) and run(made)["result"] == (1, "A")


# --- What only hands its arguments on

EMIT = "def two(sink, n, a, b):\n    sink.emit(2, n, a, b)\n\n\ndef one(sink, a):\n    sink.emit(1, a)\n"
LINES = """from . import emit


def f(sink, words, a):
    emit.two(sink, n=A, a=(a + 1),
             b=-1)
    emit.two(
        sink, 1, a=f(a=2), b=emit.one(sink, a=a))
    emit.two(sink, *words, b=[a])
    return emit.one(sink.inner(), a)
"""
IN_PLACE = """from .numbers import A



def f(sink, words, a):
    sink.emit(2, 3, (a + 1),
             -1)
    sink.emit(
2, 1, f(a=2), sink.emit(1, a))
    sink.emit(2, *words, [a])
    return sink.inner().emit(1, a)
"""


def in_place(text, emit=EMIT, joined=None):
    texts = {"__init__": "", "numbers": NUMBERS, "emit": emit, "user": text}
    return Package(texts, joined, inline=("emit",)).written()


def test_calls_of_what_hands_its_arguments_on_are_written_in_place():
    made = in_place("from .numbers import A\n" + LINES)
    assert "emit" not in made
    assert made["user"] == IN_PLACE.replace("from .numbers import A", "")


def test_their_names_keep_no_argument_from_being_a_letter():
    text = "from . import emit\n\n\ndef f(sink, words):\n    emit.one(sink, words=words)\n"
    made = in_place(text, EMIT.replace("(sink, a)", "(sink, words)").replace("1, a", "1, words"), {"core": ("user",)})
    assert "def f(a, b):\n    a.emit(1, b)\n" in made["core"]


@pytest.mark.parametrize("call", [
    "emit.two(sink, a=1, n=2, b=3)", "emit.two(sink, n=1, a=2)", "emit.two(sink, 1, 2, 3, 4)", "emit.one(sink, c=1)",
    "emit.one(a=1, sink=sink)", "emit.one(sink, **words)", "emit.one(*words)", "emit.one(sink or words, a=1)",
    "emit.one((sink), a=1)", "emit.one(sink, a = (1))", "emit.three(sink, a=1)", "f(emit)", "emit.one", "f(emit.one)",
])  # fmt: skip
def test_what_it_cannot_write_in_place_it_refuses(call):
    with pytest.raises(RewriteError):
        print(in_place("from . import emit\n\n\ndef f(sink, words):\n    %s\n" % call))


@pytest.mark.parametrize("text", [
    "def one(sink, a):\n    sink.emit(1, a + 1)\n", "def one(sink, a):\n    return a\n",
    "def two(sink, a, b):\n    sink.emit(1, b, a)\n", "def one(sink, a):\n    sink.emit(1, a)\n    sink.flush()\n",
])  # fmt: skip
def test_what_does_more_is_not_written_in_place(text):
    with pytest.raises(RewriteError, match="more than"):
        in_place("", text)


def test_functions_of_it_are_not_imported_by_name():
    with pytest.raises(RewriteError, match="other than by calling"):
        in_place("from .emit import one\n")


def test_no_instruction_is_emitted_by_name_on_a_board():
    made = onboard.written()
    assert "instructions_emit" not in made
    assert not [name for name, text in made.items() if re.search(r"(?<![\w.])emit\.\w+\(", text)]
