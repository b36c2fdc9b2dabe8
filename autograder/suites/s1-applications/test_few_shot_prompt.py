"""Hidden suite of `few_shot_prompt`."""

import math

import pytest

from tunelab import expect

NAMES = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty", "knoll", "larch"]


def by_letters(text):
    """A tokenizer with a token for each character."""
    return len(text)


def by_threes(text):
    """A tokenizer with a token for three characters, and two special ones around each text."""
    return math.ceil(len(text) / 3) + 2


def by_words(text):
    """A tokenizer with seven tokens for each word."""
    return 7 * len(text.split())


def examples_from(rng, count):
    picked = [str(name) for name in rng.choice(NAMES, size=count, replace=False)]
    return [(" ".join([name] * int(rng.integers(1, 5))), ["good", "bad", "so so"][int(rng.integers(3))]) for name in picked]


def form(examples, query):
    """The prompt with these examples, line by line."""
    lines = []
    for text, answer in examples:
        lines += ["Input: " + text, "Output: " + answer, ""]
    return "\n".join([*lines, "Input: " + query, "Output:"])


def called(learner, examples, query, count, budget):
    call = f"few_shot_prompt({examples!r}, {query!r}, count_tokens, {budget})"
    return expect.of_type(learner.few_shot_prompt(examples, query, count, budget), str, call=call), call


def shown(got):
    return got if len(got) < 300 else got[:140] + " … " + got[-140:]


@pytest.mark.points(2)
def test_the_form(learner, rng):
    """With room for everything the prompt has the form that the contract shows, to the letter."""
    examples, query = examples_from(rng, 2), "zephyr zephyr"
    got, call = called(learner, examples, query, by_letters, 10_000)
    assert not got.endswith((" ", "\n")), (
        f"{call} ends with a space or a new line: {got[-12:]!r}. The answer slot is 'Output:' and nothing behind it."
    )
    assert got == form(examples, query), (
        f"{call} gave {shown(got)!r}. Compare it with the form in the docstring, letter by letter, new lines included."
    )
    got, call = called(learner, [], query, by_letters, 10_000)
    assert got == form([], query), f"{call} gave {shown(got)!r}. Without examples, only the query and its open slot are left."


@pytest.mark.points(3)
def test_the_most_recent_that_fit(learner, rng):
    """The last examples that fit are kept, whole and in their order."""
    for keep in (4, 2, 1):
        examples, query = examples_from(rng, 6), "zephyr"
        budget = by_letters(form(examples[-keep:], query)) + 3
        got, call = called(learner, examples, query, by_letters, budget)
        right = form(examples[-keep:], query)
        call = f"{call}, a token for each character,"
        kept = [example for example in examples if form([example], "")[: -len("Input: \nOutput:")] in got]
        assert got.startswith("Input: "), (
            f"{call} gave {shown(got)!r}. An example was cut in two: each is in the prompt whole, or not at all."
        )
        assert not (examples[0] in kept and got != right), (
            f"{call} kept the oldest example. The most recent ones, at the end of the list, are to be kept."
        )
        assert not (len(kept) == keep and kept == examples[-keep:] and got != right), (
            f"{call} gave {shown(got)!r}: the right examples, in another order or form. They stand in the order of the list."
        )
        assert got == right, (
            f"{call} gave {shown(got)!r}, with {len(kept)} whole examples. As many of the most recent ones as fit are asked for, none of them cut in two."
        )


@pytest.mark.points(2)
def test_tokens_are_counted_by_count_tokens(learner, rng):
    """The budget is in tokens, as count_tokens counts them, not in words or characters."""
    for count in (by_words, by_letters):
        examples, query = examples_from(rng, 5), "zephyr"
        budget = count(form(examples[-2:], query)) + 1
        got, call = called(learner, examples, query, count, budget)
        assert count(got) <= budget, (
            f"{call} gave a prompt of {count(got)} tokens, by count_tokens. What did you count instead: words, characters?"
        )
        assert got == form(examples[-2:], query), f"{call} gave {shown(got)!r}. By count_tokens, another number of examples fits."


