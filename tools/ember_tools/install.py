"""The steps of an installation, as data: what runs on the board, in which order, and what holds meanwhile.

All is copied beside the Ember that is there, into ember.new, checked by hash, and then renamed into place: until then
the old one works. Between the renames no `ember` can be imported; after them, the new one. Whatever an interrupted
installation left is used or removed by the next.
"""

import base64
import collections
import hashlib

from . import answer, library
from .line import DeployError, script

CHUNK = 512  # bytes sent with each script: the board holds that, its base64 and the script's text
# What a step leaves behind if it is the last that ran, and what a person is told then.
BEFORE, BETWEEN, AFTER = "before", "between", "after"
LEFT = {
    BEFORE: "Nothing was replaced: an Ember that was there before still is.",
    BETWEEN: "It was between the old Ember and the new one: the board may have none for now.",
    AFTER: "The new Ember is in place.",
}

MODULE = "ember_vm.mpy"
LOAD_NAME = "load the native VM"
LOAD = "import sys\nsys.path.insert(0, %r)\nimport ember_vm\nprint(ember_vm.isa)"

# size: bytes that go over the line. check: given what the last script printed, raises what is wrong with it. fresh: in
# a Python that was just started. slow: it may take long.
Step = collections.namedtuple(
    "Step", "name scripts size state check fresh slow", defaults=(0, BEFORE, None, False, False)
)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def parse(surveyed, lib):
    """{path below lib: hash} from what survey.py printed; a folder's hash is None."""
    found = {}
    for text in surveyed.strip().split("\n") if surveyed.strip() else ():
        digest, path = answer.groups(text, "(dir|[0-9a-f]{64}) (.+)", "a hash and a path")
        found[below(path, lib, text)] = None if digest == "dir" else digest
    return found


def below(path, lib, text):
    """Of a path of Ember's: nothing else is removed or copied on the board, whatever it says."""
    try:
        path = answer.below(lib, path)
    except answer.Unlike as error:
        raise answer.unlike(text, error) from error
    if path.split("/")[0] not in ("ember", "ember.new", "ember.old", MODULE):
        raise answer.unlike(text, "a path of Ember's")
    return path


def staged(path):
    return "ember.new/" + path.split("/")[-1]


def is_installed(files, there):
    """Whether the board holds these files and nothing else."""
    return {path: sha256(content) for path, content in files.items()} == {
        path: digest for path, digest in there.items() if digest
    }


def missing(files, there):
    """The files that are not staged yet."""
    return {path: content for path, content in files.items() if there.get(staged(path)) != sha256(content)}


def steps(lib, files, there):
    """What brings `files` onto a board that has `there`, from clearing up to removing the old Ember."""
    new, old, module = lib + "/ember.new", lib + "/ember.old", lib + "/" + MODULE
    # An installation that ended between its renames: its old Ember is whole.
    back = "ember" not in there and "ember.old" in there
    clear = "move(%r, %r)" % (old, lib + "/ember") if back else "remove(%r)" % old
    strays = [lib + "/" + path for path in there if is_stray(path, files)]
    clear += "\nmake(%r)\nfor path in %r: remove(path)" % (new, strays)
    same = {digest: lib + "/" + path for path, digest in installed(there, back).items()}

    yield Step("clear what was left", [script("files"), clear])
    for path, content in missing(files, there).items():
        here, to = same.get(sha256(content)), lib + "/" + staged(path)
        if here:
            yield Step("copy %s on the board" % path, ["copy(%r, %r)" % (here, to)])
        else:
            yield Step("copy " + path, list(sending(content, to)), len(content))
    yield Step("check the copies", [script("survey", LIB=lib)], check=lambda said: compare(files, parse(said, lib)))
    if MODULE in files:
        yield Step(LOAD_NAME, [LOAD % new], check=right_module)
    yield Step("set the old Ember aside", ["move(%r, %r)" % (lib + "/ember", old)], state=BETWEEN)
    swap = "remove(%r)\nmove(%r, %r)" % (module, new + "/" + MODULE, module)
    yield Step("change the native VM", [swap], state=BETWEEN)
    yield Step("put the library in place", ["move(%r, %r)" % (new, lib + "/ember")], state=BETWEEN)
    yield Step("remove the old Ember", ["remove(%r)\nif hasattr(os, 'sync'): os.sync()" % old], state=AFTER)


def is_stray(path, files):
    """Whether an earlier installation staged it, and this one has no use for it."""
    return path.startswith("ember.new/") and path not in map(staged, files)


def installed(there, back):
    """{path: hash} of the files that the board has once what was left is cleared."""
    if back:
        there = {path.replace("ember.old/", "ember/", 1): digest for path, digest in there.items()}
    return {path: digest for path, digest in there.items() if digest and path.startswith(("ember/", MODULE))}


def sending(content, path):
    """A file in small scripts: Ctrl-C ends each of them, and so any that a broken line leaves half sent."""
    yield "from binascii import a2b_base64\nfile = open(%r, 'wb')" % path
    for k in range(0, len(content), CHUNK):
        yield "_ = file.write(a2b_base64(%r))" % base64.b64encode(content[k : k + CHUNK]).decode()
    yield "file.close()"


def compare(files, there):
    for path, content in files.items():
        if there.get(staged(path)) != sha256(content):
            raise DeployError(
                "The copy of %s on the board is not what was sent: its flash may be worn, or its file system damaged. "
                "Nothing was replaced. Run the same command again; if it stays so, format the file system." % path
            )


def right_module(said):
    if answer.value(said, answer.whole()) != library.isa():
        raise DeployError(
            "The native VM in build/native was built from another instruction table than lib/ember has: make setup"
        )


def undo(lib):
    """Removes what was staged."""
    return "file = None\nremove(%r)" % (lib + "/ember.new")


def blocks(files, block):
    """The most blocks that these files take, with what the file system notes about them."""
    return sum(len(content) // block + 1 for content in files.values()) + (4 if files else 0)
