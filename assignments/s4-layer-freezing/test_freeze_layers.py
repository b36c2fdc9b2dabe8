"""Public checks of `freeze_layers`: examples to check oneself by."""

from tunelab import expect
from tunelab.models import tiny_bert, tiny_roberta


def frozen_parts(model):
    """Names of the parts below the head of which every parameter is frozen."""
    base = model.base_model
    parts = {"embeddings": base.embeddings} | {f"layer {i}": layer for i, layer in enumerate(base.encoder.layer)}
    return [name for name, part in parts.items() if not any(p.requires_grad for p in part.parameters())]


def test_two_layers_of_four(learner):
    """freeze_layers(model, 2) freezes the embeddings and the layers 0 and 1."""
    model = tiny_bert(layers=4)
    learner.freeze_layers(model, 2)
    frozen = frozen_parts(model)
    assert frozen == ["embeddings", "layer 0", "layer 1"], (
        f"After freeze_layers(model, 2), on a model of 4 layers, the frozen parts are: {', '.join(frozen) or 'none'}. "
        "They should be: embeddings, layer 0, layer 1."
    )
    above = [*model.base_model.pooler.parameters(), *model.classifier.parameters()]
    assert all(p.requires_grad for p in above), (
        "After freeze_layers(model, 2), a parameter of the pooler or of the head (`classifier`) is frozen. Both are to be trained."
    )


def test_no_layers(learner):
    """freeze_layers(model, 0) freezes the embeddings alone."""
    model = tiny_bert(layers=2)
    learner.freeze_layers(model, 0)
    frozen = frozen_parts(model)
    assert frozen == ["embeddings"], (
        f"After freeze_layers(model, 0) the frozen parts are: {', '.join(frozen) or 'none'}. They should be: embeddings."
    )


def test_the_number_that_is_returned(learner):
    """The number of trainable parameters comes back, counted in elements."""
    model = tiny_bert(layers=3, hidden=16)
    got = learner.freeze_layers(model, 1)
    expect.integer(got, call="freeze_layers(model, 1)")
    right = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert got == right, f"freeze_layers(model, 1) gave {got}, and left {right} trainable elements in the model. The two should be equal."


def test_freezing_less_than_before(learner):
    """Called again with fewer layers, the function unfreezes those between."""
    model = tiny_bert(layers=3)
    learner.freeze_layers(model, 3)
    learner.freeze_layers(model, 1)
    frozen = frozen_parts(model)
    assert frozen == ["embeddings", "layer 0"], (
        f"After freeze_layers(model, 3) and then freeze_layers(model, 1) the frozen parts are: {', '.join(frozen) or 'none'}. They should be: embeddings, layer 0."
    )


def test_a_roberta(learner):
    """The function works on a RoBERTa, whose encoder has another name and which has no pooler."""
    model = tiny_roberta(layers=3)
    learner.freeze_layers(model, 1)
    frozen = frozen_parts(model)
    assert frozen == ["embeddings", "layer 0"], (
        f"After freeze_layers(model, 1), on a RoBERTa of 3 layers, the frozen parts are: {', '.join(frozen) or 'none'}. They should be: embeddings, layer 0."
    )
