"""Public checks of `mean_pool`: examples to check oneself by."""

import torch

from tunelab import expect

HIDDEN = torch.tensor([[[1.0, 5.0], [3.0, 1.0], [9.0, 9.0]], [[2.0, 0.0], [4.0, 6.0], [0.0, 3.0]]])


def test_two_texts(learner):
    """The example of the lesson: a text of two tokens, and one of three."""
    call = "mean_pool(hidden, mask), with the numbers of the example,"
    got = learner.mean_pool(HIDDEN, torch.tensor([[1, 1, 0], [1, 1, 1]]))
    expect.tensor(got, call=call, shape=(2, 2))
    expect.close(
        got,
        [[2.0, 3.0], [2.0, 3.0]],
        call=call,
        hint="It should be [[2, 3], [2, 3]]: (1, 5) and (3, 1) have the mean (2, 3); the padding's (9, 9) doesn't count.",
    )


def test_nothing_but_padding(learner):
    """A row of padding gives zeros."""
    call = "mean_pool(hidden, mask), with a second row of padding,"
    got = learner.mean_pool(HIDDEN, torch.tensor([[1, 1, 1], [0, 0, 0]]))
    expect.tensor(got, call=call, shape=(2, 2), finite=False)
    assert got[1].tolist() == [0.0, 0.0], f"{call} gave {got[1].tolist()} for it. It should be [0.0, 0.0]."
