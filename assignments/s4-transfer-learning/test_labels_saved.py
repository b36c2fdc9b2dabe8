"""Public checks of `labels_saved`: examples to check oneself by."""

from tunelab import expect

SIZES, BASELINE, TRANSFER = [100, 400, 1600], [0.5, 0.6, 0.7], [0.6, 0.7, 0.8]


def check(learner, baseline, transfer, score, right):
    call = f"labels_saved({SIZES}, {baseline}, {transfer}, {score})"
    got = learner.labels_saved(SIZES, baseline, transfer, score)
    if right is None:
        assert got is None, f"{call} gave {got!r}. One of the curves doesn't reach the score within what was measured: it should be None."
    else:
        expect.number(got, call=call)
        assert abs(got - right) < 1e-6, f"{call} gave {got:.4f}. It should be {right:.4f}."


def test_half_way_on_the_logarithm(learner):
    """Half way between 400 and 1600 lies 800, half way between 100 and 400 lies 200."""
    check(learner, BASELINE, TRANSFER, 0.65, 600.0)


def test_transfer_that_hurts(learner):
    """When transfer needs more labels, the number is negative."""
    check(learner, TRANSFER, BASELINE, 0.65, -600.0)


def test_outside_of_what_was_measured(learner):
    """A score that one curve doesn't reach, or has passed before the first size, gives None."""
    check(learner, BASELINE, TRANSFER, 0.7, 1200.0)
    check(learner, BASELINE, TRANSFER, 0.75, None)
    check(learner, BASELINE, TRANSFER, 0.55, None)
    check(learner, BASELINE, TRANSFER, 0.6, 300.0)


def test_a_curve_that_falls_in_places(learner):
    """The first size at which a curve is at the score counts."""
    check(learner, [0.5, 0.6, 0.7], [0.5, 0.7, 0.6], 0.6, 200.0)


def test_sizes_in_disorder(learner):
    """Sizes that don't rise are refused with a ValueError that names them."""
    call = "labels_saved([400, 100, 1600], [0.5, 0.6, 0.7], [0.6, 0.7, 0.8], 0.65)"
    try:
        learner.labels_saved([400, 100, 1600], BASELINE, TRANSFER, 0.65)
    except ValueError as error:
        assert "sizes" in str(error), f"{call} raised a ValueError that doesn't name `sizes`. Say in it what is wrong."
    else:
        raise AssertionError(f"{call} raised nothing. The contract asks for a ValueError.")
