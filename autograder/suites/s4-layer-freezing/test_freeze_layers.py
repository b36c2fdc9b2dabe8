"""Hidden suite of `freeze_layers`."""

import pytest
import torch

from tunelab import expect
from tunelab.models import minilm_classifier, tiny_bert, tiny_electra, tiny_roberta


def parts_of(model):
    """The parameters of each part, from the bottom up."""
    base = model.base_model
    modules = {"the embeddings": base.embeddings} | {f"layer {i}": layer for i, layer in enumerate(base.encoder.layer)}
    if getattr(base, "pooler", None) is not None:
        modules["the pooler"] = base.pooler
    parts = {name: list(module.parameters()) for name, module in modules.items()}
    below = {id(p) for parameters in parts.values() for p in parameters}
    return parts | {"the head": [p for p in model.parameters() if id(p) not in below]}


def learning(model):
    """Names of the parts in which anything is trainable, from the bottom up."""
    return [name for name, parameters in parts_of(model).items() if any(p.requires_grad for p in parameters)]


def resting(model):
    """Names of the parts in which anything is frozen, from the bottom up."""
    return [name for name, parameters in parts_of(model).items() if not all(p.requires_grad for p in parameters)]


def trainable_elements(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def layers_among(names):
    return {int(name.removeprefix("layer ")) for name in names if name.startswith("layer ")}


def check_layers(model, layers, call):
    """Just the first layers are frozen, each of them whole; if not, what the frozen ones tell of a known mistake is said."""
    count = len(model.base_model.encoder.layer)
    frozen, trained = layers_among(resting(model)), layers_among(learning(model))
    right = set(range(layers))
    assert frozen or not right, (
        f"{call} left every weight of every layer trainable. It is the parameters that have a `requires_grad` which counts: setting an attribute "
        "of that name on a module, or calling its `eval()`, freezes nothing."
    )
    extra = frozen - right
    if frozen != right:
        wrong = f"{call} froze the layers {sorted(frozen)}."
        assert frozen != set(range(count - layers, count)), (
            f"{call} froze the last layers, {sorted(frozen)}, those next to the head. The first layers are those next to the embeddings: they have learnt what all texts share."
        )
        assert frozen != {layer for layer in range(1, layers + 1) if layer < count}, (
            f"{wrong} Layers are counted from 0: layer 0 is the one next to the embeddings."
        )
        named = {layer for layer in range(count) if any(str(layer).startswith(str(low)) for low in right)}
        assert frozen != named, (
            f"{wrong} Do you look for names that begin with `layer.1`? So does the name of layer 10. Go through the modules, or end the prefix with a dot."
        )
        raise AssertionError(
            f"{wrong} "
            + (
                "Only as many are frozen as were asked for, beginning with layer 0."
                if extra
                else "Layer 0 and those above it are frozen, as many as were asked for."
            )
        )
    assert not frozen & trained, f"{call} froze only some of the weights of layer {min(frozen & trained)}. A layer is frozen whole."


@pytest.mark.points(2)
def test_the_first_layers_are_frozen(learner, rng):
    """The layers nearest to the embeddings are frozen, as many as were asked for, and the layers above them learn."""
    layers = int(rng.integers(2, 4))
    model = tiny_bert(layers=6, hidden=16)
    learner.freeze_layers(model, layers)
    check_layers(model, layers, f"freeze_layers(model, {layers}), on a model of 6 layers,")


@pytest.mark.points(1)
def test_layer_ten_is_not_layer_one(learner):
    """In a model of twelve layers, freezing two of them leaves the other ten alone."""
    model = tiny_bert(layers=12, hidden=16)
    learner.freeze_layers(model, 2)
    check_layers(model, 2, "freeze_layers(model, 2), on a model of 12 layers,")


@pytest.mark.points(1)
def test_the_embeddings_are_frozen(learner):
    """The embeddings are frozen whatever the number of layers, also when it is 0."""
    for layers in (0, 1):
        model = tiny_bert(layers=3, hidden=16)
        learner.freeze_layers(model, layers)
        call = f"freeze_layers(model, {layers}), on a model of 3 layers,"
        assert "the embeddings" not in learning(model), (
            f"{call} left weights of the embeddings trainable. They lie below layer 0: frozen layers above embeddings that still learn "
            "would go on getting other inputs, and nothing would be saved on the way back."
        )
        frozen = layers_among(resting(model))
        assert len(frozen) == layers, (
            f"{call} froze {len(frozen) or 'none'} of the layers, besides the embeddings. As many layers are frozen as `layers` says."
        )


@pytest.mark.points(1)
def test_pooler_and_head_learn(learner):
    """Pooler and head are trained, even when all layers are frozen."""
    model = tiny_bert(layers=3, hidden=16)
    learner.freeze_layers(model, 3)
    frozen = resting(model)
    assert "the head" not in frozen, (
        "freeze_layers(model, 3), on a model of 3 layers, froze the head. The head is new and random: if anything must learn, it is this."
    )
    assert "the pooler" not in frozen, (
        "freeze_layers(model, 3), on a model of 3 layers, froze the pooler. It lies above the layers, between them and the head, so it is trained."
    )
    check_layers(model, 3, "freeze_layers(model, 3), on a model of 3 layers,")


@pytest.mark.points(1)
def test_what_was_frozen_before_learns_again(learner):
    """The outcome hangs on the number of layers alone, not on what was frozen before."""
    model = tiny_bert(layers=4, hidden=16)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    call = "freeze_layers(model, 1), on a model in which everything was frozen,"
    try:
        learner.freeze_layers(model, 1)
    except RuntimeError as error:
        raise AssertionError(
            f"{call} raised a RuntimeError: {error}. It should set `requires_grad` both ways, whatever it was before."
        ) from None
    still = [name for name in resting(model) if name not in ("the embeddings", "layer 0")]
    if still:
        fresh = tiny_bert(layers=4, hidden=16)
        learner.freeze_layers(fresh, 1)
        here_only = [name for name in still if name not in resting(fresh)]
        assert not here_only, (
            f"{call} left frozen: {', '.join(here_only)}. Freezing fewer layers than before means to unfreeze some: set `requires_grad` both ways."
        )
        raise AssertionError(
            f"{call} left frozen: {', '.join(still)}. It does so where everything learned before, too. Which parts are to be frozen, and which not?"
        )
    wrong = [name for name in learning(model) if name in ("the embeddings", "layer 0")]
    assert not wrong, (
        f"{call} left trainable: {', '.join(wrong)}. The embeddings are frozen whatever `layers` is, and with `layers=1` so is layer 0."
    )


@pytest.mark.points(2)
def test_the_number_of_trainable_parameters(learner, rng):
    """What is returned is the number of trainable parameters: elements, not tensors, and only those that learn."""
    hidden, vocab, labels = 2 * int(rng.integers(6, 12)), int(rng.integers(40, 90)), int(rng.integers(2, 6))
    model = tiny_bert(layers=4, hidden=hidden, vocab=vocab, labels=labels)
    got = learner.freeze_layers(model, 2)
    call = "freeze_layers(model, 2), on a model of 4 layers,"
    expect.integer(got, call=call)
    everything = sum(p.numel() for p in model.parameters())
    assert got != everything, f"{call} gave {got}, the number of all parameters. Count those whose `requires_grad` is True."
    tensors = {len(list(model.parameters())), sum(p.requires_grad for p in model.parameters())}
    assert got not in tensors, (
        f"{call} gave {got}, which is a number of tensors. A weight of 3 rows and 4 columns is 12 parameters: see `numel`."
    )
    assert got != everything - trainable_elements(model), f"{call} gave {got}, the number of frozen parameters. The others are asked for."
    assert got == trainable_elements(model), (
        f"{call} gave {got}, and that isn't the number of elements of all parameters whose `requires_grad` it left True. Count after freezing, over the whole model."
    )
    lower = sum(p.numel() for name in ("the embeddings", "layer 0", "layer 1") for p in parts_of(model)[name])
    assert got == everything - lower, (
        f"{call} gave {got}, the number of trainable parameters in the model that it left. But in that model these parts are frozen: {', '.join(resting(model))}. "
        "Of the contract's parts, which are too many, and which are missing?"
    )


@pytest.mark.points(2)
def test_a_step_of_adamw(learner, rng):
    """After a real step of AdamW with weight decay, frozen weights are the same to the last bit, and the others have moved."""
    model = tiny_bert(layers=4, hidden=16)
    ids, labels = torch.from_numpy(rng.integers(1, 100, size=(8, 10))), torch.from_numpy(rng.integers(0, 2, size=8))
    learner.freeze_layers(model, 2)
    before = {name: [p.detach().clone() for p in parameters] for name, parameters in parts_of(model).items()}
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    optimizer.zero_grad()
    loss = model(input_ids=ids, labels=labels).loss
    call = "After freeze_layers(model, 2), on a model of 4 layers,"
    assert loss.requires_grad, f"{call} nothing at all is trainable: the loss has no gradient."
    loss.backward()
    optimizer.step()
    after = parts_of(model)
    moved = [name for name in before if not all(torch.equal(a, b) for a, b in zip(before[name], after[name], strict=True))]
    wrong = [name for name in moved if name in ("the embeddings", "layer 0", "layer 1")]
    frozen = resting(model)
    assert not wrong or not frozen, (
        f"{call} one step of AdamW changed {', '.join(wrong)}, which it left trainable. Frozen are {', '.join(frozen)}; they should be the embeddings, layer 0 and layer 1."
    )
    assert not wrong, (
        f"{call} one step of AdamW changed {', '.join(wrong)}. Only `requires_grad = False` on each parameter keeps them still. A gradient set to zero doesn't: "
        "weight decay shrinks a weight whose gradient is zero, and the next backward pass makes a new gradient."
    )
    # Biases of attention keys have no gradient but rounding, so matrices are what must move.
    still = [
        name
        for name in after
        if name not in wrong and any(a.dim() > 1 and torch.equal(a, b) for a, b in zip(before[name], after[name], strict=True))
    ]
    still = [name for name in still if name not in ("the embeddings", "layer 0", "layer 1")]
    assert not still, f"{call} one step of AdamW left weights of {', '.join(still)} as they were. Those parts were to learn."


@pytest.mark.points(1)
def test_other_models_of_the_family(learner):
    """The function works for a RoBERTa and an ELECTRA classifier too."""
    for kind, model in (("RoBERTa", tiny_roberta(layers=3, hidden=16)), ("ELECTRA", tiny_electra(layers=3, hidden=16, embedding_size=16))):
        call = f"freeze_layers(model, 2), on a {kind} classifier of 3 layers,"
        try:
            got = learner.freeze_layers(model, 2)
        except AttributeError as error:
            raise AssertionError(
                f"{call} raised AttributeError: {error}. The encoder has another name in each family, and not every model has a pooler: "
                "`model.base_model` finds the encoder by whatever name."
            ) from None
        frozen = resting(model)
        if not frozen:
            bert = tiny_bert(layers=3, hidden=16)
            learner.freeze_layers(bert, 2)
            assert not resting(bert), (
                f"{call} froze nothing, while on a BERT it froze {', '.join(resting(bert))}. The encoder has another name in each family: `model.base_model` finds the encoder by whatever name."
            )
        assert frozen == ["the embeddings", "layer 0", "layer 1"], (
            f"{call} froze {', '.join(frozen) or 'nothing'}. The embeddings and the first two layers are to be frozen, and nothing else."
        )
        assert got == trainable_elements(model), (
            f"{call} gave {got}, which isn't the number of trainable parameters in the model that it left: count the elements of those whose `requires_grad` is True."
        )


@pytest.mark.points(1)
def test_nothing_else_changes(learner):
    """Only `requires_grad` is set: weights, training mode and random states stay as they were."""
    model = tiny_bert(layers=3, hidden=16).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    learner.freeze_layers(model, 1)
    changed = [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])]
    assert not changed, (
        f"freeze_layers(model, 1) changed the values of {changed[0]}. Freezing stops learning: it changes no weight by itself."
    )
    assert all(module.training for module in model.modules()), (
        "freeze_layers(model, 1) switched a part of the model to evaluation mode. `eval()` turns dropout off, which is another matter: it freezes nothing."
    )
    assert not learner.last.random_moved, "freeze_layers(model, 1) used up global random numbers. Nothing here is random."
    assert resting(model), "freeze_layers(model, 1) froze nothing: each parameter's `requires_grad` is still True."


@pytest.mark.points(1)
def test_a_real_minilm(learner, rng):
    """On the real MiniLM, the right weights are left to learn, and counted."""
    layers = int(rng.integers(1, 6))
    model = learner.make(minilm_classifier)
    got = learner.freeze_layers(model, layers)
    call = f"freeze_layers(model, {layers}), on the real MiniLM,"
    expect.integer(got, call=call)
    lower = ("bert.embeddings.", *(f"bert.encoder.layer.{i}." for i in range(layers)))
    wrong = [name for name, (_, _, trainable) in model.parameters.items() if trainable == name.startswith(lower)]
    assert not wrong, (
        f"{call} left {wrong[0]} {'trainable' if model.parameters[wrong[0]][2] else 'frozen'}. Frozen are the embeddings and the layers from 0 to {layers - 1}, and nothing else."
    )
    elements = sum(torch.Size(shape).numel() for shape, _, trainable in model.parameters.values() if trainable)
    assert got == elements, (
        f"{call} gave {got}, which isn't the number of trainable parameters in the model that it left: count the elements of those whose `requires_grad` is True."
    )
