"""Hidden suite of `few_shot_prompt`."""

import itertools
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


def shortened(examples):
    return [(text if len(text) < 60 else text[:20] + "…", answer) for text, answer in examples]


def called(learner, examples, query, count, budget, about=""):
    call = f"few_shot_prompt({shortened(examples)!r}, {query!r}, count_tokens, {budget}){about}"
    return expect.of_type(learner.few_shot_prompt(examples, query, count, budget), str, call=call), call


def shown(got):
    return repr(got if len(got) < 300 else got[:140] + " … " + got[-140:])


def numbered(places):
    """ "example 0", "examples 0 and 2": which of them, counted from 0."""
    names = [str(place) for place in places]
    return (
        "no example" if not names else f"example{'s' * (len(names) > 1)} {', '.join(names[:-1])}{' and ' if names[1:] else ''}{names[-1]}"
    )


def mistake(got, examples, query, count, budget):
    """What is wrong with a prompt: its form, or which examples it holds, with the counts that say so."""
    if got != got.rstrip():
        return f"It ends with a space or a new line: {got[-12:]!r}. The answer slot is 'Output:' and nothing behind it."
    if not got.endswith(form([], query)):
        return "The query, whole and with its open slot, is always in the prompt, at its end, even when it alone is over the budget."
    subsets = [subset for size in range(len(examples) + 1) for subset in itertools.combinations(range(len(examples)), size)]
    held = next((subset for subset in subsets if got == form([examples[i] for i in subset], query)), None)
    if held is None:
        if any(got == form([examples[i] for i in reversed(subset)], query) for subset in subsets):
            return "That has the examples in another order: they stand in the order of the list, the most recent one last."
        if not got.startswith("Input: "):
            return "An example was cut in two: each is in the prompt whole, or not at all."
        return "Compare it with the form in the docstring, letter by letter, new lines included."
    same, usable = [i for i in held if examples[i][0] == query], [i for i, (text, _) in enumerate(examples) if text != query]
    if same:
        return f"It shows the query with its answer among the examples ({numbered(same)}, counted from 0), which gives the answer away. Leave that out."
    said = f"It holds {numbered(held)}{' (counted from 0)' * bool(held)}"
    near = [i for i in usable if i not in held and (query in examples[i][0] or examples[i][0] in query)]
    if near and budget >= count(form([examples[i] for i in usable], query)):
        return f"{said}, and not {numbered(near[:1])}. No text here equals the query but one holds it, or is a part of it: only texts that equal the query are left out."
    if held and held != tuple(usable[-len(held) :]):
        if held == tuple(usable[: len(held)]):
            return f"{said}. Those are the oldest. The most recent ones, at the end of the list, are to be kept."
        return f"{said}, with a gap. An example that doesn't fit isn't jumped over: what is older goes too."
    tokens = count(got)
    if tokens > budget:
        words, letters = len(got.split()), len(got)
        counted = "words" if words <= budget and words != tokens else "characters" if letters <= budget and letters != tokens else None
        if count("".join(f"Input: {text}\nOutput: {answer}\n\n" for text, answer in (examples[i] for i in held))) <= budget:
            return f"{said} and has {tokens} tokens by count_tokens, for a budget of {budget}. Is the query with its open slot counted, too? Count the whole prompt."
        guess = f" It has {words} words and {letters} characters: did you count {counted}?" if counted else ""
        return f"{said} and has {tokens} tokens by count_tokens, for a budget of {budget}.{guess} Ask count_tokens about the whole prompt."
    more = form([examples[i] for i in usable[-len(held) - 1 :]], query)
    left_out = (
        "An example whose text equals the query takes no room in the budget, and doesn't stop what is older: leave it out first of all. "
        if len(usable) < len(examples)
        else ""
    )
    if count(more) == budget:
        return f"{said}. With one more the prompt has exactly {budget} tokens, and that fits a budget of {budget}. {left_out}"
    parts = sum(count(f"Input: {examples[i][0]}\nOutput: {examples[i][1]}\n\n") for i in usable[-len(held) - 1 :]) + count(form([], query))
    adding = (
        f" Counted in parts it would be {parts}, since this tokenizer adds special tokens to each text that it is given: count the whole prompt."
        if parts > budget
        else ""
    )
    return (
        f"{said}. With one more it has {count(more)} tokens by count_tokens, which fits a budget of {budget}.{adding} {left_out}".rstrip()
    )


