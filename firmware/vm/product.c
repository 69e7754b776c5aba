// Sums of products, the heart of matmul and the convolutions:
//
//     c[m, n] = start + sum over r, then k, of a[m, r, k] * b[r, k, n]
//
// Each sum runs in that order, alone. Speed comes from doing a block of outputs at once: 4 rows by 8 columns in
// 16-byte vectors, or 4 by 4 in registers where there is an FPU; only outputs are ever regrouped.

typedef struct {
    const float *a, *b;
    float *c;
    int32_t rows, columns, r, k;
    int32_t c_m, a_m, a_r, a_k, b_r, b_k, b_n;  // c's columns are contiguous
    bool add;  // a sum starts from what c holds, else from 0
} sums;

#define UNROLLED _Pragma("GCC unroll 8")
#define BLOCK static inline __attribute__((always_inline))

#if EMBER_VECTORS

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

static void sum_products(const sums *s) {
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

#else

#if EMBER_PLAIN + 0 == 4 || (defined(__ARM_FP) && !defined(__SOFTFP__)) || defined(__riscv_flen)
enum { HEIGHT = 4, WIDTH = 4 };
#else
enum { HEIGHT = 1, WIDTH = 1 };  // without an FPU the arithmetic outweighs every load
#endif

// `height` rows by `width` columns. A stride known to be 1 lets a load step its pointer on. Rows of a or columns of
// b known to lie `beside` each other take one pointer between them.
BLOCK void scalar_block(const sums *s, float *c, const float *a, const float *b, const int height, const int width,
                        const bool a_beside, const bool b_beside, const int32_t a_k, const int32_t b_k) {
    const int32_t a_m = s->a_m, b_n = s->b_n;
    float sum[HEIGHT][WIDTH];
    const float *left[HEIGHT], *right[WIDTH];
    const int lefts = a_beside ? 1 : height, rights = b_beside ? 1 : width;  // pointers it takes
    UNROLLED for (int i = 0; i < height; i++) {
        UNROLLED for (int j = 0; j < width; j++) {
            sum[i][j] = s->add ? c[i * s->c_m + j] : 0.0f;
        }
    }
    for (int32_t r = 0; r < s->r; r++) {
        UNROLLED for (int i = 0; i < lefts; i++) {
            left[i] = a + r * s->a_r + i * a_m;
        }
        UNROLLED for (int j = 0; j < rights; j++) {
            right[j] = b + r * s->b_r + j * b_n;
        }
        for (int32_t k = s->k; k > 0; k--) {
            float x[HEIGHT];
            UNROLLED for (int i = 0; i < height; i++) {
                x[i] = a_beside ? left[0][i] : *left[i];
            }
            UNROLLED for (int i = 0; i < lefts; i++) {
                left[i] += a_k;
            }
            UNROLLED for (int j = 0; j < width; j++) {
                const float y = b_beside ? right[0][j] : *right[j];
                UNROLLED for (int i = 0; i < height; i++) {
                    sum[i][j] = sum[i][j] + x[i] * y;
                }
            }
            UNROLLED for (int j = 0; j < rights; j++) {
                right[j] += b_k;
            }
        }
    }
    UNROLLED for (int i = 0; i < height; i++) {
        UNROLLED for (int j = 0; j < width; j++) {
            c[i * s->c_m + j] = sum[i][j];
        }
    }
}

// Whole blocks: the strides that are common each have a loop of their own.
static __attribute__((noinline, noclone)) void whole_block(const sums *s, float *c, const float *a, const float *b) {
    if (HEIGHT > 1 && s->a_k == 1 && s->b_n == 1) {
        scalar_block(s, c, a, b, HEIGHT, WIDTH, false, true, 1, s->b_k);
    } else if (HEIGHT > 1 && s->a_m == 1 && s->b_n == 1) {
        scalar_block(s, c, a, b, HEIGHT, WIDTH, true, true, s->a_k, s->b_k);
    } else if (HEIGHT > 1 && s->a_k == 1 && s->b_k == 1) {
        scalar_block(s, c, a, b, HEIGHT, WIDTH, false, false, 1, 1);
    } else {
        scalar_block(s, c, a, b, HEIGHT, WIDTH, false, false, s->a_k, s->b_k);
    }
}

static __attribute__((noinline, noclone)) void sum_products(const sums *s) {
    for (int32_t m = 0, height; m < s->rows; m += height) {
        height = s->rows - m < HEIGHT ? 1 : HEIGHT;
        for (int32_t n = 0, width; n < s->columns; n += width) {
            float *c = s->c + m * s->c_m + n;
            const float *a = s->a + m * s->a_m, *b = s->b + n * s->b_n;
            width = s->columns - n < WIDTH ? 1 : WIDTH;
            if (height == HEIGHT && width == WIDTH) {
                whole_block(s, c, a, b);
            } else if (height == HEIGHT) {
                scalar_block(s, c, a, b, HEIGHT, 1, false, true, s->a_k, s->b_k);
            } else if (width == WIDTH) {
                scalar_block(s, c, a, b, 1, WIDTH, true, false, s->a_k, s->b_k);
            } else {
                scalar_block(s, c, a, b, 1, 1, true, true, s->a_k, s->b_k);
            }
        }
    }
}

// Nothing is packed here.
enum { HELD_COLUMNS = EMBER_LIMIT, HELD_TERMS = EMBER_LIMIT };
typedef int holding;

static void hold(holding *held, const sums *s) {
    (void)held, (void)s;
}

static void sum_held(const sums *s, const holding *held) {
    (void)held;
    sum_products(s);
}

#endif

static int32_t run_matmul(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    float *c = floats_at(vm, fields[MATMUL_C]);
    const float *a = floats_at(vm, fields[MATMUL_A]), *b = floats_at(vm, fields[MATMUL_B]);
    const int32_t rows = fields[MATMUL_M];
    sums s = {
        .columns = fields[MATMUL_N], .r = 1, .k = fields[MATMUL_K], .c_m = fields[MATMUL_C_M],
        .a_m = fields[MATMUL_A_M], .a_k = fields[MATMUL_A_K], .b_k = fields[MATMUL_B_K], .b_n = fields[MATMUL_B_N],
        .add = fields[MATMUL_INTO]
    };
    // Where rows of c meet in memory they must be done one after the other.
    const int32_t most = s.c_m < s.columns && -s.c_m < s.columns ? 1 : rows;
    while (first < last) {
        const int32_t batch = first / rows, m = first % rows;
        s.rows = rows - m < last - first ? rows - m : last - first;
        s.rows = s.rows < most ? s.rows : most;
        s.c = c + batch * fields[MATMUL_C_BATCH] + m * s.c_m;
        s.a = a + batch * fields[MATMUL_A_BATCH] + m * s.a_m;
        s.b = b + batch * fields[MATMUL_B_BATCH];
        sum_products(&s);
        first += s.rows;
    }
    return last;
}
