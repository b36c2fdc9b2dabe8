"""Public checks of `fine_tune`: examples to check oneself by."""

import torch

from tunelab import expect
from tunelab.models import tiny_bert

CALL = "fine_tune(model, batches, optimizer, 12, 1.0)"


def make_sgd(model):
    return torch.optim.SGD(model.parameters(), lr=0.1)


def head(model):
    return model.classifier.weight.detach().clone()


def batches():
    ids = torch.arange(1, 33).reshape(4, 8)
    return [{"input_ids": ids + shift, "attention_mask": torch.ones_like(ids), "labels": torch.tensor([0, 1, 1, 0])} for shift in (0, 32)]


def run(learner):
    model = learner.make(tiny_bert, layers=1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    before = learner.probe(head, model)
    return model, before, learner.fine_tune(model, batches(), learner.make(make_sgd, model), 12, 1.0)


def test_twelve_losses(learner):
    """Twelve steps give twelve losses, as floats."""
    _, _, got = run(learner)
    expect.sequence(got, call=CALL, length=12)
    for loss in got:
        expect.number(loss, call=f"{CALL}: a loss", low=0.0)


def test_the_loss_falls(learner):
    """The weights move, and the loss of the two batches is smaller at the end."""
    model, before, got = run(learner)
    expect.sequence(got, call=CALL, length=12)
    assert not torch.equal(before, learner.probe(head, model)), (
        f"{CALL} left the head's weights as they were. Is there a gradient when the step is made?"
    )
    first, last = sum(got[:2]), sum(got[-2:])
    assert last < first, f"{CALL} brought the loss of both batches from {first:.3f} to {last:.3f}. It should fall."


def test_training_mode(learner):
    """The model comes in evaluation mode and is left in training mode."""
    model, _, _ = run(learner)
    assert model.training, f"{CALL} left the model in evaluation mode."
