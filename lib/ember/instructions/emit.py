"""An instruction by its name, and its operands by theirs, in this order: one that is wrong or missing is a
TypeError. For a board each call is written in place (tools/ember_tools/inline.py), and this is not there.
Made by tools/generate.py from table.py: do not edit.
"""


def map(sink, fn, into, n, a_step, b_step, d, a, b):
    sink.emit(0, fn, into, n, a_step, b_step, d, a, b)


def map_strided(sink, fn, into, n0, n1, n2, n3, d0, d1, d2, d3, a0, a1, a2, a3, b0, b1, b2, b3, d, a, b):
    sink.emit(1, fn, into, n0, n1, n2, n3, d0, d1, d2, d3, a0, a1, a2, a3, b0, b1, b2, b3, d, a, b)


def matmul(sink, into, batch, m, n, k, c_batch, c_m, a_batch, a_m, a_k, b_batch, b_k, b_n, c, a, b):
    sink.emit(2, into, batch, m, n, k, c_batch, c_m, a_batch, a_m, a_k, b_batch, b_k, b_n, c, a, b)


def conv2d(sink, into, n, h, w, c, f, groups, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, d_h, d_w, y, x, weight):
    sink.emit(3, into, n, h, w, c, f, groups, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, d_h, d_w, y, x, weight)


def conv2d_grad_input(sink, into, n, h, w, c, f, groups, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, d_h, d_w, dx, g,
                      weight):
    sink.emit(4, into, n, h, w, c, f, groups, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, d_h, d_w, dx, g, weight)


def conv2d_grad_weight(sink, into, n, h, w, c, f, groups, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, d_h, d_w, dw, x,
                       g):
    sink.emit(5, into, n, h, w, c, f, groups, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, d_h, d_w, dw, x, g)


def max_pool2d(sink, n, h, w, c, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, y, x):
    sink.emit(6, n, h, w, c, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, y, x)


def max_pool2d_grad(sink, n, h, w, c, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, dx, x, g):
    sink.emit(7, n, h, w, c, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, dx, x, g)


def softmax(sink, form, n, width, y, x):
    sink.emit(8, form, n, width, y, x)


def softmax_grad(sink, log, into, n, width, dx, y, g):
    sink.emit(9, log, into, n, width, dx, y, g)


def cross_entropy(sink, n, width, loss, p, x, label):
    sink.emit(10, n, width, loss, p, x, label)


def cross_entropy_grad(sink, into, n, width, dx, p, label, g):
    sink.emit(11, into, n, width, dx, p, label, g)


def check_index(sink, n, high, index):
    sink.emit(12, n, high, index)


def count_correct(sink, n, width, counter, x, label):
    sink.emit(13, n, width, counter, x, label)


def dropout(sink, into, n, width, stream, y, x, p, key, step, sample):
    sink.emit(14, into, n, width, stream, y, x, p, key, step, sample)


def uniform(sink, fresh, n, width, stream, d, range, key, step, sample):
    sink.emit(15, fresh, n, width, stream, d, range, key, step, sample)


def convert(sink, n, channels, d, src, affine):
    sink.emit(16, n, channels, d, src, affine)


def count(sink, keep, add, n, counter):
    sink.emit(17, keep, add, n, counter)


def sgd(sink, momentum, nesterov, n, p, g, v, hyper, step, total):
    sink.emit(18, momentum, nesterov, n, p, g, v, hyper, step, total)


def adam(sink, decoupled, amsgrad, n, p, g, m, v, most, hyper, step, total):
    sink.emit(19, decoupled, amsgrad, n, p, g, m, v, most, hyper, step, total)


def gather(sink, into, outer, n, inner, high, i_outer, i_n, i_inner, y, x, index):
    sink.emit(20, into, outer, n, inner, high, i_outer, i_n, i_inner, y, x, index)


def scatter_add(sink, outer, n, inner, high, i_outer, i_n, i_inner, y, x, index):
    sink.emit(21, outer, n, inner, high, i_outer, i_n, i_inner, y, x, index)


