// Included by extmod/modmachine.c.

#include "board.h"

static void mp_machine_idle(void) {
}

MP_NORETURN static void mp_machine_reset(void) {
    board_reset();
    for (;;) {
    }
}

static mp_int_t mp_machine_reset_cause(void) {
    return 0;
}
