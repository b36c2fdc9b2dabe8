"""Hidden suite of `training_memory`."""

import functools
import math

import pytest
import torch
from transformers import AutoConfig, BertConfig, BertForSequenceClassification, LlamaConfig, LlamaForCausalLM

from tunelab import assets, expect

MIB = 2**20
PARTS = ("weights", "gradients", "states", "activations")


def bert(rng, **more):
    sizes = {"vocab_size": int(rng.integers(300, 900)), "hidden_size": 8 * int(rng.integers(3, 9)), "num_attention_heads": 4}
    sizes |= {
        "num_hidden_layers": int(rng.integers(2, 5)),
        "max_position_embeddings": int(rng.integers(40, 90)),
        "num_labels": int(rng.integers(2, 9)),
    }
    return BertConfig(**{**sizes, "intermediate_size": 3 * sizes["hidden_size"] + int(rng.integers(1, 20)), **more})


def llama(rng, **more):
    heads, size = 6, 2 * int(rng.integers(3, 9))
    sizes = {"vocab_size": int(rng.integers(300, 900)), "hidden_size": heads * size, "num_attention_heads": heads, "num_key_value_heads": 2}
    sizes |= {"num_hidden_layers": int(rng.integers(2, 5)), "intermediate_size": 2 * heads * size + int(rng.integers(1, 20))}
    return LlamaConfig(**{**sizes, "tie_word_embeddings": True, **more})


def made(config):
    """The model, without memory."""
    with torch.device("meta"):
        return (BertForSequenceClassification if config.model_type == "bert" else LlamaForCausalLM)(config)


def total(config):
    return sum(p.numel() for p in made(config).parameters())


@functools.cache
def real(name):
    return AutoConfig.from_pretrained(assets.folder(name), local_files_only=True)


def called(learner, config, *arguments):
    call = f"training_memory(config, {', '.join(map(repr, arguments))}), on a {type(config).__name__},"
    try:
        got = learner.training_memory(config, *arguments)
    except ValueError as error:
        raise AssertionError(
            f"{call} raised a ValueError: {str(error)[:100]}. All of this can be estimated: family, dtype and optimizer are known, and no more is trained than the model has weights. Are all of them counted, the head among them?"
        ) from None
    expect.value(got, call=call)
    assert getattr(got, "type_name", "") == "MemoryPlan", (
        f"{call} gave a {getattr(got, 'type_name', type(got).__name__)}, where a MemoryPlan is asked for."
    )
    for part in PARTS:
        expect.number(getattr(got, part, None), call=f"{call} as `{part}`,", low=0.0)
    return got, call


def check(got, part, wanted, call, mistakes, hint):
    """A part is right, in bytes; else a known mistake is named. A mistake is the number of bytes that it gives, and a sentence; where they are costly to work out, a function makes the list."""
    mib = getattr(got, part)
    if math.isclose(mib, wanted / MIB, rel_tol=1e-12, abs_tol=1e-12):
        return
    for amount, text in (
        (wanted * MIB, "Those are bytes. The plan is in MiB."),
        (wanted * MIB / 1e6, "Those are MB, of 1,000,000 bytes. A MiB has 2**20 = 1,048,576."),
        (wanted * 1024, "Those are KiB. Divide by 1024 twice."),
        *(mistakes() if callable(mistakes) else mistakes),
    ):
        assert not math.isclose(mib, amount / MIB, rel_tol=1e-12), f"{call} gave {mib:.6g} MiB of {part}. {text}"
    raise AssertionError(f"{call} gave {mib:.6g} MiB of {part}. {hint}")


