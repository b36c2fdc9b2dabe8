"""Public checks of `fleiss_kappa`."""

import numpy as np

from tunelab import expect


def same(learner, counts, wanted, hint):
    call = f"fleiss_kappa(np.array({counts}))"
    got = learner.fleiss_kappa(np.array(counts))
    expect.number(got, call=call, high=1)
    assert abs(got - wanted) < 5e-4, f"{call} gave {got:.4f}, where {wanted:.4f} is right. {hint}"


def test_three_items(learner):
    """The example of the contract, with 3, 3 and 2 raters."""
    same(learner, [[3, 0], [2, 1], [0, 2]], 0.55, "Agreements 1, 1/3, 1: observed 7/9. Shares 5/9 and 4/9: chance 41/81.")


def test_one_class(learner):
    """All in one class: 1.0."""
    same(learner, [[4, 0], [2, 0]], 1.0, "Nobody disagrees with anybody.")


def test_even_splits(learner):
    """Two against two everywhere is below chance."""
    same(learner, [[2, 2], [2, 2]], -1 / 3, "Of 12 ordered pairs on an item 4 agree: observed 1/3, chance 1/2.")


def test_a_single_rater(learner):
    """One rater can't agree with anybody."""
    try:
        got = learner.fleiss_kappa(np.array([[1, 0], [2, 1]]))
    except ValueError:
        return
    raise AssertionError(f"fleiss_kappa(np.array([[1, 0], [2, 1]])) gave {got!r}. The first item has one rater: raise a ValueError.")
