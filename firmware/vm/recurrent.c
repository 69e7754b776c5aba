// Recurrent networks over whole sequences. A row is a step of every sample.
//
// n samples of `steps` steps of `hidden` units; h[t] is a step's state, s the state before it, start before the first;
// w_r is w's columns of gate r, w' its transpose; da is the gradient of gates, before their functions.

typedef struct {
    int32_t n, steps, hidden;
    bool reverse;
} sequence;

// Which step a row is; backward goes the other way round.
static inline int32_t time_of(const sequence *s, int32_t row, bool backward) {
    return s->reverse != backward ? s->steps - 1 - row : row;
}

// The state, or cell, before step t of sample i: that of the step that the sequence came from, or what it started with.
static inline const float *before_of(const sequence *s, const float *states, const float *start, int32_t i, int32_t t) {
    const int32_t before = s->reverse ? t + 1 : t - 1;
    if (before < 0 || before == s->steps) {
        return start + i * s->hidden;
    }
    return states + (i * s->steps + before) * s->hidden;
}

// sums[j] += state[0] * w[0, j] + state[1] * w[1, j] + …, in this order, for `count` columns of `width`.
static void add_products(float *sums, const float *state, int32_t hidden, const float *w, int32_t count,
                         int32_t width) {
    for (int32_t k = 0; k < hidden; k++, w += width) {
        const float x = state[k];
        EACH(j, count) {
            sums[j] = sums[j] + x * w[j];
        }
    }
}

static inline float dot_from(float total, const float *a, const float *b, int32_t count) {
    for (int32_t j = 0; j < count; j++) {
        total += a[j] * b[j];
    }
    return total;
}

// h[t] = f(h[t] + s @ w), f = tanh, or relu if `relu`
// h [n, steps, hidden], w [hidden, hidden], start [n, hidden]
static int32_t run_rnn(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const sequence s = {fields[RNN_N], fields[RNN_STEPS], fields[RNN_HIDDEN], fields[RNN_REVERSE]};
    float *h = floats_at(vm, fields[RNN_H]);
    const float *w = floats_at(vm, fields[RNN_W]), *start = floats_at(vm, fields[RNN_START]);
    for (int32_t row = first; row < last; row++) {
        const int32_t t = time_of(&s, row, false);
        for (int32_t i = 0; i < s.n; i++) {
            float *y = h + (i * s.steps + t) * s.hidden;
            add_products(y, before_of(&s, h, start, i, t), s.hidden, w, s.hidden, s.hidden);
            for (int32_t j = 0; j < s.hidden; j++) {
                y[j] = fields[RNN_RELU] ? (y[j] < 0.0f ? 0.0f : y[j]) : tanh_core(y[j]);
            }
        }
    }
    return last;
}

// d = carry + g[t]
// da[t] = d * (1 - h[t] * h[t]), or if `relu` 0 where h[t] <= 0, else d
// carry = da[t] @ w'
// da, g, h [n, steps, hidden]; carry [n, hidden]; w [hidden, hidden]
static int32_t run_rnn_grad(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const sequence s = {fields[RNN_GRAD_N], fields[RNN_GRAD_STEPS], fields[RNN_GRAD_HIDDEN], fields[RNN_GRAD_REVERSE]};
    const float *h = floats_at(vm, fields[RNN_GRAD_H]), *w = floats_at(vm, fields[RNN_GRAD_W]);
    for (int32_t row = first; row < last; row++) {
        for (int32_t i = 0; i < s.n; i++) {
            const int32_t at = (i * s.steps + time_of(&s, row, true)) * s.hidden;
            const float *g = floats_at(vm, fields[RNN_GRAD_G]) + at, *y = h + at;
            float *da = floats_at(vm, fields[RNN_GRAD_DA]) + at;
            float *carry = floats_at(vm, fields[RNN_GRAD_CARRY]) + i * s.hidden;
            for (int32_t j = 0; j < s.hidden; j++) {
                const float d = carry[j] + g[j];
                da[j] = fields[RNN_GRAD_RELU] ? (y[j] <= 0.0f ? 0.0f : d) : d * (1.0f - y[j] * y[j]);
            }
            for (int32_t k = 0; k < s.hidden; k++) {
                carry[k] = dot_from(0.0f, da, w + k * s.hidden, s.hidden);
            }
        }
    }
    return last;
}

