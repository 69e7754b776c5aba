// Made by tools/generate.py from lib/ember/instructions/table.py: do not edit.

#ifndef EMBER_ISA_H
#define EMBER_ISA_H

#include <stdint.h>

#define EMBER_ISA 2940915

enum {
    EMBER_MAGIC = 238804993,
    EMBER_ARENA = 0,
    EMBER_CONSTANTS = 1,
    EMBER_FLOATS = 2,
    EMBER_INTS = 3,
    EMBER_FIRST_BOUND = 4,
    EMBER_MOST_SEGMENTS = 63,
    EMBER_MOST_SECTIONS = 15,
    EMBER_FOLLOWING = 16,
    EMBER_FLOAT32 = 0,
    EMBER_INT32 = 1,
    EMBER_UINT8 = 2,
    EMBER_INT8 = 3,
    EMBER_INT16 = 4,
    EMBER_UINT16 = 5,
    EMBER_UINT32 = 6,
    EMBER_WRITABLE = 8,
    EMBER_LIMIT = 16777216,
    EMBER_OPCODES = 45,
    EMBER_LITERAL = 128,
    EMBER_CONTIGUOUS = 255,
    EMBER_WRITTEN = 128,
    EMBER_MOST_WORDS = 28,
    EMBER_MOST_OPERANDS = 9,
    EMBER_MOST_DIMENSIONS = 6,
};

// How a result meets what the destination holds.
enum {
    INTO_WRITE = 0,
    INTO_ADD = 1,
    INTO_MULTIPLY = 2,
    INTO_MAXIMUM = 3,
    INTO_MINIMUM = 4,
};

// Opcodes.
enum {
    OP_MAP = 0,
    OP_MAP_STRIDED = 1,
    OP_MATMUL = 2,
    OP_CONV2D = 3,
    OP_CONV2D_GRAD_INPUT = 4,
    OP_CONV2D_GRAD_WEIGHT = 5,
    OP_MAX_POOL2D = 6,
    OP_MAX_POOL2D_GRAD = 7,
    OP_SOFTMAX = 8,
    OP_SOFTMAX_GRAD = 9,
    OP_CROSS_ENTROPY = 10,
    OP_CROSS_ENTROPY_GRAD = 11,
    OP_CHECK_INDEX = 12,
    OP_COUNT_CORRECT = 13,
    OP_DROPOUT = 14,
    OP_UNIFORM = 15,
    OP_CONVERT = 16,
    OP_COUNT = 17,
    OP_SGD = 18,
    OP_ADAM = 19,
    OP_GATHER = 20,
    OP_SCATTER_ADD = 21,
    OP_SCAN = 22,
    OP_ARGSORT = 23,
    OP_NORMALIZE = 24,
    OP_NORMALIZE_GRAD = 25,
    OP_RMSPROP = 26,
    OP_ADAGRAD = 27,
    OP_ADADELTA = 28,
    OP_LION = 29,
    OP_ADAN = 30,
    OP_RNN = 31,
    OP_RNN_GRAD = 32,
    OP_GRU = 33,
    OP_GRU_GRAD = 34,
    OP_LSTM = 35,
    OP_LSTM_GRAD = 36,
    OP_TO_BFLOAT16 = 37,
    OP_FROM_BFLOAT16 = 38,
    OP_SUM = 39,
    OP_RFFT = 40,
    OP_RFFT_TRANSPOSED = 41,
    OP_BIQUAD = 42,
    OP_STOP = 43,
    OP_CHECK_FINITE = 44,
};

// Functions of a map.
enum {
    FN_COPY = 0,
    FN_NEG = 1,
    FN_ABS = 2,
    FN_SQRT = 3,
    FN_EXP = 4,
    FN_LOG = 5,
    FN_TANH = 6,
    FN_SIGMOID = 7,
    FN_RELU = 8,
    FN_FLOOR = 9,
    FN_ROUND = 10,
    FN_EXPM1 = 11,
    FN_LOG1P = 12,
    FN_SIN = 13,
    FN_COS = 14,
    FN_ERF = 15,
    FN_ADD = 16,
    FN_SUB = 17,
    FN_MUL = 18,
    FN_DIV = 19,
    FN_MAXIMUM = 20,
    FN_MINIMUM = 21,
    FN_POW = 22,
    FN_EQ = 23,
    FN_GT = 24,
    FN_RELU_GRAD = 25,
    FN_TANH_GRAD = 26,
    FN_SIGMOID_GRAD = 27,
    FN_SQRT_GRAD = 28,
    FN_REMAINDER = 29,
    FN_ATAN2 = 30,
    FN_KEEP = 31,
};

// Functions, a bit each: of two operands; and those that this build lacks.
#define EMBER_TWO 0xffff0000u
#define EMBER_LACKED (0xffffffffu & ~(0x9fbf71ffu IF_functions(| 0x60408e00u)))

// Components: a build has those that EMBER_COMPONENTS adds up, EMBER_WITH_core+EMBER_WITH_…, or all.
#define EMBER_WITH_core 1
#define EMBER_WITH_convolution 2
#define EMBER_WITH_pooling 4
#define EMBER_WITH_recurrent 8
#define EMBER_WITH_index 16
#define EMBER_WITH_normalization 32
#define EMBER_WITH_signal 64
#define EMBER_WITH_optimizers 128
#define EMBER_WITH_functions 256
#ifndef EMBER_COMPONENTS
#define EMBER_COMPONENTS 511
#endif
#define EMBER_HAS(name) ((EMBER_COMPONENTS) & EMBER_WITH_##name)

