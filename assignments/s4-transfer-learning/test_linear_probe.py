"""Public checks of `linear_probe`: examples to check oneself by."""

import numpy as np

from tunelab import expect

TRAIN_X, TRAIN_Y = np.array([[0.0], [1.0], [4.0], [5.0]]), np.array([3, 3, 8, 8])


def check(got, right, call):
    expect.array(got, call=call, shape=(len(right),), dtype="integer")
    assert got.tolist() == right, f"{call} gave {got.tolist()}. It should be {right}."


def test_two_classes_on_a_line(learner):
    """Values near 0 belong to class 3, values near 5 to class 8; the test set may lie elsewhere as a whole."""
    call = "linear_probe([[0], [1], [4], [5]], [3, 3, 8, 8], {}, 1.0, 0)"
    for test, right in (([[0.5], [7.0]], [3, 8]), ([[6.0], [7.0], [9.0]], [8, 8, 8]), ([[1.0]], [3])):
        check(learner.linear_probe(TRAIN_X, TRAIN_Y, np.array(test), 1.0, 0), right, call.format(test))


def test_small_numbers_matter_too(learner):
    """A column of small numbers can be the one that counts."""
    x = np.array([[0.001, 1.0], [0.001, -1.0], [0.001, 0.5], [-0.001, 1.0], [-0.001, -1.0], [-0.001, -0.5]])
    call = "linear_probe(train_x, train_y, test_x, 0.1, 0), where the first column is 0.001 in class 1 and -0.001 in class 0,"
    check(learner.linear_probe(x, np.array([1, 1, 1, 0, 0, 0]), np.array([[0.001, -1.0], [-0.001, 1.0]]), 0.1, 0), [1, 0], call)


def test_three_classes(learner):
    """Three classes, whatever their numbers."""
    x = np.array([[0.0, 1.0], [0.0, 2.0], [1.0, 0.0], [2.0, 0.0], [-1.0, -1.0], [-2.0, -2.0]])
    call = "linear_probe(train_x, [7, 7, 2, 2, 30, 30], test_x, 1.0, 0)"
    got = learner.linear_probe(x, np.array([7, 7, 2, 2, 30, 30]), np.array([[3.0, 0.1], [-1.0, -1.5], [0.1, 3.0]]), 1.0, 0)
    check(got, [2, 30, 7], call)
    assert not learner.last.random_moved, f"{call} used or changed global random numbers. Hand the seed on instead."
    assert np.array_equal(learner.last.args[0], x), f"{call} changed train_x in place."


def test_a_constant_column(learner):
    """A column that is constant in the training set does no harm."""
    x, test = np.insert(TRAIN_X, 1, 2.0, axis=1), np.array([[0.5, 2.0], [7.0, 2.0]])
    check(learner.linear_probe(x, TRAIN_Y, test, 1.0, 0), [3, 8], "linear_probe(train_x, train_y, test_x, 1.0, 0), with a constant column,")
