"""Hidden suite of `reduce_on_plateau`: what comes back is held against torch's own scheduler."""

import math

import pytest
import torch

from tunelab import expect


def by_torch(losses, lr, factor, patience, min_lr):
    """The rates that torch's scheduler sets."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=factor, patience=patience, min_lr=min_lr)
    rates = []
    for loss in losses:
        scheduler.step(loss)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


MISTAKES = {
    "early": "The rate falls one loss too early. As many losses without improvement as `patience` says are borne. The rate falls at the next.",
    "late": "The rate falls one loss too late: it falls at the first loss that is one more than `patience` bears.",
    "before": "The rates come one place too late. A rate that falls because of a loss is in the list at the place of that loss.",
    "first": "Losses are compared with the first one. Lower than the first loss is no improvement: the best so far is the one to beat.",
    "last": "Each loss is compared with the one before. Lower than the one before is no improvement: the best so far is the one to beat.",
    "no least": "The rate never falls below `min_lr`: a drop that would go further stops there.",
    "asked before": "The rate never falls below `min_lr`: a drop that would go further stops there. Is the rate compared with it before the drop, and not after?",
    "stops short": "A drop that would go below `min_lr` isn't left out: it goes as far as `min_lr`.",
    "forgotten": "At a drop the best loss stays what it was. It isn't forgotten: later losses must beat it.",
    "goes on": "After a drop the count of bad losses starts again at zero. Here one drop follows the other.",
    "adds up": "Bad losses are counted that don't follow one another. Each improvement sets the count of bad losses back to zero.",
    "nan is best": "NaN is no improvement: it counts as a bad loss, and it doesn't become the best. Which way does each of your comparisons go when one side is NaN?",
    "nan passed over": "NaN is no improvement, so it counts as a bad loss. Here it isn't counted at all.",
    "hair": "A loss counts as improved only below best * (1 - 0.0001). Here any loss below the best counts.",
    "creeps": "A loss counts as improved only below best * (1 - 0.0001), and one that doesn't count doesn't become the best either.",
}


TELLING = [
    *(1.0, 0.9, 0.95, 0.93, 0.91, 0.92, 0.8, 0.85, 0.85, 0.79, 0.81, math.nan, 0.80, 0.85, 0.84, 0.83, 0.82, 0.85, 0.86),
    *(0.5, 0.49998, 0.49996, 0.49994, 0.49992, 0.6, 0.55, 0.4, math.nan, math.nan, 0.45, 0.35, 0.4, 0.39, 0.38, 0.37, 0.36, 0.36),
    *(0.3, 0.31, 0.32, 0.29, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3),
]
"""Losses on which no two of the mistakes give the same rates."""


def by_rule(losses, lr, factor, patience, min_lr, wrong=""):
    """The rates by the rules of the contract, with one mistake, and before each loss the best one and the count of bad ones."""
    best, bad, rates, seen = math.inf, 0, [], []
    for loss in losses:
        seen.append((best, bad))
        before = lr
        if wrong == "nan passed over" and math.isnan(loss):
            rates.append(lr)
            continue
        better = loss < best * (1 if wrong == "hair" else 1 - 1e-4) or (wrong == "nan is best" and not loss >= best * (1 - 1e-4))
        if better:
            bad = bad if wrong == "adds up" else 0
        else:
            bad += 1
        if wrong == "first":
            best = loss if better and best == math.inf else best
        elif better or wrong == "last" or (wrong == "creeps" and loss < best):
            best = loss
        if (bad >= max(patience, 1)) if wrong == "early" else bad > patience + (wrong == "late"):
            lower = lr * factor
            if wrong == "asked before":
                lr = lower if lr > min_lr else lr
            elif wrong == "stops short":
                lr = lower if lower >= min_lr else lr
            else:
                lr = lower if wrong == "no least" else max(lower, min_lr)
            bad = bad if wrong == "goes on" else 0
            best = math.inf if wrong == "forgotten" else best
        rates.append(before if wrong == "before" else lr)
    return rates, seen


def same(got, wanted):
    return all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(got, wanted, strict=True))


def check(learner, losses, lr, factor, patience, min_lr, hint):
    """Holds the rates of one call against torch's, and gives them."""
    shown = ", ".join(f"{loss:.5g}" for loss in losses[:8]) + (", ..." if len(losses) > 8 else "")
    call = f"reduce_on_plateau([{shown}], lr={lr:.4g}, factor={factor:.3g}, patience={patience}, min_lr={min_lr:.3g})"
    got = learner.reduce_on_plateau(list(losses), lr, factor, patience, min_lr)
    expect.sequence(got, call=call, length=len(losses))
    for place, rate in enumerate(got):
        expect.number(rate, call=f"{call} at place {place}", low=0.0)
    wanted = by_torch(losses, lr, factor, patience, min_lr)
    wrong = next((i for i, (a, b) in enumerate(zip(got, wanted, strict=True)) if not math.isclose(a, b, rel_tol=1e-9)), None)
    if wrong is None:
        return got
    plan = (lr, factor, patience, min_lr)
    found = [mistake for mistake in MISTAKES if same(got, by_rule(losses, *plan, mistake)[0])]
    if len(found) > 1:  # another list tells them apart
        other = learner.reduce_on_plateau(list(TELLING), 8.0, 0.5, 2, 0.3)
        found = [mistake for mistake in found if same(other, by_rule(TELLING, 8.0, 0.5, 2, 0.3, mistake)[0])]
    best, bad = by_rule(losses, *plan)[1][wrong]
    before = f"Before this loss, {losses[wrong]:.5g}, the best is {'none yet' if best == math.inf else format(best, '.5g')}, and bad losses in a row since the last drop: {bad}."
    said = f"{call}: after loss number {wrong} (counted from 0) the rate is {got[wrong]:.4g}, and that is not right."
    raise AssertionError(f"{said} {MISTAKES[found[0]] if len(found) == 1 else f'{before} {hint}'}")


