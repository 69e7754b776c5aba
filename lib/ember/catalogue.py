"""Which module holds what is not needed by everyone: x.sin() and ember.sin(x) are the same function, in a module that
loads when one of its names is first used. So with the layers of nn and the optimizers of optim."""

# Methods of Tensor itself, which are functions too.
METHODS = ("add sub mul div neg matmul exp log sqrt relu tanh sigmoid sum max mean reshape flatten permute transpose "
           "softmax log_softmax")  # fmt: skip

OPERATIONS = (
    ("ops_math", "abs sign rsqrt square reciprocal expm1 log1p log2 sin cos tan asin acos atan atan2 sinh cosh erf "
     "floor ceil round trunc remainder pow lerp"),
    ("ops_compare", "eq ne lt le gt ge maximum minimum clamp masked_fill isnan isinf isfinite logical_not"),
)  # fmt: skip

# Functions of ember that are not methods.
FUNCTIONS = (("ops_compare", "where"),)

LAYERS = ()

OPTIMIZERS = ()


def find(name, homes=OPERATIONS):
    """What has that name, or None."""
    for module, names in homes:
        if name in names.split():
            return getattr(__import__("ember." + module, None, None, (name,)), name)
    return None
