// The shared library's face, for tools/host/ember_vm.py: one call binds every segment and runs.

#include "vm.h"

typedef struct {
    void *start;
    size_t bytes;
    int32_t typecode, writable;
} host_buffer;

enum { HOST_REFUSED = 256 };  // + the refusal

int32_t ember_host_isa(void);
int32_t ember_host_components(void);
int32_t ember_host_run(const int32_t *program, size_t words, const host_buffer *buffers, size_t count,
                       int32_t *state, size_t state_words, int32_t budget, const host_buffer *weights,
                       uint32_t *details);

int32_t ember_host_isa(void) {
    return EMBER_ISA;
}

int32_t ember_host_components(void) {
    return EMBER_COMPONENTS;
}

static int32_t refused(const ember_vm *vm, int refusal, uint32_t *details) {
    details[0] = vm->culprit;
    details[1] = vm->needed;
    details[2] = vm->given;
    return HOST_REFUSED + refusal;
}

// weights: NULL for the table's. details: for a refusal the segment, the bytes needed, the bytes given.
int32_t ember_host_run(const int32_t *program, size_t words, const host_buffer *buffers, size_t count,
                       int32_t *state, size_t state_words, int32_t budget, const host_buffer *weights,
                       uint32_t *details) {
    ember_vm vm;
    int refusal = ember_open(&vm, program, words, count);
    for (uint32_t k = 0; !refusal && k < count; k++) {
        refusal = ember_bind(&vm, k, buffers[k].start, buffers[k].bytes, buffers[k].typecode, buffers[k].writable);
    }
    if (!refusal && weights) {
        refusal = ember_weigh(&vm, weights->start, weights->bytes, weights->typecode);
    }
    if (!refusal && state_words != 4) {
        refusal = EMBER_STATE;
    }
    if (refusal) {
        return refused(&vm, refusal, details);
    }
    // CPython lets other threads in while C runs: the seal is taken in one operation, and the run has a copy.
    int32_t seal = __atomic_exchange_n(&state[3], EMBER_INSIDE, __ATOMIC_ACQUIRE);
    int32_t own[4] = { state[0], state[1], state[2], seal };
    refusal = ember_check(&vm, own, 4);
    if (refusal) {
        if (seal != EMBER_INSIDE) {
            __atomic_store_n(&state[3], seal, __ATOMIC_RELEASE);
        }
        return refused(&vm, refusal, details);
    }
    int32_t result = ember_run(&vm, own, budget);
    state[0] = own[0];
    state[1] = own[1];
    state[2] = own[2];
    __atomic_store_n(&state[3], own[3], __ATOMIC_RELEASE);
    return result;
}
