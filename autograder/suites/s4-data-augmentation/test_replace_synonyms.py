"""Hidden suite of `replace_synonyms`."""

import re

import numpy as np
import pytest

from tunelab import expect

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
SYNONYMS = {
    "film": ["kelo", "vuma"],
    "dull": ["zabe"],
    "warm": ["quib", "trosk", "hnim"],
    "actor": ["gwelp"],
    "tells": ["jorrit", "umblo"],
    "old": ["fesk"],
    "story": ["plont"],
}
PLAIN = ["a", "the", "of", "and", "who", "is", "it", "two", "one", "by"]
NONE = frozenset()


def generators(rng, count):
    return [np.random.default_rng(int(number)) for number in rng.integers(2**62, size=count)]


def drawn_text(rng, words, others):
    """A text of so many words that have synonyms and so many that have none, mixed."""
    chosen = [str(word) for word in rng.choice(list(SYNONYMS), size=words)] + [str(word) for word in rng.choice(PLAIN, size=others)]
    return " ".join(str(word) for word in rng.permutation(chosen))


def replaced(learner, text, synonyms, rate, protected, generator):
    call = f"replace_synonyms({text[:70]!r}, synonyms, {rate:g}, protected, rng)"
    try:
        got = learner.replace_synonyms(text, synonyms, rate, protected, generator)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. A word may have no synonyms, or none that differs from it, and a text no words at all."
        ) from None
    return expect.of_type(got, str, call=call)


def written(text, got, synonyms, call):
    """For each word of `text` what stands in its place in `got`: walks over both, and stumbles where anything else was changed."""
    place, pairs, end = 0, [], 0
    for found in WORD.finditer(text):
        gap, word = text[end : found.start()], found.group()
        assert got.startswith(gap, place), (
            f"{call} gave {got!r}: between the words, or in a word that was to stay, something has changed before {word!r}. Everything but the replaced words stays as it is, each space and sign."
        )
        place += len(gap)
        options = [word, *(name.replace("_", " ") for name in synonyms.get(word.lower(), ()))]
        options += [name for name in synonyms.get(word.lower(), ()) if "_" in name]
        match = [got[place : place + len(option)] for option in options if got[place : place + len(option)].lower() == option.lower()]
        assert match, (
            f"{call} gave {got!r}, where {word!r} became something else than one of its synonyms. Is only the whole word replaced, and only a word that has synonyms?"
        )
        pairs.append((word, max(match, key=len)))
        place, end = place + len(pairs[-1][1]), found.end()
    assert got[place:] == text[end:], (
        f"{call} gave {got!r}, whose end differs from that of the text. Everything but the replaced words stays as it is."
    )
    return pairs


def changed(pairs):
    return [(old, new) for old, new in pairs if old != new]


def several(count):
    return f"{count} word{'s' * (count != 1)}"


def right_number(pairs, able, rate, call, eligible):
    """So many words changed as were due; says of another number what it comes from, where that is plain, and else who is eligible."""
    count, words, due = len(changed(pairs)), len(pairs), round(rate * able)
    if count == due:
        return
    places = {}
    for old, new in pairs:
        places.setdefault(old, []).append(old != new)
    often = [old for old, found in places.items() if len(found) > 4 and all(found)]
    chosen = count < able or len(places) == 1
    assert not (count > due and often and chosen and all(all(found) or not any(found) for found in places.values())), (
        f"{call} changed {several(count)}, {often[0]!r} wherever it stands. Each occurrence is a word of its own: `str.replace` changes them all at once."
    )
    share = f" Is it a share of all {words} words?" if count == min(round(rate * words), able) else ""
    raise AssertionError(f"{call} changed {several(count)}, where {due} {'are' if due != 1 else 'is'} due. {eligible}{share}")


@pytest.mark.points(2)
def test_the_exact_number_of_words(learner, rng):
    """Exactly round(rate * eligible) words change, whatever the draws."""
    for rate in (1.0, 0.25, 0.6, 0.1):
        words, others = int(rng.choice([8, 12, 16, 21])), int(rng.integers(5, 30))
        text = drawn_text(rng, words, others)
        call = f"replace_synonyms(text, synonyms, {rate:g}, frozenset(), rng), on {words} words with synonyms and {others} without,"
        found = [
            written(text, replaced(learner, text, SYNONYMS, rate, NONE, generator), SYNONYMS, call) for generator in generators(rng, 3)
        ]
        counts = [len(changed(pairs)) for pairs in found]
        rule = f"`rate` is a share of the {words} words that *can* change, rounded to a whole number, and not a chance for each word."
        assert len(set(counts)) == 1, (
            f"{call} changed {counts[0]}, {counts[1]} and {counts[2]} words in three calls. {rule} Each occurrence is a word of its own, and none is drawn twice."
        )
        right_number(found[0], words, rate, call, rule)


