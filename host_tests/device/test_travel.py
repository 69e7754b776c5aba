"""A program that travels: the bits of the Trainer that wrote it, here as there, and what is damaged is refused."""

import os
import unittest

from test_trainer import batch, differing, make

from ember import runtime, vm

NAME = "ember-test.tmp"


def arena(t):
    """Parameters, gradients, optimizer state, the loss of the last step: every bit."""
    return bytes(memoryview(t.executor.segments[0])[: t.image.statistics + 1])


class Travel(unittest.TestCase):
    def setUp(self):
        self.chosen = runtime.vm
        if vm.name == "portable":
            try:
                from ember import portable_run as kernels  # as a board has it
            except (ImportError, AttributeError):
                from ember.portable import run as kernels
            runtime.vm = kernels
        self.trainer = make()
        self.size = self.trainer.export(NAME)

    def tearDown(self):
        runtime.vm = self.chosen
        for name in (NAME, NAME + ".new", NAME + ".ckpt"):
            try:
                os.remove(name)
            except OSError:
                pass

    def test_it_trains_to_the_same_bits(self):
        model, (x, y) = runtime.load(NAME), batch()
        for _ in range(5):
            for t in (self.trainer, model):
                t.step(x, y)
        self.assertEqual(differing(arena(model), arena(self.trainer)), 0)
        self.assertEqual(model.evaluate([(x, y)]), self.trainer.evaluate([(x, y)]))
        self.assertEqual(list(model.predict(x[:8]))[:3], self.trainer.predict(x[:8]).tolist()[0])
        done = model.step(x, y, 1)
        while not done:
            done = model.poll(1)
        self.trainer.step(x, y)
        self.assertEqual(differing(arena(model), arena(self.trainer)), 0)

    def test_it_goes_on_from_a_checkpoint(self):
        model, (x, y) = runtime.load(NAME), batch()
        model.step(x, y)
        model.save(NAME + ".ckpt")
        other = runtime.load(NAME)
        other.load(NAME + ".ckpt")
        for t in (model, other):
            t.step(x, y)
        self.assertEqual(differing(arena(other), arena(model)), 0)
        self.assertEqual(other.steps, 2)

    def test_from_memory_as_from_a_file(self):
        with open(NAME, "rb") as f:
            data = f.read()
        self.assertEqual(len(data), self.size)
        one, other, (x, y) = runtime.load(data), runtime.load(NAME), batch()
        for t in (one, other):
            t.step(x, y)
        self.assertEqual(differing(arena(other), arena(one)), 0)

    def test_what_is_damaged_is_refused(self):
        with open(NAME, "rb") as f:
            data = f.read()
        for n in (0, 3, 67, 68, 400, len(data) - 1):
            with self.assertRaises(ValueError):
                runtime.load(data[:n])
        for at in (0, 5, 9, 30, 70, 100, len(data) - 5):
            changed = bytearray(data)
            changed[at] ^= 16
            with self.assertRaises(ValueError):
                runtime.load(bytes(changed))
