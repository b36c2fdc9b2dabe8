"""Public checks of `count_parameters`: examples to check oneself by."""

from tunelab import expect

BERT_BASE = {
    "model_type": "bert",
    "vocab_size": 30522,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
}
GPT2 = {"model_type": "gpt2", "vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_inner": None, "n_layer": 12, "n_head": 12}
TINY_LLAMA = {
    "model_type": "llama",
    "vocab_size": 10,
    "hidden_size": 4,
    "intermediate_size": 6,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "tie_word_embeddings": True,
}


def check(learner, config, right, name):
    got = expect.integer(learner.count_parameters(dict(config)), call=f"count_parameters(config), with that of {name},")
    assert got == right, f"count_parameters(config), with that of {name}, gave {got:,}. It has {right:,}."


def test_bert_base(learner):
    """BERT's base size has 109,482,240 parameters, pooler included."""
    check(learner, BERT_BASE, 109_482_240, "BERT base")


def test_gpt2(learner):
    """The smallest GPT-2 has 124,439,808 parameters: its output head is the word matrix once more."""
    check(learner, GPT2, 124_439_808, "the smallest GPT-2")


def test_a_tiny_llama_by_hand(learner):
    """A Llama of one layer, small enough to be counted by hand; and the same with a head that isn't tied."""
    # Words 10 x 4. Attention: queries 4 x 4, keys and values 4 x 2 each, output 4 x 4. Gate, up and down 4 x 6 each. Norms 3 x 4.
    by_hand = 40 + (16 + 8 + 8 + 16) + 3 * 24 + 12
    check(learner, TINY_LLAMA, by_hand, "a tiny Llama")
    check(learner, TINY_LLAMA | {"tie_word_embeddings": False}, by_hand + 40, "a tiny Llama whose head isn't tied")


def test_another_family(learner):
    """A T5 is refused with a ValueError that names it."""
    try:
        learner.count_parameters({"model_type": "t5", "vocab_size": 32128, "d_model": 512})
    except ValueError as error:
        assert "t5" in str(error), (
            "count_parameters(config), with a T5's, raised a ValueError that doesn't name 't5'. Say in it what isn't supported."
        )
    else:
        raise AssertionError("count_parameters(config), with a T5's, raised nothing. The contract asks for a ValueError.")
