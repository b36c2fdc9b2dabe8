"""Hidden suite of `leaks`."""

import numpy as np
import pytest

from tunelab import expect

PROBE_DATA = ("SAME", "SIZE")

SAME = {
    "movie": "film",
    "picture": "film",
    "dreary": "dull",
    "boring": "dull",
    "superb": "great",
    "splendid": "great",
    "actors": "cast",
    "players": "cast",
}
"""Words that the small encoder takes for one another."""
SIZE = 24


def small_encoder(texts):
    """A row of 32-bit numbers for each text: the sum of its words' vectors, which are made of their letters; synonyms have nearly the same. Longer texts have longer vectors."""
    rows = []
    for text in texts:
        total = np.zeros(SIZE)
        for word in text.split():
            meaning = SAME.get(word, word)
            for name, weight in ((meaning, 1.0), (word, 0.15)):
                total += weight * np.random.default_rng(list(name.encode())).normal(size=SIZE)
        rows.append(total)
    return np.array(rows, dtype=np.float32)


def zero_encoder(texts):
    """Gives texts that begin with x a vector of zeros."""
    rows = [[0.0, 0.0] if text.startswith("x") else [len(text), 1.0] for text in texts]
    return np.array(rows, dtype=np.float32)


def fold(text):
    return " ".join(text.casefold().split())


def cosines(test, train):
    a, b = (small_encoder([fold(text) for text in texts]).astype(float) for texts in (test, train))
    return a @ b.T / (np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1))


STOCK = (
    "film",
    "dull",
    "great",
    "cast",
    "plot",
    "music",
    "camera",
    "story",
    "ending",
    "script",
    "slow",
    "loud",
    "warm",
    "cold",
    "humour",
    "scene",
    "hero",
    "war",
    "love",
    "trick",
)


def drawn(rng, count, words=6):
    """Texts of words in random order, none of which resembles another too much."""
    texts = []
    while len(texts) < count:
        text = " ".join(rng.choice(STOCK, size=words, replace=False))
        if all(len(set(text.split()) & set(other.split())) <= 3 for other in texts):
            texts.append(text)
    return texts


def exchanged(pairs, near, threshold):
    """Whether the pairs are right with their places exchanged, and only so."""

    def fit(pairs):
        inside = all(0 <= i < near.shape[0] and 0 <= j < near.shape[1] for i, j in pairs)
        return inside and {i for i, _ in pairs} == leaking and all(near[i, j] >= near[i].max() - 1e-5 for i, j in pairs)

    leaking = set(np.flatnonzero(near.max(axis=1) >= threshold).tolist())
    return fit([(j, i) for i, j in pairs]) and not fit(pairs)


def found(learner, train, test, threshold, about, encode=small_encoder):
    """The ladder up to values: tuples of two places and a similarity."""
    call = f"leaks(train, test, encode, {threshold:g}), {about},"
    if encode is small_encoder:
        got = learner.leaks(train, test, small_encoder, threshold)
    else:
        got = learner.leaks(train, test, zero_encoder, threshold)
    assert learner.last.args[:2] == (train, test), (
        f"{call} changed a list that it was given. They belong to the caller: give the folded texts lists of their own."
    )
    expect.sequence(got, call=call)
    for entry in got:
        assert type(entry) is tuple and len(entry) == 3, (
            f"{call} has {entry!r:.60} in its list. Each entry is a tuple of three: place in test, place in train, similarity."
        )
        assert all(isinstance(place, int | np.integer) for place in entry[:2]), (
            f"{call} has {entry!r:.60} in its list. The first two are places, whole numbers."
        )
        assert isinstance(entry[2], float | np.floating) and np.isfinite(entry[2]), (
            f"{call} has the similarity {entry[2]!r:.30}. A finite float is asked for."
        )
        assert abs(entry[2]) <= 1 + 1e-5, (
            f"{call} has the similarity {entry[2]:.4g} in its list, but a cosine is from -1 to 1. Divide each dot product by the lengths of *both* vectors."
        )
    if encode is small_encoder and train and test and got:
        assert not exchanged([(int(i), int(j)) for i, j, _ in got], np.round(cosines(test, train), 6), threshold), (
            f"{call} has {got[0]!r:.60} in its list, with the place in `train` first. The place in `test` comes first."
        )
    for entry in got:
        assert 0 <= entry[0] < len(test) and 0 <= entry[1] < len(train), (
            f"{call} has {entry!r:.60} in its list, but there are {len(test)} test texts and {len(train)} training texts. The place in `test` comes first. Or are test texts compared with one another?"
        )
    assert len({entry[0] for entry in got}) == len(got), (
        f"{call} names a test text more than once. Only its nearest training text is asked for."
    )
    return got, call


