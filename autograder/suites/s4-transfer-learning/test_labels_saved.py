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


def later_crossing(sizes, curve, score):
    """The last time that a curve rises to the score, in place of the first."""
    risen = [i for i in range(1, len(sizes)) if curve[i - 1] < score <= curve[i]]
    return where_reached(sizes[risen[-1] - 1 :], curve[risen[-1] - 1 :], score) if risen else where_reached(sizes, curve, score)


def read_by_interp(sizes, curve, score):
    """What np.interp says of a curve, which takes for granted that it rises all the way."""
    return math.exp(float(np.interp(score, curve, np.log(sizes))))


def next_measured(sizes, curve, score):
    """The first measured size at which the curve is at the score or above."""
    return next(float(size) for size, value in zip(sizes, curve, strict=True) if value >= score)


def above(sizes, curve, score):
    """Where the curve passes the score, a level stretch at the score left behind."""
    passed = next((i for i in range(1, len(sizes)) if curve[i] > score), None)
    return where_reached(sizes[passed - 1 :], curve[passed - 1 :], score) if passed and curve[passed - 1] <= score else None


def ways(sizes, first, second, score):
    """What the usual mistakes give, and the words for each."""

    def by(one):
        read = [one(sizes, curve, score) for curve in (first, second)]
        return [] if None in read else [read[0] - read[1]]

    def linear(sizes, curve, score):
        return where_reached(sizes, curve, score, plain, plain)

    b, t = (where_reached(sizes, curve, score) for curve in (first, second))
    mixed = [later_crossing(sizes, first, score) - t, b - later_crossing(sizes, second, score)]
    edges = {round(b - t), math.floor(b - t), math.ceil(b - t)}
    more = "When transfer needs more labels, as here, the number is negative: transfer can hurt, and the number should say so."
    return {
        "interpolated on the size itself. Learning curves are read over the logarithm: half way between 100 and 400 lies 200, not 250.": by(
            linear
        ),
        "a difference of logarithms. Turn each size back from its logarithm before you subtract.": [
            log(b) - log(t) for log in (math.log, math.log10, math.log2)
        ],
        "a ratio: how many times as many. The contract asks for a difference: how many more.": [b / t, t / b],
        "the wrong way round. Asked for is what the baseline needs, minus what transfer needs.": [t - b] if t < b else [],
        f"the number without its sign. {more}": [t - b] if b < t else [],
        f"as if nothing were lost. {more}": [0.0] if b < t else [],
        "a whole number. The contract asks for the number as it is, not rounded.": [float(edge) for edge in edges],
        "read off where a curve rises to the score for the last time. The first time counts: go through the sizes from the smallest.": [
            *by(later_crossing),
            *mixed,
        ],
        "a difference of sizes that were measured. Between two sizes a curve is straight over the logarithm: how far between them is the score?": by(
            next_measured
        ),
        "which is what np.interp makes of these curves. It wants values that only rise: look for the first size at which a curve is at the score.": by(
            read_by_interp
        ),
        "read off at the end of a level stretch. A curve that comes to the score and stays level has reached it at the first of those sizes.": by(
            above
        ),
    }


def judged(got, sizes, first, second, score, call, otherwise):
    """Passes the right number; says of a wrong one from which mistake it comes, where that is plain, and else `otherwise`."""
    right = where_reached(sizes, first, score) - where_reached(sizes, second, score)
    if near(got, right):
        return
    told = [words for words, values in ways(sizes, first, second, score).items() if any(near(got, value) for value in values)]
    raise AssertionError(
        f"{call} gave {got:.6g}, {told[0]}" if len(told) == 1 else f"{call} gave {got:.6g}, which is not right. {otherwise}"
    )


def shown(got):
    """A value as it may stand in a sentence."""
    return f"{got:.6g}" if isinstance(got, float) else repr(got)[:40]


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
    hint = "Both curves pass through the score at a size that was measured: no interpolation is needed."
    judged(got, sizes, baseline, transfer, baseline[at], call, hint)
    given = (sizes, baseline, transfer)
    assert all(left == own for left, own in zip(learner.last.args, given, strict=False)), f"{call} changed a list that it was given."


@pytest.mark.points(3)
def test_between_sizes_on_the_logarithm(learner, rng):
    """Between two sizes the curve is straight over the logarithm of the size."""
    for _ in range(4):
        sizes, baseline, transfer, score = curves(rng)
        got, call = saved(learner, sizes, baseline, transfer, score)
        hint = "For each curve: find the two sizes between which it reaches the score, and interpolate over their logarithms."
        judged(got, sizes, baseline, transfer, score, call, hint)


@pytest.mark.points(2)
def test_saved_or_lost(learner, rng):
    """It is positive when transfer needs fewer labels, and negative when it needs more."""
    sizes, baseline, transfer, score = curves(rng)
    for first, second, about in ((baseline, transfer, "fewer"), (transfer, baseline, "more")):
        got, call = saved(learner, sizes, first, second, score)
        hint = f"It is what the baseline needs, minus what transfer needs; here transfer needs {about} labels."
        judged(got, sizes, first, second, score, call, hint)


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
            f"{call} gave {shown(got)} for a score {why}. A curve says nothing outside of what was measured: the contract asks for None."
        )


@pytest.mark.points(1)
def test_the_ends_belong_to_the_curve(learner, rng):
    """A score exactly at the first size, or exactly at the last, is reached there."""
    sizes, baseline, transfer, _ = curves(rng)
    baseline[0] = transfer[0] - 0.01
    cases = ((baseline, transfer, transfer[0]), (baseline, [*transfer[:-1], 0.95], baseline[-1]), (transfer, baseline, transfer[0]))
    for first, second, score in cases:
        got, call = saved(learner, sizes, first, second, score)
        hint = "A curve that is exactly at the score at its first size needs sizes[0] labels; at its last, sizes[-1]."
        judged(got, sizes, first, second, score, call, hint)
    call = call_of([40], [0.7], [0.7], 0.7)
    got = learner.labels_saved([40], [0.7], [0.7], 0.7)
    assert type(got) is float and got == 0.0, (
        f"{call} gave {shown(got)}. Both curves are at the score at the only size: neither needs more labels than the other."
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
            hint = "One curve rises above the score, falls below it and rises again. The first time counts: go through the sizes from the smallest."
            judged(got, sizes, first, second, score, call, hint)
    sinking = [0.5, 0.6, top, 0.66, dip, 0.58]
    for first, second in ((rising, sinking), (sinking, rising)):
        call = call_of(sizes, first, second, 0.65)
        got = learner.labels_saved(sizes, first, second, 0.65)
        assert got is not None, (
            f"{call} gave None. A curve that falls below the score at its last size was at the score before: that counts. Look at every size, not at the last alone."
        )
        got, call = saved(learner, sizes, first, second, 0.65)
        judged(got, sizes, first, second, 0.65, call, "The first size at which a curve is at the score counts, even if it falls later.")


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
        judged(got, sizes, rising, stairs, score, call, "A level stretch reaches its score at its first size.")


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
                f"{call} gave {shown(got)}. Sizes that don't rise, or of 0, have no place on a logarithmic axis: the contract asks for a ValueError."
            )
