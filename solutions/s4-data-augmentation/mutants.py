"""Wrong solutions of "More from the same", and the misconception behind each."""

from autograder.authoring import mutant

# ---------------------------------------------------------------- word_noise


@mutant("word_noise", caught_by="test_a_text_is_never_emptied", says="gave an empty text")
def empties_texts(text, delete, swaps, rng):
    """Leaves nothing when every word is deleted."""
    words = [word for word in text.split() if rng.random() >= delete]
    for _ in range(swaps if len(words) > 1 else 0):
        i, j = rng.choice(len(words), size=2, replace=False)
        words[i], words[j] = words[j], words[i]
    return " ".join(words)


@mutant("word_noise", caught_by="test_one_swap_moves_two_words", says="a word got lost")
def swap_that_loses_a_word(text, delete, swaps, rng):
    """Writes the second word over the first before the first is kept."""
    words = text.split()
    if not words:
        return ""
    words = [word for word in words if rng.random() >= delete] or [words[int(rng.integers(len(words)))]]
    for _ in range(swaps if len(words) > 1 else 0):
        i, j = rng.choice(len(words), size=2, replace=False)
        words[i] = words[j]
        words[j] = words[i]
    return " ".join(words)


@mutant("word_noise", caught_by="test_one_swap_moves_two_words", says="a place exchanged with itself is no swap")
def swap_with_itself(text, delete, swaps, rng):
    """Draws both places independently, so that they may be the same one."""
    words = text.split()
    if not words:
        return ""
    words = [word for word in words if rng.random() >= delete] or [words[int(rng.integers(len(words)))]]
    for _ in range(swaps if len(words) > 1 else 0):
        i, j = rng.integers(len(words), size=2)
        words[i], words[j] = words[j], words[i]
    return " ".join(words)


@mutant("word_noise", caught_by="test_one_swap_moves_two_words", says="only ever exchanged neighbours")
def swaps_neighbours(text, delete, swaps, rng):
    """Exchanges a word with the next one."""
    words = text.split()
    if not words:
        return ""
    words = [word for word in words if rng.random() >= delete] or [words[int(rng.integers(len(words)))]]
    for _ in range(swaps if len(words) > 1 else 0):
        i = int(rng.integers(len(words) - 1))
        words[i], words[i + 1] = words[i + 1], words[i]
    return " ".join(words)


@mutant("word_noise", caught_by="test_the_share_that_is_deleted", says="not that it stays")
def keeps_with_the_probability(text, delete, swaps, rng):
    """Takes the probability for that of keeping a word."""
    words = text.split()
    if not words:
        return ""
    words = [word for word in words if rng.random() < delete] or [words[int(rng.integers(len(words)))]]
    for _ in range(swaps if len(words) > 1 else 0):
        i, j = rng.choice(len(words), size=2, replace=False)
        words[i], words[j] = words[j], words[i]
    return " ".join(words)


@mutant("word_noise", caught_by="test_the_share_that_is_deleted", says="each word is to have its own draw")
def deletes_a_fixed_number(text, delete, swaps, rng):
    """Deletes exactly that share."""
    words = text.split()
    if not words:
        return ""
    count = max(1, len(words) - round(delete * len(words)))
    words = [words[i] for i in sorted(rng.choice(len(words), size=count, replace=False))]
    for _ in range(swaps if len(words) > 1 else 0):
        i, j = rng.choice(len(words), size=2, replace=False)
        words[i], words[j] = words[j], words[i]
    return " ".join(words)


@mutant("word_noise", caught_by="test_all_chance_comes_from_the_generator", says="moved the global random state of python")
def global_random(text, delete, swaps, rng):
    """Uses the module random."""
    import random

    words = text.split()
    if not words:
        return ""
    words = [word for word in words if random.random() >= delete] or [random.choice(words)]
    for _ in range(swaps if len(words) > 1 else 0):
        i, j = random.sample(range(len(words)), 2)
        words[i], words[j] = words[j], words[i]
    return " ".join(words)


@mutant("word_noise", caught_by="test_all_chance_comes_from_the_generator", says="one of your own with a fixed seed")
def generator_of_its_own(text, delete, swaps, rng):
    """Makes a generator with a fixed seed, "so that it can be repeated"."""
    rng = np.random.default_rng(0)
    words = text.split()
    if not words:
        return ""
    words = [word for word in words if rng.random() >= delete] or [words[int(rng.integers(len(words)))]]
    for _ in range(swaps if len(words) > 1 else 0):
        i, j = rng.choice(len(words), size=2, replace=False)
        words[i], words[j] = words[j], words[i]
    return " ".join(words)


@mutant("word_noise", caught_by="test_a_text_is_never_emptied", says="The word that stays is drawn from the text")
def first_word_survives(text, delete, swaps, rng):
    """Falls back on the first word each time."""
    words = text.split()
    kept = [word for word in words if rng.random() >= delete] or words[:1]
    for _ in range(swaps if len(kept) > 1 else 0):
        i, j = rng.choice(len(kept), size=2, replace=False)
        kept[i], kept[j] = kept[j], kept[i]
    return " ".join(kept)


# ---------------------------------------------------------------- wordnet_synonyms


@mutant("wordnet_synonyms", caught_by="test_one_part_of_speech", says="only senses of that one count")
def all_parts_of_speech(word, reader):
    """Takes every sense, of whatever part of speech."""
    own = [lemma for lemma in reader.lemmas(word) if lemma.name() == word]
    counts, antonyms = {}, {a.name() for lemma in own for a in lemma.antonyms()}
    for lemma in own:
        for other in lemma.synset().lemmas():
            counts[other.name()] = counts.get(other.name(), 0) + other.count()
    names = [n for n in counts if n.lower() != word and n not in antonyms]
    return sorted(names, key=lambda n: (-counts[n], n))


