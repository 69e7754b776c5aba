"""make demo, as a user sees it."""

import re
import subprocess
import sys

import pytest

from checkout import BUILD, ROOT


@pytest.mark.parametrize("model, least, board", [("mlp", 0.97, []), ("cnn", 0.98, []), ("mlp", 0.97, ["m4"])])
def test_the_demo_trains_saves_and_scores_again(model, least, board):
    command = [sys.executable, ROOT / "tools" / "demo.py", "--model", model] + ["--board"] * len(board) + board
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    name = "-".join([model, *board])
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    accuracies = [line for line in lines if line.startswith("test accuracy")]
    assert len(accuracies) == 2 and accuracies[0] == accuracies[1] == lines[-1]
    assert re.fullmatch(r"test accuracy 0\.9\d\d\d", lines[-1])
    assert float(lines[-1].split()[-1]) >= least
    for said in ("memory plan", "gradients", "lower bound", "heap bytes allocated per step: 0", "µs a step",
                 "s left",
                 "saved model: build/demo/%s.ckpt" % name, "loss curve: build/demo/%s.png" % name):  # fmt: skip
        assert said in done.stdout
    assert (BUILD / "demo" / (name + ".png")).read_bytes()[:4] == b"\x89PNG"
    log = (BUILD / "demo" / (name + ".csv")).read_text().splitlines()
    assert log[0] == "epoch,step,loss,accuracy" and len(log) > 15
