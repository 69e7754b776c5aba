"""What a program needs of the VM that runs it, and what is said where that was built without it."""

from struct import unpack_from

from . import program
from .components import EDITIONS, FUNCTION, FUNCTIONS, NAMES, OPCODES, WORDS


def used(code):
    """(opcodes, functions) of a program, as sets. Of one that was refused, as far as it can be read."""
    opcodes, functions = set(), set()
    _, end, _, segments, sections = unpack_from("<5i", code, 0)
    at = program.HEAD + 3 * segments + sections
    while at < end:
        opcode = unpack_from("<i", code, 4 * at)[0]
        if not 0 <= opcode < len(WORDS) or at + WORDS[opcode] > end:
            break
        first = unpack_from("<i", code, 4 * at + 4)[0]
        opcodes.add(opcode)
        if OPCODES[opcode] & FUNCTION and 0 <= first < len(FUNCTIONS):
            functions.add(first)
        at += WORDS[opcode]
    return opcodes, functions


def components(code, there=1):
    """The names of the components that a program needs, beside those `there`, a bit each: the core."""
    opcodes, functions = used(code)
    for opcode in opcodes:
        there |= 1 << (OPCODES[opcode] & ~FUNCTION)
    for function in functions:
        there |= 1 << FUNCTIONS[function]
    return [name for k, name in enumerate(NAMES.split()) if there >> k & 1]


def lacks(what, code, there):
    """Raise ValueError that names the components which a program needs beside those `there`."""
    needed = components(code)
    lacked = [name for k, name in enumerate(NAMES.split()) if name in needed and not there >> k & 1]
    raise ValueError('%s needs %s, which this VM was built without: build it with COMPONENTS="%s", or deploy again'
                     % (what, " and ".join(lacked), " ".join(components(code, there))))  # fmt: skip


def table_of(code):
    """The checksum of the oldest table that has all of a program's rows: what its file is marked with."""
    opcodes, functions = used(code)
    for rows, others, checksum in EDITIONS:
        if max(opcodes) < rows and all([function < others for function in functions]):
            return checksum


def check_table(what, table, isa):
    """Raise ValueError unless a file's table has the first rows of the VM's, by both checksums."""
    known = [checksum for _, _, checksum in EDITIONS]
    if table not in known or isa not in known[known.index(table) :]:
        raise ValueError("%s is for instruction table %d; this VM has %d: export it again" % (what, table, isa))
