// The digits-MLP step written by hand, static C: what a step costs without Ember.
// 64-32-10, batch 32, softmax cross entropy, SGD. cc -O3 static_step.c -lm -o static_step; ./static_step STEPS

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N = 32, D = 64, H = 32, C = 10 };

static float x[N][D], w1[D][H], b1[H], w2[H][C], b2[C];
static float h[N][H], p[N][C], dh[N][H], w2_t[C][H], dw1[D][H], db1[H], dw2[H][C], db2[C];
static unsigned char label[N];

// c[m, n] += a[m, k] * b[k, n]. The sums stay in registers where n is small: sizes are constants at each call.
static inline __attribute__((always_inline)) void product(
    int m, int n, int k, const float *restrict a, const float *restrict b, float *restrict c) {
    for (int i = 0; i < m; i++) {
        float sum[H];
        for (int j = 0; j < n; j++) {
            sum[j] = c[i * n + j];
        }
        for (int q = 0; q < k; q++) {
            for (int j = 0; j < n; j++) {
                sum[j] += a[i * k + q] * b[q * n + j];
            }
        }
        for (int j = 0; j < n; j++) {
            c[i * n + j] = sum[j];
        }
    }
}

// c[k, n] = sum over m of a[m, k] * b[m, n]
static inline __attribute__((always_inline)) void product_of_transposed(
    int m, int n, int k, const float *restrict a, const float *restrict b, float *restrict c) {
    for (int q = 0; q < k; q++) {
        float sum[H] = {0};
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                sum[j] += a[i * k + q] * b[i * n + j];
            }
        }
        for (int j = 0; j < n; j++) {
            c[q * n + j] = sum[j];
        }
    }
}

static void column_sums(int m, int n, const float *restrict a, float *restrict c) {
    for (int j = 0; j < n; j++) {
        c[j] = 0;
    }
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
            c[j] += a[i * n + j];
        }
    }
}

static void descend(int n, float lr, float *restrict parameter, const float *restrict gradient) {
    for (int i = 0; i < n; i++) {
        parameter[i] -= lr * gradient[i];
    }
}

static float step(float lr) {
    float loss = 0;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < H; j++) {
            h[i][j] = b1[j];
        }
    }
    product(N, H, D, (float *)x, (float *)w1, (float *)h);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < H; j++) {
            h[i][j] = h[i][j] < 0 ? 0 : h[i][j];
        }
    }
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < C; j++) {
            p[i][j] = b2[j];
        }
    }
    product(N, C, H, (float *)h, (float *)w2, (float *)p);
    for (int i = 0; i < N; i++) {
        float most = p[i][0], sum = 0, at_label;
        for (int j = 1; j < C; j++) {
            most = p[i][j] > most ? p[i][j] : most;
        }
        at_label = p[i][label[i]] - most;
        for (int j = 0; j < C; j++) {
            sum += p[i][j] = expf(p[i][j] - most);
        }
        loss += logf(sum) - at_label;
        for (int j = 0; j < C; j++) {
            p[i][j] = (p[i][j] / sum - (j == label[i])) / N;
        }
    }
    product_of_transposed(N, C, H, (float *)h, (float *)p, (float *)dw2);
    column_sums(N, C, (float *)p, db2);
    // Transposed first, so that the product's lanes are outputs and its sums stay in order.
    for (int q = 0; q < H; q++) {
        for (int j = 0; j < C; j++) {
            w2_t[j][q] = w2[q][j];
        }
    }
    memset(dh, 0, sizeof dh);
    product(N, H, C, (float *)p, (float *)w2_t, (float *)dh);
    for (int i = 0; i < N; i++) {
        for (int q = 0; q < H; q++) {
            dh[i][q] = h[i][q] > 0 ? dh[i][q] : 0;
        }
    }
    product_of_transposed(N, H, D, (float *)x, (float *)dh, (float *)dw1);
    column_sums(N, H, (float *)dh, db1);
    descend(D * H, lr, (float *)w1, (float *)dw1);
    descend(H, lr, b1, db1);
    descend(H * C, lr, (float *)w2, (float *)dw2);
    descend(C, lr, b2, db2);
    return loss / N;
}

int main(int argc, char **argv) {
    int steps = argc > 1 ? atoi(argv[1]) : 10000;
    unsigned state = 1;
    float *fill[] = {(float *)x, (float *)w1, (float *)w2}, bound[] = {1, 0.125f, 0.177f};
    int size[] = {N * D, D * H, H * C};
    for (int f = 0; f < 3; f++) {
        for (int i = 0; i < size[f]; i++) {
            state = state * 1664525 + 1013904223;
            fill[f][i] = ((state >> 8) / 16777216.0f * 2 - 1) * bound[f];
        }
    }
    for (int i = 0; i < N; i++) {
        label[i] = i % C;
    }
    float first = step(0.1f), last = first;
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < steps; i++) {
        last = step(0.1f);
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("%.3f %.6f %.6f\n", ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / 1e3 / steps, first, last);
    return 0;
}
