"""Hidden suite of `plan_batches`. Steps are counted by cutting a list of examples, as a training loop does."""

import math

import pytest

from tunelab import expect
from tunelab.codec import Fields

FIELDS = ("micro_batch", "accumulation", "epochs", "steps_per_epoch", "total_steps", "warmup_steps")


def planned(learner, examples, target_batch, device_limit, epochs, warmup_share):
    """The plan of a call that must succeed, after the checks of form, and the call."""
    call = f"plan_batches({examples}, {target_batch}, {device_limit}, {epochs}, {warmup_share:.6g})"
    plan = learner.plan_batches(examples, target_batch, device_limit, epochs, warmup_share)
    expect.value(plan, call=call)
    assert isinstance(plan, Fields) and plan.type_name == "BatchPlan", (
        f"{call} gave a {type(plan).__name__}, where a BatchPlan is asked for. Its class stands in the set-up cell."
    )
    for name in FIELDS:
        expect.integer(plan.fields.get(name), call=f"{call} as `{name}`", low=0 if name == "warmup_steps" else 1)
    return plan, call


def steps_of(examples, target_batch):
    """Steps in an epoch: one for every batch, the last and shorter one included."""
    return len([examples_left for examples_left in range(examples, 0, -target_batch)])


def check_steps(plan, call, examples, target):
    """The steps of an epoch are right; if they aren't, and a known mistake gives just as many, it is named."""
    got = plan.steps_per_epoch
    if got == steps_of(examples, target):
        return
    full, left = divmod(examples, target)
    assert got != math.ceil(examples / plan.micro_batch) or plan.accumulation == 1, (
        f"{call} gave {got} steps per epoch: that many micro-batches there are. The optimizer takes one step for every {plan.accumulation} of them."
    )
    assert got != full + 1 or left, f"{call} gave {got} steps per epoch. The examples fill their batches exactly, so nothing is left over."
    raise AssertionError(
        f"{call} gave {got} steps per epoch. {examples} examples make some full batches of {target}"
        + (" and a shorter one at the end, which is a step too." if left else ", and nothing is left over: a batch is a step.")
    )


def check_warm_up(plan, call, total, share):
    """The warm-up is right; if it isn't, and a known mistake gives just this one, it is named."""
    got, right = plan.warmup_steps, math.ceil(total * share)
    if got == right:
        return
    assert plan.total_steps == total or got not in (math.ceil(plan.total_steps * share), int(plan.total_steps * share)), (
        f"{call} gave {got} steps of warm-up, in a run of {plan.total_steps} steps. It is the number of steps that is wrong here, and the warm-up with it."
    )
    hint = "It is a share of the optimizer's steps in all epochs, and a step that is begun counts whole."
    mistakes = [
        (int(total * share), "A step that is begun counts whole: the share is rounded up."),
        (round(total * share), "A step that is begun counts whole: the share is rounded up, not to the nearest whole number."),
        (math.ceil(plan.steps_per_epoch * share), "That is the share of one epoch's steps. The run's are those in all epochs."),
    ]
    raise AssertionError(f"{call} gave {got} steps of warm-up. {next((text for wrong, text in mistakes if got == wrong), hint)}")


@pytest.mark.points(2)
def test_the_largest_micro_batch_that_divides(learner, rng):
    """The micro-batch is the largest divisor of the target batch that fits the device."""
    limits = [(24, 10), (60, 25), (48, 47), (7 * int(rng.choice([4, 8])), 13), (int(rng.choice([30, 42, 66])), 8)]
    for target, limit in limits:
        plan, call = planned(learner, 1000, target, limit, 2, 0.125)
        assert plan.micro_batch <= limit, f"{call} gave a micro-batch of {plan.micro_batch}, and the device takes {limit}."
        assert target % plan.micro_batch == 0, (
            f"{call} gave a micro-batch of {plan.micro_batch}. {target} isn't a multiple of it, so that no number of micro-batches makes up the target."
        )
        larger = [size for size in range(plan.micro_batch + 1, limit + 1) if target % size == 0]
        assert not larger, (
            f"{call} gave a micro-batch of {plan.micro_batch}. It divides the target, but there is a larger one that does and fits the device as well."
        )


@pytest.mark.points(2)
def test_the_effective_batch_is_the_target(learner, rng):
    """Micro-batch times accumulation is the target batch, exactly."""
    for _ in range(4):
        target, limit = int(rng.integers(20, 200)), int(rng.integers(3, 19))
        plan, call = planned(learner, 5000, target, limit, 1, 0.0)
        effective = plan.micro_batch * plan.accumulation
        assert effective == target, (
            f"{call} plans {plan.accumulation} micro-batches of {plan.micro_batch} for each step, an effective batch of {effective}. It should be the target."
        )
        assert plan.micro_batch <= limit, f"{call} gave a micro-batch of {plan.micro_batch}, and the device takes {limit}."


