"""Hidden suite of `labels_saved`."""

import math

import numpy as np
import pytest

from tunelab import expect


def where_reached(sizes, curve, score, of=math.log, back=math.exp):
    """The smallest size at which the curve, straight over of(size), is at the score or above; None outside of what was measured."""
    if curve[0] > score:
        return None
    if curve[0] == score:
        return float(sizes[0])
    for i in range(1, len(sizes)):
        if curve[i] >= score:
            share = (score - curve[i - 1]) / (curve[i] - curve[i - 1])
            return back(of(sizes[i - 1]) + share * (of(sizes[i]) - of(sizes[i - 1])))
    return None


def plain(size):
    return size


def curves(rng, points=5):
    """Sizes, a baseline and a better transfer curve that rise all the way, and a score that both reach between two sizes."""
    sizes = (np.cumprod(rng.integers(2, 6, size=points)) * 10).tolist()
    step = rng.uniform(0.03, 0.06, size=points)
    baseline = 0.5 + np.cumsum(step)
    transfer = baseline + step.mean() * rng.uniform(1.2, 1.6)
    score = float(rng.uniform(transfer[0] + 0.005, baseline[-1] - 0.005))
    return sizes, [round(float(v), 4) for v in baseline], [round(float(v), 4) for v in transfer], score


def call_of(sizes, baseline, transfer, score):
    return f"labels_saved({sizes}, {baseline}, {transfer}, {score:.6g})"


def saved(learner, sizes, baseline, transfer, score):
    """The ladder up to the value, where a number is due."""
    call = call_of(sizes, baseline, transfer, score)
    got = learner.labels_saved(sizes, baseline, transfer, score)
    assert got is not None, f"{call} gave None, though both curves reach the score within the sizes that were measured."
    return expect.number(float(got) if isinstance(got, np.floating | int) else got, call=call), call


def near(a, b):
    return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6)


def check(got, right, call, hint):
    expect.close(got, right, call=call, hint=hint, atol=1e-6, rtol=1e-6)


@pytest.mark.points(1)
def test_scores_that_were_measured(learner, rng):
    """When both curves were measured at the score, it is the difference of two sizes, as a float."""
    sizes, baseline, _, _ = curves(rng, 6)
    ahead = int(rng.integers(1, 3))
    transfer = baseline[ahead:] + [0.99 + 0.001 * i for i in range(ahead)]
    at = int(rng.integers(ahead + 1, 5))
    got = learner.labels_saved(sizes, baseline, transfer, baseline[at])
    call = call_of(sizes, baseline, transfer, baseline[at])
    assert got is not None, f"{call} gave None, though both curves have the score at one of their points."
    expect.number(got, call=call)
    check(
        got,
        sizes[at] - sizes[at - ahead],
        call,
        "Both curves pass through the score at a size that was measured: no interpolation is needed.",
    )
    given = (sizes, baseline, transfer)
    assert all(left == own for left, own in zip(learner.last.args, given, strict=False)), f"{call} changed a list that it was given."


@pytest.mark.points(3)
def test_between_sizes_on_the_logarithm(learner, rng):
    """Between two sizes the curve is straight over the logarithm of the size."""
    for _ in range(4):
        sizes, baseline, transfer, score = curves(rng)
        got, call = saved(learner, sizes, baseline, transfer, score)
        b, t = (where_reached(sizes, curve, score) for curve in (baseline, transfer))
        linear = where_reached(sizes, baseline, score, plain, plain) - where_reached(sizes, transfer, score, plain, plain)
        assert not near(got, linear), (
            f"{call} gave {got:.6g}: interpolated on the size itself. Learning curves are read over the logarithm: half way between 100 and 400 lies 200, not 250."
        )
        assert not any(near(got, log(b) - log(t)) for log in (math.log, math.log10, math.log2)), (
            f"{call} gave {got:.6g}, a difference of logarithms. Turn each size back from its logarithm before you subtract."
        )
        assert not near(got, b / t), (
            f"{call} gave {got:.6g}, a ratio: how many times as many. The contract asks for a difference: how many more."
        )
        assert not any(near(got, edge) and not near(got, b - t) for edge in (round(b - t), math.floor(b - t), math.ceil(b - t))), (
            f"{call} gave {got:.6g}, a whole number. The contract asks for the number as it is, not rounded."
        )
        check(
            got,
            b - t,
            call,
            "For each curve: find the two sizes between which it reaches the score, and interpolate over their logarithms.",
        )


@pytest.mark.points(2)
def test_saved_or_lost(learner, rng):
    """It is positive when transfer needs fewer labels, and negative when it needs more."""
    sizes, baseline, transfer, score = curves(rng)
    for first, second, about in ((baseline, transfer, "fewer"), (transfer, baseline, "more")):
        got, call = saved(learner, sizes, first, second, score)
        b, t = where_reached(sizes, first, score), where_reached(sizes, second, score)
        assert not near(got, t - b), (
            f"{call} gave {got:.6g}, where transfer needs {about} labels. It is the wrong way round: what the baseline needs, minus what transfer needs."
        )
        assert not (near(got, 0.0) or (near(got, abs(b - t)) and b < t)), (
            f"{call} gave {got:.6g}, where transfer needs {about} labels. When it needs more, the number is negative: transfer can hurt, and the number should say so."
        )
        check(got, b - t, call, "What the baseline needs, minus what transfer needs.")


