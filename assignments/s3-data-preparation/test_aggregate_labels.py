"""Public checks of `aggregate_labels`: examples to check oneself by."""

from tunelab import expect


def test_the_example_of_the_contract(learner):
    """Two of three agree; a tie; nobody voted."""
    votes = [["fresh", "fresh", "rotten"], ["fresh", "rotten"], []]
    got = learner.aggregate_labels(votes, 0.6)
    expect.sequence(got, call=f"aggregate_labels({votes}, 0.6)", length=3)
    assert got == ["fresh", None, None], f"aggregate_labels({votes}, 0.6) gave {got}. It should be ['fresh', None, None]."


def test_the_share_that_is_asked_for(learner):
    """Three of four votes are enough for 0.75, and not for 0.8."""
    votes = [["dull", "dull", "odd", "dull"]]
    for min_share, right in ((0.75, ["dull"]), (0.8, [None])):
        got = learner.aggregate_labels(votes, min_share)
        assert got == right, f"aggregate_labels({votes}, {min_share}) gave {got}. It should be {right}."


def test_fewer_than_half(learner):
    """Two of five votes are the most here, and enough when 0.4 is asked for."""
    votes = [["odd", "dull", "dull", "fair", "warm"]]
    got = learner.aggregate_labels(votes, 0.4)
    assert got == ["dull"], f"aggregate_labels({votes}, 0.4) gave {got}. It should be ['dull']."
