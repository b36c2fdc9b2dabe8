"""Hidden suite of `average_weights`.

Whether a tensor is new can only be seen where the learner's code runs. So the states of one test are of a class of their own there, which stays, and so does what is computed from it; what comes
back by value was made anew.
"""

import numpy as np
import pytest
import torch

from tunelab import expect
from tunelab.models import tiny_bert


def drawn(rng, *shape, dtype=torch.float32, around=0.0):
    return torch.from_numpy(np.asarray(around + rng.normal(size=shape))).to(dtype)


def averaged(learner, states, told):
    """The dict, with the names and tensors that are asked for. Values are not looked at yet."""
    call = f"average_weights(states), {told},"
    got = learner.average_weights(states)
    expect.mapping(got, call=call, keys=list(states[0]))
    for name, tensor in states[0].items():
        expect.tensor(got[name], call=f"{call} under {name!r}", shape=tuple(tensor.shape), dtype=tensor.dtype, finite=False)
    return got, call


def mean(states, name):
    return torch.stack([state[name].detach().double() for state in states]).mean(dim=0)


def plain(got, states, name, call, hint):
    """The plain mean over all states."""
    right = mean(states, name)
    running = states[0][name].detach().double()
    for state in states[1:]:
        running = (running + state[name].detach().double()) / 2
    assert torch.allclose(got[name].double(), right, atol=1e-5) or not torch.allclose(got[name].double(), running, atol=1e-5), (
        f"{call} under {name!r} gave the mean of the last state and of what came before it: so the last state has half of all the weight. Every state has the same weight: add up first, and divide once."
    )
    expect.close(got[name], right, call=f"{call} under {name!r},", hint=hint, atol=1e-5)


def staying(states):
    """The states, with tensors of a class that stays where it is."""

    class Weights(torch.Tensor):
        def __deepcopy__(self, memo):
            return memo.setdefault(id(self), self.detach().clone())

    return [{name: tensor.clone().as_subclass(Weights) for name, tensor in state.items()} for state in states]


def whose(tensors, states):
    """For each of the tensors, the position of the state that holds the same memory; None for a new one."""

    def memory(tensor):
        return tensor.as_subclass(torch.Tensor).untyped_storage().data_ptr()

    owners = {memory(tensor): number for number, state in enumerate(states) for tensor in state.values()}
    return {name: owners.get(memory(tensor)) for name, tensor in tensors.items()}


@pytest.mark.points(2)
def test_the_plain_mean(learner, rng):
    """Each floating entry becomes the plain mean over all states, whatever its shape."""
    for count in (2, 3, 5):
        states = [{"head.weight": drawn(rng, 3, 4), "head.bias": drawn(rng, 3), "scale": drawn(rng)} for _ in range(count)]
        got, call = averaged(learner, states, f"with {count} states")
        for name in states[0]:
            hint = "Add up the entries of all states, and divide by how many states there are: every one has the same weight."
            plain(got, states, name, call, hint)


@pytest.mark.points(2)
def test_whole_numbers_come_from_the_last(learner, rng):
    """Entries that aren't of a floating type are the last state's."""
    states = []
    for number in range(3):
        states.append(
            {
                "w": drawn(rng, 2),
                "batches": torch.tensor(int(rng.integers(100)) + 10 * number),
                "ids": torch.from_numpy(rng.integers(0, 50, size=4)),
                "mask": torch.from_numpy(rng.random(6) < 0.5),
                "small": torch.from_numpy(rng.integers(0, 200, size=5).astype(np.uint8)),
            }
        )
    states[-1]["mask"] = ~states[0]["mask"]
    got, call = averaged(learner, states, "with counters, position numbers and masks in them")
    for name in ("batches", "ids", "mask", "small"):
        assert torch.equal(got[name], states[-1][name]), (
            f"{call} gave {got[name].tolist()} under {name!r}, of type {str(got[name].dtype).removeprefix('torch.')}. A counter or a mask has no mean: copy it from the last state."
        )


@pytest.mark.points(3)
def test_half_precision(learner, rng):
    """Entries of half precision keep their dtype, and are summed in a better one."""
    for dtype in (torch.float16, torch.bfloat16):
        kind = str(dtype).removeprefix("torch.")
        states = [{"w": drawn(rng, 40, dtype=dtype, around=3.0)} for _ in range(24)]
        got, call = averaged(learner, states, f"with 24 states of {kind}")
        exact = mean(states, "w")
        off = (got["w"].double() - exact).abs() / exact.abs()
        # Rounding once is off by half a unit at most; room is left for a mean that was worked out in float32.
        unit = torch.finfo(dtype).eps / 2
        assert float(off.max()) < 50 * unit, (
            f"{call} gave numbers that are off by up to {float(off.max()):.0%}. That is far more than rounding does: it isn't the plain mean of all 24."
        )
        assert float(off.max()) < 1.01 * unit, (
            f"{call} gave numbers that are off by up to {float(off.max()) / unit:.1f} times what one rounding to {kind} costs. Each sum in {kind} is rounded: go to float32 before adding, and back once, at the end."
        )
    states = [{"w": torch.full((3,), 40000.0, dtype=torch.float16)} for _ in range(4)]
    got, call = averaged(learner, states, "with 4 states of float16 that hold 40000 everywhere")
    assert bool(torch.isfinite(got["w"]).all()), (
        f"{call} gave infinity: the sum is larger than float16 can hold (65504), though the mean is not. Sum in float32."
    )


