"""What a suite of faults came to. A test says it by `faults.record("power cut: littlefs", points, lost)`, which fails
where something was lost; `make faults` runs the tests marked so, and docs/reliability.md has all that in a table."""

import json
import os

TO = "EMBER_FAULTS"  # the file that `make faults` gathers in


def record(fault, points, lost):
    """points: at how many the fault was injected. lost: of those where more was lost than may be, a line each."""
    lost = list(lost)
    if TO in os.environ:
        with open(os.environ[TO], "a") as file:
            file.write(json.dumps([fault, points, len(lost)]) + "\n")
    assert points > 0, fault
    assert not lost, "%s: %d of %d lost\n%s" % (fault, len(lost), points, "\n".join(lost[:20]))


def gathered(text):
    """{fault: (points, losses)} of such a file: of what several tests recorded, the sum."""
    found = {}
    for line in text.splitlines():
        fault, points, lost = json.loads(line)
        before = found.get(fault, (0, 0))
        found[fault] = before[0] + points, before[1] + lost
    return found


def table(found):
    """For docs/reliability.md."""
    lines = ["| fault | points | losses |", "|---|---:|---:|"]
    lines += [
        "| %s | %s | %d |" % (fault, format(points, ","), lost) for fault, (points, lost) in sorted(found.items())
    ]
    return "\n".join(lines) + "\n"