def draw(rng):
    """A rate, a factor and a patience."""
    return float(rng.uniform(0.5, 2.0)), float(rng.uniform(0.3, 0.7)), int(rng.integers(2, 5))


@pytest.mark.points(2)
def test_patience_then_a_drop(learner, rng):
    """As many losses without improvement as `patience` says are borne; the next one lowers the rate."""
    for _ in range(3):
        lr, factor, patience = draw(rng)
        losses = [1.0, 0.8] + [float(x) for x in rng.uniform(0.85, 0.99, size=patience + 3)]
        check(
            learner, losses, lr, factor, patience, 0.0,
            f"A patience of {patience} bears {patience} losses without improvement (as every loss after 0.8 is). The rate falls at the next, and is in the list at the place of that loss.",
        )  # fmt: skip


@pytest.mark.points(2)
def test_the_best_loss_counts(learner, rng):
    """A loss is an improvement when it is below the best so far, not below the first, nor below the one before."""
    lr, factor, patience = draw(rng)
    best = float(rng.uniform(0.4, 0.6))
    waves = [best + gap for _ in range(patience + 2) for gap in (0.2, 0.1)]
    check(
        learner, [1.0, best, *waves], lr, factor, patience, 0.0,
        "These losses go up and down, all above the best one so far. Lower than the first loss, or than the one before, is no improvement.",
    )  # fmt: skip


@pytest.mark.points(1)
def test_an_improvement_starts_the_count_again(learner, rng):
    """Only losses without improvement in a row count: a new best one sets the count to zero."""
    lr, factor, patience = draw(rng)
    losses, best = [], 1.0
    for _ in range(4):
        losses += [best, *[best + float(x) for x in rng.uniform(0.01, 0.1, size=patience)]]
        best -= 0.15
    got = check(
        learner, [*losses, 2.0], lr, factor, patience, 0.0,
        "Between the bad losses there are new best ones. Each of those sets the count of bad losses back to zero.",
    )  # fmt: skip
    assert got[-1] < lr, "reduce_on_plateau gave the first rate to the end, though the last run of bad losses is longer than the patience."


