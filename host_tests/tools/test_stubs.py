"""The type stubs in lib/typings say what the package is, and programs that use them are checked."""

import ast
import os
import subprocess
import sys

from tools import stubs

from checkout import BUILD, ROOT
from ember_tools.catalogue import inner, listed, parts
from ember_tools.flat import PARTS

STUBS = ROOT / "lib" / "typings"
# Public by name, but for Ember itself: what has no stub on purpose, beside the modules without one.
INNER = r"""
ember\.instructions\.isa\.[A-Z0-9_]+              # its numbers: the stub's __getattr__ answers for them all
ember\.optim(\.\w+)*\.(emit|hyper)     # how an optimizer writes itself into a program
ember\.tensors\.tensor\.(apply|axis|inputs_of|operand|current_sink|use|SHAPED|Tensor\.(handed|op|pinned|weighted|__array_ufunc__))
ember\.(metrics\.floats|optim\.betas|schedule\.(bases|cosine|rising)|tensors\.parameter\.uniform)
ember\.nn\.(Module\.refuse|loss_\w+\.\w+\.distance)
ember\.recording\.layout\.Plan\.(parts|entries|table|save_svg)  # which load when they are asked for
"""

EXAMPLE = """
from array import array
from ember import Batches, Parameter, Tensor, Trainer, cat, manual_seed, metrics, nn, no_grad, optim, record, schedule
from ember import vm
from ember.callbacks import EarlyStopping, KeepBest
from ember.progress import Progress

class Scale(nn.Module):
    def __init__(self) -> None:
        self.by = Parameter((1,), 0.5, 1.5)

    def forward(self, x: Tensor) -> Tensor:
        return (2 * x - 1) / self.by @ self.by.T ** 2

manual_seed(1)
model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), Scale(), nn.Linear(32, 10)).train()
optimizer = optim.Adam(model.parameters(), lr=0.01)
optim.SGD([{"params": model.parameters(), "lr": 0.1}], momentum=0.9)
trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, input_shape=(64,), memory=64 * 1024)
batches = Batches("digits.bin", 32, shuffle=False)
bar = Progress(batches, 3)
trainer.fit(batches, 3, validation=[([[0.5] * 64], [1])], callbacks=[bar], on_step=bar.step)
trainer.step(array("f", range(64)), bytes(1))
optimizer.lr = 0.5 * optimizer.lr
loss: float = trainer.loss + trainer.evaluate(batches)[0]
warm = schedule.SequentialLR(optimizer, [schedule.LinearLR(optimizer), schedule.ExponentialLR(optimizer, 0.9)], [5])
accuracy = metrics.Accuracy(10)
trainer.evaluate(batches, [accuracy, metrics.AUROC()])
trainer.fit(batches, 3, batches, [EarlyStopping(3), KeepBest("best.ckpt", "accuracy")], schedule=warm)
loss += accuracy.compute() + trainer.predict(bytes(64), out=array("f", range(10)))[0]
train = record(lambda x: model(x), (4, 64), memory=1 << 14)
loss += train(array("f", range(256))).item() + train.steps
lines: list[str] = [str(trainer.plan), str(trainer.image), vm.name]
kinds: list[tuple[str, int]] = trainer.plan.parts()
for kind, size, offset, first, last, made in trainer.plan.entries():
    lines += [trainer.plan.table(), kind, made, str(size + offset + first + last)]
trainer.plan.save_svg("plan.svg")
with no_grad():
    y = cat([Tensor([[1.0, 2.0]]), trainer.predict(bytearray(64))[:, 0:2]]).softmax(-1).reshape(-1).max(0, keepdim=True)
height: int = y.shape[0] + len(y)

Tensor("1.0", dtype="f")  # type: ignore[arg-type]
Tensor(1.0, dtype="d")  # type: ignore[arg-type]
optim.SGD(model)  # type: ignore[arg-type]
nn.CrossEntropyLoss(reduction="average")  # type: ignore[arg-type]
trainer.evaluate(batches)[1] + 1  # type: ignore[operator]
schedule.StepLR(optimizer)  # type: ignore[call-arg]
trainer.fit(batches, 3, schedule_every="batch")  # type: ignore[arg-type]
trainer.loss = 0.0  # type: ignore[misc]
y.cuda()  # type: ignore[attr-defined]
"""


def mypy(folder, module, *arguments):
    """Run in a folder of its own, as stubtest leaves a cache where it runs."""
    paths = {"MYPYPATH": STUBS, "PYTHONPATH": ROOT / "lib", "MYPY_CACHE_DIR": BUILD / "mypy"}
    environment = dict(os.environ, **{name: str(path) for name, path in paths.items()})
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_stubs_are_of_the_package(tmp_path):
    there = STUBS / "ember"
    without = [name for name in PARTS["every"]() if not (there / PARTS["file"](name)).with_suffix(".pyi").exists()]
    hidden = [r"ember\.%s" % name.replace(".", r"\.") for name in without]
    offers = parts(listed("OPERATIONS", "FUNCTIONS"))
    for module in sorted({module for module, _ in offers}):  # rows of the op table, and what they are made with
        offered = [name for home, names in offers if home == module for name in names]
        hidden.append(r"ember\.%s\.(?!(%s)$).*" % (module.replace(".", r"\."), "|".join(offered)))
    (tmp_path / "inner").write_text(INNER + "\n".join(hidden))
    mypy(tmp_path, "mypy.stubtest", "ember", "--concise", "--allowlist", tmp_path / "inner")


def test_the_stub_has_what_loads_when_it_is_first_used():
    """stubtest does not see what only __getattr__ knows."""
    stub = ast.parse((STUBS / "ember" / "__init__.pyi").read_text())
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    operations = {(module, name) for module, names in parts(listed("OPERATIONS", "FUNCTIONS")) for name in names}
    imported = {
        ((node.module or "").partition("ember.")[2] or node.module, name.name)
        for node in imports
        for name in node.names
    }
    lazy = {(module, name) for module, names in parts(inner("base.homes").HOMES) for name in names}
    modules = {(None, name) for name in (inner("base.homes").MODULES + " filters functional monitor").split()}
    assert imported == lazy | modules | operations


def test_what_they_repeat_of_the_catalogue_is_current():
    assert [path.name for path, text in stubs.generated().items() if path.read_text() != text] == []


def test_a_program_is_checked(tmp_path):
    """Each `type: ignore` is a mistake that must be found: --strict refuses one that ignores nothing."""
    (tmp_path / "example.py").write_text(EXAMPLE)
    mypy(tmp_path, "mypy", "--strict", tmp_path / "example.py")


def test_the_stubs_are_sound(tmp_path):
    mypy(tmp_path, "mypy", "--strict", STUBS / "ember")
