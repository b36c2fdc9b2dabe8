"""Public checks of `count_pairs`: examples to check oneself by."""

from collections import Counter

from tunelab import expect


def counted(learner, words, wanted, hint):
    call = f"count_pairs({words})"
    got = learner.count_pairs(words)
    expect.of_type(got, Counter, call=call, advice="`Counter()` makes an empty one.")
    assert dict(got) == wanted, f"{call} gave {dict(got)}. It should be {wanted}. {hint}"


def test_two_words(learner):
    """The example of the contract: two words that share a pair."""
    counted(
        learner,
        {("l", "o", "w"): 5, ("l", "o", "t"): 2},
        {("l", "o"): 7, ("o", "w"): 5, ("o", "t"): 2},
        "The first word occurs 5 times, the second 2 times.",
    )


def test_three_of_a_kind(learner):
    """In a, a, a the pair of two a's stands at two places."""
    counted(learner, {("a", "a", "a"): 1}, {("a", "a"): 2}, "The places overlap, and both count.")


def test_longer_symbols(learner):
    """A symbol of several characters is one piece."""
    counted(learner, {("new", "s", "</w>"): 3}, {("new", "s"): 3, ("s", "</w>"): 3}, "Go through the symbols, not through their letters.")


def test_one_symbol(learner):
    """A word of one symbol has no pair."""
    counted(learner, {("a",): 9, ("a", "b"): 1}, {("a", "b"): 1}, "There is nothing beside a single symbol.")
