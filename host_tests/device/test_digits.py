"""Real handwritten digits, learned from scratch: digits.bin lies in the current folder."""

import unittest

import ember
from ember import nn, optim
from ember.data import Batches


class Digits(unittest.TestCase):
    def test_a_small_net_learns_them(self):
        ember.manual_seed(1)
        model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
        optimizer = optim.SGD(model.parameters(), lr=0.2, momentum=0.9, weight_decay=1e-3)
        train, test = Batches("digits.bin", 32, seed=1), Batches("digits.bin", 32, split="test")
        trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, input_shape=(64,), batch_size=32,
                                input_dtype="B", input_scale=train.scale)  # fmt: skip

        def slower(trainer):
            optimizer.lr *= 0.8

        trainer.fit(train, 12, callbacks=[slower])
        accuracy = trainer.evaluate(test)[1]
        train.close()
        test.close()
        self.assertTrue(accuracy >= 0.97, "accuracy %.4f" % accuracy)
