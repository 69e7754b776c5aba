"""Packs scikit-learn's copy of the UCI handwritten digits into lib/examples/digits.bin.

    python tools/make_digits.py      (needs scikit-learn, which nothing else in Ember does)

A fifth of each class is held out as the test split. The order within a class, and the order in which classes are
interleaved, come from a hash of the sample's index: the same on every machine and with every version of everything.
"""

import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "lib"))

from ember.data import write  # noqa: E402


def shuffled(indices):
    return sorted(indices, key=lambda i: hashlib.sha256(b"ember digits %d" % i).digest())


def split(labels):
    """Indices to train on and to test on, stratified."""
    train, test = [], []
    for label in range(10):
        members = shuffled([i for i in range(len(labels)) if labels[i] == label])
        held_out = round(len(members) / 5)
        test += members[:held_out]
        train += members[held_out:]
    return shuffled(train), shuffled(test)


def main():
    from sklearn.datasets import load_digits

    digits = load_digits()
    samples = [([int(v) for v in image], int(label)) for image, label in zip(digits.data, digits.target)]
    train, test = split([label for _, label in samples])
    path = ROOT / "lib" / "examples" / "digits.bin"
    write(str(path), [samples[i] for i in train], [samples[i] for i in test], (8, 8, 1), 10, "B", 1 / 16)
    size = path.stat().st_size
    print("%s: %d samples to train on, %d to test on, %d bytes" % (path.name, len(train), len(test), size))


if __name__ == "__main__":
    main()
