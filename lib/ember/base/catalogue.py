"""Which module holds what loads when it is first used: x.sin() and ember.sin(x) are the same function, in a module that
loads when one of its names is asked for. So with the layers of nn and the optimizers of optim. What the core has stands
here, the rest in catalogue_most.py and, of what fewer people use, in catalogue_more.py, which load when needed.

Each list is one string, for the sake of the heap: "module: name name … module: name …" between spaces.
"""

from .homes import look_up, module

LISTS = "base.catalogue base.catalogue_most base.catalogue_more"

# The operators of Tensor, which are functions too.
OPERATORS = "add sub mul div neg matmul"

OPERATIONS = (
    " ops.rules: relu ops.reduce: mean ops.unary: tanh sigmoid exp log sqrt ops.common: sum max softmax log_softmax "
)

# How a tensor comes to its operations, and to its elements by an index.
RULES = " ops.rules: op ops.slice: take put "

LAYERS = " nn.loss: CrossEntropyLoss MSELoss nn.common: Flatten Tanh Sigmoid Dropout "

OPTIMIZERS = " optim.common: SGD AdamW "


def find(name, kind="OPERATIONS"):
    """What has that name, or None. kind: the list's name, here and in what goes on with it."""
    found = None
    for part in LISTS.split():
        if found is None and name[0] != "_":
            found = look_up(name, getattr(module(part), kind, ""))
    return found
