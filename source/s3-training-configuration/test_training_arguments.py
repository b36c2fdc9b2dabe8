"""Public checks of `training_arguments`: examples to check oneself by."""

from dataclasses import dataclass

from tunelab import expect
from tunelab.codec import Fields


@dataclass(frozen=True)
class BatchPlan:
    """A plan like that of the lesson, made here."""

    micro_batch: int = 3
    accumulation: int = 2
    epochs: int = 2
    steps_per_epoch: int = 3
    total_steps: int = 6
    warmup_steps: int = 2


def made(learner):
    """The arguments, and the call."""
    call = "training_arguments(plan, 'runs', 5e-05, 0.01, 7)"
    got = expect.value(learner.training_arguments(BatchPlan(), "runs", 5e-5, 0.01, 7), call=call)
    assert isinstance(got, Fields) and got.type_name == "TrainingArguments", (
        f"{call} gave a {type(got).__name__}, where a TrainingArguments is asked for."
    )
    return got, call


def test_what_was_passed_in(learner):
    """Folder, rate, decay and seed are those that were passed in."""
    got, call = made(learner)
    for name, right in (("output_dir", "runs"), ("learning_rate", 5e-5), ("weight_decay", 0.01), ("seed", 7)):
        assert got.fields[name] == right, f"{call} has {name}={got.fields[name]!r}. It should be {right!r}."


def test_the_numbers_of_the_plan(learner):
    """Micro-batch, accumulation, epochs and warm-up are those of the plan."""
    got, call = made(learner)
    assert got.num_train_epochs * 3 == 6 or got.max_steps == 6, (
        f"{call} trains for num_train_epochs={got.num_train_epochs}. The plan has 2 epochs, of 3 steps each."
    )
    assert got.per_device_train_batch_size == 3, (
        f"{call} sends {got.per_device_train_batch_size} examples through the model at once. It should be 3."
    )
    assert got.gradient_accumulation_steps == 2, f"{call} accumulates {got.gradient_accumulation_steps} micro-batches. It should be 2."
    assert got.warmup_steps in (2, 2 / 6), f"{call} has warmup_steps={got.warmup_steps}. It should be 2."


def test_the_best_epoch(learner):
    """The checkpoint with the highest F1 is loaded at the end."""
    got, call = made(learner)
    assert got.load_best_model_at_end is True, f"{call} doesn't load the best model at the end."
    assert got.metric_for_best_model in ("f1", "eval_f1"), f'{call} judges by {got.metric_for_best_model!r}. It should be "f1".'
    assert got.greater_is_better is True, f"{call} takes the lowest F1 for the best."
