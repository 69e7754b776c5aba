// A 16550, without its queues: with them, QEMU's emulated line stops at the first byte on a pseudo-terminal. So one byte
// at a time, and the sender waits while it is not taken.

#include "py/mpconfig.h"

enum { DATA, INTERRUPTS, LINE_STATUS = 5 };
enum { RECEIVED = 1, SENT = 0x20 }; // line status

#define UART ((volatile uint8_t *)UART_BASE)

void uart_start(void) {
    UART[INTERRUPTS] = 1;
}

int uart_take(void) {
    return UART[LINE_STATUS] & RECEIVED ? UART[DATA] : -1;
}

void uart_listen(bool on) {
    // It asks for as long as there is a byte: one that nobody has room for would never let the program run on.
    UART[INTERRUPTS] = on;
}

void uart_send(uint8_t byte) {
    while (!(UART[LINE_STATUS] & SENT)) {
    }
    UART[DATA] = byte;
}
