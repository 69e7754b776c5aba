// The verifier: a loop over the tables in isa.h, in the order that docs/vm.md lays down. What it accepts runs
// unchecked, so it trusts nothing: every word may hold anything.

enum { HEADER = 1, SECTION, OPCODE, TRUNCATED, SIZE, IMMEDIATE, STRIDE, SEGMENT, TYPE, READ_ONLY, RANGE, OVERLAP, ABSENT };

#define VERDICT(kind, word) ((int32_t)((uint32_t)(kind) << 24 | (uint32_t)(word)))

// Products stop growing here: far above what any segment holds.
#define SATURATED INT32_MAX

static int32_t multiply_saturated(int32_t a, int32_t b) {
    int64_t product = (int64_t)a * b;
    return product > SATURATED ? SATURATED : (int32_t)product;
}

// A size word's value: below zero it is that many times rows. Sizes are verified first: no overflow.
static inline int32_t size_of(int32_t word, int32_t rows) {
    return word < 0 ? -word * rows : word;
}

// The product at `place` of fields whose sizes are words still.
static int32_t product_of(uint32_t place, const int32_t *fields, uint32_t sizes, int32_t rows) {
    const uint8_t *factors = ember_products + place;
    int32_t total = 1;
    for (uint32_t count = *factors++; count; count--, factors++) {
        int32_t value;
        if (*factors >= EMBER_LITERAL) {
            value = *factors - EMBER_LITERAL;
        } else {
            value = fields[*factors];
            if (*factors < 8 && (sizes >> *factors & 1)) {
                value = size_of(value, rows);
            }
        }
        total = multiply_saturated(total, value);
    }
    return total;
}

// How far an operand reaches: false where it touches nothing.
static bool reach(const uint8_t *dimensions, const int32_t *fields, uint32_t sizes, int32_t rows,
                  int64_t offset, int64_t *lowest, int64_t *highest) {
    *lowest = *highest = offset;
    bool touches = true;
    for (uint32_t count = *dimensions++; count; count--, dimensions += 2) {
        int64_t size = product_of(dimensions[0], fields, sizes, rows);
        int64_t stride = dimensions[1] == EMBER_CONTIGUOUS ? 1 : fields[dimensions[1]];
        int64_t span = (size - 1) * stride;
        touches = touches && size > 0;
        *(span < 0 ? lowest : highest) += span;
    }
    return touches;
}

// Whether two operands have equal sizes and strides throughout.
static bool same_shape(const uint8_t *a, const uint8_t *b, const int32_t *fields, uint32_t sizes, int32_t rows) {
    uint32_t count = *a;
    if (count != *b) {
        return false;
    }
    for (a++, b++; count; count--, a += 2, b += 2) {
        int32_t a_stride = a[1] == EMBER_CONTIGUOUS ? 1 : fields[a[1]];
        int32_t b_stride = b[1] == EMBER_CONTIGUOUS ? 1 : fields[b[1]];
        if (a_stride != b_stride
            || product_of(a[0], fields, sizes, rows) != product_of(b[0], fields, sizes, rows)) {
            return false;
        }
    }
    return true;
}

static int32_t verify_operands(const int32_t *program, uint32_t pc, const uint8_t *record, uint32_t sizes) {
    const int32_t *fields = program + pc + 1;
    int32_t max_rows = program[2], segments = program[3];
    uint32_t position = *record;
    record += 1 + position;
    uint32_t operands = *record++;
    const uint8_t *types[EMBER_MOST_OPERANDS];  // then, an operand's dimensions
    int64_t lowest[EMBER_MOST_OPERANDS], highest[EMBER_MOST_OPERANDS];
    uint32_t touching = 0;

    for (uint32_t k = 0; k < operands; k++) {
        uint32_t word = pc + 1 + position + k;
        int32_t address = program[word];
        types[k] = record;
        record += 2 + 2 * record[1];
        if (address < 0 || address >> 24 >= segments) {
            return VERDICT(SEGMENT, word);
        }
        const int32_t *segment = program + 5 + 3 * (address >> 24);
        if (!(types[k][0] >> (segment[0] & 7) & 1)) {
            return VERDICT(TYPE, word);
        }
        if ((types[k][0] & EMBER_WRITTEN) && !(segment[0] & EMBER_WRITABLE)) {
            return VERDICT(READ_ONLY, word);
        }
        int32_t rows = 1;
        do {  // at one row and at most: between the two everything is affine or convex
            bool touches = reach(types[k] + 1, fields, sizes, rows, address & 0xFFFFFF, &lowest[k], &highest[k]);
            if (touches && (lowest[k] < 0 || highest[k] >= segment[1] + (int64_t)segment[2] * rows)) {
                return VERDICT(RANGE, word);
            }
            touching = (touching & ~(1u << k)) | (uint32_t)touches << k;
        } while (rows != max_rows && (rows = max_rows));
        // The first integer slot is rows, which is Python's to say.
        if ((types[k][0] & EMBER_WRITTEN) && address >> 24 == EMBER_INTS && (touching >> k & 1) && !lowest[k]) {
            return VERDICT(READ_ONLY, word);
        }
    }

    uint32_t pairs = *record++;
    for (uint32_t i = 0; i < operands; i++) {
        for (uint32_t j = i + 1; j < operands; j++) {
            int32_t a = fields[position + i], b = fields[position + j];
            if (!((types[i][0] | types[j][0]) & EMBER_WRITTEN) || a >> 24 != b >> 24
                || !(touching >> i & touching >> j & 1)) {
                continue;
            }
            if (a == b) {
                bool named = false;
                for (uint32_t k = 0; k < pairs; k++) {
                    named = named || record[k] == (i << 4 | j);
                }
                if (named && same_shape(types[i] + 1, types[j] + 1, fields, sizes, max_rows)) {
                    continue;
                }
            }
            if (lowest[i] <= highest[j] && lowest[j] <= highest[i]) {
                return VERDICT(OVERLAP, pc + 1 + position + j);
            }
        }
    }
    return 0;
}

