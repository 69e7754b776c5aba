// Sums of products by 4 rows and 4 columns in registers, or one by one: included by product.c.

#pragma GCC push_options
#if EMBER_PLAIN + 0 == 4 || (defined(__ARM_FP) && !defined(__SOFTFP__)) || defined(__riscv_flen)
enum { HEIGHT = 4, WIDTH = 4 };
#ifdef __OPTIMIZE_SIZE__  // but not here, where the time goes
#pragma GCC optimize("O2")
#endif
#else
enum { HEIGHT = 1, WIDTH = 1 };  // without an FPU the arithmetic outweighs every load
#endif

// Where the rows of a block are: anywhere, so that a block may take its rows from several lines.
typedef struct {
    const float *a[HEIGHT];
    float *c[HEIGHT];
    int32_t a_r, a_q, b_r, b_q;  // from where one run over k or r ended to where the next begins
} places;

// A pointer that gcc is not to keep twice, where its loop begins and where it is, for want of registers.
#define STAYS(pointer) __asm__ ("" : "+r" (pointer))

// `height` rows by `width` columns. A stride known to be 1 lets a load step its pointer on. Rows of a or columns of
// b known to lie `beside` each other take one pointer between them. c steps on by `width`.
BLOCK void scalar_block(const sums *s, places *at, const float *b, const int height, const int width,
                        const bool a_beside, const bool b_beside, const int32_t a_k, const int32_t b_k) {
    float sum[HEIGHT][WIDTH];
    const float *left[HEIGHT], *right[WIDTH];
    const int lefts = a_beside ? 1 : height, rights = b_beside ? 1 : width;  // pointers it takes
    UNROLLED for (int i = 0; i < lefts; i++) {
        left[i] = at->a[i];
    }
    UNROLLED for (int j = 0; j < rights; j++) {
        right[j] = b + j * s->b_n;
    }
    if (s->add) {
        UNROLLED for (int i = 0; i < height; i++) {
            const float *c = at->c[i];
            UNROLLED for (int j = 0; j < width; j++) {
                sum[i][j] = c[j];
            }
        }
    } else {
        UNROLLED for (int i = 0; i < height; i++) {
            UNROLLED for (int j = 0; j < width; j++) {
                sum[i][j] = 0.0f;
            }
        }
    }
    for (int32_t q = WINDOWS ? s->q : 1; q > 0; q--) {
        int32_t r = WINDOWS ? s->r : 1;
        do {
            int32_t k = s->k;
            do {
                float x[HEIGHT];
                UNROLLED for (int i = 0; i < height; i++) {
                    x[i] = a_beside ? left[0][i] : *left[i];
                }
                UNROLLED for (int i = 0; i < lefts; i++) {
                    left[i] += a_k;
                    STAYS(left[i]);
                }
                UNROLLED for (int j = 0; j < width; j++) {
                    const float y = b_beside ? right[0][j] : *right[j];
                    UNROLLED for (int i = 0; i < height; i++) {
                        sum[i][j] = sum[i][j] + x[i] * y;
                    }
                }
                UNROLLED for (int j = 0; j < rights; j++) {
                    right[j] += b_k;
                    STAYS(right[j]);
                }
            } while (--k);
            UNROLLED for (int i = 0; WINDOWS && i < lefts; i++) {
                left[i] += at->a_r;
            }
            UNROLLED for (int j = 0; WINDOWS && j < rights; j++) {
                right[j] += at->b_r;
            }
        } while (--r);
        UNROLLED for (int i = 0; WINDOWS && i < lefts; i++) {
            left[i] += at->a_q;
        }
        UNROLLED for (int j = 0; WINDOWS && j < rights; j++) {
            right[j] += at->b_q;
        }
    }
    UNROLLED for (int i = 0; i < height; i++) {
        float *c = at->c[i];
        UNROLLED for (int j = 0; j < width; j++) {
            *c++ = sum[i][j];
        }
        at->c[i] = c;
    }
}

// Whole blocks of `height` rows, as many as there are columns for. Returns how many columns are left.
BLOCK int32_t scalar_blocks(const sums *s, places *at, const int height, const bool a_beside, const bool b_beside,
                            const int32_t a_k, const int32_t b_k) {
    const float *b = s->b;
    int32_t left = s->columns;
    for (; left >= WIDTH; left -= WIDTH, b += WIDTH * s->b_n) {
        scalar_block(s, at, b, height, WIDTH, a_beside, b_beside, a_k, b_k);
    }
    return left;
}

// The strides that are common each have loops of their own.
static __attribute__((noinline, noclone)) void whole_rows(const sums *s, places *at, bool beside) {
    int32_t left;
    if (s->a_k == 1 && s->b_n == 1) {
        left = scalar_blocks(s, at, HEIGHT, false, true, 1, s->b_k);
    } else if (beside && s->b_n == 1) {
        left = scalar_blocks(s, at, HEIGHT, true, true, s->a_k, s->b_k);
    } else if (s->a_k == 1 && s->b_k == 1) {
        left = scalar_blocks(s, at, HEIGHT, false, false, 1, 1);
    } else {
        left = scalar_blocks(s, at, HEIGHT, false, false, s->a_k, s->b_k);
    }
    for (; left > 0; left--) {
        scalar_block(s, at, s->b + (s->columns - left) * s->b_n, HEIGHT, 1, false, true, s->a_k, s->b_k);
    }
}

static __attribute__((noinline, noclone)) void one_row(const sums *s, places *at) {
    int32_t left = s->columns;
    if (WIDTH > 1 && s->b_n == 1) {
        left = scalar_blocks(s, at, 1, true, true, s->a_k, s->b_k);
    } else if (WIDTH > 1) {
        left = scalar_blocks(s, at, 1, true, false, s->a_k, s->b_k);
    }
    for (; left > 0; left--) {
        scalar_block(s, at, s->b + (s->columns - left) * s->b_n, 1, 1, true, true, s->a_k, s->b_k);
    }
}

static __attribute__((noinline, noclone)) void sum_products(const sums *s) {
    const bool beside = s->a_m == 1 && s->lines == 1 && s->images == 1;
    places at = {
        .a_r = s->a_r - s->k * s->a_k, .a_q = s->a_q - s->r * s->a_r,
        .b_r = s->b_r - s->k * s->b_k, .b_q = s->b_q - s->r * s->b_r
    };
    int32_t found = 0;
    for (int32_t image = 0; image < s->images; image++) {
        for (int32_t line = 0; line < s->lines; line++) {
            const float *a = s->a + image * s->a_image + line * s->a_line;
            float *c = s->c + image * s->c_image + line * s->c_line;
            for (int32_t m = s->rows; m > 0; m--, a += s->a_m, c += s->c_m) {
                at.a[found] = a, at.c[found] = c;
                found += 1;
                if (found == HEIGHT) {
                    if (HEIGHT > 1) {
                        whole_rows(s, &at, beside);
                    } else {
                        one_row(s, &at);
                    }
                    found = 0;
                }
            }
        }
    }
    for (int32_t i = 0; i < found; i++) {
        at.a[0] = at.a[i], at.c[0] = at.c[i];
        one_row(s, &at);
    }
}

// Nothing is packed here.
enum { HELD_COLUMNS = EMBER_LIMIT, HELD_TERMS = EMBER_LIMIT };
typedef int holding;

static inline void hold(holding *held, const sums *s) {
    (void)held, (void)s;
}

static inline void sum_held(const sums *s, const holding *held) {
    (void)held;
    sum_products(s);
}
#pragma GCC pop_options
