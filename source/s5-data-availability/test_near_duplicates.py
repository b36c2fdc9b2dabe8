"""Public checks of `near_duplicates`."""

from tunelab import expect


def same(learner, texts, n, threshold, wanted, hint):
    call = f"near_duplicates({texts!r}, {n}, {threshold})"
    got = learner.near_duplicates(texts, n, threshold)
    expect.sequence(got, call=call)
    assert got == wanted, f"{call} gave {got!r}; {wanted} is right. {hint}"


def test_a_fine_film(learner):
    """The example of the contract: 9 of 11 pieces in common."""
    same(
        learner,
        ["A fine film.", "a  FINE film!", "Dull.", ""],
        3,
        0.8,
        [(0, 1)],
        "Fold case and white space, then compare sets of pieces of 3 characters.",
    )


def test_just_enough(learner):
    """A similarity of exactly the threshold is enough."""
    same(learner, ["abcd", "abce", "xyz"], 2, 0.5, [(0, 1)], "ab and bc are in both, cd and ce in one each: 2 of 4.")
    same(learner, ["abcd", "abce", "xyz"], 2, 0.51, [], "2 of 4 are less than 0.51.")


def test_short_and_blank(learner):
    """A short text is its own piece; a blank one has none."""
    same(
        learner,
        ["No!", "no!", "", " "],
        5,
        1.0,
        [(0, 1)],
        "Texts of fewer than 5 characters are compared whole; blank ones are like nothing.",
    )


def test_order(learner):
    """Pairs are sorted, the smaller place first."""
    same(
        learner,
        ["great", "dull", "great", "dull", "great"],
        3,
        0.9,
        [(0, 2), (0, 4), (1, 3), (2, 4)],
        "Three equal texts make three pairs.",
    )
