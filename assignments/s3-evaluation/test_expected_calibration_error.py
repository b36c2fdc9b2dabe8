"""Public checks of `expected_calibration_error`."""

import numpy as np

from tunelab import expect

# The five predictions of the lesson; all are for class 0, two of them wrong.
CONFIDENCE = np.array([0.6, 0.7, 0.8, 0.9, 1.0])
PROBABILITIES = np.stack([CONFIDENCE, 1 - CONFIDENCE], axis=1)
LABELS = np.array([0, 1, 0, 0, 1])


def same(got, wanted, call, hint):
    expect.number(got, call=call, low=0, high=1)
    assert abs(got - wanted) < 1e-6, f"{call}, gave {got:.4f}, where {wanted:.4f} is right. {hint}"


def test_five_predictions(learner):
    """The five predictions of the lesson, in four bins, give 0.2."""
    same(
        learner.expected_calibration_error(PROBABILITIES, LABELS, 4),
        0.2,
        "expected_calibration_error(probabilities, labels, 4), on the five predictions of the lesson",
        "Two bins aren't empty: (0.5, 0.75] and (0.75, 1]. A bin counts by its share of the examples.",
    )


def test_which_class_was_predicted(learner):
    """The same five with the two classes swapped give 0.2 as well: the confidence is that of the predicted class."""
    same(
        learner.expected_calibration_error(PROBABILITIES[:, ::-1].copy(), 1 - LABELS, 4),
        0.2,
        "expected_calibration_error(probabilities, labels, 4), on the same predictions with the classes swapped",
        "Which probability is the confidence?",
    )


def test_surely_wrong(learner):
    """Four predictions with probability 1.0, all wrong: 1.0, whatever the bins."""
    same(
        learner.expected_calibration_error(np.array([[1.0, 0.0]] * 4), np.ones(4, dtype=int), 10),
        1.0,
        "expected_calibration_error(probabilities, labels, 10), on four predictions made with probability 1.0, all wrong",
        "The last bin holds the confidence 1.0.",
    )


def test_on_the_edge(learner):
    """With four bins, confidences of 0.75 and 0.625 share the bin (0.5, 0.75]: one right and one wrong give 0.1875."""
    same(
        learner.expected_calibration_error(np.array([[0.25, 0.75], [0.375, 0.625]]), np.array([1, 0]), 4),
        0.1875,
        "expected_calibration_error([[0.25, 0.75], [0.375, 0.625]], [1, 0], 4)",
        "The upper edge of a bin belongs to it, the lower edge doesn't.",
    )
