"""Hidden suite of `predict`, and of how the adapter that was handed in behaves.

The first tests ask whether `predict` says what an adapter says, with adapters made here. The others give it the adapter that was handed in, and texts that are drawn for each submission: little sentences and
changed reviews after Ribeiro et al. (2020), and reviews of products, which learners haven't got.

Thresholds. Two right solutions, trained on six draws each, had 0.82 to 0.97 of the plain sentences right; a stronger word turned 0.02 to 0.17 of the verdicts, another name 0.05 to 0.15, a slip of the keys 0.03 to
0.10, and the reference's macro-F1 on products was 0.78 and 0.81 in two draws. If these shares are normal, the nearest threshold, that of the names, is missed in one draw of some 4,000. With "isn't" they were right in
0.40 to 0.50, since they call nearly all such sentences rotten: a model of this size doesn't learn negation from 300 labels, so it is measured for a person's eye and earns no points.
"""

import numpy as np
import pytest
import torch

from tunelab import data, expect
from tunelab.project import LABELS, AdapterError, ReviewModel, other_rows, read_adapter, tokenized

KINDS = {"query": "attention.self.query", "value": "attention.self.value", "key": "attention.self.key"}
DENSE = {"attention.output.dense": (384, 384), "intermediate.dense": (1536, 384), "output.dense": (384, 1536)}
NEAR = 1e-3
"""Where two logits differ by less, either label is right: batches are padded differently, and sums of floats with them."""

GOOD = [
    "great",
    "wonderful",
    "superb",
    "brilliant",
    "delightful",
    "excellent",
    "charming",
    "moving",
    "gripping",
    "touching",
    "funny",
    "clever",
    "beautiful",
    "remarkable",
    "terrific",
    "fascinating",
]
BAD = [
    "dull",
    "awful",
    "terrible",
    "boring",
    "tedious",
    "lifeless",
    "clumsy",
    "disappointing",
    "stupid",
    "dreadful",
    "predictable",
    "bland",
    "pointless",
    "annoying",
    "lazy",
    "forgettable",
]
THINGS = ["film", "movie", "script", "acting", "story", "direction", "cast", "ending", "plot", "dialogue"]
FIRST = [
    "Maria",
    "John",
    "Aisha",
    "Wei",
    "Priya",
    "Kofi",
    "Elena",
    "Omar",
    "Ingrid",
    "Mateo",
    "Yuki",
    "Samuel",
    "Fatima",
    "Liam",
    "Chiara",
    "Andre",
]
LAST = [
    "Becker",
    "Alvarez",
    "Okafor",
    "Tanaka",
    "Novak",
    "Rossi",
    "Haddad",
    "Lindgren",
    "Mehta",
    "Dubois",
    "Walsh",
    "Kowalski",
    "Silva",
    "Meyer",
    "Petrov",
    "Cole",
]
MORE = ["very", "really", "truly", "extremely", "quite", "remarkably"]

PLAIN, SWAYED, RENAMED, MISTYPED, FURTHER = 0.70, 0.25, 0.20, 0.20, 0.10


CHANCE = "predict(adapter, texts), called twice with the same texts, gave different labels. Is the model in training mode, so that dropout is on?"


def one_of(rng, words):
    return words[int(rng.integers(len(words)))]


def made(rng, rank, dense=False):
    """An adapter with random factors that change what the model says, and a random head."""

    def normal(*shape, scale=1.0):
        return torch.from_numpy(scale * rng.normal(size=shape)).float()

    sizes = {path: (384, 384) for path in list(KINDS.values())[:2]} | (DENSE if dense else {})
    adapter = {}
    for layer in range(6):
        for path, (out, into) in sizes.items():
            name = f"base_model.model.encoder.encoder.layer.{layer}.{path}.lora_"
            adapter[f"{name}A.weight"] = normal(rank, into, scale=into**-0.5)
            adapter[f"{name}B.weight"] = normal(out, rank, scale=0.1 if dense else 0.3)
    return adapter | {
        "base_model.model.classifier.weight": normal(2, 384, scale=3.0),
        "base_model.model.classifier.bias": normal(2, scale=0.1),
    }


