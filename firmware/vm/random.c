// Random numbers by counter (threefry2x32 with 20 rounds, Salmon, Moraes, Dror, Shaw: SC 2011), and what draws on them.
//
// n rows of width elements, the first of them row `sample` of all; u(key, stream, step, element) is from 0 up to 1.

#define ROTATED(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define THREEFRY_ROUND(n) x0 += x1, x1 = ROTATED(x1, n) ^ x0
#define THREEFRY_EVEN THREEFRY_ROUND(13); THREEFRY_ROUND(15); THREEFRY_ROUND(26); THREEFRY_ROUND(6)
#define THREEFRY_ODD THREEFRY_ROUND(17); THREEFRY_ROUND(29); THREEFRY_ROUND(16); THREEFRY_ROUND(24)

static inline void threefry(uint32_t k0, uint32_t k1, uint32_t x0, uint32_t x1, uint32_t *out0, uint32_t *out1) {
    uint32_t k2 = k0 ^ k1 ^ 0x1BD11BDAu;
    x0 += k0, x1 += k1;
    THREEFRY_EVEN;
    x0 += k1, x1 += k2 + 1;
    THREEFRY_ODD;
    x0 += k2, x1 += k0 + 2;
    THREEFRY_EVEN;
    x0 += k0, x1 += k1 + 3;
    THREEFRY_ODD;
    x0 += k1, x1 += k2 + 4;
    THREEFRY_EVEN;
    x0 += k2, x1 += k0 + 5;
    *out0 = x0;
    *out1 = x1;
}

// Uniform floats from 0 up to 1 for pairs of elements: out[2 i], out[2 i + 1] for pair + i.
static __attribute__((noinline)) void uniform_pairs(float *out, int32_t pairs, uint32_t key, uint32_t stream,
                                                    uint32_t step, uint32_t pair) {
    for (int32_t i = 0; i < pairs; i++) {
        uint32_t even, odd;
        threefry(key, stream, step, (pair + (uint32_t)i) & 0x7FFFFFFF, &even, &odd);
        out[2 * i] = (float)(int32_t)(even >> 8) * 5.9604644775390625e-8f;
        out[2 * i + 1] = (float)(int32_t)(odd >> 8) * 5.9604644775390625e-8f;
    }
}

uint32_t ember_permute(uint32_t i, uint32_t n, uint32_t key, uint32_t epoch) {
    uint32_t half = 1;
    while (half < 16 && (n - 1) >> (2 * half)) {
        half++;
    }
    uint32_t mask = (1u << half) - 1;
    do {
        uint32_t left = i >> half, right = i & mask;
        for (uint32_t round = 0; round < 4; round++) {
            uint32_t mixed, other;
            threefry(key, 0x5EED, epoch, right << 2 | round, &mixed, &other);
            uint32_t next = left ^ (mixed & mask);
            left = right;
            right = next;
        }
        i = left << half | right;
    } while (i >= n);
    return i;
}

// d[i, j] = low + (high - low) * u(key, stream, step if fresh else 0, (sample + i) * width + j)
// d [n, width], range [2] = low, high
static int32_t run_uniform(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const float *range = floats_at(vm, fields[UNIFORM_RANGE]);
    const float low = range[0], span = range[1] - range[0];
    const int32_t width = fields[UNIFORM_WIDTH];
    const uint32_t key = (uint32_t)*integer_at(vm, fields[UNIFORM_KEY]);
    const uint32_t step = fields[UNIFORM_FRESH] ? (uint32_t)*integer_at(vm, fields[UNIFORM_STEP]) : 0;
    const uint32_t sample = (uint32_t)*integer_at(vm, fields[UNIFORM_SAMPLE]);
    float *d = floats_at(vm, fields[UNIFORM_D]) + first * width;
    uint32_t element = (sample + (uint32_t)first) * (uint32_t)width;
    float chunk[CHUNK + 2];
    for (int32_t left = (last - first) * width; left > 0;) {
        int32_t size = left < CHUNK ? left : CHUNK, odd = element & 1;
        uniform_pairs(chunk, (size + odd + 1) >> 1, key, (uint32_t)fields[UNIFORM_STREAM], step, element >> 1);
        EACH(j, size) {
            d[j] = low + span * chunk[odd + j];
        }
        d += size, left -= size, element += (uint32_t)size;
    }
    return last;
}

// y[i, j] = into(y[i, j], x[i, j] * (1 / (1 - p)) where u(key, stream, step, element) >= p, else 0)
// element = (sample + i) * width + j
// y [n, width], x [n, width]
static int32_t run_dropout(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t width = fields[DROPOUT_WIDTH], into = fields[DROPOUT_INTO];
    const float p = *floats_at(vm, fields[DROPOUT_P]), scale = 1.0f / (1.0f - p);
    const uint32_t key = (uint32_t)*integer_at(vm, fields[DROPOUT_KEY]);
    const uint32_t step = (uint32_t)*integer_at(vm, fields[DROPOUT_STEP]);
    const uint32_t sample = (uint32_t)*integer_at(vm, fields[DROPOUT_SAMPLE]);
    float *y = floats_at(vm, fields[DROPOUT_Y]) + first * width;
    const float *x = floats_at(vm, fields[DROPOUT_X]) + first * width;
    // Rows follow each other in both, and so do their elements.
    uint32_t element = (sample + (uint32_t)first) * (uint32_t)width;
    float chunk[CHUNK + 2];
    for (int32_t left = (last - first) * width; left > 0;) {
        int32_t size = left < CHUNK ? left : CHUNK, odd = element & 1;
        uniform_pairs(chunk, (size + odd + 1) >> 1, key, (uint32_t)fields[DROPOUT_STREAM], step, element >> 1);
        EACH(j, size) {
            chunk[j] = choose(chunk[odd + j] >= p, x[j] * scale, 0.0f);
        }
        meet(into, y, 1, chunk, size);
        x += size, y += size, left -= size, element += (uint32_t)size;
    }
    return last;
}
