// Random programs: what the verifier accepts must run without a fault of memory or of arithmetic on integers.
//
//     fuzz SEED COUNT             programs of random instructions
//     fuzz SEED COUNT FILE…       programs that trainer.export wrote, with words changed
//
// Built with the address and undefined-behaviour sanitizers, which end it at the first fault. Half of the programs
// are made of fields that fit more often than not, some of those with words changed afterwards; the rest is noise.
// Segments have exactly the length that a run needs. `bits` is a hash of every float that a run left behind:
// builds for different processors must agree.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../vm.h"

enum { SEGMENTS = 7, MOST_PROGRAM = 4096, STATES = 4, MOST_FILES = 16, FILE_HEAD = 16 };

static uint64_t seed;

static uint32_t random_word(void) {
    seed += 0x9E3779B97F4A7C15u;
    uint64_t z = seed;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)(z >> 32);
}

static int32_t below(int32_t limit) {
    return (int32_t)(random_word() % (uint32_t)limit);
}

static int32_t program[MOST_PROGRAM];
static int32_t words;

// The address of something of a type that the operand may have; part by part of a segment, to fit often.
static int32_t random_address(uint32_t types, int32_t part, int32_t parts) {
    int32_t segment = below(SEGMENTS);
    if (!(types & ~(EMBER_WRITTEN | 1 << EMBER_FLOAT32)) && below(2)) {
        segment = EMBER_ARENA;  // which has the most room
    }
    for (int tries = 0; tries < 8; tries++) {
        int32_t flags = program[5 + 3 * segment];
        if ((types >> (flags & 7) & 1) && (!(types & EMBER_WRITTEN) || (flags & EMBER_WRITABLE))) {
            break;
        }
        segment = below(SEGMENTS);
    }
    int32_t elements = program[5 + 3 * segment + 1] + 1;
    return segment << 24 | (below(3) ? part * elements / parts : below(2) ? below(elements) : below(4) % elements);
}

static void add_instruction(uint32_t opcode) {
    const uint8_t *record = ember_records + ember_record[opcode];
    program[words++] = (int32_t)opcode;
    uint32_t scalars = *record++;
    int32_t *fields = program + words;
    for (uint32_t k = 0; k < scalars; k++) {
        uint32_t kind = *record++;
        int32_t value;
        if (kind == 0) {
            value = below(4) ? 1 + below(below(3) ? 4 : 20) : -1 - below(3);
        } else if (kind == 1) {
            value = below(3) ? below(6) : below(23) - 11;
        } else {
            int32_t low = ember_limits[2 * kind - 4], high = ember_limits[2 * kind - 3];
            int32_t span = high - low < 30 ? high - low : below(3) ? 3 : 12;
            value = low + below(span + 1);
        }
        program[words++] = value;
    }
    if (opcode >= OP_CONV2D && opcode <= OP_CONV2D_GRAD_WEIGHT && below(3)) {
        fields[CONV2D_GROUPS] = 1 + below(2);
    }
    uint32_t operands = *record++;
    for (uint32_t k = 0; k < operands; k++) {
        int32_t address = random_address(record[0], (int32_t)k, (int32_t)operands);
        // Some operands are those of the one before: coinciding, or overlapping.
        program[words] = k && !below(6) ? program[words - 1] : address;
        words++;
        record += 2 + 2 * record[1];
    }
}

static void add_header(void) {
    int32_t max_rows = 1 + below(6);
    program[0] = EMBER_MAGIC;
    program[2] = max_rows;
    program[3] = SEGMENTS;
    program[4] = 2;
    for (int32_t k = 0; k < SEGMENTS; k++) {
        int32_t *segment = program + 5 + 3 * k;
        int32_t type = k == EMBER_INTS ? EMBER_INT32 : k < EMBER_FIRST_BOUND ? EMBER_FLOAT32 : below(7);
        segment[0] = type | (k != EMBER_CONSTANTS && below(4) ? EMBER_WRITABLE : 0);
        segment[1] = k == EMBER_ARENA ? 1 + below(5000) : 6 + below(60);
        segment[2] = below(2) ? 0 : below(16);
    }
    words = 5 + 3 * SEGMENTS + 2;
}

static void change_words(int32_t changes) {
    static const int32_t edges[] = { 0, 1, -1, INT32_MAX, INT32_MIN, EMBER_LIMIT, -EMBER_LIMIT, 1 << 30 };
    for (; changes; changes--) {
        int32_t place = below(words), how = below(8);
        uint32_t old = (uint32_t)program[place];
        program[place] = how < 3 ? edges[below(8)] : how < 4 ? (int32_t)random_word()
            : how < 6 ? (int32_t)(old + (uint32_t)below(5) - 2)
            : how < 7 ? (int32_t)(old ^ 1u << below(32)) : program[below(words)];
    }
}

static void make_program(int32_t first_opcode) {
    add_header();
    if (first_opcode < 0) {  // noise
        int32_t count = below(40);
        for (int32_t k = 0; k < count; k++) {
            program[words++] = below(2) ? below(24) : (int32_t)random_word();
        }
        program[5 + 3 * SEGMENTS] = words;
    } else {
        add_instruction((uint32_t)first_opcode);
        program[5 + 3 * SEGMENTS] = words;
        for (int32_t more = below(6) ? 0 : 1 + below(2); more; more--) {
            add_instruction((uint32_t)below(EMBER_OPCODES));
        }
    }
    program[5 + 3 * SEGMENTS + 1] = words;
    program[1] = words;
    if (!below(4)) {
        change_words(1 + below(2));
    }
}

