"""Hidden suite of `accuracy_gain`."""

import pytest

from tunelab import expect


def answered(rng, fixed, broken, both_right, same_wrong, other_wrong, names=("red", "green", "blue", "grey")):
    """Gold labels and two systems' answers with so many examples of each kind, shuffled. `other_wrong` are wrong twice, in two ways."""
    gold, before, after = [], [], []
    for kind in rng.permutation(["f"] * fixed + ["b"] * broken + ["r"] * both_right + ["s"] * same_wrong + ["o"] * other_wrong):
        label, wrong, other = (names[int(i)] for i in rng.permutation(len(names))[:3])
        gold.append(label)
        before.append({"f": wrong, "b": label, "r": label}.get(str(kind), wrong))
        after.append({"f": label, "b": wrong, "r": label, "s": wrong}.get(str(kind), other))
    return gold, before, after


def called(learner, gold, before, after, about):
    """The three numbers, after the ladder up to values. A NumPy number is let pass here: types are asked for once, in the first test."""
    call = f"accuracy_gain(gold, before, after), on {about},"
    got = learner.accuracy_gain(list(gold), list(before), list(after))
    expect.sequence(got, call=call, kind=tuple, length=3)
    gain, fixed, broken = (x.item() if hasattr(x, "item") else x for x in got)
    for value, name in ((fixed, "fixed"), (broken, "broken")):
        assert not isinstance(value, float), f"{call} gave {value} for {name}. It is a number of examples, not a share of them."
        expect.integer(value, call=f"{call} as {name}", low=0)
    assert isinstance(gain, int | float), f"{call} gave {gain!r:.40} as its gain, where a number is asked for."
    assert -1 <= gain <= 1, (
        f"{call} gave a gain of {gain:.4g}. It is a difference of two shares, so it lies between -1 and 1: is it a percentage, or a number of examples?"
    )
    return gain, fixed, broken, call


def right_of(gold, said):
    return sum(a == g for a, g in zip(said, gold, strict=True))


def gain_mistake(gain, gold, before, after):
    """A sentence that names the mistake which gives just this gain, "" when it is none that is known, or more than one."""
    was, now = right_of(gold, before), right_of(gold, after)
    changed = sum((b == g) != (a == g) for g, b, a in zip(gold, before, after, strict=True))
    share = (now - was) / len(gold)
    ways = [
        (-share, "The sign is turned round: it is the second's share minus the first's, so that a better second system has a gain above 0.")
    ]
    if was:
        ways.append(
            (
                share * len(gold) / was,
                "That is a gain relative to the first system's share. From 0.5 to 0.6 is a gain of 0.1 here, not of a fifth.",
            )
        )
    if changed:
        ways.append(
            (share * len(gold) / changed, "That is a share of the examples that changed sides. Each system's share is one of all examples.")
        )
    named = [sentence for value, sentence in ways if abs(gain - value) < 1e-9]
    return named[0] if len(named) == 1 else ""


def count_mistake(fixed, broken, gold, before, after):
    """As `gain_mistake`, for the two counts."""
    rows = list(zip(gold, before, after, strict=True))
    right_fixed, right_broken = sum(b != g == a for g, b, a in rows), sum(b == g != a for g, b, a in rows)
    now = right_of(gold, after)
    ways = (
        ((right_broken, right_fixed), "They are swapped. Fixed was wrong before and is right after."),
        (
            (max(right_fixed - right_broken, 0), max(right_broken - right_fixed, 0)),
            "That is what is left when the broken are set against the fixed. Count each kind by itself, example by example.",
        ),
        (
            (now, len(gold) - now),
            "That is all that the second system gets right, and all that it gets wrong. Those that were right before as well aren't fixed: they were never wrong.",
        ),
        (
            (sum(b != g and a != b for g, b, a in rows), sum(a != g and a != b for g, b, a in rows)),
            "An example may have changed its answer and be wrong all the same: that is neither fixed nor broken.",
        ),
        (
            (sum(b != g and a != b for g, b, a in rows), right_broken),
            "An example may have changed its answer and be wrong all the same: that is neither fixed nor broken.",
        ),
    )
    named = {sentence for counts, sentence in ways if counts == (fixed, broken)}
    return named.pop() if len(named) == 1 else ""


