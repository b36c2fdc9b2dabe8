"""Public checks of `suggest_learning_rate`: examples to check oneself by."""

import math

import numpy as np

from tunelab import expect

RATES = [float(rate) for rate in np.geomspace(1e-6, 1e-1, 100)]
LOSSES = [0.7] * 40 + [0.7 - 0.01 * i for i in range(21)] + [0.5] + [0.5 + 0.1 * i for i in range(1, 39)]


def place(learner, losses, what):
    """Which of the rates came back."""
    call = f"suggest_learning_rate(losses, rates), on {what},"
    got = expect.number(learner.suggest_learning_rate(losses, RATES), call=call)
    near = [i for i, rate in enumerate(RATES) if math.isclose(rate, got, rel_tol=1e-9)]
    assert near, f"{call} gave {got:.4g}, which isn't one of the rates."
    return near[0], call


def test_the_example_of_the_contract(learner):
    """Losses that fall over readings 40 to 60 give a rate from the middle of the fall."""
    got, call = place(learner, LOSSES, "the example of the contract")
    assert 45 <= got <= 55, f"{call} gave the rate of reading {got}. It should be one from 45 to 55."


def test_nan(learner):
    """From the first NaN on, nothing counts."""
    got, call = place(learner, [*LOSSES[:90], math.nan, 0.0, *LOSSES[92:]], "the example with a NaN and a 0 near its end")
    assert 45 <= got <= 55, f"{call} gave the rate of reading {got}. It should be one from 45 to 55: what comes from NaN on doesn't count."


def test_losses_that_only_rise(learner):
    """When the loss never falls, there is nothing to suggest."""
    try:
        learner.suggest_learning_rate([0.5 + 0.01 * i for i in range(100)], RATES)
    except ValueError as error:
        assert "losses" in str(error), "suggest_learning_rate raised a ValueError that doesn't name `losses`. Say in it what is wrong."
    else:
        raise AssertionError("suggest_learning_rate raised nothing for losses that only rise. The contract asks for a ValueError.")
