"""Hidden suite of `summarize`."""

import math

import pytest
import torch

from tunelab import expect

PROBE_DATA = ("AXES",)
AXES = ("river", "stone", "cloud", "table", "garden", "lamp")


def encode(texts):
    """A toy encoder: how often each of six words stands in a text; with "no" before it, a word counts negative."""
    if type(texts) is not list or not texts or not all(type(text) is str for text in texts):
        raise ValueError(f"encode takes a list of texts with at least one text in it, not {texts!r}.")
    return torch.tensor([[float(f" {t} ".count(f" {w}") - 2 * f" {t} ".count(f" no {w}")) for w in AXES] for t in texts])


def sentence(*counts):
    words = (["no " * (count < 0) + word] * abs(count) for word, count in zip(AXES, counts, strict=False))
    return " ".join(word for several in words for word in several)


def cosine(x, y):
    lengths = math.hypot(*x) * math.hypot(*y)
    return sum(p * q for p, q in zip(x, y, strict=True)) / lengths if lengths else 0.0


def middle_of(vectors):
    return [sum(column) / len(vectors) for column in zip(*vectors, strict=True)]


def units_of(vectors):
    return [[number / (math.hypot(*v) or 1) for number in v] for v in vectors]


def choices(vectors, k, diversity, middle=None, weights=None, likeness=max, first=None):
    """The choices in the order in which they are made, and by how much the closest of them was decided. Each part of the rule can be exchanged for a wrong one."""
    relevance = [cosine(v, middle or middle_of(vectors)) for v in vectors]
    plus, minus = weights or (1 - diversity, diversity)
    chosen, margin = [], math.inf
    while len(chosen) < min(k, len(vectors)):
        worth = {}
        for i in (i for i in range(len(vectors)) if i not in chosen):
            alike = [cosine(vectors[i], vectors[j]) for j in chosen]
            worth[i] = plus * relevance[i] - minus * likeness(alike) if alike else (relevance[i] if first is None else first * relevance[i])
        order = sorted(worth, key=lambda i: -worth[i])
        if len(order) > 1:
            margin = min(margin, worth[order[0]] - worth[order[1]])
        chosen.append(order[0])
    return chosen, margin


def by_hand(vectors, k, diversity):
    """The right choices in their order, and by how much the closest of them was decided."""
    return choices(vectors, k, diversity)


def mistake(got, sentences, k, diversity, rather=""):
    """What choices that are wrong come from: the mistakes that give just these. Where several do, those that speak of `rather` go first."""
    vectors = encode(sentences).tolist()
    guesses = [
        ({"weights": (1, 0)}, "the most relevant sentences are taken, and diversity plays no part"),
        ({"weights": (diversity, 1 - diversity)}, "the two weights are swapped"),
        ({"weights": (0, 1)}, "relevance plays no part after the first choice"),
        ({"weights": (1, diversity)}, "relevance isn't multiplied by 1 - diversity"),
        ({"likeness": lambda v: sum(v) / len(v)}, "the mean of the cosines with what is chosen is taken, not the largest of them"),
        ({"likeness": lambda v: v[-1]}, "only the cosine with the sentence chosen last is looked at, not the largest of all"),
        ({"likeness": min}, "the smallest of the cosines with what is chosen is taken, not the largest"),
        ({"likeness": lambda v: max(0.0, *v)}, "the search for the largest cosine begins at 0, though it may be negative"),
        ({"likeness": lambda v: max(map(abs, v))}, "cosines with what is chosen lose their sign, though they may be negative"),
        ({"middle": middle_of(units_of(vectors))}, "vectors are made equally long before their mean is taken: take the mean of the vectors as encode gives them"),
        ({"middle": vectors[0]}, "the first sentence is taken for what the text is about: relevance is the cosine with the mean of all vectors"),
        ({"first": 1 - diversity}, "the first choice is weighted, which leaves nothing of it at a diversity of 1: it goes by relevance alone, since nothing is chosen yet"),
    ]  # fmt: skip
    right, wrong = set(by_hand(vectors, k, diversity)[0]), {}
    for changed, what in guesses:
        chosen, _ = choices(vectors, k, diversity, **changed)
        if set(chosen) != right:
            wrong[what] = chosen
    found = [what for what, chosen in wrong.items() if sorted(chosen) == got]
    found = [what for what in found if rather in what] or found
    if found:
        return f"So it is when {', or when '.join(found[:3])}."
    relevance = [cosine(v, middle_of(vectors)) for v in vectors]
    best = max(relevance)
    if not any(relevance[i] > best - 1e-9 for i in got):
        return "The most relevant sentence isn't among them, though it is the first choice, at any diversity: relevance is the cosine with the mean of all vectors."
    return (
        "The first is the most relevant sentence; each further one has the largest (1 - diversity) * relevance - diversity * likeness, "
        "where likeness is the largest of its cosines with what is chosen so far."
    )


