"""Reference solutions of "From raw text to batches"."""


def aggregate_labels(votes, min_share):
    from collections import Counter

    labels = []
    for given in votes:
        ranked = Counter(given).most_common(2)
        tied = len(ranked) == 2 and ranked[0][1] == ranked[1][1]
        agreed = bool(ranked) and not tied and ranked[0][1] / len(given) >= min_share
        labels.append(ranked[0][0] if agreed else None)
    return labels


def clean_reviews(rows):
    import unicodedata

    cleaned, labels = [], {}
    for row in rows:
        text = row.get("text")
        if not isinstance(text, str) or not text.strip():
            continue
        text = " ".join(unicodedata.normalize("NFC", text).split())
        key = text.casefold()
        if key not in labels:
            cleaned.append((key, {**row, "text": text}))
        labels.setdefault(key, []).append(row["label"])
    return [row for key, row in cleaned if all(label == labels[key][0] for label in labels[key])]


def split_by_group(rows, group_key, label_key, fractions, seed):
    import random
    from collections import Counter, defaultdict

    if abs(sum(fractions.values()) - 1) > 1e-6:
        raise ValueError(f"fractions must add up to 1, not to {sum(fractions.values())}")
    counts = defaultdict(Counter)
    for row in rows:
        counts[row[group_key]][row[label_key]] += 1
    groups = sorted(counts)
    random.Random(seed).shuffle(groups)
    groups.sort(key=lambda group: counts[group].total(), reverse=True)
    wanted = Counter(row[label_key] for row in rows)
    room = {part: {label: fraction * n for label, n in wanted.items()} for part, fraction in fractions.items()}
    part_of = {}
    for group in groups:
        part = min(
            fractions, key=lambda part: sum((room[part][label] - n) ** 2 - room[part][label] ** 2 for label, n in counts[group].items())
        )
        part_of[group] = part
        for label, n in counts[group].items():
            room[part][label] -= n
    return {part: [row for row in rows if part_of[row[group_key]] == part] for part in fractions}


def split_by_date(rows, date_key, cutoff):
    before, after = [], []
    for row in rows:
        early = datetime.date.fromisoformat(row[date_key]) < cutoff
        (before if early else after).append(row)
    return before, after


def tokenize_dataset(dataset, tokenizer, max_length):
    def encode(batch):
        return tokenizer(batch["text"], truncation=True, max_length=max_length)

    return dataset.map(encode, batched=True, remove_columns=[name for name in dataset.column_names if name != "label"])


def collate(batch, pad_id, multiple_of=None):
    texts = [item["input_ids"] for item in batch]
    width = max(len(ids) for ids in texts)
    if multiple_of is not None:
        width = -(-width // multiple_of) * multiple_of
    return {
        "input_ids": torch.tensor([list(ids) + [pad_id] * (width - len(ids)) for ids in texts]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids in texts]),
        "labels": torch.tensor([item["label"] for item in batch], dtype=torch.int64),
    }
