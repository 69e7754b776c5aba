"""What a module holds, by name, and how it is written. nn.Module finds these as methods when they are first used."""

import sys

from ..tensors.parameter import Buffer, Parameter
from ..tensors.tensor import Tensor
from . import Linear, Module, Sequential
from .common import Dropout, Flatten

_ORDERED = sys.implementation.name != "micropython"  # whether an object's attributes have an order

# The options of what __init__.py has, where there is no room for them: see extra_repr.
_SHOWN = ((Linear, "in_features= out_features= bias="), (Dropout, "p="), (Flatten, "start_dim= end_dim="))


def names_of(module):
    """Of each layer: those that have none are called by their number."""
    names = module.__dict__.get("names", ())
    return names + tuple([str(i) for i in range(len(names), len(module.layers))])


def contents(module):
    """[(name, layer), …] of a container, functions too; empty for other modules."""
    if isinstance(module, Sequential):
        return list(zip(names_of(module), module.layers))
    return list(module.items()) if getattr(type(module), "holds", False) else []


def shown(module):
    """The words that say what is written of it."""
    for kind, words in _SHOWN:
        if isinstance(module, kind):
            return words
    return getattr(type(module), "shown", "")


def parts(module):
    """[(name, part), …] of all that it holds, in lists, tuples and dicts too. A container's entries go by their own
    names alone. Where attributes have no order, what has parameters comes first, in the order they were made."""
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
        else:
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
            if twice or not any([part is p for _, p in found]):
                found.append((name, part))
        elif isinstance(part, Module) and (twice or not any([part is m for m in met])):
            met.append(part)
            waiting += [(name + "." + key if name else key, value) for key, value in parts(part)]
    order = [(found[i][1].stream, i) for i in range(len(found))]
    order.sort()
    return [found[i] for _, i in order]


def named_parameters(module):
    """[(name, parameter), …], each once, in the order of parameters(): "0.weight", "block.conv.bias"."""
    return [(name, p) for name, p in named_tensors(module) if not isinstance(p, Buffer)]


def named_buffers(module):
    """[(name, buffer), …], each once."""
    return [(name, p) for name, p in named_tensors(module) if isinstance(p, Buffer)]


def named_children(module):
    """[(name, module), …] of the modules that it holds itself, each once."""
    found = []
    for name, part in parts(module):
        if isinstance(part, Module) and not any([part is m for _, m in found]):
            found.append((name, part))
    return found


def named_modules(module):
    """[(name, module), …] of itself, under the name "", and the modules in it, to any depth, each once."""
    found = []
    _gather(module, "", found)
    return found


def _gather(module, name, found):
    if not any([module is m for _, m in found]):
        found.append((name, module))
        for key, part in named_children(module):
            _gather(part, name + "." + key if name else key, found)


def children(module):
    """The modules that it holds itself, each once."""
    return [part for _, part in named_children(module)]


def apply(module, fn):
    """fn(module) of every module in it, the inner ones first, then of itself. Returns it."""
    for part in children(module):
        part.apply(fn)
    fn(module)
    return module


def zero_grad(module):
    """Its parameters have no gradients any more."""
    for p in module.parameters():
        p.grad = None


def requires_grad_(module, requires_grad=True):
    """Whether its parameters get gradients: before it is given to a Trainer. Returns it."""
    for p in module.parameters():
        p.requires_grad = bool(requires_grad)
    return module


# How it is written.


def extra_repr(module):
    """Its options: those that its class names in `shown`, a word each. "p" is written as its value, "p=" with its name,
    "p=1" so where it is not 1."""
    words = []
    for word in shown(module).split():
        name, *usual = word.split("=", 1)
        value = getattr(module, name)
        value = True if isinstance(value, Tensor) else False if name == "bias" and value is None else value
        written = repr(value)
        if not usual or not usual[0] or written.replace(" ", "") != usual[0]:
            words.append(name + "=" + written if usual else written)
    return ", ".join(words)


def described(module):
    """As PyTorch writes it: a layer's options, or a module's children, a line each."""
    lines = []
    if not shown(module):
        for name, part in contents(module) or named_children(module):
            lines.append("(%s): %s" % (name, repr(part).replace("\n", "\n  ")))
    options = module.extra_repr()
    if lines:
        lines = ([options] if options else []) + lines
        options = "\n  %s\n" % "\n  ".join(lines)
    return "%s(%s)" % (module.__class__.__name__, options)
