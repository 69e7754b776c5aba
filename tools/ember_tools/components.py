"""What of the native VM a program needs: python -m ember_tools.components model.ember …"""

import sys
from array import array
from pathlib import Path

from .library import SOURCES
from .line import DeployError


def of_code(code):
    """The names of the components that a recorded program needs (trainer.image.code), as COMPONENTS= takes them."""
    if str(SOURCES.parent) not in sys.path:
        sys.path.insert(0, str(SOURCES.parent))
    from ember.instructions import needs
    from ember.portable import verify

    if verify.verify(code):
        raise DeployError("the program is refused: %s" % verify.explain(code, verify.verify(code)))
    return needs.components(code)


def of_file(path):
    """Those of an exported one."""
    content = Path(path).read_bytes()
    words = array("i", content[: len(content) & ~3])
    head = 16  # words before the program, which says its own length: docs/file.md
    if len(words) < head + 5 or words[0] != 0x21424D45 or not 5 <= words[head + 1] <= len(words) - head:
        raise DeployError("%s is not a program that Ember exported" % path)
    return of_code(words[head : head + words[head + 1]])


def of_files(paths):
    """What all of these need, the core first."""
    return ["core", *sorted(set().union(*(of_file(path) for path in paths)) - {"core"})]


def given(components):
    """What was typed, or DeployError that names those there are."""
    if str(SOURCES.parent) not in sys.path:
        sys.path.insert(0, str(SOURCES.parent))
    from ember.instructions.table import COMPONENTS

    for name in components:
        if name not in COMPONENTS:
            raise DeployError("there is no component %r; there are: %s" % (name, ", ".join(COMPONENTS)))
    return ["core", *sorted(set(components) - {"core"})] if components else []


if __name__ == "__main__":
    try:
        print('COMPONENTS="%s"' % " ".join(of_files(sys.argv[1:])))
    except (OSError, DeployError) as error:
        sys.exit(str(error))
