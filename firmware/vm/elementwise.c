// map, map_strided, convert, count, uniform and dropout; and what all kernels share.
//
// A kernel does rows first .. last - 1 of its instruction and returns the row after the last one done.

#if EMBER_VECTORS
enum { CHUNK = 64 };
#else
enum { CHUNK = 16 };
#endif

// The compiler may do several elements at once: operands that it could mix up were proved disjoint, or are the
// same elements at the same index.
#define EACH(i, count) _Pragma("GCC ivdep") for (int32_t i = 0; i < (count); i++)

static inline float *floats_at(const ember_vm *vm, int32_t address) {
    return (float *)vm->segments[address >> 24].start + (address & 0xFFFFFF);
}

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

// From 2**31 on a uint32 comes out below zero, which is as far out of any range.
static inline int32_t integer_of(integers operand, int32_t i) {
    switch (operand.type) {
        case EMBER_INT32:
            return ((const int32_t *)operand.start)[i];
        case EMBER_UINT8:
            return operand.start[i];
        case EMBER_INT8:
            return ((const int8_t *)operand.start)[i];
        case EMBER_INT16:
            return ((const int16_t *)operand.start)[i];
        case EMBER_UINT16:
            return ((const uint16_t *)operand.start)[i];
        default:
            return (int32_t)((const uint32_t *)operand.start)[i];
    }
}

static inline float maximum_of(float a, float b) {
    return choose((a >= b) | (a != a), a, b);
}

// What is not a number counts as greater than all else.
static inline bool is_greater(float x, float best) {
    return (x > best) | ((x != x) & (best == best));
}

static inline float minimum_of(float a, float b) {
    return choose((a <= b) | (a != a), a, b);
}

static __attribute__((noinline)) void exp_each(float *d, const float *a, int32_t count) {
    EACH(i, count) {
        d[i] = exp_core(a[i]);
    }
}

// d[i] = fn(a[i], b[i])
static __attribute__((noinline)) void apply(int32_t fn, float *d, const float *a, const float *b, int32_t count) {
#define CASE(name, value) \
    case FN_##name: \
        EACH(i, count) { \
            float x = a[i]; \
            d[i] = value; \
        } \
        break
#define CASE_TWO(name, value) \
    case FN_##name: \
        EACH(i, count) { \
            float x = a[i], y = b[i]; \
            d[i] = value; \
        } \
        break
    switch (fn) {
        CASE(COPY, x);
        CASE(NEG, float_of(bits_of(x) ^ SIGN));
        CASE(ABS, float_of(bits_of(x) & ~SIGN));
        CASE(SQRT, sqrt_core(x));
        case FN_EXP:
            exp_each(d, a, count);
            break;
        CASE(LOG, log_core(x));
        CASE(TANH, tanh_core(x));
        CASE(SIGMOID, sigmoid_core(x));
        CASE(RELU, choose(x < 0.0f, 0.0f, x));
        CASE(LOG1P, log1p_core(x));
        CASE(SIN, sine(x, 0));
        CASE(COS, sine(x, 1));
        CASE_TWO(ADD, x + y);
        CASE_TWO(SUB, x - y);
        CASE_TWO(MUL, x * y);
        CASE_TWO(DIV, x / y);
        CASE_TWO(MAXIMUM, maximum_of(x, y));
        CASE_TWO(MINIMUM, minimum_of(x, y));
        CASE_TWO(EQ, choose(x == y, 1.0f, 0.0f));
        CASE_TWO(GT, choose(x > y, 1.0f, 0.0f));
        CASE_TWO(RELU_GRAD, choose(x <= 0.0f, 0.0f, y));
        CASE_TWO(TANH_GRAD, y * (1.0f - x * x));
        CASE_TWO(SIGMOID_GRAD, y * (x * (1.0f - x)));
        CASE_TWO(SQRT_GRAD, (0.5f * y) / x);
#if EMBER_HAS(functions)
        CASE(FLOOR, floor_core(x));
        CASE(ROUND, round_core(x));
        CASE(EXPM1, expm1_core(x));
        CASE(ERF, erf_core(x));
        CASE_TWO(POW, pow_core(x, y));
        CASE_TWO(REMAINDER, remainder_core(x, y));
        CASE_TWO(ATAN2, atan2_core(x, y));
#endif
        default:  // FN_KEEP
            EACH(i, count) {
                d[i] = choose(a[i] != 0.0f, b[i], 0.0f);
            }
    }
#undef CASE
#undef CASE_TWO
}

