"""What the catalogue is to offer: where each entry is found, under the name that people know from PyTorch."""

OPERATIONS = """
    add sub mul div remainder pow neg reciprocal abs sign sqrt rsqrt square exp expm1 log log1p log2 sin cos tan asin
    acos atan atan2 sinh cosh tanh erf floor ceil round trunc clamp minimum maximum eq ne lt le gt ge where masked_fill
    isnan isinf isfinite lerp
    sum mean prod var std min max argmin argmax norm logsumexp any all cumsum cumprod
    reshape flatten squeeze unsqueeze permute transpose flip roll expand repeat cat stack split chunk pad index_select
    gather scatter_add take_along_dim one_hot topk sort argsort tril triu
    matmul outer dot bilinear
    clone view select t mm bmm clip amax amin log10 exp2 hypot asinh acosh atanh fmod floor_divide logaddexp nan_to_num
    logical_and logical_or logical_xor median cummax repeat_interleave tile diag
    relu relu6 leaky_relu prelu elu selu celu gelu silu mish softplus softsign hardtanh hardsigmoid hardswish sigmoid
    logsigmoid tanhshrink softshrink hardshrink threshold softmax log_softmax softmin glu swiglu
""".split()

ACTIVATIONS = """
    ReLU ReLU6 LeakyReLU PReLU ELU SELU CELU GELU SiLU Mish Softplus Softsign Hardtanh Hardsigmoid Hardswish Sigmoid
    LogSigmoid Tanh Tanhshrink Softshrink Hardshrink Threshold Softmax LogSoftmax Softmin GLU SwiGLU
""".split()

LAYERS = """
    Linear Conv1d Conv2d ConvTranspose1d ConvTranspose2d MaxPool1d MaxPool2d AvgPool1d AvgPool2d AdaptiveAvgPool1d
    AdaptiveAvgPool2d BatchNorm1d BatchNorm2d LayerNorm GroupNorm InstanceNorm1d InstanceNorm2d RMSNorm Dropout
    GaussianNoise Embedding RNN GRU LSTM MultiheadAttention TransformerEncoderLayer SinusoidalEncoding RotaryEncoding
    Upsample PixelShuffle Flatten Identity Sequential Bilinear RNNCell GRUCell LSTMCell
""".split()

CONTAINERS = "ModuleList ModuleDict".split()

FUNCTIONAL = """
    linear conv1d conv2d conv_transpose1d conv_transpose2d max_pool1d max_pool2d avg_pool1d avg_pool2d
    adaptive_avg_pool1d adaptive_avg_pool2d interpolate pixel_shuffle batch_norm layer_norm rms_norm group_norm
    instance_norm normalize dropout cosine_similarity pairwise_distance
    cross_entropy nll_loss multi_margin_loss mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy
    binary_cross_entropy_with_logits kl_div poisson_nll_loss gaussian_nll_loss soft_margin_loss hinge_embedding_loss
    margin_ranking_loss cosine_embedding_loss triplet_margin_loss ctc_loss
""".split()

LOSSES = """
    MSELoss L1Loss SmoothL1Loss HuberLoss CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss KLDivLoss PoissonNLLLoss
    GaussianNLLLoss CosineEmbeddingLoss HingeEmbeddingLoss MarginRankingLoss MultiMarginLoss SoftMarginLoss
    TripletMarginLoss CTCLoss MultiLabelMarginLoss MultiLabelSoftMarginLoss TripletMarginWithDistanceLoss
""".split()

INITIALISERS = """
    constant_ zeros_ ones_ uniform_ normal_ kaiming_uniform_ kaiming_normal_ xavier_uniform_ xavier_normal_ orthogonal_
    trunc_normal_
""".split()

OPTIMIZERS = """
    SGD Adam AdamW RMSprop Adagrad Adadelta Adan Lion LAMB Muon LBFGS Adamax NAdam RAdam Rprop ASGD
""".split()

SCHEDULES = """
    ConstantLR LinearLR CosineAnnealingLR CosineAnnealingWarmRestarts ExponentialLR StepLR MultiStepLR PolynomialLR
    NoamLR OneCycleLR ReduceLROnPlateau SequentialLR ChainedScheduler LambdaLR MultiplicativeLR CyclicLR
""".split()

