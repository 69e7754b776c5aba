"""Where names live, and how modules load: when one of their names is first asked for.

Each list of names is one string, for the sake of the heap: "module: name name … module: name …" between spaces.
"""

import gc
import sys

# The public names of ember itself.
HOMES = (
    " tensors.tensor: Tensor no_grad tensors.parameter: Parameter Buffer manual_seed tensors.mapped: frombuffer "
    "train.trainer: Trainer train.export: compile recording.function: record data: Batches "
    "monitor: memory MemoryMonitor run.slots: Slots "
)
# The public modules.
MODULES = "callbacks data metrics nn optim progress runtime schedule sealed vm"
# Between a room and a module of it: on boards, where all lie in one folder, an underscore.
APART = "."
# The files of several modules, where deploy made some: "file: module module …" as above.
JOINED = ""


def collect_after(n):
    """Let MicroPython collect garbage whenever n more bytes are allocated (-1: only when it must); what it was."""
    threshold = getattr(gc, "threshold", None)  # CPython has none
    if threshold is None:
        return -1
    before = threshold()
    threshold(n)
    return before


def module(name):
    """A module of the package, which loads now if it has not. Loading leaves garbage, and what is made above it would
    keep the heap in pieces."""
    name = name.replace(".", APART)
    file = "ember." + (home_of(name, JOINED) or name)
    if file in sys.modules or not hasattr(gc, "mem_free"):
        return __import__(file, None, None, (name,))
    before = collect_after(4096)
    try:
        return __import__(file, None, None, (name,))
    finally:
        collect_after(before)
        gc.collect()


def forget(module):
    """A module, as "run.reader", is no longer loaded. MicroPython's dicts keep the value of what is deleted, so it is
    overwritten."""
    full = "ember." + module.replace(".", APART)
    if full in sys.modules:
        room, name = full.rsplit(".", 1)
        sys.modules[full] = None
        del sys.modules[full]
        room = sys.modules.get(room)
        if room:
            setattr(room, name, None)
            delattr(room, name)


def home_of(name, homes):
    """What stands before that name in such a list, or None."""
    at = homes.find(" %s " % name)
    if at < 0:
        return None
    end = homes.rfind(": ", 0, at + 1)
    return homes[homes.rfind(" ", 0, end) + 1 : end]


def look_up(name, homes):
    """What has that name in such a list, or None."""
    home = home_of(name, homes)
    if home is None:
        return None
    try:
        return getattr(module(home), name)
    except ImportError as error:
        from .names import not_here

        raise not_here(error, name, home)
