"""Runs the micro:bit's firmware under QEMU and shows what it prints: make microbit.

python tools/microbit.py [FIRMWARE] [--icount]      exits with 1 if it fails, or is silent for two minutes

With --icount a nanosecond is an instruction: its figures are the same at every run.
"""

import argparse
import os
import select
import subprocess
import sys
import time
from pathlib import Path

from elftools.elf.elffile import ELFFile

if __package__:
    from .board import ICOUNT, ROOT, BoardError, _die_with_parent
else:
    from board import ICOUNT, ROOT, BoardError, _die_with_parent

FIRMWARE = ROOT / "build" / "microbit" / "firmware.elf"
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
            said.append(text.decode(errors="replace").rstrip())
            yield said[-1]
        if not data:
            return


def sizes(firmware):
    """What is loaded into flash, and what each section takes of RAM, in bytes."""
    with open(firmware, "rb") as file:
        size = {s.name: s["sh_size"] for s in ELFFile(file).iter_sections()}
    flash = sum(size.get(name, 0) for name in (".text", ".ARM.exidx", ".data"))
    return flash, size.get(".data", 0) + size[".bss"], size[".stack"], size[".heap"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("firmware", nargs="?", default=FIRMWARE)
    parser.add_argument("--icount", action="store_true", help="count instructions, not time")
    options = parser.parse_args()
    try:
        run(options.firmware, lambda text: print(text, flush=True), options.icount)
        print("flash: %d bytes; RAM: %d static, %d of stack, %d of heap" % sizes(options.firmware))
    except BoardError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
