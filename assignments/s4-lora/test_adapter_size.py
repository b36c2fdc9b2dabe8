"""Public checks of `adapter_size`: examples to check oneself by."""

from peft import LoraConfig

from tunelab import expect
from tunelab.models import tiny_bert, tiny_llama


def test_a_language_model(learner):
    """Keys of a small Llama: 32 inputs, 8 outputs, two layers."""
    model = tiny_llama(layers=2, hidden=32, heads=4, num_key_value_heads=1)
    config = LoraConfig(r=3, lora_alpha=6, target_modules=["k_proj"], task_type="CAUSAL_LM")
    call = "adapter_size(config, model), with rank 3 on two keys of 32 inputs and 8 outputs,"
    got = expect.integer(learner.adapter_size(config, model), call=call)
    assert got == 960, f"{call} gave {got}. It should be 960: four bytes for each of 2 x 3 x (32 + 8) numbers."


def test_a_classifier(learner):
    """Queries of a small BERT, and its head of two classes."""
    config = LoraConfig(r=3, lora_alpha=6, target_modules=["query"], task_type="SEQ_CLS")
    call = "adapter_size(config, model), with rank 3 on two queries of 32 inputs and 32 outputs, and a head of 2 x 32 + 2,"
    got = expect.integer(learner.adapter_size(config, tiny_bert(layers=2, hidden=32)), call=call)
    assert got == 1800, f"{call} gave {got}. It should be 1800: 4 x (2 x 3 x 64 + 66)."
