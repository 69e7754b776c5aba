"""Which module holds what is not needed by everyone: x.sin() and ember.sin(x) are the same function, in a module that
loads when one of its names is first used. So with the layers of nn and the optimizers of optim. What fewer people use
is listed in catalogue_more.py.

Each list is one string, for the sake of the heap: "module: name name … module: name …" between spaces.
"""

# The operators of Tensor, which are functions too.
OPERATORS = "add sub mul div neg matmul"

OPERATIONS = (
    " ops: relu tanh sigmoid exp log sqrt "
    "ops_reduce: sum max mean softmax log_softmax "
    "ops_shape: reshape flatten permute transpose "
    "ops_views: squeeze unsqueeze movedim unflatten narrow unbind split chunk "
    "ops_arrange: flip roll expand broadcast_to expand_as repeat pad "
    "ops_statistics: min prod var std norm logsumexp any all "
    "ops_matrix: outer dot "
    "ops_math: abs sign rsqrt square reciprocal expm1 log1p log2 sin cos tan asin acos atan atan2 erf "
    "floor ceil round trunc remainder pow lerp "
    "ops_hyperbolic: sinh cosh "
    "ops_compare: eq ne lt le gt ge maximum minimum clamp masked_fill isnan isinf isfinite logical_not "
    "ops_activation: gelu silu mish softplus logsigmoid softsign tanhshrink softmin glu swiglu "
    "ops_piecewise: relu6 leaky_relu prelu elu selu celu hardtanh hardsigmoid hardswish softshrink hardshrink "
    "threshold "
    "ops_index: index_select gather scatter_add take_along_dim "
    "ops_order: argsort sort topk argmax argmin cumsum cumprod tril triu "
)

# Functions of ember that are not methods.
FUNCTIONS = (
    " ops_compare: where ops_shape: cat ops_views: stack ops_index: embedding one_hot ops_matrix: bilinear "
    "ops_attention: scaled_dot_product_attention "
)

LAYERS = (
    " nn_embedding: Embedding "
    "nn_noise: GaussianNoise "
    "nn_image: Conv2d MaxPool2d "
    "nn_conv: Conv1d ConvTranspose1d ConvTranspose2d "
    "nn_pool: MaxPool1d AvgPool1d AvgPool2d AdaptiveAvgPool1d AdaptiveAvgPool2d "
    "nn_resample: Upsample PixelShuffle "
    "nn_recurrent: RNN GRU LSTM "
    "nn_norm: BatchNorm1d BatchNorm2d LayerNorm RMSNorm GroupNorm InstanceNorm1d InstanceNorm2d "
    "nn_bilinear: Bilinear "
    "nn_attention: MultiheadAttention TransformerEncoderLayer TransformerEncoder SinusoidalEncoding RotaryEncoding "
    "nn_activation: ReLU6 LeakyReLU PReLU ELU SELU CELU GELU SiLU Mish Softplus Softsign Hardtanh Hardsigmoid "
    "Hardswish LogSigmoid Tanhshrink Softshrink Hardshrink Threshold Softmax LogSoftmax Softmin GLU SwiGLU Identity "
    "loss: CrossEntropyLoss MSELoss "
    "loss_label: NLLLoss MultiMarginLoss "
    "loss_value: L1Loss SmoothL1Loss HuberLoss BCELoss BCEWithLogitsLoss KLDivLoss PoissonNLLLoss GaussianNLLLoss "
    "SoftMarginLoss HingeEmbeddingLoss "
    "loss_pair: MarginRankingLoss CosineEmbeddingLoss TripletMarginLoss "
    "loss_ctc: CTCLoss "
)

OPTIMIZERS = (
    " optim_more: RMSprop Adagrad Adadelta Lion Adan optim_layerwise: LAMB Muon optim_groups: decay_groups "
    "optim_average: EMA optim_lbfgs: LBFGS "
)


def look_up(name, homes):
    """What has that name in one of the lists, or None."""
    at = homes.find(" %s " % name)
    if at < 0:
        return None
    end = homes.rfind(": ", 0, at + 1)
    module = homes[homes.rfind(" ", 0, end) + 1 : end]
    try:
        return getattr(__import__("ember." + module, None, None, (name,)), name)
    except ImportError as error:
        from .names import not_here

        raise not_here(error, name, module)


def find(name, kind="OPERATIONS"):
    """What has that name, or None. kind: the list's name, here and in catalogue_more, which loads when it is needed."""
    found = None
    for module in ("catalogue", "catalogue_more"):
        if found is None and name[0] != "_":
            found = look_up(name, getattr(__import__("ember." + module, None, None, (kind,)), kind))
    return found
