// The module `flash`: the last 5 kB, in which checkpoints survive. erase(), write(offset, buffer), and `data`, a bytes
// object that is the flash itself. nRF51 Reference Manual, chapter NVMC.

#include <string.h>

#include "py/objstr.h"
#include "py/runtime.h"

#define ORIGIN      0x3EC00u
#define SIZE        0x1400u
#define PAGE        1024u
#define READY       (*(volatile uint32_t *)0x4001E400)
#define CONFIG      (*(volatile uint32_t *)0x4001E504)
#define ERASEPAGE   (*(volatile uint32_t *)0x4001E508)

static void wait(void) {
    while (!READY) {
    }
}

static mp_obj_t flash_erase(void) {
    CONFIG = 2;
    for (uint32_t page = ORIGIN; page < ORIGIN + SIZE; page += PAGE) {
        wait();
        ERASEPAGE = page;
    }
    wait();
    CONFIG = 0;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(flash_erase_obj, flash_erase);

static mp_obj_t flash_write(mp_obj_t at, mp_obj_t from) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(from, &buffer, MP_BUFFER_READ);
    mp_uint_t offset = (mp_uint_t)mp_obj_get_int(at);
    if ((offset | buffer.len) & 3 || offset > SIZE || buffer.len > SIZE - offset) {
        mp_raise_ValueError(MP_ERROR_TEXT("flash is written in words, 5120 bytes of them"));
    }
    CONFIG = 1;
    for (size_t k = 0; k < buffer.len; k += 4) {
        uint32_t word;
        memcpy(&word, (char *)buffer.buf + k, 4);
        wait();
        *(volatile uint32_t *)(ORIGIN + offset + k) = word;
    }
    wait();
    CONFIG = 0;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(flash_write_obj, flash_write);

static const mp_obj_str_t flash_data = { { &mp_type_bytes }, 0, SIZE, (const byte *)ORIGIN };

static const mp_rom_map_elem_t flash_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_flash) },
    { MP_ROM_QSTR(MP_QSTR_erase), MP_ROM_PTR(&flash_erase_obj) },
    { MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&flash_write_obj) },
    { MP_ROM_QSTR(MP_QSTR_data), MP_ROM_PTR(&flash_data) },
};
static MP_DEFINE_CONST_DICT(flash_globals, flash_globals_table);

const mp_obj_module_t flash_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&flash_globals,
};

MP_REGISTER_MODULE(MP_QSTR_flash, flash_module);
