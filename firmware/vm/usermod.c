// The VM as a module in the firmware itself: ember_vm.

#include "py/runtime.h"
#include "py/objarray.h"
#include "py/binary.h"
#include "vm.h"

static MP_NORETURN void refuse(const ember_vm *vm, int refusal) {
    const char *message = ember_message(refusal);
    if (refusal == EMBER_TOO_SHORT) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%s: segment %d needs %d bytes, has %d"), message,
            (int)vm->culprit, (int)vm->needed, (int)vm->given);
    }
    if (refusal >= EMBER_WRONG_TYPE && refusal <= EMBER_OVERLAPS) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%s (segment %d)"), message, (int)vm->culprit);
    }
    mp_raise_msg_varg(refusal == EMBER_BUSY ? &mp_type_RuntimeError : &mp_type_ValueError, MP_ERROR_TEXT("%s"), message);
}

#include "binding.h"

static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(vm_run_object, 4, 5, vm_run);
static MP_DEFINE_CONST_FUN_OBJ_1(vm_verify_object, vm_verify);
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(vm_permute_object, 4, 4, vm_permute);

static const mp_rom_map_elem_t ember_vm_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_ember_vm) },
    { MP_ROM_QSTR(MP_QSTR_run), MP_ROM_PTR(&vm_run_object) },
    { MP_ROM_QSTR(MP_QSTR_verify), MP_ROM_PTR(&vm_verify_object) },
    { MP_ROM_QSTR(MP_QSTR_permute), MP_ROM_PTR(&vm_permute_object) },
    { MP_ROM_QSTR(MP_QSTR_isa), MP_ROM_INT(EMBER_ISA) },
    { MP_ROM_QSTR(MP_QSTR_components), MP_ROM_INT(EMBER_COMPONENTS) },
};
static MP_DEFINE_CONST_DICT(ember_vm_globals, ember_vm_globals_table);

const mp_obj_module_t ember_vm_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&ember_vm_globals,
};

MP_REGISTER_MODULE(MP_QSTR_ember_vm, ember_vm_module);
