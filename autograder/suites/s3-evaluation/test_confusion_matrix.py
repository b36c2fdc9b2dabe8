"""Hidden suite of `confusion_matrix`."""

import numpy as np
import pytest

from tunelab import expect


def pairs_of(counts, rng):
    """Labels and predictions, shuffled, of which `counts[i, j]` examples are of class i and taken for class j."""
    rows, columns = np.indices(counts.shape)
    order = rng.permutation(counts.sum())
    return np.repeat(rows.ravel(), counts.ravel())[order], np.repeat(columns.ravel(), counts.ravel())[order]


def agree(got, counts, call, hint):
    """The cells hold `counts`. A mistake is named only where the matrix is exactly what that mistake makes."""
    if np.array_equal(got, counts):
        return
    assert not np.array_equal(got, counts.T), (
        f"{call} gave a transposed matrix: its rows are the predicted classes and its columns the true ones. The contract has it the other way round."
    )
    assert not np.array_equal(got, counts > 0), (
        f"{call} gave a 1 for each pair that occurs, however often it does: an `array[rows, columns] += 1` counts a pair that occurs many times only once."
    )
    for whole in (counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True), counts.sum()):
        assert not np.allclose(got, counts / np.maximum(whole, 1)), (
            f"{call} gave shares of examples, where each cell is to hold their number."
        )
    row, column = (int(place) for place in np.argwhere(got != counts)[0])
    raise AssertionError(
        f"{call} gave {float(got[row, column]):g} at row {row}, column {column}, which is not how many examples belong there. {hint}"
    )


@pytest.mark.points(1)
def test_a_square_of_whole_numbers(learner, rng):
    """The matrix has one row and one column per class, and holds whole numbers."""
    counts = rng.integers(1, 5, size=(3, 3))
    labels, predictions = pairs_of(counts, rng)
    got = learner.confusion_matrix(labels, predictions, 3)
    call = f"confusion_matrix(labels, predictions, 3), on {len(labels)} examples,"
    expect.array(got, call=call, shape=(3, 3))
    assert got.dtype.kind in "iu", (
        f"{call} gave an array of type {got.dtype}. A confusion matrix counts examples, so it holds integers: no shares, and not the floats of a bare np.zeros."
    )
    if int(got.sum()) != len(labels):
        agree(got, counts, f"{call} gave cells that add up to {int(got.sum())}. It", "Each example is counted once, in one cell.")


@pytest.mark.points(3)
def test_rows_are_the_true_classes(learner, rng):
    """Row i holds the examples whose true class is i, column j those that were predicted as j."""
    counts = rng.integers(1, 4, size=(4, 4)) + np.triu(rng.integers(5, 9, size=(4, 4)), 1)
    labels, predictions = pairs_of(counts, rng)
    got = learner.confusion_matrix(labels, predictions, 4)
    call = f"confusion_matrix(labels, predictions, 4), on {len(labels)} examples,"
    expect.array(got, call=call, shape=(4, 4))
    agree(got, counts, call, "Take one example, find its row (its true class) and its column (its prediction), and add one there.")


@pytest.mark.points(2)
def test_every_example_counts(learner, rng):
    """A pair of true and predicted class that occurs many times is counted many times."""
    many = int(rng.integers(7, 20))
    labels, predictions = pairs_of(np.array([[0, 0], [many, 3]]), rng)
    got = learner.confusion_matrix(labels, predictions, 2)
    call = f"confusion_matrix(labels, predictions, 2), on {many} examples of class 1 predicted as 0 and 3 predicted as 1,"
    expect.array(got, call=call, shape=(2, 2))
    agree(got, np.array([[0, 0], [many, 3]]), call, f"{many} belong where row 1 meets column 0, and 3 where row 1 meets column 1.")


@pytest.mark.points(3)
def test_absent_classes_keep_their_place(learner, rng):
    """A class that nobody has seen keeps its row and its column, filled with zeros."""
    present = np.array([1, 4])
    counts = np.zeros((6, 6), dtype=int)
    counts[np.ix_(present, present)] = rng.integers(2, 9, size=(2, 2)) + np.array([[0, 9], [0, 0]])
    labels, predictions = pairs_of(counts, rng)
    got = learner.confusion_matrix(labels, predictions, 6)
    call = "confusion_matrix(labels, predictions, 6), where only the classes 1 and 4 occur,"
    expect.array(got, call=call)
    assert got.shape == (6, 6), (
        f"{call} gave an array of shape {got.shape}. The size comes from num_classes, not from the classes that happen to occur in the data."
    )
    agree(got, counts, call, "Class 4 is row 4 and column 4, whatever other classes occur.")


@pytest.mark.points(1)
def test_the_arguments_are_left_alone(learner, rng):
    """The labels and predictions that were passed in are unchanged afterwards."""
    counts = rng.integers(1, 5, size=(3, 3))
    labels, predictions = pairs_of(counts, rng)
    call = f"confusion_matrix(labels, predictions, 3), on {len(labels)} examples,"
    got = expect.array(learner.confusion_matrix(labels, predictions, 3), call=call, shape=(3, 3))
    if got.sum() != len(labels):
        agree(got, counts, call, "Each example is counted once.")
    assert all(map(np.array_equal, learner.last.args, (labels, predictions))), (
        "confusion_matrix(labels, predictions, 3) changed one of the arrays that it was given. Work on a copy."
    )
