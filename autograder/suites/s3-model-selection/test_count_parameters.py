"""Hidden suite of `count_parameters`."""

import functools
import math

import pytest
import torch
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

from tunelab import expect
from tunelab.models import minilm

SMOLLM2 = {
    "model_type": "llama",
    "vocab_size": 49152,
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": True,
}
PARTS_OF_BERT = "Embeddings of words, positions and segments, a norm over them, `num_hidden_layers` layers, and the pooler."
GPT3 = {"model_type": "gpt2", "vocab_size": 50257, "n_positions": 2048, "n_embd": 12288, "n_layer": 96, "n_head": 96}


@functools.cache
def shapes(items):
    """The shapes of all tensors of the model that transformers builds from a config, by name, without giving them memory."""
    config = dict(items) | {"bos_token_id": None, "eos_token_id": None}
    kind = config.pop("model_type")
    make = AutoModel if kind == "bert" else AutoModelForCausalLM
    with torch.device("meta"):
        return {name: tuple(p.shape) for name, p in make.from_config(AutoConfig.for_model(kind, **config)).named_parameters()}


def truth(config):
    return shapes(tuple(sorted(config.items(), key=lambda item: item[0])))


def part(config, *words):
    """How many parameters there are in tensors whose name holds one of `words`."""
    return sum(math.prod(shape) for name, shape in truth(config).items() if any(word in name for word in words))


def total(config):
    return part(config, "")


def shown(config):
    return f"count_parameters({config})"


def called(learner, config):
    call = shown(config)
    try:
        got = learner.count_parameters(dict(config))
    except ValueError as error:
        assert config["model_type"] not in str(error), (
            f"{call} raised a ValueError that says {str(error)[:80]!r}. This family is one of the three that are to be counted."
        )
        raise
    return expect.integer(got, call=call, low=0), call


def check(got, config, call, hint):
    """The count is right; if it isn't, and a known mistake gives just this count, the mistake is named."""
    missing = total(config) - got
    if not missing:
        return
    for amount, text in MISTAKES[config["model_type"]](config):
        assert not amount or missing != amount, f"{call} gave {got}. {text}"
    raise AssertionError(f"{call} gave {got}: too {'few' if missing > 0 else 'many'}. {hint}")


def mistakes_bert(config):
    """What known mistakes leave out, in elements, and what is said of each."""
    layers = (config["num_hidden_layers"] - 1) * part(config, "encoder.layer.0.")
    return [
        (
            part(config, "position_embeddings"),
            "The position embeddings are missing: one vector for each of `max_position_embeddings` places.",
        ),
        (part(config, "token_type"), "The segment embeddings are missing: one vector for each of `type_vocab_size`."),
        (
            part(config, "position_embeddings", "token_type"),
            "Position and segment embeddings are missing: words aren't the only thing that has a vector.",
        ),
        (part(config, "embeddings.LayerNorm"), "The norm above the embeddings is missing."),
        (
            part(config, "pooler"),
            "The pooler is missing: `AutoModel` gives an encoder with one, a linear layer from hidden size to hidden size.",
        ),
        (biases(config), "The biases are missing: in BERT every linear layer has one, in layers and pooler."),
        (biases(config) - config["hidden_size"], "The biases of the layers are missing: in BERT every linear layer has one."),
        (layers, "All layers but one are missing: there are `num_hidden_layers` of them, each with weights of its own."),
        (
            -config["vocab_size"] * config["hidden_size"],
            "There is one word matrix too many. An encoder from `AutoModel` has no output head, whatever `tie_word_embeddings` says.",
        ),
    ]


def mistakes_of_the_head(config, tied, words):
    """What is left out, or is too much, when the output head is taken for tied and isn't, or the other way round."""
    key = "tie_word_embeddings"
    if tied:
        text = (
            "The output head is counted, though it is tied: it is the matrix of the word embeddings used a second time, and that is counted already."
            if key in config
            else "The output head is counted. Where `tie_word_embeddings` is missing, GPT-2's head is tied."
        )
        return [(-words, text)]
    text = "The output head is missing. " + (
        "It isn't tied here: it has a matrix of its own, without bias."
        if key in config
        else "Where `tie_word_embeddings` is missing, Llama's head is not tied."
    )
    return [(words, text), (-config["vocab_size"], "The output head has no bias.")]


def mistakes_gpt2(config):
    wide = 4 * config["n_embd"] - (config.get("n_inner") or 4 * config["n_embd"])
    return [
        *mistakes_of_the_head(config, config.get("tie_word_embeddings", True), config["vocab_size"] * config["n_embd"]),
        (part(config, "wpe"), "The position embeddings are missing: GPT-2 learns one vector for each of `n_positions` places."),
        (part(config, "ln_f"), "The norm after the last layer is missing."),
        (biases(config), "The biases are missing: in GPT-2 every linear layer but the output head has one."),
        (part(config, "ln_1", "ln_2"), "The norms of the layers are missing."),
        (
            -config["n_layer"] * wide * (2 * config["n_embd"] + 1),
            "The feed-forward part is taken to be 4 times as wide as the vectors. Here `n_inner` says how wide it is.",
        ),
    ]


