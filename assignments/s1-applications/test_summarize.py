"""Public checks of `summarize`: examples to check oneself by."""

import torch

from tunelab import expect

PROBE_DATA = ("VECTORS",)
VECTORS = {"p": (4.0, 0.0), "q": (4.0, 1.0), "r": (0.0, 2.0)}


def encode(texts):
    """Looks a vector up for each text, and takes no empty list, like the real one."""
    if isinstance(texts, str) or not texts:
        raise ValueError(f"encode takes a list with at least one text in it, not {texts!r}.")
    return torch.tensor([VECTORS[text] for text in texts])


def compare(learner, sentences, k, diversity, wanted):
    call = f"summarize({sentences!r}, encode, {k}, {diversity})"
    got = expect.sequence(learner.summarize(sentences, encode, k, diversity), call=call)
    assert got == wanted, f"{call} gave {got}, and should give {wanted}."


def test_the_example_of_the_stub(learner):
    """With diversity, what doesn't repeat is chosen; the indices ascend."""
    compare(learner, ["p", "q", "r"], 2, 0.6, [1, 2])


def test_relevance_alone(learner):
    """At diversity 0 the two most relevant are chosen."""
    compare(learner, ["p", "q", "r"], 2, 0.0, [0, 1])


def test_the_edges(learner):
    """A k that is too large chooses all; no sentences, no choice."""
    compare(learner, ["r", "p"], 9, 0.3, [0, 1])
    compare(learner, [], 2, 0.3, [])


def test_a_diversity_that_is_none(learner):
    """A diversity above 1 is refused."""
    raised = None
    try:
        learner.summarize(["p", "q"], encode, 1, 1.5)
    except ValueError as error:
        raised = str(error)
    assert raised is not None and "diversity" in raised, (
        f"summarize(['p', 'q'], encode, 1, 1.5) should raise a ValueError that names `diversity`; it raised {raised!r}."
    )
