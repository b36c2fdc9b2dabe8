"""Public checks of `gradual_unfreezing`: examples to check oneself by."""

from tunelab import expect
from tunelab.models import tiny_bert, tiny_roberta

SCHEDULE = [
    ["head", "pooler"],
    ["head", "pooler", "layer.2"],
    ["head", "pooler", "layer.2", "layer.1"],
    ["head", "pooler", "layer.2", "layer.1", "layer.0"],
    ["head", "pooler", "layer.2", "layer.1", "layer.0", "embeddings"],
    ["head", "pooler", "layer.2", "layer.1", "layer.0", "embeddings"],
]


def trained_parts(model):
    """Names of the parts of a BERT in which every parameter is trainable, from the head down."""
    base = model.base_model
    parts = {"head": model.classifier, "pooler": base.pooler}
    parts |= {f"layer.{i}": base.encoder.layer[i] for i in reversed(range(len(base.encoder.layer)))} | {"embeddings": base.embeddings}
    return [name for name, part in parts.items() if all(p.requires_grad for p in part.parameters())]


def test_the_table_of_the_lesson(learner):
    """For three layers and one layer per epoch, the names are those of the lesson's table."""
    model = tiny_bert(layers=3)
    for epoch, right in enumerate(SCHEDULE):
        got = learner.gradual_unfreezing(model, epoch, 1)
        expect.sequence(got, call=f"gradual_unfreezing(model, {epoch}, 1)")
        assert got == right, f"gradual_unfreezing(model, {epoch}, 1), on a BERT of 3 layers, gave {got}. It should be {right}."


def test_the_model_does_what_the_names_say(learner):
    """The parts that are named are trainable, and the others frozen, whatever they were before."""
    model = tiny_bert(layers=3)
    for epoch in (0, 3, 1, 4):
        learner.gradual_unfreezing(model, epoch, 1)
        trained = trained_parts(model)
        assert trained == SCHEDULE[epoch], (
            f"After gradual_unfreezing(model, {epoch}, 1), on a BERT of 3 layers, the parts that are trained are: {', '.join(trained) or 'none'}. "
            f"They should be: {', '.join(SCHEDULE[epoch])}."
        )


def test_two_layers_per_epoch(learner):
    """With two layers per epoch, epoch 2 has thawed four layers; the embeddings count as one."""
    got = learner.gradual_unfreezing(tiny_bert(layers=3), 2, 2)
    right = ["head", "pooler", "layer.2", "layer.1", "layer.0", "embeddings"]
    assert got == right, f"gradual_unfreezing(model, 2, 2), on a BERT of 3 layers, gave {got}. It should be {right}."


def test_a_roberta(learner):
    """A model without a pooler trains its head alone in epoch 0."""
    got = learner.gradual_unfreezing(tiny_roberta(layers=2), 0, 1)
    assert got == ["head"], f"gradual_unfreezing(model, 0, 1), on a RoBERTa, which has no pooler, gave {got}. It should be ['head']."
