"""Programs that travel: they train to the bits of the Trainer that exported them; what is damaged is refused."""

import os
import random
import struct
import subprocess
import sys
from array import array

import pytest

import ember
import travelling
from checkout import BUILD, MICROPYTHON, ROOT
from ember import nn, optim, runtime
from ember.instructions import isa
from ember.run import reader
from files import everything, mutated, sealed, words_of
from programs import instruction

FUZZ = BUILD / "native" / "fuzz"


@pytest.fixture(params=travelling.MODELS)
def trainer(request):
    return travelling.make(request.param)


def exported(trainer, tmp_path):
    path = str(tmp_path / "model.ember")
    assert trainer.export(path) == os.path.getsize(path)
    return path


def through(t, steps):
    for x, y in travelling.batches(t, steps):
        t.step(x, y)
    return everything(t)


def test_the_same_bits(trainer, tmp_path):
    model = runtime.load(exported(trainer, tmp_path))
    assert everything(model)[0] == everything(trainer)[0]
    assert through(model, 50) == through(trainer, 50)
    test = list(travelling.batches(trainer, 3))
    assert model.evaluate(test) == trainer.evaluate(test)
    x = test[0][0][: trainer.micro_batch * trainer.sample_size]
    assert list(model.predict(x)) == [v for row in trainer.predict(x).tolist() for v in row]
    out = array("f", bytes(4 * len(model.predict(x))))
    assert list(model.predict(x, out)) == list(model.predict(x)) and any(out)


@pytest.mark.parametrize("more", [{}, {"state_dtype": "bfloat16", "micro_batch": 3, "clip_norm": 0.5}])
@pytest.mark.parametrize("steps", [0, 2])
def test_an_average_of_the_weights_travels(tmp_path, steps, more):
    ember.manual_seed(5)
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (6,), 4, ema=0.5, **more)
    through(trainer, steps)
    there = runtime.load(exported(trainer, tmp_path))
    assert everything(there)[0] == everything(trainer)[0]
    assert through(there, 3) == through(trainer, 3)


def test_going_on_where_it_was_exported(trainer, tmp_path):
    through(trainer, 7)
    model = runtime.load(open(exported(trainer, tmp_path), "rb").read())
    assert through(model, 7) == through(trainer, 7)


def test_a_checkpoint_goes_both_ways(trainer, tmp_path):
    model = runtime.load(exported(trainer, tmp_path))
    expected = through(model, 5)
    model.save(str(tmp_path / "there"))
    trainer.load(str(tmp_path / "there"))
    assert everything(trainer)[0] == expected[0] and trainer.steps == 5
    trainer.save(str(tmp_path / "back"))
    other = runtime.load(exported(travelling.make("mlp"), tmp_path)) if trainer.sample_size != 6 else None
    model.load(str(tmp_path / "back"))
    assert through(model, 3)[0] == through(trainer, 3)[0] and model.loss == trainer.loss
    if other:
        with pytest.raises(ValueError, match="is of the optimizer|is of another model"):
            other.load(str(tmp_path / "back"))


def test_in_slices_and_in_parts(tmp_path):
    trainer = travelling.make("mlp")
    model = runtime.load(exported(trainer, tmp_path))
    for x, y in travelling.batches(trainer, 6):
        trainer.step(x, y)
        done = model.step(x, y, 1)
        while not done:
            done = model.poll(1)
    assert everything(model) == everything(trainer)
    for t in (trainer, model):
        for x, y in travelling.batches(t, 3):
            t.accumulate(x, y)
        t.update()
    assert everything(model) == everything(trainer)


def test_settings_have_names(tmp_path):
    trainer = travelling.make("mlp")
    model = runtime.load(exported(trainer, tmp_path))
    assert model.names.split("\n") == ["lr beta1 beta2 eps weight_decay", "0.weight 6 5", "0.bias 5",
                                       "3.weight 5 3", "3.bias 3", "* Adam"]  # fmt: skip
    model.lr = trainer.optimizer.lr = 0.25
    assert model.lr == 0.25 and through(model, 3) == through(trainer, 3)


def test_weights_that_are_read_where_they_lie(tmp_path):
    ember.manual_seed(5)
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    flash = bytes(array("f", [0.01 * i - 0.1 for i in range(30)]))
    model.layers[0].weight = ember.frombuffer(flash, (6, 5))
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), (6,), 4)
    data = open(exported(trainer, tmp_path), "rb").read()
    assert flash in data
    one, other = runtime.load(data), runtime.load(str(tmp_path / "model.ember"))
    odd = runtime.load(memoryview(b"\0" + data)[1:])  # where the VM reads no floats: they are copied
    assert isinstance(one.executor.segments[6], memoryview) and isinstance(odd.executor.segments[6], array)
    assert through(one, 5) == through(other, 5) == through(odd, 5) == through(trainer, 5)


