// Convolutions, as sums of products over the positions of the window that lie inside the image.
//
// n images of h x w pixels, out_h x out_w come out; c channels of each group go in, f come out; a window is k_h x k_w;
// s is its stride, p the padding, d the dilation.

static shape shape_of(const int32_t *fields) {
    shape s = {
        fields[CONV2D_N], fields[CONV2D_H], fields[CONV2D_W], fields[CONV2D_C], fields[CONV2D_F],
        fields[CONV2D_GROUPS], fields[CONV2D_OUT_H], fields[CONV2D_OUT_W], fields[CONV2D_K_H], fields[CONV2D_K_W],
        fields[CONV2D_S_H], fields[CONV2D_S_W], fields[CONV2D_P_H], fields[CONV2D_P_W], fields[CONV2D_D_H],
        fields[CONV2D_D_W], fields[CONV2D_GROUPS] * fields[CONV2D_C], fields[CONV2D_GROUPS] * fields[CONV2D_F]
    };
    return s;
}

// How far apart `count` things lie in memory; 0 where there is but one, as the product may then overflow.
static inline int32_t step_of(int32_t count, int32_t size, int32_t step) {
    return count > 1 ? size * step : 0;
}

// A depthwise convolution's, with one channel a group: side by side along the channels.
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

// One side of a picture that is made by gathering from another: its position i takes from the position
// i * step + shift + k * reach of the other, for each k of 0 .. count - 1 where that lies in 0 .. size - 1.
typedef struct {
    int32_t step, shift, reach, count, size, made;
} side;

// What of the window position i sees.
static range seen(const side *s, int32_t i) {
    const int32_t base = i * s->step + s->shift;
    return s->reach > 0 ? inside(s->reach, base, s->size, s->count)
        : inside(-s->reach, s->size - 1 - base, s->size, s->count);
}

// The positions from `from` on, below `end`, that see the same of it: all those that see the whole window, or one.
static range alike(const side *s, int32_t from, int32_t end) {
    const range first = inside(s->step, s->shift, s->size, s->made);
    const range last = inside(s->step, s->shift + (s->count - 1) * s->reach, s->size, s->made);
    const int32_t low = first.low > last.low ? first.low : last.low;
    const int32_t high = first.high < last.high ? first.high : last.high;
    range found = { from, from + 1 };
    if (from >= low && from < high) {
        found.high = high < end ? high : end;
    }
    return found;
}

// A convolution forward, or its input's gradient where the window moves by single pixels.
typedef struct {
    side down, across;
    const float *from, *weight;
    float *to;
    int32_t groups, taken, made;  // channels of each group, in the one picture and the other
    int32_t w_row, w_pixel, w_taken, w_made, w_group;  // the weight's strides
    bool add;
} gather;

