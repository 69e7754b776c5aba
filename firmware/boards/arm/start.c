// Cortex-M: vectors, reset, faults, clock.

#include "board.h"

#include "py/mphal.h"

#define SYSTICK ((volatile uint32_t *)0xE000E010)  // control, reload, current
#define SCB_VTOR (*(volatile uint32_t *)0xE000ED08)
#define SCB_AIRCR (*(volatile uint32_t *)0xE000ED0C)
#define SCB_CPACR (*(volatile uint32_t *)0xE000ED88)

enum { TICKS = EMBER_CLOCK / 1000 };  // a millisecond's

extern uint32_t data_start[], data_end[], data_load[], bss_start[], bss_end[];

static volatile uint32_t milliseconds;

static void clear_and_run(void) {
    for (uint32_t *from = data_load, *to = data_start; to < data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end;) {
        *to++ = 0;
    }
    main();
    board_reset();
}

// The FPU is off at first, and any function after this one may save its registers.
__attribute__((naked, used)) void reset(void) {
    #if defined(__ARM_FP)
    __asm volatile ("ldr r0, =0xE000ED88\n ldr r1, [r0]\n orr r1, r1, #0xF00000\n str r1, [r0]\n dsb\n isb\n" ::: "r0", "r1");
    #endif
    __asm volatile ("ldr r0, =stack_end\n mov sp, r0\n b %0" :: "i" (clear_and_run));
}

static void fault(void) {
    const uint32_t *frame;
    __asm volatile ("mrs %0, msp" : "=r" (frame));
    mp_printf(&mp_plat_print, "FATAL: fault, status %08x\n", (unsigned)*(volatile uint32_t *)0xE000ED28);
    for (;;) {
    }
}

static void on_tick(void) {
    milliseconds++;
}

__attribute__((section(".start"), used)) static const void *const vectors[16] = {
    stack_end, reset, fault, fault, fault, fault, fault, fault, 0, 0, 0, fault, fault, 0, fault, on_tick,
};

void board_init(void) {
    SCB_VTOR = (uint32_t)vectors;
    SYSTICK[1] = TICKS - 1;
    SYSTICK[2] = 0;
    SYSTICK[0] = 7;
}

// Milliseconds, and ticks since the last of them: read until both belong together.
static uint32_t read_clock(uint32_t *ticks) {
    uint32_t before, current;
    do {
        before = milliseconds;
        current = SYSTICK[2];
    } while (before != milliseconds);
    *ticks = TICKS - 1 - current;
    return before;
}

uint64_t board_microseconds(void) {
    uint32_t ticks, ms = read_clock(&ticks);
    return (uint64_t)ms * 1000 + ticks / (TICKS / 1000);
}

uint32_t board_ticks(void) {
    uint32_t ticks, ms = read_clock(&ticks);
    return ms * TICKS + ticks;
}

void board_reset(void) {
    SCB_AIRCR = 0x05FA0004;
    for (;;) {
    }
}
