"""Trains the digits net of lib/examples/microbit.py from the program that travelled: on the micro:bit, and wherever its
bits are compared with those."""

import gc
from binascii import hexlify
from hashlib import sha256
from struct import unpack

EPOCHS = 10


class Digits:
    """digits.bin, of which a sample at a time is read into buffers that stay."""

    def __init__(self, file):
        self.file = file
        file.seek(8)
        self.train, self.test = unpack("<II", file.read(8))
        self.x, self.y = bytearray(64), bytearray(1)

    def read(self, k):
        self.file.seek(40 + 65 * k)  # lib/ember/data.py says how it lies
        self.file.readinto(self.x)
        self.file.readinto(self.y)

    def tests(self):
        for k in range(self.train, self.train + self.test):
            self.read(k)
            yield self.x, self.y


def train(model, digits, report, step=None):
    """step: what model.step() does with the x and y that it finds in the model, where there is no stack for more."""
    k = 0
    for epoch in range(EPOCHS):
        for _ in range(digits.train):
            k = (k + 611) % digits.train  # 1438 = 2 * 719: all of them in turn, in an order of no kind
            digits.read(k)
            if step:
                model.asked[0], model.asked[1] = digits.x, digits.y
                step(model)
            else:
                model.step(digits.x, digits.y)
        report(epoch + 1, model.running_loss)
        model.reset_running()
        model.lr = model.lr * 4 / 5  # 0.8 is not the same number where floats are single


def accuracy(model, digits):
    """As model.evaluate() has it, for which there is no room here, nor stack for predict()."""
    right = 0
    for x, y in digits.tests():
        model.foresee(x)
        scores, best = model.result(*model.image.results[0]), 0
        for k in range(1, 10):
            if scores[k] > scores[best]:
                best = k
        right += best == y[0]
    return right / digits.test


def digest(model):
    """Of the weights."""
    gc.collect()  # so that what is made from here on lies low
    return str(hexlify(sha256(memoryview(model.executor.segments[0])[: model.image.block(0)[1]]).digest()), "ascii")
