// Sums of products by 4 rows and 8 columns, in vectors of 16 bytes: included by product.c.

typedef float vector __attribute__((vector_size(16), aligned(4), may_alias));

enum { PANEL = 512 };  // floats: packed columns of b on the stack

// The columns that a block of `width` has: lanes low .. high - 1 are in c.
typedef struct {
    int32_t low, high;
} lanes;

BLOCK vector load_lanes(const float *c, int32_t low, int32_t high) {
    vector x = { 0.0f, 0.0f, 0.0f, 0.0f };
    if (low <= 0 && high >= 4) {
        return *(const vector *)c;
    }
    for (int32_t lane = 0; lane < 4; lane++) {
        if (lane >= low && lane < high) {
            x[lane] = c[lane];
        }
    }
    return x;
}

BLOCK void store_lanes(float *c, vector x, int32_t low, int32_t high) {
    if (low <= 0 && high >= 4) {
        *(vector *)c = x;
        return;
    }
    for (int32_t lane = 0; lane < 4; lane++) {
        if (lane >= low && lane < high) {
            c[lane] = x[lane];
        }
    }
}

typedef int32_t vector_bits __attribute__((vector_size(16), may_alias));

// One lane in all four; as integers, since copying and spreading is one instruction for those.
#define SPREAD(x, lane) ((vector)__builtin_shuffle((vector_bits)(x), (vector_bits){ lane, lane, lane, lane }))

// `height` rows by 4 * `vectors` columns. `beside`: the rows of a lie side by side, so that one load has all four.
BLOCK void vector_block(const sums *s, float *c, const float *a, const float *b, lanes in, bool add,
                        const int height, const int vectors, const bool beside) {
    vector sum[4][2];
    const int32_t a_m = s->a_m, a_k = s->a_k, b_k = s->b_k;
    for (int i = 0; i < height; i++) {
        for (int j = 0; j < vectors; j++) {
            const vector zero = { 0.0f, 0.0f, 0.0f, 0.0f };
            sum[i][j] = add ? load_lanes(c + i * s->c_m + 4 * j, in.low - 4 * j, in.high - 4 * j) : zero;
        }
    }
    for (int32_t r = 0; r < s->r; r++) {
        const float *a_at = a + r * s->a_r, *b_at = b + r * s->b_r;
        for (int32_t k = s->k; k > 0; k--, a_at += a_k, b_at += b_k) {
            vector right[2];
            for (int j = 0; j < vectors; j++) {
                right[j] = *(const vector *)(b_at + 4 * j);
            }
            if (beside) {
                const vector four = *(const vector *)a_at;
#define ROW(i) \
    for (int j = 0; j < vectors; j++) { \
        sum[i][j] = sum[i][j] + SPREAD(four, i) * right[j]; \
    }
                ROW(0)
                ROW(1)
                ROW(2)
                ROW(3)
#undef ROW
            } else {
                for (int i = 0; i < height; i++) {
                    const float x = a_at[i * a_m];
                    const vector left = { x, x, x, x };
                    for (int j = 0; j < vectors; j++) {
                        sum[i][j] = sum[i][j] + left * right[j];
                    }
                }
            }
        }
    }
    for (int i = 0; i < height; i++) {
        for (int j = 0; j < vectors; j++) {
            store_lanes(c + i * s->c_m + 4 * j, sum[i][j], in.low - 4 * j, in.high - 4 * j);
        }
    }
}

// All rows of one block of columns.
BLOCK void vector_columns(const sums *s, float *c, const float *b, lanes in, bool add, const int vectors) {
    const float *a = s->a;
    int32_t m = s->rows;
    for (; m >= 4; m -= 4, a += 4 * s->a_m, c += 4 * s->c_m) {
        if (s->a_m == 1) {
            vector_block(s, c, a, b, in, add, 4, vectors, true);
        } else {
            vector_block(s, c, a, b, in, add, 4, vectors, false);
        }
    }
    for (; m > 0; m--, a += s->a_m, c += s->c_m) {
        vector_block(s, c, a, b, in, add, 1, vectors, false);
    }
}

static __attribute__((noinline)) void sweep_8(const sums *s, float *c, const float *b, bool add) {
    const lanes whole = { 0, 8 };
    vector_columns(s, c, b, whole, add, 2);
}

