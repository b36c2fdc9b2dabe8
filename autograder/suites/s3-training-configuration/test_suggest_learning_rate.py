"""Hidden suite of `suggest_learning_rate`. Expected places are worked out here with plain loops; a neighbouring reading counts as right, so that any way to take slopes at the edges will do."""

import math

import numpy as np
import pytest

from tunelab import expect

# fmt: off
REAL_LOSSES = [
    0.7024, 0.6854, 0.6908, 0.6764, 0.7105, 0.7173, 0.7236, 0.7096, 0.7054, 0.6682, 0.6759, 0.6906, 0.6724, 0.6928, 0.6937, 0.6891,
    0.6624, 0.6855, 0.7035, 0.6459, 0.6615, 0.7056, 0.7127, 0.7118, 0.7147, 0.6716, 0.6585, 0.643, 0.6865, 0.6605, 0.6572, 0.6517,
    0.6489, 0.6751, 0.6531, 0.6029, 0.7225, 0.6232, 0.6426, 0.6207, 0.5589, 0.6, 0.7162, 0.5614, 0.6188, 0.5826, 0.651, 0.7217,
    0.5974, 0.5968, 0.5517, 0.3813, 0.5153, 0.6287, 0.3944, 0.6479, 0.3915, 0.601, 0.6106, 0.9989, 0.8232, 0.5252, 0.5264, 0.9685,
    1.1655, 0.8092, 0.5376, 0.7494, 0.6683, 0.5389, 0.5043, 0.743, 1.1884, 3.0449, 1.5103, 0.7692, 1.5797, 1.0024, 1.8826, 1.0975,
]
# fmt: on
"""The losses of the lesson's range test: MiniLM's last layer on film reviews, batches of 16, rates from 1e-6 to 1e-1."""


def smooth_of(losses):
    """Means over eleven readings, over what there is at the ends."""
    return [sum(losses[max(0, i - 5) : i + 6]) / len(losses[max(0, i - 5) : i + 6]) for i in range(len(losses))]


def place_of(losses):
    """The reading of the steepest fall, before the lowest smoothed loss, for evenly spaced logarithms."""
    smooth = smooth_of(losses)
    lowest = smooth.index(min(smooth))
    return min(range(1, lowest), key=lambda i: smooth[i + 1] - smooth[i - 1])


def mistaken_places(losses, rates):
    """The places where known mistakes end, and what is said of each."""
    end = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    raw, smooth, logs = losses[:end], smooth_of(losses[:end]), np.log(rates[:end])
    behind = [float(np.mean(raw[max(0, i - 10) : i + 1])) for i in range(end)]
    ahead = [float(np.mean(raw[i : i + 11])) for i in range(end)]
    with np.errstate(invalid="ignore"):
        spoilt = np.array([np.mean(losses[max(0, i - 5) : i + 6]) for i in range(len(losses))])
        in_means = np.argmin(np.gradient(spoilt, np.log(rates))[: int(spoilt.argmin()) + 1])

    def steepest(values, along=logs):
        return int(np.argmin(np.gradient(values, along)[: int(np.argmin(values)) + 1]))

    return [
        (int(np.argmin(smooth)), "where the loss is lowest. There a run is about to diverge: ask where it falls fastest."),
        (int(np.argmin(raw)), "where a single loss is lowest. Losses are smoothed, and it is their fall that counts."),
        (steepest(raw), "where two single losses lie far apart. Are the losses smoothed before slopes are taken?"),
        (
            steepest(smooth, rates[:end]),
            "too early. Slopes are taken against the logarithm of the rate: against the rate itself, tiny rates always look steepest.",
        ),
        (int(np.argmin(np.gradient(smooth, logs))), "after the lowest smoothed loss. What comes after it is a run that has gone astray."),
        (
            steepest(behind),
            "too late. Does a mean hold as many readings after its place as before? A mean of only what came before lags behind.",
        ),
        (steepest(ahead), "too early. Does a mean hold as many readings before its place as after?"),
        (int(np.argmax(np.gradient(smooth, logs))), "where the loss rises fastest. Where it falls, the slope is negative."),
        (
            end - 1 if end < len(losses) else None,
            "the last one before the loss became NaN or infinite. There the run had gone astray long before.",
        ),
        (
            int(in_means),
            "just before the loss became NaN or infinite, where a mean has NaN in it. Cut the readings off first, then smooth.",
        ),
    ]


def check(place, right, call, losses, rates, hint, off=1):
    """The place is right, or at most `off` readings beside it; if it isn't, and just one known mistake ends there, the mistake is named."""
    if abs(place - right) <= off:
        return
    found = {text for wrong, text in mistaken_places(losses, rates) if wrong == place}
    raise AssertionError(f"{call} gave the rate of reading {place}{f', {found.pop()}' if len(found) == 1 else f'. {hint}'}")


def spaced(rng, readings):
    """Rates evenly spaced on a logarithmic scale."""
    low = 10 ** float(rng.uniform(-7, -6))
    return [float(rate) for rate in np.geomspace(low, low * 10**5, readings)]


def curve(rng, readings=100, middle=None, width=4.0):
    """A smooth fall around `middle`, and a rise from reading 80 on."""
    middle = int(rng.integers(35, 55)) if middle is None else middle
    depth = float(rng.uniform(0.3, 0.6))
    falls = [0.7 - depth / (1 + math.exp(-(i - middle) / width)) for i in range(readings)]
    return [loss + (0.02 * (i - 80) ** 2 if i > 80 else 0.0) for i, loss in enumerate(falls)], middle


