"""The Trainer: it learns, parts make the whole, what is refused changes nothing, and a slice is no other run."""

import gc
import sys
import unittest
from array import array

import ember
from ember import nn, optim, vm

BATCH = 6


def make(optimizer=None, loss=None, **more):
    ember.manual_seed(5)
    model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Dropout(0.25), nn.Linear(6, 3))
    made = optimizer(model.parameters()) if optimizer else optim.Adam(model.parameters(), lr=0.02)
    return ember.Trainer(model, loss or nn.CrossEntropyLoss(), made, (4,), BATCH, **more)


def batch(rows=BATCH):
    """Three classes that a line does not part."""
    x, y = array("f", range(rows * 4)), bytearray(rows)
    for i in range(rows):
        y[i] = i % 3
        for j in range(4):
            x[i * 4 + j] = ((i * 3 + j * 5) % 7 - 3) / 4 + (y[i] == j)
    return x, y


def kept(trainer):
    """Parameters, gradients, optimizer state, statistics: every bit."""
    return bytes(memoryview(trainer.executor.segments[0])[: trainer.plan.start])


def lasting(trainer):
    """Of these what a step that is none leaves: all but gradients, and the loss that it saw."""
    starts, found = trainer.image.starts, kept(trainer)
    return found[: 4 * starts[2]], found[4 * starts[3] : 4 * starts[4]]


def differing(found, expected):
    """How many floats of two memories differ: in any bit, or, on the portable VM, whose sums may be double, by 1e-5."""
    if found == expected or vm.name == "native":
        return sum([found[i : i + 4] != expected[i : i + 4] for i in range(0, len(found), 4)])
    return sum([not abs(a - b) <= 1e-5 * (1 + abs(a)) for a, b in zip(array("f", found), array("f", expected))])


