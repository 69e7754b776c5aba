"""make microbit: a program that travelled trains, evaluates and saves in the 16 kB of a Cortex-M0, and comes to the
bits of wherever else it travelled."""

import importlib.util
import io
import os
import re
import shutil
import struct
import subprocess
import sys
import zlib

import pytest
from elftools.elf.elffile import ELFFile
from tools import microbit
from tools.board import BoardError

import targets
from checkout import BUILD, MICROPYTHON, ROOT
from ember.run import reader
from figures import are, numbers, rows

LEARN = ROOT / "firmware" / "microbit" / "learn.py"
PROGRAM = BUILD / "microbit" / "digits.ember"
RAM, FLASH, SAVED = (0x20000000, 0x20004000), (0, 0x3EC00), (0x3EC00, 0x40000)
MODEL = "digits MLP 64-16-10 that travelled"


@pytest.fixture(scope="module")
def said():
    try:
        return "\n".join(microbit.run(show=lambda text: None))
    except BoardError as error:
        pytest.fail("%s\n%s" % (error.output, error), pytrace=False)


def found(pattern, text, kind=int):
    return [kind(value) for value in re.findall(pattern, text)]


def weights(text):
    return found(r"weights ([0-9a-f]{64})", text, str)


def test_it_trains_saves_forgets_and_reads_back(said):
    trained, zeroed, read = found(r"test accuracy ([\d.]+)", said, float)
    assert trained >= 0.93 and zeroed < 0.2 and read == trained
    before, between, after = weights(said)
    assert before == after != between
    losses = found(r"epoch \d+: loss ([\d.]+)", said, float)
    assert len(losses) == 10 and losses == sorted(losses, reverse=True)
    ((head, parameters),) = re.findall(r"saved (\d+) bytes to flash, and (zeroed)", said)
    assert int(head) == 4 * 1210 + 4 and parameters == "zeroed"


# --- What it takes


@pytest.fixture(scope="module")
def elf():
    with open(microbit.FIRMWARE, "rb") as file:
        yield ELFFile(file)


def symbols(elf):
    return {symbol.name: symbol["st_value"] for symbol in elf.get_section_by_name(".symtab").iter_symbols()}


def within(place, first, size):
    return place[0] <= first and first + size <= place[1]


def test_it_fits_the_chip(elf, said):
    """Every byte that is loaded or used: 16 kB of RAM for data, stack and heap, and 251 kB of flash."""
    in_ram = {}
    for section in elf.iter_sections():
        if section["sh_flags"] & 2 and section["sh_size"]:
            first, size = section["sh_addr"], section["sh_size"]
            assert within(RAM, first, size) or within(FLASH, first, size), section.name
            if within(RAM, first, size):
                in_ram[section.name] = size
    assert set(in_ram) <= {".data", ".bss", ".stack", ".heap"} and sum(in_ram.values()) <= 16384
    for segment in elf.iter_segments("PT_LOAD"):
        if segment["p_filesz"]:
            assert within(FLASH, segment["p_paddr"], segment["p_filesz"])
    at = symbols(elf)
    assert (at["_ssaved"], at["_esaved"]) == SAVED
    assert at["_eheap"] - at["_sheap"] == in_ram[".heap"] and at["_estack"] - at["_sstack"] == in_ram[".stack"]
    assert microbit.sizes(microbit.FIRMWARE)[2:] == (in_ram[".stack"], in_ram[".heap"])
    # MicroPython's heap is that section, less its own table of blocks; the stack never came to its end.
    for size in found(r"heap: \d+ of (\d+)", said):
        assert 0.98 * in_ram[".heap"] < size < in_ram[".heap"]
    ((used, size),) = re.findall(r"stack: (\d+) of (\d+) bytes were used", said)
    assert int(size) == in_ram[".stack"] and 2000 < int(used) <= int(size) - 128
    assert min(found(r"heap: (\d+) of", said)) >= 1024


PAGE = (ROOT / "docs" / "boards.md").read_text().split("## In 16 kB")[1]


