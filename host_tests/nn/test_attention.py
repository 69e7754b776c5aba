"""Attention at its edges: masks, shapes, what is refused, and how it learns in a Trainer."""

from array import array

import numpy as np
import pytest

import ember
from ember import Tensor, nn, optim, vm
from op_cases import vms
from op_cases_attention import attention, attention_gradient


@pytest.fixture(params=vms(), autouse=True)
def machine(request):
    vm.select(request.param)
    yield request.param
    vm.select()


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("f4").astype("f8")


def tensor(a):
    return Tensor(np.asarray(a).ravel().tolist(), np.shape(a))


def close(found, expected, tolerance=2e-5):
    assert np.allclose(found.tolist(), expected, rtol=tolerance, atol=tolerance)


Q, K, V = normal(2, 3, 4), normal(2, 5, 4, seed=1), normal(2, 5, 2, seed=2)


def test_causal_is_the_mask_that_it_stands_for():
    """Also where there are fewer steps to ask than to be asked, or more."""
    for length, source in ((3, 3), (2, 5), (5, 2), (1, 1)):
        q, k, v = tensor(Q[:, :1].repeat(length, 1)), tensor(K[:, :source]), tensor(V[:, :source])
        causal = ember.scaled_dot_product_attention(q, k, v, is_causal=True).tolist()
        seen = np.arange(length)[:, None] >= np.arange(source)
        mask = Tensor(bytes(seen.ravel().tolist()), seen.shape, dtype="B")
        assert causal == ember.scaled_dot_product_attention(q, k, v, mask).tolist()
        added = Tensor(np.where(seen, 0, -np.inf).tolist())
        assert causal == ember.scaled_dot_product_attention(q, k, v, added).tolist()
        assert causal[0][0] == pytest.approx(V[0][0])  # the first step sees itself alone


SEEN = np.array([[0, 0, 0, 0, 0], [1, 1, 0, 1, 0], [0, 0, 1, 1, 0]])  # nobody sees the last, the first step nothing
MASKS = {"bytes": lambda: Tensor(bytes(SEEN.ravel().tolist()), SEEN.shape, dtype="B"),
         "float": lambda: tensor(np.where(SEEN, 0.0, -np.inf))}  # fmt: skip


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("recorded", [False, True])
def test_who_sees_nothing_gets_0_and_hands_no_gradient_on(kind, recorded):
    """PyTorch 2.13's scaled_dot_product_attention."""

    def run(q, k, v, g):
        q.requires_grad = k.requires_grad = v.requires_grad = True
        y = ember.scaled_dot_product_attention(q, k, v, MASKS[kind]())
        y.backward(g)
        return y.detach(), q.grad, k.grad, v.grad

    given = [tensor(Q), tensor(K), tensor(V), tensor(normal(2, 3, 2, seed=3))]
    y, *found = (ember.record(run, *given) if recorded else run)(*given)
    bias = np.where(SEEN, 0.0, -1e30)
    expected = attention(Q, K, V, bias)
    expected[:, 0] = 0
    g = normal(2, 3, 2, seed=3)
    g[:, 0] = 0
    for a, b in zip([y, *found], [expected, *attention_gradient(g, Q, K, V, bias)]):
        close(a, b)
    assert np.all(np.array(found[0].tolist())[:, 0] == 0)
    assert all(np.all(np.array(a.tolist())[:, 4] == 0) for a in found[1:])


def test_a_plain_softmax_of_what_is_all_hidden_is_nan():
    x = Tensor([[-np.inf, -np.inf], [0.0, -np.inf]])
    for f, there in ((x.softmax, [1.0, 0.0]), (x.log_softmax, [0.0, -np.inf])):
        found = f(-1).tolist()
        assert np.isnan(found[0]).all() and found[1] == there


@pytest.mark.parametrize("dtype", ["B", "f"])
def test_a_sample_that_is_all_padding(dtype):
    """What is left is the bias of the projection that comes out; no gradient but the bias's, and none is NaN."""
    layer = nn.MultiheadAttention(4, 2)
    with ember.no_grad():
        layer.out_proj.bias[...] = tensor([0.3, 0.1, -0.2, 0.0])
    hidden = 1 if dtype == "B" else -np.inf
    padding = [[hidden] * 3, [0, 0, hidden]]
    x = tensor(normal(2, 3, 4))
    x.requires_grad = True
    y, weights = layer(x, x, x, Tensor(padding, dtype=dtype), need_weights=True)
    close(y.detach()[0], [[0.3, 0.1, -0.2, 0.0]] * 3)
    assert weights.detach()[0].tolist() == [[0.0] * 3] * 3
    y.sum().backward()
    assert np.isfinite(x.grad.tolist()).all() and x.grad[0].tolist() == [[0.0] * 4] * 3
    assert all(np.isfinite(p.grad.tolist()).all() for p in layer.parameters())


