"""Names that are not there, or not there yet: which one may have been meant, and what there is."""

import sys

from . import catalogue, catalogue_more, catalogue_most
from .homes import HOMES, MODULES

# Of what has names that load later: the lists of the catalogue, and what is there from the start.
_KINDS = {
    "ember": (("FUNCTIONS", "OPERATIONS"), catalogue.OPERATORS + " " + MODULES),
    "ember.functional": (("FUNCTIONAL", "OPERATIONS", "FUNCTIONS"), ""),
    "ember.nn": (("LAYERS",), "Module Sequential Linear ReLU init utils functional"),
    "ember.optim": (("OPTIMIZERS",), "Adam lr_scheduler"),
    "a Tensor": (("OPERATIONS",), catalogue.OPERATORS + " T shape dtype grad requires_grad backward detach item tolist "
                 "numel elements"),
}  # fmt: skip
_MODULE = "forward parameters buffers modules train eval training"  # of any nn.Module


def _edits(a, b):
    """How many letters are to be put in, left out or changed to make one of the other (Levenshtein, 1966)."""
    row = list(range(len(b) + 1))
    for i in range(len(a)):
        corner, row[0] = row[0], i + 1
        for j in range(len(b)):
            corner, row[j + 1] = row[j + 1], min(row[j] + 1, row[j + 1] + 1, corner + (a[i] != b[j]))
    return row[-1]


def nearest(name, words):
    """Of words the one that is most like name, capitals aside, or None: no more than a third of it may differ."""
    best, least = None, len(name) // 3 + 1
    for word in words:
        if abs(len(word) - len(name)) < least:
            edits = _edits(name.lower(), word.lower())
            if edits < least:
                best, least = word, edits
    return best


def _listed(homes):
    return [word for word in homes.split() if word[-1] != ":"]


def names_of(whose):
    """What "ember", "ember.nn", "ember.optim" or "a Tensor" offers, whether it was loaded or not; or a module."""
    kinds, more = _KINDS.get(whose, (("METHODS",), _MODULE))
    words = more.split()
    for kind in kinds:
        for part in (catalogue, catalogue_most, catalogue_more):
            words += _listed(getattr(part, kind, ""))
    return words + (_listed(HOMES) if whose == "ember" else [])


def missing(name, words):
    near = nearest(name, words)
    return "no %r%s" % (name, "; did you mean %r?" % near if near else "")


class Missing:
    """What an AttributeError has to say. It looks for what may have been meant when it is read, for many never are:
    MicroPython's dir() asks for every name that it knows."""

    def __init__(self, whose, name, there=()):
        self.whose, self.name, self.there = whose, name, there
        if name == "__dir__":  # dir() begins so; it and the REPL's Tab know only names that are interned, as this does
            for word in names_of(whose):
                hasattr(self, word)

    def __str__(self):
        return "%s has %s" % (self.whose, missing(self.name, names_of(self.whose) + list(self.there)))

    __repr__ = __str__


def not_here(error, name, module):
    """The ImportError of a module that was not copied to this board, in words; any other stays."""
    if str(error) not in ("module not found", "no module named 'ember.%s'" % module):
        return error
    return ImportError("%s is in ember.%s, which is not on this board: deploy --with %s brings it (make flash "
                       "ARGS=\"--with %s\")" % (name, module, name, name))  # fmt: skip


# Of a Trainer.
KEYWORDS = (
    "model loss optimizer input_shape batch_size input_dtype input_scale input_offset target_dtype memory schedule "
    "micro_batch clip_value clip_norm ema fused state_dtype target_shape"
)


def unknown_keyword(name):
    return TypeError("a Trainer has %s" % missing(name, KEYWORDS.split()))


# What dir() of a module is on CPython.


def _listing(module):
    return sorted(set(list(sys.modules[module].__dict__) + names_of(module)))


def of_ember():
    return _listing("ember")


def of_nn():
    return _listing("ember.nn")


def of_optim():
    return _listing("ember.optim")
