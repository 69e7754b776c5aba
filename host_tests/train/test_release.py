"""The front leaves, and training goes on to the same bits; a board compiles for itself what it will train."""

import subprocess
import sys

import pytest

import ember
from checkout import ALLOCATED, ROOT, run_micropython
from ember import nn, optim

BOARD = ROOT / "build" / "library"
MADE = """
import gc, sys
from array import array
import ember
from ember import metrics, nn, optim, runtime, schedule

class Two(nn.Module):
    def __init__(self):
        self.a, self.b, self.c = nn.Linear(6, 5), nn.Linear(3, 5), nn.Linear(5, 4)
        self.norm = nn.BatchNorm1d(5)
    def forward(self, x, z):
        h = self.norm(self.a(x) + self.b(z)).relu()
        return self.c(h), h.mean(1)

class Both(nn.Module):
    def forward(self, outputs, targets):
        return nn.CrossEntropyLoss()(outputs[0], targets[0]) + nn.MSELoss()(outputs[1], targets[1])

def numbers(n, k):
    return array("f", [((i * 37 + k) % 101) / 50 - 1 for i in range(n)])

def arguments(kind):
    ember.manual_seed(5)
    options, loss, shape = {}, nn.CrossEntropyLoss(), (6,)
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Dropout(0.25), nn.Linear(5, 4))
    x, y = numbers(48, 3), array("B", [i % 4 for i in range(8)])
    if kind == "several":
        model, loss, shape = Two(), Both(), [(6,), (3,)]
        options["target_dtype"] = ["B", "f"]
        x, y = (x, numbers(24, 8)), (y, numbers(8, 1))
    if kind == "fused":
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        options["fused"] = True
    else:
        optimizer = optim.Adam([{"params": model.parameters()[:2]},
                                {"params": model.parameters()[2:], "lr": 0.02}], lr=0.05)
    if kind == "averaged":
        options.update(ema=0.5, clip_norm=0.1)
    if kind == "half":
        options["state_dtype"] = "bfloat16"
    if kind == "parts":
        options["micro_batch"] = 3
    return (model, loss, optimizer, shape, 8), options, x, y

def says(kind, t, x, y):
    out = t.predict(x)
    out = [v for part in (out if isinstance(out, tuple) else (out,)) for v in list(
        part.elements() if hasattr(part, "elements") else part)]
    print(repr(t.loss), repr(t.running_loss), t.steps, t.evaluate([(x, y)]), [repr(v) for v in out[:5]])
"""
KINDS = ["plain", "several", "fused", "averaged", "half", "parts"]

GO_ON = (
    MADE
    + """
kind, releases, folder = sys.argv[1:4]
given, options, x, y = arguments(kind)
t = ember.Trainer(*given, **options)
measured = kind != "several"
accuracy = metrics.Accuracy(4, 8) if measured else None
if kind == "plain":
    one = schedule.StepLR(t.optimizer, 2, 0.5)
    t.schedule = schedule.SequentialLR(t.optimizer, [one, schedule.ExponentialLR(t.optimizer, 0.9)], [3])
for _ in range(2):
    t.step(x, y)
given = options = None
if releases == "yes":
    t.release(globals())
    left = [name for name in sys.modules if name[:6] == "ember."]
    front = "core nn tensor ops optim loss recording sections front build layout eager".split()
    assert not [name for name in left if name[6:] in front], left
    assert t.front is t.model is t.optimizer is t.plan is None
says(kind, t, x, y)
t.fit([(x, y)] * 2, 4, validation=[(x, y)])
print(repr(t.lr), t.epoch)
says(kind, t, x, y)
if kind != "fused" and not t.step(x, y, budget_us=200):
    while not t.poll(200):
        pass
if measured:
    t.evaluate([(x, y)], metrics=[accuracy])
    print(accuracy.compute())
if kind == "averaged":
    with t.averaged():
        says(kind, t, x, y)
path = folder + "/" + kind
t.save(path + ".ckpt")
n = t.export(path + ".ember")
t.step(x, y)
t.load(path + ".ckpt")
says(kind, t, x, y)
with open(path + ".ember", "rb") as file:
    data = file.read()
r = runtime.load(data)
r.step(x, y)
t.step(x, y)
print(n, len(data), sum(data), repr(r.loss), r.loss == t.loss, r.names == t.names)
bad = (x, array("B", [9] * 8)) if measured else (x, (array("B", [9] * 8), y[1]))
try:
    t.step(*bad)
except ValueError as error:
    print(error)
"""
)