static int32_t verify_instruction(const int32_t *program, uint32_t pc, uint32_t end) {
    uint32_t opcode = (uint32_t)program[pc];
    if (opcode >= EMBER_OPCODES) {
        return VERDICT(OPCODE, pc);
    }
    if (!ember_words[opcode]) {
        return VERDICT(ABSENT, pc);
    }
    if (ember_words[opcode] > end - pc) {
        return VERDICT(TRUNCATED, pc);
    }
    const int32_t *fields = program + pc + 1;
    const uint8_t *record = ember_records + ember_record[opcode];
    int32_t max_rows = program[2];
    for (uint32_t k = 0; k < record[0]; k++) {
        int32_t value = fields[k];
        uint32_t kind = record[1 + k];
        if (kind == 0) {
            if (value == 0 || value > EMBER_LIMIT || -(int64_t)value * max_rows > EMBER_LIMIT) {
                return VERDICT(SIZE, pc + 1 + k);
            }
        } else if (kind == 1) {
            if (value <= -EMBER_LIMIT || value >= EMBER_LIMIT) {
                return VERDICT(STRIDE, pc + 1 + k);
            }
        } else if (value < ember_limits[2 * (kind - 2)] || value > ember_limits[2 * (kind - 2) + 1]) {
            return VERDICT(IMMEDIATE, pc + 1 + k);
        } else if (k == 0 && !ember_weights[opcode] && (EMBER_LACKED >> value & 1)) {  // a function
            return VERDICT(ABSENT, pc + 1);
        }
    }
    if (product_of(ember_rows[opcode], fields, ember_sizes[opcode], max_rows) > 1 << 30
        || product_of(ember_cost[opcode], fields, ember_sizes[opcode], max_rows) > 1 << 30) {
        return VERDICT(SIZE, pc);
    }
    return verify_operands(program, pc, record, ember_sizes[opcode]);
}

static int32_t verify_header(const int32_t *program, size_t words) {
    if (words < 5 || program[0] != EMBER_MAGIC) {
        return VERDICT(HEADER, 0);
    }
    int32_t max_rows = program[2], segments = program[3], sections = program[4];
    if (words > EMBER_LIMIT || (size_t)program[1] != words) {  // a verdict has 24 bits for the word
        return VERDICT(HEADER, 1);
    }
    if (max_rows < 1 || max_rows > EMBER_LIMIT) {
        return VERDICT(HEADER, 2);
    }
    if (segments < EMBER_FIRST_BOUND || segments > EMBER_MOST_SEGMENTS) {
        return VERDICT(HEADER, 3);
    }
    if (sections < 1 || sections > EMBER_MOST_SECTIONS || words < (size_t)(5 + 3 * segments + sections)) {
        return VERDICT(HEADER, 4);
    }
    for (int32_t k = 0; k < segments; k++) {
        const int32_t *segment = program + 5 + 3 * k;
        int32_t flags = segment[0], type = flags & 7, word = 5 + 3 * k;
        if ((flags & ~(7 | EMBER_WRITABLE)) || type > EMBER_UINT32
            || (k < EMBER_FIRST_BOUND && type != (k == EMBER_INTS ? EMBER_INT32 : EMBER_FLOAT32))
            || (k == EMBER_CONSTANTS && flags != EMBER_FLOAT32)) {
            return VERDICT(HEADER, word);
        }
        if (segment[1] < (k == EMBER_INTS) || segment[1] > EMBER_LIMIT) {
            return VERDICT(HEADER, word + 1);
        }
        if (segment[2] < 0 || segment[2] > EMBER_LIMIT
            || segment[1] + (int64_t)segment[2] * max_rows > EMBER_LIMIT) {
            return VERDICT(HEADER, word + 2);
        }
    }
    return 0;
}

int32_t ember_verify(const int32_t *program, size_t words) {
    int32_t verdict = verify_header(program, words);
    if (verdict) {
        return verdict;
    }
    int32_t table = 5 + 3 * program[3], sections = program[4], start = table + sections, last = start;
    for (int32_t k = 0; k < sections; k++) {
        int32_t end = program[table + k];
        if (end < last || end > program[1] || (k == sections - 1 && end != program[1])) {
            return VERDICT(SECTION, table + k);
        }
        last = end;
    }
    for (int32_t k = 0, pc = start; k < sections; k++) {
        int32_t end = program[table + k];
        while (pc < end) {
            verdict = verify_instruction(program, (uint32_t)pc, (uint32_t)end);
            if (verdict) {
                return verdict;
            }
            pc += ember_words[program[pc]];
        }
    }
    return 0;
}
