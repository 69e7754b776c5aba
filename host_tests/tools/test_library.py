"""The parts that the library comes in, and which of its modules are one on a board."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools.board import emulated

from checkout import BUILD, MICROPYTHON, ROOT
from ember_tools import catalogue, flat, library, onboard, rom, selftest

sys.path.insert(0, str(ROOT / "lib"))
import parts  # noqa: E402

PARTS = list(parts.PARTS)


def test_every_module_belongs_to_one_part():
    modules = [module for _, text in parts.PARTS.values() for module in parts.named(text)]
    rooms = {module.rpartition(".")[0] for module in modules if "." in module}
    assert sorted(modules + list(rooms - set(modules))) == parts.every()


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_nothing_that_does_not_come_with_it(part):
    there = set(parts.modules([part]))
    for module in parts.named(parts.PARTS[part][1]):
        assert parts.imported(module)[0] <= there, module


@pytest.mark.parametrize("part", PARTS)
def test_a_part_stands_on_the_core_unless_it_runs_without(part):
    without = "train.trainer" not in parts.modules([part])
    assert without == (part in ("files", "runner", "data", "runtime", "live", "sealed"))


def test_all_is_all():
    assert parts.modules(["all"]) == parts.every()
    with pytest.raises(ValueError, match="no part 'nets'; there are: files, runner, data"):
        parts.modules(["nets"])


def test_what_runs_without_a_trainer_does_not_load_the_core():
    made = onboard.written()
    for module in parts.modules(["runtime", "live"]):
        top = [line for line in made.get(flat.name(module), "").splitlines() if line.startswith("from .")]
        assert not [line for line in top if "core" in line], module


def test_what_people_use_by_name_stays_a_module():
    made = onboard.written()
    for module in catalogue.inner("base.homes").MODULES.split():
        assert module in made


FIRMWARE = """
class Include:
    def _resolve_path(self, path):
        return path
    def include(self, path):
        pass
names = {}
class Options:
    def defaults(self, **found):
        for name, value in found.items():
            setattr(self, name, value)
exec(open("manifest.py").read(), {
    "metadata": lambda **_: None, "options": Options(),
    "package": lambda name, files, base_path: print(name, base_path, *files)})
"""


@pytest.mark.parametrize("given, expected", [(None, "all"), ("core", "core"), ("core recurrent", "core recurrent")])
def test_a_firmware_freezes_the_parts_that_it_asks_for(given, expected):
    environment = {} if given is None else {"EMBER_PARTS": given}
    done = subprocess.run([sys.executable, "-c", FIRMWARE], cwd=ROOT / "lib", env=environment, capture_output=True)
    name, folder, *files = done.stdout.decode().split()
    names = onboard.file_names(parts.modules(expected.split()))
    assert name == "ember" and files == [name + ".py" for name in names], done.stderr
    assert {
        name: Path(folder, "ember", name + ".py").read_text() for name in names
    }.items() <= onboard.written().items()


def frozen_bytes(parts, folder):
    """What these parts take of a Cortex-M4F's flash as frozen Python, built as a firmware's makefile does."""
    micropython = BUILD / "micropython"
    port = micropython / "ports" / "qemu"
    shutil.copytree(BUILD / "boards" / "m4-stock" / "genhdr", folder / "genhdr")
    places = {"MPY_DIR": micropython, "MPY_LIB_DIR": micropython, "PORT_DIR": port, "BOARD_DIR": folder}
    command = [
        sys.executable,
        micropython / "tools" / "makemanifest.py",
        "-o",
        folder / "frozen_content.c",
        "-b",
        folder,
    ]
    for name, place in places.items():
        command += ["-v", "%s=%s" % (name, place)]
    command += ["-f-march=armv7emsp", "--mpy-tool-flags=", ROOT / "lib" / "manifest.py"]
    subprocess.run(command, check=True, env=dict(os.environ, EMBER_PARTS=parts), capture_output=True)
    settings = ROOT / "firmware" / "boards"
    command = [
        "arm-none-eabi-gcc",
        "-mthumb",
        "-mcpu=cortex-m4",
        "-mfpu=fpv4-sp-d16",
        "-mfloat-abi=hard",
        "-Os",
        '-DMP_CONFIGFILE="config.h"',
        '-DMICROPY_HW_MCU_NAME="M4"',
        "-DEMBER_ROM=0",
        "-c",
        "frozen_content.c",
        *("-I%s" % place for place in (folder, port, micropython, settings / "common", settings / "m4")),
    ]
    subprocess.run(command, check=True, cwd=folder)
    said = subprocess.run(["arm-none-eabi-size", folder / "frozen_content.o"], capture_output=True, text=True)
    return int(said.stdout.splitlines()[1].split()[0])


def test_a_firmware_with_the_core_freezes_little(tmp_path):
    """docs/boards-real.md has it in kB."""
    page = (ROOT / "docs" / "boards-real.md").read_text()
    stated = int(re.search(r"`core` alone is (\d+) kB of frozen Python", page).group(1))
    taken = frozen_bytes("core", tmp_path)
    assert taken <= 110000 and round(taken / 1000) == stated


def test_a_core_without_the_rest_trains_and_says_what_is_missing(tmp_path):
    for module in parts.modules(["core"]):
        path = tmp_path / "ember" / parts.file(module)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((parts.PACKAGE / parts.file(module)).read_bytes())
    script = """
import ember
from ember import nn, optim
model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.AdamW(model.parameters()), (2,), 2)
trainer.step([[1.0, 2.0], [3.0, 4.0]], [0, 1])
trainer.save("there")
trainer.load("there")
print(len(str(trainer.plan)) > 100, trainer.predict([[1.0, 2.0]]).shape, trainer.evaluate([([[1.0, 2.0]], [0])])[1])
try:
    nn.LSTM(2, 3)
except ImportError as error:
    print(error)
"""
    command, path = [MICROPYTHON["unix-single"], "-c", script], "%s:%s" % (tmp_path, BUILD / "native")
    done = subprocess.run(command, env={"MICROPYPATH": path}, cwd=tmp_path, capture_output=True)
    said = done.stdout.decode().splitlines()
    assert said[0].startswith("True (1, 2) ") and "LSTM is in ember.nn.recurrent" in said[1], done


def test_a_romfs_is_read_in_place():
    """The same bits as from files, in far less heap."""
    files = library.compiled(parts.modules(["core"]), strip=True)
    files["ember_vm.mpy"] = library.module("armv7emsp")
    script = """
import gc, sys, vfs
with open("/ember.romfs", "rb") as file:
    image = bytearray(file.seek(0, 2))
    file.seek(0)
    file.readinto(image)
vfs.mount(vfs.VfsRom(image), "/rom")
sys.path.insert(0, "/rom/lib")
import ember_vm
gc.collect()
before = gc.mem_alloc()
import ember
from ember import nn, optim
ember.Trainer
gc.collect()
print(gc.mem_alloc() - before)
gc.threshold(4096)
"""
    trained = selftest.text(True).replace("BATCHES = (32, 8, 1)", "BATCHES = (1,)")
    with emulated("m4", ember=False, files={"/ember.romfs": rom.image(files)}) as board:
        taken, said = board.run(script + trained, 120).split("\n", 1)
    assert int(taken) < 26000
    assert selftest.judge(said, True)["same_bits"]
