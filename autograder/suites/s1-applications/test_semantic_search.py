"""Hidden suite of `semantic_search`."""

import itertools
import math

import pytest
import torch

from tunelab import expect, models

PROBE_DATA = ("WORDS",)
WORDS = ("river", "stone", "cloud", "table", "garden")


def encode(texts):
    """A toy encoder: how often each of five words stands in a text, "no" before it making it count negative. As the real one it takes a list with something in it."""
    if type(texts) is str:
        raise ValueError(f"encode takes a list of texts, not one text by itself: [{texts!r}] is a list, {texts!r} isn't.")
    if type(texts) is not list or not texts or not all(type(text) is str for text in texts):
        raise ValueError(f"encode takes a list of texts with at least one text in it, not {texts!r}. Was it an empty list of documents?")
    return torch.tensor([[float(f" {t} ".count(f" {w}") - 2 * f" {t} ".count(f" no {w}")) for w in WORDS] for t in texts])


def minilm_encoder():
    """MiniLM, as the lesson uses it."""
    model, tokenizer = models.minilm(), models.minilm_tokenizer()

    def encoder(texts):
        return models.embed(texts, model, tokenizer)

    return encoder


def text(*counts):
    return " ".join(
        " ".join(["no " * (count < 0) + word] * abs(count)) for word, count in zip(WORDS, map(int, counts), strict=False) if count
    )


def counts_of(words):
    counts, sign = [0] * len(WORDS), 1
    for word in words.split():
        if word != "no":
            counts[WORDS.index(word)] += sign
        sign = -1 if word == "no" else 1
    return counts


def cosine(x, y):
    x, y = counts_of(x), counts_of(y)
    lengths = math.hypot(*x) * math.hypot(*y)
    return sum(p * q for p, q in zip(x, y, strict=True)) / lengths if lengths else 0.0


def library(rng, size):
    """A query and documents whose scores differ by 0.001 or more, in size as well; the lowest is far below 0."""
    while True:
        query, documents = text(*rng.integers(1, 6, size=5)), [text(*rng.integers(-4, 9, size=5)) for _ in range(size - 1)]
        documents.insert(int(rng.integers(size)), text(*rng.integers(-6, 2, size=5)))
        scores = [cosine(query, document) for document in documents]
        sizes = sorted(abs(score) for score in scores)
        if all(documents) and -0.95 < min(scores) < -0.4 and all(high - low > 1e-3 for low, high in itertools.pairwise(sizes)):
            return query, documents


def ranking(query, documents):
    return sorted(range(len(documents)), key=lambda i: -cosine(query, documents[i]))


def called(learner, query, documents, k):
    call = f"semantic_search(query, documents, encode, {k}) with {len(documents)} documents"
    try:
        got = learner.semantic_search(query, documents, encode, k)
    except (RuntimeError, ValueError, IndexError) as error:
        if type(error) is NotImplementedError:
            raise
        few = " When there are fewer documents than k, all of them are given back." if k > len(documents) else ""
        raise AssertionError(f"{call} raised {type(error).__name__}: {error}{'.' if few and str(error)[-1:] != '.' else ''}{few}") from None
    return expect.sequence(got, call=call, length=min(k, len(documents))), call


def indices(got, call):
    for item in got:
        expect.sequence(item, call=f"an item of what {call}", kind=tuple, length=2)
        assert type(item[0]) is int, (
            f"{call} gave an item that begins with {item[0]!r}. Its first part is the document's index, a built-in int."
        )
    return [item[0] for item in got]


def dot(x, y):
    return sum(p * q for p, q in zip(counts_of(x), counts_of(y), strict=True))


