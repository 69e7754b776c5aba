// Signals: the Fourier transform of real rows and its transpose, and filters of the second order.
//
// n rows of N = 2 * half numbers, half = 2**levels; a filter goes along n of outer x n x inner elements.

// 2**levels points in memory; whatever a program says, no more than half of a row.
typedef struct {
    const float *wave;
    float ends, inner;
    int32_t half, levels, points;
    bool transposed;
} transform;

// Both instructions have their fields in this order, and their operands: what is written, what is read, wave, scale.
static transform transform_of(const ember_vm *vm, const int32_t *fields, bool transposed) {
    const float *scale = floats_at(vm, fields[RFFT_SCALE]);
    transform t = {
        floats_at(vm, fields[RFFT_WAVE]), scale[0], scale[1], fields[RFFT_HALF], fields[RFFT_LEVELS], 0, transposed
    };
    while (1 << t.levels > t.half) {
        t.levels--;
    }
    t.points = 1 << t.levels;
    return t;
}

// The bits of k the other way round.
static __attribute__((noinline)) int32_t turned(int32_t k, int32_t levels) {
    int32_t result = 0;
    for (; levels; levels--, k >>= 1) {
        result = result << 1 | (k & 1);
    }
    return result;
}

// cos(2 pi k / N), of a table of sines over half a turn.
static inline float cosine(const transform *t, int32_t k) {
    const int32_t quarter = t->points / 2;
    return k < quarter ? t->wave[k + quarter] : -t->wave[k - quarter];
}

static __attribute__((noinline)) void butterflies(const transform *t, float *z) {
    for (int32_t size = 1; size < t->points; size += size) {
        for (int32_t k = 0; k < size; k++) {
            const int32_t step = k * (t->points / size);
            const float c = cosine(t, step), s = t->transposed ? -t->wave[step] : t->wave[step];
            for (int32_t i = k; i < t->points; i += 2 * size) {
                float *a = z + 2 * i, *b = a + 2 * size, re = b[0], im = b[1];
                if (k) {
                    re = c * b[0] + s * b[1];
                    im = c * b[1] - s * b[0];
                }
                b[0] = a[0] - re;
                b[1] = a[1] - im;
                a[0] = a[0] + re;
                a[1] = a[1] + im;
            }
        }
    }
}

// Between the transform of N real numbers and that of N / 2 pairs of them, but for k = 0.
static __attribute__((noinline)) void split(const transform *t, float *to, const float *from) {
    const float half = 0.5f * t->inner;
    for (int32_t k = 1; 2 * k <= t->points; k++) {
        const float *a = from + 2 * k, *b = from + 2 * (t->points - k);
        const float e_re = a[0] + b[0], e_im = a[1] - b[1], o_re = a[0] - b[0], o_im = a[1] + b[1];
        const float c = t->transposed ? -cosine(t, k) : cosine(t, k), s = t->wave[k];
        const float t_re = c * o_im - s * o_re, t_im = -(c * o_re + s * o_im);
        float *p = to + 2 * (t->transposed ? turned(k, t->levels) : k);
        float *q = to + 2 * (t->transposed ? turned(t->points - k, t->levels) : t->points - k);
        q[0] = (e_re - t_re) * half;
        q[1] = -((e_im - t_im) * half);
        p[0] = (e_re + t_re) * half;
        p[1] = (e_im + t_im) * half;
    }
}

