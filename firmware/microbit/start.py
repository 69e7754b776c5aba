"""Trains the digits net that travelled here: sample by sample, straight into the weights. Then it is evaluated, saved
to flash, forgotten, read back and evaluated again."""

import gc
from struct import unpack_from

import flash
from data import DIGITS, EPOCHS, PROGRAM

from ember import checkpoint, runtime

HEAD, RECORD = 36, 65
TRAIN, TEST = unpack_from("<II", DIGITS, 8)


class Flash:
    """A file in flash, written from its beginning."""

    def __init__(self, size):
        self.at, self.size = 0, size

    def seek(self, at):
        self.at = at

    def write(self, piece):
        size = len(bytes(piece[:1])) * len(piece)
        flash.write(self.at, piece)
        self.at += size

    def read(self, n):
        n = min(n, self.size - self.at)
        self.at += n
        return flash.data[self.at - n : self.at]

    def readinto(self, buffer):
        for k in range(0, len(buffer), 32):
            part = buffer[k : k + 32]
            for i in range(len(part)):
                part[i] = unpack_from("<f", flash.data, self.at)[0]
                self.at += 4


def sample(k, x, y):
    at = HEAD + RECORD * k
    x[:] = memoryview(DIGITS)[at : at + RECORD - 1]
    y[0] = DIGITS[at + RECORD - 1]


def samples(first, count, x, y):
    for k in range(first, first + count):
        sample(k, x, y)
        yield x, y


def train(model, x, y):
    k = 0
    for epoch in range(EPOCHS):
        for _ in range(TRAIN):
            k = (k + 611) % TRAIN  # 1438 = 2 * 719: all of them in turn, in an order of no kind
            sample(k, x, y)
            model.step(x, y)
        print("epoch %d: loss %.4f" % (epoch + 1, model.running_loss))
        model.reset_running()
        model.lr = model.lr * 0.8


def digest(model):
    """CRC-32 of the weights."""
    from binascii import crc32

    return crc32(memoryview(model._arena)[: model._kept[0][2]])


gc.collect()
print("heap: %d bytes free of %d after import" % (gc.mem_free(), gc.mem_free() + gc.mem_alloc()))
model, x, y = runtime.load(PROGRAM), bytearray(RECORD - 1), bytearray(1)
gc.collect()
print("heap: %d bytes free with the program, arena %d" % (gc.mem_free(), 4 * len(model._arena)))
train(model, x, y)
print("test accuracy %.4f" % model.evaluate(samples(TRAIN, TEST, x, y))[1])
trained = digest(model)
print("weights %08x" % trained)
flash.erase()
file = Flash(len(flash.data))
checkpoint.write(model, file)
file.size = file.at
print("saved %d bytes" % file.size)
for k in range(model._kept[0][2]):
    model._arena[k] = 0.0
file.at = 0
checkpoint.read(model, file, "flash")
print("read back: %s, test accuracy %.4f"
      % (digest(model) == trained, model.evaluate(samples(TRAIN, TEST, x, y))[1]))  # fmt: skip
gc.collect()
print("heap: %d bytes free at the end" % gc.mem_free())