# --- The command line


SCRIPT = """
import ember
from ember import nn, optim
ember.manual_seed(5)
model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Dropout(0.25), nn.Linear(5, 3))
%s = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01), (6,), 4)
"""


def compiled(path, *more):
    command = [sys.executable, "-m", "ember_tools", "compile", str(path), *more]
    return subprocess.run(command, capture_output=True, text=True, cwd=path.parent)


@pytest.mark.parametrize("more", ["", "def make(made=trainer):\n    return made\ndel trainer\n"])
def test_compile(tmp_path, file, more):
    script = tmp_path / "model.py"
    script.write_text(SCRIPT % "trainer" + more)
    done = compiled(script)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model.ember").read_bytes() == file
    assert "model.ember: %d bytes" % len(file) in done.stdout.replace("\n", "") and "memory plan" in done.stdout
    assert compiled(script, "--out", str(tmp_path / "other")).returncode == 0
    assert (tmp_path / "other").read_bytes() == file


def test_compile_says_what_is_wrong(tmp_path):
    script = tmp_path / "model.py"
    assert "no script %s" % script in compiled(script).stderr.replace("\n", "")
    script.write_text(SCRIPT % "other")
    done = compiled(script)
    assert done.returncode == 1 and "makes no Trainer" in done.stderr
    script.write_text(SCRIPT % "trainer")
    done = compiled(script, "--out", "/nowhere/model.ember")
    assert done.returncode == 1 and "cannot write '/nowhere/model.ember'" in done.stderr.replace("\n", "")


# --- What is refused


def test_what_cannot_travel(tmp_path):
    with pytest.raises(OSError, match="cannot write '/nowhere"):
        travelling.make("mlp").export("/nowhere/model.ember")
    with pytest.raises(OSError, match="no program '/nowhere"):
        runtime.load("/nowhere/model.ember")
    assert os.listdir(tmp_path) == []


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = exported(travelling.make("mlp"), tmp_path_factory.mktemp("file"))
    return open(path, "rb").read()


def refused(data, match):
    with pytest.raises(ValueError, match=match):
        runtime.load(data)


def test_truncated_at_every_length(file):
    assert sealed(words_of(file)) == file
    for n in range(len(file)):
        refused(file[:n], "is not a program that Ember exported|is truncated")
    refused(file + b"\0", "its checksum does not fit")


def test_a_bit_that_flipped(file):
    for k in range(len(file)):
        changed = bytearray(file)
        changed[k] ^= 1 << k % 8
        refused(
            bytes(changed), "is not a program|is of version|is for instruction table|is truncated|its checksum does"
        )


@pytest.mark.parametrize("at, value, match", [
    (0, 7, "is not a program that Ember exported"),
    (1, 1, "is of version 1; this Ember reads 2 to 3"),
    (1, 3, "its parts do not fit together"),
    (1, 4, "is of version 4; this Ember reads 2 to 3"),
    (reader.TABLE, 5, "is for instruction table 5; this VM has"),
    (reader.BATCH, 3, "its parts do not fit together"),
    (reader.CLASSES, -1, "its parts do not fit together"),
    (reader.RESULT, 1 << 24, "its parts do not fit together"),
    (reader.RESULT, -1, "its parts do not fit together"),
    (reader.RESULT_SIZE, 0, "its parts do not fit together"),
    (reader.RESULT_SIZE, 1 << 20, "its parts do not fit together"),
    (reader.PARAMETERS, 1000, "its parts do not fit together"),
    (reader.STATE, -5, "its parts do not fit together"),
    (reader.STATE_HERE, 1, "its parts do not fit together"),
    (reader.TEXT, 1 << 20, "its parts do not fit together"),
    (reader.HEAD, 0, "the VM refuses its program"),
    (reader.HEAD + 1, 4, "its program has 4 words"),
    (reader.HEAD + 1, 1 << 24, "its program has 16777216 words"),
    (reader.HEAD + 4, 6, "the VM refuses its program|do not fit together"),
    (reader.HEAD + 6, 1, "the VM refuses its program"),
])  # fmt: skip
def test_a_head_that_is_wrong(file, at, value, match):
    words = words_of(file)
    words[at] = value
    refused(sealed(words), match)


def test_names_that_lie(file):
    words = words_of(file)
    refused(sealed([*words[:-1], -1]), "the program is damaged")
    n = words[reader.TEXT]
    words[-n:] = struct.unpack("<%di" % n, (b"lr " * 200)[: 4 * n])
    model = runtime.load(sealed(words))
    model.lr = 0.25
    assert list(model.executor.segments[2]) == [0.25] * 5


