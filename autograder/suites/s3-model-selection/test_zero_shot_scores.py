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
BEGIN = 1
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


def check(got, asked, call, hint):
    """All scores are right; if one isn't, and a known mistake gives just these numbers, the mistake is named."""
    right = asked.scores(asked.logs())
    off = [name for name in got if not near(got[name], right[name])]
    if not off:
        return
    for wrong, text in asked.mistakes():
        assert not all(near(got[name], wrong[name]) for name in got), f"{call} gave {got[off[0]]:.4f} for {off[0]!r}. {text}"
    raise AssertionError(f"{call} gave {got[off[0]]:.4f} for {off[0]!r}, which is not right. {hint}")


class Asked:
    """What a call asks for, and the scores that known mistakes give in its place."""

    def __init__(self, model, begin, text, labels, normalize):
        self.model, self.tokenizer, self.labels, self.normalize = model, letters(begin), labels, normalize
        self.text, self.prompt = text, self.tokenizer(text)["input_ids"]
        self.answers = {name: self.ids(words) for name, words in labels.items()}

    def ids(self, words):
        return self.tokenizer(words, add_special_tokens=False)["input_ids"]

    def logs(self, answers=None, prompt=None):
        """For each label its tokens' log-probabilities, given the prompt and the tokens before."""
        return {name: step_by_step(self.model, prompt or self.prompt, ids) for name, ids in (answers or self.answers).items()}

    def scores(self, logs, counts=None):
        """Sums, divided by the number of tokens (or `counts`) where that is asked for."""
        counts = counts or {name: len(ids) for name, ids in self.answers.items()}
        return {name: sum(found) / (max(1, counts[name]) if self.normalize else 1) for name, found in logs.items()}

    def rows(self, ids):
        """The model's logits at each place."""
        with torch.no_grad():
            return self.model(torch.tensor([ids])).logits[0].double()

    def mistakes(self):
        """The scores of each known mistake, and what is said of it."""
        yield from self.wrong_sums(self.logs())
        yield from self.wrong_places()
        yield from self.wrong_tokens()

    def wrong_sums(self, found):
        """Tokens that are left out, and sums that are divided by something else."""
        first = "That is the label's first token only. Others may begin like it: all its tokens count."
        yield {name: logs[0] for name, logs in found.items()}, first
        yield {name: logs[-1] for name, logs in found.items()}, "That is the label's last token only. All its tokens count."
        missing = "The label's first token is missing. It is predicted at the last place of the text."
        yield self.scores({name: logs[1:] for name, logs in found.items()}), missing
        missing = "The label's last token is missing. It is predicted one place before."
        yield self.scores({name: logs[:-1] for name, logs in found.items()}), missing
        if not self.normalize:
            means = {name: sum(logs) / len(logs) for name, logs in found.items()}
            yield means, "It is divided by the number of tokens, though `normalize` is False."
            return
        sums = {name: sum(logs) for name, logs in found.items()}
        yield sums, "It isn't normalised, though `normalize` is True: long labels lose against short ones only because they are long."
        for unit, count in (("characters", len), ("words", lambda label: len(label.split()))):
            counts = {name: count(label) for name, label in self.labels.items()}
            yield self.scores(found, counts), f"It is divided by the number of {unit}. The contract asks for tokens."
        text = "It is divided by the tokens of text and label. Only the label's count."
        yield self.scores(found, self.with_text()), text

    def with_text(self):
        """How many tokens text and label have together."""
        return {name: len(self.prompt) + len(ids) for name, ids in self.answers.items()}

    def wrong_places(self):
        """Numbers that are read off another place, or not of the whole vocabulary."""
        found, n, own, raw = self.logs(), len(self.prompt), {}, {}
        for name, answer in self.answers.items():
            rows = self.rows([*self.prompt, *answer])
            own[name] = [float(rows[n + k].log_softmax(0)[token]) for k, token in enumerate(answer)]
            raw[name] = [float(rows[n - 1 + k][token]) for k, token in enumerate(answer)]
        text = "It is read off the label's own place. The logits at a place are about the token that comes next: for the label's first token, look at the last place of the text."
        yield self.scores(own), text
        yield self.scores(raw), "It is a logit. Log-probabilities come from a log-softmax over the vocabulary."
        text = "It is a probability among the labels only. Take the softmax over the whole vocabulary, so that labels can be compared with all else the model might say."
        for among in (self.scores(found), {name: sum(logs) for name, logs in found.items()}):
            yield dict(zip(among, torch.log_softmax(torch.tensor(list(among.values())), 0).tolist(), strict=True)), text
        of_text = step_by_step(self.model, self.prompt[:1], self.prompt[1:])
        text = "It includes the tokens of the text. Only the label's tokens are scored: the text is given."
        for counts in (None, self.with_text()):
            yield self.scores({name: of_text + logs for name, logs in found.items()}, counts), text
        last = self.rows(self.prompt)[-1].log_softmax(0)
        text = (
            "Each of the label's tokens is scored as if it came right after the text. The second is predicted after text and first token."
        )
        yield self.scores({name: [float(last[token]) for token in ids] for name, ids in self.answers.items()}), text

    def wrong_tokens(self):
        """Texts and labels that are tokenized otherwise."""
        n = len(self.prompt)
        joined = {name: self.tokenizer(self.text + label)["input_ids"] for name, label in self.labels.items()}
        found = {name: step_by_step(self.model, ids[:n], ids[n:]) for name, ids in joined.items()}
        text = "Text and label are tokenized as one string. A token may then reach across the border, and it is no longer clear which tokens are the label's."
        yield self.scores(found, {name: len(ids) - n for name, ids in joined.items()}), text
        text = "The label's leading space is gone. A word after a space is another token than the same word without: the caller decides."
        yield self.of_words(str.strip), text
        yield self.of_words(lambda words: " " + words), "A space was put before the label. The caller supplies it where one is wanted."
        inside = self.logs({name: [BEGIN, *ids] for name, ids in self.answers.items()})
        text = "The label begins with the tokenizer's special token, as if a new text began. It goes on where the text ends: `add_special_tokens=False`."
        for counts in (None, {name: 1 + len(ids) for name, ids in self.answers.items()}):
            yield self.scores(inside, counts), text
        text = "The tokenizer's special token stands between text and label. Tokenize the label with `add_special_tokens=False`."
        yield self.scores({name: logs[1:] for name, logs in inside.items()}), text
        text = "The text lacks the special token that the tokenizer puts before it. The model was trained with it."
        yield self.scores(self.logs(prompt=self.ids(self.text))), text

    def of_words(self, change):
        """The scores when each label's words are changed before they are tokenized."""
        answers = {name: self.ids(change(label)) for name, label in self.labels.items()}
        return self.scores(self.logs(answers), {name: len(ids) for name, ids in answers.items()})


