"""What is said where shapes do not fit together: it loads when it is needed."""


def different(inputs, batch):
    """Of a broadcast. batch: whether one of the dimensions that differ is the batch."""
    more = ": the first dimension is the batch of one of them, whatever it holds; a constant has 1 there"
    return ValueError("shapes %s and %s do not broadcast%s" % (inputs[0].shape, inputs[1].shape, more if batch else ""))


def moved(inputs):
    return ValueError("shapes %s and %s: broadcasting would move the batch from the first dimension"
                      % (inputs[0].shape, inputs[1].shape))  # fmt: skip


def no_product(inputs, why, column):
    if why == "bias":
        return ValueError("bias of shape %s for outputs of shape %s" % (inputs[2].shape, column))
    if why == "sums":
        words = "[..., M, K] and [..., K, N], of each M and N may be missing"
    elif why == "front":
        words = "the dimensions in front do not broadcast"
    else:
        words = "the batch would not stay the first dimension"
    return ValueError("matmul of shapes %s and %s: %s" % (inputs[0].shape, inputs[1].shape, words))


def no_labels(inputs):
    return ValueError("cross entropy takes logits [N, C] and integer labels [N], not shapes %s and %s (labels of "
                      "dtype %r)" % (inputs[0].shape, inputs[1].shape, inputs[1].dtype))  # fmt: skip
