"""Hidden suite of `multi_head_attention`."""

import math

import pytest
import torch

from tunelab import expect
from tunelab.models import minilm

NAMES = ("query", "key", "value")


def normal(rng, *shape, dtype=torch.float32):
    return torch.from_numpy(rng.normal(size=shape)).to(dtype)


def random_weights(rng, width, dtype=torch.float32):
    """The eight tensors of one attention, with numbers that keep vectors about as large as they are."""
    weights = {}
    for name in (*(f"attention.self.{name}" for name in NAMES), "attention.output.dense"):
        weights[f"{name}.weight"] = normal(rng, width, width, dtype=dtype) / math.sqrt(width) * 1.5
        weights[f"{name}.bias"] = normal(rng, width, dtype=dtype)
    return weights


def projected(x, weights, biases=True):
    """Queries, keys and values of one sentence, not yet cut into heads."""
    return [x @ weights[f"attention.self.{name}.weight"].T + biases * weights[f"attention.self.{name}.bias"] for name in NAMES]


def mixed(q, k, v, width, mask=None):
    scores = q @ k.T / math.sqrt(width)
    return (scores if mask is None else scores.masked_fill(~mask, -math.inf)).softmax(-1) @ v


def side_by_side(vectors, heads, mask=None, width=None):
    """Each head by itself, from its own columns; results next to one another."""
    size = vectors[0].shape[-1] // heads
    parts = [[each[:, h * size : (h + 1) * size] for each in vectors] for h in range(heads)]
    return torch.cat([mixed(*part, width or size, mask) for part in parts], dim=-1)


def out_of(joined, weights):
    return joined @ weights["attention.output.dense.weight"].T + weights["attention.output.dense.bias"]


def by_hand(x, weights, heads, mask=None):
    """Sentence by sentence and head by head. A mask has one table for each sentence."""
    tables = [None] * len(x) if mask is None else mask.expand(len(x), x.shape[1], x.shape[1])
    return torch.stack([out_of(side_by_side(projected(s, weights), heads, t), weights) for s, t in zip(x, tables, strict=True)])


def mistakes(x, weights, heads, mask=None):
    """What mistakes would give for one sentence, and the sentence for each. A mask is this sentence's table."""
    tokens, width = x.shape
    size = width // heads
    right = projected(x, weights)
    joined = side_by_side(right, heads, mask)
    along = torch.cat([mixed(*(each.reshape(heads, tokens, size)[h] for each in right), size, mask) for h in range(heads)])
    sliced = torch.stack([mixed(*(each[:, h * size : (h + 1) * size] for each in right), size, mask) for h in range(heads)])
    woven = torch.stack([mixed(*(each[:, h::heads] for each in right), size, mask) for h in range(heads)], dim=-1)
    bare, final = weights["attention.output.dense.weight"], weights["attention.output.dense.bias"]
    turned = [x @ weights[f"attention.self.{name}.weight"] + weights[f"attention.self.{name}.bias"] for name in NAMES]
    swapped = [right[1], right[0], right[2]]
    return [
        (out_of(along.reshape(tokens, width), weights), "So it is when the vectors are cut along the tokens: `view(batch, heads, tokens, size)` gives a head some tokens whole. Cut the last axis into (heads, size) first, then turn tokens and heads round."),
        (out_of(side_by_side(right, heads, mask, width=width), weights), "So it is when scores are divided by the root of the width of the whole vector. A head's query is narrower, and it is its own width that counts."),
        (out_of(sliced.reshape(tokens, width), weights), "The heads are right, but they weren't put back beside one another: turn heads and tokens round again before you reshape."),
        (out_of(woven.reshape(tokens, width), weights), "So it is when head h gets the numbers h, h + heads, h + 2 * heads and so on. Each head's numbers lie side by side: head 0 has the first `size` of them."),
        (out_of(mixed(*right, width, mask), weights), "The outcome is as if there were one head as wide as the whole vector. Cut the last axis into (heads, size), so that each head reads with its own share."),
        (joined, "This is what the heads say, side by side. It still goes through the output matrix (`attention.output.dense`)."),
        (joined @ bare.T, "The bias of the output is missing."),
        (out_of(side_by_side(projected(x, weights, biases=False), heads, mask), weights), "The biases of queries, keys and values are missing."),
        (side_by_side(turned, heads, mask) @ bare + final, "So it is when the matrices are used transposed. nn.Linear keeps a row for each *output* number, so that it is `x @ weight.T + bias`."),
        (out_of(side_by_side(turned, heads, mask), weights), "So it is when the three matrices are used transposed. nn.Linear keeps a row for each *output* number, so that it is `x @ weight.T + bias`."),
        (out_of(side_by_side(swapped, heads, mask), weights), "So it is when queries and keys change places. The query comes from the token that reads."),
        (x + out_of(joined, weights), "This adds the input at the end. That sum belongs to the layer around it, not to attention."),
    ]  # fmt: skip


