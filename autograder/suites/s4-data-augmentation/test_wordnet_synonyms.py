"""Hidden suite of `wordnet_synonyms`."""

import functools
import itertools

import pytest

from tunelab import expect

NOUNS = ["film", "story", "movie", "picture", "plot"]
MIXED = ["like", "well", "fast", "clear", "still", "slow"]
KINDS = {"n": "noun", "v": "verb", "a": "adjective", "r": "adverb"}
A_KIND = {"n": "a noun", "v": "a verb", "a": "an adjective", "r": "an adverb"}


def lazy_wordnet():
    """WordNet 3.0 through nltk's reader, which looks words up in the index one by one: to read all of it takes two seconds."""
    import warnings

    import nltk
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    from tunelab import assets

    folder = assets.folder("wordnet")
    if str(folder) not in nltk.data.path:
        nltk.data.path.append(str(folder))
    files = {
        name: (folder / name).read_text(encoding="utf-8") for name in ("index.noun", "index.verb", "index.adj", "index.adv", "data.adj")
    }

    class Satellites:
        def __contains__(self, offset):
            return files["data.adj"][offset : offset + 14].split()[2] == "s"

    def entry(text, word):
        """The word's line, by halving: the lines stand in the order of their words."""
        low, high = 0, len(text)
        while low < high:
            start = text.rfind("\n", 0, (low + high) // 2) + 1
            end = text.find("\n", start) + 1 or len(text)
            head = text[start:end].partition(" ")[0]
            if head == word:
                return text[start:end].split()
            low, high = (end, high) if head < word else (low, start)
        return []

    class Index(dict):
        def __missing__(self, word):
            found = {}
            for name in ("index.noun", "index.verb", "index.adj", "index.adv"):
                if word and (fields := entry(files[name], word)):
                    found[fields[1]] = [int(offset) for offset in fields[-int(fields[2]) :]]
            if "a" in found:
                found["s"] = [offset for offset in found["a"] if offset in Satellites()]
            self[word] = found
            return found

        def __contains__(self, word):
            return bool(self[word])

    class LazyWordNet(WordNetCorpusReader):
        def map_wn(self, version="wordnet"):
            """No mapping to another version."""

        def _scan_satellites(self):
            self.satellite_offsets = Satellites()

        def _load_lemma_pos_offset_map(self):
            self._lemma_pos_offset_map = Index()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LazyWordNet(str(folder), None)


@functools.cache
def our_wordnet():
    return lazy_wordnet()


def senses_of(word):
    """For each part of speech, the word's own lemmas."""
    return {kind: [lemma for lemma in our_wordnet().lemmas(word, kind) if lemma.name() == word] for kind in KINDS}


def kind_of(word):
    lemmas = senses_of(word)
    there = [kind for kind in KINDS if lemmas[kind]]
    return max(there, key=lambda kind: sum(lemma.count() for lemma in lemmas[kind]))


def counts_of(word, kind):
    """Each name in the word's senses of one part of speech, with its count."""
    counts = {}
    for own in senses_of(word)[kind]:
        for lemma in own.synset().lemmas():
            counts[lemma.name()] = counts.get(lemma.name(), 0) + lemma.count()
    return counts


def opposites(word):
    return {opposite.name() for lemma in senses_of(word)[kind_of(word)] for opposite in lemma.antonyms()}


def right_for(word):
    return {name for name in counts_of(word, kind_of(word)) if name.lower() != word} - opposites(word)


def asked(learner, word, reader):
    call = f"wordnet_synonyms({word!r}, reader)"
    try:
        got = learner.wordnet_synonyms(word, reader)
    except (IndexError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. A word may have no sense of its own in WordNet: then the list is empty."
        ) from None
    expect.sequence(got, call=call)
    assert all(type(name) is str for name in got), (
        f"{call} gave a list that doesn't hold names alone. `lemma.name()` is the name of a lemma, a str."
    )
    twice = [name for name in got if got.count(name) > 1]
    assert not twice, f"{call} gave {twice[0]!r} more than once. Each name is there once, however many senses it shares with the word."
    return got


def shown(names):
    return ", ".join(map(repr, sorted(names)[:3]))


def judged(got, word):
    """Passes the right names, in any order; says of wrong ones where they come from, where that is plain."""
    call, kind, right = f"wordnet_synonyms({word!r}, reader)", kind_of(word), right_for(word)
    extra, missing = set(got) - right, right - set(got)
    if not extra and not missing:
        return
    spaced = sorted(name for name in extra if name.replace(" ", "_") in right)
    assert not spaced, f"{call} gave {spaced[0]!r}. The names stand there as WordNet spells them, with an underscore for a space."
    assert word not in got, f"{call} gave the word itself, which each of its senses holds too. It is no synonym of itself."
    itself = [name for name in extra if name.lower() == word]
    assert not itself, f"{call} gave {itself[0]!r}. That is the word itself with a capital, and no synonym."
    assert not extra & opposites(word), (
        f"{call} gave {shown(extra & opposites(word))}, an antonym: one sense of the word holds both, and another says that they are opposites."
    )
    for other in [other for other in KINDS if other != kind]:
        alien = {name for name in counts_of(word, other) if name.lower() != word} & extra
        assert not alien, (
            f"{call} gave {shown(alien)}: {'synonyms' if len(alien) > 1 else 'a synonym'} of the {KINDS[other]}. The word is counted most often as {A_KIND[kind]}, and only senses of that one count."
        )
    senses = [own.synset() for own in senses_of(word)[kind]]
    broader = {name for sense in senses for up in sense.hypernyms() + sense.hyponyms() for name in up.lemma_names()}
    assert not extra & broader, (
        f"{call} gave {shown(extra & broader)}: a broader or a narrower word. Every film is a show, but not every show is a film. Only lemmas of the same synset are synonyms."
    )
    spelled = {name for lemma in our_wordnet().lemmas(word) if lemma.name() != word for name in lemma.synset().lemma_names()}
    assert not extra & spelled, (
        f"{call} gave {shown(extra & spelled)}, from a sense of {word.capitalize()!r} with a capital: a sense counts when the word is among its lemmas, spelled as it is."
    )
    found = {name for sense in our_wordnet().synsets(word) for name in sense.lemma_names()}
    assert not extra & found, (
        f"{call} gave {shown(extra & found)}, from a sense that the reader finds for the word, but that hasn't got the word among its lemmas. Those don't count."
    )
    assert not extra, f"{call} gave {shown(extra)}: no sense of the word, as {A_KIND[kind]}, holds {'these' if len(extra) > 1 else 'this'}."
    first = {name for name in senses[0].lemma_names() if name.lower() != word}
    one = " Do all of the word's senses count, or the first one only?" if set(got) <= first and len(senses) > 1 else ""
    raise AssertionError(
        f"{call} left out {f'{len(missing)} names, such as ' if len(missing) > 1 else ''}{shown(missing)}.{one or f' The word is used most as {A_KIND[kind]}: all of its senses as one count.'}"
        + (" (Adjectives come as 'a' and as 's'.)" if kind == "a" and not one else "")
    )


@pytest.mark.points(3)
def test_the_lemmas_of_all_senses(learner, rng):
    """For some nouns: all lemmas that share a sense with the word, in any sense, spelled as in WordNet, and nothing broader."""
    reader = learner.make(lazy_wordnet)
    for word in ["film", *(str(word) for word in rng.permutation(NOUNS[1:])[:2])]:
        judged(asked(learner, word, reader), word)


@pytest.mark.points(3)
def test_one_part_of_speech(learner, rng):
    """The senses are those of one part of speech, the one in which the word is counted most often."""
    reader = learner.make(lazy_wordnet)
    for word in [*(str(word) for word in rng.permutation(MIXED)[:3]), "moving"]:
        judged(asked(learner, word, reader), word)


@pytest.mark.points(2)
def test_the_most_frequent_first(learner, rng):
    """The names stand by their counts, added up over the shared senses, the highest first; ties in the order of the alphabet."""
    reader = learner.make(lazy_wordnet)
    for word in ["picture", "dull", *(str(word) for word in rng.permutation(["film", "big", "hard"])[:1])]:
        got, counts = asked(learner, word, reader), counts_of(word, kind_of(word))
        call = f"wordnet_synonyms({word!r}, reader)"
        known = [name for name in got if name in counts]
        if len(known) < 4:
            judged(got, word)
        for first, second in itertools.pairwise(known):
            assert counts[first] >= counts[second], (
                f"{call} gave {first!r} before {second!r}, which has the higher count. Add up `lemma.count()` for each name over the senses that it shares with the word, and sort."
            )
            assert counts[first] > counts[second] or first < second, (
                f"{call} gave {first!r} before {second!r}, whose count is the same. Ties stand in the order of the alphabet."
            )


@pytest.mark.points(2)
def test_no_antonyms(learner, rng):
    """A word's opposite is no synonym, even where WordNet has both in one sense; nor is the word itself with a capital."""
    reader = learner.make(lazy_wordnet)
    for word in [str(word) for word in rng.permutation(["maternal", "paternal", "unravel", "hungry"])[:2]]:
        judged(asked(learner, word, reader), word)
    judged(asked(learner, "earth", reader), "earth")


@pytest.mark.points(2)
def test_only_senses_of_the_word_as_it_is(learner, rng):
    """A sense of another form, or of a name that is spelled alike but for its capital, is no sense of the word."""
    reader = learner.make(lazy_wordnet)
    inflected = str(rng.choice(["films", "begins", "stories", "funniest"]))
    got = asked(learner, inflected, reader)
    assert not got, (
        f"wordnet_synonyms({inflected!r}, reader) gave {shown(got)}. The reader also finds the senses of a word's base form; put in its place, a base form makes bad English. Only senses count that have the word itself among their lemmas."
    )
    got = asked(learner, "xqzv", reader)
    assert not got, f"wordnet_synonyms('xqzv', reader) gave {shown(got)}, for a word that isn't in WordNet."
    got = asked(learner, "king", reader)
    people = [name for name in got if "King" in name or "_K" in name]
    assert not people, (
        f"wordnet_synonyms('king', reader) gave {shown(people)}. Those are people named King: a sense counts when the word is among its lemmas, spelled as it is."
    )
    judged(got, "king")
