"""Hidden suite of `rank_completions`."""

import math

import pytest
import tokenizers
import torch
from transformers import PreTrainedTokenizerFast

from tunelab import expect
from tunelab.models import smollm2, smollm2_tokenizer, tiny_llama


def letters(begin=True):
    """A tokenizer of letters and a few pairs of letters, which also joins across a space. By default it puts a begin token in front, unless `begin` is False."""
    pairs = ["ab", "cd", " e", "fg", "ha"]
    vocab = {token: number for number, token in enumerate(["<s>", *"abcdefgh ", *pairs])}
    merges = [tuple(pair) for pair in pairs]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocab, merges=merges))
    if begin:
        tokenizer.post_processor = tokenizers.processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>")


def opinionated(seed):
    """A small model with large weights: what it predicts is far from even."""
    return tiny_llama(layers=2, hidden=16, vocab=20, seed=seed, initializer_range=0.7)


def text(rng, length):
    """Letters of which no two neighbours can be joined."""
    return "".join(rng.choice(list("ce"), size=length))


def ids_of(words):
    return letters()(words, add_special_tokens=False)["input_ids"]


def log_probabilities(model, before, after):
    """Of each token in `after`, given all before it."""
    with torch.no_grad():
        logs = model(input_ids=torch.tensor([before + after])).logits[0].double().log_softmax(-1)
    return [float(logs[len(before) + i - 1, token]) for i, token in enumerate(after)]


def raw_scores(model, before, after):
    """The logit of each token in `after`, without a softmax."""
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([before + after])).logits[0]
    return [float(logits[len(before) + i - 1, token]) for i, token in enumerate(after)]


def totals(model, prompt, candidates):
    return [sum(log_probabilities(model, ids_of(prompt), ids_of(candidate))) for candidate in candidates]


def called(learner, model, prompt, candidates, tokenizer=None):
    call = f"rank_completions(model, tokenizer, {prompt!r}, {candidates})"
    got = learner.rank_completions(model, tokenizer or learner.make(letters), prompt, list(candidates))
    expect.sequence(got, call=call, length=len(candidates))
    for pair in got:
        expect.sequence(pair, call=f"An item of {call}", kind=tuple, length=2)
        expect.of_type(pair[0], str, call=f"The first part of an item of {call}")
        expect.number(pair[1], call=f"The second part of an item of {call}")
    assert sorted(name for name, _ in got) == sorted(candidates), (
        f"{call} gave other candidates than it was given: {[name for name, _ in got]}."
    )
    return got, call


def agree(got, wanted, rel_tol=1e-9):
    """Whether the numbers in `got` are those of `wanted`, candidate by candidate."""
    return all(
        any(name == other and math.isclose(value, number, rel_tol=rel_tol, abs_tol=1e-3) for other, number in wanted) for name, value in got
    )


def mistake(got, model, prompt, candidates):
    """What numbers that are wrong come from: the mistake that gives just these."""
    before, afters = ids_of(prompt), {c: ids_of(c) for c in candidates}
    parts = {c: log_probabilities(model, before, after) for c, after in afters.items()}
    raw = {c: raw_scores(model, before, after) for c, after in afters.items()}
    of_prompt = sum(log_probabilities(model, before[:1], before[1:]))
    late, begin = {}, {}
    for c, after in afters.items():
        with torch.no_grad():
            logs = model(input_ids=torch.tensor([before + after])).logits[0].log_softmax(-1)
        late[c] = sum(float(logs[len(before) + i, token]) for i, token in enumerate(after))
        begin[c] = log_probabilities(model, [0, *before], [0, *after])
    inserted = "That comes out when the tokenizer puts its begin token before every text, in the midst of a sentence that is tokenized in two parts: say `add_special_tokens=False`."
    guesses = [
        ({c: p[0] for c, p in parts.items()}, "Only the first token of each candidate was scored. Many words begin alike: all tokens of a candidate count."),
        ({c: sum(p) / len(p) for c, p in parts.items()}, "That is the mean over a candidate's tokens. The contract asks for the total: that is the log-probability of the whole candidate."),
        ({c: -sum(p) for c, p in parts.items()}, "These are surprises: log-probabilities are negative."),
        ({c: math.exp(sum(p)) for c, p in parts.items()}, "These are probabilities. The logarithm of a candidate's probability is asked for: the sum of its tokens' log-probabilities."),
        ({c: math.prod(p) for c, p in parts.items()}, "The log-probabilities of the tokens were multiplied. Probabilities are multiplied; their logarithms are added up."),
        ({c: sum(p) / math.log(2) for c, p in parts.items()}, "These are logarithms to the base 2. The natural logarithm is asked for."),
        ({c: sum(scores) for c, scores in raw.items()}, "These are raw logits, added up. They aren't log-probabilities before `log_softmax`."),
        ({c: sum(p) + of_prompt for c, p in parts.items()}, "The log-probabilities of the prompt's own tokens were added. The prompt is given: only what comes after it is scored."),
        (late, "Each token was looked up in the logits of its own place. What is said about it stands one place before."),
        ({c: sum(log_probabilities(model, after[:1], after[1:])) for c, after in afters.items()}, "The candidates were scored without the prompt, or without their first token."),
        ({c: sum(p) for c, p in begin.items()}, inserted),
        ({c: sum(p[1:]) for c, p in begin.items()}, inserted),
        ({c: sum(log_probabilities(model, [0, *before], after)) for c, after in afters.items()}, "That comes out when the tokenizer puts its begin token before the prompt. The model reads the prompt's ids and the candidate's, and nothing else: say `add_special_tokens=False`."),
    ]  # fmt: skip
    return next((sentence for guess, sentence in guesses if agree(got, list(guess.items()), 1e-4)), None)


