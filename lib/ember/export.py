"""Writing a Trainer's program to a file that travels: see runtime.py and docs/file.md."""

from array import array
from binascii import crc32

from . import program, runtime
from .checkpoint import replace
from .needs import table_of
from .nn_module import named_tensors
from .optim_view import slots
from .running import segment
from .sink import numel


def names_of(trainer):
    """Of its parameters, in the order they lie in; a dot for one that no attribute leads to."""
    found = named_tensors(trainer.model)
    return [([name for name, q in found if q is p] + ["."])[0] for p in trainer._trained + trainer._frozen]


def _settings(optimizer):
    """The names of a group's slots; the betas are beta1, beta2, ..."""
    names, betas = [], 0
    for name in slots(optimizer):
        betas += name == "betas"
        names.append("beta%d" % betas if name == "betas" else name)
    return names


def _text(trainer):
    slots, lines = [], []
    for optimizer in trainer.optimizers:
        slots += _settings(optimizer) * len(optimizer.groups)
    if trainer._extras:
        slots += ["clip_value", "clip_norm", "ema"]
    for name, dims in zip(names_of(trainer), trainer._shapes):
        lines.append(" ".join([name] + [str(d) for d in dims]))
    text = bytes("\n".join([" ".join(slots)] + lines), "utf-8")
    return text + bytes(-len(text) % 4)


def _tail(binding, outputs):
    """What a file of version 3 ends with: the outputs after the first, and how many inputs and targets are tuples."""
    if not binding:
        return None
    words = [word for output in outputs[1:] for word in output]
    words += [len(binding.inputs) * binding.many_x, len(binding.targets) * binding.many_y]
    return array("i", words)


def export(trainer, path):
    """Returns the bytes written."""
    trainer._idle()
    if trainer.optimizer.searches:
        raise ValueError("LBFGS moves between the program's runs, which alone travels")
    if any([at >> 24 != program.ARENA for at, _ in trainer._results]):
        raise ValueError("the model's output is its input, or a constant; a program that travels computes it")
    segments, kept, arena = trainer._segments, trainer._kept, memoryview(trainer._arena)
    outputs = [(at, numel(dims[1:])) for at, dims in trainer._results]
    parts = [trainer._code] + segments[program.CONSTANTS : program.INTS + 1]
    for k in range(program.Y + 1, len(segments)):  # float32, wherever they lie; none of what is bound
        parts.append(bytes(segments[k])[: 4 * segment(trainer._code, k)[1]])
    parts.append(arena[: kept[0][2] + kept[1][2]])
    begun = trainer.steps or trainer._extras and trainer._extras.averages  # an average begins as the weights
    state = kept[3][2] if begun else 0
    if state:
        parts.append(arena[kept[3][1] : kept[3][1] + state])
    parts.append(_text(trainer))
    text, tail = len(parts[-1]) // 4, _tail(trainer._binding, outputs)
    if tail:
        parts.append(tail)
    parts = [(part, len(part) // 4 if isinstance(part, bytes) else len(part)) for part in parts]
    head = array("i", range(runtime.HEAD))
    head[0], head[1], head[runtime.TABLE] = runtime.MAGIC, runtime.VERSION if tail else 2, table_of(trainer._code)
    head[runtime.LENGTH] = runtime.HEAD + sum([n for _, n in parts])
    head[runtime.BATCH], head[runtime.CLASSES] = trainer.batch_size, trainer.classes
    head[runtime.RESULT], head[runtime.RESULT_SIZE] = outputs[0]
    for k in range(4):
        head[runtime.PARAMETERS + k] = kept[k][2]
    head[runtime.SHAPES], head[runtime.STATE_HERE] = trainer._fingerprint, state
    head[runtime.TEXT] = text
    crc = crc32(memoryview(head)[runtime.BATCH :])
    for part, _ in parts:
        crc = crc32(part, crc)
    head[runtime.CRC] = crc - (1 << 32) if crc >> 31 else crc
    replace(path, _write, [head] + [part for part, _ in parts])
    return 4 * head[runtime.LENGTH]


def _write(parts, file):
    for part in parts:
        file.write(part)
