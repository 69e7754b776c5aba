"""What a board says of itself, and whether Ember can run there."""

import collections
import shlex

from .answer import last, maybe, one_of, pair, path, record, several, text, truth, unlike, value, whole
from .line import DeployError

OLDEST = (1, 23, 0)
# Version and sub-version of .mpy files, as mpy-cross and mpy_ld.py of MicroPython 1.23 to 1.29 write them.
ABI = (6, 3)
NEW_FIRMWARE = "Flash MicroPython 1.23 or newer (https://micropython.org/download)"

# What sys.implementation._mpy names, and which of our modules it loads. A Thumb-2 part without an FPU says armv7em.
NAMES = (
    "none", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp", "xtensa", "xtensawin",
    "rv32imc", "rv64imc",
)  # fmt: skip
MODULES = {name: name for name in ("x64", "armv6m", "armv7m", "armv7emsp", "armv7emdp", "xtensa", "xtensawin",
                                   "rv32imc")}  # fmt: skip
MODULES["armv7em"] = "armv7m"
WITHOUT_FPU = ("armv6", "armv6m", "armv7m", "armv7em", "xtensa", "rv32imc")

# rom: of the first partition for a ROMFS, its size, what it holds ("nothing", "ROMFS", "something"), and the paths of
# the files in it that are not Ember's.
Facts = collections.namedtuple(
    "Facts", "name version machine mpy free path lib disk frozen vm hidden_by hash rom", defaults=(None,)
)


ANSWER = record(
    name=text,
    version=several(whole(), 1, 3),
    machine=text,
    mpy=maybe(whole(0, 1 << 31)),
    free=whole(),
    path=several(text, most=20),
    lib=maybe(path),
    disk=maybe(pair(whole(), whole(1))),
    frozen=truth,
    vm=truth,
    hidden_by=several(text, most=20),
    hash=truth,
    rom=maybe(record(size=whole(), holds=one_of("nothing", "ROMFS", "something"), others=several(text, most=10000))),
)


def parse(said):
    """Of what board/ask.py printed."""
    facts = Facts(**value(said, ANSWER))
    if facts.lib and facts.lib not in facts.path:
        raise unlike(last(said), "%s among the folders of its path" % facts.lib)
    return facts


def abi(facts):
    return facts.mpy & 0xFF, facts.mpy >> 8 & 3


def architecture(facts):
    code = facts.mpy >> 10 & 15
    return NAMES[code] if code < len(NAMES) else "unknown (%d)" % code


def dotted(numbers):
    return ".".join(map(str, numbers))


def check(facts):
    """Refuse a firmware that Ember cannot run on, whatever is copied there."""
    version = dotted(facts.version)
    if facts.name != "micropython":
        raise DeployError("The board runs %s %s, Ember needs MicroPython. %s." % (facts.name, version, NEW_FIRMWARE))
    if facts.mpy is None:
        raise DeployError(
            "This firmware (MicroPython %s) loads no .mpy files: it is older than 1.19 or built without "
            "MICROPY_PERSISTENT_CODE_LOAD. %s." % (version, NEW_FIRMWARE)
        )
    if facts.version < OLDEST or abi(facts) < ABI:
        raise DeployError(
            "MicroPython %s on the board is too old: it loads .mpy %s, Ember's files are .mpy %s. %s."
            % (version, dotted(abi(facts)), dotted(ABI), NEW_FIRMWARE)
        )
    if abi(facts) > ABI:
        raise DeployError(
            "MicroPython %s on the board is newer than this Ember: it loads .mpy %s, Ember's files are .mpy %s. "
            "Get a newer Ember." % (version, dotted(abi(facts)), dotted(ABI))
        )
    if facts.frozen:
        return
    if facts.lib is None:
        raise DeployError(
            "The board looks for modules in %s only, and Ember goes into a folder called lib. Add this to its boot.py: "
            "import sys; sys.path.append('/lib')" % list(facts.path)
        )
    if facts.disk is None:
        raise DeployError(
            "The board has no file system at %s. Flash a firmware that has one, or freeze Ember into the firmware "
            "(docs/boards-real.md)." % facts.lib
        )
    if not facts.hash:
        raise DeployError(
            "This firmware has no hashlib.sha256, which is how copied files are checked: freeze Ember into the "
            "firmware instead (docs/boards-real.md)."
        )
    if any(path.startswith("/rom/") for path in facts.hidden_by):
        raise DeployError(
            "Another Ember would be imported from a file system that can only be read: %s. Write that anew, without it."
            % " ".join(facts.hidden_by)
        )
    if facts.hidden_by:
        raise DeployError(
            "Another Ember would be imported before %s/ember. Remove it first: mpremote rm -r %s"
            % (facts.lib, " ".join(shlex.quote(":" + path) for path in facts.hidden_by))
        )


def module_for(facts, vm="auto", arch=None):
    """(the native module that goes to the board or None, why that)."""
    if vm not in ("auto", "native", "portable"):
        raise DeployError("The VM is %r; it may be auto, native or portable." % vm)
    if facts.vm:
        return None, "built into the firmware"
    if vm == "portable":
        return None, "as asked for"
    name = arch or MODULES.get(architecture(facts))
    if facts.frozen:
        name, why = None, "the firmware has Ember frozen in, and no native VM with it"
    elif architecture(facts) == "none":
        name, why = None, "this firmware loads no native code (it was built without MICROPY_EMIT_… for its processor)"
    elif not name:
        why = "there is no native one for the architecture %s" % architecture(facts)
    elif name not in MODULES.values():
        raise DeployError("There is no native VM for %r; there are: %s." % (name, ", ".join(sorted(MODULES.values()))))
    else:
        why = "the module for %s" % name
    if not name and vm == "native":
        raise DeployError(
            "The native VM cannot run: %s. Build a firmware with it inside (docs/boards-real.md), or take --vm "
            "portable." % why
        )
    return name, why
