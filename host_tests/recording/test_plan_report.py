"""What a plan tells of its buffers, beside what recording knew of them; and that in memory nothing is overwritten."""

import functools
import xml.etree.ElementTree as ElementTree
from array import array
from collections import Counter
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ember
import models
from checkout import ROOT
from ember import nn, optim
from ember.instructions import isa
from ember.portable import verify
from ember.recording import build, layout, plan_report, recording
from ember.recording.plan import plan
from ember.tensors import tensor

SVG = "{http://www.w3.org/2000/svg}"
SMALL = [(name, sizes[0]) for name, (_, _, _, sizes) in models.MODELS.items() if not name.startswith("mobile")]


@pytest.fixture
def recorded(monkeypatch):
    """(sizes, first, last, offsets, bound) of every recording from now on, words counted from the first."""
    found = []

    def watch(sizes, first, last, shares):
        before = array("i", last)
        offsets, peak, bound = plan(sizes, first, last, shares)
        found.append((list(sizes), list(first), list(before), list(offsets), bound))
        return offsets, peak, bound

    monkeypatch.setattr(layout, "lay_out", watch)
    return found


@pytest.mark.parametrize("name,batch_size", SMALL)
def test_the_buffers_found_in_the_program_are_those_recorded(name, batch_size, recorded):
    p = models.trainer_of(name, batch_size).plan
    compare(p, *recorded[0])


def compare(p, sizes, first, last, offsets, _):
    """Each lies in one that was recorded, in its life; all that lie in one are used as long as it is. Of those recorded
    that are used, how many are one, too."""
    inside = [[] for _ in sizes]
    for kind, size, offset, begin, end, _ in p.entries():
        if kind in ("activations", "scratch"):
            low, n, begin, end = offset // 4 - p.start, size // 4, begin - p.head, end - p.head
            homes = [i for i in range(len(sizes)) if offsets[i] <= low and low + n <= offsets[i] + sizes[i]
                     and first[i] <= begin and end <= last[i]]  # fmt: skip
            assert homes, (kind, size, offset, begin, end)
            for i in homes:
                inside[i].append((begin, end))
    for i in range(len(sizes)):
        if last[i] >= 0 and inside[i]:
            assert min(begin for begin, _ in inside[i]) == first[i]
            # The prediction is held on to while the instruction behind its section would be.
            assert max(end for _, end in inside[i]) == last[i] or last[i] + p.head in ends_of_sections(p)
    assert sum(1 for x in inside if x) >= 0.97 * len(sizes)


IN_PARTS = {
    "cat": lambda x: ember.cat([x.exp(), x.sin(), x.cos()], 1),
    "stack": lambda x: ember.stack([x.exp(), x.sin()], 2),
    "pad": lambda x: x.exp().pad((1, 2)),
    "roll": lambda x: x.exp().roll(1, 1),
    "flip": lambda x: x.exp().flip(1),
    "repeat": lambda x: x.exp().repeat(1, 3),
    "chunk": lambda x: [part.exp() for part in x.sin().chunk(2, 1)][1],
    "cat of parts": lambda x: ember.cat([x.exp()[:, 2:], x.sin()[:, :2]], 1),
}


@pytest.mark.parametrize("name", IN_PARTS)
def test_what_is_written_in_parts_is_one(name, recorded):
    def step(x):
        y = IN_PARTS[name](x + 1.0)
        noise = y * y + 2.0
        return (noise * y).exp()

    p = ember.record(step, (3, 4)).plan
    compare(p, *recorded[0])
    sizes, first, last, offsets, _ = recorded[0]
    found = {entry[1:4] for entry in p.entries()}
    for i in range(len(sizes)):
        if first[i] < last[i] and name not in ("chunk", "cat of parts"):  # of which a part is read alone
            assert (4 * sizes[i], 4 * (p.start + offsets[i]), p.head + first[i]) in found


