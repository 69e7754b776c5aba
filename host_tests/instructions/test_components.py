"""A VM that was built without a component: what it has gives the same bits, what it lacks is refused by name, and both
verifiers say so at the same word. Run as a script, it prints what the VM that EMBER_LIBRARY names does."""

import json
import os
import random
import subprocess
import sys
from array import array

import pytest

import kept
from breakage import mutate
from builds import digest, flags
from cases import CASES
from checkout import BUILD, run_micropython
from ember import vm
from ember.instructions import derived, needs, table
from ember.portable import explain, verify
from ember.portable import run as kernels
from ember_tools import library
from programs import FINISHED, NATIVE, ROOT, Memory, run

HERE = ROOT / "firmware" / "vm"
CORE, *OTHERS = table.COMPONENTS
BUILDS = {"core": [CORE], **{"without " + name: [k for k in table.COMPONENTS if k != name] for name in OTHERS}}
# The loops of processors with vectors, with an FPU, and without either.
LOOPS = {"core": "-O1", "core, scalars": "-O1 -DEMBER_PLAIN=4", "core, no FPU": "-Os -DEMBER_PLAIN=1"}
ALL = [*LOOPS, *list(BUILDS)[1:]]


def components_of(build):
    return BUILDS[build.split(",")[0]]


def mask(names):
    return sum(1 << table.COMPONENTS.index(name) for name in names)


def drawn():
    """(key, memory, program): each instruction alone, and several together, changed at random."""
    for name in CASES:
        for seed in range(12):
            r, m = random.Random("%s %d" % (name, seed)), Memory()
            yield "%s %d" % (name, seed), m, m.program(CASES[name](m, r))
    r = random.Random(5)
    for k in range(400):
        m = Memory(1, r.choice((1, 2, 5)))
        program = m.program(*(CASES[r.choice(list(CASES))](m, r) for _ in range(r.randint(1, 4))))
        yield "together %d" % k, m, program
        for j in range(5):
            yield "changed %d %d" % (k, j), None, mutate(program, r)


def everywhere():
    """What this VM makes of each: its verdict, and the bits where it has what the program needs."""
    found = {"components": NATIVE.components}
    for key, m, program in drawn():
        bits, verdict = "", NATIVE.verify(program)
        if m and not verdict:
            assert run(NATIVE, program, m.buffers)[0] == FINISHED
            bits = digest(m.buffers)
        found[key] = [verdict, bits]
    return found


@pytest.fixture(scope="module")
def ours():
    return everywhere()


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The environment in which a VM of a build is the native one."""
    made = {}

    def of(build):
        if build not in made:
            path = tmp_path_factory.mktemp("vm") / "libember.so"
            chosen = "-DEMBER_COMPONENTS=" + "+".join("EMBER_WITH_" + name for name in components_of(build))
            options = [*LOOPS.get(build, "-O1").split(), *flags(), "-Wall", "-Wextra", "-Werror", chosen]
            sources = [str(HERE / "ember_vm.c"), str(HERE / "host.c")]
            subprocess.run(["gcc", *options, "-shared", "-fPIC", "-o", str(path), *sources], check=True)
            places = [str(ROOT / folder) for folder in ("lib", "tools/host", "host_tests/support")]
            made[build] = dict(os.environ, EMBER_LIBRARY=str(path), PYTHONPATH=os.pathsep.join(places))
        return made[build]

    return of


def python(environment, *arguments):
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("build", ALL)
def test_bits_and_verdicts_of_a_build(build, ours, environment):
    theirs, there = json.loads(python(environment(build), __file__)), mask(components_of(build))
    assert theirs.keys() == ours.keys() and theirs["components"] == there
    kinds = set()
    for key, _, program in drawn():
        verdict, bits = theirs[key]
        assert verdict == verify.verify(program, there), (key, program.tolist())
        kinds.add(verdict >> 24)
        if verdict >> 24 != verify.ABSENT:
            assert [verdict, bits] == ours[key], key
        elif ours[key][0] == 0:
            lacked = set(needs.components(program)) - set(components_of(build))
            assert lacked and "was built without" in explain.explain(program, verdict)
    assert {0, verify.ABSENT} < kinds and len(kinds) > 8


def test_all_components_are_there_by_default(ours):
    assert ours["components"] == kernels.components == vm.components == derived.EVERY == mask(table.COMPONENTS)
    assert all(ours[key][0] >> 24 != verify.ABSENT for key in ours if key != "components")


def test_every_row_is_of_a_component_and_the_least_mlp_is_of_the_core():
    assert {row[-1] for row in table.TABLE + table.FUNCTIONS} == set(table.COMPONENTS)
    for opcode, row in enumerate(table.TABLE):
        assert needs.OPCODES[opcode] & 127 == table.COMPONENTS.index(row[-1])
        assert bool(needs.OPCODES[opcode] & 128) == (table.parse(opcode)[0][1] == "fn")


# --- What is said

MLP = """
import ember
from ember import nn, optim

