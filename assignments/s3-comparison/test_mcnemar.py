"""Public checks of `mcnemar`."""

import numpy as np

from tunelab import expect


def columns(both, only_a, only_b, neither):
    kind = np.repeat(np.arange(4), [both, only_a, only_b, neither])
    return (kind == 0) | (kind == 1), (kind == 0) | (kind == 2)


def same(got, wanted, call, hint):
    expect.number(got, call=call, low=0, high=1)
    assert abs(got - wanted) < 1e-9, f"{call}, gave {got:.6g}, where {wanted:.6g} is right. {hint}"


def test_twenty_reviews(learner):
    """The twenty reviews of the lesson, with 1 win against 6: 0.125."""
    same(
        learner.mcnemar(*columns(10, 1, 6, 3)),
        0.125,
        "mcnemar(a, b), on the twenty reviews of the lesson",
        "Seven throws of a fair coin have 128 outcomes; in 16 of them one side comes up once or never.",
    )


def test_who_is_ahead(learner):
    """With a and b exchanged it is the same."""
    same(learner.mcnemar(*columns(10, 6, 1, 3)), 0.125, "mcnemar(a, b), with 6 wins for a and 1 for b", "Two-sided: both directions count.")


def test_an_even_split(learner):
    """Three wins for each give 1."""
    same(
        learner.mcnemar(*columns(2, 3, 3, 0)),
        1.0,
        "mcnemar(a, b), with 3 wins for each",
        "Every split of six is at least as uneven as 3 to 3.",
    )


def test_the_same_model_twice(learner):
    """Without a disagreement: 1."""
    same(learner.mcnemar(*columns(5, 0, 0, 4)), 1.0, "mcnemar(a, a)", "There is no coin to throw. Return 1.0.")
