"""Builds the wheel that `pip install .` makes: the library, its types, and the native VM for this computer.

What is said of the project stands in pyproject.toml; here is what only code can say: where things
lie, and how the VM is compiled.
"""

import os
import re
import subprocess
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

VM = Path("firmware", "vm")


def flags():
    """Those that the bits of its results depend on, from where every build has them."""
    return re.search(r"^EMBER_VM_FLAGS = (.*)$", (VM / "flags.mk").read_text(), re.MULTILINE).group(1).split()


class SharedLibrary(build_ext):
    """libember.so beside ember_vm.py, which loads it by ctypes."""

    def get_ext_filename(self, name):
        return name + ".so"

    def build_extension(self, extension):
        out = Path(self.get_ext_fullpath(extension.name))
        out.parent.mkdir(parents=True, exist_ok=True)
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, "-O3", *flags(), "-shared", "-fPIC", "-o", out, *extension.sources], check=True)


class Wheel(bdist_wheel):
    """The library is no module of Python's: the wheel is this platform's, for every version of Python."""

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


def rooms(folder, name):
    """The packages in one."""
    return [
        "%s.%s" % (name, path.name) for path in sorted(Path(folder).iterdir()) if path.is_dir() and path.name[0] != "_"
    ]


setup(
    packages=["ember", "ember-stubs", *rooms("lib/ember", "ember"), *rooms("lib/typings/ember", "ember-stubs")],
    py_modules=["ember_vm"],
    package_dir={"": "tools/host", "ember": "lib/ember", "ember-stubs": "lib/typings/ember"},
    package_data={"ember": ["py.typed"], "": ["*.pyi"], "ember-stubs": ["py.typed"]},
    ext_modules=[Extension("libember", [str(VM / "ember_vm.c"), str(VM / "host.c")])],
    cmdclass={"build_ext": SharedLibrary, "bdist_wheel": Wheel},
)
