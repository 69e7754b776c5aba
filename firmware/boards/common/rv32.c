// RISC-V, machine mode alone, on QEMU's virt: start, traps, a clock from the machine timer, reset.

#include "py/mphal.h"
#include "py/runtime.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define TEST_DEVICE     REGISTER(0x00100000)
#define MTIME_LOW       REGISTER(0x0200BFF8)
#define MTIME_HIGH      REGISTER(0x0200BFFC)
// The interrupt controller, as hart 0 sees it.
#define PLIC_PRIORITY   ((volatile uint32_t *)0x0C000000)
#define PLIC_ENABLE     ((volatile uint32_t *)0x0C002000)
#define PLIC_THRESHOLD  REGISTER(0x0C200000)
#define PLIC_CLAIM      REGISTER(0x0C200004)

#define EXTERNAL_INTERRUPT (0x80000000u | 11)

extern uint32_t _sdata, _edata, _data_in_flash, _sbss, _ebss;
int main(void);

// --- Traps

static __attribute__((noreturn)) void report_fault(uint32_t cause) {
    uint32_t at, value;
    __asm volatile ("csrr %0, mepc\n csrr %1, mtval" : "=r" (at), "=r" (value));
    mp_printf(&mp_plat_print, "\nfault %u at %08x, value %08x\n", (unsigned)cause, (unsigned)at, (unsigned)value);
    machine_stop(1);
}

static __attribute__((interrupt("machine"), aligned(4))) void trap(void) {
    uint32_t cause;
    __asm volatile ("csrr %0, mcause" : "=r" (cause));
    if (cause != EXTERNAL_INTERRUPT) {
        report_fault(cause);
    }
    uint32_t source = PLIC_CLAIM;
    console_input();
    PLIC_CLAIM = source;
}

// --- Start

static __attribute__((noreturn, used)) void start_in_c(void) {
    for (uint32_t *to = &_sdata, *from = &_data_in_flash; to < &_edata;) {
        *to++ = *from++;
    }
    for (uint32_t *to = &_sbss; to < &_ebss;) {
        *to++ = 0;
    }
    __asm volatile ("csrw mtvec, %0" : : "r" (trap));
    uart_start();
    PLIC_PRIORITY[UART_IRQ] = 1;
    PLIC_ENABLE[UART_IRQ / 32] = 1u << (UART_IRQ % 32);
    PLIC_THRESHOLD = 0;
    __asm volatile ("csrs mie, %0\n csrsi mstatus, 8" : : "r" (1u << 11) : "memory");
    main();
    machine_stop(0);
}

// The machine starts at the first address of the flash.
__attribute__((naked, section(".vectors"))) void start(void) {
    __asm volatile (
        ".option push\n .option norelax\n la gp, __global_pointer$\n .option pop\n"
        "la sp, _estack\n j start_in_c");
}

// --- Clock

uint64_t clock_count(void) {
    uint32_t high, low;
    do {
        high = MTIME_HIGH;
        low = MTIME_LOW;
    } while (high != MTIME_HIGH);
    return (uint64_t)high << 32 | low;
}

// --- Reset

void machine_restart(void) {
    TEST_DEVICE = 0x7777;
    for (;;) {
    }
}

void machine_stop(int code) {
    TEST_DEVICE = code ? (uint32_t)code << 16 | 0x3333 : 0x5555;
    for (;;) {
    }
}