@pytest.mark.points(2)
def test_parts_do_not_add_up(learner, rng):
    """The whole prompt is counted: a tokenizer adds its special tokens to each text that it is given."""
    for keep in (2, 3, 4):
        examples, query = examples_from(rng, 5), "zephyr"
        budget = by_threes(form(examples[-keep:], query)) + 1
        got, call = called(learner, examples, query, by_threes, budget)
        assert got == form(examples[-keep:], query), (
            f"{call} gave {shown(got)!r}, of {by_threes(got)} tokens. This tokenizer adds two special tokens to each text it counts, so the counts of parts don't add up. Count the whole prompt."
        )


@pytest.mark.points(1)
def test_exactly_full(learner, rng):
    """A prompt that needs exactly the budget fits; one token less, and an example goes."""
    examples, query = examples_from(rng, 4), "zephyr"
    full = by_letters(form(examples[-3:], query))
    got, call = called(learner, examples, query, by_letters, full)
    assert got == form(examples[-3:], query), (
        f"{call} gave {by_letters(got)} tokens. A prompt of exactly {full} tokens fits a budget of {full}."
    )
    got, call = called(learner, examples, query, by_letters, full - 1)
    assert got == form(examples[-2:], query), (
        f"{call} gave {by_letters(got)} tokens. With a budget one token smaller than what three examples need, two of them are left. Is the query with its open slot counted, too?"
    )


@pytest.mark.points(1)
def test_the_query_always(learner, rng):
    """The query stands in the prompt even where it alone is too long."""
    examples, query = examples_from(rng, 3), "zephyr " * 5 + str(rng.integers(1000))
    for budget in (0, 5, by_letters(form([], query))):
        got, call = called(learner, examples, query, by_letters, budget)
        assert got == form([], query), (
            f"{call} gave {shown(got)!r}. The query, whole and with its open slot, is always in the prompt, even when it alone is over the budget."
        )


@pytest.mark.points(1)
def test_none_is_jumped_over(learner, rng):
    """When a recent example doesn't fit, older ones are left out as well, however short."""
    examples = [*examples_from(rng, 2), ("long " * 80, "good"), ("mast", "bad")]
    got, call = called(learner, examples, "zephyr", by_letters, 200)
    assert got == form(examples[-1:], "zephyr"), (
        f"{call} gave {shown(got)!r}. The second most recent example is too long. It isn't jumped over: what is older goes too."
    )


@pytest.mark.points(2)
def test_the_query_is_no_example(learner, rng):
    """An example whose text is the query itself is left out."""
    examples = examples_from(rng, 4)
    for at in (1, 3):
        query = examples[at][0]
        rest = [example for i, example in enumerate(examples) if i != at]
        got, call = called(learner, examples, query, by_letters, 10_000)
        assert got.count(f"Input: {query}\n") == 1, (
            f"{call} shows the query with its answer among the examples, which gives the answer away. Leave that example out."
        )
        assert got == form(rest, query), f"{call} gave {shown(got)!r}. Only the example whose text equals the query is left out."
        assert learner.last.args[0] == examples, f"{call} changed the list of examples. It belongs to the caller."
    query = "zephyr"
    near = [*examples_from(rng, 2), (query + " indeed", "so so"), *examples_from(rng, 1), ("zeph", "bad")]
    got, call = called(learner, near, query, by_letters, 10_000)
    assert got == form(near, query), (
        f"{call} gave {shown(got)!r}. No text here equals the query: one holds it, one is a part of it. Both stay."
    )
    twice = [(query, "good"), *examples_from(rng, 2), (query, "bad")]
    got, call = called(learner, twice, query, by_letters, 10_000)
    assert got == form(twice[1:3], query), (
        f"{call} gave {shown(got)!r}. Here the query is among the examples twice, and each of the two gives an answer away: leave out all whose text equals the query."
    )


@pytest.mark.points(1)
def test_the_query_is_left_out_first(learner, rng):
    """What is left out for giving the answer away takes no room in the budget."""
    rest, query = examples_from(rng, 4), "zephyr " * 6 + "zephyr"
    for at in (4, 3):
        examples = [*rest[:at], (query, "good"), *rest[at:]]
        got, call = called(learner, examples, query, by_letters, by_letters(form(rest[-2:], query)) + 1)
        assert got == form(rest[-2:], query), (
            f"{call}, a token for each character, gave {shown(got)!r}. The example whose text equals the query is left out first of all: it takes no room, and doesn't stop what is older."
        )
