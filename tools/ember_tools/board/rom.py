# What the steps that write a ROMFS use on the board. The partition holds none until the last write, of its first bytes.
import hashlib
from binascii import a2b_base64

import vfs

PAGE = 4096
device = vfs.rom_ioctl(2, 0)
block = device.ioctl(5, 0) if hasattr(device, "ioctl") else 0  # else it is memory, written by rom_ioctl
size = device.ioctl(4, 0) * block if block else len(device)
unit = 256  # what a flash writes at a time, or a multiple of it
at, pending, first = 0, bytearray(), b""


def right(code):
    if code is not None and code < 0:
        raise OSError(-code)
    return code


def read(offset, count):
    if not block:
        return device[offset : offset + count]
    into = bytearray(count)
    right(device.readblocks(offset // block, into, offset % block))
    return into


def write(offset, data):
    most = min(PAGE, block or PAGE)
    data = memoryview(data)
    while len(data):
        piece = data[: most - offset % most]
        if block:
            right(device.writeblocks(offset // block, piece, offset % block))
        else:
            right(vfs.rom_ioctl(4, 0, offset, piece))
        offset += len(piece)
        data = data[len(piece) :]


def erase(length):
    global unit
    try:
        vfs.umount("/rom")
    except OSError:
        pass
    length = min(size, (length + PAGE - 1) // PAGE * PAGE)
    if block:
        for k in range((length + block - 1) // block):
            right(device.ioctl(6, k))
    else:
        unit = max(unit, right(vfs.rom_ioctl(3, 0, length)))
    if bytes(read(0, 3)) == b"\xd2\xcd\x31":
        write(0, bytes(unit))  # memory that needs no erasing still has the old one


def add(text):
    global pending
    pending += a2b_base64(text)
    if len(pending) == PAGE:
        flush()


def flush():
    """A page, filled up; the first one waits."""
    global at, pending, first
    if pending:
        pending += b"\xff" * (min(PAGE, size - at) - len(pending))
        if at:
            write(at, pending)
        else:
            first = pending
        at, pending = at + PAGE, bytearray()


def all_but_begin():
    write(unit, first[unit:])


def begin():
    write(0, first[:unit])
    if not block:
        vfs.rom_ioctl(5, 0)


def sha256(start, end):
    digest = hashlib.sha256()
    for k in range(start, end, 256):
        digest.update(read(k, min(256, end - k)))
    return "".join(["%02x" % byte for byte in digest.digest()])
