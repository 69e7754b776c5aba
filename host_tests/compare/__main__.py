"""make compare TORCH=1: Ember beside PyTorch, in cases drawn at random. A case that differs prints what replays it.

python host_tests/compare [--seed 1] [--kind graphs] [--case graphs-1-372] [--share 1.0] [--write]
"""

import argparse
import gc
import importlib
import sys
import time
import traceback
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).resolve().parent), str(ROOT / "lib"), str(ROOT / "tools" / "host")]
warnings.simplefilter("ignore")

import page  # noqa: E402
import torch  # noqa: E402
from measure import KINDS, Draw, Tally, Useless  # noqa: E402

import ember  # noqa: E402


def one(module, kind, seed, number, tally):
    """Run a case; print how it differs. A case that says nothing is drawn on."""
    name, draw = "%s-%d-%d" % (kind, seed, number), Draw(kind, seed, number)
    ember.manual_seed(number)
    torch.manual_seed(number)
    for _ in range(50):
        try:
            lines = tally.add(name, *module.case(draw))
            break
        except Useless:
            continue
        except Exception:
            tally.failed.append(name)
            tally.cases += 1
            lines = [name, traceback.format_exc()]
            break
    else:
        raise RuntimeError("%s: fifty draws say nothing" % name)
    if lines:
        print("\n".join(lines), flush=True)


def main():
    parser = argparse.ArgumentParser(prog="make compare TORCH=1")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--case", help="one alone, as graphs-1-372")
    parser.add_argument("--share", type=float, default=1.0, help="of the cases of each kind")
    parser.add_argument("--write", action="store_true", help="docs/compare.md")
    said = parser.parse_args()
    torch.set_num_threads(1)
    gc.freeze()  # each Trainer collects garbage: not again and again what PyTorch has loaded
    if said.case:
        kind, seed, number = said.case.rsplit("-", 2)
        module = importlib.import_module(kind)
        tally = Tally(module)
        one(module, kind, int(seed), int(number), tally)
        print("%s: %d numbers, worst %.2g, %s" % (said.case, tally.numbers, tally.worst,
                                                 "differs" if tally.failed else "agrees"))  # fmt: skip
        return 1 if tally.failed else 0
    tallies, began = {}, time.monotonic()
    for kind in [said.kind] if said.kind else KINDS:
        module, start = importlib.import_module(kind), time.monotonic()
        tally = tallies[kind] = Tally(module)
        for number in range(max(1, int(module.COUNT * said.share))):
            one(module, kind, said.seed, number, tally)
        print("%-10s %6d cases, %7d numbers, worst %.2g in %s, %d differ, %d s" % (
            kind, tally.cases, tally.numbers, tally.worst, tally.where, len(tally.failed),
            time.monotonic() - start), flush=True)  # fmt: skip
    if said.write:
        page.write(tallies, said.seed, torch.__version__.split("+")[0])
    print("%d s" % (time.monotonic() - began))
    return 1 if any(tally.failed for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
