"""Hidden suite of `bootstrap_interval`.

The share of right answers in a bootstrap resample of n answers, k of them right, is exactly Binomial(n, k/n) / n, so the quantiles that a solution estimates are known.
"""

import numpy as np
import pytest
from scipy.stats import binom

from tunelab import expect


def answers(right, examples, rng):
    """`examples` answers in random order, `right` of them true."""
    return rng.permutation(np.arange(examples) < right)


def interval(got, call):
    """The ladder up to values: a tuple of two numbers between 0 and 1, in order. Whether they are plain floats is asked once, in the first test."""
    expect.sequence(got, call=call, kind=tuple, length=2)
    plain = [float(end) if isinstance(end, np.floating) else end for end in got]
    low, high = (
        expect.number(end, call=f"{call.rstrip(',')}: the {name} end", low=0, high=1)
        for end, name in zip(plain, ("lower", "upper"), strict=True)
    )
    assert low <= high, f"{call} gave ({low:.4g}, {high:.4g}): the first end is larger than the second. The lower end comes first."
    return low, high


def bounds(share, right, examples, resamples):
    """Where a quantile of the resampled accuracies lies: 5.5 standard errors of the resampling each way, left in fewer than one run in ten million."""
    error = 5.5 * np.sqrt(share * (1 - share) / resamples)
    shares = np.clip([share - error, share + error], 0, 1)
    return binom.ppf(shares, examples, right / examples) / examples


def check_ends(got, call, right, examples, confidence, resamples):
    """Each end is the quantile of the resampled accuracies that leaves (1 - confidence) / 2 outside."""
    tail = (1 - confidence) / 2
    (low_from, low_to), (high_from, high_to) = (bounds(share, right, examples, resamples) for share in (tail, 1 - tail))
    low, high = got
    assert high - low > 1e-9, (
        f"{call} gave an interval of zero width. Each resample holds as many answers as there are, drawn with replacement: without it, it is the same answers in another order."
    )
    short = low > low_to + 1e-9, high < high_from - 1e-9
    beyond = low < low_from - 1e-9, high > high_to + 1e-9
    if not any(short) and not any(beyond):
        return
    below, above = (
        binom.cdf(np.ceil(low * examples - 1e-9) - 1, examples, right / examples),
        binom.sf(np.floor(high * examples + 1e-9), examples, right / examples),
    )
    call = f"{call} gave ({low:.4g}, {high:.4g})"
    facts = f"About {below:.1%} of the resampled accuracies lie below the lower end and about {above:.1%} above the upper one, where {tail:.1%} on each side is asked for."
    percent = " Note that np.quantile takes shares where np.percentile takes percent." if above > 0.9 else ""
    assert not (any(short) and any(beyond)), f"{call}, an interval that sits too far to one side. {facts}{percent}"
    assert not any(short), (
        f"{call}, an interval that is too narrow: it promises more than it can keep. {facts} How much do you leave outside at each end, and how many answers are in a resample?"
    )
    raise AssertionError(
        f"{call}, an interval that is too wide: it promises less than it could. {facts} How many answers are in a resample?"
    )


@pytest.mark.points(1)
def test_two_floats_in_order(learner, rng):
    """It returns a tuple of two floats, the lower end first, both shares between 0 and 1."""
    got = learner.bootstrap_interval(answers(70, 100, rng), 0.9, 200, 0)
    call = "bootstrap_interval(correct, 0.9, 200, 0), with 70 of 100 right,"
    low, high = interval(got, call)
    assert high - low < 0.9, f"{call} gave ({low:.4g}, {high:.4g}), nearly all that an accuracy can be. What do the resamples say?"
    for end, name in zip(got, ("lower", "upper"), strict=True):
        expect.number(end, call=f"{call.rstrip(',')}: the {name} end")


@pytest.mark.points(2)
def test_the_ends_are_quantiles(learner, rng, seed):
    """Between the ends lies the wanted share of the resampled accuracies, and as much is left out below as above."""
    for confidence, resamples in ((0.95, 6000), (0.8, 2000)):
        right = int(rng.integers(195, 225))
        got = learner.bootstrap_interval(answers(right, 300, rng), confidence, resamples, seed % 1000)
        call = f"bootstrap_interval(correct, {confidence}, {resamples}, seed), with {right} of 300 right,"
        check_ends(interval(got, call), call, right, 300, confidence, resamples)


@pytest.mark.points(1)
def test_small_lopsided_samples(learner, rng, seed):
    """With 19 of 20 right there is more room below than above, and nothing beyond 1."""
    correct = answers(19, 20, rng)
    got = learner.bootstrap_interval(correct, 0.95, 4000, seed % 1000)
    call = "bootstrap_interval(correct, 0.95, 4000, seed), with 19 of 20 right,"
    expect.sequence(got, call=call, kind=tuple, length=2)
    assert not any(isinstance(end, float | np.floating) and end > 1 for end in got), (
        f"{call} gave an end above 1, which no share can reach. A formula with a standard error does that; the quantiles of real resamples can't."
    )
    low, high = interval(got, call)
    check_ends((low, high), call, 19, 20, 0.95, 4000)


