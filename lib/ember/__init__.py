"""Ember: training of neural networks on microcontrollers, from MicroPython.

A training step is a small program: see docs/design.md. Modules load when they are first used.
"""

import gc

from .base.homes import HOMES, look_up, module

__version__ = "0.1.0"


def __getattr__(name):
    found = look_up(name, HOMES)
    if found is not None:
        return found
    if name[0] != "_" and "." not in name and "/" not in name:
        try:  # a module comes before the catalogue: where programs only run, there is none
            return module(name)
        except ImportError as error:
            said = str(error)  # the latter where the firmware is terse
            if "'ember.%s'" % name not in said and said != "module not found":  # it is there, and lacks something
                raise
        from .base.catalogue import OPERATORS, find

        if name in OPERATORS.split():
            return getattr(look_up("Tensor", HOMES), name)
        function = find(name, "FUNCTIONS") or find(name)
        if function is not None:
            return function
    from .base.names import Missing

    raise AttributeError(Missing("ember", name))


if hasattr(gc, "freeze"):  # on CPython; MicroPython's dir() asks __getattr__
    from .base.names import of_ember as __dir__  # noqa: F401