def mistakes_llama(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    one_for_each = total(config) - total(config | {"num_key_value_heads": heads})
    size_worked_out = total(config) - total(config | {"head_dim": hidden // heads})
    flags = [(total(config) - total(config | {key: False}), key) for key in ("attention_bias", "mlp_bias") if config.get(key)]
    return [
        *mistakes_of_the_head(config, config.get("tie_word_embeddings", False), config["vocab_size"] * hidden),
        (
            part(config, "gate_proj"),
            "The gate projection is missing: Llama's feed-forward part has three matrices, gate and up to the intermediate size, and down again.",
        ),
        (
            -config["max_position_embeddings"] * hidden,
            "There are position embeddings in it. Llama rotates queries and keys instead: `max_position_embeddings` costs no parameter.",
        ),
        (-(2 * config["num_hidden_layers"] + 1) * hidden, "Its norms have a weight only, no bias: `hidden_size` numbers each."),
        (hidden, "The norm after the last layer is missing."),
        (part(config, "layernorm"), "The norms of the layers are missing."),
        (
            one_for_each,
            "The matrices of keys and values are counted as large as that of the queries. They make `num_key_value_heads` heads, which are fewer here.",
        ),
        (part(config, "k_proj"), "Keys and values have a matrix each."),
        (size_worked_out, "The size of a head is worked out, where `head_dim` gives it."),
        *((amount, f"`{key}` is true, so each linear layer in that part has a bias.") for amount, key in flags),
    ]


MISTAKES = {"bert": mistakes_bert, "gpt2": mistakes_gpt2, "llama": mistakes_llama}


def biases(config):
    """The biases of linear layers; a norm's bias is not among them."""
    names = [name for name in truth(config) if name.endswith(".bias") and "LayerNorm" not in name and "ln_" not in name]
    return sum(math.prod(truth(config)[name]) for name in names)


def bert(rng):
    hidden = 6 * int(rng.integers(3, 12))
    sizes = {"vocab_size": int(rng.integers(300, 900)), "max_position_embeddings": int(rng.integers(40, 90))}
    sizes |= {"type_vocab_size": int(rng.integers(2, 5)), "num_hidden_layers": int(rng.integers(3, 6)), "num_attention_heads": 6}
    return {"model_type": "bert", "hidden_size": hidden, "intermediate_size": 3 * hidden + int(rng.integers(1, hidden)), **sizes}


def gpt2(rng, **more):
    sizes = {"n_embd": 6 * int(rng.integers(3, 12)), "n_layer": int(rng.integers(3, 6)), "n_head": 6}
    return {"model_type": "gpt2", "vocab_size": int(rng.integers(300, 900)), "n_positions": int(rng.integers(40, 90)), **sizes, **more}


def llama(rng, **more):
    heads, size = 6, 2 * int(rng.integers(2, 7))
    sizes = {"hidden_size": heads * size, "intermediate_size": 2 * heads * size + int(rng.integers(1, 30)), "num_attention_heads": heads}
    sizes |= {"vocab_size": int(rng.integers(300, 900)), "num_hidden_layers": int(rng.integers(3, 6)), "max_position_embeddings": 77}
    return {"model_type": "llama", **sizes, **more}


@pytest.mark.points(2)
def test_the_encoder(learner, rng):
    """BERT's kind: embeddings of three sorts, layers, pooler, and biases everywhere."""
    config = bert(rng)
    got, call = called(learner, config)
    check(got, config, call, PARTS_OF_BERT)


@pytest.mark.points(2)
def test_the_decoder_of_gpt2(learner, rng):
    """GPT-2's kind: two embeddings, layers with biases, a last norm; the output head is the word embeddings once more and isn't counted twice."""
    config = gpt2(rng, n_inner=None, tie_word_embeddings=True)
    got, call = called(learner, config)
    check(got, config, call, "Words, positions, `n_layer` layers of the same make as BERT's, one more norm.")


@pytest.mark.points(2)
def test_width_and_head_of_gpt2(learner, rng):
    """`n_inner` may be given, and an output head that isn't tied is a matrix of its own."""
    config = gpt2(rng, tie_word_embeddings=False)
    config["n_inner"] = 2 * config["n_embd"] + int(rng.integers(1, 20))
    got, call = called(learner, config)
    check(
        got,
        config,
        call,
        "`n_inner` is the width of the feed-forward part; `tie_word_embeddings` says whether the head is a matrix of its own.",
    )


@pytest.mark.points(2)
def test_the_decoder_of_llama(learner, rng):
    """Llama's kind: no biases, no position embeddings, norms without bias, and three matrices in the feed-forward part."""
    config = llama(rng, tie_word_embeddings=False, num_key_value_heads=6)
    got, call = called(learner, config)
    check(
        got,
        config,
        call,
        "Words, then in each layer four matrices of attention, three of the feed-forward part and two norms, then a norm and the head.",
    )


@pytest.mark.points(2)
def test_fewer_key_and_value_heads(learner, rng):
    """With grouped queries there are fewer heads for keys and values than for queries, and smaller matrices."""
    config = llama(rng, tie_word_embeddings=True, num_key_value_heads=2)
    got, call = called(learner, config)
    check(got, config, call, "A matrix for keys has as many outputs as there are key-value heads, times the size of a head.")


@pytest.mark.points(2)
def test_heads_of_a_size_of_their_own_and_biases(learner, rng):
    """`head_dim` need not be the hidden size over the heads; `attention_bias` and `mlp_bias` turn biases on."""
    config = llama(rng, tie_word_embeddings=True, num_key_value_heads=3)
    config["head_dim"] = config["hidden_size"] // 6 + 2 * int(rng.integers(1, 5))
    plain, with_biases = config, config | {"attention_bias": True, "mlp_bias": True}
    got, call = called(learner, plain)
    check(got, plain, call, "All heads together are `num_attention_heads` times `head_dim` wide.")
    for key in ("attention_bias", "mlp_bias"):
        config = plain | {key: True}
        got, call = called(learner, config)
        check(got, config, call, f"`{key}` gives a bias, one number per output, to every linear layer in that part.")
    got, call = called(learner, with_biases)
    check(got, with_biases, call, "Both sorts of biases are there.")


@pytest.mark.points(1)
def test_what_a_config_leaves_out(learner, rng):
    """Keys that may be missing have defaults: GPT-2 ties, Llama doesn't, and every head has keys and values of its own."""
    for config in (gpt2(rng), llama(rng)):
        try:
            got, call = called(learner, config)
        except KeyError as error:
            raise AssertionError(
                f"{shown(config)} raised a KeyError: {error}. The contract lists what may be missing, and what holds then. `config.get(key, default)` reads it."
            ) from None
        check(got, config, call, "Look up in the contract what holds when a key is missing.")
    config = llama(rng, num_key_value_heads=None, head_dim=None, attention_bias=False, mlp_bias=False, tie_word_embeddings=False)
    try:
        got, call = called(learner, config)
    except TypeError as error:
        raise AssertionError(
            f"{shown(config)} raised a TypeError: {error}. A key may also be there with the value None, which means the same as if it weren't."
        ) from None
    check(got, config, call, "A value of None means the same as a key that is missing.")


@pytest.mark.points(1)
def test_another_family(learner):
    """For another family there is a ValueError that names it."""
    config = {"model_type": "t5", "vocab_size": 32128, "d_model": 512, "num_layers": 6}
    try:
        learner.count_parameters(config)
    except ValueError as error:
        assert "t5" in str(error), (
            f"{shown(config)} raised a ValueError that says {str(error)[:80]!r}. Name the model type in it, so that the reader knows what isn't supported."
        )
    except KeyError as error:
        raise AssertionError(
            f"{shown(config)} raised a KeyError: {error}. Look at `model_type` first: for what you can't count, the contract asks for a ValueError."
        ) from None
    else:
        raise AssertionError(f"{shown(config)} raised nothing. T5 is built differently: a number that is made up is worse than an error.")


@pytest.mark.points(1)
def test_the_config_is_left_alone(learner, rng):
    """The config is only read, and other keys in it don't matter."""
    config = bert(rng) | {"hidden_act": "gelu", "architectures": ["BertModel"], "tie_word_embeddings": False}
    got, call = called(learner, config)
    assert learner.last.args[0] == config, f"{call} changed the config. Read it, and leave it as it is."
    plain = {key: value for key, value in config.items() if key not in ("hidden_act", "architectures", "tie_word_embeddings")}
    if got != total(plain):
        without, _ = called(learner, plain)
        assert without != total(plain), f"{call} gave {got}, and without the last three keys {without}. Other keys don't change the count."
        check(got, plain, call, PARTS_OF_BERT)


@pytest.mark.points(2)
def test_models_that_exist(learner):
    """MiniLM, SmolLM2 and GPT-3: the first two to the last weight, the third within one per cent of 175 billion."""
    encoder = learner.make(minilm)
    config = {"model_type": "bert", "vocab_size": 30522, "hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 6}
    config |= {"num_attention_heads": 12, "max_position_embeddings": 512, "type_vocab_size": 2}
    got, call = called(learner, config)
    if got != sum(math.prod(shape) for shape, _, _ in encoder.parameters.values()):
        check(got, config, f"{call}, which is MiniLM,", PARTS_OF_BERT)
        raise AssertionError(f"{call}, which is MiniLM, gave {got}, which isn't what it holds.")
    got, call = called(learner, SMOLLM2)
    hint = "It shares its word matrix with the head, and has 3 heads of keys and values for 9 of queries."
    check(got, SMOLLM2, f"{call}, which is SmolLM2,", hint)
    got, call = called(learner, GPT3)
    assert abs(got / 175e9 - 1) < 0.01, (
        f"{call}, which is the largest GPT-3, gave {got / 1e9:.1f} billion. The paper says 175 billion (Brown and others 2020, table 2.1)."
    )
