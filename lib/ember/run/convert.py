"""Batches that are not, as they come, what a program reads."""

from ..instructions import program


def convert(runner, x, y, sections):
    """The slow way: make of a batch what the program reads, or say what is wrong with it, in that order. Whether it
    ran: not where x has more samples than are taken at once."""
    runner.unbind()  # what is wrong does not stay bound
    if y is None and sections != program.PREDICT:
        raise ValueError("y is None; a step, and evaluate, take the targets of x")
    x, y = accept(runner, x, y)[:2]
    fits = runner.bind_input(x) if y is None else runner.bind(x, y)
    if fits:
        runner.run(sections)
    return fits


def accept(runner, x, y):
    """(x, y, rows), as buffers of the types that the program reads."""
    if runner.front:
        return runner.front.accept(runner.binding, x, y)
    from .travel import accept

    return accept(runner, x, y)