static __attribute__((noinline)) void sweep_part_of_8(const sums *s, float *c, const float *b, lanes in, bool add) {
    vector_columns(s, c, b, in, add, 2);
}

static __attribute__((noinline)) void sweep_4(const sums *s, float *c, const float *b, lanes in, bool add) {
    vector_columns(s, c, b, in, add, 1);
}

// `width` columns of b, those that are there, side by side; the rest 0.
static void pack(float *panel, const sums *s, const float *b, int32_t k, int32_t columns, int32_t width) {
    for (int32_t j = 0; j < width; j++) {
        if (j < columns) {
            const float *column = b + j * s->b_n;
            for (int32_t i = 0; i < k; i++) {
                panel[i * width + j] = column[i * s->b_k];
            }
        } else {
            for (int32_t i = 0; i < k; i++) {
                panel[i * width + j] = 0.0f;
            }
        }
    }
}

// Part of b, packed: it may serve several products, one after the other.
enum { HELD_COLUMNS = 8, HELD_TERMS = PANEL / 8 };
typedef struct {
    float panel[PANEL] __attribute__((aligned(16)));
} holding;

// s->columns is at most HELD_COLUMNS, s->k at most HELD_TERMS, s->r 1.
static void hold(holding *held, const sums *s) {
    pack(held->panel, s, s->b, s->k, s->columns, s->columns > 4 ? 8 : 4);
}

static __attribute__((noinline)) void sum_held(const sums *s, const holding *held) {
    const lanes in = { 0, s->columns };
    sums part = *s;
    part.b_k = s->columns > 4 ? 8 : 4;
    if (s->columns == 8) {
        sweep_8(&part, s->c, held->panel, s->add);
    } else if (s->columns > 4) {
        sweep_part_of_8(&part, s->c, held->panel, in, s->add);
    } else {
        sweep_4(&part, s->c, held->panel, in, s->add);
    }
}

// Columns of b that do not lie side by side, or too few of them, are packed, as much of the sum at a time as fits.
static __attribute__((noinline)) void sum_packed(const sums *s, int32_t n, int32_t columns) {
    holding held;
    sums part = *s;
    part.c = s->c + n;
    part.columns = columns;
    part.r = 1;
    for (int32_t r = 0; r < s->r; r++) {
        for (int32_t k = 0; k < s->k; k += HELD_TERMS) {
            part.k = s->k - k < HELD_TERMS ? s->k - k : HELD_TERMS;
            part.a = s->a + r * s->a_r + k * s->a_k;
            part.b = s->b + n * s->b_n + r * s->b_r + k * s->b_k;
            hold(&held, &part);
            sum_held(&part, &held);
            part.add = true;
        }
    }
}

// One line of rows, two levels of the sum.
static void sum_line(const sums *s) {
    if (s->r <= 0 || s->k <= 0) {
        for (int32_t m = 0; !s->add && m < s->rows; m++) {
            for (int32_t n = 0; n < s->columns; n++) {
                s->c[m * s->c_m + n] = 0.0f;
            }
        }
        return;
    }
    int32_t n = 0;
    if (s->b_n == 1 && s->columns >= 4) {
        for (; s->columns - n >= 8; n += 8) {
            sweep_8(s, s->c + n, s->b + n, s->add);
        }
        for (; n < s->columns; n += 4) {
            // The last vector may reach back over columns that are done: those lanes are left alone.
            int32_t back = s->columns - n < 4 ? 4 - (s->columns - n) : 0;
            const lanes four = { back, 4 };
            sweep_4(s, s->c + n - back, s->b + n - back, four, s->add);
        }
        return;
    }
    for (; n < s->columns; n += 8) {
        sum_packed(s, n, s->columns - n < 8 ? s->columns - n : 8);
    }
}

static void sum_products(const sums *s) {
    for (int32_t image = 0; image < s->images; image++) {
        for (int32_t line = 0; line < s->lines; line++) {
            sums part = *s;
            int32_t q = 0;
            part.a += image * s->a_image + line * s->a_line;
            part.c += image * s->c_image + line * s->c_line;
            part.r = s->q > 0 ? s->r : 0;
            do {
                sum_line(&part);
                part.a += s->a_q, part.b += s->b_q, part.add = true;
            } while (++q < s->q);
        }
    }
}
