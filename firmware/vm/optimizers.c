// The optimizers that are used less; SGD and Adam are in update.
//
// n elements of a parameter p; g is their gradient, a sum of weights that come to total; what else is [n] is state.

// Of a chunk: gradients divided by the weights they are sums of, plus decay * p.
static void mean_gradient(float *chunk, const float *g, const float *p, int32_t size, float total, float decay) {
    EACH(i, size) {
        chunk[i] = g[i] / total;
    }
    if (decay != 0.0f) {
        EACH(i, size) {
            chunk[i] = chunk[i] + decay * p[i];
        }
    }
}

// G = g / total + weight_decay * p
// v = alpha * v + (1 - alpha) * (G * G)
// if centered: a = alpha * a + (1 - alpha) * G, s = sqrt(v - a * a) + eps, else s = sqrt(v) + eps
// if momentum: b = momentum * b + G / s, p = p - lr * b, else p = p - lr * (G / s)
// p [n], g [n], v [n], a [n] if centered, b [n] if momentum, hyper [5] = lr, alpha, eps, weight_decay, momentum
static int32_t run_rmsprop(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const float *hyper = floats_at(vm, fields[RMSPROP_HYPER]);
    const float rate = hyper[0], alpha = hyper[1], fresh = 1.0f - alpha, eps = hyper[2], decay = hyper[3];
    const float momentum = hyper[4], total = *floats_at(vm, fields[RMSPROP_TOTAL]);
    float *p = floats_at(vm, fields[RMSPROP_P]), *v = floats_at(vm, fields[RMSPROP_V]);
    float *a = floats_at(vm, fields[RMSPROP_A]), *b = floats_at(vm, fields[RMSPROP_B]);
    const float *g = floats_at(vm, fields[RMSPROP_G]);
    for (int32_t start = first; start < last; start += CHUNK) {
        float chunk[CHUNK], square[CHUNK];
        int32_t size = last - start < CHUNK ? last - start : CHUNK;
        mean_gradient(chunk, g + start, p + start, size, total, decay);
        EACH(i, size) {
            float moving = alpha * v[start + i] + fresh * (chunk[i] * chunk[i]);
            v[start + i] = moving;
            square[i] = moving;
        }
        if (fields[RMSPROP_CENTERED]) {
            EACH(i, size) {
                float mean = alpha * a[start + i] + fresh * chunk[i];
                a[start + i] = mean;
                square[i] = square[i] - mean * mean;
            }
        }
        EACH(i, size) {
            chunk[i] = chunk[i] / (sqrt_core(square[i]) + eps);
        }
        if (fields[RMSPROP_MOMENTUM]) {
            EACH(i, size) {
                float moving = momentum * b[start + i] + chunk[i];
                b[start + i] = moving;
                chunk[i] = moving;
            }
        }
        EACH(i, size) {
            p[start + i] = p[start + i] - rate * chunk[i];
        }
    }
    return last;
}

// G = g / total + weight_decay * p
// v = v + G * G
// p = p - (lr / (1 + step * lr_decay)) * (G / (sqrt(v) + eps))
// p [n], g [n], v [n], hyper [4] = lr, lr_decay, eps, weight_decay
static int32_t run_adagrad(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const float *hyper = floats_at(vm, fields[ADAGRAD_HYPER]);
    const float eps = hyper[2], decay = hyper[3], total = *floats_at(vm, fields[ADAGRAD_TOTAL]);
    const float rate = hyper[0] / (1.0f + (float)*integer_at(vm, fields[ADAGRAD_STEP]) * hyper[1]);
    float *p = floats_at(vm, fields[ADAGRAD_P]), *v = floats_at(vm, fields[ADAGRAD_V]);
    const float *g = floats_at(vm, fields[ADAGRAD_G]);
    for (int32_t start = first; start < last; start += CHUNK) {
        float chunk[CHUNK];
        int32_t size = last - start < CHUNK ? last - start : CHUNK;
        mean_gradient(chunk, g + start, p + start, size, total, decay);
        EACH(i, size) {
            float square = v[start + i] + chunk[i] * chunk[i];
            v[start + i] = square;
            p[start + i] = p[start + i] - rate * (chunk[i] / (sqrt_core(square) + eps));
        }
    }
    return last;
}