#if EMBER_HAS(convolution)
#define IF_convolution(...) __VA_ARGS__
#else
#define IF_convolution(...)
#endif
#if EMBER_HAS(pooling)
#define IF_pooling(...) __VA_ARGS__
#else
#define IF_pooling(...)
#endif
#if EMBER_HAS(recurrent)
#define IF_recurrent(...) __VA_ARGS__
#else
#define IF_recurrent(...)
#endif
#if EMBER_HAS(index)
#define IF_index(...) __VA_ARGS__
#else
#define IF_index(...)
#endif
#if EMBER_HAS(normalization)
#define IF_normalization(...) __VA_ARGS__
#else
#define IF_normalization(...)
#endif
#if EMBER_HAS(signal)
#define IF_signal(...) __VA_ARGS__
#else
#define IF_signal(...)
#endif
#if EMBER_HAS(optimizers)
#define IF_optimizers(...) __VA_ARGS__
#else
#define IF_optimizers(...)
#endif
#if EMBER_HAS(functions)
#define IF_functions(...) __VA_ARGS__
#else
#define IF_functions(...)
#endif

// KERNEL(opcode, name) for each instruction that is there.
#define EMBER_KERNELS(KERNEL) \
    KERNEL(MAP, map) \
    KERNEL(MAP_STRIDED, map_strided) \
    KERNEL(MATMUL, matmul) \
    IF_convolution(KERNEL(CONV2D, conv2d)) \
    IF_convolution(KERNEL(CONV2D_GRAD_INPUT, conv2d_grad_input)) \
    IF_convolution(KERNEL(CONV2D_GRAD_WEIGHT, conv2d_grad_weight)) \
    IF_pooling(KERNEL(MAX_POOL2D, max_pool2d)) \
    IF_pooling(KERNEL(MAX_POOL2D_GRAD, max_pool2d_grad)) \
    KERNEL(SOFTMAX, softmax) \
    KERNEL(SOFTMAX_GRAD, softmax_grad) \
    KERNEL(CROSS_ENTROPY, cross_entropy) \
    KERNEL(CROSS_ENTROPY_GRAD, cross_entropy_grad) \
    KERNEL(CHECK_INDEX, check_index) \
    KERNEL(COUNT_CORRECT, count_correct) \
    KERNEL(DROPOUT, dropout) \
    KERNEL(UNIFORM, uniform) \
    KERNEL(CONVERT, convert) \
    KERNEL(COUNT, count) \
    KERNEL(SGD, sgd) \
    KERNEL(ADAM, adam) \
    IF_index(KERNEL(GATHER, gather)) \
    IF_index(KERNEL(SCATTER_ADD, scatter_add)) \
    IF_index(KERNEL(SCAN, scan)) \
    IF_index(KERNEL(ARGSORT, argsort)) \
    IF_normalization(KERNEL(NORMALIZE, normalize)) \
    IF_normalization(KERNEL(NORMALIZE_GRAD, normalize_grad)) \
    IF_optimizers(KERNEL(RMSPROP, rmsprop)) \
    IF_optimizers(KERNEL(ADAGRAD, adagrad)) \
    IF_optimizers(KERNEL(ADADELTA, adadelta)) \
    IF_optimizers(KERNEL(LION, lion)) \
    IF_optimizers(KERNEL(ADAN, adan)) \
    IF_recurrent(KERNEL(RNN, rnn)) \
    IF_recurrent(KERNEL(RNN_GRAD, rnn_grad)) \
    IF_recurrent(KERNEL(GRU, gru)) \
    IF_recurrent(KERNEL(GRU_GRAD, gru_grad)) \
    IF_recurrent(KERNEL(LSTM, lstm)) \
    IF_recurrent(KERNEL(LSTM_GRAD, lstm_grad)) \
    IF_optimizers(KERNEL(TO_BFLOAT16, to_bfloat16)) \
    IF_optimizers(KERNEL(FROM_BFLOAT16, from_bfloat16)) \
    KERNEL(SUM, sum) \
    IF_signal(KERNEL(RFFT, rfft)) \
    IF_signal(KERNEL(RFFT_TRANSPOSED, rfft_transposed)) \
    IF_signal(KERNEL(BIQUAD, biquad)) \
    KERNEL(STOP, stop) \
    KERNEL(CHECK_FINITE, check_finite) \

