"""Hidden suite of `paired_bootstrap`.

Scores here are multiples of 1/4, so the distribution of a resample's mean gain is known exactly: that of a sum of n independent draws from the n gains.
"""

import numpy as np
import pytest
from scipy.stats import binom

from tunelab import expect
from tunelab.codec import Fields

FIELDS = ("difference", "low", "high", "p")


def resampled(a, b):
    """All values that a resample's mean gain can take, and their probabilities."""
    quarters = np.rint(4 * (b - a)).astype(int)
    n = len(quarters)
    single = np.bincount(quarters + 4, minlength=9) / n
    size = 8 * n + 1
    mass = np.fft.irfft(np.fft.rfft(single, size) ** n, size)
    return (np.arange(size) - 4 * n) / (4 * n), np.clip(mass, 0, None)


def quantile(values, mass, share):
    return values[np.searchsorted(np.cumsum(mass), np.clip(share, 0, 1 - 1e-12))]


def gain(got, call):
    """The ladder up to values: a Gain of four finite numbers, in order. Whether they are plain floats is asked once, in the first test."""
    expect.value(got, call=call)
    assert type(got) is Fields and got.type_name == "Gain", (
        f"{call} gave a {got.type_name if hasattr(got, 'type_name') else type(got).__name__}, where a Gain is asked for: `Gain(difference=…, low=…, high=…, p=…)`."
    )
    numbers = []
    for field in FIELDS:
        value = getattr(got, field)
        value = float(value) if isinstance(value, np.floating) else value
        numbers.append(expect.number(value, call=f"{call.rstrip(',')}: {field}", low=0 if field == "p" else -1, high=1))
    assert numbers[1] <= numbers[2], f"{call} gave an interval from {numbers[1]:.4g} to {numbers[2]:.4g}. The lower end comes first."
    return numbers


def near(left, right):
    return abs(left - right) < 1e-9


def right_or_wrong(both, only_a, only_b, neither, rng):
    """Two columns of 0.0 and 1.0, with so many examples of each kind, shuffled."""
    kind = rng.permutation(np.repeat(np.arange(4), [both, only_a, only_b, neither]))
    return ((kind == 0) | (kind == 1)).astype(float), ((kind == 0) | (kind == 2)).astype(float)


def bounds(a, b, resamples):
    """Where each end may lie: the quantile that leaves 2.5% outside, give or take 5.5 standard errors of the resampling (missed in fewer than one run in ten million)."""
    values, mass = resampled(a, b)
    error = 5.5 * np.sqrt(0.025 * 0.975 / resamples)
    return [(quantile(values, mass, share - error), quantile(values, mass, share + error)) for share in (0.025, 0.975)]


def inside(ends, a, b, resamples):
    return all(low - 1e-9 <= end <= high + 1e-9 for end, (low, high) in zip(ends, bounds(a, b, resamples), strict=True))


def check_interval(got, call, a, b, resamples):
    """Both ends lie where the quantiles of the resampled differences do."""
    if inside(got[1:3], a, b, resamples):
        return
    (lowest, low_to), (high_from, highest) = bounds(a, b, resamples)
    low, high = got[1:3]
    call = f"{call} gave an interval from {low:.4g} to {high:.4g}"
    assert high - low > 1e-9, (
        f"{call}, which has no width. Each resample has as many examples as there are, drawn with replacement; without it, it is the same examples in another order."
    )
    assert not inside((-high, -low), a, b, resamples), f"{call}. That is a's gain over b; b's gain over a is asked for."
    values, mass = resampled(a, b)
    below, above = mass[values < low - 1e-9].sum(), mass[values > high + 1e-9].sum()
    facts = (
        f"About {below:.1%} of the resampled differences lie below it and about {above:.1%} above, where 2.5% on each side are asked for."
    )
    short = low > low_to + 1e-9 or high < high_from - 1e-9
    beyond = low < lowest - 1e-9 or high > highest + 1e-9
    assert not (short and beyond), f"{call}, which sits too far to one side. {facts}"
    assert beyond, f"{call}, which is too narrow. {facts} And how many examples are in a resample?"
    apart = 1.96 * np.sqrt((a.var() + b.var()) / len(a))
    assert not abs((high - low) / 2 - apart) < 0.1 * apart, (
        f"{call}, which is too wide. Is it unpaired? It is as wide as if a's examples and b's had been drawn apart. "
        "Draw examples, and take the scores that both systems have on the drawn ones: what is hard for both then cancels."
    )
    raise AssertionError(
        f"{call}, which is too wide. {facts} Each resample gives one difference, from both systems' scores of the drawn examples; the ends are quantiles of those differences."
    )


