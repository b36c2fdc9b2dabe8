"""Hidden suite of `encoder_layer`."""

import math

import pytest
import torch
from torch.nn import functional as F

from tunelab import expect
from tunelab.models import minilm

FIRST, LAST = "attention.output.LayerNorm", "output.LayerNorm"


def normal(rng, *shape, dtype=torch.float32):
    return torch.from_numpy(rng.normal(size=shape)).to(dtype)


def random_weights(rng, width, inner, dtype=torch.float32):
    """The sixteen tensors of one layer. The two norms differ, as trained ones do."""
    shapes = {f"attention.self.{name}": (width, width) for name in ("query", "key", "value")}
    shapes |= {"attention.output.dense": (width, width), "intermediate.dense": (inner, width), "output.dense": (width, inner)}
    weights = {}
    for name, (rows, columns) in shapes.items():
        weights[f"{name}.weight"] = normal(rng, rows, columns, dtype=dtype) * 1.5 / math.sqrt(columns)
        weights[f"{name}.bias"] = normal(rng, rows, dtype=dtype)
    for name in (FIRST, LAST):
        weights[f"{name}.weight"] = 1 + normal(rng, width, dtype=dtype) / 2
        weights[f"{name}.bias"] = normal(rng, width, dtype=dtype)
    return weights


def linear(weights, name, x):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def norm(weights, name, x, eps=1e-12):
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt() * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def attended(weights, x, heads, mask=None, mask_for=lambda mask, head: mask, along=False, back=True, scale=None):
    """What attention adds to each sentence, head by head."""
    size, results = x.shape[-1] // heads, []
    q, k, v = (linear(weights, f"attention.self.{name}", x) for name in ("query", "key", "value"))
    for h in range(heads):
        part = slice(h * size, (h + 1) * size)
        if along:
            one, two, three = (each.reshape(len(x), heads, -1, size)[:, h] for each in (q, k, v))
        else:
            one, two, three = q[..., part], k[..., part], v[..., part]
        scores = one @ two.transpose(1, 2) / math.sqrt(scale or size)
        scores = scores if mask is None else scores.masked_fill(~mask_for(mask, h), -math.inf)
        results.append(scores.softmax(-1) @ three)
    joined = torch.cat(results, dim=-1) if back else torch.stack(results, dim=1).reshape(x.shape)
    return linear(weights, "attention.output.dense", joined)


def exact(x):
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def rest(weights, x, bend=exact):
    return linear(weights, "output.dense", bend(linear(weights, "intermediate.dense", x)))


def by_hand(x, weights, heads, mask=None, bend=exact, **how):
    middle = norm(weights, FIRST, x + attended(weights, x, heads, mask, **how))
    return norm(weights, LAST, middle + rest(weights, middle, bend))


