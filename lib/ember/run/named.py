"""Weights alone, from a checkpoint of another model, each by its name: where fine-tuning begins."""

from ..instructions import program
from .averaged import averages
from .blocks import Checked, fill
from .restore import blocks, memory, take, whole


def load_named(runner, path, strict):
    """The names of this model's parameters that the file lacks, or has in another shape; if strict they are a
    ValueError. The others take the file's values, and an average of the weights begins anew."""
    file, size = whole(path)
    with file:
        file.seek(0)
        there, width = _parameters(Checked(file, size, repr(path)))
        here, at, addresses = _lines(runner.names), 0, {}
        for line in here:
            addresses[line] = at
            at += _elements(line)
        lacking = [line.split(" ")[0] for line in here if line not in there or line[0] == "."]
        if lacking and (strict or len(lacking) == len(here)):
            raise ValueError("%r lacks %s of this model's parameters, by name and shape; strict=False loads the others"
                             % (path, ", ".join(lacking)))  # fmt: skip
        wanted = [(addresses.get(line) if line[0] != "." else None, _elements(line)) for line in there]
        places = memory(runner, [(address, n) for address, n in wanted if address is not None], True)
        file.seek(0)
        _fill(Checked(file, size, repr(path)), wanted, width, [view for _, view in places])
    (_, trained), (at, n) = runner.image.block(program.PARAMETERS), runner.image.block(program.STATE)
    if averages(runner):
        places += [(at + n - trained + address, view) for address, view in places if address < trained]
    take(runner, {"places": places})
    return lacking


def _parameters(checked):
    """The lines of those in a file, "0.weight 64 32", and how many bytes an element has."""
    bytes_there, lines = 0, ()
    for name, n in blocks(checked):
        if name == b"names":
            lines = _lines(checked.text(n))
        elif name in (b"parameters", b"frozen"):
            bytes_there += n
    elements = sum([_elements(line) for line in lines])
    if bytes_there not in (4 * elements, 2 * elements):
        checked.damaged()
    return lines, 4 if bytes_there == 4 * elements else 2


def _lines(text):
    return [line for line in text.split("\n")[1:] if line[:2] != "* "]


def _elements(line):
    n = 1
    for d in line.split(" ")[1:]:
        n *= int(d)
    return n


def _fill(checked, wanted, width, views):
    """What is wanted, into views, one after the other; the rest is passed over."""
    k = 0
    for name, left in blocks(checked):
        while name in (b"parameters", b"frozen") and left and k < len(wanted):
            address, n = wanted[k]
            k, left = k + 1, left - width * n
            if address is None:
                checked.skip(width * n)
            while address is not None and n:
                view = views.pop(0)
                fill(checked, view, width == 2)
                n -= len(view)
