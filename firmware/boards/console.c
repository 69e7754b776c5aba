// The serial console: polled, so that nothing is lost when a host sends faster than it is read. QEMU keeps what the UART
// has no room for.

#include "board.h"

#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/runtime/interrupt_char.h"

#if defined(__riscv)
// 16550: data, …, line status
#define UART ((volatile uint8_t *)EMBER_UART)
#define RECEIVED (UART[5] & 1)
#define BUSY (!(UART[5] & 32))
#define START()
#else
// CMSDK: data, state, control, …, divider
#define UART ((volatile uint32_t *)EMBER_UART)
#define RECEIVED (UART[1] & 2)
#define BUSY (UART[1] & 1)
#define START() (UART[4] = 16, UART[2] = 3)
#endif

static uint8_t waiting[256];  // read while a program ran that did not ask for it
static uint8_t head, count;

void console_init(void) {
    START();
    head = count = 0;
}

// Take what has come, as far as there is room; Ctrl-C is for the interpreter.
static void take(void) {
    while (count < sizeof(waiting) - 1 && RECEIVED) {
        uint8_t c = UART[0];
        if (c == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            waiting[(uint8_t)(head + count++)] = c;
        }
    }
}

// Called at every jump of the bytecode: a look at the device every now and then will do.
void console_poll(void) {
    static uint8_t turn;
    if (++turn % 64 == 0) {
        take();
    }
}

int mp_hal_stdin_rx_chr(void) {
    for (;;) {
        take();
        if (count) {
            count--;
            return waiting[head++];
        }
        mp_handle_pending(true);
    }
}

uintptr_t mp_hal_stdio_poll(uintptr_t flags) {
    take();
    return (count ? flags & MP_STREAM_POLL_RD : 0) | (flags & MP_STREAM_POLL_WR);
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        while (BUSY) {
        }
        UART[0] = text[i];
    }
    return length;
}

mp_uint_t mp_hal_ticks_ms(void) {
    return (mp_uint_t)(board_microseconds() / 1000);
}

mp_uint_t mp_hal_ticks_us(void) {
    return (mp_uint_t)board_microseconds();
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return board_ticks();
}

uint64_t mp_hal_time_ns(void) {
    return board_microseconds() * 1000;
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t end = board_microseconds() + us;
    while (board_microseconds() < end) {
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t end = board_microseconds() + (uint64_t)ms * 1000;
    do {
        take();
        mp_handle_pending(true);
    } while (board_microseconds() < end);
}
