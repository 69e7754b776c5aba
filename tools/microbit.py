"""What is frozen into the micro:bit's firmware, and running it: make microbit.

python tools/microbit.py make FOLDER     the program and the digits, as a Python module
python tools/microbit.py run FIRMWARE    under QEMU: what it prints
"""

import subprocess
import sys
from pathlib import Path

from ember_tools.record import record

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "lib" / "examples"
EPOCHS = 10
SECONDS = 600  # of patience


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    path, _, _ = record(EXAMPLES / "microbit.py", folder / "digits.ember")
    digits = (EXAMPLES / "digits.bin").read_bytes()
    parts = ["EPOCHS = %d" % EPOCHS, "PROGRAM = %r" % Path(path).read_bytes(), "DIGITS = %r" % digits]
    (folder / "data.py").write_text("\n".join(parts) + "\n")


def run(firmware, show=print):
    """Every line as it comes; all of them."""
    command = ["qemu-system-arm", "-machine", "microbit", "-nographic", "-monitor", "none", "-serial", "none",
               "-semihosting-config", "enable=on,target=native", "-kernel", str(firmware)]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    try:
        for line in process.stdout:
            lines.append(line.rstrip())
            show(lines[-1])
        if process.wait(timeout=SECONDS):
            raise SystemExit("the micro:bit stopped with code %d" % process.returncode)
    finally:
        process.kill()
        process.wait()
    return lines


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        run(sys.argv[2])
