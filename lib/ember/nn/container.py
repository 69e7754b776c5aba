"""Containers: modules in a list, or in a dict."""

from . import Module, Sequential
from .state import Ordered
from .walk import names_of


def refuse(what, layer):
    """What is no layer."""
    if not callable(layer):
        raise ValueError("%s has %r; each may be a module, or a function of a tensor" % (what, layer))


def named(module, layers):
    """The layers of one dict, whose keys are their names, and attributes of the module too; or ValueError."""
    if len(layers) != 1 or not isinstance(layers[0], dict):
        for layer in layers:
            refuse("layers", layer)
    layers = layers[0]
    for name in layers:
        if not isinstance(name, str) or not name or "." in name or hasattr(type(module), name):
            raise ValueError("a layer is called %r; it may be a name without dots, and not a module's own" % (name,))
        refuse("layers", layers[name])
        setattr(module, name, layers[name])
    module.names = tuple(layers.keys())
    return tuple(layers.values())


def item(module, index):
    """A layer, or a container of the same kind of some of them."""
    found = module.layers[index]
    if isinstance(found, tuple):
        names, layers = names_of(module), found
        found = module.__class__(layers) if isinstance(module, ModuleList) else Sequential(*layers)
        found.names = names[index]
    return found


def append(module, layer):
    """One more layer at the end. Returns the module."""
    return extend(module, (layer,))


def extend(module, layers):
    """More layers at the end. Returns the module."""
    module.layers += Sequential(*layers).layers
    return module


def insert(module, index, layer):
    """One more layer before that of this index; all are called by their numbers then."""
    layers = list(module.layers)
    layers.insert(index, Sequential(layer).layers[0])
    module.layers, module.names = tuple(layers), ()


class ModuleList(Sequential):
    """Modules in a list, which a forward of one's own calls: indexed, with a length, append, extend and insert."""

    def __init__(self, modules=()):
        Sequential.__init__(self, *modules)

    def forward(self, *inputs):
        raise RuntimeError("a ModuleList has no forward: call its modules, or make a Sequential")

    def __setitem__(self, index, module):
        layers = list(self.layers)
        layers[index] = Sequential(module).layers[0]
        self.layers = tuple(layers)


class ModuleDict(Module):
    """Modules in a dict, by name, which a forward of one's own calls."""

    holds = True  # by their names: see named.py

    def __init__(self, modules=None):
        self.layers = Ordered()
        self.update(modules or {})

    def update(self, modules):
        for name in modules:
            self[name] = modules[name]

    def __setitem__(self, name, module):
        if not isinstance(name, str) or not name or "." in name:
            raise ValueError("a module is called %r; it may be a name without dots" % (name,))
        refuse("modules", module)
        self.layers[name] = module

    def __getitem__(self, name):
        return self.layers[name]

    def __delitem__(self, name):
        del self.layers[name]

    def __contains__(self, name):
        return name in self.layers

    def __len__(self):
        return len(self.layers)

    def __iter__(self):
        return iter(self.layers)

    def keys(self):
        return self.layers.keys()

    def values(self):
        return self.layers.values()

    def items(self):
        return self.layers.items()

    def pop(self, name):
        return self.layers.pop(name)