def on_cpython(text, *arguments):
    script = "import sys; sys.path[:0] = %r; sys.argv = ['', *%r]\n%s" % (
        [str(ROOT / "lib"), str(ROOT / "tools" / "host")],
        [str(a) for a in arguments],
        text,
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def under(micropython):
    return lambda text, *arguments: micropython("import sys\nsys.argv[:] = %r\n%s" % (
        ["", *map(str, arguments)], text), heap="2m")  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_on_to_the_same_bits(kind, tmp_path, micropython):
    run = under(micropython)
    assert run(GO_ON, kind, "yes", tmp_path) == run(GO_ON, kind, "no", tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_with_what_goes_to_a_board(kind, tmp_path):
    """There the front is in one file, core."""
    script = "import sys\nsys.argv[:] = ['', %r, 'yes', %r]\n%s" % (kind, str(tmp_path), GO_ON)
    found = [run_micropython("unix-single", script, heap="2m", library=library) for library in (ROOT / "lib", BOARD)]
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", KINDS)
def test_on_cpython_too(kind, tmp_path):
    assert on_cpython(GO_ON, kind, "yes", tmp_path) == on_cpython(GO_ON, kind, "no", tmp_path)


def test_what_it_gives_back(micropython):
    """Each name says how much, and nearly all that the front took is free again."""
    found = under(micropython)(
        MADE
        + """
gc.collect()
at_first = gc.mem_alloc()
given, options, x, y = arguments("plain")
model, loss, optimizer = given[:3]
t = ember.Trainer(*given)
t.step(x, y)
given = optim = metrics = runtime = schedule = options = None
gc.collect()
before = gc.mem_alloc()
found = t.release(globals())
gc.collect()
print(sorted(name for name, _ in found))
print(all([n >= 0 for _, n in found]), sum([n for _, n in found]) > 30000, before - gc.mem_alloc() > 30000)
print([name for name in ("model", "loss", "optimizer", "nn", "Two", "Both") if name in globals()])
print(t.release())
"""
    ).splitlines()
    assert found == [
        "['Both', 'Two', 'loss', 'model', 'nn', 'optimizer', 'the front']", "True True True", "[]", "[]"]  # fmt: skip


def test_another_model_afterwards(micropython):
    found = under(micropython)(
        MADE
        + """
given, options, x, y = arguments("plain")
t = ember.Trainer(*given)
t.step(x, y)
t.release()
given = None
from ember import nn, optim
model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4))
u = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.1), (6,), 8)
for _ in range(20):
    u.step(x, y)
    t.step(x, y)
print(u.steps, t.steps, u.loss < 1.2, isinstance(u.predict(x), ember.Tensor))
"""
    )
    assert found == "20 21 True True\n"


def test_nothing_is_allocated_afterwards():
    found = run_micropython(
        "unix-single",
        MADE
        + ALLOCATED
        + """
given, options, x, y = arguments("plain")
t = ember.Trainer(*given)
accuracy, out = metrics.Accuracy(4, 8), array("f", bytes(128))
t.step(x, y)
t.predict(x, out)
t.evaluate([(x, y)], metrics=[accuracy])
given = None
t.release(globals())
def use(n):
    for _ in range(n):
        t.step(x, y)
        t.predict(x)
        t.predict(x, out)
        accuracy.update(out, y)
print(allocated(use))
""",
        heap="2m",
    )
    assert found == "0\n"


def test_what_needs_the_front_is_refused(micropython):
    found = under(micropython)(
        MADE
        + """
given, options, x, y = arguments("plain")
model = given[0]
t = ember.Trainer(*given)
f = ember.record(lambda x: model(x), (8, 6))
try:
    t.release()
except ValueError as error:
    print(error)
t.step(x, y)
model = nn.Linear(6, 4)
t = ember.Trainer(model, nn.CrossEntropyLoss(), optim.LBFGS(model.parameters()), (6,), 8)
try:
    t.release()
except ValueError as error:
    print(error)
t.step(x, y)
print(t.front is not None)
"""
    )
    assert found.splitlines() == [
        "release: a recorded function uses the parameters of this Trainer, and needs the front",
        "release: LBFGS moves by the front, between the program's runs",
        "True",
    ]


COMPILED = (
    MADE
    + """
path = sys.argv[1]
for kind in %r:
    given, options, x, y = arguments(kind)
    n = ember.compile(*given, path=path, **options)
    values = [p.storage is None for p in given[0].parameters()]
    t = ember.Trainer(*given, **options)
    with open(path, "rb") as file:
        data = file.read()
    r = runtime.load(data)
    same = []
    for _ in range(3):
        r.step(x, y)
        t.step(x, y)
        same.append(r.loss == t.loss)
    print(kind, n == len(data), values, same, sum(data))
"""
    % (KINDS,)
)


def test_what_was_compiled_trains_as_a_trainer(micropython, tmp_path):
    """Nothing of it was kept: parameters have no values yet."""
    for line in under(micropython)(COMPILED, tmp_path / "c.ember").splitlines():
        kind, rest = line.split(" ", 1)
        values = 8 if kind == "several" else 4
        assert rest.startswith("True %s [True, True, True]" % ([True] * values)), line


def test_the_same_bytes_on_a_pc_and_on_a_board(tmp_path):
    text = MADE + "given, options, x, y = arguments('averaged')\nember.compile(*given, path=sys.argv[1], **options)\n"
    on_cpython(text, tmp_path / "pc")
    run_micropython(
        "unix-single", "import sys\nsys.argv[:] = ['', %r]\n%s" % (str(tmp_path / "board"), text), heap="2m"
    )
    assert (tmp_path / "pc").read_bytes() == (tmp_path / "board").read_bytes()


def drawn():
    """Parameters that begin in each way there is, longer than the pieces in which they are drawn."""
    ember.manual_seed(5)
    model = nn.Sequential(nn.Linear(40, 30), nn.Tanh(), nn.Linear(30, 30), nn.Tanh(), nn.Linear(30, 24), nn.Tanh(),
                          nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 20))  # fmt: skip
    a, b, c, d, e = [layer for layer in model.layers if hasattr(layer, "weight")]
    nn.init.normal_(a.weight, 0.5, 2.0)
    nn.init.trunc_normal_(b.weight)
    nn.init.orthogonal_(c.weight)
    nn.init.kaiming_uniform_(d.weight)
    nn.init.constant_(d.bias, 0.25)
    with ember.no_grad():
        e.weight[...] = ember.arange(480).reshape(24, 20)
    return model


def test_a_file_holds_what_a_trainer_begins_with(tmp_path):
    whole, pieces = drawn(), drawn()
    trainer = ember.Trainer(whole, nn.CrossEntropyLoss(), optim.Adam(whole.parameters()), (40,), 4)
    trainer.export(str(tmp_path / "whole"))
    ember.compile(
        pieces, nn.CrossEntropyLoss(), optim.Adam(pieces.parameters()), (40,), 4, path=str(tmp_path / "pieces")
    )
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "pieces").read_bytes()
    assert [p.storage is None for p in pieces.parameters()] == [True] * 8 + [False, True]