@pytest.mark.points(1)
def test_three_plain_numbers(learner, rng):
    """It returns a gain and two counts, as plain Python numbers."""
    fixed, broken = int(rng.integers(5, 9)), int(rng.integers(1, 4))
    gold, before, after = answered(rng, fixed, broken, 6, 3, 2)
    call = "accuracy_gain(gold, before, after)"
    gain, *_ = called(learner, gold, before, after, f"{len(gold)} examples")
    got = learner.last.value
    expect.number(got[0], call=f"{call} as its gain", low=-1, high=1)
    expect.integer(got[1], call=f"{call} as its number of fixed examples", low=0)
    expect.integer(got[2], call=f"{call} as its number of broken examples", low=0)
    assert gain > 0, (
        f"{call} gave a gain of {gain:.4g}, where the second system is right more often. It is the second's share minus the first's."
    )
    assert learner.last.args == (gold, before, after), f"{call} changed a list that it was given. Work on a copy."


@pytest.mark.points(2)
def test_the_gain_is_a_difference_of_shares(learner, rng):
    """The gain is the second system's share of right answers minus the first's."""
    for _ in range(4):
        fixed, broken, same, other = (int(n) for n in rng.integers(2, 9, size=4))
        right = int(rng.integers(10, 17))
        gold, before, after = answered(rng, fixed, broken, right, same, other)
        gain, _, _, call = called(learner, gold, before, after, f"{len(gold)} examples")
        wanted = (right_of(gold, after) - right_of(gold, before)) / len(gold)
        hint = "Work out each system's share of right answers, over all examples, and subtract."
        expect.close(gain, wanted, call=call, hint=gain_mistake(gain, gold, before, after) or hint)


@pytest.mark.points(3)
def test_fixed_and_broken_are_counted_apart(learner, rng):
    """Fixed and broken are counts of examples that changed sides, each on its own."""
    for _ in range(4):
        broken, same, other = (int(n) for n in rng.integers(2, 9, size=3))
        right = int(rng.integers(10, 17))
        fixed = broken + int(rng.integers(1, 6))
        gold, before, after = answered(rng, fixed, broken, right, same, other)
        _, got_fixed, got_broken, call = called(learner, gold, before, after, f"{len(gold)} examples")
        hint = "For each example ask: right before? Right after?"
        assert (got_fixed, got_broken) == (fixed, broken), (
            f"{call} gave {got_fixed} fixed and {got_broken} broken, which isn't what a count by hand gives. "
            f"{count_mistake(got_fixed, got_broken, gold, before, after) or hint}"
        )


@pytest.mark.points(1)
def test_nothing_gained(learner, rng):
    """It holds when nothing changes, when all is lost, and for labels that are numbers."""
    n = int(rng.integers(3, 9))
    for (fixed, broken), about in (
        ((0, 0), "examples on which the two systems agree"),
        ((0, n), "examples that are right before and wrong after"),
        ((n, n), "examples half of which are fixed, half broken"),
    ):
        gold, before, after = answered(rng, fixed, broken, 0 if broken else n, 0, 0, names=(0, 1, 2))
        gain, got_fixed, got_broken, call = called(learner, gold, before, after, f"{len(gold)} {about}")
        hint = "A gain of 0 or less doesn't mean that nothing happened, nor that something must have."
        assert (got_fixed, got_broken) == (fixed, broken), (
            f"{call} gave {got_fixed} fixed and {got_broken} broken, where {fixed} and {broken} are right. "
            f"{count_mistake(got_fixed, got_broken, gold, before, after) or hint}"
        )
        hint = gain_mistake(gain, gold, before, after) or "The gain may be 0, and it may be negative."
        expect.close(gain, (fixed - broken) / len(gold), call=call, hint=hint)


@pytest.mark.points(1)
def test_lists_must_fit(learner, rng):
    """Lists of different lengths, and empty ones, are refused with a message that names `gold`."""
    gold, before, after = answered(rng, 3, 2, 2, 1, 1)
    gain, *_ = called(learner, gold, before, after, "lists of one length")
    assert abs(gain - 1 / 9) < 1e-9, (
        f"accuracy_gain(gold, before, after), on nine examples, gave a gain of {gain:.4g}. First see that it is right when the lists do fit."
    )
    for given, about in (
        ((gold[:-1], before, after), "gold is shorter"),
        ((gold, before[:-2], after), "before is shorter"),
        ((gold, before, after[:-1]), "after is shorter"),
        (([], [], []), "all lists are empty"),
    ):
        call = f"accuracy_gain(gold, before, after), where {about},"
        try:
            got = learner.accuracy_gain(*given)
        except ValueError as error:
            assert "gold" in str(error), (
                f"{call} raised a ValueError that says {str(error)[:80]!r}. Name `gold` in it, so that one knows where to look."
            )
        except ZeroDivisionError:
            raise AssertionError(f"{call} divides by zero. Without examples there is no share: say so with a ValueError.") from None
        else:
            raise AssertionError(f"{call} gave {got!r:.60} in place of a ValueError. `zip` stops at the shortest list and says nothing.")
