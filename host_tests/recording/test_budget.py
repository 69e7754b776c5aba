"""Training within a given memory: in parts of a batch, and with activations made again. The bits stay the same."""

import random
from array import array

import pytest

import ember
from ember import nn, optim, vm
from ember.recording import recompute
from ember.recording.budget import _counted
from ember.recording.recording import Recording

BATCH, FEATURES = 24, 16


@pytest.fixture(autouse=True)
def native():
    vm.select("native")
    yield
    vm.select()


class Residual(nn.Module):
    def __init__(self):
        self.norm, self.linear = nn.LayerNorm(12), nn.Linear(12, 12)

    def forward(self, x):
        return x + self.linear(self.norm(x)).gelu()


class Recurrent(nn.Module):
    def __init__(self):
        self.gru, self.out = nn.GRU(4, 6, num_layers=2, dropout=0.2), nn.Linear(6, 5)

    def forward(self, x):
        return self.out(self.gru(x.reshape(-1, 4, 4))[0][:, -1])


class Shared(nn.Module):
    """One layer used three times, and a result that is used twice."""

    def __init__(self):
        self.first, self.again, self.out = nn.Linear(FEATURES, 12), nn.Linear(12, 12), nn.Linear(24, 5)

    def forward(self, x):
        x = self.first(x).tanh()
        y = self.again(self.again(self.again(x).tanh()).sigmoid()).tanh()
        return self.out(ember.cat([x, y * x], 1))


class Image(nn.Module):
    def forward(self, x):
        return x.reshape(-1, 4, 4, 1)


def chain(first, make, last, count=4):
    return nn.Sequential(first, *[layer for _ in range(count) for layer in make()], last)


MODELS = {
    "tanh": lambda: chain(nn.Linear(FEATURES, 12), lambda: (nn.Tanh(), nn.Linear(12, 12)), nn.Linear(12, 5)),
    "dropout": lambda: chain(
        nn.Linear(FEATURES, 12), lambda: (nn.GELU(), nn.Dropout(0.3), nn.Linear(12, 12)), nn.Linear(12, 5), 2
    ),
    "residual": lambda: chain(nn.Linear(FEATURES, 12), lambda: (Residual(),), nn.Linear(12, 5)),
    "batch norm": lambda: chain(
        nn.Linear(FEATURES, 12), lambda: (nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 12)), nn.Linear(12, 5)
    ),
    "convolutions": lambda: nn.Sequential(
        Image(), nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 3, 3, padding=1), nn.SiLU(),
        nn.Conv2d(3, 3, 3, padding=1), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 5),
    ),
    "recurrent": Recurrent,
    "shared": Shared,
}  # fmt: skip
CUT = [name for name in MODELS if name not in ("batch norm", "shared")]


def trainer_of(name, whole=False, **settings):
    """whole: the batch may not be cut."""
    ember.manual_seed(3)
    model = MODELS[name]()
    if whole:
        model.mixes_samples = True
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    return ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, (FEATURES,), BATCH, **settings)


def batch(seed, rows=BATCH):
    r = random.Random(seed)
    return array("f", [r.gauss(0, 1) for _ in range(rows * FEATURES)]), array(
        "B", [r.randrange(5) for _ in range(rows)]
    )


def trained(name, **settings):
    """A trainer after four steps, one of them on a part of a batch, and all that lasts in its arena but the loss, which
    is a sum of parts."""
    trainer = trainer_of(name, **settings)
    for k in range(4):
        trainer.step(*batch(k, 17 if k == 2 else BATCH))
    return trainer, lasting(trainer)


def lasting(trainer):
    _, at, size = trainer.plan.kept[4]
    arena = memoryview(trainer.executor.segments[0])
    return bytes(arena[:at]) + bytes(arena[at + size : trainer.plan.start])


