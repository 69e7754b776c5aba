// Convolutions, as sums of products over the positions of the window that lie inside the image.

typedef struct {
    int32_t n, h, w, c, f, groups, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, d_h, d_w;
    int32_t in_width, out_width;  // elements of a pixel: all groups' channels
} shape;

static shape shape_of(const int32_t *fields) {
    shape s = {
        fields[CONV2D_N], fields[CONV2D_H], fields[CONV2D_W], fields[CONV2D_C], fields[CONV2D_F],
        fields[CONV2D_GROUPS], fields[CONV2D_OUT_H], fields[CONV2D_OUT_W], fields[CONV2D_K_H], fields[CONV2D_K_W],
        fields[CONV2D_S_H], fields[CONV2D_S_W], fields[CONV2D_P_H], fields[CONV2D_P_W], fields[CONV2D_D_H],
        fields[CONV2D_D_W], fields[CONV2D_GROUPS] * fields[CONV2D_C], fields[CONV2D_GROUPS] * fields[CONV2D_F]
    };
    return s;
}

typedef struct {
    int32_t low, high;  // low .. high - 1
} range;

// Where i * step + shift lies in 0 .. size - 1, for i in 0 .. count - 1; step > 0.
static range inside(int32_t step, int32_t shift, int32_t size, int32_t count) {
    range in;
    in.low = shift < 0 ? (step - 1 - shift) / step : 0;
    in.high = shift < size ? (size - 1 - shift) / step + 1 : 0;
    in.high = in.high < count ? in.high : count;
    in.low = in.low < in.high ? in.low : in.high > 0 ? in.high : 0;
    in.high = in.high > in.low ? in.high : in.low;
    return in;
}

// How far apart `count` things lie in memory; 0 where there is but one, as the product may then overflow.
static inline int32_t step_of(int32_t count, int32_t size, int32_t step) {
    return count > 1 ? size * step : 0;
}

// A depthwise convolution has one channel a group: its sums run side by side along the channels.
//     c[j] = start + sum over r, then k, of a[r, k, j] * b[r, k, j]
typedef struct {
    const float *a, *b;
    float *c;
    int32_t columns, r, k, a_r, a_k, b_r, b_k;
    bool add;
} parallel_sums;

BLOCK void parallel_block(const parallel_sums *s, int32_t j, const int width) {
    float sum[8];
    UNROLLED for (int i = 0; i < width; i++) {
        sum[i] = s->add ? s->c[j + i] : 0.0f;
    }
    for (int32_t r = 0; r < s->r; r++) {
        const float *a = s->a + r * s->a_r + j, *b = s->b + r * s->b_r + j;
        for (int32_t k = s->k; k > 0; k--, a += s->a_k, b += s->b_k) {
            UNROLLED for (int i = 0; i < width; i++) {
                sum[i] = sum[i] + a[i] * b[i];
            }
        }
    }
    UNROLLED for (int i = 0; i < width; i++) {
        s->c[j + i] = sum[i];
    }
}

static void sum_parallel(const parallel_sums *s) {
    int32_t j = 0;
#if EMBER_VECTORS
    for (; j + 8 <= s->columns; j += 8) {
        parallel_block(s, j, 8);
    }
#endif
    for (; j + 4 <= s->columns; j += 4) {
        parallel_block(s, j, 4);
    }
    for (; j < s->columns; j++) {
        parallel_block(s, j, 1);
    }
}

static bool is_depthwise(const shape *s) {
    return s->c == 1 && s->f == 1;
}

// Output pixels low .. high - 1 of one output row, all with the same part of the window inside the image. The
// window's top lies at row `top` of the image that x is.
static void convolve_pixels(const shape *s, range pixels, range k_h, range k_w, int32_t top, const float *x,
                            const float *weight, float *y, bool add) {
    const int32_t weight_pixel = s->c * s->out_width, weight_row = s->k_w * weight_pixel;
    const int32_t outputs = pixels.high - pixels.low, rows = k_h.high - k_h.low, columns = k_w.high - k_w.low;
    const int32_t in_row = step_of(rows, s->w * s->in_width, s->d_h), in_column = step_of(columns, s->in_width, s->d_w);
    const int32_t in_next = step_of(outputs, s->in_width, s->s_w);
    const bool nothing = rows == 0 || columns == 0;
    if (!nothing) {
        const int32_t row = top + k_h.low * s->d_h, left = pixels.low * s->s_w - s->p_w + k_w.low * s->d_w;
        x += (row * s->w + left) * s->in_width;
        weight += k_h.low * weight_row + k_w.low * weight_pixel;
    }
    y += pixels.low * s->out_width;
    if (is_depthwise(s)) {
        parallel_sums p = {
            x, weight, y, s->groups, rows, columns, in_row, in_column, weight_row, weight_pixel, add
        };
        for (int32_t i = 0; i < outputs; i++) {
            sum_parallel(&p);
            p.a += in_next, p.c += s->out_width;
        }
        return;
    }
    for (int32_t group = 0; group < s->groups; group++) {
        sums p = {
            .a = x + group * s->c, .b = weight + group * s->f, .c = y + group * s->f, .rows = outputs,
            .columns = s->f, .r = nothing ? 0 : columns, .k = s->c, .c_m = s->out_width, .a_m = in_next,
            .a_r = in_column, .a_k = 1, .b_r = weight_pixel, .b_k = s->out_width, .b_n = 1, .add = add
        };
        if (nothing) {
            sum_products(&p);
        } else if (s->groups == 1 && (s->d_w == 1 || columns == 1)) {  // the window's row is one run
            p.r = rows, p.a_r = in_row, p.b_r = weight_row, p.k = columns * s->c;
            sum_products(&p);
        } else {
            for (int32_t i = 0; i < rows; i++) {
                sum_products(&p);
                p.a += in_row, p.b += weight_row, p.add = true;
            }
        }
    }
}

