// ember_board.RAMDisk: a block device in RAM that a reset leaves alone, for littlefs.

#include "board.h"

#include <string.h>

#include "extmod/vfs.h"
#include "py/runtime.h"

static uint8_t disk[DISK_BLOCKS][DISK_BLOCK] __attribute__((section(".disk"), aligned(8)));

static const mp_obj_type_t ramdisk_type;
static const mp_obj_base_t the_disk = { &ramdisk_type };

static mp_obj_t make_new(const mp_obj_type_t *type, size_t n, size_t keywords, const mp_obj_t *arguments) {
    (void)type, (void)arguments;
    mp_arg_check_num(n, keywords, 0, 0, false);
    return MP_OBJ_FROM_PTR(&the_disk);
}

// (block, buffer, offset within the block): where in the disk, how much
static uint8_t *place(size_t n, const mp_obj_t *arguments, mp_buffer_info_t *buffer, mp_uint_t access) {
    mp_get_buffer_raise(arguments[2], buffer, access);
    size_t at = mp_obj_get_int(arguments[1]) * DISK_BLOCK + (n > 3 ? mp_obj_get_int(arguments[3]) : 0);
    if (at > sizeof(disk) || buffer->len > sizeof(disk) - at) {
        mp_raise_ValueError(MP_ERROR_TEXT("beyond the disk"));
    }
    return (uint8_t *)disk + at;
}

static mp_obj_t readblocks(size_t n, const mp_obj_t *arguments) {
    mp_buffer_info_t to;
    const uint8_t *from = place(n, arguments, &to, MP_BUFFER_WRITE);
    memcpy(to.buf, from, to.len);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(readblocks_obj, 3, 4, readblocks);

static mp_obj_t writeblocks(size_t n, const mp_obj_t *arguments) {
    mp_buffer_info_t from;
    uint8_t *to = place(n, arguments, &from, MP_BUFFER_READ);
    memcpy(to, from.buf, from.len);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(writeblocks_obj, 3, 4, writeblocks);

static mp_obj_t ioctl(mp_obj_t self, mp_obj_t what, mp_obj_t argument) {
    (void)self, (void)argument;
    switch (mp_obj_get_int(what)) {
        case MP_BLOCKDEV_IOCTL_INIT:
        case MP_BLOCKDEV_IOCTL_DEINIT:
        case MP_BLOCKDEV_IOCTL_SYNC:
        case MP_BLOCKDEV_IOCTL_BLOCK_ERASE:  // what is written anew need not be erased
            return MP_OBJ_NEW_SMALL_INT(0);
        case MP_BLOCKDEV_IOCTL_BLOCK_COUNT:
            return MP_OBJ_NEW_SMALL_INT(DISK_BLOCKS);
        case MP_BLOCKDEV_IOCTL_BLOCK_SIZE:
            return MP_OBJ_NEW_SMALL_INT(DISK_BLOCK);
        default:
            return mp_const_none;
    }
}
static MP_DEFINE_CONST_FUN_OBJ_3(ioctl_obj, ioctl);

static const mp_rom_map_elem_t locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_readblocks), MP_ROM_PTR(&readblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_writeblocks), MP_ROM_PTR(&writeblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&ioctl_obj) },
};
static MP_DEFINE_CONST_DICT(locals, locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(ramdisk_type, MP_QSTR_RAMDisk, MP_TYPE_FLAG_NONE, make_new, make_new, locals_dict, &locals);

static const mp_rom_map_elem_t module_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_ember_board) },
    { MP_ROM_QSTR(MP_QSTR_RAMDisk), MP_ROM_PTR(&ramdisk_type) },
};
static MP_DEFINE_CONST_DICT(module, module_table);

const mp_obj_module_t ember_board = { { &mp_type_module }, (mp_obj_dict_t *)&module };
MP_REGISTER_MODULE(MP_QSTR_ember_board, ember_board);