def program_of(*steps):
    """A program over an arena of 100: each step copies, or with into=1 adds."""
    map_copy = [isa.MAP, 0]
    code = []
    for d, a, n, into in steps:
        code += [*map_copy, into, n, 1, 1, d, a, a]
    head = [isa.MAGIC, 0, 1, isa.FIRST_BOUND, 1, 8, 100, 0, 0, 30, 0, 0, 1, 0, 9, 8, 0, 0]
    head[1] = head[-1] = len(head) + len(code)
    return array("i", head + code)


CONSTANT = isa.CONSTANTS << 24
LIVES = {
    # (destination, source, elements, into); then (low, high, first, last) of what is found
    "in turn": ([(0, CONSTANT, 10, 0), (20, 0, 10, 0), (0, CONSTANT, 10, 0), (20, 0, 10, 1)],
                [(0, 10, 0, 1), (20, 30, 1, 3), (0, 10, 2, 3)]),
    "in place": ([(0, CONSTANT, 10, 0), (0, 0, 10, 0), (0, 0, 10, 0)], [(0, 10, 0, 1), (0, 10, 1, 2), (0, 10, 2, 2)]),
    "accumulated": ([(0, CONSTANT, 10, 0), (0, CONSTANT, 10, 1), (0, CONSTANT, 10, 1)], [(0, 10, 0, 2)]),
    "two parts": ([(0, CONSTANT, 10, 0), (10, CONSTANT, 10, 0), (50, 0, 20, 0)], [(0, 20, 0, 2), (50, 70, 2, 2)]),
    "two parts, the later first": ([(10, CONSTANT, 10, 0), (0, CONSTANT, 10, 0), (50, 0, 20, 0)],
                                   [(0, 20, 0, 2), (50, 70, 2, 2)]),
    "over the middle of another": ([(0, CONSTANT, 30, 0), (10, CONSTANT, 5, 0), (50, 0, 10, 0), (70, 20, 10, 0)],
                                   [(0, 30, 0, 3), (10, 15, 1, 1), (50, 60, 2, 2), (70, 80, 3, 3)]),
    "from the middle on": ([(0, CONSTANT, 30, 0), (10, CONSTANT, 5, 0), (50, 10, 20, 0)],
                           [(0, 30, 0, 2), (50, 70, 2, 2)]),
    "into the middle, and read": ([(0, CONSTANT, 30, 0), (10, CONSTANT, 5, 0), (50, 0, 30, 0)],
                                  [(0, 30, 0, 2), (50, 80, 2, 2)]),
    "over the ends of two": ([(0, CONSTANT, 10, 0), (10, CONSTANT, 10, 0), (5, CONSTANT, 10, 0), (50, 5, 10, 0),
                              (60, 0, 5, 0), (70, 15, 5, 0)],
                             [(0, 10, 0, 4), (10, 20, 1, 5), (5, 15, 2, 3), (50, 60, 3, 3), (60, 65, 4, 4),
                              (70, 75, 5, 5)]),
}  # fmt: skip


@pytest.mark.parametrize("name", LIVES)
def test_lives(name):
    steps, expected = LIVES[name]
    code = program_of(*steps)
    assert verify.verify(code) == 0
    found = plan_report.Lives(code, 0)
    lives = [(found.low[i], found.high[i], found.first[i], found.last[i]) for i in found.all()]
    assert sorted(lives) == sorted(expected)


def ends_of_sections(p):
    return {end for _, end in verify.sections_of(p.code)}


@pytest.mark.parametrize("name,batch_size", SMALL)
def test_what_is_live_at_once_is_the_lower_bound(name, batch_size):
    """A result in its operand's place counts once, in the instruction in which both are."""
    p = models.trainer_of(name, batch_size).plan
    spans = [(begin, end, offset, offset + size) for kind, size, offset, begin, end, _ in p.entries()
             if kind in ("activations", "scratch")]  # fmt: skip
    most = 0
    for begin in {span[0] for span in spans}:
        covered, reached = 0, 0
        for low, high in sorted((low, high) for first, last, low, high in spans if first <= begin <= last):
            covered += max(0, high - max(low, reached))
            reached = max(reached, high)
        most = max(most, covered)
    assert 0.99 * 4 * p.lower_bound <= most <= 4 * p.lower_bound


