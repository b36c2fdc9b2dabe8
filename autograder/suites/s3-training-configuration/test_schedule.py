"""Hidden suite of `schedule`."""

import math

import pytest

from tunelab import expect


def factor(learner, step, warmup_steps, total_steps, shape):
    """What a call gave, after the checks of form, and the call."""
    call = f"schedule({step}, {warmup_steps}, {total_steps}, {shape!r})"
    try:
        got = learner.schedule(step, warmup_steps, total_steps, shape)
    except ZeroDivisionError:
        raise AssertionError(
            f"{call} divided by zero. Without warm-up there is nothing to divide by, and when all is warm-up nothing is left to decay over."
        ) from None
    if isinstance(got, float) and got < 0:
        where = "The factor lies from 0 to 1 at every step." if step < total_steps else "From the last step on, the factor is 0."
        raise AssertionError(f"{call} gave {got:.4g}, a negative factor: the run would climb the loss. {where}")
    return expect.number(got, call=call, low=0.0, high=1.0 + 1e-9), call


def same(got, wanted):
    return math.isclose(got, wanted, rel_tol=1e-9, abs_tol=1e-9)


def on_the_way_down(got, step, warmup, total, shape, hint):
    """What to look at, for a factor after the warm-up that isn't right: the mistake that gives just this factor, or else `hint`."""

    def falls(done, shape=shape):
        return 1 - done if shape == "linear" else (1 + math.cos(math.pi * done)) / 2

    done, other = (step - warmup) / (total - warmup), "cosine" if shape == "linear" else "linear"
    mistakes = [
        (
            falls((step - warmup) / (total - warmup + 1)),
            f"The way down is a step too long: how many steps are there from {warmup} to {total}?",
        ),
        (falls((step - warmup + 1) / (total - warmup)), f"The way down is a step ahead: at step {warmup} the factor still is 1."),
        (falls(done, other), f'That is what "{other}" gives at this step.'),
    ]
    if warmup:
        text = f"The way down is counted from step 0. It begins at the end of the warm-up, step {warmup}, at the height of 1."
        mistakes += [
            (falls(step / total), text),
            (
                falls((step - warmup) / total),
                f"The way down has {total - warmup} steps, from {warmup} to {total}: a run's first steps are warm-up.",
            ),
        ]
    if shape == "cosine":
        mistakes += [
            (
                math.cos(math.pi / 2 * done),
                "That is a quarter of a wave, which falls fastest at the end. Half a wave is asked for, in which a goes from 0 to pi.",
            ),
            (
                math.cos(math.pi * done),
                "That is the cosine itself, which goes from 1 to -1. What must be done to it so that it goes from 1 to 0?",
            ),
        ]
    return next((text for wrong, text in mistakes if same(got, wrong)), hint)


def draw(rng):
    """A length of warm-up and of the run that nobody knows beforehand."""
    warmup = int(rng.integers(7, 30))
    return warmup, warmup + int(rng.integers(20, 60))


