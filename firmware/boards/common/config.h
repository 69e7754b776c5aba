// MicroPython's configuration for these boards: the port's, and what a board with a file system and a clock has besides.

#include <stdint.h>
#include "mpconfigport.h"
#include "hardware.h"

#undef MICROPY_PY_TIME
#define MICROPY_PY_TIME                 (1)
#undef MICROPY_PY_SELECT
#define MICROPY_PY_SELECT               (1)
#undef MICROPY_PY_SYS_STDIO_BUFFER
#define MICROPY_PY_SYS_STDIO_BUFFER     (1)
#undef MICROPY_PY_MACHINE_INCLUDEFILE
#define MICROPY_PY_MACHINE_INCLUDEFILE  "machine.c"
#define MICROPY_PY_MACHINE_EXTRA_GLOBALS { MP_ROM_QSTR(MP_QSTR_Disk), MP_ROM_PTR(&disk_type) },

// Where there is a partition for it, rom.c.
#undef MICROPY_VFS_ROM_IOCTL
#define MICROPY_VFS_ROM_IOCTL           (EMBER_ROM)

// As most real boards have it; the cipher is aes.c.
#define MICROPY_PY_CRYPTOLIB            (1)
#define MICROPY_PY_CRYPTOLIB_CTR        (1)
#define MICROPY_PY_CRYPTOLIB_CONSTS     (1)

// What C functions may take of the stack between two checks: littlefs and the number formatter are the deepest.
#define MICROPY_STACK_CHECK_MARGIN      (2048)

// Ctrl-C is scheduled from the UART's interrupt.
#define MICROPY_BEGIN_ATOMIC_SECTION()  irq_off()
#define MICROPY_END_ATOMIC_SECTION(was) irq_restore(was)

// Only where nothing but input ends the wait; a clock that is read needs no interrupt at the end of a pause.
#define MICROPY_INTERNAL_WFE(milliseconds) do { if ((milliseconds) < 0) { console_wait(); } } while (0)
