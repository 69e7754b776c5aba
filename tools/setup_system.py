"""Tries what the set-up needs from the system; installs by apt what is missing, or says what to type.

python tools/setup_system.py            what everything needs
python tools/setup_system.py boards     and what the emulated boards need
python tools/setup_system.py versions   and what other versions of MicroPython need
"""

import os
import shutil
import subprocess
import sys
import tempfile

SOURCE = b"#include <stdio.h>\nint main(void) { return getchar(); }\n"
# For a board: headers of a C library, the float arithmetic of an FPU or of libgcc.
BOARD_SOURCE = b"#include <string.h>\nfloat twice(float x) { float y; memcpy(&y, &x, 4); return x + y; }\n"
LOG = os.path.join("build", "log", "system.log")


def runs(*command, stdin=None):
    try:
        return not subprocess.run(command, input=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    except OSError:
        return False


def compiles():
    """A program, as the tests' sanitized one is compiled and linked."""
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "program")
        command = ["gcc", "-xc", "-", "-o", program, "-fsanitize=address,undefined", "-lm", "-lpthread"]
        return runs(*command, stdin=SOURCE)


def makes_environments():
    return runs(sys.executable, "-c", "import ensurepip, venv")


def compiles_for_arm():
    flags = ["-mthumb", "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"]
    return runs("arm-none-eabi-gcc", *flags, "-xc", "-c", "-", "-o", os.devnull, stdin=BOARD_SOURCE)


def compiles_for_riscv():
    flags = ["-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs"]
    return runs("riscv64-unknown-elf-gcc", *flags, "-xc", "-c", "-", "-o", os.devnull, stdin=BOARD_SOURCE)


def compiles_for_esp8266():
    return runs("xtensa-lx106-elf-gcc", "-xc", "-c", "-", "-o", os.devnull, stdin=BOARD_SOURCE)


def runs_node():
    """Of a version that loads MicroPython: Node 12, which Ubuntu 22.04 has, does not."""
    return runs("node", "-e", "process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)")


# (what it is, whether it is there, the packages that bring it)
NEEDS = (
    ("a C compiler and its headers", compiles, ("gcc", "libc6-dev")),
    ("Python's venv", makes_environments, ("python3-venv",)),
    ("git", lambda: runs("git", "--version"), ("git",)),
)
BOARD_NEEDS = (
    ("QEMU for Arm", lambda: runs("qemu-system-arm", "--version"), ("qemu-system-arm",)),
    ("QEMU for RISC-V", lambda: runs("qemu-system-riscv32", "--version"), ("qemu-system-misc",)),
    ("a C compiler for Cortex-M", compiles_for_arm, ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi")),
    ("a C compiler for RISC-V", compiles_for_riscv, ("gcc-riscv64-unknown-elf", "picolibc-riscv64-unknown-elf")),
    ("a C compiler for the ESP8266", compiles_for_esp8266, ("gcc-xtensa-lx106", "picolibc-xtensa-lx106-elf")),
)
VERSION_NEEDS = (
    ("Node.js 18 or newer", runs_node, ("nodejs",)),
    ("npm, its package manager", lambda: runs("npm", "--version"), ("npm",)),
)
PURPOSES = {"boards": BOARD_NEEDS, "versions": VERSION_NEEDS}


def missing(needs=NEEDS):
    return [need for need in needs if not need[1]()]


def packages_of(needs):
    return [package for need in needs for package in need[2]]


def line_to_type(packages, root=None, sudo=None):
    """What a person types who may do more than this process."""
    root = os.geteuid() == 0 if root is None else root
    sudo = bool(shutil.which("sudo")) if sudo is None else sudo
    names = " ".join(packages)
    if root:
        return "apt-get update && apt-get install -y " + names
    if sudo:
        return "sudo apt-get update && sudo apt-get install -y " + names
    return "su -c 'apt-get update && apt-get install -y %s'" % names


def as_root():
    """The words before a command that make it root's; None where that cannot be without a password."""
    if os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if runs("sudo", "-n", "true") else None


def install(packages, prefix):
    """By apt; where that fails, once more with new lists, which a fresh machine has not yet."""
    os.makedirs(os.path.dirname(LOG), exist_ok=True)
    prefix = prefix + ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    get = prefix + ["install", "-y", "--no-install-recommends"] + packages
    with open(LOG, "w") as log:
        for command in (get, prefix + ["update"], get):
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log).returncode == 0
            if done and command is get:
                return True
    return False


def main(arguments=()):
    if sys.version_info < (3, 9):  # noqa: UP036
        sys.exit("Python 3.9 or newer is needed, this is %s: make PYTHON=…" % sys.version.split()[0])
    wanted = sum((PURPOSES[purpose] for purpose in arguments), NEEDS)
    needs = missing(wanted)
    if not needs:
        return
    packages = packages_of(needs)
    what = " and ".join(need[0] for need in needs)
    if not shutil.which("apt-get"):
        sys.exit("This machine lacks %s. Install it (Debian's packages: %s), then run make again." % (what, packages))
    prefix = as_root()
    if prefix is not None:
        print("-- Installing %s, for %s (log: %s)." % (" ".join(packages), what, LOG), flush=True)
        install(packages, prefix)
        needs = missing(wanted)
        if not needs:
            return
        with open(LOG) as log:
            sys.stderr.write("".join("   | " + line for line in log.readlines()[-15:]))
        what = " and ".join(need[0] for need in needs)
    if sys.executable != "/usr/bin/python3" and needs[0][1] is makes_environments:
        print("%s has no venv. Debian's own may serve better: make PYTHON=/usr/bin/python3" % sys.executable)
    line = line_to_type(packages_of(needs))
    sys.exit("This machine lacks %s. Type this, then run make again:\n    %s" % (what, line))


if __name__ == "__main__":
    main(sys.argv[1:])