@pytest.mark.points(2)
def test_warm_up_climbs_in_a_straight_line(learner, rng):
    """From step 0 to the end of the warm-up the factor climbs from 0 to 1, by the same amount each step."""
    for shape in ("linear", "cosine"):
        warmup, total = draw(rng)
        for step in (0, 1, warmup // 2, warmup - 1, warmup):
            got, call = factor(learner, step, warmup, total, shape)
            assert same(got, step / warmup), (
                f"{call} gave {got:.4g}. In the warm-up the factor is the share of the warm-up that is done: 0 at step 0, 1 at step {warmup}, and nothing decays yet."
            )


@pytest.mark.points(2)
def test_linear_decay(learner, rng):
    """After the warm-up, "linear" falls in a straight line, to 0 at the last step."""
    for _ in range(3):
        warmup, total = draw(rng)
        for step in sorted({warmup + 1, int(rng.integers(warmup + 1, total)), (warmup + total) // 2, total - 1}):
            got, call = factor(learner, step, warmup, total, "linear")
            hint = f"The line goes from 1 at step {warmup} to 0 at step {total}: how many steps long is it, and how many of them are left?"
            assert same(got, (total - step) / (total - warmup)), (
                f"{call} gave {got:.4g}. {on_the_way_down(got, step, warmup, total, 'linear', hint)}"
            )


@pytest.mark.points(2)
def test_cosine_decay(learner, rng):
    """After the warm-up, "cosine" follows half a wave from 1 down to 0."""
    for _ in range(3):
        warmup, total = draw(rng)
        for step in sorted({warmup + 1, int(rng.integers(warmup + 1, total)), total - 1}):
            got, call = factor(learner, step, warmup, total, "cosine")
            angle = math.pi * (step - warmup) / (total - warmup)
            hint = (
                "The cosine goes from 1 to -1 over half a wave, an angle from 0 to pi; what must be done to it so that it goes from 1 to 0?"
            )
            assert same(got, math.cos(angle / 2) ** 2), (
                f"{call} gave {got:.4g}. {on_the_way_down(got, step, warmup, total, 'cosine', hint)}"
            )


@pytest.mark.points(1)
def test_without_warm_up(learner, rng):
    """With no warm-up, the run begins at the full rate."""
    for shape in ("linear", "cosine"):
        total = int(rng.integers(10, 50))
        got, call = factor(learner, 0, 0, total, shape)
        assert same(got, 1.0), f"{call} gave {got:.4g}. A warm-up of 0 steps is over before it began: step 0 is its end."
        middle, call = factor(learner, 2 * total, 0, 4 * total, shape)
        hint = "Without a warm-up the way down begins at step 0, and this is the middle of it."
        assert same(middle, 0.5), f"{call} gave {middle:.4g}. {on_the_way_down(middle, 2 * total, 0, 4 * total, shape, hint)}"


@pytest.mark.points(2)
def test_zero_at_the_end_and_beyond(learner, rng):
    """The factor reaches 0 at the last step, and stays there."""
    for shape in ("linear", "cosine"):
        warmup, total = draw(rng)
        before, call = factor(learner, total - 1, warmup, total, shape)
        assert before > 0, f"{call} gave 0, one step before the end. The factor reaches 0 at step {total}, not earlier."
        for step in (total, total + 1, total + (total - warmup) // 2, 3 * total):
            got, call = factor(learner, step, warmup, total, shape)
            assert same(got, 0.0), f"{call} gave {got:.4g}. The run is over at step {total}: from there on the factor is 0. " + (
                "A cosine that is left running climbs again." if shape == "cosine" else "Does the line end one step too late?"
            )


@pytest.mark.points(1)
def test_nothing_but_warm_up(learner, rng):
    """A run that is all warm-up climbs until its end, and never divides by zero."""
    total = int(rng.integers(5, 20))
    for shape in ("linear", "cosine"):
        got, call = factor(learner, total - 1, total, total, shape)
        assert same(got, (total - 1) / total), (
            f"{call} gave {got:.4g}. This step still belongs to the warm-up: the factor is the share of the warm-up that is done."
        )
        got, call = factor(learner, total, total, total, shape)
        assert same(got, 0.0), f"{call} gave {got:.4g}. At `total_steps` the run is over, also when all of it was warm-up."


@pytest.mark.points(1)
def test_a_shape_that_does_not_exist(learner):
    """A shape that is neither linear nor cosine is refused with a ValueError that names it."""
    for shape in ("sigmoid", "Linear", ""):
        call = f"schedule(5, 2, 10, {shape!r})"
        try:
            learner.schedule(5, 2, 10, shape)
        except ValueError as error:
            assert "shape" in str(error), (
                f"{call} raised a ValueError that says {str(error)[:80]!r}. Name `shape` in it, so that the reader knows what to change."
            )
        else:
            raise AssertionError(
                f"{call} raised nothing. A misspelt shape that is taken for another costs a whole run: the contract asks for a ValueError."
            )
