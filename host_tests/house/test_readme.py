"""The README's code works when it is pasted, into the REPL that it names."""

import os
import pty
import re
import select
import subprocess
import time

import pytest

from checkout import MICROPYTHON, ROOT, run_micropython

MORE, WHOLE, END = "... ", b"\x05", b"\x04"


def blocks():
    parts = (ROOT / "README.md").read_text().split("```python\n")[1:]
    return [part.split("```")[0] for part in parts]


TEN, EPOCH, EAGER = blocks()


class Repl:
    """MicroPython's, at a terminal, in which what is written comes as fast as a paste does."""

    def __enter__(self):
        self.end, line = pty.openpty()
        environment = dict(os.environ, MICROPYPATH="lib:build/native", TERM="xterm")
        self.process = subprocess.Popen([MICROPYTHON["unix"]], cwd=ROOT, env=environment, stdin=line, stdout=line,
                                        stderr=line, close_fds=True)  # fmt: skip
        os.close(line)
        self.read(">>> ")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.end)

    def read(self, until, seconds=60):
        said, ends = "", time.monotonic() + seconds
        while not said.endswith(until):
            if not select.select([self.end], [], [], max(0, ends - time.monotonic()))[0]:
                raise AssertionError("the REPL does not come to %r: %s" % (until, said))
            said += os.read(self.end, 4096).decode(errors="replace")
        return said

    def paste(self, text, whole=False):
        """What it prints besides prompts and the text itself."""
        for piece in text.encode().splitlines(keepends=True) if not whole else [WHOLE, text.encode(), END]:
            os.write(self.end, piece.replace(b"\n", b"\r"))
        os.write(self.end, b"print('the ' + 'end')\r")
        said = self.read("the end\r\n>>> ")
        said = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", said).replace("\r", "")
        echoed = [line.strip() for line in text.splitlines()]
        lines = [re.sub(r"^((>>>|\.\.\.|===) ?)+", "", line).strip() for line in said.splitlines()]
        return [line for line in lines if line and line not in echoed and "the end" not in line and "' + '" not in line]


@pytest.fixture
def repl():
    before = {path.name for path in ROOT.iterdir()}
    with Repl() as repl:
        yield repl
    (ROOT / "digits.ckpt").unlink(missing_ok=True)
    assert {path.name for path in ROOT.iterdir()} == before


@pytest.mark.parametrize("whole", [False, True], ids=["line by line", "by Ctrl-E"])
def test_the_ten_lines_are_pasted(repl, whole):
    assert len([line for line in TEN.splitlines() if line.strip()]) <= 14
    said = [line for line in repl.paste(TEN, whole) if not line.startswith("paste mode")]
    assert said[0].startswith("memory plan") and (ROOT / "digits.ckpt").stat().st_size > 4 * 2410
    assert float(said[-1].split()[-1].rstrip(")")) >= 0.96
    assert len(said) <= 16 and not [line for line in said if line in ("True", "None") or "Error" in line]
    assert repl.paste(EPOCH, True) in ([], ["paste mode; Ctrl-C to cancel, Ctrl-D to finish"])  # nothing for each step


def test_the_eager_lines_print_the_gradient():
    assert run_micropython("unix", EAGER).strip() == "[[7.0, 11.0], [9.0, 13.0]]"
