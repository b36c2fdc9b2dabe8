"""Hidden suite of `layer_norm`."""

import math

import pytest
import torch

from tunelab import expect
from tunelab.models import minilm

CALL = "layer_norm(x, gain, bias, eps)"


def normal(rng, *shape, dtype=torch.float32):
    return torch.from_numpy(rng.normal(size=shape)).to(dtype)


def by_hand(x, gain, bias, eps):
    """The rule in plain Python, for vectors in any number of axes."""
    rows = []
    for row in x.double().reshape(-1, x.shape[-1]).tolist():
        mean = sum(row) / len(row)
        variance = sum((number - mean) ** 2 for number in row) / len(row)
        rows.append(
            [(number - mean) / math.sqrt(variance + eps) * g + b for number, g, b in zip(row, gain.tolist(), bias.tolist(), strict=True)]
        )
    return torch.tensor(rows, dtype=torch.float64).reshape(x.shape)


def mistake(got, x, gain, bias, eps):
    """The sentence for a mistake that gives these numbers."""
    centred = x - x.mean(-1, keepdim=True)
    biased, unbiased = x.var(-1, correction=0, keepdim=True), x.var(-1, correction=1, keepdim=True)
    plain = centred / (biased + eps).sqrt()
    guesses = [
        (plain + bias, "These are the numbers without the gain."),
        (plain * gain, "These are the numbers without the bias."),
        ((plain + bias) * gain, "Here the bias was multiplied too. First the gain, and the bias comes last."),
        (centred / (biased.sqrt() + eps) * gain + bias, "Here eps was added outside the root. It belongs inside, to the variance."),
        (
            centred / (unbiased.sqrt() + eps) * gain + bias,
            "Here eps was added outside the root, and the squares were divided by one less than the width.",
        ),
        (
            centred / (unbiased + eps).sqrt() * gain + bias,
            "Here the squares were divided by one less than the width (torch's `var` and `std` do so unless told otherwise). Divide by the width.",
        ),
        (centred / (biased + eps) * gain + bias, "Here the numbers were divided by the variance. Divide by its root."),
        (x / (x.pow(2).mean(-1, keepdim=True) + eps).sqrt() * gain + bias, "Here the mean was not taken off."),
        (centred / (biased + 1e-5).sqrt() * gain + bias, "Here eps is not the one that was handed over."),
        (centred / biased.sqrt() * gain + bias, "Here eps was left out."),
        (centred * gain + bias, "Here the mean was taken off, but the spread left as it was."),
    ]
    for guess, sentence in guesses:
        if guess.shape == got.shape and torch.allclose(guess, got, atol=1e-5):
            return sentence
    return "Work out one vector with a pencil: mean, variance, root, gain, bias."


def checked(learner, x, gain, bias, eps, call=CALL):
    """What came back, after a look at its form."""
    got = learner.layer_norm(x, gain, bias, eps)
    expect.tensor(got, call=call, shape=tuple(x.shape), dtype=x.dtype)
    return got


@pytest.mark.points(3)
def test_every_vector_is_normalised(learner, rng):
    """Each vector has its mean taken off, is divided by the root of variance and eps, multiplied by the gain and moved by the bias."""
    for width, eps in ((5, 0.5), (12, 0.2)):
        x, gain, bias = 2 * normal(rng, 4, width) + 3, normal(rng, width), normal(rng, width)
        call = f"layer_norm(x, gain, bias, {eps}), with x of shape (4, {width}),"
        got = checked(learner, x, gain, bias, eps, call)
        expect.close(got, by_hand(x, gain, bias, eps), call=call, hint=mistake(got, x, gain, bias, eps), atol=1e-5)


