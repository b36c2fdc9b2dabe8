"""Hidden suite of `zero_shot_scores`."""

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from tunelab import expect
from tunelab.models import tiny_llama

PROBE_DATA = ("LETTERS", "PAIRS")
LETTERS = "abcdefgh :"
PAIRS = [(" ", "a"), ("a", "b"), (":", " a"), ("c", "d"), ("h", "a")]
"""What is merged into one token where it stands side by side. A colon and " a" are: so text and label tokenized together come out otherwise than apart."""


def letters(begin):
    """A small tokenizer: letters, and some pairs of them. With `begin` it puts token 1 before each text, as Llama's does."""
    names = ["<pad>", "<begin>", "<end>", *LETTERS, *("".join(pair) for pair in PAIRS)]
    core = Tokenizer(BPE({name: number for number, name in enumerate(names)}, PAIRS))
    if begin:
        core.post_processor = TemplateProcessing(single="<begin> $A", special_tokens=[("<begin>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>", bos_token="<begin>", eos_token="<end>")


def random_model(rng, **config):
    """A model whose weights are large enough for its predictions to be far from even."""
    return tiny_llama(layers=1, vocab=24, seed=int(rng.integers(1000)), initializer_range=0.4, **config)


def label(rng, tokens):
    """A space and letters that never merge: so many tokens."""
    return " " + "".join(rng.choice(list("bdefg"), size=tokens - 1))


def step_by_step(model, prompt, answer):
    """The log-probability of each token of `answer`, the model being asked anew for each."""
    found, ids = [], list(prompt)
    with torch.no_grad():
        for token in answer:
            logits = model(torch.tensor([ids])).logits[0, -1].double()
            found.append(float(logits[token] - logits.logsumexp(0)))
            ids.append(token)
    return found


def pieces(model, tokenizer, text, labels):
    """For each label its tokens' log-probabilities."""
    prompt = tokenizer(text)["input_ids"]
    return {name: step_by_step(model, prompt, tokenizer(words, add_special_tokens=False)["input_ids"]) for name, words in labels.items()}


def shown(text, labels, normalize):
    return f"zero_shot_scores(model, tokenizer, {text!r}, {labels}, {normalize})"


def called(learner, model, begin, text, labels, normalize):
    """The scores of a call, after the ladder: a float for each label, none above 0."""
    call = shown(text, labels, normalize)
    got = learner.zero_shot_scores(model, learner.make(letters, begin), text, dict(labels), normalize)
    expect.mapping(got, call=call, keys=tuple(labels))
    for name, value in got.items():
        expect.number(value, call=f"{call} under {name!r}")
        assert value < 1e-3, (
            f"{call} gave {value:.4g} for {name!r}. The logarithm of a probability isn't above 0: is its sign turned, or is it a probability?"
        )
    return got, call


def near(a, b):
    return abs(a - b) < 1e-3


def check(got, right, call, mistakes, hint):
    """All scores are right; if one isn't, and a known mistake gives just this number, the mistake is named."""
    for name, value in got.items():
        if near(value, right[name]):
            continue
        for wrong, text in mistakes:
            assert not near(value, wrong[name]), f"{call} gave {value:.4f} for {name!r}. {text}"
        raise AssertionError(f"{call} gave {value:.4f} for {name!r}, which is not right. {hint}")


@pytest.mark.points(2)
def test_one_token_after_the_text(learner, rng):
    """For a label of one token the score is its log-probability, as read off the last place of the text."""
    model, tokenizer = random_model(rng), letters(False)
    text, labels = label(rng, 6).strip() + ":", {"one": "d", "two": "g", "three": "b"}
    got, call = called(learner, model, False, text, labels, False)
    found = pieces(model, tokenizer, text, labels)
    right = {name: sum(logs) for name, logs in found.items()}
    ids = tokenizer(text)["input_ids"]
    with torch.no_grad():
        here = {
            n: torch.log_softmax(model(torch.tensor([[*ids, t]])).logits[0, -1], 0)[t].item()
            for n, t in first_tokens(tokenizer, labels).items()
        }
        raw = {n: model(torch.tensor([ids])).logits[0, -1][t].item() for n, t in first_tokens(tokenizer, labels).items()}
    among = torch.log_softmax(torch.tensor(list(right.values())), 0).tolist()
    mistakes = [
        (
            here,
            "It is read off the label's own place. The logits at a place are about the token that comes next: for the label's first token, look at the last place of the text.",
        ),
        (
            dict(zip(labels, among, strict=True)),
            "It is a probability among the labels only. Take the softmax over the whole vocabulary, so that labels can be compared with all else the model might say.",
        ),
        (raw, "It is a logit. Log-probabilities come from a log-softmax over the vocabulary."),
    ]
    check(
        got,
        right,
        call,
        mistakes,
        "Run text and label through the model, and take the log-softmax of the logits before each token of the label.",
    )


def first_tokens(tokenizer, labels):
    return {name: tokenizer(words, add_special_tokens=False)["input_ids"][0] for name, words in labels.items()}


@pytest.mark.points(3)
def test_all_tokens_of_a_label(learner, rng):
    """For a label of several tokens the log-probabilities of all of them are added, each given the text and the tokens before it."""
    model, tokenizer = random_model(rng), letters(False)
    text = label(rng, 7).strip() + ":"
    labels = {"short": label(rng, 2), "middle": label(rng, 4), "long": label(rng, 6)}
    got, call = called(learner, model, False, text, labels, False)
    found = pieces(model, tokenizer, text, labels)
    prompt = tokenizer(text)["input_ids"]
    whole = {name: sum(step_by_step(model, prompt[:1], prompt[1:])) + sum(logs) for name, logs in found.items()}
    alone = {}
    for name, words in labels.items():
        ids = tokenizer(words)["input_ids"]
        alone[name] = sum(step_by_step(model, prompt, [token])[0] for token in ids)
    mistakes = [
        (
            {name: logs[0] for name, logs in found.items()},
            "That is the label's first token only. Others may begin like it: all its tokens count.",
        ),
        ({name: logs[-1] for name, logs in found.items()}, "That is the label's last token only. All its tokens count."),
        (
            {name: sum(logs[1:]) for name, logs in found.items()},
            "The label's first token is missing. It is predicted at the last place of the text.",
        ),
        ({name: sum(logs[:-1]) for name, logs in found.items()}, "The label's last token is missing. It is predicted one place before."),
        (whole, "It includes the tokens of the text. Only the label's tokens are scored: the text is given."),
        (
            alone,
            "Each of the label's tokens is scored as if it came right after the text. The second is predicted after text and first token.",
        ),
        (
            {name: sum(logs) / len(logs) for name, logs in found.items()},
            "It is divided by the number of tokens, though `normalize` is False.",
        ),
    ]
    check(got, {name: sum(logs) for name, logs in found.items()}, call, mistakes, "Position k of the logits predicts token k + 1.")


@pytest.mark.points(2)
def test_per_token_when_asked(learner, rng):
    """With normalize, the sum is divided by the label's number of tokens."""
    model, tokenizer = random_model(rng), letters(False)
    text = label(rng, 5).strip() + ":"
    labels = {"short": label(rng, 2), "pairs": " acdcdcd", "long": label(rng, 6)}
    got, call = called(learner, model, False, text, labels, True)
    found = pieces(model, tokenizer, text, labels)
    n = len(tokenizer(text)["input_ids"])
    mistakes = [
        (
            {name: sum(logs) for name, logs in found.items()},
            "It isn't normalised, though `normalize` is True: long labels lose against short ones only because they are long.",
        ),
        (
            {name: sum(logs) / len(labels[name]) for name, logs in found.items()},
            "It is divided by the number of characters. The contract asks for tokens.",
        ),
        (
            {name: sum(logs) / len(labels[name].split()) for name, logs in found.items()},
            "It is divided by the number of words. The contract asks for tokens.",
        ),
        (
            {name: sum(logs) / (n + len(logs)) for name, logs in found.items()},
            "It is divided by the tokens of text and label. Only the label's count.",
        ),
    ]
    check(got, {name: sum(logs) / len(logs) for name, logs in found.items()}, call, mistakes, "The mean over the label's tokens.")


@pytest.mark.points(2)
def test_text_and_label_are_tokenized_apart(learner, rng):
    """Text and label are tokenized apart, and the label as it stands, leading space included."""
    model, tokenizer = random_model(rng), letters(False)
    text = label(rng, 5).strip() + ":"
    labels = {"spaced": " a" + label(rng, 3).strip(), "bare": "a" + label(rng, 3).strip()}
    got, call = called(learner, model, False, text, labels, False)
    right = {name: sum(logs) for name, logs in pieces(model, tokenizer, text, labels).items()}
    prompt = tokenizer(text)["input_ids"]
    joined, stripped = {}, pieces(model, tokenizer, text, {name: words.strip() for name, words in labels.items()})
    for name, words in labels.items():
        ids = tokenizer(text + words)["input_ids"]
        joined[name] = sum(step_by_step(model, ids[: len(prompt)], ids[len(prompt) :]))
    mistakes = [
        (
            joined,
            "Text and label are tokenized as one string. A token may then reach across the border, and it is no longer clear which tokens are the label's.",
        ),
        (
            {name: sum(logs) for name, logs in stripped.items()},
            "The label's leading space is gone. A word after a space is another token than the same word without: the caller decides.",
        ),
        (
            {name: sum(step_by_step(model, prompt, tokenizer(" " + words)["input_ids"])) for name, words in labels.items()},
            "A space was put before the label. The caller supplies it where one is wanted.",
        ),
    ]
    check(got, right, call, mistakes, "Tokenize each of them, and join the lists of ids.")


@pytest.mark.points(2)
def test_a_tokenizer_that_begins_texts(learner, rng):
    """The text gets the special token that the tokenizer puts before it; the label gets none."""
    model, tokenizer = random_model(rng), letters(True)
    text, labels = label(rng, 5).strip() + ":", {"one": label(rng, 2), "two": label(rng, 4)}
    got, call = called(learner, model, True, text, labels, False)
    prompt, bare = tokenizer(text)["input_ids"], tokenizer(text, add_special_tokens=False)["input_ids"]
    answers = {name: tokenizer(words, add_special_tokens=False)["input_ids"] for name, words in labels.items()}
    inside = {name: step_by_step(model, prompt, [1, *answer]) for name, answer in answers.items()}
    mistakes = [
        (
            {name: sum(logs) for name, logs in inside.items()},
            "The label begins with the tokenizer's special token, as if a new text began. It goes on where the text ends: `add_special_tokens=False`.",
        ),
        (
            {name: sum(logs[1:]) for name, logs in inside.items()},
            "The tokenizer's special token stands between text and label. Tokenize the label with `add_special_tokens=False`.",
        ),
        (
            {name: sum(step_by_step(model, bare, answer)) for name, answer in answers.items()},
            "The text lacks the special token that the tokenizer puts before it. The model was trained with it.",
        ),
    ]
    check(
        got,
        {name: sum(step_by_step(model, prompt, answer)) for name, answer in answers.items()},
        call,
        mistakes,
        "`tokenizer(text)` as it comes, the label without special tokens.",
    )


@pytest.mark.points(1)
def test_labels_do_not_disturb_one_another(learner, rng):
    """A label's score is the same whatever other labels are asked for, and model and labels are left as they are."""
    model = random_model(rng)
    text, labels = label(rng, 5).strip() + ":", {"one": label(rng, 5), "two": label(rng, 2), "three": label(rng, 3)}
    together, _ = called(learner, model, False, text, labels, True)
    left, moved = learner.last.args[3], learner.last.random_moved
    for name, words in labels.items():
        alone, call = called(learner, model, False, text, {name: words}, True)
        assert near(alone[name], together[name]), (
            f"{call} gave {alone[name]:.4f}, and {together[name]:.4f} beside other labels. Is padding scored, or not masked?"
        )
    assert left == labels, f"{shown(text, labels, True)} changed the dict of labels."
    assert not moved, f"{shown(text, labels, True)} used up global random numbers. Nothing here is random."
    assert all(p.grad is None for p in model.parameters()), (
        f"{shown(text, labels, True)} left gradients in the model. Nothing is trained here."
    )
