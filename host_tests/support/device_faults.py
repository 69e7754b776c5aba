"""Under MicroPython: the device of a file system, or of raw slots, fails or misreads while a checkpoint is saved or
loaded. Nothing wrong is loaded, what was there is kept, and once the device works again, so does all else.

micropython device_faults.py KIND BLOCK BLOCKS FAULT [STEP]     prints "points N lost M", and what was lost

FAULT: write, writes (that one and all after), full (from there on: no space), read, reads, flip, filled (the disk, so
that fewer and fewer blocks are free), often (3 % of all writes, 1,000 saves), bits (of the device, each STEPth)
"""

import os
import random
import sys

sys.path.append("host_tests/support")
from dying import ENOSPC, Disk, span
from power_cuts import Case
from small_net import Memory, go, state


class Faulty(Case):
    def saving(self, at, until, code):
        """What was lost where writes of a save fail; None where there is no such write."""
        disk = Disk(bytearray(self.image), self.block, self.flash)
        place = self.mount(disk)
        disk.writes, disk.failing_writes, disk.code = 0, span(at, until), code
        allowed = ("old", "new")
        try:
            self.writer.save(place)
            allowed = ("new",)  # the file system found a way round
        except OSError as error:
            if "cannot write" not in str(error):
                return "says %s" % error
        met = disk.writes > at
        disk.failing_writes = ()
        for after in ("at once", "after a reset"):
            if after != "at once":
                self.leave()
                place = self.mount(disk)
            found = self.state_of(place)
            if found not in allowed:
                return "%s: %s" % (after, found)
        self.writer.save(place)
        found = self.state_of(place)
        self.leave()
        if found != "new":
            return "saved again: %s" % found
        return "" if met else None

    def loading(self, fault):
        """What was wrong where reads of a load fail; fault(disk) says which. None where there is no such read."""
        disk = Disk(bytearray(self.image), self.block, self.flash)
        self.reader.load(self.before)
        try:
            place = self.mount(disk)
        except OSError:
            return None
        disk.reads = 0
        last = fault(disk)
        wrong = ""
        try:
            self.reader.load(place)
            if state(self.reader) != self.states["old"][0]:
                wrong = "another state was loaded"
        except (OSError, ValueError):
            if state(self.reader) != self.before.data:
                wrong = "refused, but changed"
        try:
            if go(self.reader, 1) not in (self.states["old"][1][:1], self.before_losses):
                wrong = wrong or "other losses"
        except ValueError as error:
            wrong = wrong or str(error)
        met = disk.reads > last
        disk.failing_reads, disk.flipped = (), (-1, 0)
        self.leave()
        return wrong if met else None

    def prepare(self):
        """What the reader has before it loads."""
        self.reader.load(Memory(self.states["new"][0]))
        go(self.reader, 1)
        self.before = Memory(state(self.reader))
        self.before_losses = go(self.reader, 1)

    def filled(self):
        """(points, lost) of saves with fewer and fewer blocks free."""
        points, lost = 0, []
        for keep in range(1 << 20):
            disk = Disk(bytearray(self.image), self.block, self.flash)
            place = self.mount(disk)
            self.writer_to(disk, keep)
            before = os.listdir("/d")
            full = False
            try:
                self.writer.save(place)
            except OSError:
                full = True
            names = os.listdir("/d")
            found = self.state_of(place)
            self.leave()
            points += 1
            if found != ("old" if full else "new") or sorted(names) != sorted(before):
                lost.append("%d free: %s of %s" % (keep, found, names))
            if not full:
                return points, lost

    def writer_to(self, disk, keep):
        """Fill the disk, but for so many blocks."""
        size = os.statvfs("/d")[0]
        count = 0
        try:
            while True:
                with open("/d/X%d" % count, "wb") as file:
                    file.write(bytes(size))
                count += 1
        except OSError:
            pass
        for k in range(max(0, count - keep), count + 1):
            try:
                os.remove("/d/X%d" % k)
            except OSError:
                pass

    def often(self, saves=1000):
        """3 % of writes fail."""
        disk = Disk(bytearray(self.image), self.block, self.flash)
        random.seed(7)
        lost, now = [], "old"
        for k in range(saves):
            place = self.mount(disk)
            disk.writes, disk.failing_writes = 0, [n for n in range(200) if random.random() < 0.03]
            try:
                self.writer.save(place)
                now = "new"
            except OSError:
                pass
            disk.failing_writes = ()
            found = self.state_of(place)
            self.leave()
            if found not in (now, "new"):
                lost.append("save %d: %s" % (k, found))
                break
            now = found
        return saves, lost

    def bits(self, step):
        """(points, lost) with each of the device's bits flipped, or every so manieth. In raw slots one is whole."""
        _, image = self.saved(self.image)
        points, lost = 0, []
        for bit in range(0, 8 * len(image), step):
            image[bit // 8] ^= 1 << bit % 8
            self.reader.load(self.before)
            try:
                place = self.mount(self.disk(bytearray(image)))
            except OSError:
                found = "not mounted"
            else:
                found = self.state_of(place)
                self.leave()
            image[bit // 8] ^= 1 << bit % 8
            points += 1
            refused = found == "not mounted" or ("Error: " in found and state(self.reader) == self.before.data)
            if found not in ("old", "new") and (self.raw or not refused):
                lost.append("bit %d: %s" % (bit, found))
        return points, lost


def main(kind, block, blocks, fault, step=0):
    case = Faulty(kind, int(block), int(blocks), 0)
    case.prepare()
    points, lost = 0, []
    if fault == "filled":
        points, lost = case.filled()
    elif fault == "often":
        points, lost = case.often()
    elif fault == "bits":
        points, lost = case.bits(int(step) or (5 if case.raw else 31))
    else:
        for at in range(1 << 20):
            if fault in ("write", "writes", "full"):
                until = at + 1 if fault == "write" else None
                wrong = [case.saving(at, until, ENOSPC if fault == "full" else -5)]
            elif fault in ("read", "reads"):

                def fail(disk, at=at):
                    disk.failing_reads = span(at, at + 1 if fault == "read" else None)
                    return at

                wrong = [case.loading(fail)]
            else:
                wrong = []
                for bit in range(0, 8 * case.block, 8 * case.block // 32 + 7):

                    def flip(disk, at=at, bit=bit):
                        disk.flipped = at, bit
                        return at

                    wrong.append(case.loading(flip))
            if wrong[0] is None:
                break
            points += len(wrong)
            lost += ["%s at %d: %s" % (fault, at, text) for text in wrong if text]
    print("points", points, "lost", len(lost))
    for line in lost[:20]:
        print(line)


if __name__ == "__main__":
    main(*sys.argv[1:])
