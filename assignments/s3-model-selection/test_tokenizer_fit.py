"""Public checks of `tokenizer_fit`: examples to check oneself by."""

from tunelab import expect
from tunelab.models import minilm_tokenizer


def check(learner, texts, max_length, right):
    tokenizer = learner.make(minilm_tokenizer)
    call = f"tokenizer_fit({texts}, tokenizer, {max_length}), with MiniLM's tokenizer,"
    got = expect.mapping(learner.tokenizer_fit(list(texts), tokenizer, max_length), call=call, keys=tuple(right))
    for key, value in right.items():
        expect.number(got[key], call=f"{call} as {key!r}", low=0.0)
        assert abs(got[key] - value) < 1e-6, f"{call} gave {got[key]:.4f} as {key!r}. It should be {value:.4f}."


def test_words_and_pieces(learner):
    """'a film' is two tokens, 'unwatchable' is three (un ##watch ##able): the example of the lesson."""
    check(learner, ["a film", "unwatchable"], 4, {"tokens_per_word": 5 / 3, "unknown_share": 0.0, "cut_share": 0.5})


def test_an_unknown_sign(learner):
    """A picture that the tokenizer doesn't know is one unknown token of three."""
    check(learner, ["good film \U0001f996"], 5, {"tokens_per_word": 1.0, "unknown_share": 1 / 3, "cut_share": 0.0})
