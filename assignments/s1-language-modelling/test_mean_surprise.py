"""Public checks of `mean_surprise`: examples to check oneself by."""

import math

from tunelab import expect


def test_the_worked_example(learner):
    """Probabilities of 1/2, 1/4 and 1/8 have a mean surprise of ln 4."""
    call = "mean_surprise([0.5, 0.25, 0.125])"
    got = learner.mean_surprise([0.5, 0.25, 0.125])
    expect.number(got, call=call)
    assert math.isclose(got, math.log(4), rel_tol=1e-6), (
        f"{call} gave {got:.4f}. The surprises are 0.693, 1.386 and 2.079, and their mean is 1.386."
    )


def test_a_certain_token(learner):
    """What was certain is no surprise."""
    got = learner.mean_surprise([1.0])
    expect.number(got, call="mean_surprise([1.0])")
    assert got == 0, f"mean_surprise([1.0]) gave {got}. It should be 0: the logarithm of 1."


def test_an_impossible_token(learner):
    """What had no chance at all is an infinite surprise."""
    got = learner.mean_surprise([0.5, 0.0])
    assert got == math.inf, f"mean_surprise([0.5, 0.0]) gave {got!r}. It should be math.inf."


def test_nothing(learner):
    """Without tokens there is no mean: a ValueError that names the argument."""
    try:
        got = learner.mean_surprise([])
    except ValueError as error:
        assert "probabilities" in str(error), (
            f"mean_surprise([]) raised ValueError({str(error)!r}). The message should name `probabilities`."
        )
        return
    raise AssertionError(f"mean_surprise([]) gave {got!r}. It should raise a ValueError.")
