"""Hidden suite of `trainable_report`."""

import pytest
import torch
from transformers import BertConfig, BertForMaskedLM

from tunelab import expect
from tunelab.models import minilm_classifier, tiny_bert, tiny_electra, tiny_roberta


def parts_of(model):
    """The parameters of each part, each parameter once, from the bottom up."""
    base = model.base_model
    modules = {"embeddings": base.embeddings} | {f"layer.{i}": layer for i, layer in enumerate(base.encoder.layer)}
    if getattr(base, "pooler", None) is not None:
        modules["pooler"] = base.pooler
    parts = {name: list(module.parameters()) for name, module in modules.items()}
    below = {id(p) for parameters in parts.values() for p in parameters}
    return parts | {"head": [p for p in model.parameters() if id(p) not in below]}


def freeze(parameters):
    for parameter in parameters:
        parameter.requires_grad_(False)


def random_bert(rng, layers=3):
    """A small BERT of sizes that nobody can know beforehand, some of it frozen."""
    sizes = {"hidden": 2 * int(rng.integers(6, 14)), "vocab": int(rng.integers(40, 90)), "labels": int(rng.integers(2, 6))}
    model = tiny_bert(layers=layers, seed=int(rng.integers(1000)), **sizes)
    parts = parts_of(model)
    freeze(parts["embeddings"])
    freeze(parts[f"layer.{rng.integers(layers)}"])
    return model


def check_form(got, model, call):
    """The names of the parts, and for each a dict of two whole numbers."""
    assert not isinstance(got, dict) or "pooler" not in got or "pooler" in parts_of(model), (
        f"{call} gave an entry 'pooler'. A part that a model doesn't have isn't reported."
    )
    expect.mapping(got, call=call, keys=parts_of(model))
    for part, counts in got.items():
        expect.mapping(counts, call=f"{call} under {part!r},", keys=("total", "trainable"))
        for key, count in counts.items():
            expect.integer(count, call=f"{call} under {part!r} and {key!r},", low=0)
    return got


def counts_of(model):
    """What is to be counted: the sizes of each part's tensors, under "total" and "trainable"."""
    sizes = {}
    for part, parameters in parts_of(model).items():
        sizes[part] = {"total": [p.numel() for p in parameters], "trainable": [p.numel() for p in parameters if p.requires_grad]}
    return sizes


def check_counts(got, sizes, call, key, hint):
    """Each part's count is the number of elements; a number of tensors gets a sentence of its own. `sizes` are those before the call."""
    for part, counted in sizes.items():
        count, elements = got[part][key], sum(counted[key])
        assert count == elements or key != "total" or count != sum(counted["trainable"]), (
            f"{call} gave {count} as total of {part!r}, of which some or all is frozen. Frozen parameters are parameters still."
        )
        assert count == elements or count != len(counted[key]), (
            f"{call} gave {count} as {key} of {part!r}, which is a number of tensors. A weight of 3 rows and 4 columns is 12 parameters: see `numel`."
        )
        assert count == elements, f"{call} gave {count} as {key} of {part!r}. {hint}"


@pytest.mark.points(1)
def test_a_number_pair_for_each_part(learner, rng):
    """There is an entry for the embeddings, each layer, the pooler and the head, each with its total and its trainable parameters."""
    layers = int(rng.integers(2, 5))
    model = tiny_bert(layers=layers, hidden=16)
    check_form(learner.trainable_report(model), model, f"trainable_report(model), on a model of {layers} layers,")


@pytest.mark.points(2)
def test_totals(learner, rng):
    """The total of a part is the number of all its parameters, frozen or not."""
    model = random_bert(rng)
    sizes = counts_of(model)
    call = "trainable_report(model), on a model in which some parts are frozen,"
    got = check_form(learner.trainable_report(model), model, call)
    for part, counted in sizes.items():
        assert counted["trainable"] or got[part]["total"] != 0, (
            f"{call} gave 0 as total of {part!r}, which is frozen. Frozen parameters are parameters still."
        )
    check_counts(got, sizes, call, "total", "Add up the elements of the part's parameters, whether they learn or not.")


@pytest.mark.points(2)
def test_trainable_parameters(learner, rng):
    """Under trainable only parameters that learn are counted, also where a part is frozen in part."""
    model = random_bert(rng)
    parts = parts_of(model)
    freeze(p for p in parts["pooler"] if p.dim() == 1)
    freeze(p for p in parts["head"] if p.dim() == 2)
    sizes = counts_of(model)
    call = "trainable_report(model), on a model in which some parts are frozen, and some only in part,"
    got = check_form(learner.trainable_report(model), model, call)
    for part in ("pooler", "head"):
        whole = sum(p.numel() for p in parts[part])
        assert got[part]["trainable"] not in (0, whole), (
            f"{call} gave {got[part]['trainable']} as trainable of {part!r}. Of that part, only some parameters are frozen: ask each for its `requires_grad`."
        )
    check_counts(got, sizes, call, "trainable", "Add up the elements of those of its parameters whose `requires_grad` is True.")