def margins(adapter, texts, scale=2.0):
    """How far the logit of fresh is above that of rotten, by the contract: W + 2 B A, and the adapter's head."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        model = ReviewModel()
        model.classifier.load_state_dict({end: adapter[f"base_model.model.classifier.{end}"] for end in ("weight", "bias")})
        for name in [name for name in adapter if ".lora_A." in name]:
            layer = model.get_submodule(name.removeprefix("base_model.model.").removesuffix(".lora_A.weight"))
            layer.weight += scale * adapter[name.replace("lora_A", "lora_B")] @ adapter[name]
        return np.array([float(logits[1] - logits[0]) for text in texts for logits in model(**tokenized([text]))])


def centred(adapter, texts):
    """The adapter with its head shifted so that it finds about half of some texts fresh, and what it says of them."""
    found = margins(adapter, texts)
    adapter["base_model.model.classifier.bias"][1] -= float(np.median(found))
    return adapter, found - float(np.median(found))


def labels(learner, adapter, texts, call):
    got = expect.sequence(learner.predict(adapter, texts), call=call, kind=list, length=len(texts))
    for label in got:
        assert type(label) is str and label in LABELS, (
            f"{call} gave {str(label)[:40]!r} for a text. A label is the string 'fresh' or 'rotten'."
        )
    return np.array(got)


def reviews(rng, number):
    return [row["text"] for row in other_rows(rng, 1, number)[1]]


@pytest.mark.points(3)
def test_it_says_what_the_adapter_says(learner, rng):
    """For adapters of other ranks, on other layers, each text gets the label that factors and head give it."""
    texts = reviews(rng, 32)
    for rank, dense in ((int(rng.integers(2, 5)), False), (int(rng.integers(5, 8)), True)):
        adapter, wanted = centred(made(rng, rank, dense), texts)
        call = f"predict(adapter, texts), with an adapter of rank {rank} on {'queries, values and dense layers' if dense else 'queries and values'} and 32 reviews,"
        got = labels(learner, adapter, texts, call)
        clear = np.abs(wanted) > NEAR
        agree = (got == np.where(wanted > 0, "fresh", "rotten"))[clear]
        assert len(set(got)) == 2, f"{call} gave one and the same label for all texts, whatever they say. This adapter tells them apart."
        assert agree.any(), f"{call} gave each text the other label. The first logit is that of {LABELS[0]!r}."
        if not agree.all():
            bare = {name: torch.zeros_like(tensor) if "lora_" in name else tensor for name, tensor in adapter.items()}
            assert not (got == np.where(margins(bare, texts) > 0, "fresh", "rotten")).all(), (
                f"{call} gave the labels of the head on the unchanged encoder. Are the factors loaded? Names that don't fit are passed over without a word."
            )
            by_length = np.array(sorted(range(len(texts)), key=lambda i: len(texts[i])))
            for order in (by_length, by_length[::-1]):
                assert not (got == np.where(wanted[order] > 0, "fresh", "rotten")).all(), (
                    f"{call} gave the right labels in another order, that of the texts sorted by length. Put them back into the caller's order."
                )
            half = margins(adapter, texts, scale=1.0)
            assert not ((got == np.where(half > 0, "fresh", "rotten"))[np.abs(half) > NEAR]).all(), (
                f"{call} gave the labels of an update that isn't scaled: W + B A. Alpha is twice the rank: W + 2 B A."
            )
        assert agree.all(), (
            f"{call} gave another label than the adapter for {int((~agree).sum())} of {len(agree)} texts. Are all factors used, and the head? Is the text cut after 40 tokens, padding "
            "masked, dropout off, the order kept?"
        )


@pytest.mark.points(2)
def test_a_label_does_not_hang_on_the_batch(learner, rng):
    """The same text gets the same label alone, among others, and in another order: padding and neighbours change nothing."""
    texts = sorted(reviews(rng, 26), key=len)
    texts = [*texts[:13], *texts[-3:]]
    texts = [texts[i] for i in rng.permutation(len(texts))]
    adapter, wanted = centred(made(rng, 3), texts)
    clear = np.abs(wanted) > NEAR
    together = labels(learner, adapter, texts, "predict(adapter, texts), with 16 texts,")
    assert len(set(together)) == 2, (
        "predict(adapter, texts) gave all 16 texts one and the same label. What is steady because it never reads the text isn't asked for."
    )
    backwards = labels(learner, adapter, texts[::-1], "predict(adapter, texts[::-1]), with 16 texts,")[::-1]
    if not (together == backwards)[clear].all():
        again = labels(learner, adapter, texts, "predict(adapter, texts), with 16 texts,")
        assert (together == again)[clear].all(), CHANCE
        same = " It is the same list both times, so it isn't" if (together == backwards[::-1]).all() else " Is it"
        raise AssertionError(
            f"predict(adapter, texts) and predict(adapter, texts[::-1]) gave some texts different labels, though a label hangs on the text alone.{same} in the caller's order{'.' if 'list' in same else '?'}"
        )
    for i in [int(i) for i in rng.permutation(np.nonzero(clear)[0])[:4]]:
        alone = labels(learner, adapter, [texts[i]], "predict(adapter, [text])")[0]
        if alone != together[i]:
            again = labels(learner, adapter, texts, "predict(adapter, texts), with 16 texts,")
            assert (together == again)[clear].all(), CHANCE
        assert alone == together[i], (
            f"predict gave a text {str(together[i])!r} among 16 and {str(alone)!r} alone. Something of the batch is in the answer: a mean over the batch, padding that isn't masked, a share of labels that must come out."
        )


@pytest.mark.points(1)
def test_any_number_of_texts(learner, rng):
    """No texts give no labels; an empty text and one of a thousand words get theirs."""
    adapter = made(rng, 2)
    assert labels(learner, adapter, [], "predict(adapter, [])").tolist() == [], "predict(adapter, []) gave something."
    texts = ["", "word " * 1000, *reviews(rng, 38)]
    adapter, wanted = centred(adapter, texts)
    call = "predict(adapter, texts), with an empty text, one of a thousand words, and 38 reviews,"
    got = labels(learner, adapter, texts, call)
    wrong = [i for i in range(40) if got[i] != ("fresh" if wanted[i] > 0 else "rotten") and abs(wanted[i]) > NEAR]
    assert not wrong or not set(wrong) <= {0, 1}, (
        f"{call} gave the {'empty' if 0 in wrong else 'long'} text a label that isn't the adapter's. {'Its label is that of its two special tokens.' if 0 in wrong else 'The first 40 tokens count.'}"
    )
    assert len(set(got)) == 2, f"{call} gave one and the same label for all of them. This adapter tells them apart."
    assert not wrong or min(wrong) < 20, (
        f"{call} gave {len(wrong)} texts a label that isn't the adapter's, all of them in the second half. Does the last batch, which isn't full, get lost or mixed up?"
    )
    assert not wrong, (
        f"{call} gave {len(wrong)} of the 40 a label that isn't the adapter's. Are all factors used, and the head? Is padding masked, dropout off, the order kept?"
    )


@pytest.mark.points(1)
def test_no_chance_and_nothing_changed(learner, rng):
    """Two calls agree, and the adapter is as it was: dropout is off, and nothing is written into the tensors."""
    texts = reviews(rng, 20)
    adapter, wanted = centred(made(rng, 4), texts)
    first = labels(learner, adapter, texts, "predict(adapter, texts)")
    left = learner.last.args[0]
    assert isinstance(left, dict) and set(left) == set(adapter) and all(torch.equal(left[n], t) for n, t in adapter.items()), (
        "predict(adapter, texts) changed the adapter that was given to it. Make your own tensors."
    )
    second = labels(learner, adapter, texts, "predict(adapter, texts)")
    clear = np.abs(wanted) > NEAR
    assert (first == second)[clear].all(), CHANCE
    assert len(set(first)) == 2, "predict(adapter, texts) gave one and the same label for all texts. This adapter tells them apart."


# ---------------------------------------------------------------- the adapter that was handed in


def mine(handed_in):
    """The adapter that was handed in. What is no adapter of the project is told in a sentence, and never loaded."""
    content = handed_in.get("adapter.safetensors")
    assert content is not None, (
        "No adapter.safetensors was handed in, or it was too large to be taken. Write it beside the notebook, and hand in both."
    )
    try:
        return read_adapter(content)
    except AdapterError as error:
        raise AssertionError(f"adapter.safetensors can't be used, and wasn't loaded: {error}") from None


def said(learner, handed_in, texts):
    return labels(learner, mine(handed_in), texts, f"predict(adapter, texts), with the adapter that was handed in and {len(texts)} texts,")


def in_turn(learner, handed_in, *lists):
    """What the adapter says of several equally long lists of texts, asked in one call."""
    return np.split(said(learner, handed_in, [text for texts in lists for text in texts]), len(lists))


def plain(rng, number):
    """A thing, a word of praise or blame for it, and the label."""
    return [
        (one_of(rng, THINGS), one_of(rng, GOOD if praise else BAD), "fresh" if praise else "rotten")
        for praise in rng.permutation(np.arange(number) % 2 == 0)
    ]


def two_labels(got, what):
    assert len(set(got)) == 2, (
        f"Of all {len(got)} {what} your adapter says {str(got[0])!r}. What never changes its mind isn't steady, it doesn't read."
    )


@pytest.mark.points(2)
def test_plain_words(learner, handed_in, rng):
    """Your adapter knows plain praise from plain blame: "The story is charming.", "The cast is awful." """
    cases = plain(rng, 60)
    got = said(learner, handed_in, [f"The {thing} is {word}." for thing, word, _ in cases])
    two_labels(got, "sentences of plain praise and blame")
    right = float(np.mean(got == np.array([label for *_, label in cases])))
    assert right > 1 - PLAIN, (
        f"Of 60 sentences such as \"The {cases[0][0]} is {cases[0][1]}.\" your adapter got {right:.0%} right, which is less than by guessing: it says 'rotten' of most praise and 'fresh' of most blame. "
        "Were the classes in the order of LABELS when it was trained?"
    )
    assert right >= PLAIN, (
        f"Of 60 sentences such as \"The {cases[0][0]} is {cases[0][1]}.\" your adapter got {right:.0%} right. Half would be guessing. Has it learnt the films' names, or the critics' praise?"
    )


@pytest.mark.points(1)
def test_stronger_words(learner, handed_in, measure, rng):
    """A stronger word doesn't turn the verdict: "The story is charming.", "The story is truly charming." """
    cases = plain(rng, 60)
    once, more, denied = in_turn(
        learner,
        handed_in,
        [f"The {thing} is {word}." for thing, word, _ in cases],
        [f"The {thing} is {one_of(rng, MORE)} {word}." for thing, word, _ in cases],
        [f"The {thing} isn't {word}." for thing, word, _ in cases],
    )
    measure("negation", float(np.mean(denied != np.array([label for *_, label in cases]))))
    two_labels(once, "sentences of plain praise and blame")
    turned = float(np.mean(once != more))
    assert turned <= SWAYED, (
        f'In {turned:.0%} of 60 sentences "very", "truly" or the like before the adjective turned the verdict of your adapter. Does it read words, or their number?'
    )


