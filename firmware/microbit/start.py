"""Trains, evaluates, saves to flash, forgets, reads back and evaluates again."""

import gc
from io import BytesIO

import nrf
from learn import Digits, digest, train

import ember.fit  # noqa: F401  (or evaluate() imports it when memory is in pieces)
from ember import checkpoint, runtime


class Flash:
    """A file to write, from its beginning."""

    size = 0

    def __init__(self):
        nrf.erase()

    def write(self, piece):
        self.size += nrf.write(self.size, piece)


def free(when):
    gc.collect()
    print("heap: %d of %d bytes free" % (gc.mem_free(), gc.mem_free() + gc.mem_alloc()), when)


def report(epoch, loss):
    global began
    print("epoch %d: loss %.4f, %d ns a step" % (epoch, loss, (nrf.us() - began) * 1000 // digits.train))
    began = nrf.us()


def evaluate(model, digits, what):
    found = digest(model), model.evaluate(digits.tests())[1]
    print(what, "weights %s, test accuracy %.4f" % found)
    return found


free("with all imported")
model, digits, file = runtime.load(nrf.program), Digits(BytesIO(nrf.digits)), Flash()
free("with the program loaded, of %d bytes; its arena takes %d" % (len(nrf.program), 4 * len(model.executor.arena)))
began = nrf.us()
train(model, digits, report)
learnt = evaluate(model, digits, "trained:")
checkpoint.write(model, file)
for k in range(model.image.kept[0][2]):
    model.executor.arena[k] = 0.0
evaluate(model, digits, "saved %d bytes to flash, and zeroed:" % file.size)
checkpoint.read(model, BytesIO(nrf.saved(file.size)), "flash")
if evaluate(model, digits, "read back:") != learnt:
    raise ValueError("what was read back is not what was saved")
free("at the end")
