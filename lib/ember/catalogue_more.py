"""The catalogue, continued: the same lists, of what fewer people use. It loads where catalogue.py has no such name."""

OPERATIONS = " "

FUNCTIONS = " "

LAYERS = " nn_container: ModuleList ModuleDict nn_cell: RNNCell GRUCell LSTMCell "

OPTIMIZERS = " "

# What functional has that is no operation, and what modules have beside what nn.py gives them.
FUNCTIONAL = (
    " functional_loss: cross_entropy nll_loss multi_margin_loss mse_loss l1_loss smooth_l1_loss huber_loss "
    "binary_cross_entropy binary_cross_entropy_with_logits kl_div poisson_nll_loss gaussian_nll_loss soft_margin_loss "
    "hinge_embedding_loss margin_ranking_loss cosine_embedding_loss triplet_margin_loss ctc_loss "
)
SEQUENTIAL = " nn_container: append extend insert "

METHODS = (
    " nn_module: named_parameters named_buffers named_modules named_children children apply zero_grad requires_grad_ "
    "extra_repr "
    "nn_state: state_dict load_state_dict "
)


def method(module, name):
    """A method of a module that loads now, and stays with its class."""
    from . import nn
    from .catalogue import look_up

    for owner, names in ((nn.Sequential, SEQUENTIAL), (nn.Module, METHODS)):
        function = look_up(name, names) if isinstance(module, owner) else None
        if function is not None:
            setattr(owner, name, function)
            return getattr(module, name)
    raise AttributeError("%s has no %r" % (module.__class__.__name__, name))


def submodule(name):
    """What nn has that is a module."""
    if name == "init":
        from . import nn_init as found
    elif name == "utils":
        from . import nn_utils as found
    elif name == "functional":  # which is not on every board
        import ember

        found = ember.functional
    else:
        raise AttributeError("ember.nn has no %r" % name)
    return found
