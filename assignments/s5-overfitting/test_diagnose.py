"""Public checks of `diagnose`."""

from tunelab import expect


def told(learner, train, dev, word):
    call = f"diagnose({train}, {dev})"
    got = expect.of_type(learner.diagnose(train, dev), str, call=call)
    assert got == word, f"{call} gave {got!r}, where {word!r} is right."


def test_the_example(learner):
    """The example of the contract."""
    told(learner, [0.7, 0.4, 0.2, 0.1, 0.1], [0.7, 0.6, 0.6, 0.7, 0.8], "overfitting")


def test_a_good_run(learner):
    """Both curves fall and stay low."""
    told(learner, [0.7, 0.5, 0.3, 0.2, 0.2], [0.7, 0.6, 0.5, 0.5, 0.5], "good")


def test_hardly_learnt(learner):
    """The training loss has hardly moved."""
    told(learner, [0.7, 0.69, 0.68, 0.68, 0.68], [0.7, 0.7, 0.69, 0.69, 0.69], "underfitting")


def test_not_a_number(learner):
    """A loss that is NaN."""
    told(learner, [0.7, 0.5, float("nan"), 0.4], [0.7, 0.6, 0.5, 0.5], "diverging")
