"""Public checks of `head_to_head`."""

import numpy as np

from tunelab import expect

KEYS = ("both", "only_a", "only_b", "neither")


def same(got, wanted, call, hint):
    expect.mapping(got, call=call, keys=KEYS)
    for key in KEYS:
        expect.integer(got[key], call=f"{call}: {key!r}", low=0)
    assert got == wanted, f"{call} gave {got}, where {wanted} is right. {hint}"


def test_twenty_reviews(learner):
    """The twenty reviews of the lesson: both right on 10, only a on 1, only b on 6, neither on 3."""
    labels = np.array([1] * 12 + [0] * 8)
    a = labels.copy()
    b = labels.copy()
    a[[2, 5, 7, 11, 13, 16]] = 1 - a[[2, 5, 7, 11, 13, 16]]
    b[[9]] = 1 - b[[9]]
    for places in ([0, 14, 19],):
        a[places] = b[places] = 1 - labels[places]
    same(
        learner.head_to_head(labels, a, b),
        {"both": 10, "only_a": 1, "only_b": 6, "neither": 3},
        "head_to_head(labels, predictions_a, predictions_b), on the twenty reviews of the lesson,",
        "Compare each model's predictions with the labels.",
    )


def test_three_classes(learner):
    """Two models may be wrong in different ways."""
    labels, a, b = np.array([0, 1, 2, 2, 1]), np.array([0, 1, 0, 1, 2]), np.array([0, 2, 2, 0, 2])
    same(
        learner.head_to_head(labels, a, b),
        {"both": 1, "only_a": 1, "only_b": 1, "neither": 2},
        "head_to_head(np.array([0, 1, 2, 2, 1]), np.array([0, 1, 0, 1, 2]), np.array([0, 2, 2, 0, 2]))",
        "In the fourth place the answers are 1 and 0, the label is 2: both are wrong. In the fifth both say 2, the label is 1.",
    )
