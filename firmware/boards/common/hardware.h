// What a machine's own files (arm.c or rv32.c, uart_*.c) and the rest know of each other.

#ifndef EMBER_HARDWARE_H
#define EMBER_HARDWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Interrupts off, and as they were.
static inline uint32_t irq_off(void) {
    uint32_t was;
    #if defined(__riscv)
    __asm volatile ("csrrci %0, mstatus, 8" : "=r" (was) : : "memory");
    #else
    __asm volatile ("mrs %0, primask\n cpsid i" : "=r" (was) : : "memory");
    #endif
    return was;
}

static inline void irq_restore(uint32_t was) {
    #if defined(__riscv)
    __asm volatile ("csrs mstatus, %0" : : "r" (was & 8) : "memory");
    #else
    __asm volatile ("msr primask, %0" : : "r" (was) : "memory");
    #endif
}

// Until an interrupt is pending, also while they are off.
static inline void irq_wait(void) {
    __asm volatile ("wfi" : : : "memory");
}

// A counter at CLOCK_HZ since the machine started. It never goes back.
uint64_t clock_count(void);

__attribute__((noreturn)) void machine_restart(void);
// Ends the emulation.
__attribute__((noreturn)) void machine_stop(int code);

void uart_start(void);
int uart_take(void);            // a byte that came in, or -1
void uart_listen(bool on);      // interrupt on input, or leave it where it is: the sender waits
void uart_send(uint8_t byte);

// The console's half: input has come; sleep until there is some, or something is scheduled.
void console_input(void);
void console_wait(void);

// machine.Disk
extern const struct _mp_obj_type_t disk_type;

#endif
