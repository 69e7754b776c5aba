"""What a board answered, taken apart: here, and nowhere else. Whatever is not as it was expected ends in a DeployError
that says what came and what was expected; the text that is left is as shown.py has it.

A kind of value is a function: it gives the value, as far as it may be used, or raises Unlike.
"""

import json
import re

from .line import DeployError
from .shown import shown

NOT_MICROPYTHON = "The board does not answer as MicroPython does: "
AGAIN = " Reset the board and run the same command again; if it stays so, flash its firmware anew."
BIG = 1 << 40
# What repr() prints of a dict, a list, a tuple and what is in them.
TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(?P<name>None|True|False)"""
    r"""|(?P<number>-?[0-9]{1,20}(?:\.[0-9]{1,40})?(?:e[-+]?[0-9]{1,3})?)|(?P<sign>[][(){},:]))\s*"""
)
NAMES = {"None": "null", "True": "true", "False": "false"}
ESCAPE = re.compile(r"\\(?:([nrt'\"\\])|x([0-9a-f]{2})|u([0-9a-f]{4})|U(00(?:0[0-9a-f]|10)[0-9a-f]{4}))")
DEEPEST = 8


class Unlike(Exception):
    """What was expected."""


def literal(text):
    """The value that Python printed so, with lists for tuples. ValueError: it is none."""
    found, deep, at = [], 0, 0
    while at < len(text):
        token = TOKEN.match(text, at)
        if not token:
            raise ValueError(text[at:])
        at, sign = token.end(), token["sign"] or ""
        deep += (sign in "([{") - (sign in ")]}") if sign else 0
        if deep > DEEPEST:
            raise ValueError("too deep")
        if sign and sign in ")]}" and found[-1:] == [","]:
            del found[-1]
        found.append(
            json.dumps(unquoted(token["text"])) if token["text"] else NAMES.get(token["name"]) or token["number"]
            or {"(": "[", ")": "]"}.get(sign, sign)
        )  # fmt: skip
    return json.loads(" ".join(found))


def unquoted(text):
    def meant(found):
        simple, *codes = found.groups()
        if simple:
            return {"n": "\n", "r": "\r", "t": "\t"}.get(simple, simple)
        return chr(int("".join([code for code in codes if code]), 16))

    if text.count("\\") != sum(found[0].count("\\") for found in ESCAPE.finditer(text)):
        raise ValueError(text)
    return ESCAPE.sub(meant, text[1:-1])


# --- Kinds


def text(value):
    if isinstance(value, str):
        return shown(value)
    raise Unlike("a text")


def number(value):
    if type(value) in (int, float) and abs(value) < BIG:
        return value
    raise Unlike("a number")


def truth(value):
    if isinstance(value, bool):
        return value
    raise Unlike("True or False")


def whole(least=0, most=BIG):
    def take(value):
        if type(value) is int and least <= value <= most:
            return value
        raise Unlike("a whole number from %d to %d" % (least, most))

    return take


def one_of(*names):
    def take(value):
        if value in names:
            return value
        raise Unlike("one of: " + ", ".join(names))

    return take


def maybe(kind):
    def take(value):
        try:
            return None if value is None else kind(value)
        except Unlike as error:
            raise Unlike("None, or %s" % error) from None

    return take


def several(kind, least=0, most=100):
    """A tuple of them."""

    def take(value):
        if isinstance(value, list) and least <= len(value) <= most:
            return tuple([kind(inner) for inner in value])
        how_many = "%d" % most if least == most else "%d to %d" % (least, most)
        raise Unlike("a list of " + how_many)

    return take


def pair(first, second):
    def take(value):
        if isinstance(value, list) and len(value) == 2:
            return first(value[0]), second(value[1])
        raise Unlike("a pair")

    return take


def record(**kinds):
    """A dict that has all these, and of it these alone."""

    def take(value):
        if not isinstance(value, dict):
            raise Unlike("a dict")
        found = {}
        for name, kind in kinds.items():
            if name not in value:
                raise Unlike("%r in it" % name)
            try:
                found[name] = kind(value[name])
            except Unlike as error:
                raise Unlike("as %r %s" % (name, error)) from None
        return found

    return take


def path(value):
    """Of a folder: one that is the same on every side of the line, and leads nowhere else."""
    if isinstance(value, str) and re.fullmatch("[ -\\[\\]-~]{1,200}", value) and "//" not in value:
        if value[0] == "/" and not {".", ".."}.intersection(value.split("/")):
            return value
    raise Unlike("a path from / on, in ASCII, without . and ..")


def below(folder, value):
    """A path without the folder that it lies in."""
    if path(value).startswith(folder + "/") and value[-1] != "/":
        return value[len(folder) + 1 :]
    raise Unlike("a path in " + folder)


# --- Answers


def last(said):
    """The last line that has something in it: what a script prints comes after what other code on the board does."""
    return ([line.strip() for line in said.split("\n") if line.strip()] or [""])[-1]


def value(said, kind, where=NOT_MICROPYTHON):
    """Of the last line."""
    line = last(said)
    try:
        return kind(literal(line))
    except ValueError as error:
        raise unlike(line, "what repr() prints", where) from error
    except Unlike as error:
        raise unlike(line, error, where) from error


def groups(line, pattern, expected):
    """Of a line that is of this pattern."""
    found = re.fullmatch(pattern, line)
    if not found:
        raise unlike(line, expected)
    return found.groups()


def unlike(line, expected, where=NOT_MICROPYTHON):
    return DeployError("%sit printed '%s', where %s was expected.%s" % (where, shown(line), expected, AGAIN))
