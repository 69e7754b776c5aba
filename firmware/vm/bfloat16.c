// bfloat16 (Burgess et al., 2019), two in the place of one float32: an optimizer's state in half of the memory. They
// are moved as words: as floats some would be signalling NaN.
//
// n elements that are packed, the first of two in the low half.

// Cut to 16 bits after a number below 2^16 was added: right on average. What is finite stays so, and NaN stays one.
static inline uint32_t rounded_to_bfloat16(uint32_t bits, uint32_t drawn) {
    if ((bits >> 23 & 255) == 255) {
        return bits >> 16 | (bits & 0x7FFFFF ? 64 : 0);
    }
    uint32_t up = (bits + drawn) >> 16;
    return (up >> 7 & 255) == 255 ? bits >> 16 : up;
}

// d[i] = rounded(src[2 i], even) | rounded(src[2 i + 1], odd) << 16, rounded(x, r) = (x's bits + r) >> 16
// d [n], src [2 * n]; even, odd: the upper 16 bits of the words drawn for (key, stream, step, i)
static int32_t run_to_bfloat16(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    const uint32_t key = (uint32_t)*integer_at(vm, fields[TO_BFLOAT16_KEY]);
    const uint32_t step = (uint32_t)*integer_at(vm, fields[TO_BFLOAT16_STEP]);
    const uint32_t stream = (uint32_t)fields[TO_BFLOAT16_STREAM];
    word_of_float *d = (word_of_float *)floats_at(vm, fields[TO_BFLOAT16_D]);
    const word_of_float *src = (const word_of_float *)floats_at(vm, fields[TO_BFLOAT16_SRC]);
    for (int32_t i = first; i < last; i++) {
        uint32_t even, odd;
        threefry(key, stream, step, (uint32_t)i, &even, &odd);
        d[i] = rounded_to_bfloat16(src[2 * i], even >> 16) | rounded_to_bfloat16(src[2 * i + 1], odd >> 16) << 16;
    }
    return last;
}

// d[2 i], d[2 i + 1] = the two that src[i] holds, exactly
// d [2 * n], src [n]
static int32_t run_from_bfloat16(const ember_vm *vm, const int32_t *fields, int32_t first, int32_t last) {
    word_of_float *d = (word_of_float *)floats_at(vm, fields[FROM_BFLOAT16_D]);
    const word_of_float *src = (const word_of_float *)floats_at(vm, fields[FROM_BFLOAT16_SRC]);
    for (int32_t i = first; i < last; i++) {
        d[2 * i] = src[i] << 16;
        d[2 * i + 1] = src[i] & 0xFFFF0000u;
    }
    return last;
}
