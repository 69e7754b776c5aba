"""Losses as functions, as torch.nn.functional has them: each is the loss of nn with these options, called once."""

from .. import nn


def cross_entropy(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """As nn.CrossEntropyLoss: logits [..., C], labels [...]."""
    return nn.CrossEntropyLoss(weight, ignore_index, reduction, label_smoothing)(input, target)


def nll_loss(input, target, weight=None, ignore_index=-100, reduction="mean"):
    """As nn.NLLLoss: log probabilities [..., C], labels [...]."""
    return nn.NLLLoss(weight, ignore_index, reduction)(input, target)


def multi_margin_loss(input, target, p=1, margin=1.0, weight=None, reduction="mean"):
    """As nn.MultiMarginLoss."""
    return nn.MultiMarginLoss(p, margin, weight, reduction)(input, target)


def mse_loss(input, target, reduction="mean"):
    """As nn.MSELoss."""
    return nn.MSELoss(reduction)(input, target)


def l1_loss(input, target, reduction="mean"):
    """As nn.L1Loss."""
    return nn.L1Loss(reduction)(input, target)


def smooth_l1_loss(input, target, reduction="mean", beta=1.0):
    """As nn.SmoothL1Loss."""
    return nn.SmoothL1Loss(reduction, beta)(input, target)


def huber_loss(input, target, reduction="mean", delta=1.0):
    """As nn.HuberLoss."""
    return nn.HuberLoss(reduction, delta)(input, target)


def binary_cross_entropy(input, target, weight=None, reduction="mean"):
    """As nn.BCELoss."""
    return nn.BCELoss(weight, reduction)(input, target)


def binary_cross_entropy_with_logits(input, target, weight=None, reduction="mean", pos_weight=None):
    """As nn.BCEWithLogitsLoss."""
    return nn.BCEWithLogitsLoss(weight, reduction, pos_weight)(input, target)


def kl_div(input, target, reduction="mean", log_target=False):
    """As nn.KLDivLoss."""
    return nn.KLDivLoss(reduction, log_target)(input, target)


def poisson_nll_loss(input, target, log_input=True, full=False, eps=1e-8, reduction="mean"):
    """As nn.PoissonNLLLoss."""
    return nn.PoissonNLLLoss(log_input, full, eps, reduction)(input, target)


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """As nn.GaussianNLLLoss."""
    return nn.GaussianNLLLoss(full, eps, reduction)(input, target, var)


def soft_margin_loss(input, target, reduction="mean"):
    """As nn.SoftMarginLoss."""
    return nn.SoftMarginLoss(reduction)(input, target)


def hinge_embedding_loss(input, target, margin=1.0, reduction="mean"):
    """As nn.HingeEmbeddingLoss."""
    return nn.HingeEmbeddingLoss(margin, reduction)(input, target)


def margin_ranking_loss(input1, input2, target, margin=0.0, reduction="mean"):
    """As nn.MarginRankingLoss."""
    return nn.MarginRankingLoss(margin, reduction)(input1, input2, target)


def cosine_embedding_loss(input1, input2, target, margin=0.0, reduction="mean"):
    """As nn.CosineEmbeddingLoss."""
    return nn.CosineEmbeddingLoss(margin, reduction)(input1, input2, target)


def triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="mean"):
    """As nn.TripletMarginLoss."""
    return nn.TripletMarginLoss(margin, p, eps, swap, reduction)(anchor, positive, negative)


def ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False):
    """As nn.CTCLoss."""
    return nn.CTCLoss(blank, reduction, zero_infinity)(log_probs, targets, input_lengths, target_lengths)
