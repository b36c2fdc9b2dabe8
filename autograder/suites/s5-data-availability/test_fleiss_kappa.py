"""Hidden suite of `fleiss_kappa`."""

import math

import numpy as np
import pytest

from tunelab import expect


def parts(counts):
    """Agreement on each item and shares of the classes, each item counting the same."""
    counts = counts.astype(float)
    raters = counts.sum(axis=1)
    return (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1)), (counts / raters[:, None]).mean(axis=0)


def beyond(observed, chance):
    return (observed - chance) / (1 - chance)


def exact(counts):
    agreement, shares = parts(counts)
    return beyond(agreement.mean(), (shares**2).sum())


def drawn(rng, raters, classes=3, spread=0.8):
    """Counts for items with so many raters each; each item has leanings of its own, and classes aren't equally frequent."""
    leaning = rng.dirichlet(spread * np.arange(1, classes + 1), size=len(raters))
    return np.array([rng.multinomial(n, p) for n, p in zip(raters, leaning, strict=True)])


def kappa(learner, counts, about):
    """The ladder up to the value. Whether it is a plain float is asked once, in the first test."""
    call = f"fleiss_kappa(counts), {about},"
    got = learner.fleiss_kappa(counts)
    if isinstance(got, float | np.floating):
        certain = (counts.sum(axis=0) > 0).sum() == 1
        assert not math.isnan(got), f"{call} gave NaN: 0 / 0. " + (
            "When all chose one class, chance agreement is 1, and the contract says what kappa is then."
            if certain
            else "Not all chose the same class there, so chance agreement isn't 1. It is one number, made of the classes' shares over all items."
        )
        got = float(got)
    return expect.number(got, call=call), call


def slip(got, counts):
    """What to say where a usual mistake gives just this number."""
    agreement, shares = parts(counts)
    raters = counts.sum(axis=1)
    own = (counts / raters[:, None]) ** 2
    even = (shares**2).sum()
    pooled = ((counts.sum(axis=0) / counts.sum()) ** 2).sum()
    weighted = (counts * (counts - 1)).sum() / (raters * (raters - 1)).sum()
    itself = own.sum(axis=1)
    fewer = ((counts * (counts - 1)).sum(axis=1) / raters**2).mean()
    pairs = "each rater was paired with themselves, too, and always agrees there. Of n raters there are n * (n - 1) pairs of two different ones."
    halves = "the agreeing pairs are of two different people, but they were divided by pairs that have everybody with themselves in them."
    each = "chance was worked out item by item. But an item's own shares are what its raters agree about. Chance is a rater who knows the shares of the whole, and not the item."
    heap = "the classes' shares were made of all ratings in one heap, where an item of many raters counts for more than one of few. Take each item's shares first, then their mean."
    with np.errstate(all="ignore"):
        known = [
            (agreement.mean(), "that is the observed agreement itself. Take away what chance gives."),
            (agreement.mean() - even, "observed minus chance, not yet divided by 1 - chance."),
            (beyond(itself.mean(), even), pairs),
            (beyond(fewer, even), halves),
            (beyond(agreement.mean(), itself.mean()), each),
            (np.where(itself < 1, (agreement - itself) / (1 - itself), 1.0).mean(), each),
            (beyond(agreement.mean(), 1 / len(shares)), f"chance was taken for one in {len(shares)}. Classes aren't equally frequent."),
            (beyond(agreement.mean(), pooled), heap),
            *(
                (
                    beyond(weighted, chance),
                    "all pairs of raters were put in one heap. Take each item's agreement first, then their mean.",
                )
                for chance in (pooled, even)
            ),
        ]
        for fixed in {int(raters[0]), int(raters.max()), int(raters.min())}:
            wrong = ((counts * (counts - 1)).sum(axis=1) / (fixed * (fixed - 1))).mean()
            said = f"every item was taken to have {fixed} raters. Each row has a number of its own: the sum of its counts."
            known += [(beyond(wrong, chance), said) for chance in (even, pooled, ((counts.sum(axis=0) / (fixed * len(counts))) ** 2).sum())]
    if got == 0 and exact(counts) < -1e-9:
        return "they agree less often than chance would have it: kappa is below 0 then, and isn't cut off there."
    return next((said for wrong, said in known if abs(got - wrong) <= 1e-9), "")


def check(got, counts, call, hint):
    """The right value, or what is wrong with it."""
    if abs(got - exact(counts)) > 1e-9:  # where kappa is 0 or 1, a step left out changes nothing
        said = slip(got, counts)
        raise AssertionError(f"{call} gave {got:.4f}{': ' + said if said else ', which is not right. ' + hint}")