@pytest.mark.points(2)
def test_after_a_drop(learner, rng):
    """After a drop the count starts again, while the best loss so far still is the one to beat."""
    lr, factor, patience = draw(rng)
    losses = [0.5] + [0.7] * (patience + 1) + [0.6] * (3 * patience + 4)
    check(
        learner, losses, lr, factor, patience, 0.0,
        "After a drop two things happen: the count of bad losses starts again at zero, and the best loss stays what it was. It isn't forgotten, so 0.6 is no improvement on 0.5.",
    )  # fmt: skip


@pytest.mark.points(1)
def test_not_below_the_least_rate(learner, rng):
    """The rate never falls below `min_lr`."""
    lr, factor, _ = draw(rng)
    least = lr * factor * factor * float(rng.uniform(1.1, 1.3))
    got = check(
        learner, [0.5] + [0.6] * 14, lr, factor, 1, least,
        "The rate never falls below `min_lr`: a drop that would go further stops there.",
    )  # fmt: skip
    assert got[-1] < lr, "reduce_on_plateau never lowered the rate, though the loss has stopped falling."


@pytest.mark.points(2)
def test_nan_is_no_improvement(learner, rng):
    """A loss that is NaN or infinite is no improvement, and doesn't become the best."""
    lr, factor, patience = draw(rng)
    hint = "NaN is no improvement: it counts as a bad loss, and it doesn't become the best. Which way does each of your comparisons go when one side is NaN?"
    check(learner, [0.9, 0.8] + [math.nan] * (2 * patience + 3) + [0.7, 0.85], lr, factor, patience, 0.0, hint)
    check(learner, [math.nan, math.inf, 0.8, math.nan, 0.7] + [0.75] * (patience + 2), lr, factor, patience, 0.0, hint)


@pytest.mark.points(1)
def test_a_hair_is_no_improvement(learner, rng):
    """A loss must be lower than the best by more than a ten-thousandth of it."""
    lr, factor, patience = draw(rng)
    start = float(rng.uniform(0.5, 3.0))
    creeping = [start * (1 - 0.000015 * k) for k in range(patience + 2)]
    hint = "A loss counts as improved only below best * (1 - 0.0001), and one that doesn't count doesn't become the best either."
    got = check(learner, creeping, lr, factor, patience, 0.0, hint)
    assert got[-1] < lr, "reduce_on_plateau never lowered the rate, though the loss hardly moves."
    check(learner, [start * (1 - 0.00006 * k) for k in range(2 * patience + 4)], lr, factor, patience, 0.0, hint)
    got = check(
        learner, [start * (1 - 0.0003 * k) for k in range(patience + 3)] + [2 * start] * (patience + 1), lr, factor, patience, 0.0, hint
    )
    assert got[-1] < lr, "reduce_on_plateau never lowered the rate, though the loss jumps up at the end and stays there."


@pytest.mark.points(1)
def test_a_long_walk(learner, rng):
    """Over 200 losses that wander, every rate is the one that torch's scheduler sets; nothing that was passed in changes."""
    losses = [float(x) for x in 1.0 + 0.3 * rng.standard_normal(200).cumsum() / math.sqrt(200) + 0.05 * rng.random(200)]
    losses = [abs(x) + 0.1 for x in losses]
    lr, factor, patience = float(rng.uniform(1.0, 5.0)), float(rng.uniform(0.6, 0.9)), int(rng.integers(0, 4))
    check(
        learner, losses, lr, factor, patience, lr * factor**6,
        "The rules are those of torch.optim.lr_scheduler.ReduceLROnPlateau as it comes. Go through a short list by hand.",
    )  # fmt: skip
    assert learner.last.args[0] == losses, "reduce_on_plateau changed the list `losses` that it was given. Make a list of your own."
    assert learner.reduce_on_plateau([], lr, factor, patience, 0.0) == [], (
        "reduce_on_plateau of no losses gave something. No losses, no rates: an empty list."
    )