@pytest.mark.points(2)
def test_it_keeps_its_promise(learner, rng):
    """Over many samples from a population whose accuracy is known, the interval holds that accuracy as often as it says.

    With 80 answers and accuracy 0.75, intervals at confidence 0.7 from 150 resamples hold it for 0.735 to 0.749 of samples (simulated; it depends on
    the convention for quantiles). The bounds on 240 samples, 138 and 212, are missed by a right solution in fewer than one run in ten million (binomial tails).
    """
    covered = 0
    for i in range(240):
        correct = rng.random(80) < 0.75
        got = learner.bootstrap_interval(correct, 0.7, 150, i)
        low, high = interval(got, "bootstrap_interval(correct, 0.7, 150, seed), on 80 answers,")
        covered += low <= 0.75 <= high
    call = f"240 intervals at confidence 0.7, each from 80 new answers: {covered} hold the true accuracy, where about 168 should."
    assert covered >= 138, f"{call} That is too few: the interval is too narrow, or it sits beside the accuracy."
    assert covered <= 212, f"{call} That is too many: the interval is too wide for what it promises."


@pytest.mark.points(1)
def test_resamples_are_drawn_anew(learner, rng):
    """The draws follow `seed`, and there are `resamples` of them."""
    correct = answers(700, 1001, rng)
    first = interval(learner.bootstrap_interval(correct, 0.9, 25, 1), "bootstrap_interval(correct, 0.9, 25, 1)")
    again = interval(learner.bootstrap_interval(correct, 0.9, 25, 1), "bootstrap_interval(correct, 0.9, 25, 1)")
    assert first[1] - first[0] > 1e-9, (
        "bootstrap_interval(correct, 0.9, 25, 1), with 700 of 1001 right, gave an interval of zero width. Do the 25 resamples differ from each other?"
    )
    assert first == again, (
        "Two calls with the same seed gave different intervals. All randomness has to come from a generator made of `seed`."
    )
    others = {learner.bootstrap_interval(correct, 0.9, 25, s) for s in range(2, 10)}
    assert len(others | {first}) > 1, (
        "Calls with nine different seeds, of 25 resamples each, all gave the same interval. Is `seed` used? The resamples are to be drawn from a generator made of it."
    )
    low, high = interval(learner.bootstrap_interval(correct, 0.9, 1, 3), "bootstrap_interval(correct, 0.9, 1, 3)")
    single = f"bootstrap_interval(correct, 0.9, 1, 3) gave ({low:.4g}, {high:.4g}), though of a single resample there is but one accuracy."
    assert (low, high) != (0, 1), (
        f"{single} An accuracy is the mean over the answers of one resample, not over the resamples of one answer."
    )
    assert high - low < 1e-12, f"{single} Is `resamples` used?"


@pytest.mark.points(1)
def test_global_random_state(learner, rng):
    """Nobody else's random numbers change: the global generators stay as they were."""
    correct = answers(60, 90, rng)
    low, high = interval(learner.bootstrap_interval(correct, 0.9, 50, 5), "bootstrap_interval(correct, 0.9, 50, 5)")
    assert high - low < 0.9, f"bootstrap_interval(correct, 0.9, 50, 5) gave ({low:.4g}, {high:.4g}), nearly all that an accuracy can be."
    moved = learner.last.random_moved
    assert not moved, (
        f"bootstrap_interval(correct, 0.9, 50, 5) moved the global random state of {' and '.join(sorted(moved))}. "
        "Whoever draws numbers later gets others. Make a generator of your own from `seed`."
    )
    assert np.array_equal(learner.last.args[0], correct), (
        "bootstrap_interval changed the array `correct` that it was given. Work on a copy."
    )


@pytest.mark.points(1)
def test_everything_right(learner):
    """When every answer is right, so is every resample: both ends are 1."""
    low, high = interval(learner.bootstrap_interval(np.ones(30, dtype=bool), 0.95, 100, 0), "bootstrap_interval of 30 right answers")
    assert low > 1 - 1e-9, (
        f"bootstrap_interval of 30 right answers gave ({low:.4g}, {high:.4g}). Whatever is drawn from right answers is all right."
    )


def refusal(learner, correct, confidence):
    """The message of the ValueError that a call raises; None when it raises none."""
    try:
        learner.bootstrap_interval(correct, confidence, 50, 0)
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.points(1)
def test_confidence_is_a_share(learner, rng):
    """A confidence that isn't strictly between 0 and 1 is refused with a ValueError."""
    correct = answers(15, 20, rng)
    for confidence in (95, 1.0, 0.0, -0.5):
        call = f"bootstrap_interval(correct, {confidence}, 50, 0)"
        said = refusal(learner, correct, confidence)
        assert said is not None, f"{call} raised nothing. Confidence is a share between 0 and 1: refuse all else with a ValueError."
        assert "confidence" in said, (
            f"{call} raised ValueError: {said}. That doesn't say what was wrong with the call: check `confidence` first, and name it in your message."
        )
