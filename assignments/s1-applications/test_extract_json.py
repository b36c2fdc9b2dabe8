"""Public checks of `extract_json`: examples to check oneself by."""


def compare(learner, reply, wanted):
    got = learner.extract_json(reply)
    assert got == wanted and type(got) is type(wanted), f"extract_json({reply!r}) gave {got!r}, and should give {wanted!r}."


def test_in_chatter(learner):
    """The object is found between chatter and code fences."""
    compare(learner, 'Sure! Here it is:\n```json\n{"film": "Alien", "year": 1979}\n```\nLet me know.', {"film": "Alien", "year": 1979})


def test_nesting_and_strings(learner):
    """Nested objects come back whole, and a brace in a string is text."""
    compare(learner, 'Sure: {"a": {"b": "}"}} and {}', {"a": {"b": "}"}})


def test_a_false_start(learner):
    """A brace that begins no object is passed over."""
    compare(learner, 'In braces {like this}: {"a": [1, 2]}', {"a": [1, 2]})


def test_nothing_to_find(learner):
    """Without an object, None (and an object is told from none)."""
    compare(learner, "I'm sorry. [1, 2] {oops", None)
    compare(learner, "{}", {})
