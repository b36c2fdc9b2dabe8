"""Public checks of `train_bpe`: examples to check oneself by."""

from tunelab import expect


def trained(learner, frequencies, merges, wanted, hint):
    call = f"train_bpe({frequencies}, {merges})"
    got = learner.train_bpe(frequencies, merges)
    expect.of_type(got, list, call=call)
    assert got == wanted, f"{call} gave {got}. It should be {wanted}. {hint}"


def test_by_hand(learner):
    """The example that the lesson works out by hand."""
    pairs = [("e", "w"), ("n", "ew"), ("new", "</w>"), ("new", "s")]
    trained(
        learner,
        {"new": 4, "news": 3, "wet": 2},
        4,
        pairs,
        "The picture in the lesson shows the words after each merge; see the rule for ties.",
    )


def test_other_order(learner):
    """The order of the words in the dict makes no difference."""
    pairs = [("e", "w"), ("n", "ew"), ("new", "</w>")]
    trained(learner, {"wet": 2, "news": 3, "new": 4}, 3, pairs, "On equal counts the first pair in Python's order is taken.")


def test_to_the_end(learner):
    """The list ends when each word is one symbol."""
    trained(learner, {"at": 1}, 10, [("a", "t"), ("at", "</w>")], "Pairs that occur once are joined as well, and then nothing is left.")


def test_no_merges(learner):
    """Nothing asked for, nothing learnt."""
    trained(learner, {"at": 1}, 0, [], "No pair was asked for.")