def why_in_this_order(found, query, documents, cosines=None, dots=None):
    """The mistake that gives just these indices, or None."""
    cosines = cosines or [cosine(query, document) for document in documents]
    dots = dots or [dot(query, document) for document in documents]
    by = {
        "So it is when they are sorted upwards: the worst first. The largest cosine comes first.": cosines,
        "So it is when the sign is lost. A text that says the opposite has a cosine below 0 and belongs at the end: a cosine keeps its sign.": [
            -abs(c) for c in cosines
        ],
        "So it is when dot products are compared, which grow with a text's length. Divide by both lengths.": [-d for d in dots],
        "So it is when the worst are chosen, and put in order of their cosines. The largest cosine comes first.": None,
    }
    for sentence, keys in by.items():
        if keys is None:
            order = sorted(sorted(range(len(documents)), key=lambda i: cosines[i])[: len(found)], key=lambda i: -cosines[i])
        else:
            order = sorted(range(len(documents)), key=lambda i: keys[i])[: len(found)]
        if found == order:
            return sentence
    if found == list(range(len(found))):
        return "These are the first documents, as they stand in the list: they are to be sorted by their cosine with the query."
    return "Keep the index beside each score while you sort: the largest cosine comes first."


def compare(found, right, query, documents, call):
    assert found == right, (
        f"{call} gave the indices {found}. They aren't those of the largest cosines, from the largest down. {why_in_this_order(found, query, documents)}"
    )


def compare_scores(scores, right, dots, call):
    """The scores beside the indices are cosines; if not, what they are."""
    distances = [math.sqrt(max(2 - 2 * c, 0)) for c in right]
    guesses = [
        (distances, "These are distances between vectors of length 1: a distance is 0 for the same direction, a cosine 1."),
        (
            [1 - c for c in right],
            "These are 1 minus the cosine. The cosine itself is asked for: 1 for the same direction, below 0 for opposite ones.",
        ),
        (dots, "These are dot products, which grow with a text's length. Divide by both lengths."),
        ([abs(c) for c in right], "The sign is lost: a cosine is below 0 for opposite directions."),
    ]
    hint = next(
        (
            said
            for guess, said in guesses
            if all(math.isclose(x, y, rel_tol=1e-4, abs_tol=1e-4) for x, y in zip(scores, guess, strict=True))
        ),
        "The score beside an index is the cosine between that document and the query: 1 for the same direction, below 0 for opposite ones.",
    )
    expect.close(scores, right, call=call, hint=hint, atol=1e-4)


@pytest.mark.points(1)
def test_pairs_of_plain_numbers(learner, rng):
    """Each result is a pair of an index and a score, a built-in int and a built-in float."""
    query, documents = library(rng, 6)
    got, call = called(learner, query, documents, 3)
    indices(got, call)
    for _, score in got:
        expect.number(score, call=f"a score of {call}")


@pytest.mark.points(3)
def test_best_first(learner, rng):
    """The documents most like the query come first, whatever their place in the list."""
    for _ in range(3):
        query, documents = library(rng, 8)
        got, call = called(learner, query, documents, 4)
        compare(indices(got, call), ranking(query, documents)[:4], query, documents, call)


@pytest.mark.points(2)
def test_scores_are_cosines(learner, rng):
    """The score is the cosine of the angle between query and document, neither a distance nor a dot product."""
    query, documents = library(rng, 6)
    got, call = called(learner, query, documents, 6)
    found = indices(got, call)
    assert all(0 <= i < 6 for i in found), f"{call} gave the indices {found}, which aren't all from 0 to 5."
    compare_scores(
        [score for _, score in got], [cosine(query, documents[i]) for i in found], [dot(query, documents[i]) for i in found], call
    )


@pytest.mark.points(2)
def test_ties_by_index(learner, rng):
    """Of documents with equal scores the one that stands first in the list comes first."""
    kinds = [text(3, 4), text(4, 3), text(0, 1)]
    documents = [kinds[i] for i in rng.permutation([0, 1, 2] * 12)]
    whole = learner.semantic_search("river", documents, encode, 36)
    call = "semantic_search(query, documents, encode, 36) with 36 documents, many of them the same text,"
    expect.sequence(whole, call=call)
    assert len(whole) == 36, (
        f"{call} gave {len(whole)} results. Equal texts are documents of their own: with texts for the keys of a dict, or `documents.index(…)`, they become one."
    )
    got, call = called(learner, "river", documents, 30)
    right = sorted(range(36), key=lambda i: (kinds[1] != documents[i], kinds[0] != documents[i], i))
    found = indices(got, call)
    found_kinds = [documents[i] for i in found]
    assert found_kinds == [documents[i] for i in right[:30]], (
        f"{call} gave documents in another order than by their cosine with the query. "
        + (
            "The worst come first: the largest cosine comes first."
            if found_kinds == sorted(documents, key=[kinds[2], kinds[0], kinds[1]].index)[:30]
            else "The largest cosine comes first."
        )
    )
    assert found == right[:30], (
        f"{call}, many of them the same text, gave the indices {found}. Among equal scores the lower index comes first: turning an ascending order around, or `topk`, loses that."
    )


