"""Public checks of `merge_pair`: examples to check oneself by."""

from tunelab import expect


def merged(learner, word, pair, wanted, hint):
    call = f"merge_pair({word}, {pair})"
    got = learner.merge_pair(word, pair)
    expect.of_type(got, tuple, call=call, advice="`tuple(...)` makes one of a list.")
    assert got == wanted, f"{call} gave {got}. It should be {wanted}. {hint}"


def test_two_places(learner):
    """The example of the contract: the pair stands at two places."""
    merged(learner, ("n", "e", "w", "n", "e", "t"), ("n", "e"), ("ne", "w", "ne", "t"), "Both places are joined.")


def test_three_of_a_kind(learner):
    """In a, a, a the left two are joined."""
    merged(learner, ("a", "a", "a"), ("a", "a"), ("aa", "a"), "From left to right; a symbol is used once.")


def test_the_end_of_a_symbol(learner):
    """A symbol that only ends like the left one is another symbol."""
    merged(learner, ("ab", "c", "b", "c"), ("b", "c"), ("ab", "c", "bc"), "'ab' is not 'b'.")


def test_nothing_to_join(learner):
    """A word without the pair comes back as it was."""
    merged(learner, ("e", "n", "d"), ("n", "e"), ("e", "n", "d"), "'e' stands before 'n' here, not behind it.")
