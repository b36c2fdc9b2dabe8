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


def mistakes(parts, epoch, per_epoch):
    """The parts that known mistakes leave to be trained, and what is said of each; `parts` come from the head down."""
    top, order = [p for p in parts if p in ("head", "pooler")], [p for p in parts if p not in ("head", "pooler")]
    n, layers = epoch * per_epoch, order[:-1]
    early = "That is what the next epoch should train. Epochs count from 0, and the first layer thaws in epoch 1: until then, nothing below the pooler moves."
    everything = "That is every part. A new model is trainable everywhere: parts that aren't due yet must be frozen."
    if not n:
        everything = "That is every part. Does a slice such as `[-n:]` give the whole list when n is 0? And are the other parts frozen?"
    bottom = "Layer 0 and the embeddings are the lowest parts: thawing goes from the head down, so their turn comes last."
    return [
        (top + order[::-1][:n], bottom),
        (
            top + [*layers[::-1], order[-1]][:n],
            "Layer 0 is the lowest: thawing goes from the head down, so its turn comes after all other layers.",
        ),
        (top + order[: n + per_epoch], early),
        (
            top + order[: max(n - per_epoch, 0)],
            "That is what the epoch before should train. Only in epoch 0 nothing below the pooler is trained.",
        ),
        (
            top + order[max(n - per_epoch, 0) : n],
            "Each epoch after the first adds to what is trained, and keeps those before. Here each trains its own layers only.",
        ),
        (order[:n], "What is thawed once stays so, the head above all."),
        (
            ["head", *order[:n]],
            "The pooler lies between the layers and the head, and the pooler counts with it: it is trained from the start.",
        ),
        (top + layers[:n], "That left the embeddings frozen. They count as one layer below layer 0: in the end, everything is trained."),
        (
            top + layers[:n] + ([order[-1]] if n >= len(layers) else []),
            "The embeddings have thawed together with layer 0. They count as one layer below it, and thaw after it.",
        ),
        (top + order[:epoch], "That is one layer for each epoch. Each epoch after the first adds `layers_per_epoch` layers."),
        (parts, everything),
    ]


def explained(parts, trained, epoch, per_epoch, hint):
    """What is said of the one known mistake that leaves just these parts to be trained; `hint` when there is none, or more than one."""
    found = [text for wrong, text in mistakes(parts, epoch, per_epoch) if set(wrong) == set(trained)]
    return found[0] if len(found) == 1 else hint


def due(model, epoch, per_epoch):
    """The parts that are to be trained, from the head down."""
    below = [name for name in parts_of(model) if name not in ("head", "pooler")][: epoch * per_epoch]
    return [name for name in parts_of(model) if name in ("head", "pooler")] + below


def check(learner, model, epoch, per_epoch, hint, before=""):
    """Calls the function and holds both what it says and what it did against the schedule. `before` is said where only the state before the call leads astray."""
    got = learner.gradual_unfreezing(model, epoch, per_epoch)
    if before and learning(model) != due(model, epoch, per_epoch):
        fresh = tiny_bert(layers=len(model.base_model.encoder.layer), hidden=16)
        learner.gradual_unfreezing(fresh, epoch, per_epoch)
        call = call_of(epoch, per_epoch, len(model.base_model.encoder.layer))
        assert learning(fresh) != due(fresh, epoch, per_epoch), (
            f"{call} left these parts to be trained: {said(learning(model))}. On a new model it left others. {before}"
        )
    check_left(model, got, epoch, per_epoch, hint)


def check_left(model, got, epoch, per_epoch, hint):
    """Holds the model that a call left, and the names that it gave, against the schedule."""
    call = call_of(epoch, per_epoch, len(model.base_model.encoder.layer))
    right, trained = due(model, epoch, per_epoch), learning(model)
    assert trained == right, (
        f"{call} left these parts to be trained: {said(trained)}. {explained(list(parts_of(model)), trained, epoch, per_epoch, hint)}"
    )
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
        check_left(model, got, 0, per_epoch, "In epoch 0, nothing below the pooler is trained.")


@pytest.mark.points(2)
def test_layers_thaw_from_the_top(learner, rng):
    """Each epoch thaws the next layer below those that are trained already."""
    layers, epoch = int(rng.integers(5, 7)), int(rng.integers(2, 4))
    model = tiny_bert(layers=layers, hidden=16)
    check(learner, model, epoch, 1, "Thawing goes from the head down, one layer after the other, without a gap.")


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
    hint = "The embeddings count as one layer below layer 0, so with three layers their turn comes in epoch 4."
    check(learner, model, 3, 1, hint)
    check(learner, model, 4, 1, hint)
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
    check(learner, model, 1, 1, "A new model is trainable everywhere: what isn't due yet must be frozen.")
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    text = "Before the call everything was frozen: what is due must be thawed, the head included."
    check(learner, model, 2, 1, text, before=text)
    text = "The call before was for epoch 2: what counts is the epoch that is asked for, not the state before."
    check(learner, model, 0, 1, text, before=text)


@pytest.mark.points(1)
def test_from_the_head_down(learner):
    """The names come from the head down."""
    got = learner.gradual_unfreezing(tiny_bert(layers=11, hidden=16), 12, 1)
    call = call_of(12, 1, 11)
    expect.sequence(got, call=call)
    right = ["head", "pooler", *(f"layer.{i}" for i in range(10, -1, -1)), "embeddings"]
    missing = [name for name in right if name not in got]
    assert not missing, (
        f"{call} gave a list of {len(got)} names without {said(missing)}. In epoch 12 all parts are trained, so all are named."
    )
    assert set(got) == set(right), (
        f"{call} gave the names {got}. One name for each part is asked for: head, pooler, layer.0 and so on, embeddings."
    )
    as_text = [name for name in got if name.startswith("layer.")] == sorted((n for n in right if n.startswith("layer.")), reverse=True)
    assert got == right, (
        f"{call} gave the names in another order: {got}. They are to come from the head down: head, pooler, the layers from the highest to the lowest, embeddings."
        + (" Layer 10 is above layer 9: numbers don't sort as text does." if as_text else "")
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
        hint = "All that is neither embeddings nor a layer is the head."
        assert trained == ["head", "layer.2"], (
            f"{call} left these parts to be trained: {said(trained)}. {explained(list(parts_of(model)), trained, 1, 1, hint)}"
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
    assert len(learning(model)) < 6, "gradual_unfreezing(model, 1, 1) froze nothing: each parameter's `requires_grad` is still True."
