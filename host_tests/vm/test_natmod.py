"""The native VM as a module, read back: each message is in it once; on Xtensa each load of a literal finds its own.

MicroPython's linker tells literals of Xtensa apart by section and offset, not by object: linked of two objects, a
module has strings of one for strings of the other, and nothing says so.
"""

import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from checkout import BUILD, ROOT
from ember_tools import library

VM, MICROPYTHON = ROOT / "firmware" / "vm", BUILD / "micropython"
ARCHITECTURES = "x64 armv6m armv7m armv7emsp armv7emdp rv32imc xtensa".split()
XTENSA_32, SLOT0_OP, L32R = 1, 20, 1


def uint(data, at):
    value = 0
    while True:
        value, at = value << 7 | data[at] & 127, at + 1
        if not data[at - 1] & 128:
            return value, at


def read(data):
    """(names, machine code, read-only data) of a native .mpy, by MicroPython's py/persistentcode.c."""
    assert data[:2] == b"M\x06"
    n_qstr, at = uint(data, 4)
    n_obj, at = uint(data, at)
    assert n_obj == 0
    names = []
    for _ in range(n_qstr):
        n, at = uint(data, at)
        if n & 1:  # one that every firmware has
            names.append(n >> 1)
        else:
            names.append(data[at : at + (n >> 1)].decode())
            at += (n >> 1) + 1
    n, at = uint(data, at)
    assert n & 7 == 2, "native, with relocations"
    text, at = data[at : at + (n >> 3)], at + (n >> 3)
    flags, at = uint(data, at)
    rodata = b""
    if flags & 0x20:
        n, at = uint(data, at)
        rodata = data[at : at + n]
    return names, text, rodata


def strings():
    """What a module has to say: its texts, as C has them."""
    block = re.search(r"messages\[\] =\s*(.*?);", (VM / "bind.c").read_text(), re.DOTALL).group(1)
    joined = "".join(re.findall(r'"(.*?)"', block))
    texts = [text for text in joined.split("\\0") if text]
    texts += re.findall(r'MP_ERROR_TEXT\("(.*?)"\)', (VM / "binding.h").read_text())
    return [text.encode() + b"\0" for text in texts]


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_each_message_is_there_once(arch):
    names, text, rodata = read(library.module_file(arch).read_bytes())
    assert len(strings()) == len(set(strings())) > 10
    counts = {s: text.count(s) + rodata.count(s) for s in strings()}
    assert set(counts.values()) == {1}, counts
    assert {"components", "isa", "permute", "run", "verify"} <= {name for name in names if isinstance(name, str)}


# --- Xtensa


def linked(text, section, relocated):
    """Where a section of an object lies in the linked code: there all is equal but what was relocated."""
    data, edges = section.data(), [0, *sorted(relocated), section.data_size]
    start, end = max(zip(edges, edges[1:]), key=lambda pair: pair[1] - pair[0])
    start += 4 if start else 0
    found, at = [], text.find(data[start:end])
    while at >= 0:
        base = at - start
        if base >= 0 and all(text[base + a + 4 : base + b] == data[a + 4 : b] for a, b in zip(edges, edges[1:])):
            found.append(base)
        at = text.find(data[start:end], at + 1)
    assert len(found) == 1, (section.name, found)
    return found[0]