def of_weights(config, size, trained, *more):
    """What usual miscounts of all weights give, in bytes, at so many bytes each, and what to say of them; `more` come first."""
    model, count = made(config), total(config)
    mistakes = [
        *more,
        (
            size * trained,
            "Only the trained weights are counted. The frozen ones must be there as well: the model can't compute without them.",
        ),
        (size * (count - part_of(model, "embed")), "The embeddings are missing. They don't multiply, but they take room."),
        (size * (count - part_of(model, "bias")), "The biases are missing."),
    ]
    if config.model_type == "bert":
        return [
            *mistakes,
            (size * (count - part_of(model, "classifier")), "The classifier's head is missing: it is a BertForSequenceClassification."),
            (
                size * (count - part_of(model, "pooler", "classifier")),
                "Pooler and head are missing: it is a BertForSequenceClassification.",
            ),
        ]
    words = config.vocab_size * config.hidden_size
    heads = {"num_key_value_heads": config.num_attention_heads}
    wide = total(LlamaConfig(**{**config.to_dict(), **heads})) - count
    narrow = total(LlamaConfig(**{**config.to_dict(), "head_dim": config.hidden_size // config.num_attention_heads})) - count
    mistakes += [
        (
            size * (count + wide),
            "Keys and values are counted as wide as queries. They have `num_key_value_heads` heads, which are fewer here.",
        ),
        (size * (count + words + wide), "The tied head is counted twice, and keys and values are counted as wide as queries."),
        (size * (count + narrow), "All heads together are as wide as `head_dim` times their number."),
    ]
    if config.tie_word_embeddings:
        tied = "The head is counted, though it is tied: it is the embeddings' matrix, which is there once."
        return [*mistakes, (size * (count + words), tied)]
    return [*mistakes, (size * (count - words), "The head is missing: it isn't tied here, so it has a matrix of its own.")]


def part_of(model, *words):
    return sum(p.numel() for name, p in model.named_parameters() if any(word in name for word in words))


@pytest.mark.points(2)
def test_the_weights_of_an_encoder(learner, rng):
    """A BERT classifier in float32: every weight in 4 bytes, pooler and head among them, trained or not."""
    config = bert(rng)
    count = total(config)
    got, call = called(learner, config, 2, 8, "float32", "adamw", count // 3)
    few = [(count, "That is one byte a weight: float32 takes 4."), (2 * count, "That is two bytes a weight: float32 takes 4.")]
    check(
        got,
        "weights",
        4 * count,
        call,
        functools.partial(of_weights, config, 4, count // 3, *few),
        "All parameters of the model, 4 bytes each.",
    )


@pytest.mark.points(3)
def test_the_weights_of_a_decoder(learner, rng):
    """A Llama: narrow keys and values, and a head that is there once when it is tied."""
    for tied in (True, False):
        config = llama(rng, tie_word_embeddings=tied)
        count = total(config)
        got, call = called(learner, config, 2, 8, "float32", "adamw", count)
        check(
            got,
            "weights",
            4 * count,
            f"{call} with {'a tied' if tied else 'an untied'} head",
            functools.partial(of_weights, config, 4, count),
            "All parameters of the model, 4 bytes each, a shared one once.",
        )
    config = llama(rng, head_dim=20)
    count = total(config)
    got, call = called(learner, config, 2, 8, "float32", "sgd", 0)
    check(
        got,
        "weights",
        4 * count,
        f"{call} with a `head_dim` of its own",
        functools.partial(of_weights, config, 4, 0),
        "All parameters of the model, 4 bytes each. Heads are as wide as `head_dim` says.",
    )


def stepped(config, optimizer):
    """Bytes of gradients and of an optimizer's averages in torch, after a step with the upper half of the parameters trained, and how many weights that were."""
    model = (BertForSequenceClassification if config.model_type == "bert" else LlamaForCausalLM)(config)
    parameters = list(model.parameters())
    for parameter in parameters[: len(parameters) // 2]:
        parameter.requires_grad_(False)
    trained = parameters[len(parameters) // 2 :]
    options = {"adamw": {}, "sgd": {"lr": 0.1}, "sgd-momentum": {"lr": 0.1, "momentum": 0.9}}[optimizer]
    steps = (torch.optim.AdamW if optimizer == "adamw" else torch.optim.SGD)(trained, **options)
    for parameter in trained:
        parameter.grad = torch.zeros_like(parameter)
    steps.step()
    states = [value for state in steps.state.values() for value in state.values() if torch.is_tensor(value) and value.dim()]
    return sum(p.grad.nbytes for p in trained), sum(value.nbytes for value in states), sum(p.numel() for p in trained)


@pytest.mark.points(3)
def test_gradients_and_states_are_of_what_is_trained(learner, rng):
    """A frozen weight has no gradient, and the optimizer remembers nothing about it."""
    for optimizer, config in (("adamw", bert(rng)), ("sgd-momentum", bert(rng)), ("sgd", bert(rng))):
        count = total(config)
        gradients, states, trained = stepped(config, optimizer)
        got, call = called(learner, config, 3, 7, "float32", optimizer, trained)
        frozen = [(4 * count, "All weights are given a gradient. The frozen ones have none.")]
        check(got, "gradients", gradients, call, frozen, "One number of 4 bytes for each trained weight.")
        mistakes = [
            (2 * 4 * count, "All weights are given averages. The optimizer remembers nothing about frozen weights."),
            (4 * count, "All weights are given an average. The optimizer remembers nothing about frozen weights."),
            (0, "AdamW remembers two averages for each trained weight, momentum one."),
            (4 * trained, f"That is one number for each trained weight; {optimizer} keeps {'two' if optimizer == 'adamw' else 'none'}."),
            (
                8 * trained,
                f"Those are two averages for each trained weight; {optimizer} keeps {'one' if optimizer == 'sgd-momentum' else 'none'}.",
            ),
            (
                12 * trained,
                "Those are three numbers for each trained weight. Gradients are counted apart, and with float32 there are no master copies.",
            ),
        ]
        check(got, "states", states, call, mistakes, "AdamW keeps two averages for each trained weight, momentum one, plain SGD none.")


@pytest.mark.points(3)
def test_sixteen_bits(learner, rng):
    """With bfloat16 weights, gradients and activations take half; averages and master copies stay in 4 bytes."""
    for optimizer, averages in (("adamw", 2), ("sgd-momentum", 1), ("sgd", 0)):
        config = llama(rng)
        count = total(config)
        trained = count // int(rng.integers(3, 8))
        got, call = called(learner, config, 2, 9, "bfloat16", optimizer, trained)
        wide = (4 * count, "Those are 4 bytes a weight. bfloat16 takes 16 bits, that is 2.")
        check(
            got,
            "weights",
            2 * count,
            call,
            functools.partial(of_weights, config, 2, trained, wide),
            "All weights, 2 bytes each.",
        )
        mistakes = [
            (4 * trained, "Those are 4 bytes a gradient. With bfloat16 gradients take 2."),
            (2 * count, "The frozen weights have no gradients."),
        ]
        check(got, "gradients", 2 * trained, call, mistakes, "2 bytes for each trained weight.")
        mistakes = [
            (2 * averages * trained, "The optimizer works in float32: its averages take 4 bytes, and there are master copies besides."),
            (
                2 * (averages + 1) * trained,
                "Those are 2 bytes for each. The optimizer works in float32: averages and master copies take 4.",
            ),
            (4 * averages * trained, "The master copies are missing: the optimizer keeps each trained weight in float32 as well."),
            (4 * averages * trained + 4 * count, "All weights are given a master copy. The frozen ones don't change: they need none."),
            (4 * (averages + 1) * count, "The optimizer remembers nothing about frozen weights."),
            (4 * averages * trained + 2 * trained, "Master copies are in float32, that is 4 bytes."),
            (12 * trained, f"Those are two averages and a master copy; {optimizer} keeps {'one average' if averages else 'no average'}."),
            (8 * trained, f"Those are one average and a master copy; {optimizer} keeps no average."),
        ]
        check(
            got, "states", 4 * (averages + 1) * trained, call, mistakes, "Averages and a master copy for each trained weight, 4 bytes each."
        )
        full, _ = called(learner, config, 2, 9, "float32", optimizer, trained)
        assert math.isclose(2 * got.activations, full.activations, rel_tol=1e-9), (
            f"{call} gave {got.activations:.6g} MiB of activations, and {full.activations:.6g} with float32. Activations take half as much in 16 bits."
        )


def kept_by_torch(config, batch, tokens):
    """Bytes that torch keeps for the way back, on the CPU, without dropout. The weights' values don't matter, so they aren't drawn."""
    model = made(config).to_empty(device="cpu")
    model.tie_weights()
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.zero_()
    own = {tensor.untyped_storage()._cdata for tensor in (*model.parameters(), *model.buffers())}
    seen, alive = {}, []

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            seen[storage._cdata] = storage.nbytes()
            alive.append(storage)
        return tensor

    ids = torch.zeros(batch, tokens, dtype=torch.long)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model.eval()(input_ids=ids, labels=ids[:, 0] if config.model_type == "bert" else ids)
    return sum(seen.values())


@pytest.mark.points(3)
def test_activations_are_about_what_torch_keeps(learner, rng):
    """For MiniLM and SmolLM2 the estimate of a layer is within five percent of what torch really keeps, on a tiny batch."""
    for name, ends in (("minilm", "the embeddings"), ("smollm2", "the last norm and the loss")):
        config, batch, tokens = real(name), int(rng.integers(2, 4)), int(rng.integers(10, 15))
        shapes = {n: type(config)(**{**config.to_dict(), "num_hidden_layers": n}) for n in (1, 2, 4)}
        given, calls = {}, {}
        for n, used in (*shapes.items(), (config.num_hidden_layers, config)):
            got, calls[n] = called(learner, used, batch, tokens, "float32", "adamw", 1000)
            given[n] = got.activations
        call = f"{calls[2]} with the shape of {name} and 2 layers,"
        two, four = (kept_by_torch(shapes[n], batch, tokens) / MIB for n in (2, 4))
        mine, layer = given[2] - given[1], (four - two) / 2
        assert mine > 0, f"{call} gave {given[2]:.4g} MiB of activations, and no more than with 1 layer. Each layer keeps its own."
        assert math.isclose(given[4] - given[2], 2 * mine, rel_tol=1e-6) and math.isclose(
            given[config.num_hidden_layers] - given[2], (config.num_hidden_layers - 2) * mine, rel_tol=1e-6
        ), f"{call} gave {given[2]:.4g} MiB of activations, and {given[4]:.4g} with 4 layers. Each layer adds the same."
        for times, unit in ((MIB, "bytes"), (1024, "KiB")):
            assert not math.isclose(mine, times * layer, rel_tol=0.05), (
                f"{call} counts {mine:.4g} MiB for each layer's activations. Those are {unit}. The plan is in MiB."
            )
        assert math.isclose(mine, layer, rel_tol=0.05), (
            f"{call} counts {mine:.4g} MiB for each layer's activations, too {'many' if mine > layer else 'few'}. Go through the contract's list: hidden, intermediate"
            f"{', queries, and keys, which are narrower' if name == 'smollm2' else ''}; texts, tokens, bytes."
        )
        rest = given[2] - 2 * mine
        assert math.isclose(rest, two - 2 * layer, rel_tol=0.2), (
            f"{call} counts {rest:.4g} MiB of activations besides the layers', too {'many' if rest > two - 2 * layer else 'few'}. There is {ends}, once."
        )


@pytest.mark.points(2)
def test_activations_grow_with_the_batch(learner, rng):
    """Twice the texts or twice the tokens keep twice as much; the other parts don't change. With nothing trained nothing is kept."""
    for config in (bert(rng), llama(rng)):
        batch, tokens, trained = int(rng.integers(2, 6)), int(rng.integers(5, 20)), int(rng.integers(10, 100))
        once, call = called(learner, config, batch, tokens, "float32", "adamw", trained)
        for more, words in (((2 * batch, tokens), "twice the texts"), ((batch, 2 * tokens), "twice the tokens")):
            twice, _ = called(learner, config, *more, "float32", "adamw", trained)
            assert math.isclose(twice.activations, 2 * once.activations, rel_tol=1e-9), (
                f"{call} gave {once.activations:.5g} MiB of activations, and {twice.activations:.5g} with {words}. Each token of each text keeps its own."
            )
            assert (twice.weights, twice.gradients, twice.states) == (once.weights, once.gradients, once.states), (
                f"{call} and the same with {words}, gave other weights, gradients or states. Only activations depend on the batch."
            )
        idle, call = called(learner, config, batch, tokens, "float32", "adamw", 0)
        assert (idle.gradients, idle.states) == (0.0, 0.0), (
            f"{call} gave {idle.gradients:.4g} MiB of gradients and {idle.states:.4g} of states, though nothing is trained."
        )
        assert idle.activations == 0.0, (
            f"{call} gave {idle.activations:.4g} MiB of activations, though nothing is trained. Without a way back nothing is kept for it."
        )


def as_it_is(config):
    """The configuration, as it looks from there."""
    return config


@pytest.mark.points(1)
def test_refusals(learner, rng):
    """What can't be estimated is refused with a ValueError, and the configuration is left as it was."""
    from transformers import GPT2Config

    config = bert(rng)
    count = total(config)
    for given, arguments, why in (
        (config, ("float16", "adamw", 5), "float16 isn't a dtype that the contract knows"),
        (config, ("float32", "adam", 5), "adam isn't an optimizer that the contract knows"),
        (config, ("float32", "adamw", -1), "-1 weights can't be trained"),
        (config, ("float32", "adamw", count + 1), f"the model has {count} weights"),
        (
            GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=100),
            ("float32", "adamw", 5),
            "GPT-2 keeps other things than BERT and Llama",
        ),
    ):
        call = f"training_memory(config, 2, 8, {', '.join(map(repr, arguments))}), on a {type(given).__name__},"
        try:
            learner.training_memory(given, 2, 8, *arguments)
        except ValueError:
            continue
        except (KeyError, AttributeError) as error:
            raise AssertionError(f"{call} raised a {type(error).__name__}: {error}. The contract asks for a ValueError: {why}.") from None
        raise AssertionError(f"{call} raised nothing. The contract asks for a ValueError: {why}.")
    for given, dtype in (
        (config, "float32"),
        (llama(rng), "bfloat16"),
        (bert(rng, dtype="bfloat16"), "float32"),
        (llama(rng, tie_word_embeddings=False, use_cache=False), "float32"),
    ):
        _, call = called(learner, given, 2, 8, dtype, "adamw", 5)
        before, left = learner.probe(as_it_is, given).fields, getattr(learner.last.args[0], "fields", {})
        changed = [name for name in {**before, **left} if name not in left or name not in before or left[name] != before[name]]
        assert not changed, (
            f"{call} changed the configuration: `config.{changed[0]}`. It is the caller's, who goes on using it. Change a copy, if at all "
            "(`copy.deepcopy(config)`); a model that is built with a `dtype` writes it into its configuration."
        )


@pytest.mark.points(2)
def test_models_that_exist(learner):
    """MiniLM and SmolLM2, all of them trained with AdamW: weights, gradients and states to the last byte."""
    for name in ("minilm", "smollm2"):
        config = real(name)
        count = total(config)
        got, call = called(learner, config, 1, 16, "float32", "adamw", count)
        call = f"{call} which is {name},"
        check(got, "weights", 4 * count, call, functools.partial(of_weights, config, 4, count), "All weights, 4 bytes each.")
        check(got, "gradients", 4 * count, call, [], "As much as the weights.")
        check(got, "states", 8 * count, call, [], "Twice as much as the weights.")
