"""Public checks of `schedule`: examples to check oneself by."""

import math

from tunelab import expect


def check(learner, arguments, right):
    call = f"schedule{arguments}"
    got = expect.number(learner.schedule(*arguments), call=call, low=0.0, high=1.0)
    assert math.isclose(got, right, abs_tol=1e-9), f"{call} gave {got:.4g}. It should be {right:.4g}."


def test_the_table_of_the_lesson(learner):
    """A warm-up of 2 steps in a run of 6 gives the factors of the lesson's table."""
    for step, right in enumerate((0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0)):
        check(learner, (step, 2, 6, "linear"), right)


def test_the_cosine(learner):
    """The cosine begins at 1, is half-way down in the middle, and ends at 0."""
    for step, right in ((2, 1.0), (3, (1 + math.sqrt(0.5)) / 2), (4, 0.5), (6, 0.0)):
        check(learner, (step, 2, 6, "cosine"), right)


def test_past_the_end(learner):
    """Past the end, both shapes stay at 0."""
    check(learner, (3, 2, 6, "cosine"), (1 + math.sqrt(0.5)) / 2)
    for shape in ("linear", "cosine"):
        check(learner, (9, 2, 6, shape), 0.0)


def test_no_warm_up(learner):
    """Without a warm-up the factor is 1 at step 0."""
    check(learner, (0, 0, 10, "linear"), 1.0)
    check(learner, (5, 0, 10, "cosine"), 0.5)


def test_an_unknown_shape(learner):
    """A shape that doesn't exist is refused."""
    try:
        learner.schedule(3, 2, 6, "square")
    except ValueError as error:
        assert "shape" in str(error), "schedule(3, 2, 6, 'square') raised a ValueError that doesn't name `shape`. Say in it what is wrong."
    else:
        raise AssertionError("schedule(3, 2, 6, 'square') raised nothing. The contract asks for a ValueError.")