def check(learner, examples, right, query, count, budget, about=""):
    got, call = called(learner, examples, query, count, budget, about)
    assert got == form(right, query), f"{call} gave {shown(got)}. {mistake(got, examples, query, count, budget)}"


@pytest.mark.points(2)
def test_the_form(learner, rng):
    """With room for everything the prompt has the form that the contract shows, to the letter."""
    examples = examples_from(rng, 2)
    check(learner, examples, examples, "zephyr zephyr", by_letters, 10_000)
    check(learner, [], [], "zephyr zephyr", by_letters, 10_000)


@pytest.mark.points(3)
def test_the_most_recent_that_fit(learner, rng):
    """The last examples that fit are kept, whole and in their order."""
    for keep in (4, 2, 1):
        examples, query = examples_from(rng, 6), "zephyr"
        budget = by_letters(form(examples[-keep:], query)) + 3
        check(learner, examples, examples[-keep:], query, by_letters, budget, ", a token for each character,")


@pytest.mark.points(2)
def test_tokens_are_counted_by_count_tokens(learner, rng):
    """The budget is in tokens, as count_tokens counts them, not in words or characters."""
    for count, about in ((by_words, ", seven tokens for each word,"), (by_letters, ", a token for each character,")):
        examples, query = examples_from(rng, 5), "zephyr"
        check(learner, examples, examples[-2:], query, count, count(form(examples[-2:], query)) + 1, about)


@pytest.mark.points(2)
def test_parts_do_not_add_up(learner, rng):
    """The whole prompt is counted: a tokenizer adds its special tokens to each text that it is given."""
    for keep in (2, 3, 4):
        examples, query = examples_from(rng, 5), "zephyr"
        budget = by_threes(form(examples[-keep:], query)) + 1
        check(
            learner,
            examples,
            examples[-keep:],
            query,
            by_threes,
            budget,
            ", a token for three characters and two special ones for each text,",
        )


@pytest.mark.points(1)
def test_exactly_full(learner, rng):
    """A prompt that needs exactly the budget fits; one token less, and an example goes."""
    examples, query = examples_from(rng, 4), "zephyr"
    full = by_letters(form(examples[-3:], query))
    check(learner, examples, examples[-3:], query, by_letters, full, ", a token for each character,")
    check(learner, examples, examples[-2:], query, by_letters, full - 1, ", a token for each character,")


@pytest.mark.points(1)
def test_the_query_always(learner, rng):
    """The query stands in the prompt even where it alone is too long."""
    examples, query = examples_from(rng, 3), "zephyr " * 5 + str(rng.integers(1000))
    for budget in (0, 5, by_letters(form([], query))):
        check(learner, examples, [], query, by_letters, budget, ", a token for each character,")


@pytest.mark.points(1)
def test_none_is_jumped_over(learner, rng):
    """When a recent example doesn't fit, older ones are left out as well, however short."""
    examples = [*examples_from(rng, 2), ("long " * 80, "good"), ("mast", "bad")]
    check(learner, examples, examples[-1:], "zephyr", by_letters, 200, ", a token for each character,")


@pytest.mark.points(2)
def test_the_query_is_no_example(learner, rng):
    """An example whose text is the query itself is left out."""
    examples = examples_from(rng, 4)
    for at in (1, 3):
        rest = [example for i, example in enumerate(examples) if i != at]
        check(learner, examples, rest, examples[at][0], by_letters, 10_000)
        assert learner.last.args[0] == examples, (
            f"few_shot_prompt({shortened(examples)!r}, {examples[at][0]!r}, count_tokens, 10000) changed the list of examples. It belongs to the caller."
        )
    query = "zephyr"
    near = [*examples_from(rng, 2), (query + " indeed", "so so"), *examples_from(rng, 1), ("zeph", "bad")]
    check(learner, near, near, query, by_letters, 10_000)
    twice = [(query, "good"), *examples_from(rng, 2), (query, "bad")]
    check(learner, twice, twice[1:3], query, by_letters, 10_000)


@pytest.mark.points(1)
def test_the_query_is_left_out_first(learner, rng):
    """What is left out for giving the answer away takes no room in the budget."""
    rest, query = examples_from(rng, 4), "zephyr " * 6 + "zephyr"
    for at in (4, 3):
        examples = [*rest[:at], (query, "good"), *rest[at:]]
        check(learner, examples, rest[-2:], query, by_letters, by_letters(form(rest[-2:], query)) + 1, ", a token for each character,")
