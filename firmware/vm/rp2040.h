// The RP2040's SDK puts the chip's ROM in place of the compiler's arithmetic, by the linker's --wrap, for all of a firmware.
// The ROM takes subnormals for 0. So here each of those functions is the one that was wrapped: what the compiler calls
// __aeabi_fmul the linker finds as __real___aeabi_fmul, which is libgcc's. Where nothing is wrapped that is not found.

#define EMBER_REAL(name) __asm__(".set __aeabi_" #name ", __real___aeabi_" #name);

EMBER_REAL(fadd)
EMBER_REAL(fsub)
EMBER_REAL(frsub)
EMBER_REAL(fmul)
EMBER_REAL(fdiv)
EMBER_REAL(fcmpeq)
EMBER_REAL(fcmplt)
EMBER_REAL(fcmple)
EMBER_REAL(fcmpge)
EMBER_REAL(fcmpgt)
EMBER_REAL(fcmpun)
EMBER_REAL(cfcmpeq)
EMBER_REAL(cfcmple)
EMBER_REAL(cfrcmple)
EMBER_REAL(i2f)
EMBER_REAL(ui2f)
EMBER_REAL(f2iz)
EMBER_REAL(f2uiz)
