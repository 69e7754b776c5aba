"""make demo: train a digit classifier under MicroPython, draw its loss, load the saved model in a new process.

python tools/demo.py [--model mlp|cnn] [--vm native|portable]
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MICROPYTHON = ROOT / "build" / "unix" / "micropython"


def micropython(arguments, vm):
    """Run the example; what it prints goes to the terminal as it comes. Returns its last line."""
    path = [ROOT / "lib"] + ([ROOT / "build" / "native"] if vm == "native" else [])
    command = [str(MICROPYTHON), "-X", "heapsize=1m", "lib/examples/digits.py", *arguments]
    command += ["portable"] if vm == "portable" else []
    environment = dict(os.environ, MICROPYPATH=":".join(str(p) for p in path))
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    line = b""
    while True:
        byte = process.stdout.read1(256)
        if not byte:
            break
        sys.stdout.buffer.write(byte)
        sys.stdout.flush()
        line += byte
    if process.wait():
        sys.exit("the run under MicroPython failed with exit code %d" % process.returncode)
    return line.decode().rstrip().rsplit("\n", 1)[-1].rsplit("\r", 1)[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="mlp", choices=("mlp", "cnn"))
    parser.add_argument("--vm", default="native", choices=("native", "portable"))
    options = parser.parse_args()
    out = Path("build") / "demo"
    (ROOT / out).mkdir(parents=True, exist_ok=True)
    name = options.model + ("" if options.vm == "native" else "-portable")
    checkpoint, log, picture = (out / (name + ending) for ending in (".ckpt", ".csv", ".png"))

    live = [] if sys.stdout.isatty() else ["plain"]
    trained = micropython(["train", options.model, str(checkpoint), str(log), *live], options.vm)

    sys.path.insert(0, str(ROOT / "tools"))
    import plot

    plot.draw(ROOT / log, ROOT / picture, "UCI digits, %s" % options.model)
    print("loss curve: %s" % picture)
    print("a new process loads the saved model:", flush=True)
    scored = micropython(["score", options.model, str(checkpoint)], options.vm)
    if scored != trained:
        sys.exit("the saved model scores %r, the trained one %r" % (scored, trained))


if __name__ == "__main__":
    main()
