"""Ember in a board's ROMFS: whether it may go there, and the steps of it, as install.py has them for files.

A ROMFS is written as a whole. The partition is erased, and holds no ROMFS until its first bytes, which are the last to
be written: so it has all of Ember or none, and what is in /lib serves meanwhile. That is removed at the end. What is in
a ROMFS and is not Ember's would be lost with the cable: then nothing is written there.
"""

import base64
import functools
from pathlib import Path

from mpremote.romfs import VfsRomWriter

from . import answer, install
from .install import AFTER, BEFORE, BETWEEN, LEFT, MODULE, Step, sha256
from .line import DeployError, script

LIB = "/rom/lib"
PAGE = 4096  # board/rom.py
CHUNK = 2048  # a board with a ROMFS has room for more than install.py's, and a page is some of them
ERASE, WRITE, CHECK, BEGIN, START, EMPTY = NAMES = (
    "erase the ROMFS", "write the ROMFS", "check the ROMFS", "complete the ROMFS", "start from the ROMFS",
    "empty the ROMFS",
)  # fmt: skip
MIXED = (
    "The board's ROMFS holds another Ember, beside what is not Ember's, which would be imported before %s/ember. Write "
    "that ROMFS anew: without Ember, or with this one (python -m ember_tools romfs ARCH --add FOLDER)."
)
INSTEAD = " Take --no-romfs to have files instead."
WORN = "The ROMFS on the board is not what was sent: its flash may be worn. %s Run the same command again."

# The native VM is tried in RAM, before anything is erased.
IN_RAM = "from binascii import a2b_base64\nimage = memoryview(bytearray(%d))"
PIECE = "image[%d:%d] = a2b_base64(%r)"
MOUNT = "import vfs\nvfs.mount(vfs.VfsRom(image), '/ember.new')\n" + install.LOAD % "/ember.new/lib"


def image(files, beside=None):
    """A ROMFS of these files, below lib, and others: what MicroPython mounts at /rom, and reads where it lies."""
    tree = {}
    for path, content in {**(beside or {}), **{"lib/" + path: content for path, content in files.items()}}.items():
        *folders, name = path.split("/")
        inner = tree
        for folder in folders:
            inner = inner.setdefault(folder, {})
        inner[name] = content
    writer = VfsRomWriter()
    _fill(writer, tree)
    return bytes(writer.finalise())


def _fill(writer, tree):
    for name, inner in sorted(tree.items()):
        if isinstance(inner, dict):
            writer.opendir(name)
            _fill(writer, inner)
            writer.closedir()
        else:
            writer.mkfile(name, inner)


def folder(path):
    """{path below it: content} of all files in a folder."""
    paths = [found for found in Path(path).rglob("*") if found.is_file()]
    return {found.relative_to(path).as_posix(): found.read_bytes() for found in paths}


def why_not(facts, files, wanted=True):
    """Why these do not go into a ROMFS of the board; None where they do."""
    rom, size = facts.rom, len(image(files))
    if not rom:
        return "there is none"
    if not wanted:
        return "not wanted"
    if rom["holds"] == "something":
        return "what is in that partition is no ROMFS, and stays"
    if rom["others"]:
        more = ", …" if len(rom["others"]) > 3 else ""
        return "it holds what is not Ember's (%s%s), and stays" % (", ".join(rom["others"][:3]), more)
    if rom["size"] < size:
        return "it has %d bytes, and this takes %d" % (rom["size"], size)
    return None


def planned(facts, files, why_not, there, in_rom):
    """For the person at the terminal: what goes where."""
    if why_not:
        said, removed = (
            "%s. The library goes into %s, as files." % (why_not, facts.lib),
            in_rom and not facts.rom["others"] and "the ROMFS",
        )
    else:
        said = "the library goes there, into %d of %d bytes, and is read in place." % (
            len(image(files)), facts.rom["size"],
        )  # fmt: skip
        removed = there and facts.lib
    return "ROMFS: " + said + (" The Ember in %s is removed." % removed if removed else "")


def is_first(facts):
    """Whether an import finds what is in the ROMFS before what is in /lib. One that is not mounted yet will come after
    the frozen modules: MicroPython appends it before anything else is."""
    before = facts.path[: facts.path.index(facts.lib)]
    return LIB in before or LIB not in facts.path and (".frozen" in before or ".frozen" not in facts.path)


