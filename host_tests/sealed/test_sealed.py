"""Sealed files: what was sealed is read, here, on boards and by other programs; all else is refused."""

import io
import os
import struct
from array import array

import pytest

import ember
import sealed_cases as cases
from dying import Disk
from ember import nn, optim, runtime, sealed
from ember.run import files
from ember.sealed import container

SECRET = cases.SECRET
LENGTHS = (0, 1, 3, 455, 456, 457, 460, 951, 952, 953, 3000)


def key(secret=SECRET, **options):
    return sealed.Key(secret, **options)


def fixed(n):
    """Entropy of a test: the count keeps nonces apart."""
    return bytes(range(n))


def seal(plain, k=None, kind="program", step=100):
    file = io.BytesIO()
    with sealed.Writer(file, k or key(), kind) as out:
        for at in range(0, len(plain), step):
            out.write(plain[at : at + step])
    return file.getvalue()


def opened(data, k=None, kind="program"):
    with sealed.Reader(io.BytesIO(data), k or key(), kind, "'a.ember'") as plain:
        return plain.read()


def refused(data, k=None, kind="program", says="'a.ember'"):
    with pytest.raises(ValueError, match=says):
        opened(data, k, kind)


class Counter:
    """What a board keeps where nothing takes it back."""

    def __init__(self):
        self.kept = {}

    def __call__(self, kind, number=None):
        if number is not None:
            self.kept[kind] = number
        return self.kept.get(kind, 0)


# --- What was sealed is read


