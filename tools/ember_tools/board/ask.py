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


def has_hash():
    try:
        import hashlib

        return hasattr(hashlib, "sha256")
    except ImportError:
        return False


implementation = sys.implementation
libs = [path for path in sys.path if path.endswith("/lib") and not path.startswith("/rom")]
lib = libs[0] if libs else None
before = sys.path[: sys.path.index(lib)] if libs else []
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
        }
    )
)
