"""Shapes, slices, statistics and products, run by every interpreter: they print the same."""

import ember
from ember import Tensor, nn


def say(*tensors):
    for t in tensors:
        numbers = t.reshape(-1).tolist()
        print(t.shape, " ".join(["%.3f" % v for v in numbers]))


x = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
y = x * 1
y[0, 1:] = x[1, ::2].sum() / 9
y[..., 0] = 2.0
z = y[::-1, None, ...].pad((1, 1), "reflect").roll(1, 2).flip(0)
flat = z.squeeze()
total = z.std((0, 2)).sum() + z.norm(3) + z.prod(1).sum() / 9 + z.logsumexp() + (flat.T @ flat)[0].var()
total.backward()
say(x.grad, total, z.unbind(2)[1], z.repeat(1, 1, 2), z.expand(3, 2, 1, 5), z.pad((1, -1)))
say(ember.outer(x[0], x[1]), nn.Bilinear(2, 3, 4)(x[:, :2], x.detach()), x[0].dot(x[1]))
say(*x.split(2, 1), *x.chunk(2), x.min(0), x.any(), x.all(1), x.norm(float("inf")), x.unflatten(1, (3, 1)))
t = Tensor([float(i) for i in range(64)], (2, 2, 2, 2, 2, 2))
say(t.permute(5, 3, 1, 4, 2, 0).sum((1, 3, 5)), ember.stack([x, y], -1).movedim(-1, 0), x.narrow(1, 1, 2))
for case in (lambda: x[0:2:-1], lambda: x[1.5], lambda: x.pad((3, 0), "reflect"), lambda: x.expand(3), lambda: y @ y):
    try:
        print("no error", case())
    except (ValueError, TypeError) as error:
        print(type(error).__name__, error)