static int32_t run_conv2d(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const shape s = shape_of(fields);
    float *y = floats_at(vm, fields[CONV2D_Y]);
    const float *x = floats_at(vm, fields[CONV2D_X]), *weight = floats_at(vm, fields[CONV2D_WEIGHT]);
    const bool add = fields[CONV2D_INTO];
    // Output pixels whose windows lie inside the image from left to right.
    range whole = inside(s.s_w, -s.p_w, s.w, s.out_w);
    const range right = inside(s.s_w, (s.k_w - 1) * s.d_w - s.p_w, s.w, s.out_w);
    whole.high = right.high < whole.high ? right.high : whole.high;
    for (int32_t row = first; row < last; row++) {
        const int32_t top = row % s.out_h * s.s_h - s.p_h;
        const float *image = x + row / s.out_h * s.h * s.w * s.in_width;
        float *y_row = y + row * s.out_w * s.out_width;
        const range k_h = inside(s.d_h, top, s.h, s.k_h);
        for (int32_t pixel = 0; pixel < s.out_w;) {
            range pixels = { pixel, pixel + 1 };
            if (pixel == whole.low && whole.high > pixel) {
                pixels.high = whole.high;
            }
            const range k_w = inside(s.d_w, pixel * s.s_w - s.p_w, s.w, s.k_w);
            convolve_pixels(&s, pixels, k_h, k_w, top, image, weight, y_row, add);
            pixel = pixels.high;
        }
    }
    return last;
}

// A depthwise convolution's gradient where the window moves by single pixels: pixel by pixel.
static void parallel_grad_input(const shape *s, float *dx, const float *g, const float *weight, bool add,
                                int32_t first, int32_t last) {
    const int32_t out_row = s->out_w * s->out_width, weight_row = s->k_w * s->out_width;
    for (int32_t row = first; row < last; row++) {
        const int32_t image = row / s->h, down = row % s->h + s->p_h;
        const range k_h = inside(s->d_h, s->out_h - 1 - down, s->out_h, s->k_h);
        for (int32_t pixel = 0; pixel < s->w; pixel++) {
            const int32_t right = pixel + s->p_w;
            const range k_w = inside(s->d_w, s->out_w - 1 - right, s->out_w, s->k_w);
            const int32_t rows = k_h.high - k_h.low, columns = k_w.high - k_w.low;
            parallel_sums p = {
                g, weight, dx + (row * s->w + pixel) * s->in_width, s->groups, rows, columns,
                -step_of(rows, out_row, s->d_h), -step_of(columns, s->out_width, s->d_w), weight_row, s->out_width, add
            };
            if (rows && columns) {
                p.a += (image * s->out_h + down - k_h.low * s->d_h) * out_row
                    + (right - k_w.low * s->d_w) * s->out_width;
                p.b += k_h.low * weight_row + k_w.low * s->out_width;
            }
            sum_parallel(&p);
        }
    }
}

// What one position of the window contributes to rows first .. last - 1 of dx. `p` has the strides, and `held` its
// weights.
static void spread_position(const shape *s, sums *p, const holding *held, range pixels, int32_t k_row, int32_t shift,
                            float *dx, const float *g, int32_t first, int32_t last) {
    for (int32_t row = first; row < last; row++) {
        const int32_t image = row / s->h, down = row % s->h + s->p_h - k_row * s->d_h;
        if (down < 0 || down % s->s_h || down / s->s_h >= s->out_h) {
            continue;
        }
        p->c = dx + (row * s->w + pixels.low * s->s_w + shift) * s->in_width;
        p->a = g + ((image * s->out_h + down / s->s_h) * s->out_w + pixels.low) * s->out_width;
        sum_held(p, held);
    }
}

