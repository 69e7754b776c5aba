// MicroPython's configuration: beside the least that there is, what lib/ember/runtime.py and start.py need.

#include <stdint.h>
#include <alloca.h>

#define MICROPY_CONFIG_ROM_LEVEL            (MICROPY_CONFIG_ROM_LEVEL_MINIMUM)
#define MICROPY_ENABLE_GC                   (1)
#define MICROPY_STACK_CHECK                 (1)
#define MICROPY_STACK_CHECK_MARGIN          (1400) // the VM goes that deep, and does not check
#define MICROPY_ENABLE_EXTERNAL_IMPORT      (1) // of packages, if they are frozen ones
#undef MICROPY_MODULE_FROZEN_STR // which would need the compiler
#define MICROPY_ALLOC_PATH_MAX              (64)
#define MICROPY_ALLOC_QSTR_CHUNK_INIT       (32)
#define MICROPY_QSTR_BYTES_IN_HASH          (1)

#define MICROPY_FLOAT_IMPL                  (MICROPY_FLOAT_IMPL_FLOAT)
#define MICROPY_LONGINT_IMPL                (MICROPY_LONGINT_IMPL_MPZ) // a CRC has 32 bits
#define MICROPY_ENABLE_SOURCE_LINE          (1)

#define MICROPY_PY_ARRAY                    (1)
#define MICROPY_PY_ARRAY_SLICE_ASSIGN       (1)
#define MICROPY_PY_BUILTINS_BYTEARRAY       (1)
#define MICROPY_PY_BUILTINS_BYTES_HEX       (1)
#define MICROPY_PY_BUILTINS_MEMORYVIEW      (1)
#define MICROPY_PY_BUILTINS_SLICE           (1)
#define MICROPY_PY_BUILTINS_PROPERTY        (1)
#define MICROPY_PY_BUILTINS_MIN_MAX         (1)
#define MICROPY_PY_BUILTINS_ENUMERATE       (1)
#define MICROPY_PY_BUILTINS_COMPLEX         (0)
#define MICROPY_PY_BUILTINS_STR_OP_MODULO   (1)
#define MICROPY_PY_GC                       (1)
#define MICROPY_PY_SYS                      (1) // sys.path leads to what is frozen
#define MICROPY_PY_SYS_MODULES              (0)
#define MICROPY_PY_SYS_EXIT                 (0)
#define MICROPY_PY_IO                       (1)
#define MICROPY_PY_STRUCT                   (1)
#define MICROPY_PY_BINASCII                 (1)
#define MICROPY_PY_BINASCII_CRC32           (1)
#define MICROPY_PY_DEFLATE                  (1) // which has the CRC
#define MICROPY_PY_HASHLIB                  (1)

#define MICROPY_MAKE_POINTER_CALLABLE(p)    ((void *)((mp_uint_t)(p) | 1))
#define MP_SSIZE_MAX                        (0x7fffffff)
#define MP_STATE_PORT                       MP_STATE_VM
#define MICROPY_HW_MCU_NAME                 "nRF51822"

typedef int32_t mp_int_t;
typedef uint32_t mp_uint_t;
typedef long mp_off_t;
