"""Public checks of `cosine_similarity`: examples to check oneself by."""

import torch

from tunelab import expect

A = torch.tensor([[3.0, 4.0], [1.0, 0.0], [-3.0, -4.0]])
B = torch.tensor([[4.0, 3.0], [6.0, 8.0]])
CALL = "cosine_similarity([[3, 4], [1, 0], [-3, -4]], [[4, 3], [6, 8]])"


def test_three_rows_and_two(learner):
    """Three vectors against two give a table of three rows and two columns."""
    expect.tensor(learner.cosine_similarity(A, B), call=CALL, shape=(3, 2))


def test_the_example_of_the_lesson(learner):
    """(3, 4) and (4, 3) have the cosine 0.96; opposite directions have -1."""
    got = expect.tensor(learner.cosine_similarity(A, B), call=CALL, shape=(3, 2))
    wanted = torch.tensor([[0.96, 1.0], [0.8, 0.6], [-0.96, -1.0]])
    expect.close(got, wanted, call=CALL, hint=f"It gave {got.tolist()}, and should give {wanted.tolist()}.", atol=1e-5)


def test_a_row_of_zeros(learner):
    """A row of zeros gives 0, not NaN."""
    call = "cosine_similarity([[0, 0]], [[4, 3], [6, 8]])"
    got = expect.tensor(learner.cosine_similarity(torch.zeros(1, 2), B), call=call, shape=(1, 2), finite=False)
    assert got.tolist() == [[0.0, 0.0]], f"{call} gave {got.tolist()}, and should give [[0.0, 0.0]]. 0 / 0 is NaN: what do you divide by?"
