// Runs programs that the verifier accepted, over segments of exactly the length that they need: in slices, from states that
// were tampered with, and while somebody else changes what lies in the segments.

#include <pthread.h>
#include <stdatomic.h>

#include "programs.h"

// Bytes of an element.
static const uint8_t sizes_of_types[] = { 4, 4, 1, 1, 2, 2, 4 };

static float random_float(void) {
    static const float special[] = { 0.0f, -0.0f, 1.0f, 1e-42f, -3e38f, 3e38f };
    if (!below(40)) {
        uint32_t bits = below(4) ? 0x7F800000u | random_word() << 31 : 0x7FC00000u;
        float x = special[below(6)];
        if (below(2)) {
            memcpy(&x, &bits, 4);
        }
        return x;
    }
    return (float)((int32_t)random_word() >> 8) / 2097152.0f;
}

static uint64_t hash = 14695981039346656037u;

static void hash_floats(const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, 4);
        bits = x[i] != x[i] ? 0x7FC00000u : bits;  // which NaN it is is nobody's promise
        hash = (hash ^ bits) * 1099511628211u;
    }
}

static int open_all(ember_vm *vm, void **segments, const size_t *bytes, const int32_t *state) {
    int refusal = ember_open(vm, program, (size_t)words, (size_t)program[3]);
    for (uint32_t k = 0; !refusal && k < (uint32_t)program[3]; k++) {
        refusal = ember_bind(vm, k, segments[k], bytes[k],
            (program[5 + 3 * k] & 7) == EMBER_INT8 ? 'b' : 'B', true);
    }
    return refusal ? refusal : ember_check(vm, state, 4);
}

// A thread that writes into all segments of a run, anywhere, as another thread of Python's or hardware may.
static struct {
    uint8_t *start;
    size_t bytes;
} exposed[EMBER_MOST_SEGMENTS];
static int32_t exposed_count;
static atomic_bool scribbles, busy;

static void *scribble(void *unused) {
    uint32_t drawn = 1;
    (void)unused;
    for (;;) {
        busy = true;
        while (scribbles) {
            drawn = drawn * 1664525 + 1013904223;
            const int32_t k = (int32_t)((drawn >> 8) % (uint32_t)exposed_count);
            if (exposed[k].bytes) {
                const size_t at = (drawn >> 4) * 2654435761u % exposed[k].bytes;
                ((volatile uint8_t *)exposed[k].start)[at] = (uint8_t)(drawn >> 24);
            }
        }
        busy = false;
        while (!scribbles) {
            sched_yield();
        }
    }
    return NULL;
}

static void begin_scribbling(void) {
    static bool started;
    scribbles = true;
    if (!started) {
        pthread_t thread;
        started = !pthread_create(&thread, NULL, scribble, NULL);
    }
}

static void end_scribbling(void) {
    scribbles = false;
    while (busy) {
        sched_yield();
    }
}

// A few bytes of any segments, between one slice and the next, or between what is checked and what is run.
static void change_bytes(void) {
    for (int32_t changes = below(4); changes; changes--) {
        const int32_t k = below(exposed_count);
        if (exposed[k].bytes) {
            exposed[k].start[random_word() % exposed[k].bytes] = (uint8_t)random_word();
        }
    }
}

// Whether others write into the segments: not at all, between slices, or all the time.
enum { ALONE, BETWEEN, ALWAYS };

// Runs each section to its end, in slices of up to the budget, but for most_calls at most. Segments without noise are
// zeros.
static void run_program(int32_t rows, int32_t budget, int most_calls, bool tamper, bool noise, int others) {
    void *segments[EMBER_MOST_SEGMENTS] = { NULL };
    size_t bytes[EMBER_MOST_SEGMENTS];
    int32_t count = program[3];
    for (int32_t k = 0; k < count; k++) {
        const int32_t *layout = program + 5 + 3 * k;
        int32_t type = layout[0] & 7;
        size_t elements = (size_t)(layout[1] + layout[2] * rows);
        bytes[k] = elements * sizes_of_types[type];
        segments[k] = malloc(bytes[k]);
        memset(segments[k], 0, bytes[k]);
        exposed[k].start = segments[k], exposed[k].bytes = bytes[k];
        for (size_t i = 0; noise && i < elements; i++) {
            if (type == EMBER_FLOAT32) {
                ((float *)segments[k])[i] = random_float();
            } else if (sizes_of_types[type] == 4) {
                ((int32_t *)segments[k])[i] = below(20) ? below(4) : (int32_t)random_word();
            } else if (sizes_of_types[type] == 2) {
                ((int16_t *)segments[k])[i] = (int16_t)(below(20) ? below(4) : (int32_t)random_word());
            } else {
                ((uint8_t *)segments[k])[i] = (uint8_t)(below(20) ? below(4) : (int32_t)random_word());
            }
        }
    }
    exposed_count = count;
    int32_t *integers = segments[EMBER_INTS];
    if (others == ALWAYS) {
        begin_scribbling();
    }
    for (int32_t section = 0; section < program[4]; section++) {
        int32_t state[STATES] = { section, 0, 0, 0 };
        for (int calls = 0; calls < most_calls; calls++) {
            ember_vm vm;
            integers[0] = rows;
            if (tamper && calls) {
                state[below(STATES)] += below(2) ? 1 : below(200) - 100;
                if (below(2)) {  // with a seal that fits
                    state[3] = (int32_t)(((uint32_t)program[1] * 31 + (uint32_t)state[0] * 7919 + (uint32_t)state[1] * 40503
                        + (uint32_t)state[2] * 9973 + (uint32_t)integers[0] * 613 + 12345) & 0x3FFFFFFF);
                }
            }
            if (open_all(&vm, segments, bytes, state)) {
                if (others != ALONE) {
                    continue;  // rows changed
                }
                break;  // the state was tampered with
            }
            if (others == BETWEEN) {
                change_bytes();
            }
            int result = ember_run(&vm, state, below(budget + 1));
            if (result != EMBER_PAUSED) {
                if (others != ALWAYS) {
                    break;
                }
                state[1] = state[2] = state[3] = 0;  // and again
            }
        }
    }
    if (others == ALWAYS) {
        end_scribbling();
    }
    for (int32_t k = 0; k < count; k++) {
        if (noise && others != ALWAYS && (program[5 + 3 * k] & 7) == EMBER_FLOAT32) {
            hash_floats(segments[k], bytes[k] / 4);
        }
        free(segments[k]);
    }
}

// Whether the program has too much memory to fill and to look at for one of a million.
static bool is_large(void) {
    int64_t room = 0;
    for (int32_t k = 0; k < program[3]; k++) {
        room += program[5 + 3 * k + 1] + (int64_t)program[5 + 3 * k + 2] * program[2];
    }
    return room >= 40000;
}
