"""The program of a Trainer: its sections, and how they are recorded."""

from ..base.check import number
from ..instructions import emit, isa
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
from ..tensors.sink import INTS, numels
from ..tensors.tensor import Tensor, inputs_of, no_grad, numel, use
from .update import record_update, state_size


def record(front, recording):
    """True where the front found that it trains less than it thought: then it is to be recorded anew."""
    size = numels(front.trained)
    recording.keep("parameters", size)
    recording.keep("frozen", numels(front.frozen))
    gradients = recording.keep("gradients", 0 if front.fused else size)
    states = state_size(front)
    averages = size if front.extras and front.extras.averages else 0
    state = recording.keep("optimizer state", states + averages)
    front.average = state + states
    front.statistics, changing = recording.keep("statistics", STATISTICS), None
    if front.changing:
        from .sections_more import Changing

        changing = Changing(front, recording, gradients)
    if front.keeps:
        front.keeps = recording.keep("a good state", gradients + states + averages)
    offset = 0
    for p in front.trained + front.frozen:
        p.place = offset
        if offset < size:
            p.grad = recording.gradient(offset, p.dims) if front.fused else recording.at(gradients + offset, p.dims)
        offset += p.numel()
    with use(recording):
        if front.labels:  # the first recording does not know how many yet; the instruction is as long
            n = -front.target_size
            emit.check_index(recording, n=n, high=front.labels,
                             index=recording.input(Y, front.target_dtype or "B", (n,)))  # fmt: skip
        if front.input_scale is None and front.input_dtype != "f":
            n = -front.sample_size
            emit.check_index(recording, n=n, high=recording.plan.high if recording.plan else 1,
                             index=recording.input(X, front.input_dtype, (n,)))  # fmt: skip
        if front.several:
            front.several.record_checks(recording)
        recording.section("check")
        if not front.fused:
            recording.fill(recording.at(gradients, (size,)), 0.0)
        recording.fill(recording.at(front.statistics + LOSS, (2,)), 0.0)
        if changing:
            changing.begin(recording)
        emit.count(recording, keep=0, add=0, n=1, counter=INTS + COUNT)
        recording.section("zero")
        if _record_step(front, recording, size, gradients, state, changing):
            return True
        if changing:
            changing.end(recording)
        at = front.statistics
        recording.add_exactly(recording.at(at + RUNNING, (2,)), recording.at(at + RUNNING_REST, (2,)),
                              recording.at(at + LOSS, (2,)))  # fmt: skip
        emit.count(recording, keep=1, add=1, n=1, counter=INTS + STEP)
        recording.section("update")
        with no_grad():
            front.model.eval()
            output = output_of(front, recording)
            front.results = []
            for t in output if front.many else (output,):
                front.results.append((recording.locate(t), t.dims))
            recording.section("predict")
            if front.classes:
                target = _target(front, recording, output)
                n = numel(target.dims)
                emit.count_correct(recording, n=n, width=front.classes, counter=INTS + CORRECT, x=output,
                                   label=target)  # fmt: skip
            recording.fill(recording.at(front.statistics + SCORED_LOSS, (2,)), 0.0)
            _loss(front, recording, output, SCORED_LOSS)
            emit.count(recording, keep=1, add=1, n=-1, counter=INTS + SCORED)
            recording.section("score")
            front.model.train()


def _record_step(front, recording, size, gradients, state, changing):
    """All but the end of the section update."""
    front.model.train()
    streams = recording.streams
    output = output_of(front, recording)
    loss, seed, weighs = _loss(front, recording, output, LOSS)
    if not loss.requires_grad:
        raise ValueError("the loss does not depend on any parameter that the optimizer trains: was it made of this "
                         "model's parameters(), and are they not frozen?")  # fmt: skip
    if recording.plan is None and _leaves(front, inputs_of(loss)):
        return True
    total = recording.at(front.statistics + TOTAL, loss.dims)
    if seed is None and not weighs:
        recording.fill(total, 1.0)  # of a sum, however it is cut
    if front.fused:
        return _record_fused(front, recording, loss, total, weighs, recording.streams > streams, changing)
    recording.section("forward")
    # Seeded so, gradients are sums over rows, or of weights, however a batch is cut; the optimizer divides by total.
    loss.backward(seed)
    emit.count(recording, keep=1, add=1, n=-1, counter=INTS + COUNT)
    recording.section("backward")
    if weighs:
        emit.stop(recording, go=total)
    emit.check_finite(recording, squared=0, n=2, a=front.statistics + LOSS, total=total)
    if changing:
        changing.guard(recording)
    record_update(recording, front, size, gradients, state, total.alias(()))


