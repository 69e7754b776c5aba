// Programs that are led by what they reach: one that takes a branch of the VM that none took before, or comes nearer to
// one, is kept, and changed further.
//
//     guided SEED SECONDS [FILE…]     at least 2048 programs
//
// The VM is compiled with -fsanitize-coverage=trace-pc,trace-cmp and the sanitizers, which end it at the first fault; this
// file without. Half of what is accepted runs while bytes of its segments change, between slices or all the time.

#include <time.h>

#include "running.h"

enum { EDGES = 1 << 16, FEATURES = 2 * EDGES, MOST_KEPT = 4096, MOST_SEEN = 64, LEAST = 2048 };

static uint8_t hits[FEATURES], reached[FEATURES];
static uintptr_t last_place;
static int32_t seen[MOST_SEEN][2];  // numbers that were compared and differ
static uint32_t seen_count;
static struct {
    int32_t *program, words;
    bool runs;  // the verifier accepts it
} kept[MOST_KEPT];
static int32_t kept_count;

static inline uint32_t mixed(uintptr_t x) {
    return (uint32_t)((uint64_t)x * 0x9E3779B97F4A7C15u >> 48);
}

// --- What the compiler calls

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) {
    uintptr_t place = (uintptr_t)__builtin_return_address(0);
    uint8_t *count = hits + mixed(place ^ last_place << 3);
    *count += *count < 255;
    last_place = place;
}

// How many bits of two numbers are equal is a feature too: so a number that must be exact is found bit by bit.
static void compared(uint64_t a, uint64_t b, uintptr_t place) {
    hits[EDGES + mixed(place * 67 + (uint32_t)__builtin_popcountll(a ^ b))] = 1;
    if (a != b) {
        seen[seen_count % MOST_SEEN][0] = (int32_t)a;
        seen[seen_count++ % MOST_SEEN][1] = (int32_t)b;
    }
}

#define COMPARES(name, type) \
    void __sanitizer_cov_trace_##name(type a, type b); \
    void __sanitizer_cov_trace_##name(type a, type b) { \
        compared((uint64_t)a, (uint64_t)b, (uintptr_t)__builtin_return_address(0)); \
    }
COMPARES(cmp1, uint8_t)
COMPARES(cmp2, uint16_t)
COMPARES(cmp4, uint32_t)
COMPARES(cmp8, uint64_t)
COMPARES(const_cmp1, uint8_t)
COMPARES(const_cmp2, uint16_t)
COMPARES(const_cmp4, uint32_t)
COMPARES(const_cmp8, uint64_t)

#define IGNORES(name, type, other) \
    void __sanitizer_cov_trace_##name(type a, other b); \
    void __sanitizer_cov_trace_##name(type a, other b) { \
        (void)a, (void)b; \
    }
IGNORES(cmpf, float, float)
IGNORES(cmpd, double, double)
IGNORES(switch, uint64_t, void *)

// --- The programs

static void take_kept(void) {
    int32_t k = below(kept_count);
    for (int tries = 0; tries < 4 && !kept[k].runs; tries++) {
        k = below(kept_count);
    }
    words = kept[k].words;
    memcpy(program, kept[k].program, (size_t)words * 4);
}

static void keep(bool runs) {
    const int32_t k = kept_count < MOST_KEPT ? kept_count++ : below(MOST_KEPT);
    free(kept[k].program);
    kept[k].runs = runs;
    kept[k].words = words;
    kept[k].program = malloc((size_t)words * 4);
    memcpy(kept[k].program, program, (size_t)words * 4);
}

// One more instruction at the end of the last section, where the head says where that is.
static void grow(void) {
    bool fits = words >= 5 + 3 * SEGMENTS && program[1] == words && program[3] == SEGMENTS && program[4] >= 1
        && program[4] <= EMBER_MOST_SECTIONS && words >= 5 + 3 * SEGMENTS + program[4]
        && words <= MOST_PROGRAM - EMBER_MOST_WORDS;
    for (int32_t k = 0; fits && k < SEGMENTS; k++) {
        fits = program[5 + 3 * k + 1] >= 0 && program[5 + 3 * k + 1] <= EMBER_LIMIT;
    }
    if (fits) {
        add_instruction((uint32_t)below(EMBER_OPCODES));
        program[1] = program[5 + 3 * SEGMENTS + program[4] - 1] = words;
    }
}

