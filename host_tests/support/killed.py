"""Under CPython or MicroPython: trains, saves after each step, and says which, until it is killed. It goes on from what
is there.

killed.py PATH     prints "begin N" or "loaded N", then N after each save that returned
"""

import sys

sys.path[:0] = ["host_tests/support", "lib"]
import ember
from power_cuts import go, trainer

t = trainer(1)
try:
    t.load(sys.argv[1])
    print("loaded", t.steps)
except OSError:
    print("begin", t.steps)
assert ember.vm.name == "native"
while True:
    losses = go(t, 1)
    t.save(sys.argv[1])
    print(t.steps, losses[0].hex() if hasattr(losses[0], "hex") else losses[0])
    sys.stdout.flush()
