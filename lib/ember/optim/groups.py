"""Groups of parameters, made from a model."""

from ..base.check import not_negative
from ..nn import Module
from ..tensors.sink import is_among


def decay_groups(model, weight_decay):
    """Groups for an optimizer: those that weight decay acts on, and those that it leaves alone. It acts on parameters
    of two dimensions or more, except those of normalization layers and embeddings (their class says decays = False).

    Groups without parameters are left out. weight_decay: from 0, else ValueError.
    """
    not_negative("weight_decay", weight_decay)
    if not isinstance(model, Module):
        raise ValueError("model is %r; it may be a module" % (model,))
    excepted = []
    for module in model.modules():
        if not getattr(module, "decays", True):
            excepted.extend(module.parameters())
    decayed, left = [], []
    for p in model.parameters():
        alone = len(p.shape) < 2 or is_among(p, excepted)
        (left if alone else decayed).append(p)
    groups = {"params": decayed, "weight_decay": weight_decay}, {"params": left, "weight_decay": 0.0}
    return [group for group in groups if group["params"]]
