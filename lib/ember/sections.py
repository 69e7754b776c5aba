"""The program of a Trainer: its sections, and how they are recorded."""

from . import isa
from .check import number
from .ops import MUL_FN
from .program import CORRECT, COUNT, LOSS, RUNNING, RUNNING_REST, SCORED, SCORED_LOSS, STATISTICS, STEP, TOTAL, X, Y
from .sink import INTS
from .tensor import Tensor, inputs_of, no_grad, numel, use
from .update import record_update, state_size


def record(trainer, r):
    """True where the trainer found that it trains less than it thought: then it is to be recorded anew."""
    size = sum([p.numel() for p in trainer._trained])
    r.keep("parameters", size)
    r.keep("frozen", sum([p.numel() for p in trainer._frozen]))
    gradients = r.keep("gradients", 0 if trainer.fused else size)
    states = state_size(trainer)
    averages = size if trainer._extras and trainer._extras.averages else 0
    state = r.keep("optimizer state", states + averages)
    trainer._average = state + states
    trainer._statistics, changing = r.keep("statistics", STATISTICS), None
    if trainer._changing:
        from .sections_more import Changing

        changing = Changing(trainer, r, gradients)
    offset = 0
    for p in trainer._trained + trainer._frozen:
        p._place = offset
        if offset < size:
            p.grad = r.gradient(offset, p._dims) if trainer.fused else r.at(gradients + offset, p._dims)
        offset += p.numel()
    with use(r):
        if trainer._labels:  # the first recording does not know how many yet; the instruction is as long
            n = -trainer.target_size
            r.emit(isa.CHECK_INDEX, n, trainer._labels, r.input(Y, trainer.target_dtype or "B", (n,)))
        if trainer.input_scale is None and trainer.input_dtype != "f":
            n = -trainer.sample_size
            r.emit(isa.CHECK_INDEX, n, r.plan.high if r.plan else 1, r.input(X, trainer.input_dtype, (n,)))
        if trainer._parts:
            trainer._parts.check(r)
        r.section("check")
        if not trainer.fused:
            r.fill(r.at(gradients, (size,)), 0.0)
        r.fill(r.at(trainer._statistics + LOSS, (2,)), 0.0)
        if changing:
            changing.begin(r)
        r.emit(isa.COUNT, 0, 0, 1, INTS + COUNT)
        r.section("zero")
        if _record_step(trainer, r, size, gradients, state):
            return True
        if changing:
            changing.end(r)
        sums, rest = [r.at(trainer._statistics + at, (2,)) for at in (RUNNING, RUNNING_REST)]
        r.add_exactly(sums, rest, r.at(trainer._statistics + LOSS, (2,)))
        r.emit(isa.COUNT, 1, 1, 1, INTS + STEP)
        r.section("update")
        with no_grad():
            trainer.model.eval()
            output = _output(trainer, r)
            trainer._results = [(r.locate(t), t._dims) for t in (output if trainer._many else (output,))]
            r.section("predict")
            if trainer.classes:
                target = _target(trainer, r, output)
                n = numel(target._dims)
                r.emit(isa.COUNT_CORRECT, n, trainer.classes, INTS + CORRECT, output, target)
            r.fill(r.at(trainer._statistics + SCORED_LOSS, (2,)), 0.0)
            _loss(trainer, r, output, SCORED_LOSS)
            r.emit(isa.COUNT, 1, 1, -1, INTS + SCORED)
            r.section("score")
            trainer.model.train()


def _record_step(trainer, r, size, gradients, state):
    """All but the end of the section update."""
    trainer.model.train()
    streams = r.streams
    output = _output(trainer, r)
    loss, seed, weighs = _loss(trainer, r, output, LOSS)
    if not loss.requires_grad:
        raise ValueError("the loss does not depend on any parameter that the optimizer trains: was it made of this "
                         "model's parameters(), and are they not frozen?")  # fmt: skip
    if r.plan is None and _leaves(trainer, inputs_of(loss)):
        return True
    total = r.at(trainer._statistics + TOTAL, loss._dims)
    if seed is None and not weighs:
        r.fill(total, 1.0)  # of a sum, however it is cut
    if trainer.fused:
        return _record_fused(trainer, r, loss, seed, total if weighs else None, r.streams > streams)
    r.section("forward")
    # Seeded so, gradients are sums over rows, or of weights, however a batch is cut; the optimizer divides by total.
    loss.backward(seed)
    r.emit(isa.COUNT, 1, 1, -1, INTS + COUNT)
    r.section("backward")
    if weighs:
        r.emit(isa.STOP, total)
    record_update(r, trainer, size, gradients, state, total.alias(()))


