"""Hidden suite of `attention`."""

import math

import pytest
import torch
from torch.nn import functional as F

from tunelab import expect

CALL = "attention(q, k, v)"
MASKED = "attention(q, k, v, mask)"


def normal(rng, *shape, dtype=torch.float32):
    return torch.from_numpy(rng.normal(size=shape)).to(dtype)


def by_hand(q, k, v, mask=None):
    """Outputs and weights for matrices, one query after the other, in plain Python."""
    weights = torch.zeros(len(q), len(k), dtype=torch.float64)
    for i, query in enumerate(q.double()):
        readable = [j for j in range(len(k)) if mask is None or mask[i, j]]
        scores = [float((query * k[j].double()).sum()) / math.sqrt(len(query)) for j in readable]
        powers = [math.exp(score - max(scores)) for score in scores]
        for j, power in zip(readable, powers, strict=True):
            weights[i, j] = power / sum(powers)
    outputs = torch.stack([sum(w * row for w, row in zip(line, v.double(), strict=True)) for line in weights])
    return outputs, weights


def two_tensors(got, q, k, v, call, mask=None):
    """Outputs and weights, after a look at their form."""
    expect.of_type(got, tuple, call=call, advice="Give back both, in this order: `return outputs, weights`.")
    expect.sequence(got, call=call, kind=tuple, length=2)
    outputs, weights = got
    for tensor, what in ((outputs, "outputs"), (weights, "weights")):
        expect.tensor(tensor, call=f"{call} as {what}", finite=False)
    rows, right, left = q.shape[:-1], (*q.shape[:-1], v.shape[-1]), (*q.shape[:-1], k.shape[-2])
    assert not (tuple(outputs.shape) == left and tuple(weights.shape) == right and left != right), (
        f"{call} gave two tensors of the shapes {tuple(outputs.shape)} and {tuple(weights.shape)}, in the wrong order: first the outputs, then the weights."
    )
    assert tuple(outputs.shape) == right, (
        f"{call} gave outputs of shape {tuple(outputs.shape)}, for queries {tuple(rows)} and values of width {v.shape[-1]}. Each query gets one mixture of values."
    )
    assert tuple(weights.shape) == left, (
        f"{call} gave weights of shape {tuple(weights.shape)}, for queries {tuple(rows)} and {k.shape[-2]} keys. Each query has a weight for each key."
    )
    for tensor, what in ((outputs, "outputs"), (weights, "weights")):
        assert tensor.dtype == q.dtype, (
            f"{call} gave {what} of type {tensor.dtype}, for arguments of type {q.dtype}: the type of the arguments is asked for, float64 as well as float32."
        )
        assert torch.isfinite(tensor).all(), f"{call} as {what} gave NaN or infinity. {mistake(weights, q, k, v, mask)}"
    return outputs, weights


