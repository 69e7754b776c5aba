"""Recomputation: activations that are not kept from the forward pass to the backward pass, but made again there, by the
same instructions from the same numbers, so that gradients are the same bits (Chen, Xu, Zhang and Guestrin, "Training
deep nets with sublinear memory cost", 2016).

A Recording shows each instruction to one of these before it takes it: to a Graph, from which Search finds what to
drop, or to an Again, which drops it. Buffers that one instruction of the forward pass writes are a group: kept or
dropped together.
"""

from array import array

from ..instructions import table
from ..instructions.cost import cost
from ..tensors.tensor import Tensor
from .plan import lower_bound, merge

_EXACT = 8  # groups of which every choice is tried


class _Watch:
    """Knows which pass an instruction belongs to, and its operands."""

    def __init__(self):
        self.parsed = [None] * len(table.TABLE)

    def late(self, recording):
        """False in the forward pass, True in the backward pass, else None."""
        last = recording.names[-1] if recording.names else None
        return False if last == "zero" else True if last == "forward" else None

    def operands(self, opcode, fields):
        """(buffer, or -1 - address of what lasts; whether it is written) for each address."""
        if self.parsed[opcode] is None:
            row = table.parse(opcode)
            kinds = [(k, row[k][2] != table.READS) for k in range(len(row)) if row[k][0] == table.ADDRESS]
            self.parsed[opcode] = tuple(kinds)
        found = []
        for k, written in self.parsed[opcode]:
            place = fields[k].place if isinstance(fields[k], Tensor) else fields[k]
            found.append((-1 if place is None else -1 - place, written))
        return found


class Graph(_Watch):
    """What a recording does in the forward and the backward pass, by instruction."""

    def __init__(self):
        _Watch.__init__(self)
        self.reads, self.writes = [], []  # buffers, or -1 - address
        self.costs, self.words = array("f"), array("H")
        self.begin = 0  # of the backward pass
        self.work = 0.0  # of a whole step, in eighths of a multiply-accumulate

    def see(self, recording, opcode, fields):
        late = self.late(recording)
        if "update" not in recording.names:
            work = cost(opcode, fields, recording.rows)
            self.work += work
        if late is not None:
            operands = self.operands(opcode, fields)
            self.reads.append([b for b, written in operands if not written])
            self.writes.append([b for b, written in operands if written])
            self.costs.append(work)
            self.words.append(1 + len(fields))
            if not late:
                self.begin = len(self.costs)
        return fields

    def groups(self):
        """[(buffers, makers, kept)]: what can be made again, the instructions that make it, and whether the backward
        pass reads it. What it does not is made again only for the sake of others."""
        of, members = {}, []
        for i in range(self.begin):
            buffers = [b for b in self.writes[i] if b >= 0]
            found = -1
            for b in buffers:
                k = of.get(b, -1)
                if k >= 0 and found >= 0 and k != found:  # two groups become one
                    for c in members[k][0]:
                        of[c] = found
                    members[found] = (members[found][0] + members[k][0], members[found][1] + members[k][1])
                    members[k] = ([], [])
                elif k >= 0:
                    found = k
            if buffers:
                if found < 0:
                    found = len(members)
                    members.append(([], []))
                for b in buffers:
                    if of.get(b, -1) != found:
                        of[b] = found
                        members[found][0].append(b)
                members[found][1].append(i)
        found = []
        for buffers, makers in members:
            kept = self._kept(buffers, max(makers)) if buffers else None
            if kept is not None:
                found.append((tuple(sorted(buffers)), tuple(sorted(makers)), kept))
        return found

    def _kept(self, buffers, made):
        """Whether the backward pass reads these; None where they cannot be made again: where what they hold when they
        are made is not what is read of them, or not made of what is the same then."""
        used = False
        for i in range(len(self.costs)):
            mine = [b for b in self.writes[i] if b in buffers]
            if mine and i >= self.begin:
                return None  # assigned to in the backward pass
            if mine:
                for b in self.reads[i]:
                    if b < 0 and any([b in others for others in self.writes]):
                        return None  # made of what the step changes, as running statistics
            elif any([b in buffers for b in self.reads[i]]):
                if i < made:
                    return None  # read before it was complete
                used = used or i >= self.begin
        return used


class _Run:
    """A step with some groups dropped, without its numbers: lifetimes, and what is done again."""

    def __init__(self, graph, groups, sizes, dropped):
        self.graph, self.groups = graph, groups
        self.sizes, self.home, self.copy = array("i", sizes), {}, {}
        for k in dropped:
            for b in groups[k][0]:
                self.home[b], self.copy[b] = k, len(self.sizes)
                self.sizes.append(sizes[b])
        self.first, self.last = array("i", [-1] * len(self.sizes)), array("i", [-1] * len(self.sizes))
        self.made = [False] * len(groups)
        self.done, self.words, self.work = 0, 0, 0.0

    def all(self):
        for i in range(len(self.graph.costs)):
            late = i >= self.graph.begin
            if late:
                for k in missing(self.graph.reads[i], self.graph.reads, self.groups, self.home, self.made):
                    self.do(k, True)
                    self.words += self.graph.words[k]
                    self.work += self.graph.costs[k]
            self.do(i, late)

    def do(self, i, late):
        for buffers in (self.graph.reads[i], self.graph.writes[i]):
            for b in buffers:
                if b >= 0:
                    if late:
                        b = self.copy.get(b, b)
                    if self.first[b] < 0:
                        self.first[b] = self.done
                    self.last[b] = self.done
        self.done += 1


