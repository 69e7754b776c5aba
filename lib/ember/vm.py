"""Which VM runs programs: the native one where it loads, else the portable one. Nobody has to choose.

docs/vm.md is the contract:

run(program, segments, state, budget, weights=None) -> 1 finished, 0 paused, -1 fault, -2 not finite
verify(program) -> 0, or what is wrong and where
permute(i, n, key, epoch) -> a shuffle without an index array
"""

from .instructions.program import ABSENT

FINISHED, PAUSED, FAULT, NOT_FINITE = 1, 0, -1, -2

name = run = verify = permute = components = None
_OTHER = "ember_vm was built from another instruction table than this ember: deploy both again (on a PC: make setup)"
_told = False  # that it is not used


def select(wanted=None):
    """Take the VM called "native" or "portable"; without a name, the native one where it loads."""
    from .instructions.derived import CHECKSUM, EVERY

    global name, run, verify, permute, components, _told
    if wanted not in (None, "native", "portable"):
        raise ValueError("VM is %r; it may be 'native' or 'portable'" % (wanted,))
    chosen, other = None, False
    if wanted != "portable":
        try:
            import ember_vm as chosen

            if chosen.isa != CHECKSUM:
                if wanted:
                    raise ImportError(_OTHER)
                chosen, other = None, True
        except (ImportError, ValueError):  # ValueError: a module of another architecture
            if wanted:
                raise
            chosen = None
    name = "native" if chosen else "portable"
    if not chosen:
        try:
            from .portable import run as chosen
        except (ImportError, AttributeError):  # the latter is the package's own
            raise ImportError(_OTHER if other else "ember_vm does not load in this firmware, and the portable VM "
                              "is not there: deploy again")  # fmt: skip
        if other and not _told:
            _told = True
            print("ember: the portable VM runs, which is slower: " + _OTHER)
    run, verify, permute = chosen.run, chosen.verify, chosen.permute
    components = getattr(chosen, "components", EVERY)


def check(program):
    """Raise ValueError that says what is wrong with a program, if anything is."""
    verdict = verify(program)
    if verdict >> 24 == ABSENT:
        from .instructions.needs import lacks

        lacks("the program", program, components)
    if verdict:
        from .portable.verify import check as explain

        explain(program)
        raise ValueError("the native VM refuses a program that the portable one accepts")


def execute(image, arena):
    """The executor of an image, in memory of this heap."""
    from .machine.executor import Executor

    executor = Executor(image.code, image.segments(arena), run)
    executor.explain = fault
    return executor


def fault(program, segments, state):
    """Raise ValueError that names the index at which a run stopped."""
    from .portable.fault import explain

    explain(program, segments, state)


select()
