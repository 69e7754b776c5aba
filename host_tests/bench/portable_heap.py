# Bytes that a training step takes from the heap under the portable VM, where each float is an object:
#   MICROPYPATH=lib build/unix-single/micropython host_tests/bench/portable_heap.py
import micropython

import ember
from ember import nn, optim, vm


def taken(use, *arguments):
    """Bytes asked of the heap in all, also those given back since."""
    before = micropython.mem_total()
    before = micropython.mem_total()
    use(*arguments)
    return micropython.mem_total() - before


def object_size():
    """Of one float, which is what one addition makes."""
    one = 1.0
    return taken(lambda: one + one) - taken(lambda: one)


vm.select("portable")
net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = optim.SGD(net.parameters(), lr=0.2, momentum=0.9)
trainer = ember.Trainer(net, nn.CrossEntropyLoss(), optimizer, (64,), 8, input_dtype="B", input_scale=1 / 16)
x, y = bytearray([k % 17 for k in range(8 * 64)]), bytearray(range(8))
trainer.step(x, y)
total, size = taken(trainer.step, x, y), object_size()
products = 8 * (2 * (64 * 32 + 32 * 10) + 32 * 10)
print("%d bytes a step, %d floats of %d bytes, %.1f for each of its %d multiply-accumulates"
      % (total, total // size, size, total / size / products, products))  # fmt: skip