def test_its_page_is_current(said):
    found = microbit.figures(said)
    for start, figures in found.items():
        ((_, stated, _),) = rows(PAGE, "| " + start)
        are(numbers(figures), numbers(stated), "make microbit DOCS=1: " + start)
    assert len(rows(PAGE)) == 1 + len(found) + 1  # the head; instructions are counted below
    ((_, heap),) = set(re.findall(r"(heap): \d+ of (\d+)", said))
    assert "heap free, of {:,},".format(int(heap)) in PAGE
    assert "1,797 digits ({:,})".format(targets.DIGITS.stat().st_size) in PAGE


def test_its_figures_are_written(tmp_path, monkeypatch):
    page = tmp_path / "boards.md"
    page.write_text("| RAM, of 16,384: static | 1 | `make` |\n| RAM: stack; used | 2; 3 | `make` |\n")
    monkeypatch.setattr(microbit, "PAGE", page)
    microbit.write({"RAM: stack": "4; 5"})
    assert page.read_text() == "| RAM, of 16,384: static | 1 | `make` |\n| RAM: stack; used | 4; 5 | `make` |\n"
    with pytest.raises(BoardError, match="0 rows that begin with 'heap'"):
        microbit.write({"heap": "1"})


def test_the_machine_has_no_more():
    """QEMU's own account of it: MicroPython's board of that name asks for 256 kB of RAM."""
    assert microbit.MACHINE[1:3] == ["-machine", "microbit"] and "-global" not in microbit.MACHINE
    done = subprocess.run(["qemu-system-arm", *microbit.MACHINE[1:3], "-S", "-display", "none", "-monitor", "stdio"],
                          input="info mtree -f\nquit\n", capture_output=True, text=True, timeout=30)  # fmt: skip
    regions = set(re.findall(r"([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, (?:ram|romd)\): (\S+)", done.stdout))
    assert ("%016x" % RAM[0], "%016x" % (RAM[1] - 1), "nrf51.sram") in regions, done.stdout
    assert ("%016x" % 0, "%016x" % (SAVED[1] - 1), "nrf51_soc.flash") in regions, done.stdout


def test_no_gradient_has_memory():
    words = struct.unpack("<%di" % reader.HEAD, PROGRAM.read_bytes()[: 4 * reader.HEAD])
    assert words[reader.PARAMETERS : reader.STATE + 1] == (1210, 0, 0, 0)


def test_nothing_of_this_machine_is_in_it():
    assert str(ROOT).encode() not in microbit.FIRMWARE.read_bytes()
    assert str(ROOT).encode() not in PROGRAM.read_bytes()


# --- The same bits

SCRIPT = """
PROGRAM = %r
%s
from ember import runtime
assert runtime.vm.__name__ == "ember_vm"
digits, model = Digits(open("digits.bin", "rb")), runtime.load(PROGRAM)
train(model, digits, lambda epoch, loss: None)
print("weights %%s, test accuracy %%.4f" %% (digest(model), model.evaluate(digits.tests())[1]))
"""
BOARDS = ["m4"]  # the others in make test-long
LONG = [name for name in targets.TARGETS if name not in BOARDS and name not in targets.INTERPRETERS]
TRAVELLED = ["microbit", *targets.INTERPRETERS, *BOARDS, *(pytest.param(n, marks=pytest.mark.long) for n in LONG)]


@pytest.mark.parametrize("name", TRAVELLED)
def test_same_bits_after_travelling(name, said, tmp_path, record_property):
    """The SHA-256 of its weights after ten epochs."""
    there = said
    if name != "microbit":
        with targets.start(name, tmp_path) as run:
            ok, there = run(SCRIPT % (PROGRAM.read_bytes(), LEARN.read_text()))
            assert ok, there
    record_property("bits", {MODEL: weights(there)[0]})
    assert weights(there)[0] == weights(said)[0]
    assert found(r"test accuracy ([\d.]+)", there, str)[0] == found(r"test accuracy ([\d.]+)", said, str)[0]


# --- Another firmware, of which a few bytes differ: that the above can fail


def firmware(folder, **files):
    """The firmware with other contents of `program` or `digits`, of the same length."""
    data = bytearray(microbit.FIRMWARE.read_bytes())
    elf = ELFFile(io.BytesIO(bytes(data)))
    text = elf.get_section_by_name(".text")
    for name, content in files.items():
        at = symbols(elf)[name] - text["sh_addr"] + text["sh_offset"]
        size, place = struct.unpack_from("<II", data, at + 8)
        assert size == len(content)
        place += text["sh_offset"] - text["sh_addr"]
        data[place : place + size] = content
    path = folder / "firmware.elf"
    path.write_bytes(data)
    return path


