"""What a module holds, by name, and how it is written. nn.Module finds these as methods when they are first used."""

from ..tensors.parameter import Buffer
from ..tensors.sink import is_among
from ..tensors.tensor import Tensor
from . import Linear, Module
from .common import Dropout, Flatten
from .walk import contents, named_tensors, parts

# The options of what __init__.py has, where there is no room for them: see extra_repr.
_SHOWN = ((Linear, "in_features= out_features= bias="), (Dropout, "p="), (Flatten, "start_dim= end_dim="))


def shown(module):
    """The words that say what is written of it."""
    for kind, words in _SHOWN:
        if isinstance(module, kind):
            return words
    return getattr(type(module), "shown", "")


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
        if isinstance(part, Module) and not is_among(part, [m for _, m in found]):
            found.append((name, part))
    return found


def named_modules(module):
    """[(name, module), …] of itself, under the name "", and the modules in it, to any depth, each once."""
    found = []
    _gather(module, "", found)
    return found


def _gather(module, name, found):
    if not is_among(module, [m for _, m in found]):
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
