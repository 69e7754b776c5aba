"""What changes after a program was recorded, or comes to be within it: a line each, with what comes of it. Checked by
test_changed.py."""

from array import array

import ember
from ember import Buffer, Tensor, nn, optim

X, Y = array("f", [1.0]), array("f", [0.0])
THREE = array("f", [1.0] * 12)
cases = []


def case(fn):
    cases.append(fn)
    return fn


def trainer(model, width=1):
    loss, optimizer = nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1)
    return ember.Trainer(model, loss, optimizer, input_shape=(width,), batch_size=1)


def two():
    return nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))


@case
def a_layer_made_within_a_function():
    return ember.record(lambda x: nn.PReLU(3)(x), (4, 3))


@case
def a_norm_made_within_a_function():
    return ember.record(lambda x: nn.BatchNorm1d(3)(x), (4, 3))


@case
def a_leaf_made_within_a_function():
    def function(x):
        w = Tensor([1.0, 2.0, 3.0], requires_grad=True)
        (x * w).sum().backward()
        return w.grad

    return ember.record(function, (4, 3))


@case
def a_layer_that_is_kept():
    kept = []

    def function(x):
        if not kept:
            kept.append(nn.Linear(3, 1))
        return kept[0](x)

    y = ember.record(function, (4, 3))(THREE)
    return y.tolist() == kept[0](Tensor(THREE, (4, 3))).tolist()


class Within(nn.Module):
    def __init__(self, kind, *arguments):
        self.first, self.kind, self.arguments = nn.Linear(3, 3), kind, arguments

    def forward(self, x):
        return self.kind(*self.arguments)(self.first(x))


@case
def a_layer_made_within_a_model():
    return trainer(Within(nn.Linear, 3, 1), 3)


@case
def a_norm_made_within_a_model():
    return trainer(Within(nn.BatchNorm1d, 3), 3)


def frozen(use):
    """use(trainer), a parameter of which was frozen after a step."""
    model = two()
    t = trainer(model)
    t.step(X, Y)
    model.layers[0].weight.requires_grad = False
    return use(t)


@case
def a_parameter_that_is_frozen_later():
    return frozen(lambda t: t.step(X, Y))


@case
def a_parameter_that_is_frozen_later_and_accumulates():
    return frozen(lambda t: t.accumulate(X, Y))


@case
def a_parameter_that_is_frozen_and_a_step_in_slices():
    return frozen(lambda t: t.step(X, Y, budget_us=1000))


@case
def a_parameter_that_is_unfrozen_later():
    model = two()
    model.layers[1].bias.requires_grad = False
    t = trainer(model)
    t.step(X, Y)
    model.layers[1].bias.requires_grad = True
    return t.step(X, Y)


@case
def a_parameter_that_is_frozen_and_unfrozen():
    model = two()
    t = trainer(model)
    model.layers[0].weight.requires_grad = False
    model.layers[0].weight.requires_grad = True
    return t.step(X, Y)


def learning(model):
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def function(x):
        loss = model(x).sum()
        loss.backward()
        optimizer.step()
        return loss

    return ember.record(function, (4, 3))


@case
def a_parameter_of_a_function_that_is_frozen_later():
    model = nn.Linear(3, 1)
    f = learning(model)
    f(THREE)
    model.weight.requires_grad = False
    return f(THREE)


@case
def a_parameter_of_a_function_that_is_unfrozen_later():
    model = nn.Linear(3, 1)
    model.weight.requires_grad = False
    f = learning(model)
    f(THREE)
    model.weight.requires_grad = True
    return f(THREE)


@case
def a_tensor_where_a_parameter_was():
    nn.Linear(1, 1).weight = Tensor([[1.0]])


def other(use):
    """use(trainer), a parameter of which was replaced."""
    model = two()
    t = trainer(model)
    model.layers[0].weight = ember.Parameter((1, 1))
    return use(t)


@case
def another_parameter_where_one_was():
    return other(lambda t: t.step(X, Y))


@case
def another_parameter_where_one_was_and_saved():
    return other(lambda t: t.save("no.ckpt"))


@case
def another_parameter_where_one_was_and_loaded():
    return other(lambda t: t.load("no.ckpt"))


@case
def another_parameter_where_one_was_and_exported():
    return other(lambda t: t.export("no.ember"))


@case
def saved_after_a_newer_trainer_was_made():
    model = two()
    t = trainer(model)
    trainer(model)
    return t.save("no.ckpt")


@case
def no_parameter_where_one_was():
    model = nn.Linear(3, 1)
    f = learning(model)
    model.bias = None
    return f(THREE)


@case
def another_parameter_before_a_trainer_is_made():
    model = nn.Linear(1, 1)
    model.weight, model.bias = ember.Parameter((1, 1), 3.0, 3.0), None
    t = trainer(model)
    t.step(X, Y)
    return abs(model.weight.item() - (3.0 - 0.1 * 2 * 3.0)) < 1e-6


def changed(p):
    """p + 1 - 0.5, then times 2, all in its memory."""
    before, q = p.tolist(), p
    with ember.no_grad():
        p += 1.0
        p -= Tensor([0.5])
        p[...] = p * 2.0
    return q is p and max([abs(v - 2.0 * (w + 0.5)) for v, w in zip(p.tolist(), before)]) < 1e-5


@case
def changed_in_place():
    return changed(ember.Parameter((2,), 0.25, 0.25))


@case
def changed_in_place_in_a_trainer():
    model = nn.Linear(1, 1)
    t = trainer(model)
    if not changed(model.bias):
        return False
    with ember.no_grad():
        model.weight[...] = 0.0
    return t.predict(X).tolist() == [model.bias.tolist()]


@case
def changed_in_place_with_a_function():
    model = nn.Linear(3, 1)
    f = ember.record(lambda x: model(x), (4, 3))
    if not changed(model.bias):
        return False
    with ember.no_grad():
        model.weight[...] = 0.0
    return f(THREE).tolist() == [model.bias.tolist()] * 4


@case
def a_buffer_changed_in_place():
    class Shifted(nn.Module):
        def __init__(self):
            self.layer, self.shift = nn.Linear(1, 1), Buffer((1,))

        def forward(self, x):
            return self.layer(x) + self.shift

    model = Shifted()
    t = trainer(model)
    y = t.predict(X).item()
    model.shift += 1.0  # buffers need no no_grad()
    model.shift[0] = 2.0
    return abs(t.predict(X).item() - y - 2.0) < 1e-6


@case
def a_frozen_parameter_changed_in_place():
    model = nn.Linear(1, 1)
    model.bias.requires_grad = False
    t = trainer(model)
    y = t.predict(X).item()
    with ember.no_grad():
        model.bias += 2.0
    return abs(t.predict(X).item() - y - 2.0) < 1e-6


@case
def changed_in_place_where_gradients_are():
    p = ember.Parameter((2,))
    p -= 1.0


@case
def changed_in_place_while_recording():
    p = ember.Parameter((3,))

    def function(x):
        q = p
        with ember.no_grad():
            q -= 1.0
        return x + q

    return ember.record(function, (4, 3))


for fn in cases:
    try:
        outcome = str(fn())
    except Exception as error:
        outcome = "%s: %s" % (type(error).__name__, error)
    print(fn.__name__ + " -> " + outcome)
