"""Public checks of `train_epoch`: examples to check oneself by."""

import torch

from tunelab import expect
from tunelab.models import tiny_bert


def make_model():
    return tiny_bert(layers=1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


def make_sgd(model):
    return torch.optim.SGD(model.parameters(), lr=0.1)


def make_schedule(optimizer):
    return torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, total_iters=10)


def head(model):
    return model.classifier.weight.detach().clone()


def steps_made(scheduler):
    return scheduler.last_epoch


def texts(first, size):
    ids = torch.arange(first, first + 6 * size).reshape(size, 6) % 99 + 1
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": torch.arange(size) % 2}


def joined(batches):
    return {key: torch.cat([batch[key] for batch in batches]) for key in batches[0]}


def run(learner, batches, accumulate, max_norm=100.0):
    """Losses, the head's weights afterwards, and how often the schedule moved on."""
    model = learner.make(make_model)
    optimizer = learner.make(make_sgd, model)
    scheduler = learner.make(make_schedule, optimizer)
    losses = learner.train_epoch(model, batches, optimizer, scheduler, accumulate=accumulate, max_norm=max_norm)
    return losses, learner.probe(head, model), learner.probe(steps_made, scheduler)


def test_one_loss_per_step(learner):
    """Five batches in windows of two are three steps, and three losses."""
    losses, _, steps = run(learner, [texts(7 * i, 4) for i in range(5)], 2)
    call = "train_epoch(model, batches, optimizer, scheduler, accumulate=2, max_norm=100.0), on 5 batches,"
    expect.sequence(losses, call=call, length=3)
    for loss in losses:
        expect.number(loss, call=f"{call} as a loss", low=0.0)
    assert steps == 3, f"{call} moved the schedule on {steps} times. It should be 3 times, once for each step of the optimizer."


def test_a_window_is_one_big_batch(learner):
    """Batches of 5, 1 and 3 in one window do what one batch of 9 does."""
    parts = [texts(11, 5), texts(50, 1), texts(70, 3)]
    losses, got, _ = run(learner, parts, 3)
    big_losses, wanted, _ = run(learner, [joined(parts)], 1)
    call = "train_epoch(model, batches, optimizer, scheduler, accumulate=3, max_norm=100.0), on batches of 5, 1 and 3 examples,"
    expect.close(
        got,
        wanted,
        call=call,
        hint="It left other weights than with one batch of all 9 examples. How much should each batch's loss count?",
        atol=1e-5,
    )
    expect.close(losses, big_losses, call=call, hint="Its loss should be that of one batch of all 9 examples.", atol=1e-5)


def test_clipping(learner):
    """With max_norm=0.01 and a rate of 0.1, a step can't move the head by more than 0.001."""
    start = make_model().classifier.weight
    _, got, _ = run(learner, [texts(3, 4)], 1, max_norm=0.01)
    far = float((got - start).norm())
    assert 0 < far <= 0.00101, (
        f"With max_norm=0.01 and a rate of 0.1 the head moved by {far:.4f}. It should move, and by 0.001 at most: clip before the step."
    )
