"""Hidden suite of `early_stop`."""

import pytest

from tunelab import expect

NAN, INF = float("nan"), float("inf")


def stops(learner, losses, patience, min_delta=0.0):
    """Both positions, and the call in words. The ladder up to the values."""
    call = f"early_stop({losses}, {patience}, {min_delta})"
    got = learner.early_stop(losses, patience, min_delta)
    expect.value(got, call=call)
    assert getattr(got, "type_name", "") == "Stop", f"{call} gave {got!r}, where a Stop is asked for, the record of the set-up."
    for name in ("best", "stopped"):
        value = getattr(got, name)
        if value is not None:
            expect.integer(value, call=f"the {name} of {call}")
    assert got.best is None or got.best != got.stopped, (
        f"{call} gave one position for both, {got.best}. The run ends where patience is used up; what is kept is the best that it had seen until then."
    )
    return got.best, got.stopped, call


def ended(stopped, where, call):
    """The run stops where it must. Said once the best position is known to be right."""
    assert stopped == where, (
        f"{call} gave stopped={stopped}. Its best position is right; it is the count that isn't: each loss that is no improvement adds one, "
        "an improvement sets it back to 0, and the run stops at the one with which the count reaches patience."
    )


def eighths(*numbers):
    """Losses that binary fractions hold exactly, so that "by more than" is beyond doubt."""
    return [number / 8 for number in numbers]


@pytest.mark.points(2)
def test_patience_is_used_up(learner, rng):
    """The run stops after as many losses in a row without an improvement as patience says."""
    for patience in (1, 2, 4):
        falls = int(rng.integers(2, 5))
        losses = eighths(*range(20, 20 - falls, -1), *[30] * 6)
        best, stopped, call = stops(learner, losses, patience)
        assert stopped is not None, f"{call} never stopped, though the loss stands far above its best for six evaluations."
        assert stopped == falls - 1 + patience, (
            f"{call} stopped at position {stopped}. Count the losses after the best one: the one that makes {patience} without an improvement is the last that is read. "
            "The best loss itself is no failure."
        )
        assert best == falls - 1, f"{call} gave {best} as the best position. Where is the lowest loss?"


@pytest.mark.points(2)
def test_the_best_is_not_the_last(learner, rng):
    """What is kept is the loss of the last improvement, not the one at which the run stopped."""
    lift = int(rng.integers(1, 5))
    losses = eighths(16, 12, 9, 9 + lift, 10 + lift, 11 + lift, 1)
    best, stopped, call = stops(learner, losses, 3)
    assert best != 6, (
        f"{call} gave best={best}, stopped={stopped}. Three losses without an improvement stand before the last one: the run stopped at the third of them, and never saw how low the last would have been."
    )
    assert best == 2, f"{call} gave {best} as the best position. Where was the last improvement before the run stopped?"
    ended(stopped, 5, call)


@pytest.mark.points(2)
def test_as_good_is_not_better(learner, rng):
    """A loss counts as an improvement only if it lies below the best by more than min_delta."""
    level = int(rng.integers(8, 16))
    best, stopped, call = stops(learner, eighths(level, level, level, level), 2)
    assert best == 0, (
        f"{call} gave {best} as the best position. A loss that only equals the best one is no improvement: below, not at most."
    )
    ended(stopped, 2, call)
    best, stopped, call = stops(learner, eighths(level, level - 1, level - 1, level - 1), 2, 0.125)
    assert best == 0, f"{call} gave {best} as the best position. A fall of exactly min_delta isn't more than min_delta."
    ended(stopped, 2, call)
    best, stopped, call = stops(learner, eighths(level, level - 2, level - 4, level - 6), 1, 0.125)
    assert (best, stopped) == (3, None), (
        f"{call} gave best={best}, stopped={stopped}. Each loss here is lower by twice min_delta, so each is an improvement."
    )


