"""Public checks of `training_hours`: examples to check oneself by."""

from tunelab import expect


def test_the_example_of_the_docstring(learner):
    """50 million weights in all three jobs, 12,000 tokens and a billion operations per second: one hour."""
    call = "training_hours(50_000_000, 50_000_000, 50_000_000, 12_000, 2e9, 0.5)"
    got = expect.number(learner.training_hours(50_000_000, 50_000_000, 50_000_000, 12_000, 2e9, 0.5), call=call)
    expect.close(got, 1.0, call=call, hint="It should be 1: 300 million operations a token, 3.6e12 in all, by 1e9 a second.")


def test_a_frozen_half(learner):
    """When nothing passes through the lower half, and a tenth of the upper one is trained, it takes less."""
    call = "training_hours(50_000_000, 25_000_000, 2_500_000, 12_000, 2e9, 0.5)"
    got = expect.number(learner.training_hours(50_000_000, 25_000_000, 2_500_000, 12_000, 2e9, 0.5), call=call)
    expect.close(got, 0.516667, call=call, hint="It should be 0.516667: 155 million operations a token.")


def test_refusals(learner):
    """A utilisation of 150 percent is refused."""
    try:
        learner.training_hours(1, 1, 1, 1, 1e9, 1.5)
    except ValueError:
        pass
    else:
        raise AssertionError("training_hours(1, 1, 1, 1, 1e9, 1.5) raised no ValueError.")