// Lines and pixels that see the same of the window, of several images. `from` and `to` are the first image's.
static void gather_box(const gather *g, int32_t images, range lines, range pixels, const float *from, float *to) {
    const int32_t from_width = g->groups * g->taken, from_line = g->across.size * from_width;
    const int32_t to_width = g->groups * g->made, to_line = g->across.made * to_width;
    const range down = seen(&g->down, lines.low), across = seen(&g->across, pixels.low);
    const int32_t rows = down.high - down.low, columns = across.high - across.low;
    const bool nothing = rows == 0 || columns == 0;
    sums p = {
        .a = from, .b = g->weight, .c = to + lines.low * to_line + pixels.low * to_width,
        .rows = pixels.high - pixels.low, .columns = g->made, .q = nothing ? 0 : rows, .r = columns, .k = g->taken,
        .c_m = to_width, .a_q = step_of(rows, from_line, g->down.reach),
        .a_r = step_of(columns, from_width, g->across.reach), .a_k = 1, .b_q = g->w_row, .b_r = g->w_pixel,
        .b_k = g->w_taken, .b_n = g->w_made, .lines = lines.high - lines.low, .c_line = to_line,
        .images = images, .c_image = g->down.made * to_line, .add = g->add
    };
    p.a_m = step_of(p.rows, from_width, g->across.step);
    p.a_line = step_of(p.lines, from_line, g->down.step);
    p.a_image = step_of(images, g->down.size, from_line);
    if (!nothing) {
        const int32_t line = lines.low * g->down.step + g->down.shift + down.low * g->down.reach;
        const int32_t pixel = pixels.low * g->across.step + g->across.shift + across.low * g->across.reach;
        p.a += line * from_line + pixel * from_width;
        p.b += down.low * g->w_row + across.low * g->w_pixel;
    }
    if (g->taken == 1 && g->made == 1) {
        for (int32_t image = 0; image < images; image++) {
            for (int32_t line = 0; line < p.lines; line++) {
                parallel_sums d = {
                    p.a + image * p.a_image + line * p.a_line, p.b, p.c + image * p.c_image + line * p.c_line,
                    g->groups, p.q, p.r, p.a_q, p.a_r, p.b_q, p.b_r, p.add
                };
                for (int32_t m = 0; m < p.rows; m++) {
                    sum_parallel(&d);
                    d.a += p.a_m, d.c += p.c_m;
                }
            }
        }
        return;
    }
    // Where a line of the window is one run in both, it is summed as one.
    if (g->groups == 1 && !nothing && (columns == 1 || p.a_r == p.k) && p.b_r == p.k * p.b_k) {
        p.k *= columns, p.r = rows, p.a_r = p.a_q, p.b_r = p.b_q, p.q = 1;
    }
    for (int32_t group = 0; group < g->groups; group++) {
        sum_products(&p);
        p.a += g->taken, p.b += g->w_group, p.c += g->made;
    }
}

// Rows first .. last - 1: lines of one image after the other. Whole images go together.
static void gather_rows(const gather *g, int32_t first, int32_t last) {
    const int32_t height = g->down.made;
    while (first < last) {
        const int32_t image = first / height, top = first % height, left = last - first;
        const int32_t images = top || left < height ? 1 : left / height;
        const int32_t end = images > 1 || left > height - top ? height : top + left;
        const float *from = g->from + image * g->down.size * g->across.size * g->groups * g->taken;
        float *to = g->to + image * height * g->across.made * g->groups * g->made;
        range lines = { top, top };
        for (; lines.low < end; lines.low = lines.high) {
            lines = alike(&g->down, lines.low, end);
            range pixels = { 0, 0 };
            for (; pixels.low < g->across.made; pixels.low = pixels.high) {
                pixels = alike(&g->across, pixels.low, g->across.made);
                gather_box(g, images, lines, pixels, from, to);
            }
        }
        first += images * (end - top);
    }
}

// y[j, o_h, o_w, o] = (y if into else 0) + sum over q, r, i of x[j, i_h, i_w, o // f * c + i] * weight[q, r, i, o]
// i_h = o_h * s_h - p_h + q * d_h, i_w = o_w * s_w - p_w + r * d_w
// y [n, out_h, out_w, groups * f], x [n, h, w, groups * c], weight [k_h, k_w, c, groups * f]
static int32_t run_conv2d(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const shape s = shape_of(fields);
    const gather g = {
        { s.s_h, -s.p_h, s.d_h, s.k_h, s.h, s.out_h }, { s.s_w, -s.p_w, s.d_w, s.k_w, s.w, s.out_w },
        floats_at(vm, fields[CONV2D_X]), floats_at(vm, fields[CONV2D_WEIGHT]), floats_at(vm, fields[CONV2D_Y]),
        s.groups, s.c, s.f, s.k_w * s.c * s.out_width, s.c * s.out_width, s.out_width, 1, s.f, fields[CONV2D_INTO]
    };
    gather_rows(&g, first, last);
    return last;
}