@pytest.mark.parametrize("name", CUT)
def test_parts_of_a_batch_have_its_bits(name):
    """Gradients are summed sample by sample, in the order of the batch, however it is cut."""
    whole, expected = trained(name)
    for micro_batch in (1, 7, BATCH):
        trainer, found = trained(name, micro_batch=micro_batch)
        assert trainer.micro_batch == micro_batch and found == expected
        assert trainer.loss == pytest.approx(whole.loss, rel=1e-5)
        x, y = batch(9)
        assert trainer.predict(x).tolist() == whole.predict(x).tolist()
        one, other = trainer.evaluate([(x, y), batch(8, 5)]), whole.evaluate([(x, y), batch(8, 5)])
        assert one[1] == other[1] and one[0] == pytest.approx(other[0], rel=1e-5)


def test_a_weight_that_is_used_twice():
    """Each part sums over its uses, and then over the parts: the same sum in another order."""
    (whole, _), (parts, _) = trained("shared"), trained("shared", micro_batch=7)
    for p, q in zip(whole.model.parameters(), parts.model.parameters()):
        assert p.storage.tolist() == pytest.approx(q.storage.tolist(), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("name", CUT)
def test_memory_chooses_parts(name):
    whole, expected = trained(name)
    for rows in (12, 5, 1):
        exact = trainer_of(name, micro_batch=rows).plan.total()
        trainer, found = trained(name, memory=exact)
        assert trainer.plan.total() <= exact and found == expected
        assert trainer.micro_batch == -(-BATCH // -(-BATCH // rows))  # parts are as equal as can be
        assert "micro_batch=%d of 24" % trainer.micro_batch in str(trainer.plan)
    assert trainer_of(name, memory=whole.plan.total()).micro_batch == BATCH


@pytest.mark.parametrize("name", MODELS)
def test_made_again_has_the_same_bits(name):
    """From the whole down to the least that can be had: the same weights, state, running statistics."""
    plain, expected = trained(name, whole=True)
    least = needed(name, 1, whole=True)
    if least >= plain.plan.total():
        assert name in ("convolutions", "shared")  # their most is live where nothing is waiting for the backward pass
        return
    for k in range(5):
        memory = least + (plain.plan.total() - 1 - least) * k // 4
        trainer, found = trained(name, whole=True, memory=memory)
        assert trainer.plan.total() <= memory and found == expected
        assert "micro_batch=24 of 24, recompute=" in trainer.plan.budget
        assert trainer.plan.budget.endswith("%d of %d bytes" % (trainer.plan.total(), memory))
        x, _ = batch(9)
        assert trainer.predict(x).tolist() == plain.predict(x).tolist()


def needed(name, memory, **settings):
    """The bytes that the error names."""
    with pytest.raises(MemoryError, match=r"needs \d+ bytes.* allowed are %d" % memory) as error:
        trainer_of(name, memory=memory, **settings)
    return int(str(error.value).split()[2])


@pytest.mark.parametrize("name", MODELS)
def test_what_the_error_says_is_enough(name):
    least = needed(name, 1000)
    assert trainer_of(name, memory=least).plan.total() <= least
    assert needed(name, least - 1) >= least


@pytest.mark.parametrize("optimizer", [optim.Adam, optim.LAMB])
@pytest.mark.parametrize("name", MODELS)
def test_what_the_error_says_is_enough_where_the_update_needs_the_most(name, optimizer):
    """State in 16 bits is unpacked in scratch, which no choice of activations changes."""

    def make(memory=None):
        ember.manual_seed(3)
        model = MODELS[name]()
        return ember.Trainer(model, nn.CrossEntropyLoss(), optimizer(model.parameters(), lr=0.01), (FEATURES,), BATCH,
                             memory=memory, state_dtype="bfloat16")  # fmt: skip

    def least(memory):
        with pytest.raises(MemoryError, match=r"needs \d+ bytes.* allowed are %d" % memory) as error:
            make(memory)
        return int(str(error.value).split()[2])

    need, plain = least(1000), make()
    for memory in range(plain.plan.total(), need, -(plain.plan.total() - need) // 7 - 1):
        assert make(memory).plan.total() <= memory
    assert make(need).plan.total() <= need
    assert least(need - 1) >= need


def test_nothing_has_changed_where_it_does_not_fit():
    model = MODELS["tanh"]()
    values = [p.tolist() for p in model.parameters()]
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    with pytest.raises(MemoryError):
        ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, (FEATURES,), BATCH, memory=2000)
    assert [p.tolist() for p in model.parameters()] == values
    assert all(p.owner is None and p.place is None and p.grad is None for p in model.parameters())
    ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, (FEATURES,), BATCH).step(*batch(0))


@pytest.mark.parametrize("name", MODELS)
def test_the_search_foresees_the_program(name):
    """What is dropped at random: live elements, words and lifetimes are those of the program that is recorded."""
    trainer = trainer_of(name)
    r = random.Random(name)
    graph = recompute.Graph()
    for p in trainer.front.trained:
        p.requires_grad = True
    first = _counted(BATCH, trainer.front.record, Recording, graph)
    groups = graph.groups()
    choices = [k for k in range(len(groups)) if groups[k][2]]
    others = [k for k in range(len(groups)) if not groups[k][2]]
    sizes, shares, words = first.sizes, list(first.shares), first.words
    for _ in range(12):
        dropped = [k for k in choices if r.random() < 0.5] + others
        live, more, _ = recompute.simulate(graph, groups, sizes, shares, dropped)
        again = _counted(
            BATCH, trainer.front.record, Recording, recompute.Again([groups[k][0] for k in dropped], sizes)
        )
        found = again.finish()
        assert again.words == words + more
        assert live <= found.lower_bound <= max(live, first.finish().lower_bound)


def test_the_search_is_exact():
    """Of every choice, each recorded as a program: none fits with less work than what is chosen."""
    plain = trainer_of("recurrent", whole=True)
    memory = plain.plan.total() - plain.plan.activations
    graph = recompute.Graph()
    sizes = _counted(BATCH, plain.front.record, Recording, graph).sizes
    groups = graph.groups()
    choices, others = ([buffers for buffers, _, kept in groups if kept is which] for which in (True, False))
    works = []
    for mask in range(1 << len(choices)):
        dropped = [buffers for k, buffers in enumerate(choices) if mask >> k & 1]
        recording = Measured(BATCH)
        recording.watch = recompute.Again(dropped + others, sizes)
        plain.front.record(recording)
        if recording.finish().total() <= memory:
            works.append(recording.graph.work)
    chosen = trainer_of("recurrent", whole=True, memory=memory).plan.budget
    assert 1 < len(works) < 1 << len(choices)
    assert "+%d %% work" % round(100 * (min(works) / graph.work - 1)) in chosen


class Measured(Recording):
    """Knows the work of all that it takes, also what is done again."""

    def __init__(self, rows):
        super().__init__(rows)
        self.graph = recompute.Graph()

    def take(self, opcode, fields):
        self.graph.see(self, opcode, fields)
        super().take(opcode, fields)


def test_batch_norm_is_not_cut():
    """Its statistics are of the batch as a whole, so memory= makes activations again instead; micro_batch= says that
    statistics of parts will do: the same as parts handed over one by one."""
    plain = trainer_of("batch norm")
    trainer = trainer_of("batch norm", memory=plain.plan.total() - 1)
    assert trainer.micro_batch == BATCH and "recompute" in trainer.plan.budget
    cut, by_hand = trainer_of("batch norm", micro_batch=10), trainer_of("batch norm")
    x, y = batch(1)
    cut.step(x, y)
    for at in range(0, BATCH, 10):
        by_hand.accumulate(x[at * FEATURES : (at + 10) * FEATURES], y[at : at + 10])
    by_hand.update()
    assert lasting(cut) == lasting(by_hand)


def test_frozen_layers_keep_nothing():
    """No gradient, no state; what comes before the first layer that is trained keeps no activations."""

    def plan(frozen):
        ember.manual_seed(3)
        model = MODELS["tanh"]()
        for layer in model.modules()[1:frozen]:
            for p in layer.parameters():
                p.requires_grad = False
        return ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (FEATURES,), BATCH).plan

    def kept(plan):
        return {kind: size for kind, _, size in plan.kept}

    whole, last = plan(0), plan(-1)
    size = 12 * 5 + 5
    assert kept(last)["gradients"] == size and kept(last)["optimizer state"] == 2 * size
    assert kept(last)["frozen"] + size == kept(whole)["parameters"]
    assert whole.activations >= 6 * 12 * BATCH  # four tanh, a gradient, what it is made of
    assert last.activations < 2 * 12 * BATCH + 2 * 5 * BATCH + 20


