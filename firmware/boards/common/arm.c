// Cortex-M: start, faults, a clock from SysTick, reset.

#include "py/mphal.h"
#include "py/runtime.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SYST_CSR    REGISTER(0xE000E010)
#define SYST_RVR    REGISTER(0xE000E014)
#define SYST_CVR    REGISTER(0xE000E018)
#define NVIC_ISER   ((volatile uint32_t *)0xE000E100)
#define ICSR        REGISTER(0xE000ED04)
#define AIRCR       REGISTER(0xE000ED0C)
#define CPACR       REGISTER(0xE000ED88)

#define PERIOD      (1u << 24)
#define PENDSTSET   (1u << 26)

extern uint32_t _estack, _sdata, _edata, _data_in_flash, _sbss, _ebss;
int main(void);

// --- Start

__attribute__((noreturn)) void start(void) {
    #if defined(__ARM_FP)
    // Full access to the FPU, before the first instruction of its. Its mode stays as reset leaves it: IEEE.
    CPACR |= 0xFu << 20;
    __asm volatile ("dsb\n isb" : : : "memory");
    #endif
    for (uint32_t *to = &_sdata, *from = &_data_in_flash; to < &_edata;) {
        *to++ = *from++;
    }
    for (uint32_t *to = &_sbss; to < &_ebss;) {
        *to++ = 0;
    }
    SYST_RVR = PERIOD - 1;
    SYST_CVR = 0;
    SYST_CSR = 7; // on, with interrupt, from the processor's clock
    uart_start();
    NVIC_ISER[UART_IRQ / 32] = 1u << (UART_IRQ % 32);
    main();
    machine_stop(0);
}

// --- Clock

// The longest period: an interrupt that comes late, since the emulator's thread had to wait, loses nothing.
static volatile uint32_t periods;

static void count_period(void) {
    periods += 1;
}

uint64_t clock_count(void) {
    uint32_t was = irq_off();
    uint32_t past = periods, left = SYST_CVR;
    if (ICSR & PENDSTSET) {
        // It ran out, and its interrupt waits.
        past += 1;
        left = SYST_CVR;
    }
    irq_restore(was);
    return (uint64_t)past * PERIOD + (PERIOD - 1 - left);
}

// --- Reset and faults

void machine_restart(void) {
    __asm volatile ("dsb" : : : "memory");
    AIRCR = 0x05FA0004;
    for (;;) {
    }
}

void machine_stop(int code) {
    // Semihosting's SYS_EXIT_EXTENDED.
    const uint32_t arguments[2] = { 0x20026, (uint32_t)code };
    register uint32_t r0 __asm("r0") = 0x20;
    register const uint32_t *r1 __asm("r1") = arguments;
    __asm volatile ("bkpt 0xAB" : : "r" (r0), "r" (r1) : "memory");
    for (;;) {
    }
}

static __attribute__((noreturn, used)) void report_fault(const uint32_t *frame) {
    mp_printf(&mp_plat_print, "\nfault %u at %08x, called from %08x\n", (unsigned)(ICSR & 0xFF), (unsigned)frame[6],
        (unsigned)frame[5]);
    machine_stop(1);
}

static __attribute__((naked)) void fault(void) {
    __asm volatile ("mov r0, sp\n b report_fault");
}

// --- Vectors

typedef void (*handler)(void);

__attribute__((section(".vectors"), used)) static const handler vectors[16 + UART_IRQ + 1] = {
    (handler)&_estack,
    (handler)start,
    [2 ... 14] = fault,
    [15] = count_period,
    [16 ... 16 + UART_IRQ] = console_input,
};
