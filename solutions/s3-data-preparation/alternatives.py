"""Other right solutions of "From raw text to batches"."""

from autograder.authoring import alternative


@alternative("aggregate_labels")
def by_the_set_of_leaders(votes, min_share):
    """Collects all labels with the highest count, and asks whether there is one."""

    def agreed(given):
        if not given:
            return None
        most = max(given.count(label) for label in given)
        leaders = {label for label in given if given.count(label) == most}
        return leaders.pop() if len(leaders) == 1 and most / len(given) >= min_share else None

    return [agreed(given) for given in votes]


@alternative("aggregate_labels")
def by_numpy(votes, min_share):
    """np.unique counts; the leader must stand alone at the top."""
    import numpy as np

    result = []
    for given in votes:
        if len(given) == 0:
            result.append(None)
            continue
        labels, counts = np.unique(np.array(given), return_counts=True)
        alone = (counts == counts.max()).sum() == 1
        result.append(str(labels[counts.argmax()]) if alone and counts.max() / counts.sum() >= min_share else None)
    return result


@alternative("clean_reviews")
def in_two_passes_with_regular_expressions(rows):
    """Cleans all rows first, then finds the keys in conflict, then goes through again."""
    import re
    import unicodedata

    def cleaned(text):
        return unicodedata.normalize("NFC", re.sub(r"\s+", " ", text).strip())

    kept = [row | {"text": cleaned(row["text"])} for row in rows if isinstance(row.get("text"), str)]
    kept = [row for row in kept if row["text"] != ""]
    first, conflicts = {}, set()
    for row in kept:
        key = row["text"].casefold()
        if first.setdefault(key, row)["label"] != row["label"]:
            conflicts.add(key)
    return [row for key, row in first.items() if key not in conflicts]


@alternative("clean_reviews")
def with_pandas(rows):
    """groupby on the folded text: the labels' number of different values, and the first row."""
    import unicodedata

    import pandas as pd

    copies = [dict(row) for row in rows if type(row.get("text")) is str and row["text"].split()]
    for row in copies:
        row["text"] = unicodedata.normalize("NFC", " ".join(row["text"].split()))
    if not copies:
        return []
    table = pd.DataFrame({"key": [row["text"].casefold() for row in copies], "label": [str(row["label"]) for row in copies]})
    agreeing = table.groupby("key")["label"].transform("nunique") == 1
    keep = agreeing & ~table["key"].duplicated()
    return [row for row, kept in zip(copies, keep) if kept]


@alternative("split_by_group")
def dealt_in_the_order_of_label_shares(rows, group_key, label_key, fractions, seed):
    """Sorts groups by their label shares and deals each to the part that is most behind: neighbours in that order go to different parts."""
    import numpy as np

    total = sum(fractions.values())
    if not 0.999999 < total < 1.000001:
        raise ValueError("`fractions` has to add up to 1")
    labels = sorted({row[label_key] for row in rows}, key=repr)
    counts = {}
    for row in rows:
        counts.setdefault(row[group_key], [0] * len(labels))[labels.index(row[label_key])] += 1
    names = sorted(counts)
    names = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    names.sort(key=lambda name: [n / sum(counts[name]) for n in counts[name]])
    got, dealt, part_of = dict.fromkeys(fractions, 0), 0, {}
    for name in names:
        dealt += sum(counts[name])
        part_of[name] = max(fractions, key=lambda part: fractions[part] * dealt - got[part])
        got[part_of[name]] += sum(counts[name])
    result = {part: [] for part in fractions}
    for row in rows:
        result[part_of[row[group_key]]].append(row)
    return result