@pytest.mark.points(3)
def test_nothing_is_known_outside(learner, rng):
    """A score that a curve doesn't reach, or has passed before the first size, gives None."""
    sizes, baseline, transfer, score = curves(rng)
    saved(learner, sizes, baseline, transfer, score)
    high, low = max(baseline) + 0.01, min(transfer) - 0.005
    above = [round(v + 0.3, 4) for v in transfer]
    cases = (
        (baseline, transfer, high, "which the baseline doesn't reach: how many more labels it would need isn't known"),
        (transfer, baseline, high, "which the curve of transfer doesn't reach: how many labels it would need isn't known"),
        (baseline, transfer, low, "which transfer has passed before the first size: it might have needed one label, or none"),
        (transfer, baseline, low, "which the baseline has passed before the first size: how many labels it needed for that isn't known"),
        (baseline, above, score, "which transfer has passed before the first size: it might have needed one label, or none"),
        (baseline, transfer, 1.5, "which neither curve reaches"),
    )
    for first, second, asked, why in cases:
        call = call_of(sizes, first, second, asked)
        got = learner.labels_saved(sizes, first, second, asked)
        assert got is None, (
            f"{call} gave {got!r:.40} for a score {why}. A curve says nothing outside of what was measured: the contract asks for None."
        )


@pytest.mark.points(1)
def test_the_ends_belong_to_the_curve(learner, rng):
    """A score exactly at the first size, or exactly at the last, is reached there."""
    sizes, baseline, transfer, _ = curves(rng)
    baseline[0] = transfer[0] - 0.01
    cases = ((baseline, transfer, transfer[0]), (baseline, [*transfer[:-1], 0.95], baseline[-1]), (transfer, baseline, transfer[0]))
    for first, second, score in cases:
        got, call = saved(learner, sizes, first, second, score)
        right = where_reached(sizes, first, score) - where_reached(sizes, second, score)
        check(got, right, call, "A curve that is exactly at the score at its first size needs sizes[0] labels; at its last, sizes[-1].")
    call = call_of([40], [0.7], [0.7], 0.7)
    got = learner.labels_saved([40], [0.7], [0.7], 0.7)
    assert type(got) is float and got == 0.0, (
        f"{call} gave {got!r:.40}. Both curves are at the score at the only size: neither needs more labels than the other."
    )


@pytest.mark.points(2)
def test_curves_that_fall_in_places(learner, rng):
    """Where a curve goes up and down, the first size at which it is at the score counts."""
    sizes = (np.cumprod(rng.integers(2, 5, size=6)) * 10).tolist()
    top, dip = (round(float(v), 3) for v in rng.uniform((0.70, 0.60), (0.74, 0.64)))
    waves, rising = [0.5, top, dip, 0.66, 0.8, 0.85], [0.4, 0.45, 0.55, 0.6, 0.63, 0.9]
    for score in (0.65, 0.69):
        for first, second in ((rising, waves), (waves, rising)):
            got, call = saved(learner, sizes, first, second, score)
            right = where_reached(sizes, first, score) - where_reached(sizes, second, score)
            hint = "One curve rises above the score, falls below it and rises again. The first time counts: go through the sizes from the smallest. (np.interp wants values that only rise.)"
            check(got, right, call, hint)
    sinking = [0.5, 0.6, top, 0.66, dip, 0.58]
    for first, second in ((rising, sinking), (sinking, rising)):
        call = call_of(sizes, first, second, 0.65)
        got = learner.labels_saved(sizes, first, second, 0.65)
        assert got is not None, (
            f"{call} gave None. A curve that falls below the score at its last size was at the score before: that counts. Look at every size, not at the last alone."
        )
        got, call = saved(learner, sizes, first, second, 0.65)
        check(
            got,
            where_reached(sizes, first, 0.65) - where_reached(sizes, second, 0.65),
            call,
            "The first size at which a curve is at the score counts, even if it falls later.",
        )


@pytest.mark.points(1)
def test_level_stretches(learner, rng):
    """A curve that stays level for a while is no division by zero, and reaches its level where it first gets there."""
    sizes, _, _, _ = curves(rng, 6)
    level = round(float(rng.uniform(0.60, 0.65)), 3)
    stairs, rising = [0.5, 0.5, level, level, level, 0.9], [0.51, 0.56, 0.585, 0.7, 0.75, 0.8]
    for score in (level, 0.58, 0.69):
        call = call_of(sizes, rising, stairs, score)
        try:
            got, call = saved(learner, sizes, rising, stairs, score)
        except ZeroDivisionError as error:
            raise AssertionError(
                f"{call} raised ZeroDivisionError: {error}. Between two equal scores nothing rises: look for the step that reaches the score."
            ) from None
        right = where_reached(sizes, rising, score) - where_reached(sizes, stairs, score)
        check(got, right, call, "A level stretch reaches its score at its first size.")


@pytest.mark.points(1)
def test_sizes_must_rise(learner, rng):
    """Sizes that don't rise from each to the next, or aren't above 0, are refused with a ValueError that names them."""
    sizes, baseline, transfer, score = curves(rng)
    saved(learner, sizes, baseline, transfer, score)
    for wrong in ([*sizes[1:], sizes[0]], [sizes[0], sizes[0], *sizes[2:]], [0, *sizes[1:]]):
        call = call_of(wrong, baseline, transfer, score)
        try:
            got = learner.labels_saved(wrong, baseline, transfer, score)
        except ValueError as error:
            assert "sizes" in str(error), (
                f"{call} raised a ValueError that says {str(error)[:80]!r}. Name `sizes` in it, so that the reader knows what to mend."
            )
        else:
            raise AssertionError(
                f"{call} gave {got!r:.40}. Sizes that don't rise, or of 0, have no place on a logarithmic axis: the contract asks for a ValueError."
            )
