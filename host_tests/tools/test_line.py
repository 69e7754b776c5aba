"""Boards that lie, break and never stop: whatever comes over the line ends in plain words, in bounded time, and no
character of it reaches the terminal as it came."""

import itertools
import string
import traceback
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from ember_tools import answer, facts, install, line, selftest, shown
from ember_tools.__main__ import app
from pretended import FACTS, RESULT, Answers, Endless, Never, Port, deployed

LONG = pytest.mark.long
TERMINAL = "\x1b]0;mine\x07\x1b[2J\x1b[31m\x9b2J\x08\x08\r\x00\x7f"
HIDDEN = "a\u202eb\u2066c\u200bd\ufeffe\u0301\u0489\u05d0\u3164\U000e0041\ue000\ud800".encode("utf-8", "surrogatepass")
RIGHT_TO_LEFT = {"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "PDF", "PDI", "FSI"}


def harmful(text):
    """The characters that a terminal obeys, does not show, or moves: as Unicode's tables have it, not shown.py."""
    return {
        c for c in text
        if c != "\n" and (unicodedata.category(c)[0] in "CM" or unicodedata.category(c) in ("Zl", "Zp")
                          or unicodedata.bidirectional(c) in RIGHT_TO_LEFT or c in "\u115f\u1160\u3164\uffa0\u2800")
    }  # fmt: skip


def tried(port):
    """A deploy through a port that may end well, or in words."""
    done = deployed(port)
    raised = done.exception
    assert raised is None or isinstance(raised, SystemExit), "".join(traceback.format_exception(*done.exc_info))
    assert done.exit_code in (0, 1)
    assert not harmful(done.stdout + done.stderr), ascii(done.stdout + done.stderr)
    assert (done.exit_code == 1) == (len(done.stderr.strip()) > 20)
    assert len(done.stderr) < 1500 and len(done.stdout) < 6000
    assert port.clock < 500
    return done


def good(**options):
    port = Port(Answers(**options))
    assert tried(port).exit_code == 0
    return port


WAYS = {False: good(), True: good(in_rom=True)}
PRINTS_FACTS = 1 + WAYS[False].said.index(repr(FACTS).encode())
PRINTS_LOAD = 1 + WAYS[False].said.index(b"7")
EACH_WAY = pytest.mark.parametrize("in_rom", [False, True], ids=["files", "ROMFS"])


def some(count, parts):
    """One of so many, beginning with another each time: of a short run, which in all still sees all of a dialogue."""
    start = some.next = (some.next + 7) % parts
    return range(1 + start, 1 + count, parts)


some.next = 0
# A part of all: the first runs with make test.
PARTS = pytest.mark.parametrize("parts", [90, pytest.param(1, marks=LONG)], ids=["some", "all"])
FEW = pytest.mark.parametrize("parts", [9, pytest.param(1, marks=LONG)], ids=["some", "all"])


@pytest.mark.parametrize("paste", [False, True])
@EACH_WAY
def test_a_board_that_answers_well_is_installed_on(in_rom, paste):
    done = tried(Port(Answers(in_rom), paste=paste))
    assert done.exit_code == 0 and "the same bits as everywhere" in done.stdout and not done.stderr
    assert "Installed 3 files" in done.stdout


# --- Something else in place of any utterance

UTTERED = {
    "nothing": lambda said: b"",
    "half": lambda said: said[: len(said) // 2],
    "twice": lambda said: said * 2,
    "backwards": lambda said: said[::-1],
    "more": lambda said: said + b"\x04\x04>OK",
    "control": lambda said: TERMINAL.encode("latin-1"),
    "control before": lambda said: TERMINAL.encode() + said,
    "hidden": lambda said: HIDDEN + said,
    "no UTF-8": lambda said: b"\xff\xfe\x80\xc0" + said,
    "zero": lambda said: bytes(2),
    "much": lambda said: b"\xff\xff",
    "no paste": lambda said: b"R\x00",
    "ended": lambda said: b"\x04",
    "a traceback": lambda said: b"\x04Traceback:\r\nOSError: " + TERMINAL.encode() + b"\x04>",
    "an empty traceback": lambda said: b"\x04 \r\n\x04>",
    "a prompt": lambda said: b"raw REPL; CTRL-B to exit\r\n>",
    "on and on": lambda said: Endless(b"x"),
    "windows": lambda said: Endless(b"\x01"),
    "ends": lambda said: Endless(b"\x04"),
    "control, on and on": lambda said: Endless(TERMINAL.encode() + b"\r\n"),
}


@PARTS
@pytest.mark.parametrize("name", UTTERED)
@EACH_WAY
def test_something_else_is_said(in_rom, name, parts, monkeypatch):
    monkeypatch.setattr(line, "MOST", 1 << 14)  # a flood that ends soon
    for at in some(len(WAYS[in_rom].said), parts):
        tried(Port(Answers(in_rom), at, UTTERED[name]))


def test_a_board_that_never_stops_is_left():
    """By what it sends, where that comes fast; by the clock, where not."""
    for at, baud, says in (
        (PRINTS_FACTS, 10, "does not answer"),
        (PRINTS_LOAD, 10**9, "sends without end while it was to"),
    ):
        port = Port(Answers(), at, UTTERED["on and on"])
        port.BAUD = baud
        assert says in tried(port).stderr


# --- Something else in place of what a script prints, or raises

HASH = "0" * 64
PRINTED = [
    "", "\n\n", " ", "x", "None", "-1", "0", "nan", "1e999", "9" * 5000, "9" * 5000 + " " + HASH, "-1 " + HASH,
    "99999999 " + HASH, "[" * 100000, "(" * 20 + ")" * 20, "-" * 50000 + "1", "1" + "[1]" * 20000, "{", "{}",
    "[]", "()",
    "{'a': {1: 2}}", "{[]: 1}", "'\\ud800'", "'\\U99999999'", "'\\q'", "b'x'", "'" + "x" * 100000 + "'", "x" * 100000,
    "__import__('os').system('x')", "1 2", "1,", TERMINAL, repr(TERMINAL), "'" + TERMINAL + "'", "dir /lib/../../etc",
    HASH + " /lib/ember/../../main.py", HASH + " ../../x", HASH + " /lib/ember.new/" + TERMINAL, HASH + " /lib/main.py",
    HASH[1:] + " /lib/ember/x", HASH + " /lib/ember//x", HASH + " /lib/", HASH + " ", "dir",
    "\n".join(["dir /lib/ember"] * 3000),
    HASH.replace("0", "\u0660") + " /lib/ember/x", HASH + " /lib/ember.new/\u202ex", "None\n" * 20000,
]  # fmt: skip
RAISED = [
    b" ", b"\n\n", b"\x00", TERMINAL.encode(), HIDDEN, b"\xff" * 300, b"x" * 100000, b"OSError: " + b"9" * 5000,
    b"OSError: [Errno 28]", b"OSError: 28" + TERMINAL.encode(), b'File "ember/core.py", line ' + b"9" * 5000,
    b'  File "ember/core.py", line 12, in \x1b[2J', b'File "/lib/ember/core.py", line 0, in x', b"\\x1b[2J",
]  # fmt: skip


def encoded(text):
    return text.encode("utf-8", "surrogatepass").replace(b"\x04", b"")


@FEW
@pytest.mark.parametrize("kind", ["printed", "raised"])
@EACH_WAY
def test_a_script_prints_or_raises_something_else(in_rom, kind, parts):
    for reply in PRINTED if kind == "printed" else RAISED:
        for at in some(len(WAYS[in_rom].answers.scripts), parts):
            done = tried(Port(Answers(in_rom, at=at, **{kind: encoded(reply) if kind == "printed" else reply})))
            assert kind == "printed" or done.exit_code == 1


@FEW
@EACH_WAY
def test_a_board_runs_out_of_memory(in_rom, parts):
    for at in some(len(WAYS[in_rom].answers.scripts), parts):
        raised = b"Traceback (most recent call last):\r\nMemoryError: memory allocation failed, allocating 4096 bytes"
        error = tried(Port(Answers(in_rom, at=at, printed=b"", raised=raised))).stderr
        assert "MemoryError: memory allocation failed" in error and any(left in error for left in install.LEFT.values())


# --- A field that is something else

VALUES = [
    None, True, -1, 0, 1, 2**31, 2**63, 10**19, 10**400, 1.5, -1e300, float("nan"), float("inf"), "", "x",
    "micropython", TERMINAL, "x" * 10000, "\u202e\ud800", [], (), {}, [[]], ["/lib"], [TERMINAL] * 5, ["x"] * 5000,
    [1, 2], (0, 0), (-1, 512), (500, 0), ("a", "b"), (1,), (10**18, 10**18), "/", "//", "/lib/../x", "/lib",
    "/lib; rm -rf ~", {"size": -1, "holds": "nothing", "others": []}, {"size": 0}, 12 << 10 | 774,
    {"size": 65536, "holds": "ROMFS", "others": [TERMINAL] * 4}, {"size": 65536, "holds": TERMINAL, "others": []},
    {"batch": 0, "us": "x", "bytes": -1, "heap": 0}, {"batch": 1, "us": float("nan"), "bytes": 1, "heap": None},
]  # fmt: skip


@FEW
@pytest.mark.parametrize("name", FACTS)
@EACH_WAY
def test_a_fact_is_something_else(in_rom, name, parts):
    for k in some(len(VALUES), parts):
        tried(Port(Answers(in_rom, {name: VALUES[k - 1]})))
    answers = Answers(in_rom)
    del answers.facts[name]
    assert "%r in it was expected" % name in tried(Port(answers)).stderr


@FEW
@pytest.mark.parametrize("name", RESULT)
def test_a_result_is_something_else(name, parts):
    for k in some(len(VALUES), parts):
        tried(Port(Answers(result={name: VALUES[k - 1]})))


def test_what_is_wrong_is_said():
    said = {
        "free": (-1, "'free' a whole number from 0 to"), "version": ("1.26", "'version' a list of 1 to 3"),
        "lib": ("/lib/../x", "'lib' None, or a path from / on"), "disk": ((500, -512), "'disk' None, or a whole"),
        "rom": ({"size": 1}, "'rom' None, or 'holds' in it"), "vm": (1, "'vm' True or False"),
    }  # fmt: skip
    for name, (value, words) in said.items():
        error = tried(Port(Answers(facts={name: value}))).stderr
        assert "does not answer as MicroPython does" in error and words in error.replace("\n", " "), error
        assert "Reset the board" in error and "'{\\'name\\'" not in error
    error = tried(Port(Answers(result={"last": float("nan")}))).stderr
    assert "its self-test failed: it printed" in error


def test_a_line_to_be_typed_runs_nothing_else():
    """What a board says is quoted where a person is told to type it."""
    error = tried(Port(Answers(facts={"hidden_by": ["/ember; rm -rf ~", "/$(x)"]}))).stderr
    assert "mpremote rm -r ':/ember; rm -rf ~' ':/$(x)'" in error
    given = {"lib": "/a; x/lib", "path": ["/a; x/lib"], "disk": (1, 512)}
    assert "mpremote rm -r ':/a; x/lib/ember'" in tried(Port(Answers(facts=given))).stderr


# --- Names of files that lead elsewhere, and hashes that are not true

ELSEWHERE = ["/lib/ember/../../main.py", "/lib/../main.py", "/main.py", "main.py", "/lib/main.py", "/libx/ember/y",
             "/lib/ember.new/../../boot.py", "/lib/ember/./x", "/lib//ember/x", "/lib/ember/\\..\\x"]  # fmt: skip


@pytest.mark.parametrize("path", ELSEWHERE)
@EACH_WAY
def test_a_path_that_leads_elsewhere_is_refused(in_rom, path):
    """Nothing is removed, copied or named there: neither here, where no file is written, nor on the board."""
    scripts = WAYS[in_rom].answers.scripts
    surveys = [k + 1 for k, script in enumerate(scripts) if script.startswith("LIB = ")]
    for at in surveys:
        answers = Answers(in_rom, at=at, printed=("%s %s\r\n" % (HASH, path)).encode())
        done = tried(Port(answers))
        assert done.exit_code == 1 and "was expected" in done.stderr
        assert not [script for script in answers.scripts if path.split("/")[-1] in script and path in script]
        assert not set(answers.scripts) - set(scripts) - {install.undo("/lib")}


@EACH_WAY
def test_a_hash_that_is_another_ends_it(in_rom):
    scripts = WAYS[in_rom].answers.scripts
    checks = [k + 1 for k, script in enumerate(scripts) if k > 1 and ("LIB = " in script or "print(unit" in script
                                                                        or "begin()\nprint" in script)]  # fmt: skip
    assert len(checks) == (3 if in_rom else 1)
    for at in checks:
        right = Answers(in_rom)
        list(map(right, scripts[: at - 1]))
        wrong = right.right(scripts[at - 1])
        flipped = wrong.translate(str.maketrans("0123456789abcdef", "1032547698badcfe")) if " " not in wrong[:4] else (
            wrong[:-1] + ("0" if wrong[-1] != "0" else "1"))  # fmt: skip
        done = tried(Port(Answers(in_rom, at=at, printed=flipped.encode().replace(b"\n", b"\r\n"))))
        assert done.exit_code == 1 and ("not what was sent" in done.stderr or "was expected" in done.stderr)


# --- The cable, cut after each byte


@PARTS
@EACH_WAY
@pytest.mark.parametrize("way", ["to", "from"])
def test_the_line_is_cut_after_each_byte(in_rom, way, parts):
    whole = WAYS[in_rom]
    count = whole.bytes_to if way == "to" else whole.bytes_from
    for cut in some(count - 1, parts * (4 if way == "to" and parts > 1 else 1)):
        done = tried(Port(Answers(in_rom), **{"bytes_" + way: cut}))
        if done.exit_code == 0:
            assert whole_is_said(done)
        else:
            assert "went away while it was to" in done.stderr and "run the same command again" in done.stderr


def whole_is_said(done):
    """Cut when all is done: of the way back to the REPL."""
    return "the same bits as everywhere" in done.stdout


# --- Whatever there is


PIECES = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from([b"\x04", b"\x04\x04>", b"R\x01", b"\x01", b"OK", TERMINAL.encode(), HIDDEN]),
)
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20))
NESTED = st.recursive(PLAIN, lambda of: st.lists(of, max_size=4) | st.dictionaries(st.text(max_size=4), of, max_size=3)
                      | st.tuples(of, of), max_leaves=8)  # fmt: skip