@pytest.mark.points(2)
def test_everything_else_stays(learner, rng):
    """Spaces, line breaks, punctuation and signs stay where and what they are."""
    for gap in ("  ", "\n\n", "\t", " -- ", "... ", '," "', " (3.5/5) ", "_", " 🎬 "):
        words = [str(word) for word in rng.choice(list(SYNONYMS), size=5)]
        text = f"{gap}{gap.join(words)}{gap}the end!?{gap}"
        call = f"replace_synonyms({text!r}, synonyms, 1, frozenset(), rng)"
        got = replaced(learner, text, SYNONYMS, 1.0, NONE, generators(rng, 1)[0])
        pairs = written(text, got, SYNONYMS, call)
        kept = [old for old, new in pairs if old == new and old in SYNONYMS]
        assert not kept, (
            f"{call} gave {got!r}, where {kept[0]!r} wasn't replaced. A word is what WORD finds, whatever signs stand around it."
        )


@pytest.mark.points(2)
def test_whole_words_only(learner, rng):
    """Letters inside another word are no word: "art" stays in "part", "Art-house" and "art's"."""
    synonyms = {"art": ["grimp"], "is": ["blee"], "don": ["snar"]}
    words = [
        str(word) for word in rng.permutation(["part", "art", "artful", "this", "art-house", "is", "art's", "don't", "state-of-the-art"])
    ]
    text = "A " + " ".join(words) + "."
    got = replaced(learner, text, synonyms, 1.0, NONE, generators(rng, 1)[0])
    wanted = [synonyms.get(word, [word])[0] for word in words]
    for word, right, new in zip(words, wanted, WORD.findall(got)[1:], strict=False):
        call = f"With a synonym for 'art', for 'is' and for 'don', replace_synonyms({text!r}, …, 1, frozenset(), rng)"
        assert new == right or new != word, f"{call} left {word!r} as it was. A word is what WORD finds, whatever signs stand around it."
        assert new == right, (
            f"{call} gave {new!r} in place of {word!r}. A word of the text is replaced as a whole or not at all, and everything that WORD finds in one piece is one word."
        )
    assert got.count(" ") == text.count(" ") and got.endswith("."), (
        f"replace_synonyms({text!r}, …) gave {got!r}, with other spaces or signs."
    )


@pytest.mark.points(2)
def test_capitals(learner, rng):
    """A synonym is written as the word was: in capitals, or with a capital letter, or as it stands."""
    synonyms = {"film": ["kelo_vum"], "dull": ["zabe"], "i": ["ego"], "earth": ["Terra_Nova"], "a-list": ["topnotch"]}
    right = {"film": "kelo vum", "Film": "Kelo vum", "FILM": "KELO VUM", "Dull": "Zabe", "DULL": "ZABE", "dull": "zabe", "I": "Ego"}
    right |= {"earth": "Terra Nova", "Earth": "Terra Nova", "EARTH": "TERRA NOVA", "A-LIST": "TOPNOTCH", "A-list": "Topnotch"}
    words = [str(word) for word in rng.permutation(list(right))]
    got = replaced(learner, " / ".join(words), synonyms, 1.0, NONE, generators(rng, 1)[0]).split(" / ")
    assert len(got) == len(words), (
        f"replace_synonyms of {len(words)} words with ' / ' between them gave {len(got)}. Everything but words stays as it is."
    )
    for word, new in zip(words, got, strict=True):
        name = synonyms[word.lower()][0]
        assert "_" not in new, (
            f"replace_synonyms put {new!r} in place of {word!r}. The underscores of a synonym of several words become spaces."
        )
        assert new != word, f"replace_synonyms, at a rate of 1, left {word!r} as it was, with the synonym {name!r} for {word.lower()!r}."
        if word.isupper() and len(word) > 1:
            rule = "The word is in capitals throughout: so is what is put in its place."
        elif word[0].isupper():
            rule = "A first capital stays one: the synonym's first character becomes a capital, with the rest of the synonym as it stands."
        else:
            rule = "For a word in small letters the synonym is written as it stands."
        assert new == right[word], f"replace_synonyms put {new!r} in place of {word!r}, with the synonym {name!r}. {rule}"


@pytest.mark.points(2)
def test_words_that_must_stay(learner, rng):
    """Negations and protected words never change, in small letters or in capitals, and don't count."""
    negations = [
        str(word) for word in rng.permutation(["not", "No", "NEVER", "isn't", "Wouldn’t", "nothing", "without", "nobody", "can't"])[:5]
    ]
    names = [str(word) for word in rng.permutation(["Nolan", "LEE", "bay"])]
    synonyms = SYNONYMS | {word.lower(): ["wrong"] for word in negations + names}
    text = " ".join(str(word) for word in rng.permutation([*negations, *names, "dull", "old", "story", "actor"]))
    protected = frozenset({"nolan", "lee", "bay"})
    for rate in (1.0, 0.5):
        call = f"replace_synonyms({text!r}, synonyms, {rate:g}, {{'nolan', 'lee', 'bay'}}, rng)"
        got = replaced(learner, text, synonyms, rate, protected, generators(rng, 1)[0])
        pairs = changed(written(text, got, synonyms, call))
        turned = [old for old, _ in pairs if old in negations]
        assert not turned, f"{call} replaced {turned[0]!r}, a negation. Without it the text says the opposite, and its label is wrong."
        touched = [old for old, _ in pairs if old in names]
        assert not touched, (
            f"{call} replaced {touched[0]!r}, which is protected. `protected` holds words in small letters, the text may not."
        )
        assert len(pairs) == round(4 * rate), (
            f"{call} changed {several(len(pairs))}, where {round(4 * rate)} are due. Of the words with synonyms, {len(negations)} are negations and 3 are protected: the other four are eligible."
        )


