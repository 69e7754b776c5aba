// exp, log, tanh, sigmoid, sqrt and pow in float32 + - * / and integer operations on bits: the same results
// wherever IEEE-754 holds. Written without branches, so that the compiler can do several at once. The bounds
// stated are what test/math_check.c finds over all 2**32 inputs (pow: over some millions of pairs).

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

// log(x) for finite x > 0 in two floats, good to about 2**-34 of itself.
static float log_in_two(float x, float *low) {
    int32_t exponent = 0;
    if (x < 1.17549435e-38f) {
        x *= 8388608.0f;
        exponent = -23;
    }
    int32_t k = (int32_t)(bits_of(x) - 0x3F3504F3u) >> 23;
    float m = float_of(bits_of(x) - ((uint32_t)k << 23)), e = (float)(exponent + k);
    // log m = 2 atanh(s), s = (m - 1) / (m + 1)
    float f = m - 1.0f, d_low, p_low, z_low, q_low, t_low, u_low, sum_low;
    float d = sum_of(m, 1.0f, &d_low);
    float s = f / d;
    float p = product_exact(s, d, &p_low);
    float s_low = (((f - p) - p_low) - s * d_low) / d;
    float z = product_exact(s, s, &z_low);
    z_low += 2.0f * s * s_low;
    float w = z * (0.2f + z * (0.142857149f + z * (0.111111112f + z * 0.0909090936f)));
    float q = sum_of(0.333333343f, w, &q_low);
    q_low -= 9.93410776e-9f;
    float t = product_exact(z, q, &t_low);
    t_low += z * q_low + z_low * q;
    float u = product_exact(s, t, &u_low);
    u_low += s * t_low + s_low * t;
    float lm = sum_of(s, u, &sum_low);
    float lm_low = sum_low + (s_low + u_low);
    float high = sum_of(e * 0.693145751953125f, lm + lm, &sum_low);  // e * that is exact
    *low = sum_low + (e * 1.42860677e-6f + (lm_low + lm_low));
    return high;
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

// Within 1.2 ulp where it is neither a whole power up to 64, by squaring, nor a square root.
static __attribute__((noinline)) float pow_core(float x, float y) {
    if (y == 0.0f || x == 1.0f) {
        return 1.0f;
    }
    if (x != x || y != y) {
        return float_of(NOT_A_NUMBER);
    }
    float a = float_of(bits_of(x) & ~SIGN), infinity = float_of(INFINITE);
    bool whole = false, odd = false;
    if (y < 16777216.0f && y > -16777216.0f) {
        int32_t integer = (int32_t)y;
        whole = (float)integer == y;
        odd = whole && (integer & 1);
        if (whole && integer <= 64 && integer >= -64) {
            return integer > 0 ? power_of_whole(x, (uint32_t)integer)
                : 1.0f / power_of_whole(x, (uint32_t)-integer);
        }
    } else {
        whole = true;  // every float from 2**24 up is even; infinities too, as C has it
    }
    if (a == 1.0f && (whole || x > 0.0f)) {
        return odd ? x : 1.0f;
    }
    if (x < 0.0f && a < infinity && !whole) {
        return float_of(NOT_A_NUMBER);
    }
    float result;
    if (a == 0.0f || a == infinity || y == infinity || y == -infinity) {
        result = (a > 1.0f) == (y > 0.0f) ? infinity : 0.0f;
    } else if (y == 0.5f) {
        result = sqrt_core(x);
    } else {
        float low, missed;
        float high = log_in_two(a, &low);
        y = y > 4294967296.0f ? 4294967296.0f : y < -4294967296.0f ? -4294967296.0f : y;  // beyond all the same
        float t = product_exact(y, high, &missed);
        missed += y * low;
        result = t > 89.0f ? infinity : t < -105.0f ? 0.0f : exp_of_sum(t, missed);
    }
    return odd && (bits_of(x) & SIGN) ? -result : result;
}

float ember_exp(float x) {
    return exp_core(x);
}

float ember_log(float x) {
    return log_core(x);
}

float ember_tanh(float x) {
    return tanh_core(x);
}

float ember_sigmoid(float x) {
    return sigmoid_core(x);
}

float ember_sqrt(float x) {
    return sqrt_core(x);
}

float ember_pow(float x, float y) {
    return pow_core(x, y);
}