// Fields, counted from the word after the opcode.
enum {
    MAP_FN = 0, MAP_INTO = 1, MAP_N = 2, MAP_A_STEP = 3, MAP_B_STEP = 4, MAP_D = 5, MAP_A = 6, MAP_B = 7,
};
enum {
    MAP_STRIDED_FN = 0, MAP_STRIDED_INTO = 1, MAP_STRIDED_N0 = 2, MAP_STRIDED_N1 = 3, MAP_STRIDED_N2 = 4,
    MAP_STRIDED_N3 = 5, MAP_STRIDED_D0 = 6, MAP_STRIDED_D1 = 7, MAP_STRIDED_D2 = 8, MAP_STRIDED_D3 = 9,
    MAP_STRIDED_A0 = 10, MAP_STRIDED_A1 = 11, MAP_STRIDED_A2 = 12, MAP_STRIDED_A3 = 13, MAP_STRIDED_B0 = 14,
    MAP_STRIDED_B1 = 15, MAP_STRIDED_B2 = 16, MAP_STRIDED_B3 = 17, MAP_STRIDED_D = 18, MAP_STRIDED_A = 19,
    MAP_STRIDED_B = 20,
};
enum {
    MATMUL_INTO = 0, MATMUL_BATCH = 1, MATMUL_M = 2, MATMUL_N = 3, MATMUL_K = 4, MATMUL_C_BATCH = 5,
    MATMUL_C_M = 6, MATMUL_A_BATCH = 7, MATMUL_A_M = 8, MATMUL_A_K = 9, MATMUL_B_BATCH = 10, MATMUL_B_K = 11,
    MATMUL_B_N = 12, MATMUL_C = 13, MATMUL_A = 14, MATMUL_B = 15,
};
enum {
    CONV2D_INTO = 0, CONV2D_N = 1, CONV2D_H = 2, CONV2D_W = 3, CONV2D_C = 4, CONV2D_F = 5, CONV2D_GROUPS = 6,
    CONV2D_OUT_H = 7, CONV2D_OUT_W = 8, CONV2D_K_H = 9, CONV2D_K_W = 10, CONV2D_S_H = 11, CONV2D_S_W = 12,
    CONV2D_P_H = 13, CONV2D_P_W = 14, CONV2D_D_H = 15, CONV2D_D_W = 16, CONV2D_Y = 17, CONV2D_X = 18,
    CONV2D_WEIGHT = 19,
};
enum {
    CONV2D_GRAD_INPUT_INTO = 0, CONV2D_GRAD_INPUT_N = 1, CONV2D_GRAD_INPUT_H = 2, CONV2D_GRAD_INPUT_W = 3,
    CONV2D_GRAD_INPUT_C = 4, CONV2D_GRAD_INPUT_F = 5, CONV2D_GRAD_INPUT_GROUPS = 6,
    CONV2D_GRAD_INPUT_OUT_H = 7, CONV2D_GRAD_INPUT_OUT_W = 8, CONV2D_GRAD_INPUT_K_H = 9,
    CONV2D_GRAD_INPUT_K_W = 10, CONV2D_GRAD_INPUT_S_H = 11, CONV2D_GRAD_INPUT_S_W = 12,
    CONV2D_GRAD_INPUT_P_H = 13, CONV2D_GRAD_INPUT_P_W = 14, CONV2D_GRAD_INPUT_D_H = 15,
    CONV2D_GRAD_INPUT_D_W = 16, CONV2D_GRAD_INPUT_DX = 17, CONV2D_GRAD_INPUT_G = 18,
    CONV2D_GRAD_INPUT_WEIGHT = 19,
};
enum {
    CONV2D_GRAD_WEIGHT_INTO = 0, CONV2D_GRAD_WEIGHT_N = 1, CONV2D_GRAD_WEIGHT_H = 2, CONV2D_GRAD_WEIGHT_W = 3,
    CONV2D_GRAD_WEIGHT_C = 4, CONV2D_GRAD_WEIGHT_F = 5, CONV2D_GRAD_WEIGHT_GROUPS = 6,
    CONV2D_GRAD_WEIGHT_OUT_H = 7, CONV2D_GRAD_WEIGHT_OUT_W = 8, CONV2D_GRAD_WEIGHT_K_H = 9,
    CONV2D_GRAD_WEIGHT_K_W = 10, CONV2D_GRAD_WEIGHT_S_H = 11, CONV2D_GRAD_WEIGHT_S_W = 12,
    CONV2D_GRAD_WEIGHT_P_H = 13, CONV2D_GRAD_WEIGHT_P_W = 14, CONV2D_GRAD_WEIGHT_D_H = 15,
    CONV2D_GRAD_WEIGHT_D_W = 16, CONV2D_GRAD_WEIGHT_DW = 17, CONV2D_GRAD_WEIGHT_X = 18,
    CONV2D_GRAD_WEIGHT_G = 19,
};
enum {
    MAX_POOL2D_N = 0, MAX_POOL2D_H = 1, MAX_POOL2D_W = 2, MAX_POOL2D_C = 3, MAX_POOL2D_OUT_H = 4,
    MAX_POOL2D_OUT_W = 5, MAX_POOL2D_K_H = 6, MAX_POOL2D_K_W = 7, MAX_POOL2D_S_H = 8, MAX_POOL2D_S_W = 9,
    MAX_POOL2D_P_H = 10, MAX_POOL2D_P_W = 11, MAX_POOL2D_Y = 12, MAX_POOL2D_X = 13,
};
enum {
    MAX_POOL2D_GRAD_N = 0, MAX_POOL2D_GRAD_H = 1, MAX_POOL2D_GRAD_W = 2, MAX_POOL2D_GRAD_C = 3,
    MAX_POOL2D_GRAD_OUT_H = 4, MAX_POOL2D_GRAD_OUT_W = 5, MAX_POOL2D_GRAD_K_H = 6, MAX_POOL2D_GRAD_K_W = 7,
    MAX_POOL2D_GRAD_S_H = 8, MAX_POOL2D_GRAD_S_W = 9, MAX_POOL2D_GRAD_P_H = 10, MAX_POOL2D_GRAD_P_W = 11,
    MAX_POOL2D_GRAD_DX = 12, MAX_POOL2D_GRAD_X = 13, MAX_POOL2D_GRAD_G = 14,
};
enum {
    SOFTMAX_FORM = 0, SOFTMAX_N = 1, SOFTMAX_WIDTH = 2, SOFTMAX_Y = 3, SOFTMAX_X = 4,
};
enum {
    SOFTMAX_GRAD_LOG = 0, SOFTMAX_GRAD_INTO = 1, SOFTMAX_GRAD_N = 2, SOFTMAX_GRAD_WIDTH = 3,
    SOFTMAX_GRAD_DX = 4, SOFTMAX_GRAD_Y = 5, SOFTMAX_GRAD_G = 6,
};
enum {
    CROSS_ENTROPY_N = 0, CROSS_ENTROPY_WIDTH = 1, CROSS_ENTROPY_LOSS = 2, CROSS_ENTROPY_P = 3,
    CROSS_ENTROPY_X = 4, CROSS_ENTROPY_LABEL = 5,
};
enum {
    CROSS_ENTROPY_GRAD_INTO = 0, CROSS_ENTROPY_GRAD_N = 1, CROSS_ENTROPY_GRAD_WIDTH = 2,
    CROSS_ENTROPY_GRAD_DX = 3, CROSS_ENTROPY_GRAD_P = 4, CROSS_ENTROPY_GRAD_LABEL = 5,
    CROSS_ENTROPY_GRAD_G = 6,
};
enum {
    CHECK_INDEX_N = 0, CHECK_INDEX_HIGH = 1, CHECK_INDEX_INDEX = 2,
};
enum {
    COUNT_CORRECT_N = 0, COUNT_CORRECT_WIDTH = 1, COUNT_CORRECT_COUNTER = 2, COUNT_CORRECT_X = 3,
    COUNT_CORRECT_LABEL = 4,
};
enum {
    DROPOUT_INTO = 0, DROPOUT_N = 1, DROPOUT_WIDTH = 2, DROPOUT_STREAM = 3, DROPOUT_Y = 4, DROPOUT_X = 5,
    DROPOUT_P = 6, DROPOUT_KEY = 7, DROPOUT_STEP = 8, DROPOUT_SAMPLE = 9,
};
enum {
    UNIFORM_FRESH = 0, UNIFORM_N = 1, UNIFORM_WIDTH = 2, UNIFORM_STREAM = 3, UNIFORM_D = 4, UNIFORM_RANGE = 5,
    UNIFORM_KEY = 6, UNIFORM_STEP = 7, UNIFORM_SAMPLE = 8,
};
enum {
    CONVERT_N = 0, CONVERT_CHANNELS = 1, CONVERT_D = 2, CONVERT_SRC = 3, CONVERT_AFFINE = 4,
};
enum {
    COUNT_KEEP = 0, COUNT_ADD = 1, COUNT_N = 2, COUNT_COUNTER = 3,
};
enum {
    SGD_MOMENTUM = 0, SGD_NESTEROV = 1, SGD_N = 2, SGD_P = 3, SGD_G = 4, SGD_V = 5, SGD_HYPER = 6,
    SGD_STEP = 7, SGD_TOTAL = 8,
};
enum {
    ADAM_DECOUPLED = 0, ADAM_AMSGRAD = 1, ADAM_N = 2, ADAM_P = 3, ADAM_G = 4, ADAM_M = 5, ADAM_V = 6,
    ADAM_MOST = 7, ADAM_HYPER = 8, ADAM_STEP = 9, ADAM_TOTAL = 10,
};
enum {
    GATHER_INTO = 0, GATHER_OUTER = 1, GATHER_N = 2, GATHER_INNER = 3, GATHER_HIGH = 4, GATHER_I_OUTER = 5,
    GATHER_I_N = 6, GATHER_I_INNER = 7, GATHER_Y = 8, GATHER_X = 9, GATHER_INDEX = 10,
};
enum {
    SCATTER_ADD_OUTER = 0, SCATTER_ADD_N = 1, SCATTER_ADD_INNER = 2, SCATTER_ADD_HIGH = 3,
    SCATTER_ADD_I_OUTER = 4, SCATTER_ADD_I_N = 5, SCATTER_ADD_I_INNER = 6, SCATTER_ADD_Y = 7,
    SCATTER_ADD_X = 8, SCATTER_ADD_INDEX = 9,
};
enum {
    SCAN_FN = 0, SCAN_REVERSE = 1, SCAN_OUTER = 2, SCAN_N = 3, SCAN_INNER = 4, SCAN_Y = 5, SCAN_X = 6,
};
enum {
    ARGSORT_DESCENDING = 0, ARGSORT_N = 1, ARGSORT_WIDTH = 2, ARGSORT_Y = 3, ARGSORT_X = 4,
};
enum {
    NORMALIZE_CENTER = 0, NORMALIZE_N = 1, NORMALIZE_M = 2, NORMALIZE_H = 3, NORMALIZE_W = 4,
    NORMALIZE_S_N = 5, NORMALIZE_S_M = 6, NORMALIZE_S_H = 7, NORMALIZE_S_W = 8, NORMALIZE_Y = 9,
    NORMALIZE_MEAN = 10, NORMALIZE_VAR = 11, NORMALIZE_X = 12, NORMALIZE_EPS = 13,
};
enum {
    NORMALIZE_GRAD_CENTER = 0, NORMALIZE_GRAD_N = 1, NORMALIZE_GRAD_M = 2, NORMALIZE_GRAD_H = 3,
    NORMALIZE_GRAD_W = 4, NORMALIZE_GRAD_S_N = 5, NORMALIZE_GRAD_S_M = 6, NORMALIZE_GRAD_S_H = 7,
    NORMALIZE_GRAD_S_W = 8, NORMALIZE_GRAD_INTO = 9, NORMALIZE_GRAD_DX = 10, NORMALIZE_GRAD_Y = 11,
    NORMALIZE_GRAD_G = 12, NORMALIZE_GRAD_VAR = 13, NORMALIZE_GRAD_EPS = 14,
};
enum {
    RMSPROP_CENTERED = 0, RMSPROP_MOMENTUM = 1, RMSPROP_N = 2, RMSPROP_P = 3, RMSPROP_G = 4, RMSPROP_V = 5,
    RMSPROP_A = 6, RMSPROP_B = 7, RMSPROP_HYPER = 8, RMSPROP_TOTAL = 9,
};
enum {
    ADAGRAD_N = 0, ADAGRAD_P = 1, ADAGRAD_G = 2, ADAGRAD_V = 3, ADAGRAD_HYPER = 4, ADAGRAD_STEP = 5,
    ADAGRAD_TOTAL = 6,
};
enum {
    ADADELTA_N = 0, ADADELTA_P = 1, ADADELTA_G = 2, ADADELTA_V = 3, ADADELTA_A = 4, ADADELTA_HYPER = 5,
    ADADELTA_TOTAL = 6,
};
enum {
    LION_N = 0, LION_P = 1, LION_G = 2, LION_M = 3, LION_HYPER = 4, LION_TOTAL = 5,
};
enum {
    ADAN_N = 0, ADAN_P = 1, ADAN_G = 2, ADAN_M = 3, ADAN_V = 4, ADAN_S = 5, ADAN_BEFORE = 6, ADAN_HYPER = 7,
    ADAN_STEP = 8, ADAN_TOTAL = 9,
};
enum {
    RNN_RELU = 0, RNN_REVERSE = 1, RNN_N = 2, RNN_STEPS = 3, RNN_HIDDEN = 4, RNN_H = 5, RNN_W = 6,
    RNN_START = 7,
};
enum {
    RNN_GRAD_RELU = 0, RNN_GRAD_REVERSE = 1, RNN_GRAD_N = 2, RNN_GRAD_STEPS = 3, RNN_GRAD_HIDDEN = 4,
    RNN_GRAD_DA = 5, RNN_GRAD_CARRY = 6, RNN_GRAD_G = 7, RNN_GRAD_H = 8, RNN_GRAD_W = 9,
};
enum {
    GRU_REVERSE = 0, GRU_N = 1, GRU_STEPS = 2, GRU_HIDDEN = 3, GRU_H = 4, GRU_GATES = 5, GRU_W = 6,
    GRU_START = 7,
};
enum {
    GRU_GRAD_REVERSE = 0, GRU_GRAD_N = 1, GRU_GRAD_STEPS = 2, GRU_GRAD_HIDDEN = 3, GRU_GRAD_DA = 4,
    GRU_GRAD_CARRY = 5, GRU_GRAD_G = 6, GRU_GRAD_GATES = 7, GRU_GRAD_H = 8, GRU_GRAD_W = 9,
    GRU_GRAD_START = 10,
};
enum {
    LSTM_REVERSE = 0, LSTM_N = 1, LSTM_STEPS = 2, LSTM_HIDDEN = 3, LSTM_H = 4, LSTM_C = 5, LSTM_GATES = 6,
    LSTM_W = 7, LSTM_START = 8, LSTM_START_C = 9,
};
enum {
    LSTM_GRAD_REVERSE = 0, LSTM_GRAD_N = 1, LSTM_GRAD_STEPS = 2, LSTM_GRAD_HIDDEN = 3, LSTM_GRAD_DA = 4,
    LSTM_GRAD_CARRY = 5, LSTM_GRAD_CARRY_C = 6, LSTM_GRAD_G = 7, LSTM_GRAD_GATES = 8, LSTM_GRAD_C = 9,
    LSTM_GRAD_W = 10, LSTM_GRAD_START_C = 11,
};
enum {
    TO_BFLOAT16_N = 0, TO_BFLOAT16_STREAM = 1, TO_BFLOAT16_D = 2, TO_BFLOAT16_SRC = 3, TO_BFLOAT16_KEY = 4,
    TO_BFLOAT16_STEP = 5,
};
enum {
    FROM_BFLOAT16_N = 0, FROM_BFLOAT16_D = 1, FROM_BFLOAT16_SRC = 2,
};
enum {
    SUM_FN = 0, SUM_SQUARE = 1, SUM_N0 = 2, SUM_N1 = 3, SUM_N2 = 4, SUM_N3 = 5, SUM_H = 6, SUM_W = 7,
    SUM_Y0 = 8, SUM_Y1 = 9, SUM_Y2 = 10, SUM_Y3 = 11, SUM_A0 = 12, SUM_A1 = 13, SUM_A2 = 14, SUM_A3 = 15,
    SUM_A_H = 16, SUM_A_W = 17, SUM_B0 = 18, SUM_B1 = 19, SUM_B2 = 20, SUM_B3 = 21, SUM_B_H = 22,
    SUM_B_W = 23, SUM_Y = 24, SUM_A = 25, SUM_B = 26,
};
enum {
    RFFT_N = 0, RFFT_HALF = 1, RFFT_LEVELS = 2, RFFT_Y = 3, RFFT_X = 4, RFFT_WAVE = 5, RFFT_SCALE = 6,
};
enum {
    RFFT_TRANSPOSED_N = 0, RFFT_TRANSPOSED_HALF = 1, RFFT_TRANSPOSED_LEVELS = 2, RFFT_TRANSPOSED_X = 3,
    RFFT_TRANSPOSED_Y = 4, RFFT_TRANSPOSED_WAVE = 5, RFFT_TRANSPOSED_SCALE = 6,
};
enum {
    BIQUAD_TRANSPOSED = 0, BIQUAD_GIVEN = 1, BIQUAD_KEPT = 2, BIQUAD_OUTER = 3, BIQUAD_N = 4,
    BIQUAD_INNER = 5, BIQUAD_Y = 6, BIQUAD_X = 7, BIQUAD_COEFFICIENTS = 8, BIQUAD_START = 9, BIQUAD_END = 10,
};
enum {
    STOP_GO = 0,
};
enum {
    CHECK_FINITE_SQUARED = 0, CHECK_FINITE_N = 1, CHECK_FINITE_A = 2, CHECK_FINITE_TOTAL = 3,
};

