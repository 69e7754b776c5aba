"""How the program of a Trainer is laid out: the numbers of its segments, slots and sections. What runs a program needs
these and no more; isa.py says what a program is."""

# Segments that every program has; those from 4 up are what it is bound to: inputs, targets, tensors.
ARENA, CONSTANTS, FLOATS, INTS, FIRST_BOUND = 0, 1, 2, 3, 4
X, Y = 4, 5
TYPES = "fiBbhHI"  # element types, in the order of their numbers, as array typecodes
FOLLOWING = 16  # a run of section s and the n that follow it starts from s + FOLLOWING * n
ABSENT = 13  # the kind of a verdict: what the VM was built without
HEAD = 5  # words before the segments, of 3 words each: type, elements, elements per row

COUNT_UP = 17  # the opcode of a count; that of a map is 0

# Integer slots that every program has.
ROWS, KEY, STEP, COUNT, CORRECT, SCORED = 0, 1, 2, 3, 4, 5

# Sections, in the order of the program; some are run together with those that follow.
CHECK, ZERO, FORWARD, BACKWARD, UPDATE, PREDICT, SCORE = 0, 1, 2, 3, 4, 5, 6
CHECK_TO_UPDATE = CHECK + 4 * FOLLOWING
CHECK_TO_BACKWARD = CHECK + 3 * FOLLOWING
FORWARD_TO_BACKWARD = FORWARD + FOLLOWING
FORWARD_TO_UPDATE = FORWARD + 2 * FOLLOWING
PREDICT_AND_SCORE = PREDICT + FOLLOWING

# Blocks of the arena that live from step to step, in the order in which they lie.
PARAMETERS, FROZEN, GRADIENTS, STATE, THE_STATISTICS = 0, 1, 2, 3, 4

# Statistics, in the arena: a loss is a sum, and a total that divides it: rows, weights, or 1. Of this step; since the
# reset, then what rounding took from both; of what was scored last. Behind them buffers, as this step leaves them.
LOSS, TOTAL, RUNNING, RUNNING_REST, SCORED_LOSS, STATISTICS = 0, 1, 2, 4, 6, 8