@pytest.mark.points(2)
def test_exact_copies(learner, rng):
    """A test text that is in the training set is found, with its place there and a similarity of 1.0."""
    texts = drawn(rng, 12)
    train, test = texts[:7], [*texts[7:], texts[5], texts[0]]
    order = rng.permutation(len(test))
    test = [test[i] for i in order]
    got, call = found(learner, train, test, 0.97, "where two of 7 test texts are copies")
    right = {i: train.index(text) for i, text in enumerate(test) if text in train}
    pairs = {entry[0]: int(entry[1]) for entry in got}
    wrong = sorted((i, j) for i, j in pairs.items() if right.get(i) != j)
    assert not wrong, (
        f"{call} gave the places {wrong[0] if wrong else ()}, {test[wrong[0][0]] if wrong else ''!r} and {train[wrong[0][1]] if wrong else ''!r}. That is no copy, and their cosine is far below 0.97."
    )
    assert pairs == right, (
        f"{call} gave {len(pairs) or 'none'} of the two. They stand in `train` word for word, so their cosine with the text there is 1."
    )
    assert [entry[0] for entry in got] == sorted(pairs), f"{call} gave its entries in another order than by the place in `test`."
    for entry in got:
        assert [type(x) for x in entry] == [int, int, float], (
            f"{call} has {entry!r:.60} in its list: built-in int, int and float are asked for."
        )
        expect.close(entry[2], 1.0, call=f"{call} for a copy", hint="The cosine of a vector with itself is 1.", atol=2e-6)


@pytest.mark.points(2)
def test_case_and_space(learner, rng):
    """Capitals and white space hide nothing, though the encoder reads capitals as other words."""
    texts = drawn(rng, 10)
    train = [texts[0].title(), texts[1], "  " + texts[2].upper(), *texts[3:6]]
    test = [texts[6], texts[1].upper(), texts[0].replace(" ", "\n "), texts[2], texts[7]]
    got, call = found(
        learner, train, test, 0.97, "where three of 5 test texts differ from a training text in capitals and white space only"
    )
    pairs = {(int(i), int(j)) for i, j, _ in got}
    missed = {(1, 1), (2, 0), (3, 2)} - pairs
    assert not missed, (
        f"{call} missed {test[min(missed)[0]]!r}, which is {train[min(missed)[1]]!r} in the training set. Fold the texts of both sides before they are encoded."
    )
    assert len(pairs) == 3, f"{call} gave {sorted(pairs)}: three test texts are planted, the others are new."


@pytest.mark.points(3)
def test_paraphrases(learner, rng):
    """A text in other words is found by its meaning, by the cosine."""
    texts = drawn(rng, 16)
    swap = {"film": "movie", "dull": "dreary", "great": "superb", "cast": "players"}
    train = [f"{text} film great" for text in texts[:9]]
    planted = [" ".join(swap.get(w, w) for w in reversed(train[place].split())) for place in (6, 2, 8)]
    test = [texts[10], planted[0], texts[11], planted[1], planted[2], texts[12], f"{texts[4]} {texts[13]} {texts[14]}"]
    near = cosines(test, train)
    got, call = found(
        learner, train, test, 0.9, "where three of 7 test texts say what a training text says in other words and another order"
    )
    pairs = {int(i): int(j) for i, j, _ in got}
    missed = {1, 3, 4} - set(pairs)
    assert not missed, (
        f"{call} missed {test[min(missed)]!r}, a paraphrase whose vector is near that of a training text. Texts needn't be equal to leak: compare vectors."
    )
    wrong = set(pairs) - {i for i in range(len(test)) if near[i].max() >= 0.9}
    assert not wrong, (
        f"{call} gave {test[min(wrong)]!r}, whose cosine with every training text is far below 0.9. Is it the dot product that you take? It is large for long vectors: divide by both lengths."
    )
    for i, j, value in got:
        assert abs(near[int(i), int(j)] - near[int(i)].max()) < 1e-5, (
            f"{call} gave place {j} in `train` for place {i} in `test`. Another training text is nearer."
        )
        expect.close(
            float(value),
            near[int(i), int(j)],
            call=f"{call} for the places {(int(i), int(j))}",
            hint="The cosine of the two vectors.",
            atol=1e-5,
        )


@pytest.mark.points(2)
def test_the_cosine_of_vectors_of_any_length(learner, rng):
    """The similarity doesn't hang on how long the vectors are, on either side."""
    texts = drawn(rng, 12, words=4)
    train = [" ".join([text] * int(times)) for text, times in zip(texts[:6], rng.permutation([1, 2, 4, 7, 9, 12]), strict=True)]
    test = [f"{text} {extra}" for text, extra in zip(rng.permutation(texts[:6]), texts[6:], strict=True)] + [texts[3] + " slow"]
    near = cosines(test, train)
    ordered = np.sort(near.max(axis=1))
    threshold = round(float((ordered[2] + ordered[3]) / 2), 3)
    got, call = found(learner, train, test, threshold, "on texts of 4 to 48 words")
    pairs = {int(i): float(value) for i, _, value in got}
    right = set(np.flatnonzero(near.max(axis=1) >= threshold).tolist())
    sure = ordered[3] - ordered[2] >= 1e-4
    missed, wrong = sorted(right - set(pairs)), sorted(set(pairs) - right)
    assert not missed or not sure, (
        f"{call} missed place {missed[0] if missed else ''} in `test`, whose cosine with a training text is above the threshold. Texts needn't be equal; and the cosine of two vectors doesn't change with their lengths."
    )
    assert not wrong or not sure, (
        f"{call} gave place {wrong[0] if wrong else ''} in `test`, whose cosine with every training text is below the threshold. Divide each dot product by the lengths of *both* vectors; a distance, or a scale for the whole table, won't do."
    )
    for i, value in pairs.items():
        expect.close(
            value,
            near[i].max(),
            call=f"{call} for the text at place {i} in `test`",
            hint="The cosine with the nearest training text.",
            atol=1e-5,
        )


