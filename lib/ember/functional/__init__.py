"""Layers as functions, as torch.nn.functional has them: of the weights they are given. Each is what the layer of nn
does. Losses are in loss.py; operations of ember, as relu, softmax, pad or embedding, are found here too.

Layouts are Ember's, channels last: images [N, H, W, C], sequences [N, L, C], weights of linear [in, out], of
convolutions [K_h, K_w, in / groups, out], of transposed ones [K_h, K_w, out / groups, in]. In one dimension a weight
has no K_h, or 1.
"""

from ..ops import reduce
from ..tensors.tensor import apply


def linear(input, weight, bias=None):
    """input @ weight + bias: [..., in] and [in, out] to [..., out]."""
    return apply(reduce.MATMUL, (input, weight) if bias is None else (input, weight, bias))


# Convolutions.


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """As nn.Conv2d with this weight: [N, H, W, in] to [N, H', W', out]."""
    from ..nn.image import convolve, padded
    from ..ops.image import pair

    stride, dilation = pair(stride, "stride", 1), pair(dilation, "dilation", 1)
    padding, more = padded(weight.dims[:2], stride, padding, dilation, "zeros")
    return convolve(input, weight, bias, (stride, padding, dilation, groups), more)


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """As nn.Conv1d with this weight: [N, L, in] to [N, L', out]."""
    from ..nn.conv import as_sequence, flat

    padding = padding if isinstance(padding, str) else flat(padding, "padding", 0)
    y = conv2d(_image(input), _flat(weight), bias, flat(stride, "stride", 1), padding, flat(dilation, "dilation", 1),
               groups)  # fmt: skip
    return as_sequence(y)


def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """As nn.ConvTranspose2d with this weight: [N, H, W, in] to [N, H', W', out]."""
    from ..nn.conv import transposed
    from ..ops.image import pair

    stride, dilation = pair(stride, "stride", 1), pair(dilation, "dilation", 1)
    extra = pair(output_padding, "output_padding", 0)
    return transposed(input, weight, bias, (stride, pair(padding, "padding", 0), extra, dilation, groups))


def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """As nn.ConvTranspose1d with this weight: [N, L, in] to [N, L', out]."""
    from ..nn.conv import as_sequence, flat

    y = conv_transpose2d(_image(input), _flat(weight), bias, flat(stride, "stride", 1), flat(padding, "padding", 0),
                         flat(output_padding, "output_padding", 0), groups, flat(dilation, "dilation", 1))  # fmt: skip
    return as_sequence(y)


def _image(x):
    """[N, L, C] as [N, 1, L, C]."""
    if len(x.dims) != 3:
        raise ValueError("input has shape %s; it may be (N, L, C)" % (x.shape,))
    return x.unsqueeze(1)


def _flat(weight):
    """A weight along one dimension, as one of height 1."""
    return weight.unsqueeze(0) if len(weight.dims) == 3 else weight


# Pooling and resampling: the layer, made for this call.


def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """As nn.MaxPool1d."""
    from ..nn.pool import MaxPool1d

    return MaxPool1d(kernel_size, stride, padding, dilation, return_indices, ceil_mode)(input)


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """As nn.MaxPool2d."""
    from ..nn.image import MaxPool2d

    return MaxPool2d(kernel_size, stride, padding, dilation, return_indices, ceil_mode)(input)


def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """As nn.AvgPool1d."""
    from ..nn.pool import AvgPool1d

    return AvgPool1d(kernel_size, stride, padding, ceil_mode, count_include_pad)(input)


def avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """As nn.AvgPool2d."""
    from ..nn.pool import AvgPool2d

    return AvgPool2d(kernel_size, stride, padding, ceil_mode, count_include_pad)(input)


def adaptive_avg_pool1d(input, output_size):
    """As nn.AdaptiveAvgPool1d."""
    from ..nn.pool import AdaptiveAvgPool1d

    return AdaptiveAvgPool1d(output_size)(input)


def adaptive_avg_pool2d(input, output_size):
    """As nn.AdaptiveAvgPool2d."""
    from ..nn.pool import AdaptiveAvgPool2d

    return AdaptiveAvgPool2d(output_size)(input)


def interpolate(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """As nn.Upsample."""
    from ..nn.resample import Upsample

    return Upsample(size, scale_factor, mode, align_corners)(input)


def pixel_shuffle(input, upscale_factor):
    """As nn.PixelShuffle."""
    from ..nn.resample import PixelShuffle

    return PixelShuffle(upscale_factor)(input)


# Normalization.


def _with(layer, input, weight, bias):
    """A layer that was made without weights, with these."""
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None and value.dims != layer.weights:
            raise ValueError("%s has shape %s; it may be %s" % (name, value.shape, layer.weights))
    layer.weight, layer.bias = weight, bias
    return layer(input)


def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    """As nn.BatchNorm1d or nn.BatchNorm2d, of [N, ..., C]: in training by the batch's statistics, which the running
    ones follow, where there are any; else by the running ones."""
    from ..nn.norm import BatchNorm1d

    if not training and (running_mean is None or running_var is None):
        raise ValueError("running_mean is %r; where training is False it may be a tensor" % (running_mean,))
    layer = BatchNorm1d(input.dims[-1], eps, momentum, False, False)
    layer.ranks, layer.weights, layer.training = (2, 3, 4), input.dims[-1:], training
    layer.running_mean, layer.running_var = running_mean, running_var
    return _with(layer, input, weight, bias)


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """As nn.LayerNorm."""
    from ..nn.norm import LayerNorm

    layer = LayerNorm(normalized_shape, eps, False)
    layer.weights = layer.normalized_shape
    return _with(layer, input, weight, bias)


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """As nn.RMSNorm."""
    from ..nn.norm import RMSNorm

    layer = RMSNorm(normalized_shape, eps, False)
    layer.weights = layer.normalized_shape
    return _with(layer, input, weight, None)


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """As nn.GroupNorm, of [N, ..., C]."""
    from ..nn.norm import GroupNorm

    layer = GroupNorm(num_groups, input.dims[-1], eps, False)
    layer.weights = input.dims[-1:]
    return _with(layer, input, weight, bias)


def instance_norm(input, weight=None, bias=None, eps=1e-5):
    """As nn.InstanceNorm1d or nn.InstanceNorm2d, of [N, ..., C]."""
    return group_norm(input, input.dims[-1], weight, bias, eps)


def normalize(input, p=2.0, dim=1, eps=1e-12):
    """input divided by its p-norm along dim, or by eps where that is larger."""
    return input / input.norm(p, dim, True).clamp(eps)


# Noise, and distances.


def dropout(input, p=0.5, training=True):
    """As nn.Dropout."""
    from ..nn.common import Dropout

    layer = Dropout(p)
    layer.training = training
    return layer(input)


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between x1 and x2 along dim, which goes; a norm counts as eps where it is smaller."""
    a, b = [x / x.norm(2.0, dim, True).clamp(eps) for x in (x1, x2)]
    return (a * b).sum(dim)


def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The p-norm of x1 - x2 + eps along the last dimension."""
    return (x1 - x2 + eps).norm(p, -1, keepdim)


def __getattr__(name):
    """The losses, and operations of ember."""
    from ..base.catalogue import find
    from ..base.catalogue_more import FUNCTIONAL
    from ..base.homes import look_up

    found = look_up(name, FUNCTIONAL) or find(name) or find(name, "FUNCTIONS")
    if found is None:
        import sys

        from ..base.names import Missing

        raise AttributeError(Missing("ember.functional", name, list(sys.modules["ember.functional"].__dict__)))
    return found
