"""What mip installs: a folder an architecture, by mpremote onto an emulated board; and the sources, in lib/."""

import json
import shutil
import subprocess
import sys

import pytest
from tools.board import emulated

from checkout import BUILD, MICROPYTHON, ROOT
from ember_tools import dist, library
from ember_tools.facts import MODULES
from ember_tools.line import DeployError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist") / "dist"
    done = subprocess.run([sys.executable, "-m", "ember_tools", "dist", "--folder", str(folder)], capture_output=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_architecture_has_a_folder(folder):
    """That of the ESP32 where its compiler built it."""
    always = {"x64", "armv6m", "armv7m", "armv7emsp", "armv7emdp", "rv32imc", "xtensa", "portable"}
    made = {path.name for path in folder.iterdir()}
    esp32 = {"xtensawin"} if (BUILD / "native" / "ember_vm_xtensawin.mpy").exists() else set()
    assert made == always | esp32
    assert always | {"xtensawin"} == set(MODULES.values()) | {"portable"}


def test_a_package_names_every_file_beside_it(folder):
    for path in folder.iterdir():
        package = json.loads((path / "package.json").read_text())
        there = {str(file.relative_to(path)) for file in path.rglob("*.mpy")}
        smaller = {name for name in there if name[:3] == "vm-"}  # those that are built
        for name in smaller:
            vm = json.loads((path / (name.split("/")[0] + ".json")).read_text())
            assert vm["urls"] == [["ember_vm.mpy", name]]
        there -= smaller
        assert {target for target, _ in package["urls"]} == {source for _, source in package["urls"]} == there
        assert ("ember_vm.mpy" in there) == (path.name != "portable")
        every = library.PARTS["every"]()
        assert {"ember/%s.mpy" % name for name in library.file_names(every)} == there - {"ember_vm.mpy"}
        assert package["version"] == library.version()


def test_a_part_is_a_package_of_its_own(folder):
    for path in folder.iterdir():
        files = {part: {to for to, _ in json.loads((path / (part + ".json")).read_text())["urls"]} for part in
                 library.PARTS["PARTS"]}  # fmt: skip
        assert files["runner"] <= files["core"] < files["recurrent"]
        assert files["runner"] < files["data"] < files["runtime"]
        assert "ember/core.mpy" in files["core"] and "ember/nn_recurrent.mpy" in files["recurrent"] - files["core"]
        assert ("ember/portable_run.mpy" in files["core"]) == (path.name == "portable")
        assert all((path / name).is_file() for name in files["recurrent"])


# .mpy files tell their architecture in the third byte: MicroPython's py/persistentcode.h.
CODES = {"x64": 2, "armv6m": 4, "armv7m": 5, "armv7emsp": 7, "armv7emdp": 8, "xtensa": 9, "xtensawin": 10}
CODES["rv32imc"] = 11


def test_a_native_module_is_of_its_architecture(folder):
    for path in folder.glob("*/ember_vm.mpy"):
        magic, version, flags = path.read_bytes()[:3]
        assert (magic, version, flags & 3, flags >> 2) == (ord("M"), 6, 3, CODES[path.parent.name])
        for module in path.parent.glob("ember/*.mpy"):
            assert module.read_bytes()[:3] == b"M\x06\x00"


@pytest.mark.parametrize(
    "name, arch, vm",
    [("m4", "armv7emsp", "native"), pytest.param("rv32", "portable", "portable", marks=pytest.mark.long)],
)
def test_mip_installs_it(name, arch, vm, folder):
    with emulated(name, ember=False) as board:
        command = [sys.executable, "-m", "mpremote", "connect", board.port, "mip", "install"]
        done = subprocess.run([*command, str(folder / arch / "package.json")], capture_output=True, timeout=180)
        assert done.returncode == 0, done.stdout + done.stderr
        said = board.run("import ember\nfrom ember import vm, Tensor\nprint(vm.name, Tensor([1.0, 2.0]).sum().item())")
        assert said == vm + " 3.0\n"


def test_the_package_of_the_sources_is_current():
    for name, text in dist.packages().items():
        assert (ROOT / "lib" / name).read_text() == text, "make generate"
    urls = json.loads(dist.packages()["package.json"])["urls"]
    assert {target for target, _ in urls} == {
        path.relative_to(ROOT / "lib").as_posix() for path in (ROOT / "lib" / "ember").rglob("*.py")
    }
    assert all((ROOT / "lib" / source).is_file() for _, source in urls)


def test_what_is_asked_for_by_name_comes_with_all_it_needs():
    core = set(library.modules())
    assert {"nn", "train.trainer", "optim", "nn.loss", "portable.convolution", "ops.shape"} <= core
    assert not core & {"nn.norm", "nn.activation", "optim.more", "metrics", "recording.function"}
    more = set(library.modules(["LayerNorm", "metrics"])) - core
    assert more >= {"nn.norm", "ops.norm", "metrics"}
    assert library.modules(["all"]) == library.PARTS["every"]()
    with pytest.raises(DeployError, match="no 'LayerNrom'"):
        library.modules(["LayerNrom"])


def test_beside_a_native_vm_the_portable_one_is_not_needed(tmp_path):
    modules = library.modules(portable=False)
    assert "portable.run" not in modules and len(modules) < len(library.modules()) - 8
    for path in map(library.PARTS["file"], modules):
        (tmp_path / "ember" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library.SOURCES / path, tmp_path / "ember" / path)
    script = """
import ember
from ember import nn, optim
model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (2,), 2)
trainer.step([[1.0, 2.0], [3.0, 4.0]], [0, 1])
try:
    trainer.step([[1.0, 2.0], [3.0, 4.0]], [0, 2])
except ValueError as error:
    print(error)
"""
    path = [str(tmp_path), str(BUILD / "native")]
    command = [str(MICROPYTHON["unix-single"]), "-c", script]
    with_vm = subprocess.run(command, env={"MICROPYPATH": ":".join(path)}, capture_output=True, text=True)
    assert "2" in with_vm.stdout and not with_vm.stderr, with_vm.stderr
    without = subprocess.run(command, env={"MICROPYPATH": path[0]}, capture_output=True, text=True)
    assert "the portable VM is not there: deploy again" in without.stderr
