"""What loading a program that travels takes of the heap: the digits MLP of `make demo`, on an emulated Cortex-M4F.

    python host_tests/bench/travelled.py

With VM and runtime in the firmware, and on a stock one that loads both as .mpy. `make size` prints it too.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "lib"), str(ROOT / "tools" / "host"), str(ROOT / "host_tests" / "support")]

from tools.board import emulated  # noqa: E402

import ember  # noqa: E402
import targets  # noqa: E402
from ember import nn, optim  # noqa: E402
from ember_tools import library  # noqa: E402

BOARD = "m4"
SCRIPT = """
import gc
def used():
    gc.collect()
    return gc.mem_alloc()
x, y = bytes(64 * 32), bytes(32)
start = used()
from ember import runtime
imported = used()
model = runtime.load("/digits.ember")
loaded = used()
model.step(x, y)
model.evaluate([(x, y)])
model.save("/digits.ckpt")
print(imported - start, loaded - imported, used() - loaded, 4 * len(model.executor.segments[0]))
"""


def exported(folder):
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = optim.SGD(model.parameters(), lr=0.2, momentum=0.9, weight_decay=1e-3)
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, (64,), 32, input_dtype="B", input_scale=1 / 16)
    path = Path(folder) / "digits.ember"
    trainer.export(str(path))
    return path.read_bytes()


def measured(ember_in_firmware, program):
    """Bytes of import, of load less the arena, of using it once; of the arena."""
    files = {"/digits.ember": program}
    if not ember_in_firmware:
        files["/lib/ember_vm.mpy"] = (targets.NATIVE / ("ember_vm_%s.mpy" % targets.MODULES[BOARD])).read_bytes()
        for path, content in library.compiled(library.PARTS["modules"](["runtime"])).items():
            files["/lib/" + path] = content
    with emulated(BOARD, ember=ember_in_firmware, files=files) as board:
        imported, loaded, used, arena = (int(word) for word in board.run(SCRIPT, 60).split())
    return imported, loaded - arena, used, arena


def table():
    """Lines of Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        program = exported(folder)
    lines = ["| %s, digits MLP | import | load, besides the arena | first use | in all | arena |" % BOARD]
    lines.append("|---|---:|---:|---:|---:|---:|")
    for name, inside in (("VM and runtime in the firmware", True), ("stock firmware, both as .mpy", False)):
        imported, loaded, used, arena = measured(inside, program)
        figures = (imported, loaded, used, imported + loaded + used, arena)
        lines.append("| %s | %s |" % (name, " | ".join("{:,}".format(n) for n in figures)))
    return lines


if __name__ == "__main__":
    print("\n".join(table()))
