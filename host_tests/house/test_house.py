"""The house's rules: what the device package may import and use, how long a file may be, what no file may name."""

import ast
import builtins
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import MPY_CROSS, ROOT, run_micropython

sys.path.insert(0, str(ROOT / "lib"))
import parts  # noqa: E402

PACKAGE = ROOT / "lib" / "ember"
MODULES = sorted(PACKAGE.rglob("*.py"))
EXAMPLES = sorted((ROOT / "lib" / "examples").glob("*.py"))
LIVE = ROOT / "lib" / "examples" / "live.py"  # for boards that have asyncio
DEVICE_FILES = MODULES + [path for path in EXAMPLES if path != LIVE]

# --- What the device package may import

CORE = {"array", "math", "struct", "gc", "sys", "micropython"}
WIDER = CORE | {"os", "io", "time", "hashlib", "cryptolib", "binascii", "json", "random", "uctypes"}
# Those whose job needs more than the core's imports, and open(), which is how files are reached.
NOT_CORE = {"callbacks", "data", "data.count", "data.grow", "data.head", "data.layout", "data.memory", "data.pack",
            "data.place", "data.source", "progress", "runtime", "run.blocks", "run.checkpoint", "run.files",
            "run.identity", "run.reader", "run.slices", "run.slots", "sealed", "sealed.container", "sealed.key",
            "sealed.suite", "tensors.mapped", "train.export", "train.trainer"}  # fmt: skip
# Where it is: for a dict with an order; for AES on CPython.
BESIDE = {"nn.state": {"collections"}, "sealed.suite": {"cryptography"}}
OWN = {"ember", "ember_vm", "digits"}  # an example that another one trains

# --- What it may use of the builtins: what every MicroPython has, whatever its feature level

EXCEPTIONS = """ArithmeticError AssertionError AttributeError EOFError Exception GeneratorExit ImportError IndexError
    KeyError KeyboardInterrupt LookupError MemoryError NameError NotImplementedError OSError OverflowError RuntimeError
    StopIteration SyntaxError SystemExit TypeError ValueError ZeroDivisionError BaseException"""
FUNCTIONS = """abs all any bool bytearray bytes callable chr classmethod delattr dict dir divmod enumerate filter float
    getattr hasattr hash hex id int isinstance issubclass iter len list map max memoryview min next object oct bin ord
    pow print property range repr reversed round set setattr slice sorted staticmethod str sum super tuple type zip"""
ALLOWED = set((EXCEPTIONS + " " + FUNCTIONS).split())
MAY_OPEN = NOT_CORE | {"recording.plan_report", "run.alone"}
MAY_IMPORT_BY_NAME = {"base.homes"}  # which loads modules when they are first used

SYNTAX = {
    ast.AsyncFunctionDef: "async",
    ast.AsyncFor: "async",
    ast.AsyncWith: "async",
    ast.Await: "await",
    ast.AnnAssign: "an annotation: types live in lib/typings",
    ast.Nonlocal: "nonlocal: its cell is on the heap",
}


def imports(tree):
    """(line, top-level module) of whatever is imported from outside the package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module.split(".")[0]


def wrong_imports(tree, name):
    allowed = OWN | (WIDER if name in NOT_CORE else CORE) | BESIDE.get(name, set())
    return ["line %d imports %s" % found for found in imports(tree) if found[1] not in allowed]


def bound(tree):
    """Every name that the file itself gives a value, anywhere."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
    return names


def wrong_names(tree, name):
    allowed = ALLOWED | bound(tree)
    allowed |= {"open"} if name in MAY_OPEN else set()
    allowed |= {"__import__"} if name in MAY_IMPORT_BY_NAME else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and hasattr(builtins, node.id) and node.id not in allowed:
            if node.id not in ("__name__", "__debug__"):
                yield "line %d uses %s" % (node.lineno, node.id)


def wrong_syntax(tree):
    for node in ast.walk(tree):
        what = SYNTAX.get(type(node))
        if isinstance(node, ast.arguments) and node.posonlyargs:
            yield "line %d has positional-only parameters" % node.posonlyargs[0].lineno
        elif isinstance(node, ast.arg) and node.annotation or isinstance(node, ast.FunctionDef) and node.returns:
            yield "line %d has an annotation: types live in lib/typings" % node.lineno
        elif isinstance(node, ast.FunctionDef) and node.name == "__del__":
            yield "line %d defines __del__, which MicroPython never calls" % node.lineno
        elif isinstance(node, ast.FunctionDef) and node.name == "__exit__" and node.args.vararg:
            yield "line %d has an __exit__ with *, whose tuple takes memory: there may be none" % node.lineno
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and node.slice.step is not None:
            yield "line %d slices with a step: arrays have none" % node.lineno
        elif isinstance(node, ast.Dict) and None in node.keys:
            yield "line %d unpacks a dict into another" % node.lineno
        elif isinstance(node, ast.JoinedStr):
            yield "line %d has an f-string: small boards have none, use %%" % node.lineno
        elif what:
            yield "line %d has %s" % (node.lineno, what)


def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 8))  # before `match`


