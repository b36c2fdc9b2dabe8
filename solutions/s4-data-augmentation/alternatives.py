"""Other right solutions of "More from the same"."""

from autograder.authoring import alternative


@alternative("word_noise")
def by_a_mask(text, delete, swaps, rng):
    """Draws for all words at once, and swaps by a permutation's first two places."""
    words = np.array(text.split(), dtype=object)
    mask = rng.random(len(words)) < delete
    if len(words) and mask.all():
        mask[rng.integers(len(words))] = False
    left = words[~mask]
    for _ in range(swaps if len(left) > 1 else 0):
        pair = rng.permutation(len(left))[:2]
        left[pair] = left[pair[::-1]]
    return " ".join(left)


@alternative("word_noise")
def by_drawing_the_second_place_again(text, delete, swaps, rng):
    """Swaps by hand, and draws the second place until it differs from the first."""
    words = text.split()
    left = []
    for word in words:
        if not rng.uniform() < delete:
            left.append(word)
    if words and not left:
        left.append(str(rng.choice(words)))
    done = 0
    while done < swaps and len(left) >= 2:
        i = rng.integers(0, len(left))
        j = i
        while j == i:
            j = rng.integers(0, len(left))
        kept = left[i]
        left[i] = left[j]
        left[j] = kept
        done += 1
    return " ".join(left)


@alternative("wordnet_synonyms")
def by_lemmas_of_each_part_of_speech(word, reader):
    """Asks the reader for lemmas, one part of speech after the other."""
    from collections import Counter

    best, most = [], -1
    for pos in ("n", "v", "a", "r"):
        own = [lemma for lemma in reader.lemmas(word, pos=pos) if lemma.name() == word]
        total = sum(lemma.count() for lemma in own)
        if own and total > most:
            best, most = own, total
    counts, opposite = Counter(), set()
    for lemma in best:
        opposite.update(other.name() for other in lemma.antonyms())
        for other in lemma.synset().lemmas():
            counts[other.name()] += other.count()
    names = sorted(counts)
    names.sort(key=counts.get, reverse=True)
    return [name for name in names if name.casefold() != word.casefold() and name not in opposite]


@alternative("wordnet_synonyms")
def by_pairs(word, reader):
    """Collects synsets by part of speech first, then sorts pairs of count and name."""
    groups = {}
    for synset in reader.synsets(word):
        if word in synset.lemma_names():
            groups.setdefault(synset.pos().replace("s", "a"), []).append(synset)
    if not groups:
        return []

    def used(pos):
        return sum(lemma.count() for synset in groups[pos] for lemma in synset.lemmas() if lemma.name() == word)

    pos = sorted(groups, key=lambda pos: (-used(pos), "nvar".index(pos)))[0]
    pairs = {}
    for synset in groups[pos]:
        for lemma in synset.lemmas():
            pairs[lemma.name()] = pairs.get(lemma.name(), 0) + lemma.count()
        for lemma in synset.lemmas():
            if lemma.name() == word:
                for opposite in lemma.antonyms():
                    pairs[opposite.name()] = -(10**9)
    return [name for count, name in sorted((-count, name) for name, count in pairs.items()) if name.lower() != word and count <= 0]


@alternative("replace_synonyms")
def by_substitution(text, synonyms, rate, protected, rng):
    """Numbers the eligible words, draws numbers, and lets `sub` ask for each word whether its number was drawn."""
    if rate < 0 or rate > 1:
        raise ValueError("rate")

    def options(word):
        small = word.lower()
        if small in protected or small in NEGATIONS or small.replace("’", "'").endswith("n't"):
            return []
        return [s for s in synonyms.get(small, []) if s.lower().replace("_", " ") != small]

    count = sum(1 for word in WORD.findall(text) if options(word))
    drawn = set(rng.permutation(count)[: round(rate * count)].tolist())
    number = -1

    def write(found):
        nonlocal number
        word = found.group()
        choices = options(word)
        if not choices:
            return word
        number += 1
        if number not in drawn:
            return word
        new = str(rng.choice(choices)).replace("_", " ")
        if word.isupper() and len(word) >= 2:
            return new.upper()
        return new[:1].upper() + new[1:] if word[0].isupper() else new

    return WORD.sub(write, text)


@alternative("replace_synonyms")
def by_pieces(text, synonyms, rate, protected, rng):
    """Cuts the text into words and what lies between, changes some of the pieces, and joins them with nothing."""
    if not (rate >= 0 and rate <= 1):
        raise ValueError("`rate` lies between 0 and 1")
    pieces, end = [], 0
    for found in WORD.finditer(text):
        pieces += [text[end : found.start()], found.group()]
        end = found.end()
    pieces.append(text[end:])
    eligible = {}
    for place in range(1, len(pieces), 2):
        small = pieces[place].lower()
        names = [name.replace("_", " ") for name in synonyms.get(small, [])]
        names = [name for name in names if name.lower() != small]
        if names and not (small in protected or small in NEGATIONS or small[-3:] in ("n't", "n’t")):
            eligible[place] = names
    places = list(eligible)
    rng.shuffle(places)
    for place in places[: round(len(places) * rate)]:
        old = pieces[place]
        new = eligible[place][rng.integers(len(eligible[place]))]
        if old == old.upper() and len(old) > 1:
            new = new.upper()
        elif old[0] == old[0].upper():
            new = new[0].upper() + new[1:]
        pieces[place] = new
    return "".join(pieces)


