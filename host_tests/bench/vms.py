# The same training step of the digits net on the native and on the portable VM. Runs on a board:
#   build/venv/bin/python tools/board.py run m4 host_tests/bench/vms.py --icount
import gc
import time

import ember
from ember import nn, optim, vm


def step(count):
    """Microseconds a step; with --icount the emulated board's clock counts instructions."""
    ember.manual_seed(1)
    net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = optim.SGD(net.parameters(), lr=0.2, momentum=0.9)
    trainer = ember.Trainer(net, nn.CrossEntropyLoss(), optimizer, (64,), 8, input_dtype="B", input_scale=1 / 16)
    x, y = bytearray([k % 17 for k in range(8 * 64)]), bytearray(range(8))
    trainer.step(x, y)
    start = time.ticks_us()
    for _ in range(count):
        trainer.step(x, y)
    return time.ticks_diff(time.ticks_us(), start) / count


native = step(10)
vm.select("portable")
gc.collect()
portable = step(1)
print("native %d, portable %d: %d times slower" % (native, portable, portable / native))