def test_only_biases_are_trained():
    """No activation is kept for a weight's gradient but where it is the activation's own derivative."""
    ember.manual_seed(3)
    model = chain(nn.Linear(FEATURES, 12), lambda: (nn.ReLU(), nn.Linear(12, 12)), nn.Linear(12, 5))
    for p in model.parameters():
        p.requires_grad = len(p.shape) == 1
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), (FEATURES,), BATCH)
    weights = [p.tolist() for p in model.parameters() if len(p.shape) == 2]
    biases = [p.tolist() for p in model.parameters() if len(p.shape) == 1]
    trainer.step(*batch(0))
    assert {kind: size for kind, _, size in trainer.plan.kept}["gradients"] == 5 * 12 + 5
    assert [p.tolist() for p in model.parameters() if len(p.shape) == 2] == weights
    assert all(p.tolist() != b for p, b in zip([p for p in model.parameters() if len(p.shape) == 1], biases))


@pytest.mark.parametrize("memory", [0, -1, 1000.0, "64k", True])
def test_memory_that_is_none(memory):
    with pytest.raises(ValueError, match="memory is .*bytes"):
        trainer_of("tanh", memory=memory)


@pytest.mark.parametrize("micro_batch", [0, -1, 2.0, BATCH + 1, "2"])
def test_micro_batch_that_is_none(micro_batch):
    with pytest.raises(ValueError, match="micro_batch is .*from 1 to batch_size, 24"):
        trainer_of("tanh", micro_batch=micro_batch)


