"""The examples on real data: each records, trains and is measured; how the data is packed; what the tools print. Long
runs are `make examples`."""

import io
import math
import sys
import zipfile

import numpy as np
import pytest

import ember
from checkout import ROOT
from ember import data, vm
from op_cases import vms

sys.path += [str(ROOT / "tools"), str(ROOT / "lib" / "examples")]

import real  # noqa: E402

import example  # noqa: E402
import get_data  # noqa: E402
import plot  # noqa: E402

SHAPES = {"digits": (8, 8, 1), "basic": (100, 6), "japanese": (30, 12), "mnist": (28, 28, 1), "daphnet": (64, 9)}
CLASSES = {"digits": 10, "basic": 4, "japanese": 9, "mnist": 10, "daphnet": 6}


@pytest.fixture(autouse=True)
def machine():
    vm.select(vms()[0])
    yield
    vm.select()


@pytest.fixture
def packed(tmp_path):
    """pack(kind): a small file of noise in the shape of that data."""

    def pack(kind):
        rng = np.random.default_rng(0)
        size = math.prod(SHAPES[kind])
        samples = [(rng.integers(-999, 999, size).tolist(), k % CLASSES[kind]) for k in range(12)]
        path = str(tmp_path / "noise.bin")
        data.write(path, samples, samples[:10], SHAPES[kind], CLASSES[kind], "h", 0.001)
        return path

    return pack


@pytest.mark.parametrize("name", sorted(real.EXAMPLES))
def test_an_example_trains_and_says_what_the_table_needs(name, packed, tmp_path, monkeypatch, capsys):
    model, optimizer, batch_size, _ = real.EXAMPLES[name]()
    ember.manual_seed(5)
    before = [p.tolist() for p in real.EXAMPLES[name]()[0].parameters()]
    monkeypatch.setitem(real.EXAMPLES, name, lambda: (model, optimizer, batch_size, 1))
    log = tmp_path / "log.csv"
    real.main(name, packed(name.split("-")[0]), 5, str(log), False)
    samples, parameters, size, epochs, measure, value = example.FIGURES.search(capsys.readouterr().out).groups()
    assert (samples, epochs, measure) == ("12", "1", "AUROC" if "auto" in name else "accuracy")
    assert int(parameters) == sum(p.numel() for p in model.parameters()) and int(size) > 16 * int(parameters)
    assert 0 <= float(value) <= 1
    assert all(p.tolist() != start for p, start in zip(model.parameters(), before))
    rows, logged, measured = plot.read(log)
    assert logged == measure and measured == [(math.ceil(12 / batch_size), pytest.approx(float(value), abs=1e-4))]


def test_an_example_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="NAME is 'mnist'; it may be one of .*mnist-cnn"):
        real.main("mnist", "none.bin", 1, "none.csv", False)


def test_examples_are_the_same_in_the_tool_and_on_the_page():
    assert set(example.EXAMPLES) == set(real.EXAMPLES)
    for mark, head, want in (("figures", example.HEAD, list(example.EXAMPLES)),
                             ("anomalies", example.KINDS_HEAD, list(real.Autoencoder.kinds))):  # fmt: skip
        table = example.PAGE.read_text().split(example.BEGIN % mark)[1].split(example.END % mark)[0]
        assert table.startswith(head)
        assert [line.split("|")[1].strip() for line in table.splitlines()[2:]] == want


def test_the_measure_of_anomalies_is_the_area_for_each_kind(tmp_path):
    """Samples of one number, which the model gives back as the score."""
    scores = {0: [0.1, 0.5, 0.9], 1: [1.1, 1.5], 2: [0.05, 0.7]}
    samples = [([score], kind) for kind in scores for score in scores[kind]]
    path = str(tmp_path / "scores.bin")
    data.write(path, samples, samples, (1,), 3, "f")

    class Given:
        def predict(self, x):
            return x

    measure = real.Anomalies(path, ("one", "two"))
    want = [np.mean([[(a > b) + (a == b) / 2 for a in scores[kind]] for b in scores[0]]) for kind in (1, 2)]
    assert measure(Given()) == pytest.approx(np.mean(want))
    assert [area.compute() for area in measure.areas] == pytest.approx(want)


