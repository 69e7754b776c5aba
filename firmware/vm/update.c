// What a training step's update takes: count, stop, check_finite, and the optimizers SGD and Adam.
//
// n elements of a parameter p; g is their gradient, a sum of weights that come to total; m, v, most are state.

// counter = counter * keep + n * add, at most 2^31 - 1
// counter [1]
static int32_t run_count(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    int32_t *counter = integer_at(vm, fields[COUNT_COUNTER]);
    (void)first;
    *counter = counted(*counter * fields[COUNT_KEEP], fields[COUNT_N] * fields[COUNT_ADD]);
    return last;
}

// the run is finished where go is 0
// go [1]
static int32_t run_stop(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    (void)first;
    return *floats_at(vm, fields[STOP_GO]) == 0.0f ? -1 : last;
}

// How many groups of 8 floats there are before the first that holds one whose bits, without their sign and doubled, are
// not below bound: 2 instructions a float.
#if defined(__thumb2__)
static int32_t groups_below(const word_of_float *a, int32_t groups, uint32_t bound) {
    int32_t left = groups;
    if (left > 0) {
        __asm volatile (
            "1: ldmia %[a]!, {r2-r5}\n"
            "cmp %[bound], r2, lsl #1\n"
            "ittt hi\n"
            "cmphi %[bound], r3, lsl #1\n"
            "cmphi %[bound], r4, lsl #1\n"
            "cmphi %[bound], r5, lsl #1\n"
            "bls 2f\n"
            "ldmia %[a]!, {r2-r5}\n"
            "cmp %[bound], r2, lsl #1\n"
            "ittt hi\n"
            "cmphi %[bound], r3, lsl #1\n"
            "cmphi %[bound], r4, lsl #1\n"
            "cmphi %[bound], r5, lsl #1\n"
            "bls 2f\n"
            "subs %[left], %[left], #1\n"
            "bne 1b\n"
            "2:\n"
            : [a] "+r" (a), [left] "+r" (left) : [bound] "r" (bound) : "r2", "r3", "r4", "r5", "cc", "memory");
    }
    return groups - left;
}
#else
static int32_t groups_below(const word_of_float *a, int32_t groups, uint32_t bound) {
    for (int32_t k = 0; k < groups; k++, a += 8) {
        if (!(a[0] << 1 < bound && a[1] << 1 < bound && a[2] << 1 < bound && a[3] << 1 < bound
              && a[4] << 1 < bound && a[5] << 1 < bound && a[6] << 1 < bound && a[7] << 1 < bound)) {
            return k;
        }
    }
    return groups;
}
#endif

// ends the run at the first a[i] where not |a[i]| < limit
// limit = |total| * 2^64, or without `squared` |total| * 2^128: below it a[i] / total, or its square, is finite
// a [n], total [1]
static int32_t run_check_finite(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const float *total = floats_at(vm, fields[CHECK_FINITE_TOTAL]);
    const float limit = *total * 0x1p64f * (fields[CHECK_FINITE_SQUARED] ? 1.0f : 0x1p64f);
    // As integers, without their signs, floats are in their order: inf is above all that are finite, NaN above it.
    const uint32_t bound = limit == limit ? bits_of(limit) << 1 : 0;
    const word_of_float *a = (const word_of_float *)floats_at(vm, fields[CHECK_FINITE_A]);
    int32_t i = first + 8 * groups_below(a + first, (last - first) / 8, bound);
    while (i < last && a[i] << 1 < bound) {
        i++;
    }
    return i < last ? -2 - i : last;
}