@pytest.mark.points(2)
def test_equally_many_raters(learner, rng):
    """With equally many raters for every item it is Fleiss' kappa, a float."""
    for raters, classes in ((14, 5), (3, 2)):
        counts = drawn(rng, [raters] * 12, classes)
        got, call = kappa(learner, counts, f"on 12 items with {raters} raters each and {classes} classes")
        expect.number(learner.last.value, call=call)
        check(got, counts, call, "It is (observed - chance) / (1 - chance).")
    assert np.array_equal(learner.last.args[0], counts), f"{call} changed the array that it was given."


@pytest.mark.points(2)
def test_pairs_of_two_different_raters(learner, rng):
    """Nobody is paired with oneself: with few raters that makes all the difference."""
    counts = drawn(rng, [2] * int(rng.integers(14, 20)) + [3] * 4, 3)
    got, call = kappa(learner, counts, "on items with 2 or 3 raters")
    check(got, counts, call, "On each item: the sum of count * (count - 1), divided by raters * (raters - 1).")


@pytest.mark.points(2)
def test_chance_is_one_number_for_all(learner, rng):
    """Chance agreement comes from the classes' shares over all items, not from each item's own."""
    counts = drawn(rng, [8] * 15, 3, spread=0.4)
    got, call = kappa(learner, counts, "on items that most raters agree on, each on another class")
    check(got, counts, call, "The squared shares of the classes over all items, added up.")


@pytest.mark.points(3)
def test_any_number_of_raters(learner, rng):
    """Items may have different numbers of raters, and each counts the same."""
    raters = [int(n) for n in rng.permutation([2, 3, 5, 20, 24, 40, 99, 21, 4, 30])]
    counts = drawn(rng, raters, 3)
    crowded = counts.sum(axis=1) > 20
    counts[crowded] = counts[crowded][:, ::-1]
    got, call = kappa(learner, counts, "on ten items with 2 to 99 raters")
    check(got, counts, call, "Each item's agreement and shares with its own number of raters, then means over items.")


@pytest.mark.points(1)
def test_full_agreement(learner, rng):
    """When the raters of each item agree, it is 1.0, also if all items are of one class."""
    counts = np.zeros((9, 3), dtype=np.int64)
    counts[np.arange(9), rng.permutation([0, 1, 2] * 3)] = rng.integers(2, 30, size=9)
    got, call = kappa(learner, counts, "where the raters of each item agree")
    said = slip(got, counts)
    assert abs(got - 1.0) < 1e-9, f"{call} gave {got:.4f}. Nobody disagrees with anybody: 1.0.{said and ' ' + said[0].upper() + said[1:]}"
    one = np.zeros((5, 3), dtype=np.int64)
    one[:, int(rng.integers(3))] = rng.integers(2, 9, size=5)
    got, call = kappa(learner, one, "where everybody chose the same class for everything")
    assert got == 1.0, f"{call} gave {got}. Full agreement is 1.0, though chance would give as much."


@pytest.mark.points(1)
def test_a_class_that_nobody_chose(learner, rng):
    """A column of zeros changes nothing, and kappa may be negative."""
    counts = drawn(rng, [6] * 10, 3)
    wider = np.insert(counts, 1, 0, axis=1)
    got, call = kappa(learner, wider, "with a class that nobody chose")
    without, _ = kappa(learner, counts, "without that class")
    hint = (
        "A class with a share of 0 adds nothing to chance."
        if abs(without - exact(counts)) <= 1e-9
        else "It isn't right without that class either."
    )
    check(got, wider, call, hint)
    even = np.full((int(rng.integers(4, 9)), 2), 2)
    got, call = kappa(learner, even, "where each item splits its four raters evenly")
    check(got, even, call, "They agree less often than chance would have it: kappa is below 0 then.")


@pytest.mark.points(1)
def test_too_few_raters(learner, rng):
    """An item with fewer than two raters, or no item, is refused with a ValueError."""
    counts = drawn(rng, [5, 6, 7], 3)
    one, none = counts.copy(), counts.copy()
    one[1], none[2] = [0, 1, 0], [0, 0, 0]
    for wrong, about in ((one, "where an item has one rater"), (none, "where an item has no rater"), (counts[:0], "without items")):
        call = f"fleiss_kappa(counts), {about},"
        try:
            got = learner.fleiss_kappa(wrong)
        except ValueError:
            continue
        raise AssertionError(
            f"{call} gave {got!r:.40}. Where there are no two raters, nobody can agree: the contract asks for a ValueError."
        )
