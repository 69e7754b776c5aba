// What all kernels share. A kernel does rows first .. last - 1 of its instruction and returns the row after the last
// one done: below `last` where that row holds an index outside its range, -1 where the run is finished, -2 less the row
// that holds a number that is not finite. It has the name of its twin in lib/ember/portable, in a file of the same name.

#if EMBER_VECTORS
enum { CHUNK = 64 };
#else
enum { CHUNK = 16 };
#endif

typedef uint32_t __attribute__((may_alias)) word_of_float;  // its bits

// The compiler may do several elements at once: operands that it could mix up were proved disjoint, or are the
// same elements at the same index.
#define EACH(i, count) _Pragma("GCC ivdep") for (int32_t i = 0; i < (count); i++)

static inline float *floats_at(const ember_vm *vm, int32_t address) {
    return (float *)vm->segments[address >> 24].start + (address & 0xFFFFFF);
}

typedef uint32_t __attribute__((may_alias)) word_of_float;

static inline int32_t *integer_at(const ember_vm *vm, int32_t address) {
    return (int32_t *)vm->segments[address >> 24].start + (address & 0xFFFFFF);
}

// An operand of any integer type.
typedef struct {
    const uint8_t *start;
    uint32_t type;
} integers;

static inline integers integers_at(const ember_vm *vm, int32_t address) {
    uint32_t type = vm->program[5 + 3 * (address >> 24)] & 7;
    integers operand = {
        vm->segments[address >> 24].start + ((uint32_t)(address & 0xFFFFFF) << shift_of(type)), type
    };
    return operand;
}

// Read once, and not again by the compiler: another thread, or hardware, may write to that memory, and what was compared
// with its range is what is used. From 2**31 on a uint32 comes out below zero, which is as far out of any range.
static inline int32_t integer_of(integers operand, int32_t i) {
    switch (operand.type) {
        case EMBER_INT32:
            return ((const volatile int32_t *)operand.start)[i];
        case EMBER_UINT8:
            return ((const volatile uint8_t *)operand.start)[i];
        case EMBER_INT8:
            return ((const volatile int8_t *)operand.start)[i];
        case EMBER_INT16:
            return ((const volatile int16_t *)operand.start)[i];
        case EMBER_UINT16:
            return ((const volatile uint16_t *)operand.start)[i];
        default:
            return (int32_t)((const volatile uint32_t *)operand.start)[i];
    }
}

// A counter, and n more, n >= 0: it stays at 2**31 - 1, which is as many or more.
static inline int32_t counted(int32_t counter, int32_t n) {
    return counter > INT32_MAX - n ? INT32_MAX : counter + n;
}

static void fill(float *d, float x, int32_t count) {
    EACH(i, count) {
        d[i] = x;
    }
}

// The next elements of an operand as a run: itself where it is one, else gathered.
static const float *run_of(const float *a, int32_t step, float *chunk, int32_t count) {
    if (step == 1) {
        return a;
    }
    if (step == 0) {
        fill(chunk, *a, count);
    } else {
        for (int32_t i = 0; i < count; i++) {
            chunk[i] = a[i * step];
        }
    }
    return chunk;
}