def test_no_room(file, tmp_path):
    words = words_of(file)
    words[reader.HEAD + 6] += 1 << 20  # an arena of 4 MB
    path = tmp_path / "large.ember"
    path.write_bytes(sealed(words))
    environment = dict(os.environ, MICROPYPATH="%s:%s" % (ROOT / "lib", BUILD / "native"))
    script = "from ember import runtime\nruntime.load(%r)" % str(path)
    command = [str(MICROPYTHON["unix-single"]), "-X", "heapsize=1m", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert "MemoryError: the arena takes 41" in done.stderr and "bytes in one piece; of the heap" in done.stderr


def test_a_batch_that_does_not_fit(trainer, tmp_path):
    model = runtime.load(exported(trainer, tmp_path))
    x, y = next(travelling.batches(trainer, 2))
    before = everything(model)
    for bad in ((x[:-1], y), (x[:0], y[:0]), (x * 2, y * 2)):
        with pytest.raises(ValueError, match=r"x has \d+ elements.*; this program takes 1 to 4 samples of"):
            model.step(*bad)
    with pytest.raises(ValueError, match=r"y has \d+ elements; this program|x has 4 samples, y has 3"):
        model.step(x, y[:-1])
    if trainer.classes:
        with pytest.raises(ValueError, match="label 3 at index 0; it may be a whole number from 0 to 2"):
            model.step(x, array(trainer.target_dtype, [3] * len(y)))
    with pytest.raises(ValueError, match="x has 1 elements;"):
        model.predict(x[:1])
    with pytest.raises(ValueError, match="this program takes 1 to %d samples" % trainer.batch_size):
        model.predict(x * 2)
    first = x[: trainer.sample_size]
    for out, match in ((array("f", [0]), "out has 1 elements; 1 rows of"), (bytearray(64), "structures")):
        n = len(out)
        with pytest.raises(ValueError, match=match):
            model.predict(first, out)
        assert len(out) == n and not any(out)
    assert everything(model) == before
    model.step(x, y)


# --- What loading runs ends


def begins_by(file, *instructions):
    """The file with these in place of what begins a step: the section ZERO."""
    words = words_of(file)
    n = words[reader.HEAD + 1]
    code = words[reader.HEAD : reader.HEAD + n]
    ends = 5 + 3 * code[3]
    new = [word for instruction in instructions for word in instruction]
    body = code[: code[ends]] + new + code[code[ends + 1] :]
    more = len(body) - n
    body[1] += more
    for k in range(1, code[4]):
        body[ends + k] += more
    return sealed(words[: reader.HEAD] + body + words[reader.HEAD + n :])


def test_loading_ends(file):
    arena = words_of(file)[reader.HEAD + 5 + 3 * isa.ARENA + 1]
    ones, once = (
        dict(a0=0, a1=0, a2=0, a3=0, b0=0, b1=0, b2=0, b3=0, d0=0, d1=0, d2=0, d3=0, d=0, a=0, b=0),
        [
            instruction("map", fn=0, into=0, n=arena - 1, a_step=0, b_step=0, d=0, a=arena - 1, b=arena - 1),
            instruction("count", keep=0, add=0, n=1, counter=(isa.INTS << 24) + 3),
        ],
    )
    runtime.load(begins_by(file, *once))
    strided = [instruction("map_strided", fn=0, into=1, n0=1 << 15, n1=1 << 15, n2=1, n3=1 << 24, **ones)]
    twice = [once[0], once[0]]
    rows = [instruction("map", fn=0, into=0, n=-arena // 2, a_step=0, b_step=0, d=0, a=arena - 1, b=arena - 1)]
    for bad in (strided, strided * 100, twice, [*rows, *once]):
        data = begins_by(file, *bad)
        with pytest.raises(ValueError, match="what begins a step does not end soon|refuses its program"):
            runtime.load(data)


# --- Mutated files


@pytest.mark.parametrize("count", [1500, pytest.param(100000, marks=pytest.mark.long)])
def test_mutated_files_are_run_or_refused(file, count):
    dice, words, ran = random.Random(count), words_of(file), 0
    for _ in range(count):
        try:
            model = runtime.load(mutated(words, dice))
        except (ValueError, MemoryError):
            continue
        ran += 1
        try:
            for x, y in travelling.batches(model, 2):
                if len(x) > 1000 or len(y) > 1000:
                    break
                model.executor.run(0, 10000)
                model.executor.recover(-2)
        except ValueError:
            pass
    assert ran > count / 20


@pytest.mark.parametrize("count", [20000, pytest.param(1000000, marks=pytest.mark.long)])
def test_mutated_programs_under_the_sanitizers(tmp_path, count):
    subprocess.run(
        [sys.executable, ROOT / "host_tests" / "support" / "travelling.py", tmp_path], check=True, capture_output=True
    )
    files = sorted(tmp_path.glob("*.ember"))
    assert len(files) == len(travelling.MODELS)
    done = subprocess.run([FUZZ, str(count), str(count), *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split("accepted=")[1].split()[0]) > count / 20