def trainer(*more, features=6, shape=(6,)):
    ember.manual_seed(5)
    model = nn.Sequential(*more, nn.Linear(features, 5), nn.ReLU(), nn.Linear(5, 3))
    return ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), shape, 4)

def trained(t):
    for k in range(5):
        t.step([[(i * 5 + k) % 7 for i in range(6)]] * 4, [0, 1, 2, 1])
    return [round(t.loss * 1e6), t.predict([[1, 2, 3, 4, 5, 6]]).tolist(), t.evaluate([([[1] * 6] * 4, [0] * 4)])]
"""


def test_an_mlp_trains_on_the_core_alone(environment):
    script = MLP + "print(trained(trainer()), trained(trainer(nn.Dropout(0.2), nn.Tanh())))"
    script += "\nfrom ember.nn import init\nt = ember.zeros(4, 4)"
    script += "\nfor f in (init.kaiming_normal_, init.xavier_uniform_, init.trunc_normal_): f(t); print(t.tolist())"
    everything = dict(environment("core"))
    del everything["EMBER_LIBRARY"]
    assert python(environment("core"), "-c", script) == python(everything, "-c", script)


ON_A_BOARD = (
    MLP
    + """
import binascii, ember_vm
t = trainer(nn.Dropout(0.2), nn.Tanh())
trained(t)
print(ember_vm.components, binascii.crc32(memoryview(t.executor.segments[0])[: t.image.block(0)[1]]))
try:
    trainer(nn.MaxPool1d(2), nn.Flatten(), features=2, shape=(3, 2))
except ValueError as error:
    print(error)
"""
)


@pytest.mark.parametrize("components, optimize", [("core", "-O2"), ("index functions", "-Os")])
def test_a_module_under_micropython(components, optimize, environment, tmp_path):
    command = ["make", "-C", str(HERE), "natmod", "ARCH=x64", "OUT=%s" % tmp_path, "PYTHON=" + sys.executable]
    command += ["EMBER_COMPONENTS=" + components, "EMBER_VM_OPTIMIZE=" + optimize]
    subprocess.run([*command, "MPY_DIR=%s" % (BUILD / "micropython")], check=True, capture_output=True)
    script = "import sys\nsys.path.insert(0, %r)\n" % str(tmp_path) + ON_A_BOARD
    first, said = run_micropython("unix-single", script, native=False).splitlines()
    there, bits = first.split()
    assert int(there) == mask({"core", *components.split()})
    assert bits == python(environment("core"), "-c", ON_A_BOARD).splitlines()[0].split()[1]
    assert said.startswith("the program needs pooling, which this VM was built without: build it with COMPONENTS=")


@pytest.mark.parametrize("build, layers, wanted", [
    ("core", "nn.Conv1d(2, 4, 2), nn.MaxPool1d(2), nn.Flatten(), features=4, shape=(3, 2)", "convolution pooling"),
    ("without pooling", "nn.Conv1d(2, 4, 2), nn.MaxPool1d(2), nn.Flatten(), features=4, shape=(3, 2)", "pooling"),
    ("without normalization", "nn.LayerNorm(6)", "normalization"),
    ("core", "nn.GELU()", "functions"),
])  # fmt: skip
def test_a_trainer_and_a_file_name_what_lacks(build, layers, wanted, environment, tmp_path):
    path = tmp_path / "model.ember"
    made = MLP + "t = trainer(%s)\n" % layers
    everything = dict(environment(build))
    del everything["EMBER_LIBRARY"]
    python(everything, "-c", made + "t.export(%r)" % str(path))
    refused = "\ntry:\n    %s\nexcept ValueError as error:\n    print(error)\n"
    load = "from ember import runtime" + refused % ("runtime.load(%r)" % str(path))
    program, file = python(environment(build), "-c", MLP + refused % ("trainer(%s)" % layers) + load).splitlines()
    there = [name for name in table.COMPONENTS if name in components_of(build) + wanted.split()]
    said = 'needs %s, which this VM was built without: build it with COMPONENTS="%s", or deploy again' % (
        wanted.replace(" ", " and "), " ".join(there))  # fmt: skip
    assert program == "the program " + said and file == "%r %s" % (str(path), said)


def test_what_a_program_needs():
    for key, _, program in drawn():
        opcodes, functions = needs.used(program) if verify.verify(program) == 0 else (set(), set())
        expected = {table.TABLE[opcode][-1] for opcode in opcodes} | {table.FUNCTIONS[fn][-1] for fn in functions}
        if opcodes:
            assert set(needs.components(program)) == expected | {CORE}, key
            assert verify.verify(program, mask(needs.components(program))) == 0
        elif len(program) > 5 and verify.verify(program) >> 24 > verify.SECTION:
            needs.components(program)  # what is wrong with it may be anything


def test_what_a_program_needs_that_ends_in_the_middle_of_an_instruction():
    program = next(program for key, _, program in drawn() if key == "map 0")
    cut = program + array("i", [0])
    cut[1] += 1
    assert needs.used(cut) == needs.used(program) != (set(), set())


# --- The build


def make(*arguments):
    return subprocess.run(["make", "-n", "-C", str(HERE), *arguments], capture_output=True, text=True)


def test_the_tool_says_what_files_need(tmp_path):
    def said(*paths):
        command = [sys.executable, "-m", "ember_tools.components", *paths]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.stdout.strip() or done.stderr.strip()

    mlp, cnn = (sorted(kept.FOLDER.glob("*/%s.ember" % name))[0] for name in ("mlp", "cnn"))
    assert said(mlp) == 'COMPONENTS="core"'
    assert said(mlp, cnn) == 'COMPONENTS="core convolution normalization pooling"'
    assert said(__file__) == "%s is not a program that Ember exported" % __file__
    words = array("i", cnn.read_bytes())
    words[16 + 2] = 0  # its most rows
    (tmp_path / "damaged").write_bytes(bytes(words))
    assert said(tmp_path / "damaged").startswith("the program is refused: ")


def test_a_folder_a_variant():
    """As make names it."""
    for components, size in (([], False), (["pooling", "core", "convolution"], True), (["core"], False), ([], True)):
        chosen = ["COMPONENTS=" + " ".join(components), "OPTIMIZE=" + ("size" if size else "")]
        command = ["make", "-s", "-C", str(ROOT), "--eval", "show:\n\t@echo '$(VARIANT)'", "show", *chosen]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = library.module_file("armv7emsp", components, size).relative_to(library.NATIVE)
        assert str(found.parent).strip(".") == done.stdout.strip()


def test_make_knows_the_names(tmp_path):
    done = make("library", "OUT=%s" % tmp_path, "EMBER_COMPONENTS=pooling convolution pooling")
    assert " -DEMBER_COMPONENTS=EMBER_WITH_convolution+EMBER_WITH_core+EMBER_WITH_pooling " in done.stdout
    done = make("library", "OUT=%s" % tmp_path, "EMBER_COMPONENTS=convolutions")
    assert done.returncode == 2
    assert 'no component "convolutions"; there are: %s.' % " ".join(table.COMPONENTS) in done.stderr


def test_cmake_takes_the_same(tmp_path):
    (tmp_path / "main.c").write_text('#include "vm.h"\nint main(void) { return EMBER_COMPONENTS; }\n')
    (tmp_path / "CMakeLists.txt").write_text(
        """
