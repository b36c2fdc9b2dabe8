"""Public checks of `accuracy_gain`."""

from tunelab import expect


def same(learner, gold, before, after, wanted, hint):
    call = f"accuracy_gain({gold}, {before}, {after})"
    got = learner.accuracy_gain(gold, before, after)
    expect.sequence(got, call=call, kind=tuple, length=3)
    expect.number(got[0], call=f"{call} as its gain", low=-1, high=1)
    expect.integer(got[1], call=f"{call} as the number that was fixed", low=0)
    expect.integer(got[2], call=f"{call} as the number that was broken", low=0)
    assert abs(got[0] - wanted[0]) < 1e-9 and got[1:] == wanted[1:], f"{call} gave {got}, where {wanted} is right. {hint}"


def test_ten_reviews(learner):
    """The ten reviews of the picture: three fixed, one broken, a gain of 0.2."""
    gold = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    before = [1, 1, 1, 1, 1, 1, 1, 1, 0, 1]
    after = [1, 1, 1, 1, 1, 0, 0, 0, 1, 1]
    same(learner, gold, before, after, (0.2, 3, 1), "Right before: 6 of 10. Right after: 8 of 10.")


def test_three_labels(learner):
    """The example of the contract: an answer that is wrong twice, in two ways, is neither fixed nor broken."""
    same(learner, ["a", "b", "c", "a"], ["a", "a", "a", "c"], ["b", "b", "c", "b"], (0.25, 2, 1), "The last one is wrong before and after.")


def test_a_loss(learner):
    """The gain is negative when more is broken than fixed."""
    same(learner, [0, 0], [0, 0], [1, 0], (-0.5, 0, 1), "Two of two were right, now it is one of two.")


def test_lists_of_different_lengths(learner):
    """Lists that don't fit are refused, and the message names `gold`."""
    for given in (([0, 1], [0, 1], [0]), ([], [], [])):
        call = f"accuracy_gain{given}"
        try:
            got = learner.accuracy_gain(*given)
        except ValueError as error:
            assert "gold" in str(error), (
                f"{call} raised a ValueError, as it should. Name `gold` in its message, which says {str(error)[:60]!r}."
            )
        else:
            raise AssertionError(f"{call} gave {got!r:.60}. Raise a ValueError when the lists aren't equally long, or empty.")
