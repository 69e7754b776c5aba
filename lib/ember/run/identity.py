"""What a checkpoint must agree in with the program that loads it: its mathematics, not where anything lies, how large a
batch is, whether it comes in parts, or what is made again to save memory.

Of each instruction that goes forward in training, or updates: its opcode and function, and a checksum of its settings,
sizes and constants. So what differs has a name.
"""

from array import array
from binascii import crc32
from struct import pack, unpack_from

from ..instructions import program
from ..instructions.components import ASIDE, FUNCTION, OPCODES, SETTINGS, SGD, WORDS
from ..machine.image import word

_SUMS = program.SCORED_LOSS - program.RUNNING  # elements of the running loss, with what rounding took


def identity(image):
    """array("H"): opcode and function, then a checksum, for each instruction; and how many of these go forward."""
    found, constants = array("H"), _constants(image.code)
    _add(image, program.FORWARD, constants, found)
    forward = len(found) // 2
    if image.starts[program.GRADIENTS] == image.starts[program.STATE]:  # fused: its update is what goes backward
        slots = program.FLOATS << 24, (program.INTS << 24) + program.STEP
        found.extend(array("H", (SGD, crc32(pack("<5i", 0, 0, image.starts[program.FROZEN], *slots)) & 0xFFFF)))
    else:
        _add(image, program.UPDATE, constants, found)
    return found, forward


def _add(image, section, constants, found):
    """The pairs of a section's instructions, up to where the running loss is added to."""
    code, sums = image.code, image.statistics + program.RUNNING
    at, end = bounds(code, section)
    while at < end:
        opcode = word(code, at)
        first, last = at + 1 + SETTINGS[opcode], at + WORDS[opcode]
        if section == program.UPDATE and any([0 <= word(code, k) - sums < _SUMS for k in range(first, last)]):
            return
        if opcode not in ASIDE:
            found.extend(array("H", _pair(image, opcode, at, constants)))
        at = last


def bounds(code, section):
    """The first word of a section, and that after its last."""
    ends = program.HEAD + 3 * word(code, 3)
    return word(code, ends + section - 1) if section else ends + word(code, 4), word(code, ends + section)


def _constants(code):
    """Where constants begin, in order: each ends where the next begins."""
    at, end, found = program.HEAD + 3 * word(code, 3) + word(code, 4), word(code, 1), set()
    while at < end:
        opcode = word(code, at)
        for k in range(at + 1 + SETTINGS[opcode], at + WORDS[opcode]):
            if word(code, k) >> 24 == program.CONSTANTS:
                found.add(word(code, k) & 0xFFFFFF)
        at += WORDS[opcode]
    return sorted(found)


def _pair(image, opcode, at, constants):
    code, settings, function = image.code, SETTINGS[opcode], 0
    layout = "<%di" % settings
    crc = crc32(pack(layout, *unpack_from(layout, code, 4 * at + 4)))
    if OPCODES[opcode] & FUNCTION:
        function = word(code, at + 1)
    for k in range(at + 1 + settings, at + WORDS[opcode]):
        segment, offset = word(code, k) >> 24, word(code, k) & 0xFFFFFF
        if segment == program.CONSTANTS:
            following = [c for c in constants if c > offset]
            values = memoryview(image.constants)[offset : following[0] if following else len(image.constants)]
            crc = crc32(values, crc)
        elif segment != program.ARENA:
            crc = crc32(pack("<i", word(code, k)), crc)
    return opcode | function << 8, crc & 0xFFFF