@mutant("wordnet_synonyms", caught_by="test_one_part_of_speech", says="and only senses of that one count")
def part_of_speech_of_the_first_sense(word, reader):
    """Takes the part of speech that the reader gives first, and nouns come first."""
    own = [lemma for lemma in reader.lemmas(word) if lemma.name() == word]
    if not own:
        return []
    pos = own[0].synset().pos().replace("s", "a")
    own = [lemma for lemma in own if lemma.synset().pos().replace("s", "a") == pos]
    counts, antonyms = {}, {a.name() for lemma in own for a in lemma.antonyms()}
    for lemma in own:
        for other in lemma.synset().lemmas():
            counts[other.name()] = counts.get(other.name(), 0) + other.count()
    names = [n for n in counts if n.lower() != word and n not in antonyms]
    return sorted(names, key=lambda n: (-counts[n], n))


@mutant("wordnet_synonyms", caught_by="test_the_lemmas_of_all_senses", says="a broader or a narrower word")
def with_hypernyms(word, reader):
    """Adds the lemmas of broader synsets."""
    own = {p: [x for x in reader.lemmas(word, p) if x.name() == word] for p in "nvar"}
    pos = max("nvar", key=lambda p: (len(own[p]) > 0, sum(x.count() for x in own[p])))
    counts, antonyms = {}, {a.name() for lemma in own[pos] for a in lemma.antonyms()}
    for lemma in own[pos]:
        for synset in [lemma.synset(), *lemma.synset().hypernyms()]:
            for other in synset.lemmas():
                counts[other.name()] = counts.get(other.name(), 0) + other.count()
    names = [n for n in counts if n.lower() != word and n not in antonyms]
    return sorted(names, key=lambda n: (-counts[n], n))


@mutant("wordnet_synonyms", caught_by="test_the_lemmas_of_all_senses", says="or the first one only")
def first_sense_only(word, reader):
    """Takes the first sense of the right part of speech and stops."""
    own = {p: [x for x in reader.lemmas(word, p) if x.name() == word] for p in "nvar"}
    pos = max("nvar", key=lambda p: (len(own[p]) > 0, sum(x.count() for x in own[p])))
    if not own[pos]:
        return []
    antonyms = {a.name() for lemma in own[pos] for a in lemma.antonyms()}
    counts = {other.name(): other.count() for other in own[pos][0].synset().lemmas()}
    names = [n for n in counts if n.lower() != word and n not in antonyms]
    return sorted(names, key=lambda n: (-counts[n], n))


@mutant("wordnet_synonyms", caught_by="test_the_most_frequent_first", says="which has the higher count")
def in_the_order_of_the_alphabet(word, reader):
    """Sorts by name, to get rid of the set's order."""
    own = {p: [x for x in reader.lemmas(word, p) if x.name() == word] for p in "nvar"}
    pos = max("nvar", key=lambda p: (len(own[p]) > 0, sum(x.count() for x in own[p])))
    antonyms = {a.name() for lemma in own[pos] for a in lemma.antonyms()}
    names = {other.name() for lemma in own[pos] for other in lemma.synset().lemmas()}
    return sorted(n for n in names if n.lower() != word and n not in antonyms)


@mutant("wordnet_synonyms", caught_by="test_the_most_frequent_first", says="Ties stand in the order of the alphabet")
def ties_as_they_come(word, reader):
    """Sorts by count and leaves ties as they were met."""
    own = {p: [x for x in reader.lemmas(word, p) if x.name() == word] for p in "nvar"}
    pos = max("nvar", key=lambda p: (len(own[p]) > 0, sum(x.count() for x in own[p])))
    counts, antonyms = {}, {a.name() for lemma in own[pos] for a in lemma.antonyms()}
    for lemma in own[pos]:
        for other in lemma.synset().lemmas():
            counts[other.name()] = counts.get(other.name(), 0) + other.count()
    return sorted((n for n in counts if n.lower() != word and n not in antonyms), key=lambda n: -counts[n])


@mutant("wordnet_synonyms", caught_by="test_the_lemmas_of_all_senses", says="gave the word itself")
def the_word_itself(word, reader):
    """Forgets that a synset holds the word, too."""
    own = {p: [x for x in reader.lemmas(word, p) if x.name() == word] for p in "nvar"}
    pos = max("nvar", key=lambda p: (len(own[p]) > 0, sum(x.count() for x in own[p])))
    counts, antonyms = {}, {a.name() for lemma in own[pos] for a in lemma.antonyms()}
    for lemma in own[pos]:
        for other in lemma.synset().lemmas():
            counts[other.name()] = counts.get(other.name(), 0) + other.count()
    return sorted((n for n in counts if n not in antonyms), key=lambda n: (-counts[n], n))


@mutant("wordnet_synonyms", caught_by="test_no_antonyms", says="That is the word itself with a capital")
def the_word_with_a_capital(word, reader):
    """Compares names with the word without minding the case."""
    own = {p: [x for x in reader.lemmas(word, p) if x.name() == word] for p in "nvar"}
    pos = max("nvar", key=lambda p: (len(own[p]) > 0, sum(x.count() for x in own[p])))
    counts, antonyms = {}, {a.name() for lemma in own[pos] for a in lemma.antonyms()}
    for lemma in own[pos]:
        for other in lemma.synset().lemmas():
            counts[other.name()] = counts.get(other.name(), 0) + other.count()
    return sorted((n for n in counts if n != word and n not in antonyms), key=lambda n: (-counts[n], n))


@mutant("wordnet_synonyms", caught_by="test_no_antonyms", says="another says that they are opposites")
def antonyms_in(word, reader):
    """Trusts that no synset holds opposites."""
    own = {p: [x for x in reader.lemmas(word, p) if x.name() == word] for p in "nvar"}
    pos = max("nvar", key=lambda p: (len(own[p]) > 0, sum(x.count() for x in own[p])))
    counts = {}
    for lemma in own[pos]:
        for other in lemma.synset().lemmas():
            counts[other.name()] = counts.get(other.name(), 0) + other.count()
    return sorted((n for n in counts if n.lower() != word), key=lambda n: (-counts[n], n))


