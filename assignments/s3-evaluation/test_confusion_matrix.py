"""Public checks of `confusion_matrix`."""

import numpy as np

from tunelab import expect

# The ten reviews of the lesson: 0 is rotten, 1 is fresh.
LABELS = np.array([0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
PREDICTIONS = np.array([0, 1, 0, 0, 1, 1, 1, 1, 1, 1])


def test_ten_reviews(learner):
    """The ten reviews of the lesson give [[1, 1], [2, 6]]."""
    got = learner.confusion_matrix(LABELS, PREDICTIONS, 2)
    call = "confusion_matrix(labels, predictions, 2), on the ten reviews of the lesson,"
    expect.array(got, call=call, shape=(2, 2), dtype="integer")
    assert got.tolist() == [[1, 1], [2, 6]], (
        f"{call} gave {got.tolist()}, where [[1, 1], [2, 6]] is right. Rows are the true classes, columns the predicted ones, and each review is counted once."
    )


def test_a_class_nobody_has_seen(learner):
    """With three classes of which the last never occurs, there are still three rows and three columns."""
    got = learner.confusion_matrix(LABELS, PREDICTIONS, 3)
    call = "confusion_matrix(labels, predictions, 3), where class 2 never occurs,"
    expect.array(got, call=call, shape=(3, 3), dtype="integer")
    assert got.tolist() == [[1, 1, 0], [2, 6, 0], [0, 0, 0]], (
        f"{call} gave {got.tolist()}, where [[1, 1, 0], [2, 6, 0], [0, 0, 0]] is right: as with two classes, and the last row and the last column are zeros."
    )