def any_answers(in_rom, at, piece, printed, name, value, result):
    port = Port(Answers(in_rom), at, lambda said: piece)
    tried(port)
    tried(Port(Answers(in_rom, at=at % 15, printed=printed.replace(b"\x04", b""))))
    tried(Port(Answers(in_rom, {name: value})))
    tried(Port(Answers(in_rom, result={result: value})))


ANYTHING = given(st.booleans(), st.integers(1, 200), PIECES, st.binary(max_size=80), st.sampled_from(sorted(FACTS)),
                 NESTED, st.sampled_from(sorted(RESULT)))  # fmt: skip
test_whatever_is_said = settings(max_examples=15)(ANYTHING(any_answers))
test_whatever_is_said_much = LONG(settings(max_examples=3000)(ANYTHING(any_answers)))


@given(NESTED)
def test_a_literal_is_what_python_printed(value):
    def lists(value):
        if isinstance(value, (list, tuple)):
            return [lists(inner) for inner in value]
        return {key: lists(inner) for key, inner in value.items()} if isinstance(value, dict) else value

    try:
        found = answer.literal(repr(value))
    except ValueError:
        odd = {"nan", "inf"} | {c for c in repr(value) if not c.isprintable()}
        assert any(word in repr(value) for word in odd) or len(repr(value)) > 18 or "\\" in repr(value)
    else:
        assert repr(found) == repr(lists(value))


