"""The instruction table: the narrow waist of Ember. One row an opcode; everything else that must know
instructions (C header, both verifiers, disassembler, planner, cost, reference) is derived from it.

A device with the native VM does not load it: what recording needs of it is in derived.py.
"""

from .isa import TYPES

# What a native VM may be built without, but for the core, which MLPs need. `components` of a VM has a bit for each.
COMPONENTS = (
    "core", "convolution", "pooling", "recurrent", "index", "normalization", "signal", "optimizers", "functions",
)

# What a map does to each element: name, operands, cost in eighths of a multiply-accumulate, component.
# d is the result and y an operation's own result, g the gradient that reaches it.
FUNCTIONS = (
    ("copy", 1, 6, "core"),  # a
    ("neg", 1, 6, "core"),  # -a
    ("abs", 1, 6, "core"),
    ("sqrt", 1, 20, "core"),  # correctly rounded
    ("exp", 1, 80, "core"),
    ("log", 1, 80, "core"),
    ("tanh", 1, 120, "core"),
    ("sigmoid", 1, 120, "core"),
    ("relu", 1, 8, "core"),  # 0 where a < 0, else a: NaN stays NaN
    ("floor", 1, 12, "functions"),
    ("round", 1, 12, "functions"),  # halves to the even number
    ("expm1", 1, 100, "functions"),  # e to the a, less 1
    ("log1p", 1, 120, "core"),  # log(1 + a)
    ("sin", 1, 200, "core"),
    ("cos", 1, 200, "core"),
    ("erf", 1, 120, "functions"),
    ("add", 2, 8, "core"),
    ("sub", 2, 8, "core"),
    ("mul", 2, 8, "core"),
    ("div", 2, 20, "core"),
    ("maximum", 2, 10, "core"),  # a where a >= b or a is NaN, else b
    ("minimum", 2, 10, "core"),  # a where a <= b or a is NaN, else b
    ("pow", 2, 200, "functions"),
    ("eq", 2, 8, "core"),  # 1 where a == b, else 0
    ("gt", 2, 8, "core"),  # 1 where a > b, else 0
    ("relu_grad", 2, 8, "core"),  # a = y, b = g: 0 where y <= 0, else g: NaN lets it pass
    ("tanh_grad", 2, 12, "core"),  # a = y, b = g: g * (1 - y * y)
    ("sigmoid_grad", 2, 12, "core"),  # a = y, b = g: g * (y * (1 - y))
    ("sqrt_grad", 2, 24, "core"),  # a = y, b = g: (0.5 * g) / y
    ("remainder", 2, 200, "functions"),  # a - floor(a / b) * b, exact but for one rounding
    ("atan2", 2, 160, "functions"),  # the angle of the point (b, a)
    ("keep", 2, 8, "core"),  # b where a is not 0, else 0
)

# A row: name | fields | may coincide | resume | cost | weight | effect | component
#
# Fields, in the order of their words:
#   n#         a size: 1 .. LIMIT, or below zero: times rows
#   s~         a stride in elements: -LIMIT < s < LIMIT
#   i:lo..hi   an immediate; without hi, the number of a function
#   x<f[…]     an address: < read, > written, ^ read and written, + written and, where `into` is not 0, read
#              (an accumulating sum starts from what is there);
#              then the element types allowed (f float32, i int32, x any integer, * any);
#              then how far it reaches: dimensions separated by commas, each a product of fields and numbers,
#              @ its stride (a field or 1). A product of 0 touches nothing.
# May coincide: pairs of operands that may be identical (same address, same dimensions); every other pair
#   of which one is written must be disjoint.
# Resume: the product of fields along which the instruction can stop and go on; one of these is a row.
# Cost: of a row, the product of fields, times weight, in eighths of a multiply-accumulate (0: that of its function,
#   the first field). Effect: 1 where running it twice is not running it once, so recomputation leaves it alone.
_IMAGE = "n# h:1..32767 w:1..32767 c:1..32767 "
_WINDOW = (
    "out_h:1..32767 out_w:1..32767 k_h:1..32767 k_w:1..32767 s_h:1..32767 s_w:1..32767 p_h:0..32767 p_w:0..32767 "
)
_NORMALIZED = "n@s_n,m@s_m,h@s_h,w@s_w"
_CONV = _IMAGE + "f:1..32767 groups:1..32767 " + _WINDOW + "d_h:1..32767 d_w:1..32767 "

