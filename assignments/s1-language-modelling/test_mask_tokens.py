"""Public checks of `mask_tokens`: examples to check oneself by."""

import torch

from tunelab import expect

IDS = torch.tensor([[101, 11, 12, 13, 14, 102], [101, 21, 22, 102, 0, 0]])
SPECIAL = [0, 101, 102, 103]


def masked(learner, ids, rate, seed=0):
    call = f"mask_tokens(ids, {SPECIAL}, 103, 1000, {rate}, generator)"
    got = learner.mask_tokens(ids, SPECIAL, 103, 1000, rate, torch.Generator().manual_seed(seed))
    expect.sequence(got, call=call, kind=tuple, length=2)
    for part, name in zip(got, ("the new ids", "the labels"), strict=True):
        expect.tensor(part, call=f"{call} as {name}", shape=tuple(ids.shape), dtype=torch.int64)
    return *got, call


def test_a_rate_of_one(learner):
    """At a rate of 1, all tokens but the special ones have a label: what stood there."""
    _, labels, call = masked(learner, IDS, 1.0)
    wanted = [[-100, 11, 12, 13, 14, -100], [-100, 21, 22, -100, -100, -100]]
    assert labels.tolist() == wanted, f"{call}, on ids {IDS.tolist()}, gave the labels {labels.tolist()}. They should be {wanted}."


def test_special_tokens(learner):
    """Start, end and padding stay."""
    inputs, _, call = masked(learner, IDS, 1.0)
    special = torch.isin(IDS, torch.tensor(SPECIAL))
    assert torch.equal(inputs[special], IDS[special]), (
        f"{call}, on ids {IDS.tolist()}, gave {inputs.tolist()}, in which a special token was changed."
    )


def test_eighty_ten_ten(learner):
    """Of many chosen tokens about 80% are masked, 10% another token, 10% as they were."""
    ids = torch.arange(200, 900).repeat(20, 1)
    inputs, labels, call = masked(learner, ids, 0.5)
    chosen = labels != -100
    assert chosen.any(), f"{call} chose no token."
    share = [float(((inputs == 103) & chosen).sum() / chosen.sum()), float(((inputs == ids) & chosen).sum() / chosen.sum())]
    assert abs(share[0] - 0.8) < 0.05, f"{call} masked {share[0]:.2f} of the chosen tokens. It should be about 0.8."
    assert abs(share[1] - 0.1) < 0.04, f"{call} left {share[1]:.2f} of the chosen tokens as they were. It should be about 0.1."


def test_the_input_stays(learner):
    """The ids that were handed in aren't changed."""
    *_, call = masked(learner, IDS, 1.0)
    assert torch.equal(learner.last.args[0], IDS), f"{call} changed `ids`. Work on a copy."
