"""Ember: training of neural networks on microcontrollers, from MicroPython.

A training step is a small program: see docs/design.md. Modules load when they are first used.
"""

import gc
import sys

__version__ = "0.1.0"

# Where each public name lives: "module: name name … module: name …" between spaces, as in catalogue.py.
_HOMES = (
    " tensor: Tensor no_grad parameter: Parameter Buffer manual_seed trainer: Trainer export: compile function: record "
    "data: Batches mapped: frombuffer monitor: memory MemoryMonitor "
)
# The modules that lie in one file, core: where deploy made it, it says here which.
_JOINED = ""
# The public modules.
_MODULES = "callbacks data metrics metrics_more nn optim progress runtime schedule schedule_more vm"


def _collect_after(n):
    """Let MicroPython collect garbage whenever n more bytes are allocated (-1: only when it must); what it was."""
    threshold = getattr(gc, "threshold", None)  # CPython has none
    if threshold is None:
        return -1
    before = threshold()
    threshold(n)
    return before


def _module(name):
    """A module of the package, which loads now if it has not. Loading leaves garbage, and what is made above it would
    keep the heap in pieces."""
    file = "core" if " %s " % name in _JOINED else name
    if "ember." + file in sys.modules or not hasattr(gc, "mem_free"):
        return __import__("ember." + file, None, None, (name,))
    before = _collect_after(4096)
    try:
        return __import__("ember." + file, None, None, (name,))
    finally:
        _collect_after(before)
        gc.collect()


def _look_up(name, homes):
    """What has that name in such a list, or None."""
    at = homes.find(" %s " % name)
    if at < 0:
        return None
    end = homes.rfind(": ", 0, at + 1)
    module = homes[homes.rfind(" ", 0, end) + 1 : end]
    try:
        return getattr(_module(module), name)
    except ImportError as error:
        from .names import not_here

        raise not_here(error, name, module)


def __getattr__(name):
    found = _look_up(name, _HOMES)
    if found is not None:
        return found
    if name[0] != "_" and "." not in name and "/" not in name:
        try:  # a module comes before the catalogue: where programs only run, there is none
            return _module(name)
        except ImportError as error:
            said = str(error)  # the latter where the firmware is terse
            if "'ember.%s'" % name not in said and said != "module not found":  # it is there, and lacks something
                raise
        from .catalogue import OPERATORS, find

        if name in OPERATORS.split():
            from .tensor import Tensor

            return getattr(Tensor, name)
        function = find(name, "FUNCTIONS") or find(name)
        if function is not None:
            return function
    from .names import Missing

    raise AttributeError(Missing("ember", name))


if hasattr(gc, "freeze"):  # on CPython; MicroPython's dir() asks __getattr__
    from .names import of_ember as __dir__  # noqa: F401