# --- Data


def test_a_short_sequence_is_padded_in_front():
    assert get_data.in_front([1.0, 2.0, 3.0, 4.0], (3, 2)) == [0.0, 0.0, 1.0, 2.0, 3.0, 4.0]
    assert get_data.in_front([1.0, 2.0], (1, 2)) == [1.0, 2.0]
    for values in ([1.0] * 8, [1.0] * 3):
        with pytest.raises(ValueError, match=r"a sequence of %d values; shape \(3, 2\) holds" % len(values)):
            get_data.in_front(values, (3, 2))


def test_a_line_of_a_ts_file_is_a_sample():
    text = "#said\n@data\n1,2,3:4,5,6:walk\n7:8:run\n"
    assert get_data.sequences(text) == [([1, 4, 2, 5, 3, 6], "walk"), ([7, 8], "run")]


def test_what_was_sensed_is_packed_with_one_scale(tmp_path, monkeypatch):
    monkeypatch.setattr(get_data, "OUT", tmp_path)
    monkeypatch.setattr(get_data, "ROOT", tmp_path)
    get_data.keep_sensed("few", [([1.0, -4.0], 0)], [([2.0, 0.5], 1)], (2, 1), 2)
    batches = data.Batches(str(tmp_path / "few.bin"), 1)
    (x, y), *_ = batches
    assert list(x) == [round(32767 / 4), -32767] and list(y) == [0]
    assert batches.scale == pytest.approx(4 / 32767)