@pytest.mark.parametrize("kind", sealed.KINDS)
@pytest.mark.parametrize("n", LENGTHS)
def test_what_was_sealed_is_read(n, kind):
    data = seal(cases.text(n), kind=kind)
    assert opened(data, kind=kind) == cases.text(n)
    assert len(data) == 64 + n + 16 * max(1, -(-(n + 40) // 496))
    if n > 8:
        assert cases.text(n)[:8] not in data


@pytest.mark.parametrize("step", [1, 7, 127, 128, 129, 456, 5000])
def test_however_it_is_written(step):
    k = key(entropy=fixed)
    assert seal(cases.text(2000), k, step=step)[64:] != seal(cases.text(2000), k, step=5000)[64:]  # the count
    assert opened(seal(cases.text(2000), k, step=step), k) == cases.text(2000)


def test_it_is_read_as_a_file_is(tmp_path):
    text, dice = cases.text(3001), 1
    plain, file = sealed.Reader(io.BytesIO(seal(text)), key(), "program", "a"), io.BytesIO(text)
    assert plain.size == 3001
    for _ in range(500):
        dice = dice * 1103515245 + 12345 & 0x7FFFFFFF
        kind, n = dice >> 8 & 3, dice >> 10 & 1023
        if kind == 0:
            at = dice >> 12 & 4095
            assert plain.seek(at) == file.seek(at)
        elif kind == 1:
            assert plain.read(n) == file.read(n)
        else:
            code = "fBhd"[dice >> 20 & 3]
            here = array(code, bytes(n * array(code).itemsize))
            there = array(code, here)
            assert plain.readinto(here) == file.readinto(there)
            assert here.tobytes() == there.tobytes()
            if kind == 3 and n > 4:
                half, other = memoryview(here)[2 : n // 2], memoryview(there)[2 : n // 2]
                assert plain.readinto(half) == file.readinto(other) and here.tobytes() == there.tobytes()
        assert plain.tell() == file.tell()
    assert plain.seek(-5, 2) == file.seek(-5, 2) and plain.read() == file.read() and plain.read(4) == b""
    assert plain.seek(-7, 1) == file.seek(-7, 1)
    with pytest.raises(ValueError, match="seek to -1"):
        plain.seek(-1)


@pytest.mark.parametrize("code", "fBhid")
def test_arrays_are_written(code):
    numbers = array(code, [k % 100 for k in range(777)])
    file = io.BytesIO()
    with sealed.Writer(file, key(), "checkpoint") as out:
        assert out.write(b"head ") == 5
        assert out.write(numbers) == len(numbers.tobytes())
        assert out.write(memoryview(numbers)[3:90]) == 87 * numbers.itemsize
        assert out.write(b"") == 0
    expected = b"head " + numbers.tobytes() + numbers[3:90].tobytes()
    assert opened(file.getvalue(), kind="checkpoint") == expected
    with pytest.raises(ValueError, match="this container is closed"):
        out.write(b"more")


# --- By other programs


@pytest.mark.parametrize("which, data", cases.tinks().items(), ids=str)
def test_what_tink_sealed_is_read(which, data):
    n, kind, number = which
    with sealed.Reader(io.BytesIO(data), key(about=b"kitchen"), kind, "a") as plain:
        assert plain.read() == cases.text(n) and plain.number == number


@pytest.mark.parametrize("kind", sealed.KINDS)
@pytest.mark.parametrize("n", LENGTHS)
def test_as_another_implementation_has_it(n, kind):
    """With the same entropy and count to the bit."""
    counter = Counter()
    counter.kept[kind] = 0x123456789A
    data = seal(cases.text(n), key(entropy=fixed, counter=counter, about=b"shed"), kind)
    made = data[57:64]
    assert data == cases.seal(cases.text(n), SECRET, kind, 0x123456789B, fixed(32), made, b"shed")


# --- All else is refused


def survivors(attacks, k=None, kind="program"):
    """The names of those that were read."""
    found = []
    for name, data in attacks:
        try:
            opened(data, k, kind)
            found.append(name)
        except ValueError as error:
            assert "'a.ember'" in str(error)
    return found


def two(n=1500):
    """Two files of one key, alike but for their nonces and bytes."""
    k = key(entropy=fixed)
    return seal(cases.text(n), k), seal(cases.text(n)[::-1], k)


@pytest.mark.parametrize("n", [0, 20, 460])
def test_whatever_is_damaged_is_refused(n):
    assert survivors(cases.damaged(seal(cases.text(n)))) == []


@pytest.mark.parametrize("n", [456, 952, 1500])
def test_whatever_is_rearranged_is_refused(n):
    assert survivors(cases.rearranged(*two(n))) == []


def of_another_index(self, segment, last):
    self._iv[7:] = struct.pack(">IBI", 0, last, 0)


def without_an_end(self, segment, last):
    self._iv[7:] = struct.pack(">IBI", segment, 0, 0)


@pytest.mark.parametrize(
    "where, name, wrong, gets_by, attacks",
    [
        (container, "same", lambda a, b: True, "bit 0 of byte 84", cases.damaged),
        (container, "same", lambda a, b: a[:15] == b[:15], "bit 7 of byte 99", cases.damaged),
        (container._Segments, "_place", of_another_index, "segments 1 and 2 exchanged", cases.rearranged),
        (container._Segments, "_place", without_an_end, "without segment 3", cases.rearranged),
        (container, "hkdf", lambda secret, salt, info, n: (secret * 4)[:n], "bit 0 of byte 16", cases.damaged),
    ],
)
def test_a_seal_with_a_hole_is_found(monkeypatch, where, name, wrong, gets_by, attacks):
    """The attacks above can get by: here they do."""
    monkeypatch.setattr(where, name, wrong)
    assert gets_by in survivors(attacks(*two()) if attacks == cases.rearranged else attacks(seal(cases.text(20))))


def test_another_key():
    data = seal(cases.text(100))
    for other in (key(SECRET[:-1] + b"\0"), key(SECRET[:16]), key(SECRET + b"\0"), key(about=b"shed")):
        assert other.id != key().id
        refused(data, other, says="'a.ember' is sealed with another key, or about something else")
    # with the id made to fit
    for other in (key(SECRET[:-1] + b"\0"), key(about=b"shed")):
        refused(data[:8] + other.id + data[16:], other, says="'a.ember' is not authentic")


def test_another_kind():
    for kind in sealed.KINDS:
        data = seal(cases.text(100), kind=kind)
        for other in sealed.KINDS:
            if other != kind:
                refused(data, kind=other, says="'a.ember' is a sealed %s, not a %s" % (kind, other))
                changed = data[:5] + bytes([sealed.KINDS.index(other) + 1]) + data[6:]
                refused(changed, kind=other, says="'a.ember' is not authentic")
                refused(changed, kind=kind, says="'a.ember' is a sealed %s" % other)


def test_another_version():
    data = seal(cases.text(100))
    for version in (0, 2, 255):
        changed = data[:4] + bytes([version]) + data[5:]
        refused(changed, says="'a.ember' is sealed in version %d; this Ember opens version 1" % version)


def test_what_is_not_sealed():
    for data in (b"", b"EMB", b"EMB!" + bytes(200), b"EMBK" + bytes(200), b"EMBS" + bytes(200), cases.text(300)):
        refused(data, says="'a.ember' is not sealed")


def test_arguments_are_named():
    for secret, error, says in (
        ("a password, for once", TypeError, "secret is of type str"),
        (None, TypeError, "secret is of type NoneType"),
        (SECRET[:15], ValueError, "secret has 15 bytes"),
        (bytes(32), ValueError, "one over and over"),
        (b"", ValueError, "secret has 0 bytes"),
    ):
        with pytest.raises(error, match=says):
            sealed.Key(secret)
    with pytest.raises(TypeError, match="about is 'shed'; it may be bytes"):
        key(about="shed")
    for make in (lambda k, kind: sealed.Writer(io.BytesIO(), k, kind),
                 lambda k, kind: sealed.Reader(io.BytesIO(), k, kind, "a")):  # fmt: skip
        with pytest.raises(ValueError, match="kind is 'photo'; it may be one of program, checkpoint, package"):
            make(key(), "photo")
        with pytest.raises(TypeError, match="key is of type bytes; it may be a sealed.Key"):
            make(SECRET, "program")


# --- What is read is what was found authentic


class Fickle(io.BytesIO):
    """A file that from its n-th read on has other bytes."""

    def __init__(self, data, other, n):
        super().__init__(data)
        self.other, self.left = other, n

    def readinto(self, buffer):
        self.left -= 1
        if self.left < 0:
            at = self.tell()
            self.getbuffer()[:] = self.other
            self.seek(at)
        return super().readinto(buffer)


def test_a_file_that_changes_after_the_first_look():
    data, other = two()
    for changed in (other, *(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :] for at in range(64, len(data), 41))):
        for n in range(1, 10):  # of four segments: 1 for the head, 4 to look, 4 to read
            out = b""
            try:
                with sealed.Reader(Fickle(data, changed, n), key(entropy=fixed), "program", "'a.ember'") as plain:
                    for _ in range(20):
                        out += plain.read(100)
                assert out == cases.text(1500)
            except ValueError as error:
                assert "'a.ember' is not authentic" in str(error)
                assert cases.text(1500).startswith(out)  # what came before is what was sealed


def test_a_file_that_becomes_shorter_is_named():
    class Short(io.BytesIO):
        def readinto(self, buffer):
            return super().readinto(memoryview(buffer)[:-1]) if self.tell() > 600 else super().readinto(buffer)

    with pytest.raises(ValueError, match="a is truncated"):
        sealed.Reader(Short(seal(cases.text(1500))), key(), "program", "a")


# --- Older ones


def test_older_ones_are_refused():
    counter = Counter()
    k = key(counter=counter)
    first = seal(b"first", k)
    assert opened(first, k) == b"first" and counter.kept == {"program": 1}
    second = seal(b"second", k)
    assert opened(first, k) == b"first"  # until the second is accepted
    assert opened(second, k) == b"second" and counter.kept == {"program": 2}
    refused(first, k, says="'a.ember' is older than what was accepted: it has number 1, the counter is at 2")
    assert opened(second, k) == b"second"
    renumbered = first[:16] + struct.pack("<Q", 9) + first[24:]
    refused(renumbered, k, says="not authentic")
    refused(seal(b"by one who does not count"), k, says="number 0")
    assert opened(seal(b"of another kind", k, "package"), k, "package") and counter.kept["package"] == 1


def test_a_file_that_is_of_no_use_is_not_accepted():
    counter = Counter()
    k = key(counter=counter)
    data = seal(b"of another model", k)
    with pytest.raises(KeyError), sealed.Reader(io.BytesIO(data), k, "program", "a"):
        raise KeyError
    assert counter.kept == {}


def test_a_counter_that_does_not_count():
    for found in (-1, 1.0, None, 1 << 63):
        with pytest.raises(RuntimeError, match="counter.'program'. gave"):
            seal(b"a", key(counter=lambda kind, number=None, found=found: found))
    forgetful = key(counter=lambda kind, number=None: 0)
    with pytest.raises(RuntimeError, match=r"counter\('program', 1\) was not kept"):
        opened(seal(b"a", forgetful), forgetful)


# --- Nonces


def test_no_entropy_nothing_sealed(monkeypatch):
    def broken(n):
        raise OSError("generator failed")

    def wanted(says, **options):
        file = io.BytesIO()
        with pytest.raises(RuntimeError, match="no entropy for a nonce, so nothing is sealed: .*" + says):
            sealed.Writer(file, key(**options), "program")
        assert file.getvalue() == b""

    wanted("generator failed", entropy=broken)
    wanted("gave 31 bytes", entropy=lambda n: cases.text(n - 1))
    wanted("gave 0 bytes", entropy=lambda n: b"")
    for stuck in (0, 255):
        wanted("one over and over", entropy=lambda n, stuck=stuck: bytes([stuck]) * n)
    monkeypatch.setattr(os, "urandom", broken)
    wanted("generator failed")
    monkeypatch.delattr(os, "urandom")
    wanted("no os.urandom")


def test_a_nonce_comes_once():
    """By the count, even where entropy stays as it was since the start; by entropy, where a process was copied."""
    keys = [key(entropy=fixed), key(entropy=fixed), key()]
    found = [seal(b"", keys[k % 3])[25:64] for k in range(600)]
    assert len(set(found)) == 600
    assert len({nonce[:32] for nonce in found}) == 201
    streams = {seal(bytes(400), keys[k % 2])[64:464] for k in range(100)}
    assert len(streams) == 100


def test_keys_are_of_their_use():
    uses = [key(secret, about=about).of(use) for secret in (SECRET, SECRET[:31]) for about in (b"", b"a")
            for use in (*sealed.KINDS, "id")]  # fmt: skip
    assert len(set(uses)) == len(uses)


# --- Files that replace others, checkpoints


def model(seed=1):
    ember.manual_seed(seed)
    net = nn.Sequential(nn.Linear(8, 20), nn.Tanh(), nn.Linear(20, 3))
    return ember.Trainer(net, nn.CrossEntropyLoss(), optim.Adam(net.parameters()), (8,), 4)


def train(trainer, steps=3):
    for k in range(steps):
        trainer.step(array("f", [(i * 5 + k) % 7 / 3 for i in range(32)]), array("B", [0, 1, 2, k % 3]))
    kept = trainer.image.starts[3], trainer.image.block(3)[1]  # parameters, and the optimizer's state
    return trainer.executor.view(0, kept[0] // 2).tolist(), trainer.executor.view(*kept).tolist(), trainer.steps


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("sliced", [False, True])
def test_a_checkpoint(tmp_path, in_place, sliced):
    """As without a key; where memory is not in this heap by pieces too."""
    path, k = str(tmp_path / "a.ckpt"), key(counter=Counter())
    one, other = model(), model(2)
    one.executor.in_place = other.executor.in_place = in_place
    train(one)
    if sliced:
        done = one.save(k.at(path, "checkpoint"), budget_us=1)
        while not done:
            assert not os.path.exists(path) and k.accepted("checkpoint") == 0
            done = one.poll(1)
    else:
        assert one.save(k.at(path, "checkpoint")) == os.path.getsize(path)
    assert k.accepted("checkpoint") == 1 and os.listdir(tmp_path) == ["a.ckpt"]
    other.load(k.at(path, "checkpoint"))
    assert train(one) == train(other)
    weights = one.executor.view(0, 100).tobytes()
    content = open(path, "rb").read()
    assert not any(weights[at : at + 8] in content for at in range(0, 400, 8))


def test_a_program(tmp_path):
    """Exported under a key, and by the tool; loaded under it alone; on a raw device too."""
    plain, path, k = str(tmp_path / "m.ember"), str(tmp_path / "m.sealed"), key(counter=Counter())
    t = model()
    train(t)
    t.export(plain)
    assert t.export(k.at(path, "program")) == os.path.getsize(plain)
    (tmp_path / "tool.sealed").write_bytes(seal(open(plain, "rb").read()))
    slots = ember.Slots(Disk(bytearray(512 * 64), 512, False))
    t.export(slots)
    t.export(k.at(slots, "package"))
    expected = train(t)
    for source in (k.at(path, "program"), key().at(str(tmp_path / "tool.sealed"), "program"), k.at(slots, "package")):
        m = runtime.load(source)
        assert m.steps == 3 and train(m) == expected
    with pytest.raises(ValueError, match="is not a program that Ember exported"):
        runtime.load(path)
    with pytest.raises(ValueError, match="'%s'" % path):
        runtime.load(key(b"another secret, " * 2).at(path, "program"))


def test_errors_name_the_file(tmp_path):
    path, k, t = str(tmp_path / "a.ckpt"), key(), model()
    with pytest.raises(OSError, match="no checkpoint '%s'" % path):
        t.load(k.at(path, "checkpoint"))
    t.save(k.at(path, "checkpoint"))
    before = train(t)
    with pytest.raises(ValueError, match="'%s' is a sealed checkpoint, not a program" % path):
        t.load(k.at(path, "program"))
    with pytest.raises(ValueError, match="'%s' is not an Ember checkpoint" % path):
        t.load(path)
    with pytest.raises(ValueError, match="'%s' is of another model" % path):
        ember.manual_seed(1)
        net = nn.Sequential(nn.Linear(8, 20), nn.ReLU(), nn.Linear(20, 3))
        ember.Trainer(net, nn.CrossEntropyLoss(), optim.Adam(net.parameters()), (8,), 4).load(k.at(path, "checkpoint"))
    data = open(path, "rb").read()
    open(path, "wb").write(data[:-1])
    with pytest.raises(ValueError, match="'%s' is not authentic" % path):
        t.load(k.at(path, "checkpoint"))
    assert train(t) != before  # and it goes on


def put(what, file):
    file.write(what)


def test_what_could_not_be_sealed_leaves_the_old_one(tmp_path):
    path, counter = str(tmp_path / "a.ckpt"), Counter()
    k, t = key(counter=counter), model()
    t.save(k.at(path, "checkpoint"))
    before = open(path, "rb").read()

    def full(what, file):
        file.write(cases.text(3000))
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        k.at(path, "checkpoint").replace(full, None)
    with pytest.raises(RuntimeError, match="no entropy"):
        t.save(key(counter=counter, entropy=bytes).at(path, "checkpoint"))
    with pytest.raises(ZeroDivisionError):
        k.at(path, "checkpoint").replace(lambda what, file: 1 // 0, None)
    assert open(path, "rb").read() == before and counter.kept == {"checkpoint": 1}
    assert os.listdir(tmp_path) == ["a.ckpt"]


def test_a_power_cut(tmp_path):
    """Before the number is kept, both may be there; where the name is gone, what is whole beside is found."""
    path, counter = str(tmp_path / "a.ckpt"), Counter()
    k = key(counter=counter)
    file = k.at(path, "checkpoint")
    file.replace(put, b"first")
    kept = dict(counter.kept)
    file.replace(put, b"second")
    counter.kept = kept  # it was cut after the renaming
    with file.open() as plain:
        assert plain.read() == b"second"
    assert counter.kept == {"checkpoint": 2}
    os.rename(path, path + ".new")
    with file.open() as plain:
        assert plain.read() == b"second"
    data = open(path + ".new", "rb").read()
    open(path + ".new", "wb").write(data[:-1])
    with pytest.raises(OSError, match="no checkpoint"):
        file.open()
    files.replace(path, put, data)
    with file.open() as plain:
        assert plain.read() == b"second"


# --- On boards, and what they sealed here


BOARD = """
import gc, io
from binascii import hexlify, unhexlify
from array import array
from ember import sealed
secret, there = %r, %r
k = sealed.Key(secret, entropy=lambda n: bytes(range(n)), about=b"shed")
sealed.Writer(io.BytesIO(), k, "program")  # what it loads is there
text = bytes([(7 * i + 1500) %% 256 for i in range(1500)])
def live():
    gc.collect()
    return gc.mem_alloc()
file, before = io.BytesIO(1700), live()
with sealed.Writer(file, k, "checkpoint") as out:
    print(live() - before, end=" ")
    out.write(text[:100])
    out.write(array("f", range(25)))
    out.write(memoryview(text)[200:])
data = file.getvalue()
before = live()
with sealed.Reader(io.BytesIO(data), k, "checkpoint", "a") as plain:
    numbers = array("f", range(25))
    print(live() - before, plain.size, plain.read(100) == text[:100], plain.readinto(numbers), end=" ")
    print(bytes(numbers) == bytes(array("f", range(25))), plain.read() == text[200:])
print(hexlify(data).decode())
for name, wrong in ("bit", data[:700] + bytes([data[700] ^ 1]) + data[701:]), ("end", data[:1048]), ("kind", data):
    try:
        sealed.Reader(io.BytesIO(wrong), k, "program" if name == "kind" else "checkpoint", "a")
    except ValueError as error:
        print(error)
with sealed.Reader(io.BytesIO(unhexlify(there)), k, "package", "b") as plain:
    print(plain.read() == text, plain.number)
try:
    sealed.Writer(io.BytesIO(), sealed.Key(secret), "program")
except RuntimeError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["m4", "rv32"])
def test_boards_seal_and_open_the_same(started, name):
    there = seal(cases.text(1500), key(about=b"shed"), "package").hex()
    ok, output = started(name)(BOARD % (SECRET, there))
    assert ok, output
    first, data, *said = output.splitlines()
    writer, reader, rest = first.split(" ", 2)
    assert rest == "1500 True 100 True True"
    assert 640 < int(writer) <= 2048 and 640 < int(reader) <= 2048
    text = cases.text(1500)
    plain = text[:100] + array("f", range(25)).tobytes() + text[200:]
    made = bytes.fromhex(data)
    assert made == cases.seal(plain, SECRET, "checkpoint", 0, fixed(32), struct.pack(">Q", 2)[1:], b"shed")
    assert opened(made, key(about=b"shed"), "checkpoint") == plain
    assert said == [
        "a is not authentic: damaged, or changed",
        "a is not authentic: damaged, or changed",
        "a is a sealed checkpoint, not a program",
        "True 0",
        "no entropy for a nonce, so nothing is sealed: this firmware has no os.urandom. Give Key(secret, entropy=f), "
        "where f(n) returns n bytes that came at no other start",
    ]


def test_a_firmware_without_aes_seals_nothing(micropython):
    said = micropython(
        "import io\nfrom ember import sealed\nfile = io.BytesIO()\n"
        "try:\n    sealed.Writer(file, sealed.Key(%r), 'program')\nexcept RuntimeError as error:\n    print(error)\n"
        "print(file.getvalue())" % SECRET
    )
    assert said.startswith("no AES here, so nothing is sealed or opened: ") and said.endswith("\nb''\n")


def test_it_loads_when_it_is_used(micropython):
    said = micropython("import sys, ember\nprint('ember.sealed' in sys.modules)\nember.sealed\n"
                       "print(sorted(m for m in sys.modules if m[:5] == 'ember'))")  # fmt: skip
    names = ["ember", "ember.base", "ember.base.homes", "ember.sealed"]
    assert said == "False\n%r\n" % [*names, *("ember.sealed." + name for name in ("container", "key", "suite"))]