// Products of fields: a count, then that many factors (from EMBER_LITERAL up: a number).
static const uint8_t ember_products[] = {
    1, 2, 0, 1, 3, 1, 4, 1, 5, 3, 2, 3, 4, 1, 1, 2, 1, 2, 2, 3, 4, 5, 1, 7, 8, 6, 5, 5, 1, 2, 3, 6, 4, 5, 9,
    10, 4, 6, 5, 2, 1, 7, 6, 8, 6, 5, 9, 10, 4, 6, 3, 6, 5, 9, 10, 4, 3, 9, 10, 4, 4, 0, 4, 5, 3, 4, 0, 1, 2,
    3, 2, 0, 4, 4, 5, 3, 6, 7, 2, 2, 3, 1, 0, 2, 0, 1, 1, 130, 2, 1, 130, 2, 2, 0, 1, 132, 2, 2, 1, 1, 133, 3,
    1, 2, 3, 3, 1, 4, 3, 3, 0, 3, 2, 3, 0, 1, 2, 1, 134, 2, 4, 4, 2, 2, 4, 3, 2, 4, 4, 4, 1, 2, 132, 3, 3, 3,
    131, 3, 2, 1, 3, 4, 1, 3, 131, 3, 3, 3, 132, 3, 4, 1, 3, 132, 3, 2, 0, 130, 1, 6, 1, 7, 4, 2, 3, 4, 5, 3,
    6, 7, 132, 3, 0, 1, 130, 3, 3, 4, 5, 4, 3, 130, 5, 1, 4, 3, 130, 5, 2, 2, 4, 5,
};