def check(got, model, prompt, candidates, call):
    """The numbers are the log-probabilities; if not, what they are."""
    if not agree(got, list(zip(candidates, totals(model, prompt, candidates), strict=True))):
        shown = ", ".join(f"{value:.4g} for {name!r}" for name, value in got[:3])
        said = mistake(got, model, prompt, candidates)
        raise AssertionError(
            f"{call} gave {shown}{' …' if len(got) > 3 else ''}, which aren't the candidates' log-probabilities (natural logarithm), given the prompt. "
            + (said or "It is the sum over its tokens, each given all before it: the first one is predicted at the prompt's last place.")
        )


@pytest.mark.points(2)
def test_best_first(learner, rng):
    """The most likely candidate comes first, with its log-probability."""
    model, prompt = opinionated(1), text(rng, 4)
    candidates = ["d", "a", "g", "b", "h"]
    rng.shuffle(candidates)
    wanted = list(zip(candidates, totals(model, prompt, candidates), strict=True))
    order = [name for name, _ in sorted(wanted, key=lambda pair: -pair[1])]
    got, call = called(learner, model, prompt, candidates)
    names = [name for name, _ in got]
    check(got, model, prompt, candidates, call)
    if order != candidates:
        assert names != candidates, (
            f"{call} gave the candidates in the order in which they were given. They are to be ranked, the most likely one first."
        )
    assert names != order[::-1], (
        f"{call} put the least likely candidate first. A log-probability is negative: the one nearest to 0 is the best."
    )
    assert names == order, f"{call} didn't put the candidates in the order of their log-probabilities, the largest first."


@pytest.mark.points(3)
def test_all_tokens_of_a_candidate_count(learner, rng):
    """A candidate of several tokens has the sum of their log-probabilities, each given the prompt and the tokens before it."""
    for seed in (2, 3):
        model, prompt = opinionated(seed), text(rng, 5)
        candidates = [text(rng, length) + end for length, end in ((4, "d"), (2, "g"), (6, "h"))]
        got, call = called(learner, model, prompt, candidates)
        check(got, model, prompt, candidates, call)
        values = [value for _, value in got]
        assert values == sorted(values, reverse=True), f"{call} isn't sorted by its own numbers, the largest first."


@pytest.mark.points(3)
def test_the_prompt_is_given_and_not_scored(learner, rng):
    """The prompt's own tokens add nothing, however unlikely they are; the first token of a candidate is predicted at the prompt's last place."""
    model = opinionated(4)
    prompt, candidates = text(rng, 7), [text(rng, 2) + "g", text(rng, 3) + "d"]
    got, call = called(learner, model, prompt, candidates)
    check(got, model, prompt, candidates, call)