def recording(seconds=110):
    """As aeon's file: time, nine channels in mg, a label; each channel its own number plus the time's."""
    lines = ["time,a,b,c,d,e,f,g,h,i,is_anomaly"]
    for k in range(seconds * 64):
        lines.append("t,%s,0" % ",".join("%d" % (1000 * c + k % 2 + k // 64 % 2 * 5) for c in range(9)))
    return "\n".join(lines)


def test_daphnet_learns_from_walking_alone_and_keeps_what_it_is_tested_on_apart(monkeypatch):
    def wheel(name):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as package:
            package.writestr("aeon/datasets/data/Daphnet_S06R02E0/S06R02E0.csv", recording())
        return zipfile.ZipFile(file)

    monkeypatch.setattr(get_data, "wheel", wheel)
    train, test = get_data.daphnet()
    assert {label for _, label in train} == {0}
    kinds = [label for _, label in test]
    assert (
        kinds.count(0)
        == kinds.count(2)
        == kinds.count(3)
        == kinds.count(4)
        == kinds.count(5)
        == (30 * 32 - 64) // 8 + 1
    )
    assert kinds.count(1) == (20 * 32 - 64) // 8 + 1 and max(kinds) == len(get_data.KINDS) - 1
    assert len(train) == (56 * 32 - 64) // 8 + 1
    for values, _ in train + test:
        assert len(values) == 64 * 9
    assert train[0][0][:9] == pytest.approx([c + 0.0005 for c in range(9)])  # a mean of two readings, in g
    walked = [values for values, label in test if label == 0][-1]
    turned, backwards = test[-2][0], test[-1][0]
    assert turned[:3] == pytest.approx([1.0005, -0.0005, 2.0005])
    assert backwards == [v for row in np.reshape(walked, (64, 9))[::-1] for v in row]


def window():
    rng = np.random.default_rng(1)
    return rng.normal(1, 0.5, (64, 9))


def test_what_is_made_up_is_what_it_says():
    w = window()
    rows = w.tolist()
    for number in (0, 1, 2, 3):
        stuck = np.array(get_data.stick(rows, number))
        first = number % 3 * 3
        assert np.all(stuck[:, first : first + 3] == w[0, first : first + 3])
        rest = [c for c in range(9) if not first <= c < first + 3]
        assert np.array_equal(stuck[:, rest], w[:, rest])
    turned = np.array(get_data.turn(rows))
    assert np.allclose(np.hypot(turned[:, 0], turned[:, 1]), np.hypot(w[:, 0], w[:, 1]))
    assert np.array_equal(turned[:, 2:], w[:, 2:]) and not np.allclose(turned[:, :2], w[:, :2])


@pytest.mark.parametrize("number", [0, 1, 7, 100])
def test_trembling_is_at_3_to_8_hertz_and_of_the_legs(number):
    w = window()
    made = np.array(get_data.tremble(w.tolist(), number, 32))
    left = made - w.mean(0) - (w - w.mean(0)) / 10
    assert np.allclose(left[:, 6:], 0)
    power = np.abs(np.fft.rfft(left[:, 0], 1024))
    assert 2.5 <= np.fft.rfftfreq(1024, 1 / 32)[power.argmax()] <= 8.5
    assert 0.09 <= np.abs(left[:, :6]).max() <= 0.3


# --- The tools


@pytest.mark.parametrize("arguments, said", [
    (["mnist-cnn", "--seeds", "0"], "--seeds is 0; it may be from 1"),
    (["mnist-cnn", "--write"], "--write goes with --all"),
    (["mnist"], "invalid choice"),
    ([], "required"),
])  # fmt: skip
def test_the_tool_refuses(arguments, said, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["example.py", *arguments])
    with pytest.raises(SystemExit):
        example.main()
    assert said in capsys.readouterr().err


def test_the_table_is_written_between_its_marks(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("before\n" + example.BEGIN % "some" + "old\n" + example.END % "some" + "after\n")
    monkeypatch.setattr(example, "PAGE", page)
    example.write("some", "new\n")
    assert page.read_text() == "before\n" + example.BEGIN % "some" + "new\n" + example.END % "some" + "after\n"


@pytest.mark.parametrize("second, mean, reached", [("0.9400", "0.9200", False), ("1.0000", "0.9500", False),
                                                   ("1.0000", "0.9900", True)])  # fmt: skip
def test_below_what_was_promised_fails(second, mean, reached, monkeypatch, capsys):
    found = iter(["%.4f" % (2 * float(mean) - float(second)), second])

    def train(name, seed, log):
        log.write_text("epoch,step,loss,accuracy\n1,2,0.5,0.9\n")
        return ("10", "20", "3000", "4", "accuracy", next(found)), []

    monkeypatch.setattr(example, "OUT", ROOT / "build" / "examples" / "test")
    monkeypatch.setattr(example, "train", train)
    row, _, good = example.run("mnist-cnn", 2)
    least = "%.4f" % (2 * float(mean) - float(second))
    assert row.startswith("| mnist-cnn | 10 | 20 | 3,000 | 4 | accuracy | %s | %s |" % (mean, least))
    assert good == reached and "it is to reach 0.970" in capsys.readouterr().out


def test_kinds_of_anomalies_are_averaged_over_the_runs():
    said = "before training, AUROC of stuck: %s, within 0.0100\nafter training, AUROC of stuck: %s, within 0.0010\n"
    found = example.KIND.findall(said % ("0.5000", "0.9000")) + example.KIND.findall(said % ("0.6000", "0.8000"))
    assert example.table_of_kinds(found) == example.KINDS_HEAD + "| stuck | 0.5500 | 0.8500 |\n"


def test_a_curve_as_text(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("epoch,step,loss,AUROC\n1,2,0.5,0.5\n2,4,0.4,0.75\n3,6,0.3,1.0\n")
    assert plot.line(log) == "0.5000 ▁▄█ 1.0000"
    log.write_text("epoch,step,loss,accuracy\n1,2,0.5,0.5\n")
    assert plot.line(log) == "0.5000 █ 0.5000"
    log.write_text("epoch,step,loss,accuracy\n")
    with pytest.raises(ValueError, match="no lines to draw"):
        plot.line(log)
