"""Public checks of `baselines`."""

from tunelab import expect

TRAIN = (["good film", "good fun", "bad film", "bad bad plot", "good plot"], ["up", "up", "down", "down", "up"])


def test_a_few_texts(learner):
    """Five training texts, three to answer: the majority is "up", and each word speaks for itself."""
    call = 'baselines(train_texts, train_labels, ["good", "bad plot", "bad film"])'
    got = learner.baselines(*TRAIN, ["good", "bad plot", "bad film"])
    expect.mapping(got, call=call, keys=("majority", "tfidf"))
    for key in ("majority", "tfidf"):
        expect.sequence(got[key], call=f"{call} as {key!r}", length=3)
        assert all(type(answer) is str for answer in got[key]), (
            f"{call} gave {got[key]!r:.80} as {key!r}. Plain labels are asked for: `.tolist()` makes them of an array."
        )
    assert got["majority"] == ["up"] * 3, (
        f'{call} gave {got["majority"]} as "majority". Three of the five training labels are "up": that is the answer to every text.'
    )
    assert got["tfidf"] == ["up", "down", "down"], (
        f'{call} gave {got["tfidf"]} as "tfidf". "good" stands in texts that are "up" only, "bad" in those that are "down".'
    )


def test_an_unknown_text(learner):
    """A text of words that no training text has gets an answer too."""
    got = learner.baselines(*TRAIN, ["splendid"])
    call = 'baselines(train_texts, train_labels, ["splendid"])'
    expect.mapping(got, call=call, keys=("majority", "tfidf"))
    assert got["tfidf"] == ["up"], (
        f'{call} gave {got["tfidf"]} as "tfidf". Without a known word the classifier falls back on what is frequent. Is the vectorizer fitted once, on the training texts?'
    )
