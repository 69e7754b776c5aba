"""ember.functional: each function is its layer, of the weights that it is given; gradients reach them."""

import numpy as np
import pytest

import ember
from catalogue_list import FUNCTIONAL
from ember import functional, nn, vm
from ember.tensors.tensor import Tensor
from op_cases import vms

F = functional


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def values(*shape):
    return np.random.default_rng(shape).normal(size=shape).astype("f4")


def tensor(a, requires_grad=True):
    return Tensor(np.asarray(a, "f4").tolist(), requires_grad=requires_grad)


def sequence():
    return tensor(values(2, 6, 4))


def image():
    return tensor(values(2, 6, 5, 4))


# name -> (inputs, what a layer makes of them, what the function makes of them and of the layer's weights).
LAYERS = {
    "linear": (sequence, lambda: nn.Linear(4, 3), lambda x, m: F.linear(x, m.weight, m.bias)),
    "conv1d": (sequence, lambda: nn.Conv1d(4, 2, 3, 2, 1, 1, 2),
               lambda x, m: F.conv1d(x, m.weight, m.bias, 2, 1, groups=2)),
    "conv2d": (image, lambda: nn.Conv2d(4, 2, (3, 2), 1, "same", 2),
               lambda x, m: F.conv2d(x, m.weight, m.bias, padding="same", dilation=2)),
    "conv_transpose1d": (sequence, lambda: nn.ConvTranspose1d(4, 2, 3, 2, 1, 1),
                         lambda x, m: F.conv_transpose1d(x, m.weight, m.bias, 2, 1, 1)),
    "conv_transpose2d": (image, lambda: nn.ConvTranspose2d(4, 2, 3, 2, 1, 1, bias=False),
                         lambda x, m: F.conv_transpose2d(x, m.weight, None, 2, 1, 1)),
    "max_pool1d": (sequence, lambda: nn.MaxPool1d(3, 2, ceil_mode=True),
                   lambda x, m: F.max_pool1d(x, 3, 2, ceil_mode=True)),
    "max_pool2d": (image, lambda: nn.MaxPool2d(2, padding=1), lambda x, m: F.max_pool2d(x, 2, padding=1)),
    "avg_pool1d": (sequence, lambda: nn.AvgPool1d(3, 2, 1, True, False),
                   lambda x, m: F.avg_pool1d(x, 3, 2, 1, True, False)),
    "avg_pool2d": (image, lambda: nn.AvgPool2d((2, 3)), lambda x, m: F.avg_pool2d(x, (2, 3))),
    "adaptive_avg_pool1d": (sequence, lambda: nn.AdaptiveAvgPool1d(4), lambda x, m: F.adaptive_avg_pool1d(x, 4)),
    "adaptive_avg_pool2d": (image, lambda: nn.AdaptiveAvgPool2d((None, 2)),
                            lambda x, m: F.adaptive_avg_pool2d(x, (None, 2))),
    "interpolate": (image, lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
                    lambda x, m: F.interpolate(x, scale_factor=2, mode="bilinear")),
    "pixel_shuffle": (image, lambda: nn.PixelShuffle(2), lambda x, m: F.pixel_shuffle(x, 2)),
    "layer_norm": (image, lambda: nn.LayerNorm((5, 4), eps=0.5),
                   lambda x, m: F.layer_norm(x, (5, 4), m.weight, m.bias, 0.5)),
    "rms_norm": (sequence, lambda: nn.RMSNorm(4), lambda x, m: F.rms_norm(x, 4, m.weight)),
    "group_norm": (image, lambda: nn.GroupNorm(2, 4), lambda x, m: F.group_norm(x, 2, m.weight, m.bias)),
    "instance_norm": (image, lambda: nn.InstanceNorm2d(4, affine=True),
                      lambda x, m: F.instance_norm(x, m.weight, m.bias)),
    "batch_norm": (image, lambda: nn.BatchNorm2d(4, track_running_stats=False),
                   lambda x, m: F.batch_norm(x, None, None, m.weight, m.bias, True)),
    "dropout": (image, lambda: nn.Dropout(0.0), lambda x, m: F.dropout(x, 0.5, False)),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_it_is_the_layer(machine, name):
    """The same bits, and gradients of the same bits."""
    make, layer, function = LAYERS[name]
    layer, found = layer(), []
    for call in (layer, lambda x: function(x, layer)):
        x = make()
        layer.zero_grad()
        y = call(x)
        (y * y).sum().backward()
        found.append([y.tolist(), x.grad.tolist()] + [p.grad.tolist() for p in layer.parameters()])
    assert found[0] == found[1]


def labels():
    return Tensor([2, 0, 1], dtype="i")


# name -> (inputs, options): the loss of that name with the same options.
LOSSES = {
    "cross_entropy": ("CrossEntropyLoss", 1, {"label_smoothing": 0.25, "weight": [1.0, 2.0, 3.0, 4.0]}),
    "nll_loss": ("NLLLoss", 1, {"reduction": "sum"}), "multi_margin_loss": ("MultiMarginLoss", 1, {"p": 2}),
    "mse_loss": ("MSELoss", 2, {"reduction": "none"}), "l1_loss": ("L1Loss", 2, {}),
    "smooth_l1_loss": ("SmoothL1Loss", 2, {"beta": 0.5}), "huber_loss": ("HuberLoss", 2, {"delta": 0.5}),
    "binary_cross_entropy": ("BCELoss", 2, {}), "kl_div": ("KLDivLoss", 2, {"reduction": "batchmean"}),
    "binary_cross_entropy_with_logits": ("BCEWithLogitsLoss", 2, {"pos_weight": [2.0]}),
    "poisson_nll_loss": ("PoissonNLLLoss", 2, {"full": True}), "soft_margin_loss": ("SoftMarginLoss", 2, {}),
    "gaussian_nll_loss": ("GaussianNLLLoss", 3, {}), "hinge_embedding_loss": ("HingeEmbeddingLoss", 2, {}),
    "margin_ranking_loss": ("MarginRankingLoss", 3, {"margin": 0.5}),
    "triplet_margin_loss": ("TripletMarginLoss", 3, {"swap": True}),
    "cosine_embedding_loss": ("CosineEmbeddingLoss", 0, {"margin": 0.25}), "ctc_loss": ("CTCLoss", -1, {"blank": 1}),
}  # fmt: skip


def given(kind):
    x = tensor(abs(values(3, 4)) / 4)
    rest = [tensor(abs(values(3, 4, k))[..., 0] / 4, False) for k in (1, 2)]
    if kind < 0:
        return [tensor(values(1, 5, 3)).log_softmax(2), [[0, 2]], [5], [2]]
    return [x, labels()] if kind == 1 else [x, rest[0], [1.0, -1.0, 1.0]] if kind == 0 else [x, *rest][:kind]


@pytest.mark.parametrize("name", LOSSES)
def test_it_is_the_loss(name):
    layer, kind, options = LOSSES[name]
    assert getattr(F, name)(*given(kind), **options).tolist() == getattr(nn, layer)(**options)(*given(kind)).tolist()


def test_all_of_it_is_tested():
    here = {"normalize", "cosine_similarity", "pairwise_distance"}
    assert set(FUNCTIONAL) == {*LAYERS, *LOSSES, *here}


def test_where_it_is_found():
    assert nn.functional is functional is ember.functional
    assert F.relu is ember.relu and F.embedding is ember.embedding and F.softmax is ember.softmax
    assert F.scaled_dot_product_attention is ember.scaled_dot_product_attention and F.pad is ember.pad
    with pytest.raises(AttributeError, match=r"ember\.functional has no 'nonsense'"):
        print(F.nonsense)


def test_running_statistics_follow(machine):
    x = values(8, 3)
    mean, var = tensor([1.0, 2.0, 3.0], False), tensor([1.0, 1.0, 2.0], False)
    before, spread = np.array(mean.tolist()), np.array(var.tolist())
    y = F.batch_norm(tensor(x), mean, var, training=True, momentum=0.25)
    assert np.array(y.tolist()) == pytest.approx((x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5), abs=1e-5)
    assert np.array(mean.tolist()) == pytest.approx(0.75 * before + 0.25 * x.mean(0), abs=1e-6)
    assert np.array(var.tolist()) == pytest.approx(0.75 * spread + 0.25 * x.var(0, ddof=1), abs=1e-6)
    kept = mean.tolist(), var.tolist()
    y = F.batch_norm(tensor(x), mean, var)
    assert np.array(y.tolist()) == pytest.approx((x - mean.tolist()) / np.sqrt(np.array(kept[1]) + 1e-5), abs=1e-5)
    assert (mean.tolist(), var.tolist()) == kept


def test_no_parameter_is_made():
    """So what is drawn afterwards is what it would have been."""
    before = ember.Parameter.made
    for make, layer, function in LAYERS.values():
        m = layer()
        made = ember.Parameter.made
        function(make(), m)
        assert ember.Parameter.made == made
    assert ember.Parameter.made > before


def test_distances(machine):
    a, b = values(3, 4).astype("f8"), values(3, 4, 1)[..., 0].astype("f8")
    x, y = tensor(a), tensor(b)
    assert np.array(F.normalize(x).tolist()) == pytest.approx(a / np.sqrt((a * a).sum(1, keepdims=True)), rel=1e-5)
    assert np.array(F.normalize(x, 1.0, 0).tolist()) == pytest.approx(a / abs(a).sum(0), rel=1e-5)
    cosine = (a * b).sum(1) / np.sqrt((a * a).sum(1) * (b * b).sum(1))
    assert np.array(F.cosine_similarity(x, y).tolist()) == pytest.approx(cosine, rel=1e-5)
    distance = (abs(a - b + 1e-6) ** 3).sum(1) ** (1 / 3)
    assert np.array(F.pairwise_distance(x, y, 3.0).tolist()) == pytest.approx(distance, rel=1e-5)
    assert F.pairwise_distance(x, y, keepdim=True).shape == (3, 1)
    zero = tensor([[0.0, 0.0], [3.0, 4.0]])
    y = F.normalize(zero)
    y.sum().backward()
    assert np.array(y.tolist()) == pytest.approx(np.array([[0, 0], [0.6, 0.8]]))
    assert np.array(zero.grad.tolist())[1] == pytest.approx([0.2 - 0.168, 0.2 - 0.224], abs=1e-6)


@pytest.mark.parametrize("call, says", [
    (lambda x: F.conv1d(x[0], x), r"input has shape \(6, 4\); it may be \(N, L, C\)"),
    (lambda x: F.conv2d(x, x), "conv2d of input"),
    (lambda x: F.max_pool1d(x, 2, dilation=2), "dilation is 2; it may be 1"),
    (lambda x: F.layer_norm(x, 4, x), r"weight has shape \(2, 6, 4\); it may be \(4,\)"),
    (lambda x: F.batch_norm(x, None, None), "running_mean is None; where training is False"),
    (lambda x: F.interpolate(x), "size is None, scale_factor is None"),
    (lambda x: F.mse_loss(x, x[0]), "MSELoss of shape"),
])  # fmt: skip
def test_what_it_refuses(call, says):
    with pytest.raises(ValueError, match=says):
        call(sequence())


def test_recorded(machine):
    """A function of functions, in a program: the bits of eager execution."""
    w, b, k = (tensor(values(*shape), False) for shape in ((4, 3), (3,), (3, 4, 4)))

    def model(x):
        x = F.layer_norm(F.relu(F.conv1d(x, k, padding=1)), 4)
        return F.normalize(F.linear(x.mean(1), w, b))

    x = values(2, 6, 4)
    found = ember.record(model, (2, 6, 4))(x.ravel()).tolist()
    assert found == model(tensor(x, False)).tolist()