def check_p(got, call, a, b, resamples):
    """p counts the resamples that lie at least as far from the difference as 0 does. A resample exactly that far may have been lost to rounding.

    A right solution is refused in fewer than one run in ten million (binomial tails of 1e-8).
    """
    values, mass = resampled(a, b)
    difference = (b - a).mean()
    distance = np.abs(values - difference) - abs(difference)
    least, most = mass[distance > 1e-9].sum(), min(mass[distance > -1e-9].sum(), 1.0)
    low, high = (1 + binom.ppf(1e-8, resamples, least)) / (1 + resamples), (1 + binom.isf(1e-8, resamples, most)) / (1 + resamples)
    p = got[3]
    if low <= p <= high:
        return
    call = f"{call} gave p = {p:.4g}, which is not what the contract's count gives."
    assert inside(got[1:3], a, b, resamples), (
        f"{call} The interval isn't right either: look at the differences that you draw before you count them."
    )
    one_sided = "That is one-sided: it counts the resamples beyond 0 only. As far away on the other side is as surprising."
    ways = (
        (mass[(values <= 0) if difference > 0 else (values >= 0)].sum(), one_sided),
        (mass[(values < -1e-9) if difference > 0 else (values > 1e-9)].sum(), one_sided),
        (
            mass[np.abs(values) >= abs(difference) - 1e-9].sum(),
            "The resamples lie around the measured difference, not around 0: first take their distance from it, then ask how often that is as large as the difference.",
        ),
        (1 - most, "Is that the share of resamples nearer by, where those as far away are asked for?"),
    )
    named = {sentence for share, sentence in ways if abs(p - share) < 0.1 * share}
    hint = "Count the resamples whose distance from the measured difference is at least the difference itself, on either side."
    raise AssertionError(f"{call} {named.pop() if len(named) == 1 else hint}")


@pytest.mark.points(1)
def test_a_gain_of_four_floats(learner, rng):
    """It returns a Gain of plain floats, and the difference is that of the means: b minus a."""
    a, b = right_or_wrong(40, int(rng.integers(8, 12)), int(rng.integers(17, 24)), 20, rng)
    got = learner.paired_bootstrap(a, b, 300, 1)
    call = "paired_bootstrap(a, b, 300, 1), where b is right more often,"
    numbers = gain(got, call)
    for field in FIELDS:
        expect.number(getattr(got, field), call=f"{call.rstrip(',')}: {field}")
    assert not near(numbers[0], a.mean() - b.mean()), (
        f"{call} gave a difference of {numbers[0]:.4g}. It is b's gain over a: the mean of b minus the mean of a."
    )
    expect.close(
        numbers[0],
        b.mean() - a.mean(),
        call=f"{call.rstrip(',')}: difference",
        hint="The mean of b minus the mean of a, measured on all examples, not a mean of resamples.",
    )


@pytest.mark.points(3)
def test_examples_are_drawn_in_pairs(learner, rng, seed):
    """A drawn example brings both systems' scores along, so that the interval is as narrow as pairing makes it."""
    for resamples, only_a, only_b in ((4000, 8, 17), (1500, 25, 20)):
        only_a = only_a + int(rng.integers(0, 4))
        a, b = right_or_wrong(120, only_a, only_b, 75, rng)
        got = learner.paired_bootstrap(a, b, resamples, seed % 1000)
        call = f"paired_bootstrap(a, b, {resamples}, seed), where a and b agree on 195 of {len(a)} examples,"
        check_interval(gain(got, call), call, a, b, resamples)


@pytest.mark.points(2)
def test_p_counts_both_sides(learner, rng, seed):
    """p is the share of resamples that lie as far from the difference as 0 does, on either side."""
    for only_a, only_b in ((12, 19), (21, 13)):
        a, b = right_or_wrong(60, only_a + int(rng.integers(0, 2)), only_b, 40, rng)
        got = learner.paired_bootstrap(a, b, 3000, seed % 1000)
        call = f"paired_bootstrap(a, b, 3000, seed), where only a is right on {int(((a == 1) & (b == 0)).sum())} examples and only b on {only_b},"
        check_p(gain(got, call), call, a, b, 3000)


@pytest.mark.points(2)
def test_scores_between_zero_and_one(learner, rng, seed):
    """Scores may be anything from 0 to 1, as F1 is, not only right or wrong."""
    a = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], size=150, p=[0.3, 0.25, 0.2, 0.15, 0.1])
    b = np.clip(a + rng.choice([-0.25, 0.0, 0.25], size=150, p=[0.35, 0.27, 0.38]), 0, 1)
    got = learner.paired_bootstrap(a, b, 3000, seed % 1000)
    call = "paired_bootstrap(a, b, 3000, seed), on scores such as 0.25 and 0.75,"
    numbers = gain(got, call)
    if not near(numbers[0], (b - a).mean()):
        where = f"{call} gave a difference of {numbers[0]:.4g}, which is not right."
        assert not near(numbers[0], (a - b).mean()), f"{where} It is b's gain over a: the mean of b minus the mean of a."
        halves = [np.mean(turned(b)) - np.mean(turned(a)) for turned in (np.ceil, np.rint, np.floor, lambda x: x >= 0.5)]
        hint = "A score of 0.75 is neither 0 nor 1: are the scores rounded, or turned into right and wrong?"
        raise AssertionError(
            f"{where} {hint if any(near(numbers[0], half) for half in halves) else 'Take the mean of b minus the mean of a.'}"
        )
    check_interval(numbers, call, a, b, 3000)
    check_p(numbers, call, a, b, 3000)


