"""Under CPython or MicroPython: trains, saves after each step, and says which, until it is killed. It goes on from what
is there.

killed.py PATH     prints "begin N" or "loaded N", then N after each save that returned
"""

import sys

sys.path[:0] = ["host_tests/support", "lib"]
import ember  # noqa: E402
from small_net import go, trainer  # noqa: E402

t = trainer(1)
try:
    t.load(sys.argv[1])
    print("loaded", t.steps)
except OSError:
    print("begin", t.steps)
assert ember.vm.name == "native"
while True:
    go(t, 1)
    t.save(sys.argv[1])
    print(t.steps)
    sys.stdout.flush()