@pytest.mark.points(1)
def test_every_token_by_itself(learner, rng):
    """What comes out for a token hangs on that token alone."""
    x, gain, bias = normal(rng, 6, 8), normal(rng, 8), normal(rng, 8)
    before = checked(learner, x, gain, bias, 0.1)
    other = x.clone()
    other[2:] += 10 * normal(rng, 4, 8)
    after = checked(learner, other, gain, bias, 0.1)
    assert torch.allclose(before[:2], after[:2], atol=1e-5), (
        f"{CALL} was called twice with x of shape (6, 8). Tokens 0 and 1 were the same both times, and got different numbers: other tokens had a say. "
        "Mean and variance are taken over the last axis alone, and `keepdim=True` keeps them beside their token."
    )
    expect.close(after, by_hand(other, gain, bias, 0.1), call=CALL, hint=mistake(after, other, gain, bias, 0.1), atol=1e-5)


@pytest.mark.points(1)
def test_any_number_of_axes(learner, rng):
    """A single vector, a sentence and a batch of sentences are all treated alike, along the last axis."""
    gain, bias = normal(rng, 7), normal(rng, 7)
    for shape in ((7,), (3, 7), (2, 3, 7), (7, 7), (2, 7, 7)):
        x, call = normal(rng, *shape), f"layer_norm(x, gain, bias, 0.1), with x of shape {shape},"
        got = checked(learner, x, gain, bias, 0.1, call)
        hint = mistake(got, x, gain, bias, 0.1)
        expect.close(
            got,
            by_hand(x, gain, bias, 0.1),
            call=call,
            hint=f"It is the last axis that counts, however many there are before it. {hint}",
            atol=1e-5,
        )


@pytest.mark.points(1)
def test_a_vector_of_equal_numbers(learner, rng):
    """A vector whose numbers are all equal has no spread: what is left is the bias. So it is for a width of 1."""
    for width in (6, 1):
        x = torch.full((2, width), float(rng.integers(-5, 6)))
        gain, bias = normal(rng, width), normal(rng, width)
        call = (
            f"layer_norm(x, gain, bias, 0.001), where all {width} numbers of a vector are equal,"
            if width > 1
            else "layer_norm(x, gain, bias, 0.001), with vectors of width 1,"
        )
        got = checked(learner, x, gain, bias, 1e-3, call)
        expect.close(
            got,
            bias.expand(2, width),
            call=call,
            hint="The numbers minus their mean are 0, whatever they are divided by. Then comes the bias.",
            atol=1e-4,
        )


@pytest.mark.points(2)
def test_minilms_own_numbers(learner, rng):
    """With MiniLM's gain, bias and eps, the function gives what MiniLM's own norm gives for real tokens."""
    model, seen = minilm(), {}
    norm = model.embeddings.LayerNorm
    norm.register_forward_hook(lambda _, inputs, output: seen.update(x=inputs[0].detach(), right=output.detach()))
    with torch.no_grad():
        model.embeddings(input_ids=torch.from_numpy(rng.integers(1000, 30000, size=(2, 8))))
    gain, bias = norm.weight.detach().clone(), norm.bias.detach().clone()
    call = "layer_norm(x, gain, bias, 1e-12), with the numbers of MiniLM's first norm,"
    got = checked(learner, seen["x"], gain, bias, norm.eps, call)
    expect.close(got, seen["right"], call=call, hint=mistake(got, seen["x"], gain, bias, norm.eps), atol=1e-5)


@pytest.mark.points(1)
def test_nothing_else_changes(learner, rng):
    """The arguments are left as they were, and float64 is computed in float64."""
    x, gain, bias = (normal(rng, *shape, dtype=torch.float64) for shape in ((3, 6), (6,), (6,)))
    got = checked(learner, x, gain, bias, 0.1, "layer_norm(x, gain, bias, 0.1), in float64,")
    for name, before, after in zip(("x", "gain", "bias"), (x, gain, bias), learner.last.args, strict=False):
        assert torch.equal(before, after), (
            f"{CALL}: its argument `{name}` was left changed. `x = x - …` makes a new tensor, `x -= …` changes the caller's."
        )
    hint = "Is something turned into single precision on the way? " + mistake(got.float(), x.float(), gain.float(), bias.float(), 0.1)
    expect.close(got, by_hand(x, gain, bias, 0.1), call="layer_norm(x, gain, bias, 0.1), in float64,", hint=hint, atol=1e-10)
