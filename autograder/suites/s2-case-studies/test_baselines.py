"""Hidden suite of `baselines`."""

import pytest

from tunelab import expect

SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu"]


def invented(rng, count):
    """Different invented words of four syllables."""
    found = []
    while len(found) < count:
        word = "".join(rng.choice(SYLLABLES, size=4))
        if word not in found:
            found.append(word)
    return found


def corpus(rng, labels, words, size, length=6):
    """Texts of `words`, of which each label prefers some, and their labels."""
    texts, given = [], []
    for _ in range(size):
        which = int(rng.integers(len(labels)))
        own = words[which :: len(labels)]
        texts.append(" ".join(rng.choice(own if rng.random() < 0.6 else words) for _ in range(length)))
        given.append(labels[which])
    return texts, given


def asked(learner, train_texts, train_labels, test_texts, about):
    """The two lists, after the ladder up to values. NumPy's labels are let pass here: types are asked for once, in the first test."""
    call = f"baselines(train_texts, train_labels, test_texts), on {about},"
    try:
        got = learner.baselines(list(train_texts), list(train_labels), list(test_texts))
    except ValueError as error:
        if "features" not in str(error):
            raise
        raise AssertionError(
            f"{call} raised {str(error)[:90]!r}. The columns of training and test texts don't agree: fit the vectorizer once, on the training texts, and only `transform` the test texts."
        ) from None
    expect.mapping(got, call=call, keys=("majority", "tfidf"))
    found = {}
    for key in ("majority", "tfidf"):
        answers = got[key].tolist() if hasattr(got[key], "tolist") else got[key]
        expect.sequence(answers, call=f"{call} as {key!r}", length=len(test_texts))
        found[key] = [a.item() if hasattr(a, "item") else a for a in answers]
        strange = [a for a in found[key] if a not in train_labels]
        assert not strange, (
            f"{call} gave {strange[0]!r} as {key!r}, which is none of the training labels. Give labels as they stand in `train_labels`, not their numbers in a sorted list."
        )
    return found, call


def by_the_book(train_texts, train_labels, test_texts, counts=False):
    """What the two scikit-learn pieces say, in a pipeline; with `counts`, what plain counts give in place of the first."""
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = CountVectorizer() if counts else TfidfVectorizer()
    return make_pipeline(words, LogisticRegression(max_iter=1000)).fit(train_texts, train_labels).predict(test_texts).tolist()


@pytest.mark.points(1)
def test_two_lists_of_plain_labels(learner, rng):
    """It returns two lists with a label for each test text, as plain Python values."""
    words = invented(rng, 12)
    for labels in (["up", "down", "so-so"], [3, 7, 5]):
        train_texts, train_labels = corpus(rng, labels, words, 30)
        train_texts, train_labels = [*train_texts, *words[:3]], [*train_labels, *labels]
        test_texts, _ = corpus(rng, labels, words, 7)
        _, call = asked(learner, train_texts, train_labels, test_texts, f"labels such as {labels[0]!r}")
        for key, answers in learner.last.value.items():
            expect.sequence(answers, call=f"{call} as {key!r}", length=7)
            strange = [a for a in answers if type(a) is not type(labels[0])]
            assert not strange, (
                f"{call} gave {strange[0]!r} (a {type(strange[0]).__name__}) as {key!r}. `.tolist()` makes plain Python values of an array."
            )
        assert learner.last.args == (train_texts, train_labels, test_texts), f"{call} changed a list that it was given. Work on a copy."


@pytest.mark.points(2)
def test_the_majority_of_the_training_labels(learner, rng):
    """The majority is that of the training labels, for every test text."""
    words = invented(rng, 9)
    for labels in (["mid", "alpha", "zulu"], [5, 2, 9]):
        least, most, greatest = sorted(labels)
        order = [most, *((least, greatest) if rng.random() < 0.5 else (greatest, least))]
        rows = [(words[labels.index(label)], label) for label, n in zip(order, (9, 6, 5), strict=True) for _ in range(n)]
        rows = sorted((rows[int(i)] for i in rng.permutation(len(rows))), key=lambda row: row[1] == most)
        rows = [*rows[1:], rows[0]]  # neither the first nor the last is of the most frequent
        test_texts = [words[labels.index(order[1])]] * 6 + [words[labels.index(order[2])]] * 3
        found, call = asked(
            learner,
            [t for t, _ in rows],
            [label for _, label in rows],
            test_texts,
            "three labels, the most frequent of which no test text speaks for",
        )
        said = set(found["majority"])
        assert len(said) == 1, f"{call} gave {sorted(said, key=str)} as 'majority'. It is one label, the same for every test text."
        assert said == {most}, (
            f"{call} gave {found['majority'][0]!r} as 'majority', which isn't the most frequent of the *training* labels. Is it the majority of the answers to the test texts, or chosen by its place in a list, or by the alphabet?"
        )