// r = sigmoid(r + s @ w_r), z = sigmoid(z + s @ w_z), q = q + s @ w_n, n = tanh(n + r * q)
// h[t] = (1 - z) * n + z * s
// h [n, steps, hidden]; start [n, hidden]; gates [n, steps, 4, hidden]: r, z, n, q; w [hidden, 3, hidden]: r, z, n
static int32_t run_gru(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const sequence s = {fields[GRU_N], fields[GRU_STEPS], fields[GRU_HIDDEN], fields[GRU_REVERSE]};
    float *h = floats_at(vm, fields[GRU_H]);
    const float *w = floats_at(vm, fields[GRU_W]), *start = floats_at(vm, fields[GRU_START]);
    const int32_t size = s.hidden;
    for (int32_t row = first; row < last; row++) {
        const int32_t t = time_of(&s, row, false);
        for (int32_t i = 0; i < s.n; i++) {
            const int32_t at = (i * s.steps + t) * size;
            const float *state = before_of(&s, h, start, i, t);
            float *gates = floats_at(vm, fields[GRU_GATES]) + 4 * at, *new = gates + 2 * size, *q = gates + 3 * size;
            add_products(gates, state, size, w, 2 * size, 3 * size);
            add_products(q, state, size, w + 2 * size, size, 3 * size);
            for (int32_t j = 0; j < size; j++) {
                gates[j] = sigmoid_core(gates[j]);
                gates[size + j] = sigmoid_core(gates[size + j]);
                new[j] = tanh_core(new[j] + gates[j] * q[j]);
                h[at + j] = (1.0f - gates[size + j]) * new[j] + gates[size + j] * state[j];
            }
        }
    }
    return last;
}

// d = carry + g[t], dn = d * (1 - z) * (1 - n * n), dz = d * (s - n) * (z * (1 - z))
// dq = dn * r, dr = dn * q * (r * (1 - r)); da[t] = dr, dz, dn, dq
// carry = d * z + dr @ w_r' + dz @ w_z' + dq @ w_n'
// da, gates [n, steps, 4, hidden]; carry, start [n, hidden]; g, h [n, steps, hidden]; w [hidden, 3, hidden]
static int32_t run_gru_grad(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const sequence s = {fields[GRU_GRAD_N], fields[GRU_GRAD_STEPS], fields[GRU_GRAD_HIDDEN], fields[GRU_GRAD_REVERSE]};
    const float *h = floats_at(vm, fields[GRU_GRAD_H]), *w = floats_at(vm, fields[GRU_GRAD_W]);
    const float *start = floats_at(vm, fields[GRU_GRAD_START]);
    const int32_t size = s.hidden;
    for (int32_t row = first; row < last; row++) {
        const int32_t t = time_of(&s, row, true);
        for (int32_t i = 0; i < s.n; i++) {
            const int32_t at = (i * s.steps + t) * size;
            const float *state = before_of(&s, h, start, i, t), *g = floats_at(vm, fields[GRU_GRAD_G]) + at;
            const float *gates = floats_at(vm, fields[GRU_GRAD_GATES]) + 4 * at;
            float *da = floats_at(vm, fields[GRU_GRAD_DA]) + 4 * at;
            float *carry = floats_at(vm, fields[GRU_GRAD_CARRY]) + i * size;
            for (int32_t j = 0; j < size; j++) {
                const float r = gates[j], z = gates[size + j], new = gates[2 * size + j], q = gates[3 * size + j];
                const float d = carry[j] + g[j], dn = d * (1.0f - z) * (1.0f - new * new);
                da[j] = dn * q * (r * (1.0f - r));
                da[size + j] = d * (state[j] - new) * (z * (1.0f - z));
                da[2 * size + j] = dn;
                da[3 * size + j] = dn * r;
                carry[j] = d * z;
            }
            for (int32_t k = 0; k < size; k++) {
                const float *row_of_w = w + k * 3 * size;
                carry[k] = dot_from(dot_from(carry[k], da, row_of_w, 2 * size), da + 3 * size,
                                    row_of_w + 2 * size, size);
            }
        }
    }
    return last;
}