cmake_minimum_required(VERSION 3.13)
project(firmware C)
add_library(usermod INTERFACE)
include(%s/micropython.cmake)
add_executable(firmware main.c)
target_include_directories(firmware PRIVATE %s)
target_compile_definitions(firmware PRIVATE $<TARGET_PROPERTY:usermod_ember_vm,INTERFACE_COMPILE_DEFINITIONS>)
"""
        % (HERE, HERE)
    )
    for chosen, there in ((None, derived.EVERY), ("", derived.EVERY), ("pooling core", mask(["core", "pooling"]))):
        build = tmp_path / ("build %s" % chosen)
        environment = {k: v for k, v in os.environ.items() if k != "EMBER_COMPONENTS"}
        environment.update({} if chosen is None else {"EMBER_COMPONENTS": chosen})
        subprocess.run(["cmake", "-S", tmp_path, "-B", build], env=environment, check=True, capture_output=True)
        subprocess.run(["cmake", "--build", build], check=True, capture_output=True)
        assert subprocess.run([build / "firmware"]).returncode == there % 256


SIZES = {"": (40000, 43863), "core": (19000, 21000), "core size": (16000, 18000)}


@pytest.mark.parametrize("build", SIZES)
def test_sizes_of_a_module(build, tmp_path):
    """armv7emsp, in bytes: of all components, no more than before any could be left out."""
    names = ["EMBER_COMPONENTS=core"] if build else []
    names += ["EMBER_VM_OPTIMIZE=-Os"] if "size" in build else []
    command = ["make", "-C", str(HERE), "natmod", "ARCH=armv7emsp", "OUT=%s" % tmp_path, "PYTHON=" + sys.executable]
    subprocess.run([*command, "MPY_DIR=%s" % (BUILD / "micropython"), *names], check=True, capture_output=True)
    least, most = SIZES[build]
    assert least < (tmp_path / "ember_vm_armv7emsp.mpy").stat().st_size <= most


if __name__ == "__main__":
    print(json.dumps(everywhere()))
