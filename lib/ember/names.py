"""Names that are not there, or not there yet: which one may have been meant, and what there is."""

from . import catalogue, catalogue_more


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


def missing(name, words):
    """What to say of a name that none of words is."""
    near = nearest(name, words)
    return "no %r%s" % (name, "; did you mean %r?" % near if near else "")


def listed(*kinds):
    """The names in these lists of the catalogue, both parts of it."""
    words = "".join([getattr(part, kind) for kind in kinds for part in (catalogue, catalogue_more)]).split()
    return [word for word in words if word[-1] != ":"]
