"""Public checks of `paired_bootstrap`."""

import numpy as np

from tunelab import expect
from tunelab.codec import Fields

FIELDS = ("difference", "low", "high", "p")

# 200 examples: both right on 100, only a on 20, only b on 40, neither on 40.
A = np.array([1.0] * 120 + [0.0] * 80)
B = np.array([1.0] * 100 + [0.0] * 20 + [1.0] * 40 + [0.0] * 40)


def four(got, call):
    expect.value(got, call=call)
    assert type(got) is Fields and got.type_name == "Gain", f"{call} gave {got!r}. Return a Gain: `Gain(difference=…, low=…, high=…, p=…)`."
    for field in FIELDS:
        expect.number(getattr(got, field), call=f"{call.rstrip(',')}: {field}", low=0 if field == "p" else -1, high=1)
    return got.difference, got.low, got.high, got.p


def test_twenty_wins_and_forty(learner):
    """With 20 wins for a and 40 for b of 200, the gain is 0.1, about 0.025 to 0.175, and p about 0.01."""
    call = "paired_bootstrap(a, b, 4000, 0), on 200 examples of which only a gets 20 right and only b 40,"
    difference, low, high, p = four(learner.paired_bootstrap(A, B, 4000, 0), call)
    assert abs(difference - 0.1) < 1e-9, (
        f"{call} gave a difference of {difference:.4f}, where 0.1 is right: the mean of b minus the mean of a."
    )
    assert max(abs(low - 0.025), abs(high - 0.175)) < 0.0085, (
        f"{call} gave an interval from {low:.4f} to {high:.4f}, where something near 0.025 to 0.175 is right. Are both scores taken from the same drawn examples?"
    )
    assert 0.003 < p < 0.018, (
        f"{call} gave p = {p:.4f}, where something near 0.009 is right. Count the resamples that are at least 0.1 away from 0.1, on both sides."
    )


def test_the_same_system_twice(learner):
    """A system compared with itself gains 0, from 0 to 0, and p is 1."""
    call = "paired_bootstrap(a, a, 100, 0)"
    got = four(learner.paired_bootstrap(A, A.copy(), 100, 0), call)
    assert got == (0.0, 0.0, 0.0, 1.0), (
        f"{call} gave {got}, where (0.0, 0.0, 0.0, 1.0) is right: in every resample both have the same scores."
    )


def test_same_seed_same_gain(learner):
    """The same seed gives the same Gain, and nobody else's random numbers change."""
    call = "paired_bootstrap(a, b, 100, 7)"
    first, second = (four(learner.paired_bootstrap(A, B, 100, 7), call) for _ in range(2))
    assert first == second, f"{call} gave {first} and then {second}. Make a random generator from `seed`, and draw from nothing else."
    assert not learner.last.random_moved, (
        f"{call} changed the global random state of {', '.join(sorted(learner.last.random_moved))}. Make a generator of your own."
    )


def test_unequal_lengths(learner):
    """One score against two hundred is refused with a ValueError that names both lengths."""
    said = None
    try:
        learner.paired_bootstrap(np.array([1.0]), B, 100, 0)
    except ValueError as error:
        said = str(error)
    call = "paired_bootstrap(np.array([1.0]), b, 100, 0), with 200 scores in b,"
    assert said is not None, (
        f"{call} raised nothing. NumPy stretches a single score over all examples: check the lengths yourself, and raise a ValueError."
    )
    assert "1" in said and "200" in said, f"{call} raised ValueError: {said}. Name both lengths, 1 and 200, in the message."