@given(st.text())
def test_what_is_shown_can_be_seen(text):
    assert not harmful(shown.shown(text)) and "\n" not in shown.shown(text) and len(shown.shown(text)) <= shown.MOST
    assert not harmful(shown.lines(text))
    plain = "".join(c for c in text if c in string.ascii_letters + string.digits + " .:/'")
    assert shown.shown(plain[:200]) == plain[:200]


def test_what_is_not_plain_is_shown_escaped():
    assert shown.shown(TERMINAL) == r"\x1b]0;mine\x07\x1b[2J\x1b[31m\x9b2J\x08\x08\r\x00\x7f"
    assert shown.shown("a\\b ü … \u202e\ud800\udcff") == r"a\\b ü … \u202e\ud800\xff"
    assert shown.shown("x" * 500) == "x" * 198 + " …"


# --- A traceback that is read from a board


def test_a_traceback_is_read_whatever_is_in_it():
    last = TERMINAL.encode() + HIDDEN + b"\xff: \xe2\x80\xae\r\n"
    huge = b'  File "ember/core.py", line ' + b"9" * 5000 + b', in x\n  File "ember/core.py", line 0, in x\n'
    done = CliRunner().invoke(
        app, ["trace"], input=b"Traceback (most recent call last):\n" + huge + last + b"x" * 300000
    )
    assert done.exit_code == 0, done.exception
    assert not harmful(done.stdout) and done.stdout.startswith("Traceback (most recent call last):\n  File")
    assert r"\x1b[2J" in done.stdout and r"\u202e" in done.stdout and r"\xff" in done.stdout