@mutant("wordnet_synonyms", caught_by="test_only_senses_of_the_word_as_it_is", says="a base form makes bad English")
def senses_of_the_base_form(word, reader):
    """Takes all synsets that the reader finds, those of the base form among them."""
    groups = {p: reader.synsets(word, p) for p in "nvar"}

    def used(p):
        return sum(x.count() for s in groups[p] for x in s.lemmas() if x.name() == word)

    pos = max("nvar", key=lambda p: (len(groups[p]) > 0, used(p)))
    counts, antonyms = {}, {a.name() for s in groups[pos] for x in s.lemmas() if x.name() == word for a in x.antonyms()}
    for synset in groups[pos]:
        for other in synset.lemmas():
            counts[other.name()] = counts.get(other.name(), 0) + other.count()
    return sorted((n for n in counts if n.lower() != word and n not in antonyms), key=lambda n: (-counts[n], n))


@mutant("wordnet_synonyms", caught_by="test_only_senses_of_the_word_as_it_is", says="Those are people named King")
def names_of_people(word, reader):
    """Minds no capitals when it looks for the word among the lemmas."""
    own = {p: [x for x in reader.lemmas(word, p) if x.name().lower() == word] for p in "nvar"}
    pos = max("nvar", key=lambda p: (len(own[p]) > 0, sum(x.count() for x in own[p])))
    counts, antonyms = {}, {a.name() for lemma in own[pos] for a in lemma.antonyms()}
    for lemma in own[pos]:
        for other in lemma.synset().lemmas():
            counts[other.name()] = counts.get(other.name(), 0) + other.count()
    return sorted((n for n in counts if n.lower() != word and n not in antonyms), key=lambda n: (-counts[n], n))


@mutant("wordnet_synonyms", caught_by="test_the_lemmas_of_all_senses", says="with an underscore for a space")
def spaces_for_underscores(word, reader):
    """Makes the names readable already."""
    own = {p: [x for x in reader.lemmas(word, p) if x.name() == word] for p in "nvar"}
    pos = max("nvar", key=lambda p: (len(own[p]) > 0, sum(x.count() for x in own[p])))
    counts, antonyms = {}, {a.name() for lemma in own[pos] for a in lemma.antonyms()}
    for lemma in own[pos]:
        for other in lemma.synset().lemmas():
            counts[other.name()] = counts.get(other.name(), 0) + other.count()
    names = sorted((n for n in counts if n.lower() != word and n not in antonyms), key=lambda n: (-counts[n], n))
    return [n.replace("_", " ") for n in names]


# ---------------------------------------------------------------- replace_synonyms


@mutant("replace_synonyms", caught_by="test_whole_words_only", says="as a whole or not at all")
def replaces_letters(text, synonyms, rate, protected, rng):
    """Looks for the words of the mapping anywhere in the text."""
    if not 0 <= rate <= 1:
        raise ValueError("rate")
    places = []
    for key, names in synonyms.items():
        if key not in protected and key not in NEGATIONS and not key.endswith("n't"):
            usable = [n.replace("_", " ") for n in names if n.lower() != key]
            places += [(found, usable) for found in re.finditer(re.escape(key), text, re.IGNORECASE) if usable]
    chosen = rng.choice(len(places), size=round(rate * len(places)), replace=False) if places else []
    for found, usable in sorted((places[i] for i in chosen), key=lambda place: -place[0].start()):
        text = text[: found.start()] + str(rng.choice(usable)) + text[found.end() :]
    return text


@mutant("replace_synonyms", caught_by="test_everything_else_stays", says="each space and sign")
def splits_and_joins(text, synonyms, rate, protected, rng):
    """Splits at white space, and joins with single spaces."""
    if not 0 <= rate <= 1:
        raise ValueError("rate")
    words = text.split()
    eligible = []
    for i, word in enumerate(words):
        key = word.lower()
        usable = [n.replace("_", " ") for n in synonyms.get(key, []) if n.lower() != key]
        if usable and key not in protected and key not in NEGATIONS and not key.endswith(("n't", "n’t")):
            eligible.append((i, usable))
    for number in rng.permutation(len(eligible))[: round(rate * len(eligible))]:
        i, usable = eligible[number]
        words[i] = str(rng.choice(usable))
    return " ".join(words)


@mutant("replace_synonyms", caught_by="test_capitals", says="capital")
def loses_the_case(text, synonyms, rate, protected, rng):
    """Writes every synonym in small letters."""
    if not 0 <= rate <= 1:
        raise ValueError("rate")
    places = []
    for found in WORD.finditer(text):
        key = found.group().lower()
        usable = [n.replace("_", " ") for n in synonyms.get(key, ()) if n.replace("_", " ").lower() != key]
        if usable and key not in protected and key not in NEGATIONS and not key.endswith(("n't", "n’t")):
            places.append((found, usable))
    chosen = rng.choice(len(places), size=round(rate * len(places)), replace=False) if places else []
    for i in sorted(chosen, reverse=True):
        found, usable = places[i]
        text = text[: found.start()] + usable[int(rng.integers(len(usable)))] + text[found.end() :]
    return text


@mutant("replace_synonyms", caught_by="test_capitals", says="with the rest of the synonym as it stands")
def capitalizes(text, synonyms, rate, protected, rng):
    """Uses str.capitalize, which also makes all other letters small."""
    if not 0 <= rate <= 1:
        raise ValueError("rate")
    places = []
    for found in WORD.finditer(text):
        key = found.group().lower()
        usable = [n.replace("_", " ") for n in synonyms.get(key, ()) if n.replace("_", " ").lower() != key]
        if usable and key not in protected and key not in NEGATIONS and not key.endswith(("n't", "n’t")):
            places.append((found, usable))
    chosen = rng.choice(len(places), size=round(rate * len(places)), replace=False) if places else []
    for i in sorted(chosen, reverse=True):
        found, usable = places[i]
        old, new = found.group(), usable[int(rng.integers(len(usable)))]
        if old.isupper() and len(old) > 1:
            new = new.upper()
        elif old[0].isupper():
            new = new.capitalize()
        text = text[: found.start()] + new + text[found.end() :]
    return text


