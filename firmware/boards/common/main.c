// MicroPython's life on a board: boot.py, main.py, the REPL; then again, at every soft reset.

#include "py/cstack.h"
#include "py/gc.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/runtime/gchelper.h"
#include "shared/runtime/pyexec.h"

extern char _sstack, _estack;
static uint32_t heap[MICROPY_HEAP_SIZE / sizeof(uint32_t)];

static void repl(void) {
    while ((pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl()) == 0) {
    }
}

int main(void) {
    mp_cstack_init_with_top(&_estack, (size_t)(&_estack - &_sstack));
    gc_init(heap, heap + MP_ARRAY_SIZE(heap));
    for (;;) {
        mp_init();
        pyexec_frozen_module("_boot.py", false);
        int ended = pyexec_file_if_exists("boot.py");
        // Not in raw mode: a tool that took over the board wants it as it is.
        if (!(ended & PYEXEC_FORCED_EXIT) && pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL) {
            ended = pyexec_file_if_exists("main.py");
        }
        if (!(ended & PYEXEC_FORCED_EXIT)) {
            repl();
        }
        mp_printf(MP_PYTHON_PRINTER, "MPY: soft reboot\n");
        gc_sweep_all();
        mp_deinit();
    }
}

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_end();
}

void nlr_jump_fail(void *value) {
    (void)value;
    mp_printf(&mp_plat_print, "\nan exception that nobody catches\n");
    machine_stop(1);
}
