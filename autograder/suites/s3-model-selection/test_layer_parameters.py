"""Hidden suite of `layer_parameters`."""

import math

import pytest
import torch

from tunelab import expect
from tunelab.models import minilm, tiny_bert


def count(hidden, wide, heads=1):
    """The layer of a real BERT of that size, counted by torch without giving it any memory."""
    with torch.device("meta"):
        layer = torch.nn.TransformerEncoderLayer(hidden, heads, dim_feedforward=wide)
    return sum(p.numel() for p in layer.parameters())


def draw(rng, ratio=None):
    """A config with two sizes that nobody can know beforehand; the layer between is `ratio` times as wide, or of a width of its own."""
    hidden = int(rng.integers(5, 200))
    wide = ratio * hidden if ratio else int(rng.integers(5 * hidden, 7 * hidden)) + 1
    return {"hidden_size": hidden, "intermediate_size": wide}


def called(learner, config):
    """The count of a call, after the ladder: a whole number, and not one of those that a part left out gives."""
    h, i = config["hidden_size"], config["intermediate_size"]
    call = f"layer_parameters({{'hidden_size': {h}, 'intermediate_size': {i}}})"
    got = expect.integer(learner.layer_parameters(dict(config)), call=call, low=0)
    missing = count(h, i) - got
    hints = {
        9 * h + i: "All biases and both norms are missing.",
        5 * h + i: "The biases are missing: a linear layer of n inputs and m outputs has n x m weights and m biases.",
        4 * h + i: "One set of biases is missing, or a norm too many: each of the six linear layers has a bias for each of its outputs.",
        5 * h: "The biases as wide as the hidden size are missing: four in attention, one on the way back.",
        i: "The bias of the first layer of the feed-forward part is missing: one number for each of its outputs.",
        4 * h: "The norms are missing. Each of the two has a weight and a bias of the hidden size.",
        2 * h: "One norm is missing, or each has lost its bias: there are two, each with a weight and a bias of the hidden size.",
        h * h
        + h: "One matrix of attention is missing. Besides query, key and value there is the output projection, which mixes what the heads found.",
        h
        * h: "One matrix of attention is missing. Besides query, key and value there is the output projection, which mixes what the heads found.",
        h * i: "One of the two matrices of the feed-forward part is missing: up to the intermediate size, and down again.",
        h * i + h: "One half of the feed-forward part is missing: up to the intermediate size, and down again.",
        h * i + i: "One half of the feed-forward part is missing: up to the intermediate size, and down again.",
        -(i - h): "The way back from the intermediate size has as many biases as it has outputs: the hidden size.",
        i - h: "The way up to the intermediate size has as many biases as it has outputs: the intermediate size.",
    }
    assert missing not in hints, f"{call} gave {got}. {hints.get(missing)}"
    return got, call


@pytest.mark.points(2)
def test_every_part_is_counted(learner, rng):
    """Attention, feed-forward and norms, each with its biases: the count of a layer of any size."""
    for _ in range(3):
        config = draw(rng, 4)
        got, call = called(learner, config)
        assert got == count(config["hidden_size"], config["intermediate_size"]), (
            f"{call} gave {got}. Write down each tensor's shape: four linear layers in attention, two in the feed-forward part, two norms."
        )


@pytest.mark.points(2)
def test_the_intermediate_size_is_read(learner, rng):
    """The feed-forward part is as wide as the config says, which need not be four times the hidden size."""
    for _ in range(2):
        config = draw(rng)
        got, call = called(learner, config)
        assert got != count(config["hidden_size"], 4 * config["hidden_size"]), (
            f"{call} gave the count of a layer whose feed-forward part is 4 times as wide as its vectors. That is usual, but the config says otherwise: read `intermediate_size`."
        )
        assert got == count(config["hidden_size"], config["intermediate_size"]), (
            f"{call} gave {got}. The feed-forward part goes from `hidden_size` to `intermediate_size` and back."
        )


@pytest.mark.points(1)
def test_heads_only_divide(learner, rng):
    """The number of heads changes nothing: they share the columns of the same matrices."""
    heads = int(rng.integers(3, 9))
    config = {"hidden_size": heads * 16, "intermediate_size": heads * 40, "num_attention_heads": heads, "num_hidden_layers": 7}
    got = expect.integer(
        learner.layer_parameters(dict(config)), call=f"layer_parameters(config), with {heads} heads and 7 layers in the config,"
    )
    one = count(heads * 16, heads * 40)
    assert got != 7 * one, f"layer_parameters(config) gave {got} for a config of 7 layers. The question is about a single layer."
    assert got == one, (
        f"layer_parameters(config), with {heads} heads, gave {got}. Heads share the matrices of attention: "
        "each works on its own columns of them, so their number doesn't change how many weights there are."
    )


@pytest.mark.points(1)
def test_the_config_is_left_alone(learner, rng):
    """The config is only read, and may hold more than the two sizes."""
    config = tiny_bert(hidden=2 * int(rng.integers(5, 40))).config.to_dict()
    h, i = config["hidden_size"], config["intermediate_size"]
    got = expect.integer(learner.layer_parameters(dict(config)), call="layer_parameters(config), with the whole config of a small BERT,")
    assert learner.last.args[0] == config, "layer_parameters(config) changed the config. Read it, and leave it as it is."
    assert got == count(h, i), (
        f"layer_parameters(config), with the whole config of a BERT of hidden size {h}, gave {got}: not what torch counts."
    )


@pytest.mark.points(2)
def test_a_layer_of_minilm(learner):
    """The count of a layer of the real MiniLM."""
    encoder = learner.make(minilm)
    shapes = [shape for name, (shape, _, _) in encoder.parameters.items() if name.startswith("encoder.layer.3.")]
    got = expect.integer(
        learner.layer_parameters({"hidden_size": 384, "intermediate_size": 1536, "num_attention_heads": 12}),
        call="layer_parameters(config), with MiniLM's config,",
    )
    assert got == sum(map(math.prod, shapes)), (
        f"layer_parameters(config), with MiniLM's config, gave {got}. Its layer 3 has {len(shapes)} tensors: have you got as many terms?"
    )
