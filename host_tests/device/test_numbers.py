"""What the arithmetic promises: IEEE's values at the edges, and functions within their bounds of the true value."""

import unittest
from array import array
from struct import unpack

from ember import Tensor, vm

INF = float("inf")


def bits(t):
    """The elements' bits; every NaN as one."""
    found = [unpack("<I", bytes(array("f", [v])))[0] for v in t.elements()]
    return [0x7FC00000 if b & 0x7FFFFFFF > 0x7F800000 else b for b in found]


def of_bits(*patterns):
    data = bytearray()
    for b in patterns:
        data += bytes((b & 255, b >> 8 & 255, b >> 16 & 255, b >> 24))
    return Tensor(array("f", bytes(data)), shape=(len(patterns),))


class Edges(unittest.TestCase):
    def test_subnormals_are_kept(self):
        small = of_bits(1, 0x007FFFFF, 0x80000001)
        self.assertEqual(bits(small * 1.0), [1, 0x007FFFFF, 0x80000001])
        self.assertEqual(bits(small + small), [2, 0x00FFFFFE, 0x80000002])

    def test_products_underflow_gradually(self):
        a, b = of_bits(0x0D800000, 0x00800000), of_bits(0x2B800000, 0x3F000000)  # 2^-100 2^-40, 2^-126 2^-1
        self.assertEqual(bits(a * b), [1 << 9, 1 << 22])

    def test_halves_round_to_even(self):
        one = of_bits(0x3F800000, 0x3F800001, 0x3F800003)
        half = of_bits(0x33800000, 0x33800000, 0x33800000)  # 2^-24: half a unit in the last place of 1
        self.assertEqual(bits(one + half), [0x3F800000, 0x3F800002, 0x3F800004])

    def test_a_product_is_rounded_before_it_is_added(self):
        """x = 1 + 2^-12: x * x rounds to 1 + 2^-11, which is taken away; a fused multiply-add would leave 2^-24."""
        x = of_bits(0x3F800800)
        left, right = of_bits(0xBF800000, 0x3F800800), of_bits(0x3F801000, 0x3F800800)
        left_over = (left.reshape(1, 2) @ right.reshape(2, 1)).item()
        self.assertAlmostEqual(left_over, 0.0, delta=0.0 if vm.name == "native" else 6e-8)
        self.assertEqual(bits(x * x), [0x3F801000])

    def test_infinities_and_nans(self):
        inf, nan, zero, one = 0x7F800000, 0x7FC00000, 0, 0x3F800000
        a, b = of_bits(inf, inf, zero, one, one, zero), of_bits(inf, zero, inf, inf, nan, zero)
        self.assertEqual(bits(a + b), [inf, inf, inf, inf, nan, 0])
        self.assertEqual(bits(a - b), [nan, inf, inf | 1 << 31, inf | 1 << 31, nan, 0])
        self.assertEqual(bits(a * b), [inf, nan, nan, inf, nan, 0])
        self.assertEqual(bits(a / b), [nan, inf, 0, 0, nan, nan])

    def test_overflow_is_infinite(self):
        big = of_bits(0x7F7FFFFF)
        self.assertEqual(bits(big + big) + bits(big * big) + bits(-big * big), [0x7F800000, 0x7F800000, 0xFF800000])

    def test_functions_at_their_ends(self):
        inf, nan = 0x7F800000, 0x7FC00000
        x = of_bits(0, 1 << 31, inf, inf | 1 << 31, nan, 0xBF800000)  # 0, -0, inf, -inf, NaN, -1
        self.assertEqual(bits(x.exp())[:5], [0x3F800000, 0x3F800000, inf, 0, nan])
        self.assertEqual(bits(x.log()), [inf | 1 << 31, inf | 1 << 31, inf, nan, nan, nan])
        self.assertEqual(bits(x.sqrt()), [0, 1 << 31, inf, nan, nan, nan])
        self.assertEqual(bits(x.tanh())[:5], [0, 1 << 31, 0x3F800000, 0xBF800000, nan])
        self.assertEqual(bits(x.sigmoid())[:5], [0x3F000000, 0x3F000000, 0x3F800000, 0, nan])
        self.assertEqual(bits(x.relu())[2:], [inf, 0, nan, 0])

    def test_square_roots_are_correctly_rounded(self):
        x = of_bits(0x40000000, 0x40400000, 0x3DCCCCCD, 1, 0x7F7FFFFF, 0x00800000)
        expected = [0x3FB504F3, 0x3FDDB3D7, 0x3EA1E89B, 0x1A3504F3, 0x5F7FFFFF, 0x20000000]
        self.assertEqual(bits(x.sqrt()), expected)


# x, exp x, log x, tanh x, 1 / (1 + exp -x): true values, to more digits than float32 has.
TRUE = (
    (0.0625, 1.0644944589178593, -2.772588722239781, 0.062418746747512514, 0.5156199157230157),
    (0.5, 1.6487212707001282, -0.6931471805599453, 0.46211715726000975, 0.6224593312018546),
    (0.96875, 2.6346490888156313, -0.0317486983145803, 0.7481544703297355, 0.7248702761768248),
    (1.0, 2.718281828459045, 0.0, 0.7615941559557649, 0.7310585786300049),
    (1.03125, 2.8045693562372267, 0.030771658666753687, 0.7744091874342136, 0.7371581626286834),
    (3.75, 42.52108200006278, 1.3217558399823195, 0.9988944427261528, 0.9770226300899744),
    (10.0, 22026.465794806718, 2.302585092994046, 0.9999999958776927, 0.9999546021312976),
    (80.0, 5.54062238439351e34, 4.382026634673881, 1.0, 1.0),
)


class Functions(unittest.TestCase):
    def near(self, tensor, column, ulps):
        for v, row in zip(tensor.elements(), TRUE):
            self.assertAlmostEqual(v, row[column], delta=abs(row[column]) * ulps * 1.2e-7, msg="at %r" % row[0])

    def test_they_are_near_the_true_values(self):
        x = Tensor([row[0] for row in TRUE])
        self.near(x.exp(), 1, 2)
        self.near(x.log(), 2, 2)
        self.near(x.tanh(), 3, 3)
        self.near(x.sigmoid(), 4, 4)

    def test_powers(self):
        x = Tensor([2.0, 3.0, 0.5, 10.0])
        for power, expected in ((2, (4.0, 9.0, 0.25, 100.0)), (-1, (0.5, 0.3333333333, 2.0, 0.1)),
                                (0.5, (1.414213562, 1.732050808, 0.7071067812, 3.16227766)),
                                (1.7, (3.249009585, 6.473007839, 0.3077861033, 50.11872336))):  # fmt: skip
            for v, e in zip((x**power).elements(), expected):
                self.assertAlmostEqual(v, e, delta=e * 4e-7)
