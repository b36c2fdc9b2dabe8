"""Public checks of `semantic_search`: examples to check oneself by."""

import torch

from tunelab import expect

PROBE_DATA = ("VECTORS",)
VECTORS = {"x": (3.0, 4.0), "y": (1.0, 0.0), "z": (4.0, 3.0), "zero": (0.0, 0.0)}


def encode(texts):
    """Looks a vector up for each text, and takes no empty list, like the real one."""
    if isinstance(texts, str) or not texts:
        raise ValueError(f"encode takes a list with at least one text in it, not {texts!r}.")
    return torch.tensor([VECTORS[text] for text in texts])


def test_the_example_of_the_stub(learner):
    """The document with the larger cosine comes first, whatever its place; k may be too large."""
    call = 'semantic_search("x", ["y", "z"], encode, 5)'
    got = expect.sequence(learner.semantic_search("x", ["y", "z"], encode, 5), call=call, length=2)
    assert [item[0] for item in got] == [1, 0], f"{call} gave {got}. The indices should be 1 and then 0."
    expect.close(
        [item[1] for item in got],
        [0.96, 0.6],
        call=call,
        hint=f"It gave the scores {[item[1] for item in got]}; they should be 0.96 and 0.6.",
        atol=1e-5,
    )


def test_ties(learner):
    """Equal scores: the lower index first."""
    call = 'semantic_search("y", ["zero", "z", "y", "z", "y"], encode, 4)'
    got = expect.sequence(learner.semantic_search("y", ["zero", "z", "y", "z", "y"], encode, 4), call=call, length=4)
    assert [item[0] for item in got] == [2, 4, 1, 3], f"{call} gave {got}. The indices should be 2, 4, 1, 3."


def test_no_documents(learner):
    """Without documents there are no results."""
    got = learner.semantic_search("x", [], encode, 3)
    assert got == [], f'semantic_search("x", [], encode, 3) gave {got!r}. It should give an empty list.'


def test_calls_of_encode(learner):
    """Query and documents are encoded in two calls at the most."""
    learner.semantic_search("x", ["y", "z", "y"], encode, 2)
    calls = learner.last.calls.get("encode", [])
    assert 1 <= len(calls) <= 2, (
        f'semantic_search("x", ["y", "z", "y"], encode, 2) called encode {len(calls)} times. Encode all documents in one call.'
    )
