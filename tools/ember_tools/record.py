"""Recording on this computer what a board then runs: a script that makes a Trainer becomes a program that travels."""

import runpy
import sys
from pathlib import Path

from .library import SOURCES
from .line import DeployError


def trainer_of(script):
    """The Trainer that a script calls `trainer`, or that its function make() returns."""
    for folder in (str(SOURCES.parent), str(SOURCES.parent.parent / "tools" / "host")):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    try:
        names = runpy.run_path(str(script))
    except FileNotFoundError as error:
        raise DeployError("no script %s" % script) from error
    made = names.get("trainer") or ("make" in names and names["make"]())
    if not hasattr(made, "export"):
        raise DeployError("%s makes no Trainer: give one the name `trainer`, or return it from make()" % script)
    return made


def record(script, out=None):
    """(path, bytes, the plan as text) of what was written, beside the script if out does not say where."""
    made = trainer_of(script)
    path = str(out or Path(script).with_suffix(".ember"))
    try:
        size = made.export(path)
    except (OSError, ValueError) as error:
        raise DeployError(str(error)) from error
    return path, size, str(made.plan)
