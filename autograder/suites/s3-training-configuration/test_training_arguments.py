"""Hidden suite of `training_arguments`. Two spellings of one setting count alike: what is asked is what a Trainer would do."""

import math
from dataclasses import dataclass

import pytest

from tunelab import expect
from tunelab.codec import Fields


@dataclass(frozen=True)
class BatchPlan:
    """A plan like that of the lesson, made here."""

    micro_batch: int
    accumulation: int
    epochs: int
    steps_per_epoch: int
    total_steps: int
    warmup_steps: int


def draw(rng):
    """A plan, a rate, a decay and a seed that nobody can know beforehand."""
    steps, epochs = int(rng.integers(20, 60)), int(rng.integers(2, 6))
    warmup = int(rng.integers(3, steps))
    plan = BatchPlan(int(rng.integers(3, 12)), int(rng.integers(2, 7)), epochs, steps, steps * epochs, warmup)
    return plan, float(rng.uniform(1e-5, 9e-5)), float(rng.uniform(0.02, 0.2)), int(rng.integers(1000, 9999))


def made(learner, plan, rate, decay, seed):
    """The arguments of a call that must succeed, after the checks of form, and the call."""
    call = f"training_arguments(plan, 'runs', {rate:.4g}, {decay:.4g}, {seed})"
    got = learner.training_arguments(plan, "runs", rate, decay, seed)
    expect.value(got, call=call)
    assert isinstance(got, Fields) and got.type_name == "TrainingArguments", (
        f"{call} gave a {getattr(got, 'type_name', type(got).__name__)}, where a TrainingArguments is asked for."
    )
    return got, call


def said(setting):
    """A setting as its word: transformers keeps some as enumerations."""
    return setting.value if isinstance(setting, Fields) else setting


def each_epoch(strategy, steps, plan):
    """Whether something happens at the end of each epoch: said so, or every so many steps."""
    return said(strategy) == "epoch" or (said(strategy) == "steps" and steps == plan.steps_per_epoch)


def how_often(strategy, steps, plan):
    """A strategy in words."""
    word = said(strategy)
    if word != "steps":
        return f"by the strategy {word!r}"
    return f"every {steps:g} steps (the strategy is 'steps'), where an epoch of the plan has {plan.steps_per_epoch}"


@pytest.mark.points(2)
def test_batches_as_planned(learner, rng):
    """The device gets micro-batches, and the optimizer steps once for as many of them as the plan says."""
    plan, rate, decay, seed = draw(rng)
    got, call = made(learner, plan, rate, decay, seed)
    effective = got.per_device_train_batch_size * got.gradient_accumulation_steps
    assert effective == plan.micro_batch * plan.accumulation, (
        f"{call}, for micro-batches of {plan.micro_batch} and an accumulation of {plan.accumulation}, makes steps of {effective} examples: "
        f"{got.per_device_train_batch_size} at once, and {got.gradient_accumulation_steps} such for each step. Which of the two numbers doesn't come from the plan?"
    )
    assert got.per_device_train_batch_size == plan.micro_batch, (
        f"{call} puts {got.per_device_train_batch_size} examples through the model at once. The plan says what fits: `micro_batch`."
    )


@pytest.mark.points(1)
def test_length_as_planned(learner, rng):
    """The run is as long as planned."""
    plan, rate, decay, seed = draw(rng)
    got, call = made(learner, plan, rate, decay, seed)
    steps = got.max_steps if got.max_steps > 0 else math.ceil(got.num_train_epochs * plan.steps_per_epoch)
    assert steps == plan.total_steps, (
        f"{call}, for a plan of {plan.epochs} epochs with {plan.steps_per_epoch} steps each, makes a run of {steps} steps. `num_train_epochs` counts epochs; `max_steps` counts steps of the whole run."
    )


