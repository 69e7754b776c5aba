"""The pages that say how something is added to Ember are followed, each in a copy of the project: what they write goes
where they say, what they run runs, and prints what they say. With the long tests, each step is left out once.

A page says in one of these ways what to write where. A block of code follows the first:

    In `path`, at the end:          before, or below, the line with `text`:
    in `path`, after `text` write `more`            below or above: as a line of its own, indented as that of `text`

An `sh` block is run in the copy; a `text` block below it is what it printed at last. A table says what fails without a
step.
"""

import os
import re
import shutil
import subprocess

import pytest

from checkout import ROOT

PAGES = sorted((ROOT / "docs").glob("add-*.md"))
COPIED = "lib tools firmware host_tests docs Makefile pyproject.toml requirements.txt".split()
BLOCK = re.compile(r"In `([^`]+)`, (?:at the end|(before|below) the line with `([^`]+)`):")
INLINE = re.compile(r"[Ii]n `([^`]+)`, (after|below|above) `([^`]+)` write (?:`` (.+?) ``|`([^`]+)`)")
ROW = re.compile(r"\| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \|")
LIBRARY = "build/native/libember.so"
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def steps(page):
    """[(language, text, place), …]: of code a place is path, whether at the end, anchor, and how it is met."""
    found, above, lines = [], "", iter(page.read_text().splitlines())
    for line in lines:
        if line.startswith("```"):
            text = "".join(inner + "\n" for inner in iter(lambda: next(lines), "```"))
            place, language = BLOCK.fullmatch(above), line[3:]
            if language not in ("sh", "text"):
                assert place, "%s: where does this go?\n%s" % (page.name, text)
                place, language = (place[1], place[3], place[2] or "end"), ""
            found.append((language, text, place))
        elif line:
            above = line
            found += [
                ("", quoted or text, (path, anchor, how)) for path, how, anchor, quoted, text in INLINE.findall(line)
            ]
    return found


def forgotten(page):
    """[(file, what then fails, what it says), …]"""
    return ROW.findall(page.read_text())


def copied(to):
    """The project, as far as pages need it, with the environment and the native VM that are built."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(ROOT / name, to / name)
    os.utime(to / "requirements.txt", (0, 0))  # the environment is made
    (to / LIBRARY).parent.mkdir(parents=True)
    (to / "build" / ".system").touch()
    (to / "build" / "venv").symlink_to(ROOT / "build" / "venv")
    shutil.copy2(ROOT / LIBRARY, to / LIBRARY)
    return to


def apart(path, text):
    """The empty lines between a definition and its neighbours."""
    if text.startswith("    def"):
        return "\n"
    if not re.match("def |class |@|static |// |_?[A-Z]", text):
        return ""
    return {".py": "\n\n", ".c": "\n"}.get(path.suffix, "\n" if text.startswith("class") else "")


def write(page, project, text, place):
    name, anchor, how = place
    path = project / name
    assert path.exists(), "%s: there is no %s" % (page.name, name)
    before = path.read_text()
    if how == "end":
        path.write_text(before + apart(path, text) + text)
        return
    assert before.count(anchor) == 1, "%s: %r is %d times in %s" % (page.name, anchor, before.count(anchor), name)
    at = before.index(anchor) + len(anchor)
    if how != "after":
        first, last = before.rindex("\n", 0, at) + 1, before.index("\n", at) + 1
        line, at = before[first:last], last if how == "below" else first
        if text[-1] != "\n":
            text = line[: len(line) - len(line.lstrip())] + text + "\n"
        elif how == "before":
            text += apart(path, text)
    path.write_text(before[:at] + text + before[at:])


def run(project, command):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "EMBER", "PYTEST", "MAKE"))}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        command, shell=True, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.returncode, done.stdout


@EACH
def test_a_page_is_followed(tmp_path, page):
    project, files, printed = copied(tmp_path), set(), ""
    for language, text, place in steps(page):
        if language == "sh":
            code, printed = run(project, text)
            assert not code, "%s: %s\n%s" % (page.name, text, printed)
        elif language == "text":
            assert printed.endswith("\n" + text), "%s prints\n%s\nand is to end with\n%s" % (page.name, printed, text)
        else:
            write(page, project, text, place)
            files.add(place[0])
    python = " ".join(sorted(file for file in files if file.endswith((".py", ".pyi"))))
    for check in ("check --force-exclude", "format --force-exclude --diff"):
        code, printed = run(project, "build/venv/bin/python -m ruff %s %s" % (check, python))
        assert not code, "%s: what it writes is not in style\n%s" % (page.name, printed)


@EACH
def test_a_page_is_short_and_is_found(page):
    most = 120 if "instruction" in page.name else 90  # two kernels, and three tests that know what is right
    assert 40 <= len(page.read_text().splitlines()) <= most
    inline = [text for language, text, _ in steps(page) if not language and text[-1] != "\n"]
    assert page.read_text().count(" write `") == len(inline), "%s: one that is cut by a line's end" % page.name
    assert page.name in (ROOT / "docs" / "design.md").read_text() and page.name in (ROOT / "README.md").read_text()
    written = {place[0] for language, _, place in steps(page) if not language}
    assert {file for file, _, _ in forgotten(page)} <= written


@pytest.mark.long
@pytest.mark.parametrize(
    "page, step", [(p, k) for p in PAGES for k in range(len(forgotten(p)))], ids=lambda x: getattr(x, "stem", str(x))
)
def test_a_step_that_is_forgotten_is_noticed(tmp_path, page, step):
    (file, fails, says), project = forgotten(page)[step], copied(tmp_path)
    code, printed = 0, ""
    for language, text, place in steps(page):
        if not language and place[0] != file:
            write(page, project, text, place)
        elif language == "sh" and not code:
            made = [line for line in text.splitlines() if line.startswith("make ")]
            code, printed = run(project, " && ".join(made) or "true")
    if not fails.startswith("make "):
        test, name = fails.split(": ")
        code, printed = run(project, "build/venv/bin/python -m pytest -q host_tests/*/%s -k '%s'" % (test, name))
    assert code, "%s: %s does not fail without %s" % (page.name, fails, file)
    assert says in printed, "%s: without %s\n%s" % (page.name, file, printed[-3000:])
