"""Public checks of `train_step`: examples to check oneself by."""

import itertools

import torch

from tunelab import expect
from tunelab.models import tiny_bert

CALL = "train_step(model, batch, optimizer)"


def make_sgd(model):
    return torch.optim.SGD(model.parameters(), lr=0.05)


def head(model):
    return model.classifier.weight.detach().clone()


def small(learner):
    """A tiny BERT without dropout, in evaluation mode, and plain gradient descent for it."""
    model = learner.make(tiny_bert, layers=1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    return model, learner.make(make_sgd, model)


def batch():
    ids = torch.arange(1, 33).reshape(4, 8)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": torch.tensor([0, 1, 1, 0])}


def test_a_loss_and_a_step(learner):
    """A call gives the loss as a float, and the weights have moved."""
    model, optimizer = small(learner)
    before = learner.probe(head, model)
    expect.number(learner.train_step(model, batch(), optimizer), call=CALL, low=0.0)
    assert not torch.equal(before, learner.probe(head, model)), (
        f"{CALL} left the head's weights as they were. Are there gradients when the optimizer makes its step?"
    )


def test_the_loss_falls(learner):
    """Ten steps on one batch, without dropout, make its loss smaller from step to step."""
    model, optimizer = small(learner)
    losses = [learner.train_step(model, batch(), optimizer) for _ in range(10)]
    falls = all(float(after) < float(before) for before, after in itertools.pairwise(losses))
    shown = ", ".join(f"{float(loss):.4f}" for loss in losses)
    assert falls, (
        f"Ten calls of {CALL} with the same batch gave the losses {shown}. Each should be below the one before. Are old gradients cleared?"
    )


def test_training_mode(learner):
    """The model comes in evaluation mode and is left in training mode."""
    model, optimizer = small(learner)
    learner.train_step(model, batch(), optimizer)
    assert model.training, f"{CALL} left the model in evaluation mode. It is to be put into training mode before the pass forward."
