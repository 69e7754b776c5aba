"""What an emulated board's disk holds when it starts: a littlefs file system, made here."""

from pathlib import PurePosixPath

from elftools.elf.elffile import ELFFile
from littlefs import LittleFS

BLOCK = 4096  # firmware/boards/common/disk.c


def image(files, size):
    """The bytes of a disk of `size` bytes that holds `files`: {"/lib/unittest.py": bytes, ...}."""
    disk = LittleFS(block_size=BLOCK, block_count=size // BLOCK, disk_version=0x00020000)
    for path, data in files.items():
        disk.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
        with disk.open(path, "wb") as file:
            file.write(data)
    return bytes(disk.context.buffer)


def symbols(elf):
    with open(elf, "rb") as file:
        return {s.name: s["st_value"] for s in ELFFile(file).get_section_by_name(".symtab").iter_symbols()}


def place(elf):
    """(address, bytes) of the disk in the memory of a firmware."""
    found = symbols(elf)
    return found["_disk"], found["_disk_end"] - found["_disk"]


def place_of_rom(elf):
    """The same of the partition for a ROMFS."""
    found = symbols(elf)
    return found["_rom"], found["_rom_size"]
