// The module `nrf`: what the chip has and what is laid into its flash beside the firmware. nRF51 Reference Manual,
// chapters NVMC and TIMER.
//
//   program, digits          bytes objects that are the files themselves
//   erase()                  the last 5 kB of flash, in which what is learnt survives
//   write(offset, buffer)    there; the bytes written
//   saved(size)              a bytes object that is the beginning of it
//   us()                     a clock of microseconds

#include <string.h>

#include "py/objstr.h"
#include "py/runtime.h"

#define REGISTER(address)   (*(volatile uint32_t *)(address))
#define NVMC_READY          REGISTER(0x4001E400)
#define NVMC_CONFIG         REGISTER(0x4001E504)
#define NVMC_ERASEPAGE      REGISTER(0x4001E508)
#define TIMER_START         REGISTER(0x40008000)
#define TIMER_CAPTURE       REGISTER(0x40008040)
#define TIMER_BITMODE       REGISTER(0x40008508)
#define TIMER_PRESCALER     REGISTER(0x40008510)
#define TIMER_CC            REGISTER(0x40008540)

enum { READ, WRITE, ERASE, PAGE = 1024 };
extern uint8_t _ssaved[], _esaved[]; // microbit.ld

static void wait(void) {
    while (!NVMC_READY) {
    }
}

static mp_obj_t nrf_erase(void) {
    NVMC_CONFIG = ERASE;
    for (uint8_t *page = _ssaved; page < _esaved; page += PAGE) {
        NVMC_ERASEPAGE = (uint32_t)page;
        wait();
    }
    NVMC_CONFIG = READ;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(nrf_erase_obj, nrf_erase);

static mp_obj_t nrf_write(mp_obj_t at, mp_obj_t from) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(from, &buffer, MP_BUFFER_READ);
    size_t offset = (size_t)mp_obj_get_int(at), size = (size_t)(_esaved - _ssaved);
    if ((offset | buffer.len) & 3 || offset > size || buffer.len > size - offset) {
        mp_raise_ValueError(MP_ERROR_TEXT("nrf.write takes words, 5120 bytes of them"));
    }
    NVMC_CONFIG = WRITE;
    for (size_t k = 0; k < buffer.len; k += 4) {
        uint32_t word;
        memcpy(&word, (char *)buffer.buf + k, 4);
        REGISTER(_ssaved + offset + k) = word;
        wait();
    }
    NVMC_CONFIG = READ;
    return MP_OBJ_NEW_SMALL_INT(buffer.len);
}
static MP_DEFINE_CONST_FUN_OBJ_2(nrf_write_obj, nrf_write);

static mp_obj_t nrf_saved(mp_obj_t size) {
    mp_obj_str_t *made = mp_obj_malloc(mp_obj_str_t, &mp_type_bytes);
    made->hash = 0;
    made->len = (size_t)MIN(mp_obj_get_int(size), _esaved - _ssaved);
    made->data = _ssaved;
    return MP_OBJ_FROM_PTR(made);
}
static MP_DEFINE_CONST_FUN_OBJ_1(nrf_saved_obj, nrf_saved);

void nrf_start_clock(void) {
    TIMER_BITMODE = 3; // 32 bits
    TIMER_PRESCALER = 4; // 16 MHz / 2^4
    TIMER_START = 1;
}

static mp_obj_t nrf_us(void) {
    TIMER_CAPTURE = 1;
    return mp_obj_new_int_from_uint(TIMER_CC);
}
static MP_DEFINE_CONST_FUN_OBJ_0(nrf_us_obj, nrf_us);

// A mp_obj_str_t of a file: on a multiple of 4, where the VM can run a program without a copy in RAM.
#define FROZEN(name, file) \
    __asm (".section .rodata." name ", \"a\"\n.balign 4\n" \
        name ": .word mp_type_bytes, 0, 2f - 1f, 1f\n1: .incbin \"" file "\"\n2: .balign 4\n.text"); \
    extern const mp_obj_str_t
FROZEN("program", PROGRAM) program;
FROZEN("digits", DIGITS) digits;

static const mp_rom_map_elem_t nrf_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_nrf) },
    { MP_ROM_QSTR(MP_QSTR_program), MP_ROM_PTR(&program) },
    { MP_ROM_QSTR(MP_QSTR_digits), MP_ROM_PTR(&digits) },
    { MP_ROM_QSTR(MP_QSTR_erase), MP_ROM_PTR(&nrf_erase_obj) },
    { MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&nrf_write_obj) },
    { MP_ROM_QSTR(MP_QSTR_saved), MP_ROM_PTR(&nrf_saved_obj) },
    { MP_ROM_QSTR(MP_QSTR_us), MP_ROM_PTR(&nrf_us_obj) },
};
static MP_DEFINE_CONST_DICT(nrf_globals, nrf_globals_table);

const mp_obj_module_t nrf_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&nrf_globals,
};

MP_REGISTER_MODULE(MP_QSTR_nrf, nrf_module);