def mistake(weights, q, k, v, mask=None):
    """The sentence for a mistake that gives these weights."""
    plain, size = q @ k.transpose(-2, -1), q.shape[-1]
    scores = plain / math.sqrt(size)

    def hidden(each):
        return each if mask is None else each.masked_fill(~mask, -math.inf)

    guesses = [
        (hidden(scores), "These are the scores before the softmax. Weights are positive and add up to 1."),
        (hidden(plain).softmax(-1), "Is something missing between the products and the softmax? Scores are divided by the square root of d_k."),
        (hidden(plain / size).softmax(-1), "These scores were divided by d_k, without the root."),
        (hidden(plain / math.sqrt(v.shape[-1])).softmax(-1), "These scores were divided by the square root of the width of the values. It is the width of a query and a key, d_k, that counts."),
        (hidden(plain / math.sqrt(k.shape[-2])).softmax(-1), "These scores were divided by the square root of the number of keys. It is the width of a query and a key, d_k, that counts."),
        (hidden(scores).softmax(-2), "These weights add up to 1 over the queries. Each query shares out its attention over the *keys*, the last axis."),
    ]  # fmt: skip
    if q.dim() > 3:
        guesses.append((hidden(scores).softmax(1), "These weights don't add up to 1 over the keys but over the second axis, the heads. Count axes from the end: keys are the last one. (For matrices such weights add up to 1 over the queries.)"))  # fmt: skip
    if mask is not None:
        after = scores.softmax(-1)
        guesses = [
            (after, "The weights are as if there were no mask, or as if it made next to no difference: -1e-9 hardly changes a score, minus infinity takes it out."),
            (after * mask, "They are those of a mask that is used after the softmax: what is left doesn't add up to 1. Hide the scores, before."),
            (scores.masked_fill(mask, -math.inf).softmax(-1), "The mask was taken the other way round. True means: may be read."),
            ((scores * mask).softmax(-1), "Hidden scores have become 0. But a score of 0 is not a weight of 0: the softmax gives it a share. Minus infinity gives none."),
            *guesses,
        ]  # fmt: skip
    # Rows from which all is hidden are told of elsewhere: there a softmax gives NaN, and a mask puts zeros.
    seen = (
        torch.ones_like(weights, dtype=torch.bool)
        if mask is None
        else (mask.any(-1, keepdim=True) & ~mask.all(-1, keepdim=True)).expand_as(weights)
    )
    if not seen.any():
        seen = torch.ones_like(seen)
    for guess, sentence in guesses:
        if guess.shape == weights.shape and torch.allclose(torch.nan_to_num(guess)[seen], torch.nan_to_num(weights)[seen], atol=1e-5):
            return sentence
    return "Work out one query with a pencil: scores, then weights, then the mixture."


def compare(got, right, q, k, v, call, mask=None, atol=1e-5, rtol=1e-6):
    """Weights, then outputs, are the right ones."""
    outputs, weights = got
    expect.close(weights, right[1], call=f"{call} as weights", hint=mistake(weights, q, k, v, mask), atol=atol, rtol=rtol)
    expect.close(
        outputs,
        right[0],
        call=f"{call} as outputs",
        hint="The weights are right. The outputs are the values, mixed by them.",
        atol=atol,
        rtol=rtol,
    )


@pytest.mark.points(2)
def test_an_average_of_the_values(learner, rng):
    """Each query gets an average of the values, weighted by the softmax of its scores."""
    q, k, v = normal(rng, 5, 3), normal(rng, 7, 3), normal(rng, 7, 4)
    got = two_tensors(learner.attention(q, k, v), q, k, v, CALL)
    compare(got, by_hand(q, k, v), q, k, v, CALL)


@pytest.mark.points(2)
def test_true_means_may_attend(learner, rng):
    """Where the mask is False, a query gives no weight, and shares all of it out among the rest."""
    q, k, v = normal(rng, 6, 5), normal(rng, 8, 5), normal(rng, 8, 3)
    mask = torch.from_numpy(rng.random((6, 8)) < 0.5)
    rows = torch.arange(6)
    first = torch.from_numpy(rng.integers(0, 8, size=6))
    mask[rows, first], mask[rows, (first + 3) % 8] = True, False
    got = two_tensors(learner.attention(q, k, v, mask), q, k, v, MASKED, mask)
    compare(got, by_hand(q, k, v, mask), q, k, v, MASKED, mask)