def _leaves(trainer, inputs):
    """Whether the loss, made of these, does not reach all that the trainer trains; it no longer does then."""
    for x in inputs:
        x._seen = True
    left = [p for p in trainer._trained if not p._seen]
    for x in inputs:
        x._seen = False
    if left:
        from .sections_more import leave

        leave(trainer, left)
    return left


def _record_fused(trainer, r, loss, seed, total, drawn):
    """The update is all of what goes backward: it is finished if it was begun. total: where weights divide the loss.
    drawn: dropout draws its masks again, of the samples that COUNT says, so that goes back to where it was."""
    r.emit(isa.COUNT, 1, 1, -1, INTS + COUNT)
    r.section("forward")
    r.section("backward")
    if total is not None:
        r.emit(isa.STOP, total)
    change = r.at(r.slot(list(trainer.optimizer.groups[0].hyper)), loss._dims) * -1.0
    if drawn:
        r.emit(isa.COUNT, 0, 0, 1, INTS + COUNT)
    loss.backward(change if total is None else change / total)
    if drawn:
        r.emit(isa.COUNT, 1, 1, -1, INTS + COUNT)


def affine(dtype, scale, offset, shape):
    """What elements are multiplied with, by channel, and then what is added: none where they are taken as they are."""
    if isinstance(offset, (int, float)) and not offset and (scale is None or isinstance(scale, (int, float))):
        if scale is None or dtype == "f" and scale == 1:
            return ()
        return (float(number("input_scale", scale)), 0.0)
    from .channels import by_channel

    return by_channel(scale, offset, shape)


def read(r, segment, dtype, affine, shape):
    x = r.input(segment, dtype, (-1,) + shape)
    if affine:
        raw, x, channels = x, r.new(x._dims), len(affine) // 2
        r.emit(isa.CONVERT, numel(x._dims) // channels, channels, x, raw, r.constants(affine))
    return x


def _output(trainer, r):
    inputs = [read(r, X, trainer.input_dtype, trainer._affine, trainer.input_shape)]
    if trainer._parts:
        inputs += trainer._parts.inputs(trainer, r)
    output = trainer.model(*inputs)
    outputs = trainer._parts.outputs(output) if trainer._parts else (output,)
    for t in outputs:
        if not isinstance(t, Tensor):
            raise ValueError("the model returned None: does its forward() return what it made?" if t is None else
                             "the model returned %r; several outputs take a target_dtype for each" % (t,))  # fmt: skip
        if not t._dims or t._dims[0] != -1:
            raise ValueError("the model made shape %s of a batch of %s: the batch is the first dimension"
                             % (t.shape, inputs[0].shape))  # fmt: skip
    if trainer._many:
        trainer.target_size = trainer._parts.sizes[0]
        return outputs
    if trainer._labels:
        trainer._labels = output._dims[-1]
    if trainer.classes:
        trainer.classes = trainer._labels
    if trainer.target_dtype is None:
        trainer.target_dtype = "f"
        if trainer._labels:
            trainer.target_dtype = "B" if trainer._labels <= 256 else "h" if trainer._labels <= 32768 else "i"
    return output


def _target(trainer, r, output):
    if trainer._many:
        return trainer._parts.target(r)
    dims = output._dims[:-1] if trainer.classes else output._dims
    if trainer._target_shape is not None:
        dims = dims[:1] + trainer._target_shape
    trainer._target_dims, trainer.target_size = dims, -numel(dims)
    return r.input(Y, trainer.target_dtype, dims)


def _loss(trainer, r, output, at):
    """Record the loss, and add it, and what divides it, to the statistics from at on. Returns what gradients are of, a
    mean over rows or a sum; how they are seeded, by rows or 1; and whether weights divide the sum."""
    loss = trainer.criterion(output, _target(trainer, r, output))
    if numel(loss._dims) != 1:
        raise ValueError("the loss has shape %s; a Trainer takes one number: 'mean' or 'sum'" % (loss.shape,))
    into, total = [r.at(trainer._statistics + k, ()) for k in (at, at + 1)]
    if loss.weighted:
        from .sections_more import add_weights

        return add_weights(r, loss, into, total), None, True
    if getattr(trainer.criterion, "reduction", "mean") == "mean":
        rows = r.count(-1)
        r.copy(total, rows, isa.ADD)
        r.map(MUL_FN, into, loss, rows, isa.ADD)
        return loss, rows.alias(loss._dims), False
    r.copy(into, loss, isa.ADD)
    return loss, None, False
