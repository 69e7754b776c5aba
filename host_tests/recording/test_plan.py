"""The planner: nothing that is live is overwritten, and memory is close to the least that could do."""

import itertools
from array import array
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ember
from checkout import run_micropython
from ember import nn, optim
from ember.recording.plan import lower_bound, merge, plan
from ember.recording.plan_search import exact


@st.composite
def buffers(draw, most=14):
    """(sizes, first, last, shares) as a recording makes them: shares in the order of the results' first use."""
    count = draw(st.integers(1, most))
    sizes = draw(st.lists(st.sampled_from((1, 2, 3, 5, 8, 40)), min_size=count, max_size=count))
    first = sorted(draw(st.lists(st.integers(0, 12), min_size=count, max_size=count)))
    last = [f + draw(st.integers(0, 6)) for f in first]
    shares = []
    for result in range(count):
        for source in range(count):
            if source != result and draw(st.booleans()) and draw(st.booleans()):
                shares.append((result, source))
    return sizes, first, last, shares


def run(sizes, first, last, shares, **more):
    return plan(array("i", sizes), array("i", first), array("i", last), shares, **more)


def clash(a, b, offsets, sizes, first, last):
    return (first[a] <= last[b] and first[b] <= last[a]
            and offsets[a] < offsets[b] + sizes[b] and offsets[b] < offsets[a] + sizes[a])  # fmt: skip


def first_fit(order, sizes, first, last):
    """The peak when each lies in the lowest gap: written anew, apart from plan.place."""
    placed = []
    for i in order:
        offset = 0
        for begin, end in sorted((o, o + sizes[j]) for j, o in placed if first[j] <= last[i] and first[i] <= last[j]):
            if begin - offset >= sizes[i]:
                break
            offset = max(offset, end)
        placed.append((i, offset))
    return max((o + sizes[i] for i, o in placed), default=0)


def least(sizes, first, last, bound=0):
    """The least peak of any order, placed lowest gap first: such an order reaches the optimum. At `bound` it stops."""
    best = None
    for order in itertools.permutations(range(len(sizes))):
        peak = first_fit(order, sizes, first, last)
        if best is None or peak < best:
            best = peak
            if best <= bound:
                break
    return best


@settings(max_examples=300, deadline=None)
@given(buffers())
def test_no_two_live_buffers_overlap(b):
    sizes, first, last, shares = b
    offsets, peak, bound = run(*b)
    assert all(o >= 0 and o + n <= peak for o, n in zip(offsets, sizes))
    for i, j in itertools.combinations(range(len(sizes)), 2):
        if clash(i, j, offsets, sizes, first, last):
            # Only where one took the other's place: the same place, and the later began with the other's last use,
            # directly or by way of others of the same chain.
            assert offsets[i] == offsets[j] and sizes[i] == sizes[j]
            assert last[i] == first[j] or last[j] == first[i]
            assert (i, j) in shares or (j, i) in shares or chained(i, j, shares)


def chained(i, j, shares):
    """Joined by a chain of pairs."""
    reached, waiting = {i}, [i]
    while waiting:
        k = waiting.pop()
        for pair in shares:
            if k in pair:
                for other in pair:
                    if other not in reached:
                        reached.add(other)
                        waiting.append(other)
    return j in reached


@settings(max_examples=200, deadline=None)
@given(buffers())
def test_peak_lies_between_the_bound_and_first_fit(b):
    sizes, first, last, shares = b
    _, peak, bound = run(*b)
    longer = array("i", last)
    group = merge(array("i", sizes), array("i", first), longer, shares)
    alone = [i for i in range(len(sizes)) if group[i] == i]
    live = max(sum(sizes[i] for i in alone if first[i] <= t <= longer[i]) for t in range(20))
    assert bound == live == lower_bound(sizes, first, longer, group)
    for key in (lambda i: first[i], lambda i: (-sizes[i], first[i])):
        assert bound <= peak <= first_fit(sorted(alone, key=key), sizes, first, longer)


@settings(max_examples=150, deadline=None)
@given(buffers(6))
def test_small_plans_are_the_best_there_is(b):
    sizes, first, last, shares = b
    _, peak, bound = run(*b)
    longer = array("i", last)
    group = merge(array("i", sizes), array("i", first), longer, shares)
    alone = [i for i in range(len(sizes)) if group[i] == i]
    best = least([sizes[i] for i in alone], [first[i] for i in alone], [longer[i] for i in alone])
    assert peak == best


