"""Public checks of `ReviewClassifier`: examples to check oneself by."""

import torch

from tunelab import expect
from tunelab.models import tiny_bert


def test_its_parts(learner):
    """An encoder, and a head with one output for each class."""
    model = learner.ReviewClassifier(tiny_bert(hidden=16).base_model, 3)
    found = getattr(model, "parameters", None)
    assert isinstance(found, dict), "ReviewClassifier(encoder, 3) gave something that isn't a module."
    new = {name: shape for name, (shape, _, _) in found.items() if not name.startswith("encoder.")}
    assert set(new) == {"head.weight", "head.bias"}, (
        f"Besides the encoder's weights there are: {', '.join(new) or 'none'}. It should be head.weight and head.bias."
    )
    assert tuple(new["head.weight"]) == (3, 16), f"head.weight has the shape {tuple(new['head.weight'])}. It should be (3, 16)."


def test_two_texts(learner):
    """Two texts give two rows of logits."""
    model = learner.ReviewClassifier(tiny_bert(hidden=16).base_model, 3)
    ids, mask = torch.tensor([[5, 6, 7], [8, 9, 0]]), torch.tensor([[1, 1, 1], [1, 1, 0]])
    expect.tensor(model(ids, mask), call="ReviewClassifier(encoder, 3), called with two texts,", shape=(2, 3))
