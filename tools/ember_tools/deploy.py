"""Installs Ember on a board: asks what it is, copies what it needs, tries it there."""

import contextlib
import errno
import re

from . import facts as asking
from . import install, library, onboard, selftest
from .install import Step
from .line import DeployError, LineError, ScriptError, leave, open_line, restart, run, script

# Free heap, in bytes, that importing Ember and the self-test's small net take (measured on the emulated boards), and
# the portable VM besides. The native VM's code is loaded into RAM too.
HEAP = 104 * 1024
KERNELS = 40 * 1024
# By host_tests/bench/vms.py on the emulated boards, in instructions a step.
SLOWER = {True: "some 300 times slower than native code would be on a processor with an FPU",
          False: "some 10 to 20 times slower than native code would be on a processor without an FPU"}  # fmt: skip
PATIENCE = 30  # seconds for a script, and for the self-test ten times that: the portable VM is slow
CONNECT = Step("connect", [])
ASK = Step("ask the board", [script("ask")])
SURVEY = "look at what is there"
TRY = Step("try it on the board", [], state=install.AFTER)
SYSTEM_ERRORS = {
    errno.ENOSPC: "its file system is full: remove files from it, or format it",
    errno.EROFS: "its file system is read-only: if it is mounted as a disk on this computer, eject that",
    errno.EACCES: "its file system does not let it be written",
    errno.EIO: "its flash does not answer",
    errno.ENODEV: "there is no file system",
}
NOT_LOADED = " Its firmware may be for another processor than it says: try --arch, or --vm portable."


def nothing(*_):
    pass


def deploy(port, vm="auto", arch=None, baud=115200, say=nothing, progress=nothing, more=(), build=nothing, strip=False,
           components=(), size=False):  # fmt: skip
    """(facts, the self-test's result). progress(step, bytes sent, bytes to send) comes before each script.
    more: names of the catalogue that are to be there beside the core. build(arch, components, size) makes the native
    module for one: with these components alone, if there are any, and for size rather than speed. strip: leave the
    numbers of lines out."""
    progress(CONNECT, 0, 0)
    line = open_line(port, baud)
    try:
        facts = ask(line, progress)
        name, why = asking.module_for(facts, vm, arch)
        say("%s, MicroPython %s, %s" % (facts.machine, asking.dotted(facts.version), asking.architecture(facts)))
        native = bool(name or facts.vm)
        say("VM: %s: %s." % ("native" if native else "portable", why))
        if not native:
            say("Warning: with the portable VM, training is %s." % slower(facts))
        if facts.frozen:
            say("Ember is frozen into this firmware and would be imported before any copy of it: nothing to copy.")
        else:
            if name:
                build(name, components, size)
            files = library.files(name, more, strip, *(components, size) if name else ())
            put(line, facts, files, say, progress)
        step = TRY._replace(scripts=[selftest.text(native)])
        return facts, selftest.judge(perform(line, step, progress, fresh=True), native)
    finally:
        leave(line)


def ask(line, progress):
    facts = asking.parse(perform(line, ASK, progress, fresh=True))
    asking.check(facts)
    return facts


def put(line, facts, files, say, progress):
    """Copies and swaps, unless the board has it all."""
    lib = facts.lib
    there = install.parse(perform(line, Step(SURVEY, [script("survey", LIB=lib)]), progress), lib)
    if install.is_installed(files, there):
        say("The board has exactly this Ember already.")
        return
    check_heap(facts, files)
    check_disk(facts, install.missing(files, there))
    steps = list(install.steps(lib, files, there))
    done, total = 0, sum(step.size for step in steps)
    for step in steps:
        try:
            said = perform(line, step, progress, done, total)
            done += step.size
            if step.check:
                step.check(said)
        except LineError:
            raise
        except DeployError:
            if step.state == install.BEFORE:
                with contextlib.suppress(DeployError):
                    run(line, install.undo(lib))
            raise
    say("Installed %d files, %d bytes, in %s." % (len(files), sum(map(len, files.values())), lib))


def check_heap(facts, files):
    """Refuse before the first byte is written."""
    heap = HEAP + (0 if facts.vm else len(files.get("ember_vm.mpy", b"")) or KERNELS)
    if facts.free < heap:
        raise DeployError(
            "The board has %d bytes of heap free, Ember needs %d to begin with. Free what boot.py takes, freeze Ember "
            "into the firmware (it then runs from flash, docs/boards-real.md), or take a board with more RAM."
            % (facts.free, heap)
        )


def check_disk(facts, lacking):
    """As check_heap does."""
    free, block = facts.disk
    blocks = install.blocks(lacking, block)
    if free < blocks:
        raise DeployError(
            "The board's file system has %d bytes free, this takes %d. Remove files from it, or the Ember that is "
            "there, if there is one: mpremote rm -r :%s/ember" % (free * block, blocks * block, facts.lib)
        )


def perform(line, step, progress, done=0, total=0, fresh=False):
    """Runs a step; returns what its last script printed. fresh: in a Python that was just started."""
    said = ""
    try:
        for k, text in enumerate(step.scripts):
            progress(step, done + k * step.size // len(step.scripts), total)
            if fresh:
                restart(line)
            said = run(line, text, PATIENCE * (10 if step.name == TRY.name else 1))
    except LineError as error:
        raise LineError(lost(line, step, error)) from error
    except ScriptError as error:
        left = install.LEFT[step.state]
        hint = NOT_LOADED if step.name == install.LOAD_NAME else ""
        raise DeployError("The board could not %s: %s. %s%s" % (step.name, explain(error), left, hint)) from error
    return said


def lost(line, step, error):
    if step is ASK and not error.gone:
        return (
            "The board on %s does not answer. Is MicroPython on it? Press its reset button, in case its program holds "
            "the line; close what else uses the port; a UART may need another --baud." % line.device_name
        )
    return (
        "The board on %s %s while it was to %s. %s Plug it in or reset it, then run the same command again: that "
        "repairs everything." % (line.device_name, error, step.name, install.LEFT[step.state])
    )


def slower(facts):
    """How much the portable VM costs; where the firmware does not say its processor, what it costs at the most."""
    return SLOWER[asking.architecture(facts) not in asking.WITHOUT_FPU]


def explain(error):
    """An OSError's number in words."""
    found = re.match(r"OSError: (?:\[Errno )?(\d+)", str(error))
    return SYSTEM_ERRORS.get(int(found.group(1)), str(error)) if found else onboard.traced(str(error))