// G = g / total + weight_decay * p
// v = rho * v + (1 - rho) * (G * G)
// d = (sqrt(a + eps) / sqrt(v + eps)) * G
// a = rho * a + (1 - rho) * (d * d)
// p = p - lr * d
// p [n], g [n], v [n], a [n], hyper [4] = lr, rho, eps, weight_decay
static int32_t run_adadelta(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const float *hyper = floats_at(vm, fields[ADADELTA_HYPER]);
    const float rate = hyper[0], rho = hyper[1], fresh = 1.0f - rho, eps = hyper[2], decay = hyper[3];
    const float total = *floats_at(vm, fields[ADADELTA_TOTAL]);
    float *p = floats_at(vm, fields[ADADELTA_P]), *v = floats_at(vm, fields[ADADELTA_V]);
    float *a = floats_at(vm, fields[ADADELTA_A]);
    const float *g = floats_at(vm, fields[ADADELTA_G]);
    for (int32_t start = first; start < last; start += CHUNK) {
        float chunk[CHUNK];
        int32_t size = last - start < CHUNK ? last - start : CHUNK;
        mean_gradient(chunk, g + start, p + start, size, total, decay);
        EACH(i, size) {
            float square = rho * v[start + i] + fresh * (chunk[i] * chunk[i]);
            float change = sqrt_core(a[start + i] + eps) / sqrt_core(square + eps) * chunk[i];
            v[start + i] = square;
            a[start + i] = rho * a[start + i] + fresh * (change * change);
            p[start + i] = p[start + i] - rate * change;
        }
    }
    return last;
}

// G = g / total, u = beta1 * m + (1 - beta1) * G
// p = p - (lr * weight_decay) * p
// p = p - lr where u > 0, p + lr where u < 0
// m = beta2 * m + (1 - beta2) * G
// p [n], g [n], m [n], hyper [4] = lr, beta1, beta2, weight_decay
static int32_t run_lion(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const float *hyper = floats_at(vm, fields[LION_HYPER]);
    const float rate = hyper[0], beta1 = hyper[1], beta2 = hyper[2], decay = hyper[3], shrink = rate * decay;
    const float fresh1 = 1.0f - beta1, fresh2 = 1.0f - beta2;
    const float total = *floats_at(vm, fields[LION_TOTAL]);
    float *p = floats_at(vm, fields[LION_P]), *m = floats_at(vm, fields[LION_M]);
    const float *g = floats_at(vm, fields[LION_G]);
    for (int32_t start = first; start < last; start += CHUNK) {
        float chunk[CHUNK];
        int32_t size = last - start < CHUNK ? last - start : CHUNK;
        mean_gradient(chunk, g + start, p + start, size, total, 0.0f);
        if (decay != 0.0f) {
            EACH(i, size) {
                p[start + i] = p[start + i] - shrink * p[start + i];
            }
        }
        EACH(i, size) {
            float way = beta1 * m[start + i] + fresh1 * chunk[i], value = p[start + i];
            value = choose(way > 0.0f, value - rate, choose(way < 0.0f, value + rate, value));
            p[start + i] = choose(way != way, way, value);
            m[start + i] = beta2 * m[start + i] + fresh2 * chunk[i];
        }
    }
    return last;
}

// t = step + 1, G = g / total, D = G - before (0 where step is 0), U = G + beta2 * D
// m = beta1 * m + (1 - beta1) * G
// v = beta2 * v + (1 - beta2) * D
// s = beta3 * s + (1 - beta3) * (U * U)
// r = sqrt(s) / sqrt(1 - beta3^t) + eps
// p = (p - ((lr / (1 - beta1^t)) * m + (lr * beta2 / (1 - beta2^t)) * v) / r) / (1 + lr * weight_decay)
// before = G
// p [n], g [n], m [n], v [n], s [n], before [n], hyper [6] = lr, beta1, beta2, beta3, eps, weight_decay
static int32_t run_adan(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const float *hyper = floats_at(vm, fields[ADAN_HYPER]);
    const float rate = hyper[0], beta1 = hyper[1], beta2 = hyper[2], beta3 = hyper[3], eps = hyper[4];
    const float fresh1 = 1.0f - beta1, fresh2 = 1.0f - beta2, fresh3 = 1.0f - beta3;
    const int32_t done = *integer_at(vm, fields[ADAN_STEP]);
    const uint32_t t = (uint32_t)done + 1;
    const float total = *floats_at(vm, fields[ADAN_TOTAL]);
    const float rate1 = rate / (1.0f - power_of_whole(beta1, t));
    const float rate2 = rate * beta2 / (1.0f - power_of_whole(beta2, t));
    const float correction = sqrt_core(1.0f - power_of_whole(beta3, t)), shrink = 1.0f + rate * hyper[5];
    float *p = floats_at(vm, fields[ADAN_P]), *m = floats_at(vm, fields[ADAN_M]);
    float *v = floats_at(vm, fields[ADAN_V]), *s = floats_at(vm, fields[ADAN_S]);
    float *before = floats_at(vm, fields[ADAN_BEFORE]);
    const float *g = floats_at(vm, fields[ADAN_G]);
    for (int32_t i = first; i < last; i++) {
        const float gradient = g[i] / total, change = done ? gradient - before[i] : 0.0f;
        const float ahead = gradient + beta2 * change;
        m[i] = beta1 * m[i] + fresh1 * gradient;
        v[i] = beta2 * v[i] + fresh2 * change;
        s[i] = beta3 * s[i] + fresh3 * (ahead * ahead);
        const float root = sqrt_core(s[i]) / correction + eps;
        p[i] = (p[i] - (rate1 * m[i] + rate2 * v[i]) / root) / shrink;
        before[i] = gradient;
    }
    return last;
}
