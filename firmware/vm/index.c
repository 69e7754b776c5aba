// What goes by index, and along one dimension: gather, scatter_add, scan, argsort.
//
// outer x n x inner elements; an index is below high; what is sorted is n rows of width elements.

// An index that was read: below zero where it is no whole number of 0 .. high - 1. Range comes before conversion.
static inline int32_t index_of(integers operand, int32_t i, int32_t high) {
    if (operand.type == EMBER_FLOAT32) {
        const float x = ((const volatile float *)operand.start)[i];
        if (!((x >= 0.0f) & (x < (float)high))) {
            return -1;
        }
        int32_t whole = (int32_t)x;
        return (float)whole == x ? whole : -1;
    }
    int32_t whole = integer_of(operand, i);
    return (uint32_t)whole < (uint32_t)high ? whole : -1;
}

typedef struct {
    integers index;
    int32_t n, inner, high, outer_step, n_step, inner_step;
} indexing;

// The first of a row's indices, or -1 where one of them is out of range. Each is checked again where it is used:
// whoever else may write to that memory, the VM stays within its own.
static inline int32_t row_of_indices(const indexing *s, int32_t row, int32_t *start) {
    *start = row / s->n * s->outer_step + row % s->n * s->n_step;
    for (int32_t j = 1; s->inner_step && j < s->inner; j++) {
        if (index_of(s->index, *start + j * s->inner_step, s->high) < 0) {
            return -1;
        }
    }
    return index_of(s->index, *start, s->high);
}

// y[o, i, j] = into(y[o, i, j], x[o, k, j]), k = index[o * i_outer + i * i_n + j * i_inner]
// y [outer, n, inner], x [outer, high, inner]
static int32_t run_gather(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const indexing s = {
        integers_at(vm, fields[GATHER_INDEX]), fields[GATHER_N], fields[GATHER_INNER], fields[GATHER_HIGH],
        fields[GATHER_I_OUTER], fields[GATHER_I_N], fields[GATHER_I_INNER]
    };
    const int32_t into = fields[GATHER_INTO];
    float *y = floats_at(vm, fields[GATHER_Y]) + first * s.inner;
    const float *x = floats_at(vm, fields[GATHER_X]);
    for (int32_t row = first; row < last; row++, y += s.inner) {
        int32_t start, at = row_of_indices(&s, row, &start);
        if (at < 0) {
            return row;
        }
        const float *block = x + row / s.n * s.high * s.inner;
        if (s.inner_step == 0) {
            meet(into, y, 1, block + at * s.inner, s.inner);
            continue;
        }
        for (int32_t j = 0; j < s.inner; j++) {
            if ((at = index_of(s.index, start + j * s.inner_step, s.high)) < 0) {
                return row;
            }
            const float value = block[at * s.inner + j];
            y[j] = into ? y[j] + value : value;
        }
    }
    return last;
}

// y[o, k, j] = y[o, k, j] + x[o, i, j], k = index[o * i_outer + i * i_n + j * i_inner], in the order of o, i, j
// y [outer, high, inner], x [outer, n, inner]
static int32_t run_scatter_add(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const indexing s = {
        integers_at(vm, fields[SCATTER_ADD_INDEX]), fields[SCATTER_ADD_N], fields[SCATTER_ADD_INNER],
        fields[SCATTER_ADD_HIGH], fields[SCATTER_ADD_I_OUTER], fields[SCATTER_ADD_I_N], fields[SCATTER_ADD_I_INNER]
    };
    float *y = floats_at(vm, fields[SCATTER_ADD_Y]);
    const float *x = floats_at(vm, fields[SCATTER_ADD_X]) + first * s.inner;
    for (int32_t row = first; row < last; row++, x += s.inner) {
        int32_t start, at = row_of_indices(&s, row, &start);
        if (at < 0) {
            return row;
        }
        float *block = y + row / s.n * s.high * s.inner;
        if (s.inner_step == 0) {
            meet(INTO_ADD, block + at * s.inner, 1, x, s.inner);
            continue;
        }
        for (int32_t j = 0; j < s.inner; j++) {
            if ((at = index_of(s.index, start + j * s.inner_step, s.high)) < 0) {
                return row;
            }
            block[at * s.inner + j] += x[j];
        }
    }
    return last;
}

