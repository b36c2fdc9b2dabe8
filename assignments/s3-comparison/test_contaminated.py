"""Public checks of `contaminated`."""

from tunelab import expect

CORPUS = ["In 1969, Neil Armstrong was the first man on the Moon; Aldrin followed.", "Well-known facts: whales are mammals."]


def same(learner, test, n, wanted, hint):
    call = f"contaminated({test!r}, corpus, {n})"
    got = learner.contaminated(test, CORPUS, n)
    expect.sequence(got, call=call)
    assert got == wanted, f"{call}, where corpus is {CORPUS!r}, gave {got!r}; {wanted} is right. {hint}"


def test_five_words_in_a_row(learner):
    """A text that shares five words in a row is flagged, one that shares four isn't."""
    same(
        learner,
        ["Who was the first man on the moon?", "He was the first man to leave"],
        5,
        [0],
        "The first shares 'was the first man on' and more, whatever the case; the second only 'was the first man'.",
    )


def test_short_texts(learner):
    """A text of fewer than n words is judged by all its words."""
    same(
        learner,
        ["Neil Armstrong", "Buzz Armstrong", "whales are fish"],
        5,
        [0],
        "'neil armstrong' stands in the corpus; the others don't, as a whole.",
    )


def test_parts_of_words(learner):
    """A word is compared whole, and a hyphen vanishes."""
    same(
        learner,
        ["mammal", "wellknown facts", "known facts"],
        2,
        [1],
        "'mammals' is another word than 'mammal', and 'Well-known' becomes 'wellknown'.",
    )


def test_no_words(learner):
    """A text without words is never contaminated."""
    same(learner, ["?", "", "whales"], 3, [2], "Nothing is shared where there is nothing.")
