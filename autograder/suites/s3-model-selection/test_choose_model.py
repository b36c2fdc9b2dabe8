"""Hidden suite of `choose_model`."""

import dataclasses

import pytest

from tunelab import expect
from tunelab.cards import Budget, ModelCard, Task
from tunelab.codec import Fields

REASONS = ("architecture", "licence", "language", "context", "memory", "hours")


def world(rng):
    """A task and a budget that a small and a large card both meet, with room to spare. All numbers are drawn, all names too."""
    small, large = int(rng.integers(10, 20)) * 10**6, int(rng.integers(100, 200)) * 10**6
    names = [f"model-{n}" for n in rng.permutation(900)[:2] + 100]
    cards = [
        ModelCard(names[0], "encoder", small, 512, "mit", ("en", "de"), 1.25),
        ModelCard(names[1], "encoder", large, 512, "apache-2.0", ("de", "en", "fr"), 1.5),
    ]
    task = Task(("encoder", "encoder-decoder"), ("mit", "apache-2.0"), "en", int(rng.integers(1000, 3000)), 3, 20.0, 200)
    operations = 6 * large * task.examples * task.epochs * task.mean_words * 1.5
    return cards, task, Budget(memory=20 * large, hours=2.0, operations_per_second=operations / 3600)


def called(learner, cards, task, budget, about):
    """Name and reasons of a call, after the ladder: a Choice, with a name or None, and a dict of reasons."""
    call = f"choose_model(cards, task, budget), {about},"
    got = expect.value(learner.choose_model(list(cards), task, budget), call=call)
    assert isinstance(got, Fields) and got.type_name == "Choice", (
        f"{call} gave {'a ' + got.type_name if isinstance(got, Fields) else 'a ' + type(got).__name__}, where a Choice is asked for: `Choice(name, rejected)`."
    )
    names = [card.name for card in cards]
    assert got.name is None or type(got.name) is str, (
        f"{call} gave a Choice whose name is a {type(got.name).__name__}. It is the card's name, or None."
    )
    assert got.name is None or got.name in names, f"{call} chose {got.name!r}, which is none of the cards."
    assert type(got.rejected) is dict, (
        f"{call} gave a Choice whose `rejected` is a {type(got.rejected).__name__}. It maps names of models to lists of reasons."
    )
    for name, reasons in got.rejected.items():
        assert name in names, f"{call} rejects {name!r}, which is none of the cards' names."
        assert type(reasons) in (list, tuple), (
            f"{call} gave a {type(reasons).__name__} as the reasons to reject {name!r}. A list of reasons is asked for, even of one."
        )
        unknown = [reason for reason in reasons if reason not in REASONS]
        assert not unknown, f"{call} gave the reason {unknown[0]!r} for {name!r}. The reasons are {', '.join(REASONS)}."
        assert reasons, (
            f"{call} rejects {name!r} without a reason. A model that meets everything isn't rejected, even when a larger one is chosen."
        )
        assert len(set(reasons)) == len(reasons), f"{call} gave a reason twice for {name!r}."
    assert got.name not in got.rejected, f"{call} chose {got.name!r}, and rejects it too."
    return got, call


def flipped(learner, cards, task, budget, reason, about, hint):
    """One constraint was flipped so that the large card, the second, fails it alone: the small one is chosen, and the reason is just that."""
    got, call = called(learner, cards, task, budget, about)
    small, large = cards
    reasons = set(got.rejected.get(large.name, ()))
    assert got.name != large.name, f"{call} chose the larger model all the same. {hint}"
    assert got.name is not None, (
        f"{call} found no model, though the smaller one meets everything. It is rejected for {', '.join(got.rejected.get(small.name, [])) or 'nothing'}. {hint}"
    )
    assert reasons == {reason}, f"{call} rejects the larger model for {', '.join(sorted(reasons)) or 'no reason'}. {hint}"
    assert small.name not in got.rejected, f"{call} rejects the smaller model, which meets everything."


def chosen(got, call, cards, hint):
    """The large card, the last, meets everything and is chosen."""
    large = cards[-1]
    reasons = got.rejected.get(large.name)
    assert not reasons, f"{call} rejects the larger model for {', '.join(reasons or ())}. {hint}"
    assert got.name == large.name, (
        f"{call} chose {'the smaller model' if got.name else 'none'}, and gives no reason against the larger. Of those that meet everything, the largest is asked for."
    )


def replaced(record, **values):
    return dataclasses.replace(record, **values)


