"""What goes into firmware for real boards: one set of sources and flags, and a manifest that keeps the board's own."""

import importlib.util
import re
import subprocess

from conftest import BUILD, ROOT

FIRMWARE = ROOT / "firmware"
VM = FIRMWARE / "vm"


def flags():
    return re.search("^EMBER_VM_FLAGS = (.*)$", (VM / "flags.mk").read_text(), re.MULTILINE).group(1).split()


def database(user_c_modules, place, tmp_path):
    """What make would compile, by MicroPython's rules for user modules: {object: CFLAGS}, and the sources."""
    (tmp_path / "Makefile").write_text(
        "BUILD = b\nCFLAGS = -std=gnu99 -Os -ffast-math\nCROSS_COMPILE = arm-\nUSER_C_MODULES = %s\n"
        % user_c_modules
        + "$(foreach module, $(wildcard $(USER_C_MODULES)/*/micropython.mk),"
        "$(eval USERMOD_DIR = $(patsubst %/,%,$(dir $(module))))$(eval include $(module)))\n"
        "b/%.o:\n\t@echo $@ $(CFLAGS) : $(SRC_USERMOD_C) $(SRC_USERMOD_LIB_C)\n"
    )
    target = "b/%s/ember_vm.o" % place
    done = subprocess.run(["make", "-s", target], cwd=tmp_path, capture_output=True, text=True, check=True)
    name, rest = done.stdout.split(" ", 1)
    return rest.split(" : ")[0].split(), rest.split(" : ")[1].split()


def test_make_compiles_the_vm_with_its_flags_from_either_folder(tmp_path):
    for folder, place in ((FIRMWARE, "vm"), (ROOT, "firmware/vm"), (str(FIRMWARE) + "/", "vm")):
        found, sources = database(folder, place, tmp_path)
        assert found[-len(flags()) :] == flags() and found.index("-O2") > found.index("-Os")
        assert [source.rsplit("/", 1)[1] for source in sources] == ["usermod.c", "ember_vm.c"]
        assert all(subprocess.run(["test", "-f", source]).returncode == 0 for source in sources)


def test_cmake_names_the_same_sources_and_flags(tmp_path):
    text = (VM / "micropython.cmake").read_text()
    sources = re.search(r"target_sources\(.*?INTERFACE(.*?)\)", text, re.DOTALL).group(1).split()
    assert sources == ["${CMAKE_CURRENT_LIST_DIR}/usermod.c", "${CMAKE_CURRENT_LIST_DIR}/ember_vm.c"]
    options = re.search(r'ember_vm\.c PROPERTIES COMPILE_OPTIONS\s+"(.*?)"', text).group(1)
    assert options.split(";") == ["-O2", *flags()]
    outer = (FIRMWARE / "micropython.cmake").read_text()
    assert "include(${CMAKE_CURRENT_LIST_DIR}/vm/micropython.cmake)" in outer


def frozen(tmp_path, board=None, port="boards"):
    """The names that firmware/manifest.py freezes for a port with a board of ours, by MicroPython's own tool."""
    spec = importlib.util.spec_from_file_location("manifestfile", BUILD / "micropython" / "tools" / "manifestfile.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    for folder, name in ((port, "of_port"), ("board", "of_board")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / (name + ".py")).write_text("")
        if name == "of_port" or board:
            (tmp_path / folder / "manifest.py").write_text('module("%s.py")\n' % name)
    paths = {"MPY_LIB_DIR": None, "PORT_DIR": str(tmp_path), "BOARD_DIR": str(tmp_path / "board")}
    manifest = tool.ManifestFile(tool.MODE_FREEZE, paths)
    manifest.execute(str(FIRMWARE / "manifest.py"))
    return {file.target_path for file in manifest.files()}


def test_the_manifest_freezes_ember_beside_what_the_board_freezes(tmp_path):
    ember = {"ember/" + path.name for path in (ROOT / "lib" / "ember").glob("*.py")}
    for case, (board, port, theirs) in enumerate(
        [(True, "boards", "of_board.py"), (None, "boards", "of_port.py"), (None, "modules", "of_port.py")]
    ):
        folder = tmp_path / str(case)
        folder.mkdir()
        assert frozen(folder, board, port) == ember | {theirs}
