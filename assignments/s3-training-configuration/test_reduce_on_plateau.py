"""Public checks of `reduce_on_plateau`: examples to check oneself by."""

import math

from tunelab import expect


def check(learner, losses, lr, factor, patience, min_lr, right):
    call = f"reduce_on_plateau({losses}, {lr}, {factor}, {patience}, {min_lr})"
    got = expect.sequence(learner.reduce_on_plateau(losses, lr, factor, patience, min_lr), call=call, length=len(losses))
    for rate in got:
        expect.number(rate, call=f"{call} as one of its rates")
    assert all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(got, right, strict=True)), (
        f"{call} gave [{', '.join(f'{rate:.6g}' for rate in got)}]. It should be {right}."
    )


def test_the_table_of_the_lesson(learner):
    """The losses of the lesson's table give its rates."""
    check(learner, [1.0, 0.8, 0.9, 0.85, 0.7, 0.7, 0.75], 8.0, 0.5, 1, 0.0, [8.0, 8.0, 8.0, 4.0, 4.0, 4.0, 2.0])


def test_no_patience(learner):
    """With a patience of 0, every loss that is no improvement lowers the rate."""
    check(learner, [1.0, 1.0, 0.9, 0.95], 1.0, 0.1, 0, 0.0, [1.0, 0.1, 0.1, 0.01])


def test_the_least_rate(learner):
    """The rate stops at `min_lr`."""
    check(learner, [1.0, 2.0, 2.0, 2.0], 1.0, 0.5, 0, 0.4, [1.0, 0.5, 0.4, 0.4])


def test_nan(learner):
    """NaN is no improvement, and doesn't become the best loss."""
    check(learner, [1.0, math.nan, 1.5, 1.2], 1.0, 0.5, 1, 0.0, [1.0, 1.0, 0.5, 0.5])
