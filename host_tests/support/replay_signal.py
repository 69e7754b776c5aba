"""What docs/vm.md says of signals to the bit, in NumPy float32; see replay.py."""

import numpy as np

f = np.float32


class Replay:
    def transform(self, i):
        """m, and a function of k: cosine and sine of 2 pi k / N."""
        m = 1 << i.levels
        while m > i.half:
            m //= 2
        wave = self.part(i.wave, i.half)

        def turn(k):
            return (wave[k + m // 2] if k < m // 2 else -wave[k - m // 2]), wave[k]

        return m, turn, *self.part(i.scale, 2)

    @staticmethod
    def turned(k, m):
        return int(format(k, "b").zfill(m.bit_length() - 1)[::-1] or "0", 2) if m > 1 else 0

    @staticmethod
    def stages(z, m, turn, sign):
        size = 1
        while size < m:
            for k in range(size):
                c, s = turn(k * (m // size)) if k else (f(1), f(0))
                s = s * f(sign)
                for i in range(k, m, 2 * size):
                    re, im = z[i + size]
                    if k:
                        re, im = c * re + s * im, c * im - s * re
                    a = z[i].copy()
                    z[i + size] = a[0] - re, a[1] - im
                    z[i] = a[0] + re, a[1] + im
            size *= 2

    @staticmethod
    def pairs(z, m, turn, inner, sign):
        """(k, its value) for all k but 0 and m, of copies."""
        h = f(0.5) * inner
        for k in range(1, m // 2 + 1):
            a, b = z[k].copy(), z[m - k].copy()
            c, s = turn(k)
            c = c * f(sign)
            e, o = (a[0] + b[0], a[1] - b[1]), (a[0] - b[0], a[1] + b[1])
            t = c * o[1] - s * o[0], -(c * o[0] + s * o[1])
            yield m - k, ((e[0] - t[0]) * h, -((e[1] - t[1]) * h))
            yield k, ((e[0] + t[0]) * h, (e[1] + t[1]) * h)

    def rfft(self, i):
        m, turn, ends, inner = self.transform(i)
        for row in range(i.n):
            x = self.part(i.x + row * 2 * i.half, 2 * m).reshape(m, 2)
            y = self.part(i.y + row * (2 * i.half + 2), 2 * m + 2).reshape(m + 1, 2)
            z = x[[self.turned(k, m) for k in range(m)]]
            self.stages(z, m, turn, 1)
            for k, value in self.pairs(z, m, turn, inner, 1):
                y[k] = value
            y[0] = (z[0, 0] + z[0, 1]) * ends, 0
            y[m] = (z[0, 0] - z[0, 1]) * ends, 0

    def rfft_transposed(self, i):
        m, turn, ends, inner = self.transform(i)
        for row in range(i.n):
            y = self.part(i.y + row * (2 * i.half + 2), 2 * m + 2).reshape(m + 1, 2)
            z = np.zeros((m, 2), f)
            a, b = y[0, 0] * ends, y[m, 0] * ends
            z[0] = a + b, a - b
            for k, value in self.pairs(y, m, turn, inner, -1):
                z[self.turned(k, m)] = value
            self.stages(z, m, turn, -1)
            self.part(i.x + row * 2 * i.half, 2 * m)[:] = z.ravel()

    def biquad(self, i):
        shape, states = (i.outer, i.n, i.inner), (i.outer, 2, i.inner)
        x, y = (self.part(place, int(np.prod(shape))).reshape(shape) for place in (i.x, i.y))
        b0, b1, b2, a1, a2 = self.part(i.coefficients, 5).copy()
        s1 = s2 = np.zeros((i.outer, i.inner), f)
        if i.given:
            s1, s2 = self.part(i.start, 2 * i.outer * i.inner).reshape(states).copy().transpose(1, 0, 2)
        for t in range(i.n - 1, -1, -1) if i.transposed else range(i.n):
            v = x[:, t].copy()
            if i.transposed:
                w = (v - a1 * s1) - a2 * s2
                y[:, t] = (b0 * w + b1 * s1) + b2 * s2
                s1, s2 = w, s1
            else:
                y[:, t] = w = b0 * v + s1
                s1, s2 = (b1 * v - a1 * w) + s2, b2 * v - a2 * w
        if i.kept:
            end = self.part(i.end, 2 * i.outer * i.inner).reshape(states)
            end[:, 0], end[:, 1] = s1, s2