@mutant("replace_synonyms", caught_by="test_each_occurrence_by_itself", says="changes them all at once")
def all_occurrences(text, synonyms, rate, protected, rng):
    """Chooses words, and replaces each wherever it stands."""
    if not 0 <= rate <= 1:
        raise ValueError("rate")
    eligible = []
    for word in WORD.findall(text):
        key = word.lower()
        usable = [n.replace("_", " ") for n in synonyms.get(key, ()) if n.replace("_", " ").lower() != key]
        if usable and key not in protected and key not in NEGATIONS and not key.endswith(("n't", "n’t")):
            eligible.append((word, usable))
    for i in rng.permutation(len(eligible))[: round(rate * len(eligible))]:
        word, usable = eligible[i]
        new = usable[int(rng.integers(len(usable)))]
        text = text.replace(word, new.title() if word.istitle() else new)
    return text


@mutant("replace_synonyms", caught_by="test_a_synonym_that_is_the_word_itself", says="is the word itself")
def the_same_word(text, synonyms, rate, protected, rng):
    """Doesn't ask whether a synonym is the word itself."""
    if not 0 <= rate <= 1:
        raise ValueError("rate")
    places = []
    for found in WORD.finditer(text):
        key = found.group().lower()
        usable = [n.replace("_", " ") for n in synonyms.get(key, ())]
        if usable and key not in protected and key not in NEGATIONS and not key.endswith(("n't", "n’t")):
            places.append((found, usable))
    chosen = rng.choice(len(places), size=round(rate * len(places)), replace=False) if places else []
    for i in sorted(chosen, reverse=True):
        found, usable = places[i]
        old, new = found.group(), usable[int(rng.integers(len(usable)))]
        if len(old) > 1 and old.isupper():
            new = new.upper()
        elif old[0].isupper():
            new = new[0].upper() + new[1:]
        text = text[: found.start()] + new + text[found.end() :]
    return text


@mutant("replace_synonyms", caught_by="test_chance_and_bounds", says="moved the global random state of numpy")
def global_numpy(text, synonyms, rate, protected, rng):
    """Draws from NumPy's global state."""
    if not 0 <= rate <= 1:
        raise ValueError("rate")
    places = []
    for found in WORD.finditer(text):
        key = found.group().lower()
        usable = [n.replace("_", " ") for n in synonyms.get(key, ()) if n.replace("_", " ").lower() != key]
        if usable and key not in protected and key not in NEGATIONS and not key.endswith(("n't", "n’t")):
            places.append((found, usable))
    chosen = np.random.choice(len(places), size=round(rate * len(places)), replace=False) if places else []
    for i in sorted(chosen, reverse=True):
        found, usable = places[i]
        old, new = found.group(), usable[np.random.randint(len(usable))]
        if len(old) > 1 and old.isupper():
            new = new.upper()
        elif old[0].isupper():
            new = new[0].upper() + new[1:]
        text = text[: found.start()] + new + text[found.end() :]
    return text


@mutant("replace_synonyms", caught_by="test_words_that_must_stay", says="a negation. Without it the text says the opposite")
def negations_too(text, synonyms, rate, protected, rng):
    """Leaves out the words of NEGATIONS, and forgets those that end in n't."""
    if not 0 <= rate <= 1:
        raise ValueError("rate")
    places = []
    for found in WORD.finditer(text):
        key = found.group().lower()
        usable = [n.replace("_", " ") for n in synonyms.get(key, ()) if n.replace("_", " ").lower() != key]
        if usable and key not in protected and key not in NEGATIONS:
            places.append((found, usable))
    chosen = rng.choice(len(places), size=round(rate * len(places)), replace=False) if places else []
    for i in sorted(chosen, reverse=True):
        found, usable = places[i]
        old, new = found.group(), usable[int(rng.integers(len(usable)))]
        if len(old) > 1 and old.isupper():
            new = new.upper()
        elif old[0].isupper():
            new = new[0].upper() + new[1:]
        text = text[: found.start()] + new + text[found.end() :]
    return text


@mutant("replace_synonyms", caught_by="test_words_that_must_stay", says="which is protected")
def protected_in_small_letters_only(text, synonyms, rate, protected, rng):
    """Looks the word up in `protected` as it is written."""
    if not 0 <= rate <= 1:
        raise ValueError("rate")
    places = []
    for found in WORD.finditer(text):
        key = found.group().lower()
        usable = [n.replace("_", " ") for n in synonyms.get(key, ()) if n.replace("_", " ").lower() != key]
        if usable and found.group() not in protected and key not in NEGATIONS and not key.endswith(("n't", "n’t")):
            places.append((found, usable))
    chosen = rng.choice(len(places), size=round(rate * len(places)), replace=False) if places else []
    for i in sorted(chosen, reverse=True):
        found, usable = places[i]
        old, new = found.group(), usable[int(rng.integers(len(usable)))]
        if len(old) > 1 and old.isupper():
            new = new.upper()
        elif old[0].isupper():
            new = new[0].upper() + new[1:]
        text = text[: found.start()] + new + text[found.end() :]
    return text


@mutant("replace_synonyms", caught_by="test_capitals", says="become spaces")
def underscores_left(text, synonyms, rate, protected, rng):
    """Writes names as WordNet spells them."""
    if not 0 <= rate <= 1:
        raise ValueError("rate")
    places = []
    for found in WORD.finditer(text):
        key = found.group().lower()
        usable = [n for n in synonyms.get(key, ()) if n.lower() != key]
        if usable and key not in protected and key not in NEGATIONS and not key.endswith(("n't", "n’t")):
            places.append((found, usable))
    chosen = rng.choice(len(places), size=round(rate * len(places)), replace=False) if places else []
    for i in sorted(chosen, reverse=True):
        found, usable = places[i]
        old, new = found.group(), usable[int(rng.integers(len(usable)))]
        if len(old) > 1 and old.isupper():
            new = new.upper()
        elif old[0].isupper():
            new = new[0].upper() + new[1:]
        text = text[: found.start()] + new + text[found.end() :]
    return text


