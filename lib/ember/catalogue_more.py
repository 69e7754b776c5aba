"""The catalogue, continued: the same lists, of what fewer people use. It loads where catalogue.py has no such name."""

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

LAYERS = " loss_multi: MultiLabelMarginLoss MultiLabelSoftMarginLoss TripletMarginWithDistanceLoss "

OPTIMIZERS = " optim_composed: Adamax NAdam RAdam optim_descent: Rprop ASGD "
