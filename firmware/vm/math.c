// exp, log, tanh, sigmoid, sqrt, sin and cos in float32 + - * / and integer operations on bits: the same results
// wherever IEEE-754 holds. Written without branches, so that the compiler can do several at once. The bounds
// stated are what test/math_check.c finds over all 2**32 inputs.

// Inlined where the compiler vectorises the loops they stand in; elsewhere one copy saves flash. EMBER_PLAIN takes
// the way of a small processor anywhere: 4 with an FPU, 1 without. (Tests compare their bits.)
#if (defined(__SSE2__) || defined(__aarch64__)) && !defined(EMBER_PLAIN)
#define EMBER_VECTORS 1
#define MATH_INLINE static inline __attribute__((always_inline))
#else
#define EMBER_VECTORS 0
#define MATH_INLINE static __attribute__((noinline))
#endif

static inline uint32_t bits_of(float x) {
    union { float f; uint32_t u; } both = { .f = x };
    return both.u;
}

static inline float float_of(uint32_t bits) {
    union { uint32_t u; float f; } both = { .u = bits };
    return both.f;
}

// a where the condition holds, else b: both are computed.
static inline float choose(bool condition, float a, float b) {
    uint32_t mask = -(uint32_t)condition;
    return float_of((bits_of(a) & mask) | (bits_of(b) & ~mask));
}

#define SIGN 0x80000000u
#define INFINITE 0x7F800000u
#define NOT_A_NUMBER 0x7FC00000u

// exp(x + low), low tiny beside x: within 0.99 ulp. Adding 1.5 * 2**23 rounds to an integer that the low bits hold.
MATH_INLINE float exp_of_sum(float x, float low) {
    float c = choose(x >= -104.0f, x, -104.0f);
    c = choose(c <= 89.0f, c, 89.0f);
    float shifted = c * 1.44269504f + 12582912.0f;
    float n = shifted - 12582912.0f;
    int32_t exponent = (int32_t)(bits_of(shifted) - 0x4B400000u);
    float r = ((c - n * 0.693359375f) + n * 2.12194440e-4f) + low;  // n * 0.693359375 is exact
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = (p * (r * r) + r) + 1.0f;
    // In two steps, as 2**128 and 2**-150 have no float of their own: the first is exact.
    int32_t half = exponent >> 1;
    p = p * float_of((uint32_t)(half + 127) << 23);
    p = p * float_of((uint32_t)(exponent - half + 127) << 23);
    return choose(x == x, p, x);
}

MATH_INLINE float exp_core(float x) {
    return exp_of_sum(x, 0.0f);
}

// Within 0.83 ulp.
MATH_INLINE float log_core(float x) {
    bool tiny = x < 1.17549435e-38f;  // subnormal: its exponent's bits say nothing
    float scaled = choose(tiny, x * 8388608.0f, x);
    int32_t exponent = (int32_t)(bits_of(scaled) - 0x3F3504F3u) >> 23;  // mantissa from sqrt(1/2) up
    float f = float_of(bits_of(scaled) - ((uint32_t)exponent << 23)) - 1.0f;
    float e = (float)(exponent - (tiny ? 23 : 0));
    float z = f * f;
    float p = 7.0376836292e-2f;
    p = p * f - 1.1514610310e-1f;
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    p = p * f * z;
    p = p - e * 2.12194440e-4f;
    p = p - 0.5f * z;
    p = (f + p) + e * 0.693359375f;
    p = choose(x < float_of(INFINITE), p, x);
    float bad = choose(x == 0.0f, float_of(INFINITE | SIGN), float_of(NOT_A_NUMBER));
    return choose(x > 0.0f, p, bad);
}

// log(1 + x): what 1 + x rounds away is put back. Within 1.44 ulp.
MATH_INLINE float log1p_core(float x) {
    float u = 1.0f + x, lost = x - (u - 1.0f);
    float y = log_core(u) + choose(u < float_of(INFINITE), lost / u, 0.0f);
    return choose(u == 1.0f, x, choose(u == 0.0f, float_of(INFINITE | SIGN), y));
}

// Within 1.34 ulp.
MATH_INLINE float tanh_core(float x) {
    float a = float_of(bits_of(x) & ~SIGN);
    float z = a * a;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    p = p * z * a + a;
    float large = 1.0f - 2.0f / (exp_core(a + a) + 1.0f);
    return float_of(bits_of(choose(a < 0.625f, p, large)) | (bits_of(x) & SIGN));
}

// Within 2.41 ulp. exp only ever of what is below zero: it cannot overflow, and the small end stays exact.
MATH_INLINE float sigmoid_core(float x) {
    float e = exp_core(float_of(bits_of(x) | SIGN));
    return choose(x < 0.0f, e, 1.0f) / (1.0f + e);
}

