"""What changes after a program was recorded, or comes to be within it: it works as in PyTorch, or an error says what to
do. On CPython and under MicroPython."""

import pytest

import ember
import op_cases
from checkout import ROOT, run_micropython
from ember import Tensor, nn, vm

SCRIPT = ROOT / "host_tests" / "device" / "changed.py"
SAID = {
    "a_layer_made_within_a_function": "ValueError: a Parameter of shape (3,) was made by what is recorded",
    "a_norm_made_within_a_function": "ValueError: a Buffer of shape (3,) was made by what is recorded",
    "a_leaf_made_within_a_function": "ValueError: a Tensor of shape (3,) requires a gradient",
    "a_layer_that_is_kept": "True",
    "a_layer_made_within_a_model": "ValueError: a Parameter of shape (3, 1) was made by what is recorded",
    "a_norm_made_within_a_model": "ValueError: a buffer of shape (3,) belongs to no module of the model: keep",
    "a_parameter_that_is_frozen_later": "RuntimeError: a parameter of shape (1, 1) was frozen after this Trainer",
    "a_parameter_that_is_frozen_later_and_accumulates": "RuntimeError: a parameter of shape (1, 1) was frozen after",
    "a_parameter_that_is_frozen_and_a_step_in_slices": "RuntimeError: a parameter of shape (1, 1) was frozen after",
    "a_parameter_that_is_unfrozen_later": "RuntimeError: a parameter of shape (1,) was unfrozen after this Trainer",
    "a_parameter_that_is_frozen_and_unfrozen": "None",
    "a_parameter_of_a_function_that_is_frozen_later": "RuntimeError: a parameter of shape (3, 1) was frozen after",
    "a_parameter_of_a_function_that_is_unfrozen_later": "RuntimeError: a parameter of shape (3, 1) was unfrozen",
    "a_tensor_where_a_parameter_was": "TypeError: Linear(in_features=1, out_features=1, bias=True).weight is a",
    "another_parameter_where_one_was": "RuntimeError: a parameter of the model was replaced after this was made",
    "another_parameter_where_one_was_and_saved": "RuntimeError: a parameter of the model was replaced after this was",
    "another_parameter_where_one_was_and_loaded": "RuntimeError: a parameter of the model was replaced after this was",
    "another_parameter_where_one_was_and_exported": "RuntimeError: a parameter of the model was replaced after this",
    "saved_after_a_newer_trainer_was_made": "RuntimeError: the parameters have moved into the arena of a newer Trainer",
    "no_parameter_where_one_was": "RuntimeError: a parameter of the model was replaced after this was made",
    "another_parameter_before_a_trainer_is_made": "True",
    "changed_in_place": "True",
    "changed_in_place_in_a_trainer": "True",
    "changed_in_place_with_a_function": "True",
    "a_buffer_changed_in_place": "True",
    "a_frozen_parameter_changed_in_place": "True",
    "changed_in_place_where_gradients_are": "RuntimeError: x[...] = value: x is a parameter, or a leaf that requires a",
    "changed_in_place_while_recording": "RuntimeError: x[...] = value: x is a parameter, or a leaf that requires a",
}


def said(text):
    return dict(line.split(" -> ", 1) for line in text.splitlines())


def test_under_micropython(micropython):
    check(said(micropython(SCRIPT)))


@pytest.mark.parametrize("machine", op_cases.vms())
def test_on_cpython(machine, capsys):
    vm.select(machine)
    try:
        exec(compile(SCRIPT.read_text(), str(SCRIPT), "exec"), {"__name__": "__main__"})
    finally:
        vm.select()
    check(said(capsys.readouterr().out))


def check(found):
    assert set(found) == set(SAID)
    for name, text in SAID.items():
        assert found[name].startswith(text), name


def test_multiplying_in_place_is_refused_where_it_can_be():
    """MicroPython makes p = p * x of p *= x, and asks nobody."""
    p = nn.Linear(1, 1).weight
    for change in ("p *= 2.0", "p /= 2.0"):
        with ember.no_grad(), pytest.raises(RuntimeError, match=r"write p\[\.\.\.\] = p \* x"):
            exec(change, {"p": p})


def test_a_teacher_outside_of_the_model_is_a_constant():
    """Its parameters were there before: their values are taken, as ever."""
    teacher, model = nn.Linear(2, 1), nn.Linear(2, 1)
    trainer = ember.Trainer(model, lambda y, t: ((y - t - teacher(Tensor([[1.0, 2.0]]))) ** 2).mean(),
                            ember.optim.SGD(model.parameters(), lr=0.1), input_shape=(2,), batch_size=1)  # fmt: skip
    before = teacher.weight.tolist()
    for _ in range(60):
        trainer.step([[1.0, 2.0]], [[0.0]])
    assert trainer.loss < 1e-6 and teacher.weight.tolist() == before
    assert model(Tensor([[1.0, 2.0]])).item() == pytest.approx(teacher(Tensor([[1.0, 2.0]])).item(), abs=1e-3)


def test_stock_micropython_does_not_ask_about_multiplying():
    """So the page says. Should it ever, the page is to change."""
    out = run_micropython("unix", "import ember\nfrom ember import nn\np = q = nn.Linear(1, 1).weight\n"
                          "with ember.no_grad():\n    p *= 2.0\nprint(p is q)")  # fmt: skip
    assert out == "False\n"
