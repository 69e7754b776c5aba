// A heap that fails when it is told to: module failing of the unix port that tests run out of memory with.
//
//     failing.at(n, many)    the nth allocation from here on fails, and with it the many - 1 that follow
//     failing.stop()         none fails any more; how many did
//
// All of MicroPython's allocations come through two functions, which the linker leads here.

#include "py/gc.h"
#include "py/nlr.h"
#include "py/objmodule.h"
#include "py/runtime.h"

static size_t left, many, failed;

static bool fails(void) {
    if (left > 1) {
        left--;
    } else if (left == 1) {
        if (many--) {
            failed++;
            return true;
        }
        left = 0;
    }
    return false;
}

void *__real_gc_alloc(size_t bytes, unsigned int flags);
void *__wrap_gc_alloc(size_t bytes, unsigned int flags);
void *__wrap_gc_alloc(size_t bytes, unsigned int flags) {
    return fails() ? NULL : __real_gc_alloc(bytes, flags);
}

// What becomes smaller stays where it is, and needs nothing.
void *__real_gc_realloc(void *at, size_t bytes, bool may_move);
void *__wrap_gc_realloc(void *at, size_t bytes, bool may_move);
void *__wrap_gc_realloc(void *at, size_t bytes, bool may_move) {
    return bytes > gc_nbytes(at) && fails() ? NULL : __real_gc_realloc(at, bytes, may_move);
}

// MicroPython 1.26 leaves a module without an object in sys.modules when there is no memory for one: the next import of
// its name would end the interpreter. Here it is taken out.
mp_obj_t __real_mp_obj_new_module(qstr name);
mp_obj_t __wrap_mp_obj_new_module(qstr name);
mp_obj_t __wrap_mp_obj_new_module(qstr name) {
    nlr_buf_t jump;
    if (nlr_push(&jump) == 0) {
        mp_obj_t made = __real_mp_obj_new_module(name);
        nlr_pop();
        return made;
    }
    mp_map_t *modules = &MP_STATE_VM(mp_loaded_modules_dict).map;
    mp_map_elem_t *found = mp_map_lookup(modules, MP_OBJ_NEW_QSTR(name), MP_MAP_LOOKUP);
    if (found && found->value == MP_OBJ_NULL) {
        mp_map_lookup(modules, MP_OBJ_NEW_QSTR(name), MP_MAP_LOOKUP_REMOVE_IF_FOUND);
    }
    nlr_jump(jump.ret_val);
}

static mp_obj_t failing_at(mp_obj_t n, mp_obj_t how_many) {
    left = mp_obj_get_int(n);
    many = mp_obj_get_int(how_many);
    failed = 0;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(failing_at_obj, failing_at);

static mp_obj_t failing_stop(void) {
    left = 0;
    return MP_OBJ_NEW_SMALL_INT(failed);
}
static MP_DEFINE_CONST_FUN_OBJ_0(failing_stop_obj, failing_stop);

static const mp_rom_map_elem_t failing_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_failing) },
    { MP_ROM_QSTR(MP_QSTR_at), MP_ROM_PTR(&failing_at_obj) },
    { MP_ROM_QSTR(MP_QSTR_stop), MP_ROM_PTR(&failing_stop_obj) },
};
static MP_DEFINE_CONST_DICT(failing_globals, failing_globals_table);

const mp_obj_module_t failing_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&failing_globals,
};
MP_REGISTER_MODULE(MP_QSTR_failing, failing_module);
