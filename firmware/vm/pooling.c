// Max pooling. A window's maximum is the first that is greatest; what is not a number counts as greater.
//
// n images of h x w pixels of c channels, out_h x out_w come out; a window is k_h x k_w; s is its stride, p the
// padding.

static shape pool_shape_of(const int32_t *fields) {
    shape s = {
        fields[MAX_POOL2D_N], fields[MAX_POOL2D_H], fields[MAX_POOL2D_W], fields[MAX_POOL2D_C], 1, 1,
        fields[MAX_POOL2D_OUT_H], fields[MAX_POOL2D_OUT_W], fields[MAX_POOL2D_K_H], fields[MAX_POOL2D_K_W],
        fields[MAX_POOL2D_S_H], fields[MAX_POOL2D_S_W], fields[MAX_POOL2D_P_H], fields[MAX_POOL2D_P_W], 1, 1,
        fields[MAX_POOL2D_C], fields[MAX_POOL2D_C]
    };
    return s;
}

// y[i, o_h, o_w, j] = max over q, r of x[i, o_h * s_h - p_h + q, o_w * s_w - p_w + r, j]
// y [n, out_h, out_w, c], x [n, h, w, c], q in [k_h], r in [k_w]
static int32_t run_max_pool2d(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const shape s = pool_shape_of(fields);
    float *y = floats_at(vm, fields[MAX_POOL2D_Y]) + first * s.out_w * s.c;
    const float *x = floats_at(vm, fields[MAX_POOL2D_X]);
    for (int32_t row = first; row < last; row++) {
        const int32_t image = row / s.out_h, top = row % s.out_h * s.s_h - s.p_h;
        const range k_h = inside(1, top, s.h, s.k_h);
        for (int32_t pixel = 0; pixel < s.out_w; pixel++, y += s.c) {
            const int32_t left = pixel * s.s_w - s.p_w;
            const range k_w = inside(1, left, s.w, s.k_w);
            bool begins = true;
            for (int32_t i = k_h.low; i < k_h.high && k_w.high > k_w.low; i++) {
                const float *at = x + ((image * s.h + top + i) * s.w + left + k_w.low) * s.c;
                for (int32_t j = k_w.low; j < k_w.high; j++, at += s.c) {
                    if (begins) {
                        EACH(k, s.c) {
                            y[k] = at[k];
                        }
                    } else {
                        EACH(k, s.c) {
                            y[k] = choose(is_greater(at[k], y[k]), at[k], y[k]);
                        }
                    }
                    begins = false;
                }
            }
            for (int32_t k = 0; begins && k < s.c; k++) {
                y[k] = float_of(INFINITE | SIGN);
            }
        }
    }
    return last;
}

// dx[i, i_h, i_w, j] = dx[i, i_h, i_w, j] + g[i, o_h, o_w, j]
// x[i, i_h, i_w, j] is the maximum of the window of o_h, o_w
// dx [n, h, w, c], x [n, h, w, c], g [n, out_h, out_w, c]
static int32_t run_max_pool2d_grad(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const shape s = pool_shape_of(fields);  // the two instructions' sizes stand in the same places
    float *dx = floats_at(vm, fields[MAX_POOL2D_GRAD_DX]);
    const float *x = floats_at(vm, fields[MAX_POOL2D_GRAD_X]);
    const float *g = floats_at(vm, fields[MAX_POOL2D_GRAD_G]) + first * s.out_w * s.c;
    for (int32_t row = first; row < last; row++) {
        const int32_t image = row / s.out_h, top = row % s.out_h * s.s_h - s.p_h;
        const range k_h = inside(1, top, s.h, s.k_h);
        for (int32_t pixel = 0; pixel < s.out_w; pixel++, g += s.c) {
            const int32_t left = pixel * s.s_w - s.p_w;
            const range k_w = inside(1, left, s.w, s.k_w);
            if (k_h.high == k_h.low || k_w.high == k_w.low) {
                continue;
            }
            const int32_t corner = ((image * s.h + top + k_h.low) * s.w + left + k_w.low) * s.c;
            for (int32_t k = 0; k < s.c; k++) {
                int32_t at = corner + k;
                float best = x[at];
                for (int32_t i = 0; i < k_h.high - k_h.low; i++) {
                    int32_t place = corner + i * s.w * s.c + k;
                    for (int32_t j = k_w.low; j < k_w.high; j++, place += s.c) {
                        if (is_greater(x[place], best)) {
                            best = x[place];
                            at = place;
                        }
                    }
                }
                dx[at] = dx[at] + g[k];
            }
        }
    }
    return last;
}
