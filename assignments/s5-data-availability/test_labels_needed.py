"""Public checks of `labels_needed`."""

from tunelab import expect

SIZES = [100, 200, 400, 800, 1600, 3200, 6400]
ERRORS = [0.1 + 3 / n**0.5 for n in SIZES]


def near(learner, errors, target, wanted, about):
    call = f"labels_needed({SIZES}, {[round(e, 4) for e in errors]}, {target})"
    got = learner.labels_needed(SIZES, errors, target)
    expect.integer(got, call=call, low=1)
    assert abs(got / wanted - 1) < 0.1, f"{call} gave {got}, where about {wanted} is right. {about}"


def test_beyond(learner):
    """0.1 + 3 / sqrt(n) is 0.12 at 22,500 labels."""
    near(learner, ERRORS, 0.12, 22_500, "The errors follow 0.1 + 3 / sqrt(n).")


def test_one_failed_run(learner):
    """One measurement that is far off changes next to nothing."""
    errors = list(ERRORS)
    errors[3] += 0.09
    near(learner, errors, 0.12, 22_500, "All but the error at 800 follow 0.1 + 3 / sqrt(n).")


def test_never(learner):
    """The errors level off at 0.1: they never come down to 0.09."""
    got = learner.labels_needed(SIZES, ERRORS, 0.09)
    assert got is None, (
        f"labels_needed({SIZES}, [...], 0.09), where the errors follow 0.1 + 3 / sqrt(n), gave {got!r}. No number is enough: None."
    )
