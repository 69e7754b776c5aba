"""What an argument may be: its value comes back, or ValueError says its name, its value and what is allowed."""

_INFINITY = float("inf")
_NUMBERS = int, float  # made once: a slice of a step allocates nothing


def plain(value):
    """A number without dimensions, such as NumPy's, as one of Python's; all else as it is."""
    if isinstance(value, _NUMBERS) or getattr(value, "shape", None) != ():
        return value
    return value.item()


def number(name, value, low=-_INFINITY, high=_INFINITY, without=""):
    """A finite number from low to high; without: "low", "high" or both, if it may not be these."""
    value = plain(value)
    if isinstance(value, _NUMBERS) and not isinstance(value, bool) and abs(value) < _INFINITY:
        if low <= value <= high and not (value == low and "low" in without or value == high and "high" in without):
            return value
    words = "a number"
    if low > -_INFINITY:
        words = ("a number above %s" if "low" in without else "a number from %s") % low
    if high < _INFINITY:
        words += (" to below %s" if "high" in without else " to %s") % high
    raise ValueError("%s is %r; it may be %s" % (name, value, words))


def whole(name, value, low=1):
    """A whole number from low."""
    value = plain(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise ValueError("%s is %r; it may be a whole number from %d" % (name, value, low))
    return value


def sizes(values):
    """A shape, as a tuple; None unless it is one, of whole numbers from 1."""
    found = () if isinstance(values, (tuple, list)) else None
    for n in values if found is not None else ():
        n = plain(n)
        if not isinstance(n, int) or n < 1:
            return None
        found += (n,)
    return found


def positive(name, value):
    return number(name, value, 0, _INFINITY, "low")


def not_negative(name, value):
    return number(name, value, 0)


def flag(name, value):
    if value in (True, False):
        return bool(value)
    raise ValueError("%s is %r; it may be True or False" % (name, value))


def only(name, value, allowed):
    """What PyTorch lets people choose and Ember does not."""
    if value is not allowed:
        raise ValueError("%s is %r; it may be %r" % (name, value, allowed))


def chance(name, value):
    """From 0 to below 1."""
    return number(name, value, 0, 1, "high")