def suggested(learner, losses, rates, what):
    """The place of the rate that came back among `rates`, after the checks of form, and the call."""
    call = f"suggest_learning_rate(losses, rates), on {what},"
    got = expect.number(learner.suggest_learning_rate(list(losses), list(rates)), call=call, low=0.0)
    near = [i for i, rate in enumerate(rates) if math.isclose(rate, got, rel_tol=1e-9)]
    assert near, f"{call} gave {got:.4g}, which isn't one of the rates. The suggestion is the rate of a reading."
    return near[0], call


@pytest.mark.points(3)
def test_steepest_place_of_a_clean_curve(learner, rng):
    """On a curve without noise, the suggestion is the rate at which the loss falls fastest."""
    for _ in range(2):
        rates = spaced(rng, 100)
        losses, middle = curve(rng)
        place, call = suggested(learner, losses, rates, f"a curve that falls fastest at reading {middle} of 100")
        check(place, middle, call, losses, rates, "The fastest fall is where the slope of the smoothed losses is most negative.")


@pytest.mark.points(2)
def test_a_single_jump_is_noise(learner, rng):
    """One reading that is out of line doesn't decide: losses are smoothed over eleven readings."""
    rates = spaced(rng, 100)
    losses, middle = curve(rng)
    spike = int(rng.integers(12, 20))
    losses[spike] += 0.35
    place, call = suggested(
        learner, losses, rates, f"a curve that falls fastest at reading {middle}, with a single jump at reading {spike}"
    )
    check(place, place_of(losses), call, losses, rates, "Each mean holds a reading and five on either side.")
    losses = [loss + float(x) for loss, x in zip(curve(rng)[0], rng.normal(0, 0.03, 100), strict=True)]
    place, call = suggested(learner, losses, rates, "a curve with noise")
    check(place, place_of(losses), call, losses, rates, "Are the losses smoothed, each over a reading and five on either side?")


@pytest.mark.points(2)
def test_what_comes_after_the_lowest_place(learner, rng):
    """After the divergence the loss may fall again, and faster: that counts for nothing."""
    rates = spaced(rng, 100)
    losses, middle = curve(rng, middle=int(rng.integers(30, 40)), width=5.0)
    losses = [*losses[:66], *[3.0] * 16, *[0.8] * 18]
    place, call = suggested(
        learner, losses, rates, f"a curve that falls fastest at reading {middle}, diverges at reading 66 and falls again at reading 82"
    )
    check(place, place_of(losses), call, losses, rates, "Where, before the lowest smoothed loss, does the curve fall fastest?")


@pytest.mark.points(2)
def test_nan_ends_the_readings(learner, rng):
    """From the first loss that is NaN or infinite on, nothing counts, not even numbers that come later."""
    for bad in (math.nan, math.inf):
        rates = spaced(rng, 100)
        losses, middle = curve(rng)
        cut = int(rng.integers(84, 88))
        losses = [*losses[:cut], bad, 0.01, bad, *losses[cut + 3 :]]
        place, call = suggested(learner, losses, rates, f"a curve that falls fastest at reading {middle}, and is {bad} at reading {cut}")
        hint = "Readings from the first NaN or infinity on count for nothing: neither in means nor as the lowest place."
        check(place, place_of(losses[:cut]), call, losses, rates, hint)


@pytest.mark.points(2)
def test_a_real_sweep(learner):
    """On a range test that was really made, of MiniLM on film reviews, the suggestion is that of the rule."""
    rates = [float(rate) for rate in np.geomspace(1e-6, 1e-1, len(REAL_LOSSES))]
    place, call = suggested(learner, REAL_LOSSES, rates, "a real range test of 80 readings")
    hint = "The losses of single batches jump up and down: only their means, over a reading and five on either side, show where the curve falls."
    check(place, place_of(REAL_LOSSES), call, REAL_LOSSES, rates, hint, off=2)
    cut = [*REAL_LOSSES[:73], math.nan, *REAL_LOSSES[74:]]
    place, call = suggested(learner, cut, rates, "the same range test, with a NaN at reading 73")
    hint = "The NaN comes long after the loss was lowest: it changes nothing about what came before."
    check(place, place_of(REAL_LOSSES[:73]), call, cut, rates, hint, off=2)


@pytest.mark.points(1)
def test_a_sweep_that_shows_nothing(learner, rng):
    """When the loss never falls, or too few losses are finite, a ValueError names `losses`."""
    rates = spaced(rng, 40)
    for what, losses in (
        ("losses that only rise", [0.7 + 0.01 * i for i in range(40)]),
        ("losses of which the first two are finite", [0.7, 0.6] + [math.nan] * 38),
        ("nothing but NaN", [math.nan] * 40),
    ):
        call = f"suggest_learning_rate(losses, rates), on {what},"
        try:
            learner.suggest_learning_rate(losses, rates)
        except ValueError as error:
            assert "losses" in str(error), (
                f"{call} raised a ValueError that says {str(error)[:80]!r}. Name `losses` in it, so that the reader knows where to look."
            )
        else:
            raise AssertionError(
                f"{call} raised nothing. There is no rate to suggest here, and a made-up one would cost a run: the contract asks for a ValueError."
            )


@pytest.mark.points(1)
def test_what_was_passed_in_stays(learner, rng):
    """Neither list is changed."""
    rates = spaced(rng, 100)
    losses, middle = curve(rng)
    given = [*losses[:90], *[math.inf] * 10]
    place, call = suggested(learner, given, rates, f"a curve that falls fastest at reading {middle} and ends in infinity")
    check(place, middle, call, given, rates, "Readings from the first NaN or infinity on count for nothing.", off=2)
    assert learner.last.args[0] == given and learner.last.args[1] == rates, f"{call} changed a list that it was given. Work on a copy."
