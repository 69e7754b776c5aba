"""The VM in a firmware for the RP2040, where a ROM that takes subnormals for 0 is wrapped around the compiler's floats:
linked as MicroPython's port links, beside such a ROM, the VM has its own arithmetic. Run on an emulated Cortex-M0."""

import re
import subprocess

import numpy as np
import pytest

from checkout import BUILD, ROOT
from ember.instructions import isa
from programs import FUNCTIONS, Memory, instruction

VM = ROOT / "firmware" / "vm"
# What MicroPython's port wraps of the compiler's functions. fadd it defines itself, over the ROM's (libm_extra.c).
PORT = BUILD / "micropython" / "ports" / "rp2" / "CMakeLists.txt"
WRAPPED = re.findall(r"pico_wrap_function\(\w+ (__aeabi_\w+)\)", PORT.read_text())
CORE = ["-mthumb", "-mcpu=cortex-m0"]

# Flash and RAM of the micro:bit that QEMU has, and a ROM that takes subnormals for 0.
LINKER = """
ENTRY(start)
SECTIONS {
    .text 0 : { KEEP(*(.vectors)) *(.text*) *(.rodata*) }
    .data 0x20000000 : { *(.data*) *(COMMON) *(.bss*) }
    /DISCARD/ : { *(.ARM.*) }
}
"""
MAIN = """
#include "vm.h"
void start(void);
__attribute__((section(".vectors"), used)) static const uintptr_t vectors[] = { 0x20004000, (uintptr_t)start };

typedef union { float f; uint32_t u; } number;
static float flushed(float x) {
    number n = { .f = x };
    n.u = n.u & 0x7F800000 ? n.u : n.u & 0x80000000;
    return n.f;
}
#define ARITHMETIC(name) float __real___aeabi_##name(float, float); float __wrap___aeabi_##name(float a, float b) { \\
    return flushed(__real___aeabi_##name(flushed(a), flushed(b))); }
#define COMPARED(name) int __real___aeabi_##name(float, float); int __wrap___aeabi_##name(float a, float b) { \\
    return __real___aeabi_##name(flushed(a), flushed(b)); }
ARITHMETIC(fsub) ARITHMETIC(fmul) ARITHMETIC(fdiv)
float __aeabi_fadd(float a, float b) {
    number n = { .f = flushed(b) };
    n.u ^= 0x80000000;
    return flushed(__real___aeabi_fsub(flushed(a), n.f));
}
COMPARED(fcmpeq) COMPARED(fcmplt) COMPARED(fcmple) COMPARED(fcmpge) COMPARED(fcmpgt) COMPARED(fcmpun)
float __real___aeabi_i2f(int); float __wrap___aeabi_i2f(int a) { return __real___aeabi_i2f(a); }
float __real___aeabi_ui2f(unsigned); float __wrap___aeabi_ui2f(unsigned a) { return __real___aeabi_ui2f(a); }
int __real___aeabi_f2iz(float); int __wrap___aeabi_f2iz(float a) { return __real___aeabi_f2iz(flushed(a)); }

@DATA@

static void say(const char *text) {
    register int operation __asm__("r0") = 4;
    register const char *given __asm__("r1") = text;
    __asm__ volatile ("bkpt 0xab" : "+r" (operation) : "r" (given) : "memory");
}

static void say_number(uint32_t n) {
    static char text[10] = "01234567\\n";
    for (int k = 7; k >= 0; k--, n >>= 4) {
        text[k] = "0123456789abcdef"[n & 15];
    }
    say(text);
}

void *memset(void *to, int value, size_t bytes) {
    for (volatile char *p = to; bytes--; ) {
        *p++ = (char)value;
    }
    return to;
}

void start(void) {
    static ember_vm vm;
    int32_t state[4] = { 0, 0, 0, 0 };
    int refusal = ember_open(&vm, program, sizeof(program) / 4, SEGMENTS);
    for (uint32_t k = 0; k < SEGMENTS && !refusal; k++) {
        refusal = ember_bind(&vm, k, segments[k], sizes[k], types[k], true);
    }
    if (refusal || ember_check(&vm, state, 4) || ember_run(&vm, state, -1) != EMBER_FINISHED) {
        say("refused\\n");
    }
    for (uint32_t k = 0; k < sizeof(s0) / 4; k++) {
        say_number(s0[k]);
    }
    register int operation __asm__("r0") = 0x18;
    register int reason __asm__("r1") = 0x20026;
    __asm__ volatile ("bkpt 0xab" : : "r" (operation), "r" (reason));
    for (;;) {
    }
}
"""
OPERATIONS = {"mul": np.multiply, "div": np.divide, "add": np.add, "sub": np.subtract, "maximum": np.maximum}
EDGES = np.array([1e-38, -1e-38, 1e-40, -3e-45, 1.4e-45, 1.1754942e-38, 1.1754944e-38, 0.0, 2e-38, 0.1, -7.5, 1e20,
                  1e-20, 3e38], np.float32)  # fmt: skip


