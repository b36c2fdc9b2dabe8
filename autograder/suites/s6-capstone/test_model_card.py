"""Hidden suite of `model_card`: every number of the card is computed again here.

The interval of a card comes from resampling, so its ends are uncertain: of 500 resamples, an end strays by 0.12 standard errors of the score (for scores that are close to normal), that of the 2,000 resamples
here by 0.06, and their difference by 0.134. SLACK allows half a standard error and the share of one row: a right card is refused in fewer than one case in a hundred thousand.
"""

import hashlib

import numpy as np
import pytest
import torch

from tunelab import expect
from tunelab.project import LABELS, AdapterError, ReviewModel, project_rows, read_adapter, tokenized
from tunelab.stats import bootstrap

KEYS = {"labels", "steps", "bytes", "sha256", "macro_f1", "interval", "intended_use", "limits"}
SLACK = 0.5


def macro_f1(truth, said):
    """The mean of both classes' F1; a class that is nowhere counts as 0."""
    truth, said = np.asarray(truth), np.asarray(said)
    both = [np.sum(truth == label) + np.sum(said == label) for label in LABELS]
    return float(np.mean([2 * np.sum((truth == label) & (said == label)) / n if n else 0.0 for label, n in zip(LABELS, both, strict=True)]))


def drawn(rng, rows, right=0.8):
    """Labels, and predictions of which about so many are right."""
    truth = [LABELS[int(i)] for i in rng.random(rows) < 0.6]
    return truth, [label if rng.random() < right else LABELS[label == "rotten"] for label in truth]


def card(learner, content, labels, steps, truth, predicted):
    call = f"model_card(adapter_file, labels, {steps}, truth, predicted), with a file of {len(content)} bytes, {len(labels)} labels and {len(truth)} dev rows,"
    got = expect.mapping(learner.model_card(content, labels, steps, truth, predicted), call=call, keys=KEYS, exact=True)
    return got, call


def small(learner, rng, rows=60):
    content, labels = rng.bytes(int(rng.integers(100, 400))), drawn(rng, int(rng.integers(20, 50)))[0]
    truth, predicted = drawn(rng, rows)
    steps = int(rng.integers(5, 100))
    return *card(learner, content, labels, steps, truth, predicted), content, labels, steps, truth, predicted


def check_score(got, call, truth, predicted):
    score = expect.number(got["macro_f1"], call=f"{call} `macro_f1`:", low=0, high=1)
    right = macro_f1(truth, predicted)
    accuracy = float(np.mean(np.asarray(truth) == np.asarray(predicted)))
    assert abs(score - right) < 1e-6 or abs(score - accuracy) > 1e-9, (
        f"{call} gave the accuracy, {score:.3f}, as macro-F1. On classes of unequal size they are two things."
    )
    for label in LABELS:
        hits = sum(a == b == label for a, b in zip(truth, predicted, strict=True))
        alone = 2 * hits / max(1, truth.count(label) + predicted.count(label))
        assert abs(score - right) < 1e-6 or abs(score - alone) > 1e-9, (
            f"{call} says macro-F1 {score:.3f}, which is the F1 of {label!r} alone. Macro-F1 is the mean over both classes, each counted once."
        )
    assert abs(score - right) < 1e-6, (
        f"{call} says macro-F1 {score:.3f}. Computed again from these predictions it is another number: a card's numbers are measured, not remembered. "
        "Take the mean of the F1 of both classes, each counted once."
    )


def check_interval(got, call, truth, predicted):
    interval = expect.sequence(got["interval"], call=f"{call} `interval`:", kind=list, length=2)
    low, high = (expect.number(end, call=f"{call} an end of `interval`:", low=0, high=1) for end in interval)
    right_low, right_high = bootstrap(macro_f1, np.array(truth), np.array(predicted), resamples=2000)
    slack = SLACK * (right_high - right_low) / 4 + 1 / len(truth)
    assert low <= high, f"{call} gave an interval whose lower end is {low:.3f} and whose upper end is {high:.3f}."
    assert high - low > 0.6 * (right_high - right_low), (
        f"{call} gave the interval {low:.3f} to {high:.3f}, far too narrow for {len(truth)} rows. Is it the standard error, or one class's, in place of a 95% interval?"
    )
    assert abs(low - right_low) < slack and abs(high - right_high) < slack, (
        f"{call} gave the interval {low:.3f} to {high:.3f}. It isn't the 95% percentile interval of macro-F1 over rows: draw whole rows anew, compute the score each time, and take "
        "the 2.5% and the 97.5% quantile."
    )


@pytest.mark.points(2)
def test_the_score_is_measured(learner, rng):
    """Macro-F1 is that of the predictions which came in, with both classes counted, also one that nobody names."""
    got, call, *_, truth, predicted = small(learner, rng)
    check_score(got, call, truth, predicted)
    for truth, predicted in ((["fresh"] * 5, ["fresh"] * 5), (["fresh", "rotten", "fresh"], ["fresh"] * 3)):
        got, call = card(learner, b"file", ["fresh"], 3, truth, predicted)
        check_score(got, f"{call} where truth is {truth} and predicted {predicted},", truth, predicted)


