"""Public checks of `early_stop`."""

from tunelab import expect


def positions(learner, losses, patience, min_delta=0.0):
    call = f"early_stop({losses}, {patience}, {min_delta})"
    got = expect.value(learner.early_stop(losses, patience, min_delta), call=call)
    assert getattr(got, "type_name", "") == "Stop", f"{call} gave {got!r}, where a Stop is asked for."
    return (got.best, got.stopped), call


def test_the_example(learner):
    """The example of the contract: best=1, stopped=3."""
    got, call = positions(learner, [0.7, 0.6, 0.65, 0.6, 0.5], 2)
    assert got == (1, 3), (
        f"{call} gave best={got[0]}, stopped={got[1]}, where 1 and 3 are right. 0.6 is no improvement on 0.6, and 0.5 is never seen."
    )


def test_a_run_that_is_not_stopped(learner):
    """Losses that keep falling: best is the last one, stopped is None."""
    got, call = positions(learner, [0.75, 0.5, 0.25], 1)
    assert got == (2, None), f"{call} gave best={got[0]}, stopped={got[1]}, where 2 and None are right."


def test_nan(learner):
    """A loss that is NaN is no improvement."""
    got, call = positions(learner, [0.5, float("nan"), 0.25], 1)
    assert got == (0, 1), f"{call} gave best={got[0]}, stopped={got[1]}, where 0 and 1 are right."
