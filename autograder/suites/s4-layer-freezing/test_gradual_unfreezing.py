"""Hidden suite of `gradual_unfreezing`."""

import pytest
import torch

from tunelab import expect
from tunelab.models import tiny_bert, tiny_electra, tiny_roberta


def parts_of(model):
    """The parameters of each part, from the head down."""
    base = model.base_model
    modules = {"pooler": base.pooler} if getattr(base, "pooler", None) is not None else {}
    modules |= {f"layer.{i}": base.encoder.layer[i] for i in reversed(range(len(base.encoder.layer)))} | {"embeddings": base.embeddings}
    parts = {name: list(module.parameters()) for name, module in modules.items()}
    below = {id(p) for parameters in parts.values() for p in parameters}
    return {"head": [p for p in model.parameters() if id(p) not in below]} | parts


def learning(model):
    """Names of the parts in which anything is trainable, from the head down."""
    return [name for name, parameters in parts_of(model).items() if any(p.requires_grad for p in parameters)]


def whole(model):
    """Names of the parts in which everything is trainable, from the head down."""
    return [name for name, parameters in parts_of(model).items() if all(p.requires_grad for p in parameters)]


def said(names):
    return ", ".join(names) or "nothing"


def call_of(epoch, per_epoch, layers):
    return f"gradual_unfreezing(model, {epoch}, {per_epoch}), on a model of {layers} layers,"


def check(learner, model, epoch, per_epoch, hint):
    """Calls the function and holds both what it says and what it did against the schedule."""
    check_left(model, learner.gradual_unfreezing(model, epoch, per_epoch), epoch, per_epoch, hint)


def check_left(model, got, epoch, per_epoch, hint):
    """Holds the model that a call left, and the names that it gave, against the schedule."""
    call = call_of(epoch, per_epoch, len(model.base_model.encoder.layer))
    names = [name for name in parts_of(model) if name not in ("head", "pooler")][: epoch * per_epoch]
    right = [name for name in parts_of(model) if name in ("head", "pooler")] + names
    trained = learning(model)
    assert trained == right, f"{call} left these parts to be trained: {said(trained)}. {hint}"
    assert whole(model) == right, (
        f"{call} left some weights frozen in {said([n for n in right if n not in whole(model)])}. A part is trained whole."
    )
    check_names(got, right, call)


def check_names(got, right, call):
    expect.sequence(got, call=call)
    assert all(type(name) is str for name in got), (
        f"{call} gave a list that holds something other than text. The names of the parts are asked for."
    )
    assert set(got) == set(right), (
        f"{call} gave the names {got}, and in the model that it left other parts are trained, or under other names. "
        "Names are head, pooler, layer.0 and so on, and embeddings: one for each part whose `requires_grad` is True."
    )
    assert len(got) == len(right), f"{call} gave a list with a name that comes twice: {got}."


@pytest.mark.points(2)
def test_epoch_zero_trains_the_head_alone(learner):
    """In epoch 0, head and pooler are trained, and nothing below them."""
    for per_epoch in (1, 2):
        model = tiny_bert(layers=3, hidden=16)
        got = learner.gradual_unfreezing(model, 0, per_epoch)
        call, trained = call_of(0, per_epoch, 3), learning(model)
        assert {"head", "pooler"} <= set(trained), (
            f"{call} left these parts to be trained: {said(trained)}. The head is random at first, so it is trained from the start, and the pooler counts with it."
        )
        assert len(trained) < 6, (
            f"{call} left every part trainable. Does a slice such as `[-n:]` give the whole list when n is 0? And are the other parts frozen?"
        )
        assert trained == ["head", "pooler"], (
            f"{call} left these parts to be trained: {said(trained)}. Epochs count from 0, and the first layer thaws in epoch 1: until then, nothing below the pooler moves."
        )
        check_names(got, ["head", "pooler"], call)


@pytest.mark.points(2)
def test_layers_thaw_from_the_top(learner, rng):
    """Each epoch thaws the next layer below those that are trained already."""
    layers, epoch = int(rng.integers(5, 7)), int(rng.integers(2, 4))
    model = tiny_bert(layers=layers, hidden=16)
    got = learner.gradual_unfreezing(model, epoch, 1)
    call, trained = call_of(epoch, 1, layers), learning(model)
    assert not {"layer.0", "embeddings"} & set(trained), (
        f"{call} left these parts to be trained: {said(trained)}. Layer 0 and the embeddings are the lowest parts: thawing goes from the head down, so their turn comes last."
    )
    assert "head" in trained and "pooler" in trained, (
        f"{call} left these parts to be trained: {said(trained)}. What is thawed once stays so, the head above all."
    )
    thawed = [name for name in trained if name.startswith("layer.")]
    assert len(thawed) == epoch, (
        f"{call} thawed {len(thawed)} of the layers: {said(thawed)}. Each epoch after the first adds one, and keeps those before."
    )
    check_left(model, got, epoch, 1, "Thawing goes from the head down, one layer after the other, without a gap.")


