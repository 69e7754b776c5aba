"""Real handwritten digits, learned from scratch: digits.bin lies in the current folder."""

import unittest

import ember
from ember import nn, optim
from ember.data import Batches


def learned():
    """(accuracy on digits never seen, the trainer)"""
    ember.manual_seed(3)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = optim.SGD(model.parameters(), lr=0.2, momentum=0.9, weight_decay=1e-3)
    train, test = Batches("digits.bin", 16, seed=3), Batches("digits.bin", 16, split="test")
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, input_shape=(64,), batch_size=16,
                            input_dtype="B", input_scale=train.scale)  # fmt: skip

    def slower(trainer):
        optimizer.lr *= 0.6

    trainer.fit(train, 6, callbacks=[slower])
    accuracy = trainer.evaluate(test)[1]
    train.close()
    test.close()
    return accuracy, trainer


class Digits(unittest.TestCase):
    def test_a_small_net_learns_them(self):
        accuracy = learned()[0]
        self.assertTrue(accuracy >= 0.97, "accuracy %.4f" % accuracy)
