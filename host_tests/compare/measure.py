"""What is compared, and by how much it may differ. This file needs no PyTorch."""

import zlib

import numpy as np

# Each is a file beside this one, with TITLE, COUNT (cases), TOLERANCE (relative) and case(draw).
KINDS = ("graphs", "modules", "losses", "parts", "optimizers", "schedules", "edges", "attention")
NOISE = 2.0**-23  # of one operation in float32
OVER_NOISE = 16  # how many times what float32's noise does to float64's result a difference may be
USELESS = 2e-5  # where noise does more than this a case says nothing, and another is drawn
TINY = 2.0**-126  # the smallest normal float32
LEAST = 0.05  # what a difference is at least measured by


class Useless(Exception):
    """A case that says nothing: float32 cannot tell, or PyTorch has no such thing."""


class Draw:
    """Where a case takes its choices from: the same for the same kind, seed and number."""

    def __init__(self, kind, seed, number):
        self.number = number
        self.rng = np.random.default_rng([zlib.crc32(kind.encode()), seed, number])

    def pick(self, *options):
        return options[self.rng.integers(len(options))]

    def whole(self, low, high):
        return int(self.rng.integers(low, high + 1))

    def chance(self, p=0.5):
        return bool(self.rng.random() < p)

    def between(self, low, high):
        return float(np.float32(self.rng.uniform(low, high)))

    def normal(self, *shape):
        return self.rng.normal(size=shape).astype("f4")

    def shape(self, low=1, high=4, most=5):
        return tuple(self.whole(1, most) for _ in range(self.whole(low, high)))


class Pair:
    """A result of both: found by Ember, expected by PyTorch in float64; noise: by how much float32's noise changes what
    is expected, relatively. alone: each element is measured by itself, and at least by so much, not by the greatest.
    labels: of the elements."""

    def __init__(self, name, found, expected, noise=0.0, alone=None, labels=None):
        self.name, self.noise, self.labels = name, noise, labels
        self.found, self.expected = np.asarray(found, "f8"), np.asarray(expected, "f8")
        self.error = error_alone(self.found, self.expected, alone) if alone else error(self.found, self.expected)


def error(found, expected):
    """The greatest difference, in parts of the greatest value that is expected. Infinite where shapes differ, or where
    what is expected is infinite or NaN and what is found is not the same."""
    found, expected = np.asarray(found, "f8"), np.asarray(expected, "f8")
    if found.shape != expected.shape:
        return np.inf
    with np.errstate(invalid="ignore"):
        same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    finite = np.isfinite(expected) & np.isfinite(found)
    if not (same | finite).all():
        return np.inf
    if not finite.any():
        return 0.0
    scale = max(np.abs(expected[finite]).max(), LEAST)
    return float(np.abs(found[finite] - expected[finite]).max() / scale)


def error_alone(found, expected, least):
    """The greatest difference in parts of what is expected there, and of no less than `least`."""
    if not np.isfinite(error(found, expected)):
        return np.inf
    finite = np.isfinite(expected) & np.isfinite(found)
    off = np.abs(found[finite] - expected[finite]) / np.maximum(np.abs(expected[finite]), least)
    return float(off.max(initial=0.0))


def noise(clean, *noisy):
    """By how much results in noise differ from the clean ones; Useless where it is too much to tell anything."""
    most = max([error(a, b) for other in noisy for a, b in zip(other, clean)], default=0.0)
    if not most <= USELESS:
        raise Useless
    return most


class Tally:
    """What the cases of a kind came to."""

    def __init__(self, module):
        self.module, self.cases, self.numbers, self.worst, self.where, self.failed = module, 0, 0, 0.0, "", []

    def add(self, name, description, pairs):
        """name: what replays the case. Returns the lines that say how it failed."""
        self.cases += 1
        lines = []
        for pair in pairs:
            self.numbers += pair.expected.size
            if not pair.error <= max(self.module.TOLERANCE, OVER_NOISE * pair.noise):
                lines.append("  %s: off by %.2g\n%s" % (pair.name, pair.error, shown(pair)))
            elif pair.error > self.worst:
                self.worst, self.where = pair.error, name
        if lines:
            self.failed.append(name)
            lines.insert(0, "%s: %s" % (name, description))
        return lines


def shown(pair):
    """A few of the elements that differ most."""
    found, expected = pair.found.ravel(), pair.expected.ravel()
    if pair.found.shape != pair.expected.shape:
        return "    shape %s, PyTorch %s" % (pair.found.shape, pair.expected.shape)
    with np.errstate(invalid="ignore"):
        off = np.nan_to_num(np.where(found == expected, 0, np.abs(found - expected)), nan=np.inf, posinf=np.inf)
    off[np.isnan(found) & np.isnan(expected)] = 0
    if pair.labels is not None:
        off /= np.maximum(np.abs(np.nan_to_num(expected)), TINY)
    worst = np.argsort(-off)[: 12 if pair.labels is not None else 4]
    labels = pair.labels if pair.labels is not None else ["[%d]" % i for i in range(len(off))]
    return "\n".join("    %s: %.9g, PyTorch %.9g" % (labels[i], found[i], expected[i]) for i in worst if off[i] > 0)
