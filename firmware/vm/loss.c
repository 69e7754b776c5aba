// Softmax, cross entropy, and the checks and counts that labels need.
//
// n rows of width elements, one a class; label is the row's class, g the gradient of what the forward kernel wrote.

static float maximum_of_row(const float *x, int32_t width) {
    float best = x[0];
    for (int32_t j = 1; j < width; j++) {
        best = maximum_of(best, x[j]);
    }
    return best;
}

// y = x - max(x) for each row; returns nothing else, as the caller exponentiates many rows at once. With `hides` a row
// that is all -inf stays so.
static void shift_rows(float *y, const float *x, int32_t rows, int32_t width, bool hides) {
    for (int32_t i = 0; i < rows; i++, x += width, y += width) {
        const float most = maximum_of_row(x, width);
        const float best = hides && most == float_of(INFINITE | SIGN) ? 0.0f : most;
        EACH(j, width) {
            y[j] = x[j] - best;
        }
    }
}

// Divides each row by its sum, and keeps the sums where `sums` is given. A row of zeros stays so.
static void divide_rows(float *y, float *sums, int32_t rows, int32_t width) {
    for (int32_t i = 0; i < rows; i++, y += width) {
        float sum = 0.0f;
        for (int32_t j = 0; j < width; j++) {
            sum += y[j];
        }
        EACH(j, width) {
            y[j] = y[j] / (sum == 0.0f ? 1.0f : sum);
        }
        if (sums) {
            sums[i] = sum;
        }
    }
}

// m = max over j of x[i, j], e[j] = exp(x[i, j] - m), s = sum over j of e[j]
// form 0: y[i, j] = e[j] / s, 1: y[i, j] = (x[i, j] - m) - log(s), 2: as 0, but 0 where m is -inf
// y [n, width], x [n, width]
static int32_t run_softmax(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t width = fields[SOFTMAX_WIDTH];
    float *y = floats_at(vm, fields[SOFTMAX_Y]) + first * width;
    const float *x = floats_at(vm, fields[SOFTMAX_X]) + first * width;
    shift_rows(y, x, last - first, width, fields[SOFTMAX_FORM] == 2);
    if (fields[SOFTMAX_FORM] != 1) {
        exp_each(y, y, (last - first) * width);
        divide_rows(y, NULL, last - first, width);
        return last;
    }
    for (int32_t i = first; i < last; i++, y += width) {
        float chunk[CHUNK], sum = 0.0f;
        for (int32_t start = 0; start < width; start += CHUNK) {
            int32_t size = width - start < CHUNK ? width - start : CHUNK;
            exp_each(chunk, y + start, size);
            for (int32_t j = 0; j < size; j++) {
                sum += chunk[j];
            }
        }
        const float shift = log_core(sum);
        EACH(j, width) {
            y[j] = y[j] - shift;
        }
    }
    return last;
}

// log 0: dx[i, j] = into(dx[i, j], y[i, j] * (g[i, j] - (sum over k of g[i, k] * y[i, k])))
// log 1: dx[i, j] = into(dx[i, j], g[i, j] - exp(y[i, j]) * (sum over k of g[i, k]))
// dx [n, width], y [n, width], g [n, width]
static int32_t run_softmax_grad(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t width = fields[SOFTMAX_GRAD_WIDTH], into = fields[SOFTMAX_GRAD_INTO];
    const bool log = fields[SOFTMAX_GRAD_LOG];
    float *dx = floats_at(vm, fields[SOFTMAX_GRAD_DX]) + first * width;
    const float *y = floats_at(vm, fields[SOFTMAX_GRAD_Y]) + first * width;
    const float *g = floats_at(vm, fields[SOFTMAX_GRAD_G]) + first * width;
    for (int32_t i = first; i < last; i++, dx += width, y += width, g += width) {
        float chunk[CHUNK], dot = 0.0f;
        for (int32_t j = 0; j < width; j++) {
            dot += log ? g[j] : g[j] * y[j];
        }
        for (int32_t start = 0; start < width; start += CHUNK) {
            int32_t size = width - start < CHUNK ? width - start : CHUNK;
            if (log) {
                exp_each(chunk, y + start, size);
                EACH(j, size) {
                    chunk[j] = g[start + j] - chunk[j] * dot;
                }
            } else {
                EACH(j, size) {
                    chunk[j] = y[start + j] * (g[start + j] - dot);
                }
            }
            meet(into, dx + start, 1, chunk, size);
        }
    }
    return last;
}

