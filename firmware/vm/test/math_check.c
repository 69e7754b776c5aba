// How far the VM's own functions are from the truth (libm in double), in ulp of the true value's float.
//
//     math_check                a sample: every 257th float, a few seconds
//     math_check exhaustive     all 2**32 floats of each function: some minutes each
//     math_check exhaustive log of one
//
// Exits with 1 where a bound that the code states is broken.

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../ember_vm.c"

static float float_from(uint32_t bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

// The distance in units of the last place that a float of the true value's size has. What is infinite, zero by
// rule or no number must be so exactly.
static double ulps(float got, double truth) {
    if (truth != truth || got != got) {
        return truth != truth && got != got ? 0 : INFINITY;
    }
    if ((float)truth == got) {
        return !signbit(got) == !signbit(truth) ? 0 : INFINITY;
    }
    if (isinf(got)) {  // stands for the first float beyond the greatest
        got = copysignf(3.4028234663852886e38f, got);
        return fabs((copysign(3.4028236692093846e38, got) - truth) / 2.028240960365167e31);
    }
    if (isinf((float)truth) && fabs(truth) > 3.5e38) {
        return INFINITY;
    }
    uint64_t bits;  // of 2**-exponent, by hand: most of the time goes here
    memcpy(&bits, &truth, 8);
    int exponent = (int)(bits >> 52 & 2047) - 1022 - 24;
    exponent = exponent < -149 ? -149 : exponent;
    bits = (uint64_t)(1023 - exponent) << 52;
    double scale;
    memcpy(&scale, &bits, 8);
    return fabs(((double)got - truth) * scale);
}

static double sigmoid_truth(double x) {
    return 1 / (1 + exp(-x));
}

static float sin_core(float x) {
    return sine(x, 0);
}

static float cos_core(float x) {
    return sine(x, 1);
}

static const struct {
    const char *name;
    float (*function)(float);
    double (*truth)(double);
    double bound;
} functions[] = {
    { "exp", exp_core, exp, 2 },
    { "log", log_core, log, 2 },
    { "tanh", tanh_core, tanh, 3 },
    { "sigmoid", sigmoid_core, sigmoid_truth, 3 },
    { "sqrt", sqrt_core, sqrt, 0.5 },
    { "expm1", expm1_core, expm1, 4 },
    { "log1p", log1p_core, log1p, 2 },
    { "sin", sin_core, sin, 2 },
    { "cos", cos_core, cos, 2 },
    { "erf", erf_core, erf, 2 },
};

static uint64_t state = 88172645463325252u;

static uint32_t random_word(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

static float between(float low, float high) {
    return low + (high - low) * (float)(random_word() >> 8) / 16777216.0f;
}

// Exponents that pow does not square out: its bound holds for these.
static void check_power(uint32_t count, int *failures) {
    double worst = 0;
    float at_x = 0, at_y = 0;
    for (uint32_t i = 0; i < count; i++) {
        float x, y;
        switch (i % 4) {
            case 0:  // anything
                x = float_from(random_word());
                y = float_from(random_word());
                break;
            case 1:  // results over the whole range
                x = float_from(random_word() & 0x7FFFFFFF);
                y = between(-105.0f, 89.0f) / logf(x);
                break;
            case 2:
                x = between(0.0f, 4.0f);
                y = between(-40.0f, 40.0f);
                break;
            default:  // near 1, where the logarithm is least and the exponent greatest
                x = between(0.98f, 1.02f);
                y = between(-105.0f, 89.0f) / logf(x);
        }
        double truth = pow(x, y);
        bool squared = y == rintf(y) && fabsf(y) <= 64 && isfinite(x);
        float got = pow_core(x, y);
        if (squared && fabsf(y) > 2) {
            continue;
        }
        double error = ulps(got, truth);
        if (error > worst) {
            worst = error;
            at_x = x;
            at_y = y;
        }
    }
    printf("pow      max %.3f ulp at (%.9g, %.9g) in %u pairs\n", worst, at_x, at_y, (unsigned)count);
    if (!(worst <= 3)) {
        *failures += 1;
    }
    static const float special[] = {
        0.0f, -0.0f, 1.0f, -1.0f, 0.5f, -0.5f, 2.0f, -2.0f, 3.0f, -3.0f, 65.0f, -65.0f, 66.0f, 1.5f, INFINITY,
        -INFINITY, NAN, 1e-40f, -1e-40f, 3e38f, -3e38f, 16777216.0f, 16777217.0f, 8388609.0f,
    };
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        for (size_t j = 0; j < sizeof special / sizeof *special; j++) {
            float x = special[i], y = special[j], got = pow_core(x, y);
            if (!(ulps(got, pow(x, y)) <= 16)) {
                printf("pow(%g, %g) = %g, not %g\n", x, y, got, pow(x, y));
                *failures += 1;
            }
        }
    }
}

int main(int count, char **arguments) {
    bool exhaustive = count > 1 && strcmp(arguments[1], "exhaustive") == 0;
    int failures = 0;
    const char *only = count > 2 ? arguments[2] : NULL;
    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
        if (only && strcmp(only, functions[k].name)) {
            continue;
        }
        double worst = 0;
        uint32_t at = 0;
        for (uint64_t i = 0; i < 1ull << 32; i += exhaustive ? 1 : 257) {
            float x = float_from((uint32_t)i);
            double error = ulps(functions[k].function(x), functions[k].truth(x));
            if (error > worst) {
                worst = error;
                at = (uint32_t)i;
            }
        }
        printf("%-8s max %.3f ulp at %.9g (%08x), bound %g\n", functions[k].name, worst, float_from(at),
            (unsigned)at, functions[k].bound);
        fflush(stdout);
        failures += !(worst <= functions[k].bound);
    }
    if (!only || strcmp(only, "pow") == 0) {
        check_power(exhaustive ? 400000000u : 8000000u, &failures);
    }
    return failures ? 1 : 0;
}
