"""Right solutions of "More from the same"."""


def word_noise(text: str, delete: float, swaps: int, rng: np.random.Generator) -> str:
    words = text.split()
    if not words:
        return ""
    kept = [word for word in words if rng.random() >= delete] or [words[int(rng.integers(len(words)))]]
    if len(kept) > 1:
        for _ in range(swaps):
            i, j = rng.choice(len(kept), size=2, replace=False)
            kept[i], kept[j] = kept[j], kept[i]
    return " ".join(kept)


def wordnet_synonyms(word: str, reader: WordNetCorpusReader) -> list[str]:
    own = {pos: [] for pos in "nvar"}
    for synset in reader.synsets(word):
        lemmas = [lemma for lemma in synset.lemmas() if lemma.name() == word]
        own["a" if synset.pos() == "s" else synset.pos()] += lemmas
    senses = max(own.values(), key=lambda lemmas: (len(lemmas) > 0, sum(lemma.count() for lemma in lemmas)))
    antonyms = {antonym.name() for lemma in senses for antonym in lemma.antonyms()}
    counts = {}
    for synset in {lemma.synset() for lemma in senses}:
        for lemma in synset.lemmas():
            counts[lemma.name()] = counts.get(lemma.name(), 0) + lemma.count()
    names = [name for name in counts if name.lower() != word.lower() and name not in antonyms]
    return sorted(names, key=lambda name: (-counts[name], name))


def replace_synonyms(
    text: str, synonyms: Mapping[str, Sequence[str]], rate: float, protected: frozenset[str], rng: np.random.Generator
) -> str:
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must be from 0 to 1, not {rate}")
    places = []
    for found in WORD.finditer(text):
        key = found.group().lower()
        usable = [name.replace("_", " ") for name in synonyms.get(key, ()) if name.replace("_", " ").lower() != key]
        negation = key in NEGATIONS or key.endswith(("n't", "n’t"))
        if usable and key not in protected and not negation:
            places.append((found, usable))
    chosen = rng.choice(len(places), size=round(rate * len(places)), replace=False) if places else []
    for number in sorted(chosen, reverse=True):
        found, usable = places[number]
        old, new = found.group(), usable[int(rng.integers(len(usable)))]
        if len(old) > 1 and old.isupper():
            new = new.upper()
        elif old[0].isupper():
            new = new[0].upper() + new[1:]
        text = text[: found.start()] + new + text[found.end() :]
    return text


def parse_paraphrases(reply: str, source: str) -> list[str]:
    found = []
    for line in reply.splitlines():
        line = re.sub(r"^[-*•](\s+|$)", "", line.strip())
        line = re.sub(r"^\d+[.)](\s+|$)", "", line)
        line = re.sub(r"^(paraphrase|version|rewrite)(\s*\d+)?\s*:\s*", "", line, flags=re.IGNORECASE)
        if quoted := re.fullmatch(r'["“]([^"“”]*)["”]', line):
            line = quoted[1].strip()
        introduction = line.endswith(":")
        echo = f" {bare(source)} " in f" {bare(line)} "
        refusal = line.lower().replace("’", "'").startswith(REFUSALS)
        if bare(line) and not (introduction or echo or refusal):
            found.append(line)
    return found


def keep_faithful(source: str, candidates: list[str], encode: Callable[[list[str]], np.ndarray], low: float, high: float) -> list[str]:
    if not candidates:
        return []
    vectors = np.asarray(encode([source, *candidates]), dtype=float)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def negated(text):
        words = [word.lower() for word in WORD.findall(text)]
        return any(word in NEGATIONS or word.endswith(("n't", "n’t")) for word in words)

    kept, seen = [], {bare(source)}
    for candidate, cosine in zip(candidates, vectors[1:] @ vectors[0]):
        if low <= cosine <= high and negated(candidate) == negated(source) and bare(candidate) not in seen:
            kept.append(candidate)
            seen.add(bare(candidate))
    return kept


def augment_training_split(
    splits: dict[str, list[dict]], augment: Callable[[str, np.random.Generator], str], copies: int, seed: int
) -> dict[str, list[dict]]:
    if copies < 0:
        raise ValueError(f"copies must be 0 or more, not {copies}")
    rng = np.random.default_rng(seed)
    held_out = {bare(row["text"]) for name, rows in splits.items() if name != "train" for row in rows}
    added = []
    for row in splits["train"]:
        for _ in range(copies):
            text = augment(row["text"], rng)
            added.append({**row, "text": row["text"] if bare(text) in held_out else text})
    return {name: [dict(row) for row in rows] + (added if name == "train" else []) for name, rows in splits.items()}
