"""Hidden suite of `adamw_step`."""

import pytest
import torch

from tunelab import expect
from tunelab.optim import AdamWState

CALL = "adamw_step(parameter, gradient, state, lr, betas, eps, weight_decay)"
USUAL = {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0}


def tensor(rng, *shape, scale=1.0):
    return torch.from_numpy(rng.normal(scale=scale, size=shape))


def fresh(parameter):
    return AdamWState(0, torch.zeros_like(parameter), torch.zeros_like(parameter))


def step(learner, parameter, gradient, state, call=CALL, **how):
    """One call; gives the parameter as it was left, and the new state."""
    got = learner.adamw_step(parameter, gradient, state, *({**USUAL, **how}.values()))
    expect.value(got, call=call)
    assert getattr(got, "type_name", "") == "AdamWState", (
        f"{call} gave a {type(got).__name__}, where an AdamWState is asked for: what the next step must know."
    )
    expect.integer(got.step, call=f"{call} gave a state whose `step`, looked at,")
    for name in ("mean", "square"):
        expect.tensor(getattr(got, name), call=f"`{name}` of the state from {call}", shape=tuple(parameter.shape), dtype=parameter.dtype)
    left = learner.last.args[0]
    return left.detach().clone(), AdamWState(got.step, got.mean.detach().clone(), got.square.detach().clone())


def by_hand(parameter, gradient, state, lr, betas, eps, weight_decay, wrong=""):
    """The step by arithmetic, on copies; `wrong` names a mistake to make on the way."""
    first, second = betas[::-1] if wrong == "betas" else betas
    count = state.step + 1
    if wrong == "l2":
        gradient = gradient + weight_decay * parameter
    mean = first * state.mean + (1 - first) * gradient
    square = second * state.square + (1 - second) * gradient * gradient
    number = count - 1 if wrong == "late" else count
    low, high = (1.0, 1.0) if wrong == "no correction" else (1 - first**number, 1 - second**number)
    root = (square / high + eps) ** 0.5 if wrong == "eps" else (square / high) ** 0.5 + eps
    factor = {"l2": 1.0, "no rate": 1 - weight_decay}.get(wrong, 1 - lr * weight_decay)
    return parameter * factor - lr * (mean / low) / root, AdamWState(count, mean, square)


def near(left, right):
    return torch.allclose(left, right, rtol=1e-6, atol=1e-9)


WRONG = {
    "no correction": "The averages begin at zero, so they are too small at first: bias correction is missing, without which the first steps have a wrong length.",
    "late": "Bias correction divides by 1 - beta**step, where this step counts too, and the first step counts from 1: state.step is the number of steps before this one.",
    "l2": "Decay was added to the gradient. That is Adam with an L2 penalty; what makes it AdamW is that decay goes round the averages, straight to the weights.",
    "no rate": "The learning rate was left out of the decay. The weights shrink by the factor 1 - lr * weight_decay.",
    "eps": "eps stands under the root. It is added after the root is taken, so that it has the unit of a gradient.",
    "betas": "The two betas are mixed up: the first is for the mean of the gradients, the second for that of their squares.",
}


def told(after, parameter, gradient, state, how, hint):
    """The sentence that names the only mistake which leads to just this parameter, or `hint`."""
    if torch.equal(after, parameter):
        return "It left the parameter as it was: change the one that was passed, in place."
    if not state.step and ((after - parameter).abs().min() > 1e3 * how["lr"] or not bool(torch.isfinite(after).all())):
        return WRONG["late"]
    ways = [wrong for wrong in WRONG if wrong != "late" or state.step]
    named = [wrong for wrong in ways if near(after, by_hand(parameter, gradient, state, **how, wrong=wrong)[0])]
    return WRONG[named[0]] if len(named) == 1 else hint


@pytest.mark.points(2)
def test_the_parameter_moves_in_place(learner, rng):
    """The parameter that was passed is itself changed, against its gradient; the gradient isn't."""
    parameter, gradient = tensor(rng, 3, 2), tensor(rng, 3, 2)
    for kind, passed in (("tensor", parameter.clone()), ("Parameter", torch.nn.Parameter(parameter.clone()))):
        call = f"{CALL}, with a {kind} that {'needs a gradient' if kind == 'Parameter' else 'needs none'},"
        try:
            after, _ = step(learner, passed, gradient, fresh(parameter), call=call)
        except RuntimeError as error:
            if isinstance(error, NotImplementedError):
                raise
            raise AssertionError(
                f"{call} raised RuntimeError: {error}. A step is no part of the computation that gradients are taken of: `with torch.no_grad():`."
            ) from None
        assert not torch.equal(after, parameter), (
            f"{call} left the parameter as it was. `parameter = parameter - …` makes a new tensor, which the model never sees: change it in place, with `sub_` and its like."
        )
        moved = after - parameter
        assert bool((moved * gradient < 0).all()), (
            f"{call} moved the parameter along its gradient. The loss grows in that direction: go against it."
        )
        assert torch.equal(learner.last.args[1], gradient), f"{call} changed the gradient. Only the parameter is changed in place."