METRICS = """
    Mean Accuracy TopKAccuracy Precision Recall FBeta ConfusionMatrix MAE RMSE R2Score AUROC
""".split()

SIGNALS = "rfft irfft power_spectrum stft spectrogram log_mel mfcc biquad".split()

# What is made of nothing, and has no gradient.
CREATION = """
    zeros ones empty full arange linspace eye rand randn zeros_like ones_like full_like rand_like randn_like as_tensor
    tensor hann_window hamming_window mel_filterbank
""".split()

FILTERS = "lowpass highpass bandpass notch peaking".split()

# Without a gradient: their results go in steps, or are whole numbers.
STEPS = """
    sign floor ceil round trunc eq ne lt le gt ge isnan isinf isfinite argmin argmax any all one_hot argsort
    floor_divide logical_and logical_or logical_xor
""".split()

# (title, where they are found, names); whoever has a gradient is in one of DIFFERENTIABLE.
PARTS = (
    ("Operations", "ember", OPERATIONS),
    ("Signals", "ember", SIGNALS),
    ("Activations", "ember.nn", ACTIVATIONS),
    ("Layers", "ember.nn", LAYERS),
    ("Losses", "ember.nn", LOSSES),
    ("Containers", "ember.nn", CONTAINERS),
    ("Functional", "ember.functional", FUNCTIONAL),
    ("Initialisers", "ember.nn.init", INITIALISERS),
    ("Optimizers", "ember.optim", OPTIMIZERS),
    ("Schedules", "ember.schedule", SCHEDULES),
    ("Metrics", "ember.metrics", METRICS),
    ("Creation", "ember", CREATION),
    ("Filters", "ember.filters", FILTERS),
)
DIFFERENTIABLE = ("Operations", "Signals", "Activations", "Layers", "Losses")

ENTRIES = [(title, place, name) for title, place, names in PARTS for name in names]


def find(place, name):
    """What an entry names, or AttributeError; AttributeError too where its module is not there."""
    import ember

    home = ember
    for part in place.split(".")[1:]:
        home = getattr(home, part)
    return getattr(home, name)


# What else than defaults each needs to be made.
NEEDS = {
    "Linear": (3, 2), "Bilinear": (3, 2, 2), "Embedding": (4, 3), "Conv1d": (2, 2, 3), "Conv2d": (2, 2, 3),
    "ConvTranspose1d": (2, 2, 3), "ConvTranspose2d": (2, 2, 3), "BatchNorm1d": (3,), "BatchNorm2d": (3,),
    "LayerNorm": (3,), "RMSNorm": (3,), "GroupNorm": (2, 4), "InstanceNorm1d": (3,), "InstanceNorm2d": (3,),
    "MaxPool1d": (2,), "MaxPool2d": (2,), "AvgPool1d": (2,), "AvgPool2d": (2,), "AdaptiveAvgPool1d": (2,),
    "AdaptiveAvgPool2d": (2,), "RNN": (2, 3), "GRU": (2, 3), "LSTM": (2, 3),
    "RNNCell": (2, 3), "GRUCell": (2, 3), "LSTMCell": (2, 3), "MultiheadAttention": (4, 2),
    "TransformerEncoderLayer": (4, 2), "SinusoidalEncoding": (4, 8), "RotaryEncoding": (4, 8), "PixelShuffle": (2,),
    "Upsample": (4,), "Threshold": (0.1, 0.0), "Softmax": (1,), "LogSoftmax": (1,), "Softmin": (1,),
    "LambdaLR": (lambda k: 0.5,), "MultiplicativeLR": (lambda k: 0.5,), 
    "CyclicLR": (0.01, 0.1),
    "LinearLR": (), "StepLR": (3,), "MultiStepLR": ([2, 4],), "ExponentialLR": (0.9,), "CosineAnnealingLR": (5,),
    "CosineAnnealingWarmRestarts": (5,), "PolynomialLR": (), "NoamLR": (8, 4), "OneCycleLR": (0.1, 10),
    "ConstantLR": (), "ReduceLROnPlateau": (), "TopKAccuracy": (8, 2), "ConfusionMatrix": (3,),
    "Accuracy": (3,), "Precision": (3,), "Recall": (3,), "FBeta": (3,),
}  # fmt: skip
