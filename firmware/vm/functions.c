// The rest of a map's functions, in the manner of math.c and with its promise: float32 + - * / and integer operations
// alone. The polynomials are least squares with weights, to the least largest error.

// Whole numbers: no float from 2**23 up has a fraction.
static inline bool is_whole(float x) {
    return (bits_of(x) & ~SIGN) >= 0x4B000000u;  // NaN too
}

static inline float with_sign_of(float size, float x) {
    return float_of((bits_of(size) & ~SIGN) | (bits_of(x) & SIGN));
}

static inline float floor_core(float x) {
    float c = choose(is_whole(x), 0.0f, x), towards_zero = (float)(int32_t)c;
    float below = towards_zero - choose(towards_zero > c, 1.0f, 0.0f);
    return choose(is_whole(x), x, with_sign_of(below, x));
}

// To the nearest, halves to the even one.
static inline float round_core(float x) {
    float size = float_of(bits_of(x) & ~SIGN);
    float nearest = (size + 8388608.0f) - 8388608.0f;
    return choose(is_whole(x), x, with_sign_of(nearest, x));
}

// The remainder of C's fmod, exact: long division by bits.
static float fmod_core(float a, float b) {
    uint32_t n = bits_of(a) & ~SIGN, d = bits_of(b) & ~SIGN;
    if (d == 0 || n >= INFINITE || d > INFINITE) {
        return float_of(NOT_A_NUMBER);
    }
    if (n < d) {
        return a;
    }
    int32_t exponent = (int32_t)(n >> 23), d_exponent = (int32_t)(d >> 23);
    n = exponent ? (n & 0x7FFFFF) | 0x800000 : n;
    d = d_exponent ? (d & 0x7FFFFF) | 0x800000 : d;
    exponent += !exponent, d_exponent += !d_exponent;  // subnormals are as far down as the lowest normal numbers
    n %= d;
    for (; exponent > d_exponent; exponent--) {
        n <<= 1;
        n = n >= d ? n - d : n;
    }
    for (; n && !(n & 0x800000) && exponent > 1; exponent--) {
        n <<= 1;
    }
    n = n & 0x800000 ? (n & 0x7FFFFF) | (uint32_t)exponent << 23 : n;
    return float_of(n | (bits_of(a) & SIGN));
}

// Python's: the sign is b's.
static __attribute__((noinline)) float remainder_core(float a, float b) {
    float r = fmod_core(a, b);
    if (r == 0.0f) {
        return with_sign_of(r, b);
    }
    return (r < 0.0f) != (b < 0.0f) ? r + b : r;
}

// e**x - 1. Within 3.34 ulp.
MATH_INLINE float expm1_core(float x) {
    float r = choose(x < 0.34657359f, x, 0.34657359f);
    r = choose(r > -0.34657359f, r, -0.34657359f);
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return choose(r == x, p * (r * r) + r, exp_core(x) - 1.0f);
}

// log(1 + x): what 1 + x rounds away is put back. Within 1.44 ulp.
MATH_INLINE float log1p_core(float x) {
    float u = 1.0f + x, lost = x - (u - 1.0f);
    float y = log_core(u) + choose(u < float_of(INFINITE), lost / u, 0.0f);
    return choose(u == 1.0f, x, choose(u == 0.0f, float_of(INFINITE | SIGN), y));
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

// The angle of (x, y). Within 2.3 ulp.
static __attribute__((noinline)) float atan2_core(float y, float x) {
    if (x != x || y != y) {
        return float_of(NOT_A_NUMBER);
    }
    float a = float_of(bits_of(y) & ~SIGN), b = float_of(bits_of(x) & ~SIGN);
    float small = a < b ? a : b, large = a < b ? b : a, t;
    if (large == 0.0f || small == float_of(INFINITE)) {
        t = small == large ? 0.0f + (large == 0.0f ? 0.0f : 1.0f) : 0.0f;
    } else {
        t = small / large;
    }
    // Beyond tan(pi / 8), as pi / 4 less what is left.
    bool far = t > 0.414213568f;
    float u = far ? (t - 1.0f) / (t + 1.0f) : t;
    float z = u * u;
    float p = -6.09081797e-2f;
    p = p * z + 1.05995789e-1f;
    p = p * z - 1.42444551e-1f;
    p = p * z + 1.99985310e-1f;
    p = p * z - 3.33333164e-1f;
    p = p * z * u;
    // pi / 4, pi / 2 and pi in two floats each: the low part goes in with the small terms.
    float base = far ? 0.785398185f : 0.0f, base_low = far ? -2.18556941e-8f : 0.0f;
    if (a > b) {
        base = 1.57079637f - base, base_low = -4.37113883e-8f - base_low;
        u = -u, p = -p;
    }
    if (bits_of(x) & SIGN) {
        base = 3.14159274f - base, base_low = -8.74227766e-8f - base_low;
        u = -u, p = -p;
    }
    return with_sign_of(base + (u + (p + base_low)), y);
}

// Within 1.3 ulp.
static __attribute__((noinline)) float erf_core(float x) {
    float a = float_of(bits_of(x) & ~SIGN);
    if (a < 0.9f) {
        float z = a * a;
        float p = -6.09900628e-4f;
        p = p * z + 5.01350593e-3f;
        p = p * z - 2.67797690e-2f;
        p = p * z + 1.12821534e-1f;
        p = p * z - 3.76125216e-1f;
        p = p * z + 1.28379151e-1f;
        return x + x * p;
    }
    if (!(a < 4.1f)) {
        return x == x ? with_sign_of(1.0f, x) : x;
    }
    float p = -1.97186979e-4f;
    p = p * a + 3.05564306e-3f;
    p = p * a - 2.22771894e-2f;
    p = p * a + 1.04037531e-1f;
    p = p * a + 6.37059569e-1f;
    p = p * a + 1.12774968f;
    p = p * a + 1.77460519e-4f;
    return with_sign_of(1.0f - exp_core(-p), x);
}

float ember_expm1(float x) {
    return expm1_core(x);
}

float ember_log1p(float x) {
    return log1p_core(x);
}

float ember_sin(float x) {
    return sine(x, 0);
}

float ember_cos(float x) {
    return sine(x, 1);
}

float ember_erf(float x) {
    return erf_core(x);
}
