"""Train on real data that `make data` packs: sensors, speech, handwriting. Runs on MicroPython and on CPython.

    micropython real.py NAME DATA SEED LOG [plain]

NAME is one of EXAMPLES. LOG receives epoch,step,loss,accuracy as CSV.
"""

import sys

import ember
from ember import nn, optim
from ember.data import Batches
from ember.progress import Progress


class Sequence(nn.Module):
    """Layers for images on sequences: [N, L, C] as an image one pixel high."""

    def __init__(self, length, channels, layers):
        self.length, self.channels, self.layers = length, channels, layers

    def forward(self, x):
        return self.layers(x.reshape(-1, 1, self.length, self.channels))


def basic_motions_cnn():
    """Which of four activities a wrist does: two convolutions along time. 48 kB of arena."""
    layers = nn.Sequential(
        nn.Conv2d(6, 12, (1, 5), stride=(1, 2), padding=(0, 2)), nn.ReLU(), nn.MaxPool2d((1, 2)),
        nn.Conv2d(12, 16, (1, 5), padding=(0, 2)), nn.ReLU(), nn.MaxPool2d((1, 5)),
        nn.Flatten(), nn.Dropout(0.3), nn.Linear(80, 4),
    )  # fmt: skip
    return Sequence(100, 6, layers), 60, 8, 0.01


def japanese_vowels_cnn():
    """Which of nine speakers said a vowel."""
    layers = nn.Sequential(
        nn.Conv2d(12, 24, (1, 5), padding=(0, 2)), nn.ReLU(), nn.MaxPool2d((1, 5)),
        nn.Flatten(), nn.Dropout(0.3), nn.Linear(120, 9),
    )  # fmt: skip
    return Sequence(25, 12, layers), 40, 16, 0.01


def mnist_cnn():
    """Digits of 28 × 28 pixels."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Dropout(0.4), nn.Linear(1568, 10),
    ), 15, 32, 0.003  # fmt: skip


EXAMPLES = {
    "basic-motions-cnn": basic_motions_cnn,
    "japanese-vowels-cnn": japanese_vowels_cnn,
    "mnist-cnn": mnist_cnn,
}


def main(name, data, seed, log_path, live):
    if name not in EXAMPLES:
        raise ValueError("NAME is %r; it may be one of %s" % (name, ", ".join(sorted(EXAMPLES))))
    ember.manual_seed(seed)
    model, epochs, batch_size, rate = EXAMPLES[name]()
    batches, test = Batches(data, batch_size, seed=seed), Batches(data, batch_size, split="test")
    optimizer = optim.Adam(model.parameters(), lr=rate, weight_decay=1e-4)
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, input_shape=batches.shape, batch_size=batch_size,
                            input_dtype=batches.typecode, input_scale=batches.scale)  # fmt: skip
    print("%s, seed %d, %d samples to learn from, %d to be tested on, %d bytes in all, %s VM" % (
        name, seed, batches.samples, test.samples, trainer.plan.total(), ember.vm.name))  # fmt: skip
    log = open(log_path, "w")
    log.write("epoch,step,loss,accuracy\n")

    def record(trainer):
        log.write("%d,%d,%.6f,%.6f\n" % (trainer.epoch, trainer.steps, trainer.running_loss, trainer.validation[1]))
        trainer.optimizer.lr = rate * (1 - 0.95 * trainer.epoch / epochs)

    bar = Progress(batches, epochs, live)
    trainer.fit(batches, epochs, validation=test, callbacks=[bar, record], on_step=bar.step)
    log.close()
    print("test accuracy %.4f" % trainer.evaluate(test)[1])


if len(sys.argv) > 4:
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], "plain" not in sys.argv)
