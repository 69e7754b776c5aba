"""The groups of an optimizer as PyTorch shows them: dicts of parameters and settings."""

from .slots import slots


class View:
    """A group. It has the keys of a dict: "params", and each setting, read from and written into the slots that the
    update reads, a Trainer's too."""

    def __init__(self, optimizer, group):
        self._optimizer, self._group, self._slots = optimizer, group, {}
        names = slots(optimizer)
        for name in names:
            if name != ".":
                self._slots[name] = [k for k in range(len(names)) if names[k] == name]

    def keys(self):
        return ["params"] + [name for name in self._optimizer.settings if name in self._slots]

    def __iter__(self):
        return iter(self.keys())

    def __len__(self):
        return len(self.keys())

    def __contains__(self, name):
        return name in self.keys()

    def __getitem__(self, name):
        if name == "params":
            return self._group.params
        if name not in self._slots:
            raise KeyError("a group has no %r; it has %s" % (name, ", ".join(self.keys())))
        found = [self._group.hyper[k] for k in self._slots[name]]
        return tuple(found) if name == "betas" else found[0]

    def __setitem__(self, name, value):
        if name not in self._slots:
            raise KeyError("a group cannot set %r; it may set %s" % (name, ", ".join(self.keys()[1:])))
        values = dict(self._optimizer.defaults)
        for key in self._slots:
            values[key] = self[key]
        values[name] = value
        found = self._optimizer.hyper(values)  # refuses what it may not be
        for k in self._slots[name]:
            self._group.hyper[k] = found[k]

    def get(self, name, default=None):
        return self[name] if name in self else default

    def values(self):
        return [self[name] for name in self.keys()]

    def items(self):
        return [(name, self[name]) for name in self.keys()]

    def __repr__(self):
        shown = ["%r: %r" % (name, self[name]) for name in self.keys()[1:]]
        return "{%s}" % ", ".join(["'params': %d parameters" % len(self._group.params)] + shown)


def views(optimizer):
    """One of each group, in their order."""
    return [View(optimizer, group) for group in optimizer.groups]
