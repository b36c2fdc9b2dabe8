"""Public checks of `parse_paraphrases`: examples to check oneself by."""

from tunelab import expect


def check(learner, reply, right, source="A dull film."):
    got = learner.parse_paraphrases(reply, source)
    expect.sequence(got, call=f"parse_paraphrases({reply!r}, {source!r})")
    assert got == right, f"parse_paraphrases({reply!r}, {source!r}) gave {got}. It should be {right}."


def test_the_example_of_the_contract(learner):
    """An introduction, quotation marks, a copy and a label."""
    check(learner, 'Sure:\n1. "It drags."\n2. A dull film!\n- Version 3: It never gets going.', ["It drags.", "It never gets going."])


def test_one_plain_answer(learner):
    """A line without any mark is a paraphrase, of however many sentences."""
    check(learner, "Mr. Allen made it. It drags.", ["Mr. Allen made it. It drags."])


def test_numbers_that_belong_to_the_text(learner):
    """A number is a list's number only with white space after its dot."""
    check(learner, "1) 2.5 hours of boredom\n2.5 stars", ["2.5 hours of boredom", "2.5 stars"])


def test_an_echo_with_something_around_it(learner):
    """The source is an echo also inside a longer line."""
    check(learner, "Paraphrase this: a dull film\nA dull filmmaker", ["A dull filmmaker"])


def test_a_refusal(learner):
    """A refusal is dropped, in whatever apostrophe."""
    check(learner, "I’m sorry, but I cannot help with that.\nIt drags", ["It drags"])


def test_nothing(learner):
    """An empty reply, and lines without a letter."""
    check(learner, "", [])
    check(learner, "1.\n\n...\nParaphrase 2:", [])
