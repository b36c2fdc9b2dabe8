"""Public checks of `pick_to_label`."""

import numpy as np

from tunelab import expect

ROWS = [[0.9, 0.1, 0.0], [0.5, 0.5, 0.0], [0.4, 0.3, 0.3], [0.48, 0.46, 0.06]]


def same(learner, k, strategy, wanted, hint):
    call = f"pick_to_label(np.array({ROWS}), {k}, {strategy!r})"
    got = learner.pick_to_label(np.array(ROWS), k, strategy)
    expect.sequence(got, call=call)
    assert got == wanted, f"{call} gave {got!r}; {wanted} is right. {hint}"


def test_least_confident(learner):
    """The likeliest class of row 2 is the least likely one."""
    same(learner, 2, "least_confident", [2, 3], "The largest probabilities are 0.9, 0.5, 0.4 and 0.48.")


def test_margin(learner):
    """Row 1 wavers evenly between two classes."""
    same(learner, 3, "margin", [1, 3, 2], "The margins are 0.8, 0, 0.1 and 0.02.")


def test_entropy(learner):
    """Row 2 is spread over three classes."""
    same(learner, 4, "entropy", [2, 3, 1, 0], "In nats the entropies are 0.33, 0.69, 1.09 and 0.88.")


def test_mistyped(learner):
    """An unknown strategy is refused."""
    try:
        got = learner.pick_to_label(np.array(ROWS), 1, "margins")
    except ValueError:
        return
    raise AssertionError(f"pick_to_label(..., 1, 'margins') gave {got!r}. There is no such strategy: raise a ValueError.")