// y[i, j] = x[0, j] + … + x[i, j], rows of `inner` a step apart.
static void sums_so_far(float *y, const float *x, int32_t step, int32_t n, int32_t inner) {
    float sum[CHUNK], rest[CHUNK], plain[CHUNK];
    for (int32_t left = inner; left > 0; left -= CHUNK, x += CHUNK, y += CHUNK) {
        const int32_t count = left < CHUNK ? left : CHUNK;
        EACH(j, count) {
            y[j] = sum[j] = plain[j] = x[j];
            rest[j] = 0.0f;
        }
        for (int32_t i = 1; i < n; i++) {
            const float *term = x + i * step;
            float *to = y + i * step;
            EACH(j, count) {
                total t = { sum[j], rest[j] };
                add_to(&t, term[j]);
                sum[j] = t.sum, rest[j] = t.rest;
                plain[j] += term[j];
                const float value = t.sum + t.rest;
                to[j] = choose(is_finite(value), value, plain[j]);
            }
        }
    }
}

// y[o, 0, j] = x[o, 0, j], and from there y[o, i, j] = fn(y[o, i - 1, j], x[o, i, j])
// y [outer, n, inner], x [outer, n, inner]
static int32_t run_scan(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t n = fields[SCAN_N], inner = fields[SCAN_INNER];
    const int32_t step = fields[SCAN_REVERSE] ? -inner : inner;
    for (int32_t row = first; row < last; row++) {
        const int32_t at = (row * n + (step < 0 ? n - 1 : 0)) * inner;
        float *y = floats_at(vm, fields[SCAN_Y]) + at;
        const float *x = floats_at(vm, fields[SCAN_X]) + at;
        if (fields[SCAN_FN] == FN_ADD) {
            sums_so_far(y, x, step, n, inner);
            continue;
        }
        meet(INTO_WRITE, y, 1, x, inner);
        for (int32_t i = 1; i < n; i++) {
            y += step, x += step;
            apply(fields[SCAN_FN], y, y - step, x, inner);
        }
    }
    return last;
}

// Whether element a is sorted before element b: by value, and of equal ones the first.
static inline bool comes_before(const float *x, uint32_t a, uint32_t b, bool descending) {
    if (is_greater(x[a], x[b])) {
        return descending;
    }
    if (is_greater(x[b], x[a])) {
        return !descending;
    }
    return a < b;
}

// The i-th position of a row that is being sorted. Whoever else may write there, it is one of the row's.
static inline uint32_t position_of(const float *order, int32_t i, uint32_t width) {
    const uint32_t at = ((const volatile word_of_float *)order)[i];
    return at < width ? at : 0;
}

// Lets the element at the root of a heap sink to its place: what comes later is further up. Until a row is sorted
// its positions are kept as the bits of floats, which costs a processor without an FPU nothing.
static void sift(float *order, int32_t root, int32_t end, const float *x, uint32_t width, bool descending) {
    const uint32_t item = position_of(order, root, width);
    for (int32_t child; (child = 2 * root + 1) < end; root = child) {
        uint32_t at = position_of(order, child, width);
        if (child + 1 < end) {
            const uint32_t other = position_of(order, child + 1, width);
            if (comes_before(x, at, other, descending)) {
                at = other;
                child++;
            }
        }
        if (!comes_before(x, item, at, descending)) {
            break;
        }
        order[root] = float_of(at);
    }
    order[root] = float_of(item);
}

// y[i] = the positions j of x[i, j] in the order of their values: stable, NaN greater than all
// y [n, width], x [n, width]
static int32_t run_argsort(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t width = fields[ARGSORT_WIDTH];
    const bool descending = fields[ARGSORT_DESCENDING];
    float *y = floats_at(vm, fields[ARGSORT_Y]) + first * width;
    const float *x = floats_at(vm, fields[ARGSORT_X]) + first * width;
    for (int32_t row = first; row < last; row++, y += width, x += width) {
        for (int32_t i = 0; i < width; i++) {
            y[i] = float_of((uint32_t)i);
        }
        for (int32_t root = width / 2 - 1; root >= 0; root--) {
            sift(y, root, width, x, (uint32_t)width, descending);
        }
        for (int32_t end = width - 1; end > 0; end--) {
            const float latest = y[0];
            y[0] = y[end];
            y[end] = latest;
            sift(y, 0, end, x, (uint32_t)width, descending);
        }
        for (int32_t i = 0; i < width; i++) {
            y[i] = (float)(int32_t)bits_of(y[i]);
        }
    }
    return last;
}
