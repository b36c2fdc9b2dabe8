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
    biased, unbiased = x.var(-1, correction=0, keepdim=True), centred.pow(2).sum(-1, keepdim=True) / (x.shape[-1] - 1 or math.nan)
    plain = centred / (biased + eps).sqrt()

    def over(axes):
        return (x - x.mean(axes, keepdim=True)) / (x.var(axes, correction=0, keepdim=True) + eps).sqrt() * gain + bias

    one_less = "Here the squares were divided by one less than the width (torch's `var` and `std` do so unless told otherwise). Divide by the width."
    guesses = [
        (plain + bias, "These are the numbers without the gain."),
        (plain * gain, "These are the numbers without the bias."),
        ((plain + bias) * gain, "Here the bias was multiplied too. First the gain, and the bias comes last."),
        (centred / (unbiased + eps).sqrt() * gain + bias, one_less),
        (centred / (biased.sqrt() + eps) * gain + bias, "Here eps was added outside the root. It belongs inside, to the variance."),
        (centred / (unbiased.sqrt() + eps) * gain + bias, f"Here eps was added outside the root. It belongs inside, to the variance. {one_less.replace('Here', 'And')}"),
        (centred / (biased + eps) * gain + bias, "Here the numbers were divided by the variance. Divide by its root."),
        (x / (x.pow(2).mean(-1, keepdim=True) + eps).sqrt() * gain + bias, "Here the mean was not taken off."),
        (centred / (biased + 1e-5).sqrt() * gain + bias, "Here eps was left out, or another one was used than the one that was handed over."),
        (centred / biased.sqrt() * gain + bias, "Here eps was left out, or another one was used than the one that was handed over."),
        (centred * gain + bias, "Here the mean was taken off, but the spread left as it was."),
    ]  # fmt: skip
    if x.dim() > 1:
        axes = [
            (tuple(range(x.dim())), "over all numbers of x"),
            *((axis, f"over axis {axis}, along which other vectors lie") for axis in range(x.dim() - 1)),
        ]
        guesses += [(over(axis), f"Here mean and variance were taken {what}. It is the last axis that counts, however many there are before it: `dim=-1`, and `keepdim=True` keeps the results beside their vector.") for axis, what in axes]  # fmt: skip
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
        expect.close(got, by_hand(x, gain, bias, 0.1), call=call, hint=mistake(got, x, gain, bias, 0.1), atol=1e-5)


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
        got = learner.layer_norm(x, gain, bias, 1e-3)
        expect.tensor(got, call=call, shape=(2, width), dtype=x.dtype, finite=False)
        assert torch.isfinite(got).all(), (
            f"{call} gave NaN or infinity. Without any spread the variance is 0: what you divide by is above 0 only with eps inside the root"
            + (", and only if the squares are divided by the width: one less than a width of 1 is 0." if width == 1 else ".")
        )
        hint = mistake(got, x, gain, bias, 1e-3)
        if hint.startswith("Work out"):
            hint = "The numbers minus their mean are 0, whatever they are divided by. Then comes the bias."
        expect.close(got, bias.expand(2, width), call=call, hint=hint, atol=1e-4)


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
    right = by_hand(x, gain, bias, 0.1)
    hint = (
        "Is something turned into single precision on the way?"
        if torch.allclose(got, right, atol=1e-5)
        else mistake(got, x, gain, bias, 0.1)
    )
    expect.close(got, right, call="layer_norm(x, gain, bias, 0.1), in float64,", hint=hint, atol=1e-10)
