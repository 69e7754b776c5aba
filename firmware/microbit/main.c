// Start, run the frozen module `start`, end. What it prints goes to the debugger, or the emulator, by semihosting.

#include "py/builtin.h"
#include "py/cstack.h"
#include "py/gc.h"
#include "py/lexer.h"
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/runtime/gchelper.h"
#include "shared/runtime/semihosting_arm.h"

extern uint32_t _sstack[], _estack[], _sheap[], _eheap[], _sdata[], _edata[], _data_in_flash[], _sbss[], _ebss[];

void nrf_start_clock(void);
__attribute__((noreturn)) void start(void);

#define UNTOUCHED 0xA5A5A5A5u

static void fault(void) {
    mp_hal_stdout_tx_strn("fault\n", 6);
    mp_semihosting_exit(1);
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    _estack, (void *)start, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
};

static int run(void) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_import_name(MP_QSTR_start, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
        nlr_pop();
        return 0;
    }
    mp_obj_print_exception(&mp_plat_print, (mp_obj_t)nlr.ret_val);
    return 1;
}

__attribute__((noreturn)) void start(void) {
    for (uint32_t *to = _sdata, *from = _data_in_flash; to < _edata;) {
        *to++ = *from++;
    }
    for (uint32_t *to = _sbss; to < _ebss;) {
        *to++ = 0;
    }
    // What is never reached stays as it is painted here; this function's own frame is not.
    for (int k = 0; k < STACK_SIZE / 4 - 32; k++) {
        _sstack[k] = UNTOUCHED;
    }
    mp_semihosting_init();
    nrf_start_clock();
    mp_cstack_init_with_top(_estack, STACK_SIZE);
    gc_init(_sheap, _eheap);
    mp_init();
    int code = run();
    int untouched = 0;
    while (_sstack[untouched] == UNTOUCHED) {
        untouched++;
    }
    mp_printf(&mp_plat_print, "stack: %d of %d bytes were used\n", STACK_SIZE - 4 * untouched, STACK_SIZE);
    mp_semihosting_exit(code);
    for (;;) {
    }
}

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_end();
}

void nlr_jump_fail(void *value) {
    (void)value;
    fault();
    for (;;) {
    }
}

// --- What MicroPython asks of a port

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t size) {
    mp_semihosting_tx_strn(text, size);
    return size;
}

void mp_hal_stdout_tx_strn_cooked(const char *text, size_t size) {
    mp_semihosting_tx_strn(text, size);
}

mp_import_stat_t mp_import_stat(const char *path) {
    (void)path;
    return MP_IMPORT_STAT_NO_EXIST;
}

mp_obj_t mp_builtin_open(size_t count, const mp_obj_t *arguments, mp_map_t *named) {
    (void)count, (void)arguments, (void)named;
    mp_raise_OSError(MP_ENOENT);
}
MP_DEFINE_CONST_FUN_OBJ_KW(mp_builtin_open_obj, 1, mp_builtin_open);
