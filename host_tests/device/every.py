"""Every layer under every optimizer: a step allocates nothing, whole and with the batch in parts, each in one go and in
slices.

import every; every.main(every.pairs(), 100)
"""

import gc
from array import array

from test_allocations import counted, step, under_a_locked_heap

import ember
from ember import nn, optim

BATCH = 3
SLICE = 1 << 20  # microseconds
polls = 0
# What makes a layer, and the shape of a sample of its inputs.
LAYERS = (
    ("nn.Linear(4, 3)", (4,)), ("nn.Bilinear(4, 4, 2)", (4,)), ("nn.Embedding(6, 3)", ()),
    ("nn.Conv1d(2, 2, 3, padding=1)", (6, 2)), ("nn.Conv2d(2, 2, 3, stride=2)", (5, 5, 2)),
    ("nn.ConvTranspose1d(2, 2, 2, 2)", (4, 2)), ("nn.ConvTranspose2d(2, 2, 2, 2)", (3, 3, 2)),
    ("nn.MaxPool1d(2)", (6, 2)), ("nn.MaxPool2d(2)", (4, 4, 2)), ("nn.AvgPool1d(2)", (6, 2)),
    ("nn.AvgPool2d(2)", (4, 4, 2)), ("nn.AdaptiveAvgPool1d(3)", (6, 2)), ("nn.AdaptiveAvgPool2d(2)", (4, 4, 2)),
    ("nn.BatchNorm1d(4)", (4,)), ("nn.BatchNorm2d(2)", (3, 3, 2)), ("nn.LayerNorm(4)", (4,)),
    ("nn.GroupNorm(2, 4)", (3, 3, 4)), ("nn.InstanceNorm1d(2, affine=True)", (6, 2)),
    ("nn.InstanceNorm2d(2)", (3, 3, 2)), ("nn.RMSNorm(4)", (4,)), ("nn.Dropout(0.5)", (4,)),
    ("nn.GaussianNoise(0.1)", (4,)), ("nn.RNN(2, 3)", (2, 2)), ("nn.GRU(2, 3, bidirectional=True)", (2, 2)),
    ("nn.LSTM(2, 3, num_layers=2, dropout=0.2)", (2, 2)), ("nn.RNNCell(2, 3)", (2,)), ("nn.GRUCell(2, 3)", (2,)),
    ("nn.LSTMCell(2, 3)", (2,)), ("nn.MultiheadAttention(4, 2)", (2, 4)),
    ("nn.TransformerEncoderLayer(4, 2, 4)", (2, 4)), ("nn.SinusoidalEncoding(4, 4)", (2, 4)),
    ("nn.RotaryEncoding(4, 4)", (2, 4)), ("nn.Upsample(scale_factor=2, mode='bilinear')", (3, 3, 2)),
    ("nn.PixelShuffle(2)", (2, 2, 4)), ("nn.Flatten()", (2, 2)), ("nn.Identity()", (4,)),
    ("nn.Sequential(nn.Linear(4, 3), nn.Tanh())", (4,)),
    ("nn.ReLU()", (4,)), ("nn.ReLU6()", (4,)), ("nn.LeakyReLU()", (4,)), ("nn.PReLU()", (4,)), ("nn.ELU()", (4,)),
    ("nn.SELU()", (4,)), ("nn.CELU()", (4,)), ("nn.GELU()", (4,)), ("nn.SiLU()", (4,)), ("nn.Mish()", (4,)),
    ("nn.Softplus()", (4,)), ("nn.Softsign()", (4,)), ("nn.Hardtanh()", (4,)), ("nn.Hardsigmoid()", (4,)),
    ("nn.Hardswish()", (4,)), ("nn.Sigmoid()", (4,)), ("nn.LogSigmoid()", (4,)), ("nn.Tanh()", (4,)),
    ("nn.Tanhshrink()", (4,)), ("nn.Softshrink()", (4,)), ("nn.Hardshrink()", (4,)), ("nn.Threshold(0.1, 0.0)", (4,)),
    ("nn.Softmax(1)", (4,)), ("nn.LogSoftmax(1)", (4,)), ("nn.Softmin(1)", (4,)), ("nn.GLU()", (4,)),
    ("nn.SwiGLU()", (4,)),
)  # fmt: skip
OPTIMIZERS = (
    "optim.SGD(p, lr=0.0001, momentum=0.9, nesterov=True)", "optim.Adam(p)", "optim.AdamW(p, amsgrad=True)",
    "optim.RMSprop(p, momentum=0.5, centered=True)", "optim.Adagrad(p, lr_decay=0.1)", "optim.Adadelta(p)",
    "optim.Adan(p)", "optim.Lion(p)", "optim.LAMB(p)", "optim.Muon(p)", "optim.Adamax(p)", "optim.NAdam(p)",
    "optim.RAdam(p, decoupled_weight_decay=True)", "optim.Rprop(p)", "optim.ASGD(p, lr=0.0001)",
)  # fmt: skip