class Padded(nn.Module):
    """A Transformer's layer over steps that are 0 where there is none."""

    def __init__(self):
        self.layer, self.out = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0), nn.Linear(4, 1)

    def forward(self, x):
        padding = ember.eq(abs(x).sum(-1), 0.0)
        return self.out(self.layer(x, None, padding)).sum(1)


def test_training_with_samples_that_are_all_padding():
    """They change nothing in the others, and nothing becomes NaN; at once it is the same."""
    ember.manual_seed(3)
    x = normal(4, 3, 4).astype("f4")
    x[0], x[2, 1:] = 0, 0
    y = array("f", [0.5, -0.5, 1.0, 0.0])
    found = []
    for eagerly in (False, True):
        ember.manual_seed(3)
        model = Padded()
        optimizer = optim.SGD(model.parameters(), lr=0.05)
        if eagerly:
            for _ in range(3):
                optimizer.zero_grad()
                loss = nn.MSELoss()(model(tensor(x)), Tensor(y, (4, 1)))
                loss.backward()
                optimizer.step()
        else:
            trainer = ember.Trainer(model, nn.MSELoss(), optimizer, input_shape=(3, 4), batch_size=4)
            for _ in range(3):
                trainer.step(array("f", x.ravel().tolist()), y)
        found.append([p.tolist() for p in model.parameters()])
    for a, b in zip(*found):
        assert np.isfinite(a).all()
        assert np.allclose(a, b, rtol=1e-5, atol=1e-6)


def test_large_scores():
    """Softmax takes the largest off first: one key takes it all, and none overflows."""
    y = ember.scaled_dot_product_attention(tensor(Q * 1e18), tensor(K * 1e18), tensor(V))
    best = (Q @ K.transpose(0, 2, 1)).argmax(-1)
    close(y, np.take_along_axis(V, best[:, :, None], 1))


def test_nan_and_infinity_stay_in_their_sample():
    q = Q.copy()
    q[1, 2, 0] = np.nan
    y = np.array(ember.scaled_dot_product_attention(tensor(q), tensor(K), tensor(V)).tolist())
    assert np.isnan(y[1, 2]).all() and np.isfinite(y[0]).all() and np.isfinite(y[1, :2]).all()


def test_dropout_of_weights():
    """Every weight is kept or dropped as a whole: the columns of the identity as values show them."""
    ones = tensor(np.ones((1, 4, 2)))
    y = np.array(ember.scaled_dot_product_attention(ones, ones, tensor(np.eye(4)[None]), dropout_p=0.5).tolist())
    assert set(y.ravel().tolist()) == {0.0, 0.5}


def test_padding_is_a_shorter_sequence():
    layer = nn.MultiheadAttention(4, 2)
    x = normal(2, 5, 4)
    padding = Tensor(bytes([0, 0, 0, 1, 1, 0, 0, 0, 1, 1]), (2, 5), dtype="B")
    long, _ = layer(tensor(x), tensor(x), tensor(x), padding)
    short, _ = layer(*[tensor(x[:, :3])] * 3)
    close(long[:, :3], np.array(short.tolist()))
    as_floats = Tensor([float(p) for p in padding.elements()], (2, 5))
    assert layer(*[tensor(x)] * 3, as_floats)[0].tolist() == long.tolist()


def test_the_masks_of_multihead_attention():
    """A mask of bytes hides where it is not 0; a float32 one is added, and may be one for each head."""
    layer = nn.MultiheadAttention(4, 2)
    x = [tensor(normal(2, 3, 4))] * 3
    later = np.triu(np.ones((3, 3)), 1)
    causal = layer(*x, is_causal=True)[0].tolist()
    assert (
        layer(*x, attn_mask=Tensor(bytes(later.astype("u1").ravel().tolist()), (3, 3), dtype="B"))[0].tolist() == causal
    )
    assert layer(*x, attn_mask=tensor(later * -1e30))[0].tolist() == causal
    for_each = np.zeros((1, 2, 3, 3))
    for_each[0, 1] = later * -1e30
    _, weights = layer(*x, attn_mask=tensor(for_each), need_weights=True)
    _, plain = layer(*x, need_weights=True)
    _, half = layer(*x, is_causal=True, need_weights=True)
    assert weights.shape == (2, 3, 3)
    first = np.array(plain.tolist())[:, 0] * 2 - np.array(weights.tolist())[:, 0] * 2  # of the second head
    assert np.abs(first).max() > 1e-3 and np.allclose(np.array(half.tolist())[:, 0, 0], 1)
    close(weights.sum(-1), np.ones((2, 3)))


