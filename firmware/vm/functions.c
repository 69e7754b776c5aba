// The functions of a map, and how their results meet what the destination holds. math.c and math_rare.c have what
// Python has in its module math.

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

// d[i] = fn(a[i], b[i]), d, a and b [count]; x is a[i], y b[i]
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

static inline bool takes_two(int32_t fn) {
    return EMBER_TWO >> fn & 1;
}
