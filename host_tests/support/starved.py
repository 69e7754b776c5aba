"""Allocations fail, one after the other, in what Ember does: each time a MemoryError comes, nothing is half done, and
what failed works when it is tried again. For build/unix-failing/micropython, which has the module failing:

    starved.py OPERATION FIRST STEP MANY FOLDER [seeded]

Of OPERATION the allocations FIRST, FIRST + STEP … fail, each with the MANY - 1 after it, until it comes to its end
without. Prints a line for each that leaves something half done, and how many were tried. seeded: what leaves a `with`
needs memory, as it once did.
"""

import gc
import hashlib
import os
import sys
from array import array

import failing

FOLDER = sys.argv[5] if len(sys.argv) > 5 else "."
X = [[0.25 * (i * 7 % 5) - 0.5 for i in range(j, j + 6)] for j in range(4)]
Y = [0, 2, 1, 2]


class Operation:
    """make() gives what act() changes; state() says how that is, and may use it up."""

    def make(self):
        return {}


def digest(*parts):
    found = hashlib.sha256()
    for part in parts:
        found.update(part if isinstance(part, (bytes, bytearray, memoryview)) else repr(part).encode())
    return found.digest()


def trainer(**options):
    import ember
    from ember import nn, optim

    ember.manual_seed(3)
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Dropout(0.2), nn.Linear(5, 3))
    return ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.05), (6,), 4, **options)


def learnt(t):
    """Of all that two further steps depend on."""
    steps = t.steps
    t.step(X, Y)
    t.step(X, Y)
    return digest(steps, t.loss, *[p.elements() for p in t.model.parameters()])


class Import(Operation):
    def make(self):
        for name in list(sys.modules):
            if name.split(".")[0] in ("ember", "ember_vm"):
                del sys.modules[name]
        return {}

    def act(self, there):
        import ember
        from ember import nn, optim

        there["all"] = ember.Trainer, nn.Linear, optim.Adam, ember.vm.name

    def state(self, there):
        return learnt(trainer()) if "all" in there else None


class Construct(Operation):
    def act(self, there):
        there["trainer"] = trainer()

    def state(self, there):
        return learnt(there["trainer"]) if "trainer" in there else None


class Budget(Construct):
    def act(self, there):
        there["trainer"] = trainer(micro_batch=3)


class First(Operation):
    """The first step of all."""

    def make(self):
        return trainer()

    def act(self, t):
        t.step(X, Y)

    def state(self, t):
        return learnt(t)


class Step(First):
    def make(self):
        t = trainer()
        t.step(X, Y)
        return t


class Accumulate(First):
    def make(self):
        t = trainer()
        t.accumulate(X, Y)
        return t

    def act(self, t):
        t.accumulate(X, Y)

    def state(self, t):
        t.update()
        return learnt(t)


class Score(Step):
    """What changes nothing."""

    def act(self, t):
        t.predict(X)
        t.evaluate([(X, Y)])


class Slices(Step):
    def act(self, t):
        if not t.step(X, Y, 100):
            while not t.poll(100):
                pass


class Save(Operation):
    PATH = FOLDER + "/starved.ckpt"

    def make(self):
        t = trainer()
        t.step(X, Y)
        t.save(self.PATH)
        t.step(X, Y)
        return t

    def act(self, t):
        t.save(self.PATH)

    def state(self, t):
        other = trainer()
        other.load(self.PATH)
        return learnt(other)


class Load(Step):
    PATH = FOLDER + "/starved.ckpt"

    def make(self):
        t = trainer()
        for _ in range(3):
            t.step(X, Y)
        t.save(self.PATH)
        t = trainer()
        t.step(X, Y)
        return t

    def act(self, t):
        t.load(self.PATH)

    def state(self, t):
        t.idle()  # what was to take the place of the state, takes it before anything else runs
        return learnt(t)