class Net(nn.Module):
    """Inputs times a parameter, then the layer, then a mean for each sample."""

    def __init__(self, layer):
        self.layer, self.name = eval(layer), layer
        self.scale = ember.Parameter((1, 1), 0.5, 1.0)

    def forward(self, x):
        if "Embedding" in self.name:
            y = self.layer(x) * self.scale
        else:
            x = x * self.scale if len(x.shape) == 2 else x * self.scale.reshape(*(1,) * len(x.shape))
            if "Bilinear" in self.name:
                y = self.layer(x, x)
            else:
                y = self.layer(x, x, x) if "Multihead" in self.name else self.layer(x)
        if isinstance(y, tuple):
            y = y[0]
        if len(y.shape) > 2:
            y = y.flatten(1)
        return y.mean(1, keepdim=True)


def trainer_of(layer, shape, optimizer, micro_batch):
    ember.manual_seed(1)
    model = Net(layer)
    every = list(model.parameters())
    if "Muon" in optimizer:  # which is for matrices
        p = [q for q in every if len(q.shape) > 1]
        optimizers = [optim.SGD([q for q in every if len(q.shape) < 2], lr=0.01)] if len(p) < len(every) else []
    else:
        p, optimizers = every, []
    optimizers.append(eval("lambda p: " + optimizer)(p))
    indices = "Embedding" in layer
    trainer = ember.Trainer(model, nn.MSELoss(), optimizers, shape, BATCH, input_dtype="i" if indices else "f",
                            input_scale=None if indices else 1.0, micro_batch=micro_batch)  # fmt: skip
    size = trainer.sample_size * BATCH
    return trainer, array("i" if indices else "f", [i % 6 for i in range(size)]), array("f", [0.5] * BATCH)


def in_slices(trainer, x, y, steps):
    global polls
    polls = 0
    for _ in range(steps):
        done = trainer.step(x, y, SLICE)
        while not done:
            polls += 1
            done = trainer.poll(SLICE)


def set_slices(trainer, x, y):
    """A pace with which a step takes at least three polls. It is not measured, as an emulator may be kept waiting; with
    such an overhead a slice is one call of the VM, for the most cost units that it is given."""
    global polls
    polls, pace = 0, 1024
    trainer.slices.overhead = SLICE
    while polls < 3 and pace > 1 / 16:
        trainer.slices.pace = pace
        in_slices(trainer, x, y, 1)
        pace /= 2


def pairs():
    """Every layer with every optimizer."""
    return [(layer, shape, optimizer) for layer, shape in LAYERS for optimizer in OPTIMIZERS]


def once():
    """Every layer, every optimizer, each at least once: the update does not know what made the gradients."""
    return [(layer, shape, OPTIMIZERS[k % len(OPTIMIZERS)]) for k, (layer, shape) in enumerate(LAYERS)]


def main(pairs, steps):
    """Prints a line a pair: bytes allocated by a quarter of the steps whole, in slices, in parts, and in slices of
    parts; all four are to be 0. RuntimeError if a step in slices was in few."""
    gc.threshold(4096)  # as docs/boards-real.md says of heaps that are nearly full
    for layer, shape, optimizer in pairs:
        found = []
        for micro_batch in (None, 2):
            gc.collect()
            trainer, x, y = trainer_of(layer, shape, optimizer, micro_batch)
            trainer.step(x, y)  # a batch that is new is cut: that allocates
            set_slices(trainer, x, y)
            for use in (step, in_slices):
                under_a_locked_heap(use, trainer, x, y)
                found.append(counted(use, trainer, x, y, steps // 4))
            if polls < steps // 4 * 3:
                raise RuntimeError("%s, %s: %d polls in %d steps" % (layer, optimizer, polls, steps // 4))
            trainer = None
        print("%s | %s | %d %d %d %d" % ((layer, optimizer) + tuple(found)))