@pytest.mark.points(1)
def test_only_across(learner, rng):
    """Copies within `test`, or within `train`, are no leaks."""
    texts = drawn(rng, 10)
    train, test = [texts[0], texts[0], texts[1], texts[2]], [texts[3], texts[3], texts[4], texts[0], texts[3].upper()]
    got, call = found(learner, train, test, 0.97, "where three test texts are the same, and one is in the training set twice")
    pairs = [(int(i), int(j)) for i, j, _ in got]
    assert not {0, 1, 4} & {i for i, _ in pairs}, (
        f"{call} gave {pairs}. Test texts that are like one another are no leak: compare test with train only."
    )
    assert pairs in ([(3, 0)], [(3, 1)]), f"{call} gave {pairs}. One test text is in the training set, and it is named once."


@pytest.mark.points(1)
def test_copies_at_threshold_one(learner, rng):
    """With a threshold of 1, copies are found, whatever rounding does; a vector of zeros is near nothing."""
    texts = drawn(rng, 14)
    got, call = found(learner, texts[:8], texts[2:12], 1.0, "where six of 10 test texts are copies")
    assert [int(i) for i, _, _ in got] == list(range(6)), (
        f"{call} missed some of the six copies. In 32 bits the cosine of a copy may be 0.9999999: compute in 64 bits, and round to 6 decimals before you compare."
    )
    train, test = ["xa", "ab"], ["xb", "abc abc abc", "ab"]
    got, call = found(learner, train, test, 0.999, "with an encoder that gives some texts a vector of zeros", zero_encoder)
    assert all(int(i) != 0 for i, _, _ in got), f"{call} gave the text whose vector is zeros. It has no direction: its similarity is 0."
    assert (2, 1) in [(int(i), int(j)) for i, j, _ in got], (
        f"{call} missed the copy of 'ab'. Does a vector of zeros spoil the others, as a NaN does?"
    )


@pytest.mark.points(1)
def test_few_calls_of_the_encoder(learner, rng):
    """The encoder is called at most twice, and never without texts."""
    texts = drawn(rng, 10)
    got, call = found(learner, texts[:5], texts[4:], 0.97, "where one of 6 test texts is a copy")
    calls = learner.last.calls.get("small_encoder", [])
    assert 1 <= len(calls) <= 2, f"{call} called encode {len(calls)} times. It is costly: give it many texts at once, at most twice."
    assert [int(i) for i, _, _ in got] == [0], f"{call} gave the places {[int(i) for i, _, _ in got]} in `test`. One test text is a copy."
    for train, test, about in ((texts[:3], [], "without test texts"), ([], texts[:3], "without training texts")):
        try:
            got, call = found(learner, train, test, 0.97, about)
        except (ValueError, IndexError, TypeError, ZeroDivisionError) as error:
            raise AssertionError(
                f"leaks(train, test, encode, 0.97), {about}, raised {getattr(error, 'learner_type', type(error).__name__)}. One side is empty there, and no vectors can be made or compared: look for an empty side first, and return an empty list."
            ) from None
        calls = learner.last.calls.get("small_encoder", [])
        assert got == [], f"{call} gave {got!r:.60}. Where one side is empty, nothing leaks."
        assert not calls, f"{call} called encode, which needs at least one text. Look for an empty side first."


@pytest.mark.points(1)
def test_the_real_minilm(learner):
    """With MiniLM as the encoder, a review said in other words is found."""
    train = [
        "A masterpiece from beginning to end.",
        "The jokes fall flat and the plot is full of holes.",
        "Beautiful pictures, but not much of a story.",
    ]
    test = ["A wonderful soundtrack.", "Jokes that fall flat, and a plot full of holes.", "a MASTERPIECE from  beginning to end."]
    call = "leaks(train, test, encode, 0.8), with MiniLM's vectors of three reviews each,"
    got = learner.leaks(train, test, minilm_encoder, 0.8)
    expect.sequence(got, call=call)
    assert all(type(entry) is tuple and len(entry) == 3 for entry in got), (
        f"{call} gave {got!r:.80}. Each entry is a tuple of three: place in test, place in train, similarity."
    )
    assert [entry[:2] for entry in got] == [(1, 1), (2, 0)], (
        f"{call} gave {got!r:.120}. One test text repeats a training text but for case and space, and one says the same in a few other words."
    )


def minilm_encoder(texts):
    """MiniLM's mean vectors."""
    from tunelab import models

    return models.embed(texts, models.minilm(), models.minilm_tokenizer()).numpy()
