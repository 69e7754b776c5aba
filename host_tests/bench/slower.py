"""How many times slower the portable VM is than the native one, in instructions: vms.py on every emulated board.

    python host_tests/bench/slower.py [--write]     a minute; --write puts the table into docs/boards-real.md

`make board-bench DOCS=1` writes it too.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import measured  # noqa: E402
from tools import board as boards  # noqa: E402

SCRIPT = Path(__file__).resolve().parent / "vms.py"
PAGE = ROOT / "docs" / "boards-real.md"
ORDER = ("m3", "m4", "m7", "m33", "m55", "rv32")


def times_slower(name):
    with boards.emulated(name, icount=True) as board:
        return re.search(r"(\d+) times slower", board.run(SCRIPT.read_text(), 600)).group(1)


def table():
    cells = [times_slower(name) for name in ORDER]
    return "| | %s |\n|---|%s\n| times slower | %s |\n" % (" | ".join(ORDER), "---|" * len(ORDER), " | ".join(cells))


def main():
    found = table()
    print(found)
    if "--write" in sys.argv:
        measured.write_between(PAGE, "slower", measured.line(measured.PORTABLE) + found)


if __name__ == "__main__":
    main()
