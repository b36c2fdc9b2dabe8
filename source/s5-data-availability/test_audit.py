"""Public checks of `audit`."""

from tunelab import expect
from tunelab.codec import Fields

ROWS = [
    {"text": "fun", "label": 1},
    {"text": "fun", "label": 0},
    {"text": "so so", "label": 1},
    {"text": " ", "label": 1},
    {"text": "dull", "label": None},
    {"text": "fun", "label": 0},
]


def looked(learner, rows):
    call = f"audit({rows!r}, 'text', 'label')"
    got = expect.value(learner.audit(rows, "text", "label"), call=call)
    assert type(got) is Fields and got.type_name == "Audit", (
        f"{call} gave {got!r:.60}. Return an Audit: `Audit(missing=…, duplicates=…, …)`."
    )
    return got, call


def same(got, field, wanted, call, hint):
    assert getattr(got, field) == wanted, f"{call} has {field} = {getattr(got, field)!r}, where {wanted!r} is right. {hint}"


def test_six_rows(learner):
    """Six rows: two incomplete, one text three times, with two labels."""
    got, call = looked(learner, ROWS)
    same(got, "missing", 2, call, "One text is blank, one label is None.")
    same(got, "duplicates", 2, call, "'fun' stands there three times: two of them are repetitions.")
    same(got, "conflicts", 1, call, "One text, 'fun', has more than one label.")
    same(got, "shares", {1: 0.5, 0: 0.5}, call, "Of the four complete rows, two are 1 and two are 0.")
    same(got, "imbalance", 1.0, call, "Both classes are equally large.")


def test_words(learner):
    """Lengths are numbers of words."""
    got, call = looked(learner, [{"text": "a b  c", "label": "x"}, {"text": "abcdefgh", "label": "x"}])
    assert tuple(round(float(q), 6) for q in got.words) == (1.1, 2.0, 2.9), (
        f"{call} has words = {got.words!r}, where (1.1, 2.0, 2.9) is right: the quantiles of 1 and 3."
    )


def test_nothing_complete(learner):
    """Without a complete row: a ValueError that names rows."""
    said = None
    try:
        learner.audit([{"text": "so"}], "text", "label")
    except ValueError as error:
        said = str(error)
    assert said is not None and "rows" in said, (
        f"audit([{{'text': 'so'}}], 'text', 'label') should raise a ValueError whose message names `rows`; it {'raised nothing' if said is None else 'said: ' + said}."
    )
