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


@pytest.mark.points(2)
def test_every_query_reads_itself_and_the_past(learner, rng):
    """In the row of each token there is True for that token and all before it, and False for all after it."""
    for n in (int(rng.integers(4, 9)), int(rng.integers(9, 14)), 1):
        got, call = checked(learner, n), f"causal_mask({n})"
        itself = torch.tensor([bool(got[i, i]) for i in range(n)])
        past = torch.tensor([bool(got[i, j]) for i in range(n) for j in range(i)])
        future = torch.tensor([bool(got[i, j]) for i in range(n) for j in range(i + 1, n)])
        assert not (n > 1 and future.all() and not past.any() and not itself.any()), (
            f"{call} gave True for what is forbidden. In this lesson True means: may be read. Other interfaces mean the opposite."
        )
        assert itself.all(), (
            f"{call} gave a table in which token {int(itself.logical_not().nonzero()[0])} may not attend to itself. A token reads the past *and itself*: "
            "the diagonal is True. Else the first token would have nothing to read."
        )
        assert n == 1 or not (future.all() and not past.any()), (
            f"{call} gave a table in which each token reads what comes after it. Which axis is the query? Row i says what token i may read."
        )
        next_only = (
            n > 2 and all(bool(got[i, i + 1]) for i in range(n - 1)) and not any(bool(got[i, j]) for i in range(n) for j in range(i + 2, n))
        )
        assert not next_only, f"{call} gave a table in which each token reads the very next token too. That is the one it is to predict."
        assert not future.any(), f"{call} gave a table in which a token may read what comes after it. Above the diagonal all is False."
        assert past.all(), (
            f"{call} gave a table in which a token may not read something that came before it. Below the diagonal all is True."
        )


@pytest.mark.points(1)
def test_the_future_never_changes_the_past(learner, rng):
    """A small decoder reads with the mask: when a token is exchanged, nothing changes before it, and everything from it on."""
    n, at = 9, int(rng.integers(2, 7))
    mask, model = checked(learner, n), tiny_llama(layers=2)
    ids = torch.from_numpy(rng.integers(3, 100, size=(1, n)))
    other = ids.clone()
    other[0, at] = 3 + (other[0, at] - 3 + 1) % 97
    change = (read_with(model, ids, mask) - read_with(model, other, mask)).abs().amax(-1)
    said = f"A small decoder read {n} tokens with the mask of causal_mask({n}), and once more with token {at} exchanged."
    assert change[:at].max() < 1e-6, (
        f"{said} What it worked out for token {int((change[:at] > 1e-6).nonzero()[0])}, before the exchanged one, changed too. "
        "With a causal mask, a later token can't change what came before it."
    )
    assert change[at:].min() > 1e-6, (
        f"{said} What it worked out for token {at + int((change[at:] <= 1e-6).nonzero()[0])} stayed the same, though that token may read the exchanged one. "
        "Row i of the mask is True up to i, and at i."
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
    assert (ours[:-1] - exchanged[:-1]).abs().max() < 1e-3, (
        f"a real SmolLM2 read {n} tokens with the mask of causal_mask({n}). When the last token was exchanged, what it had worked out for earlier ones changed. "
        "The future must not change the past."
    )
    assert (ours - own).abs().max() < 1e-3, (
        f"a real SmolLM2 read {n} tokens with the mask of causal_mask({n}), and worked out something else than with its own mask. Look at the table row by row: "
        "row i says what token i may read."
    )
