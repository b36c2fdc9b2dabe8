"""Hidden suite of `labels_needed`."""

import math

import numpy as np
import pytest

from tunelab import expect

TOLERANCE = 0.10
TOO_HIGH = "Is yours taken too high, such as a fixed share of the smallest error? Fit it."
NO_FLOOR = "a power law without a floor. Part of the error stays, however many labels there are (some labels are wrong, some texts can't be told): fit that part, too."


class Law:
    """floor + rise * (n / first) ** -power."""

    def __init__(self, rng, floor=None, points=None, power=None):
        self.floor = float(rng.uniform(0.03, 0.15)) if floor is None else floor
        self.power = float(rng.uniform(0.35, 0.7)) if power is None else power
        self.rise = float(rng.uniform(0.2, 0.35))
        self.first = int(rng.integers(40, 90))
        self.sizes = [self.first * 2**i for i in range(int(rng.integers(7, 9)) if points is None else points)]

    def error(self, n):
        return self.floor + self.rise * (n / self.first) ** -self.power

    def errors(self):
        return [float(self.error(n)) for n in self.sizes]

    def beyond(self, times):
        """A target and the size at which it is reached, `times` the largest that was measured."""
        n = self.sizes[-1] * times
        return round(float(self.error(n)), 5)

    def needed(self, target):
        return (self.rise / (target - self.floor)) ** (1 / self.power) * self.first


def call_of(sizes, errors, target):
    return f"labels_needed({sizes}, {[round(e, 4) for e in errors]}, {target:g})"


def needed(learner, sizes, errors, target, of_none=""):
    """The ladder up to the value, where a number is due."""
    call = call_of(sizes, errors, target)
    got = learner.labels_needed(sizes, errors, target)
    assert got is not None, f"{call} gave None, though the floor of the law is below the target.{of_none and ' ' + of_none}"
    return whole(got, call), call


def whole(got, call):
    """A number of labels. Whether it is a built-in int is asked once, in the first test."""
    if isinstance(got, np.integer) or (isinstance(got, float | np.floating) and math.isfinite(got)):
        got = int(got)
    return expect.integer(got, call=call)


def about(got):
    """Two digits of it: a fit may differ a little from machine to machine."""
    return f"about {float(f'{got:.2g}'):,.0f}"


def near(got, right, tolerance=TOLERANCE):
    return abs(got / right - 1) <= tolerance


def pure_power(sizes, errors, target):
    """A straight line through the logarithms of both."""
    slope, level = np.polyfit(np.log(sizes), np.log(errors), 1)
    return math.exp((math.log(target) - level) / slope)


def check(got, law, target, call, hint):
    right = law.needed(target)
    assert near(got, right), (
        f"{call} gave {about(got)}, which is {'far ' if not near(got, right, 0.5) else ''}too {'few' if got < right else 'many'}. {hint}"
    )


@pytest.mark.points(2)
def test_beyond_what_was_measured(learner, rng):
    """The fitted law is followed beyond the largest size, and the number is a whole one."""
    for _ in range(2):
        law = Law(rng)
        target = law.beyond(float(rng.uniform(2.5, 5)))
        got, call = needed(learner, law.sizes, law.errors(), target, TOO_HIGH)
        (n1, n2), (e1, e2) = law.sizes[-2:], law.errors()[-2:]
        linear = n2 + (e2 - target) / (e1 - e2) * (n2 - n1)
        slope, level = np.polyfit(law.sizes, law.errors(), 1)
        straight = (target - level) / slope
        for wrong in (linear, straight):
            assert not (near(got, wrong, 0.03) and not near(got, law.needed(target))), (
                f"{call} gave {about(got)}: the last errors were continued on a straight line. Each further label brings less than the one before."
            )
        a, b = np.polyfit(np.log(law.sizes), law.errors(), 1)
        semilog = math.exp((target - b) / a)
        assert not (near(got, semilog, 0.03) and not near(got, law.needed(target))), (
            f"{call} gave {about(got)}: a straight line over the logarithm of the size alone. Such a line goes below any floor, and below 0. It is the error above the floor whose logarithm falls in a straight line."
        )
        assert not near(got, pure_power(law.sizes, law.errors(), target), 0.03) or near(got, law.needed(target)), (
            f"{call} gave {about(got)}: {NO_FLOOR}"
        )
        assert got > law.sizes[-1], f"{call} gave {about(got)}, but at {law.sizes[-1]} labels the error is still above the target."
        check(got, law, target, call, "Fit floor + scale * n ** (-power), and solve it for n.")
        assert type(learner.last.value) is int, (
            f"{call} gave a {type(learner.last.value).__name__}. A built-in int is asked for: labels come whole, so round up."
        )
        assert learner.last.args[:2] == (law.sizes, law.errors()), f"{call} changed a list that it was given."