// The least and the greatest an immediate may be.
static const int32_t ember_limits[] = {
    0, 31, 0, 4, 0, 1, 1, 32767, 0, 32767, 0, 2, 1, 16777216, 0, 1073741823, 1, 32768, 0, 15,
};

// An opcode's fields: how many are no address, the kind of each (0 size, 1 stride, 2 + k immediate
// within limits k), how many addresses, for each its types | EMBER_WRITTEN, its dimensions (count,
// then product and stride's field), then how many pairs may coincide and the pairs.
static const uint8_t ember_records[] = {
    5, 2, 3, 0, 4, 4, 3, 129, 1, 0, 255, 1, 1, 0, 3, 1, 1, 0, 4, 2, 1, 2,
    18, 2, 3, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 129, 4, 0, 6, 3, 7, 5, 8, 7, 9, 1, 4, 0, 10,
    3, 11, 5, 12, 7, 13, 1, 4, 0, 14, 3, 15, 5, 16, 7, 17, 2, 1, 2,
    13, 4, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 3, 129, 3, 13, 5, 0, 6, 3, 255, 1, 3, 13, 7, 0, 8, 5, 9, 1, 3,
    13, 10, 5, 11, 3, 12, 0,
    IF_convolution(17, 4, 0, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 5, 5, 3, 129, 1, 21, 255, 1, 1, 27, 255,
    1, 1, 33, 255, 0,)
    IF_convolution(17, 4, 0, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 5, 5, 3, 129, 1, 27, 255, 1, 1, 21, 255,
    1, 1, 33, 255, 0,)
    IF_convolution(17, 4, 0, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 5, 5, 3, 129, 1, 33, 255, 1, 1, 27, 255,
    1, 1, 21, 255, 0,)
    IF_pooling(12, 0, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 2, 129, 1, 60, 255, 1, 1, 65, 255, 0,)
    IF_pooling(12, 0, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 3, 129, 1, 65, 255, 1, 1, 65, 255, 1, 1, 60, 255, 0,)
    3, 7, 0, 8, 2, 129, 1, 15, 255, 1, 1, 15, 255, 1, 1,
    4, 4, 4, 0, 8, 3, 129, 1, 78, 255, 1, 1, 78, 255, 1, 1, 78, 255, 2, 1, 2,
    2, 0, 8, 4, 129, 1, 81, 255, 129, 1, 83, 255, 1, 1, 83, 255, 126, 1, 81, 255, 1, 18,
    3, 4, 0, 8, 4, 129, 1, 15, 255, 1, 1, 15, 255, 126, 1, 13, 255, 1, 1, 13, 255, 1, 1,
    2, 0, 8, 1, 126, 1, 81, 255, 0,
    2, 0, 8, 3, 130, 1, 2, 255, 1, 1, 83, 255, 126, 1, 81, 255, 0,
    4, 4, 0, 8, 9, 6, 129, 1, 15, 255, 1, 1, 15, 255, 1, 1, 2, 255, 2, 1, 2, 255, 2, 1, 2, 255, 2, 1, 2, 255,
    1, 1,
    4, 4, 0, 8, 9, 5, 129, 1, 15, 255, 1, 1, 86, 255, 2, 1, 2, 255, 2, 1, 2, 255, 2, 1, 2, 255, 0,
    2, 0, 8, 3, 129, 1, 83, 255, 127, 1, 83, 255, 1, 1, 88, 255, 0,
    3, 4, 4, 0, 1, 130, 1, 2, 255, 0,
    3, 4, 4, 0, 6, 129, 1, 0, 255, 1, 1, 0, 255, 129, 1, 91, 255, 1, 1, 94, 255, 2, 1, 2, 255, 1, 1, 2, 255,
    0,
    3, 7, 4, 0, 8, 129, 1, 0, 255, 1, 1, 0, 255, 129, 1, 0, 255, 129, 1, 0, 255, 129, 1, 96, 255, 1, 1, 99,
    255, 2, 1, 2, 255, 1, 1, 2, 255, 0,
    IF_index(8, 4, 0, 0, 0, 0, 1, 1, 1, 3, 129, 1, 101, 255, 1, 1, 105, 255, 127, 3, 13, 5, 0, 6, 3, 7, 0,)
    IF_index(7, 0, 0, 0, 0, 1, 1, 1, 3, 129, 1, 109, 255, 1, 1, 113, 255, 127, 3, 81, 4, 13, 5, 0, 6, 0,)
    IF_index(5, 2, 4, 0, 0, 0, 2, 129, 1, 9, 255, 1, 1, 9, 255, 1, 1,)
    IF_index(3, 4, 0, 8, 2, 129, 1, 15, 255, 1, 1, 15, 255, 0,)
    IF_normalization(9, 4, 0, 0, 0, 0, 1, 1, 1, 1, 5, 129, 4, 13, 5, 0, 6, 3, 7, 5, 8, 129, 1, 15, 255, 129,
    1, 15, 255, 1, 4, 13, 5, 0, 6, 3, 7, 5, 8, 1, 1, 2, 255, 1, 3,)
    IF_normalization(10, 4, 0, 0, 0, 0, 1, 1, 1, 1, 4, 5, 129, 4, 13, 5, 0, 6, 3, 7, 5, 8, 1, 4, 13, 5, 0, 6,
    3, 7, 5, 8, 1, 4, 13, 5, 0, 6, 3, 7, 5, 8, 1, 1, 15, 255, 1, 1, 2, 255, 2, 1, 2,)
    IF_optimizers(3, 4, 4, 0, 7, 129, 1, 0, 255, 1, 1, 0, 255, 129, 1, 0, 255, 129, 1, 91, 255, 129, 1, 96,
    255, 1, 1, 99, 255, 1, 1, 2, 255, 0,)
    IF_optimizers(1, 0, 6, 129, 1, 81, 255, 1, 1, 81, 255, 129, 1, 81, 255, 1, 1, 94, 255, 2, 1, 2, 255, 1, 1,
    2, 255, 0,)
    IF_optimizers(1, 0, 6, 129, 1, 81, 255, 1, 1, 81, 255, 129, 1, 81, 255, 129, 1, 81, 255, 1, 1, 94, 255, 1,
    1, 2, 255, 0,)
    IF_optimizers(1, 0, 5, 129, 1, 81, 255, 1, 1, 81, 255, 129, 1, 81, 255, 1, 1, 94, 255, 1, 1, 2, 255, 0,)
    IF_optimizers(1, 0, 9, 129, 1, 81, 255, 1, 1, 81, 255, 129, 1, 81, 255, 129, 1, 81, 255, 129, 1, 81, 255,
    129, 1, 81, 255, 1, 1, 117, 255, 2, 1, 2, 255, 1, 1, 2, 255, 0,)
    IF_recurrent(5, 4, 4, 0, 0, 0, 3, 129, 1, 9, 255, 1, 1, 119, 255, 1, 1, 122, 255, 0,)
    IF_recurrent(5, 4, 4, 0, 0, 0, 5, 129, 1, 9, 255, 129, 1, 122, 255, 1, 1, 9, 255, 1, 1, 9, 255, 1, 1, 119,
    255, 1, 2,)
    IF_recurrent(4, 4, 0, 0, 0, 4, 129, 1, 101, 255, 129, 1, 129, 255, 1, 1, 134, 255, 1, 1, 138, 255, 0,)
    IF_recurrent(4, 4, 0, 0, 0, 7, 129, 1, 129, 255, 129, 1, 138, 255, 1, 1, 101, 255, 1, 1, 129, 255, 1, 1,
    101, 255, 1, 1, 134, 255, 1, 1, 138, 255, 1, 3,)
    IF_recurrent(4, 4, 0, 0, 0, 6, 129, 1, 101, 255, 129, 1, 101, 255, 129, 1, 129, 255, 1, 1, 146, 255, 1, 1,
    138, 255, 1, 1, 138, 255, 0,)
    IF_recurrent(4, 4, 0, 0, 0, 8, 129, 1, 129, 255, 129, 1, 138, 255, 129, 1, 138, 255, 1, 1, 101, 255, 1, 1,
    129, 255, 1, 1, 101, 255, 1, 1, 146, 255, 1, 1, 138, 255, 1, 4,)
    IF_optimizers(2, 0, 9, 4, 129, 1, 81, 255, 1, 1, 155, 255, 2, 1, 2, 255, 2, 1, 2, 255, 0,)
    IF_optimizers(1, 0, 2, 129, 1, 155, 255, 1, 1, 81, 255, 0,)
    24, 2, 4, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 129, 4, 0, 8, 3, 9, 5, 10,
    7, 11, 1, 6, 0, 12, 3, 13, 5, 14, 7, 15, 158, 16, 160, 17, 1, 6, 0, 18, 3, 19, 5, 20, 7, 21, 158, 22, 160,
    23, 0,
    IF_signal(3, 0, 10, 11, 4, 129, 3, 171, 255, 155, 255, 86, 255, 1, 1, 171, 255, 1, 1, 13, 255, 1, 1, 86,
    255, 0,)
    IF_signal(3, 0, 10, 11, 4, 129, 1, 171, 255, 1, 3, 171, 255, 155, 255, 86, 255, 1, 1, 13, 255, 1, 1, 86,
    255, 0,)
    IF_signal(6, 4, 4, 4, 0, 0, 0, 5, 129, 1, 175, 255, 1, 1, 175, 255, 1, 1, 99, 255, 1, 1, 179, 255, 129, 1,
    184, 255, 2, 1, 52,)
    0, 1, 1, 1, 2, 255, 0,
    2, 4, 0, 2, 1, 1, 13, 255, 1, 1, 2, 255, 0,
};

