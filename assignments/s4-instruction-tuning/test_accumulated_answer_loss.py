"""Public checks of `accumulated_answer_loss`: examples to check oneself by."""

import math

import torch

from tunelab import expect


def one_row(chances, counted):
    """A row over two tokens in which each place gives the next token, always token 1, a chance; `counted` says whose labels count."""
    logits = torch.tensor([[[math.log(1 - p), math.log(p)] for p in chances]])
    labels = torch.tensor([[1 if yes else -100 for yes in counted]])
    return logits, labels


def check(learner, batches, right, what):
    call = f"accumulated_answer_loss(micro_batches), on {what},"
    got = learner.accumulated_answer_loss(batches)
    expect.tensor(got, call=call, shape=())
    assert math.isclose(got.item(), right, rel_tol=1e-4), f"{call} gave {got.item():.4f}. It should be {right:.4f}."


def test_the_example_of_the_lesson(learner):
    """Surprises of 4 in one micro-batch of one answer token, and of 1, 1 and 1 in one of three."""
    seldom, often = math.exp(-4), math.exp(-1)
    first = one_row([seldom, 0.5, 0.5], [False, True, False])
    second = one_row([often, often, often, 0.5], [False, True, True, True])
    check(learner, [first, second], 7 / 4, "the lesson's two micro-batches")


def test_the_loss_of_one_big_batch(learner):
    """Two micro-batches give what their rows give in one batch."""
    logits = torch.randn(4, 6, 9, generator=torch.Generator().manual_seed(0))
    labels = torch.full((4, 6), -100)
    labels[0, 5], labels[1, 4:], labels[2, 1:], labels[3, 3:] = 1, 2, 3, 4
    whole = torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, 9), labels[:, 1:].reshape(-1))
    check(learner, [(logits[:2], labels[:2]), (logits[2:], labels[2:])], whole.item(), "four rows in two micro-batches")


def test_the_way_back(learner):
    """The loss can be gone back from."""
    logits, labels = one_row([0.5, 0.25, 0.5], [False, True, True])
    got = learner.accumulated_answer_loss([(logits.requires_grad_(), labels)])
    expect.tensor(got, call="accumulated_answer_loss(micro_batches)", shape=())
    assert got.requires_grad, (
        "accumulated_answer_loss(micro_batches) gave a number that is cut off from the logits, so that backward() can't reach them."
    )