// y[i, k] = f(k) * (sum over j of x[i, j] * e^(-2 pi i jk / N)), k = 0 .. N / 2
// f(0) = f(N / 2) = scale[0], else f(k) = scale[1]
// y [n, half + 1, 2], x [n, 2 * half], wave [half] = sin(2 pi j / N), scale [2]
static int32_t run_rfft(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const transform t = transform_of(vm, fields, false);
    float *y = floats_at(vm, fields[RFFT_Y]) + first * (2 * t.half + 2);
    const float *x = floats_at(vm, fields[RFFT_X]) + first * 2 * t.half;
    for (int32_t row = first; row < last; row++, y += 2 * t.half + 2, x += 2 * t.half) {
        for (int32_t k = 0; k < t.points; k++) {
            float *z = y + 2 * turned(k, t.levels);
            z[0] = x[2 * k];
            z[1] = x[2 * k + 1];
        }
        butterflies(&t, y);
        split(&t, y, y);
        const float re = y[0], im = y[1];
        y[0] = (re + im) * t.ends;
        y[2 * t.points] = (re - im) * t.ends;
        y[1] = y[2 * t.points + 1] = 0.0f;
    }
    return last;
}

// x[i, j] = sum over k of f(k) * (y[i, k, 0] * cos(2 pi jk / N) - y[i, k, 1] * sin(2 pi jk / N)), k = 0 .. N / 2
// x [n, 2 * half], y [n, half + 1, 2], wave [half] = sin(2 pi j / N), scale [2]
static int32_t run_rfft_transposed(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const transform t = transform_of(vm, fields, true);
    float *x = floats_at(vm, fields[RFFT_TRANSPOSED_X]) + first * 2 * t.half;
    const float *y = floats_at(vm, fields[RFFT_TRANSPOSED_Y]) + first * (2 * t.half + 2);
    for (int32_t row = first; row < last; row++, y += 2 * t.half + 2, x += 2 * t.half) {
        const float a = y[0] * t.ends, b = y[2 * t.points] * t.ends;
        x[0] = a + b;
        x[1] = a - b;
        split(&t, x, y);
        butterflies(&t, x);
    }
    return last;
}

// y = b0 * x + s1; s1 = (b1 * x - a1 * y) + s2; s2 = b2 * x - a2 * y
// transposed: w = (x - a1 * s1) - a2 * s2; y = (b0 * w + b1 * s1) + b2 * s2; s2 = s1; s1 = w
// y, x [outer, n, inner]; coefficients [5] = b0, b1, b2, a1, a2; start, end [outer, 2, inner] = s1, s2
static int32_t run_biquad(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t n = fields[BIQUAD_N], inner = fields[BIQUAD_INNER];
    const bool transposed = fields[BIQUAD_TRANSPOSED];
    const int32_t step = transposed ? -inner : inner;
    const float *c = floats_at(vm, fields[BIQUAD_COEFFICIENTS]);
    const float b0 = c[0], b1 = c[1], b2 = c[2], a1 = c[3], a2 = c[4];
    const float *start = floats_at(vm, fields[BIQUAD_START]);
    float *end = floats_at(vm, fields[BIQUAD_END]);
    for (int32_t row = first; row < last; row++) {
        for (int32_t j = 0; j < inner; j++) {
            const int32_t state = row * 2 * inner + j;
            const int32_t at = row * n * inner + j + (transposed ? (n - 1) * inner : 0);
            float *y = floats_at(vm, fields[BIQUAD_Y]) + at;
            const float *x = floats_at(vm, fields[BIQUAD_X]) + at;
            float s1 = 0.0f, s2 = 0.0f;
            if (fields[BIQUAD_GIVEN]) {
                s1 = start[state];
                s2 = start[state + inner];
            }
            for (int32_t i = n; i; i--, x += step, y += step) {
                const float value = *x;
                if (transposed) {
                    const float w = (value - a1 * s1) - a2 * s2;
                    *y = (b0 * w + b1 * s1) + b2 * s2;
                    s2 = s1;
                    s1 = w;
                } else {
                    const float w = b0 * value + s1;
                    *y = w;
                    s1 = (b1 * value - a1 * w) + s2;
                    s2 = b2 * value - a2 * w;
                }
            }
            if (fields[BIQUAD_KEPT]) {
                end[state] = s1;
                end[state + inner] = s2;
            }
        }
    }
    return last;
}
