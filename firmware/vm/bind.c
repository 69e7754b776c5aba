// Opening a program, binding its segments and checking a state: all that is checked on every run.

// The messages in the order of their numbers, one after the other: a table of pointers would need relocating.
static const char messages[] =
    "\0not a program\0wrong number of segments\0segment of another type\0segment not aligned\0"
    "segment not writable\0segment too short\0segments overlap\0rows must be 1 to the program's most\0"
    "not a state that the VM wrote\0weights must be array('H'), one an opcode and a function\0"
    "busy: a run has this state, or was broken off within an instruction\0";

const char *ember_message(int refusal) {
    const char *message = messages;
    while (refusal--) {
        while (*message++) {
        }
    }
    return message;
}

// How far left an index is shifted to become bytes.
static inline uint32_t shift_of(uint32_t type) {
    return type < EMBER_UINT8 || type == EMBER_UINT32 ? 2 : type >= EMBER_INT16;
}

bool ember_is_words(const void *start, size_t bytes, int typecode) {
    // (Nothing at all may lie anywhere.)
    return (typecode == 'i' || typecode == 'B') && (((uintptr_t)start & 3) == 0 || !bytes) && (bytes & 3) == 0;
}

int ember_open(ember_vm *vm, const int32_t *program, size_t words, size_t segments) {
    vm->program = program;
    vm->weights = ember_weights;
    vm->culprit = 0;
    // The verifier's word is trusted; this only finds what was never given to it.
    if (words < 5 || program[0] != EMBER_MAGIC || (size_t)program[1] != words
        || program[3] < EMBER_FIRST_BOUND || program[3] > EMBER_MOST_SEGMENTS) {
        return EMBER_NOT_A_PROGRAM;
    }
    return segments == (size_t)program[3] ? EMBER_FINE : EMBER_WRONG_COUNT;
}

int ember_bind(ember_vm *vm, uint32_t segment, void *start, size_t bytes, int typecode, bool writable) {
    int32_t flags = vm->program[5 + 3 * segment];
    uint32_t type = flags & 7, shift = shift_of(type);
    vm->culprit = segment;
    // Plain bytes have a size of their own; of the same size they would be read as other numbers.
    if (typecode != "fiBbhHI"[type] && (typecode != 'B' || type == EMBER_INT8)) {
        return EMBER_WRONG_TYPE;
    }
    if (bytes && ((uintptr_t)start & ((1u << shift) - 1))) {
        return EMBER_NOT_ALIGNED;
    }
    if ((flags & EMBER_WRITABLE) && !writable) {
        return EMBER_NOT_WRITABLE;
    }
    vm->segments[segment].start = start;
    vm->segments[segment].end = (uint8_t *)start + bytes;
    return EMBER_FINE;
}

int ember_weigh(ember_vm *vm, const void *weights, size_t bytes, int typecode) {
    if ((typecode != 'H' && typecode != 'B') || ((uintptr_t)weights & 1) || bytes != sizeof ember_weights) {
        return EMBER_WEIGHTS;
    }
    vm->weights = weights;
    return EMBER_FINE;
}

static uint32_t seal_of(const int32_t *program, const int32_t *state, int32_t rows) {
    return ((uint32_t)program[1] * 31 + (uint32_t)state[0] * 7919 + (uint32_t)state[1] * 40503
            + (uint32_t)state[2] * 9973 + (uint32_t)rows * 613 + 12345) & 0x3FFFFFFF;
}

// The first word of a section, or for the number of sections the end of the program.
static int32_t section_start(const int32_t *program, int32_t section) {
    int32_t table = 5 + 3 * program[3];
    return section ? program[table + section - 1] : table + program[4];
}

// A state begins at section (state & 15), and runs on through the (state / 16) sections that follow it.
static int32_t first_section(const int32_t *state) {
    return state[0] & (EMBER_FOLLOWING - 1);
}

static int32_t after_sections(const int32_t *state) {
    return first_section(state) + (state[0] / EMBER_FOLLOWING) + 1;
}

static int32_t rows_of(const int32_t *program, int32_t pc, int32_t rows) {
    uint32_t opcode = (uint32_t)program[pc];
    return product_of(ember_rows[opcode], program + pc + 1, ember_sizes[opcode], rows);
}

static bool is_state(const ember_vm *vm, const int32_t *state) {
    const int32_t *program = vm->program;
    if (state[0] < 0 || after_sections(state) > program[4]) {
        return false;
    }
    if (state[1] == 0 || state[1] == EMBER_ENDED) {
        return state[2] == 0 && state[3] == 0;
    }
    if ((uint32_t)state[3] != seal_of(program, state, vm->rows)) {
        return false;
    }
    int32_t pc = section_start(program, first_section(state)), end = section_start(program, after_sections(state));
    while (pc < end && pc != state[1]) {
        pc += ember_words[program[pc]];
    }
    return pc < end && state[2] >= 0 && state[2] < rows_of(program, pc, vm->rows);
}

int ember_check(ember_vm *vm, const int32_t *state, size_t state_words) {
    const int32_t *program = vm->program;
    const ember_segment *integers = vm->segments + EMBER_INTS;
    vm->culprit = EMBER_INTS;
    vm->rows = integers->end - integers->start < 4 ? 0 : *(const volatile int32_t *)integers->start;
    if (vm->rows < 1 || vm->rows > program[2]) {
        return EMBER_ROWS;
    }
    uint32_t count = (uint32_t)program[3];
    for (uint32_t k = 0; k < count; k++) {
        const int32_t *layout = program + 5 + 3 * k;
        const ember_segment *segment = vm->segments + k;
        vm->culprit = k;
        vm->given = (uint32_t)(segment->end - segment->start);
        vm->needed = (uint32_t)(layout[1] + layout[2] * vm->rows) << shift_of(layout[0] & 7);
        if ((size_t)(segment->end - segment->start) < vm->needed) {
            return EMBER_TOO_SHORT;
        }
        if (layout[0] & EMBER_WRITABLE) {
            for (uint32_t j = 0; j < count; j++) {
                const ember_segment *other = vm->segments + j;
                if (j != k && segment->start < other->end && other->start < segment->end
                    && segment->start != segment->end && other->start != other->end) {
                    return EMBER_OVERLAPS;
                }
            }
        }
    }
    if (state_words != EMBER_STATE_WORDS) {
        return EMBER_STATE;
    }
    for (uint32_t k = 0; k < EMBER_STATE_WORDS; k++) {
        vm->at[k] = ((const volatile int32_t *)state)[k];
    }
    return vm->at[3] == EMBER_INSIDE ? EMBER_BUSY : is_state(vm, vm->at) ? EMBER_FINE : EMBER_STATE;
}