// Where an opcode's record starts.
enum {
    RECORD_MAP = 0,
    RECORD_MAP_STRIDED = RECORD_MAP + 22,
    RECORD_MATMUL = RECORD_MAP_STRIDED + 53,
    RECORD_CONV2D = RECORD_MATMUL + 40,
    RECORD_CONV2D_GRAD_INPUT = RECORD_CONV2D IF_convolution(+ 32),
    RECORD_CONV2D_GRAD_WEIGHT = RECORD_CONV2D_GRAD_INPUT IF_convolution(+ 32),
    RECORD_MAX_POOL2D = RECORD_CONV2D_GRAD_WEIGHT IF_convolution(+ 32),
    RECORD_MAX_POOL2D_GRAD = RECORD_MAX_POOL2D IF_pooling(+ 23),
    RECORD_SOFTMAX = RECORD_MAX_POOL2D_GRAD IF_pooling(+ 27),
    RECORD_SOFTMAX_GRAD = RECORD_SOFTMAX + 15,
    RECORD_CROSS_ENTROPY = RECORD_SOFTMAX_GRAD + 21,
    RECORD_CROSS_ENTROPY_GRAD = RECORD_CROSS_ENTROPY + 22,
    RECORD_CHECK_INDEX = RECORD_CROSS_ENTROPY_GRAD + 23,
    RECORD_COUNT_CORRECT = RECORD_CHECK_INDEX + 9,
    RECORD_DROPOUT = RECORD_COUNT_CORRECT + 17,
    RECORD_UNIFORM = RECORD_DROPOUT + 32,
    RECORD_CONVERT = RECORD_UNIFORM + 27,
    RECORD_COUNT = RECORD_CONVERT + 17,
    RECORD_SGD = RECORD_COUNT + 10,
    RECORD_ADAM = RECORD_SGD + 30,
    RECORD_GATHER = RECORD_ADAM + 38,
    RECORD_SCATTER_ADD = RECORD_GATHER IF_index(+ 27),
    RECORD_SCAN = RECORD_SCATTER_ADD IF_index(+ 26),
    RECORD_ARGSORT = RECORD_SCAN IF_index(+ 17),
    RECORD_NORMALIZE = RECORD_ARGSORT IF_index(+ 14),
    RECORD_NORMALIZE_GRAD = RECORD_NORMALIZE IF_normalization(+ 45),
    RECORD_RMSPROP = RECORD_NORMALIZE_GRAD IF_normalization(+ 53),
    RECORD_ADAGRAD = RECORD_RMSPROP IF_optimizers(+ 34),
    RECORD_ADADELTA = RECORD_ADAGRAD IF_optimizers(+ 28),
    RECORD_LION = RECORD_ADADELTA IF_optimizers(+ 28),
    RECORD_ADAN = RECORD_LION IF_optimizers(+ 24),
    RECORD_RNN = RECORD_ADAN IF_optimizers(+ 40),
    RECORD_RNN_GRAD = RECORD_RNN IF_recurrent(+ 20),
    RECORD_GRU = RECORD_RNN_GRAD IF_recurrent(+ 29),
    RECORD_GRU_GRAD = RECORD_GRU IF_recurrent(+ 23),
    RECORD_LSTM = RECORD_GRU_GRAD IF_recurrent(+ 36),
    RECORD_LSTM_GRAD = RECORD_LSTM IF_recurrent(+ 31),
    RECORD_TO_BFLOAT16 = RECORD_LSTM_GRAD IF_recurrent(+ 40),
    RECORD_FROM_BFLOAT16 = RECORD_TO_BFLOAT16 IF_optimizers(+ 21),
    RECORD_SUM = RECORD_FROM_BFLOAT16 IF_optimizers(+ 12),
    RECORD_RFFT = RECORD_SUM + 65,
    RECORD_RFFT_TRANSPOSED = RECORD_RFFT IF_signal(+ 26),
    RECORD_BIQUAD = RECORD_RFFT_TRANSPOSED IF_signal(+ 26),
    RECORD_STOP = RECORD_BIQUAD IF_signal(+ 31),
    RECORD_CHECK_FINITE = RECORD_STOP + 7,
};
static const uint16_t ember_record[] = {
    RECORD_MAP, RECORD_MAP_STRIDED, RECORD_MATMUL, RECORD_CONV2D, RECORD_CONV2D_GRAD_INPUT,
    RECORD_CONV2D_GRAD_WEIGHT, RECORD_MAX_POOL2D, RECORD_MAX_POOL2D_GRAD, RECORD_SOFTMAX, RECORD_SOFTMAX_GRAD,
    RECORD_CROSS_ENTROPY, RECORD_CROSS_ENTROPY_GRAD, RECORD_CHECK_INDEX, RECORD_COUNT_CORRECT, RECORD_DROPOUT,
    RECORD_UNIFORM, RECORD_CONVERT, RECORD_COUNT, RECORD_SGD, RECORD_ADAM, RECORD_GATHER, RECORD_SCATTER_ADD,
    RECORD_SCAN, RECORD_ARGSORT, RECORD_NORMALIZE, RECORD_NORMALIZE_GRAD, RECORD_RMSPROP, RECORD_ADAGRAD,
    RECORD_ADADELTA, RECORD_LION, RECORD_ADAN, RECORD_RNN, RECORD_RNN_GRAD, RECORD_GRU, RECORD_GRU_GRAD,
    RECORD_LSTM, RECORD_LSTM_GRAD, RECORD_TO_BFLOAT16, RECORD_FROM_BFLOAT16, RECORD_SUM, RECORD_RFFT,
    RECORD_RFFT_TRANSPOSED, RECORD_BIQUAD, RECORD_STOP, RECORD_CHECK_FINITE,
};

