// The console on the UART, and time: MicroPython's mp_hal functions.

#include "py/mphal.h"
#include "py/mpstate.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/runtime/interrupt_char.h"

// --- Input: filled by the UART's interrupt, so that Ctrl-C is seen while a script computes. What does not fit stays
// in the UART, which makes the sender wait: no byte is ever dropped.

enum { ROOM = 512 };

static volatile uint8_t bytes[ROOM];
static volatile uint32_t put, taken; // ever

void console_input(void) {
    while (put - taken < ROOM) {
        int byte = uart_take();
        if (byte < 0) {
            uart_listen(true);
            return;
        }
        if (byte == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            bytes[put++ % ROOM] = (uint8_t)byte;
        }
    }
    uart_listen(false);
}

static int take(void) {
    uint32_t was = irq_off();
    bool full = put - taken == ROOM;
    int byte = put == taken ? -1 : bytes[taken++ % ROOM];
    if (full) {
        console_input();
    }
    irq_restore(was);
    return byte;
}

static bool is_pending(void) {
    return MP_STATE_MAIN_THREAD(mp_pending_exception) != MP_OBJ_NULL || MP_STATE_VM(sched_state) == MP_SCHED_PENDING;
}

void console_wait(void) {
    // With interrupts off, one that comes between the question and the wait still ends it.
    uint32_t was = irq_off();
    if (put == taken && !is_pending()) {
        irq_wait();
    }
    irq_restore(was);
}

int mp_hal_stdin_rx_chr(void) {
    for (;;) {
        int byte = take();
        if (byte >= 0) {
            return byte;
        }
        mp_event_wait_indefinite();
    }
}

uintptr_t mp_hal_stdio_poll(uintptr_t flags) {
    return flags & (MP_STREAM_POLL_WR | (put != taken ? MP_STREAM_POLL_RD : 0));
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t length) {
    for (size_t k = 0; k < length; k++) {
        uart_send((uint8_t)text[k]);
    }
    return length;
}

// --- Time

static uint64_t microseconds(void) {
    return clock_count() / (CLOCK_HZ / 1000000);
}

mp_uint_t mp_hal_ticks_us(void) {
    return (mp_uint_t)microseconds();
}

mp_uint_t mp_hal_ticks_ms(void) {
    return (mp_uint_t)(clock_count() / (CLOCK_HZ / 1000));
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return (mp_uint_t)clock_count();
}

// Since the start: the machine has no calendar.
uint64_t mp_hal_time_ns(void) {
    return microseconds() * 1000;
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t end = microseconds() + us;
    while (microseconds() < end) {
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t end = microseconds() + (uint64_t)ms * 1000;
    do {
        mp_event_handle_nowait();
    } while (microseconds() < end);
}
