"""Hidden suite of `majority`."""

import pytest

from tunelab import expect


def drawn(rng, counts):
    """Labels, each as often as is said, shuffled."""
    labels = [label for label, count in counts.items() for _ in range(count)]
    return [labels[i] for i in rng.permutation(len(labels))]


def called(learner, labels):
    call = f"majority({labels})"
    return expect.of_type(learner.majority(labels), str, call=call), call


@pytest.mark.points(1)
def test_the_label_that_is_there_most_often(learner, rng):
    """The label with the highest count is found, wherever its rows stand."""
    for counts in ({"fresh": 3, "rotten": 6}, {"fresh": 7, "rotten": 4}, {"a": 2, "b": 5, "c": 3}):
        labels = drawn(rng, counts)
        got, call = called(learner, labels)
        assert got in counts, f"{call} gave {got!r}, which isn't one of the labels."
        most = max(counts, key=counts.get)
        assert got == most, (
            f"{call} gave {got!r}, which is there {counts[got]} times. Another label is there more often: count each of them over the whole list."
        )


@pytest.mark.points(1)
def test_a_tie_goes_by_the_alphabet(learner, rng):
    """Of labels that are equally frequent, the first in the alphabet is taken, whichever comes first in the list."""
    for labels in (["rotten", "fresh"], ["fresh", "rotten"], drawn(rng, {"c": 2, "b": 3, "d": 3}), drawn(rng, {"y": 3, "x": 3})):
        got, call = called(learner, labels)
        most = max(labels.count(label) for label in labels)
        assert labels.count(got) == most, f"{call} gave {got!r}, which isn't among the most frequent."
        assert got == min(label for label in labels if labels.count(label) == most), (
            f"{call} gave {got!r}. There is a tie, and the order of the rows must not decide it: the contract takes the first in the alphabet."
        )


@pytest.mark.points(1)
def test_no_labels_and_labels_left_alone(learner):
    """An empty list is refused with a ValueError that names `labels`, and the caller's list stays as it was."""
    try:
        learner.majority([])
    except ValueError as error:
        assert "labels" in str(error), f"majority([]) raised a ValueError that says {str(error)[:80]!r}. Name `labels` in it."
    else:
        raise AssertionError("majority([]) raised nothing. Nothing has no majority: the contract asks for a ValueError.")
    given = ["rotten", "fresh", "rotten"]
    got, call = called(learner, list(given))
    assert learner.last.args[0] == given, f"{call} changed the caller's list. Look, and leave it."
    assert got == "rotten", f"{call} gave {got!r}."
