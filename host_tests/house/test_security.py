"""SECURITY.md: each promise names what shows it, and all that it names is there."""

import re

import pytest

from checkout import ROOT

PAGE = ROOT / "SECURITY.md"
# Pages, tests and commands that it may name before they are there.
COMING = set()


def sections(text):
    """{heading: text below it} of the second and third level."""
    parts = re.split(r"(?m)^##+ (.+)\n", text)
    return dict(zip(parts[1::2], parts[2::2]))


def rows(text):
    """(promise, what shows it) of its tables."""
    found = re.findall(r"(?m)^\| (.+?) \| (.+?) \|$", text)
    return [row for row in found if row[1] != "shown by"]


def targets():
    texts = [path.read_text() for path in (ROOT / "Makefile", *(ROOT / "tools" / "mk").glob("*.mk"))]
    return set(re.findall(r"(?m)^([a-z-]+):.*## ", "".join(texts)))


def lacking(text):
    """What a page names, of tests, commands and files, and is not there."""
    missing, tests = set(), ROOT / "host_tests"
    for cell in [shown for _, shown in rows(text)]:
        inside = ""
        for name in re.findall("`([^`]+)`", cell):
            if name.startswith("make "):
                missing |= {name} - {"make " + target for target in targets()}
            elif name.startswith("test_") and not name.endswith(".py"):
                missing |= {name} - set(re.findall(r"(?m)^def (\w+)", inside))
            elif (tests / name).is_file():
                inside = (tests / name).read_text()
            else:
                missing.add(name)
    missing |= {"make " + name for name in re.findall("`make ([a-z-]+)`", text) if name not in targets()}
    named = re.findall(r"\]\(([^)#]+)\)", text) + re.findall(r"(?:host_tests/[\w/-]+|requirements[\w-]*)\.\w+", text)
    return missing | {path for path in named if not (ROOT / path).exists()}


def test_all_that_it_names_is_there():
    assert lacking(PAGE.read_text()) <= COMING


def test_every_promise_names_what_shows_it():
    promised = {head: text for head, text in sections(PAGE.read_text()).items()
                if "shown by" in text}  # fmt: skip
    assert len(promised) >= 4
    for head, text in promised.items():
        for promise, shown in rows(text):
            assert re.search(r"`(make [a-z-]+|[\w/]*test_\w+\.py)`", shown), "%s: %s" % (head, promise)


def test_it_says_what_it_must():
    found = sections(PAGE.read_text())
    assert {"Reporting", "Who may attack, and where", "What is promised", "What is not promised"} <= set(found)
    assert "Report a vulnerability" in found["Reporting"] and "Supported" in found["Reporting"]
    not_promised = found["What is not promised"]
    for words in ("without a key", "no cipher", "no authentication", "debug port", "Side channels", "same heap"):
        assert words in not_promised, words
    assert not re.search(r"[\w.]+@[\w.]+", PAGE.read_text()), "an address that nobody may have"
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(
    "line",
    [
        "| a | `run/test_nothing.py` |",
        "| a | `run/test_checkpoint.py`: `test_nothing` |",
        "| a | `make nothing` |",
        "[a](docs/nothing.md)",
        "| a | `tools/test_line.py`: `test_ctrl_c` |",
    ],
)
def test_what_is_not_there_is_found(line):
    assert not lacking("| a | `tools/test_line.py`: `test_what_is_wrong_is_said` |")
    assert len(lacking(line)) == 1