TABLE = (
    # d[i] = into(d[i], fn(a[i * a_step], b[i * b_step]))
    ("map", "fn:0.. into:0..4 n# a_step:0..1 b_step:0..1 d+f[n] a<f[n@a_step] b<f[n@b_step]",
     "d=a d=b", "n", "1", 0, 0, "core"),
    # the same over four dimensions, each operand with strides of its own: broadcasting, transposing,
    # slicing, and reducing where a stride of d is 0
    ("map_strided", "fn:0.. into:0..4 n0# n1# n2# n3# d0~ d1~ d2~ d3~ a0~ a1~ a2~ a3~ b0~ b1~ b2~ b3~ "
     "d+f[n0@d0,n1@d1,n2@d2,n3@d3] a<f[n0@a0,n1@a1,n2@a2,n3@a3] b<f[n0@b0,n1@b1,n2@b2,n3@b3]",
     "d=a d=b", "n0*n1*n2", "n3", 0, 0, "core"),
    # c[i, m, n] = into(c, sum over k of a[i, m, k] * b[i, k, n])
    ("matmul", "into:0..1 batch# m# n# k# c_batch~ c_m~ a_batch~ a_m~ a_k~ b_batch~ b_k~ b_n~ "
     "c+f[batch@c_batch,m@c_m,n] a<f[batch@a_batch,m@a_m,k@a_k] b<f[batch@b_batch,k@b_k,n@b_n]",
     "", "batch*m", "n*k", 8, 0, "core"),
    # x [n, h, w, groups * c], weight [k_h, k_w, c, groups * f], y [n, out_h, out_w, groups * f]
    ("conv2d", "into:0..1 " + _CONV + "y+f[n*out_h*out_w*groups*f] x<f[n*h*w*groups*c] "
     "weight<f[k_h*k_w*c*groups*f]", "", "n*out_h", "out_w*groups*f*k_h*k_w*c", 10, 0, "convolution"),
    ("conv2d_grad_input", "into:0..1 " + _CONV + "dx+f[n*h*w*groups*c] g<f[n*out_h*out_w*groups*f] "
     "weight<f[k_h*k_w*c*groups*f]", "", "n*h", "w*groups*f*k_h*k_w*c", 10, 0, "convolution"),
    ("conv2d_grad_weight", "into:0..1 " + _CONV + "dw+f[k_h*k_w*c*groups*f] x<f[n*h*w*groups*c] "
     "g<f[n*out_h*out_w*groups*f]", "", "k_h*k_w*c", "n*out_h*out_w*groups*f", 10, 0, "convolution"),
    ("max_pool2d", _IMAGE + _WINDOW + "y>f[n*out_h*out_w*c] x<f[n*h*w*c]",
     "", "n*out_h", "out_w*c*k_h*k_w", 12, 0, "pooling"),
    # adds g to the element of dx that was the window's maximum, found again from x
    ("max_pool2d_grad", _IMAGE + _WINDOW + "dx^f[n*h*w*c] x<f[n*h*w*c] g<f[n*out_h*out_w*c]",
     "", "n*out_h", "out_w*c*k_h*k_w", 14, 0, "pooling"),
    # form 1: the logarithm; 2: a row that is all -inf gives 0, where else it gives NaN
    ("softmax", "form:0..2 n# width:1..16777216 y>f[n*width] x<f[n*width]", "y=x", "n", "width", 110, 0, "core"),
    ("softmax_grad", "log:0..1 into:0..1 n# width:1..16777216 dx+f[n*width] y<f[n*width] g<f[n*width]",
     "dx=y dx=g", "n", "width", 40, 0, "core"),
    # loss[i] = log(sum(exp(x[i]))) - x[i, label[i]], p = softmax(x)
    ("cross_entropy", "n# width:1..16777216 loss>f[n] p>f[n*width] x<f[n*width] label<x[n]",
     "p=x", "n", "width", 110, 0, "core"),
    # dx[i, j] = into(dx, (p[i, j] - (j == label[i])) * g[i])
    ("cross_entropy_grad", "into:0..1 n# width:1..16777216 dx+f[n*width] p<f[n*width] label<x[n] g<f[n]",
     "dx=p", "n", "width", 12, 0, "core"),
    # stops with a fault at the first index outside 0 .. high - 1
    ("check_index", "n# high:1..16777216 index<x[n]", "", "n", "1", 6, 0, "core"),
    # counter += how many rows of x have their first maximum at label
    ("count_correct", "n# width:1..16777216 counter^i[1] x<f[n*width] label<x[n]", "", "n", "width", 10, 1, "core"),
    # y[i, j] = into(y, x[i, j] / (1 - p) where bits(key, stream, step, (sample + i) * width + j) keep it)
    ("dropout", "into:0..1 n# width:1..16777216 stream:0..1073741823 y+f[n*width] x<f[n*width] p<f[1] key<i[1] "
     "step<i[1] sample<i[1]", "y=x", "n", "width", 250, 0, "core"),
    # d[i, j] = low + (high - low) * u(key, stream, step if fresh else 0, (sample + i) * width + j), range = [low, high]
    ("uniform", "fresh:0..1 n# width:1..16777216 stream:0..1073741823 d>f[n*width] range<f[2] key<i[1] step<i[1] "
     "sample<i[1]", "", "n", "width", 250, 0, "core"),
    # d[i, c] = src[i, c] * affine[c] + affine[channels + c]
    ("convert", "n# channels:1..16777216 d>f[n*channels] src<*[n*channels] affine<f[channels*2]", "", "n", "channels",
     12, 0, "core"),
    # counter = counter * keep + n * add
    ("count", "keep:0..1 add:0..1 n# counter^i[1]", "", "1", "1", 8, 1, "core"),
    # gradients are sums of weights that come to `total`. hyper = [lr, momentum, dampening, weight_decay]
    ("sgd", "momentum:0..1 nesterov:0..1 n# p^f[n] g<f[n] v^f[n*momentum] hyper<f[4] step<i[1] total<f[1]",
     "", "n", "1", 24, 1, "core"),
    # hyper = [lr, beta1, beta2, eps, weight_decay]; decoupled 2: cautious
    ("adam", "decoupled:0..2 amsgrad:0..1 n# p^f[n] g<f[n] m^f[n] v^f[n] most^f[n*amsgrad] hyper<f[5] step<i[1] "
     "total<f[1]", "", "n", "1", 120, 1, "core"),
    # y[o, i, j] = into(y[o, i, j], x[o, index[o, i, j], j])
    ("gather", "into:0..1 outer# n# inner# high# i_outer~ i_n~ i_inner~ y+f[outer*n*inner] x<f[outer*high*inner] "
     "index<*[outer@i_outer,n@i_n,inner@i_inner]", "", "outer*n", "inner", 12, 0, "index"),
    # y[o, index[o, i, j], j] += x[o, i, j]
    ("scatter_add", "outer# n# inner# high# i_outer~ i_n~ i_inner~ y^f[outer*high*inner] x<f[outer*n*inner] "
     "index<*[outer@i_outer,n@i_n,inner@i_inner]", "", "outer*n", "inner", 12, 0, "index"),
    # y[o, i, j] = fn(y[o, i - 1, j], x[o, i, j]), from the last i to the first if reverse
    ("scan", "fn:0.. reverse:0..1 outer# n# inner# y>f[outer*n*inner] x<f[outer*n*inner]",
     "y=x", "outer", "n*inner", 0, 0, "index"),
    # y[i] = the order in which row i is sorted: stable, NaN the greatest
    ("argsort", "descending:0..1 n# width:1..16777216 y>f[n*width] x<f[n*width]", "", "n", "width", 100, 0, "index"),
    # over h and w: y = (x - mean) / sqrt(var + eps); unless `center`, mean is 0 and var the mean square
    ("normalize", "center:0..1 n# m# h# w# s_n~ s_m~ s_h~ s_w~ y>f[" + _NORMALIZED + "] mean>f[n*m] var>f[n*m] x<f["
     + _NORMALIZED + "] eps<f[1]", "y=x", "n*m", "h*w", 70, 0, "normalization"),
    # dx = into(dx, (g - mean(g) - y * mean(g * y)) / sqrt(var + eps)); unless `center`, without mean(g)
    ("normalize_grad", "center:0..1 n# m# h# w# s_n~ s_m~ s_h~ s_w~ into:0..1 dx+f[" + _NORMALIZED + "] y<f["
     + _NORMALIZED + "] g<f[" + _NORMALIZED + "] var<f[n*m] eps<f[1]", "dx=y dx=g", "n*m", "h*w", 70, 0,
     "normalization"),
    # hyper = [lr, alpha, eps, weight_decay, momentum]
    ("rmsprop", "centered:0..1 momentum:0..1 n# p^f[n] g<f[n] v^f[n] a^f[n*centered] b^f[n*momentum] hyper<f[5] "
     "total<f[1]", "", "n", "1", 80, 1, "optimizers"),
    # hyper = [lr, lr_decay, eps, weight_decay]
    ("adagrad", "n# p^f[n] g<f[n] v^f[n] hyper<f[4] step<i[1] total<f[1]", "", "n", "1", 80, 1, "optimizers"),
    # hyper = [lr, rho, eps, weight_decay]
    ("adadelta", "n# p^f[n] g<f[n] v^f[n] a^f[n] hyper<f[4] total<f[1]", "", "n", "1", 120, 1, "optimizers"),
    # hyper = [lr, beta1, beta2, weight_decay]
    ("lion", "n# p^f[n] g<f[n] m^f[n] hyper<f[4] total<f[1]", "", "n", "1", 40, 1, "optimizers"),
    # hyper = [lr, beta1, beta2, beta3, eps, weight_decay]
    ("adan", "n# p^f[n] g<f[n] m^f[n] v^f[n] s^f[n] before^f[n] hyper<f[6] step<i[1] total<f[1]", "", "n", "1", 160, 1,
     "optimizers"),
    # Whole sequences, one step after the other. h holds the input's part and becomes the states
    ("rnn", "relu:0..1 reverse:0..1 n# steps# hidden# h^f[n*steps*hidden] w<f[hidden*hidden] start<f[n*hidden]",
     "", "steps", "n*hidden*hidden", 10, 0, "recurrent"),
    # da becomes the gradient before the function; carry holds the gradient of the last state, and becomes start's
    ("rnn_grad", "relu:0..1 reverse:0..1 n# steps# hidden# da>f[n*steps*hidden] carry^f[n*hidden] g<f[n*steps*hidden] "
     "h<f[n*steps*hidden] w<f[hidden*hidden]", "da=g", "steps", "n*hidden*hidden", 10, 0, "recurrent"),
    # gates: r z n, and what r is multiplied with
    ("gru", "reverse:0..1 n# steps# hidden# h>f[n*steps*hidden] gates^f[n*steps*4*hidden] w<f[hidden*3*hidden] "
     "start<f[n*hidden]", "", "steps", "n*hidden*3*hidden", 12, 0, "recurrent"),
    ("gru_grad", "reverse:0..1 n# steps# hidden# da>f[n*steps*4*hidden] carry^f[n*hidden] g<f[n*steps*hidden] "
     "gates<f[n*steps*4*hidden] h<f[n*steps*hidden] w<f[hidden*3*hidden] start<f[n*hidden]", "da=gates", "steps",
     "n*hidden*3*hidden", 12, 0, "recurrent"),
    # gates: i f g o
    ("lstm", "reverse:0..1 n# steps# hidden# h>f[n*steps*hidden] c>f[n*steps*hidden] gates^f[n*steps*4*hidden] "
     "w<f[hidden*4*hidden] start<f[n*hidden] start_c<f[n*hidden]", "", "steps", "n*hidden*4*hidden", 12, 0,
     "recurrent"),
    ("lstm_grad", "reverse:0..1 n# steps# hidden# da>f[n*steps*4*hidden] carry^f[n*hidden] carry_c^f[n*hidden] "
     "g<f[n*steps*hidden] gates<f[n*steps*4*hidden] c<f[n*steps*hidden] w<f[hidden*4*hidden] start_c<f[n*hidden]",
     "da=gates", "steps", "n*hidden*4*hidden", 12, 0, "recurrent"),
    # an element of d holds two bfloat16, the first in its low half; src as float32 that is rounded up with the chance
    # that makes it right on average
    ("to_bfloat16", "n# stream:0..1073741823 d>f[n] src<f[n*2] key<i[1] step<i[1]", "", "n", "1", 250, 0, "optimizers"),
    ("from_bfloat16", "n# d>f[n*2] src<f[n]", "", "n", "1", 12, 0, "optimizers"),
    # y[i · y] = the sum over h and w of fn(a[i · a + h * a_h + w * a_w], b[…]), or of its square, kept in two floats;
    # a term costs about four times its function
    ("sum", "fn:0.. square:0..1 n0# n1# n2# n3# h# w# y0~ y1~ y2~ y3~ a0~ a1~ a2~ a3~ a_h~ a_w~ b0~ b1~ b2~ b3~ b_h~ "
     "b_w~ y>f[n0@y0,n1@y1,n2@y2,n3@y3] a<f[n0@a0,n1@a1,n2@a2,n3@a3,h@a_h,w@a_w] "
     "b<f[n0@b0,n1@b1,n2@b2,n3@b3,h@b_h,w@b_w]", "", "n0*n1*n2*n3", "h*w*4", 0, 0, "core"),
    # y[i, k] = f(k) * (the sum over j of x[i, j] * e^(-2 pi i jk / N)), k = 0 .. half, as pairs; N = 2 * half, half is
    # 2^levels; f is scale[0] at both ends, else scale[1]; wave[j] = sin(2 pi j / N). A row of y has N + 2 elements
    ("rfft", "n# half:1..32768 levels:0..15 y>f[n*half*2,n*2,2] x<f[n*half*2] wave<f[half] scale<f[2]", "", "n",
     "half*levels", 60, 0, "signal"),
    # its transpose: x[i, j] = the sum over k of f(k) * (y[i, k, 0] * cos(2 pi jk / N) - y[i, k, 1] * sin(2 pi jk / N))
    ("rfft_transposed", "n# half:1..32768 levels:0..15 x>f[n*half*2] y<f[n*half*2,n*2,2] wave<f[half] scale<f[2]", "",
     "n", "half*levels", 60, 0, "signal"),
    # along n: y = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2) x, coefficients = [b0, b1, b2, a1, a2];
    # transposed: from the last to the first. start (0 unless `given`) and end are the state on both sides
    ("biquad", "transposed:0..1 given:0..1 kept:0..1 outer# n# inner# y>f[outer*n*inner] x<f[outer*n*inner] "
     "coefficients<f[5] start<f[outer*2*inner*given] end>f[outer*2*inner*kept]", "y=x end=start", "outer", "n*inner",
     40, 0, "signal"),
    # finishes the run, whatever was to follow, where go is 0
    ("stop", "go<f[1]", "", "1", "1", 8, 1, "core"),
    # ends the run, with a result of its own, at the first a[i] for which a[i] / total is not finite, or, where
    # `squared`, (a[i] / total)^2 is not
    ("check_finite", "squared:0..1 n# a<f[n] total<f[1]", "", "n", "1", 8, 0, "core"),
)