# --- Would all this notice?


def test_what_is_shown_as_it_came_is_found(monkeypatch):
    for module in (line, answer):
        with monkeypatch.context() as patch:
            patch.setattr(module, "shown", lambda text: text)
            with pytest.raises(AssertionError):
                tried(
                    Port(
                        Answers(facts={"machine": TERMINAL})
                        if module is answer
                        else Answers(at=3, raised=TERMINAL.encode())
                    )
                )


def test_a_field_that_is_believed_is_found(monkeypatch):
    for module, name, given_ in (
        (facts, "ANSWER", {"facts": {"disk": (500, 0)}}),
        (selftest, "RESULT", {"result": {"speed": 1}}),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, lambda value: value)
            with pytest.raises(AssertionError, match="Traceback"):
                tried(Port(Answers(**given_)))


def test_a_path_that_is_believed_is_found(monkeypatch):
    monkeypatch.setattr(install, "below", lambda path, lib, text: path[len(lib) + 1 :])
    with pytest.raises(AssertionError):
        test_a_path_that_leads_elsewhere_is_refused(False, "/lib/ember.new/../../boot.py")


def test_a_line_without_bounds_is_found(monkeypatch):
    monkeypatch.setattr(line.Bounded, "check", lambda self: None)
    port = Port(Answers(), PRINTS_FACTS, UTTERED["on and on"])
    port.BAUD = 10
    with pytest.raises(Never):
        tried(port)


def test_the_windows_of_a_board_that_gives_none_end():
    """mpremote waits for room as long as the board says that there is more, of none."""
    zero = [k + 1 for k, said in enumerate(WAYS[False].said) if said == b"\x80\x00"]
    for at in itertools.islice(zero, 3):
        assert tried(Port(Answers(), at, lambda said: bytes(2))).exit_code == 1
