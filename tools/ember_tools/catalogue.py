"""What the library says of its own names: which module has each operation, layer and optimizer."""

import importlib
import sys

from .flat import SOURCES


def ember():
    """The package itself, for what it says of its names."""
    sys.path.insert(0, str(SOURCES.parent))
    import ember

    return ember


def inner(module):
    """One of the package's modules, for the same."""
    return importlib.import_module("ember." + module) if ember() else None


def parts(homes):
    """[(module, [name, …]), …] of one of the catalogue's lists."""
    found = []
    for word in homes.split():
        if word[-1] == ":":
            found.append((word[:-1], []))
        else:
            found[-1][1].append(word)
    return found


def listed(*kinds):
    """The catalogue's lists of these kinds, all parts of it, as one: "OPERATIONS", "FUNCTIONS", …"""
    lists = [inner(name) for name in inner("base.catalogue").LISTS.split()]
    return "".join(getattr(part, kind, "") for kind in kinds for part in lists)
