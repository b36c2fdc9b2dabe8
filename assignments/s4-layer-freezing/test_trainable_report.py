"""Public checks of `trainable_report`: examples to check oneself by."""

from tunelab import expect
from tunelab.models import tiny_bert, tiny_roberta


def test_the_names_of_the_parts(learner):
    """A BERT of two layers has five parts, each with two counts."""
    got = learner.trainable_report(tiny_bert(layers=2))
    call = "trainable_report(model), on a BERT of 2 layers,"
    expect.mapping(got, call=call, keys=("embeddings", "layer.0", "layer.1", "pooler", "head"))
    for part, counts in got.items():
        expect.mapping(counts, call=f"{call} under {part!r},", keys=("total", "trainable"))
        expect.integer(counts["total"], call=f"{call} under {part!r} and 'total',", low=1)
        expect.integer(counts["trainable"], call=f"{call} under {part!r} and 'trainable',", low=0)


def test_the_numbers_of_a_small_bert(learner):
    """The counts of a small BERT agree with a count by hand."""
    model = tiny_bert(layers=2, hidden=16, vocab=50, labels=3, max_position_embeddings=20)
    model.base_model.encoder.layer[0].requires_grad_(False)
    got = learner.trainable_report(model)
    # Embeddings: 50 tokens, 20 positions and 2 segments of 16 numbers, and a LayerNorm with 2 x 16.
    # Pooler: 16 x 16 + 16. Head: 3 x 16 + 3.
    by_hand = {"embeddings": 50 * 16 + 20 * 16 + 2 * 16 + 2 * 16, "pooler": 16 * 16 + 16, "head": 3 * 16 + 3}
    expect.mapping(got, call="trainable_report(model)", keys=("embeddings", "layer.0", "layer.1", "pooler", "head"))
    for part, right in by_hand.items():
        assert got[part] == {"total": right, "trainable": right}, (
            f"trainable_report(model), on a small BERT, gave {got[part]} for {part!r}. By hand it is {right}, all of it trainable."
        )
    frozen, trained = got["layer.0"], got["layer.1"]
    assert frozen["trainable"] == 0, (
        f"Layer 0 is frozen, and trainable_report(model) gave {frozen['trainable']} as its trainable parameters."
    )
    assert frozen["total"] == trained["total"] == trained["trainable"], (
        f"The two layers are alike, and only layer 0 is frozen, but trainable_report(model) gave {frozen} and {trained}."
    )


def test_a_roberta_has_no_pooler(learner):
    """A part that a model doesn't have isn't reported."""
    got = learner.trainable_report(tiny_roberta(layers=1))
    expect.mapping(got, call="trainable_report(model), on a RoBERTa of 1 layer,", keys=("embeddings", "layer.0", "head"))


def test_shared_weights(learner):
    """A weight that the head shares with the embeddings is counted once, with the embeddings."""
    from transformers import BertConfig, BertForMaskedLM

    model = BertForMaskedLM(
        BertConfig(
            vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, max_position_embeddings=20
        )
    )
    got = learner.trainable_report(model)
    expect.mapping(got, call="trainable_report(model), on a masked language model,", keys=("embeddings", "layer.0", "head"))
    # A linear layer of 16 x 16 + 16, a LayerNorm with 2 x 16, and a bias for each of 50 tokens.
    assert got["head"].get("total") == 354, (
        f"trainable_report(model) gave {got['head']} for the head of a masked language model. Its total is 354: the 50 x 16 weights that it shares with the embeddings are counted there."
    )