def test_one_head_is_plain_attention():
    layer = nn.MultiheadAttention(4, 1, bias=False)
    x = normal(2, 3, 4)
    w = [np.array(p.weight.tolist()) for p in (layer.q_proj, layer.k_proj, layer.v_proj, layer.out_proj)]
    y, weights = layer(*[tensor(x)] * 3)
    assert weights is None and layer.q_proj.bias is None
    close(y, attention(x @ w[0], x @ w[1], x @ w[2]) @ w[3])


def test_how_it_starts():
    """Xavier uniform of the three projections as one matrix [E, 3 E], as PyTorch has them; biases 0."""
    ember.manual_seed(1)
    layer = nn.MultiheadAttention(24, 2)
    bound = (6 / (24 + 72)) ** 0.5
    for part in (layer.q_proj, layer.k_proj, layer.v_proj):
        values = np.abs(part.weight.tolist())
        assert 0.95 * bound < values.max() <= bound and not any(part.bias.tolist())
    assert np.abs(layer.out_proj.weight.tolist()).max() <= 24**-0.5 and not any(layer.out_proj.bias.tolist())
    other = nn.MultiheadAttention(24, 2, kdim=8)
    assert 0.9 * (6 / 32) ** 0.5 < np.abs(other.k_proj.weight.tolist()).max() <= (6 / 32) ** 0.5


class Reads(nn.Module):
    """Two layers over [N, 6, 3]; the class is the step at which the largest reading is."""

    def __init__(self, dropout=0.1):
        self.embed = nn.Linear(3, 8)
        self.place = nn.SinusoidalEncoding(8, 6)
        self.encoder = nn.TransformerEncoder(
            lambda: nn.TransformerEncoderLayer(8, 2, 12, dropout, norm_first=True), 2, nn.LayerNorm(8)
        )
        self.out = nn.Linear(8, 6)

    def forward(self, x):
        return self.out(self.encoder(self.place(self.embed(x))).mean(1))


def task(seed, rows):
    x = np.random.default_rng(seed).normal(size=(rows, 6, 3)).astype("f4")
    at = np.random.default_rng(seed + 1).integers(0, 6, rows)
    x[np.arange(rows), at] += 2
    return array("f", x.ravel().tolist()), array("B", at.tolist())


def test_a_trainer_learns_with_it(machine):
    if machine == "portable":
        steps, enough = 2, 0.0
    else:
        steps, enough = 400, 0.85
    ember.manual_seed(1)
    model = Reads()
    trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.005), (6, 3), 16)
    for k in range(steps):
        trainer.step(*task(k, 16 if k % 3 else 11))
    assert trainer.evaluate([task(1000 + k, 16) for k in range(20)])[1] >= enough


def test_eager_and_recorded_agree(machine):
    """Without dropout, which draws other masks. Parts of a batch add up to its bits; on CPython the portable VM adds in
    double precision, and rounds where a part ends."""

    def make():
        ember.manual_seed(2)
        model = Reads(dropout=0.0)
        return model, optim.SGD(model.parameters(), lr=0.1)

    x, y = task(5, 4)
    model, optimizer = make()
    for _ in range(2):
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(model(Tensor(x, (4, 6, 3))), Tensor(y, dtype="B")).backward()
        optimizer.step()
    expected = [p.tolist() for p in model.parameters()]
    for cut in ((4,), (1, 3), (2, 2)):
        model, optimizer = make()
        trainer = ember.Trainer(model, nn.CrossEntropyLoss(), optimizer, (6, 3), 6)
        for _ in range(2):
            at = 0
            for rows in cut:
                trainer.accumulate(x[at * 18 : (at + rows) * 18], y[at : at + rows])
                at += rows
            trainer.update()
        found = [p.tolist() for p in model.parameters()]
        assert all(np.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(found, expected))
        if cut == (4,):
            whole = found
        assert found == whole or machine == "portable"


