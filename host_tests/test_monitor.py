"""What ember.memory() tells, and a monitor that watches."""

import subprocess
import sys

import pytest

import ember
from checkout import BUILD, ROOT, run_micropython

TRAINER = """
import ember, gc
from ember import nn, optim
from array import array
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
trainer = ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters()), (4,), 4)
batches = [(array("f", range(16)), array("f", range(8)))]
"""


def test_the_heap_is_seen():
    """Free and largest agree with what can be had; blocks that stay in between break it into pieces."""
    script = (
        TRAINER
        + """
before = ember.memory(trainer)
print(before)
kept = [bytearray(20000) for _ in range(20)]
for k in range(0, 20, 2):
    kept[k] = None
after = ember.memory()
print(after.used - before.used, before.free - after.free)
print(before.used + before.free == after.used + after.free, after.peak >= after.used, before.stack > 0)
print(before.arena == 4 * trainer.plan.arena, before.arena + before.program == trainer.plan.total(), after.arena)
block = bytearray(after.largest)
try:
    block = None
    gc.collect()
    block = bytearray(after.largest + 128)
    print("more")
except MemoryError:
    print("no more")
print(after.peak <= after.used + after.free, ember.memory().peak >= after.peak)
print(before.fragmentation < after.fragmentation, 0 <= before.fragmentation <= 1)
"""
    )
    lines = run_micropython("unix-single", script, heap="600k").splitlines()
    names = [line.split()[0] for line in lines[:-6]]
    assert names == "used free largest fragmentation peak stack arena program".split()
    used, free = (int(n) for n in lines[-6].split())
    assert 200000 <= used < 202500 and used == free
    assert lines[-5:] == ["True True True", "True True None", "no more", "True True", "True True"]


def test_the_monitor_warns_and_logs(tmp_path):
    script = (
        TRAINER
        + """
said = []
log = open(%r, "w")
trainer.fit(batches, 3, callbacks=[ember.MemoryMonitor(below=1 << 29, warn=said.append, log=log)])
log.close()
trainer.fit(batches, 1, callbacks=[ember.MemoryMonitor(below=100, warn=said.append)])
print(len(said), said[0])
"""
    )
    log, picture = tmp_path / "memory.csv", tmp_path / "memory.png"
    said = run_micropython("unix-single", script % str(log))
    assert said.startswith("3 memory: the largest free block is ") and "below 536870912; free are" in said
    lines = log.read_text().splitlines()
    assert lines[0] == "epoch,step,loss,used,free,largest,stack" and len(lines) == 4
    assert [line.split(",")[:2] for line in lines[1:]] == [["1", "1"], ["2", "2"], ["3", "3"]]
    assert all(int(n) > 0 for line in lines[1:] for n in line.split(",")[3:])
    subprocess.run([sys.executable, ROOT / "tools" / "plot.py", log, picture], check=True)
    assert picture.read_bytes()[:4] == b"\x89PNG"


def test_cpython_does_not_tell():
    now = ember.memory()
    assert (now.used, now.free, now.largest, now.fragmentation, now.peak, now.stack) == (None,) * 6
    assert str(now) == ""


@pytest.mark.parametrize("name, value", [("below", -1), ("below", "8k"), ("below", 1.5), ("warn", 5), ("log", "a.csv")])
def test_what_is_refused(name, value):
    with pytest.raises(ValueError, match="%s is %r; it may be" % (name, value)):
        ember.MemoryMonitor(**{name: value})


@pytest.mark.parametrize("budget", [0, 200])
def test_the_live_example(budget, monkeypatch):
    """It trains, and the beat goes on."""
    path = ":".join(str(p) for p in (ROOT / "lib", BUILD / "native", BUILD / "micropython" / "extmod"))
    command = [BUILD / "unix-single" / "micropython", "-X", "heapsize=1m", ROOT / "lib" / "examples" / "live.py"]
    done = subprocess.run([str(c) for c in (*command, 1, budget)], env={"MICROPYPATH": path}, capture_output=True,
                          text=True, check=True)  # fmt: skip
    steps, beats = done.stdout.splitlines()[-2].split()[0::5]
    assert int(steps) > 0 and int(beats) > 0 and "late: typically" in done.stdout
