"""Public checks of `next_token_loss`: examples to check oneself by."""

import math

import torch

from tunelab import expect

# A vocabulary of four tokens. After the first token the model gives token 1 a probability of 1/2, after the second token 2 one of 1/8, after the third token 3 one of 1/4.
LOGITS = torch.tensor([[0.25, 0.5, 0.125, 0.125], [0.5, 0.25, 0.125, 0.125], [0.25, 0.25, 0.25, 0.25], [0.7, 0.1, 0.1, 0.1]]).log()
IDS = torch.tensor([0, 1, 2, 3])


def tensor(got, call):
    assert not isinstance(got, int | float), (
        f"{call} gave {got!r}, a plain number. No gradient can go back to the model through it: return the tensor itself, without `item` or `float`."
    )
    expect.tensor(got, call=call, shape=())


def near(got, wanted):
    return abs(float(got) - wanted) < 1e-5


def test_a_text_of_four_tokens(learner):
    """Three tokens are predicted, with 1/2, 1/8 and 1/4."""
    got = learner.next_token_loss(LOGITS[None], IDS[None], torch.ones(1, 4, dtype=torch.long))
    call = "next_token_loss(logits, ids, attention_mask), on one text of four tokens,"
    tensor(got, call)
    assert near(got, math.log(4)), f"{call} gave {float(got):.4f}. The surprises are 0.693, 2.079 and 1.386: a mean of 1.386."


def test_padding(learner):
    """With the last two tokens masked, one token is predicted, with 1/2."""
    got = learner.next_token_loss(LOGITS[None], IDS[None], torch.tensor([[1, 1, 0, 0]]))
    call = "next_token_loss(logits, ids, attention_mask), on one text of two tokens and two places of padding,"
    tensor(got, call)
    assert near(got, math.log(2)), f"{call} gave {float(got):.4f}. The only surprise that counts is 0.693."


def test_two_texts(learner):
    """A text of two tokens and one of four: one mean over all four predicted tokens."""
    got = learner.next_token_loss(LOGITS.repeat(2, 1, 1), IDS.repeat(2, 1), torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1]]))
    call = "next_token_loss(logits, ids, attention_mask), on texts of two and of four tokens,"
    tensor(got, call)
    wanted = (0.6931 + 0.6931 + 2.0794 + 1.3863) / 4
    assert abs(float(got) - wanted) < 1e-3, (
        f"{call} gave {float(got):.4f}. The surprises are 0.693 in the first text, and 0.693, 2.079 and 1.386 in the second: a mean of {wanted:.3f}."
    )


def test_it_can_be_trained_on(learner):
    """The loss hangs on the logits."""
    got = learner.next_token_loss(LOGITS[None].clone().requires_grad_(), IDS[None], torch.ones(1, 4, dtype=torch.long))
    tensor(got, "next_token_loss(logits, ids, attention_mask)")
    assert got.requires_grad, (
        "next_token_loss(logits, ids, attention_mask) gave a loss without a way back to the logits. Is there a `no_grad`, `detach` or `item` in it?"
    )
