"""The reference models: those of the demo and of the examples, three of MLPerf Tiny's, and a Transformer's encoder.

    trainer_of(name, batch_size)

makes a trainer of one. MLPerf Tiny's are as published (Banbury et al., 2021) but for padding, which is symmetric here.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "lib" / "examples"))

import digits  # noqa: E402
import real  # noqa: E402

import ember  # noqa: E402
from ember import nn, optim  # noqa: E402


def convolution(inputs, outputs, kernel=3, stride=1, groups=1):
    """A convolution and what follows each: batch norm and ReLU."""
    padding = tuple(k // 2 for k in kernel) if isinstance(kernel, tuple) else kernel // 2
    layer = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding, groups=groups, bias=False)
    return [layer, nn.BatchNorm2d(outputs), nn.ReLU()]


def separable(inputs, outputs, stride=1):
    return convolution(inputs, inputs, 3, stride, groups=inputs) + convolution(inputs, outputs, 1)


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        layers = convolution(inputs, outputs, 3, stride) + convolution(outputs, outputs)
        self.body = nn.Sequential(*layers[:-1])
        self.skip = nn.Conv2d(inputs, outputs, 1, stride=stride) if stride > 1 else None

    def forward(self, x):
        return (self.body(x) + (self.skip(x) if self.skip else x)).relu()


def head(features, classes):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(features, classes)]


def resnet_8():
    """He et al., 2016, for CIFAR-10."""
    blocks = [Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2)]
    return nn.Sequential(*convolution(3, 16), *blocks, *head(64, 10))


def ds_cnn():
    """Zhang et al., 2017: twelve spoken words, from 49 x 10 coefficients."""
    layers = convolution(1, 64, (10, 4), stride=2) + [nn.Dropout(0.2)]
    for _ in range(4):
        layers += separable(64, 64)
    return nn.Sequential(*layers, nn.Dropout(0.4), *head(64, 12))


def mobilenet_v1():
    """Howard et al., 2017, a quarter as wide, for images of 96 x 96: is a person in it?"""
    layers, inputs = convolution(3, 8, stride=2), 8
    for outputs, stride in zip([16, 32, 32, 64, 64] + [128] * 6 + [256, 256], [1, 2, 1, 2, 1, 2] + [1] * 5 + [2, 1]):
        layers += separable(inputs, outputs, stride)
        inputs = outputs
    return nn.Sequential(*layers, *head(256, 2))


def transformer():
    return real.Transformer(32, 12, 8, width=32, heads=4, hidden=64, together=1)


# Name: the model, shape of inputs, their type, batch sizes. The examples' are in real.py.
MODELS = {
    "digits-mlp": (lambda: digits.make("mlp")[0], (64,), "B", (1, 8, 32)),
    "digits-cnn": (lambda: digits.make("cnn")[0], (8, 8, 1), "B", (1, 8, 16)),
    "basic-motions-cnn": (lambda: real.basic_motions_cnn()[0], (100, 6), "f", (1, 4)),
    "basic-motions-gru": (lambda: real.basic_motions_gru()[0], (100, 6), "f", (1, 4)),
    "basic-motions-transformer": (lambda: real.basic_motions_transformer()[0], (100, 6), "f", (1, 2, 8)),
    "japanese-vowels-cnn": (lambda: real.japanese_vowels_cnn()[0], (30, 12), "f", (1, 4)),
    "japanese-vowels-lstm": (lambda: real.japanese_vowels_lstm()[0], (30, 12), "f", (1, 4)),
    "mnist-cnn": (lambda: real.mnist_cnn()[0], (28, 28, 1), "B", (1, 4, 8)),
    "daphnet-autoencoder": (lambda: real.daphnet_autoencoder()[0], (64, 9), "f", (1, 4)),
    "resnet-8": (resnet_8, (32, 32, 3), "B", (1, 4, 8)),
    "ds-cnn": (ds_cnn, (49, 10, 1), "f", (1, 4, 8)),
    "mobilenet-v1-0.25": (mobilenet_v1, (96, 96, 3), "B", (1, 2, 4)),
    "transformer": (transformer, (32, 12), "f", (1, 4, 8)),
}


def trainer_of(name, batch_size, states="SGD"):
    ember.manual_seed(1)
    model, shape, dtype = [f() if callable(f) else f for f in MODELS[name][:3]]
    loss = real.mean_of_output if name == "daphnet-autoencoder" else nn.CrossEntropyLoss()
    optimizer = getattr(optim, states)(model.parameters(), lr=0.01)
    return ember.Trainer(model, loss, optimizer, input_shape=shape, batch_size=batch_size, input_dtype=dtype,
                         input_scale=1 / 256 if dtype == "B" else 1.0, target_dtype="B")  # fmt: skip
