// What the native module and the module in firmware share: MicroPython's objects to the VM and back. Nothing here
// allocates, so that a run works while the heap is locked.

#include "vm.h"

static int typecode_of(const mp_buffer_info_t *buffer) {
    return buffer->typecode == BYTEARRAY_TYPECODE ? 'B' : buffer->typecode;
}

static const int32_t *words_of(mp_obj_t object, size_t *words, mp_uint_t access) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(object, &buffer, access);
    if (!ember_is_words(buffer.buf, buffer.len, typecode_of(&buffer))) {
        mp_raise_ValueError(MP_ERROR_TEXT("array('i') required"));
    }
    *words = buffer.len >> 2;
    return buffer.buf;
}

// run(program, segments, state, budget, weights=None) -> 1 finished, 0 paused, -1 fault, -2 not finite
static mp_obj_t vm_run(size_t n_args, const mp_obj_t *args) {
    ember_vm vm;
    size_t words, state_words, count;
    mp_obj_t *segments;
    // First, as it may call a method of Python's: no address is known yet that this could make stale.
    mp_int_t budget = mp_obj_get_int(args[3]);
    const int32_t *program = words_of(args[0], &words, MP_BUFFER_READ);
    int32_t *state = (int32_t *)words_of(args[2], &state_words, MP_BUFFER_RW);
    mp_obj_get_array(args[1], &count, &segments);
    budget = budget > INT32_MAX ? INT32_MAX : budget < -1 ? -1 : budget;
    int refusal = ember_open(&vm, program, words, count);
    for (size_t k = 0; !refusal && k < count; k++) {
        mp_buffer_info_t buffer;
        bool writable = mp_get_buffer(segments[k], &buffer, MP_BUFFER_RW);
        if (!writable) {
            mp_get_buffer_raise(segments[k], &buffer, MP_BUFFER_READ);
        }
        refusal = ember_bind(&vm, k, buffer.buf, buffer.len, typecode_of(&buffer), writable);
    }
    if (!refusal && n_args > 4 && args[4] != mp_const_none) {
        mp_buffer_info_t buffer;
        mp_get_buffer_raise(args[4], &buffer, MP_BUFFER_READ);
        refusal = ember_weigh(&vm, buffer.buf, buffer.len, typecode_of(&buffer));
    }
    if (!refusal) {
        refusal = ember_check(&vm, state, state_words);
    }
    if (refusal) {
        refuse(&vm, refusal);
    }
    return MP_OBJ_NEW_SMALL_INT(ember_run(&vm, state, budget));
}

// verify(program) -> 0 or kind << 24 | word
static mp_obj_t vm_verify(mp_obj_t program_object) {
    size_t words;
    const int32_t *program = words_of(program_object, &words, MP_BUFFER_READ);
    return MP_OBJ_NEW_SMALL_INT(ember_verify(program, words));
}

// permute(i, n, key, epoch)
static mp_obj_t vm_permute(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    mp_int_t i = mp_obj_get_int(args[0]), n = mp_obj_get_int(args[1]);
    if (i < 0 || i >= n || n > 1 << 30) {
        mp_raise_ValueError(MP_ERROR_TEXT("i must be 0 to n - 1"));
    }
    return MP_OBJ_NEW_SMALL_INT(ember_permute(i, n, mp_obj_get_int_truncated(args[2]),
        mp_obj_get_int_truncated(args[3])));
}
