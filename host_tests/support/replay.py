"""What docs/vm.md says in order and to the bit: plain loops over NumPy float32 scalars, each operation rounded alone.

exp, log, tanh, sigmoid and pow are the VM's own: where another definition needs exp or log, it is asked for."""

import types

import numpy as np

import bfloat16
import replay_signal
from ember.instructions import isa, table
from programs import FIELDS, Memory, instruction, run, spots
from random_numbers import uniforms

f = np.float32
ZERO, ONE = f(0), f(1)
HALF = f(0.5)


def maximum(a, b):
    return a if a >= b or a != a else b


def minimum(a, b):
    return a if a <= b or a != a else b


def power(x, exponent):
    """By binary exponentiation from the lowest bit."""
    r = ONE
    while exponent:
        if exponent & 1:
            r = r * x
        x = x * x
        exponent >>= 1
    return r


FUNCTIONS = {
    "copy": lambda a, b: a,
    "neg": lambda a, b: -a,
    "abs": lambda a, b: np.abs(a),
    "sqrt": lambda a, b: np.sqrt(a),
    "relu": lambda a, b: ZERO if a < 0 else a,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "maximum": maximum,
    "minimum": minimum,
    "eq": lambda a, b: ONE if a == b else ZERO,
    "gt": lambda a, b: ONE if a > b else ZERO,
    "relu_grad": lambda a, b: ZERO if a <= 0 else b,
    "tanh_grad": lambda a, b: b * (ONE - a * a),
    "sigmoid_grad": lambda a, b: b * (a * (ONE - a)),
    "sqrt_grad": lambda a, b: (HALF * b) / a,
    "floor": lambda a, b: np.floor(a),
    "round": lambda a, b: np.round(a),
    "remainder": lambda a, b: np.remainder(a, b),
    "keep": lambda a, b: b if a != 0 else ZERO,
}
INTO = (lambda d, x: x, lambda d, x: d + x, lambda d, x: d * x, maximum, minimum)


def ask(vm, name, values, other=None):
    """A map's function of an array of float32, by the VM."""
    values = np.ravel(np.asarray(values, f))
    m = Memory()
    d = m.put(isa.ARENA, np.zeros_like(values))
    a = m.put(isa.ARENA, values)
    b = a if other is None else m.put(isa.ARENA, np.ravel(np.asarray(other, f)))
    n = len(values)
    words = instruction("map", fn=table.function(name), into=0, n=n, a_step=1, b_step=1, d=d, a=a, b=b)
    buffers = m.copy()
    run(vm, m.program(words), buffers)
    return np.array(buffers[0][d : d + n], f)


def in_two_floats(terms, start=ZERO):
    """The sum: what each addition rounds away is added to the next term. Where that is not finite, the plain sum."""
    s, c, plain = start, ZERO, start
    for x in terms:
        y = x + c
        t = s + y
        c = y - (t - s)
        s = t
        plain = plain + x
    return s + c if np.isfinite(s + c) else plain


