"""Public checks of `few_shot_prompt`: examples to check oneself by."""

EXAMPLES = [("a triumph", "good"), ("a bore", "bad")]
QUERY_ONLY = "Input: I fell asleep\nOutput:"
ONE = "Input: a bore\nOutput: bad\n\n" + QUERY_ONLY
BOTH = "Input: a triumph\nOutput: good\n\n" + ONE


def characters(text):
    """A tokenizer that has a token for each character."""
    return len(text)


def compare(learner, examples, query, budget, wanted):
    got = learner.few_shot_prompt(examples, query, characters, budget)
    assert got == wanted, (
        f"few_shot_prompt({examples!r}, {query!r}, count_tokens, {budget}), a token for each character, gave\n{got!r}\nand should give\n{wanted!r}"
    )


def test_room_for_all(learner):
    """With a large budget all examples are in the prompt, in their order."""
    compare(learner, EXAMPLES, "I fell asleep", 500, BOTH)


def test_room_for_one(learner):
    """With room for one, the most recent example is kept."""
    compare(learner, EXAMPLES, "I fell asleep", len(ONE), ONE)


def test_room_for_nothing(learner):
    """The query is in the prompt even when it doesn't fit."""
    compare(learner, EXAMPLES, "I fell asleep", 3, QUERY_ONLY)


def test_the_query_among_the_examples(learner):
    """An example that is the query itself is left out."""
    compare(learner, [*EXAMPLES, ("I fell asleep", "bad")], "I fell asleep", 500, BOTH)
