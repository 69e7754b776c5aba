// The native VM as one translation unit, so that everything inside can be inlined and nothing but the functions
// of vm.h has a name outside.

#include "vm.h"

#if defined(__FLT_EVAL_METHOD__) && (__FLT_EVAL_METHOD__ < 0 || __FLT_EVAL_METHOD__ == 1 || __FLT_EVAL_METHOD__ == 2)
#error "Ember needs float32 arithmetic that rounds to float32 at every operation (on x86: -msse2 -mfpmath=sse)"
#endif

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Ember's programs and segments are little-endian"
#endif

#if defined(PICO_RP2040) && PICO_RP2040
#include "rp2040.h"
#endif

#include "math.c"
#include "functions.c"
#include "random.c"
#include "verify.c"
#include "bind.c"
#include "elementwise.c"
#include "rows.c"
#include "product.c"
#include "convolution.c"
#include "pooling.c"
#include "sum.c"
#include "index.c"
#include "normalize.c"
#include "optimizers.c"
#include "recurrent.c"
#include "bfloat16.c"
#include "signal.c"
#include "run.c"
