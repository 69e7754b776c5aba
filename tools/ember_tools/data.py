"""python -m ember_tools data: packing data files, and looking into them (docs/data.md)."""

import csv
import sys
from pathlib import Path
from typing import Optional

import typer

from .flat import SOURCES
from .line import DeployError

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


def library():
    """ember.data of this checkout."""
    if str(SOURCES.parent) not in sys.path:
        sys.path.insert(0, str(SOURCES.parent))
    from ember import data

    return data


def said(path):
    """What a file holds, line by line; the last says whether all of its records are whole. ValueError, OSError."""
    data, lines, damage = library(), [], []
    for split in ("train", "test"):
        try:
            batches = data.Batches(path, 1, split=split, shuffle=False, on_damage="skip")
        except ValueError as error:
            if "has no samples" not in str(error):
                raise
            lines.append("no samples to %s" % split)
            continue
        if not any(line.startswith("x") for line in lines):
            lines = [*about(batches), *lines]
        good = sum(1 for _ in batches)
        growing = ", and it grows, by chunks of %d" % batches.layout.chunk if batches.grows else ""
        lines.append("%d samples to %s%s" % (batches.samples, split, growing))
        if batches.skipped:
            damage.append("%d of %d records to %s are damaged" % (batches.skipped, good + batches.skipped, split))
        batches.close()
    return [*lines, "; ".join(damage) or "every record is whole"]


def about(batches):
    lines = []
    for name, several, words in (("x", batches.several_x, "typecode shape scale offset"),
                                 ("y", batches.several_y, "target_typecode target_shape classes names")):  # fmt: skip
        values = [getattr(batches, word) for word in words.split()]
        for k, one in enumerate(zip(*values) if several else [values]):
            described = ["%s %s" % (word.rpartition("_")[2], value) for word, value in zip(words.split(), one)]
            lines.append("%s%s: %s" % (name, "[%d]" % k if several else "", ", ".join(described)))
    return lines


@app.command()
def info(path: str = typer.Argument(..., help="a data file")):
    """Say what a file holds, and verify every record. Exits with 1 where one is damaged."""
    try:
        lines = said(path)
    except (ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo("\n".join(lines))
    if lines[-1] != "every record is whole":
        raise typer.Exit(1)


def samples_of(path):
    """(train, test, shape of x, shape of y): of a .csv the last column is y; an .npz has arrays x and y, and may have
    x_test and y_test."""
    if Path(path).suffix == ".npz":
        import numpy as np

        arrays = np.load(path)
        if not {"x", "y"} <= set(arrays):
            raise DeployError("%s has %s; it may have x and y, and x_test and y_test" % (path, ", ".join(arrays)))
        test = list(zip(arrays["x_test"], arrays["y_test"])) if "x_test" in arrays else []
        return list(zip(arrays["x"], arrays["y"])), test, arrays["x"].shape[1:], arrays["y"].shape[1:]
    with open(path, newline="") as file:
        lines = [line for line in csv.reader(file) if line]
    try:
        float(lines[0][-1])
    except ValueError:
        lines = lines[1:]  # names of columns
    except IndexError:
        raise DeployError("%s has no lines" % path) from None
    rows = [[float(value) for value in line] for line in lines]
    return [(row[:-1], row[-1]) for row in rows], [], (len(rows[0]) - 1,), ()


@app.command()
def pack(
    source: str = typer.Argument(
        ..., help="a .csv, whose last column is the target; or .npz with x, y, x_test, y_test"
    ),
    out: str = typer.Argument(..., help="the file to write"),
    classes: int = typer.Option(0, help="targets are labels from 0 to one less; else they are values"),
    names: Optional[str] = typer.Option(None, help="of the classes: standing,walking"),
    typecode: str = typer.Option("f", help="of the inputs: f i B b h H I"),
    scale: float = typer.Option(1.0, help="the inputs are the numbers times this"),
    offset: float = typer.Option(0.0, help="and plus this"),
    hold_out: int = typer.Option(0, help="every so manieth sample is to test on"),
    chunk: Optional[int] = typer.Option(None, help="the file may grow on a board, by so many records"),
):
    """Pack a data file."""
    try:
        train, test, shape, target_shape = samples_of(source)
        if hold_out:
            train, test = [s for k, s in enumerate(train) if (k + 1) % hold_out], test + train[hold_out - 1 :: hold_out]
        named = names.split(",") if names else None
        types = {"target_typecode": None if classes or named else "f", "target_shape": target_shape}
        library().write(out, train, test, shape, classes, typecode, scale, offset, names=named, chunk=chunk, **types)
    except (ValueError, OSError, DeployError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo("%s: %d bytes" % (out, Path(out).stat().st_size))
