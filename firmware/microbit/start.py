"""Trains, evaluates, saves to flash, forgets, reads back and evaluates again."""

import gc
from io import BytesIO
from struct import pack

import nrf
from learn import Digits, accuracy, digest, train

from ember import runtime  # run/blocks.py is in it: see tools/mk/microbit.mk


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


def say(what, *found):  # which the caller found, one call less deep
    print(what, "weights %s, test accuracy %.4f" % found)
    return found


free("with all imported")
model, digits, file = runtime.load(nrf.program), Digits(BytesIO(nrf.digits)), Flash()
free(
    "with the program loaded, of %d bytes; its arena takes %d" % (len(nrf.program), 4 * len(model.executor.segments[0]))
)
began = nrf.us()
train(model, digits, report, runtime.step)
learnt = say("trained:", digest(model), accuracy(model, digits))
gc.collect()
size = model.image.block(0)[1]  # the parameters as they lie, and their CRC-32: a checkpoint has more
file.write(pack("<I", runtime.put(file, runtime.pieces(model.executor, 0, size))))
for k in range(size):
    model.executor.segments[0][k] = 0.0
say("saved %d bytes to flash, and zeroed:" % file.size, digest(model), accuracy(model, digits))
gc.collect()
saved = runtime.Checked(BytesIO(nrf.saved(file.size)), file.size, "flash")
runtime.into_place(model.executor, saved, 0, size)
if pack("<I", saved.crc) != saved.read(4):
    raise ValueError("what is in flash is damaged")
if say("read back:", digest(model), accuracy(model, digits)) != learnt:
    raise ValueError("what was read back is not what was saved")
free("at the end")
