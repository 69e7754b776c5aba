// Arm's CMSDK UART: one byte at a time in each direction; the emulated line waits while that byte is not taken.

#include "py/mpconfig.h"

enum { TX_FULL = 1, RX_FULL = 2 };              // state
enum { TX_ON = 1, RX_ON = 2, RX_INTERRUPT = 8 }; // control
enum { RX_ARRIVED = 2 };                        // interrupts

typedef struct {
    volatile uint32_t data, state, control, interrupts, divider;
} uart;

#define UART ((uart *)UART_BASE)

void uart_start(void) {
    UART->divider = 16;
    UART->control = TX_ON | RX_ON | RX_INTERRUPT;
}

int uart_take(void) {
    UART->interrupts = RX_ARRIVED;
    return UART->state & RX_FULL ? (int)(UART->data & 0xFF) : -1;
}

void uart_listen(bool on) {
    // The interrupt comes with each byte's arrival: answered, it stays silent until that byte is taken and the next comes.
    if (!on) {
        UART->interrupts = RX_ARRIVED;
    }
}

void uart_send(uint8_t byte) {
    while (UART->state & TX_FULL) {
    }
    UART->data = byte;
}
