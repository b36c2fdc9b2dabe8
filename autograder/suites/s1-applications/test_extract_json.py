"""Hidden suite of `extract_json`."""

import json

import pytest

from tunelab import expect


def record(rng):
    """A flat object with something random in it."""
    return {"film": "film " + str(rng.integers(10_000)), "year": int(rng.integers(1900, 2030)), "seen": bool(rng.integers(2))}


def called(learner, reply):
    call = f"extract_json({reply!r})"
    try:
        return learner.extract_json(reply), call
    except ValueError as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. No reply may raise an error: pass over a piece that isn't JSON (catch the error and go on), and where nothing is found the answer is None."
        ) from None


def check(learner, reply, wanted, hint):
    got, call = called(learner, reply)
    assert got is not None, f"{call} gave None, though there is a well-formed object in it. {hint}"
    expect.of_type(got, dict, call=call)
    assert got == wanted, f"{call} gave {got!r}. {hint}"


@pytest.mark.points(2)
def test_chatter_around_it(learner, rng):
    """The object is found in what a model says around it, code fences included."""
    for before, after in (("", ""), ("Sure! Here is the JSON:\n", "\nLet me know."), ("```json\n", "\n```"), ("Answer: ", " (I hope so)")):
        wanted = record(rng)
        for indent in (None, 2):
            check(
                learner,
                before + json.dumps(wanted, indent=indent) + after,
                wanted,
                "There may be chatter before and after the object, and line breaks in it.",
            )


@pytest.mark.points(2)
def test_nested_objects(learner, rng):
    """An object with objects in it comes back whole."""
    wanted = {"a": {"b": {"c": record(rng)}, "d": {}}, "e": [record(rng), {"f": None}], "g": 1.5}
    check(
        learner,
        f"Here: {json.dumps(wanted)} Done.",
        wanted,
        "Objects may be nested: the first closing brace needn't be the last, and the outer object is the one that begins first.",
    )


@pytest.mark.points(2)
def test_braces_in_strings(learner, rng):
    """Braces and quotation marks inside of strings are text."""
    for text in ("}", "{", 'a "}" b', "}{", "\\", 'end\\"}', "[{", "```"):
        wanted = {"text": text, "number": int(rng.integers(1000))}
        check(
            learner,
            f"Well: {json.dumps(wanted)} and so on",
            wanted,
            "A brace inside a string is text, and a quotation mark behind a backslash doesn't end the string.",
        )


@pytest.mark.points(2)
def test_the_first_of_two(learner, rng):
    """With several objects in the reply, the first is taken."""
    for between in (" and ", "\n", "", " } "):
        first, second = record(rng), record(rng)
        hint = "There are two objects in the reply, and the first is asked for. From the first brace to the last, or by a greedy expression, one gets both."
        check(learner, f"Either {json.dumps(first)}{between}{json.dumps(second)}.", first, hint)
    first = record(rng)
    check(
        learner,
        f"It is {json.dumps(first)}; note the {{}} and }}.",
        first,
        "Braces behind the object don't matter, to the last one in the reply.",
    )


@pytest.mark.points(2)
def test_false_starts(learner, rng):
    """An opening brace that begins no well-formed object is passed over."""
    for noise in ("I use { for objects. ", "{not json} ", "{'single': 1} ", '{"cut": ', '{"a": 1,} ', "{{ ", "set {1, 2} "):
        wanted = record(rng)
        hint = "The first opening brace begins nothing that is well-formed. Go on with the next opening brace."
        check(learner, noise + json.dumps(wanted), wanted, hint)
    inner = record(rng)
    check(
        learner,
        f'{{"broken": {json.dumps(inner)},,}}',
        inner,
        "The outer object isn't well-formed. The one inside is, and its opening brace comes next.",
    )


@pytest.mark.points(1)
def test_an_object_in_a_list(learner, rng):
    """A list is no object; what is asked for stands in it."""
    first, second = record(rng), record(rng)
    got, call = called(learner, json.dumps([1, first, second]))
    assert type(got) is not list, f"{call} gave a list. An object (a dict) is asked for; here the first one stands inside a list."
    check(learner, json.dumps([1, first, second]), first, "The first object stands inside a list.")
    check(learner, f"[1, 2] {json.dumps(second)}", second, "The list before the object is passed over.")


@pytest.mark.points(1)
def test_an_empty_object_is_an_object(learner, rng):
    """{} is well-formed: an empty dict comes back, not None and not the next object."""
    later = record(rng)
    check(learner, f"Nothing found: {{}} {json.dumps(later)}", {}, "An empty object is well-formed, and it is the first.")
    check(learner, json.dumps(later), later, "This is an object.")


@pytest.mark.points(1)
def test_nothing_there_is_none(learner, rng):
    """Where there is no well-formed object, None comes back."""
    wanted = record(rng)
    check(learner, json.dumps(wanted), wanted, "This is an object.")
    for reply in (
        "",
        "I don't know.",
        "[1, 2, 3]",
        '"text"',
        "{",
        "}{",
        '{"a": 1',
        "{'film': 'x'}",
        "{1: 2}",
        "42",
        "null",
        '{"a": 1,}',
        '{"a" 1}',
        '{"a": True}',
    ):
        got, call = called(learner, reply)
        assert got is None, f"{call} gave {got!r}. " + (
            "Nothing in this reply is a well-formed JSON object, which has double quotation marks and no comma at its end, unlike Python's dict. The answer is None."
            if type(got) is dict
            else "What is asked for is an object, in braces. Lists, texts and numbers are passed over, and where no object is found the answer is None."
        )