// An instruction's words; 0 where it is not there.
static const uint8_t ember_words[] = {
    9, 22, 17, 0 IF_convolution(+ 21), 0 IF_convolution(+ 21), 0 IF_convolution(+ 21), 0 IF_pooling(+ 15),
    0 IF_pooling(+ 16), 6, 8, 7, 8, 4, 6, 11, 10, 6, 5, 10, 12, 0 IF_index(+ 12), 0 IF_index(+ 11),
    0 IF_index(+ 8), 0 IF_index(+ 6), 0 IF_normalization(+ 15), 0 IF_normalization(+ 16),
    0 IF_optimizers(+ 11), 0 IF_optimizers(+ 8), 0 IF_optimizers(+ 8), 0 IF_optimizers(+ 7),
    0 IF_optimizers(+ 11), 0 IF_recurrent(+ 9), 0 IF_recurrent(+ 11), 0 IF_recurrent(+ 9),
    0 IF_recurrent(+ 12), 0 IF_recurrent(+ 11), 0 IF_recurrent(+ 13), 0 IF_optimizers(+ 7),
    0 IF_optimizers(+ 4), 28, 0 IF_signal(+ 8), 0 IF_signal(+ 8), 0 IF_signal(+ 12), 2, 5,
};

// Which fields are sizes, bit k for field k.
static const uint8_t ember_sizes[] = {
    4, 60, 30, 2, 2, 2, 1, 1, 2, 4, 1, 2, 1, 1, 2, 2, 1, 4, 4, 4, 30, 15, 28, 2, 30, 30, 4, 1, 1, 1, 1, 28,
    28, 14, 14, 14, 14, 1, 1, 252, 1, 1, 56, 0, 2,
};