def _leaves(front, inputs):
    """Whether the loss, made of these, does not reach all that the front trains; it no longer does then."""
    for x in inputs:
        x.seen = True
    left = []
    for p in front.trained:
        if not p.seen:
            left.append(p)
    for x in inputs:
        x.seen = False
    if left:
        from .sections_more import leave

        leave(front, left)
    return left


def _record_fused(front, recording, loss, total, weighs, drawn, changing):
    """The update is all of what goes backward: it is finished if it was begun. weighs: total, of weights, divides it.
    drawn: dropout draws its masks again, of the samples that COUNT says, so that goes back to where it was."""
    emit.count(recording, keep=1, add=1, n=-1, counter=INTS + COUNT)
    recording.section("forward")
    recording.section("backward")
    if weighs:
        emit.stop(recording, go=total)
    emit.check_finite(recording, squared=0, n=2, a=front.statistics + LOSS, total=total)
    if changing:
        changing.guard(recording)
    change = recording.at(recording.slot(list(front.optimizer.groups[0].hyper)), loss.dims) * -1.0
    if weighs:
        change = change / total
    emit.check_finite(recording, squared=1, n=1, a=change, total=recording.scalar(1.0))
    if drawn:
        emit.count(recording, keep=0, add=0, n=1, counter=INTS + COUNT)
    loss.backward(change)
    if drawn:
        emit.count(recording, keep=1, add=1, n=-1, counter=INTS + COUNT)


def affine(dtype, scale, offset, shape):
    """What elements are multiplied with, by channel, and then what is added: none where they are taken as they are."""
    if isinstance(offset, (int, float)) and not offset and (scale is None or isinstance(scale, (int, float))):
        if scale is None or dtype == "f" and scale == 1:
            return ()
        return (float(number("input_scale", scale)), 0.0)
    from .channels import by_channel

    return by_channel(scale, offset, shape)


def read(recording, segment, dtype, affine, shape):
    x = recording.input(segment, dtype, (-1,) + shape)
    if affine:
        raw, x, channels = x, recording.new(x.dims), len(affine) // 2
        emit.convert(recording, n=numel(x.dims) // channels, channels=channels, d=x, src=raw,
                     affine=recording.constants(affine))  # fmt: skip
    return x


def output_of(front, recording):
    inputs = [read(recording, X, front.input_dtype, front.affine, front.input_shape)]
    if front.several:
        inputs += front.several.inputs(front, recording)
    output = front.model(*inputs)
    outputs = front.several.outputs(output) if front.several else (output,)
    for t in outputs:
        if not isinstance(t, Tensor):
            raise ValueError("the model returned None: does its forward() return what it made?" if t is None else
                             "the model returned %r; several outputs take a target_dtype for each" % (t,))  # fmt: skip
        if not t.dims or t.dims[0] != -1:
            raise ValueError("the model made shape %s of a batch of %s: the batch is the first dimension"
                             % (t.shape, inputs[0].shape))  # fmt: skip
    if front.many:
        front.target_size = front.several.sizes[0]
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


def _target(front, recording, output):
    if front.many:
        return front.several.target(recording)
    dims = output.dims[:-1] if front.classes else output.dims
    if front.target_shape is not None:
        dims = dims[:1] + front.target_shape
    front.target_dims, front.target_size = dims, -numel(dims)
    return recording.input(Y, front.target_dtype, dims)


def _loss(front, recording, output, at):
    """Record the loss, and add it, and what divides it, to the statistics from at on. Returns what gradients are of, a
    mean over rows or a sum; how they are seeded, by rows or 1; and whether weights divide the sum."""
    loss = front.criterion(output, _target(front, recording, output))
    if numel(loss.dims) != 1:
        raise ValueError("the loss has shape %s; a Trainer takes one number: 'mean' or 'sum'" % (loss.shape,))
    into, total = recording.at(front.statistics + at, ()), recording.at(front.statistics + at + 1, ())
    if loss.weighted:
        from .sections_more import add_weights

        return add_weights(recording, loss, into, total), None, True
    if getattr(front.criterion, "reduction", "mean") == "mean":
        rows = recording.count(-1)
        recording.copy(total, rows, isa.ADD)
        recording.map(MUL_FN, into, loss, rows, isa.ADD)
        return loss, rows.alias(loss.dims), False
    recording.copy(into, loss, isa.ADD)
    return loss, None, False