@pytest.mark.points(2)
def test_each_occurrence_by_itself(learner, rng):
    """A word that comes often changes in some places, with different synonyms, and in other places for another generator. False alarms: less than 1 in a million."""
    text, places, names = ", ".join(["warm"] * 60), [], set()
    for generator in generators(rng, 4):
        pairs = written(
            text,
            replaced(learner, text, SYNONYMS, 0.5, NONE, generator),
            SYNONYMS,
            "replace_synonyms of 60 times 'warm', at a rate of 0.5,",
        )
        count = len(changed(pairs))
        assert count, (
            "replace_synonyms of 60 times 'warm', with commas between them, changed none of them. A word is what WORD finds, whatever signs stand around it."
        )
        right_number(
            pairs,
            60,
            0.5,
            "replace_synonyms of 60 times 'warm', at a rate of 0.5,",
            "Each occurrence is a word of its own, and half of them change.",
        )
        places.append([old != new for old, new in pairs])
        names |= {new for _, new in changed(pairs)}
    assert any(other != places[0] for other in places), (
        "replace_synonyms changed the same places for four different generators. Which words change is drawn from `rng`."
    )
    assert places[0] != sorted(places[0]) and places[0] != sorted(places[0], reverse=True), (
        "replace_synonyms, of 60 times 'warm' at a rate of 0.5, changed the first 30 or the last 30. The places are drawn from all of them."
    )
    assert len(names) == 3, (
        f"replace_synonyms replaced 'warm' 120 times, and used {len(names)} of its three synonyms. Each time one of them is drawn."
    )


@pytest.mark.points(1)
def test_a_synonym_that_is_the_word_itself(learner, rng):
    """A word isn't replaced by itself; without another synonym it isn't eligible."""
    synonyms = {"fine": ["Fine"], "good": ["good", "Good", "welk"], "co-star": ["co-star"], "bad": [], "warm": ["hnim"]}
    text = " ".join(str(word) for word in rng.permutation(["fine"] * 4 + ["good"] * 6 + ["bad"] * 3 + ["co-star", "warm", "warm"]))
    for rate in (1.0, 0.5):
        call = f"replace_synonyms({text!r}, {synonyms}, {rate:g}, frozenset(), rng)"
        pairs = written(text, replaced(learner, text, synonyms, rate, NONE, generators(rng, 1)[0]), synonyms, call)
        same = [new for old, new in changed(pairs) if old.lower() == new.lower()]
        assert not same, f"{call} put {same[0]!r} in a word's own place. A synonym that differs in its capitals only is the word itself."
        eligible = "Only 'good' and 'warm' have a synonym other than themselves: eight words are eligible."
        right_number(pairs, 8, rate, call, eligible)


@pytest.mark.points(2)
def test_chance_and_bounds(learner, rng):
    """The same generator gives the same text, no global random state moves; a rate of 0 and a text without words change nothing, and a rate outside of 0 to 1 is refused."""
    text, number = drawn_text(rng, 20, 10), int(rng.integers(2**62))
    first = replaced(learner, text, SYNONYMS, 0.5, NONE, np.random.default_rng(number))
    moved = learner.last.random_moved
    assert not moved, (
        f"replace_synonyms moved the global random state of {', '.join(sorted(moved))}. Draw from `rng`: what comes from elsewhere can't be repeated."
    )
    assert first != text, "replace_synonyms, at a rate of 0.5 on a text with 20 words that have synonyms, gave the text as it was."
    again = replaced(learner, text, SYNONYMS, 0.5, NONE, np.random.default_rng(number))
    assert first == again, (
        "replace_synonyms gave two different texts for two generators of the same seed. Every draw is to come from `rng`."
    )
    for same, rate in ((text, 0.0), ("", 1.0), (" ?!", 1.0), ("of the", 0.7)):
        got = replaced(learner, same, SYNONYMS, rate, NONE, np.random.default_rng(number))
        assert got == same, (
            f"replace_synonyms({same[:40]!r}, synonyms, {rate:g}, frozenset(), rng) gave {got[:40]!r}. There was nothing to replace: the text comes back as it was, spaces included."
        )
    for rate in (-0.1, 1.5):
        try:
            learner.replace_synonyms(text, SYNONYMS, rate, NONE, np.random.default_rng(number))
        except ValueError as error:
            assert "rate" in str(error), (
                f"replace_synonyms(text, synonyms, {rate}, frozenset(), rng) raised a ValueError that doesn't name `rate`. Say in it what is wrong."
            )
        else:
            raise AssertionError(
                f"replace_synonyms(text, synonyms, {rate}, frozenset(), rng) raised nothing. A rate outside of 0 to 1 is refused with a ValueError."
            )