@mutant("replace_synonyms", caught_by="test_the_exact_number_of_words", says="and not a chance for each word")
def a_chance_for_each_word(text, synonyms, rate, protected, rng):
    """Takes the rate for the probability of each word."""
    if not 0 <= rate <= 1:
        raise ValueError("rate")

    def write(found):
        old = found.group()
        key = old.lower()
        usable = [n.replace("_", " ") for n in synonyms.get(key, ()) if n.replace("_", " ").lower() != key]
        if not usable or key in protected or key in NEGATIONS or key.endswith(("n't", "n’t")) or rng.random() >= rate:
            return old
        new = usable[int(rng.integers(len(usable)))]
        if len(old) > 1 and old.isupper():
            return new.upper()
        return new[0].upper() + new[1:] if old[0].isupper() else new

    return WORD.sub(write, text)


@mutant("replace_synonyms", caught_by="test_the_exact_number_of_words", says="Is it a share of all")
def share_of_all_words(text, synonyms, rate, protected, rng):
    """Takes the rate for a share of all words."""
    if not 0 <= rate <= 1:
        raise ValueError("rate")
    places, words = [], 0
    for found in WORD.finditer(text):
        words += 1
        key = found.group().lower()
        usable = [n.replace("_", " ") for n in synonyms.get(key, ()) if n.replace("_", " ").lower() != key]
        if usable and key not in protected and key not in NEGATIONS and not key.endswith(("n't", "n’t")):
            places.append((found, usable))
    chosen = rng.permutation(len(places))[: round(rate * words)]
    for i in sorted(chosen, reverse=True):
        found, usable = places[i]
        old, new = found.group(), usable[int(rng.integers(len(usable)))]
        if len(old) > 1 and old.isupper():
            new = new.upper()
        elif old[0].isupper():
            new = new[0].upper() + new[1:]
        text = text[: found.start()] + new + text[found.end() :]
    return text


# ---------------------------------------------------------------- parse_paraphrases


@mutant("parse_paraphrases", caught_by="test_copies_and_echoes", says="is an echo")
def echo_kept(reply, source):
    """Drops a line only if it is the source, so that the source with something around it stays."""
    found = []
    for line in reply.splitlines():
        line = re.sub(r"^[-*•](\s+|$)", "", line.strip())
        line = re.sub(r"^\d+[.)](\s+|$)", "", line)
        line = re.sub(r"^(paraphrase|version|rewrite)(\s*\d+)?\s*:\s*", "", line, flags=re.IGNORECASE)
        if quoted := re.fullmatch(r'["“]([^"“”]*)["”]', line):
            line = quoted[1].strip()
        refusal = line.lower().replace("’", "'").startswith(REFUSALS)
        if bare(line) and not (line.endswith(":") or bare(line) == bare(source) or refusal):
            found.append(line)
    return found


@mutant("parse_paraphrases", caught_by="test_numbers_and_bullets", says="isn't part of the paraphrase")
def numbers_kept(reply, source):
    """Takes off bullets, and no numbers."""
    found = []
    for line in reply.splitlines():
        line = re.sub(r"^[-*•](\s+|$)", "", line.strip())
        line = re.sub(r"^(paraphrase|version|rewrite)(\s*\d+)?\s*:\s*", "", line, flags=re.IGNORECASE)
        if quoted := re.fullmatch(r'["“]([^"“”]*)["”]', line):
            line = quoted[1].strip()
        echo = f" {bare(source)} " in f" {bare(line)} "
        refusal = line.lower().replace("’", "'").startswith(REFUSALS)
        if bare(line) and not (line.endswith(":") or echo or refusal):
            found.append(line)
    return found


@mutant("parse_paraphrases", caught_by="test_copies_and_echoes", says="since case and signs may differ")
def copies_compared_as_they_are(reply, source):
    """Compares a line with the source, letter by letter and sign by sign."""
    found = []
    for line in reply.splitlines():
        line = re.sub(r"^[-*•](\s+|$)", "", line.strip())
        line = re.sub(r"^\d+[.)](\s+|$)", "", line)
        line = re.sub(r"^(paraphrase|version|rewrite)(\s*\d+)?\s*:\s*", "", line, flags=re.IGNORECASE)
        if quoted := re.fullmatch(r'["“]([^"“”]*)["”]', line):
            line = quoted[1].strip()
        refusal = line.lower().replace("’", "'").startswith(REFUSALS)
        if bare(line) and not (line.endswith(":") or source in line or refusal):
            found.append(line)
    return found


@mutant("parse_paraphrases", caught_by="test_copies_and_echoes", says="none cut short")
def echo_by_letters(reply, source):
    """Looks for the source's letters anywhere in the line."""
    found = []
    for line in reply.splitlines():
        line = re.sub(r"^[-*•](\s+|$)", "", line.strip())
        line = re.sub(r"^\d+[.)](\s+|$)", "", line)
        line = re.sub(r"^(paraphrase|version|rewrite)(\s*\d+)?\s*:\s*", "", line, flags=re.IGNORECASE)
        if quoted := re.fullmatch(r'["“]([^"“”]*)["”]', line):
            line = quoted[1].strip()
        refusal = line.lower().replace("’", "'").startswith(REFUSALS)
        if bare(line) and not (line.endswith(":") or re.search(rf"\b{re.escape(bare(source))}", bare(line)) or refusal):
            found.append(line)
    return found


@mutant("parse_paraphrases", caught_by="test_a_line_stays_in_one_piece", says="a full stop also ends 'Mr.'")
def splits_at_full_stops(reply, source):
    """Splits into sentences, at every full stop."""
    found = []
    for line in reply.splitlines():
        line = re.sub(r"^[-*•](\s+|$)", "", line.strip())
        line = re.sub(r"^\d+[.)](\s+|$)", "", line)
        for part in re.split(r"(?<=\.)\s+", line):
            part = re.sub(r"^(paraphrase|version|rewrite)(\s*\d+)?\s*:\s*", "", part, flags=re.IGNORECASE)
            if quoted := re.fullmatch(r'["“]([^"“”]*)["”]', part):
                part = quoted[1].strip()
            echo = f" {bare(source)} " in f" {bare(part)} "
            refusal = part.lower().replace("’", "'").startswith(REFUSALS)
            if bare(part) and not (part.endswith(":") or echo or refusal):
                found.append(part)
    return found


