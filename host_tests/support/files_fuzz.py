"""Files of every kind with bytes changed, led by the lines that reading them reaches: programs that travel,
checkpoints, data. Whatever they hold, a reader takes them or raises ValueError, OSError or MemoryError, in bounded time
and memory, and what a refused checkpoint was to change has not changed.

    python host_tests/support/files_fuzz.py SEED SECONDS [KIND…]

The native VM is the one with sanitizers. Every checksum is here that of what ends with its own, as it is written and
as it is read: so changes get past them, in any format.
"""

import binascii
import gc
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from array import array
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "lib" / "ember"
MOST_LINES = 3000  # of a call that are looked at
MOST_CPU = 60  # seconds that one file may take; a million elements of an arena take one
LEAST = 30  # files
INTACT = 0x2144DF1C  # the CRC-32 of whatever ends with its own
ALLOWED = ValueError, OSError, MemoryError


def under_sanitizers():
    """Start again with the sanitizers' allocator, which refuses what is too large."""
    runtime = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    more = {
        "LD_PRELOAD": runtime.stdout.strip(),
        "EMBER_LIBRARY": str(ROOT / "build" / "native" / "libember_san.so"),
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=512",
        "PYTHONMALLOC": "malloc",
    }
    os.execve(sys.executable, [sys.executable, *sys.argv], dict(os.environ, EMBER_SANITIZED="1", **more))


class Lines:
    """Which line of the library follows which, while it is entered."""

    def __init__(self):
        self.found, self.all = set(), set()

    def __enter__(self):
        self.found = set()
        sys.settrace(self.call)

    def __exit__(self, *_):
        sys.settrace(None)

    def call(self, frame, event, _):
        if not frame.f_code.co_filename.startswith(str(LIBRARY)):
            return None
        code, last, left, found = hash(frame.f_code.co_filename), 0, MOST_LINES, self.found

        def line(frame, event, _):
            nonlocal last, left
            found.add((code, last, frame.f_lineno))
            last, left = frame.f_lineno, left - 1
            return line if left else None

        return line

    def are_new(self):
        new = not self.found <= self.all
        self.all |= self.found
        return new


def changed(data, others, dice):
    data = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4))):
        how, at = dice.randrange(9), dice.randrange(len(data) + 1)
        word = at & ~3
        if how == 0 and at < len(data):
            data[at] ^= 1 << dice.randrange(8)
        elif how == 1 and at < len(data):
            data[at] = dice.choice((0, 1, 127, 128, 255))
        elif how < 5 and word + 4 <= len(data):
            old = int.from_bytes(data[word : word + 4], "little")
            new = dice.choice((0, 1, -1, 1 << 24, 1 << 30, (1 << 31) - 1, 1 << 31, old + 1, old - 1, old * 2, -old,
                               dice.getrandbits(32)))  # fmt: skip
            data[word : word + 4] = (new & 0xFFFFFFFF).to_bytes(4, "little")
        elif how == 5:
            del data[at:]
        elif how == 6:
            data[at:at] = bytes(dice.randrange(1, 9))
        elif how == 7:
            del data[at : at + dice.randrange(1, 9)]
        else:
            other = dice.choice(others)
            first = dice.randrange(len(other) + 1)
            n = dice.randrange(64)
            data[at : at + n] = other[first : first + n]
    return bytes(data)


class Programs:
    """ember.runtime.load, and a step of what it takes."""

    def __init__(self, folder):
        import travelling
        from ember.base import homes

        homes.forget = lambda *_: None  # what reads programs stays
        self.travelling, self.seeds = travelling, []
        for name in travelling.MODELS:
            trainer = travelling.make(name)
            for steps in (0, 1):
                for x, y in travelling.batches(trainer, steps):
                    trainer.step(x, y)
                trainer.export(str(folder / name))
                self.seeds.append((folder / name).read_bytes())

    def read(self, data, lines):
        from ember import runtime

        with lines:
            model = runtime.load(data)
        x = array(model.input_dtype, [1]) * model.sample_size if model.sample_size < 5000 else None
        y = array(model.target_dtype, [0]) * model.target_size if 0 < model.target_size < 5000 else None
        if x and y and not model.binding and model.bind(x, y):
            for _ in range(20):
                model.executor.run(64, 20000)  # its sections, for a while
        model.executor.recover(-2)


