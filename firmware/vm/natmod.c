// The VM as a native module for stock MicroPython: ember_vm.mpy.

#include "py/dynruntime.h"
#include "vm.h"

#ifndef MP_ERROR_TEXT
#define MP_ERROR_TEXT(text) (text)
#endif

#if defined(__xtensa__)
// One object: MicroPython's linker tells the literals of two apart by section and offset, and not by the object that they
// are of, so that strings of one would be those of the other (natmod.mk).
#include "ember_vm.c"

// The linker knows the table of names, but not an address within it, which the compiler would make of a constant index.
static inline __attribute__((always_inline)) const uint16_t *names(void) {
    const uint16_t *table = mp_native_qstr_table;
    __asm ("" : "+r" (table));
    return table;
}
#define mp_native_qstr_table (names())
#endif

// A message must outlive the exception and the heap may be locked: fixed words, no segment number.
static void refuse(const ember_vm *vm, int refusal) {
    (void)vm;
    if (refusal == EMBER_BUSY) {
        mp_raise_msg(&mp_type_RuntimeError, ember_message(refusal));
    }
    mp_raise_ValueError(ember_message(refusal));
}

// What a compiler may call on its own to clear or copy a structure: MicroPython lends its own.
void *memset(void *to, int value, size_t bytes);
void *memcpy(void *to, const void *from, size_t bytes);

void *memset(void *to, int value, size_t bytes) {
    return mp_fun_table.memset_(to, value, bytes);
}

void *memcpy(void *to, const void *from, size_t bytes) {
    return mp_fun_table.memmove_(to, from, bytes);
}

#include "binding.h"

static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(vm_run_object, 4, 5, vm_run);
static MP_DEFINE_CONST_FUN_OBJ_1(vm_verify_object, vm_verify);
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(vm_permute_object, 4, 4, vm_permute);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_run, MP_OBJ_FROM_PTR(&vm_run_object));
    mp_store_global(MP_QSTR_verify, MP_OBJ_FROM_PTR(&vm_verify_object));
    mp_store_global(MP_QSTR_permute, MP_OBJ_FROM_PTR(&vm_permute_object));
    mp_store_global(MP_QSTR_isa, MP_OBJ_NEW_SMALL_INT(EMBER_ISA));
    mp_store_global(MP_QSTR_components, MP_OBJ_NEW_SMALL_INT(EMBER_COMPONENTS));
    MP_DYNRUNTIME_INIT_EXIT
}