// G = g / total + weight_decay * p
// with momentum: v = G if step is 0, else momentum * v + (1 - dampening) * G
//                G = G + momentum * v if nesterov, else v
// p = p - lr * G
// p [n], g [n], v [n] with momentum, hyper [4] = lr, momentum, dampening, weight_decay
static int32_t run_sgd(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const float *hyper = floats_at(vm, fields[SGD_HYPER]);
    const float rate = hyper[0], momentum = hyper[1], fresh = 1.0f - hyper[2], decay = hyper[3];
    const bool begins = *integer_at(vm, fields[SGD_STEP]) == 0, nesterov = fields[SGD_NESTEROV];
    const float total = *floats_at(vm, fields[SGD_TOTAL]);
    float *p = floats_at(vm, fields[SGD_P]), *v = floats_at(vm, fields[SGD_V]);
    const float *g = floats_at(vm, fields[SGD_G]);
    float chunk[CHUNK];
    for (int32_t start = first; start < last; start += CHUNK) {
        int32_t size = last - start < CHUNK ? last - start : CHUNK;
        EACH(i, size) {
            chunk[i] = g[start + i] / total;
        }
        if (decay != 0.0f) {
            EACH(i, size) {
                chunk[i] = chunk[i] + decay * p[start + i];
            }
        }
        if (fields[SGD_MOMENTUM]) {
            EACH(i, size) {
                float gradient = chunk[i];
                float moving = choose(begins, gradient, momentum * v[start + i] + fresh * gradient);
                v[start + i] = moving;
                chunk[i] = choose(nesterov, gradient + momentum * moving, moving);
            }
        }
        EACH(i, size) {
            p[start + i] = p[start + i] - rate * chunk[i];
        }
    }
    return last;
}

// t = step + 1, G = g / total
// decoupled 0: G = G + weight_decay * p, 1: p = p - (lr * weight_decay) * p
// m = beta1 * m + (1 - beta1) * G
// v = beta2 * v + (1 - beta2) * (G * G)
// amsgrad: most = most where most >= v or most is NaN, else v; s = most, else s = v
// decoupled 2: p = p - (lr * weight_decay) * p where m * p >= 0
// p = p - (lr / (1 - beta1^t)) * (m / (sqrt(s) / sqrt(1 - beta2^t) + eps))
// p [n], g [n], m [n], v [n], most [n] with amsgrad, hyper [5] = lr, beta1, beta2, eps, weight_decay
static int32_t run_adam(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const float *hyper = floats_at(vm, fields[ADAM_HYPER]);
    const float rate = hyper[0], beta1 = hyper[1], beta2 = hyper[2], eps = hyper[3], decay = hyper[4];
    const float fresh1 = 1.0f - beta1, fresh2 = 1.0f - beta2;
    const uint32_t t = (uint32_t)*integer_at(vm, fields[ADAM_STEP]) + 1;
    const float total = *floats_at(vm, fields[ADAM_TOTAL]);
    const float c1 = 1.0f - power_of_whole(beta1, t), c2 = sqrt_core(1.0f - power_of_whole(beta2, t));
    const float step = rate / c1, shrink = rate * decay;
    const bool decays = decay != 0.0f;
    const int32_t decoupled = fields[ADAM_DECOUPLED];
    float *p = floats_at(vm, fields[ADAM_P]), *m = floats_at(vm, fields[ADAM_M]);
    float *v = floats_at(vm, fields[ADAM_V]), *most = floats_at(vm, fields[ADAM_MOST]);
    const float *g = floats_at(vm, fields[ADAM_G]);
    for (int32_t start = first; start < last; start += CHUNK) {
        float chunk[CHUNK], moving[CHUNK];
        int32_t size = last - start < CHUNK ? last - start : CHUNK;
        EACH(i, size) {
            chunk[i] = g[start + i] / total;
        }
        if (decays && decoupled == 1) {
            EACH(i, size) {
                p[start + i] = p[start + i] - shrink * p[start + i];
            }
        } else if (decays && decoupled == 0) {
            EACH(i, size) {
                chunk[i] = chunk[i] + decay * p[start + i];
            }
        }
        EACH(i, size) {
            float gradient = chunk[i];
            float mean = beta1 * m[start + i] + fresh1 * gradient;
            float square = beta2 * v[start + i] + fresh2 * (gradient * gradient);
            m[start + i] = mean;
            v[start + i] = square;
            moving[i] = square;
        }
        if (fields[ADAM_AMSGRAD]) {
            EACH(i, size) {
                float before = most[start + i];
                moving[i] = choose(before >= moving[i] || before != before, before, moving[i]);
                most[start + i] = moving[i];
            }
        }
        if (decays && decoupled == 2) {
            EACH(i, size) {
                float value = p[start + i];
                p[start + i] = choose(m[start + i] * value >= 0.0f, value - shrink * value, value);
            }
        }
        EACH(i, size) {
            p[start + i] = p[start + i] - step * (m[start + i] / (sqrt_core(moving[i]) / c2 + eps));
        }
    }
    return last;
}
