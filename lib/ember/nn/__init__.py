"""Layers; losses are found here too. Names and defaults are PyTorch's; tensors are channels last.

N batch. Linear weights are [in, out], convolution weights [K_h, K_w, in, out].
"""

import gc

from ..base.check import flag, whole
from ..ops import reduce
from ..tensors.parameter import Buffer, Parameter, inverse_root
from ..tensors.sink import is_among
from ..tensors.tensor import apply


def _parts(module):
    """The modules and parameters it holds, in lists, tuples and dicts too."""
    waiting = list(module.__dict__.values())
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, (Module, Parameter)):
            yield value
        elif isinstance(value, (list, tuple)):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())


def _gather(module, found):
    """The parameters and buffers in it, to any depth, each once."""
    for part in _parts(module):
        if isinstance(part, Module):
            _gather(part, found)
        elif not is_among(part, found):
            found.append(part)


class Module:
    """Something with parameters. `forward` says what it does; calling the module calls it."""

    training = True
    mixes_samples = False  # whether what it makes of a sample depends on the others of its batch

    def __call__(self, *inputs, **options):
        return self.forward(*inputs, **options)

    def __setattr__(self, name, value):
        if isinstance(self.__dict__.get(name), Parameter):
            from ..recording.changed import replace

            replace(self, name, value)
        object.__setattr__(self, name, value)

    def modules(self):
        """Itself and the modules in it, to any depth, each once."""
        found = [self]
        for module in found:  # grows
            for part in _parts(module):
                if isinstance(part, Module) and not is_among(part, found):
                    found.append(part)
        return found

    def parameters(self):
        """Its parameters in the order they were made, each once."""
        return [p for p in self._all() if not isinstance(p, Buffer)]

    def buffers(self):
        """What is kept and saved with them, but not trained, as running statistics."""
        return [p for p in self._all() if isinstance(p, Buffer)]

    def _all(self):
        found = []
        _gather(self, found)
        found.sort(key=lambda p: p.stream)
        return found

    def train(self, mode=True):
        self.training = mode
        for part in _parts(self):
            if isinstance(part, Module):
                part.train(mode)
        return self

    def eval(self):
        return self.train(False)

    def __repr__(self):
        from .named import described

        return described(self)

    def __getattr__(self, name):
        """What a module is asked for less often."""
        from .lookup import method

        return method(self, name)

    def refuse(self, x, takes):
        raise ValueError("%r takes %s, got shape %s" % (self, takes, x.shape))


class Sequential(Module):
    """Layers one after the other; or a dict of them, whose keys are their names. It has a length and is indexed as a
    list is."""

    def __init__(self, *layers):
        for layer in layers:
            if not callable(layer):  # a dict, or what is no layer
                from .container import named

                layers = named(self, layers)
        self.layers = layers

    def __len__(self):
        return len(self.layers)

    def __getitem__(self, index):
        from .container import item

        return item(self, index)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Linear(Module):
    """y = x @ weight + bias: [..., in] to [..., out]. Both start uniform within 1 / sqrt(in), as PyTorch's do."""

    def __init__(self, in_features, out_features, bias=True):
        self.in_features = whole("in_features", in_features)
        self.out_features = whole("out_features", out_features)
        bound = inverse_root(in_features)
        self.weight = Parameter((in_features, out_features), -bound, bound)
        self.bias = Parameter((out_features,), -bound, bound) if flag("bias", bias) else None

    def forward(self, x):
        if len(x.dims) < 2 or x.dims[-1] != self.in_features:
            self.refuse(x, "(N, %d)" % self.in_features)
        return apply(reduce.MATMUL, (x, self.weight) if self.bias is None else (x, self.weight, self.bias))


class ReLU(Module):
    """x where it is above 0, else 0, of any shape."""

    def forward(self, x):
        return x.relu()


def __getattr__(name):
    """The other layers and losses: base/catalogue.py says where they are. And init, utils, functional."""
    from ..base.catalogue import find

    found = find(name, "LAYERS")
    if found is None:
        from .lookup import submodule

        found = submodule(name)
    return found


if hasattr(gc, "freeze"):
    from ..base.names import of_nn as __dir__  # noqa: F401