@pytest.mark.points(2)
def test_the_states_stay_as_they_are(learner, rng):
    """The states that are passed are left as they were, and share no tensor with what comes back, also when there is only one."""
    made = {}
    for count in (1, 3):
        states = [
            {"w": drawn(rng, 3), "half": drawn(rng, 3, dtype=torch.float16), "steps": torch.tensor(7 * number)} for number in range(count)
        ]
        before = [{name: tensor.clone() for name, tensor in state.items()} for state in states]
        got, call = averaged(learner, states, f"with {count} state{'s' * (count > 1)}")
        left = learner.last.args[0]
        same = len(left) == count and all(
            list(a) == list(b) and all(torch.equal(a[name], b[name]) for name in a) for a, b in zip(left, before, strict=True)
        )
        assert same, (
            f"{call} changed a state that was passed. `+=` and names that end in an underscore work in place: begin with a new tensor."
        )
        plain(got, before, "w", call, "The plain mean is asked for.")
        made[call] = before
    for call, states in made.items():
        there = learner.make(staying, states)
        try:
            got = expect.mapping(learner.average_weights(there), call=call, keys=list(states[0]))
        except Exception:  # What it made of plain tensors was right: it stumbles over their class.
            continue
        owners = learner.probe(
            whose, {name: tensor for name, tensor in got.items() if getattr(tensor, "type_name", "") == "Weights"}, there
        )
        for name, owner in owners.items():
            assert owner is None, (
                f"{call} gave, under {name!r}, a tensor that states[{owner}] holds as well: whoever changes one of them changes the other. "
                "A new dict isn't enough, its tensors must be new: `.clone()` makes a copy."
            )


@pytest.mark.points(2)
def test_models_are_averaged(learner, rng):
    """The average of a model's states loads into a model of its kind; parameters that need gradients are no obstacle."""
    models = [tiny_bert(layers=1, hidden=8, heads=1, seed=int(rng.integers(1000))) for _ in range(2)]
    states = [dict(model.named_parameters()) | dict(model.named_buffers()) for model in models]
    try:
        got, call = averaged(learner, states, "with the parameters and buffers of two models")
    except RuntimeError as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(
            f"average_weights(states), with the parameters and buffers of two models, raised RuntimeError: {str(error)[:120].rstrip('.')}. A model's parameters need gradients and belong to it: compute with `.detach()`ed tensors, and write into none of them."
        ) from None
    assert list(got) == list(states[0]), f"{call} gave the names in another order than the first state has them."
    assert not any(tensor.requires_grad for tensor in got.values()), (
        f"{call} gave tensors that need a gradient. They are weights to be loaded: detach them."
    )
    for name in states[0]:
        if states[0][name].is_floating_point():
            plain(got, states, name, call, "The plain mean is asked for, also under names that you didn't expect.")


@pytest.mark.points(1)
def test_states_that_do_not_fit(learner, rng):
    """No state at all, or states with other names, are refused with a ValueError that names what is missing."""
    w = drawn(rng, 2)
    cases = (([], ""), ([{"w": w, "bias": w}, {"w": w}], "bias"), ([{"w": w}, {"w": w, "extra": w}], "extra"))
    for states, name in cases:
        told = f"with states that have the names {[list(state) for state in states]}" if states else "without states"
        call, said = f"average_weights(states), {told},", None
        try:
            learner.average_weights(states)
        except ValueError as error:
            said = str(error)
        except NotImplementedError:
            raise
        except (LookupError, TypeError, AttributeError, RuntimeError, StopIteration, ZeroDivisionError) as error:
            cure = (
                "Compare the names first, and raise a ValueError that says which one isn't everywhere."
                if states
                else "Ask first whether there is a state at all, and raise a ValueError if not."
            )
            raise AssertionError(
                f"{call} raised {getattr(error, 'learner_type', type(error).__name__)}: {str(error)[:80]}. {cure}"
            ) from None
        assert said is not None, f"{call} raised no error. The contract asks for a ValueError."
        assert name in said, f"{call} raised ValueError: {said}. Which name isn't in all of them? Put it into the message."
