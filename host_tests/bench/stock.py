"""What a stock board of 192 kB makes and trains by itself, with Ember as deploy copies it. `make size` prints it too.

    python host_tests/bench/stock.py

Each with the native VM that its program needs (deploy's --for), on an emulated Cortex-M4F or M33. A compiled program
is loaded after a reset.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "host_tests" / "support"), str(ROOT / "tools" / "host")]

from tools.board import BoardError, emulated  # noqa: E402

import targets  # noqa: E402
from ember_tools import library  # noqa: E402

# The suites' boards have a larger heap: what is beyond 192 kB is taken here.
HEAP = """
import builtins, gc
builtins.taken = bytearray(96 * 1024)
def free():
    gc.collect()
    return gc.mem_free()
"""
MLP = (
    HEAP
    + """
def main(width):
    import ember
    from ember import nn, optim
    model = nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))
    ember.compile(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (64,), 8, path="mlp.ember")
main(%d)
"""
)
MLP_TRAINS = (
    HEAP
    + """
def main():
    from ember import runtime
    model = runtime.load("mlp.ember")
    from array import array
    x, y = array("f", bytes(2048)), bytearray([0, 1, 2, 3, 4, 5, 6, 7])
    for i in range(512):
        x[i] = i % 37 / 37
    first = None
    for _ in range(20):
        model.step(x, y)
        first = first or model.loss
    print(first, model.loss, free())
main()
"""
)
WINDOWS = (
    HEAP
    + """
from array import array
x, y = array("f", range(16 * 50 * 3)), bytearray(16)
for i in range(len(x)):
    x[i] = (i * 37 + i // 150 * 11) % 101 / 50 - 1
for i in range(16):
    y[i] = i % 4
def conv():
    import ember
    from ember import nn, optim
    model = nn.Sequential(nn.Conv1d(3, 8, 5, stride=2), nn.ReLU(), nn.Conv1d(8, 8, 5, stride=2), nn.ReLU(),
                          nn.AvgPool1d(10), nn.Flatten(), nn.Linear(8, 4))
    return model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01), (50, 3), 16
"""
)
STEPS = """
    first = None
    for _ in range(20):
        t.step(x, y)
        first = first or t.loss
    t.save("net.ckpt")
    print(first, t.loss, free())
"""
CONV = (
    WINDOWS
    + """
def main():
    import ember
    t = ember.Trainer(*conv())
%smain()
"""
    % STEPS
)
CONV_COMPILES = (
    WINDOWS
    + """
import ember
ember.compile(*conv(), path="net.ember")
"""
)
CONV_TRAINS = (
    WINDOWS
    + """
def main():
    from ember import runtime
    t = runtime.load("net.ember")
%smain()
"""
    % STEPS
)
GPT = (
    HEAP
    + """
import microgpt
print(microgpt.compile())
"""
)
GPT_TRAINS = (
    HEAP
    + """
import microgpt
model = microgpt.train(steps=%d)
model.save("gpt.ckpt")
print(free())
"""
)
CONVOLUTION, ATTENTION = ("core", "convolution", "pooling"), ("core", "index", "normalization")
GOAL = 100  # H of 64-H-10


def files(components):
    """What lies on the board."""
    library.make(targets.MODULES["m4"], components)
    found = {"/lib/" + path: content for path, content in library.compiled(library.PARTS["every"]()).items()}
    found["/lib/ember_vm.mpy"] = library.module(targets.MODULES["m4"], components)
    found["/lib/microgpt.py"] = (ROOT / "lib" / "examples" / "microgpt.py").read_bytes()
    return found


def run(board, components, *scripts):
    """What the last of these prints, each in a Python that was just started."""
    with emulated(board, ember=False, files=files(components)) as there:
        for script in scripts:
            said = there.run(script, 300)
    return said.split("\n")


def learned(line):
    """Bytes of heap that are free, of a script that said its first loss and its last."""
    first, last, free = line.split()
    assert float(last) < float(first), line
    return int(free)


def mlp(width):
    """Bytes free, or None where it does not fit."""
    try:
        return learned(run("m4", ("core",), MLP % width, MLP_TRAINS)[0])
    except BoardError as error:
        if "MemoryError" not in str(error):
            raise
        return None


def widest():
    """The widest that fits, to the next 4, and what is then free."""
    fits, fails, free = 0, 256, 0
    while fails - fits > 4:
        middle = (fits + fails) // 8 * 4
        found = mlp(middle)
        if found is None:
            fails = middle
        else:
            fits, free = middle, found
    return fits, free


def conv():
    """Bytes free where a Trainer makes and trains it, and where it was compiled."""
    return (learned(run("m33", CONVOLUTION, CONV)[0]),
            learned(run("m33", CONVOLUTION, CONV_COMPILES, CONV_TRAINS)[0]))  # fmt: skip


def gpt(steps=500):
    """(bytes free, its last loss, the names that it makes)"""
    *losses, names, free, _ = run("m4", ATTENTION, GPT, GPT_TRAINS % steps)
    return int(free), float(losses[-1].split()[-1]), names


def table():
    """Lines of Markdown."""
    width, free = widest()
    whole, travelled = conv()
    left, loss, names = gpt()
    rows = [
        ("64-%d-10, the widest of its kind, Adam, batch 8: compiled, reset, trained" % width, "m4", free),
        ("Conv1d net of 492 parameters, windows of 50×3, batch 16: a Trainer, trained and saved", "m33", whole),
        ("the same: compiled, reset, trained and saved", "m33", travelled),
        ("microgpt, 4,192 parameters, 500 steps to a loss of %.2f: compiled, reset, trained" % loss, "m4", left),
    ]
    lines = ["| on a stock board with 192 kB of heap | board | heap free at the end |", "|---|---|---:|"]
    lines += ["| %s | %s | %s |" % (what, board, "{:,}".format(n)) for what, board, n in rows]
    return [*lines, "", "The names that it makes up then: %s." % names]


if __name__ == "__main__":
    print("\n".join(table()))
