"""Public checks of `keep_faithful`: examples to check oneself by."""

from tunelab import expect

VECTORS = {
    "A dull film.": (1.0, 0.0),
    "It drags.": (6.0, 8.0),
    "A bus": (0.0, 1.0),
    "Such a dull film": (2.0, 0.0),
    "A DULL FILM": (4.0, 3.0),
    "it drags": (3.0, 4.0),
    "Not dull": (4.0, 3.0),
    "It isn't lively": (8.0, 6.0),
    "It creeps": (4.0, 3.0),
}
PROBE_DATA = ("VECTORS",)


def encode(texts):
    """The vectors above."""
    import numpy as np

    return np.array([VECTORS[text] for text in texts])


def check(learner, source, candidates, right, low=0.5, high=0.95):
    got = learner.keep_faithful(source, candidates, encode, low, high)
    call = f"keep_faithful({source!r}, {candidates}, encode, {low}, {high})"
    expect.sequence(got, call=call)
    assert got == right, f"{call} gave {got}. It should be {right}."


def test_the_example_of_the_contract(learner):
    """Of cosines of 0.6, 0 and 1 the first lies between the bounds."""
    check(learner, "A dull film.", ["It drags.", "A bus", "Such a dull film"], ["It drags."])


def test_copies_and_duplicates(learner):
    """The source in capitals is a copy, and the same words with other signs are a duplicate."""
    check(learner, "A dull film.", ["A DULL FILM", "It creeps", "It drags.", "it drags"], ["It creeps", "It drags."])


def test_negation(learner):
    """A negation on one side only is dropped; on both sides, or on none, it may stay."""
    check(learner, "A dull film.", ["Not dull", "It creeps"], ["It creeps"])
    check(learner, "Not dull", ["It isn't lively", "It drags."], ["It isn't lively"], high=1.1)


def test_nothing_to_encode(learner):
    """No candidates give an empty list."""
    check(learner, "A dull film.", [], [])
