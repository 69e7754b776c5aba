"""python -m ember_tools: the command line."""

import sys
from pathlib import Path
from typing import Optional

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from . import components as needed
from . import data, library, onboard, rom, sealing, selftest, shown
from .deploy import deploy as install_on
from .deploy import nothing
from .dist import PORTABLE, ROOT, packages, write
from .line import DeployError, decoded, only_port
from .record import record

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(data.app, name="data", help="Data files: pack one, look into one.")
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


@app.callback()
def main():
    """Ember on boards, from this computer."""


def say(text):
    console.print(text, markup=False, soft_wrap=True)


@app.command()
def deploy(
    port: Optional[str] = typer.Option(None, help="the board's serial port, if there are several: /dev/ttyACM0"),
    vm: str = typer.Option("auto", help="auto, native or portable"),
    arch: Optional[str] = typer.Option(None, help="another native module than the board's own, such as armv6m"),
    baud: int = typer.Option(115200, help="for boards on a UART"),
    build: bool = typer.Option(False, help="make the native module first, if it is not current"),
    more: str = typer.Option("", "--with", help="beside the core, by name: LayerNorm,RMSprop,sort; a part; or all"),
    strip: bool = typer.Option(False, help="without the numbers of lines: less heap, and tracebacks say no line"),
    components: str = typer.Option("", help="a native VM with these alone: core, or convolution,pooling"),
    programs: str = typer.Option("", "--for", help="a native VM with what these need: model.ember,other.ember"),
    size: bool = typer.Option(False, help="the smallest native VM, all but its products slower"),
    romfs: bool = typer.Option(True, help="into the board's ROMFS if it has one, or as files"),
):
    """Install Ember on a board, and try it there."""
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
    try:
        wanted = needed.given(components.replace(",", " ").split())
        wanted = sorted({*wanted, *(needed.of_files(programs.split(",")) if programs else ())})
        with Progress(*columns, console=console, transient=True) as bar:
            facts, result = install_on(
                port or only_port(), vm, arch, baud, say, follower(bar), [n for n in more.split(",") if n],
                library.make if build else nothing, strip, wanted, size, romfs,
            )  # fmt: skip
        console.print(selftest.table(facts, result))
    except (DeployError, OSError) as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        errors.print("Stopped. Run the same command again: it repairs everything.")
        raise typer.Exit(130) from None


@app.command()
def compile(
    script: str = typer.Argument(..., help="a Python file that makes a Trainer named `trainer`, or has make()"),
    out: Optional[str] = typer.Option(None, "--out", "-o", help="by default beside the script, with .ember"),
):
    """Record on this computer what a board then loads by ember.runtime."""
    try:
        path, size, plan = record(script, out)
    except DeployError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    say(plan)
    say("%s: %d bytes" % (path, size))


@app.command()
def romfs(
    arch: str = typer.Argument(..., help="whose native VM goes along, such as armv7emsp; or portable"),
    out: str = typer.Option("build/ember.romfs", "--out", "-o", help="the image: mpremote romfs deploy FILE writes it"),
    more: str = typer.Option("", "--with", help="as deploy has it"),
    strip: bool = typer.Option(False, help="as deploy has it"),
    add: Optional[str] = typer.Option(None, help="a folder of yours, whose files go into the image too"),
):
    """Write an image for the ROMFS of a board that has one: Ember is read there in place, and takes less heap."""
    try:
        files = library.files(None if arch == PORTABLE else arch, [n for n in more.split(",") if n], strip)
    except DeployError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    beside = rom.folder(add) if add else {}
    size = Path(out).write_bytes(rom.image(files, beside))
    say("%s: %d files, %d bytes" % (out, len(files) + len(beside), size))


@app.command()
def trace():
    """A traceback from a board, read from standard input: its lines of ember/core.py as those of lib/ember."""
    for line in iter(lambda: sys.stdin.buffer.readline(1 << 16), b""):
        print(onboard.traced(shown.lines(decoded(line))), end="", flush=True)


@app.command()
def dist(
    folder: str = typer.Option("build/dist", help="made anew"),
    build: bool = typer.Option(False, help="make native VMs of less first: vm-core.json and others install them"),
):
    """Write what `mip install` takes: a folder for each architecture."""
    try:
        made = write(folder, library.make if build else None)
    except DeployError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    console.print("%s: %s" % (folder, ", ".join(made)))


@app.command()
def package():
    """Write lib/package.json and the others there anew: the library's sources in parts, for mip."""
    for name, text in packages().items():
        (ROOT / "lib" / name).write_text(text)


_KEY = typer.Option(..., "--key", help="a file whose bytes are the secret: 16 or more that nobody can guess")
_KIND = typer.Option("program", help="program, checkpoint or package")
_OUT = typer.Option(..., "--out", "-o")
_ABOUT = typer.Option("", help="what it is about, if one secret has several: kitchen")


@app.command()
def seal(
    path: str = typer.Argument(..., help="model.ember, a checkpoint, or any file"),
    key: str = _KEY,
    out: str = _OUT,
    kind: str = _KIND,
    about: str = _ABOUT,
    number: Optional[int] = typer.Option(None, help="against rollback: higher than all before"),
):
    """Seal a file under a secret: nobody else reads it, or changes it unseen."""
    try:
        say("%s: %d bytes" % (out, sealing.seal(path, key, kind, out, about, number)))
    except DeployError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error


@app.command("open")
def open_sealed(
    path: str = typer.Argument(...),
    key: str = _KEY,
    out: str = _OUT,
    kind: str = _KIND,
    about: str = _ABOUT,
    number: Optional[int] = typer.Option(None, help="against rollback: the least that is opened"),
):
    """Open what seal or a board has sealed."""
    try:
        say("%s: number %d" % (out, sealing.open_sealed(path, key, kind, out, about, number)))
    except DeployError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error


def follower(bar):
    """Shows the steps of a deploy in a progress bar."""
    task = bar.add_task("connect", total=None)
    return lambda step, done, total: bar.update(task, description=step.name, completed=done, total=total or None)


if __name__ == "__main__":
    sys.exit(app())
