"""Files of this computer, sealed and opened: docs/sealed.md says what that promises."""

from pathlib import Path

from .catalogue import inner
from .line import DeployError


class Kept:
    """A counter in memory: whoever releases files knows their numbers."""

    def __init__(self, number):
        self.number = number

    def __call__(self, kind, number=None):
        if number is not None:
            self.number = number
        return self.number


def seal(path, secret, kind, out, about="", number=None):
    """Write a sealed file of another one. secret: the file of it. Returns the bytes."""
    content = _content(path)
    counter = None if number is None else Kept(_at_least_1(number) - 1)
    with _said():
        key = inner("sealed").Key(_content(secret), counter, about=about.encode())
        return sum(key.at(str(out), kind).replacing(_all, content))


def open_sealed(path, secret, kind, out, about="", number=None):
    """Write what is in a sealed file to another one. number: the least that is opened. Returns its number."""
    counter = None if number is None else Kept(_at_least_1(number))
    with _said():
        key = inner("sealed").Key(_content(secret), counter, about=about.encode())
        with key.at(str(path), kind).open() as plain:
            content = plain.read()
        Path(out).write_bytes(content)
        return plain.number


def _all(content, file):
    yield file.write(content)


def _at_least_1(number):
    if number < 1:
        raise DeployError("--number is %d; it may be 1 or more" % number)
    return number


def _content(path):
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DeployError("cannot read %s (%s)" % (path, error.strerror)) from error


class _said:
    """What is wrong, as the command line says it."""

    def __enter__(self):
        pass

    def __exit__(self, kind, error, *_):
        if isinstance(error, (ValueError, RuntimeError, OSError)):
            raise DeployError(str(error)) from error