class Checkpoints:
    """trainer.load. What is refused has changed nothing; what is taken is stepped from."""

    def __init__(self, folder):
        import travelling
        from ember import schedule

        self.travelling, self.path, self.seeds, self.trainers = travelling, str(folder / "checkpoint"), [], []
        for name in ("mlp", "cnn", "autoencoder"):
            trainer = travelling.make(name)
            trainer.schedule = schedule.StepLR(trainer.optimizer, 5)
            self.trainers.append(trainer)
            for x, y in travelling.batches(trainer, 2):
                trainer.step(x, y)
            trainer.save(self.path)
            self.seeds.append(Path(self.path).read_bytes())

    def state(self, trainer):
        segments = trainer.executor.segments
        return bytes(segments[0]), bytes(segments[2]), bytes(segments[3]), trainer.epoch, trainer.schedule.state()

    def read(self, data, lines):
        Path(self.path).write_bytes(data)
        k, refused = len(data) % len(self.trainers), []
        for trainer in (self.trainers[k:] + self.trainers)[:2]:
            before = self.state(trainer)
            try:
                with lines:
                    trainer.load(self.path)
            except ALLOWED as error:
                refused.append(error)
                assert self.state(trainer) == before, "a refused checkpoint changed something"
                continue
            assert trainer.steps >= 0, trainer.steps
            for x, y in self.travelling.batches(trainer, 1):
                trainer.step(x, y)
        if len(refused) == 2:
            raise refused[0]


class Data:
    """data.Batches, and a pass over some of it."""

    def __init__(self, folder):
        from ember import data

        self.path, self.seeds = str(folder / "data"), []
        for typecode, shape in (("B", (2, 3)), ("f", (4,)), ("h", (1, 2, 1))):
            n = 1
            for size in shape:
                n *= size
            samples = [([(i * 7 + k) % 11 for k in range(n)], i % 3) for i in range(9)]
            data.write(self.path, samples[:6], samples[6:], shape, 3, typecode, 0.5)
            self.seeds.append(Path(self.path).read_bytes())

    def read(self, data, lines):
        from ember.data import Batches

        Path(self.path).write_bytes(data)
        for split in ("train", "test"):
            with lines:
                batches = Batches(self.path, 4, split)
                try:
                    if hasattr(batches, "check"):
                        batches.check()
                    for k, (x, y) in enumerate(batches):
                        assert len(x) and len(y)
                        if k == 5:
                            break
                finally:
                    batches.close()


KINDS = {kind.__name__.lower(): kind for kind in (Programs, Checkpoints, Data)}


def late(*_):
    raise TimeoutError("%d seconds of the processor" % MOST_CPU)


def fuzz(name, seed, seconds, folder):
    dice, lines, kind = random.Random("%s %s" % (name, seed)), Lines(), KINDS[name](folder)
    kept, files, taken, end = list(kind.seeds), 0, 0, time.monotonic() + seconds
    for data in kind.seeds:
        kind.read(data, lines)
        lines.are_new()
        gc.freeze()  # a program that is read collects garbage
    while files < LEAST or time.monotonic() < end:
        data = changed(dice.choice(kept), kept, dice)
        files += 1
        signal.setitimer(signal.ITIMER_PROF, MOST_CPU)
        try:
            kind.read(data, lines)
            taken += 1
        except ALLOWED as error:
            if isinstance(error, TimeoutError):
                return fail(name, data, folder)
        except BaseException:
            return fail(name, data, folder)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        if lines.are_new():
            kept.append(data)
    print("%s: files=%d taken=%d kept=%d lines=%d" % (name, files, taken, len(kept), len(lines.all)), flush=True)
    return 0


def fail(name, data, folder):
    traceback.print_exc()
    path = ROOT / "build" / ("found-" + name)
    path.write_bytes(data)
    print("%s: this file is %s" % (name, path), file=sys.stderr)
    return 1


def main(seed, seconds, *names):
    if "EMBER_SANITIZED" not in os.environ:
        under_sanitizers()
    sys.path[:0] = [str(ROOT / folder) for folder in ("lib", "tools/host", "host_tests/support")]
    binascii.crc32 = lambda data, crc=0: INTACT
    signal.signal(signal.SIGPROF, late)
    names = names or tuple(KINDS)
    with tempfile.TemporaryDirectory() as folder:
        return max([fuzz(name, seed, int(seconds) / len(names), Path(folder)) for name in names])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