@mutant("parse_paraphrases", caught_by="test_quotation_marks", says="Only double quotation marks around all of the text")
def strips_quotes(reply, source):
    """Strips quotation marks from both ends, also where they are no pair."""
    found = []
    for line in reply.splitlines():
        line = re.sub(r"^[-*•](\s+|$)", "", line.strip())
        line = re.sub(r"^\d+[.)](\s+|$)", "", line)
        line = re.sub(r"^(paraphrase|version|rewrite)(\s*\d+)?\s*:\s*", "", line, flags=re.IGNORECASE)
        line = line.strip("\"“”'").strip()
        echo = f" {bare(source)} " in f" {bare(line)} "
        refusal = line.lower().replace("’", "'").startswith(REFUSALS)
        if bare(line) and not (line.endswith(":") or echo or refusal):
            found.append(line)
    return found


@mutant("parse_paraphrases", caught_by="test_numbers_and_bullets", says="each is taken off once")
def strips_digits(reply, source):
    """Strips digits, dots and dashes from the beginning, and with them numbers that belong to the text."""
    found = []
    for line in reply.splitlines():
        line = line.strip().lstrip("-*•0123456789.) \t")
        line = re.sub(r"^(paraphrase|version|rewrite)(\s*\d+)?\s*:\s*", "", line, flags=re.IGNORECASE)
        if quoted := re.fullmatch(r'["“]([^"“”]*)["”]', line):
            line = quoted[1].strip()
        echo = f" {bare(source)} " in f" {bare(line)} "
        refusal = line.lower().replace("’", "'").startswith(REFUSALS)
        if bare(line) and not (line.endswith(":") or echo or refusal):
            found.append(line)
    return found


@mutant("parse_paraphrases", caught_by="test_refusals", says="A refusal *begins* with one of REFUSALS")
def drops_everything_that_is_sorry(reply, source):
    """Drops a line with "sorry" or "cannot" in it."""
    found = []
    for line in reply.splitlines():
        line = re.sub(r"^[-*•](\s+|$)", "", line.strip())
        line = re.sub(r"^\d+[.)](\s+|$)", "", line)
        line = re.sub(r"^(paraphrase|version|rewrite)(\s*\d+)?\s*:\s*", "", line, flags=re.IGNORECASE)
        if quoted := re.fullmatch(r'["“]([^"“”]*)["”]', line):
            line = quoted[1].strip()
        echo = f" {bare(source)} " in f" {bare(line)} "
        refusal = re.search(r"sorry|cannot|can't|as an ai|as a language model", line.lower().replace("’", "'"))
        if bare(line) and not (line.endswith(":") or echo or refusal):
            found.append(line)
    return found


@mutant("parse_paraphrases", caught_by="test_introductions_and_labels", says="announces something")
def introductions_kept(reply, source):
    """Takes an introduction for a paraphrase."""
    found = []
    for line in reply.splitlines():
        line = re.sub(r"^[-*•](\s+|$)", "", line.strip())
        line = re.sub(r"^\d+[.)](\s+|$)", "", line)
        line = re.sub(r"^(paraphrase|version|rewrite)(\s*\d+)?\s*:\s*", "", line, flags=re.IGNORECASE)
        if quoted := re.fullmatch(r'["“]([^"“”]*)["”]', line):
            line = quoted[1].strip()
        echo = f" {bare(source)} " in f" {bare(line)} "
        refusal = line.lower().replace("’", "'").startswith(REFUSALS)
        if bare(line) and not (echo or refusal):
            found.append(line)
    return found


@mutant("parse_paraphrases", caught_by="test_numbers_and_bullets", says="whichever that is")
def numbered_lines_only(reply, source):
    """Expects what was asked for: a numbered list, and nothing else."""
    found = []
    for line in reply.splitlines():
        numbered = re.match(r"\s*\d+[.)]\s+(.*\S)", line)
        if numbered and bare(source) not in bare(numbered[1]):
            found.append(numbered[1].strip('"“”'))
    return found


# ---------------------------------------------------------------- keep_faithful


@mutant("keep_faithful", caught_by="test_the_length_of_vectors_does_not_matter", says="A dot product grows with the lengths")
def dot_product(source, candidates, encode, low, high):
    """Takes the dot product for the cosine."""
    if not candidates:
        return []
    vectors = encode([source, *candidates])

    def negated(text):
        return any(w in NEGATIONS or w.endswith(("n't", "n’t")) for w in (w.lower() for w in WORD.findall(text)))

    kept, seen = [], {bare(source)}
    for candidate, vector in zip(candidates, vectors[1:]):
        if low <= vector @ vectors[0] <= high and negated(candidate) == negated(source) and bare(candidate) not in seen:
            kept.append(candidate)
            seen.add(bare(candidate))
    return kept


@mutant("keep_faithful", caught_by="test_neither_too_far_nor_too_near", says="That is above `high`")
def no_upper_bound(source, candidates, encode, low, high):
    """The nearer the better."""
    if not candidates:
        return []
    vectors = encode([source, *candidates])
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def negated(text):
        return any(w in NEGATIONS or w.endswith(("n't", "n’t")) for w in (w.lower() for w in WORD.findall(text)))

    kept, seen = [], {bare(source)}
    for candidate, vector in zip(candidates, vectors[1:]):
        if low <= vector @ vectors[0] and negated(candidate) == negated(source) and bare(candidate) not in seen:
            kept.append(candidate)
            seen.add(bare(candidate))
    return kept


