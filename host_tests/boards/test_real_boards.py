"""What goes into firmware for real boards: one set of sources and flags, and a manifest that keeps the board's own."""

import importlib.util
import re
import subprocess

from checkout import BUILD, ROOT
from ember_tools import onboard

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


ARM_FPU = ["-mthumb", "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"]


def fused(path):
    """How many fused multiply-adds there are in an object or a firmware."""
    done = subprocess.run(["arm-none-eabi-objdump", "-d", path], capture_output=True, text=True, check=True)
    return len(re.findall(r"\tvfn?m[as]", done.stdout))


def test_what_ports_with_an_fpu_add_changes_nothing(tmp_path):
    """stm32 and nrf read constants as single; nrf optimises when it links, after its own -Os."""
    compile = ["arm-none-eabi-gcc", *ARM_FPU, "-c", VM / "ember_vm.c", "-Os"]
    plain, constants, at_link, without = (
        tmp_path / (name + ".o") for name in ("plain", "constants", "link", "without")
    )
    subprocess.run([*compile, "-O2", *flags(), "-o", plain], check=True)
    subprocess.run([*compile, "-fsingle-precision-constant", "-O2", *flags(), "-o", constants], check=True)
    assert plain.read_bytes() == constants.read_bytes() and fused(plain) == 0
    subprocess.run([*compile, "-flto", "-O2", *flags(), "-o", at_link], check=True)
    (tmp_path / "main.c").write_text("""
#include "vm.h"
int main(void) {
    static ember_vm vm;
    static int32_t words[4];
    return ember_open(&vm, words, 4, 4) + ember_run(&vm, words, 1);
}
void *memset(void *to, int value, size_t bytes) {
    for (volatile char *p = to; bytes--; ) {
        *p++ = (char)value;
    }
    return to;
}
""")
    link = ["arm-none-eabi-gcc", *ARM_FPU, "-flto", "-Os", "-I", VM, "-nostdlib", "-Wl,-emain", tmp_path / "main.c"]
    subprocess.run([*link, at_link, "-lgcc", "-o", tmp_path / "firmware"], check=True)
    assert fused(tmp_path / "firmware") == 0
    subprocess.run([*compile, "-O2", "-o", without], check=True)
    assert fused(without) > 100, "with the compiler's own choice there would be some"


def test_cmake_names_the_same_sources_and_flags(tmp_path):
    text = (VM / "micropython.cmake").read_text()
    sources = re.search(r"target_sources\(.*?INTERFACE(.*?)\)", text, re.DOTALL).group(1).split()
    names = ("usermod.c", "ember_vm.c", "rp2040.c")  # the last is of a port that builds with CMake alone
    assert sources == ["${CMAKE_CURRENT_LIST_DIR}/" + name for name in names]
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
    ember = {"ember/%s.py" % name for name in onboard.written()}
    for case, (board, port, theirs) in enumerate(
        [(True, "boards", "of_board.py"), (None, "boards", "of_port.py"), (None, "modules", "of_port.py")]
    ):
        folder = tmp_path / str(case)
        folder.mkdir()
        assert frozen(folder, board, port) == ember | {theirs}