@pytest.mark.points(2)
def test_the_largest_that_meets_everything(learner, rng):
    """When all cards meet everything, the one with the most parameters is chosen, wherever it stands, and none is rejected."""
    cards, task, budget = world(rng)
    middle = replaced(cards[0], name="model-between", parameters=60 * 10**6)
    for order in ([*cards, middle], [cards[1], middle, cards[0]], [middle, *cards]):
        got, call = called(learner, order, task, budget, "where three models meet everything")
        assert got.rejected == {}, (
            f"{call} rejects {next(iter(got.rejected))} for {', '.join(next(iter(got.rejected.values())))}, though it meets everything."
        )
        assert got.name != order[0].name or order[0] == cards[1], (
            f"{call} took the first model that meets everything. The largest is asked for."
        )
        assert got.name == cards[1].name, (
            f"{call} chose {got.name}. Of those that meet everything, the one with the most parameters is asked for."
        )
    twin = replaced(cards[1], name="model-twin")
    got, call = called(learner, [cards[0], twin, cards[1]], task, budget, "where the two largest models are equally large")
    assert got.name == twin.name, f"{call} chose {got.name}. Of equally large models, the one that comes first in the list is chosen."


@pytest.mark.points(1)
def test_architecture(learner, rng):
    """A model whose architecture doesn't suit the task is rejected, however large it is."""
    cards, task, budget = world(rng)
    wrong = replaced(cards[1], architecture="decoder")
    hint = "A decoder doesn't suit this task: look whether the card's architecture is among the task's, as a whole word."
    flipped(
        learner,
        [cards[0], wrong],
        task,
        budget,
        "architecture",
        "where the larger model is a decoder and the task asks for an encoder or an encoder-decoder",
        hint,
    )
    both = replaced(cards[1], architecture="encoder-decoder")
    got, call = called(learner, [cards[0], both], task, budget, "where the larger model is an encoder-decoder, which suits the task")
    chosen(got, call, [cards[0], both], "Every architecture that the task lists is fine, and a name is compared whole.")
    narrow = replaced(task, architectures=("encoder-decoder",))
    got, call = called(learner, [cards[0], both], narrow, budget, "where only encoder-decoders suit the task")
    assert set(got.rejected.get(cards[0].name, ())) == {"architecture"}, (
        f"{call} doesn't reject an encoder for its architecture. 'encoder' is a part of the word 'encoder-decoder', but another architecture."
    )


@pytest.mark.points(1)
def test_licence(learner, rng):
    """A model whose licence isn't among the task's is rejected."""
    cards, task, budget = world(rng)
    wrong = replaced(cards[1], licence="cc-by-nc-4.0")
    flipped(
        learner,
        [cards[0], wrong],
        task,
        budget,
        "licence",
        "where the larger model's licence isn't among the task's",
        "What may not be used isn't chosen: compare the licence.",
    )


@pytest.mark.points(1)
def test_language(learner, rng):
    """A model that hasn't read the task's language is rejected."""
    cards, task, budget = world(rng)
    wrong = replaced(cards[1], languages=("fr", "de"))
    flipped(
        learner,
        [cards[0], wrong],
        task,
        budget,
        "language",
        "where the larger model hasn't read the task's language",
        "The task's language must be among the card's.",
    )


@pytest.mark.points(2)
def test_context_is_counted_in_tokens(learner, rng):
    """The longest text must fit into the context, in the model's own tokens; just fitting is enough."""
    cards, task, budget = world(rng)
    half = int(rng.integers(80, 160))
    tight = [replaced(card, context=3 * half) for card in cards]
    long, exact = (replaced(task, longest_words=2 * half + more) for more in (1, 0))
    about = (
        f"where the longest text has {2 * half + 1} words, the context is {3 * half} tokens, and the larger model needs 1.5 tokens per word"
    )
    longest = replaced(task, longest_words=9 * half)
    text = f"where the longest text has {9 * half} words, and the larger model's context is {3 * half} tokens"
    roomy = [replaced(cards[0], context=20 * half), tight[1]]
    flipped(learner, roomy, longest, budget, "context", text, "The longest text must fit into the context.")
    flipped(learner, tight, long, budget, "context", about, "Words aren't tokens: multiply by the card's `tokens_per_word`.")
    got, call = called(learner, tight, exact, budget, "where the longest text has just as many tokens as the larger model's context")
    chosen(got, call, tight, "A text that just fits isn't too long.")


