"""Public checks of `clean_reviews`: examples to check oneself by."""

import copy

from tunelab import expect


def check(learner, rows, right):
    got = learner.clean_reviews(rows)
    expect.sequence(got, call=f"clean_reviews({rows})")
    assert got == right, f"clean_reviews({rows}) gave {got}. It should be {right}."


def test_the_example_of_the_contract(learner):
    """A copy, a missing text and a contradiction."""
    rows = [
        {"text": " A  mess.", "label": 0},
        {"text": "Fun", "label": 1},
        {"text": "a mess.", "label": 0},
        {"text": None, "label": 1},
        {"text": "FUN", "label": 0},
    ]
    check(learner, rows, [{"text": "A mess.", "label": 0}])


def test_white_space_and_accents(learner):
    """Every run of white space becomes one space, and an e with an accent after it becomes é."""
    check(learner, [{"text": "Touche\u0301!\n\nWell\u00a0 done. ", "label": 1}], [{"text": "Touch\u00e9! Well done.", "label": 1}])


def test_other_keys_stay(learner):
    """Of copies the first is kept, with all of its keys."""
    rows = [{"text": "A MESS", "label": 0, "film": "ali"}, {"text": "A mess", "label": 0, "film": "big trouble"}]
    check(learner, rows, rows[:1])


def test_the_input_stays(learner):
    """The rows that were passed in aren't changed."""
    rows = [{"text": "  Fun ", "label": 1}]
    before = copy.deepcopy(rows)
    check(learner, rows, [{"text": "Fun", "label": 1}])
    left = learner.last.args[0]
    assert left == before, f"clean_reviews changed its argument: {before} became {left}. Make new dicts."
