"""Public checks of `sample_next`: examples to check oneself by."""

import torch

from tunelab import expect

LOGITS = torch.tensor([0.1, 0.4, 0.2, 0.3]).log()


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def drawn(learner, temperature, top_k, top_p, times=60):
    """The different tokens of many calls."""
    chance, call = learner.make(seeded, 0), f"sample_next(logits, {temperature}, {top_k}, {top_p}, generator)"
    tokens = set()
    for _ in range(times):
        got = learner.sample_next(LOGITS, temperature, top_k, top_p, chance)
        expect.integer(got, call=call, low=0, high=3)
        tokens.add(got)
    return tokens, f"{call}, on probabilities of 0.1, 0.4, 0.2 and 0.3, called {times} times,"


def test_greedy(learner):
    """Temperature 0 gives the most likely token, which is token 1."""
    tokens, call = drawn(learner, 0.0, None, None, times=3)
    assert tokens == {1}, f"{call} gave {sorted(tokens)}. It should be token 1."


def test_no_limits(learner):
    """At temperature 1 every token can come."""
    tokens, call = drawn(learner, 1.0, None, None, times=150)
    assert tokens == {0, 1, 2, 3}, f"{call} gave only {sorted(tokens)}."


def test_top_k(learner):
    """The two most likely tokens are 1 and 3."""
    tokens, call = drawn(learner, 1.0, 2, None)
    assert tokens == {1, 3}, f"{call} gave {sorted(tokens)}. It should be tokens 1 and 3."


def test_top_p(learner):
    """0.4 + 0.3 doesn't reach 0.8, and 0.4 + 0.3 + 0.2 does: tokens 1, 3 and 2."""
    tokens, call = drawn(learner, 1.0, None, 0.8)
    assert tokens == {1, 2, 3}, f"{call} gave {sorted(tokens)}. It should be tokens 1, 2 and 3."


def test_top_k_then_top_p(learner):
    """Of tokens 1 and 3 alone the first has 0.4 / 0.7 = 0.57, which reaches 0.5."""
    tokens, call = drawn(learner, 1.0, 2, 0.5)
    assert tokens == {1}, f"{call} gave {sorted(tokens)}. It should be token 1 alone."


def test_a_negative_temperature(learner):
    """A ValueError names what makes no sense."""
    try:
        got = learner.sample_next(LOGITS, -1.0, None, None, seeded(0))
    except ValueError as error:
        assert "temperature" in str(error), (
            f"sample_next(logits, -1.0, …) raised ValueError({str(error)!r}). The message should name `temperature`."
        )
        return
    raise AssertionError(f"sample_next(logits, -1.0, None, None, generator) gave {got!r}. It should raise a ValueError.")
