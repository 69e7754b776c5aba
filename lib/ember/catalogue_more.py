"""The catalogue, continued: the same lists, of what fewer people use."""

OPERATIONS = (
    " ops_more: log10 exp2 hypot asinh acosh atanh fmod floor_divide logaddexp nan_to_num logical_and logical_or "
    "logical_xor "
    "ops_views_more: clone view size dim clip select t mm bmm amax amin repeat_interleave tile diag "
    "ops_median: median cummax "
)

FUNCTIONS = (
    " ops_fft: rfft irfft power_spectrum stft spectrogram "
    "ops_mel: mel_filterbank log_mel mfcc "
    "ops_window: hann_window hamming_window "
    "ops_biquad: biquad "
    "ops_create: zeros ones empty full arange linspace eye rand randn zeros_like ones_like full_like rand_like "
    "randn_like as_tensor "
)

LAYERS = (
    " loss_multi: MultiLabelMarginLoss MultiLabelSoftMarginLoss TripletMarginWithDistanceLoss "
    "nn_container: ModuleList ModuleDict nn_cell: RNNCell GRUCell LSTMCell "
)

OPTIMIZERS = " optim_composed: Adamax NAdam RAdam optim_descent: Rprop ASGD "

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
    from . import _look_up, nn

    for owner, names in ((nn.Sequential, SEQUENTIAL), (nn.Module, METHODS)):
        function = _look_up(name, names) if isinstance(module, owner) else None
        if function is not None:
            setattr(owner, name, function)
            return getattr(module, name)
    from .names import Missing

    raise AttributeError(Missing(module.__class__.__name__, name, list(module.__dict__)))


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
        from .names import Missing

        raise AttributeError(Missing("ember.nn", name))
    return found