class Release(Operation):
    """Whatever left, it trains as before."""

    def make(self):
        t = trainer()
        t.step(X, Y)
        return t

    def act(self, t):
        t.release({})

    def state(self, t):
        x, y = array("f", [v for row in X for v in row]), bytes(Y)
        t.step(x, y)
        return digest(t.steps, t.loss)


class Compile(Operation):
    PATH = FOLDER + "/starved.ember"

    def make(self):
        import ember
        from ember import nn, optim

        with open(self.PATH, "wb") as file:
            file.write(b"what was there")
        ember.manual_seed(3)
        model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))
        return model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.05), (6,), 4

    def act(self, given):
        import ember

        ember.compile(*given, path=self.PATH)

    def state(self, given):
        with open(self.PATH, "rb") as file:
            return digest(file.read())


class Export(Compile):
    def make(self):
        with open(self.PATH, "wb") as file:
            file.write(b"what was there")
        t = trainer()
        t.step(X, Y)
        return t

    def act(self, t):
        t.export(self.PATH)


class Resume(Operation):
    """A program that travelled, with a checkpoint."""

    def make(self):
        t = trainer()
        t.export(FOLDER + "/starved.ember")
        t.step(X, Y)
        t.save(FOLDER + "/starved.ckpt")
        return {}

    def act(self, there):
        from ember import runtime

        model = runtime.load(FOLDER + "/starved.ember")
        model.load(FOLDER + "/starved.ckpt")
        there["model"] = model

    def state(self, there):
        if "model" not in there:
            return None
        model = there["model"]
        model.step(X, Y)
        return digest(model.steps, model.loss)


class Record(Operation):
    def act(self, there):
        import ember
        from ember import nn

        ember.manual_seed(3)
        layer = nn.Linear(3, 2)

        def run(x):
            loss = layer(x).tanh().sum()
            loss.backward()
            return loss, layer.weight.grad

        there["function"] = ember.record(run, (4, 3))

    def state(self, there):
        if "function" not in there:
            return None
        loss, grad = there["function"](array("f", [0.25 * i for i in range(12)]))
        return digest(repr(loss), repr(grad.tolist()))


OPERATIONS = {
    "import": Import, "construct": Construct, "budget": Budget, "first": First, "step": Step, "accumulate": Accumulate,
    "score": Score, "slices": Slices, "save": Save, "load": Load, "release": Release, "compile": Compile,
    "export": Export, "resume": Resume, "record": Record,
}  # fmt: skip


def usable():
    """The interpreter goes on."""
    gc.collect()
    there = {"%d" % i: [i] * 3 for i in range(20)}
    assert sum([found[0] for found in there.values()]) == 190


def sweep(operation, first, step, many):
    stop, at = failing.stop, failing.at
    before = operation.state(operation.make())
    thing = operation.make()
    operation.act(thing)
    after = operation.state(thing)
    assert after == operation.state(acted(operation)), "it does not do the same twice"
    n, again, tried = first, False, 0
    while True:
        thing = operation.make()
        gc.collect()
        raised = False
        at(n, many)
        try:
            operation.act(thing)
        except MemoryError:
            raised = True
        failed = stop()
        usable()
        how = "tried again" if raised and again else "raised" if raised else "returned"
        try:
            if raised and again:
                operation.act(thing)
            found = operation.state(thing)
        except Exception as error:
            found, how = error, "%s, then %r" % (how, error)
        if found != after and (how != "raised" or found != before):
            print("allocation %d: %s, half done" % (n, how))
        thing = None
        if not failed:
            return tried
        tried += 1
        if again:
            n += step
        again = not again


def acted(operation):
    thing = operation.make()
    operation.act(thing)
    return thing


def seed():
    from ember.tensors import tensor

    def leave(self, *error):
        tensor.grad_enabled = self.before

    tensor.no_grad.__exit__ = leave


def main():
    name, first, step, many = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    if sys.argv[6:]:
        seed()
    tried = sweep(OPERATIONS[name](), first, step, many)
    for left in os.listdir(FOLDER):
        if left not in ("starved.ckpt", "starved.ember"):
            print("%s is left" % left)
    print(tried)


main()
