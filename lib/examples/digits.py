"""Train a classifier of real handwritten digits, or score a saved one. Runs on MicroPython and on CPython.

    micropython digits.py train MODEL CHECKPOINT LOG [portable] [plain]
    micropython digits.py score MODEL CHECKPOINT [portable]

MODEL is mlp or cnn. LOG receives epoch,step,loss,accuracy as CSV.
"""

import gc
import sys
import time

import ember
from ember import nn, optim
from ember.data import Batches
from ember.progress import Progress

DATA = __file__[: len(__file__) - len("digits.py")] + "digits.bin"
EPOCHS = {"mlp": 30, "cnn": 30}


def make(model):
    """The network, the shape of its inputs, an optimizer, and the batch size."""
    if model == "mlp":
        net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
        return net, (64,), optim.SGD(net.parameters(), lr=0.2, momentum=0.9, weight_decay=1e-3), 32
    if model == "cnn":
        net = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Dropout(0.5), nn.Linear(256, 10),
        )  # fmt: skip
        return net, (8, 8, 1), optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3), 16
    raise ValueError("model is %r; it may be mlp or cnn" % model)


def trainer_of(model, scale):
    ember.manual_seed(1)
    net, shape, optimizer, batch_size = make(model)
    return ember.Trainer(net, nn.CrossEntropyLoss(), optimizer, input_shape=shape, batch_size=batch_size,
                         input_dtype="B", input_scale=scale)  # fmt: skip


def allocated(trainer, x, y):
    """Heap bytes that one step allocates, by the interpreter's total; None where it keeps none."""
    try:
        from micropython import mem_total
    except ImportError:
        return None
    trainer.step(x, y)
    before = mem_total()
    before = mem_total()
    trainer.step(x, y)
    return mem_total() - before


def timed(trainer, x, y):
    """Microseconds a step on one batch."""
    now = getattr(time, "ticks_us", None) or (lambda: int(time.time() * 1e6))
    count = 0
    start = now()
    while now() - start < 200000:
        trainer.step(x, y)
        count += 1
    return (now() - start) / count


def train(model, checkpoint, log_path, live):
    test = Batches(DATA, 16, split="test")
    probe = trainer_of(model, test.scale)  # only to measure: training starts from a fresh one
    batches = Batches(DATA, probe.batch_size, seed=1)
    x, y = next(iter(batches))
    bytes_a_step, us_a_step = allocated(probe, x, y), timed(probe, x, y)
    probe = None
    gc.collect()

    batches.epoch = 0
    trainer = trainer_of(model, batches.scale)
    print("%s, %d digits to learn from, %d to be tested on, %s VM" % (
        trainer.model, batches.samples, test.samples, ember.vm.name))  # fmt: skip
    print(trainer.plan)
    log = open(log_path, "w")
    log.write("epoch,step,loss,accuracy\n")

    def record(trainer):
        log.write("%d,%d,%.6f,%.6f\n" % (trainer.epoch, trainer.steps, trainer.running_loss, trainer.validation[1]))
        trainer.optimizer.lr = lr * (1 - 0.95 * trainer.epoch / EPOCHS[model])

    lr = trainer.optimizer.lr
    bar = Progress(batches, EPOCHS[model], live)
    trainer.fit(batches, EPOCHS[model], validation=test, callbacks=[bar, record], on_step=bar.step)
    log.close()
    trainer.save(checkpoint)
    print("heap bytes allocated per step: %s" % bytes_a_step)
    print("µs a step: %.1f" % us_a_step)
    print("saved model: %s" % checkpoint)
    return trainer.evaluate(test)[1]


def score(model, checkpoint):
    test = Batches(DATA, 16, split="test")
    trainer = trainer_of(model, test.scale)
    trainer.load(checkpoint)
    return trainer.evaluate(test)[1]


def main(arguments):
    if "portable" in arguments:
        ember.vm.select("portable")
    if arguments[0] == "train":
        accuracy = train(arguments[1], arguments[2], arguments[3], "plain" not in arguments)
    else:
        accuracy = score(arguments[1], arguments[2])
    print("test accuracy %.4f" % accuracy)


if sys.argv[0].endswith("digits.py"):
    main(sys.argv[1:])