def test_the_plan_of_a_linear_layer():
    """Counted by hand: x @ weight (in place of the bias, copied before) and what is made of it."""
    model = nn.Linear(3, 2)
    trainer = ember.Trainer(model, nn.MSELoss(), optim.Adam(model.parameters()), (3,), 5)
    entries = list(trainer.plan.entries())
    first, last = trainer.plan.head, entries[0][4]
    assert entries[:4] == [
        ("parameters", 32, 0, first, last, ""),
        ("gradients", 32, 32, first, last, ""),
        ("optimizer state", 64, 64, first, last, ""),
        ("statistics", 32, 128, first, last, ""),
    ]
    kind, size, offset, begin, end, made = entries[4]
    assert (size, offset >= 160, made) == (4 * 5 * 2, True, "map_strided copy")
    assert trainer.image.code[begin] == isa.MAP_STRIDED and begin < end
    counts = Counter(entry[0] for entry in entries)
    assert counts["activations"] >= 1 and counts["scratch"] >= 3
    lines = trainer.plan.table().split("\n")
    assert len(lines) == 1 + len(entries) and lines[0].split()[:5] == ["kind", "bytes", "offset", "first", "last"]
    assert lines[1].split() == ["parameters", "32", "0", str(first), str(last)]
    assert "%6d  map_strided copy" % begin in str(trainer.image)  # the words are those of the listing


def test_a_function_keeps_its_outputs_to_the_end():
    model = nn.Linear(3, 2)

    def step(x):
        y = model(x)
        z = y.exp() + 1.0
        (z * z).sum().backward()
        return y

    function = ember.record(step, (4, 3))
    address = function._located[0][0]
    held = [
        e for e in function.plan.entries() if e[2] == 4 * address and e[4] == max(x[4] for x in function.plan.entries())
    ]
    assert held and {e[0] for e in function.plan.entries()} == {"parameters", "scratch"}


def test_a_plan_without_a_program_says_so():
    found = {}

    class Stop(Exception):
        pass

    class Kept(recording.Recording):
        def finish(self):
            found["plan"] = recording.Recording.finish(self)
            raise Stop

    def body(r):
        with tensor.use(r):
            r.fill(r.new((3,)), 0.0)
            r.section("all")

    with pytest.raises(Stop):
        build.build(1, body, kind=Kept)
    with pytest.raises(ValueError, match="no program"):
        found["plan"].table()


def rectangles(path):
    """(kind, bytes, offset, first, last, x, y, width, height) of each in a picture."""
    root = ElementTree.parse(path).getroot()
    for rect in root.iter(SVG + "rect"):
        title = rect.find(SVG + "title")
        if title is not None:
            kind, said = title.text.split(": ")
            words = said.replace(",", "").split()
            place = [int(rect.get(key)) for key in ("x", "y", "width", "height")]
            yield (kind, int(words[0]), int(words[3]), int(words[6]), int(words[8]), *place)


@pytest.mark.parametrize("name,batch_size", [("digits-mlp", 8), ("transformer", 1)])
def test_the_picture_shows_what_the_table_says(name, batch_size, tmp_path):
    p, path = models.trainer_of(name, batch_size, "Adam").plan, str(tmp_path / "plan.svg")
    p.save_svg(path)
    drawn, entries = list(rectangles(path)), list(p.entries())
    assert [rect[:5] for rect in drawn] == [entry[:5] for entry in entries]
    left, bottom, arena = drawn[0][5], drawn[0][6] + drawn[0][8], 4 * p.arena
    for _, size, offset, _, _, x, y, width, height in drawn:
        assert left <= x and x + width <= left + 10000 and width >= 1
        assert abs(bottom - y - 5000 * (offset + size) / arena) <= 1
        assert abs(height - 5000 * size / arena) <= 1
    texts = [text.text for text in ElementTree.parse(path).getroot().iter(SVG + "text")]
    assert "peak %d" % arena in texts and "bound %d" % (4 * (p.start + p.lower_bound)) in texts
    assert {"forward", "backward"} <= set(texts)
    with pytest.raises(OSError):
        p.save_svg(str(tmp_path / "none" / "plan.svg"))


