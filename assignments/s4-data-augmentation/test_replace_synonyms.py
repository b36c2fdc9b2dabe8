"""Public checks of `replace_synonyms`: examples to check oneself by."""

import numpy as np

from tunelab import expect

SYNONYMS = {"film": ["motion_picture"], "not": ["never"], "dull": ["Dull", "leaden"], "art": ["craft"], "boat": ["boat"]}


def check(learner, text, right, rate=1.0, protected=frozenset()):
    got = learner.replace_synonyms(text, SYNONYMS, rate, protected, np.random.default_rng(0))
    call = f"replace_synonyms({text!r}, {SYNONYMS}, {rate}, {set(protected) or '{}'}, rng)"
    expect.of_type(got, str, call=call)
    assert got == right, f"{call} gave {got!r}. It should be {right!r}."


def test_the_example_of_the_contract(learner):
    """Spaces and signs stay, capitals are kept, and a negation isn't replaced."""
    check(learner, "A film,  not a Film!", "A motion picture,  not a Motion picture!")


def test_capitals(learner):
    """A word in capitals gives a synonym in capitals."""
    check(learner, "DULL. Dull; dull", "LEADEN. Leaden; leaden")


def test_whole_words(learner):
    """A word inside a word is none."""
    check(learner, "Part art, part art-house: state of the art's", "Part craft, part art-house: state of the art's")


def test_what_stays(learner):
    """Protected words stay, and words that have no synonym but themselves."""
    check(learner, "A dull Film about a boat", "A leaden Film about a boat", protected=frozenset({"film"}))


def test_the_number_of_words(learner):
    """Exactly a share of the eligible words changes."""
    for rate, right in ((0.0, 0), (0.25, 2), (0.5, 4), (1.0, 8)):
        got = learner.replace_synonyms("the film and " * 8, SYNONYMS, rate, frozenset(), np.random.default_rng(1))
        expect.of_type(got, str, call=f"replace_synonyms('the film and ' * 8, synonyms, {rate}, {{}}, rng)")
        count = got.count("motion picture")
        assert count == right, (
            f"replace_synonyms('the film and ' * 8, synonyms, {rate}, {{}}, rng) changed {count} words. It should be {right} of the 8 that are eligible."
        )


def test_a_rate_above_one(learner):
    """A rate of 2 is refused with a ValueError."""
    try:
        learner.replace_synonyms("a film", SYNONYMS, 2.0, frozenset(), np.random.default_rng(0))
    except ValueError as error:
        assert "rate" in str(error), "replace_synonyms with a rate of 2 raised a ValueError that doesn't name `rate`."
    else:
        raise AssertionError("replace_synonyms with a rate of 2 raised nothing. The contract asks for a ValueError.")
