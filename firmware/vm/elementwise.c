// Element-wise: map, map_strided, convert.
//
// n elements, or n0 x n1 x n2 x n3 of them; d is written, a and b are read; fn is a function of a map.

typedef struct {
    int32_t fn, into, d_step, a_step, b_step, chunk;
    bool two;
} mapping;

// `count` elements along one dimension, a chunk at a time.
static void map_run(const mapping *map, float *d, const float *a, const float *b, int32_t count) {
    float a_chunk[CHUNK], b_chunk[CHUNK], f_chunk[CHUNK];
    while (count > 0) {
        int32_t size = count < map->chunk ? count : map->chunk;
        bool direct = map->into == INTO_WRITE && map->d_step == 1;
        const float *a_run = run_of(a, map->a_step, a_chunk, size);
        if (map->fn == FN_COPY) {
            meet(map->into, d, map->d_step, a_run, size);
        } else {
            const float *b_run = map->two ? run_of(b, map->b_step, b_chunk, size) : a_run;
            apply(map->fn, direct ? d : f_chunk, a_run, b_run, size);
            if (!direct) {
                meet(map->into, d, map->d_step, f_chunk, size);
            }
        }
        d += size * map->d_step, a += size * map->a_step, b += map->two ? size * map->b_step : 0;
        count -= size;
    }
}

// d[i] = into(d[i], fn(a[i * a_step], b[i * b_step]))
// d [n], a [n] or [1], b [n] or [1]
static int32_t run_map(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    mapping map = {
        fields[MAP_FN], fields[MAP_INTO], 1, fields[MAP_A_STEP], fields[MAP_B_STEP], CHUNK,
        takes_two(fields[MAP_FN])
    };
    float *d = floats_at(vm, fields[MAP_D]) + first;
    const float *a = floats_at(vm, fields[MAP_A]) + first * map.a_step;
    const float *b = floats_at(vm, fields[MAP_B]) + first * map.b_step;
    if (map.into == INTO_WRITE && map.a_step && (map.b_step || !map.two)) {
        apply(map.fn, d, a, b, last - first);  // no chunks needed
    } else if (map.into == INTO_WRITE && map.fn == FN_COPY) {
        fill(d, *a, last - first);
    } else {
        map_run(&map, d, a, b, last - first);
    }
    return last;
}

// d[i · d] = into(d[i · d], fn(a[i · a], b[i · b])), i · d = i0 * d0 + i1 * d1 + i2 * d2 + i3 * d3
// i in [n0, n1, n2, n3]
static int32_t run_map_strided(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    float *d = floats_at(vm, fields[MAP_STRIDED_D]);
    const float *a = floats_at(vm, fields[MAP_STRIDED_A]), *b = floats_at(vm, fields[MAP_STRIDED_B]);
    mapping map = {
        fields[MAP_STRIDED_FN], fields[MAP_STRIDED_INTO], fields[MAP_STRIDED_D3], fields[MAP_STRIDED_A3],
        fields[MAP_STRIDED_B3], CHUNK, takes_two(fields[MAP_STRIDED_FN])
    };
    if (map.d_step == 0 && (d == a || d == b)) {
        map.chunk = 1;  // each element reads what the one before wrote
    }
    const int32_t *d_steps = fields + MAP_STRIDED_D0, *a_steps = fields + MAP_STRIDED_A0;
    const int32_t *b_steps = fields + MAP_STRIDED_B0;
    int32_t n1 = fields[MAP_STRIDED_N1], n2 = fields[MAP_STRIDED_N2], n3 = fields[MAP_STRIDED_N3];
    int32_t i2 = first % n2, rest = first / n2, i1 = rest % n1, i0 = rest / n1;
    const bool copies = map.fn == FN_COPY && map.a_step == 1 && map.d_step == 1;
    for (int32_t row = first; row < last; row++) {
        float *d_row = d + i0 * d_steps[0] + i1 * d_steps[1] + i2 * d_steps[2];
        const float *a_row = a + i0 * a_steps[0] + i1 * a_steps[1] + i2 * a_steps[2];
        if (copies) {  // a bias, or the sum that is its gradient
            meet(map.into, d_row, 1, a_row, n3);
        } else {
            map_run(&map, d_row, a_row, b + i0 * b_steps[0] + i1 * b_steps[1] + i2 * b_steps[2], n3);
        }
        if (++i2 == n2) {
            i2 = 0;
            if (++i1 == n1) {
                i1 = 0;
                i0++;
            }
        }
    }
    return last;
}

// d[i, c] = src[i, c] * affine[c] + affine[channels + c]
// d [n, channels], src [n, channels], affine [2, channels]
// Whatever its type, an element is made a float32 first.
static int32_t run_convert(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const int32_t channels = fields[CONVERT_CHANNELS], count = (last - first) * channels;
    const float *affine = floats_at(vm, fields[CONVERT_AFFINE]);
    float *d = floats_at(vm, fields[CONVERT_D]) + first * channels;
    integers source = integers_at(vm, fields[CONVERT_SRC]);
#define CASE(type) \
    { \
        const type *s = (const type *)source.start + first * channels; \
        EACH(i, count) { \
            d[i] = (float)s[i]; \
        } \
        break; \
    }
    switch (source.type) {
        case EMBER_FLOAT32:
            CASE(float)
        case EMBER_INT32:
            CASE(int32_t)
        case EMBER_UINT8:
            CASE(uint8_t)
        case EMBER_INT8:
            CASE(int8_t)
        case EMBER_INT16:
            CASE(int16_t)
        case EMBER_UINT16:
            CASE(uint16_t)
        default:
            CASE(uint32_t)
    }
#undef CASE
    if (channels == 1) {
        const float scale = affine[0], shift = affine[1];
        EACH(i, count) {
            d[i] = d[i] * scale + shift;
        }
        return last;
    }
    for (; first < last; first++, d += channels) {
        EACH(c, channels) {
            d[c] = d[c] * affine[c] + affine[channels + c];
        }
    }
    return last;
}