@pytest.mark.points(1)
def test_what_is_hidden_has_no_influence(learner, rng):
    """Keys and values that no query may read could be anything: the outputs stay the same."""
    q, k, v = normal(rng, 4, 6), normal(rng, 6, 6), normal(rng, 6, 2)
    hidden = int(rng.integers(0, 6))
    mask = torch.ones(4, 6, dtype=torch.bool)
    mask[:, hidden] = False
    before, _ = two_tensors(learner.attention(q, k, v, mask), q, k, v, MASKED, mask)
    k[hidden] += 5.0
    v[hidden] -= 100.0
    after, weights = two_tensors(learner.attention(q, k, v, mask), q, k, v, MASKED, mask)
    assert (before - after).abs().max() < 1e-5, (
        f"{MASKED}, with key {hidden} hidden from all queries, was called twice; the second time that key and its value were others. The outputs changed. "
        f"{mistake(weights, q, k, v, mask)}"
    )
    spread = (outputs_without(q, k, v, hidden) - after).abs().max()
    assert spread < 1e-5, (
        f"{MASKED}, with key {hidden} hidden from all queries, gave other outputs than without that key. {mistake(weights, q, k, v, mask)}"
    )


def outputs_without(q, k, v, hidden):
    left = [j for j in range(len(k)) if j != hidden]
    return by_hand(q, k[left], v[left])[0]


@pytest.mark.points(2)
def test_a_query_that_may_read_nothing(learner, rng):
    """A query from which all keys are hidden gets weights of 0 and an output of zeros; the other queries are as ever."""
    q, k, v = normal(rng, 5, 4), normal(rng, 6, 4), normal(rng, 6, 3)
    mask = torch.from_numpy(rng.random((5, 6)) < 0.6)
    mask[:, 2] = True
    empty = int(rng.integers(0, 5))
    mask[empty] = False
    rest = torch.arange(5) != empty
    got = learner.attention(q, k, v, mask)
    if type(got) is tuple and len(got) == 2 and all(isinstance(tensor, torch.Tensor) and len(tensor) == 5 for tensor in got):
        assert not any(torch.isnan(tensor[empty]).any() for tensor in got), (
            f"{MASKED}, with no True in row {empty} of the mask, gave NaN. The softmax of nothing but minus infinity is 0/0. Put zeros there."
        )
    outputs, weights = two_tensors(got, q, k, v, MASKED, mask)
    # The other queries come first: where they are wrong, it isn't the empty row that is at fault.
    right_outputs, right_weights = by_hand(q, k, v, mask)
    call = f"{MASKED}, with no True in row {empty} of the mask,"
    expect.close(
        weights[rest], right_weights[rest], call=f"{call} as weights of the other queries", hint=mistake(weights, q, k, v, mask), atol=1e-5
    )
    expect.close(
        outputs[rest],
        right_outputs[rest],
        call=f"{call} as outputs of the other queries",
        hint="The weights are right. The outputs are the values, mixed by them.",
        atol=1e-5,
    )
    assert not torch.allclose(weights[empty], torch.full((6,), 1 / 6), atol=1e-3), (
        f"{call} spread that query's attention evenly over all keys, which it may not read. "
        "When every score is the same very negative number, all are equally good. Put zeros there."
    )
    assert weights[empty].abs().max() == 0, f"{call} gave that query weights other than 0. Nothing may be read: each of its weights is 0."
    assert outputs[empty].abs().max() == 0, f"{call} gave that query an output other than zeros."