def scan(sink, fn, reverse, outer, n, inner, y, x):
    sink.emit(22, fn, reverse, outer, n, inner, y, x)


def argsort(sink, descending, n, width, y, x):
    sink.emit(23, descending, n, width, y, x)


def normalize(sink, center, n, m, h, w, s_n, s_m, s_h, s_w, y, mean, var, x, eps):
    sink.emit(24, center, n, m, h, w, s_n, s_m, s_h, s_w, y, mean, var, x, eps)


def normalize_grad(sink, center, n, m, h, w, s_n, s_m, s_h, s_w, into, dx, y, g, var, eps):
    sink.emit(25, center, n, m, h, w, s_n, s_m, s_h, s_w, into, dx, y, g, var, eps)


def rmsprop(sink, centered, momentum, n, p, g, v, a, b, hyper, total):
    sink.emit(26, centered, momentum, n, p, g, v, a, b, hyper, total)


def adagrad(sink, n, p, g, v, hyper, step, total):
    sink.emit(27, n, p, g, v, hyper, step, total)


def adadelta(sink, n, p, g, v, a, hyper, total):
    sink.emit(28, n, p, g, v, a, hyper, total)


def lion(sink, n, p, g, m, hyper, total):
    sink.emit(29, n, p, g, m, hyper, total)


def adan(sink, n, p, g, m, v, s, before, hyper, step, total):
    sink.emit(30, n, p, g, m, v, s, before, hyper, step, total)


def rnn(sink, relu, reverse, n, steps, hidden, h, w, start):
    sink.emit(31, relu, reverse, n, steps, hidden, h, w, start)


def rnn_grad(sink, relu, reverse, n, steps, hidden, da, carry, g, h, w):
    sink.emit(32, relu, reverse, n, steps, hidden, da, carry, g, h, w)


def gru(sink, reverse, n, steps, hidden, h, gates, w, start):
    sink.emit(33, reverse, n, steps, hidden, h, gates, w, start)


def gru_grad(sink, reverse, n, steps, hidden, da, carry, g, gates, h, w, start):
    sink.emit(34, reverse, n, steps, hidden, da, carry, g, gates, h, w, start)


def lstm(sink, reverse, n, steps, hidden, h, c, gates, w, start, start_c):
    sink.emit(35, reverse, n, steps, hidden, h, c, gates, w, start, start_c)


def lstm_grad(sink, reverse, n, steps, hidden, da, carry, carry_c, g, gates, c, w, start_c):
    sink.emit(36, reverse, n, steps, hidden, da, carry, carry_c, g, gates, c, w, start_c)


def to_bfloat16(sink, n, stream, d, src, key, step):
    sink.emit(37, n, stream, d, src, key, step)


def from_bfloat16(sink, n, d, src):
    sink.emit(38, n, d, src)


def sum(sink, fn, square, n0, n1, n2, n3, h, w, y0, y1, y2, y3, a0, a1, a2, a3, a_h, a_w, b0, b1, b2, b3, b_h, b_w, y,
        a, b):
    sink.emit(39, fn, square, n0, n1, n2, n3, h, w, y0, y1, y2, y3, a0, a1, a2, a3, a_h, a_w, b0, b1, b2, b3, b_h, b_w,
              y, a, b)


def rfft(sink, n, half, levels, y, x, wave, scale):
    sink.emit(40, n, half, levels, y, x, wave, scale)


def rfft_transposed(sink, n, half, levels, x, y, wave, scale):
    sink.emit(41, n, half, levels, x, y, wave, scale)


def biquad(sink, transposed, given, kept, outer, n, inner, y, x, coefficients, start, end):
    sink.emit(42, transposed, given, kept, outer, n, inner, y, x, coefficients, start, end)


def stop(sink, go):
    sink.emit(43, go)


def check_finite(sink, squared, n, a, total):
    sink.emit(44, squared, n, a, total)
