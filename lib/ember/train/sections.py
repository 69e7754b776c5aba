"""The program of a Trainer: its sections, and how they are recorded."""

from ..base.check import number
from ..instructions import isa
from ..instructions.program import (
    CORRECT,
    COUNT,
    LOSS,
    RUNNING,
    RUNNING_REST,
    SCORED,
    SCORED_LOSS,
    STATISTICS,
    STEP,
    TOTAL,
    X,
    Y,
)
from ..ops.rules import MUL_FN
from ..tensors.sink import INTS
from ..tensors.tensor import Tensor, inputs_of, no_grad, numel, use
from .update import record_update, state_size


def record(front, r):
    """True where the front found that it trains less than it thought: then it is to be recorded anew."""
    size = sum([p.numel() for p in front.trained])
    r.keep("parameters", size)
    r.keep("frozen", sum([p.numel() for p in front.frozen]))
    gradients = r.keep("gradients", 0 if front.fused else size)
    states = state_size(front)
    averages = size if front.extras and front.extras.averages else 0
    state = r.keep("optimizer state", states + averages)
    front.average = state + states
    front.statistics, changing = r.keep("statistics", STATISTICS), None
    if front.changing:
        from .sections_more import Changing

        changing = Changing(front, r, gradients)
    offset = 0
    for p in front.trained + front.frozen:
        p.place = offset
        if offset < size:
            p.grad = r.gradient(offset, p.dims) if front.fused else r.at(gradients + offset, p.dims)
        offset += p.numel()
    with use(r):
        if front.labels:  # the first recording does not know how many yet; the instruction is as long
            n = -front.target_size
            r.emit(isa.CHECK_INDEX, n, front.labels, r.input(Y, front.target_dtype or "B", (n,)))
        if front.input_scale is None and front.input_dtype != "f":
            n = -front.sample_size
            r.emit(isa.CHECK_INDEX, n, r.plan.high if r.plan else 1, r.input(X, front.input_dtype, (n,)))
        if front.parts:
            front.parts.check(r)
        r.section("check")
        if not front.fused:
            r.fill(r.at(gradients, (size,)), 0.0)
        r.fill(r.at(front.statistics + LOSS, (2,)), 0.0)
        if changing:
            changing.begin(r)
        r.emit(isa.COUNT, 0, 0, 1, INTS + COUNT)
        r.section("zero")
        if _record_step(front, r, size, gradients, state):
            return True
        if changing:
            changing.end(r)
        sums, rest = [r.at(front.statistics + at, (2,)) for at in (RUNNING, RUNNING_REST)]
        r.add_exactly(sums, rest, r.at(front.statistics + LOSS, (2,)))
        r.emit(isa.COUNT, 1, 1, 1, INTS + STEP)
        r.section("update")
        with no_grad():
            front.model.eval()
            output = _output(front, r)
            front.results = [(r.locate(t), t.dims) for t in (output if front.many else (output,))]
            r.section("predict")
            if front.classes:
                target = _target(front, r, output)
                n = numel(target.dims)
                r.emit(isa.COUNT_CORRECT, n, front.classes, INTS + CORRECT, output, target)
            r.fill(r.at(front.statistics + SCORED_LOSS, (2,)), 0.0)
            _loss(front, r, output, SCORED_LOSS)
            r.emit(isa.COUNT, 1, 1, -1, INTS + SCORED)
            r.section("score")
            front.model.train()


def _record_step(front, r, size, gradients, state):
    """All but the end of the section update."""
    front.model.train()
    streams = r.streams
    output = _output(front, r)
    loss, seed, weighs = _loss(front, r, output, LOSS)
    if not loss.requires_grad:
        raise ValueError("the loss does not depend on any parameter that the optimizer trains: was it made of this "
                         "model's parameters(), and are they not frozen?")  # fmt: skip
    if r.plan is None and _leaves(front, inputs_of(loss)):
        return True
    total = r.at(front.statistics + TOTAL, loss.dims)
    if seed is None and not weighs:
        r.fill(total, 1.0)  # of a sum, however it is cut
    if front.fused:
        return _record_fused(front, r, loss, seed, total if weighs else None, r.streams > streams)
    r.section("forward")
    # Seeded so, gradients are sums over rows, or of weights, however a batch is cut; the optimizer divides by total.
    loss.backward(seed)
    r.emit(isa.COUNT, 1, 1, -1, INTS + COUNT)
    r.section("backward")
    if weighs:
        r.emit(isa.STOP, total)
    record_update(r, front, size, gradients, state, total.alias(()))


