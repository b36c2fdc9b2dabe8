"""Public checks of `majority`: examples to check oneself by."""

from tunelab import expect


def test_the_most_frequent(learner):
    """Two of three."""
    labels = ["fresh", "rotten", "rotten"]
    got = expect.of_type(learner.majority(labels), str, call=f"majority({labels})")
    assert got == "rotten", f"majority({labels}) gave {got!r}. It should be 'rotten', which is there twice."


def test_a_tie(learner):
    """One of each."""
    for labels in (["rotten", "fresh"], ["fresh", "rotten"]):
        got = expect.of_type(learner.majority(labels), str, call=f"majority({labels})")
        assert got == "fresh", f"majority({labels}) gave {got!r}. It should be 'fresh', the first in the alphabet."


def test_no_labels(learner):
    """Nothing has no majority."""
    try:
        learner.majority([])
    except ValueError:
        pass
    else:
        raise AssertionError("majority([]) raised no ValueError.")
