"""Under MicroPython: the power is cut at each write of a save, over a file system or raw slots; then what is loaded is
the old state or the new one, and training goes on as if nothing had been.

micropython power_cuts.py KIND BLOCK BLOCKS FILES MODE SEEDS PAIRS     prints "points N lost M", and what was lost
"""

import os
import sys

sys.path.append("host_tests/support")
import ember
from dying import Disk, cuts, left
from small_net import Memory, go, state, trainer

PATH = "/d/a.ckpt"


class Case:
    """A device of one geometry, and on it the old state."""

    def __init__(self, kind, block, blocks, files):
        self.kind, self.block = kind, block
        self.raw, self.flash = kind in ("slots", "flash"), kind in ("littlefs", "flash")
        self.writer, self.reader = trainer(1), trainer(2)
        go(self.writer, 3)
        old = state(self.writer)
        disk = self.disk(bytearray(block * blocks))
        if kind == "littlefs":
            os.VfsLfs2.mkfs(disk)
        elif kind == "fat":
            os.VfsFat.mkfs(disk)
        place = self.mount(disk)
        for k in range(files):
            with open("/d/F%d" % k, "wb") as file:
                file.write(b"x")
        for _ in range(2):
            self.writer.save(place)
        self.leave()
        self.image = disk.image
        go(self.writer, 3)
        new = state(self.writer)
        self.states = {"old": (old, self.after(old)), "new": (new, self.after(new))}

    def after(self, data):
        """The losses that follow a state, when nothing has been cut."""
        self.reader.load(Memory(data))
        return go(self.reader, 3)

    def disk(self, image):
        return Disk(image, self.block, self.flash)

    def mount(self, disk):
        """What is saved to and loaded from."""
        if self.raw:
            return ember.Slots(disk)
        os.mount((os.VfsLfs2 if self.kind == "littlefs" else os.VfsFat)(disk), "/d")
        return PATH

    def leave(self):
        if not self.raw:
            os.umount("/d")

    def found(self, image):
        """Which state is loaded from there: "old", "new", or what was wrong."""
        place = self.mount(self.disk(image))
        try:
            return self.state_of(place)
        finally:
            self.leave()

    def state_of(self, place):
        try:
            self.reader.load(place)
        except (OSError, ValueError) as error:
            there = place if self.raw else os.listdir("/d")
            return "%s: %s, of %s" % (type(error).__name__, error, there)
        data = state(self.reader)
        for name, (there, losses) in self.states.items():
            if data == there:
                return name if go(self.reader, 3) == losses else "other losses after the %s state" % name
        return "another state"

    def saved(self, image):
        """(what a save does to a device, what is there afterwards)"""
        disk = self.disk(bytearray(image))
        place = self.mount(disk)
        disk.log = []
        self.writer.save(place)
        self.leave()
        return disk.log, disk.image

    def every(self, image, mode, seeds, allowed, then):
        """(points, what was lost): a save on a device, the power cut at each of its writes. then(image, name) goes on
        with what is left, and the state that it has."""
        log, _ = self.saved(image)
        points, lost, n = 0, [], cuts(log)
        for at in range(n):
            for seed in range(seeds):
                there = left(image, self.flash, log, at, mode, seed)
                found = self.found(bytearray(there))
                points += 1
                wrong = []
                if found not in allowed or at == n - 1 and found != "new":  # a save that returned is there
                    wrong = [found]
                else:
                    more, wrong = then(there, found)
                    points += more
                lost += ["%s cut at %d of %d, %d: %s" % (mode, at, n, seed, text) for text in wrong]
        return points, lost


def main(kind, block, blocks, files, mode, seeds, pairs):
    case = Case(kind, int(block), int(blocks), int(files))

    def again(image, name):
        """After a cut, a save that is not cut: it is there, and nothing else."""
        found = case.found(case.saved(image)[1])
        return 0, [] if found == "new" else ["saved again: " + found]

    def twice(image, name):
        """After a cut, a save that is cut at each of its writes."""
        return case.every(image, mode, 1, ("new",) if name == "new" else ("old", "new"), again)

    points, lost = case.every(case.image, mode, int(seeds), ("old", "new"), twice if pairs == "1" else again)
    print("points", points, "lost", len(lost))
    for line in lost[:20]:
        print(line)


if __name__ == "__main__":
    main(*sys.argv[1:])
