"""What cannot change once a program was recorded: its errors say what to do instead."""

from ..tensors.sink import is_among


def grown_within(t):
    """A parameter that what is recorded makes for itself, or another leaf that is to learn."""
    from ..tensors.parameter import Parameter

    kind = t.__class__.__name__
    if isinstance(t, Parameter):
        raise ValueError(
            "a %s of shape %s was made by what is recorded, at every recording a new one: make its module "
            "before, and keep it as an attribute of the model, or outside of the function" % (kind, t.shape)
        )
    raise ValueError("a %s of shape %s requires a gradient, which only parameters and inputs get while recording: keep "
                     "it as a Parameter, or detach() it" % (kind, t.shape))  # fmt: skip


def known(recording, p):
    """Of a parameter of another model its values are taken; one that was made here is new at every recording."""
    if not is_among(p, recording.outside):
        if recording.plan is not None:
            grown_within(p)
        recording.outside.append(p)


def switched(p, owner):
    """requires_grad of a parameter is not what it was."""
    said = "unfrozen" if p.requires_grad else "frozen"
    raise RuntimeError(
        "a parameter of shape %s was %s after this %s was made, and its program stays as it is: set "
        "requires_grad before, or make a new one" % (p.shape, said, owner.__class__.__name__)
    )


def _replaced(*_):
    raise RuntimeError("a parameter of the model was replaced after this was made: make it again")


def replace(module, name, value):
    """module.name was a Parameter and becomes another one, None, or weights in flash: whoever has the old one stops."""
    from ..tensors.parameter import Parameter

    old = getattr(module, name)
    if value is old:
        return
    if value is not None and not isinstance(value, Parameter) and not getattr(value, "mapped", 0):
        raise TypeError("%r.%s is a parameter, and cannot become %r: write the values into it, in no_grad(), with "
                        ".%s[...] = value, or assign a Parameter" % (module, name, value, name))  # fmt: skip
    if old.owner is not None:
        old.owner.executor.stop(_replaced)
