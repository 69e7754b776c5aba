"""Every buffer of a plan, as text and as a picture: found again in the program, so that nobody keeps a list of them.

A buffer begins where an instruction writes memory without reading it, and ends with the last one that touches it. What
was written in parts and is read as one is one. A result in the place of its operand is a buffer of its own, which
begins with the operand's last use. See Plan for what is given.
"""

from array import array

from ..instructions import table
from ..portable import verify

COLORS = (
    ("parameters", "#4e79a7"),
    ("frozen", "#a0cbe8"),
    ("gradients", "#f28e2b"),
    ("optimizer state", "#edc948"),
    ("statistics", "#b07aa1"),
    ("activations", "#59a14f"),
    ("scratch", "#d3d3d3"),
)
_LEFT, _TOP, _WIDTH, _HEIGHT = 900, 600, 10000, 5000  # of the picture, in whole numbers: the same on every board


class Lives:
    """What a program does with arena[start:]. Of each buffer the elements from `low` to below `high`, and the
    `first` and `last` instruction, counted; `words` says where in the program each instruction is."""

    def __init__(self, code, start):
        self.low, self.high, self.first, self.last = array("i"), array("i"), array("H"), array("H")
        self.words, self.ends = array("i"), array("H")  # ends: for each section, how many instructions are before
        self._joined = array("H")  # the buffer that this one is a part of, or itself
        self._parsed = [None] * len(table.TABLE)  # each opcode that occurs once
        # Which buffer each stretch of memory is of: by offset, no two overlap.
        self._from, self._to, self._of = [], [], []
        for begin, end in verify.sections_of(code):
            pc = begin
            while pc < end:
                pc = self._instruction(code, pc, start)
            self.ends.append(len(self.words))

    def _instruction(self, code, pc, start):
        now = len(self.words)
        self.words.append(pc)
        opcode = code[pc]
        if self._parsed[opcode] is None:
            self._parsed[opcode] = table.parse(opcode)
        fields, operands, into = self._parsed[opcode], [], 0
        values = verify.resolve(code, pc, fields, code[2])
        for k in range(len(fields)):
            if fields[k][1] == "into":
                into = values[k]
            elif fields[k][0] == table.ADDRESS and start <= values[k] < 1 << 24:
                span = verify.reach(values[k], verify.dimensions_of(fields[k], values))
                if span:
                    operands.append((fields[k][2], span[0], span[1] + 1))
        for access, low, high in operands:
            if access != table.WRITES and (access != table.ACCUMULATES or into):
                self._touch(low, high, now)
        for access, low, high in operands:
            if access == table.WRITES or access == table.ACCUMULATES and not into:
                self._begin(low, high, now)
        return pc + 1 + len(fields)

    def _root(self, i):
        while self._joined[i] != i:
            i = self._joined[i]
        return i

    def _stretch(self, offset):
        """The first stretch that ends above an offset."""
        low, high = 0, len(self._to)
        while low < high:
            middle = (low + high) >> 1
            if self._to[middle] <= offset:
                low = middle + 1
            else:
                high = middle
        return low

    def _touch(self, low, high, now):
        """What lies there is one buffer, and is used now."""
        k, found = self._stretch(low), -1
        while k < len(self._from) and self._from[k] < high:
            i = self._root(self._of[k])
            if found < 0:
                found = i
            elif i != found:
                self._joined[i] = found
                self.first[found] = min(self.first[found], self.first[i])
                self.low[found] = min(self.low[found], self.low[i])
                self.high[found] = max(self.high[found], self.high[i])
            k += 1
        if found >= 0:
            self.last[found] = now

    def _begin(self, low, high, now):
        """A new buffer there: what lay there has ended, as far as it is covered."""
        k = self._stretch(low)
        if k < len(self._from) and self._from[k] < low:  # the part before stays, and what is behind, too
            if self._to[k] > high:
                self._insert(k + 1, high, self._to[k], self._of[k])
            self._to[k] = low
            k += 1
        while k < len(self._from) and self._to[k] <= high:
            del self._from[k], self._to[k], self._of[k]
        if k < len(self._from) and self._from[k] < high:
            self._from[k] = high
        i = len(self.low)
        self._insert(k, low, high, i)
        self._joined.append(i)
        self.low.append(low)
        self.high.append(high)
        self.first.append(now)
        self.last.append(now)

    def _insert(self, k, low, high, i):
        self._from.insert(k, low)
        self._to.insert(k, high)
        self._of.insert(k, i)

    def keep(self, low, high):
        """What lies there at the end of a run of the section that made it is still looked at then."""
        k = -1
        for i in self.all():
            if self.low[i] <= low and high <= self.high[i] and (k < 0 or self.first[i] >= self.first[k]):
                k = i
        if k >= 0:
            self.last[k] = max(self.last[k], self.ends[self.section(self.first[k])] - 1)

    def all(self):
        """The numbers of buffers that are not part of others."""
        return [i for i in range(len(self.low)) if self._joined[i] == i]

    def section(self, instruction):
        k = 0
        while self.ends[k] <= instruction:
            k += 1
        return k

    def kind(self, i):
        """What one section leaves for another is an activation, the rest is scratch."""
        return "scratch" if self.section(self.first[i]) == self.section(self.last[i]) else "activations"


