"""A progress line on the console: epoch, bar, loss, accuracy, time a step, time left."""

import sys
import time


def _now():
    """Milliseconds, from anywhere."""
    return time.ticks_ms() if hasattr(time, "ticks_ms") else int(time.time() * 1000)


class Progress:
    """For Trainer.fit: `bar = Progress(batches, epochs)`, then `fit(…, callbacks=[bar], on_step=bar.step)`.

    live: redraw one line in place; otherwise one line an epoch. Times include reading the data.
    """

    def __init__(self, batches, epochs, live=True, width=24):
        self.steps_an_epoch, self.epochs = len(batches), epochs
        self.live, self.width = live, width
        self.done = self.epoch = 0
        self.start = self.drawn = _now()
        self.validation = None

    def step(self, trainer):
        self.done += 1
        if self.live and _now() - self.drawn > 100:
            self.draw(trainer, self.epoch + 1)

    def __call__(self, trainer):
        self.epoch += 1
        self.validation = trainer.validation
        self.draw(trainer, self.epoch)
        if not self.live or self.epoch == self.epochs:
            sys.stdout.write("\n")

    def draw(self, trainer, epoch):
        self.drawn = _now()
        passed = max(1, self.drawn - self.start)
        total = self.steps_an_epoch * self.epochs
        full = self.width * self.done // total
        text = "epoch %d/%d %s%s loss %.4f" % (
            epoch, self.epochs, "█" * full, "░" * (self.width - full),
            trainer.running_loss)  # fmt: skip
        if self.validation and self.validation[1] is not None:
            text += "  accuracy %.4f" % self.validation[1]
        text += "  %d µs a step  %.1f s left" % (
            passed * 1000 // max(1, self.done), passed * (total - self.done) / max(1, self.done) / 1000)  # fmt: skip
        sys.stdout.write("\r" + text + "  " if self.live else text)
