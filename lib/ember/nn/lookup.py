"""What a module, or nn, is asked for less often: it loads then. base/catalogue_more.py says where it is."""

from ..base.catalogue_more import METHODS, SEQUENTIAL
from ..base.homes import look_up
from ..base.names import Missing


def method(module, name):
    """A method of a module that loads now, and stays with its class."""
    from . import Module, Sequential

    for owner, names in ((Sequential, SEQUENTIAL), (Module, METHODS)):
        function = look_up(name, names) if isinstance(module, owner) else None
        if function is not None:
            setattr(owner, name, function)
            return getattr(module, name)
    raise AttributeError(Missing(module.__class__.__name__, name, list(module.__dict__)))


def submodule(name):
    """What nn has that is a module."""
    from ..base.homes import module

    if name not in ("init", "utils", "functional"):
        raise AttributeError(Missing("ember.nn", name))
    return module(name if name == "functional" else "nn." + name)
