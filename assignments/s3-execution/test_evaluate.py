"""Public checks of `evaluate`: examples to check oneself by."""

import numpy as np
import torch

from tunelab import expect
from tunelab.models import tiny_bert

CALL = "evaluate(model, batches)"


def make_model(training):
    return tiny_bert(layers=1).train(training)


def texts():
    """Two batches, of 4 examples and of 3."""
    ids = torch.arange(1, 43).reshape(7, 6)
    whole = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": torch.tensor([0, 1, 1, 0, 0, 0, 1])}
    return [{key: tensor[rows] for key, tensor in whole.items()} for rows in (slice(0, 4), slice(4, 7))]


def test_logits_and_labels(learner):
    """Two arrays come back: 7 rows of 2 logits, and 7 labels in their order."""
    got = learner.evaluate(learner.make(make_model, False), texts())
    expect.sequence(got, call=CALL, kind=tuple, length=2)
    expect.array(got[0], call=f"{CALL} as logits", shape=(7, 2), dtype="float")
    expect.array(got[1], call=f"{CALL} as labels", shape=(7,), dtype="integer")
    assert got[1].tolist() == [0, 1, 1, 0, 0, 0, 1], (
        f"{CALL} gave the labels {got[1].tolist()}. They should be [0, 1, 1, 0, 0, 0, 1], those of the batches in their order."
    )


def test_the_same_twice(learner):
    """A model in training mode gives the same logits twice, since dropout is off, and is in training mode afterwards."""
    model = learner.make(make_model, True)
    (first, _), (second, _) = (learner.evaluate(model, texts()) for _ in range(2))
    assert np.array_equal(first, second), f"{CALL} gave other logits the second time. Dropout is on: what turns it off?"
    assert model.training, f"{CALL} got a model in training mode and left it in evaluation mode. Put it back into the mode that it was in."


def test_evaluation_mode_stays(learner):
    """A model that was in evaluation mode stays in it."""
    model = learner.make(make_model, False)
    learner.evaluate(model, texts())
    assert not model.training, (
        f"{CALL} got a model in evaluation mode and left it in training mode. Look which mode it is in before you change it."
    )
