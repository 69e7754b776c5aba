"""What `pip install .` brings: the library, the native VM of this computer, and types; importing needs no more."""

import os
import shutil
import subprocess
import sys

import pytest

from checkout import ROOT

TRAINS = """
import ember
from ember import nn, optim

ember.manual_seed(1)
model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
trainer = ember.Trainer(model, nn.MSELoss(), optim.Adam(model.parameters(), lr=0.05), input_shape=(2,), batch_size=4)
x, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0.0], [1.0], [1.0], [0.0]]
trainer.step(x, y)
first = trainer.loss
for _ in range(200):
    trainer.step(x, y)
print(ember.vm.name, trainer.loss < 0.1 * first)
"""
WRONG = "from ember import optim\n\noptim.Adam(3)\n"


def run(*command, cwd, expected=0):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "EMBER"))}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """An environment of its own in which the wheel alone is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in ("lib", "firmware/vm", "tools/host"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run(*pip, "wheel", "--no-build-isolation", "--no-deps", "--no-index", "-w", folder, source, cwd=folder)
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    wheels = list(folder.glob("*.whl"))
    assert len(wheels) == 1 and "-py3-none-" in wheels[0].name
    run(*pip, "--python", python, "install", "--no-deps", "--no-index", wheels[0], cwd=folder)
    return python


def test_it_trains_natively_without_a_path(python, tmp_path):
    assert run(python, "-c", TRAINS, cwd=tmp_path) == "native True\n"


def test_its_types_are_known(python, tmp_path):
    (tmp_path / "right.py").write_text(TRAINS)
    (tmp_path / "wrong.py").write_text(WRONG)
    mypy = [sys.executable, "-m", "mypy", "--python-executable", python, "--cache-dir", tmp_path / "cache", "--strict"]
    run(*mypy, "right.py", cwd=tmp_path)
    assert "arg-type" in run(*mypy, "wrong.py", cwd=tmp_path, expected=1)