def wrong_literals(text, objects):
    """(object, section, offset, what) of each literal that does not hold what the object says; and how many were
    looked at."""
    wrong, seen, named = [], 0, {}
    for path in objects:
        with open(path, "rb") as file:
            elf = ELFFile(file)
            symbols = list(elf.get_section_by_name(".symtab").iter_symbols())
            relocations = {s.name[5:]: list(s.iter_relocations()) for s in elf.iter_sections() if s.name[:5] == ".rela"}
            literals = {r["r_offset"]: r for r in relocations.get(".literal", ())}
            values, places = elf.get_section_by_name(".literal").data(), {}

            def place(index, elf=elf, relocations=relocations, places=places):
                if index not in places:
                    section = elf.get_section(index)
                    places[index] = linked(text, section, {r["r_offset"] for r in relocations.get(section.name, ())
                                                           if r["r_info_type"] in (XTENSA_32, SLOT0_OP)})  # fmt: skip
                return places[index]

            code = elf.get_section_index(".text")
            for r in relocations[".text"]:
                symbol = symbols[r["r_info_sym"]]
                if r["r_info_type"] != SLOT0_OP or elf.get_section_index(".literal") != symbol["st_shndx"]:
                    continue
                seen += 1
                at, offset = place(code) + r["r_offset"], r["r_addend"] + symbol["st_value"]
                assert text[at] & 15 == L32R
                words = struct.unpack_from("<H", text, at + 1)[0] - 0x10000
                (found,) = struct.unpack_from("<I", text, (at + 3 & ~3) + 4 * words)
                (value,) = struct.unpack_from("<I", values, offset)
                if offset not in literals:
                    if found != value:
                        wrong.append((Path(path).name, "a number", offset, "%#x for %#x" % (found, value)))
                    continue
                target = symbols[literals[offset]["r_info_sym"]]
                if target["st_info"]["bind"] != "STB_LOCAL":  # known by its name, wherever it lies: in the chip's ROM
                    if found != named.setdefault(target.name, found):
                        wrong.append((Path(path).name, target.name, value, hex(found)))
                else:
                    expected = place(target["st_shndx"]) + target["st_value"] + literals[offset]["r_addend"] + value
                    if found != expected:
                        wrong.append((Path(path).name, elf.get_section(target["st_shndx"]).name, value,
                                      "%#x for %#x" % (found, expected)))  # fmt: skip
    return wrong, seen


def test_each_literal_of_the_module_is_its_own():
    text = read(library.module_file("xtensa").read_bytes())[1]
    wrong, seen = wrong_literals(text, [BUILD / "native" / "natmod-xtensa" / "build" / "natmod.o"])
    assert wrong == [] and seen > 500


PART = """
__attribute__((noinline)) const char *%(name)s(int i) {
    return %(test)s ? "%(name)s, if it is" : "not %(name)s, otherwise";
}
"""
MAIN = """
extern const char *other(int i);
const void *mpy_init(int i) {
    return i > 1 ? other(i - 2) : one(i);
}
"""


def module_of(tmp_path, name, sources):
    """(machine code, objects) of C sources that are linked as MicroPython links modules."""
    objects = []
    for k, source in enumerate(sources):
        (tmp_path / ("%s%d.c" % (name, k))).write_text(source)
        objects.append(str(tmp_path / ("%s%d.o" % (name, k))))
        subprocess.run(["xtensa-lx106-elf-gcc", "-Os", "-mforce-l32", "-fpic", "-fno-common", "-c", "-o", objects[-1],
                        objects[-1][:-1] + "c"], check=True)  # fmt: skip
    out = str(tmp_path / (name + ".mpy"))
    link = [sys.executable, str(MICROPYTHON / "tools" / "mpy_ld.py"), "--arch", "xtensa", "-o", out]
    subprocess.run([*link, *objects], check=True, capture_output=True)
    return read(Path(out).read_bytes())[1], objects


def test_of_two_objects_it_is_seen_that_literals_are_anothers(tmp_path):
    one, other = PART % {"name": "one", "test": "i"}, PART % {"name": "other", "test": "i > 7 && i * i < 99"}
    assert wrong_literals(*module_of(tmp_path, "whole", [one + other + MAIN]))[0] == []
    wrong, seen = wrong_literals(*module_of(tmp_path, "parts", [one + MAIN, other]))
    assert seen >= 4 and {name for name, *_ in wrong} == {"parts1.o"}
    assert all(section.startswith(".rodata") for _, section, *_ in wrong) and wrong