@pytest.mark.points(2)
def test_memory_is_that_of_training(learner, rng):
    """Training takes 16 bytes a parameter: weights, gradients and two averages; just fitting is enough."""
    cards, task, budget = world(rng)
    large = cards[1].parameters
    hint = "The budget's `memory` is a limit on what training takes."
    flipped(learner, cards, task, replaced(budget, memory=7 * large // 2), "memory", "with less memory than the weights alone take", hint)
    for share, text in ((15, "just less than training takes"), (8, "half of what training takes"), (5, "more than the weights alone")):
        about = f"with a memory of {share} bytes for each parameter of the larger model, {text}"
        hint = "To train takes more memory than to use: besides 4 bytes for a weight, 4 for its gradient and 8 for AdamW's two averages."
        flipped(learner, cards, task, replaced(budget, memory=share * large + (16 if share == 5 else 0)), "memory", about, hint)
    got, call = called(
        learner,
        cards,
        task,
        replaced(budget, memory=16 * large),
        "with a memory of exactly 16 bytes for each parameter of the larger model",
    )
    chosen(got, call, cards, "What just fits, fits: 4 + 4 + 8 bytes for each parameter.")


@pytest.mark.points(2)
def test_hours_of_training(learner, rng):
    """Training takes 6 operations per parameter and token, over all examples and epochs."""
    cards, task, budget = world(rng)
    large = cards[1]
    needed = (
        6 * large.parameters * task.examples * task.epochs * task.mean_words * large.tokens_per_word / budget.operations_per_second / 3600
    )
    hint = "6 operations for each parameter and each token; as many tokens as examples x epochs x words per text x tokens per word; 3600 seconds to the hour."
    flipped(
        learner, cards, task, replaced(budget, hours=0.97 * needed), "hours", "with a little less time than the larger model takes", hint
    )
    got, call = called(learner, cards, task, replaced(budget, hours=1.03 * needed), "with a little more time than the larger model takes")
    chosen(got, call, cards, hint)
    for field, factor in (("examples", 2), ("epochs", 2), ("mean_words", 2.0)):
        more = replaced(task, **{field: getattr(task, field) * factor})
        flipped(
            learner,
            cards,
            more,
            replaced(budget, hours=1.5 * needed),
            "hours",
            f"with time for one and a half times the training, and `{field}` doubled",
            hint,
        )
    got, call = called(
        learner,
        cards,
        replaced(task, longest_words=300),
        replaced(budget, hours=1.03 * needed),
        "with a little more time than the larger model takes, and one longer text",
    )
    chosen(got, call, cards, "The time goes by the mean length of the texts; the longest one matters for the context.")


@pytest.mark.points(2)
def test_nothing_fits(learner, rng):
    """When no model meets everything, none is named, and each has its reason."""
    cards, task, budget = world(rng)
    got, call = called(learner, cards, task, replaced(budget, memory=1000), "with a memory that none fits into")
    assert got.name is None, (
        f"{call} named {got.name}, though nothing fits. The honest answer is None: the budget or the task must change, not the rule."
    )
    assert {name: set(reasons) for name, reasons in got.rejected.items()} == {card.name: {"memory"} for card in cards}, (
        f"{call} doesn't give 'memory' as the one reason against each model."
    )
    got, call = called(learner, [], task, budget, "with no cards at all")
    assert got.name is None and got.rejected == {}, f"{call} gave {got}. Without cards there is nothing to choose and nothing to reject."


@pytest.mark.points(2)
def test_all_reasons_are_given(learner, rng):
    """A model that fails several constraints is rejected for each of them, and the others are judged by their own."""
    cards, task, budget = world(rng)
    worst = ModelCard("model-worst", "decoder", 7 * 10**9, 64, "cc-by-nc-4.0", ("zh",), 2.0)
    failing = {
        "architecture": {"architecture": "decoder"},
        "licence": {"licence": "proprietary"},
        "language": {"languages": ("fr",)},
        "context": {"context": 64},
    }
    first, second = (list(failing)[i] for i in rng.permutation(4)[:2])
    double = replaced(cards[1], name="model-double", **failing[first], **failing[second])
    got, call = called(
        learner, [worst, double, cards[0]], task, budget, "where one model fails everything, one fails two constraints, and one meets all"
    )
    given = list(got.rejected.get("model-worst", ()))
    missing = [reason for reason in REASONS if reason not in given]
    assert len(given) != 1, (
        f"{call} gives {given[0]!r} as the only reason against the model that fails everything. Don't stop at the first reason: who has to look for another model wants to know them all."
    )
    assert not missing, (
        f"{call} gives {', '.join(given) or 'no reason'} against the model that fails everything, and not {' or '.join(missing)}. Is each of the six looked at, for every card?"
    )
    assert set(got.rejected.get("model-double", ())) == {first, second}, (
        f"{call} rejects a model that fails {first} and {second} for {', '.join(got.rejected.get('model-double', [])) or 'nothing'}."
    )
    assert got.name == cards[0].name, f"{call} chose {got.name}. One model meets everything."
    assert list(learner.last.args[0]) and len(learner.last.args[0]) == 3, f"{call} changed the list of cards."
