"""Hidden suite of `token_f1`."""

import pytest

from tunelab import expect

PLAIN = ["river", "stone", "cloud", "table", "window", "garden", "copper", "violet", "harbour", "lantern", "meadow", "kettle"]


def words(rng, count):
    """Different words, none of them an article."""
    return [str(word) for word in rng.choice(PLAIN, size=count, replace=False)]


def overlap(shared, predicted, gold):
    """F1 from counts: shared words, words of the prediction, words of the gold answer."""
    return 2 * shared / (predicted + gold)


def mistakes(predicted, gold):
    """What each mistake that is often made gives for two lists of words, and the sentence that names it."""
    shared = sum(min(predicted.count(word), gold.count(word)) for word in set(predicted))
    precision, recall = shared / len(predicted), shared / len(gold)
    for part, name in ((precision, "precision"), (recall, "recall"), ((precision + recall) / 2, "plain mean of precision and recall")):
        yield part, f"That is the {name}. F1 is the harmonic mean of precision and recall."
    some = len(set(predicted) & set(gold))
    smaller = "Shared is the smaller of the two numbers of times that a word stands in each answer"
    yield overlap(some, len(set(predicted)), len(set(gold))), f"{smaller}: sets forget repetitions."
    yield overlap(some, len(predicted), len(gold)), f"{smaller}: sets forget repetitions."
    for one, other in ((predicted, gold), (gold, predicted)):
        found = sum(word in other for word in one)
        yield min(1.0, overlap(found, len(one), len(other))), f"{smaller}: a plain `in` counts them too often."


def agree(got, right, predicted, gold, call, hint):
    """The score is right; where it is just what one known mistake gives, that mistake is named."""
    if abs(got - right) < 2e-6:
        return
    named = {sentence for value, sentence in mistakes(predicted, gold) if abs(got - value) < 1e-6}
    raise AssertionError(f"{call} gave {got:.4g}, which is not right. {named.pop() if len(named) == 1 else hint}")


def score(learner, prediction, golds):
    """The ladder up to the value. Whether it is a plain float is asked once, in the first test."""
    call = f"token_f1({prediction!r}, {golds!r})"
    try:
        got = learner.token_f1(prediction, golds)
    except ZeroDivisionError as error:
        raise AssertionError(
            f"{call} raised ZeroDivisionError: {error}. Nothing shared, or nothing there: then precision and recall have no harmonic mean, and the score is 0 (or 1, when both are empty)."
        ) from None
    value = float(got) if type(got) is int and got in (0, 1) else got
    assert value == value, f"{call} gave NaN. Look for 0 / 0: nothing shared, or an answer without words."
    return expect.number(value, call=call, low=0, high=1), call


@pytest.mark.points(1)
def test_a_float_from_shared_words(learner, rng):
    """Shared words count, against the words of both answers, wherever they stand."""
    w = words(rng, 7)
    got, call = score(learner, f"{w[3]} {w[0]} {w[1]} {w[2]}", [f"{w[0]} {w[1]} {w[4]} {w[5]} {w[6]}"])
    expect.number(learner.last.value, call=call)
    hint = "Count the words that both share: twice that number, over the number of words in the two together."
    agree(got, overlap(2, 4, 5), [w[3], *w[:3]], [w[0], w[1], *w[4:]], call, hint)


@pytest.mark.points(2)
def test_repeated_words(learner, rng):
    """A word counts as often as both have it: these are multisets, no sets."""
    w = words(rng, 5)
    hint = "How often does each word stand in each answer? It is shared as often as both have it."
    for predicted, gold, shared in (
        ([w[0], w[0], w[0], w[1]], [w[0], w[2], w[0], w[3], w[4]], 2),
        ([w[0]] * 4, w[:4], 1),
        ([w[0], w[1]], [w[1]] * 3, 1),
    ):
        got, call = score(learner, " ".join(predicted), [" ".join(gold)])
        agree(got, overlap(shared, len(predicted), len(gold)), predicted, gold, call, hint)


@pytest.mark.points(2)
def test_the_best_gold_counts(learner, rng):
    """With several gold answers, the one that fits best counts, wherever it stands."""
    w = words(rng, 9)
    best, poor, none = f"{w[0]} {w[1]} {w[3]}", f"{w[0]} {w[4]} {w[5]} {w[6]}", f"{w[7]} {w[8]}"
    prediction = f"{w[0]} {w[1]} {w[2]}"
    for golds in ([best, poor, none], [none, poor, best], [poor, best, none]):
        got, call = score(learner, prediction, golds)
        mean = (overlap(2, 3, 3) + overlap(1, 3, 4)) / 3
        hint = "Score the prediction against each gold answer by itself, and keep the best score."
        if abs(got - mean) < 1e-6:
            hint = "That is the mean over the gold answers. They are different ways to be right: one is enough."
        expect.close(got, overlap(2, 3, 3), call=call, hint=hint)


