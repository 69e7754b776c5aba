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
#if EMBER_HAS(functions)
#include "math_rare.c"
#endif
// What proves a program and binds it: its room is worth more than its time.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("Os")
#endif
#include "verify.c"
#include "bind.c"
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#include "kernel.h"
#include "functions.c"
#include "elementwise.c"
#include "random.c"
#include "loss.c"
#include "update.c"
#include "product.c"
#if EMBER_HAS(convolution) || EMBER_HAS(pooling)
#include "window.h"
#endif
#if EMBER_HAS(convolution)
#include "convolution.c"
#endif
#if EMBER_HAS(pooling)
#include "pooling.c"
#endif
#include "sum.c"
#if EMBER_HAS(index)
#include "index.c"
#endif
#if EMBER_HAS(normalization)
#include "normalize.c"
#endif
#if EMBER_HAS(optimizers)
#include "optimizers.c"
#include "bfloat16.c"
#endif
#if EMBER_HAS(recurrent)
#include "recurrent.c"
#endif
#if EMBER_HAS(signal)
#include "signal.c"
#endif
#include "run.c"