@pytest.mark.points(3)
def test_the_floor_counts(learner, rng):
    """Near the floor labels get dear: the floor is fitted, and isn't taken for 0."""
    law = Law(rng, floor=float(rng.uniform(0.12, 0.2)), points=8)
    target = law.beyond(4.0)
    got, call = needed(learner, law.sizes, law.errors(), target, TOO_HIGH)
    wrong = pure_power(law.sizes, law.errors(), target)
    assert not near(got, wrong, 0.03) or near(got, law.needed(target)), f"{call} gave {about(got)}: {NO_FLOOR}"
    guessed = 0.9 * min(law.errors())
    if target > guessed:
        wrong = pure_power(law.sizes, [error - guessed for error in law.errors()], target - guessed)
        assert not near(got, wrong, 0.01) or near(got, law.needed(target)), (
            f"{call} gave {about(got)}: the floor was taken for a fixed share of the smallest error. Fit it."
        )
    check(got, law, target, call, "The floor is one of the three numbers that are fitted.")
    law = Law(rng, floor=0.0)
    target = law.beyond(4.0)
    got, call = needed(learner, law.sizes, law.errors(), target, TOO_HIGH)
    check(got, law, target, call, "A floor of 0 is possible, and one below 0 isn't.")


@pytest.mark.points(3)
def test_targets_below_the_floor(learner, rng):
    """When the floor isn't below the target, no number of labels is enough: None."""
    law = Law(rng, floor=float(rng.uniform(0.1, 0.2)), points=8, power=float(rng.uniform(0.5, 0.7)))
    reachable = law.beyond(3.0)
    got, call = needed(learner, law.sizes, law.errors(), reachable)
    check(got, law, reachable, call, "Fit floor + scale * n ** (-power), and solve it for n.")
    for target in (law.floor - 0.02, law.floor / 2, 0.0):
        target = round(target, 4)
        call = call_of(law.sizes, law.errors(), target)
        try:
            got = learner.labels_needed(law.sizes, law.errors(), target)
        except (ZeroDivisionError, OverflowError, ValueError, TypeError) as error:
            raise AssertionError(
                f"{call} raised {type(error).__name__}. Below the floor there is nothing to solve: the contract asks for None."
            ) from None
        assert got is None, (
            f"{call} gave {got!r:.40}. The errors level off above the target: no number of labels is enough, and the answer is None."
        )


@pytest.mark.points(3)
def test_one_failed_run(learner, rng):
    """A single measurement that is far off hardly moves the answer."""
    for sign in (1, -1):
        law = Law(rng, points=8, power=float(rng.uniform(0.4, 0.65)))
        errors = law.errors()
        place = int(rng.integers(2, 6))
        errors[place] = float(np.clip(errors[place] + sign * rng.uniform(0.07, 0.1), 0.0, 1.0))
        target = law.beyond(3.0)
        call = call_of(law.sizes, errors, target)
        got = learner.labels_needed(law.sizes, errors, target)
        hint = (
            f"The measurement at {law.sizes[place]} is off, all the others follow a law. Least squares runs after it: a square makes a large miss count for more than all the small ones. "
            "Let misses count by their size, or by less (least_squares has `loss` and `f_scale`)."
        )
        if got is None or not near(whole(got, call), law.needed(target)):
            clean = learner.labels_needed(law.sizes, law.errors(), target)
            if clean is None or not near(whole(clean, call), law.needed(target)):
                hint = f"It isn't right either where the measurement at {law.sizes[place]} follows the law of the others: the fit itself is off. Are floor, scale and power all fitted?"
        assert got is not None, f"{call} gave None. {hint}"
        check(whole(got, call), law, target, call, hint)


@pytest.mark.points(1)
def test_any_order(learner, rng):
    """The measurements may come in any order."""
    law = Law(rng)
    target = law.beyond(3.0)
    order = rng.permutation(len(law.sizes))
    sizes, errors = [law.sizes[i] for i in order], [law.errors()[i] for i in order]
    got, call = learner.labels_needed(sizes, errors, target), call_of(sizes, errors, target)
    gave = f"{call} gave None" if got is None else f"{call} gave {about(whole(got, call))}"
    if got is None or not near(whole(got, call), law.needed(target)):
        rising = learner.labels_needed(law.sizes, law.errors(), target)
        assert rising is not None and near(whole(rising, call), law.needed(target)), (
            f"{gave}. It isn't right either with the same sizes in rising order: the fit itself is off, not the order. Are floor, scale and power all fitted?"
        )
        raise AssertionError(
            f"{gave}, and something else with the same sizes in rising order. Nothing says that the sizes rise, or that the last in the list is the largest. Keep each error with its size."
        )


@pytest.mark.points(1)
def test_within_what_was_measured(learner, rng):
    """A target that was reached long ago gives a size within those measured, or below them."""
    law = Law(rng)
    for times in (0.3, 0.5 / 2 ** (len(law.sizes) - 1)):
        target = law.beyond(times)
        got, call = needed(learner, law.sizes, law.errors(), target)
        assert got not in law.sizes or near(got, law.needed(target)), (
            f"{call} gave {about(got)}, one of the sizes that were measured. Solve the fitted law for n, wherever that is."
        )
        right = law.needed(target)
        assert near(got, right) or abs(got - right) <= 1.01, (
            f"{call} gave {about(got)}, which isn't where the law that all the errors follow comes down to the target. Fit floor, scale and power, and solve for n, between the sizes or before the first of them."
        )
