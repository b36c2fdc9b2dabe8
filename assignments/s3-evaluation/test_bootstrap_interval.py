"""Public checks of `bootstrap_interval`."""

import numpy as np

from tunelab import expect

CORRECT = np.arange(100) < 80


def ends(got, call):
    expect.sequence(got, call=call, kind=tuple, length=2)
    for end, name in zip(got, ("lower", "upper"), strict=True):
        expect.number(end, call=f"{call}: the {name} end", low=0, high=1)
    return got


def test_eight_hundred_of_a_thousand(learner):
    """With 800 of 1000 right, the 95% interval goes from about 0.775 to about 0.824."""
    call = "bootstrap_interval(correct, 0.95, 4000, 0), with 800 of 1000 right"
    low, high = ends(learner.bootstrap_interval(np.arange(1000) < 800, 0.95, 4000, 0), call)
    assert max(abs(low - 0.775), abs(high - 0.8245)) < 0.0025, (
        f"{call}, gave ({low:.4f}, {high:.4f}), where something near (0.775, 0.824) is right. "
        "Each resample has 1000 answers, drawn with replacement; 2.5% of the resamples lie below the interval and 2.5% above."
    )


def test_same_seed_same_interval(learner):
    """The same seed gives the same interval, and nobody else's random numbers change."""
    call = "bootstrap_interval(correct, 0.9, 100, 7)"
    first, second = (ends(learner.bootstrap_interval(CORRECT, 0.9, 100, 7), call) for _ in range(2))
    assert first == second, f"{call} gave {first} and then {second}. Make a random generator from `seed`, and draw from nothing else."
    assert not learner.last.random_moved, (
        f"{call} changed the global random state of {', '.join(sorted(learner.last.random_moved))}. Make a generator of your own."
    )


def test_ninety_five_is_no_share(learner):
    """A confidence of 95 is refused with a ValueError that names it."""
    said = None
    try:
        learner.bootstrap_interval(CORRECT, 95, 100, 0)
    except ValueError as error:
        said = str(error)
    call = "bootstrap_interval(correct, 95, 100, 0)"
    assert said is not None, f"{call} raised nothing. A confidence is a share, such as 0.95: raise a ValueError for 95."
    assert "confidence" in said, f"{call} raised ValueError: {said}. Name `confidence` in the message."
