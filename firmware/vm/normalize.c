// Normalization: numbers of mean 0 and variance 1. A row is what has one mean and one variance.
//
// n x m rows of h x w elements, N = h * w; element (i, j, p, q) lies at i * s_n + j * s_m + p * s_h + q * s_w.

typedef struct {
    int32_t m, h, w, s_n, s_m, s_h, s_w;
    float count;
} norm;

// The two instructions' sizes and strides stand in the same places.
static norm norm_of(const int32_t *fields) {
    const int32_t h = fields[NORMALIZE_H], w = fields[NORMALIZE_W];
    norm s = {
        fields[NORMALIZE_M], h, w, fields[NORMALIZE_S_N], fields[NORMALIZE_S_M], fields[NORMALIZE_S_H],
        fields[NORMALIZE_S_W], (float)h * (float)w  // which one int may not hold
    };
    return s;
}

static inline float factor_of(float var, float eps) {
    return 1.0f / sqrt_core(var + eps);
}

typedef struct {
    float first, second;
} norm_sums;

// Over a row, the sums of d = x - mean and, where `both`, of d * y (without y, d * d), each kept in two floats.
static norm_sums sums_of(const norm *s, const float *x, const float *y, float mean, bool both) {
    total first = { 0.0f, 0.0f }, second = { 0.0f, 0.0f };
    for (int32_t p = 0; p < s->h; p++) {
        for (int32_t q = 0; q < s->w; q++) {
            const int32_t at = p * s->s_h + q * s->s_w;
            const float d = x[at] - mean;
            add_to(&first, d);
            if (both) {
                add_to(&second, d * (y ? y[at] : d));
            }
        }
    }
    norm_sums sums = { first.sum + first.rest, second.sum + second.rest };
    if (!is_finite(sums.first) || !is_finite(sums.second)) {
        float f = 0.0f, g = 0.0f;
        for (int32_t p = 0; p < s->h; p++) {
            for (int32_t q = 0; q < s->w; q++) {
                const int32_t at = p * s->s_h + q * s->s_w;
                const float d = x[at] - mean;
                f += d;
                g += d * (y ? y[at] : d);
            }
        }
        sums.first = is_finite(sums.first) ? sums.first : f;
        sums.second = is_finite(sums.second) ? sums.second : g;
    }
    return sums;
}

// mean = (sum over p, q of x) / N if `center`, else 0, N = h * w
// d = x - mean, rest = (sum over p, q of d) / N if `center`, else 0
// var = (sum over p, q of d * d) / N - rest * rest, at least 0
// y = (d - rest) * (1 / sqrt(var + eps))
// y [n, m, h, w], mean [n, m], var [n, m], x [n, m, h, w], eps [1]
static int32_t run_normalize(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const norm s = norm_of(fields);
    const float eps = *floats_at(vm, fields[NORMALIZE_EPS]);
    for (int32_t row = first; row < last; row++) {
        const int32_t place = row / s.m * s.s_n + row % s.m * s.s_m;
        const float *x = floats_at(vm, fields[NORMALIZE_X]) + place;
        float *y = floats_at(vm, fields[NORMALIZE_Y]) + place, mean = 0.0f, rest = 0.0f;
        if (fields[NORMALIZE_CENTER]) {
            mean = sums_of(&s, x, NULL, 0.0f, false).first / s.count;
        }
        const norm_sums apart = sums_of(&s, x, NULL, mean, true);
        float var = apart.second / s.count;
        if (fields[NORMALIZE_CENTER]) {  // what the mean was rounded by
            rest = apart.first / s.count;
            var = maximum_of(var - rest * rest, 0.0f);
        }
        floats_at(vm, fields[NORMALIZE_MEAN])[row] = mean;
        floats_at(vm, fields[NORMALIZE_VAR])[row] = var;
        const float factor = factor_of(var, eps);
        for (int32_t p = 0; p < s.h; p++) {
            for (int32_t q = 0; q < s.w; q++) {
                const int32_t at = p * s.s_h + q * s.s_w;
                y[at] = ((x[at] - mean) - rest) * factor;
            }
        }
    }
    return last;
}

// a = (sum over p, q of g) / N if `center`, else 0; b = (sum over p, q of g * y) / N
// dx = into(dx, ((g - a) - y * b) * (1 / sqrt(var + eps)))
// dx [n, m, h, w], y [n, m, h, w], g [n, m, h, w], var [n, m], eps [1]
static int32_t run_normalize_grad(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const norm s = norm_of(fields);
    const bool add = fields[NORMALIZE_GRAD_INTO];
    const float eps = *floats_at(vm, fields[NORMALIZE_GRAD_EPS]);
    const float *var = floats_at(vm, fields[NORMALIZE_GRAD_VAR]);
    for (int32_t row = first; row < last; row++) {
        const int32_t place = row / s.m * s.s_n + row % s.m * s.s_m;
        float *dx = floats_at(vm, fields[NORMALIZE_GRAD_DX]) + place;
        const float *y = floats_at(vm, fields[NORMALIZE_GRAD_Y]) + place;
        const float *g = floats_at(vm, fields[NORMALIZE_GRAD_G]) + place;
        const norm_sums sums = sums_of(&s, g, y, 0.0f, true);
        const float a = fields[NORMALIZE_GRAD_CENTER] ? sums.first / s.count : 0.0f, b = sums.second / s.count;
        const float factor = factor_of(var[row], eps);
        for (int32_t p = 0; p < s.h; p++) {
            for (int32_t q = 0; q < s.w; q++) {
                const int32_t at = p * s.s_h + q * s.s_w;
                const float value = ((g[at] - a) - y[at] * b) * factor;
                dx[at] = add ? dx[at] + value : value;
            }
        }
    }
    return last;
}