def mistakes(x, weights, heads, mask=None):
    """What mistakes would give, and the sentence for each."""
    said = attended(weights, x, heads, mask)
    middle = norm(weights, FIRST, x + said)
    thought = rest(weights, middle)
    bare, summed = norm(weights, FIRST, said), x + attended(weights, norm(weights, FIRST, x), heads, mask)
    loose = norm(weights, FIRST, x + said, eps=1e-5)
    other, outside = norm(weights, LAST, x + said), x + norm(weights, FIRST, said)
    guesses = [
        (summed + rest(weights, norm(weights, LAST, summed)), "So it is when the norms come before attention and before the two linear maps, as in newer models. In MiniLM each norm comes after its sum."),
        (norm(weights, LAST, bare + rest(weights, bare)), "The sum around attention is missing: what attention says is *added* to the token's vector."),
        (norm(weights, LAST, thought), "The sum around the two linear maps is missing: their outcome is *added* to what went into them."),
        (norm(weights, LAST, x + thought), "The second sum took its vector from the layer's input. It adds to what came out of the first norm."),
        (outside + norm(weights, LAST, rest(weights, outside)), "So it is when each part's outcome is normalised, and then added. The norm comes after the sum."),
        (by_hand(x, weights, heads, mask, bend=lambda z: F.gelu(z, approximate="tanh")), "This is GELU by its tanh formula. MiniLM uses the exact one, by the error function, which is torch's default."),
        (by_hand(x, weights, heads, mask, bend=F.relu), "So it is when the bend between the two linear maps is ReLU. MiniLM uses GELU."),
        (by_hand(x, weights, heads, mask, bend=lambda z: z), "There is no bend between the two linear maps: without one, two of them are no more than a single linear map."),
        (norm(weights, FIRST, middle + thought), "The second norm used the first norm's weights. Each norm has a gain and a bias of its own."),
        (norm(weights, FIRST, other + rest(weights, other)), "The weights of the two norms are swapped: `attention.output.LayerNorm` comes after attention, `output.LayerNorm` at the end."),
        (middle + thought, "The last norm is missing."),
        (norm(weights, LAST, loose + rest(weights, loose), eps=1e-5), "So it is when the norms use another eps, perhaps 1e-5, which is the default of torch's `F.layer_norm`. Hand over the one of the contract."),
        (by_hand(x, weights, heads, mask, along=True), "So it is when the heads are cut along the tokens: cut the last axis into (heads, size) first, then turn tokens and heads round."),
        (by_hand(x, weights, heads, mask, back=False), "The heads weren't put back beside one another: turn heads and tokens round again before you reshape."),
        (by_hand(x, weights, heads, mask, scale=x.shape[-1]), "So it is when scores are divided by the root of the width of the whole vector. A head's query is narrower, and it is its own width that counts."),
    ]  # fmt: skip
    if mask is not None:
        guesses.append((by_hand(x, weights, heads), "The outcome is as if there were no mask."))
        guesses.append((by_hand(x, weights, heads, ~mask), "The mask was taken the other way round. True means: may be read."))
        if mask.dim() == 3 and len(mask) == heads:
            crossed = by_hand(x, weights, heads, mask, mask_for=lambda mask, head: mask[head])
            guesses.append((crossed, "So it is when the mask of sentence 0 goes to head 0, that of sentence 1 to head 1, and so on. Give the mask an axis for the heads, of size 1, by `mask.unsqueeze(-3)`."))  # fmt: skip
    return guesses


def mistake(got, x, weights, heads, mask=None, atol=1e-4):
    """The sentence for the mistake that gives just these vectors, or None."""
    found = []
    for guess, sentence in mistakes(x, weights, heads, mask):
        # A row from which all is hidden gives NaN in one way of computing and zeros in another.
        shown = ~guess.isnan()
        if guess.shape == got.shape and shown.any():
            found.append((float((guess[shown] - got[shown]).abs().max()), sentence))
    far, sentence = min(found)
    return sentence if far < atol else None


def checked(learner, x, weights, heads, *mask, call):
    got = learner.encoder_layer(x, weights, heads, *mask)
    expect.tensor(got, call=call, shape=tuple(x.shape), dtype=x.dtype)
    return got


def compare(learner, x, weights, heads, mask=None, *, call, atol, right=None, real=None):
    """What came back, if it is right for all tokens that are real."""
    masks = () if mask is None else (mask,)
    got, right = checked(learner, x, weights, heads, *masks, call=call), by_hand(x, weights, heads, mask) if right is None else right
    real = torch.ones(x.shape[:2], dtype=torch.bool) if real is None else real
    if not torch.allclose(got[real].double(), right[real].double(), atol=atol, rtol=1e-6):
        hint = mistake(got, x, weights, heads, mask, max(atol / 2, 1e-7))
        if hint is None:
            again = checked(learner, x, weights, heads, *masks, call=call)
            assert torch.allclose(got[real], again[real], atol=1e-5), (
                f"{call} was called twice with the same arguments and gave different vectors. Is dropout at work, or a module of the library's in training mode?"
            )
            hint = "Compare the steps with the table of the lesson, one after the other: attention, sum, norm, two linear maps with a bend between, sum, norm."
        expect.close(got[real], right[real], call=call, hint=hint, atol=atol)
    return got


@pytest.mark.points(4)
def test_the_parts_in_their_order(learner, rng):
    """Attention, sum, norm; two linear maps with GELU between, sum, norm: in this order, each part with its own weights."""
    for heads, size, inner, tokens in ((2, 3, 10, 4), (3, 4, 20, 5)):
        width = heads * size
        x, weights = normal(rng, 2, tokens, width, dtype=torch.float64), random_weights(rng, width, inner, dtype=torch.float64)
        call = (
            f"encoder_layer(x, weights, {heads}), with x of shape (2, {tokens}, {width}) and {inner} numbers between the two linear maps,"
        )
        compare(learner, x, weights, heads, call=call, atol=1e-6)