@alternative("split_by_group")
def greedy_without_sorting(rows, group_key, label_key, fractions, seed):
    """Deals the groups in shuffled order to where the labels are missing the most."""
    import random

    if abs(1 - sum(fractions.values())) > 1e-6:
        raise ValueError("fractions")
    by_group = {}
    for row in rows:
        by_group.setdefault(row[group_key], []).append(row[label_key])
    everything = [label for labels in by_group.values() for label in labels]
    kinds = set(everything)
    missing = {(part, label): fraction * everything.count(label) for part, fraction in fractions.items() for label in kinds}
    names = sorted(by_group)
    random.Random(seed).shuffle(names)
    part_of = {}
    for name in names:
        labels = by_group[name]
        part = max(fractions, key=lambda part: sum(labels.count(x) * (2 * missing[part, x] - labels.count(x)) for x in kinds))
        part_of[name] = part
        for label in labels:
            missing[part, label] -= 1
    return {part: [row for row in rows if part_of[row[group_key]] == part] for part in fractions}


@alternative("split_by_date")
def by_comparing_text(rows, date_key, cutoff):
    """ISO dates sort as text; each is checked first."""
    for row in rows:
        datetime.datetime.strptime(row[date_key], "%Y-%m-%d")
    limit = cutoff.isoformat()
    return [row for row in rows if row[date_key] < limit], [row for row in rows if row[date_key] >= limit]


@alternative("split_by_date")
def by_parsing_the_column(rows, date_key, cutoff):
    """Parses the column at once; pandas takes an empty text for a gap."""
    import pandas as pd

    days = pd.to_datetime(pd.Series([row[date_key] for row in rows], dtype="str"), format="%Y-%m-%d")
    if days.isna().any():
        raise ValueError("a row without a date")
    early = list(days < pd.Timestamp(cutoff))
    return [row for row, yes in zip(rows, early) if yes], [row for row, yes in zip(rows, early) if not yes]


@alternative("tokenize_dataset")
def in_one_call(dataset, tokenizer, max_length):
    """Tokenizes all texts at once and builds a new dataset."""
    encoded = tokenizer(list(dataset["text"]), truncation=True, max_length=max_length, padding=False)
    return Dataset.from_dict({**encoded, "label": list(dataset["label"])})


@alternative("tokenize_dataset")
def in_small_batches_with_tensors_as_format(dataset, tokenizer, max_length):
    """Takes the other columns away first, keeps ids and mask only, and sets torch as output format."""
    small = dataset.select_columns(["text", "label"])

    def encode(texts):
        found = tokenizer(texts, truncation="longest_first", max_length=max_length, return_token_type_ids=False)
        return {"input_ids": found["input_ids"], "attention_mask": found["attention_mask"]}

    return small.map(encode, batched=True, batch_size=8, input_columns="text", remove_columns="text").with_format("torch")


@alternative("collate")
def by_filling_tensors(batch, pad_id, multiple_of=None):
    """Makes full tensors first and writes each text into its row."""
    lengths = [len(item["input_ids"]) for item in batch]
    step = multiple_of or 1
    width = (max(lengths) + step - 1) // step * step
    ids = torch.full((len(batch), width), pad_id, dtype=torch.long)
    mask = torch.zeros((len(batch), width), dtype=torch.long)
    for row, item in enumerate(batch):
        ids[row, : lengths[row]] = torch.as_tensor(item["input_ids"])
        mask[row, : lengths[row]] = 1
    return {"labels": torch.tensor([int(item["label"]) for item in batch]), "input_ids": ids, "attention_mask": mask}


@alternative("collate")
def with_pad_sequence(batch, pad_id, multiple_of=None):
    """torch's own padding, then the remainder; the mask by comparing positions with lengths."""
    import math

    from torch.nn.functional import pad
    from torch.nn.utils.rnn import pad_sequence

    texts = [torch.tensor(item["input_ids"]) for item in batch]
    ids = pad_sequence(texts, batch_first=True, padding_value=pad_id)
    if multiple_of:
        ids = pad(ids, (0, math.ceil(ids.shape[1] / multiple_of) * multiple_of - ids.shape[1]), value=pad_id)
    lengths = torch.tensor([len(text) for text in texts])
    mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
    return dict(input_ids=ids, attention_mask=mask, labels=torch.tensor([item["label"] for item in batch]))
