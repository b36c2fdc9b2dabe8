"""Public checks of `decode`: examples to check oneself by."""

from tunelab import expect


def decoded(learner, tokens, wanted, hint):
    call = f"decode({tokens})"
    got = learner.decode(tokens)
    expect.of_type(got, str, call=call)
    assert got == wanted, f"{call} gave {got!r}. It should be {wanted!r}. {hint}"


def test_two_words(learner):
    """The example of the contract: two words of several tokens."""
    decoded(learner, ["new", "e", "st</w>", "news", "</w>"], "newest news", "A space for each mark but the last.")


def test_cut_off(learner):
    """The last word isn't finished."""
    decoded(learner, ["new</w>", "ne"], "new ne", "What is there of the last word is written down.")


def test_a_word_in_w(learner):
    """Only the mark as a whole is taken away."""
    decoded(learner, ["new</w>", "wow</w>"], "new wow", "The w's belong to the words.")


def test_nothing(learner):
    """No tokens, no text."""
    decoded(learner, [], "", "There is nothing to write down.")