@pytest.mark.points(2)
def test_warm_up_and_decay_as_planned(learner, rng):
    """The rate climbs over the plan's warm-up, and then falls in a straight line."""
    plan, rate, decay, seed = draw(rng)
    got, call = made(learner, plan, rate, decay, seed)
    asked = got.warmup_steps
    warmup = int(asked) if asked >= 1 else math.ceil(plan.total_steps * asked - 1e-9)
    assert warmup == plan.warmup_steps, (
        f"{call}, for a plan with {plan.warmup_steps} steps of warm-up, warms up for {warmup}. The argument's name is `warmup_steps`."
    )
    assert said(got.lr_scheduler_type) == "linear", (
        f"{call} chose the schedule {said(got.lr_scheduler_type)!r}. The contract asks for the straight line, after the warm-up."
    )
    assert math.isclose(got.learning_rate, rate, rel_tol=1e-9), f"{call} set a learning rate of {got.learning_rate:.4g}."


@pytest.mark.points(2)
def test_looked_at_after_each_epoch(learner, rng):
    """After each epoch the model is evaluated, and a checkpoint is kept."""
    plan, rate, decay, seed = draw(rng)
    got, call = made(learner, plan, rate, decay, seed)
    assert each_epoch(got.eval_strategy, got.eval_steps, plan), (
        f"{call} evaluates {how_often(got.eval_strategy, got.eval_steps, plan)}. Without an evaluation at the end of each epoch, nobody can say which epoch was best."
    )
    assert each_epoch(got.save_strategy, got.save_steps, plan), (
        f"{call} saves {how_often(got.save_strategy, got.save_steps, plan)}. A checkpoint is to be kept at the end of each epoch."
    )


@pytest.mark.points(3)
def test_the_best_epoch_is_kept(learner, rng):
    """At the end the model of the best epoch is loaded: that with the highest macro-F1."""
    plan, rate, decay, seed = draw(rng)
    got, call = made(learner, plan, rate, decay, seed)
    assert got.load_best_model_at_end is True, (
        f"{call} ends with the model of the last epoch. `load_best_model_at_end` brings the best one back."
    )
    assert got.metric_for_best_model in ("f1", "eval_f1"), (
        f'{call} judges epochs by {got.metric_for_best_model!r}. Macro-F1 has the key "f1".'
    )
    assert got.greater_is_better is True, (
        f"{call} takes the epoch with the *lowest* F1 for the best. Of F1, unlike of a loss, more is better."
    )


@pytest.mark.points(1)
def test_seed_and_weight_decay(learner, rng):
    """Seed and weight decay are those that were passed in."""
    plan, rate, decay, seed = draw(rng)
    got, call = made(learner, plan, rate, decay, seed)
    assert got.seed == seed, f"{call} set the seed {got.seed}. What was passed in isn't used, so that every run begins alike."
    assert got.data_seed in (None, seed), f"{call} shuffles from a seed of its own, {got.data_seed}. Left alone, it is the seed of the run."
    assert math.isclose(got.weight_decay, decay, rel_tol=1e-9), f"{call} set a weight decay of {got.weight_decay:.4g}."


@pytest.mark.points(1)
def test_gradients_are_clipped(learner, rng):
    """Gradients are clipped to a norm of 1."""
    plan, rate, decay, seed = draw(rng)
    got, call = made(learner, plan, rate, decay, seed)
    assert got.max_grad_norm == 1.0, f"{call} clips gradients to a norm of {got.max_grad_norm}. The contract says to which one."
    assert got.output_dir == "runs", f"{call} writes to {str(got.output_dir)[:60]!r}. The folder is passed in."


@pytest.mark.points(1)
def test_nothing_leaves_the_machine(learner, rng):
    """Nothing is reported to a service or pushed to a hub, and the run takes whatever device it finds, in 32 bits."""
    plan, rate, decay, seed = draw(rng)
    got, call = made(learner, plan, rate, decay, seed)
    assert got.output_dir == "runs", f"{call} writes to {str(got.output_dir)[:60]!r}. The folder is passed in."
    assert not got.report_to, (
        f"{call} reports to {', '.join(map(str, got.report_to))}. A run that nobody watches should need no account and no network."
    )
    assert not got.push_to_hub, f"{call} pushes the model to a hub."
    assert not got.use_cpu, (
        f"{call} keeps the run on the CPU, even where there is a GPU. Left alone, transformers takes the device that it finds."
    )
    assert not (got.fp16 or got.bf16), f"{call} switches to 16 bits. Whether that works hangs on the device; the contract asks for 32."