def drawn(rng, size, k, diversity, low=-2, fits=lambda vectors, chosen: True):
    """Sentences for which the choice is clear, and that choice."""
    while True:
        sentences = [sentence(*rng.integers(low, 5, size=6).tolist()) for _ in range(size)]
        if not all(sentences) or len(set(sentences)) < size:
            continue
        vectors = encode(sentences).tolist()
        chosen, margin = by_hand(vectors, k, diversity)
        if margin > 1e-3 and fits(vectors, chosen):
            return sentences, chosen


def called(learner, sentences, k, diversity):
    call = f"summarize(sentences, encode, {k}, {diversity}) with {len(sentences)} sentences"
    got = learner.summarize(sentences, encode, k, diversity)
    expect.sequence(got, call=call, length=min(k, len(sentences)))
    for index in got:
        expect.integer(index, call=f"an index of {call}", low=0, high=len(sentences) - 1)
    assert len(set(got)) == len(got), f"{call} gave {got}, a sentence twice. What was chosen is out of the race."
    assert got == sorted(got), (
        f"{call} gave {got}. A summary is read in the order of the text, not in the order in which its sentences were chosen: the indices ascend."
    )
    return got, call


def check(got, chosen, sentences, k, diversity, call, rather=""):
    which = "isn't the sentence" if len(got) == 1 else "aren't the sentences"
    assert got == sorted(chosen), f"{call} gave {got}, which {which} that the rule chooses. {mistake(got, sentences, k, diversity, rather)}"


@pytest.mark.points(2)
def test_document_order(learner, rng):
    """The indices come back in the order of the text, whatever order they were chosen in."""
    for _ in range(3):
        sentences, chosen = drawn(rng, 8, 4, 0.4, fits=lambda _, chosen: chosen != sorted(chosen))
        got, call = called(learner, sentences, 4, 0.4)
        check(got, chosen, sentences, 4, 0.4, call)


@pytest.mark.points(2)
def test_what_repeats_is_passed_over(learner, rng):
    """With diversity, a sentence that says again what was chosen gives way to another."""
    for _ in range(3):
        topic, aside = int(rng.integers(3, 6)), int(rng.integers(1, 3))
        sentences = [sentence(topic, 1), sentence(0, 0, 0, 1), sentence(topic, 1, 0), sentence(2 * topic, 2), sentence(1, topic, aside)]
        sentences = [sentences[i] for i in rng.permutation(5)]
        vectors = encode(sentences).tolist()
        got, call = called(learner, sentences, 2, 0.6)
        assert cosine(vectors[got[0]], vectors[got[1]]) < 1 - 1e-6, (
            f"{call} gave {got}, two sentences that say the same. Does diversity play a part in the choice? What is like a chosen sentence loses worth."
        )
        relevant, _ = by_hand(vectors, 1, 0.6)
        assert any(cosine(vectors[i], vectors[relevant[0]]) > 1 - 1e-6 for i in got), (
            f"{call} gave {got}, without the most relevant sentence (or one of its repetitions), which is chosen first: that with the largest cosine with the mean of all vectors."
        )


@pytest.mark.points(1)
def test_no_diversity_is_pure_relevance(learner, rng):
    """At diversity 0 the most relevant sentences are taken, however alike."""
    for _ in range(3):
        sentences, chosen = drawn(rng, 9, 4, 0.0)
        got, call = called(learner, sentences, 4, 0.0)
        check(got, chosen, sentences, 4, 0.0, call)


@pytest.mark.points(2)
def test_the_closest_chosen_one_counts(learner, rng):
    """What is chosen is compared with by its closest sentence: the largest cosine, not the mean or the last."""
    for _ in range(4):
        sentences, chosen = drawn(rng, 9, 5, 0.6, low=0, fits=differs_from_mean_and_last)
        got, call = called(learner, sentences, 5, 0.6)
        check(got, chosen, sentences, 5, 0.6, call)
    for _ in range(2):
        sentences, chosen = drawn(rng, 7, 3, 0.6, low=-4, fits=differs_without_sign)
        got, call = called(learner, sentences, 3, 0.6)
        # Weights and relevance were right above, where no cosine is negative.
        check(got, chosen, sentences, 3, 0.6, call, rather="negative")


def differs_without_sign(vectors, chosen):
    """Whether taking a negative cosine for 0, or its size, would have led to other sentences."""
    return all(
        set(by_rule(vectors, len(chosen), likeness)) != set(chosen) for likeness in (lambda v: max(0.0, *v), lambda v: max(map(abs, v)))
    )


