"""Public checks of `train`: one step on a few rows. The run on the whole budget is yours to make, in the lesson."""

from tunelab import expect
from tunelab.project import AdapterError, Budget, check_adapter, project_rows


def test_one_step(learner):
    """One step on eight rows gives an adapter whose factors have moved."""
    rows, budget = project_rows()[0][:8], Budget(steps=1, batch=4, tokens=12)
    call = f"train(rows, {budget}), with 8 rows,"
    got = expect.of_type(learner.train(rows, budget), dict, call=call)
    try:
        check_adapter(got)
    except AdapterError as error:
        raise AssertionError(f"{call} gave no adapter of the project: {error}") from None
    assert any(bool(tensor.any()) for name, tensor in got.items() if "lora_B" in name), (
        f"{call} gave factors `lora_B` that are all zero. After one step they should have moved: does the optimizer hold them?"
    )
