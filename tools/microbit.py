"""Runs the micro:bit's firmware under QEMU and shows what it prints: make microbit.

python tools/microbit.py [FIRMWARE] [--icount] [--write]    exits with 1 if it fails, or is silent for two minutes

With --icount a nanosecond is an instruction: its figures are the same at every run. --write puts the figures into
docs/boards.md: of --icount the instructions a step, else all others.
"""

import argparse
import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

from elftools.elf.elffile import ELFFile

from ember_tools.shown import shown

if __package__:
    from .board import ICOUNT, ROOT, BoardError, _die_with_parent
else:
    from board import ICOUNT, ROOT, BoardError, _die_with_parent

FIRMWARE = ROOT / "build" / "microbit" / "firmware.elf"
PAGE = ROOT / "docs" / "boards.md"
# The machine has 16 kB of RAM and 256 kB of flash, as the chip: nothing here says otherwise.
MACHINE = ["qemu-system-arm", "-machine", "microbit", "-display", "none", "-monitor", "none", "-serial", "none"]
PATIENCE = 120  # seconds of silence; an epoch takes one or two


def run(firmware=FIRMWARE, show=print, icount=False, patience=PATIENCE, more=()):
    """All that it prints, each line given to `show` as it comes. BoardError if it fails, or falls silent."""
    if not Path(firmware).exists():
        raise BoardError("%s is not there: make microbit" % firmware)
    line = MACHINE + ["-semihosting-config", "enable=on,target=native", "-kernel", str(firmware), *more]
    process = subprocess.Popen(line + (ICOUNT if icount else []), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, preexec_fn=_die_with_parent)  # fmt: skip
    said = []
    try:
        for text in _lines(process.stdout, patience, said):
            show(text)
        code = process.wait(patience)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    if code:
        raise BoardError("the micro:bit stopped with code %d" % code, "\n".join(said))
    return said


def _lines(stream, patience, said):
    rest, until = b"", time.monotonic() + patience
    while True:
        if not select.select([stream], [], [], max(0, until - time.monotonic()))[0]:
            raise BoardError("the micro:bit said nothing for %g seconds" % patience, "\n".join(said))
        data = os.read(stream.fileno(), 4096)
        until = time.monotonic() + patience
        *whole, rest = (rest + data).split(b"\n")
        for text in whole + ([rest] if rest and not data else []):
            said.append(shown(text.decode(errors="surrogateescape").rstrip(), 2000))
            yield said[-1]
        if not data:
            return


def sizes(firmware):
    """What is loaded into flash, and what each section takes of RAM, in bytes."""
    with open(firmware, "rb") as file:
        size = {s.name: s["sh_size"] for s in ELFFile(file).iter_sections()}
    flash = sum(size.get(name, 0) for name in (".text", ".ARM.exidx", ".data"))
    return flash, size.get(".data", 0) + size[".bss"], size[".stack"], size[".heap"]


def figures(text, firmware=FIRMWARE):
    """{how a row of docs/boards.md begins: its figures, as text}, of what a run printed."""

    def found(pattern):
        return re.findall(pattern, text)

    flash, static, stack, heap = sizes(firmware)
    try:
        imported, loaded, at_end = found(r"heap: (\d+) of")
        ((program, arena),) = found(r"of (\d+) bytes; its arena takes (\d+)")
        learnt, _, read = found(r"test accuracy ([\d.]+)")
    except ValueError as error:
        raise BoardError("the micro:bit did not print its figures: %s" % text[-500:]) from error
    rows = {"flash, of": [flash], "flash set aside": [5120, *found(r"saved (\d+) bytes")], "the file of": [program],
            "RAM, of": [static], "RAM: stack": [stack, *found(r"stack: (\d+) of")], "RAM: heap": [heap],
            "heap free, of": [imported], "the arena": [arena], "heap free with": [loaded, at_end]}  # fmt: skip
    rows = {start: "; ".join("{:,}".format(int(n)) for n in numbers) for start, numbers in rows.items()}
    return dict(rows, **{"accuracy on": "%s; %s" % (learnt, read)})


def instructions(text):
    """The same of a run with --icount, to the next thousands."""
    steps = [int(n) for n in re.findall(r"(\d+) ns a step", text)]
    return {"instructions a step": "{:,} to {:,}".format(min(steps) // 1000 * 1000, -(-max(steps) // 1000) * 1000)}


def write(rows):
    text = PAGE.read_text()
    for start, figure in rows.items():
        text, count = re.subn(r"(?m)^(\| %s[^|]*\|)[^|]*" % re.escape(start), r"\g<1> %s " % figure, text)
        if count != 1:
            raise BoardError("docs/boards.md has %d rows that begin with %r" % (count, start))
    PAGE.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("firmware", nargs="?", default=FIRMWARE)
    parser.add_argument("--icount", action="store_true", help="count instructions, not time")
    parser.add_argument("--write", action="store_true", help="the figures into docs/boards.md")
    options = parser.parse_args()
    try:
        said = "\n".join(run(options.firmware, lambda text: print(text, flush=True), options.icount))
        print("flash: %d bytes; RAM: %d static, %d of stack, %d of heap" % sizes(options.firmware))
        if options.write:
            write(instructions(said) if options.icount else figures(said, options.firmware))
    except BoardError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
