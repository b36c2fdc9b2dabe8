"""Public checks of `compute_metrics`."""

import numpy as np

from tunelab import expect

KEYS = ("accuracy", "precision", "recall", "f1")

# The ten reviews of the lesson, 0 rotten and 1 fresh, as logits.
LABELS = np.array([0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
PREDICTIONS = np.array([0, 1, 0, 0, 1, 1, 1, 1, 1, 1])
LOGITS = np.eye(2, dtype=np.float32)[PREDICTIONS] * 3 - 1


def same(got, wanted, call, hint):
    expect.mapping(got, call=call, keys=KEYS)
    for key in KEYS:
        expect.number(got[key], call=f"{call}: {key!r}", low=0, high=1)
    shown = {key: round(value, 3) for key, value in got.items()}
    assert all(abs(got[key] - wanted[key]) < 1e-6 for key in KEYS), (
        f"{call} gave {shown}, where { ({key: round(value, 3) for key, value in wanted.items()}) } is right. {hint}"
    )


def test_ten_reviews(learner):
    """The ten reviews of the lesson: accuracy 0.7, macro precision 0.595, recall 0.625, F1 0.6."""
    wanted = {"accuracy": 0.7, "precision": (1 / 3 + 6 / 7) / 2, "recall": (1 / 2 + 6 / 8) / 2, "f1": (2 / 5 + 12 / 15) / 2}
    same(
        learner.compute_metrics((LOGITS, LABELS)),
        wanted,
        "compute_metrics((logits, labels)), on the ten reviews of the lesson",
        "First the numbers of each class, then their plain mean.",
    )


def test_third_class_never_occurs(learner):
    """A third column of logits that never wins is a class all the same: it counts 0 in the means."""
    logits = np.concatenate([LOGITS, np.full((10, 1), -5, dtype=np.float32)], axis=1)
    wanted = {"accuracy": 0.7, "precision": (1 / 3 + 6 / 7) / 3, "recall": (1 / 2 + 6 / 8) / 3, "f1": (2 / 5 + 12 / 15) / 3}
    same(
        learner.compute_metrics((logits, LABELS)),
        wanted,
        "compute_metrics((logits, labels)), with a third class that never occurs",
        "The number of classes is the number of columns.",
    )


def test_labels_of_minus_100(learner):
    """Two more examples whose label is -100 change nothing."""
    logits = np.concatenate([LOGITS, np.array([[2, 0], [0, 2]], dtype=np.float32)])
    labels = np.concatenate([LABELS, [-100, -100]])
    wanted = {"accuracy": 0.7, "precision": (1 / 3 + 6 / 7) / 2, "recall": (1 / 2 + 6 / 8) / 2, "f1": (2 / 5 + 12 / 15) / 2}
    same(
        learner.compute_metrics((logits, labels)),
        wanted,
        "compute_metrics((logits, labels)), with two labels of -100 at the end",
        "Leave them out, label and prediction, before you count.",
    )
