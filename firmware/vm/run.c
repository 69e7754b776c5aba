// Running a section's instructions one after the other.

// The floating-point mode: round to nearest even, subnormals kept, no traps, whatever a library loaded before
// may have left.
#if defined(__x86_64__) || (defined(__i386__) && defined(__SSE__))
typedef uint32_t float_mode;
static inline float_mode enter_float_mode(void) {
    float_mode mode = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(0x1F80);
    return mode;
}
static inline void leave_float_mode(float_mode mode) {
    __builtin_ia32_ldmxcsr(mode);
}
#elif defined(__aarch64__)
typedef uint64_t float_mode;
static inline float_mode enter_float_mode(void) {
    float_mode mode;
    __asm volatile ("mrs %0, fpcr" : "=r" (mode));
    __asm volatile ("msr fpcr, %0" : : "r" ((float_mode)0) : "memory");
    return mode;
}
static inline void leave_float_mode(float_mode mode) {
    __asm volatile ("msr fpcr, %0" : : "r" (mode) : "memory");
}
#elif defined(__ARM_FP) && !defined(__SOFTFP__)
typedef uint32_t float_mode;
static inline float_mode enter_float_mode(void) {
    float_mode mode;
    __asm volatile ("vmrs %0, fpscr" : "=r" (mode));
    // Rounding, flushing to zero, default NaN, half formats, traps. Cortex-M55 keeps a loop's element size there too.
    __asm volatile ("vmsr fpscr, %0" : : "r" (mode & ~(float_mode)0x07C89F00) : "memory");
    return mode;
}
static inline void leave_float_mode(float_mode mode) {
    __asm volatile ("vmsr fpscr, %0" : : "r" (mode) : "memory");
}
#elif defined(__riscv_flen)
typedef uint32_t float_mode;
static inline float_mode enter_float_mode(void) {
    float_mode mode;
    __asm volatile ("csrrw %0, fcsr, zero" : "=r" (mode) : : "memory");
    return mode;
}
static inline void leave_float_mode(float_mode mode) {
    __asm volatile ("csrw fcsr, %0" : : "r" (mode) : "memory");
}
#else
typedef int float_mode;
static inline float_mode enter_float_mode(void) {
    return 0;
}
static inline void leave_float_mode(float_mode mode) {
    (void)mode;
}
#endif

// One instruction by its kernel (kernel.h), its sizes resolved.
static int32_t execute(const ember_vm *vm, uint32_t opcode, const int32_t *fields, int32_t first, int32_t last) {
#define KERNEL(opcode, name) \
    case OP_##opcode: \
        return run_##name(vm, fields, first, last);
    switch (opcode) {
        EMBER_KERNELS(KERNEL)
    }
#undef KERNEL
    __builtin_unreachable();  // the verifier let it through
}

// Cost of one row in eighths of a multiply-accumulate. A measured weight of an opcode of functions adds to theirs.
static int32_t cost_of_row(const uint16_t *weights, uint32_t opcode, const int32_t *fields) {
    int32_t weight = weights[opcode];
    if (!ember_weights[opcode]) {
        weight += weights[EMBER_OPCODES + fields[MAP_FN]];
    }
    int32_t cost = multiply_saturated(product_of(ember_cost[opcode], fields, 0, 0), weight);
    return cost < 1 ? 1 : cost < 1 << 30 ? cost : 1 << 30;
}

static __attribute__((noinline)) int run_section(ember_vm *vm, int32_t *state, int32_t budget) {
    const int32_t *program = vm->program;
    int32_t end = section_start(program, after_sections(vm->at));
    int32_t pc = vm->at[1] ? vm->at[1] : section_start(program, first_section(vm->at));
    int32_t row = vm->at[2];
    bool limited = budget >= 0;
    int result = EMBER_FINISHED;

    if (vm->at[1] == EMBER_ENDED) {
        pc = end;
    }
    state[3] = EMBER_INSIDE;
    while (pc < end) {
        if (limited && budget <= 0 && result != EMBER_FINISHED) {
            break;
        }
        state[1] = pc;  // where it is broken off, if it is
        uint32_t opcode = (uint32_t)program[pc], words = ember_words[opcode], sizes = ember_sizes[opcode];
        int32_t fields[EMBER_MOST_WORDS];
        for (uint32_t k = 1; k < words; k++) {
            fields[k - 1] = program[pc + k];
        }
        for (uint32_t k = 0; sizes >> k; k++) {
            if ((sizes >> k & 1) && fields[k] < 0) {
                fields[k] = -fields[k] * vm->rows;
            }
        }
        int32_t rows = product_of(ember_rows[opcode], fields, 0, 0), last = rows;
        int32_t cost = 0;
        if (limited) {
            cost = cost_of_row(vm->weights, opcode, fields);
            int32_t take = budget / cost;
            take = take > 1 ? take : 1;
            last = take < rows - row ? row + take : rows;
        }
        int32_t done = execute(vm, opcode, fields, row, last);
        if (done < 0) {
            if (done < -1) {
                row = EMBER_NOT_FINITE - done;
                result = EMBER_NOT_FINITE;
            } else {
                pc = end;
            }
            break;
        }
        if (limited) {
            budget -= (done - row) * cost;
        }
        row = done;
        if (done < last) {
            result = EMBER_FAULT;
            break;
        }
        if (row == rows) {
            pc += (int32_t)words;
            row = 0;
        }
        result = EMBER_PAUSED;
    }
    if (pc == end) {
        state[1] = state[2] = state[3] = 0;
        return EMBER_FINISHED;
    }
    vm->at[1] = state[1] = pc;
    vm->at[2] = state[2] = row;
    state[3] = (int32_t)seal_of(program, vm->at, vm->rows);
    return result;
}

int ember_run(ember_vm *vm, int32_t *state, int32_t budget) {
    float_mode mode = enter_float_mode();
    int result = run_section(vm, state, budget);
    leave_float_mode(mode);
    return result;
}
