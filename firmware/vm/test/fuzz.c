// Random programs: what the verifier accepts must run without a fault of memory or of arithmetic on integers.
//
//     fuzz SEED COUNT             programs of random instructions
//     fuzz SEED COUNT FILE…       programs that trainer.export wrote, with words changed
//
// Built with the address and undefined-behaviour sanitizers, which end it at the first fault. Half of the programs
// are made of fields that fit more often than not, some of those with words changed afterwards; the rest is noise.
// Segments have exactly the length that a run needs; of what runs in slices, half has bytes of them changed between.
// `bits` is a hash of every float that a run left behind: builds for different processors must agree.

#include "running.h"

static void take_program(void) {
    int32_t k = below(file_count);
    words = files[k].words;
    memcpy(program, files[k].program, (size_t)words * 4);
    change_words(1 + below(4));
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
            run_program(1 + below(program[2]), 1 + below(2000), 3, false, false, ALONE);
            continue;
        }
        if (file_count) {  // each is long: a part of it, here or there in slices
            run_program(1 + below(program[2]), 10000, 3, false, true, ALONE);
            if (!below(16)) {
                run_program(1, 1 + below(2000), 20, below(3) == 0, true, below(2));
            }
            continue;
        }
        run_program(program[2], 10000000, 200, false, true, ALONE);
        if (below(2)) {
            run_program(1, below(3) ? 1 + below(2000) : 1, 200, below(3) == 0, true, below(2));
        }
    }
    printf("programs=%ld accepted=%ld", programs, accepted);
    for (int k = 0; k < EMBER_OPCODES; k++) {
        printf(" %d:%ld", k, by_opcode[k]);
    }
    printf(" large=%ld bits=%016llx\n", large, (unsigned long long)hash);
    return 0;
}
