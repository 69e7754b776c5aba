"""Installs Ember on a board: asks what it is, copies what it needs, tries it there."""

import contextlib
import errno
import re
import shlex

from . import facts as asking
from . import install, library, onboard, rom, selftest
from .install import Step
from .line import DeployError, LineError, ScriptError, leave, open_line, restart, run, script

# Free heap, in bytes, that importing Ember and the self-test's small net take (measured on the emulated boards), and
# the portable VM besides. The native VM's code is loaded into RAM too.
HEAP = 104 * 1024
KERNELS = 40 * 1024
HEAP_IN_PLACE = 56 * 1024  # where the library lies in a ROMFS
# By host_tests/bench/vms.py on the emulated boards, in instructions a step.
SLOWER = {True: "some 300 times slower than native code would be on a processor with an FPU",
          False: "some 10 to 20 times slower than native code would be on a processor without an FPU"}  # fmt: skip
PATIENCE = 30  # seconds for a script, and for the self-test ten times that: the portable VM is slow
CONNECT = Step("connect", [])
ASK = Step("ask the board", [script("ask")], fresh=True)
SURVEY = "look at what is there"
SURVEY_ROM = "look at what is in the ROMFS"
TRY = Step("try it on the board", [], state=install.AFTER, fresh=True, slow=True)
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
           components=(), size=False, romfs=True):  # fmt: skip
    """(facts, the self-test's result). progress(step, bytes sent, bytes to send) comes before each script.
    more: names of the catalogue that are to be there beside the core. build(arch, components, size) makes the native
    module for one: with these components alone, if there are any, and for size rather than speed. strip: leave the
    numbers of lines out. romfs: put the library into the board's ROMFS, if it has one."""
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
            put(line, facts, files, say, progress, romfs)
        step = TRY._replace(scripts=[selftest.text(native)])
        return facts, selftest.judge(perform(line, step, progress), native)
    finally:
        leave(line)


def ask(line, progress):
    facts = asking.parse(perform(line, ASK, progress))
    asking.check(facts)
    return facts


def put(line, facts, files, say, progress, romfs=True):
    """Copies and swaps, unless the board has it all."""
    lib = facts.lib
    there = survey(line, SURVEY, lib, progress)
    in_rom = survey(line, SURVEY_ROM, rom.LIB, progress) if facts.rom and facts.rom["holds"] == "ROMFS" else {}
    why_not = rom.why_not(facts, files, romfs)
    steps = list((rom.as_files if why_not else rom.steps)(facts, files, there, in_rom))
    if not steps:
        say("The board has exactly this Ember already.")
        return
    if facts.rom:
        say(rom.planned(facts, files, why_not, there, in_rom))
    check_heap(facts, files, HEAP if why_not else HEAP_IN_PLACE)
    if why_not and not install.is_installed(files, there):
        check_disk(facts, install.missing(files, there))
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
    place = lib if why_not else "ROMFS, at " + rom.LIB
    say("Installed %d files, %d bytes, in %s." % (len(files), sum(map(len, files.values())), place))


def survey(line, name, lib, progress):
    return install.parse(perform(line, Step(name, [script("survey", LIB=lib)]), progress), lib)


def check_heap(facts, files, heap=HEAP):
    """Refuse before the first byte is written."""
    heap += 0 if facts.vm else len(files.get("ember_vm.mpy", b"")) or KERNELS
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
            "there, if there is one: mpremote rm -r %s"
            % (free * block, blocks * block, shlex.quote(":%s/ember" % facts.lib))
        )


def perform(line, step, progress, done=0, total=0):
    """Runs a step; returns what its last script printed."""
    said = ""
    try:
        for k, text in enumerate(step.scripts):
            progress(step, done + k * step.size // len(step.scripts), total)
            if step.fresh and not k:
                restart(line)
            said = run(line, text, PATIENCE * (10 if step.slow else 1))
    except LineError as error:
        raise LineError(lost(line, step, error)) from error
    except ScriptError as error:
        left = install.LEFT[step.state]
        hint = NOT_LOADED if step.name == install.LOAD_NAME else rom.INSTEAD if step.name in rom.NAMES else ""
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
    found = re.match(r"OSError: (?:\[Errno )?(\d{1,5})\b", str(error))
    return SYSTEM_ERRORS.get(int(found.group(1)), str(error)) if found else onboard.traced(str(error))