def steps(facts, files, there, in_rom):
    """What brings `files` into the ROMFS, which has `in_rom` of Ember, and removes those of /lib, which has `there`."""
    lib, first = facts.lib, is_first(facts)
    if not install.is_installed(files, in_rom):
        if in_rom and there and first:
            yield Step("clear what was left", [script("files"), *removing(lib, there)])
            there = {}
        if MODULE in files:
            yield loading(files[MODULE], lib, there, in_rom)
        yield from writing(files, BETWEEN if in_rom and not (there and not first) else BEFORE)
        yield Step(START, [script("survey", LIB=LIB)], state=AFTER if first else BEFORE, fresh=True,
                   check=functools.partial(compare, files))  # fmt: skip
    if there:
        aside = "move(%r, %r)\nremove(%r)" % (lib + "/ember", lib + "/ember.old", lib + "/" + MODULE)
        before = "" if "ember" not in there else "remove(%r)\n" % (lib + "/ember.old")
        yield Step("set the old Ember aside", [script("files"), before + aside], state=AFTER if first else BETWEEN)
        yield Step("remove the old Ember", removing(lib, there), state=AFTER)


def removing(lib, there):
    """Scripts: whatever is there of Ember goes."""
    names = sorted({path.split("/")[0] for path in there} | {"ember.old"})
    paths = [lib + "/" + name for name in names]
    return ["for path in %r: remove(path)\nif hasattr(os, 'sync'): os.sync()" % paths]


def loading(module, lib, there, in_rom):
    """From where it already lies, if anywhere."""
    digest = sha256(module)
    for folder, found in ((LIB, in_rom), (lib, there)):
        if found.get(MODULE) == digest:
            return Step(install.LOAD_NAME, [install.LOAD % folder], check=install.right_module)
    content = image({MODULE: module})
    pieces = [PIECE % (k, k + len(piece), text) for k, piece, text in encoded(content)]
    return Step(install.LOAD_NAME, [IN_RAM % len(content), *pieces, MOUNT], len(content), check=install.right_module,
                fresh=True)  # fmt: skip


def encoded(content):
    for k in range(0, len(content), CHUNK):
        piece = content[k : k + CHUNK]
        yield k, piece, base64.b64encode(piece).decode()


def writing(files, state):
    content = image(files)
    pieces = ["add(%r)" % text for _, _, text in encoded(content)]
    # A Python that was just started has nothing of the old one in use.
    yield Step(ERASE, [script("rom") + "\nerase(%d)" % len(content)], state=state, fresh=True, slow=True)
    yield Step(WRITE, [*pieces, "flush()"], len(content), state)
    said = "all_but_begin()\nprint(unit, sha256(unit, %d))" % len(content)
    yield Step(CHECK, [said], state=state, check=functools.partial(right, content, state, PAGE), slow=True)
    yield Step(BEGIN, ["begin()\nprint(0, sha256(0, %d))" % len(content)], state=BETWEEN, slow=True,
               check=functools.partial(right, content, BETWEEN, 0))  # fmt: skip


def right(content, state, most, said):
    """Whether the partition holds this, from a byte on that is not beyond `most`."""
    start, digest = answer.groups(answer.last(said), "([0-9]{1,9}) ([0-9a-f]{64})", "a number and a hash")
    if int(start) > most or digest != sha256(content[int(start) :]):
        raise DeployError(WORN % LEFT[state])


def compare(files, said):
    if not install.is_installed(files, install.parse(said, LIB)):
        raise DeployError(WORN % LEFT[BETWEEN])


def as_files(facts, files, there, in_rom):
    """What brings `files` into /lib, and an Ember out of the ROMFS that would be imported before them."""
    mixed = in_rom and facts.rom["others"]
    if mixed and is_first(facts):
        if not install.is_installed(files, in_rom):
            raise DeployError(MIXED % facts.lib)
        return
    if not install.is_installed(files, there):
        hidden = in_rom and is_first(facts)
        for step in install.steps(facts.lib, files, there):
            yield step._replace(state=BEFORE) if hidden else step
    if in_rom and not mixed:
        yield Step(EMPTY, [script("rom") + "\nerase(%d)" % PAGE], state=BETWEEN, fresh=True, slow=True)
