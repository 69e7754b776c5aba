// The native VM: what its bindings call. The contract is docs/vm.md.
//
// No libc, no globals, no allocation: everything a run needs lies in an ember_vm, which the caller keeps on
// its stack. A binding opens a program, binds each segment, and runs:
//
//     refusal = ember_open(&vm, program, words, segments);
//     for each segment: refusal = ember_bind(&vm, i, buffer, bytes, typecode, writable);
//     refusal = ember_check(&vm, state, state_words);
//     result = ember_run(&vm, state, budget);

#ifndef EMBER_VM_H
#define EMBER_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "isa.h"

#ifdef __FAST_MATH__
#error "Ember's bits are a promise: do not compile the VM with -ffast-math"
#endif

enum { EMBER_NOT_FINITE = -2, EMBER_FAULT = -1, EMBER_PAUSED = 0, EMBER_FINISHED = 1 };

enum { EMBER_STATE_WORDS = 4 };

// Why a run is refused before anything is touched; ember_message has the words.
enum {
    EMBER_FINE,
    EMBER_NOT_A_PROGRAM,
    EMBER_WRONG_COUNT,
    EMBER_WRONG_TYPE,
    EMBER_NOT_ALIGNED,
    EMBER_NOT_WRITABLE,
    EMBER_TOO_SHORT,
    EMBER_OVERLAPS,
    EMBER_ROWS,
    EMBER_STATE,
    EMBER_WEIGHTS,
    EMBER_BUSY,
};

// In place of a seal while a run has the state: no other run takes it.
enum { EMBER_INSIDE = -2 };

// In place of an instruction: another finished what was paused here (docs/vm.md).
enum { EMBER_ENDED = -1 };

typedef struct {
    uint8_t *start, *end;
} ember_segment;

typedef struct {
    const int32_t *program;
    const uint16_t *weights;
    int32_t rows;
    int32_t at[EMBER_STATE_WORDS];  // the state that was checked: nobody else can change this one
    uint32_t culprit;  // the segment that ember_bind or ember_check refused
    uint32_t needed, given;  // EMBER_TOO_SHORT: bytes
    ember_segment segments[EMBER_MOST_SEGMENTS];
} ember_vm;

// 0 where the program is accepted, else kind << 24 | word.
int32_t ember_verify(const int32_t *program, size_t words);

int ember_open(ember_vm *vm, const int32_t *program, size_t words, size_t segments);
// typecode as in Python's array; 'B' stands for plain bytes too.
int ember_bind(ember_vm *vm, uint32_t segment, void *start, size_t bytes, int typecode, bool writable);
// What opcodes and functions cost here, in place of the table's weights.
int ember_weigh(ember_vm *vm, const void *weights, size_t bytes, int typecode);
int ember_check(ember_vm *vm, const int32_t *state, size_t state_words);
int ember_run(ember_vm *vm, int32_t *state, int32_t budget);

// The words for a refusal: they name what is wrong with the segment, not which one.
const char *ember_message(int refusal);

// Whether a buffer of this typecode, place and length can be read as int32.
bool ember_is_words(const void *start, size_t bytes, int typecode);

// Where epoch's shuffle of 0 .. n - 1 puts i; i < n <= 2**30.
uint32_t ember_permute(uint32_t i, uint32_t n, uint32_t key, uint32_t epoch);

#endif