// Programs from files. What comes after the program in a file, numbers of all kinds, is random here anyway.
static struct {
    int32_t *program, words;
} files[MOST_FILES];
static int32_t file_count;

static bool read_file(const char *path) {
    static int32_t all[FILE_HEAD + MOST_PROGRAM];
    FILE *file = fopen(path, "rb");
    if (!file) {
        return false;
    }
    size_t have = fread(all, 4, FILE_HEAD + MOST_PROGRAM, file);
    fclose(file);
    int32_t count = have > FILE_HEAD + 5 ? all[FILE_HEAD + 1] : 0;
    if (count < 5 || (size_t)count > have - FILE_HEAD || file_count == MOST_FILES) {
        return false;
    }
    files[file_count].words = count;
    files[file_count].program = malloc((size_t)count * 4);
    memcpy(files[file_count++].program, all + FILE_HEAD, (size_t)count * 4);
    return true;
}

static void take_program(void) {
    int32_t k = below(file_count);
    words = files[k].words;
    memcpy(program, files[k].program, (size_t)words * 4);
    change_words(1 + below(4));
}

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

// Runs each section to its end, in slices of up to the budget, but for most_calls at most. Segments without noise are
// zeros.
static void run_program(int32_t rows, int32_t budget, int most_calls, bool tamper, bool noise) {
    void *segments[EMBER_MOST_SEGMENTS] = { NULL };
    size_t bytes[EMBER_MOST_SEGMENTS];
    int32_t count = program[3];
    for (int32_t k = 0; k < count; k++) {
        const int32_t *layout = program + 5 + 3 * k;
        int32_t type = layout[0] & 7;
        size_t elements = (size_t)(layout[1] + layout[2] * rows);
        bytes[k] = elements * sizes_of_types[type];
        segments[k] = calloc(bytes[k] ? bytes[k] : 1, 1);
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
    int32_t *integers = segments[EMBER_INTS];
    integers[0] = rows;
    for (int32_t section = 0; section < program[4]; section++) {
        int32_t state[STATES] = { section, 0, 0, 0 };
        for (int calls = 0; calls < most_calls; calls++) {
            ember_vm vm;
            if (tamper && calls) {
                state[below(STATES)] += below(2) ? 1 : below(200) - 100;
                if (below(2)) {  // with a seal that fits
                    state[3] = (int32_t)(((uint32_t)program[1] * 31 + (uint32_t)state[0] * 7919 + (uint32_t)state[1] * 40503
                        + (uint32_t)state[2] * 9973 + (uint32_t)integers[0] * 613 + 12345) & 0x3FFFFFFF);
                }
            }
            if (open_all(&vm, segments, bytes, state)) {
                break;  // the program may have written over rows, or the state was tampered with
            }
            int result = ember_run(&vm, state, below(budget + 1));
            if (result != EMBER_PAUSED) {
                break;
            }
        }
    }
    for (int32_t k = 0; k < count; k++) {
        if (noise && (program[5 + 3 * k] & 7) == EMBER_FLOAT32) {
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

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: fuzz SEED COUNT [FILE…]\n");
        return 2;
    }
    for (int k = 3; k < count; k++) {
        if (!read_file(arguments[k])) {
            fprintf(stderr, "fuzz: %s is no exported program of at most %d words\n", arguments[k], MOST_PROGRAM);
            return 2;
        }
    }
    seed = strtoull(arguments[1], NULL, 0);
    long programs = strtol(arguments[2], NULL, 0), accepted = 0, large = 0;
    long by_opcode[EMBER_OPCODES] = { 0 };
    for (long k = 0; k < programs; k++) {
        if (file_count) {
            take_program();
        } else {
            make_program(below(8) ? below(EMBER_OPCODES) : -1);
        }
        int32_t *exact = malloc((size_t)words * 4);  // so that reading past the end is seen
        memcpy(exact, program, (size_t)words * 4);
        int32_t verdict = ember_verify(exact, (size_t)words);
        free(exact);
        if (verdict) {
            continue;
        }
        accepted++;
        int32_t first = program[5 + 3 * program[3] + program[4]];
        if (words > 5 + 3 * program[3] + program[4]) {
            by_opcode[first]++;
        }
        if (is_large()) {
            large++;
            run_program(1 + below(program[2]), 1 + below(2000), 3, false, false);
            continue;
        }
        if (file_count) {  // each is long: a part of it, here or there in slices
            run_program(1 + below(program[2]), 10000, 3, false, true);
            if (!below(16)) {
                run_program(1, 1 + below(2000), 20, below(3) == 0, true);
            }
            continue;
        }
        run_program(program[2], 10000000, 200, false, true);
        if (below(2)) {
            run_program(1, below(3) ? 1 + below(2000) : 1, 200, below(3) == 0, true);
        }
    }
    printf("programs=%ld accepted=%ld", programs, accepted);
    for (int k = 0; k < EMBER_OPCODES; k++) {
        printf(" %d:%ld", k, by_opcode[k]);
    }
    printf(" large=%ld bits=%016llx\n", large, (unsigned long long)hash);
    return 0;
}