def test_a_mask_as_an_input():
    """In a recording: [N, S] of bytes beside the sequence."""
    layer = nn.MultiheadAttention(4, 2)

    def run(x, padding):
        return layer(x, x, x, padding)[0]

    recorded = ember.record(run, (3, 5, 4), Tensor(bytes(15), (3, 5), dtype="B"))
    x, padding = array("f", normal(2, 5, 4).ravel().tolist()), bytes([0, 0, 0, 1, 1, 0, 1, 0, 0, 1])
    found = recorded(x, padding).tolist()
    eager = layer(*[Tensor(x, (2, 5, 4))] * 3, Tensor(padding, (2, 5), dtype="B"))[0]
    assert found == eager.tolist()


def test_rotary_products_depend_on_the_distance():
    """Of the same query and key, two steps apart anywhere."""
    layer = nn.RotaryEncoding(4, 8)
    q, k = (np.tile(normal(1, 1, 4, seed=s), (1, 8, 1)) for s in (1, 2))
    scores = np.array(layer(tensor(q)).tolist())[0] @ np.array(layer(tensor(k)).tolist())[0].T
    for apart in range(-3, 4):
        diagonal = np.diagonal(scores, apart)
        assert np.allclose(diagonal, diagonal[0], rtol=1e-4, atol=1e-5)
    assert scores[0, 1] != pytest.approx(scores[1, 0], rel=1e-3)


BAD = [
    (lambda: nn.MultiheadAttention(6, 4), "num_heads is 4; it must divide embed_dim, 6"),
    (lambda: nn.MultiheadAttention(0, 1), "embed_dim is 0"),
    (lambda: nn.MultiheadAttention(4, 2.0), "num_heads is 2.0"),
    (lambda: nn.MultiheadAttention(4, 2, 1.0), "dropout is 1.0"),
    (lambda: nn.MultiheadAttention(4, 2, kdim=0), "kdim is 0"),
    (lambda: nn.TransformerEncoderLayer(4, 3), "nhead is 3"),
    (lambda: nn.TransformerEncoderLayer(4, 2, 0), "dim_feedforward is 0"),
    (lambda: nn.TransformerEncoderLayer(4, 2, activation="swish"), "activation is 'swish'; it may be 'relu', 'gelu'"),
    (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2), 2),
     "encoder_layer is a TransformerEncoderLayer; it may be a function that"),
    (lambda: nn.TransformerEncoder(lambda: nn.TransformerEncoderLayer(4, 2), 0), "num_layers is 0"),
    (lambda: nn.SinusoidalEncoding(5, 8), "d_model is 5; it may be an even number"),
    (lambda: nn.SinusoidalEncoding(4, 0), "max_len is 0"),
    (lambda: nn.SinusoidalEncoding(4, 8, 1.5), "dropout is 1.5"),
    (lambda: nn.RotaryEncoding(3, 8), "dim is 3"),
    (lambda: nn.RotaryEncoding(4, 8, 1), "base is 1; it may be a number above 1"),
    (lambda: nn.RotaryEncoding(4, 8)(tensor(normal(1, 9, 4))), r"shape \(1, 9, 4\); .* up to 8 steps"),
    (lambda: nn.SinusoidalEncoding(4, 8)(tensor(normal(1, 9, 4))), "up to 8 steps"),
    (lambda: nn.SinusoidalEncoding(4, 8)(tensor(normal(1, 2, 3))), r"\(N, L, 4\)"),
    (lambda: nn.MultiheadAttention(4, 2)(*[tensor(normal(2, 3, 3))] * 3), r"\(N, L, 4\)"),
    (lambda: nn.MultiheadAttention(4, 2)(*[tensor(normal(2, 3, 4))] * 3, tensor(normal(3, 2))), "key_padding_mask has"),
    (lambda: ember.scaled_dot_product_attention(tensor(Q), tensor(K[:, :, :3]), tensor(V)), "query and key have"),
    (lambda: ember.scaled_dot_product_attention(tensor(Q), tensor(K), tensor(V[:, :4])), "matmul of shapes"),
    (lambda: ember.scaled_dot_product_attention(tensor(Q), tensor(K), tensor(V), dropout_p=1), "dropout_p is 1;"),
    (lambda: ember.scaled_dot_product_attention(tensor(Q), tensor(K), tensor(V), tensor(normal(4, 5))), "broadcast"),
]  # fmt: skip


@pytest.mark.parametrize("make, message", BAD, ids=[m for _, m in BAD])
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