@settings(max_examples=60, deadline=None)
@given(buffers(6))
def test_the_exact_search_finds_the_best_alone(b):
    """From a plan that stacks all, and without a bound that would end it early."""
    sizes, first, last, _ = b
    offsets, total = array("i", itertools.accumulate([0, *sizes[:-1]])), sum(sizes)
    peak, finished = exact(range(len(sizes)), sizes, first, last, offsets, total + 1, 0, 1 << 20)
    assert finished and peak == least(sizes, first, last)
    assert peak == max(o + n for o, n in zip(offsets, sizes))
    for i, j in itertools.combinations(range(len(sizes)), 2):
        assert not clash(i, j, offsets, sizes, first, last)


def test_up_to_nine_buffers_every_plan_is_the_best():
    """Where a plan meets the bound that is so by definition. Few graphs this small have none that does, and then every
    order is tried."""
    random = Random(9)
    for _ in range(6000):
        count, positions = random.randint(5, 9), random.randint(4, 9)
        most, longest = random.choice((2, 3, 4)), random.choice((2, 3, 5))
        sizes = [random.randint(1, most) for _ in range(count)]
        first = sorted(random.randrange(positions) for _ in range(count))
        last = [f + random.randint(0, longest) for f in first]
        _, peak, bound = run(sizes, first, last, [])
        assert bound == max(sum(n for n, f, e in zip(sizes, first, last) if f <= t <= e) for t in range(positions))
        if peak > bound:
            assert peak == least(sizes, first, last, bound)


def test_no_other_choice_of_pairs_is_better():
    """That a result takes the first operand's place that it can: where an instruction has one result, whatever else it
    takes, or none, comes to no lower peak. Every subset of the pairs is tried."""
    random, better = Random(6), 0
    for _ in range(500):
        count = random.randint(4, 9)
        sizes = [random.choice((2, 3, 3, random.randint(1, 4))) for _ in range(count)]
        first = sorted(random.sample(range(count + 2), count))
        last = [f + random.randint(1, 4) for f in first]
        shares = [(r, s) for r in range(count) for s in range(r) if sizes[s] == sizes[r] and last[s] == first[r]][:6]
        _, peak, _ = run(sizes, first, last, shares)
        better += peak < run(sizes, first, last, [])[1]
        for k in range(len(shares)):
            for some in itertools.combinations(shares, k):
                assert peak <= run(sizes, first, last, some)[1]
    assert better > 100


NO_PLAN_MEETS_THE_BOUND = [
    ([3, 3, 1, 1, 1, 1, 2, 2, 3], [1, 1, 2, 2, 3, 3, 5, 6, 7], [4, 1, 2, 5, 8, 6, 6, 10, 8], 7, 6),
]


@pytest.mark.parametrize("sizes,first,last,peak,bound", NO_PLAN_MEETS_THE_BOUND)
def test_where_no_plan_meets_the_bound(sizes, first, last, peak, bound):
    assert run(sizes, first, last, [])[1:] == (peak, bound)
    assert least(sizes, first, last, bound) == peak


def test_ten_thousand_random_graphs():
    """No two that live together overlap, and the peak lies between the bound and first fit."""
    random = Random(10000)
    for _ in range(10000):
        count = random.choice((3, 6, 10, 14, 18, 24))
        sizes = [random.choice((random.randint(1, 100), random.randint(1, 4))) for _ in range(count)]
        first = sorted(random.randrange(2 * count) for _ in range(count))
        last = [f + random.randint(0, random.choice((2, 6, count))) for f in first]
        shares = [(r, s) for r in range(count) for s in range(r) if last[s] == first[r] > first[s]]
        shares = [pair for pair in shares if random.random() < 0.7]
        for result, source in shares[: random.randint(0, 6)]:
            sizes[result] = sizes[source]
        offsets, peak, bound = run(sizes, first, last, shares, tries=60)
        assert bound <= peak <= first_fit(range(count), sizes, first, last)
        live = sorted(range(count), key=lambda i: offsets[i])
        for k in range(count):
            i = live[k]
            assert 0 <= offsets[i] and offsets[i] + sizes[i] <= peak
            for j in live[k + 1 :]:
                if offsets[j] >= offsets[i] + sizes[i]:
                    break
                if first[i] <= last[j] and first[j] <= last[i]:  # only one that takes the other's place
                    assert offsets[i] == offsets[j] and sizes[i] == sizes[j]
                    assert last[i] == first[j] or last[j] == first[i]
                    assert chained(i, j, shares)