class Training(unittest.TestCase):
    def test_it_learns(self):
        for optimizer in (None, lambda p: optim.SGD(p, lr=0.3, momentum=0.9), lambda p: optim.AdamW(p, lr=0.02)):
            trainer = make(optimizer)
            x, y = batch()
            trainer.step(x, y)
            first = trainer.loss
            for _ in range(60 if vm.name == "native" else 25):
                trainer.step(x, y)
            self.assertTrue(trainer.loss < 0.6 * first, "%r, at first %r" % (trainer.loss, first))
            self.assertEqual(trainer.steps, 61 if vm.name == "native" else 26)

    def test_state_in_16_bits_learns_the_same(self):
        """The first update is that of float32, to the bit: it begins from zeros."""
        whole, half = make(), make(state_dtype="bfloat16")
        x, y = batch()
        for trainer in (whole, half):
            trainer.step(x, y)
            trainer.first, trainer.loss_first = trainer.predict(x).tolist(), trainer.loss
        self.assertEqual(half.first, whole.first)
        for _ in range(25):
            half.step(x, y)
        self.assertTrue(half.loss < 0.6 * half.loss_first, "%r, at first %r" % (half.loss, half.loss_first))
        self.assertEqual(half.plan.kept[3][2], (whole.plan.kept[3][2] // 2 + 1) // 2 * 2)

    def test_parts_make_the_whole(self):
        x, y = batch()
        whole, parts = make(), make()
        whole.step(x, y)
        for a, b in ((0, 1), (1, 4), (4, 6)):
            parts.accumulate(x[a * 4 : b * 4], y[a:b])
        parts.update()
        end = 4 * whole.plan.kept[4][1]  # all but the statistics: each part's loss is rounded
        self.assertEqual(differing(kept(parts)[:end], kept(whole)[:end]), 0)
        self.assertTrue(abs(parts.loss - whole.loss) < 1e-6)

    def test_parts_are_weighted_sums(self):
        """Class weights and ignored labels in parts. A batch in which no label counts is no step."""
        found, n = [], 51  # parameters
        x, y = batch()
        for micro_batch in (None, 4, 1):
            trainer = make(loss=nn.CrossEntropyLoss([1.0, 5.0, 0.25], 2), micro_batch=micro_batch)
            for k in range(3):
                trainer.step(x, y)
                weights, running = bytes(memoryview(trainer.executor.segments[0])[:n]), trainer.running_loss
                trainer.step(x, bytearray([2] * BATCH))
                self.assertEqual((trainer.loss, trainer.steps, trainer.running_loss), (0.0, k + 1, running))
                self.assertEqual(bytes(memoryview(trainer.executor.segments[0])[:n]), weights)
            found.append(weights)
        self.assertEqual([differing(f, found[0]) for f in found], [0, 0, 0])

    def test_the_loss_of_a_sum(self):
        model = nn.Linear(1, 1, bias=False)
        with ember.no_grad():
            model.weight[...] = ember.Tensor([[1.0]])
        trainer = ember.Trainer(model, nn.MSELoss(reduction="sum"), optim.SGD(model.parameters(), lr=0.0), (1,), 4)
        trainer.step(array("f", [1.0, 2.0, 3.0, 4.0]), array("f", [0.0] * 4))
        self.assertEqual((trainer.loss, trainer.running_loss), (30.0, 30.0))

    def test_adam_counts_steps_by_parameter(self):
        p = [ember.Parameter((1,), 1.0, 1.0), ember.Parameter((1,), 1.0, 1.0)]
        optimizer = optim.Adam(p, lr=0.1)
        for step in range(11):
            optimizer.zero_grad()
            (p[0].sum() if step < 10 else p[0].sum() + p[1].sum()).backward()
            optimizer.step()
        self.assertTrue(abs(p[1].tolist()[0] - 0.9) < 1e-6, p[1])

    def test_what_the_loss_does_not_reach_stays(self):
        model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
        model.forward = lambda x: model.layers[0](x)
        before = model.layers[1].weight.tolist()
        trainer = ember.Trainer(model, nn.MSELoss(), optim.Adam(model.parameters(), lr=0.1, weight_decay=0.1), (1,), 1)
        for _ in range(3):
            trainer.step(array("f", [1.0]), array("f", [0.0]))
        self.assertEqual(model.layers[1].weight.tolist(), before)
        self.assertTrue("does not reach" in str(trainer.plan))

    def test_the_smaller_last_batch_counts_as_what_it_holds(self):
        trainer = make()
        x, y = batch()
        one = trainer.evaluate([(x[:4], y[:1])])[0]
        five = trainer.evaluate([(x[4:], y[1:])])[0]
        both = trainer.evaluate([(x[4:], y[1:]), (x[:4], y[:1])])[0]
        self.assertAlmostEqual(both, (five * 5 + one) / 6, delta=1e-6)

    def test_what_is_refused_changes_nothing(self):
        trainer = make()
        x, y = batch()
        trainer.step(x, y)
        before = kept(trainer)
        for a, b, words in ((x[:23], y, "23"), (x, bytearray((0, 1, 2, 3, 0, 0)), "label 3 at index 3"),
                            (x[:0], y[:0], "")):  # fmt: skip
            with self.assertRaises(ValueError) as caught:
                trainer.step(a, b)
            self.assertIn(words, str(caught.exception))
            self.assertEqual(differing(kept(trainer), before), 0)
        trainer.step(x, y)
        self.assertEqual(trainer.steps, 2)

    def test_what_is_not_finite_changes_nothing(self):
        for guard in ("raise", "skip"):
            trainer = make(guard=guard)
            x, y = batch()
            trainer.step(x, y)
            before, good = lasting(trainer), x[5]
            for value in (float("nan"), float("inf"), -float("inf")):
                x[5] = value
                if guard == "raise":
                    with self.assertRaises(ValueError) as caught:
                        trainer.step(x, y)
                    self.assertIn("nothing has changed", str(caught.exception))
                else:
                    trainer.step(x, y)
                self.assertEqual(lasting(trainer), before)
            x[5] = good
            trainer.step(x, y)
            self.assertEqual((trainer.steps, trainer.skipped), (2, 0 if guard == "raise" else 3))

    def test_what_does_not_fit_says_how_much_is_missing(self):
        model = nn.Linear(64, 10)
        with self.assertRaises(MemoryError) as caught:
            ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters()), (64,), 8, memory=1000)
        self.assertIn("allowed are 1000", str(caught.exception))

    def test_convolution_learns(self):
        ember.manual_seed(2)
        model = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 2))
        trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.2, momentum=0.8),
                                (4, 4, 1), 4, input_dtype="B", input_scale=1 / 16)  # fmt: skip
        x = bytes([(16 if (j % 4 if i % 2 else j // 4) < 2 else 0) for i in range(4) for j in range(16)])
        y = bytes((0, 1, 0, 1))
        for _ in range(25):
            trainer.step(x, y)
        self.assertEqual(trainer.evaluate([(x, y)])[1], 1.0)
        self.assertEqual(len(trainer.predict(x[:32]).tolist()), 2)


class Machine(unittest.TestCase):
    def test_a_run_in_slices_is_the_run(self):
        """Stopped after every row that can be stopped at, as a control loop would."""
        whole, sliced = make(), make()
        x, y = batch()
        whole.step(x, y)
        self.assertTrue(sliced.bind(x, y))
        slices = 0
        state = sliced.executor.state
        for section in (1, 2, 3, 4, 5):  # check, zero, forward, backward, update
            state[0] = section
            while not vm.run(sliced.image.code, sliced.executor.segments, state, 1):
                slices += 1
        self.assertTrue(slices > 100)
        end = 4 * whole.plan.kept[4][1]  # all but the statistics, which counted other sections
        self.assertEqual(differing(kept(sliced)[:end], kept(whole)[:end]), 0)

    def test_a_state_of_its_own_making_is_refused(self):
        trainer = make()
        x, y = batch()
        trainer.step(x, y)
        before = kept(trainer)
        for section, pc, row, seal in ((99, 0, 0, 0), (1, 7, 0, 0), (3, 0, 1, 5), (-1, 0, 0, 0)):
            state = array("i", (section, pc, row, seal))
            with self.assertRaises(ValueError):
                vm.run(trainer.image.code, trainer.executor.segments, state, -1)
        self.assertEqual(differing(kept(trainer), before), 0)

    def test_a_damaged_program_is_refused(self):
        code = make().image.code
        self.assertEqual(vm.verify(code), 0)
        for word, value in ((0, 1), (1, 3), (4, 200), (len(code) - 1, 1 << 29)):
            damaged = array("i", code)
            damaged[word] = value
            self.assertTrue(vm.verify(damaged) != 0, "word %d" % word)
        for n in (0, 3, len(code) - 1):
            self.assertTrue(vm.verify(code[:n]) != 0)

    def test_buffers_that_do_not_fit_are_refused(self):
        trainer = make()
        x, y = batch()
        trainer.step(x, y)
        for segment in (0, 2, 3, 4):  # arena, floats, integers, the first that is bound
            segments = list(trainer.executor.segments)
            segments[segment] = bytearray(3)
            with self.assertRaises(ValueError):
                vm.run(trainer.image.code, segments, array("i", (1, 0, 0, 0)), -1)

    def test_what_a_trainer_takes_is_given_back(self):
        make()
        gc.collect()
        # In a browser MicroPython collects only when it has returned to JavaScript.
        if hasattr(gc, "mem_alloc") and sys.platform != "webassembly":
            before = gc.mem_alloc()
            for _ in range(3):
                make()
            gc.collect()
            self.assertTrue(gc.mem_alloc() - before < 1500, "%d bytes" % (gc.mem_alloc() - before))