@pytest.mark.points(2)
def test_an_improvement_starts_the_count_anew(learner, rng):
    """Failures are counted in a row: an improvement sets the count back."""
    high = int(rng.integers(20, 30))
    losses = eighths(high, high + 1, high - 1, high, high - 2, high - 1, high - 3, high)
    best, stopped, call = stops(learner, losses, 2)
    assert stopped is None, f"{call} stopped at {stopped}. No two losses in a row fail here: does each improvement set the count to 0?"
    assert best == 6, f"{call} gave {best} as the best position. Where is the lowest loss?"
    best, stopped, call = stops(learner, eighths(high, high + 1, high - 1, high, high, high), 2)
    assert best == 2, f"{call} gave {best} as the best position. Where is the lowest loss?"
    assert stopped is None or stopped >= 4, f"{call} stopped at {stopped}. After the improvement, patience is counted from the start."
    ended(stopped, 4, call)


@pytest.mark.points(2)
def test_small_steps_add_up(learner, rng):
    """Losses are compared with the last improvement, not with the loss before: many small steps make a large one."""
    start = int(rng.integers(40, 60))
    losses = eighths(*(start - step for step in range(7)))
    best, stopped, call = stops(learner, losses, 5, 0.25)
    assert stopped is None, (
        f"{call} stopped at {stopped}. Each step is smaller than min_delta, but three of them together are larger: compare with the loss of the last improvement."
    )
    assert best == 6, (
        f"{call} gave {best} as the best position. Which losses lie more than min_delta below the last one that was an improvement?"
    )
    losses = eighths(start, start - 1, start - 2, start - 1, start - 2)
    best, stopped, call = stops(learner, losses, 4, 0.25)
    assert best == 0, (
        f"{call} gave {best} as the best position. No loss lies more than min_delta below the first one, so the first stays the best."
    )
    ended(stopped, 4, call)


@pytest.mark.points(2)
def test_nan_never_improves(learner, rng):
    """NaN and infinity are no improvements, wherever they stand."""
    level = int(rng.integers(8, 16))
    for odd in (NAN, INF):
        best, stopped, call = stops(learner, [level / 8, odd, odd, odd], 2)
        assert best == 0, (
            f"{call} gave {best} as the best position. A loss that is {odd} is never an improvement: how is your comparison written? With NaN, every one is False."
        )
        assert stopped is not None, f"{call} never stopped. A loss that is {odd} is no improvement and counts against patience."
        ended(stopped, 2, call)
        best, stopped, call = stops(learner, [odd, level / 8, (level + 1) / 8, odd], 2)
        assert best == 1, (
            f"{call} gave {best} as the best position. The first finite loss is an improvement, also when something else stands before it."
        )
        ended(stopped, 3, call)
        best, stopped, call = stops(learner, [odd, odd, odd], 3)
        assert best is None, f"{call} gave {best} as the best position. Nothing was an improvement here: best is None."
        ended(stopped, 2, call)


@pytest.mark.points(1)
def test_a_run_to_its_end(learner, rng):
    """A run that never uses its patience up isn't stopped; one without losses has no best."""
    start = int(rng.integers(20, 30))
    losses = eighths(start, start - 1, start)
    best, stopped, call = stops(learner, losses, 2)
    assert best == 1, (
        f"{call} gave {best} as the best position. Also where nothing stops the run, the best is the last improvement, not the last loss."
    )
    assert stopped is None, f"{call} gave stopped={stopped}. The list ended before patience did."
    assert learner.last.args[0] == losses, f"{call} changed the list that it was given."
    best, stopped, call = stops(learner, [*losses, start / 8], 2)
    assert (best, stopped) == (1, 3), (
        f"{call} gave best={best}, stopped={stopped}. The last loss of the list may be the one that uses patience up."
    )
    best, stopped, call = stops(learner, [], 2)
    assert (best, stopped) == (None, None), (
        f"{call} gave best={best}, stopped={stopped}. Without a loss nothing is best, and nothing was stopped."
    )


@pytest.mark.points(1)
def test_patience_below_one(learner):
    """A patience of less than 1 is refused with a ValueError that names it."""
    for patience in (0, -1):
        said = None
        try:
            learner.early_stop([1.0, 2.0], patience, 0.0)
        except ValueError as error:
            said = str(error)
        assert said is not None, (
            f"early_stop([1.0, 2.0], {patience}, 0.0) raised nothing. Such a run could not even begin: raise a ValueError."
        )
        assert "patience" in said, f"early_stop([1.0, 2.0], {patience}, 0.0) raised ValueError: {said}. Name `patience` in the message."
