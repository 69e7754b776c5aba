"""Every fault at every point: runs the tests marked `faults` and prints one table of what was lost.

python tools/faults.py [--docs] [what pytest takes: -k "power and fat"]

With --docs, docs/reliability.md gets the table. Exits with 1 where anything was lost.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "host_tests" / "support"), str(ROOT / "host_tests" / "bench")]

import measured  # noqa: E402

import faults  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"
GATHERED = ROOT / "build" / "faults.jsonl"


def main(arguments):
    docs = "--docs" in arguments
    GATHERED.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "loadgroup", "-m", "faults", "host_tests"]
    command += [word for word in arguments if word != "--docs"]
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ, **{faults.TO: str(GATHERED)}))
    found = faults.gathered(GATHERED.read_text() if GATHERED.exists() else "")
    print(faults.table(found))
    if docs and not done.returncode:
        measured.write_between(PAGE, "faults", faults.table(found))
    return done.returncode or any(lost for _, lost in found.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
