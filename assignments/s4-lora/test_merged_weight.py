"""Public checks of `merged_weight`: examples to check oneself by."""

import torch

from tunelab import expect

BASE = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
A = [[1.0, 2.0, 3.0]]
B = [[1.0], [10.0]]


def test_the_example_of_the_docstring(learner):
    """At alpha 2 and rank 1 twice the product is added."""
    call = f"merged_weight({BASE}, {A}, {B}, 2.0, 1), as tensors,"
    got = learner.merged_weight(torch.tensor(BASE), torch.tensor(A), torch.tensor(B), 2.0, 1)
    expect.tensor(got, call=call, shape=(2, 3))
    right = [[3.0, 4.0, 6.0], [20.0, 41.0, 60.0]]
    shown = [[round(number, 4) for number in row] for row in got.tolist()]
    assert torch.allclose(got.float(), torch.tensor(right), atol=1e-5), f"{call} gave {shown}. It should be {right}."


def test_the_base_stays(learner):
    """The base is as it was before."""
    got = learner.merged_weight(torch.tensor(BASE), torch.tensor(A), torch.tensor(B), 2.0, 1)
    expect.tensor(got, call="merged_weight(base, a, b, 2.0, 1)")
    assert torch.equal(learner.last.args[0], torch.tensor(BASE)), (
        "merged_weight(base, a, b, 2.0, 1) changed the base. A new tensor is asked for."
    )


def test_another_rank(learner):
    """A rank that isn't the factors' is refused."""
    try:
        learner.merged_weight(torch.tensor(BASE), torch.tensor(A), torch.tensor(B), 2.0, 4)
    except ValueError:
        pass
    else:
        raise AssertionError("merged_weight(base, a, b, 2.0, 4), with factors of rank 1, raised no ValueError.")