// Correctly rounded: one instruction where there is one, else bit by bit.
#if !(EMBER_PLAIN + 0 == 1) && (defined(__SSE2__) || defined(__aarch64__) || (defined(__ARM_FP) && !defined(__SOFTFP__)) || defined(__riscv_flen))
static inline float sqrt_core(float x) {
    return __builtin_sqrtf(x);
}
#else
static __attribute__((noinline)) float sqrt_core(float x) {
    uint32_t bits = bits_of(x);
    if ((bits & ~SIGN) == 0 || bits == INFINITE || (bits & ~SIGN) > INFINITE) {
        return x;
    }
    if (bits & SIGN) {
        return float_of(NOT_A_NUMBER);
    }
    int32_t exponent = (int32_t)(bits >> 23);
    uint32_t mantissa = bits & 0x7FFFFF;
    if (exponent == 0) {
        for (exponent = 1; !(mantissa & 0x800000); exponent--) {
            mantissa <<= 1;
        }
    }
    mantissa |= 0x800000;
    exponent -= 127;
    if (exponent & 1) {
        mantissa <<= 1;
    }
    // The root's 24 bits and one to round by, from the top; what is left over says whether it was exact.
    uint32_t root = 0, partial = 0, left = mantissa << 1;
    for (uint32_t bit = 1u << 24; bit; bit >>= 1) {
        uint32_t trial = partial + bit;
        if (trial <= left) {
            partial = trial + bit;
            left -= trial;
            root += bit;
        }
        left <<= 1;
    }
    root = (root + (root & 1)) >> 1;  // the 25th bit: never a tie, as a root of 24 bits is exact or endless
    return float_of(root + ((uint32_t)((exponent >> 1) + 126) << 23));
}
#endif

// A sum and a product of two floats as a float and what it missed, exactly.
static inline float sum_of(float a, float b, float *missed) {
    float sum = a + b, part = sum - a;
    *missed = (a - (sum - part)) + (b - part);
    return sum;
}

static inline float product_exact(float a, float b, float *missed) {
    float product = a * b, c = a * 4097.0f, a_high = c - (c - a), a_low = a - a_high;
    c = b * 4097.0f;
    float b_high = c - (c - b), b_low = b - b_high;
    *missed = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
    return product;
}

static float power_of_whole(float x, uint32_t t) {
    float r = 1.0f;
    while (t) {
        if (t & 1) {
            r = r * x;
        }
        x = x * x;
        t >>= 1;
    }
    return r;
}

// x times 2 / pi: the quarter turns, modulo 4, and what remains of x, in two floats. In whole numbers: the bits of
// 2 / pi that x's exponent leaves (Payne and Hanek, 1983).
static inline int32_t quarter_turns(float x, float *rest, float *low) {
    static const uint32_t two_over_pi[] = {
        0, 0, 0xA2F9836E, 0x4E441529, 0xFC2757D1, 0xF534DDC0, 0xDB629599, 0x3C439041, 0xFE5163AB
    };
    const uint32_t bits = bits_of(x) & ~SIGN, mantissa = (bits & 0x7FFFFF) | 0x800000;
    const int32_t place = (int32_t)(bits >> 23) - 150 + 32;  // bits before the point, in the table's counting
    const uint32_t *word = two_over_pi + (place >> 5);
    const int32_t shift = place & 31;
    uint32_t part[4];
    for (int32_t i = 0; i < 4; i++) {
        part[i] = shift ? word[i] << shift | word[i + 1] >> (32 - shift) : word[i];
    }
    // turns . fraction = mantissa * (part 0 . the others), without the turns that fall off the top and the last bits.
    uint64_t carry = (uint64_t)mantissa * part[2] + ((uint64_t)mantissa * part[3] >> 32);
    uint64_t next = (uint64_t)mantissa * part[1] + (carry >> 32);
    uint32_t turns = mantissa * part[0] + (uint32_t)(next >> 32);
    uint64_t fraction = next << 32 | (uint32_t)carry;
    bool above = fraction >> 63;  // more than half a quarter: from the next one back
    turns += above;
    fraction = above ? -fraction : fraction;
    int32_t exponent = 126;
    if (fraction >> 32 == 0) {
        fraction <<= 32;
        exponent -= 32;
    }
    while (!(fraction >> 63)) {
        fraction <<= 1;
        exponent--;
    }
    // Its leading 24 bits, and the 24 after them; times pi / 2, in two parts as well.
    float f = float_of(((uint32_t)(fraction >> 40) & 0x7FFFFF) | (uint32_t)exponent << 23);
    float f_low = (float)((uint32_t)(fraction >> 16) & 0xFFFFFF) * float_of((uint32_t)(exponent - 47) << 23);
    float p_low, p = product_exact(f, 1.57079637f, &p_low);
    p_low += f * -4.37113883e-8f + f_low * 1.57079637f;
    bool flip = above != (bits_of(x) >> 31);
    *rest = float_of(bits_of(p) ^ (flip ? SIGN : 0));
    *low = float_of(bits_of(p_low) ^ (flip ? SIGN : 0));
    return (int32_t)(bits_of(x) & SIGN ? -turns : turns);
}

// sin(x + quarters * pi / 2). Within 1.03 ulp.
static __attribute__((noinline)) float sine(float x, int32_t quarters) {
    float low = 0.0f;
    if ((bits_of(x) & ~SIGN) >= INFINITE) {
        return float_of(NOT_A_NUMBER);
    }
    if ((bits_of(x) & ~SIGN) > 0x3F490FDBu) {  // pi / 4
        quarters += quarter_turns(x, &x, &low);
    }
    float z = x * x, y;
    if (quarters & 1) {
        float p = 2.44329585e-5f;
        p = p * z - 1.38873130e-3f;
        p = p * z + 4.16666456e-2f;
        y = 1.0f - (0.5f * z - (p * (z * z) - x * low));
    } else {
        float p = -1.95186003e-4f;
        p = p * z + 8.33219104e-3f;
        p = p * z - 1.66666552e-1f;
        y = x + (p * (z * x) + low * (1.0f - 0.5f * z));
    }
    return quarters & 2 ? -y : y;
}
