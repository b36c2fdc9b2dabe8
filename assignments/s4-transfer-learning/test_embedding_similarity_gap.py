"""Public checks of `embedding_similarity_gap`: examples to check oneself by."""

import numpy as np

from tunelab import expect

FEATURES = np.array([[1.0, 0.0], [4.0, 3.0], [0.0, 1.0], [3.0, 4.0]])
LABELS = np.array([1, 1, 0, 0])


def check(learner, features, labels, right, about):
    call = f"embedding_similarity_gap(features, labels), {about},"
    got = learner.embedding_similarity_gap(features, labels)
    expect.number(got, call=call)
    assert abs(got - right) < 1e-6, f"{call} gave {got:.6f}. It should be {right:.6f}."


def test_the_four_arrows_of_the_lesson(learner):
    """The four vectors of the lesson have a gap of 0.26."""
    check(learner, FEATURES, LABELS, 0.26, "on the four vectors of the lesson")


def test_length_does_not_matter(learner):
    """Ten times as long vectors have the same gap, and no argument is changed."""
    longer = FEATURES * np.array([[10.0], [1.0], [0.1], [3.0]])
    check(learner, longer, LABELS, 0.26, "on the four vectors of the lesson, some of them longer or shorter")
    assert np.array_equal(learner.last.args[0], longer), "embedding_similarity_gap(features, labels) changed `features` in place."


def test_a_class_of_one(learner):
    """A class with a single text has pairs with other classes only."""
    features = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    check(learner, features, np.array([5, 5, -1]), 1.0, "on two equal vectors of class 5 and one at a right angle to them, of class -1")


def test_classes_that_are_mixed(learner):
    """When texts of a class are less alike than texts of two classes, the gap is negative."""
    features = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    check(learner, features, LABELS, -0.5, "on two classes that hold the same two vectors")
