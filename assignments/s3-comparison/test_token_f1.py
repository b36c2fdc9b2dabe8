"""Public checks of `token_f1`."""

from tunelab import expect


def same(learner, prediction, golds, wanted, hint):
    call = f"token_f1({prediction!r}, {golds!r})"
    got = learner.token_f1(prediction, golds)
    expect.number(got, call=call, low=0, high=1)
    assert abs(got - wanted) < 1e-9, f"{call} gave {got:.4f}, where {wanted:.4f} is right. {hint}"


def test_a_cat_on_a_mat(learner):
    """The example of the contract: two shared words, of two and three."""
    same(
        learner,
        "The cat sat.",
        ["a dog", "cat, sat down"],
        0.8,
        "Of the second gold answer two words are shared; one has 2 words (articles don't count), the other 3.",
    )


def test_repeated_words(learner):
    """'no no no' and 'no no' share two words."""
    same(learner, "no no no", ["no no"], 0.8, "A word counts as often as both have it.")


def test_hyphens(learner):
    """Punctuation is taken away, not replaced by a space."""
    same(learner, "twenty-one", ["twentyone"], 1.0, "string.punctuation vanishes, and what it joined becomes one word.")


def test_nothing_left(learner):
    """When no word is left in either, the two agree."""
    same(learner, "The!", [""], 1.0, "Both are empty after normalising: 1.0.")
    same(learner, "The!", ["cat"], 0.0, "One is empty, the other isn't: 0.0.")


def test_no_golds(learner):
    """Without a gold answer: a ValueError that names golds."""
    said = None
    try:
        learner.token_f1("cat", [])
    except ValueError as error:
        said = str(error)
    assert said is not None and "golds" in said, (
        f"token_f1('cat', []) should raise a ValueError whose message names `golds`; it {'raised nothing' if said is None else 'said: ' + said}."
    )
