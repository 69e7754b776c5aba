"""Ember: training of neural networks on microcontrollers, from MicroPython.

A training step is a small program: see docs/design.md. Modules load when they are first used.
"""

__version__ = "0.1.0"

# Where each public name lives.
_HOMES = (
    ("tensor", ("Tensor", "no_grad")),
    ("parameter", ("Parameter", "manual_seed")),
    ("ops_shape", ("cat",)),
    ("trainer", ("Trainer",)),
    ("data", ("Batches",)),
)


def __getattr__(name):
    for module, names in _HOMES:
        if name in names:
            return getattr(__import__("ember." + module, None, None, (name,)), name)
    if name[0] != "_":
        try:
            return __import__("ember." + name, None, None, (name,))
        except ImportError:
            pass
    raise AttributeError("ember has no %r" % name)