def lives(plan):
    if plan.code is None:
        raise ValueError("this plan has no program: it was made, but nothing was recorded by it")
    found = Lives(plan.code, plan.start)
    for address, dims in plan.outputs:
        n = 1
        for d in dims:
            n *= d
        found.keep(address, address + (n if n > 0 else -n * plan.code[2]))
    return found


def name(code, pc):
    """The instruction there, with its function where it has one."""
    row = table.TABLE[code[pc]]
    return row[table.NAME] + (" " + table.FUNCTIONS[code[pc + 1]][0] if row[table.FIELDS].startswith("fn:") else "")


def _entries(plan, found):
    """(kind, bytes, offset, first and last instruction, made by)"""
    for kind, offset, size in plan.kept:
        if size:
            yield kind, 4 * size, 4 * offset, 0, len(found.words) - 1, ""
    for i in found.all():
        low, first = found.low[i], found.first[i]
        made = name(plan.code, found.words[first])
        yield found.kind(i), 4 * (found.high[i] - low), 4 * low, first, found.last[i], made


def entries(plan):
    found = lives(plan)
    for kind, size, offset, first, last, made in _entries(plan, found):
        yield kind, size, offset, found.words[first], found.words[last], made


def table_of(plan):
    lines = ["%-16s %9s %9s %7s %7s  %s" % ("kind", "bytes", "offset", "first", "last", "made by")]
    for entry in entries(plan):
        lines.append("%-16s %9d %9d %7d %7d  %s" % entry)
    return "\n".join(lines)


def save_svg(plan, path):
    found = lives(plan)
    with open(path, "w") as out:
        _draw(plan, found, out)


def _draw(plan, found, out):
    count, arena = len(found.words), 4 * max(1, plan.arena)
    colors = dict(COLORS)
    out.write('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="120">\n'
              % (_LEFT + _WIDTH + 1300, _TOP + _HEIGHT + 500))  # fmt: skip
    out.write('<rect width="100%" height="100%" fill="#fff"/>\n')
    for kind, size, offset, first, last, made in _entries(plan, found):
        x, y = _x(first, count), _y(offset + size, arena)
        out.write('<rect x="%d" y="%d" width="%d" height="%d" fill="%s" stroke="#fff" stroke-width="4"><title>'
                  % (x, y, _x(last + 1, count) - x, _y(offset, arena) - y, colors[kind]))  # fmt: skip
        out.write("%s: %d bytes from %d on, words %d to %d, %s</title></rect>\n"
                  % (kind, size, offset, found.words[first], found.words[last], made or "kept"))  # fmt: skip
    begin = 0
    for k in range(len(found.ends)):
        x, end = _x(begin, count), _x(found.ends[k], count)
        out.write('<path d="M%d %dV%d" stroke="#555" stroke-width="6"/>\n' % (x, _TOP - 40, _TOP + _HEIGHT))
        if end - x > 70 * len(plan.names[k]):
            _text(out, x + 30, _TOP + _HEIGHT + 140, "start", plan.names[k])
        begin = found.ends[k]
    right, bound = _LEFT + _WIDTH, 4 * (plan.start + plan.lower_bound)
    _line(out, _y(arena, arena), "#000", "0")
    _line(out, _y(bound, arena), "#c00", "50 30")
    _text(out, right + 50, _y(arena, arena) - 20, "start", "peak %d" % arena)
    _text(out, right + 50, _y(bound, arena) + 110, "start", "bound %d" % bound)
    _text(out, _LEFT - 50, _y(0, arena), "end", "0 bytes")
    _text(out, _LEFT - 50, _y(4 * plan.start, arena) + 40, "end", "%d" % (4 * plan.start))
    _text(out, _LEFT, _TOP + _HEIGHT + 360, "start", "%d instructions in turn; upwards the bytes of the arena" % count)
    x = _LEFT
    for kind, color in COLORS:
        out.write('<rect x="%d" y="140" width="120" height="120" fill="%s"/>\n' % (x, color))
        _text(out, x + 160, 245, "start", kind)
        x += 1300
    out.write("</svg>\n")


def _x(instruction, count):
    return _LEFT + _WIDTH * instruction // count


def _y(offset, arena):
    return _TOP + _HEIGHT - _HEIGHT * offset // arena


def _line(out, y, color, dashes):
    out.write('<path d="M%d %dH%d" stroke="%s" stroke-width="8" stroke-dasharray="%s" fill="none"/>\n'
              % (_LEFT, y, _LEFT + _WIDTH, color, dashes))  # fmt: skip


def _text(out, x, y, anchor, text):
    out.write('<text x="%d" y="%d" text-anchor="%s">%s</text>\n' % (x, y, anchor, text))
