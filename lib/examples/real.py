"""Train on real data that `make data` packs: sensors, speech, handwriting. Runs on MicroPython and on CPython.

    micropython real.py NAME DATA SEED LOG [plain]

NAME is one of EXAMPLES. LOG receives epoch,step,loss and what is measured on the test data as CSV. The last two lines
are the figures of the run and its result.
"""

import sys

import ember
from ember import nn, optim
from ember.data import Batches
from ember.metrics import AUROC
from ember.progress import Progress
from ember.schedule import LinearLR


def digits_cnn():
    """The 8 × 8 digits, by the net of digits.py: its schedule, its optimizer."""
    import digits

    model, _, optimizer, batch_size = digits.make("cnn")
    return model, optimizer, batch_size, digits.EPOCHS["cnn"]


def adam(model, batch_size, epochs, lr=0.01):
    return model, optim.Adam(model.parameters(), lr=lr, weight_decay=1e-4), batch_size, epochs


def basic_motions_cnn():
    """Which of four activities a wrist does: two convolutions along time."""
    return adam(nn.Sequential(
        nn.Conv1d(6, 12, 5, stride=2, padding=2), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(12, 16, 5, padding=2), nn.ReLU(), nn.MaxPool1d(5),
        nn.Flatten(), nn.Dropout(0.3), nn.Linear(80, 4),
    ), 4, 40)  # fmt: skip