@pytest.mark.points(2)
def test_articles_are_left_out(learner, rng):
    """The words a, an and the don't count; other words that contain them stay whole."""
    w = words(rng, 2)
    got, call = score(learner, f"the {w[0]}", [f"a {w[0]}"])
    assert got > 1 - 1e-9, f"{call} gave {got:.4g}. The articles a, an and the are left out before anything is counted."
    got, call = score(learner, f"An {w[0]} and the other {w[1]}", ["another theory"])
    assert got < 1e-9, (
        f"{call} gave {got:.4g}, but the two share no word. An article is a whole word: 'the' isn't to be cut out of 'other', nor 'an' out of 'another'."
    )
    got, call = score(learner, f"banana {w[0]}", [f"bnn {w[0]}"])
    expect.close(got, overlap(1, 2, 2), call=call, hint="Only whole words are articles: the letters of 'banana' stay.")
    got, call = score(learner, f'"The" {w[0]}, (an) {w[1]}', [f"{w[0]} {w[1]}"])
    assert got > 1 - 1e-9, (
        f"{call} gave {got:.4g}. Punctuation goes first, then the articles: '\"The\"' is an article once its quotation marks are gone."
    )


@pytest.mark.points(2)
def test_case_and_punctuation(learner, rng):
    """Upper and lower case are one, ASCII punctuation is taken away, and space of any kind separates words."""
    w = words(rng, 3)
    got, call = score(learner, f"  {w[0].upper()}!  {w[1].capitalize()},\n{w[2]}. ", [f"{w[0]} {w[1]} {w[2]}"])
    assert got > 1 - 1e-9, (
        f"{call} gave {got:.4g}. Lower-case both answers, take the characters of string.punctuation away, and split at white space."
    )
    got, call = score(learner, f"{w[0]}-{w[1]}", [f"{w[0]}{w[1]}"])
    assert got > 1 - 1e-9, (
        f"{call} gave {got:.4g}. Punctuation is taken away, not replaced by a space: parts of a word that a hyphen joined become one word."
    )
    got, call = score(learner, "9.5", ["95"])
    assert got > 1 - 1e-9, (
        f"{call} gave {got:.4g}. Taking punctuation away makes these two the same word (a weakness of the metric, and part of its definition)."
    )
    got, call = score(learner, f"{w[0]} - {w[1]}", [f"{w[0]} {w[1]}"])
    assert got > 1 - 1e-9, f"{call} gave {got:.4g}. A dash that stands alone leaves nothing behind, not even an empty word."
    got, call = score(learner, f"{w[0].upper()}! {w[1]}.", [w[0]])
    agree(got, overlap(1, 2, 1), w[:2], w[:1], call, "One of two words is the gold answer's, whatever its case and its marks.")


@pytest.mark.points(1)
def test_nothing_shared(learner, rng):
    """Without a shared word the score is 0."""
    w = words(rng, 4)
    got, call = score(learner, f"{w[0]} {w[1]}", [f"{w[2]} {w[3]}", w[3]])
    assert got < 1e-9, (
        f"{call} gave {got:.4g}, but no word of the prediction is in a gold answer. Words are compared whole, not letter by letter."
    )
    got, call = score(learner, f"{w[0]} {w[2]}", [f"{w[2]}"])
    assert got > 0.5, f"{call} gave {got:.4g}, though half of the prediction is the gold answer."


@pytest.mark.points(1)
def test_empty_answers(learner, rng):
    """Two answers without words agree, score 1; one without words and one with them score 0."""
    word = words(rng, 1)[0]
    for prediction, gold in (("", ""), ("The.", "..."), ("", "an")):
        got, call = score(learner, prediction, [gold])
        assert got > 1 - 1e-9, f"{call} gave {got:.4g}. When no word is left in either, the two agree: score 1."
    for prediction, gold in (("", word), (word, ""), ("the", word)):
        got, call = score(learner, prediction, [gold])
        assert got < 1e-9, f"{call} gave {got:.4g}. Where one has words and the other has none, nothing is shared: score 0."
    got, call = score(learner, "", [word, ""])
    assert got > 1 - 1e-9, f"{call} gave {got:.4g}. One of the gold answers is empty as well: that one is met exactly."


@pytest.mark.points(1)
def test_without_golds(learner, rng):
    """An empty list of gold answers is refused with a ValueError that names golds."""
    word, said = words(rng, 1)[0], None
    call = f"token_f1({word!r}, [])"
    try:
        learner.token_f1(word, [])
    except ValueError as error:
        said = str(error)
    assert said is not None, f"{call} raised nothing. Without a gold answer there is no score, not even 0: raise a ValueError."
    assert "golds" in said, (
        f"{call} raised ValueError: {said}. Check first, and name `golds` in your message, so that the caller knows what is missing."
    )
