"""The catalogue, continued: what most people use of it, beside the core."""

OPERATIONS = (
    " ops.shape: reshape flatten permute transpose "
    "ops.views: squeeze unsqueeze movedim unflatten narrow unbind split chunk "
    "ops.arrange: flip roll expand broadcast_to expand_as repeat pad "
    "ops.statistics: min prod var std norm logsumexp any all "
    "ops.matrix: outer dot "
    "ops.math: abs sign rsqrt square reciprocal expm1 log1p log2 sin cos tan asin acos atan atan2 erf "
    "floor ceil round trunc remainder pow lerp "
    "ops.hyperbolic: sinh cosh "
    "ops.compare: eq ne lt le gt ge maximum minimum clamp masked_fill isnan isinf isfinite logical_not "
    "ops.activation: gelu silu mish softplus logsigmoid softsign tanhshrink softmin glu swiglu "
    "ops.piecewise: relu6 leaky_relu prelu elu selu celu hardtanh hardsigmoid hardswish softshrink hardshrink "
    "threshold "
    "ops.index: index_select gather scatter_add take_along_dim "
    "ops.order: argsort sort topk argmax argmin cumsum cumprod tril triu "
)

# Functions of ember that are not methods.
FUNCTIONS = (
    " ops.compare: where ops.shape: cat ops.views: stack ops.index: embedding one_hot ops.matrix: bilinear "
    "ops.attention: scaled_dot_product_attention "
)

LAYERS = (
    " nn.embedding: Embedding "
    "nn.noise: GaussianNoise "
    "nn.image: Conv2d MaxPool2d "
    "nn.conv: Conv1d ConvTranspose1d ConvTranspose2d "
    "nn.pool: MaxPool1d AvgPool1d AvgPool2d AdaptiveAvgPool1d AdaptiveAvgPool2d "
    "nn.resample: Upsample PixelShuffle "
    "nn.recurrent: RNN GRU LSTM "
    "nn.norm: BatchNorm1d BatchNorm2d LayerNorm RMSNorm GroupNorm InstanceNorm1d InstanceNorm2d "
    "nn.bilinear: Bilinear "
    "nn.attention: MultiheadAttention TransformerEncoderLayer TransformerEncoder SinusoidalEncoding RotaryEncoding "
    "nn.activation: ReLU6 LeakyReLU PReLU ELU SELU CELU GELU SiLU Mish Softplus Softsign Hardtanh Hardsigmoid "
    "Hardswish LogSigmoid Tanhshrink Softshrink Hardshrink Threshold Softmax LogSoftmax Softmin GLU SwiGLU Identity "
    "nn.loss_label: NLLLoss MultiMarginLoss "
    "nn.loss_value: L1Loss SmoothL1Loss HuberLoss BCELoss BCEWithLogitsLoss KLDivLoss PoissonNLLLoss GaussianNLLLoss "
    "SoftMarginLoss HingeEmbeddingLoss "
    "nn.loss_pair: MarginRankingLoss CosineEmbeddingLoss TripletMarginLoss "
    "nn.loss_ctc: CTCLoss "
)

OPTIMIZERS = (
    " optim.more: RMSprop Adagrad Adadelta Lion Adan optim.layerwise: LAMB Muon "
    "optim.groups: decay_groups optim.average: EMA optim.lbfgs: LBFGS "
)