@pytest.mark.points(2)
def test_prompt_and_candidate_are_tokenized_apart(learner, rng):
    """Prompt and candidate keep their own tokens, even where they could be joined at the seam."""
    for end, starts in (("a", ("b", "bc", "c")), ("c", ("d", "de", "a")), (" ", ("e", "eg", "d"))):
        model, prompt = opinionated(5), text(rng, 4) + "h" + end if end != "a" else text(rng, 4) + "g" + end
        candidates = list(starts)
        got, call = called(learner, model, prompt, candidates)
        right = agree(got, list(zip(candidates, totals(model, prompt, candidates), strict=True)))
        if not right:
            plain, others = text(rng, 5), [text(rng, 2) + "d", text(rng, 3) + "g", "a"]
            control, called_so = called(learner, model, plain, others)
            check(control, model, plain, others, called_so)
        assert right, (
            f"{call} gave other numbers than prompt and candidate give when each is tokenized by itself. In one piece, the last letter of this prompt and the first "
            "of a candidate become one token, and it isn't clear any more where the candidate begins: tokenize them apart, and put the ids together."
        )


@pytest.mark.points(1)
def test_no_special_tokens_are_put_in(learner, rng):
    """The text that the model reads is prompt and candidate, and nothing else."""
    model, prompt = opinionated(6), text(rng, 5)
    candidates = [text(rng, 2) + "d", text(rng, 3)]
    got, call = called(learner, model, prompt, candidates)
    wanted = list(zip(candidates, totals(model, prompt, candidates), strict=True))
    if not agree(got, wanted):
        control, _ = called(learner, model, prompt, candidates, learner.make(letters, False))
        check(control, model, prompt, candidates, f"{call}, also with a tokenizer that puts in no special tokens,")
    assert agree(got, wanted), (
        f"{call} gave other numbers than the tokens of prompt and candidate alone. This tokenizer puts a begin token before every text by default, in the midst of a sentence "
        "that is tokenized in two parts: say `add_special_tokens=False`."
    )


@pytest.mark.points(1)
def test_a_candidate_given_twice_and_none_at_all(learner, rng):
    """A candidate that is given twice is there twice, and no candidates give an empty list."""
    model, prompt = opinionated(7), text(rng, 4)
    candidates = ["d", "g", "d", "a"]
    got, call = called(learner, model, prompt, candidates)
    check(got, model, prompt, candidates, call)
    got = learner.rank_completions(model, learner.make(letters), prompt, [])
    assert got == [] and type(got) is list, (
        f"rank_completions(model, tokenizer, {prompt!r}, []) gave {got!r}. Without candidates the list is empty."
    )


@pytest.mark.points(1)
def test_nothing_to_go_on_from(learner, rng):
    """An empty prompt and an empty candidate are refused, by the name of the argument."""
    model = opinionated(8)
    for name, prompt, candidates in (("prompt", "", ["d", "g"]), ("candidates", text(rng, 3), ["d", ""])):
        call = f"rank_completions(model, tokenizer, {prompt!r}, {candidates})"
        try:
            got = learner.rank_completions(model, learner.make(letters), prompt, candidates)
        except ValueError as error:
            said = str(error).lower()
            assert name.removesuffix("s") in said, f"{call} raised a ValueError that says {str(error)!r}. Its message should name `{name}`."
            continue
        raise AssertionError(
            f"{call} gave {got!r}, though `{name}` has no tokens in it. The contract asks for a ValueError that names `{name}`."
        )


@pytest.mark.points(2)
def test_what_smollm2_knows(learner, rng):
    """The real SmolLM2 finds the capital of a country among four."""
    capitals = {"France": " Paris", "Italy": " Rome", "Spain": " Madrid", "Germany": " Berlin"}
    candidates = list(capitals.values())
    rng.shuffle(candidates)
    country = str(rng.choice(list(capitals)))
    got, call = called(learner, learner.make(smollm2), f"The capital of {country} is", candidates, learner.make(smollm2_tokenizer))
    values = [value for _, value in got]
    assert all(value < 0 for value in values), (
        f"{call} gave {max(values):.3g} for one of them, as a log-probability. Probabilities are below 1, and their logarithms below 0."
    )
    assert values == sorted(values, reverse=True), f"{call} isn't sorted by its own numbers, the largest first."
    assert got[0][0] == capitals[country], (
        f"{call} put{got[0][0]} first. SmolLM2 does know this one: is something scored that isn't the candidate, or at another place?"
    )
