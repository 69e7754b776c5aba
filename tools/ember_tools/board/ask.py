# What a board is: runs there, after a soft reset, on any MicroPython; prints one dict.
import gc
import sys

gc.collect()
free = gc.mem_free()


def folder(path):
    """(free blocks, bytes a block) of the file system that a folder lies in; None where there is none."""
    try:
        import os

        status = os.statvfs(path)
        return status[4], status[0]
    except (ImportError, AttributeError, OSError):
        return None


def imports(name, path):
    """Whether `name` is found by looking in `path` alone; what an import brought is forgotten."""
    saved = list(sys.path)
    sys.path[:] = path
    try:
        __import__(name)
        return True
    except ImportError:
        return False
    finally:
        sys.path[:] = saved
        for key in list(sys.modules):
            if key == name or key.startswith(name + "."):
                del sys.modules[key]


def hides(path):
    """What, in a folder that is searched before ours, would be imported as Ember or its VM."""
    try:
        import os

        path = path or os.getcwd()
        names = os.listdir(path)
    except (ImportError, OSError):
        return []
    ours = "ember", "ember.py", "ember.mpy", "ember_vm", "ember_vm.py", "ember_vm.mpy"
    return [path.rstrip("/") + "/" + name for name in names if name in ours]


def strangers(path):
    """The files below a folder of the ROMFS that are not Ember's."""
    import os

    found = []
    for entry in os.ilistdir(path):
        name = path + "/" + entry[0]
        if name == "/rom/lib/ember" or name == "/rom/lib/ember_vm.mpy":
            continue
        found += strangers(name) if entry[1] & 0x4000 else [name]
    return found


def romfs():
    """What the first partition for a ROMFS is; None without one."""
    try:
        import vfs

        device = vfs.rom_ioctl(2, 0) if vfs.rom_ioctl(1) > 0 else -1
        if isinstance(device, int):
            return None
        if hasattr(device, "ioctl"):  # a block device, as on an ESP32
            size, head = device.ioctl(4, 0) * device.ioctl(5, 0), bytearray(256)
            device.readblocks(0, head, 0)
        else:
            size, head = len(device), device[:256]
    except (ImportError, AttributeError, OSError):
        return None
    head, holds, others = bytes(head), "something", []
    if head == b"\xff" * len(head) or head == bytes(len(head)):
        holds = "nothing"
    elif head[:3] == b"\xd2\xcd\x31":
        try:
            holds, others = "ROMFS", strangers("/rom")
        except OSError:  # it was not mounted: damaged
            pass
    return {"size": size, "holds": holds, "others": others}


def has_hash():
    try:
        import hashlib

        return hasattr(hashlib, "sha256")
    except ImportError:
        return False


implementation = sys.implementation
libs = [path for path in sys.path if path.endswith("/lib") and not path.startswith("/rom")]
lib = libs[0] if libs else None
rom = romfs()
# What Ember's own place in a ROMFS holds is not in the way: it is replaced too.
before = [path for path in sys.path[: sys.path.index(lib)] if not rom or path != "/rom/lib"] if libs else []
print(
    repr(
        {
            "name": implementation[0],
            "version": tuple(implementation[1][:3]),
            "machine": getattr(implementation, "_machine", sys.platform),
            "mpy": getattr(implementation, "_mpy", getattr(implementation, "mpy", None)),
            "free": free,
            "path": list(sys.path),
            "lib": lib,
            "disk": folder(lib[:-4] or "/") if libs else None,
            "frozen": imports("ember", [".frozen"]),
            "vm": imports("ember_vm", []),
            "hidden_by": sorted({found for path in before if path != ".frozen" for found in hides(path)}),
            "hash": has_hash(),
            "rom": rom,
        }
    )
)
