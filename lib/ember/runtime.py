"""Programs that travel: a Trainer's program runs where the rest of Ember does not fit.

    from ember import runtime

    model = runtime.load("model.ember")     # written by trainer.export
    for x, y in batches:
        model.step(x, y)
    print(model.loss, model.evaluate(test))
    model.save("model.ckpt")

What reads a file (run/reader.py) leaves the heap when it has.
"""

from .instructions import program
from .machine.image import segment, word
from .run.runner import Runner

try:
    import ember_vm as vm
except ImportError:
    from .portable import run as vm


def load(source, executor=None):
    """The Runner of what a file holds, or a bytes object. ValueError says what is wrong with it, MemoryError how much
    room it needs: nothing of it has run by then. executor: a function that makes one of an image, if it is not to run
    in this heap (see machine/executor.py)."""
    from .run.reader import read

    try:
        runner = Runner(*read(source, executor, vm))
    finally:
        _leave()
    if not _soon(runner.image.code):
        raise ValueError("the program is damaged: what begins a step does not end soon")
    runner.run(program.ZERO)
    return runner


def _soon(code):
    """Whether the section ZERO, which loading runs, makes each element of the arena once at the most."""
    ends = program.HEAD + 3 * word(code, 3)
    at, left = word(code, ends), segment(code, program.ARENA)[1]
    while at < word(code, ends + program.ZERO):
        if word(code, at) != program.COUNT_UP:
            n = word(code, at + 3)  # of a map
            left -= n if n > 0 else -n * word(code, 2)
            if word(code, at) or left < 0:
                return False
            at += 4
        at += 5
    return True


def _leave():
    """What read it goes from the heap, but for the smallest boards, where it never lay there."""
    try:
        from .base.homes import forget
    except ImportError:
        return
    forget("ember.run", "reader")
    forget("ember", "run_reader")  # as a board has it


def __getattr__(name):
    """averaged(model) and bounds(model), as a Trainer's: see run/travel.py."""
    if name not in ("averaged", "bounds"):
        raise AttributeError("ember.runtime has no %r" % name)
    from .run import travel

    return getattr(travel, name)
