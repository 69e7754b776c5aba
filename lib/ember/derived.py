"""What recording and the choice of a VM need of the instruction table: a board need not load that.
Made by tools/generate.py from table.py: do not edit.
"""

CHECKSUM = 2944378  # of the table: a native VM built from another one is not used

# By opcode, the pairs of operands that may lie in the same place: result, source, how many dimensions, and
# for each dimension the fields of their strides (255: contiguous).
COINCIDE = (
    b"\x05\x06\x01\xff\x03\x05\x07\x01\xff\x04",  # map
    b"\x12\x13\x04\x06\x0a\x07\x0b\x08\x0c\x09\x0d\x12\x14\x04\x06\x0e\x07\x0f\x08\x10\x09\x11",  # map_strided
    b"",  # matmul
    b"",  # conv2d
    b"",  # conv2d_grad_input
    b"",  # conv2d_grad_weight
    b"",  # max_pool2d
    b"",  # max_pool2d_grad
    b"\x03\x04\x01\xff\xff",  # softmax
    b"\x04\x05\x01\xff\xff\x04\x06\x01\xff\xff",  # softmax_grad
    b"\x03\x04\x01\xff\xff",  # cross_entropy
    b"\x03\x04\x01\xff\xff",  # cross_entropy_grad
    b"",  # check_index
    b"",  # count_correct
    b"\x04\x05\x01\xff\xff",  # dropout
    b"",  # uniform
    b"",  # convert
    b"",  # count
    b"",  # sgd
    b"",  # adam
    b"",  # gather
    b"",  # scatter_add
    b"\x05\x06\x01\xff\xff",  # scan
    b"",  # argsort
    b"\x09\x0c\x04\x05\x05\x06\x06\x07\x07\x08\x08",  # normalize
    b"\x0a\x0b\x04\x05\x05\x06\x06\x07\x07\x08\x08\x0a\x0c\x04\x05\x05\x06\x06\x07\x07\x08\x08",  # normalize_grad
    b"",  # rmsprop
    b"",  # adagrad
    b"",  # adadelta
    b"",  # lion
    b"",  # adan
    b"",  # rnn
    b"\x05\x07\x01\xff\xff",  # rnn_grad
    b"",  # gru
    b"\x04\x07\x01\xff\xff",  # gru_grad
    b"",  # lstm
    b"\x04\x08\x01\xff\xff",  # lstm_grad
)