@pytest.mark.points(2)
def test_one_token_after_the_text(learner, rng):
    """For a label of one token the score is its log-probability, as read off the last place of the text."""
    model = random_model(rng)
    asked = (model, False, label(rng, 6).strip() + ":", {"one": "d", "two": "g", "three": "b"}, False)
    got, call = called(learner, *asked)
    hint = "Run text and label through the model, and take the log-softmax of the logits before each token of the label."
    check(got, Asked(*asked), call, hint)


@pytest.mark.points(3)
def test_all_tokens_of_a_label(learner, rng):
    """For a label of several tokens the log-probabilities of all of them are added, each given the text and the tokens before it."""
    model = random_model(rng)
    text = label(rng, 7).strip() + ":"
    asked = (model, False, text, {"short": label(rng, 2), "middle": label(rng, 4), "long": label(rng, 6)}, False)
    got, call = called(learner, *asked)
    check(got, Asked(*asked), call, "Place k of the logits predicts token k + 1.")


@pytest.mark.points(2)
def test_per_token_when_asked(learner, rng):
    """With normalize, the sum is divided by the label's number of tokens."""
    model = random_model(rng)
    asked = (model, False, label(rng, 5).strip() + ":", {"short": label(rng, 2), "pairs": " acdcdcd", "long": label(rng, 6)}, True)
    got, call = called(learner, *asked)
    check(got, Asked(*asked), call, "It is the mean over the label's tokens.")


@pytest.mark.points(2)
def test_text_and_label_are_tokenized_apart(learner, rng):
    """Text and label are tokenized apart, and the label as it stands, leading space included."""
    model = random_model(rng)
    text = label(rng, 5).strip() + ":"
    asked = (model, False, text, {"spaced": " a" + label(rng, 3).strip(), "bare": "a" + label(rng, 3).strip()}, False)
    got, call = called(learner, *asked)
    check(got, Asked(*asked), call, "Tokenize each of them, and join the lists of ids.")


@pytest.mark.points(2)
def test_a_tokenizer_that_begins_texts(learner, rng):
    """The text gets the special token that the tokenizer puts before it; the label gets none."""
    model = random_model(rng)
    asked = (model, True, label(rng, 5).strip() + ":", {"one": label(rng, 2), "two": label(rng, 4)}, False)
    got, call = called(learner, *asked)
    check(got, Asked(*asked), call, "The text is tokenized as it comes, the label without special tokens.")


@pytest.mark.points(1)
def test_labels_do_not_disturb_one_another(learner, rng):
    """A label's score is the same whatever other labels are asked for, and model and labels are left as they are."""
    model = random_model(rng)
    text, labels = label(rng, 5).strip() + ":", {"one": label(rng, 5), "two": label(rng, 2), "three": label(rng, 3)}
    together, _ = called(learner, model, False, text, labels, True)
    left, moved = learner.last.args[3], learner.last.random_moved
    for name, words in labels.items():
        alone, call = called(learner, model, False, text, {name: words}, True)
        if not near(alone[name], together[name]):
            check(together, Asked(model, False, text, labels, True), shown(text, labels, True), "Each score hangs on text and label alone.")
        assert near(alone[name], together[name]), (
            f"{call} gave {alone[name]:.4f}, and {together[name]:.4f} beside other labels. If labels go through the model together: is padding masked, and left out of the sum?"
        )
    assert left == labels, f"{shown(text, labels, True)} changed the dict of labels."
    assert not moved, f"{shown(text, labels, True)} used up global random numbers. Nothing here is random."
    assert all(p.grad is None for p in model.parameters()), (
        f"{shown(text, labels, True)} left gradients in the model. Nothing is trained here."
    )
