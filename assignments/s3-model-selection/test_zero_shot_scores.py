"""Public checks of `zero_shot_scores`: examples to check oneself by."""

import torch

from tunelab import expect
from tunelab.models import smollm2_tokenizer, tiny_llama


def check(learner, labels, normalize):
    """A random model with SmolLM2's tokenizer: what it says is nonsense, but it can be read off step by step."""
    model, tokenizer = tiny_llama(layers=1, hidden=16, vocab=49152, initializer_range=0.4), smollm2_tokenizer()
    text = "A dull film. The reviewer's opinion is"
    call = f"zero_shot_scores(model, tokenizer, {text!r}, {labels}, {normalize})"
    got = learner.zero_shot_scores(model, learner.make(smollm2_tokenizer), text, dict(labels), normalize)
    expect.mapping(got, call=call, keys=tuple(labels))
    for name, words in labels.items():
        expect.number(got[name], call=f"{call} under {name!r}")
        ids, answer, right = tokenizer(text)["input_ids"], tokenizer(words, add_special_tokens=False)["input_ids"], 0.0
        for token in answer:
            with torch.no_grad():
                right += torch.log_softmax(model(torch.tensor([ids])).logits[0, -1], dim=0)[token].item()
            ids = [*ids, token]
        right /= len(answer) if normalize else 1
        assert abs(got[name] - right) < 1e-3, (
            f"{call} gave {got[name]:.3f} for {name!r}, whose words are {len(answer)} token{'s' * (len(answer) != 1)}. Step by step it is {right:.3f}."
        )


def test_labels_of_one_token(learner):
    """Each label is one token."""
    check(learner, {"fresh": " positive", "rotten": " negative"}, False)


def test_labels_of_several_tokens(learner):
    """A label of several tokens: the sum of their log-probabilities."""
    check(learner, {"fresh": " worth every minute", "rotten": " dull"}, False)


def test_the_mean_over_tokens(learner):
    """With normalize, the mean."""
    check(learner, {"fresh": " worth every minute", "rotten": " dull"}, True)