@pytest.mark.points(2)
def test_the_mask_reaches_attention(learner, rng):
    """What a mask hides has no influence, whether it is one table for all sentences, one for each, or one row for each."""
    heads, tokens, width = 3, 4, 6
    x, weights = normal(rng, 3, tokens, width), random_weights(rng, width, 9)
    padding = torch.ones(3, 1, tokens, dtype=torch.bool)
    padding[int(rng.integers(0, 3)), 0, 2:] = False
    each = torch.from_numpy(rng.random((3, tokens, tokens)) < 0.5) | torch.eye(tokens, dtype=torch.bool)
    for mask in (torch.ones(tokens, tokens, dtype=torch.bool).tril(), each, padding):
        call = f"encoder_layer(x, weights, 3, mask), with x of shape (3, {tokens}, {width}) and a mask of shape {tuple(mask.shape)},"
        compare(learner, x, weights, heads, mask, call=call, atol=1e-4)


@pytest.mark.points(1)
def test_the_future_never_changes_the_past(learner, rng):
    """With a causal mask, a change in a later token leaves all earlier ones as they were, also in layers on top of one another."""
    weights, mask = random_weights(rng, 8, 16), torch.ones(6, 6, dtype=torch.bool).tril()
    x = normal(rng, 1, 6, 8)
    other = x.clone()
    other[0, 4] = normal(rng, 8)
    call = "encoder_layer(x, weights, 2, mask), with x of shape (1, 6, 8) and a causal mask,"
    middles = [compare(learner, start, weights, 2, mask, call=call, atol=1e-3) for start in (x, other)]
    call = "encoder_layer(x, weights, 2, mask), with a causal mask, called on what it gave before,"
    results = [compare(learner, middle, weights, 2, mask, call=call, atol=1e-3) for middle in middles]
    change = (results[0] - results[1]).abs().amax(-1)[0]
    assert change[:4].max() < 1e-5, (
        f"{call} gave other numbers for tokens 0 to 3 when token 4 was another. With a causal mask they can't read it."
    )
    assert change[4:].min() > 1e-5, f"{call} gave the same numbers for token 4 or 5 when token 4 was another. Both of them may read it."


@pytest.mark.points(3)
def test_a_layer_of_minilm(learner, rng):
    """With the real weights of a layer of MiniLM, the function gives that layer's own activations."""
    model, number = minilm(), int(rng.integers(0, 6))
    layer = model.encoder.layer[number]
    present = torch.ones(2, 10, dtype=torch.long)
    present[1, 6:] = 0
    with torch.no_grad():
        ids = torch.from_numpy(rng.integers(1000, 30000, size=(2, 10)))
        states = model(input_ids=ids, attention_mask=present, output_hidden_states=True).hidden_states
    x, right = states[number], states[number + 1]
    weights = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    call = f"encoder_layer(x, weights, 12, mask), with the weights of MiniLM's layer {number}, for the real tokens of a sentence without padding and one with it,"
    compare(learner, x, weights, 12, present.bool()[:, None, :], call=call, atol=1e-4, right=right, real=present.bool())


@pytest.mark.points(1)
def test_nothing_else_changes(learner, rng):
    """The arguments are left as they were, and nothing is left to chance."""
    x, weights, mask = normal(rng, 2, 3, 4), random_weights(rng, 4, 6), torch.ones(3, 3, dtype=torch.bool).tril()
    call = "encoder_layer(x, weights, 2, mask)"
    got = checked(learner, x, weights, 2, mask, call=call)
    left_x, left_weights, _, left_mask = learner.last.args
    assert torch.equal(left_x, x) and torch.equal(left_mask, mask), (
        f"{call} left its argument `x` or `mask` changed. `x = x + …` makes a new tensor, `x += …` changes the caller's."
    )
    assert set(left_weights) == set(weights) and all(torch.equal(left_weights[name], weights[name]) for name in weights), (
        f"{call} left its argument `weights` changed. The next sentence needs them as they were."
    )
    again = checked(learner, x, weights, 2, mask, call=call)
    assert torch.allclose(got, again, atol=1e-5), (
        f"{call} was called twice with the same arguments and gave different vectors. Is dropout at work, or a module of the library's in training mode?"
    )
    compare(learner, x, weights, 2, mask, call=f"{call}, with x of shape (2, 3, 4),", atol=1e-4)
