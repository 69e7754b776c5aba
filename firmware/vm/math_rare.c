// The rarer functions of a map, in the manner of math.c and with its promise: float32 + - * / and integer operations
// alone. The polynomials are least squares with weights, to the least largest error (pow: over some millions of pairs).

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
