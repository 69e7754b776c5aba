"""Trainers whose programs travel in tests: `python host_tests/support/travelling.py FOLDER` exports them all."""

import sys
from array import array
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "lib"), str(ROOT / "tools" / "host")]

import ember  # noqa: E402
from ember import nn, optim, runtime  # noqa: E402

BATCH = 4


class Rows(nn.Module):
    """A layer over sequences, then classes."""

    def __init__(self, layer, features):
        self.layer, self.out = layer, nn.Linear(features, 3)

    def forward(self, x):
        y = self.layer(x)
        return self.out((y[0] if isinstance(y, tuple) else y).mean(1))


def mlp():
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Dropout(0.25), nn.Linear(5, 3))
    return model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01), (6,), {}


def cnn():
    model = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.Tanh(), nn.MaxPool2d(2), nn.Dropout(0.1),
                          nn.Flatten(), nn.Linear(12, 3))  # fmt: skip
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    return model, nn.CrossEntropyLoss(), optimizer, (4, 4, 1), {"input_dtype": "B", "input_scale": 1 / 16}


def gru():
    model = Rows(nn.GRU(2, 4), 4)
    return model, nn.CrossEntropyLoss(), optim.RMSprop(model.parameters()), (5, 2), {}


def transformer():
    model = Rows(nn.TransformerEncoderLayer(4, 2, 6), 4)
    return model, nn.CrossEntropyLoss(), optim.AdamW(model.parameters()), (3, 4), {"clip_norm": 1.0}


def autoencoder():
    """No labels, a frozen layer, a batch in parts."""
    model = nn.Sequential(nn.Linear(6, 2), nn.GELU(), nn.Linear(2, 6))
    model.layers[0].bias.requires_grad = False
    return model, nn.MSELoss(), optim.Adagrad(model.parameters()), (6,), {"micro_batch": 3}


MODELS = {"mlp": mlp, "cnn": cnn, "gru": gru, "transformer": transformer, "autoencoder": autoencoder}


def make(name):
    ember.manual_seed(5)
    model, loss, optimizer, shape, more = MODELS[name]()
    return ember.Trainer(model, loss, optimizer, shape, BATCH, **more)


def batches(trainer, count, labels=3):
    """The same for every trainer of these shapes; the last one is not full."""
    for k in range(count):
        rows = BATCH if k < count - 1 else BATCH - 1
        x = array(trainer.input_dtype, [(i * 5 + k * 3) % 7 for i in range(rows * trainer.sample_size)])
        n = rows * trainer.target_size
        yield x, array(trainer.target_dtype, [(i + k) % labels for i in range(n)])


# Beside the Trainer that wrote it.


def travelled(trainer, folder, name="model.ember"):
    trainer.export(str(folder / name))
    return runtime.load(str(folder / name))


def small(batch=4, **more):
    ember.manual_seed(3)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3))
    return ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (2,), batch, **more)


def floats(n, first=0):
    return array("f", [(k * 5 + first) % 7 / 4 - 0.7 for k in range(n)])


ONE = floats(8), bytes([0, 2, 1, 1])  # a batch of small()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        print("%s: %d bytes" % (folder / (name + ".ember"), make(name).export(str(folder / (name + ".ember")))))