@pytest.mark.points(2)
def test_the_interval(learner, rng):
    """The interval is the 95% bootstrap interval of macro-F1 over rows."""
    got, call, *_, truth, predicted = small(learner, rng, rows=80)
    check_interval(got, call, truth, predicted)


@pytest.mark.points(1)
def test_what_was_used(learner, rng):
    """The card says how many labels and steps there were, as built-in integers."""
    got, call, _, labels, steps, truth, _ = small(learner, rng)
    assert expect.integer(got["labels"], call=f"{call} `labels`:") != len(truth), (
        f"{call} says {got['labels']} labels, the number of dev rows. It is the training labels that a card counts."
    )
    assert got["labels"] == len(labels), f"{call} says {got['labels']} labels."
    assert expect.integer(got["steps"], call=f"{call} `steps`:") == steps, f"{call} says {got['steps']} steps."


@pytest.mark.points(2)
def test_which_file_it_speaks_of(learner, rng):
    """Length and SHA-256 are those of the file: a card belongs to one file, and whoever has it can check."""
    got, call, content, *_ = small(learner, rng)
    assert expect.integer(got["bytes"], call=f"{call} `bytes`:") == len(content), (
        f"{call} says {got['bytes']} bytes. Take the length of the file."
    )
    digest = expect.of_type(got["sha256"], str, call=f"{call} `sha256`:")
    assert digest == digest.lower() and len(digest) == 64, (
        f"{call} gave a `sha256` of {len(digest)} characters that begins with {digest[:10]!r}. It is 64 lower-case hexadecimal digits: `hexdigest()`."
    )
    assert digest == hashlib.sha256(content).hexdigest(), f"{call} gave the SHA-256 of something else than the file's bytes."


@pytest.mark.points(1)
def test_what_it_is_for_and_what_not(learner, rng):
    """Intended use and limits are there, in sentences of their own."""
    got, call, *_ = small(learner, rng)
    for key, least in (("intended_use", 80), ("limits", 120)):
        text = expect.of_type(got[key], str, call=f"{call} `{key}`:").strip()
        assert len(text) >= least, (
            f"{call} gave {len(text)} characters as `{key}`. At least {least} are asked for: think of somebody who knows nothing but the card."
        )
        words = text.lower().split()
        assert len(set(words)) >= len(words) / 3 and len(set(words)) >= 10, (
            f"{call} gave a `{key}` that says the same few words over and over."
        )
    assert got["intended_use"].strip() != got["limits"].strip(), f"{call} gave the same text for `intended_use` and `limits`."


def said(adapter, texts):
    """What the adapter says of texts, by the contract: W + 2 B A, and the adapter's head."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        model = ReviewModel()
        model.classifier.load_state_dict({end: adapter[f"base_model.model.classifier.{end}"] for end in ("weight", "bias")})
        for name in [name for name in adapter if ".lora_A." in name]:
            layer = model.get_submodule(name.removeprefix("base_model.model.").removesuffix(".lora_A.weight"))
            layer.weight += 2 * adapter[name.replace("lora_A", "lora_B")] @ adapter[name]
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        labels = [""] * len(texts)
        for start in range(0, len(texts), 32):
            rows = order[start : start + 32]
            for row, number in zip(rows, model(**tokenized([texts[i] for i in rows])).argmax(-1).tolist(), strict=True):
                labels[row] = LABELS[number]
    return labels


@pytest.mark.points(2)
def test_the_card_of_the_adapter_handed_in(learner, handed_in, measure):
    """The card of the adapter that was handed in agrees with what that adapter does on 200 sentences of the public dev films."""
    content = handed_in.get("adapter.safetensors")
    assert content is not None, (
        "No adapter.safetensors was handed in, or it was too large to be taken. There is nothing that a card could speak of."
    )
    try:
        adapter = read_adapter(content)
    except AdapterError as error:
        raise AssertionError(f"adapter.safetensors can't be used, and wasn't loaded: {error}") from None
    train, dev = project_rows(dev=200)
    truth = [row["label"] for row in dev]
    predicted = said(adapter, [row["text"] for row in dev])
    measure("dev_macro_f1", macro_f1(truth, predicted))
    got, call = card(learner, content, [row["label"] for row in train], 40, truth, predicted)
    check_score(got, f"On the public dev films {call}", truth, predicted)
    check_interval(got, f"On the public dev films {call}", truth, predicted)
    assert got["sha256"] == hashlib.sha256(content).hexdigest(), (
        f"{call} gave the SHA-256 of another file than adapter.safetensors, or of a part of it."
    )