@mutant("keep_faithful", caught_by="test_compared_with_the_source", says="compare each with the source")
def compares_candidates(source, candidates, encode, low, high):
    """Compares each candidate with all that came before it, too."""
    if not candidates:
        return []
    vectors = encode([source, *candidates])
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def negated(text):
        return any(w in NEGATIONS or w.endswith(("n't", "n’t")) for w in (w.lower() for w in WORD.findall(text)))

    kept, seen, near = [], {bare(source)}, [vectors[0]]
    for candidate, vector in zip(candidates, vectors[1:]):
        alike = all(vector @ other <= high for other in near) and low <= vector @ vectors[0]
        if alike and negated(candidate) == negated(source) and bare(candidate) not in seen:
            kept.append(candidate)
            seen.add(bare(candidate))
            near.append(vector)
    return kept


@mutant("keep_faithful", caught_by="test_compared_with_the_source", says="a set has none")
def order_of_a_set(source, candidates, encode, low, high):
    """Gets rid of duplicates by a set, and sorts to have an order."""
    if not candidates:
        return []
    vectors = encode([source, *candidates])
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def negated(text):
        return any(w in NEGATIONS or w.endswith(("n't", "n’t")) for w in (w.lower() for w in WORD.findall(text)))

    kept, seen = set(), {bare(source)}
    for candidate, vector in zip(candidates, vectors[1:]):
        if low <= vector @ vectors[0] <= high and negated(candidate) == negated(source) and bare(candidate) not in seen:
            kept.add(candidate)
            seen.add(bare(candidate))
    return sorted(kept)


@mutant("keep_faithful", caught_by="test_copies_and_duplicates", says="the same words more than once")
def duplicates_as_they_are(source, candidates, encode, low, high):
    """Takes only letter-by-letter repetitions for duplicates."""
    if not candidates:
        return []
    vectors = encode([source, *candidates])
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def negated(text):
        return any(w in NEGATIONS or w.endswith(("n't", "n’t")) for w in (w.lower() for w in WORD.findall(text)))

    kept = []
    for candidate, vector in zip(candidates, vectors[1:]):
        if low <= vector @ vectors[0] <= high and negated(candidate) == negated(source):
            if bare(candidate) != bare(source) and candidate not in kept:
                kept.append(candidate)
    return kept


@mutant("keep_faithful", caught_by="test_copies_and_duplicates", says="a copy of the source")
def copies_by_cosine_alone(source, candidates, encode, low, high):
    """Trusts that the upper bound catches copies."""
    if not candidates:
        return []
    vectors = encode([source, *candidates])
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def negated(text):
        return any(w in NEGATIONS or w.endswith(("n't", "n’t")) for w in (w.lower() for w in WORD.findall(text)))

    kept, seen = [], set()
    for candidate, vector in zip(candidates, vectors[1:]):
        if low <= vector @ vectors[0] <= high and negated(candidate) == negated(source) and bare(candidate) not in seen:
            kept.append(candidate)
            seen.add(bare(candidate))
    return kept


@mutant("keep_faithful", caught_by="test_no_flipped_negation", says="they may say opposite things")
def negation_ignored(source, candidates, encode, low, high):
    """Trusts the vectors to tell "good" from "not good"."""
    if not candidates:
        return []
    vectors = encode([source, *candidates])
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    kept, seen = [], {bare(source)}
    for candidate, vector in zip(candidates, vectors[1:]):
        if low <= vector @ vectors[0] <= high and bare(candidate) not in seen:
            kept.append(candidate)
            seen.add(bare(candidate))
    return kept


@mutant("keep_faithful", caught_by="test_no_flipped_negation", says="A negation is a whole word of NEGATIONS")
def negation_by_letters(source, candidates, encode, low, high):
    """Looks for the letters of a negation anywhere: "no" is in "know"."""
    if not candidates:
        return []
    vectors = encode([source, *candidates])
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def negated(text):
        small = text.lower().replace("’", "'")
        return any(word in small for word in [*NEGATIONS, "n't"])

    kept, seen = [], {bare(source)}
    for candidate, vector in zip(candidates, vectors[1:]):
        if low <= vector @ vectors[0] <= high and negated(candidate) == negated(source) and bare(candidate) not in seen:
            kept.append(candidate)
            seen.add(bare(candidate))
    return kept


@mutant("keep_faithful", caught_by="test_no_flipped_negation", says="they may say opposite things")
def no_negation_at_all(source, candidates, encode, low, high):
    """Drops every candidate with a negation, whatever the source says."""
    if not candidates:
        return []
    vectors = encode([source, *candidates])
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    kept, seen = [], {bare(source)}
    for candidate, vector in zip(candidates, vectors[1:]):
        negated = any(w in NEGATIONS or w.endswith(("n't", "n’t")) for w in (w.lower() for w in WORD.findall(candidate)))
        if low <= vector @ vectors[0] <= high and not negated and bare(candidate) not in seen:
            kept.append(candidate)
            seen.add(bare(candidate))
    return kept


@mutant("keep_faithful", caught_by="test_without_candidates", says="No candidates are nothing to encode")
def encodes_nothing(source, candidates, encode, low, high):
    """Hands an empty list to `encode`."""
    origin, vectors = encode([source])[0], encode(candidates)

    def negated(text):
        return any(w in NEGATIONS or w.endswith(("n't", "n’t")) for w in (w.lower() for w in WORD.findall(text)))

    kept, seen = [], {bare(source)}
    for candidate, vector in zip(candidates, vectors):
        cosine = vector @ origin / np.linalg.norm(vector) / np.linalg.norm(origin)
        if low <= cosine <= high and negated(candidate) == negated(source) and bare(candidate) not in seen:
            kept.append(candidate)
            seen.add(bare(candidate))
    return kept


# ---------------------------------------------------------------- augment_training_split


@mutant("augment_training_split", caught_by="test_only_the_training_split_grows", says="Whoever augments first and splits afterwards")
def augments_then_splits(splits, augment, copies, seed):
    """The one that everybody writes: augments all rows, then cuts them into splits of the old proportions."""
    if copies < 0:
        raise ValueError("copies")
    rng = np.random.default_rng(seed)
    rows = [row for part in splits.values() for row in part]
    rows = rows + [{**row, "text": augment(row["text"], rng)} for row in rows for _ in range(copies)]
    rows = [rows[i] for i in rng.permutation(len(rows))]
    result, start = {}, 0
    for name, part in splits.items():
        end = start + len(part) * (copies + 1)
        result[name], start = rows[start:end], end
    return result