def differs_from_mean_and_last(vectors, chosen):
    """Whether taking the mean, or the last, would have led to other sentences."""
    return all(set(by_rule(vectors, len(chosen), likeness)) != set(chosen) for likeness in (lambda v: sum(v) / len(v), lambda v: v[-1]))


def by_rule(vectors, k, likeness):
    """The choices at diversity 0.6 with another rule for the likeness to what is chosen."""
    return choices(vectors, k, 0.6, likeness=likeness)[0]


@pytest.mark.points(1)
def test_both_sides_count(learner, rng):
    """Between the extremes both relevance and repetition decide."""
    for diversity in (0.25, 0.5):
        for _ in range(2):
            sentences, chosen = drawn(
                rng,
                9,
                4,
                diversity,
                fits=lambda vectors, chosen: all(set(by_hand(vectors, 4, extreme)[0]) != set(chosen) for extreme in (0.0, 1.0)),
            )
            got, call = called(learner, sentences, 4, diversity)
            check(got, chosen, sentences, 4, diversity, call)


@pytest.mark.points(1)
def test_the_mean_of_the_vectors_as_they_are(learner, rng):
    """Relevance is the cosine with the mean of the vectors, none of which was made shorter or longer."""
    for _ in range(3):
        a, b = (1, 0) if rng.integers(2) else (0, 1)
        long, short = sentence(9 * a, 9 * b), [sentence(b, a, 0, 0, int(i == 0)) for i in range(4)]
        sentences = [*short, long]
        sentences = [sentences[i] for i in rng.permutation(5)]
        got, call = called(learner, sentences, 1, 0.5)
        assert sentences[got[0]] == long, (
            f"{call} gave {got}. One vector here is much longer than the others, and pulls the mean of the vectors as encode gives them towards it. "
            f"{mistake(got, sentences, 1, 0.5)}"
        )


@pytest.mark.points(1)
def test_the_first_choice_at_any_diversity(learner, rng):
    """The first choice is the most relevant sentence, at diversity 1 as at 0."""
    for diversity in (0.5, 0.0, 1.0):
        sentences, chosen = drawn(rng, 6, 1, diversity, fits=lambda _, chosen: chosen != [0])
        got, call = called(learner, sentences, 1, diversity)
        check(got, chosen, sentences, 1, diversity, call, rather="the first choice" if diversity == 1.0 else "")


@pytest.mark.points(1)
def test_no_sentence_twice(learner, rng):
    """No sentence is chosen twice; with k beyond their number, all are, those that are alike to the letter included."""
    for diversity in (0.0, 0.5, 1.0):
        sentences, _ = drawn(rng, 5, 1, diversity)
        for k in (3, 5, 9):
            called(learner, sentences, k, diversity)
    sentences = [sentences[0], *sentences[:3], sentences[0]]
    got = learner.summarize(sentences, encode, 5, 0.5)
    assert got == list(range(5)), (
        f"summarize(sentences, encode, 5, 0.5) with 5 sentences gave {got!r}, three of the sentences being the same. Each has an index of its own: remember indices, since `index(…)` finds the first of equal texts."
    )


@pytest.mark.points(1)
def test_sentences_are_encoded_in_one_call(learner, rng):
    """All sentences go to encode in one call; for none it isn't called, and nothing is chosen."""
    sentences, chosen = drawn(rng, 6, 3, 0.3)
    got, call = called(learner, sentences, 3, 0.3)
    check(got, chosen, sentences, 3, 0.3, call)
    calls = [arguments[0] for arguments in learner.last.calls.get("encode", []) if arguments]
    assert calls == [sentences], f"{call} called encode {len(calls)} times. Encode all sentences in one call, and keep the vectors."
    nothing = learner.summarize([], encode, 3, 0.3)
    assert nothing == [], f"summarize([], encode, 3, 0.3) gave {nothing!r}. Without sentences there is nothing to choose: an empty list."


@pytest.mark.points(1)
def test_diversity_out_of_range(learner, rng):
    """A diversity below 0 or above 1 is refused with a ValueError that names it; 0 and 1 are fine."""
    sentences, _ = drawn(rng, 5, 2, 0.5)
    for bad in (-0.1, 1.5, 7.0):
        said, call = None, f"summarize(sentences, encode, 2, {bad})"
        try:
            learner.summarize(sentences, encode, 2, bad)
        except ValueError as error:
            said = str(error)
        assert said is not None, f"{call} raised nothing. Diversity is a share, from 0 to 1: anything else is a ValueError."
        assert "diversity" in said, f"{call} raised ValueError: {said}. Check first, and name `diversity` in the message."
