"""Hidden suite of `mcnemar`."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest

from tunelab import expect


def answers(both, only_a, only_b, neither, rng):
    """Two columns of right and wrong, with so many examples of each kind, shuffled."""
    kind = rng.permutation(np.repeat(np.arange(4), [both, only_a, only_b, neither]))
    return (kind == 0) | (kind == 1), (kind == 0) | (kind == 2)


def exact(only_a, only_b):
    """Two-sided: the chance that a fair coin, thrown for each disagreement, is at least as lopsided."""
    n, few = only_a + only_b, min(only_a, only_b)
    ways = sum(comb(n, k) for k in range(n + 1) if abs(2 * k - n) >= n - 2 * few)
    return float(Fraction(ways, 2**n))


def chi_squared(statistic):
    from scipy.stats import chi2

    return float(chi2.sf(statistic, 1))


def mistakes(both, only_a, only_b, neither):
    """What each mistake that is often made gives, and the sentence that names it."""
    from scipy.stats import binom, binomtest

    n, few, gap = only_a + only_b, min(only_a, only_b), abs(only_a - only_b)
    exactly = "made for many disagreements. Here the binomial is asked for, which is exact however few there are."
    yield chi_squared(gap**2 / n), f"That is the chi-squared approximation, {exactly}"
    yield chi_squared((gap - 1) ** 2 / n), f"That is the chi-squared approximation with a correction, {exactly}"
    yield binom.cdf(few, n, 0.5), "That is one tail only. Before the test nobody knew which would be ahead: both directions count."
    yield (
        min(1.0, 2 * binom.sf(only_b - 1, n, 0.5)),
        "That asks only how often b would win so often or more. It doesn't matter which of the two is ahead.",
    )
    yield (
        min(1.0, 2 * binom.pmf(few, n, 0.5)),
        "That is the probability of just this split, doubled. All splits that are at least as uneven belong to it.",
    )
    agreed = "Examples on which the two agree don't say which is better, however many there are: only the disagreements enter, as successes and as throws."
    yield binomtest(few, n + both + neither, 0.5).pvalue, f"That takes every example for a throw of the coin. {agreed}"
    if both:
        yield (
            binomtest(both + only_a, n + 2 * both, 0.5).pvalue,
            f"That compares the numbers of right answers, those that both get right included. {agreed}",
        )


def told(got, both, only_a, only_b, neither, hint):
    """The sentence that names the mistake which gives just this number, or `hint`."""
    named = {sentence for value, sentence in mistakes(both, only_a, only_b, neither) if abs(got - value) < 1e-9 + 1e-6 * value}
    return named.pop() if len(named) == 1 else hint


def agree(got, both, only_a, only_b, neither, call, hint, atol=1e-9):
    assert abs(got - exact(only_a, only_b)) <= atol + 1e-6 * exact(only_a, only_b), (
        f"{call} gave {got:.4g}, which is not right. {told(got, both, only_a, only_b, neither, hint)}"
    )


def times(number, what):
    return f"{number} {what}{'s' * (number != 1)}"


def probability(learner, a, b, about):
    """The ladder up to the value. Whether it is a plain float is asked once, in the first test."""
    call = f"mcnemar(a, b), with {about},"
    got = learner.mcnemar(a, b)
    got = float(got) if isinstance(got, np.floating) else got
    if type(got) is float:
        assert not got > 1 + 1e-9, (
            f"{call} gave {got:.4g}: a probability above 1. When the wins are even, twice the tail counts the middle twice; a p-value stops at 1."
        )
        got = min(got, 1.0)
    return expect.number(got, call=call, low=0, high=1), call


@pytest.mark.points(1)
def test_a_plain_probability(learner, rng):
    """It returns a float between 0 and 1, and leaves its arguments as they are."""
    counts = 30, int(rng.integers(4, 7)), int(rng.integers(9, 14)), 12
    a, b = answers(*counts, rng)
    got, call = probability(learner, a, b, f"{counts[1]} wins for a and {counts[2]} for b")
    expect.number(learner.last.value, call=call, low=0, high=1)
    assert 1e-6 < got < 0.999, (
        f"{call} gave {got:.4g}. {told(got, *counts, 'So many throws of a fair coin come out so now and then, but not always.')}"
    )
    assert all(map(np.array_equal, learner.last.args, (a, b))), f"{call} changed an array that it was given. Work on a copy."


@pytest.mark.points(2)
def test_exact_for_small_counts(learner, rng):
    """With few disagreements the p-value is the binomial one, exactly."""
    for only_a in (0, 1, 2, 3):
        only_b = only_a + int(rng.integers(3, 7))
        a, b = answers(25, only_a, only_b, 9, rng)
        got, call = probability(learner, a, b, f"{times(only_a, 'review')} that only a gets right and {only_b} that only b gets right")
        hint = "Throw a fair coin for each disagreement: how likely is a split at least as uneven as this one, in either direction?"
        agree(got, 25, only_a, only_b, 9, call, hint)


@pytest.mark.points(2)
def test_agreements_do_not_count(learner, rng):
    """Examples on which both are right, or both wrong, change nothing."""
    only_a, only_b = int(rng.integers(3, 6)), int(rng.integers(12, 16))
    for both, neither in ((0, 0), (40, 0), (0, 55), (300, 200)):
        a, b = answers(both, only_a, only_b, neither, rng)
        got, call = probability(
            learner, a, b, f"{only_a} and {only_b} disagreements, {both} that both get right and {neither} that both get wrong"
        )
        hint = "See first whether it is right for few disagreements." if not both and not neither else "Only the disagreements enter."
        agree(got, both, only_a, only_b, neither, call, hint)


@pytest.mark.points(2)
def test_both_directions(learner, rng):
    """It is two-sided: it doesn't matter which of the two is ahead."""
    few, many = int(rng.integers(5, 9)), int(rng.integers(16, 22))
    results = []
    for only_a, only_b in ((few, many), (many, few)):
        got, call = probability(learner, *answers(20, only_a, only_b, 20, rng), f"{only_a} wins for a and {only_b} for b")
        results.append(got)
    assert abs(results[0] - results[1]) < 1e-9, (
        f"mcnemar(a, b) gave {results[0]:.4g}, and with a and b exchanged {results[1]:.4g}. A two-sided test gives the same for both."
    )
    agree(got, 20, many, few, 20, call, "Both tails, of a binomial with one throw for each disagreement.")