def mistake(got, x, weights, heads, mask=None):
    """The sentence for a mistake that gives these vectors, for all sentences."""
    tables = [None] * len(x) if mask is None else mask.expand(len(x), x.shape[1], x.shape[1])
    of_sentences = [mistakes(sentence, weights, heads, table) for sentence, table in zip(x, tables, strict=True)]
    guesses = [(torch.stack([values for values, _ in same]), same[0][1]) for same in zip(*of_sentences, strict=True)]
    if mask is not None:
        guesses.append((by_hand(x, weights, heads), "The outcome is as if there were no mask."))
        guesses.append((by_hand(x, weights, heads, ~mask), "The mask was taken the other way round. True means: may be read."))
        if mask.dim() == 3 and len(mask) == heads:
            size, tokens = x.shape[-1] // heads, x.shape[1]
            crossed = [[side_by_side(projected(s, weights), heads, mask[h].expand(tokens, tokens)) for h in range(heads)] for s in x]
            joined = torch.stack([torch.cat([all_of[h][:, h * size : (h + 1) * size] for h in range(heads)], dim=-1) for all_of in crossed])
            guesses.append((out_of(joined, weights), "So it is when the mask of sentence 0 goes to head 0, that of sentence 1 to head 1, and so on. Scores have the shape (batch, heads, tokens, tokens): give the mask an axis for the heads, of size 1, by `mask.unsqueeze(-3)`."))  # fmt: skip
    for guess, sentence in guesses:
        # A row from which all is hidden gives NaN in one way of computing and zeros in another.
        shown = ~guess.isnan()
        if guess.shape == got.shape and shown.any() and torch.allclose(guess[shown], got[shown], atol=1e-4):
            return sentence
    return "Work through one sentence with one head first; then follow the shapes of the axes, step by step."


def checked(learner, x, weights, heads, *mask, call):
    got = learner.multi_head_attention(x, weights, heads, *mask)
    expect.value(got, call=call)
    size = x.shape[-1] // heads
    assert not (isinstance(got, torch.Tensor) and heads > 1 and tuple(got.shape) == (*x.shape[:-1], size)), (
        f"{call} gave a tensor of shape {tuple(got.shape)}, where {tuple(x.shape)} is asked for. Its vectors are as wide as one head's: what the heads say is put side by side, "
        "neither averaged nor added up."
    )
    expect.tensor(got, call=call, shape=tuple(x.shape), dtype=x.dtype)
    return got


def compare(got, x, weights, heads, call, mask=None, atol=1e-4):
    right = by_hand(x, weights, heads, mask)
    expect.close(got, right, call=call, hint=mistake(got, x, weights, heads, mask), atol=atol)


@pytest.mark.points(3)
def test_every_head_by_itself(learner, rng):
    """Each head reads its own share of queries, keys and values; what they say is put side by side and goes through the output matrix."""
    for heads, size, tokens in ((3, 4, 5), (2, 5, 3)):
        width = heads * size
        x, weights = normal(rng, 2, tokens, width), random_weights(rng, width)
        call = f"multi_head_attention(x, weights, {heads}), with x of shape (2, {tokens}, {width}),"
        compare(checked(learner, x, weights, heads, call=call), x, weights, heads, call)


@pytest.mark.points(1)
def test_a_single_head(learner, rng):
    """With one head the whole vector is that head's, whatever the number of tokens and sentences, one included."""
    for batch, tokens in ((3, 4), (1, 1)):
        x, weights = normal(rng, batch, tokens, 6), random_weights(rng, 6)
        call = f"multi_head_attention(x, weights, 1), with x of shape ({batch}, {tokens}, 6),"
        compare(checked(learner, x, weights, 1, call=call), x, weights, 1, call)


