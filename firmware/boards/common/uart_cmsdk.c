// Arm's CMSDK UART: one byte at a time in each direction; the emulated line waits while that byte is not taken.

#include "py/mpconfig.h"

enum { TX_FULL = 1, RX_FULL = 2 };              // state
enum { TX_ON = 1, RX_ON = 2, RX_INTERRUPT = 8 }; // control

typedef struct {
    volatile uint32_t data, state, control, interrupts, divider;
} uart;

#define UART ((uart *)UART_BASE)

void uart_start(void) {
    UART->divider = 16;
    UART->control = TX_ON | RX_ON | RX_INTERRUPT;
}

int uart_take(void) {
    UART->interrupts = 2;
    return UART->state & RX_FULL ? (int)(UART->data & 0xFF) : -1;
}

void uart_listen(bool on) {
    // Its interrupt tells of a byte that arrives, once: there is nothing to turn off.
    (void)on;
}

void uart_send(uint8_t byte) {
    while (UART->state & TX_FULL) {
    }
    UART->data = byte;
}
