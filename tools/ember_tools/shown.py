"""Text that somebody else wrote, as a terminal may have it: nothing in it moves the cursor, changes what is read, or
cannot be seen."""

MOST = 200


def shown(text, most=MOST):
    """As one line, cut to so many characters; what is not plain is escaped as repr does it, bytes that are no UTF-8
    (surrogateescape) as \\xff."""
    text = "".join([c if is_plain(c) else escaped(c) for c in text[: most + 1]])
    return text if len(text) <= most else text[: most - 2] + " …"


def is_plain(c):
    """Latin's printable characters. Of the others many go with their neighbours, run to the left, or have no width."""
    return c != "\\" and c <= "\xff" and c.isprintable() or c == "…"


def escaped(c):
    if "\udc80" <= c <= "\udcff":
        return "\\x%02x" % (ord(c) - 0xDC00)
    return c.encode("unicode_escape").decode()


def lines(text):
    """The same of text in lines, which stay, with their tabs; none is longer than 2,000 characters."""
    parts = [line.expandtabs() for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join([shown(line, 2000) for line in parts])
