"""Public checks of `lora_config`: examples to check oneself by."""

from tunelab import expect
from tunelab.models import tiny_bert, tiny_llama


def task_of(got):
    return getattr(got.task_type, "value", got.task_type)


def test_a_classifier(learner):
    """A BERT classifier at rank 4 and alpha 8."""
    call = "lora_config(model, 4, 8, ['query', 'value']), on a BERT classifier,"
    got = expect.value(learner.lora_config(tiny_bert(), 4, 8, ["query", "value"]), call=call)
    assert (got.r, got.lora_alpha) == (4, 8), f"{call} gave r = {got.r} and lora_alpha = {got.lora_alpha}. They should be 4 and 8."
    assert set(got.target_modules or ()) == {"query", "value"}, (
        f"{call} gave the targets {got.target_modules}. They should be query and value."
    )
    assert task_of(got) == "SEQ_CLS", f"{call} gave the task type {task_of(got)!r}. It should be SEQ_CLS."


def test_a_language_model(learner):
    """A Llama language model has another task type."""
    call = "lora_config(model, 4, 8, ['q_proj'], 0.1), on a Llama language model,"
    got = expect.value(learner.lora_config(tiny_llama(), 4, 8, ["q_proj"], 0.1), call=call)
    assert task_of(got) == "CAUSAL_LM", f"{call} gave the task type {task_of(got)!r}. It should be CAUSAL_LM."
    assert got.lora_dropout == 0.1, f"{call} gave lora_dropout = {got.lora_dropout}. It should be 0.1."


def test_refusals(learner):
    """A target that isn't there, and a model of another kind, are refused with a ValueError."""
    for model, targets in ((tiny_bert(), ["query", "q_proj"]), (tiny_bert().base_model, ["query"])):
        try:
            learner.lora_config(model, 4, 8, targets)
        except ValueError:
            pass
        else:
            raise AssertionError(f"lora_config(model, 4, 8, {targets}), on a {type(model).__name__}, raised no ValueError.")