@pytest.mark.points(1)
def test_twelve_layers(learner):
    """In a model of twelve layers, layer 1 isn't taken for layers 10 and 11."""
    model = tiny_bert(layers=12, hidden=16)
    freeze(parts_of(model)["layer.11"])
    sizes = counts_of(model)
    call = "trainable_report(model), on a model of 12 layers, of which layer 11 is frozen,"
    got = check_form(learner.trainable_report(model), model, call)
    one, two = (got[name]["total"] for name in ("layer.1", "layer.2"))
    assert one != 3 * two, (
        f"{call} gave {one} as total of 'layer.1' and {two} of 'layer.2', though all layers are alike. Does a name that begins with `layer.1` belong to layer 1? So does that of layer 10."
    )
    hint = "Are the parameters of each layer counted under its own number?"
    check_counts(got, sizes, call, "trainable", hint)
    check_counts(got, {part: counted for part, counted in sizes.items() if counted["trainable"]}, call, "total", hint)


@pytest.mark.points(2)
def test_shared_weights_count_once(learner, rng):
    """A weight that two parts share is counted once, in the lower of the two."""
    vocab, hidden = int(rng.integers(60, 120)), 16
    config = BertConfig(
        vocab_size=vocab, hidden_size=hidden, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, max_position_embeddings=32
    )
    model = BertForMaskedLM(config)
    sizes = counts_of(model)
    call = "trainable_report(model), on a masked language model, whose head uses the matrix of the word embeddings a second time,"
    got = check_form(learner.trainable_report(model), model, call)
    total, real = sum(counts["total"] for counts in got.values()), sum(p.numel() for p in model.parameters())
    assert total <= real, (
        f"{call} gave totals that add up to {total}, more than the model has. The shared weight is counted twice: it is one tensor with two names. "
        "Keep track of the tensors (by `id`), or start from `model.parameters()`, which gives each once."
    )
    check_counts(got, sizes, call, "total", "A shared weight belongs to the lower of its parts, here to the embeddings.")


@pytest.mark.points(1)
def test_buffers_are_no_parameters(learner):
    """What a model only stores, and no optimizer ever changes, isn't counted."""
    model = tiny_bert(layers=2, hidden=16)
    for module in (model.base_model.embeddings, model.base_model.encoder.layer[1], model.classifier):
        module.register_buffer("running_mean", torch.zeros(1000))
    sizes = counts_of(model)
    call = "trainable_report(model), on a model with buffers,"
    got = check_form(learner.trainable_report(model), model, call)
    total, real = sum(counts["total"] for counts in got.values()), sum(p.numel() for p in model.parameters())
    assert total <= real, (
        f"{call} gave totals that add up to {total}, more than the model has parameters. Are the buffers counted? `state_dict()` holds them too, `parameters()` doesn't."
    )
    check_counts(got, sizes, call, "total", "Count parameters only, and all of them.")


@pytest.mark.points(1)
def test_models_without_a_pooler(learner):
    """A model without a pooler has no entry for one, and its head is all that lies above the layers."""
    for kind, model in (("RoBERTa", tiny_roberta(hidden=16)), ("ELECTRA", tiny_electra(hidden=16, embedding_size=16))):
        call = f"trainable_report(model), on a {kind} classifier, which has no pooler,"
        try:
            got = learner.trainable_report(model)
        except AttributeError as error:
            raise AssertionError(
                f"{call} raised AttributeError: {error}. `model.base_model` finds the encoder by whatever name; its `pooler` may be missing, or be None."
            ) from None
        check_form(got, model, call)
        check_counts(got, counts_of(model), call, "total", "All that is neither embeddings, nor a layer, nor a pooler is the head.")


@pytest.mark.points(1)
def test_the_model_is_left_alone(learner, rng):
    """Looking at a model changes nothing in it."""
    model = random_bert(rng).train()
    before = [(name, p.requires_grad, p.detach().clone()) for name, p in model.named_parameters()]
    got = learner.trainable_report(model)
    check_form(got, model, "trainable_report(model)")
    after = dict(model.named_parameters())
    changed = [name for name, flag, data in before if after[name].requires_grad != flag or not torch.equal(after[name], data)]
    assert not changed, f"trainable_report(model) changed {changed[0]}. A report only looks: it sets no `requires_grad`."
    assert all(module.training for module in model.modules()), "trainable_report(model) switched a part of the model to evaluation mode."
    assert not learner.last.random_moved, "trainable_report(model) used up global random numbers. Nothing here is random."


@pytest.mark.points(1)
def test_a_real_minilm(learner):
    """The report of the real MiniLM adds up to all its parameters."""
    model = learner.make(minilm_classifier)
    got = learner.trainable_report(model)
    call = "trainable_report(model), on the real MiniLM,"
    expect.mapping(got, call=call, keys=("embeddings", *(f"layer.{i}" for i in range(6)), "pooler", "head"))
    prefixes = {"embeddings": "bert.embeddings.", "layer.3": "bert.encoder.layer.3.", "pooler": "bert.pooler.", "head": "classifier."}
    for part, prefix in prefixes.items():
        expect.mapping(got[part], call=f"{call} under {part!r},", keys=("total", "trainable"))
        elements = sum(torch.Size(shape).numel() for name, (shape, _, _) in model.parameters.items() if name.startswith(prefix))
        assert got[part]["total"] == elements, (
            f"{call} gave {got[part]['total']!r} as total of {part!r}. Count the elements of its parameters."
        )
