"""Public checks of `rank_completions`: examples to check oneself by."""

import tokenizers
import torch
from transformers import PreTrainedTokenizerFast

from tunelab import expect
from tunelab.models import tiny_llama


def letters():
    """A tokenizer of single letters, and of the pair "ab"."""
    vocab = {token: number for number, token in enumerate(["?", *"abcdefgh ", "ab"])}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocab, merges=[("a", "b")])))


def model():
    return tiny_llama(layers=1, hidden=16, vocab=20, initializer_range=0.7)


def score(before, after):
    """Log-probability of the ids in `after`, behind those in `before`."""
    with torch.no_grad():
        logs = model()(torch.tensor([before + after])).logits[0].log_softmax(-1)
    return sum(logs[len(before) - 1 + i, token].item() for i, token in enumerate(after))


def ranked(learner, prompt, candidates):
    call = f"rank_completions(model, tokenizer, {prompt!r}, {candidates})"
    got = learner.rank_completions(model(), learner.make(letters), prompt, candidates)
    expect.sequence(got, call=call, length=len(candidates))
    for pair in got:
        expect.sequence(pair, call=f"An item of {call}", kind=tuple, length=2)
        expect.number(pair[1], call=f"The second part of an item of {call}")
    return got, call


def check(got, call, wanted):
    order = sorted(wanted, key=lambda pair: -pair[1])
    shown = [(name, round(value, 3)) for name, value in order]
    right = [name for name, _ in got] == [name for name, _ in order] and all(
        abs(value - number) < 1e-3 for (_, value), (_, number) in zip(got, order, strict=True)
    )
    assert right, f"{call} gave {[(name, round(value, 3)) for name, value in got]}. It should be {shown}."


def test_single_letters(learner):
    """Three candidates of one token, after the prompt "cafe"."""
    ids = letters()("cafe").input_ids
    got, call = ranked(learner, "cafe", ["d", "g", "h"])
    check(got, call, [(c, score(ids, letters()(c).input_ids)) for c in ("d", "g", "h")])


def test_candidates_of_several_tokens(learner):
    """All tokens of a candidate count."""
    ids = letters()("cafe").input_ids
    got, call = ranked(learner, "cafe", ["de", "g", "hefe"])
    check(got, call, [(c, score(ids, letters()(c).input_ids)) for c in ("de", "g", "hefe")])


def test_at_the_seam(learner):
    """The prompt "ca" and the candidate "be" keep their own tokens, though "ab" is a token, too."""
    ids = letters()("ca").input_ids
    got, call = ranked(learner, "ca", ["be", "de"])
    check(got, call, [(c, score(ids, letters()(c).input_ids)) for c in ("be", "de")])


def test_an_empty_prompt(learner):
    """A ValueError names the argument."""
    try:
        got = learner.rank_completions(model(), learner.make(letters), "", ["d"])
    except ValueError as error:
        assert "prompt" in str(error), (
            f"rank_completions(model, tokenizer, '', ['d']) raised ValueError({str(error)!r}). The message should name `prompt`."
        )
        return
    raise AssertionError(f"rank_completions(model, tokenizer, '', ['d']) gave {got!r}. It should raise a ValueError.")
