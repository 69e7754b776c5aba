// MicroPython's life on a board: boot, scripts of the file system, REPL, soft reset.

#include "board.h"

#include "py/builtin.h"
#include "py/gc.h"
#include "py/runtime.h"
#include "py/stackctrl.h"
#include "shared/readline/readline.h"
#include "shared/runtime/gchelper.h"
#include "shared/runtime/pyexec.h"

static uint32_t heap[EMBER_HEAP / sizeof(uint32_t)];

void console_init(void);

int main(void) {
    board_init();
    console_init();
    mp_stack_ctrl_init();
    // What C code takes after Python's last check: a deep call in the VM or in littlefs.
    mp_stack_set_limit((mp_uint_t)(stack_end - stack_start) - 4096);
    for (;;) {
        gc_init(heap, heap + MP_ARRAY_SIZE(heap));
        mp_init();
        readline_init0();
        pyexec_frozen_module("_boot.py", false);
        int ended = pyexec_file_if_exists("boot.py");
        if (!(ended & PYEXEC_FORCED_EXIT) && pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL) {
            ended = pyexec_file_if_exists("main.py");
        }
        while (!(ended & PYEXEC_FORCED_EXIT)) {
            ended = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl();
            ended = ended ? PYEXEC_FORCED_EXIT : 0;
        }
        mp_printf(&mp_plat_print, "MPY: soft reboot\n");
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
    mp_printf(&mp_plat_print, "FATAL: uncaught exception\n");
    for (;;) {
    }
}

// What MicroPython's own C calls when it gives up.
void exit(int status) {
    (void)status;
    board_reset();
    for (;;) {
    }
}