@pytest.mark.points(2)
def test_several_layers_per_epoch(learner, rng):
    """With more layers per epoch, each epoch thaws so many more, and the last takes what is left."""
    per_epoch = int(rng.integers(2, 4))
    model = tiny_bert(layers=5, hidden=16)
    for epoch in (1, 2):
        check(
            learner, model, epoch, per_epoch, "Each epoch after the first adds `layers_per_epoch` layers to those that are trained already."
        )


@pytest.mark.points(2)
def test_the_embeddings_thaw_last(learner):
    """The embeddings thaw after layer 0, as one more layer below it."""
    model = tiny_bert(layers=3, hidden=16)
    learner.gradual_unfreezing(model, 3, 1)
    assert "embeddings" not in learning(model), (
        f"{call_of(3, 1, 3)} has thawed the embeddings. They count as one layer below layer 0, so with three layers their turn comes in epoch 4."
    )
    learner.gradual_unfreezing(model, 4, 1)
    assert "embeddings" in learning(model), (
        f"{call_of(4, 1, 3)} left the embeddings frozen. They count as one layer below layer 0: in the end, everything is trained."
    )
    check(learner, tiny_bert(layers=3, hidden=16), 2, 2, "Four layers are to be thawed, and the embeddings count as the fourth.")


@pytest.mark.points(1)
def test_after_the_last_thaw(learner):
    """When all is thawed, later epochs train everything."""
    model = tiny_bert(layers=2, hidden=16)
    for epoch, per_epoch in ((4, 1), (9, 1), (2, 5)):
        try:
            check(learner, model, epoch, per_epoch, "By then everything is thawed, and stays so.")
        except IndexError as error:
            raise AssertionError(
                f"{call_of(epoch, per_epoch, 2)} raised IndexError: {error}. By then more layers are due than there are: everything is trained."
            ) from None


@pytest.mark.points(2)
def test_both_ways(learner):
    """What is not yet due is frozen, whatever was trained before, and what is due thaws, whatever was frozen."""
    model = tiny_bert(layers=3, hidden=16)
    learner.gradual_unfreezing(model, 1, 1)
    trained = learning(model)
    assert set(trained) <= {"head", "pooler", "layer.2"}, (
        f"{call_of(1, 1, 3)} found everything trainable, and left these parts to be trained: {said(trained)}. "
        "A new model is trainable everywhere: parts that aren't due yet must be frozen."
    )
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    check(learner, model, 2, 1, "Before the call everything was frozen: what is due must be thawed, the head included.")
    check(learner, model, 0, 1, "The call before was for epoch 2: what counts is the epoch that is asked for, not the state before.")


@pytest.mark.points(1)
def test_from_the_head_down(learner):
    """The names come from the head down."""
    got = learner.gradual_unfreezing(tiny_bert(layers=11, hidden=16), 12, 1)
    call = call_of(12, 1, 11)
    expect.sequence(got, call=call, length=14)
    right = ["head", "pooler", *(f"layer.{i}" for i in range(10, -1, -1)), "embeddings"]
    assert set(got) == set(right), (
        f"{call} gave the names {got}. One name for each part is asked for: head, pooler, layer.0 and so on, embeddings."
    )
    assert got == right, (
        f"{call} gave the names in another order: {got}. They are to come from the head down to the embeddings; numbers don't sort as text does."
    )


@pytest.mark.points(1)
def test_models_without_a_pooler(learner):
    """On a model without a pooler, the head is trained alone, and no pooler is named."""
    for kind, model in (("RoBERTa", tiny_roberta(layers=3, hidden=16)), ("ELECTRA", tiny_electra(layers=3, hidden=16, embedding_size=16))):
        call = f"gradual_unfreezing(model, 1, 1), on a {kind} classifier, which has no pooler,"
        try:
            got = learner.gradual_unfreezing(model, 1, 1)
        except AttributeError as error:
            raise AssertionError(
                f"{call} raised AttributeError: {error}. `model.base_model` finds the encoder by whatever name; its `pooler` may be missing, or be None."
            ) from None
        trained = learning(model)
        assert trained == ["head", "layer.2"], (
            f"{call} left these parts to be trained: {said(trained)}. All that is neither embeddings nor a layer is the head."
        )
        expect.sequence(got, call=call)
        assert "pooler" not in got, f"{call} named a pooler. A part that a model doesn't have isn't named."
        check_names(got, trained, call)


@pytest.mark.points(1)
def test_nothing_else_changes(learner):
    """Only `requires_grad` is set: weights, training mode and random states stay as they were."""
    model = tiny_bert(layers=3, hidden=16).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    learner.gradual_unfreezing(model, 1, 1)
    changed = [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])]
    assert not changed, f"gradual_unfreezing(model, 1, 1) changed the values of {changed[0]}. Freezing changes no weight by itself."
    assert all(module.training for module in model.modules()), (
        "gradual_unfreezing(model, 1, 1) switched a part of the model to evaluation mode. `eval()` turns dropout off, and freezes nothing."
    )
    assert not learner.last.random_moved, "gradual_unfreezing(model, 1, 1) used up global random numbers. Nothing here is random."
    assert len(learning(model)) < 6, "gradual_unfreezing(model, 1, 1) froze nothing."