// d[i * step] = into(d[i * step], f[i]), in order; a step of 0 reduces.
static void meet(int32_t into, float *d, int32_t step, const float *f, int32_t count) {
#define CASE(value) \
    if (step == 1) { \
        EACH(i, count) { \
            float x = d[i], y = f[i]; \
            (void)x; \
            d[i] = value; \
        } \
    } else { \
        for (int32_t i = 0; i < count; i++) { \
            float x = d[i * step], y = f[i]; \
            (void)x; \
            d[i * step] = value; \
        } \
    } \
    break
    switch (into) {
        case INTO_WRITE:
            CASE(y);
        case INTO_ADD:
            CASE(x + y);
        case INTO_MULTIPLY:
            CASE(x * y);
        case INTO_MAXIMUM:
            CASE(maximum_of(x, y));
        default:
            CASE(minimum_of(x, y));
    }
#undef CASE
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

typedef struct {
    int32_t fn, into, d_step, a_step, b_step, chunk;
    bool two;
} mapping;

// `count` elements along one dimension, a chunk at a time.
static void map_run(const mapping *map, float *d, const float *a, const float *b, int32_t count) {
    float a_chunk[CHUNK], b_chunk[CHUNK], f_chunk[CHUNK];
    while (count > 0) {
        int32_t size = count < map->chunk ? count : map->chunk;
        bool direct = map->into == INTO_WRITE && map->d_step == 1;
        const float *a_run = run_of(a, map->a_step, a_chunk, size);
        if (map->fn == FN_COPY) {
            meet(map->into, d, map->d_step, a_run, size);
        } else {
            const float *b_run = map->two ? run_of(b, map->b_step, b_chunk, size) : a_run;
            apply(map->fn, direct ? d : f_chunk, a_run, b_run, size);
            if (!direct) {
                meet(map->into, d, map->d_step, f_chunk, size);
            }
        }
        d += size * map->d_step, a += size * map->a_step, b += map->two ? size * map->b_step : 0;
        count -= size;
    }
}

static inline bool takes_two(int32_t fn) {
    return EMBER_TWO >> fn & 1;
}

static int32_t run_map(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    mapping map = {
        fields[MAP_FN], fields[MAP_INTO], 1, fields[MAP_A_STEP], fields[MAP_B_STEP], CHUNK,
        takes_two(fields[MAP_FN])
    };
    float *d = floats_at(vm, fields[MAP_D]) + first;
    const float *a = floats_at(vm, fields[MAP_A]) + first * map.a_step;
    const float *b = floats_at(vm, fields[MAP_B]) + first * map.b_step;
    if (map.into == INTO_WRITE && map.a_step && (map.b_step || !map.two)) {
        apply(map.fn, d, a, b, last - first);  // no chunks needed
    } else if (map.into == INTO_WRITE && map.fn == FN_COPY) {
        fill(d, *a, last - first);
    } else {
        map_run(&map, d, a, b, last - first);
    }
    return last;
}

static int32_t run_map_strided(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    float *d = floats_at(vm, fields[MAP_STRIDED_D]);
    const float *a = floats_at(vm, fields[MAP_STRIDED_A]), *b = floats_at(vm, fields[MAP_STRIDED_B]);
    mapping map = {
        fields[MAP_STRIDED_FN], fields[MAP_STRIDED_INTO], fields[MAP_STRIDED_D3], fields[MAP_STRIDED_A3],
        fields[MAP_STRIDED_B3], CHUNK, takes_two(fields[MAP_STRIDED_FN])
    };
    if (map.d_step == 0 && (d == a || d == b)) {
        map.chunk = 1;  // each element reads what the one before wrote
    }
    const int32_t *d_steps = fields + MAP_STRIDED_D0, *a_steps = fields + MAP_STRIDED_A0;
    const int32_t *b_steps = fields + MAP_STRIDED_B0;
    int32_t n1 = fields[MAP_STRIDED_N1], n2 = fields[MAP_STRIDED_N2], n3 = fields[MAP_STRIDED_N3];
    int32_t i2 = first % n2, rest = first / n2, i1 = rest % n1, i0 = rest / n1;
    const bool copies = map.fn == FN_COPY && map.a_step == 1 && map.d_step == 1;
    for (int32_t row = first; row < last; row++) {
        float *d_row = d + i0 * d_steps[0] + i1 * d_steps[1] + i2 * d_steps[2];
        const float *a_row = a + i0 * a_steps[0] + i1 * a_steps[1] + i2 * a_steps[2];
        if (copies) {  // a bias, or the sum that is its gradient
            meet(map.into, d_row, 1, a_row, n3);
        } else {
            map_run(&map, d_row, a_row, b + i0 * b_steps[0] + i1 * b_steps[1] + i2 * b_steps[2], n3);
        }
        if (++i2 == n2) {
            i2 = 0;
            if (++i1 == n1) {
                i1 = 0;
                i0++;
            }
        }
    }
    return last;
}

// Each element is made a float32 first, and then scaled and shifted by its channel's numbers.
static int32_t run_convert(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t channels = fields[CONVERT_CHANNELS], count = (last - first) * channels;
    const float *affine = floats_at(vm, fields[CONVERT_AFFINE]);
    float *d = floats_at(vm, fields[CONVERT_D]) + first * channels;
    integers source = integers_at(vm, fields[CONVERT_SRC]);
#define CASE(type) \
    { \
        const type *s = (const type *)source.start + first * channels; \
        EACH(i, count) { \
            d[i] = (float)s[i]; \
        } \
        break; \
    }
    switch (source.type) {
        case EMBER_FLOAT32:
            CASE(float)
        case EMBER_INT32:
            CASE(int32_t)
        case EMBER_UINT8:
            CASE(uint8_t)
        case EMBER_INT8:
            CASE(int8_t)
        case EMBER_INT16:
            CASE(int16_t)
        case EMBER_UINT16:
            CASE(uint16_t)
        default:
            CASE(uint32_t)
    }
#undef CASE
    if (channels == 1) {
        const float scale = affine[0], shift = affine[1];
        EACH(i, count) {
            d[i] = d[i] * scale + shift;
        }
        return last;
    }
    for (; first < last; first++, d += channels) {
        EACH(c, channels) {
            d[c] = d[c] * affine[c] + affine[channels + c];
        }
    }
    return last;
}

static int32_t run_count(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    int32_t *counter = integer_at(vm, fields[COUNT_COUNTER]);
    (void)first;
    *counter = (int32_t)((uint32_t)*counter * (uint32_t)fields[COUNT_KEEP]
        + (uint32_t)fields[COUNT_N] * (uint32_t)fields[COUNT_ADD]);
    return last;
}

static int32_t run_uniform(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const float *range = floats_at(vm, fields[UNIFORM_RANGE]);
    const float low = range[0], span = range[1] - range[0];
    const int32_t width = fields[UNIFORM_WIDTH];
    const uint32_t key = (uint32_t)*integer_at(vm, fields[UNIFORM_KEY]);
    const uint32_t step = fields[UNIFORM_FRESH] ? (uint32_t)*integer_at(vm, fields[UNIFORM_STEP]) : 0;
    const uint32_t sample = (uint32_t)*integer_at(vm, fields[UNIFORM_SAMPLE]);
    float *d = floats_at(vm, fields[UNIFORM_D]) + first * width;
    uint32_t element = (sample + (uint32_t)first) * (uint32_t)width;
    float chunk[CHUNK + 2];
    for (int32_t left = (last - first) * width; left > 0;) {
        int32_t size = left < CHUNK ? left : CHUNK, odd = element & 1;
        uniform_pairs(chunk, (size + odd + 1) >> 1, key, (uint32_t)fields[UNIFORM_STREAM], step, element >> 1);
        EACH(j, size) {
            d[j] = low + span * chunk[odd + j];
        }
        d += size, left -= size, element += (uint32_t)size;
    }
    return last;
}

static int32_t run_dropout(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t width = fields[DROPOUT_WIDTH], into = fields[DROPOUT_INTO];
    const float p = *floats_at(vm, fields[DROPOUT_P]), scale = 1.0f / (1.0f - p);
    const uint32_t key = (uint32_t)*integer_at(vm, fields[DROPOUT_KEY]);
    const uint32_t step = (uint32_t)*integer_at(vm, fields[DROPOUT_STEP]);
    const uint32_t sample = (uint32_t)*integer_at(vm, fields[DROPOUT_SAMPLE]);
    float *y = floats_at(vm, fields[DROPOUT_Y]) + first * width;
    const float *x = floats_at(vm, fields[DROPOUT_X]) + first * width;
    // Rows follow each other in both, and so do their elements.
    uint32_t element = (sample + (uint32_t)first) * (uint32_t)width;
    float chunk[CHUNK + 2];
    for (int32_t left = (last - first) * width; left > 0;) {
        int32_t size = left < CHUNK ? left : CHUNK, odd = element & 1;
        uniform_pairs(chunk, (size + odd + 1) >> 1, key, (uint32_t)fields[DROPOUT_STREAM], step, element >> 1);
        EACH(j, size) {
            chunk[j] = choose(chunk[odd + j] >= p, x[j] * scale, 0.0f);
        }
        meet(into, y, 1, chunk, size);
        x += size, y += size, left -= size, element += (uint32_t)size;
    }
    return last;
}
