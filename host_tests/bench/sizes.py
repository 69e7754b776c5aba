"""Flash and RAM of a firmware by part: from the linker's map, checked against the sections of the file itself."""

import re

from elftools.elf.elffile import ELFFile

# What the name of an object file says; the first that fits counts.
PARTS = (
    ("Ember: VM", r"/vm/\w+\.o$"),
    ("Ember and boot, frozen Python", r"frozen_content\.o$"),
    ("compiler's and C library", r"\.a\(|/lib/libm"),
    ("MicroPython: file system", r"/lib/(littlefs|oofatfs)/|extmod/vfs|boards/common/disk"),
    ("MicroPython: core, modules, port", r"\.o$"),
)
FLASH, RAM = (".text", ".constants", ".ARM.exidx", ".data"), (".data", ".bss", ".stack")
PLACED = re.compile(r"(?m)^ (\.\S+|\*fill\*|COMMON)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)(?: +(\S.*))?$")
HEAP = re.compile(r"^\.bss\.heap$")


def part_of(file):
    return next(part for part, pattern in PARTS if re.search(pattern, file))


def contributions(text):
    """(output section, input section, object file, bytes) for each piece that the linker placed."""
    placed = text[text.index("Linker script and memory map") :]
    # A piece's name may stand alone on its line, its place on the next.
    placed = re.sub(r"(?m)^ (\.\S+)\n +0x", r" \1 0x", placed)
    parts = re.split(r"(?m)^(\.\S+)(?=\s)", placed)
    for section, body in zip(parts[1::2], parts[2::2]):
        for name, _, size, file in PLACED.findall(body):
            yield section, name, file, int(size, 16)


def by_part(elf):
    """({part: bytes of flash}, {part: bytes of RAM})."""
    with open(elf, "rb") as file:
        sizes = {s.name: s["sh_size"] for s in ELFFile(file).iter_sections() if s.name in FLASH + RAM}
    pieces = list(contributions(elf.with_suffix(".map").read_text()))
    return tuple(_summed(pieces, sizes, sections) for sections in (FLASH, RAM))


def _summed(pieces, sizes, sections):
    found = dict.fromkeys((part for part, _ in PARTS), 0)
    for section, name, file, size in pieces:
        if section in sections and file:
            part = "heap" if HEAP.match(name) else part_of(file)
            found[part] = found.get(part, 0) + size
    if ".stack" in sections:
        found["stack"] = sizes[".stack"]
    total = sum(sizes.get(section, 0) for section in sections)
    found["alignment"] = total - sum(found.values())
    found["all"] = total
    return found