@pytest.mark.points(1)
def test_equals(learner, rng):
    """Two systems with the same scores: difference and interval are 0, and p is 1."""
    a = rng.choice([0.0, 0.5, 1.0], size=60)
    call = "paired_bootstrap(a, a, 200, 3)"
    numbers = gain(learner.paired_bootstrap(a, a.copy(), 200, 3), call)
    assert max(abs(value) for value in numbers[:3]) < 1e-9, (
        f"{call} gave a difference of {numbers[0]:.4g} with an interval from {numbers[1]:.4g} to {numbers[2]:.4g}. "
        "Where both scores are equal on every example, the difference of every resample is 0: is the pairing lost, or the interval made of other numbers than these differences?"
    )
    assert near(numbers[3], 1), (
        f"{call} gave p = {numbers[3]:.4g}. Each resample is at least as far away as 0 is, which is no distance at all: all of them count."
    )


@pytest.mark.points(1)
def test_p_is_never_zero(learner, rng):
    """With r resamples p can't be smaller than 1 / (r + 1)."""
    for resamples in (1, 19, 99):
        b = np.ones(int(rng.integers(30, 40)))
        call = f"paired_bootstrap(a, b, {resamples}, 0), with a always wrong and b always right,"
        numbers = gain(learner.paired_bootstrap(np.zeros(len(b)), b, resamples, 0), call)
        assert numbers[3] > 0, (
            f"{call} gave p = 0. From so few resamples nobody can know that: the measured sample counts as one of them, above and below the line."
        )
        expect.close(
            numbers[3],
            1 / (resamples + 1),
            call=f"{call.rstrip(',')}: p",
            hint="Every resample's difference is 1, as the measured one is: its distance from the measured one is 0. How many lie as far off as 0 does?",
        )
        assert near(numbers[1], 1) and near(numbers[2], 1), (
            f"{call} gave an interval from {numbers[1]:.4g} to {numbers[2]:.4g}. Each example gains 1, so each resample does."
        )


@pytest.mark.points(1)
def test_draws_follow_the_seed(learner, rng):
    """The same seed gives the same Gain, another seed other draws, and nobody else's random numbers change."""
    a, b = rng.random(501), rng.random(501)
    call = "paired_bootstrap(a, b, 25, 1)"
    first = gain(learner.paired_bootstrap(a, b, 25, 1), call)
    moved, left = learner.last.random_moved, learner.last.args
    again = gain(learner.paired_bootstrap(a, b, 25, 1), call)
    others = [gain(learner.paired_bootstrap(a, b, 25, other), call)[1:3] for other in range(2, 10)]
    assert not moved, f"{call} moved the global random state of {' and '.join(sorted(moved))}. Make a generator of your own from `seed`."
    assert first == again, f"{call}, called twice, gave two different answers. All draws have to come from a generator made of `seed`."
    assert first[2] - first[1] > 1e-9, (
        f"{call}, on scores anywhere between 0 and 1, gave an interval from {first[1]:.4g} to {first[2]:.4g}, which has no width. Do resamples of these scores all have the same difference?"
    )
    assert len({tuple(other) for other in [*others, first[1:3]]}) > 1, (
        "Calls with nine different seeds, of 25 resamples each, gave one and the same interval. Is `seed` used?"
    )
    assert np.array_equal(left[0], a) and np.array_equal(left[1], b), f"{call} changed an array that it was given. Work on a copy."
    single = gain(learner.paired_bootstrap(a, b, 1, 3), "paired_bootstrap(a, b, 1, 3)")
    assert near(single[1], single[2]), (
        "paired_bootstrap(a, b, 1, 3) gave an interval with two different ends, though a single resample has one difference. Is `resamples` used?"
    )


def refusal(learner, a, b):
    """The message of the ValueError that a call raises; None when it raises none."""
    try:
        learner.paired_bootstrap(a, b, 20, 0)
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.points(1)
def test_lengths_must_agree(learner, rng):
    """Scores of unequal numbers of examples can't be paired: that is a ValueError which names both lengths."""
    for short, long in ((1, 23), (17, 31)):
        for a, b in ((rng.random(short), rng.random(long)), (rng.random(long), rng.random(short))):
            call = f"paired_bootstrap(a, b, 20, 0), with {len(a)} score{'s' * (len(a) > 1)} in a and {len(b)} in b,"
            said = refusal(learner, a, b)
            assert said is not None, (
                f"{call} raised nothing. They aren't scores of the same examples (NumPy stretches a single score without a word): raise a ValueError."
            )
            assert str(short) in said and str(long) in said, f"{call} raised ValueError: {said}. Name both lengths in the message."
