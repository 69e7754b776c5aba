// machine.Disk(): a block device in RAM that a reset keeps, in place of the flash chip of a real board.

#include <string.h>
#include "py/mperrno.h"
#include "py/runtime.h"
#include "extmod/vfs.h"

enum { BLOCK = 4096 };

// The linker script only names this memory. In a section, the emulator would clear it at a reset.
extern uint8_t _disk, _disk_end;

static const mp_obj_base_t disk = { &disk_type };

static mp_obj_t disk_make(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)type;
    (void)args;
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    return MP_OBJ_FROM_PTR(&disk);
}

// Where block `args[1]`, byte `args[3]` of it, is; `bytes` more must be there.
static uint8_t *place(size_t n_args, const mp_obj_t *args, size_t bytes) {
    size_t size = (size_t)(&_disk_end - &_disk);
    mp_uint_t block = (mp_uint_t)mp_obj_get_int(args[1]);
    mp_uint_t offset = n_args == 4 ? (mp_uint_t)mp_obj_get_int(args[3]) : 0;
    if (block >= size / BLOCK || offset > size - block * BLOCK || bytes > size - block * BLOCK - offset) {
        mp_raise_OSError(MP_EINVAL);
    }
    return &_disk + block * BLOCK + offset;
}

static mp_obj_t disk_readblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t to;
    mp_get_buffer_raise(args[2], &to, MP_BUFFER_WRITE);
    memcpy(to.buf, place(n_args, args, to.len), to.len);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(disk_readblocks_object, 3, 4, disk_readblocks);

// As flash does: programming clears bits, only erasing sets them. Without an offset, whole blocks are erased first.
static mp_obj_t disk_writeblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t from;
    mp_get_buffer_raise(args[2], &from, MP_BUFFER_READ);
    uint8_t *to = place(n_args, args, from.len);
    if (n_args == 3) {
        memset(to, 0xFF, from.len);
    }
    for (size_t k = 0; k < from.len; k++) {
        to[k] &= ((const uint8_t *)from.buf)[k];
    }
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(disk_writeblocks_object, 3, 4, disk_writeblocks);

static mp_obj_t disk_ioctl(mp_obj_t self, mp_obj_t command, mp_obj_t argument) {
    const mp_obj_t args[] = { self, argument };
    switch (mp_obj_get_int(command)) {
        case MP_BLOCKDEV_IOCTL_INIT:
        case MP_BLOCKDEV_IOCTL_DEINIT:
        case MP_BLOCKDEV_IOCTL_SYNC:
            return MP_OBJ_NEW_SMALL_INT(0);
        case MP_BLOCKDEV_IOCTL_BLOCK_COUNT:
            return MP_OBJ_NEW_SMALL_INT((&_disk_end - &_disk) / BLOCK);
        case MP_BLOCKDEV_IOCTL_BLOCK_SIZE:
            return MP_OBJ_NEW_SMALL_INT(BLOCK);
        case MP_BLOCKDEV_IOCTL_BLOCK_ERASE:
            memset(place(2, args, BLOCK), 0xFF, BLOCK);
            return MP_OBJ_NEW_SMALL_INT(0);
        default:
            return mp_const_none;
    }
}
static MP_DEFINE_CONST_FUN_OBJ_3(disk_ioctl_object, disk_ioctl);

static const mp_rom_map_elem_t disk_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_readblocks), MP_ROM_PTR(&disk_readblocks_object) },
    { MP_ROM_QSTR(MP_QSTR_writeblocks), MP_ROM_PTR(&disk_writeblocks_object) },
    { MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&disk_ioctl_object) },
};
static MP_DEFINE_CONST_DICT(disk_locals, disk_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(disk_type, MP_QSTR_Disk, MP_TYPE_FLAG_NONE, make_new, disk_make, locals_dict, &disk_locals);
