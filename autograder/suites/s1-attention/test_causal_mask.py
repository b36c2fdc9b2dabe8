"""Hidden suite of `causal_mask`."""

import pytest
import torch

from tunelab import expect
from tunelab.models import smollm2, tiny_llama


def checked(learner, n):
    """The learner's mask, after a look at its form."""
    got = learner.causal_mask(n)
    call = f"causal_mask({n})"
    expect.tensor(got, call=call, shape=(n, n), finite=False)
    assert got.dtype == torch.bool, (
        f"{call} gave a tensor of type {str(got.dtype).removeprefix('torch.')}. Truth values are asked for (torch.bool): True for what may be read. "
        "Tensors of numbers are another kind of mask. Those are added to the scores, so that ones and zeros would hide nothing."
    )
    return got


def read_with(model, ids, mask):
    """What a decoder works out for each token, read with a mask, or with its own when there is none."""
    with torch.no_grad():
        return model.base_model(input_ids=ids, attention_mask=None if mask is None else mask[None, None]).last_hidden_state[0]


def mistake(got, n):
    """What is wrong with a table of truth values; nothing if it is right."""
    right = torch.tensor([[j <= i for j in range(n)] for i in range(n)])
    diagonal = torch.eye(n, dtype=torch.bool)
    guesses = [
        (right, ""),
        (~right, "The table is True for what is forbidden. In this lesson True means: may be read. Other interfaces mean the opposite."),
        (right & ~diagonal, "The table lets no token read itself. A token reads the past *and itself*: the diagonal is True. Else the first token would have nothing to read."),
        (right.T, "The table lets each token read itself and what comes after it. Which axis is the query? Row i says what token i may read."),
        (torch.ones(n, n, dtype=torch.bool).tril(1), "The table lets each token read the very next token too. That is the one it is to predict."),
        (torch.ones_like(right), "The table hides nothing: each token reads all, as in an encoder. Above the diagonal all is False."),
        (right.flip(0), "The table stands upside down: row 0 has the most True. Row 0 is the first token's, which may read itself alone."),
        (right.flip(1), "The rows of the table stand the wrong way round: what token i may read begins on the left, with token 0."),
    ]  # fmt: skip
    for guess, sentence in guesses:
        if torch.equal(got, guess):
            return sentence
    row, column = (int(place) for place in (got != right).nonzero()[0])
    where = "which came before it" if column < row else "which comes after it" if column > row else "itself"
    return f"In the table, token {row} may {'' if got[row, column] else 'not '}read token {column}, {where}. Row i says what token i may read: itself and all before it."


@pytest.mark.points(2)
def test_every_query_reads_itself_and_the_past(learner, rng):
    """In the row of each token there is True for that token and all before it, and False for all after it."""
    for n in (int(rng.integers(4, 9)), int(rng.integers(9, 14)), 1):
        wrong = mistake(checked(learner, n), n)
        assert not wrong, f"causal_mask({n}) gave a table that isn't the contract's. {wrong}"


@pytest.mark.points(1)
def test_the_future_never_changes_the_past(learner, rng):
    """A small decoder reads with the mask: when a token is exchanged, nothing changes before it, and everything from it on."""
    n, at = 9, int(rng.integers(2, 7))
    mask, model = checked(learner, n), tiny_llama(layers=2)
    ids = torch.from_numpy(rng.integers(3, 100, size=(1, n)))
    other = ids.clone()
    other[0, at] = 3 + (other[0, at] - 3 + 1) % 97
    change = (read_with(model, ids, mask) - read_with(model, other, mask)).abs().amax(-1)
    said, wrong = (
        f"A small decoder read {n} tokens with the mask of causal_mask({n}), and once more with token {at} exchanged.",
        mistake(mask, n),
    )
    assert change[:at].max() < 1e-6, (
        f"{said} What it worked out for token {int((change[:at] > 1e-6).nonzero()[0])}, before the exchanged one, changed too: "
        f"with a causal mask, a later token can't change what came before it. {wrong}"
    )
    assert change[at:].min() > 1e-6, (
        f"{said} What it worked out for token {at + int((change[at:] <= 1e-6).nonzero()[0])} stayed the same, though that token may read the exchanged one. {wrong}"
    )


@pytest.mark.points(2)
def test_a_real_smollm2_reads_with_it(learner, rng):
    """SmolLM2 reads with the mask just as it does with its own."""
    n = int(rng.integers(6, 10))
    mask = checked(learner, n)
    ids = torch.from_numpy(rng.integers(1000, 40000, size=(1, n)))
    other = ids.clone()
    other[0, -1] += 1
    model = learner.make(smollm2)
    ours, own, exchanged = (learner.probe(read_with, model, i, m) for i, m in ((ids, mask), (ids, None), (other, mask)))
    said, wrong = f"A real SmolLM2 read {n} tokens with the mask of causal_mask({n}).", mistake(mask, n)
    assert (ours[:-1] - exchanged[:-1]).abs().max() < 1e-3, (
        f"{said} When the last token was exchanged, what it had worked out for earlier ones changed: the future must not change the past. {wrong}"
    )
    assert (ours - own).abs().max() < 1e-3, f"{said} It worked out something else than with its own mask. {wrong}"