NAME, FIELDS, COINCIDE, RESUME, COST, WEIGHT, EFFECT, COMPONENT = 0, 1, 2, 3, 4, 5, 6, 7

# Rows and functions are appended, never changed: programs of older tables go on running. How many of both there were
# whenever some had been appended; a file says by its checksum which of these it takes.
EDITIONS = ((44, 32), (45, 32))


def function(name):
    """The number of a map's function."""
    for i in range(len(FUNCTIONS)):
        if FUNCTIONS[i][0] == name:
            return i
    raise ValueError("no map function %r" % name)


# Kinds of a parsed field.
SIZE, STRIDE, IMMEDIATE, ADDRESS = 0, 1, 2, 3
READS, WRITES, UPDATES, ACCUMULATES = "<", ">", "^", "+"


def parse(opcode):
    """The row's fields as a list of tuples, names replaced by positions:

    (SIZE, name), (STRIDE, name), (IMMEDIATE, name, low, high),
    (ADDRESS, name, access, types, dimensions): types a string of typecodes, dimensions a list of
    (factors, stride): factors a list of field positions, stride a field position or -1 for contiguous;
    a literal number k in a product or as a stride of 1 stands as -k in factors.
    """
    words = TABLE[opcode][FIELDS].split()
    names = []
    for word in words:
        end = 0
        while end < len(word) and (word[end].isalpha() or word[end].isdigit() or word[end] == "_"):
            end += 1
        names.append(word[:end])
    fields = []
    for name, word in zip(names, words):
        rest = word[len(name):]
        if rest[0] == "#":
            fields.append((SIZE, name))
        elif rest[0] == "~":
            fields.append((STRIDE, name))
        elif rest[0] == ":":
            low, high = rest[1:].split("..")
            fields.append((IMMEDIATE, name, int(low), int(high) if high else len(FUNCTIONS) - 1))
        else:
            types = {"f": "f", "i": "i", "x": TYPES[1:], "*": TYPES}[rest[1]]
            dimensions = []
            for part in rest[3:-1].split(","):
                factors, _, stride = part.partition("@")
                dimensions.append((product(factors, names), names.index(stride) if stride else -1))
            fields.append((ADDRESS, name, rest[0], types, dimensions))
    return fields


def product(text, names):
    """A product of fields and numbers as a list: positions of fields, or -k for the number k."""
    return [-int(part) if part.isdigit() else names.index(part) for part in text.split("*")]


def checksum(rows=len(TABLE), functions=len(FUNCTIONS)):  # noqa: B008
    """A number that differs when the first rows and functions differ, of whatever component: a native VM built from
    another table is not used."""
    total, last = 0, "fn:0..%d" % (functions - 1)
    for row in TABLE[:rows] + FUNCTIONS[:functions]:
        for part in row[:-1]:
            for character in str(part).replace("fn:0..", last):
                total = (total * 31 + ord(character)) & 0x3FFFFF
    return total