@pytest.mark.points(1)
def test_other_names(learner, handed_in, rng):
    """Who plays in a film doesn't decide: other names, the same verdict."""
    texts = reviews(rng, 60)
    stars = [[f"{one_of(rng, FIRST)} {one_of(rng, LAST)} stars. {text}" for text in texts] for _ in range(2)]
    first, second = in_turn(learner, handed_in, *stars)
    two_labels(first, "reviews")
    turned = float(np.mean(first != second))
    assert turned <= RENAMED, (
        f"In {turned:.0%} of 60 reviews another name in front turned the verdict of your adapter. A name is no reason. Was it trained on few films, or for too long?"
    )


def mistyped(rng, text):
    """The text with two neighbouring letters of one of its longer words swapped."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if word.isalpha() and len(word) >= 5]
    if not long:
        return text
    at = one_of(rng, long)
    word, k = words[at], int(rng.integers(1, len(words[at]) - 2))
    words[at] = word[:k] + word[k + 1] + word[k] + word[k + 2 :]
    return " ".join(words)


@pytest.mark.points(1)
def test_a_slip_of_the_keys(learner, handed_in, rng):
    """One word with two letters swapped seldom turns the verdict."""
    texts = reviews(rng, 60)
    clean, wrong = in_turn(learner, handed_in, texts, [mistyped(rng, text) for text in texts])
    two_labels(clean, "reviews")
    turned = float(np.mean(clean != wrong))
    assert turned <= MISTYPED, (
        f"In {turned:.0%} of 60 reviews one slip of the keys turned the verdict of your adapter. Does its verdict hang on single words?"
    )


def macro_f1(truth, said):
    both = [np.sum(truth == label) + np.sum(said == label) for label in LABELS]
    return float(np.mean([2 * np.sum((truth == label) & (said == label)) / n if n else 0.0 for label, n in zip(LABELS, both, strict=True)]))


@pytest.mark.points(3)
def test_another_domain(learner, handed_in, measure, rng):
    """What was learnt on films carries over to reviews of products, which no learner has: better than a guess."""
    adapter = mine(handed_in)
    every = data.held_out_reviews()
    texts, means = np.array(every["text"]), np.array(every["mean"])
    rows = np.concatenate([rng.permutation(np.nonzero(side)[0])[:80] for side in (means >= 1, means <= -1)])
    truth = np.where(means[rows] > 0, "fresh", "rotten")
    got = labels(
        learner, adapter, texts[rows].tolist(), "predict(adapter, texts), with the adapter that was handed in and 160 reviews of products,"
    )
    score = macro_f1(truth, got)
    measure("products_macro_f1", score)
    two_labels(got, "reviews of products")
    turned = macro_f1(truth, np.where(got == LABELS[0], LABELS[1], LABELS[0]))
    assert score >= 0.5 + FURTHER or turned < 0.5 + 1.5 * FURTHER, (  # not what a coin reaches, either way
        f"On 160 reviews of products your adapter's macro-F1 is {score:.2f}; if each label were exchanged for the other one, it would be {turned:.2f}. Were the classes in the order of LABELS when it was trained?"
    )
    assert score >= 0.5 + FURTHER, (
        f"On 160 reviews of products, half of them favourable, your adapter's macro-F1 is {score:.2f}; a coin's is about 0.5, and that of saying always the same 0.33. What has it learnt that holds for "
        "films only?"
    )