@alternative("parse_paraphrases")
def without_regular_expressions(reply, source):
    """Takes the marks off by hand."""
    kept = []
    for line in reply.splitlines():
        line = line.strip()
        if line[:1] in ("-", "*", "•") and line[1:2].isspace():
            line = line[1:].strip()
        digits = len(line) - len(line.lstrip("0123456789"))
        if digits and line[digits : digits + 1] in (".", ")") and (len(line) == digits + 1 or line[digits + 1].isspace()):
            line = line[digits + 1 :].strip()
        for label in ("paraphrase", "version", "rewrite"):
            head, colon, rest = line.partition(":")
            if colon and head.lower().startswith(label):
                middle = head[len(label) :].strip()
                if middle == "" or middle.isdigit():
                    line = rest.strip()
                    break
        if len(line) > 1 and line[0] in '"“' and line[-1] in '"”' and not set(line[1:-1]) & set('"“”'):
            line = line[1:-1].strip()
        words, wanted = bare(line).split(), bare(source).split()
        if not words or line[-1] == ":":
            continue
        if any(words[i : i + len(wanted)] == wanted for i in range(len(words))):
            continue
        if any(line.replace("’", "'").lower().startswith(refusal) for refusal in REFUSALS):
            continue
        kept.append(line)
    return kept


@alternative("parse_paraphrases")
def by_one_expression(reply, source):
    """One regular expression for all marks, and filters one after the other."""
    marks = re.compile(
        r"(?:[-*•](?=\s)\s*)?(?:\d+[.)](?=\s|$)\s*)?(?:(?:paraphrase|version|rewrite)\s*\d*\s*:\s*)?(.*)", re.IGNORECASE | re.DOTALL
    )
    lines = [marks.match(line.strip())[1].strip() for line in reply.splitlines()]
    lines = [re.sub(r'^["“]([^"“”]*)["”]$', r"\1", line).strip() for line in lines]
    lines = [line for line in lines if re.search(r"\w", line) and bare(line) and not line.endswith(":")]
    echo = re.compile(rf"(^| ){re.escape(bare(source))}( |$)")
    lines = [line for line in lines if not echo.search(bare(line))]
    return [line for line in lines if not line.casefold().replace("’", "'").startswith(REFUSALS)]


@alternative("keep_faithful")
def one_after_the_other(source, candidates, encode, low, high):
    """Encodes the source once and each candidate by itself."""

    def has_negation(text):
        return any(w in NEGATIONS or w.endswith("n't") for w in (m.group().lower().replace("’", "'") for m in WORD.finditer(text)))

    origin = encode([source])[0]
    result = []
    for candidate in candidates:
        vector = encode([candidate])[0]
        similarity = float(origin @ vector) / (float(np.sqrt(origin @ origin)) * float(np.sqrt(vector @ vector)))
        if similarity < low or similarity > high:
            continue
        if has_negation(source) is not has_negation(candidate):
            continue
        if bare(candidate) in [bare(source)] + [bare(other) for other in result]:
            continue
        result.append(candidate)
    return result


@alternative("keep_faithful")
def with_sklearn(source, candidates, encode, low, high):
    """Cosines by scikit-learn; the first of each set of words by a dict."""
    from sklearn.metrics.pairwise import cosine_similarity

    if len(candidates) == 0:
        return []
    similarity = cosine_similarity(encode([source]), encode(list(candidates)))[0]
    negated = [any(re.fullmatch(r".*n['’]t", w) or w in NEGATIONS for w in map(str.lower, WORD.findall(t))) for t in [source, *candidates]]
    first = {}
    for text, value, flag in zip(candidates, similarity, negated[1:]):
        if low <= value <= high and flag == negated[0] and bare(text) != bare(source):
            first.setdefault(bare(text), text)
    return list(first.values())


@alternative("augment_training_split")
def copy_by_copy(splits, augment, copies, seed):
    """All first copies, then all second ones."""
    import copy

    if copies < 0:
        raise ValueError("copies is negative")
    result = copy.deepcopy(splits)
    taken = set()
    for name in splits:
        if name != "train":
            taken |= {bare(row["text"]) for row in splits[name]}
    rng = np.random.default_rng(seed)
    for _ in range(copies):
        for row in splits["train"]:
            new = dict(row)
            made = augment(row["text"], rng)
            if bare(made) not in taken:
                new["text"] = made
            result["train"].append(new)
    return result


@alternative("augment_training_split")
def without_copying_what_stays(splits, augment, copies, seed):
    """Builds a new list for the training split and hands the others on as they are."""
    if copies < 0:
        raise ValueError(f"copies={copies}")
    generator = np.random.Generator(np.random.PCG64(seed))
    others = [row["text"] for name, rows in splits.items() if name != "train" for row in rows]
    held_out = frozenset(map(bare, others))
    train = splits["train"]
    texts = [(row, augment(row["text"], generator)) for row in train for _ in range(copies)]
    new = [row | {"text": text if bare(text) not in held_out else row["text"]} for row, text in texts]
    return splits | {"train": train + new}