@settings(max_examples=60, deadline=None)
@given(buffers())
def test_the_same_plan_every_time(b):
    a, c = run(*b), run(*b)
    assert a[0].tolist() == c[0].tolist() and a[1:] == c[1:]


@pytest.mark.parametrize("sizes,first,last,shares,peak", [
    ([4, 4], [0, 1], [1, 2], [(1, 0)], 4),  # in place
    ([4, 4], [0, 1], [2, 2], [(1, 0)], 8),  # still needed
    ([4, 5], [0, 1], [1, 2], [(1, 0)], 9),  # of another size
    ([4, 4, 4], [0, 1, 2], [1, 2, 3], [(1, 0), (2, 1)], 4),  # a chain
    ([4, 4, 4], [0, 1, 1], [1, 2, 2], [(1, 0), (2, 0)], 8),  # one place, two takers
    ([4, 4, 4], [0, 0, 1], [1, 1, 2], [(2, 0), (2, 1)], 8),  # two places, one taker
    ([4, 4], [0, 1], [0, 2], [(1, 0)], 4),  # not needed any more: no sharing, but the same place
    ([4, 4, 4], [0, 1, 2], [1, 1, 2], [(2, 0)], 8),
])  # fmt: skip
def test_what_may_lie_in_the_same_place(sizes, first, last, shares, peak):
    assert run(sizes, first, last, shares)[1] == peak


def test_nothing_and_no_tries():
    assert run([], [], [], [])[1:] == (0, 0)
    assert run([3, 2], [0, 0], [1, 1], [], tries=0)[1] == 5


def test_the_search_reaches_what_the_four_orders_miss():
    given = [1, 2, 1, 2], [0, 0, 2, 4], [2, 1, 4, 5], []
    assert run(*given, tries=0)[1:] == (4, 3)
    assert run(*given)[1:] == (3, 3)


def test_the_search_of_larger_graphs():
    """Too many to see every plan: small changes of the order find one that the four orders miss."""
    random, missed, found = Random(5), 0, 0
    for _ in range(40):
        sizes = [random.randint(1, 100) for _ in range(30)]
        first = sorted(random.randrange(60) for _ in sizes)
        given = sizes, first, [f + random.randint(0, 16) for f in first], []
        at_once, (_, peak, bound) = run(*given, tries=0)[1], run(*given)
        missed += at_once > bound
        found += at_once > bound == peak
    assert missed > 10 and found > 0.9 * missed


def models():
    yield nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4)), (8,)
    layers = [nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 8, 3, padding=1), nn.ReLU()]
    layers += [nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.1), nn.Linear(32, 4)]
    yield nn.Sequential(*layers), (8, 8, 1)


@pytest.mark.parametrize("model,shape", list(models()))
def test_plans_of_models(model, shape):
    n = sum(p.numel() for p in model.parameters())
    t = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), shape, 16)
    kinds = {kind: (offset, size) for kind, offset, size in t.plan.kept}
    assert kinds["parameters"] == (0, n) and kinds["gradients"] == (n, n)
    assert kinds["optimizer state"] == (2 * n, 2 * n)
    assert t.plan.lower_bound <= t.plan.activations <= 1.1 * t.plan.lower_bound
    assert len(t.executor.segments[0]) == t.plan.arena and len(t.image.code) == t.plan.words
    assert sum(size for _, size in t.plan.parts()) == t.plan.total()
    assert str(t.plan.total()) in str(t.plan) and str(4 * t.plan.lower_bound) in str(t.plan)


def test_relu_and_dropout_take_the_place_of_their_operand():
    """Evaluation keeps nothing for backward, so its activations alternate between two places."""
    layers = []
    for _ in range(6):
        layers += [nn.Linear(8, 8), nn.ReLU(), nn.Tanh()]
    model = nn.Sequential(*layers)
    t = ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters()), (8,), 4)
    assert t.plan.activations < 9 * 8 * 4 * 2 + 64


IN_A_SMALL_HEAP = """
import ember
from ember import nn, optim
model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, (64,), 32)
import gc
gc.collect()
print(gc.mem_alloc(), trainer.plan.total())
"""


def test_the_arena_finds_room_in_a_heap_that_recording_has_used():
    """What is kept takes some 160 kB here, where pointers are long and the sources were compiled; the heap is not
    left in pieces by what was needed meanwhile."""
    used, total = run_micropython("unix-single", IN_A_SMALL_HEAP, heap="300k").split()
    assert int(used) < 190 * 1024 and int(total) > 40000
