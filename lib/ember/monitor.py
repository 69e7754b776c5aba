"""What memory there is: `print(ember.memory())`, and a callback that watches it while a model trains."""

import gc

try:
    import micropython
except ImportError:  # CPython
    micropython = None

_peak = 0  # the most that memory() has seen in use


def _can_be_had(n):
    try:
        bytearray(n)
        return True
    except MemoryError:
        return False


def _largest():
    """The largest block that can be had at once, in bytes to the next 64: found by trying."""
    low, high = 0, gc.mem_free() + 1
    while high - low > 64:
        middle = (low + high) // 2
        if _can_be_had(middle):
            low = middle
        else:
            high = middle
        gc.collect()
    return low


class Memory:
    """In bytes; None where this machine does not tell, as CPython.

    used, free      of the heap, after collecting what is garbage
    largest         the largest block that can be had at once; fragmentation: which part of free is not in it, 0 to 1
    peak            the most in use that memory() has seen
    stack           in use now
    arena           of the trainer that was given, and program: its words, constants and slots
    """

    used = free = largest = fragmentation = peak = stack = arena = program = None

    def __str__(self):
        names = "used free largest peak stack arena program"
        lines = ["%-14s %9d" % (name, getattr(self, name)) for name in names.split() if getattr(self, name) is not None]
        if self.fragmentation is not None:
            lines.insert(3, "%-14s %8d%%" % ("fragmentation", round(100 * self.fragmentation)))
        return "\n".join(lines)


def memory(trainer=None):
    """A Memory, measured now. It collects garbage some fifteen times, so it is nothing for every step."""
    global _peak
    found = Memory()
    gc.collect()
    if hasattr(gc, "mem_free"):
        found.used = gc.mem_alloc()
        _peak = max(_peak, found.used)
        found.largest, found.free = _largest(), gc.mem_free()
        found.fragmentation = 1 - min(1, found.largest / found.free)
        found.peak = _peak  # mem_peak() counts what the collector gave back as in use
    if hasattr(micropython, "stack_use"):
        found.stack = micropython.stack_use()
    if trainer is not None:
        from .instructions.program import FIRST_BOUND
        from .machine.image import segment, word

        code = trainer.image.code
        sizes = [segment(code, k)[1] for k in range(FIRST_BOUND)]  # the arena, constants, slots
        found.arena, found.program = 4 * sizes[0], 4 * (word(code, 1) + sum(sizes[1:]))
    return found


class MemoryMonitor:
    """For Trainer.fit(…, callbacks=[monitor]), or every so often by hand: monitor(trainer).

    below   of the largest block, in bytes: where there is less, warn(text) is called
    log     what has write(): each time a line is written, epoch,step,loss,used,free,largest,stack; tools/plot.py draws
            them. A file, or sys.stdout: then the host that listens keeps them
    """

    def __init__(self, below=0, warn=print, log=None):
        if isinstance(below, bool) or not isinstance(below, int) or below < 0:
            raise ValueError("below is %r; it may be a number of bytes from 0" % (below,))
        if not callable(warn):
            raise ValueError("warn is %r; it may be a function of a text" % (warn,))
        if log is not None and not hasattr(log, "write"):
            raise ValueError("log is %r; it may be a file, opened for writing" % (log,))
        self.below, self.warn, self.log = below, warn, log
        if log is not None:
            log.write("epoch,step,loss,used,free,largest,stack\n")

    def __call__(self, trainer):
        now = memory(trainer)
        if self.log is not None:
            figures = [now.used, now.free, now.largest, now.stack]
            texts = ["" if n is None else str(n) for n in figures]
            self.log.write("%d,%d,%.6f,%s\n" % (trainer.epoch, trainer.steps, trainer.running_loss, ",".join(texts)))
        if now.largest is not None and now.largest < self.below:
            self.warn("memory: the largest free block is %d bytes, below %d; free are %d" % (
                now.largest, self.below, now.free))  # fmt: skip
