"""What an image calls its float slots and its parameters."""

from ..nn.walk import named_tensors
from ..optim.slots import slots


def names_of(front):
    """ "lr momentum …", then a line a parameter, in the order they lie in: its name, or a dot where no attribute leads
    to it, and its shape; then "* " and the optimizers' classes."""
    settings, lines, found = [], [], named_tensors(front.model)
    for optimizer in front.optimizers:
        settings += _settings(optimizer) * len(optimizer.groups)
    if front.extras:
        settings += ["clip_value", "clip_norm", "ema" if front.extras.averages else "no_ema"]
    for p in front.trained + front.frozen:
        name = ([name for name, q in found if q is p] + ["."])[0]
        lines.append(" ".join([name] + [str(d) for d in p.shape]))
    kinds = "* " + " ".join([type(optimizer).__name__ for optimizer in front.optimizers])
    return "\n".join([" ".join(settings)] + lines + [kinds])


def _settings(optimizer):
    """The names of a group's slots; the betas are beta1, beta2, ..."""
    names, betas = [], 0
    for name in slots(optimizer):
        betas += name == "betas"
        names.append("beta%d" % betas if name == "betas" else name)
    return names
