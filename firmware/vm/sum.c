// Sums that are kept in two floats: what each addition rounds away is added to the next term (Kahan, 1965).
//
// n0 x n1 x n2 x n3 sums of h x w terms; y is written, a and b are read; fn is a function of a map.

typedef struct {
    float sum, rest;
} total;

static inline void add_to(total *t, float x) {
    const float y = x + t->rest, sum = t->sum + y;
    t->rest = y - (sum - t->sum);
    t->sum = sum;
}

static inline bool is_finite(float x) {
    return x - x == 0.0f;
}

typedef struct {
    int32_t fn, h, w, a_h, a_w, b_h, b_w;
    bool square, two;
} summation;

// The next terms of a sum, or of sums side by side; `chunk` holds three times as many.
static const float *terms(const summation *s, const float *a, int32_t a_step, const float *b, int32_t b_step,
                          float *chunk, int32_t count) {
    const float *f = run_of(a, a_step, chunk, count);
    if (s->fn != FN_COPY) {
        apply(s->fn, chunk + 2 * CHUNK, f, s->two ? run_of(b, b_step, chunk + CHUNK, count) : f, count);
        f = chunk + 2 * CHUNK;
    }
    if (s->square) {
        EACH(i, count) {
            chunk[2 * CHUNK + i] = f[i] * f[i];
        }
        f = chunk + 2 * CHUNK;
    }
    return f;
}

// One sum, its terms one after the other.
static float sum_along(const summation *s, const float *a, const float *b, bool plain) {
    float chunk[3 * CHUNK];
    total t = { 0.0f, 0.0f };
    for (int32_t p = 0; p < s->h; p++) {
        const float *a_run = a + p * s->a_h, *b_run = b + p * s->b_h;
        for (int32_t left = s->w; left > 0; left -= CHUNK) {
            const int32_t size = left < CHUNK ? left : CHUNK;
            const float *f = terms(s, a_run, s->a_w, b_run, s->b_w, chunk, size);
            for (int32_t i = 0; i < size; i++) {
                if (plain) {
                    t.sum += f[i];
                } else {
                    add_to(&t, f[i]);
                }
            }
            a_run += size * s->a_w, b_run += size * s->b_w;
        }
    }
    return t.sum + t.rest;
}

// As many sums as a chunk holds, side by side.
static void sums_across(const summation *s, float *y, int32_t y_step, const float *a, int32_t a_step, const float *b,
                        int32_t b_step, int32_t count) {
    float chunk[3 * CHUNK], sum[CHUNK], rest[CHUNK];
    fill(sum, 0.0f, count);
    fill(rest, 0.0f, count);
    for (int32_t p = 0; p < s->h; p++) {
        for (int32_t q = 0; q < s->w; q++) {
            const float *f = terms(s, a + p * s->a_h + q * s->a_w, a_step, b + p * s->b_h + q * s->b_w, b_step, chunk,
                count);
            EACH(i, count) {
                total t = { sum[i], rest[i] };
                add_to(&t, f[i]);
                sum[i] = t.sum, rest[i] = t.rest;
            }
        }
    }
    for (int32_t i = 0; i < count; i++) {
        const float value = sum[i] + rest[i];
        y[i * y_step] = is_finite(value) ? value : sum_along(s, a + i * a_step, b + i * b_step, true);
    }
}

static inline int32_t size_of_step(int32_t step) {
    return step < 0 ? -step : step;
}

// y[i · y] = sum over p, q of t, or if `square` of t * t
// t = fn(a[i · a + p * a_h + q * a_w], b[i · b + p * b_h + q * b_w])
// i · y = i0 * y0 + i1 * y1 + i2 * y2 + i3 * y3, i in [n0, n1, n2, n3], p in [h], q in [w]
static int32_t run_sum(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const summation s = {
        fields[SUM_FN], fields[SUM_H], fields[SUM_W], fields[SUM_A_H], fields[SUM_A_W], fields[SUM_B_H],
        fields[SUM_B_W], fields[SUM_SQUARE], takes_two(fields[SUM_FN])
    };
    const int32_t *sizes = fields + SUM_N0, *steps = fields + SUM_Y0;
    const int32_t a_step = fields[SUM_A3], b_step = fields[SUM_B3], n3 = sizes[3];
    // Whether outputs lie closer to each other than their terms.
    const bool across = n3 >= 4 && (size_of_step(a_step) <= size_of_step(s.a_w) || (EMBER_VECTORS && s.w < n3));
    for (int32_t row = first; row < last;) {
        float *y = floats_at(vm, fields[SUM_Y]);
        const float *a = floats_at(vm, fields[SUM_A]), *b = floats_at(vm, fields[SUM_B]);
        for (int32_t k = 3, rest = row; k >= 0; k--) {
            const int32_t i = rest % sizes[k];
            rest /= sizes[k];
            y += i * steps[k], a += i * fields[SUM_A0 + k], b += i * fields[SUM_B0 + k];
        }
        int32_t count = 1;
        if (across) {
            count = n3 - row % n3;
            count = count < CHUNK ? count : CHUNK;
            count = count < last - row ? count : last - row;
            sums_across(&s, y, steps[3], a, a_step, b, b_step, count);
        } else {
            const float value = sum_along(&s, a, b, false);
            *y = is_finite(value) ? value : sum_along(&s, a, b, true);
        }
        row += count;
    }
    return last;
}
