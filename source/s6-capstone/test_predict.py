"""Public checks of `predict`, with an adapter whose factors are zero: it says what its head says of the frozen encoder."""

import torch

from tunelab import expect
from tunelab.project import LABELS, ReviewModel, tokenized

TEXTS = ["A triumph.", "A dull, tired film that nobody needs.", "Clever, funny and moving.", "Two hours I won't get back.", "It's long."]
LAYER = "base_model.model.encoder.encoder.layer.{}.attention.self.query.lora_{}.weight"


def adapter_and_labels():
    """Zero factors of rank 2 on all queries, and a head that finds some of the texts fresh."""
    with torch.no_grad():
        vectors = torch.cat([ReviewModel().vectors(**tokenized([text])) for text in TEXTS])
    direction = vectors[0] - vectors[1]
    along = vectors @ direction
    head = {"base_model.model.classifier.weight": torch.stack([torch.zeros_like(direction), direction])}
    head["base_model.model.classifier.bias"] = torch.tensor([0.0, -float(along[0] + along[1]) / 2])
    factors = {LAYER.format(i, side): torch.zeros(*shape) for i in range(6) for side, shape in (("A", (2, 384)), ("B", (384, 2)))}
    return factors | head, [LABELS[int(value > (along[0] + along[1]) / 2)] for value in along]


def test_five_texts(learner):
    """Together and one by one, each text gets the label of the head."""
    adapter, wanted = adapter_and_labels()
    call = "predict(adapter, texts), with zero factors and five texts,"
    got = expect.sequence(learner.predict(adapter, TEXTS), call=call, kind=list, length=5)
    assert got == wanted, f"{call} gave {got}. It should be {wanted}."
    alone = [label for text in TEXTS for label in learner.predict(adapter, [text])]
    assert alone == wanted, f"predict(adapter, [text]), called for each text alone, gave {alone}. It should be {wanted}, as together."


def test_no_texts(learner):
    """No texts, no labels."""
    got = learner.predict(adapter_and_labels()[0], [])
    assert got == [], f"predict(adapter, []) gave {got!r}. It should be an empty list."