// The product of fields along which an instruction can stop and go on.
static const uint8_t ember_rows[] = {
    0, 9, 15, 39, 15, 56, 70, 70, 13, 0, 81, 13, 81, 81, 13, 13, 81, 2, 0, 0, 15, 83, 0, 13, 15, 15, 0, 81,
    81, 81, 81, 3, 3, 0, 0, 0, 0, 81, 81, 162, 81, 81, 3, 2, 13,
};

// The product of fields that a row costs,
static const uint8_t ember_cost[] = {
    2, 7, 18, 42, 49, 21, 73, 73, 0, 3, 13, 0, 2, 13, 0, 0, 13, 2, 2, 2, 3, 0, 18, 0, 18, 18, 2, 2, 2, 2, 2,
    125, 125, 141, 141, 150, 150, 2, 2, 167, 15, 15, 189, 2, 2,
};

// times this, the opcodes' weights and after them the functions': where the opcode's is 0.
static const uint16_t ember_weights[] = {
    0, 0, 8, 10, 10, 10, 12, 14, 110, 40, 110, 12, 6, 10, 250, 250, 12, 8, 24, 120, 12, 12, 0, 100, 70, 70,
    80, 80, 120, 40, 160, 10, 10, 12, 12, 12, 12, 250, 12, 0, 60, 60, 40, 8, 8, 6, 6, 6, 20, 80, 80, 120, 120,
    8, 12, 12, 100, 120, 200, 200, 120, 8, 8, 8, 20, 10, 10, 200, 8, 8, 8, 12, 12, 24, 200, 160, 8,
};

#endif