class Recurrent(nn.Module):
    """A recurrent layer reads the sequence, `together` readings a step, some of them dropped; a linear one its last
    output, or with mean=True the mean of all."""

    def __init__(self, layer, classes, together=1, mean=False):
        self.layer, self.together, self.mean = layer, together, mean
        self.before, self.after = nn.Dropout(0.2), nn.Dropout(0.3)
        self.linear = nn.Linear(layer.hidden_size, classes)

    def forward(self, x):
        x = x.reshape(-1, x.shape[1] // self.together, x.shape[2] * self.together)
        output, _ = self.layer(self.before(x))
        return self.linear(self.after(output.mean(1) if self.mean else output[:, -1]))


def basic_motions_gru():
    """The same by a GRU. Four readings a step make a quarter of the steps, so of what backward keeps."""
    return adam(Recurrent(nn.GRU(24, 12), 4, together=4, mean=True), 4, 30)


class Transformer(nn.Module):
    """Two layers over the sequence, `together` readings a step, each step at a place that is learnt; then the mean."""

    def __init__(self, length, channels, classes, width, heads, hidden, together):
        self.steps, self.readings = length // together, channels * together
        self.dropout, self.embed = nn.Dropout(0.2), nn.Linear(self.readings, width)
        self.place = ember.Parameter((self.steps, width), -0.1, 0.1)
        self.layers = nn.TransformerEncoder(
            lambda: nn.TransformerEncoderLayer(width, heads, hidden, norm_first=True), 2, nn.LayerNorm(width)
        )
        self.linear = nn.Linear(width, classes)

    def forward(self, x):
        x = self.embed(self.dropout(x.reshape(-1, self.steps, self.readings))) + self.place
        return self.linear(self.layers(x).mean(1))


def basic_motions_transformer():
    """The same by a Transformer's encoder of two layers and two heads, ten steps of ten readings."""
    return adam(Transformer(100, 6, 4, width=12, heads=2, hidden=16, together=10), 2, 30, 0.003)


def japanese_vowels_cnn():
    """Which of nine speakers said a vowel."""
    return adam(nn.Sequential(
        nn.Conv1d(12, 24, 5, padding=2), nn.ReLU(), nn.MaxPool1d(5),
        nn.Flatten(), nn.Dropout(0.3), nn.Linear(144, 9),
    ), 4, 30, 0.004)  # fmt: skip


def japanese_vowels_lstm():
    """The same by an LSTM, two readings a step. Zeros stand before a short utterance, so the last output is that of
    its last readings."""
    return adam(Recurrent(nn.LSTM(24, 18), 9, together=2), 4, 30, 0.005)


def mnist_cnn():
    """Digits of 28 × 28 pixels."""
    return adam(nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(12, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(144, 10),
    ), 4, 12, 0.0015)  # fmt: skip


class Autoencoder(nn.Module):
    """[N, 64, 9], less its mean, through 32 numbers and back; the output, [N, 1], is how much of it does not come back:
    for each channel the squared error over its variance and some noise of the sensor's, and of those the mean. So one
    in which little moves is not ordinary for that alone."""

    kinds = ("standing", "trembling", "stuck", "turned", "backwards")

    def __init__(self):
        self.encoder = nn.Sequential(
            nn.Conv1d(9, 12, 7, stride=2, padding=3), nn.ReLU(),
            nn.Conv1d(12, 4, 5, stride=4, padding=2),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.ConvTranspose1d(4, 12, 4, stride=4), nn.ReLU(),
            nn.ConvTranspose1d(12, 9, 4, stride=2, padding=1),
        )  # fmt: skip

    def forward(self, x):
        x = x - x.mean(1, keepdim=True)
        error = (x - self.decoder(self.encoder(x))).square().mean(1)
        return (error / (x.square().mean(1) + 0.001)).mean(1, keepdim=True)


def daphnet_autoencoder():
    """What is unlike the walk that it has learnt? No label is learnt from."""
    return adam(Autoencoder(), 4, 30, 0.006)


EXAMPLES = {
    "digits-cnn": digits_cnn,
    "basic-motions-cnn": basic_motions_cnn,
    "basic-motions-gru": basic_motions_gru,
    "basic-motions-transformer": basic_motions_transformer,
    "japanese-vowels-cnn": japanese_vowels_cnn,
    "japanese-vowels-lstm": japanese_vowels_lstm,
    "mnist-cnn": mnist_cnn,
    "daphnet-autoencoder": daphnet_autoencoder,
}


def mean_of_output(output, target):
    """The loss where the output is an error already."""
    return output.mean()


class Anomalies:
    """The areas under the ROC curves of the output: each kind of anomaly against what is ordinary, label 0."""

    def __init__(self, data, kinds):
        self.batches = Batches(data, 1, split="test")
        self.areas = [AUROC(bins=200, low=0.0, high=2.0, batch_size=1) for _ in kinds]
        self.kinds, self.ordinary, self.other = kinds, bytearray((0,)), bytearray((1,))

    def __call__(self, trainer):
        for area in self.areas:
            area.reset()
        for x, y in self.batches:
            output = trainer.predict(x)
            for kind, area in enumerate(self.areas, 1):
                if y[0] == 0:
                    area.update(output, self.ordinary)
                elif y[0] == kind:
                    area.update(output, self.other)
        return sum([area.compute() for area in self.areas]) / len(self.areas)

    def report(self, when):
        for kind, area in zip(self.kinds, self.areas):
            print("%s training, AUROC of %s: %.4f, within %.4f" % (when, kind, area.compute(), area.error()))


def accuracy(trainer):
    return trainer.validation[1]


def main(name, data, seed, log_path, live):
    if name not in EXAMPLES:
        raise ValueError("NAME is %r; it may be one of %s" % (name, ", ".join(sorted(EXAMPLES))))
    ember.manual_seed(seed)
    model, optimizer, batch_size, epochs = EXAMPLES[name]()
    kinds = getattr(model, "kinds", None)
    batches, test = Batches(data, batch_size, seed=seed), Batches(data, batch_size, split="test")
    trainer = ember.Trainer(model, mean_of_output if kinds else nn.CrossEntropyLoss(), optimizer,
                            input_shape=batches.shape, batch_size=batch_size, input_dtype=batches.typecode,
                            input_scale=batches.scale, target_dtype="B")  # fmt: skip
    print("%s, seed %d, %s VM" % (name, seed, ember.vm.name))
    measure, measured = (Anomalies(data, kinds), "AUROC") if kinds else (accuracy, "accuracy")
    log = open(log_path, "w")
    log.write("epoch,step,loss,%s\n" % measured)

    def record(trainer):
        log.write("%d,%d,%.6f,%.6f\n" % (trainer.epoch, trainer.steps, trainer.running_loss, measure(trainer)))

    if kinds:
        measure(trainer)
        measure.report("before")
    bar = Progress(batches, epochs, live)
    trainer.fit(batches, epochs, validation=None if kinds else test, callbacks=[bar, record], on_step=bar.step,
                schedule=LinearLR(optimizer, 1.0, 0.05, epochs))  # fmt: skip
    log.close()
    if kinds:
        measure.report("after")
    print(
        "%d samples, %d tested, %d parameters, %d bytes, %d epochs"
        % (batches.samples, test.samples, sum([p.numel() for p in model.parameters()]), trainer.plan.total(), epochs)
    )
    print("test %s %.4f" % (measured, measure(trainer)))


if len(sys.argv) > 4 and sys.argv[0].endswith("real.py"):
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], "plain" not in sys.argv)
