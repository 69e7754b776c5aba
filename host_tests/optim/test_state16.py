"""An optimizer's state in bfloat16: the update is that of float32 on what was unpacked, and half is kept of it."""

from array import array

import numpy as np
import pytest

import bfloat16
import ember
from ember import nn, optim, runtime, vm
from ember.instructions.program import KEY, STEP
from op_cases import vms

OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "SGD, no state": lambda p: optim.SGD(p, lr=0.1),
    "Adam": lambda p: optim.Adam(p, lr=0.01),
    "AdamW, amsgrad": lambda p: optim.AdamW(p, lr=0.01, amsgrad=True),
    "Adam, groups": lambda p: optim.Adam([{"params": p[:1]}, {"params": p[1:], "lr": 0.1}], lr=0.01),
    "RMSprop": lambda p: optim.RMSprop(p, momentum=0.5, centered=True),
    "Adan": lambda p: optim.Adan(p),
    "LAMB": lambda p: optim.LAMB(p, lr=0.01),
    "NAdam": lambda p: optim.NAdam(p, lr=0.01),
    "RAdam": lambda p: optim.RAdam(p, lr=0.01),
    "Adamax": lambda p: optim.Adamax(p, lr=0.01),
    "Rprop": lambda p: optim.Rprop(p),
    "ASGD, groups": lambda p: optim.ASGD([{"params": p[:1]}, {"params": p[1:], "lr": 0.1}], lr=0.01),
    "two": lambda p: [optim.Muon([q for q in p if len(q.shape) > 1]), optim.Adam([q for q in p if len(q.shape) == 1])],
}


@pytest.fixture(params=vms())
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def make(optimizer, dtype, features=7, hidden=5, **more):
    """Odd sizes: 35, 5, 15 and 3 parameters."""
    ember.manual_seed(11)
    model = nn.Sequential(nn.Linear(features, hidden), nn.Tanh(), nn.Linear(hidden, 3))
    made = optimizer(list(model.parameters()))
    return ember.Trainer(model, nn.CrossEntropyLoss(), made, (features,), 4, state_dtype=dtype, **more)


def batch(k, features=7):
    rng = np.random.default_rng(k)
    return array("f", rng.normal(size=4 * features).astype(np.float32)), bytearray(rng.integers(0, 3, 4).tolist())


def kept(trainer, k):
    """Parameters (0) or state (3), as they lie in the arena."""
    offset, size = trainer.image.block(k)
    return np.frombuffer(trainer.executor.segments[0], "<f4")[offset : offset + size]


def units(trainer, part):
    """Of each optimizer the parameters that one of its emits updates, read from the documentation alone: a tensor for
    LAMB and Muon, else a group, in parts of 512."""
    for o in trainer.optimizers:
        sizes = []
        for group in o.groups:
            if isinstance(o, (optim.LAMB, optim.Muon)):
                sizes += [p.numel() for p in group.params]
            else:
                n = sum(p.numel() for p in group.params)
                sizes += [min(part, n - at) for at in range(0, n, part)]
        yield o.states, o.scalars, sizes


def halves_of(trainer, part=512):
    """[(place in the packed state, place in the state of float32, n)], in the order in which they are packed."""
    found, packed, wide = [], 0, 0
    for states, scalars, sizes in units(trainer, part):
        words = sum((n + 1) // 2 for n in sizes)
        at, offset = 0, 0
        for n in sizes:
            found += [(packed + i * words + at, wide + i * sum(sizes) + offset, n) for i in range(states)]
            at, offset = at + (n + 1) // 2, offset + n
        packed, wide = packed + states * words, wide + states * sum(sizes)
        packed, wide = packed + scalars * len(sizes), wide + scalars * len(sizes)  # which stay as they are
    assert len(kept(trainer, 3)) == packed
    return found, wide


def follow(half, whole, features=7, steps=4):
    """Step by step: `whole` starts from what `half` has, and both end alike."""
    places, size = halves_of(half)
    assert len(kept(whole, 3)) == size
    for k in range(steps):
        kept(whole, 0)[:] = kept(half, 0)
        for at, offset, n in places:
            words = kept(half, 3)[at : at + (n + 1) // 2]
            kept(whole, 3)[offset : offset + n] = bfloat16.wide(bfloat16.unpack(words))[:n]
        for t in (half, whole):
            t.step(*batch(k, features))
        assert kept(half, 0).tobytes() == kept(whole, 0).tobytes()
        for stream, (at, offset, n) in enumerate(places):
            words = (n + 1) // 2
            state = np.append(kept(whole, 3)[offset : offset + n], np.float32(0))[: 2 * words]
            slots = half.executor.segments[3]
            drawn = bfloat16.drawn(slots[KEY], (1 << 20) + 1 + stream, slots[STEP] - 1, words)
            expected = bfloat16.pack(bfloat16.narrow(state, drawn))
            assert kept(half, 3)[at : at + words].tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_update_is_that_of_float32(machine, name):
    if machine == "portable" and name in ("LAMB", "two"):
        return follow(make(OPTIMIZERS[name], "bfloat16"), make(OPTIMIZERS[name], "f"), steps=1)
    follow(make(OPTIMIZERS[name], "bfloat16"), make(OPTIMIZERS[name], "f"))


def test_in_parts_where_there_is_much():
    sizes = {"features": 41, "hidden": 37}  # 1,668 parameters: three parts of 512 and 132
    follow(*[make(OPTIMIZERS["Adam"], dtype, **sizes) for dtype in ("bfloat16", "f")], features=41)


def test_memory():
    half, whole = (make(OPTIMIZERS["Adam"], dtype, 41, 37).plan for dtype in ("bfloat16", "f"))
    n = 41 * 37 + 37 + 37 * 3 + 3
    assert whole.kept[3][2] == 2 * n and half.kept[3][2] == n
    assert half.activations < whole.activations + 2 * 512


def test_it_goes_on_where_it_was_saved(tmp_path):
    one, other = (make(OPTIMIZERS["Adam"], "bfloat16", micro_batch=2) for _ in range(2))
    for k in range(3):
        one.step(*batch(k))
    one.save(str(tmp_path / "weights"))
    one.export(str(tmp_path / "model"))
    other.load(str(tmp_path / "weights"))
    travelled = runtime.load(str(tmp_path / "model"))
    for t in (one, other, travelled):
        t.step(*batch(7))
    assert kept(one, 0).tobytes() == kept(other, 0).tobytes() == kept(travelled, 0).tobytes()
    with pytest.raises(ValueError, match="is of another model: the optimizer, in its operation 1"):
        make(OPTIMIZERS["Adam"], "f").load(str(tmp_path / "weights"))


def test_a_state_of_as_many_bytes_is_another(tmp_path):
    half = make(OPTIMIZERS["Adam"], "bfloat16")  # two halves a parameter take what one float32 takes
    whole = make(OPTIMIZERS["SGD"], "f")
    assert len(kept(half, 3)) == len(kept(whole, 3))
    half.save(str(tmp_path / "weights"))
    with pytest.raises(ValueError, match="is of the optimizer Adam; this one is SGD"):
        whole.load(str(tmp_path / "weights"))


@pytest.mark.parametrize("dtype", ["b", "float16", None, 16])
def test_other_types_are_refused(dtype):
    with pytest.raises(ValueError, match=r"state_dtype is .*; it may be 'f' or 'bfloat16'"):
        make(OPTIMIZERS["Adam"], dtype)
