"""Hidden suite of `layer_parameters`."""

import math

import pytest
import torch

from tunelab import expect
from tunelab.models import minilm, tiny_bert

SHAPES = "Write down each tensor's shape: four linear layers in attention, two in the feed-forward part, two norms."


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


def judge(config, got, call, hint):
    """The count is right; if it isn't, and a known mistake gives just this count, the mistake is named."""
    h, i, layers, heads = (config.get(key, 1) for key in ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"))
    right = count(h, i)
    if got == right:
        return
    assert got != layers * right, f"{call} gave {got}, the count of all {layers} layers. The question is about a single layer."
    of_its_own = {(heads - 1) * matrices * size for matrices in (3, 4) for size in (h * h, h * h + h)}
    assert heads == 1 or got - right not in of_its_own, (
        f"{call} gave {got}, as if each head had matrices of its own. Heads share the matrices of attention: "
        "each works on its own columns of them, so their number doesn't change how many weights there are."
    )
    assert got != count(h, 4 * h), (
        f"{call} gave the count of a layer whose feed-forward part is 4 times as wide as its vectors. That is usual, but the config says otherwise: read `intermediate_size`."
    )
    projection = (
        "One matrix of attention is missing. Besides query, key and value there is the output projection, which mixes what the heads found."
    )
    halves = "One half of the feed-forward part is missing: up to the intermediate size, and down again."
    hints = {
        9 * h + i: "All biases and both norms are missing.",
        5 * h + i: "The biases are missing: a linear layer of n inputs and m outputs has n x m weights and m biases.",
        4 * h + i: "One set of biases is missing, or a norm too many: each of the six linear layers has a bias for each of its outputs.",
        5 * h: "The biases as wide as the hidden size are missing: four in attention, one on the way back.",
        i: "The bias of the first layer of the feed-forward part is missing: one number for each of its outputs.",
        4 * h: "The norms are missing. Each of the two has a weight and a bias of the hidden size.",
        2 * h: "One norm is missing, or each has lost its bias: there are two, each with a weight and a bias of the hidden size.",
        h * h + h: projection,
        h * h: projection,
        h * i: "One of the two matrices of the feed-forward part is missing: up to the intermediate size, and down again.",
        h * i + h: halves,
        h * i + i: halves,
        h - i: "The way back from the intermediate size has as many biases as it has outputs: the hidden size.",
        i - h: "The way up to the intermediate size has as many biases as it has outputs: the intermediate size.",
    }
    raise AssertionError(f"{call} gave {got}. {hints.get(right - got, hint)}")


def called(learner, config):
    """The count of a call, a whole number, and how the call is shown."""
    call = f"layer_parameters({config})"
    return expect.integer(learner.layer_parameters(dict(config)), call=call, low=0), call


@pytest.mark.points(2)
def test_every_part_is_counted(learner, rng):
    """Attention, feed-forward and norms, each with its biases: the count of a layer of any size."""
    for _ in range(3):
        config = draw(rng, 4)
        got, call = called(learner, config)
        judge(config, got, call, SHAPES)


@pytest.mark.points(2)
def test_the_intermediate_size_is_read(learner, rng):
    """The feed-forward part is as wide as the config says, which need not be four times the hidden size."""
    for _ in range(2):
        config = draw(rng)
        got, call = called(learner, config)
        judge(config, got, call, "The feed-forward part goes from `hidden_size` to `intermediate_size` and back.")


@pytest.mark.points(1)
def test_heads_only_divide(learner, rng):
    """The number of heads changes nothing: they share the columns of the same matrices."""
    heads = int(rng.integers(3, 9))
    config = {"hidden_size": heads * 16, "intermediate_size": heads * 40, "num_attention_heads": heads, "num_hidden_layers": 7}
    got, call = called(learner, config)
    judge(config, got, call, SHAPES)


@pytest.mark.points(1)
def test_the_config_is_left_alone(learner, rng):
    """The config is only read, and may hold more than the two sizes."""
    config = tiny_bert(hidden=2 * int(rng.integers(5, 40))).config.to_dict()
    call = f"layer_parameters(config), with the whole config of a BERT of hidden size {config['hidden_size']},"
    got = expect.integer(learner.layer_parameters(dict(config)), call=call)
    assert learner.last.args[0] == config, "layer_parameters(config) changed the config. Read it, and leave it as it is."
    judge(config, got, call, SHAPES)


@pytest.mark.points(2)
def test_a_layer_of_minilm(learner):
    """The count of a layer of the real MiniLM."""
    encoder = learner.make(minilm)
    shapes = [shape for name, (shape, _, _) in encoder.parameters.items() if name.startswith("encoder.layer.3.")]
    config = {"hidden_size": 384, "intermediate_size": 1536, "num_attention_heads": 12}
    got, call = called(learner, config)
    if got != sum(map(math.prod, shapes)):
        judge(config, got, f"{call}, with MiniLM's sizes,", f"Its layer 3 has {len(shapes)} tensors: have you got as many terms?")
        raise AssertionError(f"{call}, with MiniLM's sizes, gave {got}, which isn't what its layer 3 holds.")