// For each position of the window, in order: the gradient reaches the input pixels under it from the output
// pixels whose window has them there.
static int32_t run_conv2d_grad_input(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const shape s = shape_of(fields);
    float *dx = floats_at(vm, fields[CONV2D_GRAD_INPUT_DX]);
    const float *g = floats_at(vm, fields[CONV2D_GRAD_INPUT_G]);
    const float *weight = floats_at(vm, fields[CONV2D_GRAD_INPUT_WEIGHT]);
    const int32_t in_row = s.w * s.in_width;
    if (is_depthwise(&s) && s.s_h == 1 && s.s_w == 1) {
        parallel_grad_input(&s, dx, g, weight, fields[CONV2D_GRAD_INPUT_INTO], first, last);
        return last;
    }
    if (!fields[CONV2D_GRAD_INPUT_INTO]) {
        fill(dx + first * in_row, 0.0f, (last - first) * in_row);
    }
    for (int32_t position = 0; position < s.k_h * s.k_w; position++) {
        const int32_t k_row = position / s.k_w, shift = position % s.k_w * s.d_w - s.p_w;
        const range pixels = inside(s.s_w, shift, s.w, s.out_w);
        if (pixels.low == pixels.high) {
            continue;
        }
        sums p = {
            .rows = pixels.high - pixels.low, .r = 1, .c_m = step_of(pixels.high - pixels.low, s.in_width, s.s_w),
            .a_m = s.out_width, .a_k = 1, .b_k = 1, .b_n = s.out_width, .add = true
        };
        for (int32_t group = 0; group < s.groups; group++) {
            for (int32_t c = 0; c < s.c; c += p.columns) {
                p.columns = s.c - c < HELD_COLUMNS ? s.c - c : HELD_COLUMNS;
                for (int32_t f = 0; f < s.f; f += p.k) {
                    holding held;
                    p.k = s.f - f < HELD_TERMS ? s.f - f : HELD_TERMS;
                    p.b = weight + (position * s.c + c) * s.out_width + group * s.f + f;
                    hold(&held, &p);
                    spread_position(&s, &p, &held, pixels, k_row, shift, dx + group * s.c + c, g + group * s.f + f,
                        first, last);
                }
            }
        }
    }
    return last;
}

static int32_t run_conv2d_grad_weight(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const shape s = shape_of(fields);
    float *dw = floats_at(vm, fields[CONV2D_GRAD_WEIGHT_DW]);
    const float *x = floats_at(vm, fields[CONV2D_GRAD_WEIGHT_X]), *g = floats_at(vm, fields[CONV2D_GRAD_WEIGHT_G]);
    const int32_t in_row = s.w * s.in_width, out_row = s.out_w * s.out_width;
    for (int32_t row = first; row < last;) {
        const int32_t position = row / s.c, channel = row % s.c;  // of the window, and the first of `channels`
        const int32_t channels = s.c - channel < last - row ? s.c - channel : last - row;
        const int32_t down = position / s.k_w * s.d_h - s.p_h, right = position % s.k_w * s.d_w - s.p_w;
        const range rows = inside(s.s_h, down, s.h, s.out_h), columns = inside(s.s_w, right, s.w, s.out_w);
        const bool nothing = rows.low == rows.high || columns.low == columns.high;
        const int32_t r = nothing ? 0 : rows.high - rows.low, k = columns.high - columns.low;
        const int32_t a_r = step_of(r, in_row, s.s_h), a_k = step_of(k, s.in_width, s.s_w);
        for (int32_t image = 0; image < s.n; image++) {
            const float *from = x, *by = g;
            if (!nothing) {
                from += (image * s.h + rows.low * s.s_h + down) * in_row
                    + (columns.low * s.s_w + right) * s.in_width + channel;
                by += (image * s.out_h + rows.low) * out_row + columns.low * s.out_width;
            }
            float *to = dw + row * s.out_width;
            const bool add = fields[CONV2D_GRAD_WEIGHT_INTO] || image;
            if (is_depthwise(&s)) {
                parallel_sums p = {
                    from, by, to, s.groups, r, k, a_r, a_k, out_row, s.out_width, add
                };
                sum_parallel(&p);
                continue;
            }
            for (int32_t group = 0; group < s.groups; group++) {
                sums p = {
                    .a = from + group * s.c, .b = by + group * s.f, .c = to + group * s.f, .rows = channels,
                    .columns = s.f, .r = r, .k = k, .c_m = s.out_width, .a_m = 1, .a_r = a_r, .a_k = a_k,
                    .b_r = out_row, .b_k = s.out_width, .b_n = 1, .add = add
                };
                sum_products(&p);
            }
        }
        row += channels;
    }
    return last;
}
