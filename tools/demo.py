"""make demo: train a digit classifier under MicroPython, draw its loss, load the saved model anew and score it again.

python tools/demo.py [--model mlp|cnn] [--vm native|portable] [--board m4]
"""

import argparse
import contextlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MICROPYTHON = ROOT / "build" / "unix" / "micropython"
EXAMPLES = ROOT / "lib" / "examples"
OUT = Path("build") / "demo"


def show(data):
    sys.stdout.buffer.write(data)
    sys.stdout.flush()


def last_line(output):
    return output.rstrip().rsplit("\n", 1)[-1].rsplit("\r", 1)[-1]


@contextlib.contextmanager
def unix(vm):
    """run(arguments of the example): its output goes to the terminal as it comes, its last line is returned."""
    path = [ROOT / "lib"] + ([ROOT / "build" / "native"] if vm == "native" else [])
    environment = dict(os.environ, MICROPYPATH=":".join(str(p) for p in path))

    def run(arguments):
        command = [str(MICROPYTHON), "-X", "heapsize=1m", "lib/examples/digits.py", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        output = b""
        while True:
            data = process.stdout.read1(256)
            if not data:
                break
            show(data)
            output += data
        if process.wait():
            sys.exit("the run under MicroPython failed with exit code %d" % process.returncode)
        return last_line(output.decode())

    yield run


@contextlib.contextmanager
def emulated_board(name):
    """As unix(), on an emulated board: each run begins with a reset of its Python, and what it wrote comes here."""
    from board import BoardError, emulated

    files = {"/" + name: (EXAMPLES / name).read_bytes() for name in ("digits.py", "digits.bin")}
    with emulated(name, files=files) as board:

        def run(arguments):
            try:
                output = board.run("import sys; sys.argv[:] = %r; import digits" % (["digits.py", *arguments],),
                                   live=lambda data: show(data.replace(b"\r\n", b"\n")))  # fmt: skip
                for path in arguments:
                    if path.startswith(str(OUT)):
                        board.get(path, ROOT / path)
            except BoardError as error:
                sys.exit("the run on the board %s failed:\n%s" % (name, error))
            return last_line(output)

        board.run("import os; os.mkdir('build'); os.mkdir(%r)" % str(OUT))
        yield run


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="mlp", choices=("mlp", "cnn"))
    parser.add_argument("--vm", default="native", choices=("native", "portable"))
    parser.add_argument("--board", help="an emulated board, such as m4")
    options = parser.parse_args()
    (ROOT / OUT).mkdir(parents=True, exist_ok=True)
    name = "-".join([options.model] + [part for part in (options.board, options.vm) if part and part != "native"])
    checkpoint, log, picture = (str(OUT / (name + ending)) for ending in (".ckpt", ".csv", ".png"))
    flags = ([] if sys.stdout.isatty() else ["plain"]) + (["portable"] if options.vm == "portable" else [])

    with emulated_board(options.board) if options.board else unix(options.vm) as run:
        trained = run(["train", options.model, checkpoint, log, *flags])
        import plot

        plot.draw(ROOT / log, ROOT / picture, "UCI digits, %s" % options.model)
        print("loss curve: %s" % picture)
        print("after a reset it loads the saved model:" if options.board else "a new process loads the saved model:",
              flush=True)  # fmt: skip
        scored = run(["score", options.model, checkpoint, *flags])
    if scored != trained:
        sys.exit("the saved model scores %r, the trained one %r" % (scored, trained))


if __name__ == "__main__":
    main()
