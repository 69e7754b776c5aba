// Matrix multiplication.
//
// Sums of products, the heart of matmul and the convolutions:
//
//     c[m, n] = start + sum over q, then r, then k, of a[m, q, r, k] * b[q, r, k, n]
//
// Each sum runs in that order, alone. Speed comes from doing a block of outputs at once: 4 rows by 8 columns in 16-byte
// vectors, or 4 by 4 in registers where there is an FPU; only outputs are ever regrouped.
//
// batch products of m x k by k x n elements; c_m, a_k … are the strides of c along m, of a along k …

typedef struct {
    const float *a, *b;
    float *c;
    int32_t rows, columns, q, r, k;
    int32_t c_m, a_m, a_q, a_r, a_k, b_q, b_r, b_k, b_n;  // strides; c's columns are contiguous
    // `rows` rows lie in each of `lines` lines of `images` images.
    int32_t lines, c_line, a_line, images, c_image, a_image;
    bool add;  // a sum starts from what c holds, else from 0
} sums;

enum { WINDOWS = EMBER_HAS(convolution) != 0 };  // else q and r are 1

#define UNROLLED _Pragma("GCC unroll 8")
#define BLOCK static inline __attribute__((always_inline))

#if EMBER_VECTORS
#include "product_vectors.c"
#else
#include "product_scalars.c"
#endif

// c[i, p, q] = (c if into else 0) + sum over r of a[i, p, r] * b[i, r, q], r in order
// c [batch, m, n], a [batch, m, k], b [batch, k, n]
static int32_t run_matmul(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    float *c = floats_at(vm, fields[MATMUL_C]);
    const float *a = floats_at(vm, fields[MATMUL_A]), *b = floats_at(vm, fields[MATMUL_B]);
    const int32_t rows = fields[MATMUL_M];
    sums s = {
        .columns = fields[MATMUL_N], .q = 1, .r = 1, .k = fields[MATMUL_K], .c_m = fields[MATMUL_C_M],
        .a_m = fields[MATMUL_A_M], .a_k = fields[MATMUL_A_K], .b_k = fields[MATMUL_B_K], .b_n = fields[MATMUL_B_N],
        .lines = 1, .images = 1, .add = fields[MATMUL_INTO]
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
