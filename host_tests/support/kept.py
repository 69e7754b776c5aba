"""Programs of a table as they were when it was the newest, and what is right of them: later versions must run them.

python host_tests/support/kept.py        writes those of the table of today, once: what was kept is never written again

A folder a table, by its checksum. Its .ember files were exported then; results.npz has what NumPy in float64 makes of
them, and programs.npz each instruction and each function alone, with its memory before, and after in float64, and the
error that float32 may have.
"""

import json
import random
import sys
from array import array
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "lib"), str(ROOT / "tools" / "host")]

import numpy as np  # noqa: E402

import reference  # noqa: E402
import travelling  # noqa: E402
from cases import CASES  # noqa: E402
from ember import runtime  # noqa: E402
from ember.instructions import derived, isa, program, table  # noqa: E402
from programs import Memory, instruction  # noqa: E402

FOLDER = ROOT / "host_tests" / "kept"
MODELS = ("mlp", "cnn", "gru", "transformer")
STEPS = 4


def train(model):
    """Steps and a prediction by a VM: the output, then what was trained."""
    for x, y in travelling.batches(model, STEPS):
        model.step(x, y)
    x, _ = next(travelling.batches(model, 1))
    return np.array(model.predict(x)), np.array(model.executor.segments[0][: model.image.block(0)[1]])


def train_in_float64(model):
    """The same of the instructions' definitions, in NumPy."""
    code = array("i", memoryview(model.image.code).tolist())
    nothing = array("f")
    memory = reference.Reference([nothing if s is None else s for s in model.executor.segments])

    def run(x, y, sections):
        for k, part in ((program.X, x), (program.Y, y)):
            memory.values[k] = np.array(part, "f8" if part.typecode == "f" else "i8")
        memory.rows = memory.values[isa.INTS][program.ROWS] = len(x) // model.sample_size
        for section in sections:
            assert memory.run(code, section) is None

    for x, y in travelling.batches(model, STEPS):
        run(x, y, range(program.CHECK, program.UPDATE + 1))
    x, y = next(travelling.batches(model, 1))
    run(x, y, [program.PREDICT])
    (at, dims), rows = model.image.results[0], memory.rows
    return memory.values[isa.ARENA][at : at + rows * dims[1]], memory.values[isa.ARENA][: model.image.block(0)[1]]


def alone():
    """(name, memory, program) of each instruction, and of each function."""
    for name in CASES:
        r, m = random.Random(name), Memory(3, 3)
        yield name, m, m.program(CASES[name](m, r))
    for fn, (name, *_) in enumerate(table.FUNCTIONS):
        r, m = random.Random(name), Memory()
        a, b = ([r.uniform(0.1, 3) for _ in range(8)] for _ in range(2))
        d, a, b = m.put(isa.ARENA, [0] * 8), m.put(isa.CONSTANTS, a), m.put(isa.CONSTANTS, b)
        words = instruction("map", fn=fn, into=0, n=8, a_step=1, b_step=1, d=d, a=a, b=b)
        yield "map " + name, m, m.program(words)


def write(folder):
    folder.mkdir(parents=True)
    results, index, bytes_ = {}, [], {"words": [], "before": [], "after": [], "error": []}
    for name in MODELS:
        path = str(folder / (name + ".ember"))
        travelling.make(name).export(path)
        results[name], results[name + " trained"] = train_in_float64(runtime.load(path))
    for name, m, words in alone():
        after = reference.Reference(m.buffers)
        assert after.run(words) is None
        index.append([name, len(words), [(memory.typecode, len(memory)) for memory in m.buffers]])
        bytes_["words"].append(bytes(words))
        for k, before in enumerate(m.buffers):
            bytes_["before"].append(bytes(before))
            bytes_["after"].append(after.values[k].astype("f8").tobytes())
            bytes_["error"].append(np.where(after.written[k], after.error[k], -1).astype("f4").tobytes())
    np.savez_compressed(folder / "results.npz", **results)
    arrays = {name: np.frombuffer(b"".join(parts), "B") for name, parts in bytes_.items()}
    np.savez_compressed(folder / "programs.npz", index=np.array(json.dumps(index)), **arrays)


def read(folder):
    """(name, words, memory before, after, error) of each program; the error is below 0 where nothing is written."""
    kept = np.load(folder / "programs.npz")
    left = {name: memoryview(kept[name].tobytes()) for name in ("words", "before", "after", "error")}

    def take(name, code, n):
        size = array(code).itemsize * n
        found, left[name] = array(code, bytes(left[name][:size])), left[name][size:]
        return found

    for name, n, memory in json.loads(str(kept["index"])):
        yield (
            name, take("words", "i", n), [take("before", code, n) for code, n in memory],
            *([np.array(take(part, code, n)) for _, n in memory] for part, code in (("after", "d"), ("error", "f"))),
        )  # fmt: skip


if __name__ == "__main__":
    write(FOLDER / str(derived.CHECKSUM))
