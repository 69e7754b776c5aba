"""What is kept in files: data that is streamed, and checkpoints."""

import os
import unittest

from test_trainer import batch, differing, kept, make

import ember
from ember.data import Appender, Batches, create, write

NAME = "ember-test.tmp"


class Files(unittest.TestCase):
    def tearDown(self):
        for name in (NAME, NAME + ".new"):
            try:
                os.remove(name)
            except OSError:
                pass


ORDER = [8, 2, 1, 0, 10, 4, 7, 6, 3, 9, 5]


class Data(Files):
    def setUp(self):
        self.samples = [([i, i + 1, 255 - i], i % 4) for i in range(11)]
        write(NAME, self.samples, self.samples[:3], (3,), 4)

    def test_an_epoch_hands_out_every_sample_once(self):
        batches = Batches(NAME, 4, seed=2)
        for _ in range(2):
            seen = []
            for x, y in batches:
                seen += [(list(x[i * 3 : i * 3 + 3]), y[i]) for i in range(len(y))]
            self.assertNotEqual(seen, self.samples)
            self.assertEqual(sorted(seen), self.samples)
        batches.check()
        batches.close()

    def test_the_order_is_the_same_on_every_board(self):
        """By a permutation written apart, in NumPy: host_tests/support/random_numbers.py."""
        batches = Batches(NAME, 11, seed=2)
        x, y = next(iter(batches))
        batches.close()
        self.assertEqual([x[i * 3] for i in range(11)], ORDER)

    def test_a_file_cut_short_is_refused(self):
        with open(NAME, "rb") as f:
            whole = f.read()
        for n in (0, 10, 30, len(whole) - 1):
            with open(NAME, "wb") as f:
                f.write(whole[:n])
            with self.assertRaises(ValueError) as caught:
                Batches(NAME, 4)
            self.assertIn(NAME, str(caught.exception))
        with self.assertRaises(OSError):
            Batches(NAME + ".none", 4)


class Growing(Files):
    def test_what_was_appended_is_read_and_an_epoch_goes_on(self):
        with create(NAME, (3,), 0, "h", 0.5, target_typecode="f", target_shape=(2,), chunk=4) as file:
            for i in range(9):
                file.append([i, -i, 300], [i / 2, i])
        batches, again = Batches(NAME, 4, seed=2), Batches(NAME, 4, seed=2)
        first = list(next(iter(batches))[1])
        state = batches.state()
        with Appender(NAME) as file:
            file.extend([([9, -9, 300], [4.5, 9])])
            self.assertEqual(len(file), 10)
        again.load(state)
        rest = [list(y) for _, y in again]
        batches.close()
        whole = sorted(
            [first[2 * i] for i in range(len(first) // 2)] + [y[2 * i] for y in rest for i in range(len(y) // 2)]
        )
        self.assertEqual(whole, [i / 2 for i in range(9)])
        whole = sorted([y[2 * i + 1] for _, y in again for i in range(len(y) // 2)])
        self.assertEqual(whole, [float(i) for i in range(10)])
        again.check()
        again.close()

    def test_damage_is_refused_by_its_number(self):
        write(NAME, [([i, i], i) for i in range(9)], [], (2,), 9)
        batches = Batches(NAME, 4, shuffle=False)
        place = batches.layout.place(0, 6)
        batches.close()
        with open(NAME, "r+b") as f:
            f.seek(place)
            f.write(b"\x80")
        batches = Batches(NAME, 4, shuffle=False)
        with self.assertRaises(ValueError) as caught:
            for _, y in batches:
                self.assertEqual(list(y), [0, 1, 2, 3])
        batches.close()
        self.assertIn("record 6 of its train split", str(caught.exception))
        batches = Batches(NAME, 4, on_damage="skip")
        self.assertEqual(sorted([label for _, y in batches for label in y]), [0, 1, 2, 3, 4, 5, 7, 8])
        self.assertEqual(batches.skipped, 1)
        batches.close()


class Checkpoints(Files):
    def test_training_goes_on_to_the_bit(self):
        x, y = batch()
        trainer = make()
        for _ in range(3):
            trainer.step(x, y)
        trainer.save(NAME)
        trainer.step(x, y)
        expected = kept(trainer)
        trainer = None
        again = make()
        again.load(NAME)
        again.step(x, y)
        end = 4 * again.plan.kept[4][1]
        self.assertEqual(differing(kept(again)[:end], expected[:end]), 0)
        self.assertEqual(again.steps, 4)

    def test_a_damaged_one_changes_nothing(self):
        trainer = make()
        x, y = batch()
        trainer.step(x, y)
        trainer.save(NAME)
        trainer.step(x, y)
        before = kept(trainer)
        with open(NAME, "rb") as f:
            whole = f.read()
        for position in (0, 4, 60, len(whole) - 1):
            with open(NAME, "wb") as f:
                f.write(whole[:position] + bytes((whole[position] ^ 4,)) + whole[position + 1 :])
            with self.assertRaises(ValueError):
                trainer.load(NAME)
        with open(NAME, "wb") as f:
            f.write(whole[:-7])
        with self.assertRaises(ValueError):
            trainer.load(NAME)
        self.assertEqual(differing(kept(trainer), before), 0)
        self.assertEqual(trainer.steps, 2)

    def test_one_of_another_model_is_refused(self):
        make().save(NAME)
        model = ember.nn.Linear(4, 3)
        other = ember.Trainer(model, ember.nn.MSELoss(), ember.optim.SGD(model.parameters()), (4,), 2)
        with self.assertRaises(ValueError) as caught:
            other.load(NAME)
        self.assertIn("of the optimizer Adam; this one is SGD", str(caught.exception))
