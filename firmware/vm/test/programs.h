// Random programs: fields that fit more often than not, some with words changed afterwards, noise, and what was
// exported with words changed.

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