ON_A_BOARD = """
import sys
sys.path.append("lib/examples")
import digits, gc
trainer = digits.trainer_of("cnn", 1 / 16)
gc.collect()
before = gc.mem_alloc()
text = trainer.plan.table()
trainer.plan.save_svg(%r)
text2 = trainer.plan.table()
print(text == text2)
print(text)
"""


def test_a_board_says_and_draws_the_same(tmp_path, micropython):
    import digits

    here, there = str(tmp_path / "here.svg"), str(tmp_path / "there.svg")
    p = digits.trainer_of("cnn", 1 / 16).plan
    p.save_svg(here)
    same, _, text = micropython(ON_A_BOARD % there, heap="2m").partition("\n")
    assert same == "True" and text.strip() == p.table().strip()
    assert open(there).read() == open(here).read()


def test_nothing_is_kept_for_it():
    """A plan holds as many numbers as before it could tell of its buffers: their offsets are dropped."""
    p = models.trainer_of("resnet-8", 1).plan
    assert p.offsets is None
    for value in vars(p).values():
        assert not isinstance(value, (list, array, dict)) or value is p.code or len(value) <= 6


# Memory itself.


def apart(canaries, sizes, first, last, shares):
    """A plan in which no buffers share memory, and that has an element between them: where these are is noted."""
    offsets = array("i", accumulate([1] + [size + 1 for size in sizes]))
    canaries[:] = [offset - 1 for offset in offsets]
    total = offsets.pop()
    return offsets, total, 0


def trained(name, batch_size, lay_out=None):
    """The bytes of what is kept after two steps and an evaluation; the trainer."""
    with pytest.MonkeyPatch.context() as patch:
        if lay_out:
            patch.setattr(layout, "lay_out", lay_out)
        trainer = models.trainer_of(name, batch_size, "Adam")
    if lay_out:
        arena, start = trainer.executor.segments[0], trainer.plan.start
        arena[start:] = array("f", [-12345.0]) * (len(arena) - start)
    x = array(trainer.input_dtype, [k * 37 % 101 for k in range(batch_size * trainer.sample_size)])
    y = bytes(k % 2 for k in range(batch_size * trainer.target_size))
    for _ in range(2):
        trainer.step(x, y)
    trainer.evaluate([(x, y)])
    return bytes(memoryview(trainer.executor.segments[0]).cast("B")[: 4 * trainer.plan.start]), trainer


@pytest.mark.parametrize("name", ["digits-cnn", "basic-motions-gru", "basic-motions-transformer", "daphnet-autoencoder",
                                  "resnet-8"])  # fmt: skip
def test_canaries_stay_intact(name):
    """Each buffer in memory of its own, canaries between: none is touched, and the bits are those of the plan in which
    buffers share memory. So nothing is overwritten there that is still needed."""
    canaries = []
    kept, trainer = trained(name, 2, functools.partial(apart, canaries))
    start = trainer.plan.start
    assert all(trainer.executor.segments[0][start + k] == -12345.0 for k in canaries)
    assert kept == trained(name, 2)[0]


UNARY = ("exp", "sin", "tanh", "relu", "softmax", "neg", "square", "sigmoid")
BINARY = ("add", "mul", "maximum", "sub")


@st.composite
def formulas(draw):
    """A function of x [N, 4] as steps: (operation, operand, operand), operands counted from x."""
    steps = []
    for k in range(draw(st.integers(3, 12))):
        name = draw(st.sampled_from((*UNARY, *BINARY, "parts", "matmul")))
        steps.append((name, draw(st.integers(0, k)), draw(st.integers(0, k))))
    return steps, draw(st.booleans())