// One of two numbers that were compared in place of the other.
static void fit(void) {
    const uint32_t some = seen_count < MOST_SEEN ? seen_count : MOST_SEEN;
    const uint32_t k = some ? random_word() % some : 0, side = random_word() & 1;
    for (int32_t i = 0, start = below(words); some && i < words; i++) {
        const int32_t at = (start + i) % words;
        if (program[at] == seen[k][side]) {
            program[at] = seen[k][!side];
            return;
        }
    }
}

static void next_program(void) {
    if (!kept_count || !below(6)) {
        make_program(below(16) ? below(EMBER_OPCODES) : -1);
        return;
    }
    take_kept();
    for (int32_t times = 1 + below(3); times; times--) {
        const int32_t how = below(8);
        if (how < 2) {
            grow();
        } else if (how < 4) {
            fit();
        } else {
            change_words(1 + below(3));
        }
    }
}

// Steps that an instruction takes at the most rows, up to 2^30.
static int64_t steps_of(const int32_t *words) {
    uint32_t opcode = (uint32_t)words[0];
    const uint32_t places[] = { ember_rows[opcode], ember_cost[opcode] };
    int64_t total = 1;
    for (uint32_t part = 0; part < 2; part++) {
        const uint8_t *factors = ember_products + places[part];
        for (uint32_t count = *factors++; count; count--, factors++) {
            int64_t value = *factors >= EMBER_LITERAL ? *factors - EMBER_LITERAL : words[1 + *factors];
            total *= value < 0 ? -value * program[2] : value;
            total = total < 1 << 30 ? total : 1 << 30;
        }
    }
    return total;
}

// Whether a program that was accepted takes too long for one of a million.
static bool is_long(void) {
    int64_t total = 0;
    for (int32_t pc = 5 + 3 * program[3] + program[4]; pc < words; pc += ember_words[program[pc]]) {
        total += steps_of(program + pc);
    }
    return total > 1 << 20;
}

// Whether it reached what nothing reached before; how often counts by powers of two.
static bool is_new(void) {
    bool found = false;
    for (int32_t k = 0; k < FEATURES; k++) {
        if (hits[k]) {
            const uint8_t bucket = (uint8_t)(1 << (31 - __builtin_clz(hits[k])));
            found = found || (bucket & ~reached[k]);
            reached[k] |= bucket;
        }
    }
    return found;
}

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: guided SEED SECONDS [FILE…]\n");
        return 2;
    }
    seed = strtoull(arguments[1], NULL, 0);
    const time_t end = time(NULL) + strtol(arguments[2], NULL, 0);
    for (int k = 3; k < count; k++) {
        if (!read_file(arguments[k])) {
            fprintf(stderr, "guided: %s is no exported program of at most %d words\n", arguments[k], MOST_PROGRAM);
            return 2;
        }
        words = files[k - 3].words;
        memcpy(program, files[k - 3].program, (size_t)words * 4);
        keep(true);
    }
    long programs = 0, accepted = 0, by_others = 0;
    for (; programs < LEAST || programs % 64 || time(NULL) < end; programs++) {
        next_program();
        memset(hits, 0, sizeof hits);
        last_place = 0;
        int32_t *exact = malloc((size_t)words * 4);  // so that reading past the end is seen
        memcpy(exact, program, (size_t)words * 4);
        const int32_t verdict = ember_verify(exact, (size_t)words);
        free(exact);
        if (!verdict) {
            accepted++;
            if (!is_long() && !is_large()) {
                const int others = below(4) < 2 ? ALONE : below(8) ? BETWEEN : ALWAYS;
                by_others += others != ALONE;
                run_program(1 + below(program[2]), below(2) ? 20000 : 1, others == ALWAYS ? 100 : 50, !below(4), true,
                    others);
            }
        }
        if (is_new()) {
            keep(!verdict);
        }
    }
    int32_t edges = 0;
    for (int32_t k = 0; k < EDGES; k++) {
        edges += reached[k] != 0;
    }
    printf("programs=%ld accepted=%ld changing=%ld kept=%d edges=%d\n", programs, accepted, by_others, kept_count, edges);
    return 0;
}
