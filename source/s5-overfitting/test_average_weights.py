"""Public checks of `average_weights`."""

import torch

from tunelab import expect


def test_the_example(learner):
    """The example of the contract."""
    states = [{"w": torch.tensor([1.0, 4.0]), "steps": torch.tensor(10)}, {"w": torch.tensor([2.0, 0.0]), "steps": torch.tensor(20)}]
    call = "average_weights(states), with the states of the contract,"
    got = expect.mapping(learner.average_weights(states), call=call, keys={"w", "steps"})
    expect.tensor(got["w"], call=f"{call} under 'w'", shape=(2,), dtype=torch.float32)
    assert got["w"].tolist() == [1.5, 2.0], f"{call} gave {got['w'].tolist()} under 'w', where [1.5, 2.0] is right."
    expect.tensor(got["steps"], call=f"{call} under 'steps'", shape=(), dtype=torch.int64)
    assert int(got["steps"]) == 20, f"{call} gave {int(got['steps'])} under 'steps', where 20 is right: the last state's."


def test_half_precision(learner):
    """Numbers of half precision keep their type."""
    call = "average_weights(states), with two states of float16,"
    got = learner.average_weights([{"w": torch.tensor([1.0], dtype=torch.float16)}, {"w": torch.tensor([2.0], dtype=torch.float16)}])
    expect.mapping(got, call=call, keys={"w"})
    expect.tensor(got["w"], call=f"{call} under 'w'", shape=(1,), dtype=torch.float16)
    assert float(got["w"]) == 1.5, f"{call} gave {float(got['w'])}, where 1.5 is right."


def test_without_states(learner):
    """No state at all is a ValueError."""
    try:
        learner.average_weights([])
    except ValueError:
        return
    raise AssertionError("average_weights([]) raised no ValueError. There is nothing to average.")