@pytest.mark.points(2)
def test_masks_of_every_form(learner, rng):
    """One table for all sentences, one for each, or one row for each: every mask holds for all heads."""
    heads, tokens, width = 3, 4, 6
    x, weights = normal(rng, 3, tokens, width), random_weights(rng, width)
    padding = torch.ones(3, 1, tokens, dtype=torch.bool)
    padding[int(rng.integers(0, 3)), 0, 2:] = False
    padding[int(rng.integers(0, 3)), 0, 3:] = False
    each = torch.from_numpy(rng.random((3, tokens, tokens)) < 0.5) | torch.eye(tokens, dtype=torch.bool)
    for mask in (torch.ones(tokens, tokens, dtype=torch.bool).tril(), each, padding):
        call = f"multi_head_attention(x, weights, 3, mask), with x of shape (3, {tokens}, {width}) and a mask of shape {tuple(mask.shape)},"
        compare(checked(learner, x, weights, heads, mask, call=call), x, weights, heads, call, mask)


@pytest.mark.points(1)
def test_sentences_and_the_future_stay_apart(learner, rng):
    """A sentence isn't changed by the others in its batch, nor, with a causal mask, by what comes later in it."""
    x, weights, mask = normal(rng, 2, 6, 8), random_weights(rng, 8), torch.ones(6, 6, dtype=torch.bool).tril()
    call = "multi_head_attention(x, weights, 2, mask), with a causal mask,"
    before = checked(learner, x, weights, 2, mask, call=call)
    other = x.clone()
    other[1] = normal(rng, 6, 8)
    other[0, 4:] = normal(rng, 2, 8)
    after = checked(learner, other, weights, 2, mask, call=call)
    assert torch.allclose(before[0, :4], after[0, :4], atol=1e-5), (
        f"{call} was called twice, with x of shape (2, 6, 8). The second time tokens 4 and 5 of sentence 0, and all of sentence 1, were others. "
        f"What came out for tokens 0 to 3 of sentence 0 changed too, which may read none of these. {mistake(after, other, weights, 2, mask)}"
    )
    compare(after, other, weights, 2, call, mask)


@pytest.mark.points(2)
def test_minilms_first_layer(learner, rng):
    """With the weights of MiniLM's first layer, the function gives what MiniLM's own attention gives, padding included."""
    model, seen = minilm(), {}
    layer = model.encoder.layer[0]
    layer.attention.output.dense.register_forward_hook(lambda _, inputs, output: seen.update(right=output.detach()))
    layer.register_forward_hook(lambda _, inputs, output: seen.update(x=inputs[0].detach()))
    ids = torch.from_numpy(rng.integers(1000, 30000, size=(2, 8)))
    present = torch.ones(2, 8, dtype=torch.long)
    present[1, 5:] = 0
    with torch.no_grad():
        model(input_ids=ids, attention_mask=present)
    weights, mask = {name: tensor.clone() for name, tensor in layer.state_dict().items()}, present.bool()[:, None, :]
    call = "multi_head_attention(x, weights, 12, mask), with the weights of MiniLM's first layer,"
    got = checked(learner, seen["x"], weights, 12, mask, call=call)
    # Only real tokens are looked at: what a layer works out for padding is used by nobody.
    real, hint = present.bool(), mistake(got, seen["x"], weights, 12, mask)
    expect.close(got[0], seen["right"][0], call=f"{call} for a sentence without padding,", hint=hint, atol=1e-4)
    expect.close(
        got[1][real[1]], seen["right"][1][real[1]], call=f"{call} for the tokens of a sentence with padding,", hint=hint, atol=1e-4
    )


@pytest.mark.points(1)
def test_nothing_else_changes(learner, rng):
    """The arguments are left as they were, and float64 is computed in float64."""
    x, weights = normal(rng, 2, 3, 8, dtype=torch.float64), random_weights(rng, 8, dtype=torch.float64)
    mask = torch.ones(3, 3, dtype=torch.bool).tril()
    call = "multi_head_attention(x, weights, 2, mask), in float64,"
    got = checked(learner, x, weights, 2, mask, call=call)
    left_x, left_weights, _, left_mask = learner.last.args
    assert torch.equal(left_x, x) and torch.equal(left_mask, mask), f"{call} left its argument `x` or `mask` changed."
    assert set(left_weights) == set(weights) and all(torch.equal(left_weights[name], weights[name]) for name in weights), (
        f"{call} left its argument `weights` changed. The next layer, or the next sentence, needs them as they were."
    )
    right = by_hand(x, weights, 2, mask)
    single = "Is something turned into single precision on the way?"
    expect.close(
        got, right, call=call, hint=single if torch.allclose(got, right, atol=1e-4) else mistake(got, x, weights, 2, mask), atol=1e-10
    )