// The index of row i, or -1 where it is outside 0 .. high - 1.
static inline int32_t index_below(integers index, int32_t i, int32_t high) {
    const int32_t at = integer_of(index, i);
    return (uint32_t)at < (uint32_t)high ? at : -1;
}

// m = max over j of x[i, j], e[j] = exp(x[i, j] - m), s = sum over j of e[j]
// p[i, j] = e[j] / s, loss[i] = log(s) - (x[i, label[i]] - m)
// loss [n], p [n, width], x [n, width], label [n]
static int32_t run_cross_entropy(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t width = fields[CROSS_ENTROPY_WIDTH];
    integers label = integers_at(vm, fields[CROSS_ENTROPY_LABEL]);
    float *loss = floats_at(vm, fields[CROSS_ENTROPY_LOSS]) + first;
    float *p = floats_at(vm, fields[CROSS_ENTROPY_P]) + first * width;
    const float *x = floats_at(vm, fields[CROSS_ENTROPY_X]) + first * width;
    int32_t labels[CHUNK];
    float at_label[CHUNK], sums[CHUNK];
    while (first < last) {
        int32_t rows = last - first < CHUNK ? last - first : CHUNK;
        for (int32_t i = 0; i < rows; i++) {
            if ((labels[i] = index_below(label, first + i, width)) < 0) {
                rows = i, last = first + i;
            }
        }
        shift_rows(p, x, rows, width, false);
        for (int32_t i = 0; i < rows; i++) {
            at_label[i] = p[i * width + labels[i]];
        }
        exp_each(p, p, rows * width);
        divide_rows(p, sums, rows, width);
        EACH(i, rows) {
            loss[i] = log_core(sums[i]) - at_label[i];
        }
        first += rows, p += rows * width, x += rows * width, loss += rows;
    }
    return last;
}

// dx[i, j] = into(dx[i, j], (p[i, j] - (1 where j is label[i], else 0)) * g[i])
// dx [n, width], p [n, width], label [n], g [n]
static int32_t run_cross_entropy_grad(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t width = fields[CROSS_ENTROPY_GRAD_WIDTH];
    const bool add = fields[CROSS_ENTROPY_GRAD_INTO];
    integers label = integers_at(vm, fields[CROSS_ENTROPY_GRAD_LABEL]);
    float *dx = floats_at(vm, fields[CROSS_ENTROPY_GRAD_DX]) + first * width;
    const float *p = floats_at(vm, fields[CROSS_ENTROPY_GRAD_P]) + first * width;
    const float *g = floats_at(vm, fields[CROSS_ENTROPY_GRAD_G]);
    for (int32_t i = first; i < last; i++, dx += width, p += width) {
        const int32_t target = index_below(label, i, width);
        const float scale = g[i];
        if (target < 0) {
            return i;
        }
        EACH(j, width) {
            float value = (p[j] - choose(j == target, 1.0f, 0.0f)) * scale;
            dx[j] = choose(add, dx[j] + value, value);
        }
    }
    return last;
}

// a fault at the first i whose index[i] is not 0 .. high - 1
// index [n]
static int32_t run_check_index(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const integers index = integers_at(vm, fields[CHECK_INDEX_INDEX]);
    while (first < last && index_below(index, first, fields[CHECK_INDEX_HIGH]) >= 0) {
        first++;
    }
    return first;
}

// counter = counter + how many rows i have their first maximum of x[i, j] at j = label[i]
// counter [1], x [n, width], label [n]
static int32_t run_count_correct(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t width = fields[COUNT_CORRECT_WIDTH];
    integers label = integers_at(vm, fields[COUNT_CORRECT_LABEL]);
    int32_t *counter = integer_at(vm, fields[COUNT_CORRECT_COUNTER]);
    const float *x = floats_at(vm, fields[COUNT_CORRECT_X]) + first * width;
    int32_t correct = 0;
    for (int32_t i = first; i < last; i++, x += width) {
        const int32_t target = index_below(label, i, width);
        if (target < 0) {
            last = i;
            break;
        }
        int32_t at = 0;
        float best = x[0];
        for (int32_t j = 1; j < width && best == best; j++) {
            if (!(x[j] <= best)) {  // greater, or the first that is not a number
                best = x[j];
                at = j;
            }
        }
        correct += at == target;
    }
    *counter = counted(*counter, correct);
    return last;
}
