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
    a, b = answers(30, int(rng.integers(4, 7)), int(rng.integers(9, 14)), 12, rng)
    got, call = probability(learner, a, b, "some disagreements")
    expect.number(learner.last.value, call=call, low=0, high=1)
    assert got < 0.999, f"{call} gave {got:.4g}, as if there were no disagreements."
    assert got > 1e-6, f"{call} gave {got:.4g}, as if chance could never do this. A coin can."
    assert all(map(np.array_equal, learner.last.args, (a, b))), f"{call} changed an array that it was given. Work on a copy."


@pytest.mark.points(2)
def test_exact_for_small_counts(learner, rng):
    """With few disagreements the p-value is the binomial one, exactly."""
    for only_a in (0, 1, 2, 3):
        only_b = only_a + int(rng.integers(3, 7))
        a, b = answers(25, only_a, only_b, 9, rng)
        got, call = probability(learner, a, b, f"{only_a} reviews that only a gets right and {only_b} that only b gets right")
        n, gap = only_a + only_b, abs(only_b - only_a)
        for statistic, name in (
            (gap**2 / n, "chi-squared approximation"),
            ((gap - 1) ** 2 / n, "chi-squared approximation with a correction"),
        ):
            assert abs(got - chi_squared(statistic)) > 1e-6, (
                f"{call} gave {got:.4g}. That is the {name}, made for many disagreements. Here the binomial is asked for, which is exact however few there are."
            )
        assert abs(got - exact(only_a, only_b) / 2) > 1e-9, (
            f"{call} gave {got:.4g}, one tail only. A surprise in a's favour counts as well."
        )
        expect.close(
            got,
            exact(only_a, only_b),
            call=call,
            hint="Throw a fair coin for each disagreement: how likely is a split at least as uneven as this one, in either direction?",
            atol=1e-9,
        )


def chi_squared(statistic):
    from scipy.stats import chi2

    return float(chi2.sf(statistic, 1))


@pytest.mark.points(2)
def test_agreements_do_not_count(learner, rng):
    """Examples on which both are right, or both wrong, change nothing."""
    only_a, only_b = int(rng.integers(3, 6)), int(rng.integers(12, 16))
    for both, neither in ((0, 0), (40, 0), (0, 55), (300, 200)):
        a, b = answers(both, only_a, only_b, neither, rng)
        got, call = probability(
            learner, a, b, f"{only_a} and {only_b} disagreements, {both} that both get right and {neither} that both get wrong"
        )
        expect.close(
            got,
            exact(only_a, only_b),
            call=call,
            hint="Examples on which the two agree don't say which is better, however many there are: only the disagreements enter, as successes and as throws.",
            atol=1e-9,
        )


@pytest.mark.points(2)
def test_both_directions(learner, rng):
    """It is two-sided: it doesn't matter which of the two is ahead."""
    few, many = int(rng.integers(5, 9)), int(rng.integers(16, 22))
    results = []
    for only_a, only_b in ((few, many), (many, few)):
        got, call = probability(learner, *answers(20, only_a, only_b, 20, rng), f"{only_a} wins for a and {only_b} for b")
        results.append(got)
        assert abs(got - exact(few, many) / 2) > 1e-9, (
            f"{call} gave {got:.4g}, one tail only. Before the test nobody knew which would be ahead: both directions count."
        )
    assert abs(results[0] - results[1]) < 1e-9, (
        f"mcnemar(a, b) gave {results[0]:.4g}, and with a and b exchanged {results[1]:.4g}. A two-sided test gives the same for both."
    )
    expect.close(results[0], exact(few, many), call=call, hint="Both tails, of a binomial with one throw for each disagreement.", atol=1e-9)


@pytest.mark.points(1)
def test_an_even_split(learner, rng):
    """With as many wins for a as for b there is nothing to explain: 1."""
    wins = int(rng.integers(2, 9))
    got, call = probability(learner, *answers(10, wins, wins, 10, rng), f"{wins} wins for each")
    assert got > 1 - 1e-9, f"{call} gave {got:.4g}. No split is more even than this one, so every split is at least as uneven."


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
    assert got < 0.1, f"{call} gave {got:.4g}, as if these were equals, too."


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
    expect.close(
        got,
        exact(only_a, only_b),
        call=call,
        hint="Does a number become too large or too small on the way? Divide whole numbers, or leave it to a library.",
        atol=1e-7,
    )
