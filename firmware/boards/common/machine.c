// The boards' part of the module machine: extmod/modmachine.c includes it.

static void mp_machine_idle(void) {
    console_wait();
}

static MP_NORETURN void mp_machine_reset(void) {
    machine_restart();
}

static mp_int_t mp_machine_reset_cause(void) {
    return 0;
}
