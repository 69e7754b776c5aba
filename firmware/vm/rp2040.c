// The RP2040's sum for the VM (rp2040.h), an object of its own: x + y is x - (-y).

#include <stdint.h>

#if defined(PICO_RP2040) && PICO_RP2040
float __real___aeabi_fsub(float x, float y);
float ember_fadd(float x, float y);

float ember_fadd(float x, float y) {
    union {
        float value;
        uint32_t bits;
    } negative = { .value = y };
    negative.bits ^= 0x80000000;
    return __real___aeabi_fsub(x, negative.value);
}
#endif
