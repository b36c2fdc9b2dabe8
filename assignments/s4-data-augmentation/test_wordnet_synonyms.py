"""Public checks of `wordnet_synonyms`: examples to check oneself by."""

from tunelab import data, expect


def synonyms(learner, word):
    got = learner.wordnet_synonyms(word, learner.make(data.wordnet))
    return expect.sequence(got, call=f"wordnet_synonyms({word!r}, reader)")


def test_a_noun(learner):
    """The synonyms of "movie" come from one sense."""
    right = [
        "film",
        "motion_picture",
        "picture",
        "flick",
        "motion-picture_show",
        "moving-picture_show",
        "moving_picture",
        "pic",
        "picture_show",
    ]
    got = synonyms(learner, "movie")
    assert set(got) == set(right), f"wordnet_synonyms('movie', reader) gave {got}. It should be, in some order, {right}."
    assert got == right, f"wordnet_synonyms('movie', reader) gave {got}. Sorted by count, and ties by name, it should be {right}."


def test_an_adjective_of_two_kinds(learner):
    """The senses of "boring" are adjectives, whether WordNet calls them "a" or "s"; it is also a noun and a form of a verb."""
    right = ["dull", "tedious", "irksome", "tiresome", "wearisome", "deadening", "ho-hum", "slow"]
    got = synonyms(learner, "boring")
    assert got == right, f"wordnet_synonyms('boring', reader) gave {got}. It should be {right}."


def test_the_word_as_it_is(learner):
    """The senses of "film" aren't those of "films"."""
    got = synonyms(learner, "films")
    assert got == [], f"wordnet_synonyms('films', reader) gave {got}. It should be an empty list: 'films' is no lemma."


def test_an_opposite(learner):
    """In one sense "hungry" and "thirsty" are the same; they are also antonyms."""
    got = synonyms(learner, "hungry")
    assert got == ["athirst"], f"wordnet_synonyms('hungry', reader) gave {got}. It should be ['athirst']."
