"""The README's code works when it is pasted."""

from conftest import ROOT, run_micropython


def blocks():
    parts = (ROOT / "README.md").read_text().split("```python\n")[1:]
    return [part.split("```")[0] for part in parts]


def test_the_fifteen_lines_train_and_save(tmp_path):
    code = blocks()[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 17
    code = code.replace('"digits.ckpt"', '"%s"' % (tmp_path / "digits.ckpt"))
    code += "\nprint('accuracy', trainer.evaluate(test)[1])"
    out = run_micropython("unix", code)
    assert "memory plan" in out
    assert float(out.split("accuracy")[-1]) >= 0.96
    assert (tmp_path / "digits.ckpt").stat().st_size > 4 * 2410


def test_the_eager_lines_print_the_gradient():
    assert run_micropython("unix", blocks()[1]).strip() == "[[7.0, 11.0], [9.0, 13.0]]"
