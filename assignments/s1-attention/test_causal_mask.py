"""Public checks of `causal_mask`: examples to check oneself by."""

import torch

from tunelab import expect


def test_three_tokens(learner):
    """For three tokens, the table is the one of the lesson."""
    got = learner.causal_mask(3)
    expect.tensor(got, call="causal_mask(3)", shape=(3, 3), dtype=torch.bool)
    right = [[True, False, False], [True, True, False], [True, True, True]]
    assert got.tolist() == right, f"causal_mask(3) gave {got.tolist()}. It should be {right}: row i says what token i may read."


def test_one_token(learner):
    """A single token reads itself."""
    got = learner.causal_mask(1)
    expect.tensor(got, call="causal_mask(1)", shape=(1, 1), dtype=torch.bool)
    assert got.tolist() == [[True]], f"causal_mask(1) gave {got.tolist()}. It should be [[True]]: the only token may read itself."


def test_six_tokens(learner):
    """Token i reads i + 1 tokens: itself and those before it."""
    got = learner.causal_mask(6)
    expect.tensor(got, call="causal_mask(6)", shape=(6, 6), dtype=torch.bool)
    counts = got.sum(dim=1).tolist()
    assert counts == [1, 2, 3, 4, 5, 6], f"causal_mask(6) has {counts} times True in its rows. It should be [1, 2, 3, 4, 5, 6]."
    assert got[:, 0].all(), "causal_mask(6) hides token 0 from a later token. Everyone may read the first token."
