"""Public checks of `encode`: examples to check oneself by."""

from tunelab import expect

MERGES = [("e", "w"), ("n", "ew"), ("new", "</w>"), ("new", "s")]


def encoded(learner, word, merges, wanted, hint):
    call = f"encode({word!r}, {merges})"
    got = learner.encode(word, merges)
    expect.of_type(got, list, call=call)
    assert got == wanted, f"{call} gave {got}. It should be {wanted}. {hint}"


def test_words_of_the_training(learner):
    """Words from which the merges were learnt."""
    encoded(learner, "new", MERGES, ["new</w>"], "The third merge joins 'new' and the mark.")
    encoded(learner, "news", MERGES, ["news", "</w>"], "Nothing joins 'news' and the mark.")


def test_a_new_word(learner):
    """A word that was never seen, in known pieces."""
    encoded(learner, "newest", MERGES, ["new", "e", "s", "t", "</w>"], "The list has no pair for the rest.")


def test_a_strange_character(learner):
    """A character that is in no merge is kept."""
    encoded(learner, "ñew", MERGES, ["ñ", "ew", "</w>"], "Nothing is dropped, and nothing is replaced.")


def test_looking_again(learner):
    """After a join, an earlier pair of the list may fit."""
    encoded(learner, "abc", [("ab", "c"), ("a", "b")], ["abc", "</w>"], "First only the second pair fits; then, the first does.")
