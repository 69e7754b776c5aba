"""What the slots of a group hold."""


def slots(optimizer):
    """Of each slot of a group's hyper the setting that it holds; what is no setting is a dot."""
    names = getattr(optimizer, "slots", None)
    if names is None:
        names = []
        for name in optimizer.settings:
            names += [name] * (len(optimizer.defaults["betas"]) if name == "betas" else 1)
    n = len(optimizer.groups[0].hyper)
    return names if len(names) == n else ["lr"] + ["."] * (n - 1)
