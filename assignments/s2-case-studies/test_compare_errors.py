"""Public checks of `compare_errors`."""

from tunelab import expect

KINDS = ("fixed", "broken", "still_wrong", "always_right")


def same(learner, given, wanted, hint):
    call = f"compare_errors{given}"
    got = learner.compare_errors(*given)
    expect.mapping(got, call=call, keys=KINDS)
    for kind in KINDS:
        expect.sequence(got[kind], call=f"{call} as {kind!r}")
        assert got[kind] == wanted[kind], f"{call} gave {got[kind]} as {kind!r}, where {wanted[kind]} is right. {hint}"


def test_the_example(learner):
    """The example of the contract: two words come before two others by their place, and one word goes first."""
    wanted = {"fixed": [0, 2], "broken": [], "still_wrong": [3], "always_right": [1]}
    same(
        learner,
        (["so so", "bad", "great fun", "dull"], [0, 0, 1, 0], [1, 0, 0, 1], [0, 0, 1, 1]),
        wanted,
        "Compare each answer with its label.",
    )


def test_short_texts_first(learner):
    """The fewest words come first, whatever the place and the length of the words."""
    texts = ["a b c", "incomprehensibilities", "x y"]
    wanted = {"fixed": [1, 2, 0], "broken": [], "still_wrong": [], "always_right": []}
    same(
        learner,
        (texts, ["a", "a", "a"], ["b", "c", "b"], ["a", "a", "a"]),
        wanted,
        "One word, then two, then three: words, not characters.",
    )


def test_a_list_that_is_too_short(learner):
    """A list that doesn't fit is refused, and the message names it."""
    call = 'compare_errors(["a", "b"], [0, 1], [0, 1], [0])'
    try:
        got = learner.compare_errors(["a", "b"], [0, 1], [0, 1], [0])
    except ValueError as error:
        assert "after" in str(error), (
            f"{call} raised a ValueError, as it should. Name `after`, which is too short; it says {str(error)[:60]!r}."
        )
    else:
        raise AssertionError(
            f"{call} gave {'a dict' if type(got) is dict else repr(got)[:40]}, not an error. Raise a ValueError: `after` has one entry for two texts."
        )
