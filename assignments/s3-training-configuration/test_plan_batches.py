"""Public checks of `plan_batches`: examples to check oneself by."""

from tunelab import expect
from tunelab.codec import Fields

FIELDS = ("micro_batch", "accumulation", "epochs", "steps_per_epoch", "total_steps", "warmup_steps")


def check(learner, arguments, right):
    call = f"plan_batches{arguments}"
    plan = expect.value(learner.plan_batches(*arguments), call=call)
    assert isinstance(plan, Fields) and plan.type_name == "BatchPlan", (
        f"{call} gave a {type(plan).__name__}, where a BatchPlan is asked for."
    )
    for name, wanted in zip(FIELDS, right, strict=True):
        got = expect.integer(plan.fields.get(name), call=f"{call} as `{name}`")
        assert got == wanted, f"{call} gave {name}={got}. It should be {wanted}."


def test_the_example_of_the_lesson(learner):
    """14 examples in batches of 6, with memory for 4."""
    check(learner, (14, 6, 4, 2, 0.25), (3, 2, 2, 3, 6, 2))


def test_the_whole_batch_fits(learner):
    """When the target fits the device, nothing is accumulated."""
    check(learner, (64, 16, 100, 3, 0.0), (16, 1, 3, 4, 12, 0))


def test_fewer_examples_than_a_batch(learner):
    """An epoch is at least one step."""
    check(learner, (5, 8, 4, 2, 0.5), (4, 2, 2, 1, 2, 1))


def test_ten_percent_is_not_ten(learner):
    """A warm-up of 10 is refused: it is a share."""
    try:
        learner.plan_batches(100, 8, 4, 2, 10)
    except ValueError as error:
        assert "warmup_share" in str(error), (
            "plan_batches(100, 8, 4, 2, 10) raised a ValueError that doesn't name `warmup_share`. Say in it what is wrong."
        )
    else:
        raise AssertionError("plan_batches(100, 8, 4, 2, 10) raised nothing. The contract asks for a ValueError.")