class Replay(bfloat16.Replay, replay_signal.Replay):
    """An instruction over float32 arrays that stand for the segments."""

    def __init__(self, vm, buffers):
        self.vm = vm
        self.memory = [np.array(x, f if x.typecode == "f" else np.int64) for x in buffers]
        self.rows = int(self.memory[isa.INTS][0])

    def run(self, words):
        name = table.TABLE[words[0]][table.NAME]
        fields = types.SimpleNamespace()
        for field, word in zip(FIELDS[name], words[1:]):
            setattr(fields, field[1], -word * self.rows if field[0] == table.SIZE and word < 0 else word)
        with np.errstate(all="ignore"):
            getattr(self, name)(fields)

    def part(self, place, count):
        """A view of count elements."""
        return self.memory[place >> 24][place & 0xFFFFFF : (place & 0xFFFFFF) + count]

    def map(self, i):
        self.elements(i, [(i.d + j, i.a + j * i.a_step, i.b + j * i.b_step) for j in range(i.n)])

    def map_strided(self, i):
        places = [
            spots(getattr(i, x), [i.n0, i.n1, i.n2, i.n3], [getattr(i, x + str(j)) for j in range(4)]).ravel()
            for x in "dab"
        ]
        self.elements(i, zip(*places))

    def elements(self, i, places):
        function, into = FUNCTIONS[table.FUNCTIONS[i.fn][0]], INTO[i.into]
        for d, a, b in places:
            d, a, b = ((self.memory[x >> 24], x & 0xFFFFFF) for x in (d, a, b))
            d[0][d[1]] = into(d[0][d[1]], function(a[0][a[1]], b[0][b[1]]))

    def sum(self, i):
        sizes = [i.n0, i.n1, i.n2, i.n3, i.h, i.w]
        a, b = (
            (self.memory[p >> 24], spots(p & 0xFFFFFF, sizes, steps).reshape(-1, i.h * i.w))
            for p, steps in (
                (i.a, [i.a0, i.a1, i.a2, i.a3, i.a_h, i.a_w]),
                (i.b, [i.b0, i.b1, i.b2, i.b3, i.b_h, i.b_w]),
            )
        )
        function = FUNCTIONS[table.FUNCTIONS[i.fn][0]]
        places = spots(i.y & 0xFFFFFF, sizes[:4], [i.y0, i.y1, i.y2, i.y3]).ravel()
        for place, left, right in zip(places, a[1], b[1]):
            terms = [function(a[0][p], b[0][q]) for p, q in zip(left, right)]
            self.memory[i.y >> 24][place] = in_two_floats([x * x for x in terms] if i.square else terms)

    def matmul(self, i):
        cs, a, b = (self.memory[place >> 24] for place in (i.c, i.a, i.b))
        for batch in range(i.batch):
            for row in range(i.m):
                for column in range(i.n):
                    c = (i.c & 0xFFFFFF) + batch * i.c_batch + row * i.c_m + column
                    total = cs[c] if i.into else ZERO
                    for k in range(i.k):
                        total = total + (
                            a[(i.a & 0xFFFFFF) + batch * i.a_batch + row * i.a_m + k * i.a_k]
                            * b[(i.b & 0xFFFFFF) + batch * i.b_batch + k * i.b_k + column * i.b_n]
                        )
                    cs[c] = total

    def images(self, i, x, y, weight):
        return (
            self.part(x, i.n * i.h * i.w * i.groups * i.c).reshape(i.n, i.h, i.w, -1),
            self.part(y, i.n * i.out_h * i.out_w * i.groups * i.f).reshape(i.n, i.out_h, i.out_w, -1),
            self.part(weight, i.k_h * i.k_w * i.c * i.groups * i.f).reshape(i.k_h, i.k_w, i.c, -1),
        )

    def conv2d(self, i):
        x, y, weight = self.images(i, i.x, i.y, i.weight)
        for n, row, column, o in np.ndindex(y.shape):
            total = y[n, row, column, o] if i.into else ZERO
            for k_row, k_column, c in np.ndindex(i.k_h, i.k_w, i.c):
                r, s = row * i.s_h - i.p_h + k_row * i.d_h, column * i.s_w - i.p_w + k_column * i.d_w
                if 0 <= r < i.h and 0 <= s < i.w:
                    total = total + x[n, r, s, o // i.f * i.c + c] * weight[k_row, k_column, c, o]
            y[n, row, column, o] = total

    def conv2d_grad_input(self, i):
        dx, g, weight = self.images(i, i.dx, i.g, i.weight)
        for n, r, s, channel in np.ndindex(dx.shape):
            total = dx[n, r, s, channel] if i.into else ZERO
            group, c = divmod(channel, i.c)
            for k_row, k_column, o in np.ndindex(i.k_h, i.k_w, i.f):
                row, rest = divmod(r + i.p_h - k_row * i.d_h, i.s_h)
                column, remainder = divmod(s + i.p_w - k_column * i.d_w, i.s_w)
                if not rest and not remainder and 0 <= row < i.out_h and 0 <= column < i.out_w:
                    o = group * i.f + o
                    total = total + g[n, row, column, o] * weight[k_row, k_column, c, o]
            dx[n, r, s, channel] = total

    def conv2d_grad_weight(self, i):
        x, g, dw = self.images(i, i.x, i.g, i.dw)
        for k_row, k_column, c, o in np.ndindex(dw.shape):
            total = dw[k_row, k_column, c, o] if i.into else ZERO
            for n, row, column in np.ndindex(g.shape[:3]):
                r, s = row * i.s_h - i.p_h + k_row * i.d_h, column * i.s_w - i.p_w + k_column * i.d_w
                if 0 <= r < i.h and 0 <= s < i.w:
                    total = total + x[n, r, s, o // i.f * i.c + c] * g[n, row, column, o]
            dw[k_row, k_column, c, o] = total

    def pieces(self, x):
        """Of one row: x - maximum, exp of it, their sum."""
        best = x[0]
        for value in x[1:]:
            best = maximum(best, value)
        less = x - best
        e, total = ask(self.vm, "exp", less), ZERO
        for value in e:
            total = total + value
        return less, e, total

    def softmax(self, i):
        for row in range(i.n):
            less, e, total = self.pieces(self.part(i.x + row * i.width, i.width).copy())
            y = less - ask(self.vm, "log", [total]) if i.form == 1 else e / total
            if i.form == 2 and (self.part(i.x + row * i.width, i.width) == -np.inf).all():
                y = np.zeros_like(e)
            self.part(i.y + row * i.width, i.width)[:] = y

    def softmax_grad(self, i):
        for row in range(i.n):
            dx, y, g = (self.part(place + row * i.width, i.width) for place in (i.dx, i.y, i.g))
            dot = ZERO
            for j in range(i.width):
                dot = dot + (g[j] if i.log else g[j] * y[j])
            value = g - ask(self.vm, "exp", y) * dot if i.log else y * (g - dot)
            dx[:] = dx + value if i.into else value

    def cross_entropy(self, i):
        for row in range(i.n):
            less, e, total = self.pieces(self.part(i.x + row * i.width, i.width).copy())
            self.part(i.p + row * i.width, i.width)[:] = e / total
            label = int(self.part(i.label + row, 1)[0])
            self.part(i.loss + row, 1)[:] = ask(self.vm, "log", [total]) - less[label]

    def cross_entropy_grad(self, i):
        labels, g = self.part(i.label, i.n), self.part(i.g, i.n)
        for row in range(i.n):
            dx, p = (self.part(place + row * i.width, i.width) for place in (i.dx, i.p))
            value = (p - (np.arange(i.width) == labels[row]).astype(f)) * g[row]
            dx[:] = dx + value if i.into else value

    def max_pool2d_grad(self, i):
        x, dx = (self.part(place, i.n * i.h * i.w * i.c).reshape(i.n, i.h, i.w, i.c) for place in (i.x, i.dx))
        g = self.part(i.g, i.n * i.out_h * i.out_w * i.c).reshape(i.n, i.out_h, i.out_w, i.c)
        for n, row, column, c in np.ndindex(g.shape):
            best = None
            for k_row, k_column in np.ndindex(i.k_h, i.k_w):
                r, s = row * i.s_h - i.p_h + k_row, column * i.s_w - i.p_w + k_column
                if 0 <= r < i.h and 0 <= s < i.w:
                    new, old = x[n, r, s, c], best and x[n, best[0], best[1], c]
                    if best is None or new > old or (new != new and old == old):
                        best = r, s
            if best:
                dx[n, best[0], best[1], c] += g[n, row, column, c]

    def norm(self, i):
        """Of each row, the offsets of its elements in order."""
        strides = [i.s_n, i.s_m, i.s_h, i.s_w]
        return spots(0, [i.n, i.m, i.h, i.w], strides).reshape(i.n * i.m, -1)

    def normalize(self, i):
        (x, y), eps = ((self.memory[p >> 24], p & 0xFFFFFF) for p in (i.x, i.y)), self.part(i.eps, 1)[0]
        for row, spots_of in enumerate(self.norm(i)):
            values, count, mean, rest = x[0][x[1] + spots_of], f(len(spots_of)), ZERO, ZERO
            if i.center:
                mean = in_two_floats(values) / count
            d = values - mean
            var = in_two_floats(d * d) / count
            if i.center:
                rest = in_two_floats(d) / count
                var = maximum(var - rest * rest, ZERO)
            self.part(i.mean + row, 1)[0], self.part(i.var + row, 1)[0] = mean, var
            y[0][y[1] + spots_of] = (d - rest) * (ONE / np.sqrt(var + eps))

    def normalize_grad(self, i):
        dx, y, g = ((self.memory[p >> 24], p & 0xFFFFFF) for p in (i.dx, i.y, i.g))
        for row, spots_of in enumerate(self.norm(i)):
            results, gradients, count = y[0][y[1] + spots_of], g[0][g[1] + spots_of], f(len(spots_of))
            a = in_two_floats(gradients) / count if i.center else ZERO
            b = in_two_floats(gradients * results) / count
            factor = ONE / np.sqrt(self.part(i.var + row, 1)[0] + self.part(i.eps, 1)[0])
            value = ((gradients - a) - results * b) * factor
            dx[0][dx[1] + spots_of] = dx[0][dx[1] + spots_of] + value if i.into else value

    def uniform(self, i):
        low, high = self.part(i.range, 2)
        key, step, sample = (int(self.part(place, 1)[0]) for place in (i.key, i.step, i.sample))
        element = (np.arange(i.n * i.width) + sample * i.width) & 0xFFFFFFFF
        u = uniforms(key, i.stream, step if i.fresh else 0, element).astype(f)
        self.part(i.d, i.n * i.width)[:] = low + (high - low) * u

    def convert(self, i):
        scale, shift = self.part(i.affine, 2 * i.channels).reshape(2, -1)
        count = i.n * i.channels
        raw = self.part(i.src, count).astype(f).reshape(-1, i.channels)
        self.part(i.d, count)[:] = (raw * scale + shift).ravel()

    def stop(self, i):
        assert self.part(i.go, 1)[0] != 0

    def check_finite(self, i):
        found = self.part(i.a, i.n) / self.part(i.total, 1)[0]
        assert np.isfinite(found * found if i.squared else found).all()

    def gradient(self, i, p, weight_decay):
        G = self.part(i.g, i.n) / self.part(i.total, 1)[0]
        return G + weight_decay * p if weight_decay != 0 else G

    def sgd(self, i):
        lr, momentum, dampening, weight_decay = self.part(i.hyper, 4)
        p = self.part(i.p, i.n)
        G = self.gradient(i, p, weight_decay)
        if i.momentum:
            v = self.part(i.v, i.n)
            v[:] = G if self.part(i.step, 1)[0] == 0 else momentum * v + (ONE - dampening) * G
            G = G + momentum * v if i.nesterov else v
        p[:] = p - lr * G

    def adam(self, i):
        lr, beta1, beta2, eps, weight_decay = self.part(i.hyper, 5)
        t = int(self.part(i.step, 1)[0]) + 1
        p, m, v = self.part(i.p, i.n), self.part(i.m, i.n), self.part(i.v, i.n)
        G = self.gradient(i, p, ZERO if i.decoupled else weight_decay)
        if i.decoupled == 1 and weight_decay != 0:
            p[:] = p - (lr * weight_decay) * p
        m[:] = beta1 * m + (ONE - beta1) * G
        v[:] = beta2 * v + (ONE - beta2) * (G * G)
        if i.amsgrad:
            most = self.part(i.most, i.n)
            most[:] = np.where((most >= v) | (most != most), most, v)
            v = most
        if i.decoupled == 2 and weight_decay != 0:
            p[:] = np.where(m * p >= 0, p - (lr * weight_decay) * p, p)
        c1, c2 = ONE - power(beta1, t), np.sqrt(ONE - power(beta2, t))
        p[:] = p - (lr / c1) * (m / (np.sqrt(v) / c2 + eps))

    def by_index(self, i):
        """Row, block, place in the row and the index there, in order."""
        index, at = self.memory[i.index >> 24], i.index & 0xFFFFFF
        for o, k, j in np.ndindex(i.outer, i.n, i.inner):
            yield o * i.n + k, o, j, int(index[at + o * i.i_outer + k * i.i_n + j * i.i_inner])

    def gather(self, i):
        x = self.part(i.x, i.outer * i.high * i.inner).reshape(i.outer, i.high, i.inner)
        y = self.part(i.y, i.outer * i.n * i.inner).reshape(-1, i.inner)
        for row, o, j, index in self.by_index(i):
            y[row, j] = y[row, j] + x[o, index, j] if i.into else x[o, index, j]

    def scatter_add(self, i):
        y = self.part(i.y, i.outer * i.high * i.inner).reshape(i.outer, i.high, i.inner)
        x = self.part(i.x, i.outer * i.n * i.inner).reshape(-1, i.inner)
        for row, o, j, index in self.by_index(i):
            y[o, index, j] = y[o, index, j] + x[row, j]

    def scan(self, i):
        function = FUNCTIONS[table.FUNCTIONS[i.fn][0]]
        x, y = (self.part(place, i.outer * i.n * i.inner).reshape(i.outer, i.n, i.inner) for place in (i.x, i.y))
        if i.reverse:
            x, y = x[:, ::-1], y[:, ::-1]
        if table.FUNCTIONS[i.fn][0] == "add":
            terms = x.copy()
            for o, k, j in np.ndindex(x.shape):
                y[o, k, j] = in_two_floats(terms[o, 1 : k + 1, j], terms[o, 0, j]) if k else terms[o, 0, j]
            return
        for o, k, j in np.ndindex(x.shape):
            y[o, k, j] = function(y[o, k - 1, j], x[o, k, j]) if k else x[o, k, j]

    def argsort(self, i):
        """By insertion: an element goes after all that are not to come after it."""
        for row in range(i.n):
            x, order = self.part(i.x + row * i.width, i.width), []
            for k in range(i.width):
                at = k
                while at and self.is_first(x[k], x[order[at - 1]], i.descending):
                    at -= 1
                order.insert(at, k)
            self.part(i.y + row * i.width, i.width)[:] = order

    @staticmethod
    def is_first(a, b, descending):
        if np.isnan(a) or np.isnan(b):
            return np.isnan(a) < np.isnan(b) if not descending else np.isnan(a) > np.isnan(b)
        return a > b if descending else a < b

    def rmsprop(self, i):
        lr, alpha, eps, weight_decay, momentum = self.part(i.hyper, 5)
        p, v = self.part(i.p, i.n), self.part(i.v, i.n)
        G = self.gradient(i, p, weight_decay)
        v[:] = alpha * v + (ONE - alpha) * (G * G)
        size = v.copy()
        if i.centered:
            a = self.part(i.a, i.n)
            a[:] = alpha * a + (ONE - alpha) * G
            size = v - a * a
        change = G / (np.sqrt(size) + eps)
        if i.momentum:
            b = self.part(i.b, i.n)
            b[:] = momentum * b + change
            change = b
        p[:] = p - lr * change

    def adagrad(self, i):
        lr, lr_decay, eps, weight_decay = self.part(i.hyper, 4)
        p, v = self.part(i.p, i.n), self.part(i.v, i.n)
        G = self.gradient(i, p, weight_decay)
        v[:] = v + G * G
        p[:] = p - (lr / (ONE + f(self.part(i.step, 1)[0]) * lr_decay)) * (G / (np.sqrt(v) + eps))

    def adadelta(self, i):
        lr, rho, eps, weight_decay = self.part(i.hyper, 4)
        p, v, a = self.part(i.p, i.n), self.part(i.v, i.n), self.part(i.a, i.n)
        G = self.gradient(i, p, weight_decay)
        v[:] = rho * v + (ONE - rho) * (G * G)
        d = np.sqrt(a + eps) / np.sqrt(v + eps) * G
        a[:] = rho * a + (ONE - rho) * (d * d)
        p[:] = p - lr * d

    def lion(self, i):
        lr, beta1, beta2, weight_decay = self.part(i.hyper, 4)
        p, m = self.part(i.p, i.n), self.part(i.m, i.n)
        G = self.gradient(i, p, ZERO)
        if weight_decay != 0:
            p[:] = p - (lr * weight_decay) * p
        way = beta1 * m + (ONE - beta1) * G
        p[:] = np.where(way > 0, p - lr, np.where(way < 0, p + lr, np.where(way != way, way, p)))
        m[:] = beta2 * m + (ONE - beta2) * G

    def adan(self, i):
        lr, beta1, beta2, beta3, eps, weight_decay = self.part(i.hyper, 6)
        step = int(self.part(i.step, 1)[0])
        p, m, v, s, before = (self.part(place, i.n) for place in (i.p, i.m, i.v, i.s, i.before))
        G = self.gradient(i, p, ZERO)
        D = G - before if step else np.zeros_like(G)
        ahead = G + beta2 * D
        m[:] = beta1 * m + (ONE - beta1) * G
        v[:] = beta2 * v + (ONE - beta2) * D
        s[:] = beta3 * s + (ONE - beta3) * (ahead * ahead)
        root = np.sqrt(s) / np.sqrt(ONE - power(beta3, step + 1)) + eps
        rates = lr / (ONE - power(beta1, step + 1)), lr * beta2 / (ONE - power(beta2, step + 1))
        p[:] = (p - (rates[0] * m + rates[1] * v) / root) / (ONE + lr * weight_decay)
        before[:] = G

    def steps(self, i, backward):
        """Each step, and for each sample it and the step before it, or -1: in order."""
        order = range(i.steps - 1, -1, -1) if bool(i.reverse) != backward else range(i.steps)
        for t in order:
            before = t + 1 if i.reverse else t - 1
            for sample in range(i.n):
                yield sample, t, before if 0 <= before < i.steps else -1

    def of_step(self, i, place, sample, t, blocks=1):
        return self.part(place + (sample * i.steps + t) * blocks * i.hidden, blocks * i.hidden)

    def before(self, i, place, start, sample, t):
        return self.part(start + sample * i.hidden, i.hidden) if t < 0 else self.of_step(i, place, sample, t)

    def products(self, total, values, weights):
        """total + values @ weights, each sum in order."""
        total = total.copy()
        for value, row in zip(values, weights):
            total = total + value * row
        return total

    def rnn(self, i):
        w = self.part(i.w, i.hidden**2).reshape(i.hidden, -1)
        for sample, t, before in self.steps(i, False):
            h = self.of_step(i, i.h, sample, t)
            a = self.products(h, self.before(i, i.h, i.start, sample, before), w)
            h[:] = ask(self.vm, "relu" if i.relu else "tanh", a)

    def rnn_grad(self, i):
        w = self.part(i.w, i.hidden**2).reshape(i.hidden, -1)
        for sample, t, _ in self.steps(i, True):
            carry, h = self.part(i.carry + sample * i.hidden, i.hidden), self.of_step(i, i.h, sample, t)
            d = carry + self.of_step(i, i.g, sample, t)
            da = np.where(h > 0, d, ZERO) if i.relu else d * (ONE - h * h)
            self.of_step(i, i.da, sample, t)[:] = da
            carry[:] = self.products(np.zeros_like(carry), da, w.T)

    def gru(self, i):
        w, size = self.part(i.w, 3 * i.hidden**2).reshape(i.hidden, -1), i.hidden
        for sample, t, before in self.steps(i, False):
            gates, s = self.of_step(i, i.gates, sample, t, 4), self.before(i, i.h, i.start, sample, before)
            gates[: 2 * size] = ask(self.vm, "sigmoid", self.products(gates[: 2 * size], s, w[:, : 2 * size]))
            r, z, n, q = gates.reshape(4, size)
            q[:] = self.products(q, s, w[:, 2 * size :])
            n[:] = ask(self.vm, "tanh", n + r * q)
            self.of_step(i, i.h, sample, t)[:] = (ONE - z) * n + z * s

    def gru_grad(self, i):
        w, size = self.part(i.w, 3 * i.hidden**2).reshape(i.hidden, -1), i.hidden
        for sample, t, before in self.steps(i, True):
            r, z, n, q = self.of_step(i, i.gates, sample, t, 4).copy().reshape(4, size)
            s = self.before(i, i.h, i.start, sample, before)
            carry = self.part(i.carry + sample * size, size)
            d = carry + self.of_step(i, i.g, sample, t)
            dn = d * (ONE - z) * (ONE - n * n)
            dr, dz, dq = dn * q * (r * (ONE - r)), d * (s - n) * (z * (ONE - z)), dn * r
            self.of_step(i, i.da, sample, t, 4)[:] = np.concatenate((dr, dz, dn, dq))
            carry[:] = self.products(d * z, np.concatenate((dr, dz, dq)), w.T)

    def lstm(self, i):
        w, size = self.part(i.w, 4 * i.hidden**2).reshape(i.hidden, -1), i.hidden
        for sample, t, before in self.steps(i, False):
            gates = self.of_step(i, i.gates, sample, t, 4)
            a = self.products(gates, self.before(i, i.h, i.start, sample, before), w)
            gates[:] = ask(self.vm, "sigmoid", a)
            gates[2 * size : 3 * size] = ask(self.vm, "tanh", a[2 * size : 3 * size])
            in_, forget, new, o = gates.reshape(4, size)
            c = forget * self.before(i, i.c, i.start_c, sample, before) + in_ * new
            self.of_step(i, i.c, sample, t)[:] = c
            self.of_step(i, i.h, sample, t)[:] = o * ask(self.vm, "tanh", c)

    def lstm_grad(self, i):
        w, size = self.part(i.w, 4 * i.hidden**2).reshape(i.hidden, -1), i.hidden
        for sample, t, before in self.steps(i, True):
            in_, forget, new, o = self.of_step(i, i.gates, sample, t, 4).copy().reshape(4, size)
            carry, carry_c = (self.part(place + sample * size, size) for place in (i.carry, i.carry_c))
            d, bent = carry + self.of_step(i, i.g, sample, t), ask(self.vm, "tanh", self.of_step(i, i.c, sample, t))
            e = carry_c + d * o * (ONE - bent * bent)
            cell = self.before(i, i.c, i.start_c, sample, before)
            da = np.concatenate((e * new * (in_ * (ONE - in_)), e * cell * (forget * (ONE - forget)),
                                 e * in_ * (ONE - new * new), d * bent * (o * (ONE - o))))  # fmt: skip
            self.of_step(i, i.da, sample, t, 4)[:] = da
            carry_c[:] = e * forget
            carry[:] = self.products(np.zeros_like(carry), da, w.T)
