// MicroPython's port puts the RP2040's ROM in place of the compiler's arithmetic, for all of a firmware: by the linker's
// --wrap, and by an __aeabi_fadd of its own. The ROM takes subnormals for 0. So here what the compiler calls __aeabi_fmul is
// what was wrapped, which the linker knows as __real___aeabi_fmul: libgcc's. What is not wrapped has no such name, and
// does not link. libgcc's sum is out of reach: rp2040.c has one.

#define EMBER_NAME(name, other) __asm__(".set __aeabi_" #name ", " #other);
#define EMBER_REAL(name) EMBER_NAME(name, __real___aeabi_##name)

EMBER_NAME(fadd, ember_fadd)
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
EMBER_REAL(i2f)
EMBER_REAL(ui2f)
EMBER_REAL(f2iz)
EMBER_REAL(f2uiz)