@pytest.mark.points(3)
def test_the_first_step(learner, rng):
    """The first step is lr long in each number, whatever the size of the gradient."""
    parameter, gradient = tensor(rng, 4), tensor(rng, 4) * torch.tensor([1e-2, 1.0, 30.0, 1e3])
    how = {**USUAL, "lr": float(rng.uniform(0.01, 0.1)), "betas": (float(rng.uniform(0.8, 0.95)), 0.99)}
    after, _ = step(learner, parameter.clone(), gradient, fresh(parameter), **how)
    right, _ = by_hand(parameter, gradient, fresh(parameter), **how)
    moved = ", ".join(f"{x / how['lr']:.3g}" for x in (after - parameter).tolist())
    if not near(after, right):
        hint = "See to the two averages, their correction, and what is divided by what."
        raise AssertionError(
            f"The first step of {CALL} moved the numbers by {moved} times lr, where each is to move by about 1 or -1. {told(after, parameter, gradient, fresh(parameter), how, hint)}"
        )


@pytest.mark.points(2)
def test_the_notes(learner, rng):
    """The state that comes back holds the count and both running averages, without bias correction."""
    parameter, gradient = tensor(rng, 2, 3), tensor(rng, 2, 3)
    state = AdamWState(int(rng.integers(1, 6)), tensor(rng, 2, 3), tensor(rng, 2, 3).abs())
    how = {**USUAL, "betas": (float(rng.uniform(0.6, 0.8)), float(rng.uniform(0.9, 0.95)))}
    given = AdamWState(state.step, state.mean.clone(), state.square.clone())
    _, got = step(learner, parameter.clone(), gradient, given, **how)
    _, right = by_hand(parameter, gradient, state, **how)
    _, swapped = by_hand(parameter, gradient, state, **{**how, "betas": how["betas"][::-1]})
    call = f"{CALL}, with state.step = {state.step},"
    assert got.step == right.step, f"{call} gave a state with step = {got.step}. It counts the steps that were made, this one included."
    corrected = right.mean / (1 - how["betas"][0] ** right.step)
    if not near(got.mean, right.mean):
        assert not near(got.mean, swapped.mean), (
            f"{call} mixed up the two betas: the first is for the mean of the gradients, the second for that of their squares."
        )
        assert not near(got.mean, corrected), (
            f"{call} gave a state that holds the corrected averages. The correction is for this step's use; the next step goes on from the plain averages."
        )
    assert near(got.mean, right.mean), f"{call} gave another `mean` than betas[0] of the old one and the rest of the gradient."
    assert near(got.square, right.square), (
        f"{call} gave another `square` than betas[1] of the old one and the rest of the gradient's square, number by number."
    )


@pytest.mark.points(2)
def test_decay_apart_from_the_gradient(learner, rng):
    """Weight decay shrinks the parameter by lr times weight_decay, and never touches the averages."""
    parameter, gradient = tensor(rng, 6, scale=3.0), tensor(rng, 6)
    state = AdamWState(3, tensor(rng, 6), tensor(rng, 6).abs() + 0.5)
    how = {**USUAL, "lr": 0.1, "weight_decay": float(rng.uniform(0.2, 0.6))}
    after, notes = step(learner, parameter.clone(), gradient, AdamWState(3, state.mean.clone(), state.square.clone()), **how)
    call = f"{CALL}, with lr = 0.1 and weight_decay = {how['weight_decay']:.3f},"
    (_, mixed), (right, _) = (by_hand(parameter, gradient, state, **how, wrong=w) for w in ("l2", ""))
    assert not near(notes.mean, mixed.mean), f"{call} left another parameter than it should, and decay in the averages. {WRONG['l2']}"
    hint = "First it is multiplied by 1 - lr * weight_decay, then the step is subtracted."
    assert near(after, right), f"{call} left another parameter than it should. {told(after, parameter, gradient, state, how, hint)}"


@pytest.mark.points(1)
def test_where_eps_stands(learner, rng):
    """The small number is added to the root, not under it."""
    parameter, gradient = tensor(rng, 5), tensor(rng, 5, scale=0.1)
    how = {**USUAL, "eps": float(rng.uniform(0.02, 0.05))}
    after, _ = step(learner, parameter.clone(), gradient, fresh(parameter), **how)
    right, _ = by_hand(parameter, gradient, fresh(parameter), **how)
    call = f"{CALL}, with eps = {how['eps']:.3f},"
    hint = "What is divided by is the root of the corrected `square`, plus eps."
    assert near(after, right), (
        f"{call} left another parameter than it should. {told(after, parameter, gradient, fresh(parameter), how, hint)}"
    )


@pytest.mark.points(2)
def test_fifty_steps_like_torch(learner, rng):
    """Over 50 steps the parameter is where torch.optim.AdamW takes it."""
    start, target = tensor(rng, 3, 2), tensor(rng, 3, 2)
    how = {"lr": float(rng.uniform(0.01, 0.05)), "betas": (0.9, 0.98), "eps": 1e-6, "weight_decay": float(rng.uniform(0.05, 0.2))}
    other = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.AdamW([other], **how)
    mine, state = start.clone(), fresh(start)
    for number in range(50):
        other.grad = (other.detach() - target) ** 3
        optimizer.step()
        before, noted, gradient = mine, state, (mine - target) ** 3
        mine, state = step(learner, mine, gradient, AdamWState(state.step, state.mean.clone(), state.square.clone()), **how)
        if not torch.allclose(mine, other.detach(), rtol=1e-5, atol=1e-7):
            hint = "Compare the order: averages, correction, decay, step. And is the state that comes back what the next step needs?"
            raise AssertionError(
                f"{number + 1} step{'s' * (number > 0)} of {CALL} led to another point than torch.optim.AdamW. {told(mine, before, gradient, noted, how, hint)}"
            )