@pytest.mark.points(1)
def test_no_accumulation_without_need(learner, rng):
    """When the target fits the device, it is the micro-batch; the device isn't filled beyond it."""
    target = int(rng.integers(5, 40))
    for limit in (target, target + 1, 10 * target):
        plan, call = planned(learner, 500, target, limit, 1, 0.0)
        assert (plan.micro_batch, plan.accumulation) == (target, 1), (
            f"{call} gave a micro-batch of {plan.micro_batch} and an accumulation of {plan.accumulation}. The whole target fits the device, and it isn't to be exceeded."
        )


@pytest.mark.points(1)
def test_a_target_that_is_prime(learner, rng):
    """A target without a divisor that fits goes through the model one example at a time."""
    target = int(rng.choice([13, 17, 19, 23]))
    plan, call = planned(learner, 500, target, 8, 1, 0.0)
    assert (plan.micro_batch, plan.accumulation) == (1, target), (
        f"{call} gave a micro-batch of {plan.micro_batch} and an accumulation of {plan.accumulation}. Which numbers divide {target}?"
    )


@pytest.mark.points(2)
def test_the_ragged_end_counts(learner, rng):
    """The last, shorter batch of an epoch is a step as well; and steps are steps of the optimizer."""
    for _ in range(4):
        target, epochs = int(rng.choice([8, 16, 24, 32])), int(rng.integers(2, 6))
        examples = target * int(rng.integers(10, 40)) + int(rng.integers(1, target))
        plan, call = planned(learner, examples, target, 4, epochs, 0.125)
        check_steps(plan, call, examples, target)
        assert plan.total_steps == plan.steps_per_epoch * epochs, (
            f"{call} gave {plan.total_steps} steps in all. Each epoch has its own ragged end: there are as many steps in all as epochs times the steps of one."
        )
        assert plan.epochs == epochs, f"{call} gave {plan.epochs} epochs."


@pytest.mark.points(1)
def test_no_ragged_end(learner, rng):
    """When the batches come out even, there is no extra step; and few examples make one step."""
    target, batches = int(rng.choice([6, 12, 18])), int(rng.integers(5, 30))
    plan, call = planned(learner, target * batches, target, 6, 3, 0.0)
    check_steps(plan, call, target * batches, target)
    plan, call = planned(learner, target - 1, target, 6, 3, 0.0)
    assert (plan.steps_per_epoch, plan.total_steps) == (1, 3), (
        f"{call} gave {plan.steps_per_epoch} steps per epoch and {plan.total_steps} in all. All examples together don't fill a batch: an epoch is one step."
    )


@pytest.mark.points(2)
def test_warm_up_is_a_share_of_all_steps(learner, rng):
    """The warm-up is the share of the steps of the whole run, rounded up."""
    for share in (0.0625, 0.125, 0.25, 1.0):
        target, epochs = int(rng.choice([8, 16])), int(rng.integers(3, 7))
        examples = target * int(rng.integers(9, 30)) + int(rng.integers(1, target))
        plan, call = planned(learner, examples, target, 4, epochs, share)
        check_warm_up(plan, call, epochs * steps_of(examples, target), share)
    plan, call = planned(learner, 100, 8, 8, 2, 0.0)
    assert plan.warmup_steps == 0, f"{call} gave {plan.warmup_steps} steps of warm-up, where no warm-up was asked for."


def refusal(learner, *arguments):
    """The message of the ValueError that a call raises; None when it raises none."""
    try:
        learner.plan_batches(*arguments)
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.points(1)
def test_what_makes_no_plan(learner):
    """A share of warm-up that isn't from 0 to 1, or a device that takes no example, is refused with a ValueError that names it."""
    for argument, arguments in (
        ("warmup_share", (100, 8, 4, 2, 10)),
        ("warmup_share", (100, 8, 4, 2, 1.5)),
        ("warmup_share", (100, 8, 4, 2, -0.1)),
        ("device_limit", (100, 8, 0, 2, 0.1)),
    ):
        call = f"plan_batches{arguments}"
        said = refusal(learner, *arguments)
        assert said is not None, f"{call} raised nothing. Look at `{argument}`: the contract asks for a ValueError."
        assert argument in said, (
            f"{call} raised a ValueError that says {said[:80]!r}. Name `{argument}` in it, so that the reader knows what to change."
        )
