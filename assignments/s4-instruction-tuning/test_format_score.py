"""Public checks of `format_score`: examples to check oneself by."""

from tunelab import expect

KEYS = ("obeyed", "right_if_obeyed", "right")


def check(learner, replies, gold, right):
    call = f"format_score({replies}, {gold})"
    got = learner.format_score(list(replies), list(gold))
    expect.mapping(got, call=call, keys=KEYS)
    for key, wanted in zip(KEYS, right, strict=True):
        expect.number(got[key], call=f"{call} as {key!r}", low=0, high=1)
        assert abs(got[key] - wanted) < 1e-9, f"{call} gave {got[key]} as {key!r}. It should be {wanted}."


def test_the_example_of_the_lesson(learner):
    """Four replies, two of which obey, and one of those is right."""
    replies = ["VERDICT: fresh", "VERDICT: fresh", "It is fresh.", "Well, VERDICT: rotten"]
    check(learner, replies, ["fresh", "rotten", "fresh", "rotten"], (0.5, 0.5, 0.25))


def test_to_the_letter(learner):
    """A full stop, a small letter or a blank is not the format."""
    check(
        learner,
        ["VERDICT: fresh.", "verdict: fresh", "VERDICT: fresh ", "VERDICT: rotten"],
        ["fresh", "fresh", "fresh", "rotten"],
        (0.25, 1.0, 0.25),
    )


def test_nobody_obeys(learner):
    """Where no reply obeys, all three are 0."""
    check(learner, ["Hm."], ["fresh"], (0.0, 0.0, 0.0))


def test_too_few_labels(learner):
    """Two replies and one label don't fit."""
    try:
        learner.format_score(["VERDICT: fresh", "VERDICT: fresh"], ["fresh"])
    except ValueError as error:
        assert "replies" in str(error), "format_score, on two replies and one label, raised a ValueError that doesn't name `replies`."
    else:
        raise AssertionError("format_score, on two replies and one label, raised nothing. The contract asks for a ValueError.")
