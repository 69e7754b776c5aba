"""Writing a Trainer's program to a file that travels: see runtime.py and docs/file.md."""

from array import array
from binascii import crc32

from . import program, runtime
from .checkpoint import _replace
from .derived import CHECKSUM
from .nn_module import named_tensors
from .optim_view import slots


def _settings(optimizer):
    """The names of a group's slots; the betas are beta1, beta2, ..."""
    names, betas = [], 0
    for name in slots(optimizer):
        betas += name == "betas"
        names.append("beta%d" % betas if name == "betas" else name)
    return names


def _text(trainer):
    slots, lines, found = [], [], named_tensors(trainer.model)
    for optimizer in trainer.optimizers:
        slots += _settings(optimizer) * len(optimizer.groups)
    if trainer._extras:
        slots += ["clip_value", "clip_norm", "ema"]
    for p in trainer._trained + trainer._frozen:
        name = [name for name, q in found if q is p]
        lines.append(" ".join([name[0] if name else "."] + [str(d) for d in p.shape]))
    text = bytes("\n".join([" ".join(slots)] + lines), "utf-8")
    return text + bytes(-len(text) % 4)


def export(trainer, path):
    """Returns the bytes written."""
    trainer._idle()
    if trainer._parts:
        raise ValueError("this Trainer has several inputs or outputs; a program that travels has one of each")
    if trainer.optimizer.searches:
        raise ValueError("LBFGS moves between the program's runs, which alone travels")
    if trainer._result >> 24 != program.ARENA:
        raise ValueError("the model's output is its input, or a constant; a program that travels computes it")
    segments, kept, arena = trainer._segments, trainer._kept, memoryview(trainer._arena)
    size = 1
    for d in trainer._result_dims[1:]:
        size *= d
    parts = [trainer._code] + segments[program.CONSTANTS : program.INTS + 1]
    for k in range(program.Y + 1, len(segments)):  # float32, wherever they lie
        parts.append(bytes(segments[k])[: 4 * trainer._code[program.HEAD + 3 * k + 1]])
    parts.append(arena[: kept[0][2] + kept[1][2]])
    begun = trainer.steps or trainer._extras and trainer._extras.averages  # an average begins as the weights
    state = kept[3][2] if begun else 0
    if state:
        parts.append(arena[kept[3][1] : kept[3][1] + state])
    parts.append(_text(trainer))
    parts = [(part, len(part) // 4 if isinstance(part, bytes) else len(part)) for part in parts]
    head = array("i", range(runtime.HEAD))
    head[0], head[1], head[runtime.TABLE] = runtime.MAGIC, runtime.VERSION, CHECKSUM
    head[runtime.LENGTH] = runtime.HEAD + sum([n for _, n in parts])
    head[runtime.BATCH], head[runtime.CLASSES] = trainer.batch_size, trainer.classes
    head[runtime.RESULT], head[runtime.RESULT_SIZE] = trainer._result, size
    for k in range(4):
        head[runtime.PARAMETERS + k] = kept[k][2]
    head[runtime.SHAPES], head[runtime.STATE_HERE] = trainer._fingerprint, state
    head[runtime.TEXT] = parts[-1][1]
    crc = crc32(memoryview(head)[runtime.BATCH :])
    for part, _ in parts:
        crc = crc32(part, crc)
    head[runtime.CRC] = crc - (1 << 32) if crc >> 31 else crc
    try:
        file = open(path + ".new", "wb")
    except OSError as error:
        raise OSError("cannot write %r (%s)" % (path, error))  # noqa: B904
    with file:
        file.write(head)
        for part, _ in parts:
            file.write(part)
    _replace(path + ".new", path)
    return 4 * head[runtime.LENGTH]
