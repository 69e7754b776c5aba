"""What a module holds, by name."""

import sys

from ..tensors.parameter import Parameter
from ..tensors.sink import is_among
from . import Module, Sequential

_ORDERED = sys.implementation.name != "micropython"  # whether an object's attributes have an order


def names_of(module):
    """Of each layer: those that have none are called by their number."""
    names = module.__dict__.get("names", ())
    return names + tuple([str(i) for i in range(len(names), len(module.layers))])


def contents(module):
    """[(name, layer), …] of a container, functions too; empty for other modules."""
    if isinstance(module, Sequential):
        return list(zip(names_of(module), module.layers))
    return list(module.items()) if getattr(type(module), "holds", False) else []


def parts(module):
    """[(name, part), …] of the modules and tensors that it holds, in lists, tuples and dicts too. A container's entries
    go by their own names alone. Where attributes have no order, what has parameters comes first, in their order."""
    inner = contents(module)
    waiting, found = list(module.__dict__.items()), []
    if inner:
        taken = [name for name, _ in inner] + ["layers"]
        waiting = inner + [entry for entry in waiting if entry[0] not in taken]
    while waiting:
        name, value = waiting.pop(0)
        more = []
        if isinstance(value, (list, tuple)):
            more = [("%s.%d" % (name, i), value[i]) for i in range(len(value))]
        elif isinstance(value, dict):
            more = [("%s.%s" % (name, key), value[key]) for key in value]
        elif isinstance(value, (Module, Parameter)):
            found.append((name, value))
        waiting = more + waiting
    return found if _ORDERED or inner else _in_order(found)


def _in_order(found):
    keys = []
    for i in range(len(found)):
        value = found[i][1]
        made = value.parameters() + value.buffers() if isinstance(value, Module) else [value]
        keys.append((min([getattr(p, "stream", 1 << 29) for p in made] or [1 << 29]), i))
    keys.sort()
    return [found[i] for _, i in keys]


def named_tensors(module, twice=False):
    """[(name, parameter or buffer), …] of a module and those in it, in the order they were made: each once, or under
    each of its names."""
    found, met, waiting = [], [], [("", module)]
    for name, part in waiting:  # grows
        if isinstance(part, Parameter):
            if twice or not is_among(part, [p for _, p in found]):
                found.append((name, part))
        elif isinstance(part, Module) and (twice or not is_among(part, met)):
            met.append(part)
            waiting += [(name + "." + key if name else key, value) for key, value in parts(part)]
    order = [(found[i][1].stream, i) for i in range(len(found))]
    order.sort()
    return [found[i] for _, i in order]