// The same from the output's gradient, with the window turned round.
static void gather_grad_input(const shape *s, float *dx, const float *from, const float *weight, bool add,
                              int32_t first, int32_t last) {
    const gather g = {
        { 1, s->p_h, -s->d_h, s->k_h, s->out_h, s->h }, { 1, s->p_w, -s->d_w, s->k_w, s->out_w, s->w },
        from, weight, dx, s->groups, s->f, s->c, s->k_w * s->c * s->out_width, s->c * s->out_width, 1, s->out_width,
        s->f, add
    };
    gather_rows(&g, first, last);
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

// dx[j, i_h, i_w, i] = (dx if into else 0) + sum over q, r, o of g[j, o_h, o_w, o] * weight[q, r, i % c, o]
// where there are such: o // f = i // c, o_h * s_h = i_h + p_h - q * d_h, o_w * s_w = i_w + p_w - r * d_w
// dx [n, h, w, groups * c], g [n, out_h, out_w, groups * f], weight [k_h, k_w, c, groups * f]
static int32_t run_conv2d_grad_input(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const shape s = shape_of(fields);
    float *dx = floats_at(vm, fields[CONV2D_GRAD_INPUT_DX]);
    const float *g = floats_at(vm, fields[CONV2D_GRAD_INPUT_G]);
    const float *weight = floats_at(vm, fields[CONV2D_GRAD_INPUT_WEIGHT]);
    const int32_t in_row = s.w * s.in_width;
    // Vectors need the weights of a position packed, which pays where they serve many rows.
    if ((is_depthwise(&s) || !EMBER_VECTORS) && s.s_h == 1 && s.s_w == 1) {
        gather_grad_input(&s, dx, g, weight, fields[CONV2D_GRAD_INPUT_INTO], first, last);
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
            .rows = pixels.high - pixels.low, .lines = 1, .images = 1, .q = 1, .r = 1, .a_m = s.out_width, .a_k = 1,
            .c_m = step_of(pixels.high - pixels.low, s.in_width, s.s_w), .b_k = 1, .b_n = s.out_width, .add = true
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

// dw[q, r, i, o] = (dw if into else 0) + sum over j, o_h, o_w of x[j, i_h, i_w, o // f * c + i] * g[j, o_h, o_w, o]
// i_h = o_h * s_h - p_h + q * d_h, i_w = o_w * s_w - p_w + r * d_w
// dw [k_h, k_w, c, groups * f], x [n, h, w, groups * c], g [n, out_h, out_w, groups * f]
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
        const int32_t a_q = step_of(s.n, s.h, in_row), b_q = step_of(s.n, s.out_h, out_row);
        const bool add = fields[CONV2D_GRAD_WEIGHT_INTO];
        const float *from = x, *by = g;
        float *to = dw + row * s.out_width;
        if (!nothing) {
            from += (rows.low * s.s_h + down) * in_row + (columns.low * s.s_w + right) * s.in_width + channel;
            by += rows.low * out_row + columns.low * s.out_width;
        }
        for (int32_t image = 0; is_depthwise(&s) && image < s.n; image++) {
            parallel_sums p = {
                from + image * a_q, by + image * b_q, to, s.groups, r, k, a_r, a_k, out_row, s.out_width, add || image
            };
            sum_parallel(&p);
        }
        for (int32_t group = 0; !is_depthwise(&s) && group < s.groups; group++) {
            sums p = {
                .a = from + group * s.c, .b = by + group * s.f, .c = to + group * s.f, .rows = channels,
                .columns = s.f, .q = nothing ? 0 : s.n, .r = r, .k = k, .c_m = s.out_width, .a_m = 1, .a_q = a_q,
                .a_r = a_r, .a_k = a_k, .b_q = b_q, .b_r = out_row, .b_k = s.out_width, .b_n = 1, .lines = 1,
                .images = 1, .add = add
            };
            sum_products(&p);
        }
        row += channels;
    }
    return last;
}
