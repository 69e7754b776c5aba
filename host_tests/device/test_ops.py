"""Values and gradients of the operations: by hand, and by central differences in float32."""

import unittest

import ember
from ember import Tensor, nn

STEP = 1 / 32  # exact in float32


def smooth(*dims):
    """Values apart from each other and from 0, the same everywhere."""
    n = 1
    for d in dims:
        n *= d
    return Tensor([((i * 7 + 3) % (n + 1) - n / 2 + 0.25) / 4 for i in range(n)]).reshape(*dims).detach()


def positive(*dims):
    t = smooth(*dims)
    return (t * t + 0.5).detach()


def scalar(f, inputs):
    """A number that depends on every element of f's result."""
    out = f(*inputs)
    weight = Tensor([0.5 + (i * 5 % 7) / 8 for i in range(out.numel())], shape=out.shape)
    return (out * weight).sum()


class Gradients(unittest.TestCase):
    def check(self, f, *inputs):
        for t in inputs:
            t.requires_grad = True
        scalar(f, inputs).backward()
        for t in inputs:
            elements, gradient = t.elements(), t.grad.elements()
            for i in range(len(elements)):
                at = elements[i]
                elements[i] = at + STEP
                above = scalar(f, inputs).item()
                elements[i] = at - STEP
                below = scalar(f, inputs).item()
                elements[i] = at
                expected = (above - below) / (2 * STEP)
                self.assertAlmostEqual(gradient[i], expected, delta=4e-3 * (1 + abs(expected)), msg="element %d" % i)

    def test_sums_and_products(self):
        self.check(lambda a, b: a + b - a * b, smooth(3, 2), smooth(2))
        self.check(lambda a, b: 2 - a / b, smooth(2, 1), positive(1, 3))
        self.check(lambda a: -a * 0.5 + 3 / (a * a + 1), smooth(5))

    def test_a_tensor_used_again(self):
        self.check(lambda a: (a * a + a).tanh() * a, smooth(5))

    def test_functions(self):
        self.check(lambda a: a.exp() + a.tanh() * a.sigmoid(), smooth(5))
        self.check(lambda a: a.log() * a.sqrt() + a**1.5, positive(5))
        self.check(lambda a: a.relu(), smooth(7))

    def test_products_of_matrices(self):
        self.check(lambda a, b: a @ b, smooth(3, 4), smooth(4, 5))
        self.check(lambda a: a.T @ a, smooth(3, 2))

    def test_reductions(self):
        self.check(lambda a: a.sum(1) * a.mean(0).sum(), smooth(3, 3))
        self.check(lambda a: a.max(1), smooth(3, 4))

    def test_shapes(self):
        self.check(lambda a: a.permute(2, 0, 1).reshape(4, 3)[1:, :2], smooth(3, 2, 2))
        self.check(lambda a, b: ember.cat([a, b * 2, a], 1), smooth(2, 2), smooth(2, 1))

    def test_softmax(self):
        self.check(lambda a: a.softmax(-1), smooth(2, 4))
        self.check(lambda a: a.log_softmax(0), smooth(3, 2))

    def test_convolution_and_pooling(self):
        for arguments in ((2, 3, 2, 1, 1), (2, 2, 3, 2, 2)):
            layer = nn.Conv2d(*arguments)
            weight = smooth(*layer.weight.shape)
            self.check(convolved_by(layer), smooth(2, 4, 3, 2), weight)
        self.check(lambda x: nn.MaxPool2d(2)(x), smooth(1, 4, 4, 2))

    def test_losses(self):
        labels = Tensor([2, 0, 1], dtype="B")
        self.check(lambda a: nn.CrossEntropyLoss()(a, labels), smooth(3, 4))
        target = smooth(3, 2)
        self.check(lambda a: nn.MSELoss()(a * 1.5, target), smooth(3, 2))


def convolved_by(layer):
    def convolve(x, weight):
        object.__setattr__(layer, "weight", weight)  # which as a parameter is not replaced by a tensor
        return layer(x)

    return convolve


START = (-0.3156750202178955, 0.4532983899116516, 0.1469936966896057, 0.3682905435562134)


class Values(unittest.TestCase):
    def test_by_hand(self):
        x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        (x @ x).relu().sum().backward()
        self.assertEqual((x @ x).tolist(), [[7.0, 10.0], [15.0, 22.0]])
        self.assertEqual(x.grad.tolist(), [[7.0, 11.0], [9.0, 13.0]])

    def test_starting_values_come_from_the_seed_alone(self):
        """START was drawn by the generator written apart, in NumPy: host_tests/support/random_numbers.py."""
        ember.manual_seed(3)
        first = nn.Linear(4, 4).weight
        ember.manual_seed(3)
        self.assertEqual(first.tolist(), nn.Linear(4, 4).weight.tolist())
        for v, e in zip(first.elements(), START):
            self.assertAlmostEqual(v, e, delta=1e-7)