def run_formula(steps, backward, canaries=None):
    """What a recorded function of these steps returns, as bytes; with canaries each buffer has memory of its own."""
    ember.manual_seed(3)
    weight = nn.Linear(4, 4, bias=False)

    def function(x):
        values = [weight(x)]
        for name, a, b in steps:
            a, b = values[a], values[b]
            if name == "parts":
                values.append(ember.cat([a[:, 2:], b[:, :2]], 1))
            elif name == "matmul":
                values.append(weight(a))
            elif name == "softmax":
                values.append(a.softmax(1))
            else:
                values.append(getattr(ember, name)(a) if name in UNARY else getattr(ember, name)(a, b))
        if backward:
            values[-1].mean().backward()
            return values[-1], values[len(values) // 2], weight.weight.grad
        return values[-1], values[len(values) // 2]

    with pytest.MonkeyPatch.context() as patch:
        if canaries is not None:
            patch.setattr(layout, "lay_out", functools.partial(apart, canaries))
        recorded = ember.record(function, (3, 4))
    start = recorded.plan.start
    if canaries is not None:
        recorded.executor.segments[0][start:] = array("f", [-12345.0]) * (len(recorded.executor.segments[0]) - start)
    results = [list(map(str, t.elements())) for t in recorded(array("f", [k * 0.25 - 1 for k in range(12)]))]
    assert all(recorded.executor.segments[0][start + k] == -12345.0 for k in canaries or ())
    return results


@settings(max_examples=100, deadline=None)
@given(formulas())
def test_random_functions_keep_what_they_need(formula):
    """Whether buffers share memory or not makes no difference, and in memory of its own none leaves it."""
    assert run_formula(*formula) == run_formula(*formula, canaries=[])


# The models of reference.


@pytest.mark.parametrize("name,batch_size", [(name, n) for name, model in models.MODELS.items() for n in model[3]])
def test_reference_models_meet_the_bound(name, batch_size):
    p = models.trainer_of(name, batch_size).plan if "mobile" not in name else counted(name, batch_size)
    assert p.activations == p.lower_bound


def test_the_page_is_current():
    """docs/plan.md, but for its times."""
    for name, (_, _, _, batches) in models.MODELS.items():
        peak = 4 * counted(name, batches[0]).activations
        row = "| %s | %d | " % (name, batches[0])
        rows = [line for line in (ROOT / "docs" / "plan.md").read_text().split("\n") if line.startswith(row)]
        assert rows and " | {:,} | {:,} | 1.0000 | ".format(peak, peak) in rows[0], "make plans"


def counted(name, batch_size):
    """The plan alone: nothing is allocated for it."""

    class Stop(Exception):
        pass

    found = []

    def keep(*given):
        found.append(plan(*given))
        raise Stop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "lay_out", keep)
        with pytest.raises(Stop):
            models.trainer_of(name, batch_size)
    return type("Counted", (), {"activations": found[0][1], "lower_bound": found[0][2]})


ON_THE_BOARD = """
from array import array
from ember.recording.plan import plan
from ember.tensors import tensor
%s
for sizes, first, last, shares in GIVEN:
    print(list(plan(array("i", sizes), array("i", first), array("i", last), shares, tries=50)[0]))
"""


def test_a_board_plans_the_same(micropython):
    from random import Random

    random, given, expected = Random(3), [], []
    for count in (5, 9, 12, 14, 20, 30):
        for _ in range(4):
            sizes = [random.randint(1, 9) * random.choice((1, 1000)) for _ in range(count)]
            first = sorted(random.randrange(2 * count) for _ in range(count))
            last = [f + random.randint(0, count // 2) for f in first]
            given.append((sizes, first, last, [(k + 1, k) for k in range(0, count - 1, 3)]))
            copy = [array("i", part) for part in given[-1][:3]]
            expected.append(str(plan(*copy, given[-1][3], tries=50)[0].tolist()))
    assert micropython(ON_THE_BOARD % ("GIVEN = %r" % given)).split("\n")[:-1] == expected
