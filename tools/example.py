"""make example: train on real data under MicroPython, in single precision, once a seed; draw the last run's curve.

python tools/example.py NAME [--seeds 5]
"""

import argparse
import os
import subprocess
import sys

from get_data import OUT as DATA
from get_data import ROOT

MICROPYTHON = ROOT / "build" / "unix-single" / "micropython"
OUT = ROOT / "build" / "examples"
SCRIPT = ROOT / "lib" / "examples" / "real.py"
# Where each finds its data, and the accuracy that it is to reach, averaged over the seeds.
EXAMPLES = {
    "basic-motions-cnn": ("basic-motions", 0.95),
    "japanese-vowels-cnn": ("japanese-vowels", 0.95),
    "mnist-cnn": ("mnist-5000", 0.97),
}


def train(name, seed, log):
    """One run; its output goes to the terminal as it comes, the accuracy is returned."""
    environment = dict(os.environ, MICROPYPATH="%s:%s" % (ROOT / "lib", ROOT / "build" / "native"))
    command = [MICROPYTHON, "-X", "heapsize=4m", SCRIPT, name, DATA / (EXAMPLES[name][0] + ".bin"), seed, log]
    command += [] if sys.stdout.isatty() else ["plain"]
    process = subprocess.Popen([str(c) for c in command], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    output = b""
    while data := process.stdout.read1(256):
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        output += data
    if process.wait():
        sys.exit("the run under MicroPython failed with exit code %d" % process.returncode)
    return float(output.split()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(EXAMPLES))
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    log, picture = OUT / (options.name + ".csv"), OUT / (options.name + ".png")
    found = [train(options.name, seed, log) for seed in range(1, options.seeds + 1)]
    import plot

    plot.draw(log, picture, "%s, seed %d" % (options.name, options.seeds))
    print("curve: %s" % picture.relative_to(ROOT))
    mean, wanted = sum(found) / len(found), EXAMPLES[options.name][1]
    print("accuracy over %d seeds: %.4f (%s); it is to reach %.2f" % (
        len(found), mean, " ".join("%.4f" % a for a in found), wanted))  # fmt: skip
    if mean < wanted:
        sys.exit(1)


if __name__ == "__main__":
    main()