@pytest.mark.points(1)
def test_batches_and_heads(learner, rng):
    """With axes in front of the last two, each matrix is treated by itself, and a mask is stretched over them as torch does."""
    q, k, v = normal(rng, 2, 3, 5, 4), normal(rng, 2, 3, 6, 4), normal(rng, 2, 3, 6, 2)
    per_sentence = torch.from_numpy(rng.random((2, 1, 1, 6)) < 0.6)
    per_sentence[..., 0] = True
    for mask in (None, per_sentence, torch.ones(5, 6, dtype=torch.bool).tril()):
        form = "no mask" if mask is None else f"a mask {tuple(mask.shape)}"
        call = f"attention(…), with queries (2, 3, 5, 4), keys (2, 3, 6, 4), values (2, 3, 6, 2) and {form},"
        try:
            got = learner.attention(q, k, v) if mask is None else learner.attention(q, k, v, mask)
        except (IndexError, TypeError, ValueError, RuntimeError) as error:
            if isinstance(error, NotImplementedError):
                raise
            raise AssertionError(
                f"{call} raised {type(error).__name__}: {error}. With axes in front, count from the end: it is the last two that are multiplied and turned round, and no others."
            ) from None
        full = None if mask is None else mask.expand(2, 3, 5, 6)
        outputs, weights = two_tensors(got, q, k, v, call, full)
        right = [[by_hand(q[b, h], k[b, h], v[b, h], None if full is None else full[b, h]) for h in range(3)] for b in range(2)]
        right_outputs, right_weights = (torch.stack([torch.stack([pair[i] for pair in row]) for row in right]) for i in range(2))
        expect.close(weights, right_weights, call=f"{call} as weights", hint=mistake(weights, q, k, v, full), atol=1e-5)
        expect.close(
            outputs,
            right_outputs,
            call=f"{call} as outputs",
            hint="The weights are right. Each matrix of values belongs to the queries at the same place.",
            atol=1e-5,
        )


@pytest.mark.points(1)
def test_large_scores(learner, rng):
    """Scores of some hundreds give weights of about 0 and 1, and no infinity."""
    q, k, v = 40 * normal(rng, 4, 8), 10 * normal(rng, 5, 8), normal(rng, 5, 3)
    got = learner.attention(q, k, v)
    if type(got) is tuple and len(got) == 2 and all(isinstance(tensor, torch.Tensor) for tensor in got):
        assert all(torch.isfinite(tensor).all() for tensor in got), (
            f"{CALL}, with scores of some hundreds, gave NaN or infinity. The exponential of 100 is too large for float32. Take the largest score of each row off first; "
            "torch's `softmax` does so."
        )
    got = two_tensors(got, q, k, v, CALL)
    compare(got, by_hand(q, k, v), q, k, v, f"{CALL}, with scores of some hundreds,", atol=1e-3)


@pytest.mark.points(1)
def test_torch_agrees(learner, rng):
    """The outputs are those of torch's own function, in single and in double precision."""
    for dtype, tolerance in ((torch.float32, 1e-6), (torch.float64, 1e-12)):
        q, k, v = (normal(rng, 2, *shape, dtype=dtype) for shape in ((9, 16), (11, 16), (11, 5)))
        mask = torch.from_numpy(rng.random((9, 11)) < 0.5)
        mask[:, 4] = True
        call = f"{MASKED}, in {str(dtype).removeprefix('torch.')},"
        outputs, weights = two_tensors(learner.attention(q, k, v, mask), q, k, v, call, mask.expand(2, 9, 11))
        right = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        hint = (
            "Is something turned into single precision on the way? Arguments of type float64 are computed in float64."
            if torch.allclose(outputs, right, atol=1e-4)
            else mistake(weights, q, k, v, mask.expand(2, 9, 11))
        )
        expect.close(outputs, right, call=f"{call} as outputs", hint=hint, atol=tolerance, rtol=tolerance)


@pytest.mark.points(1)
def test_nothing_else_changes(learner, rng):
    """The arguments are left as they were, and no randomness is used."""
    q, k, v = normal(rng, 4, 3), normal(rng, 5, 3), normal(rng, 5, 2)
    mask = torch.ones(4, 5, dtype=torch.bool).tril()
    got = two_tensors(learner.attention(q, k, v, mask), q, k, v, MASKED, mask)
    for name, before, after in zip(("q", "k", "v", "mask"), (q, k, v, mask), learner.last.args, strict=True):
        assert torch.equal(before, after), (
            f"{MASKED}: its argument `{name}` was left changed. `q = q / …` makes a new tensor, `q /= …` changes the caller's."
        )
    assert not learner.last.random_moved, f"{MASKED} used up global random numbers. Nothing here is random."
    compare(got, by_hand(q, k, v, mask), q, k, v, MASKED, mask)
