"""Hidden suite of `mean_pool`."""

import pytest
import torch

from tunelab import expect


def drawn(rng, lengths, tokens, hidden, left=False):
    """Random states and the mask of texts of the given lengths, with padding on the right or on the left."""
    states = torch.from_numpy(rng.normal(1.0, 2.0, size=(len(lengths), tokens, hidden))).float()
    mask = torch.zeros(len(lengths), tokens, dtype=torch.int64)
    for row, length in enumerate(lengths):
        mask[row, tokens - length if left else 0 : tokens if left else length] = 1
    return states, mask


def by_hand(states, mask):
    """The mean of each row's real tokens, in double precision; zeros where there are none."""
    rows = []
    for vectors, real in zip(states.double(), mask.tolist(), strict=True):
        own = [vector for vector, one in zip(vectors, real, strict=True) if one]
        rows.append(sum(own) / len(own) if own else torch.zeros(states.shape[2], dtype=torch.float64))
    return torch.stack(rows)


def near(got, wanted):
    return torch.allclose(got.double(), wanted.double(), atol=1e-4)


def mistakes(states, mask):
    """What each mistake that is often made gives, and the sentence that names it."""
    states = states.double()
    real = mask.double()
    total, counts = (states * real.unsqueeze(-1)).sum(1), real.sum(1).long()
    rows = torch.arange(len(states))
    last = torch.tensor([int(row.nonzero()[-1]) if row.any() else 0 for row in mask])
    yield states.mean(1), "That is the mean over all places, padding too. Only places where the mask is 1 count."
    yield states[:, 0], "That is the vector of the first place. The mean over all real tokens is asked for."
    yield states[rows, last], "That is the vector of the last real token. The mean over all real tokens is asked for."
    yield (
        states[rows, counts - 1],
        "That is the vector of the last real token, if padding stands on the right. The mean over all real tokens is asked for.",
    )
    yield states[:, -1], "That is the vector in the last place. The mean over all real tokens is asked for."
    yield total, "That is the sum over the real tokens. Now divide by how many there are in each row."
    yield total / mask.shape[1], "It was divided by the number of places. Each row is divided by the number of its own real tokens."
    yield total / counts.max(), "All rows were divided by the length of the longest text. Each row has a length of its own."
    from_left = torch.stack([row[: max(int(n), 1)].mean(0) for row, n in zip(states, counts, strict=True)])
    yield (
        from_left,
        "As many places as there are real tokens were taken from the left. With padding on the left the real tokens aren't the first ones.",
    )


def agree(got, states, mask, call, hint, atol=1e-4):
    """The means are right; where they are just what one known mistake gives in all rows that have tokens, that mistake is named."""
    right, there = by_hand(states, mask), mask.sum(1) > 0
    if torch.allclose(got.double(), right, atol=atol, rtol=atol):
        return
    named = [
        sentence for wrong, sentence in mistakes(states, mask) if near(got[there], wrong[there]) and not near(wrong[there], right[there])
    ]
    expect.close(got.double(), right, call=call, hint=named[0] if named else hint, atol=atol, rtol=atol)


@pytest.mark.points(3)
def test_own_tokens_alone(learner, rng):
    """Each text gets the mean of its own tokens; padding counts neither in the sum nor in the number."""
    lengths = [int(n) for n in rng.integers(2, 6, size=4)]
    states, mask = drawn(rng, lengths, 7, 5)
    call = f"mean_pool(hidden, mask), for texts of {', '.join(map(str, lengths))} tokens in 7 places,"
    got = expect.tensor(learner.mean_pool(states, mask), call=call, shape=(4, 5))
    agree(got, states, mask, call, "Multiply by the mask, add up over the tokens, divide by the row's sum of the mask.")


@pytest.mark.points(1)
def test_padding_on_the_left(learner, rng):
    """Padding may stand anywhere: decoders have it on the left."""
    states, mask = drawn(rng, [2, 5, 3], 6, 4, left=True)
    call = "mean_pool(hidden, mask), with the padding on the left,"
    got = expect.tensor(learner.mean_pool(states, mask), call=call, shape=(3, 4))
    agree(got, states, mask, call, "Go by the mask, place by place: with padding on the left the real tokens aren't the first ones.")


@pytest.mark.points(2)
def test_a_row_of_padding(learner, rng):
    """A row without a single real token gives zeros, and the other rows are right all the same."""
    states, mask = drawn(rng, [3, 0, 5], 5, 4)
    call = "mean_pool(hidden, mask), with a mask that is all 0 in the second row,"
    got = expect.tensor(learner.mean_pool(states, mask), call=call, shape=(3, 4), finite=False)
    assert not bool(torch.isnan(got).any()), f"{call} gave NaN: zero divided by zero. Let the number to divide by be 1 at the least."
    agree(got[[0, 2]], states[[0, 2]], mask[[0, 2]], f"{call} in the other rows", "They have real tokens, whose mean is asked for.")
    assert bool((got[1] == 0).all()), f"{call} gave something else than zeros in that row. There is nothing to average there."


@pytest.mark.points(2)
def test_the_dtype_is_kept(learner, rng):
    """What comes back has the dtype of `hidden`, whatever that of the mask."""
    states, mask = drawn(rng, [3, 4], 4, 6)
    for dtype, atol in ((torch.float64, 1e-9), (torch.bfloat16, 0.06), (torch.float32, 1e-4)):
        call = f"mean_pool(hidden, mask), with a hidden of {str(dtype).removeprefix('torch.')} and a mask of int64,"
        kept = states.to(dtype)
        got = learner.mean_pool(kept, mask)
        assert getattr(got, "dtype", dtype) == dtype, (
            f"{call} gave a tensor of {str(got.dtype).removeprefix('torch.')}. `mask.float()` is 32 bit whatever `hidden` is: turn the mask into `hidden.dtype`."
        )
        expect.tensor(got, call=call, shape=(2, 6), dtype=dtype)
        agree(got, kept, mask, call, "Is anything rounded on the way?", atol=atol)


@pytest.mark.points(1)
def test_arguments_and_gradients(learner, rng):
    """The arguments are left as they are, and a single text is a batch, too."""
    states, mask = drawn(rng, [3], 5, 4)
    call = "mean_pool(hidden, mask), for one text of 3 tokens in 5 places,"
    got = expect.tensor(learner.mean_pool(states, mask), call=call, shape=(1, 4))
    agree(got, states, mask, call, "It is the mean of the 3 tokens' vectors.")
    left, left_mask = learner.last.args
    assert torch.equal(left, states), f"{call} changed `hidden` itself. Operations such as `*=` or `hidden[...] = 0` write into it."
    assert torch.equal(left_mask, mask), f"{call} changed `mask` itself."
