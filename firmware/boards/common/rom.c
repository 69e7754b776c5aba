// A partition for a ROMFS, as MicroPython asks a port for one: memory that a reset keeps, in place of the flash of a real
// board, and as strict. With ROM_SIZE alone; common.mk.

#include "py/mperrno.h"
#include "py/objarray.h"
#include "py/runtime.h"
#include "extmod/vfs.h"

enum { SECTOR = 4096, WORD = 16 };

// The linker script only names this memory; the size is an address.
extern uint8_t _rom, _rom_size;
static const MP_DEFINE_MEMORYVIEW_OBJ(partition, 'B', 0, (size_t)&_rom_size, &_rom);

// All of the sectors that hold any of these bytes.
static int erase(size_t offset, size_t length) {
    size_t size = (size_t)&_rom_size;
    if (offset % SECTOR || offset > size || length > size - offset) {
        return -MP_EINVAL;
    }
    size_t whole = (length + SECTOR - 1) / SECTOR * SECTOR;
    memset(&_rom + offset, 0xFF, MIN(whole, size - offset));
    return WORD;
}

// As flash does: programming clears bits, whole words at a time.
static int program(size_t offset, const uint8_t *from, size_t length) {
    size_t size = (size_t)&_rom_size;
    if (offset % WORD || length % WORD || offset > size || length > size - offset) {
        return -MP_EINVAL;
    }
    for (size_t k = 0; k < length; k++) {
        (&_rom)[offset + k] &= from[k];
    }
    return 0;
}

// The length alone, or an offset before it, as newer MicroPython has it.
mp_obj_t mp_vfs_rom_ioctl(size_t n_args, const mp_obj_t *args) {
    mp_int_t command = mp_obj_get_int(args[0]);
    if (command == MP_VFS_ROM_IOCTL_GET_NUMBER_OF_SEGMENTS) {
        return MP_OBJ_NEW_SMALL_INT(1);
    }
    int result = -MP_EINVAL;
    if (n_args < 2 || mp_obj_get_int(args[1]) != 0) {
        // There is no other partition.
    } else if (command == MP_VFS_ROM_IOCTL_GET_SEGMENT) {
        return MP_OBJ_FROM_PTR(&partition);
    } else if (command == MP_VFS_ROM_IOCTL_WRITE_PREPARE && n_args > 2) {
        result = erase(n_args > 3 ? mp_obj_get_int(args[2]) : 0, mp_obj_get_int(args[n_args - 1]));
    } else if (command == MP_VFS_ROM_IOCTL_WRITE && n_args > 3) {
        mp_buffer_info_t from;
        mp_get_buffer_raise(args[3], &from, MP_BUFFER_READ);
        result = program(mp_obj_get_int(args[2]), from.buf, from.len);
    } else if (command == MP_VFS_ROM_IOCTL_WRITE_COMPLETE) {
        result = 0;
    }
    return MP_OBJ_NEW_SMALL_INT(result);
}
