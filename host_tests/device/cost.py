"""Counts what the VM's instructions and training steps take, in steps of whatever clock it is given.

    import cost; cost.kernels_counted(start, passed); cost.steps_counted(start, passed, "digits.bin")

`start()` -> a mark on the clock, `passed(mark)` -> how far it moved since. host_tests/bench/board_cost.py has both for
each board. Prints a tuple a line: what, shape, products, clock steps, how often it was run.
"""

from array import array

import bits

import ember_vm

try:
    from ember import instructions_table as table  # as a board has it
except (ImportError, AttributeError):
    from ember.instructions import table

ARENA = 1 << 14
STEPS = 10
# So many products of each kernel are measured.
WORK = 200000

# What a matmul multiplies: batch, inputs, outputs.
MATMULS = ((32, 64, 32), (1, 64, 32))
# What a convolution does: images, their side, channels, filters; 3 by 3, stride 1, 1 pixel of padding.
CONVOLUTIONS = ((8, 8, 8, 16), (8, 8, 1, 16), (1, 8, 8, 16))
WINDOW = 3


def opcode(name):
    return [row[0] for row in table.TABLE].index(name)


def program(words, copies):
    """One section: an instruction again and again. All but the arena is empty."""
    segments = [8, ARENA, 0, 0, 0, 0, 0, 0, 0, 1 | 8, 1, 0]  # types, 8 for one that is written: see isa.py
    header = [0x0E3BE001, 0, 1, 4, 1] + segments + [0]
    header[1] = header[-1] = len(header) + copies * len(words)
    made = array("i", header)
    for _ in range(copies):
        made.extend(array("i", words))
    verdict = ember_vm.verify(made)
    if verdict:
        raise ValueError("the program to measure is refused: kind %d, word %d" % (verdict >> 24, verdict & 0xFFFFFF))
    return made


def matmul(batch, m, n, k, strides, c, a, b):
    c_m, a_m, a_k, b_k, b_n = strides
    return [opcode("matmul"), 0, 1, m, n, k, 0, c_m, 0, a_m, a_k, 0, b_k, b_n, c, a, b]


def matmuls(m, k, n):
    """y = x w, and its gradients g w' and x' g, as recording emits them."""
    x, w, y = 0, m * k, m * k + k * n
    return (
        ("matmul forward", matmul(1, m, n, k, (n, k, 1, n, 1), y, x, w)),
        ("matmul input gradient", matmul(1, m, k, n, (k, n, 1, 1, n), x, y, w)),
        ("matmul weight gradient", matmul(1, k, n, m, (n, 1, k, n, 1), w, x, y)),
    )


def convolutions(images, side, channels, filters):
    x, w = 0, images * side * side * channels
    y = w + WINDOW * WINDOW * channels * filters
    sizes = [0, images, side, side, channels, filters, 1, side, side, WINDOW, WINDOW, 1, 1, 1, 1, 1, 1]
    return (
        ("conv2d forward", [opcode("conv2d")] + sizes + [y, x, w]),
        ("conv2d input gradient", [opcode("conv2d_grad_input")] + sizes + [x, y, w]),
        ("conv2d weight gradient", [opcode("conv2d_grad_weight")] + sizes + [w, x, y]),
    )


def products(images, side, channels, filters):
    """Those of a convolution whose input lies inside the image."""
    return images * channels * filters * (WINDOW * side - 2) ** 2


def kernels():
    """What to measure: name, shape, products, the instruction."""
    made = []
    for shape in MATMULS:
        macs = shape[0] * shape[1] * shape[2]
        made += [(name, shape, macs, words) for name, words in matmuls(*shape)]
    for shape in CONVOLUTIONS:
        made += [(name, shape, products(*shape), words) for name, words in convolutions(*shape)]
    return made


def fill(arena):
    """Anew for each kernel: arithmetic in software takes as long as the numbers make it."""
    for i in range(ARENA):
        arena[i] = (i * 7919 % 2001 - 1000) / 1000


def counted(run, start, passed):
    mark = start()
    run()
    return passed(mark)


def measured(words, copies, segments, start, passed):
    """Of `copies` of an instruction: those that a program has more than another."""
    state, taken = array("i", [0] * 4), []
    for n in (1, 1 + copies):
        made = program(words, n)

        def run(made=made):
            ember_vm.run(made, segments, state, -1)

        run()
        taken.append(counted(run, start, passed))
    return taken[1] - taken[0]


def step(make, data, start, passed):
    """Of STEPS steps on one batch, after two."""
    trainer, batches = bits.trainer_of(make, data)
    x, y = next(iter(batches))

    def run(steps=STEPS):
        for _ in range(steps):
            trainer.step(x, y)

    run(2)
    taken = counted(run, start, passed)
    batches.close()
    return taken


def kernels_counted(start, passed):
    """An instruction that does next to nothing, and every kernel, as often as makes WORK products."""
    arena = array("f", range(ARENA))
    fill(arena)
    segments = [arena, array("f"), array("f"), array("i", [1])]
    tiny = [opcode("map"), 0, 0, 1, 1, 1, 0, 1, 2]  # copies one number
    print(("instruction", (1,), 1, measured(tiny, 1000, segments, start, passed), 1000))
    for name, shape, macs, words in kernels():
        copies = max(1, WORK // macs)
        fill(arena)
        print((name, shape, macs, measured(words, copies, segments, start, passed), copies))


def steps_counted(start, passed, data):
    """The training steps; `data` names a file of digits."""
    for name, make, _ in bits.MODELS:
        print((name, (), 1, step(make, data, start, passed), STEPS))