def called(path):
    """A module by its room and name; an example may do what a Trainer may."""
    return parts.called(path) if path in MODULES else "train.trainer"


@pytest.mark.parametrize("path", DEVICE_FILES, ids=called)
def test_a_device_file_uses_what_boards_have(path):
    tree, name = parse(path), called(path)
    wrong = wrong_imports(tree, name) + [*wrong_names(tree, name), *wrong_syntax(tree)]
    assert not wrong, "%s:\n%s" % (path.relative_to(ROOT), "\n".join(wrong))


@pytest.mark.parametrize(
    "text, expected",
    [
        ("import functools", "line 1 imports functools"),
        ("from os import path", "line 1 imports os"),
        ("def f():\n    import time", "line 2 imports time"),
        ("x = eval('1')", "line 1 uses eval"),
        ("f = open('x')", "line 1 uses open"),
        ("x = vars()", "line 1 uses vars"),
        ("breakpoint()", "line 1 uses breakpoint"),
        ("__import__('os')", "line 1 uses __import__"),
        ("def f(a, /): pass", "line 1 has positional-only parameters"),
        ("async def f(): pass", "line 1 has async"),
        ("def __exit__(self, *e): pass", "line 1 has an __exit__ with *, whose tuple takes memory: there may be none"),
        ("a = b[::2]", "line 1 slices with a step: arrays have none"),
        ("a = f'{b=}'", "line 1 has an f-string: small boards have none, use %"),
        ("def f(a: int): pass", "line 1 has an annotation: types live in lib/typings"),
        ("def f():\n    a = 1\n    def g():\n        nonlocal a", "line 4 has nonlocal: its cell is on the heap"),
    ],
)
def test_the_walk_finds(text, expected):
    tree = ast.parse(text)
    assert expected in wrong_imports(tree, "ops") + [*wrong_names(tree, "ops"), *wrong_syntax(tree)]


def test_the_walk_lets_pass():
    text = "try:\n    from micropython import const\nexcept ImportError:\n    def const(x):\n        return x\n"
    tree = ast.parse(text + "import ember_vm\nfrom . import isa\nfrom ember import nn\nfilter = len\n")
    assert not wrong_imports(tree, "ops") + [*wrong_names(tree, "ops"), *wrong_syntax(tree)]


def test_what_is_allowed_is_there():
    found = run_micropython("unix", "import builtins\nprint(dir(builtins))")
    assert ALLOWED | {"open"} <= set(ast.literal_eval(found))


@pytest.mark.parametrize("path", DEVICE_FILES, ids=called)
def test_mpy_cross_compiles(path, tmp_path):
    command = [MPY_CROSS, "-march=armv6m", "-o", tmp_path / "a.mpy", path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# --- The whole tree

SOURCES = {".py", ".c", ".h", ".sh", ".mk"}
MOST_LINES = 300
# Those that would not gain by a cut: to 400 lines at the most.
LONGER = {
    "firmware/vm/test/fuzz.c": 400,
    "lib/ember/recording/function.py": 335,
    "lib/ember/run/runner.py": 400,
    "lib/ember/tensors/tensor.py": 400,
}
GENERATED = {"firmware/vm/isa.h"}


def tracked():
    """Files that belong to the project, whether git knows them already or will."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        pytest.skip("no git checkout")
    names = done.stdout.decode().split("\0")
    return [Path(name) for name in names if name and (ROOT / name).is_file()]


def of_another(text):
    """(line, name) of each underscore name that is taken from anything but self, or imported from another module."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and not (
            isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        ):
            found.append((node.lineno, node.attr))
        elif isinstance(node, ast.ImportFrom):
            found += [(node.lineno, alias.name) for alias in node.names]
    return sorted((line, name) for line, name in found if name[0] == "_" and name[:2] != "__")


def test_nobody_reaches_into_another():
    text = "from .x import _a, b\nx._c()\nself._d = y._d\nself._e()\nx.__dict__"
    assert of_another(text) == [(1, "_a"), (2, "_c"), (3, "_d")]
    found = {parts.called(path): of_another(path.read_text()) for path in MODULES}
    assert {name: there for name, there in found.items() if there} == {}


def test_no_file_is_long():
    long = {}
    for name in tracked():
        path = name.as_posix()
        if name.suffix in SOURCES and name.parts[0] != "host_tests" and path not in GENERATED:
            lines = len((ROOT / name).read_bytes().splitlines())
            if lines > LONGER.get(path, MOST_LINES):
                long[path] = lines
    assert not long, "longer than %d lines: %s" % (MOST_LINES, long)


def test_no_file_names_this_machine():
    """Archives' addresses come from the machine's own settings; paths are relative."""
    words = [
        b"deb.debian" + b".org",
        b"archive.ubuntu" + b".com",
        b"ftp.debian" + b".org",
        b"security.debian" + b".org",
    ]
    words += [b"/" + folder + b"/" for folder in (b"work", b"root", b"tmp/mp")]
    found = []
    for name in tracked():
        text = (ROOT / name).read_bytes()
        found += ["%s names %s" % (name, word.decode()) for word in words if word in text]
    assert not found, "\n".join(found)
