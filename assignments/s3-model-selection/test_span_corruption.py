"""Public checks of `span_corruption`: examples to check oneself by."""

from tunelab import expect


def check(learner, ids, spans, source, target):
    call = f"span_corruption({ids}, {spans}, [99, 98, 97], 1)"
    got = expect.sequence(learner.span_corruption(list(ids), list(spans), [99, 98, 97], 1), call=call, kind=(tuple, list), length=2)
    for name, found, right in (("input", got[0], source), ("target", got[1], target)):
        expect.sequence(found, call=f"{call} as its {name}")
        assert found == right, f"{call} gave the {name} {found}. It should be {right}."


def test_the_example_of_the_lesson(learner):
    """Two spans are taken out."""
    check(learner, [10, 11, 12, 13, 14], [(1, 3), (4, 5)], [10, 99, 13, 98, 1], [99, 11, 12, 98, 14, 97, 1])


def test_spans_that_touch(learner):
    """Spans that touch have a sentinel each."""
    check(learner, [10, 11, 12, 13], [(1, 2), (2, 3)], [10, 99, 98, 13, 1], [99, 11, 98, 12, 97, 1])


def test_nothing_taken_out(learner):
    """Without spans the input is the text, and the target its end."""
    check(learner, [10, 11], [], [10, 11, 1], [99, 1])


def test_too_few_sentinels(learner):
    """Two spans need three sentinels."""
    try:
        learner.span_corruption([10, 11, 12, 13], [(0, 1), (2, 3)], [99, 98], 1)
    except ValueError as error:
        assert "sentinels" in str(error), "span_corruption(...), with too few sentinels, raised a ValueError that doesn't name `sentinels`."
    else:
        raise AssertionError("span_corruption(...), with two spans and two sentinels, raised nothing. It needs one more, for the end.")