def missing(reads, of, groups, home, made):
    """The instructions, in order, that make what is read of buffers that were dropped, and what is read for that."""
    waiting, makers = list(reads), []
    while waiting:
        b = waiting.pop()
        k = home.get(b, -1)
        if k >= 0 and not made[k]:
            made[k] = True
            for i in groups[k][1]:
                makers.append(i)
                waiting.extend(of[i])
    makers.sort()
    return makers


def simulate(graph, groups, sizes, shares, dropped):
    """(most elements live at once, words added to the program, work added) with these groups dropped, by index."""
    run = _Run(graph, groups, sizes, dropped)
    run.all()
    pairs = list(shares)
    for result, source in shares:
        if result in run.copy or source in run.copy:
            pairs.append((run.copy.get(result, result), run.copy.get(source, source)))
    for b in range(len(run.sizes)):
        if run.first[b] < 0:  # of another section
            run.sizes[b] = 0
    joined = merge(run.sizes, run.first, run.last, pairs)
    return lower_bound(run.sizes, run.first, run.last, joined), run.words, run.work


class Search:
    """What to drop so that all fits in `room` elements, words added to the program among them, with the least work.

    Up to 8 groups that the backward pass reads, every choice is tried. Beyond: all but every n-th, for each n
    (segments of equal length), and one after the other what frees most for its work; then what is not needed is taken
    back. Where nothing `fits`, `dropped` is what needs the least room. floor: elements that other sections need."""

    def __init__(self, graph, sizes, shares, room, floor=0):
        self.graph, self.sizes, self.shares, self.room, self.floor = graph, sizes, shares, room, floor
        self.groups = graph.groups()
        self.choices = [k for k in range(len(self.groups)) if self.groups[k][2]]
        self.others = [k for k in range(len(self.groups)) if not self.groups[k][2]]
        self.dropped, self.work, self.least, self.fits = [], 0.0, None, False
        count = len(self.choices)
        if count <= _EXACT:
            for mask in range(1 << count):
                self.attempt([self.choices[k] for k in range(count) if mask >> k & 1])
        else:
            for n in range(2, count + 2):
                self.attempt([self.choices[k] for k in range(count) if k % n != n - 1])
            self.greedy()
            self.take_back()

    def attempt(self, dropped):
        """(elements, work) with these dropped."""
        peak, words, work = simulate(self.graph, self.groups, self.sizes, self.shares, self.others + dropped)
        need = max(peak, self.floor) + words
        if need <= self.room:
            better, self.fits = not self.fits or work < self.work, True
        else:
            better = not self.fits and (self.least is None or need < self.least)
        if better:
            self.dropped, self.work, self.least = dropped, work, need
        return need, work

    def greedy(self):
        dropped = []
        need, work = self.attempt(dropped)
        while need > self.room and len(dropped) < len(self.choices):
            best = None
            for k in self.choices:
                if k not in dropped:
                    n, w = self.attempt(dropped + [k])
                    size = sum([self.sizes[b] for b in self.groups[k][0]])
                    rank = ((need - n) / (w - work + 1.0), size)
                    if best is None or rank > best[0]:
                        best = rank, k, n, w
            dropped = dropped + [best[1]]
            need, work = best[2], best[3]

    def take_back(self):
        for k in list(self.dropped):
            self.attempt([j for j in self.dropped if j != k])

    def buffers(self):
        """Of what is dropped: for Again."""
        return [self.groups[k][0] for k in self.dropped + self.others]


class Again(_Watch):
    """Drops groups of buffers, and has the recording make them again where the backward pass needs them."""

    def __init__(self, groups, sizes):
        _Watch.__init__(self)
        self.sizes, self.home, self.new = sizes, {}, {}
        self.groups = [(buffers, []) for buffers in groups]
        for k in range(len(groups)):
            for b in groups[k]:
                self.home[b] = k
        self.reads, self.makers = [], []
        self.made = [False] * len(groups)

    def see(self, recording, opcode, fields):
        late = self.late(recording)
        if late is None:
            return fields
        operands = self.operands(opcode, fields)
        reads = [b for b, written in operands if not written]
        if late:
            for i in missing(reads, self.reads, self.groups, self.home, self.made):
                self.make(recording, i)
            return self.moved(fields)
        found = [self.home[b] for b, written in operands if written and b in self.home]
        if found:
            self.groups[found[0]][1].append(len(self.makers))
            self.makers.append((opcode, fields))
            self.reads.append(reads)
        return fields

    def make(self, recording, i):
        opcode, fields = self.makers[i]
        for f in fields:
            b = -1 - f.place if isinstance(f, Tensor) and f.place is not None and f.place < 0 else -1
            if b in self.home and b not in self.new and self.made[self.home[b]]:
                self.new[b] = recording.buffers
                recording.new((self.sizes[b],))
        recording.take(opcode, self.moved(fields))

    def moved(self, fields):
        """With what was dropped replaced by what was made again."""
        found = []
        for f in fields:
            if isinstance(f, Tensor) and f.place is not None and f.place < 0 and -1 - f.place in self.new:
                moved = f.alias(f.dims)
                moved.place = -1 - self.new[-1 - f.place]
                f = moved
            found.append(f)
        return tuple(found)