def _leaves(front, inputs):
    """Whether the loss, made of these, does not reach all that the front trains; it no longer does then."""
    for x in inputs:
        x.seen = True
    left = [p for p in front.trained if not p.seen]
    for x in inputs:
        x.seen = False
    if left:
        from .sections_more import leave

        leave(front, left)
    return left


def _record_fused(front, r, loss, seed, total, drawn):
    """The update is all of what goes backward: it is finished if it was begun. total: where weights divide the loss.
    drawn: dropout draws its masks again, of the samples that COUNT says, so that goes back to where it was."""
    r.emit(isa.COUNT, 1, 1, -1, INTS + COUNT)
    r.section("forward")
    r.section("backward")
    if total is not None:
        r.emit(isa.STOP, total)
    change = r.at(r.slot(list(front.optimizer.groups[0].hyper)), loss.dims) * -1.0
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
        raw, x, channels = x, r.new(x.dims), len(affine) // 2
        r.emit(isa.CONVERT, numel(x.dims) // channels, channels, x, raw, r.constants(affine))
    return x


def _output(front, r):
    inputs = [read(r, X, front.input_dtype, front.affine, front.input_shape)]
    if front.parts:
        inputs += front.parts.inputs(front, r)
    output = front.model(*inputs)
    outputs = front.parts.outputs(output) if front.parts else (output,)
    for t in outputs:
        if not isinstance(t, Tensor):
            raise ValueError("the model returned None: does its forward() return what it made?" if t is None else
                             "the model returned %r; several outputs take a target_dtype for each" % (t,))  # fmt: skip
        if not t.dims or t.dims[0] != -1:
            raise ValueError("the model made shape %s of a batch of %s: the batch is the first dimension"
                             % (t.shape, inputs[0].shape))  # fmt: skip
    if front.many:
        front.target_size = front.parts.sizes[0]
        return outputs
    if front.labels:
        front.labels = output.dims[-1]
    if front.classes:
        front.classes = front.labels
    if front.target_dtype is None:
        front.target_dtype = "f"
        if front.labels:
            front.target_dtype = "B" if front.labels <= 256 else "h" if front.labels <= 32768 else "i"
    return output


def _target(front, r, output):
    if front.many:
        return front.parts.target(r)
    dims = output.dims[:-1] if front.classes else output.dims
    if front.target_shape is not None:
        dims = dims[:1] + front.target_shape
    front.target_dims, front.target_size = dims, -numel(dims)
    return r.input(Y, front.target_dtype, dims)


def _loss(front, r, output, at):
    """Record the loss, and add it, and what divides it, to the statistics from at on. Returns what gradients are of, a
    mean over rows or a sum; how they are seeded, by rows or 1; and whether weights divide the sum."""
    loss = front.criterion(output, _target(front, r, output))
    if numel(loss.dims) != 1:
        raise ValueError("the loss has shape %s; a Trainer takes one number: 'mean' or 'sum'" % (loss.shape,))
    into, total = [r.at(front.statistics + k, ()) for k in (at, at + 1)]
    if loss.weighted:
        from .sections_more import add_weights

        return add_weights(r, loss, into, total), None, True
    if getattr(front.criterion, "reduction", "mean") == "mean":
        rows = r.count(-1)
        r.copy(total, rows, isa.ADD)
        r.map(MUL_FN, into, loss, rows, isa.ADD)
        return loss, rows.alias(loss.dims), False
    r.copy(into, loss, isa.ADD)
    return loss, None, False
