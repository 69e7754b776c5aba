// RISC-V: reset, faults, clock.

#include "board.h"

#include "py/mphal.h"

#define MTIME ((volatile uint32_t *)0x0200BFF8)  // 10 MHz
#define TEST_DEVICE (*(volatile uint32_t *)0x00100000)

// Every core has these registers; the C library's rv32imc, the only one, does not know them by name.
#define ZICSR ".option arch, +zicsr\n "

extern uint32_t data_start[], data_end[], data_load[], bss_start[], bss_end[];

__attribute__((used)) static void clear_and_run(void) {
    for (uint32_t *from = data_load, *to = data_start; to < data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end;) {
        *to++ = 0;
    }
    main();
    board_reset();
}

__attribute__((naked, used, section(".start"))) void reset(void) {
    __asm volatile ("la sp, stack_end\n j clear_and_run");
}

__attribute__((aligned(4))) static void fault(void) {
    uint32_t cause, at;
    __asm volatile (ZICSR "csrr %0, mcause\n csrr %1, mepc" : "=r" (cause), "=r" (at));
    mp_printf(&mp_plat_print, "FATAL: fault %u at %08x\n", (unsigned)cause, (unsigned)at);
    for (;;) {
    }
}

void board_init(void) {
    __asm volatile (ZICSR "csrw mtvec, %0" :: "r" (fault));
}

static uint64_t read_clock(void) {
    uint32_t high, low;
    do {
        high = MTIME[1];
        low = MTIME[0];
    } while (high != MTIME[1]);
    return (uint64_t)high << 32 | low;
}

uint64_t board_microseconds(void) {
    return read_clock() / (EMBER_CLOCK / 1000000);
}

uint32_t board_ticks(void) {
    return (uint32_t)read_clock();
}

void board_reset(void) {
    TEST_DEVICE = 0x7777;
    for (;;) {
    }
}