// i, f, o = sigmoid(i, f, o + s @ w), g = tanh(g + s @ w)
// c[t] = f * c[t - 1] + i * g, h[t] = o * tanh(c[t])
// h, c [n, steps, hidden]; start, start_c [n, hidden]
// gates [n, steps, 4, hidden], w [hidden, 4, hidden]: i, f, g, o
static int32_t run_lstm(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const sequence s = {fields[LSTM_N], fields[LSTM_STEPS], fields[LSTM_HIDDEN], fields[LSTM_REVERSE]};
    float *h = floats_at(vm, fields[LSTM_H]), *c = floats_at(vm, fields[LSTM_C]);
    const float *start = floats_at(vm, fields[LSTM_START]), *start_c = floats_at(vm, fields[LSTM_START_C]);
    const float *w = floats_at(vm, fields[LSTM_W]);
    const int32_t size = s.hidden;
    for (int32_t row = first; row < last; row++) {
        const int32_t t = time_of(&s, row, false);
        for (int32_t i = 0; i < s.n; i++) {
            const int32_t at = (i * s.steps + t) * size;
            const float *cell = before_of(&s, c, start_c, i, t);
            float *gates = floats_at(vm, fields[LSTM_GATES]) + 4 * at;
            add_products(gates, before_of(&s, h, start, i, t), size, w, 4 * size, 4 * size);
            for (int32_t j = 0; j < size; j++) {
                float *f = gates + size, *new = gates + 2 * size, *o = gates + 3 * size;
                gates[j] = sigmoid_core(gates[j]);
                f[j] = sigmoid_core(f[j]);
                new[j] = tanh_core(new[j]);
                o[j] = sigmoid_core(o[j]);
                c[at + j] = f[j] * cell[j] + gates[j] * new[j];
                h[at + j] = o[j] * tanh_core(c[at + j]);
            }
        }
    }
    return last;
}

// d = carry + g[t], t = tanh(c[t]), e = carry_c + d * o * (1 - t * t)
// di = e * g * (i * (1 - i)), df = e * c[t - 1] * (f * (1 - f)), dg = e * i * (1 - g * g), do = d * t * (o * (1 - o))
// carry_c = e * f, carry = da[t] @ w'
// da, gates [n, steps, 4, hidden]; carry, carry_c, start_c [n, hidden]; g, c [n, steps, hidden]; w [hidden, 4, hidden]
static int32_t run_lstm_grad(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const sequence s = {
        fields[LSTM_GRAD_N], fields[LSTM_GRAD_STEPS], fields[LSTM_GRAD_HIDDEN], fields[LSTM_GRAD_REVERSE]
    };
    const float *c = floats_at(vm, fields[LSTM_GRAD_C]), *start_c = floats_at(vm, fields[LSTM_GRAD_START_C]);
    const float *w = floats_at(vm, fields[LSTM_GRAD_W]);
    const int32_t size = s.hidden;
    for (int32_t row = first; row < last; row++) {
        const int32_t t = time_of(&s, row, true);
        for (int32_t i = 0; i < s.n; i++) {
            const int32_t at = (i * s.steps + t) * size;
            const float *cell = before_of(&s, c, start_c, i, t), *g = floats_at(vm, fields[LSTM_GRAD_G]) + at;
            const float *gates = floats_at(vm, fields[LSTM_GRAD_GATES]) + 4 * at;
            float *da = floats_at(vm, fields[LSTM_GRAD_DA]) + 4 * at;
            float *carry = floats_at(vm, fields[LSTM_GRAD_CARRY]) + i * size;
            float *carry_c = floats_at(vm, fields[LSTM_GRAD_CARRY_C]) + i * size;
            for (int32_t j = 0; j < size; j++) {
                const float in = gates[j], f = gates[size + j], new = gates[2 * size + j], o = gates[3 * size + j];
                const float d = carry[j] + g[j], bent = tanh_core(c[at + j]);
                const float e = carry_c[j] + d * o * (1.0f - bent * bent);
                da[j] = e * new * (in * (1.0f - in));
                da[size + j] = e * cell[j] * (f * (1.0f - f));
                da[2 * size + j] = e * in * (1.0f - new * new);
                da[3 * size + j] = d * bent * (o * (1.0f - o));
                carry_c[j] = e * f;
            }
            for (int32_t k = 0; k < size; k++) {
                carry[k] = dot_from(0.0f, da, w + k * 4 * size, 4 * size);
            }
        }
    }
    return last;
}