@pytest.mark.points(1)
def test_k_beyond_the_number(learner, rng):
    """When k is larger than the number of documents, all of them come back."""
    query, documents = library(rng, 4)
    for k in (4, 5, 100):
        got, call = called(learner, query, documents, k)
        found = indices(got, call)
        assert len(set(found)) == 4, (
            f"{call} gave the indices {found}. When there are fewer documents than k, all of them are given back, each once."
        )
        compare(found, ranking(query, documents), query, documents, call)


@pytest.mark.points(2)
def test_each_text_is_encoded_once(learner, rng):
    """The query and each document are handed to encode once, all documents in one call, and the list of documents is left as it was."""
    query, documents = library(rng, 7)
    got, call = called(learner, query, documents, 3)
    compare(indices(got, call), ranking(query, documents)[:3], query, documents, call)
    calls = [list(arguments[0]) for arguments in learner.last.calls.get("encode", []) if arguments]
    assert len(calls) <= 2, (
        f"{call} called encode {len(calls)} times. A model is fast on many texts together: all documents go in one call, not one by one."
    )
    seen = sorted(one for texts in calls for one in texts)
    assert seen == sorted([query, *documents]), (
        f"{call} handed {len(seen)} texts to encode, for one query and {len(documents)} documents. Each is encoded once."
    )
    assert learner.last.args[1] == documents, (
        f"{call} changed the list of documents, which belongs to the caller. `insert` and `append` work on that very list; `[query, *documents]` makes a new one."
    )


@pytest.mark.points(1)
def test_nothing_to_search(learner, rng):
    """No documents, no results; a document without a word that counts scores 0."""
    got, call = called(learner, "river", ["", text(2, 0)], 2)
    call += ", the first of them empty,"
    found, by_index = indices(got, call), dict(got)
    assert found in ([1, 0], [0, 1]), f"{call} gave the indices {found}, where both are asked for, each once."
    assert by_index[0] == 0, (
        f"{call} gave the empty one the score {by_index[0]:.6g}. It has a vector of zeros, and the cosine with that counts as 0."
    )
    assert found == [1, 0], f"{call} gave {got}. The empty one scores 0, and comes behind the other: the highest score first."
    try:
        nothing = learner.semantic_search("river", [], encode, 3)
    except Exception as error:
        if type(error) is NotImplementedError:
            raise
        raise AssertionError(
            f"semantic_search(query, [], encode, 3) raised {type(error).__name__}: {error} For an empty list of documents there is nothing to encode."
        ) from None
    assert nothing == [], f"semantic_search(query, [], encode, 3) gave {nothing!r}. An empty list of documents gives an empty list."


@pytest.mark.points(2)
def test_with_minilm(learner, rng):
    """With MiniLM for an encoder, the text about the same thing is found though it shares no word with the query."""
    documents = [
        "The bank raised its interest rates.",
        "A cat slept on the warm sofa.",
        "Our train was late again today.",
        "She baked bread for the children.",
    ]
    documents = [documents[i] for i in rng.permutation(4)]
    query = "a kitten is napping"
    encoder = minilm_encoder()
    vectors = encoder([query, *documents]).double()
    scores = [float(v @ vectors[0] / (v.norm() * vectors[0].norm())) for v in vectors[1:]]
    got = learner.semantic_search(query, documents, learner.make(minilm_encoder), 4)
    call = f"semantic_search({query!r}, {documents!r}, encode, 4) with MiniLM"
    expect.sequence(got, call=call, length=4)
    found = indices(got, call)
    dots = [float(v @ vectors[0]) for v in vectors[1:]]
    assert found == sorted(range(4), key=lambda i: -scores[i]), (
        f"{call} gave the indices {found}, which aren't in the order of their cosines. {why_in_this_order(found, query, documents, scores, dots)}"
    )
    compare_scores([score for _, score in got], [scores[i] for i in found], [dots[i] for i in found], call)
