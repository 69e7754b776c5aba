"""Numbers beyond their type, wherever a list or another array becomes one: ValueError with the value, and nothing was
changed. Where array() itself wraps in silence, as under MicroPython, too."""

import os
import unittest
from array import array

import ember
from ember import Tensor, data, metrics, nn, optim, runtime

INF = float("inf")
LIMITS = (("B", 0, 255), ("b", -128, 127), ("h", -32768, 32767), ("H", 0, 65535), ("i", -(2**31), 2**31 - 1),
          ("I", 0, 2**32 - 1))  # fmt: skip
NO_NUMBERS = 0.5, INF, -INF, float("nan")


def trainer(shape=(1,), **options):
    ember.manual_seed(3)
    model = nn.Linear(shape[-1], 1)
    return ember.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.0), shape, 4, **options)


class Values(unittest.TestCase):
    def refused(self, text, function, *arguments):
        try:
            function(*arguments)
        except ValueError as error:
            self.assertTrue(text in str(error), "%r is not in %r" % (text, str(error)))
            return
        self.assertTrue(False, "%r %r was taken" % (text, arguments))

    def beyond(self):
        for dtype, low, high in LIMITS:
            for value in (low - 1, high + 1, low - 2**31, high + 2**33) + NO_NUMBERS:
                yield dtype, value, "whole numbers from %d to %d" % (low, high)

    def test_the_ends_of_each_type_are_held(self):
        for dtype, low, high in LIMITS:
            self.assertEqual(Tensor([low, high, 1.0, True], dtype=dtype).tolist(), [low, high, 1, 1])

    def test_a_tensor(self):
        for dtype, value, bounds in self.beyond():
            self.refused("has %r at index 1; type %r holds %s" % (value, dtype, bounds),
                         Tensor, [0, value], None, False, dtype)  # fmt: skip
        self.assertEqual(Tensor([2**130, -(2**130), 4e38]).tolist(), [INF, -INF, INF])

    def test_a_buffer_of_another_type_is_converted(self):
        self.assertEqual(Tensor(array("H", [1, 40000])).tolist(), [1.0, 40000.0])
        self.assertEqual(Tensor(array("i", [1, 200]), dtype="B").tolist(), [1, 200])
        self.assertEqual(Tensor(memoryview(array("b", [1, 2])), dtype="B").tolist(), [1, 2])
        for values, dtype in ((array("H", [0, 40000]), "h"), (array("h", [0, -1]), "H"), (bytes((0, 200)), "b"),
                              (array("b", [0, -1]), "B"), (array("I", [0, 2**31]), "i"), (array("i", [0, -5]), "I"),
                              (array("d", [0, 0.5]), "i")):  # fmt: skip
            for buffer in (values, memoryview(values)):
                self.refused("has %r at index 1; type %r" % (values[1], dtype), Tensor, buffer, None, False, dtype)

    def test_inputs(self):
        for dtype, value, _ in self.beyond():
            t = trainer(input_dtype=dtype)
            before = t.model.bias.tolist(), t.steps
            self.refused("x has %r at index 1; type %r" % (value, dtype), t.step, [[0], [value]], [[0.0], [0.0]])
            self.refused("x has %r at index 0; type %r" % (value, dtype), t.predict, [[value]])
            self.refused("x has %r at index 0" % value, t.evaluate, [([[value]], [[0.0]])])
            self.assertEqual((t.model.bias.tolist(), t.steps), before)

    def test_inputs_of_the_same_size(self):
        y = array("f", [0.0, 0.0])
        for dtype, given in (("h", array("H", [0, 40000])), ("H", array("h", [0, -1])), ("b", bytes((0, 200))),
                             ("B", array("b", [0, -1])), ("I", array("i", [0, -1])),
                             ("i", array("I", [0, 2**31]))):  # fmt: skip
            for micro_batch in (None, 1):
                t = trainer(input_dtype=dtype, micro_batch=micro_batch)
                for x in (given, memoryview(given)):
                    self.refused("%r at index" % given[1], t.step, x, y)
                    self.assertEqual(t.steps, 0)
                small = given[:1]
                t.step(small, y[:1])
                t.step(memoryview(small), y[:1])
                self.assertEqual(t.steps, 2)

    def test_a_program_that_travelled(self):
        t = trainer(input_dtype="h")
        t.export("values.ember")
        r = runtime.load("values.ember")
        os.remove("values.ember")
        self.refused("40000 at index 0", r.step, array("H", [40000]), array("f", [0.0]))
        self.refused("40000 at index 0", r.predict, [40000])
        self.assertEqual(r.steps, 0)
        r.step(array("H", [30000]), [0.0])
        self.assertEqual(r.steps, 1)

    def test_targets(self):
        for dtype, value, _ in self.beyond():
            t = trainer(target_dtype=dtype)
            self.refused("y has %r at index 0; type %r" % (value, dtype), t.step, [[0.0]], [[value]])
            self.assertEqual(t.steps, 0)

    def test_metrics(self):
        for dtype, value, _ in self.beyond():
            m = metrics.MAE(1, target_dtype=dtype)
            m.update([1.0], [1])
            self.refused("target has %r at index 1; type %r" % (value, dtype), m.update, [0.0, 0.0], [1, value])
            self.assertEqual(m.compute(), 0.0)
        a = metrics.Accuracy(3, target_dtype="b")
        self.refused("label 257 at index 0", a.update, [1.0, 0.0, 0.0], [257])

    def test_a_recorded_function(self):
        f = ember.record(lambda x: ember.one_hot(x, 3), Tensor(bytes(4), dtype="B"))
        self.assertEqual(f([1, 2]).tolist(), [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        self.refused("input 0 has 257 at index 1; type 'B'", f, [1, 257])
        self.refused("input 0 has -1 at index 0", f, array("b", [-1]))
        self.refused("index 3 at position 0", f, bytes((3,)))

    def test_indices(self):
        table = Tensor([[1.0], [2.0], [3.0]])
        for value in (3, 256, 2**31, 2**32, 2**40, -4) + NO_NUMBERS:
            self.refused("index %r at position 1" % value, table.index_select, 0, [0, value])
            self.refused("index %r at position 1" % value, ember.embedding, [0, value], table)
        for value in (2**31, 2**32 - 1):  # never below zero
            self.refused("index %d at position 0" % value, table.index_select, 0, Tensor([value], dtype="I"))
            self.refused("label %d at index 0" % value, nn.CrossEntropyLoss(),
                         table.reshape(1, 3), Tensor([value], dtype="I"))  # fmt: skip

    def test_data(self):
        good = [([0, 1], 0)]
        data.write("values.bin", good, good, (2,), 2)
        for dtype, value, _ in self.beyond():
            self.refused("sample 0 has %r at index 1" % value, data.write, "values.bin", good, [([0, value], 0)], (2,),
                         2, dtype)  # fmt: skip
        for label in (2, -1, 256, 0.5):
            self.refused("label %r" % label, data.write, "values.bin", good + [([0, 1], label)], good, (2,), 2)
        self.assertTrue("values.bin.new" not in os.listdir("."))
        batches = data.Batches("values.bin", 4)
        batches.check()
        self.assertEqual([(bytes(x), bytes(y)) for x, y in batches], [(bytes((0, 1)), bytes(1))])
        batches.close()
        os.remove("values.bin")
        for dtype, low, high in LIMITS:  # what is made but once, and each type there and back
            data.write("values.bin", (s for s in [([low, high], 1)]), good, (2,), 2, dtype)
            batches = data.Batches("values.bin", 4)
            for x, y in batches:
                self.assertEqual((list(x), bytes(y)), ([low, high], bytes((1,))))
            batches.close()
            os.remove("values.bin")


class Scales(unittest.TestCase):
    def test_large_integers_are_rounded_to_nearest(self):
        t = Tensor([2**24 + 1, 2**24 + 3, 2**32 - 1, 2**31 + 129, 2**31 + 128], dtype="I")
        right = [2**24, 2**24 + 4, 2**32, 2**31 + 256, 2**31]
        self.assertEqual(nn.MSELoss(reduction="none")(Tensor([float(v) for v in right]), t).tolist(), [0.0] * 5)

    def test_by_channel(self):
        """Numbers that are exact: 0.5 x + 1, 0.25 x - 2, 2 x."""
        t = trainer((2, 3), input_dtype="H", input_scale=[0.5, 0.25, 2.0], input_offset=(1.0, -2.0, 0.0))
        plain = trainer((2, 3))
        x, y = array("H", [0, 4, 65535, 2, 40000, 1]), [[[0.0], [0.0]]]
        scaled = [1.0, -1.0, 131070.0, 2.0, 9998.0, 2.0]
        for v, w in zip(t.predict(x).elements(), plain.predict(array("f", scaled)).elements()):
            self.assertEqual(v, w)
        t.step(x, y)
        plain.step([[scaled[:3], scaled[3:]]], y)
        self.assertEqual(t.loss, plain.loss)


if __name__ == "__main__":
    unittest.main()
