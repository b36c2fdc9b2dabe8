"""Public checks of `choose_model`: examples to check oneself by."""

import dataclasses

from tunelab import expect
from tunelab.cards import Budget, ModelCard, Task
from tunelab.codec import Fields

SMALL = ModelCard("small", "encoder", 20_000_000, 512, "mit", ("en",), 1.25)
LARGE = ModelCard("large", "encoder", 100_000_000, 512, "apache-2.0", ("en", "de"), 1.5)
TASK = Task(("encoder",), ("mit", "apache-2.0"), "en", examples=1000, epochs=3, mean_words=20.0, longest_words=300)
BUDGET = Budget(memory=2_000_000_000, hours=1.0, operations_per_second=1e11)


def check(learner, cards, task, budget, about, name, rejected):
    call = f"choose_model(cards, task, budget), {about},"
    got = expect.value(learner.choose_model(list(cards), task, budget), call=call)
    assert isinstance(got, Fields) and got.type_name == "Choice", (
        f"{call} gave a {type(got).__name__}. A Choice is asked for: `Choice(name, rejected)`."
    )
    assert got.name == name, f"{call} chose {got.name}. It should be {name}."
    reasons = {model: sorted(why) for model, why in got.rejected.items()}
    assert reasons == rejected, f"{call} gave the reasons {got.rejected}. They should be {rejected}."


def test_the_larger_of_two(learner):
    """Both meet everything: the larger is chosen, and none is rejected."""
    check(learner, [SMALL, LARGE], TASK, BUDGET, "where both models meet everything", "large", {})


def test_memory(learner):
    """The larger model takes 1.6 GB to train, the smaller 0.32 GB."""
    budget = dataclasses.replace(BUDGET, memory=1_500_000_000)
    check(learner, [SMALL, LARGE], TASK, budget, "with a memory of 1.5 GB", "small", {"large": ["memory"]})


def test_hours(learner):
    """The larger model takes 6 x 100,000,000 x 90,000 operations: 540 seconds."""
    check(learner, [SMALL, LARGE], TASK, dataclasses.replace(BUDGET, hours=0.14), "with 504 seconds", "small", {"large": ["hours"]})
    check(learner, [SMALL, LARGE], TASK, dataclasses.replace(BUDGET, hours=0.16), "with 576 seconds", "large", {})


def test_several_reasons_and_no_model(learner):
    """In German, for 400 words: the smaller model hasn't read the language, the larger one's context is too short."""
    task = dataclasses.replace(TASK, language="de", longest_words=400)
    check(learner, [SMALL, LARGE], task, BUDGET, "in German, for 400 words", None, {"small": ["language"], "large": ["context"]})
    none = dataclasses.replace(task, licences=())
    check(
        learner,
        [SMALL, LARGE],
        none,
        BUDGET,
        "with no licence allowed",
        None,
        {"small": ["language", "licence"], "large": ["context", "licence"]},
    )
