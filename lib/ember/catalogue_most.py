"""The catalogue, continued: what most people use of it, beside the core."""

OPERATIONS = (
    " ops_shape: reshape flatten permute transpose "
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
    "loss_label: NLLLoss MultiMarginLoss "
    "loss_value: L1Loss SmoothL1Loss HuberLoss BCELoss BCEWithLogitsLoss KLDivLoss PoissonNLLLoss GaussianNLLLoss "
    "SoftMarginLoss HingeEmbeddingLoss "
    "loss_pair: MarginRankingLoss CosineEmbeddingLoss TripletMarginLoss "
    "loss_ctc: CTCLoss "
)

OPTIMIZERS = (
    " optim_more: RMSprop Adagrad Adadelta Lion Adan optim_layerwise: LAMB Muon "
    "optim_groups: decay_groups optim_average: EMA optim_lbfgs: LBFGS "
)