def short():
    """digits.bin of 20 samples to train on and 5 to test on."""
    data = bytearray(targets.DIGITS.read_bytes())
    struct.pack_into("<II", data, 8, 20, 5)
    return bytes(data)


def here(program, digits):
    """What those weights are when they are trained in this process."""
    spec = importlib.util.spec_from_file_location("learn", LEARN)
    learn = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(learn)
    from ember import runtime

    model = runtime.load(program)
    learn.train(model, learn.Digits(io.BytesIO(digits)), lambda epoch, loss: None)
    return learn.digest(model)


def quiet(path, **options):
    return "\n".join(microbit.run(path, show=lambda text: None, **options))


def test_a_bit_in_the_program_shows(tmp_path):
    program, digits = PROGRAM.read_bytes(), short()
    whole = weights(quiet(firmware(tmp_path, digits=digits)))[0]
    assert whole == here(program, digits)
    changed = bytearray(program)
    changed[-400] ^= 1  # the lowest bit of a weight
    struct.pack_into("<I", changed, 4 * reader.CRC, zlib.crc32(changed[4 * reader.BATCH :]))
    other = weights(quiet(firmware(tmp_path, program=bytes(changed), digits=digits)))[0]
    assert other == here(bytes(changed), digits) != whole


def test_a_damaged_program_ends_it(tmp_path):
    changed = bytearray(PROGRAM.read_bytes())
    changed[-400] ^= 1
    with pytest.raises(BoardError, match="the micro:bit stopped with code 1") as raised:
        quiet(firmware(tmp_path, program=bytes(changed)))
    assert "ValueError" in raised.value.output and "its checksum does not fit" in raised.value.output


# --- Running it


def test_silence_ends_it(monkeypatch):
    """QEMU that never starts its processor, and is ended with the run."""
    started, popen = [], subprocess.Popen
    monkeypatch.setattr(microbit.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[0])
    with pytest.raises(BoardError, match="the micro:bit said nothing for 0.5 seconds"):
        quiet(microbit.FIRMWARE, patience=0.5, more=["-S"])
    assert started[0].returncode is not None


def command(*arguments):
    return subprocess.run([sys.executable, ROOT / "tools" / "microbit.py", *arguments], capture_output=True, text=True)


def test_the_command_passes_failure_on(tmp_path):
    done = command(tmp_path / "none.elf")
    assert done.returncode == 1 and "none.elf is not there: make microbit" in done.stderr
    changed = bytearray(PROGRAM.read_bytes())
    changed[100] ^= 1
    done = command(firmware(tmp_path, program=bytes(changed)))
    assert done.returncode == 1 and "its checksum does not fit" in done.stdout
    assert done.stderr == "the micro:bit stopped with code 1\n"
    (tmp_path / "text.elf").write_text("no firmware")
    done = command(tmp_path / "text.elf")
    assert done.returncode == 1 and "the micro:bit stopped with code -" in done.stderr  # QEMU itself gave up


def test_its_instructions_are_counted(tmp_path):
    """Under --icount, the same at every run."""
    path = firmware(tmp_path, digits=short())
    first, second = (command("--icount", path).stdout for _ in range(2))
    steps = found(r"(\d+) ns a step", first)
    ((_, stated, _),) = rows(PAGE, "| instructions a step")
    least, most = numbers(stated)
    assert first == second and 0.98 * least <= min(steps) and max(steps) <= 1.02 * most


def test_what_is_frozen_is_enough(tmp_path):
    """Those files alone."""
    shutil.copytree(BUILD / "microbit-library" / "ember", tmp_path / "ember")
    (tmp_path / "ember_vm.mpy").write_bytes((BUILD / "native" / "ember_vm.mpy").read_bytes())
    script = "from ember import runtime\nmodel = runtime.load(open(%r, 'rb').read())\nprint(model.fresh, runtime.put)"
    environment = dict(os.environ, MICROPYPATH=str(tmp_path))
    done = subprocess.run(
        [MICROPYTHON["unix-single"], "-c", script % str(PROGRAM)], env=environment, capture_output=True, text=True
    )
    assert done.stdout.startswith("True <function"), done.stderr