@pytest.mark.points(1)
def test_an_even_split(learner, rng):
    """With as many wins for a as for b there is nothing to explain: 1."""
    wins = int(rng.integers(2, 9))
    got, call = probability(learner, *answers(10, wins, wins, 10, rng), f"{wins} wins for each")
    hint = "No split is more even than this one, so every split is at least as uneven."
    assert got > 1 - 1e-9, f"{call} gave {got:.4g}. {told(got, 10, wins, wins, 10, hint)}"


@pytest.mark.points(1)
def test_no_disagreements(learner, rng):
    """Two models that are right and wrong on the same examples give 1, without a warning."""
    for both, neither in ((12, 9), (15, 0), (0, 7)):
        a, b = answers(both, 0, 0, neither, rng)
        call = f"mcnemar(a, b), with no disagreement among {both + neither} examples,"
        try:
            got = learner.mcnemar(a, b)
        except (ZeroDivisionError, ValueError) as error:
            raise AssertionError(
                f"{call} raised {type(error).__name__}: {error}. Without a disagreement there is no coin to throw: return 1.0 before you calculate."
            ) from None
        got = expect.number(float(got) if isinstance(got, np.floating) else got, call=call, low=0, high=1 + 1e-9)
        assert got > 1 - 1e-9, f"{call} gave {got:.4g}. Nothing speaks for either of them."
        warned = [warning for warning in learner.last.warnings if warning.startswith("RuntimeWarning")]
        assert not warned, f"{call} warned: {warned[0]}. Look for a division by the number of disagreements, which is 0."
    a, b = answers(10, 1, 9, 10, rng)
    got, call = probability(learner, a, b, "1 win for a and 9 for b")
    assert got < 0.1, f"{call} gave {got:.4g}. {told(got, 10, 1, 9, 10, 'So uneven a split of ten throws is rare.')}"


@pytest.mark.points(1)
def test_thousands_of_disagreements(learner, rng):
    """Large test sets work too."""
    only_a = int(rng.integers(1440, 1460))
    only_b = only_a + int(rng.integers(90, 130))
    a, b = answers(3000, only_a, only_b, 1000, rng)
    call = f"mcnemar(a, b), with {only_a} and {only_b} wins,"
    try:
        got = learner.mcnemar(a, b)
    except OverflowError as error:
        raise AssertionError(
            f"{call} raised OverflowError: {error}. The number of ways is a whole number too large for a float, and 0.5 to so high a power too small: divide whole numbers, or leave it to a library."
        ) from None
    got = expect.number(float(got) if isinstance(got, np.floating) else got, call=call, low=0, high=1 + 1e-9)
    hint = "Does a number become too large or too small on the way? Divide whole numbers, or leave it to a library."
    agree(got, 3000, only_a, only_b, 1000, call, hint, atol=1e-7)
