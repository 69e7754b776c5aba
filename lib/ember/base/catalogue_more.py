"""The catalogue, continued: the same lists, of what fewer people use."""

OPERATIONS = (
    " ops.more: log10 exp2 hypot asinh acosh atanh fmod floor_divide logaddexp nan_to_num logical_and logical_or "
    "logical_xor "
    "ops.views_more: clone view size dim clip select t mm bmm amax amin repeat_interleave tile diag "
    "ops.median: median cummax "
)

FUNCTIONS = (
    " ops.fft: rfft irfft power_spectrum stft spectrogram "
    "ops.mel: mel_filterbank log_mel mfcc "
    "ops.window: hann_window hamming_window "
    "ops.biquad: biquad "
    "ops.create: zeros ones empty full arange linspace eye rand randn zeros_like ones_like full_like rand_like "
    "randn_like as_tensor tensor "
)

LAYERS = (
    " nn.loss_multi: MultiLabelMarginLoss MultiLabelSoftMarginLoss TripletMarginWithDistanceLoss "
    "nn.container: ModuleList ModuleDict nn.cell: RNNCell GRUCell LSTMCell "
)

OPTIMIZERS = " optim.composed: Adamax NAdam RAdam optim.descent: Rprop ASGD "

# What functional has that is no operation, and what modules have beside what nn/__init__.py gives them.
FUNCTIONAL = (
    " functional.loss: cross_entropy nll_loss multi_margin_loss mse_loss l1_loss smooth_l1_loss huber_loss "
    "binary_cross_entropy binary_cross_entropy_with_logits kl_div poisson_nll_loss gaussian_nll_loss soft_margin_loss "
    "hinge_embedding_loss margin_ranking_loss cosine_embedding_loss triplet_margin_loss ctc_loss "
)
SEQUENTIAL = " nn.container: append extend insert "

METHODS = (
    " nn.named: named_parameters named_buffers named_modules named_children children apply zero_grad requires_grad_ "
    "extra_repr "
    "nn.state: state_dict load_state_dict "
)
