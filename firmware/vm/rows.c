// Kernels over rows of a matrix: softmax, cross entropy, counting; and the optimizers.

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

// The first row from `first` whose index is outside 0 .. high - 1, or last.
static int32_t first_outside(integers index, int32_t high, int32_t first, int32_t last) {
    while (first < last && (uint32_t)integer_of(index, first) < (uint32_t)high) {
        first++;
    }
    return first;
}

static int32_t run_cross_entropy(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t width = fields[CROSS_ENTROPY_WIDTH];
    integers label = integers_at(vm, fields[CROSS_ENTROPY_LABEL]);
    float *loss = floats_at(vm, fields[CROSS_ENTROPY_LOSS]) + first;
    float *p = floats_at(vm, fields[CROSS_ENTROPY_P]) + first * width;
    const float *x = floats_at(vm, fields[CROSS_ENTROPY_X]) + first * width;
    last = first_outside(label, width, first, last);
    shift_rows(p, x, last - first, width, false);
    float at_label[CHUNK], sums[CHUNK];
    while (first < last) {
        int32_t rows = last - first < CHUNK ? last - first : CHUNK;
        for (int32_t i = 0; i < rows; i++) {
            at_label[i] = p[i * width + integer_of(label, first + i)];
        }
        exp_each(p, p, rows * width);
        divide_rows(p, sums, rows, width);
        EACH(i, rows) {
            loss[i] = log_core(sums[i]) - at_label[i];
        }
        first += rows, p += rows * width, loss += rows;
    }
    return last;
}

static int32_t run_cross_entropy_grad(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t width = fields[CROSS_ENTROPY_GRAD_WIDTH];
    const bool add = fields[CROSS_ENTROPY_GRAD_INTO];
    integers label = integers_at(vm, fields[CROSS_ENTROPY_GRAD_LABEL]);
    float *dx = floats_at(vm, fields[CROSS_ENTROPY_GRAD_DX]) + first * width;
    const float *p = floats_at(vm, fields[CROSS_ENTROPY_GRAD_P]) + first * width;
    const float *g = floats_at(vm, fields[CROSS_ENTROPY_GRAD_G]);
    last = first_outside(label, width, first, last);
    for (int32_t i = first; i < last; i++, dx += width, p += width) {
        const int32_t target = integer_of(label, i);
        const float scale = g[i];
        EACH(j, width) {
            float value = (p[j] - choose(j == target, 1.0f, 0.0f)) * scale;
            dx[j] = choose(add, dx[j] + value, value);
        }
    }
    return last;
}

static int32_t run_check_index(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    return first_outside(integers_at(vm, fields[CHECK_INDEX_INDEX]), fields[CHECK_INDEX_HIGH], first, last);
}

static int32_t run_count_correct(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t width = fields[COUNT_CORRECT_WIDTH];
    integers label = integers_at(vm, fields[COUNT_CORRECT_LABEL]);
    int32_t *counter = integer_at(vm, fields[COUNT_CORRECT_COUNTER]);
    const float *x = floats_at(vm, fields[COUNT_CORRECT_X]) + first * width;
    uint32_t correct = 0;
    last = first_outside(label, width, first, last);
    for (int32_t i = first; i < last; i++, x += width) {
        int32_t at = 0;
        float best = x[0];
        for (int32_t j = 1; j < width && best == best; j++) {
            if (!(x[j] <= best)) {  // greater, or the first that is not a number
                best = x[j];
                at = j;
            }
        }
        correct += at == integer_of(label, i);
    }
    *counter = (int32_t)((uint32_t)*counter + correct);
    return last;
}

static int32_t run_sgd(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const float *hyper = floats_at(vm, fields[SGD_HYPER]);
    const float rate = hyper[0], momentum = hyper[1], fresh = 1.0f - hyper[2], decay = hyper[3];
    const bool begins = *integer_at(vm, fields[SGD_STEP]) == 0, nesterov = fields[SGD_NESTEROV];
    const float total = *floats_at(vm, fields[SGD_TOTAL]);
    float *p = floats_at(vm, fields[SGD_P]), *v = floats_at(vm, fields[SGD_V]);
    const float *g = floats_at(vm, fields[SGD_G]);
    float chunk[CHUNK];
    for (int32_t start = first; start < last; start += CHUNK) {
        int32_t size = last - start < CHUNK ? last - start : CHUNK;
        EACH(i, size) {
            chunk[i] = g[start + i] / total;
        }
        if (decay != 0.0f) {
            EACH(i, size) {
                chunk[i] = chunk[i] + decay * p[start + i];
            }
        }
        if (fields[SGD_MOMENTUM]) {
            EACH(i, size) {
                float gradient = chunk[i];
                float moving = choose(begins, gradient, momentum * v[start + i] + fresh * gradient);
                v[start + i] = moving;
                chunk[i] = choose(nesterov, gradient + momentum * moving, moving);
            }
        }
        EACH(i, size) {
            p[start + i] = p[start + i] - rate * chunk[i];
        }
    }
    return last;
}

static int32_t run_adam(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const float *hyper = floats_at(vm, fields[ADAM_HYPER]);
    const float rate = hyper[0], beta1 = hyper[1], beta2 = hyper[2], eps = hyper[3], decay = hyper[4];
    const float fresh1 = 1.0f - beta1, fresh2 = 1.0f - beta2;
    const uint32_t t = (uint32_t)*integer_at(vm, fields[ADAM_STEP]) + 1;
    const float total = *floats_at(vm, fields[ADAM_TOTAL]);
    const float c1 = 1.0f - power_of_whole(beta1, t), c2 = sqrt_core(1.0f - power_of_whole(beta2, t));
    const float step = rate / c1, shrink = rate * decay;
    const bool decays = decay != 0.0f;
    const int32_t decoupled = fields[ADAM_DECOUPLED];
    float *p = floats_at(vm, fields[ADAM_P]), *m = floats_at(vm, fields[ADAM_M]);
    float *v = floats_at(vm, fields[ADAM_V]), *most = floats_at(vm, fields[ADAM_MOST]);
    const float *g = floats_at(vm, fields[ADAM_G]);
    for (int32_t start = first; start < last; start += CHUNK) {
        float chunk[CHUNK], moving[CHUNK];
        int32_t size = last - start < CHUNK ? last - start : CHUNK;
        EACH(i, size) {
            chunk[i] = g[start + i] / total;
        }
        if (decays && decoupled == 1) {
            EACH(i, size) {
                p[start + i] = p[start + i] - shrink * p[start + i];
            }
        } else if (decays && decoupled == 0) {
            EACH(i, size) {
                chunk[i] = chunk[i] + decay * p[start + i];
            }
        }
        EACH(i, size) {
            float gradient = chunk[i];
            float mean = beta1 * m[start + i] + fresh1 * gradient;
            float square = beta2 * v[start + i] + fresh2 * (gradient * gradient);
            m[start + i] = mean;
            v[start + i] = square;
            moving[i] = square;
        }
        if (fields[ADAM_AMSGRAD]) {
            EACH(i, size) {
                float before = most[start + i];
                moving[i] = choose(before >= moving[i] || before != before, before, moving[i]);
                most[start + i] = moving[i];
            }
        }
        if (decays && decoupled == 2) {
            EACH(i, size) {
                float value = p[start + i];
                p[start + i] = choose(m[start + i] * value >= 0.0f, value - shrink * value, value);
            }
        }
        EACH(i, size) {
            p[start + i] = p[start + i] - step * (m[start + i] / (sqrt_core(moving[i]) / c2 + eps));
        }
    }
    return last;
}
