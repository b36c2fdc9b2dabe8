"""Public checks of `training_memory`: examples to check oneself by."""

from transformers import BertConfig, LlamaConfig

from tunelab import expect

BERT = {
    "vocab_size": 1000,
    "hidden_size": 64,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 32,
}
LLAMA = {
    "vocab_size": 1000,
    "hidden_size": 64,
    "intermediate_size": 192,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 1,
}


def check(got, wanted, call):
    expect.value(got, call=call)
    for name, mib in wanted.items():
        number = expect.number(getattr(got, name, None), call=f"{call} in `{name}`")
        expect.close(number, mib, call=f"{call} in `{name}`", hint=f"It should be {mib}.", atol=1e-9, rtol=1e-9)


def test_a_small_bert(learner):
    """170,562 weights in 4 bytes each, all trained with AdamW, and 2 texts of 8 tokens."""
    config = BertConfig(**BERT)
    got = learner.training_memory(config, 2, 8, "float32", "adamw", 170_562)
    wanted = {"weights": 170_562 * 4 / 2**20, "gradients": 170_562 * 4 / 2**20, "states": 170_562 * 8 / 2**20, "activations": 0.1328125}
    check(got, wanted, "training_memory(config, 2, 8, 'float32', 'adamw', 170_562), on a small BERT of 170,562 weights,")


def test_a_small_llama(learner):
    """A Llama with a tied head in 16 bits, of which 1,000 weights are trained with plain SGD."""
    config = LlamaConfig(**LLAMA, tie_word_embeddings=True)
    got = learner.training_memory(config, 2, 8, "bfloat16", "sgd", 1000)
    wanted = {"weights": 158_528 * 2 / 2**20, "gradients": 2000 / 2**20, "states": 4000 / 2**20, "activations": 0.116455078125}
    check(got, wanted, "training_memory(config, 2, 8, 'bfloat16', 'sgd', 1000), on a small Llama of 158,528 weights,")


def test_refusals(learner):
    """Another dtype, another optimizer, and more trained weights than there are, are refused with a ValueError."""
    for arguments in (("float8", "adamw", 10), ("float32", "lion", 10), ("float32", "adamw", 10**9)):
        try:
            learner.training_memory(BertConfig(**BERT), 2, 8, *arguments)
        except ValueError:
            continue
        raise AssertionError(f"training_memory(config, 2, 8, {', '.join(map(repr, arguments))}), on a small BERT, raised no ValueError.")