@mutant("augment_training_split", caught_by="test_only_the_training_split_grows", says="It is what you measure by")
def every_split(splits, augment, copies, seed):
    """Augments every split."""
    if copies < 0:
        raise ValueError("copies")
    rng = np.random.default_rng(seed)
    return {
        name: rows + [{**row, "text": augment(row["text"], rng)} for row in rows for _ in range(copies)] for name, rows in splits.items()
    }


@mutant("augment_training_split", caught_by="test_only_the_training_split_grows", says="It is what you measure by")
def dev_too(splits, augment, copies, seed):
    """Augments everything but the test split."""
    if copies < 0:
        raise ValueError("copies")
    rng = np.random.default_rng(seed)
    held_out = {bare(row["text"]) for row in splits["test"]}
    result = dict(splits)
    for name in splits:
        if name != "test":
            new = [(row, augment(row["text"], rng)) for row in splits[name] for _ in range(copies)]
            result[name] = splits[name] + [{**row, "text": row["text"] if bare(text) in held_out else text} for row, text in new]
    return result


@mutant("augment_training_split", caught_by="test_originals_stay_in_front", says="they don't take their place")
def originals_dropped(splits, augment, copies, seed):
    """Puts the new rows in the place of the old ones."""
    if copies < 0:
        raise ValueError("copies")
    rng = np.random.default_rng(seed)
    held_out = {bare(row["text"]) for name, rows in splits.items() if name != "train" for row in rows}
    new = [(row, augment(row["text"], rng)) for row in splits["train"] for _ in range(copies)]
    return {**splits, "train": [{**row, "text": row["text"] if bare(text) in held_out else text} for row, text in new]}


@mutant("augment_training_split", caught_by="test_no_twin_of_a_held_out_text", says="what it has learnt by heart")
def twins_let_through(splits, augment, copies, seed):
    """Doesn't look at what is held out."""
    if copies < 0:
        raise ValueError("copies")
    rng = np.random.default_rng(seed)
    new = [{**row, "text": augment(row["text"], rng)} for row in splits["train"] for _ in range(copies)]
    return {**splits, "train": splits["train"] + new}


@mutant("augment_training_split", caught_by="test_no_twin_of_a_held_out_text", says="Compare the words alone")
def twins_compared_as_they_are(splits, augment, copies, seed):
    """Finds twins only where they agree letter by letter."""
    if copies < 0:
        raise ValueError("copies")
    rng = np.random.default_rng(seed)
    held_out = {row["text"] for name, rows in splits.items() if name != "train" for row in rows}
    new = [(row, augment(row["text"], rng)) for row in splits["train"] for _ in range(copies)]
    return {**splits, "train": splits["train"] + [{**row, "text": row["text"] if text in held_out else text} for row, text in new]}


@mutant("augment_training_split", caught_by="test_no_twin_of_a_held_out_text", says="so that no class shrinks")
def twins_dropped(splits, augment, copies, seed):
    """Leaves a twin out, and the row with fewer copies."""
    if copies < 0:
        raise ValueError("copies")
    rng = np.random.default_rng(seed)
    held_out = {bare(row["text"]) for name, rows in splits.items() if name != "train" for row in rows}
    new = [(row, augment(row["text"], rng)) for row in splits["train"] for _ in range(copies)]
    return {**splits, "train": splits["train"] + [{**row, "text": text} for row, text in new if bare(text) not in held_out]}


@mutant("augment_training_split", caught_by="test_each_row_gets_its_copies", says="One generator is made from the seed")
def a_generator_for_each_text(splits, augment, copies, seed):
    """Makes a generator from the seed for each call, so that all copies of a row are the same."""
    if copies < 0:
        raise ValueError("copies")
    held_out = {bare(row["text"]) for name, rows in splits.items() if name != "train" for row in rows}
    new = [(row, augment(row["text"], np.random.default_rng(seed))) for row in splits["train"] for _ in range(copies)]
    return {**splits, "train": splits["train"] + [{**row, "text": row["text"] if bare(text) in held_out else text} for row, text in new]}


@mutant("augment_training_split", caught_by="test_each_row_gets_its_copies", says="has the label and all other keys")
def other_keys_lost(splits, augment, copies, seed):
    """Makes new rows of text and label alone."""
    if copies < 0:
        raise ValueError("copies")
    rng = np.random.default_rng(seed)
    held_out = {bare(row["text"]) for name, rows in splits.items() if name != "train" for row in rows}
    new = [(row, augment(row["text"], rng)) for row in splits["train"] for _ in range(copies)]
    new = [{"text": row["text"] if bare(text) in held_out else text, "label": row["label"]} for row, text in new]
    return {**splits, "train": splits["train"] + new}


@mutant("augment_training_split", caught_by="test_arguments_stay_and_bounds", says="Make new lists and new dicts")
def changes_the_splits(splits, augment, copies, seed):
    """Appends to the list that was passed in."""
    if copies < 0:
        raise ValueError("copies")
    rng = np.random.default_rng(seed)
    held_out = {bare(row["text"]) for name, rows in splits.items() if name != "train" for row in rows}
    for row in list(splits["train"]):
        for _ in range(copies):
            text = augment(row["text"], rng)
            splits["train"].append({**row, "text": row["text"] if bare(text) in held_out else text})
    return splits


@mutant("augment_training_split", caught_by="test_the_seed_decides", says="made from `seed`")
def seed_unused(splits, augment, copies, seed):
    """Makes the generator with a seed of its own."""
    if copies < 0:
        raise ValueError("copies")
    rng = np.random.default_rng(42)
    held_out = {bare(row["text"]) for name, rows in splits.items() if name != "train" for row in rows}
    new = [(row, augment(row["text"], rng)) for row in splits["train"] for _ in range(copies)]
    return {**splits, "train": splits["train"] + [{**row, "text": row["text"] if bare(text) in held_out else text} for row, text in new]}