@pytest.mark.points(2)
def test_a_tie_is_settled_once(learner, rng):
    """Of equally frequent labels one is taken, the same for every text; a text of unknown words is answered too."""
    words = invented(rng, 8)
    train_texts = [words[0], words[1], words[2], words[3], words[4]]
    train_labels = ["b", "a", "a", "b", "c"]
    test_texts = [words[0], words[1], f"{words[5]} {words[6]}", "", words[4]]
    found, call = asked(learner, train_texts, train_labels, test_texts, "two equally frequent labels and a rarer one")
    assert len(set(found["majority"])) == 1, (
        f"{call} gave {found['majority']} as 'majority'. Any one of the most frequent labels will do, but one and the same for every text."
    )
    assert found["majority"][0] in ("a", "b"), (
        f"{call} gave {found['majority'][0]!r} as 'majority', which is the rarer one: the training labels are {train_labels}."
    )
    wanted = by_the_book(train_texts, train_labels, test_texts)
    unknown = [found["tfidf"][2], found["tfidf"][3]]
    assert unknown[0] == unknown[1], (
        f"{call} gave {unknown} as 'tfidf' to a text of unknown words and to an empty one. To a word counter they are the same: no known word."
    )
    assert [found["tfidf"][i] for i in (0, 1, 4)] == [wanted[i] for i in (0, 1, 4)], (
        f"{call} gave {found['tfidf']} as 'tfidf' for {test_texts}. The training texts {train_texts} have the labels {train_labels}, and a word that stands in a training text speaks for its label."
    )


@pytest.mark.points(3)
def test_one_text_does_not_depend_on_the_others(learner, rng):
    """What is said of one test text doesn't depend on which others are asked about."""
    words = invented(rng, 40)
    rare, frequent, unknown = words[0], words[1:6], words[6:]
    train_texts = [rare] * 5 + [" ".join(rng.choice(frequent, size=3)) for _ in range(12)]
    train_labels = ["rare"] * 5 + ["frequent"] * 12
    text = " ".join([rare, *unknown[:20]])
    short, call = asked(learner, train_texts, train_labels, [rare], "one text of one word, which stands in texts of one label only")
    assert short["tfidf"] == ["rare"], (
        f"{call} gave {short['tfidf'][0]!r}, the other label, as 'tfidf'. Do texts and labels still belong together?"
    )
    alone, call = asked(learner, train_texts, train_labels, [text], "one text with one known word and twenty unknown ones")
    wanted = by_the_book(train_texts, train_labels, [text])
    assert alone["tfidf"] == wanted, (
        f"{call} gave {alone['tfidf']} as 'tfidf'. The one known word of that text stands in texts of one label only. Words that no training text has must not count: is the vectorizer fitted on the training texts alone?"
    )
    others = [" ".join([rare, *rng.choice(unknown, size=8)]) for _ in range(30)] + [
        " ".join(rng.choice(unknown, size=8)) for _ in range(10)
    ]
    together, call = asked(learner, train_texts, train_labels, [*others, text], "that text among forty others")
    assert together["tfidf"][-1] == alone["tfidf"][0], (
        f"{call} gave another answer to a text than when it was asked about alone. Nothing may be fitted on the test texts: neither the vocabulary nor the weights of its words."
    )


@pytest.mark.points(3)
def test_as_scikit_learn_counts(learner, rng):
    """The answers are those of TfidfVectorizer and LogisticRegression, as they come, on texts that are hard to tell."""
    labels = ["low", "high", "mid"]
    words = invented(rng, 24)
    train_texts, train_labels = corpus(rng, labels, words, 60)
    train_texts, train_labels = [*train_texts, *words[:3]], [*train_labels, *labels]
    test_texts, _ = corpus(rng, labels, words, 400, length=5)
    found, call = asked(learner, train_texts, train_labels, test_texts, "400 texts of words that three labels share")
    wanted = by_the_book(train_texts, train_labels, test_texts)
    same = sum(a == b for a, b in zip(found["tfidf"], wanted, strict=True))
    assert same > 240, (
        f"{call} agrees with scikit-learn's own answers on {same} of 400 texts, about as often as chance. Do texts and labels still belong together, and is the n-th answer that to the n-th text?"
    )
    if same < 399:
        counted = by_the_book(train_texts, train_labels, test_texts, counts=True)
        assert found["tfidf"] != counted, f"{call} gave the answers that come of plain counts of words, not of TfidfVectorizer's weights."
    assert same >= 399, (
        f"{call} agrees with scikit-learn's own answers on {same} of 400 texts only. TfidfVectorizer() and LogisticRegression(max_iter=1000), with nothing else changed, fitted on the training texts: plain counts, other settings or words of the test texts give other answers."
    )
