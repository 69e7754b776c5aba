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
        try:  # what read it goes from the heap, but for the smallest boards, where it never lay there
            from .base.homes import forget

            forget("run.reader")
        except ImportError:
            pass
    runner.run(program.ZERO)
    return runner


def __getattr__(name):
    """averaged(model) and bounds(model), as a Trainer's: see run/averaged.py."""
    if name not in ("averaged", "bounds"):
        raise AttributeError("ember.runtime has no %r" % name)
    from .run import averaged

    return getattr(averaged, name)