def test_several_inputs_and_outputs_in_parts():
    class Two(nn.Module):
        def __init__(self):
            self.a, self.b = nn.Linear(4, 3), nn.Linear(2, 3)

        def forward(self, x, z):
            a = self.a(x)
            return a * self.b(z), a.sum(1)

    def loss(outputs, targets):
        return nn.CrossEntropyLoss()(outputs[0], targets[0]) + nn.MSELoss()(outputs[1], targets[1])

    def run(**settings):
        ember.manual_seed(5)
        model = Two()
        trainer = ember.Trainer(model, loss, optim.SGD(model.parameters(), lr=0.1), [(4,), (2,)], 6,
                                input_dtype=["f", "b"], target_dtype=["B", "f"], **settings)  # fmt: skip
        r = random.Random(2)
        x = array("f", [r.random() for _ in range(24)]), array("b", [r.randrange(-9, 9) for _ in range(12)])
        y = array("B", [r.randrange(3) for _ in range(6)]), array("f", [r.random() for _ in range(6)])
        trainer.step(x, y)
        return lasting(trainer), [t.tolist() for t in trainer.predict(x)]

    assert run(micro_batch=4) == run()


def test_bad_batches_change_nothing():
    """What is wrong with the last part is found before the first is used."""
    trainer = trainer_of("tanh", micro_batch=10)
    x, y = batch(0)
    trainer.step(x, y)
    before = lasting(trainer)
    bad = y[:-1] + array("B", [5])
    for wrong in ((x, bad), (x[:-1], y), (x + x, y + y), (x, y[:-1])):
        with pytest.raises(ValueError):
            trainer.step(*wrong)
        assert lasting(trainer) == before
    trainer.step(x, y)
    assert lasting(trainer) != before
