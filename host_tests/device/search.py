"""Trains with L-BFGS and prints the SHA-256 of the weights, as bits.py does of what a Trainer trains. Its steps are
Python's too, so this is of the interpreter's floats as well.

import search; search.main("digits.bin")
"""

import hashlib
from array import array

import ember
from ember import nn, optim
from ember.data import Batches

STEPS = 8


def main(data):
    ember.manual_seed(7)
    model, criterion = nn.Linear(8, 10), nn.CrossEntropyLoss()
    optimizer = optim.LBFGS(model.parameters(), max_iter=5, history_size=3, line_search_fn="strong_wolfe")

    def run(x, y):
        loss = criterion(model(x.reshape(-1, 8, 8).mean(1)), y)
        loss.backward()
        return tuple([loss] + [p.grad for p in model.parameters()])

    function = ember.record(run, (16, 64), ember.Tensor(bytes(16), dtype="B"))
    batches = Batches(data, 16, seed=7)
    x, steps = array("f", [0.0] * 1024), 0
    for pixels, y in batches:
        for i in range(1024):
            x[i] = pixels[i] / 16
        loss = optimizer.step(lambda y=y: function(x, y))
        steps += 1
        if steps == STEPS:
            break
    batches.close()
    h = hashlib.sha256()
    for p in model.parameters():
        h.update(p.elements())
    digest = "".join(["%02x" % b for b in h.digest()])
    print("digits linear, L-BFGS | %s | %.6f | %d bytes" % (digest, loss, function.plan.total()))
