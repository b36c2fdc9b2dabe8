"""Hidden suite of `clip_gradients`."""

import math

import pytest
import torch

from tunelab import expect

CALL = "clip_gradients(parameters, max_norm)"


def leaves(weights, gradients):
    """Parameters with these weights and gradients; a gradient of None stays None."""
    made = []
    for weight, gradient in zip(weights, gradients, strict=True):
        parameter = torch.nn.Parameter(weight.clone())
        parameter.grad = None if gradient is None else gradient.clone()
        made.append(parameter)
    return made


def gradients_of(parameters):
    return [None if p.grad is None else p.grad.detach().clone() for p in parameters]


def weights_of(parameters):
    return [p.detach().clone() for p in parameters]


def drawn(rng, length, shapes=((3, 4), (5,), (2, 2, 2))):
    """Random gradients that together are `length` long, the first by far the longest."""
    found = [torch.from_numpy(rng.normal(size=shape)) for shape in shapes]
    found[0] *= 6
    scale = length / math.sqrt(sum(float((g**2).sum()) for g in found))
    return [g * scale for g in found]


def run(learner, gradients, max_norm, call):
    """Calls the function; gives what it returned and the gradients that it left."""
    parameters = learner.make(leaves, [torch.ones_like(g) if g is not None else torch.ones(2) for g in gradients], gradients)
    try:
        got = learner.clip_gradients(parameters, max_norm)
    except (AttributeError, TypeError) as error:
        if any(g is None for g in gradients):
            raise AssertionError(
                f"{call} raised {type(error).__name__}: {error}. A parameter that took no part in the loss has none: its `grad` is None, and is passed over."
            ) from None
        raise
    return got, learner.probe(gradients_of, parameters), learner.probe(weights_of, parameters)


def same(left, right, rtol=1e-4):
    return all(torch.allclose(a, b, rtol=rtol, atol=1e-7) for a, b in zip(left, right, strict=True))


def agree(got, gradients, max_norm, call, hint, atol=1e-3):
    """The length of all gradients as one vector; where it is just what one known mistake gives, that mistake is named."""
    there = [g for g in gradients if g is not None]
    length = math.sqrt(sum(float((g**2).sum()) for g in there))
    if abs(got - length) < atol:
        return
    ways = (
        (min(length, max_norm), "That is the length after clipping. A log wants to know how long it was before."),
        (
            sum(float(g.norm()) for g in there),
            "That is the sum of the tensors' lengths. All numbers together are one vector: add up squares, then take one root.",
        ),
        (length**2, "That is a sum of squares; its square root is the length."),
    )
    named = [sentence for value, sentence in ways if abs(got - value) < 1e-4]
    raise AssertionError(f"{call} gave {got:.4g}, which is not right. {named[0] if len(named) == 1 else hint}")


@pytest.mark.points(2)
def test_the_length_before_clipping(learner, rng):
    """What is returned is the length of the whole gradient, as it was before."""
    for limit in (2.0, 50.0):
        length = float(rng.uniform(5, 9))
        gradients = drawn(rng, length)
        call = f"clip_gradients(parameters, {limit}), on three tensors of gradients,"
        got, _, _ = run(learner, gradients, limit, call)
        expect.number(got, call=call, low=0.0)
        agree(got, gradients, limit, call, "It is the length of all gradients taken together as one vector.")


@pytest.mark.points(3)
def test_one_factor_for_all(learner, rng):
    """A gradient that is too long is shortened to max_norm and keeps its direction."""
    limit, gradients = float(rng.uniform(0.8, 1.2)), drawn(rng, float(rng.uniform(5, 9)))
    call = f"clip_gradients(parameters, {limit:.3f}), on a gradient that is longer,"
    _, left, _ = run(learner, gradients, limit, call)
    assert not any(g is None for g in left), f"{call} took away a gradient. It is to be shortened."
    assert not same(left, gradients), (
        f"{call} left the gradients as they were. The step will use `parameter.grad`: the shorter gradient has to be there."
    )
    single = [g * min(1.0, limit / float(g.norm())) for g in gradients]
    assert not same(left, single), (
        f"{call} shortened each tensor by its own length. That turns the direction of the whole: one factor is for all tensors."
    )
    cut = [g.clamp(-limit, limit) for g in gradients]
    assert not same(left, cut), (
        f"{call} cut off each number by itself. That turns the direction of the gradient: all numbers shrink by one factor."
    )
    length = math.sqrt(sum(float((g**2).sum()) for g in left))
    assert abs(length - limit) < 1e-3 * limit, (
        f"{call} left gradients whose whole length is {length:.4f}, where max_norm is asked for. What is the length that your factor divides by?"
    )
    wanted = [g * (limit / math.sqrt(sum(float((h**2).sum()) for h in gradients))) for g in gradients]
    assert same(left, wanted), f"{call} left a gradient of the right length in another direction. All numbers shrink by one factor."


@pytest.mark.points(2)
def test_short_gradients_stay(learner, rng):
    """A gradient that is short enough is left as it is, and its length returned."""
    length = float(rng.uniform(0.2, 0.6))
    gradients = drawn(rng, length)
    call = f"clip_gradients(parameters, 1.0), on a gradient of length {length:.3f},"
    got, left, _ = run(learner, gradients, 1.0, call)
    grown = math.sqrt(sum(float((g**2).sum()) for g in left if g is not None))
    assert grown < length * 1.01, (
        f"{call} made it longer: {grown:.3f}. Clipping only ever shortens; short gradients near a minimum are right to be short."
    )
    assert same(left, gradients), f"{call} changed it, though it is shorter than max_norm."
    agree(expect.number(got, call=call), gradients, 1.0, call, "The length of the whole gradient is asked for.", atol=1e-4)


@pytest.mark.points(2)
def test_parameters_without_a_gradient(learner, rng):
    """A parameter without a gradient is passed over, and stays without one."""
    length = float(rng.uniform(5, 9))
    first, *rest = drawn(rng, length)
    call = f"{CALL}, with parameters of which some have no gradient,"
    got, left, _ = run(learner, [None, first, None, *rest], 1.0, call)
    assert left[0] is None and left[2] is None, f"{call} gave a gradient to a parameter that had none."
    agree(expect.number(got, call=call), [first, *rest], 1.0, call, "Only the gradients that are there make up the length.")
    got, left, _ = run(learner, [None, None], 1.0, call)
    assert type(got) is float and got == 0.0, f"{call} gave {got!r} where no parameter has a gradient. Nothing is 0.0 long, a float."


@pytest.mark.points(1)
def test_weights_stay(learner, rng):
    """Only gradients are shortened: the weights stay as they are."""
    gradients = drawn(rng, 7.0)
    call = f"{CALL}, on a gradient of length 7 with max_norm 1,"
    _, left, weights = run(learner, gradients, 1.0, call)
    assert all(bool((w == 1).all()) for w in weights), f"{call} changed the weights. The gradient is in `parameter.grad`."
    assert not same(left, gradients), f"{call} left the gradients as they were."