def compiled(folder, name, *options):
    text = (VM / "micropython.cmake").read_text()
    flags = re.search(r'ember_vm\.c PROPERTIES COMPILE_OPTIONS\s+"(.*?)"', text).group(1).split(";")
    path = folder / (name + ".o")
    command = ["arm-none-eabi-gcc", *CORE, *flags, *options, "-c", str(VM / "ember_vm.c"), "-o", str(path)]
    subprocess.run(command, check=True)
    return path


def wanted(path):
    """The names that an object takes from elsewhere."""
    done = subprocess.run(["arm-none-eabi-nm", "--undefined-only", path], capture_output=True, text=True, check=True)
    return {line.split()[-1] for line in done.stdout.splitlines()}


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pico")
    return {"pico": compiled(folder, "pico", "-DPICO_RP2040=1"), "plain": compiled(folder, "plain")}


def test_no_wrapped_name_is_wanted(objects):
    assert wanted(objects["pico"]) & set(WRAPPED) == set()
    used = {name for name in wanted(objects["plain"]) if name in WRAPPED}
    assert used > {"__aeabi_fmul", "__aeabi_fsub", "__aeabi_fcmplt"}
    real = {name[7:] for name in wanted(objects["pico"]) if name.startswith("__real_")}
    assert used <= real <= set(WRAPPED), "what is not wrapped has no such name"
    floats = {name for name in wanted(objects["pico"]) if re.match(r"__aeabi_(c?f|d|u?[il]2)", name)}
    assert floats == set(), "of floats nothing is left that is another's"


def program():
    """Every pair of EDGES under every operation: what VM and NumPy are given, and where results lie."""
    a, b = (np.array(x, np.float32).ravel() for x in np.meshgrid(EDGES, EDGES))
    memory, words, results = Memory(), [], []
    a_at, b_at = (memory.put(isa.CONSTANTS, x) for x in (a, b))
    for name in OPERATIONS:
        results.append(memory.put(isa.ARENA, np.zeros(len(a))))
        words += instruction("map", fn=FUNCTIONS.index(name), into=0, n=len(a), a_step=1, b_step=1, d=results[-1],
                             a=a_at, b=b_at)  # fmt: skip
    return memory, memory.program(words), results, a, b


def ran(folder, vm):
    """The words of the arena, from the Cortex-M0."""
    memory, words, _, _, _ = program()
    lines = ["static const int32_t program[] = { %s };" % ", ".join(map(str, words))]
    for k, segment in enumerate(memory.buffers):
        # What the program does not write stays in flash.
        kind = "" if k in (isa.ARENA, isa.INTS) else "const "
        numbers = ", ".join("0x%x" % n for n in np.frombuffer(segment.tobytes(), np.uint32))
        lines.append("static %suint32_t s%d[] = { %s };" % (kind, k, numbers))
    count = range(len(memory.buffers))
    lines.append("enum { SEGMENTS = %d };" % len(count))
    lines.append("static void *const segments[] = { %s };" % ", ".join("(void *)s%d" % k for k in count))
    lines.append("static const size_t sizes[] = { %s };" % ", ".join("sizeof(s%d)" % k for k in count))
    lines.append("static const char types[] = { %s };" % ", ".join("'%s'" % s.typecode for s in memory.buffers))
    (folder / "main.c").write_text(MAIN.replace("@DATA@", "\n".join(lines)))
    (folder / "flash.ld").write_text(LINKER)
    elf = folder / "firmware.elf"
    wraps = ["-Wl,--wrap=" + name for name in WRAPPED]
    subprocess.run(["arm-none-eabi-gcc", *CORE, "-O1", "-std=gnu99", "-nostdlib", "-I", VM, "-T", folder / "flash.ld",
                    "-DPICO_RP2040=1", *wraps, "-o", elf, folder / "main.c", vm, VM / "rp2040.c", "-lgcc"],
                   check=True)  # fmt: skip
    done = subprocess.run(["qemu-system-arm", "-M", "microbit", "-nographic", "-monitor", "none", "-serial", "none",
                           "-semihosting-config", "enable=on,target=native", "-kernel", elf],
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    said = (done.stdout + done.stderr).split()
    assert "refused" not in said
    return np.array([int(word, 16) for word in said], np.uint32)


def wrong(arena):
    """(operation, a, b, result) of what is not NumPy's to the bit."""
    _, _, results, a, b = program()
    found = []
    for (name, operation), at in zip(OPERATIONS.items(), results):
        with np.errstate(all="ignore"):
            expected = operation(a, b)
        result = arena[at & 0xFFFFFF :][: len(a)].view(np.float32)
        equal = (result.view(np.uint32) == expected.view(np.uint32)) | (np.isnan(result) & np.isnan(expected))
        if name == "maximum":
            equal |= (result == 0) & (expected == 0)  # of two zeros either
        found += [(name, a[k], b[k], result[k]) for k in np.flatnonzero(~equal)]
    return found


def test_subnormals_are_kept_where_others_floats_are_wrapped(objects, tmp_path):
    assert wrong(ran(tmp_path, objects["pico"])) == []


def test_without_it_they_would_not_be(objects, tmp_path):
    found = wrong(ran(tmp_path, objects["plain"]))
    assert ("mul", np.float32(1e-38), np.float32(0.1), np.float32(0)) in found
    assert {name for name, *_ in found} >= {"mul", "div", "add", "sub"}
