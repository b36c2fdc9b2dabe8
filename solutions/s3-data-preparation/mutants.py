"""Wrong solutions of "From raw text to batches", and the misconception behind each."""

from autograder.authoring import mutant

# ---------------------------------------------------------------- aggregate_labels


@mutant("aggregate_labels", caught_by="test_ties_have_no_label", says="tie at the top")
def first_wins_ties(votes, min_share):
    """`most_common(1)` gives the one that came first."""
    from collections import Counter

    result = []
    for given in votes:
        if not given:
            result.append(None)
            continue
        label, count = Counter(given).most_common(1)[0]
        result.append(label if count / len(given) >= min_share else None)
    return result


@mutant("aggregate_labels", caught_by="test_the_share_is_of_one_texts_votes", says="the votes on that one text")
def share_of_all_items(votes, min_share):
    """Divides by the number of texts."""
    from collections import Counter

    result = []
    for given in votes:
        ranked = Counter(given).most_common(2)
        tied = len(ranked) == 2 and ranked[0][1] == ranked[1][1]
        result.append(ranked[0][0] if ranked and not tied and ranked[0][1] / len(votes) >= min_share else None)
    return result


@mutant("aggregate_labels", caught_by="test_a_text_without_votes", says="nobody voted")
def empty_votes_crash(votes, min_share):
    """Takes the first of nothing."""
    from collections import Counter

    result = []
    for given in votes:
        ranked = Counter(given).most_common(2)
        tied = len(ranked) == 2 and ranked[0][1] == ranked[1][1]
        result.append(ranked[0][0] if not tied and ranked[0][1] / len(given) >= min_share else None)
    return result


@mutant("aggregate_labels", caught_by="test_a_text_without_votes", says="one entry for each text")
def undecided_left_out(votes, min_share):
    """Gives labels for the decided texts only, so that nobody knows which they are."""
    from collections import Counter

    result = []
    for given in votes:
        ranked = Counter(given).most_common(2)
        if ranked and not (len(ranked) == 2 and ranked[0][1] == ranked[1][1]) and ranked[0][1] / len(given) >= min_share:
            result.append(ranked[0][0])
    return result


@mutant("aggregate_labels", caught_by="test_a_share_that_is_just_reached", says="exactly `min_share`")
def must_exceed_the_share(votes, min_share):
    """`>` for `>=`."""
    from collections import Counter

    result = []
    for given in votes:
        ranked = Counter(given).most_common(2)
        tied = len(ranked) == 2 and ranked[0][1] == ranked[1][1]
        result.append(ranked[0][0] if ranked and not tied and ranked[0][1] / len(given) > min_share else None)
    return result


@mutant("aggregate_labels", caught_by="test_the_most_frequent_label_needs_no_half", says="more than half")
def more_than_half_always(votes, min_share):
    """Takes "majority" for more than half, whatever `min_share` says."""
    from collections import Counter

    result = []
    for given in votes:
        label, count = Counter(given).most_common(1)[0] if given else (None, 0)
        result.append(label if given and count * 2 > len(given) and count / len(given) >= min_share else None)
    return result


@mutant("aggregate_labels", caught_by="test_a_tie_further_down", says="lower down")
def any_tie_counts(votes, min_share):
    """Looks for equal counts anywhere, not at the top alone."""
    from collections import Counter

    result = []
    for given in votes:
        counts = Counter(given)
        if not given or len(set(counts.values())) < len(counts):
            result.append(None)
            continue
        label, count = counts.most_common(1)[0]
        result.append(label if count / len(given) >= min_share else None)
    return result


@mutant("aggregate_labels", caught_by="test_labels_below_the_share", says="below `min_share`")
def share_ignored(votes, min_share):
    """The majority is the majority."""
    from collections import Counter

    result = []
    for given in votes:
        ranked = Counter(given).most_common(2)
        tied = len(ranked) == 2 and ranked[0][1] == ranked[1][1]
        result.append(ranked[0][0] if ranked and not tied else None)
    return result


# ---------------------------------------------------------------- clean_reviews


@mutant("clean_reviews", caught_by="test_the_first_copy_stays", says="the first of them")
def keeps_the_last(rows):
    """A dict by text holds what was written last."""
    import unicodedata

    found, labels = {}, {}
    for row in rows:
        if not isinstance(row.get("text"), str) or not row["text"].strip():
            continue
        text = " ".join(unicodedata.normalize("NFC", row["text"]).split())
        found[text.casefold()] = {**row, "text": text}
        labels.setdefault(text.casefold(), set()).add(row["label"])
    return [row for key, row in found.items() if len(labels[key]) == 1]


@mutant("clean_reviews", caught_by="test_conflicting_labels", says="disagree")
def keeps_a_conflict(rows):
    """Drops duplicates without a look at their labels."""
    import unicodedata

    found = {}
    for row in rows:
        if not isinstance(row.get("text"), str) or not row["text"].strip():
            continue
        text = " ".join(unicodedata.normalize("NFC", row["text"]).split())
        found.setdefault(text.casefold(), {**row, "text": text})
    return list(found.values())


@mutant("clean_reviews", caught_by="test_conflicting_labels", says="disagree")
def the_label_is_part_of_the_key(rows):
    """Equal are rows with equal text and equal label: of a conflict both sides stay."""
    import unicodedata

    found = {}
    for row in rows:
        if not isinstance(row.get("text"), str) or not row["text"].strip():
            continue
        text = " ".join(unicodedata.normalize("NFC", row["text"]).split())
        found.setdefault((text.casefold(), row["label"]), {**row, "text": text})
    return list(found.values())


@mutant("clean_reviews", caught_by="test_a_third_copy_after_a_conflict", says="third copy")
def conflict_forgotten(rows):
    """Deletes what is in conflict at once, and takes the next copy for a new text."""
    import unicodedata

    found = {}
    for row in rows:
        if not isinstance(row.get("text"), str) or not row["text"].strip():
            continue
        text = " ".join(unicodedata.normalize("NFC", row["text"]).split())
        key = text.casefold()
        if key not in found:
            found[key] = {**row, "text": text}
        elif found[key]["label"] != row["label"]:
            del found[key]
    return list(found.values())


@mutant("clean_reviews", caught_by="test_capitals_stay", says="lower case")
def lower_cases_the_output(rows):
    """Writes the folded text into the row."""
    import unicodedata

    found, labels = {}, {}
    for row in rows:
        if not isinstance(row.get("text"), str) or not row["text"].strip():
            continue
        text = " ".join(unicodedata.normalize("NFC", row["text"]).casefold().split())
        found.setdefault(text, {**row, "text": text})
        labels.setdefault(text, set()).add(row["label"])
    return [row for key, row in found.items() if len(labels[key]) == 1]


@mutant("clean_reviews", caught_by="test_the_input_stays_as_it_was", says="changed the rows that it was given")
def changes_the_input(rows):
    """Writes the cleaned text into the caller's rows."""
    import unicodedata

    found, labels = {}, {}
    for row in rows:
        if not isinstance(row.get("text"), str) or not row["text"].strip():
            continue
        row["text"] = " ".join(unicodedata.normalize("NFC", row["text"]).split())
        found.setdefault(row["text"].casefold(), row)
        labels.setdefault(row["text"].casefold(), set()).add(row["label"])
    return [row for key, row in found.items() if len(labels[key]) == 1]


@mutant("clean_reviews", caught_by="test_texts_that_begin_alike", says="begin alike")
def compares_the_beginning(rows):
    """Takes the first forty characters for the text."""
    import unicodedata

    found, labels = {}, {}
    for row in rows:
        if not isinstance(row.get("text"), str) or not row["text"].strip():
            continue
        text = " ".join(unicodedata.normalize("NFC", row["text"]).split())
        found.setdefault(text.casefold()[:40], {**row, "text": text})
        labels.setdefault(text.casefold()[:40], set()).add(row["label"])
    return [row for key, row in found.items() if len(labels[key]) == 1]


@mutant("clean_reviews", caught_by="test_missing_texts", says="`str(None)`")
def none_as_a_word(rows):
    """`str(None)` is "None", a text like any other."""
    import unicodedata

    found, labels = {}, {}
    for row in rows:
        text = " ".join(unicodedata.normalize("NFC", str(row.get("text", ""))).split())
        if not text:
            continue
        found.setdefault(text.casefold(), {**row, "text": text})
        labels.setdefault(text.casefold(), set()).add(row["label"])
    return [row for key, row in found.items() if len(labels[key]) == 1]


@mutant("clean_reviews", caught_by="test_white_space_inside", says="inside the text")
def strips_the_ends_only(rows):
    """`strip()` leaves double spaces and line breaks inside."""
    import unicodedata

    found, labels = {}, {}
    for row in rows:
        if not isinstance(row.get("text"), str) or not row["text"].strip():
            continue
        text = unicodedata.normalize("NFC", row["text"]).strip()
        found.setdefault(text.casefold(), {**row, "text": text})
        labels.setdefault(text.casefold(), set()).add(row["label"])
    return [row for key, row in found.items() if len(labels[key]) == 1]


@mutant("clean_reviews", caught_by="test_one_form_of_unicode", says="two code points")
def unicode_as_it_comes(rows):
    """Leaves letters and their accents apart."""
    found, labels = {}, {}
    for row in rows:
        if not isinstance(row.get("text"), str) or not row["text"].strip():
            continue
        text = " ".join(row["text"].split())
        found.setdefault(text.casefold(), {**row, "text": text})
        labels.setdefault(text.casefold(), set()).add(row["label"])
    return [row for key, row in found.items() if len(labels[key]) == 1]


@mutant("clean_reviews", caught_by="test_one_form_of_unicode", says="NFKC")
def compatibility_form(rows):
    """NFKC also rewrites what only looks alike."""
    import unicodedata

    found, labels = {}, {}
    for row in rows:
        if not isinstance(row.get("text"), str) or not row["text"].strip():
            continue
        text = " ".join(unicodedata.normalize("NFKC", row["text"]).split())
        found.setdefault(text.casefold(), {**row, "text": text})
        labels.setdefault(text.casefold(), set()).add(row["label"])
    return [row for key, row in found.items() if len(labels[key]) == 1]


@mutant("clean_reviews", caught_by="test_equal_up_to_case_and_space", says="before or after")
def compares_the_raw_texts(rows):
    """Looks for duplicates before cleaning."""
    import unicodedata

    found, labels = {}, {}
    for row in rows:
        if not isinstance(row.get("text"), str) or not row["text"].strip():
            continue
        found.setdefault(row["text"], {**row, "text": " ".join(unicodedata.normalize("NFC", row["text"]).split())})
        labels.setdefault(row["text"], set()).add(row["label"])
    return [row for key, row in found.items() if len(labels[key]) == 1]


# ---------------------------------------------------------------- split_by_group


@mutant("split_by_group", caught_by="test_no_group_in_two_parts", says="in more than one part")
def shuffle_and_slice(rows, group_key, label_key, fractions, seed):
    """Deals rows, as one always does."""
    import random

    if abs(sum(fractions.values()) - 1) > 1e-6:
        raise ValueError("fractions")
    shuffled = sorted(rows, key=repr)
    random.Random(seed).shuffle(shuffled)
    parts, start, reached = {}, 0, 0.0
    for part, fraction in fractions.items():
        reached += fraction
        end = round(reached * len(rows))
        parts[part] = shuffled[start:end]
        start = end
    return parts


@mutant("split_by_group", caught_by="test_no_group_in_two_parts", says="in more than one part")
def stratified_but_leaking(rows, group_key, label_key, fractions, seed):
    """Keeps the labels' shares exactly, and tears the groups apart."""
    import random

    if abs(sum(fractions.values()) - 1) > 1e-6:
        raise ValueError("fractions")
    parts = {part: [] for part in fractions}
    for label in sorted({row[label_key] for row in rows}, key=repr):
        chosen = sorted((row for row in rows if row[label_key] == label), key=repr)
        random.Random(seed).shuffle(chosen)
        start, reached = 0, 0.0
        for part, fraction in fractions.items():
            reached += fraction
            end = round(reached * len(chosen))
            parts[part] += chosen[start:end]
            start = end
    return parts


@mutant("split_by_group", caught_by="test_nothing_is_lost", says="lost")
def the_last_groups_fall_off(rows, group_key, label_key, fractions, seed):
    """Rounds each part's number of groups down."""
    import random

    if abs(sum(fractions.values()) - 1) > 1e-6:
        raise ValueError("fractions")
    groups = sorted({row[group_key] for row in rows})
    random.Random(seed).shuffle(groups)
    parts, start = {}, 0
    for part, fraction in fractions.items():
        size = int(fraction * len(groups))
        chosen = set(groups[start : start + size])
        parts[part] = [row for row in rows if row[group_key] in chosen]
        start += size
    return parts


@mutant("split_by_group", caught_by="test_sizes_near_the_fractions", says="counts rows, not groups")
def slices_the_groups(rows, group_key, label_key, fractions, seed):
    """Gives each part its share of the groups, large or small."""
    import random

    if abs(sum(fractions.values()) - 1) > 1e-6:
        raise ValueError("fractions")
    groups = sorted({row[group_key] for row in rows})
    random.Random(seed).shuffle(groups)
    part_of, start, reached = {}, 0, 0.0
    for part, fraction in fractions.items():
        reached += fraction
        end = round(reached * len(groups))
        part_of.update(dict.fromkeys(groups[start:end], part))
        start = end
    return {part: [row for row in rows if part_of[row[group_key]] == part] for part in fractions}


@mutant("split_by_group", caught_by="test_labels_near_their_shares", says="share of the label")
def labels_ignored(rows, group_key, label_key, fractions, seed):
    """Fills each part with groups by their size, whatever their labels."""
    import random
    from collections import Counter

    if abs(sum(fractions.values()) - 1) > 1e-6:
        raise ValueError("fractions")
    sizes = Counter(row[group_key] for row in rows)
    groups = sorted(sizes)
    random.Random(seed).shuffle(groups)
    room, part_of = {part: fraction * len(rows) for part, fraction in fractions.items()}, {}
    for group in groups:
        part_of[group] = max(room, key=room.get)
        room[part_of[group]] -= sizes[group]
    return {part: [row for row in rows if part_of[row[group_key]] == part] for part in fractions}


@mutant("split_by_group", caught_by="test_the_order_of_the_input_does_not_matter", says="in another order")
def order_of_a_set(rows, group_key, label_key, fractions, seed):
    """Shuffles the groups as they come out of a set."""
    import random
    from collections import Counter

    if abs(sum(fractions.values()) - 1) > 1e-6:
        raise ValueError("fractions")
    groups = list({row[group_key] for row in rows})
    random.Random(seed).shuffle(groups)
    counts = {group: Counter() for group in groups}
    for row in rows:
        counts[row[group_key]][row[label_key]] += 1
    groups.sort(key=lambda group: -counts[group].total())
    wanted = Counter(row[label_key] for row in rows)
    room = {part: {label: fraction * n for label, n in wanted.items()} for part, fraction in fractions.items()}
    part_of = {}
    for group in groups:
        part = min(fractions, key=lambda p: sum((room[p][label] - n) ** 2 - room[p][label] ** 2 for label, n in counts[group].items()))
        part_of[group] = part
        for label, n in counts[group].items():
            room[part][label] -= n
    return {part: [row for row in rows if part_of[row[group_key]] == part] for part in fractions}


@mutant("split_by_group", caught_by="test_the_order_of_the_input_does_not_matter", says="in another order")
def order_of_the_input(rows, group_key, label_key, fractions, seed):
    """Shuffles the groups in the order in which the rows bring them."""
    import random
    from collections import Counter

    if abs(sum(fractions.values()) - 1) > 1e-6:
        raise ValueError("fractions")
    counts = {}
    for row in rows:
        counts.setdefault(row[group_key], Counter())[row[label_key]] += 1
    groups = list(counts)
    random.Random(seed).shuffle(groups)
    groups.sort(key=lambda group: -counts[group].total())
    wanted = Counter(row[label_key] for row in rows)
    room = {part: {label: fraction * n for label, n in wanted.items()} for part, fraction in fractions.items()}
    part_of = {}
    for group in groups:
        part = min(fractions, key=lambda p: sum((room[p][label] - n) ** 2 - room[p][label] ** 2 for label, n in counts[group].items()))
        part_of[group] = part
        for label, n in counts[group].items():
            room[part][label] -= n
    return {part: [row for row in rows if part_of[row[group_key]] == part] for part in fractions}


@mutant("split_by_group", caught_by="test_global_random_state", says="global random state")
def global_seed(rows, group_key, label_key, fractions, seed):
    """Seeds the module `random` for everybody."""
    import random
    from collections import Counter

    if abs(sum(fractions.values()) - 1) > 1e-6:
        raise ValueError("fractions")
    counts = {}
    for row in rows:
        counts.setdefault(row[group_key], Counter())[row[label_key]] += 1
    groups = sorted(counts)
    random.seed(seed)
    random.shuffle(groups)
    groups.sort(key=lambda group: -counts[group].total())
    wanted = Counter(row[label_key] for row in rows)
    room = {part: {label: fraction * n for label, n in wanted.items()} for part, fraction in fractions.items()}
    part_of = {}
    for group in groups:
        part = min(fractions, key=lambda p: sum((room[p][label] - n) ** 2 - room[p][label] ** 2 for label, n in counts[group].items()))
        part_of[group] = part
        for label, n in counts[group].items():
            room[part][label] -= n
    return {part: [row for row in rows if part_of[row[group_key]] == part] for part in fractions}


@mutant("split_by_group", caught_by="test_the_seed_decides", says="Is `seed` used")
def seed_unused(rows, group_key, label_key, fractions, seed):
    """Deals the groups in the order of their names, the same each time."""
    from collections import Counter

    if abs(sum(fractions.values()) - 1) > 1e-6:
        raise ValueError("fractions")
    counts = {}
    for row in rows:
        counts.setdefault(row[group_key], Counter())[row[label_key]] += 1
    wanted = Counter(row[label_key] for row in rows)
    room = {part: {label: fraction * n for label, n in wanted.items()} for part, fraction in fractions.items()}
    part_of = {}
    for group in sorted(counts, key=lambda group: (-counts[group].total(), group)):
        part = min(fractions, key=lambda p: sum((room[p][label] - n) ** 2 - room[p][label] ** 2 for label, n in counts[group].items()))
        part_of[group] = part
        for label, n in counts[group].items():
            room[part][label] -= n
    return {part: [row for row in rows if part_of[row[group_key]] == part] for part in fractions}


@mutant("split_by_group", caught_by="test_fractions_add_up_to_one", says="add up to 1")
def fractions_unchecked(rows, group_key, label_key, fractions, seed):
    """Deals whatever the fractions say."""
    import random
    from collections import Counter

    counts = {}
    for row in rows:
        counts.setdefault(row[group_key], Counter())[row[label_key]] += 1
    groups = sorted(counts)
    random.Random(seed).shuffle(groups)
    groups.sort(key=lambda group: -counts[group].total())
    wanted = Counter(row[label_key] for row in rows)
    room = {part: {label: fraction * n for label, n in wanted.items()} for part, fraction in fractions.items()}
    part_of = {}
    for group in groups:
        part = min(fractions, key=lambda p: sum((room[p][label] - n) ** 2 - room[p][label] ** 2 for label, n in counts[group].items()))
        part_of[group] = part
        for label, n in counts[group].items():
            room[part][label] -= n
    return {part: [row for row in rows if part_of[row[group_key]] == part] for part in fractions}


# ---------------------------------------------------------------- split_by_date


@mutant("split_by_date", caught_by="test_the_day_of_the_cutoff", says="on both sides")
def cutoff_on_both_sides(rows, date_key, cutoff):
    """`<=` on one side and `>=` on the other."""
    dated = [(datetime.date.fromisoformat(row[date_key]), row) for row in rows]
    return [row for day, row in dated if day <= cutoff], [row for day, row in dated if day >= cutoff]


@mutant("split_by_date", caught_by="test_the_day_of_the_cutoff", says="in neither list")
def cutoff_on_neither_side(rows, date_key, cutoff):
    """`<` on one side and `>` on the other."""
    dated = [(datetime.date.fromisoformat(row[date_key]), row) for row in rows]
    return [row for day, row in dated if day < cutoff], [row for day, row in dated if day > cutoff]


@mutant("split_by_date", caught_by="test_the_day_of_the_cutoff", says="trains on the day of the cutoff")
def cutoff_trains(rows, date_key, cutoff):
    """`<=` trains."""
    dated = [(datetime.date.fromisoformat(row[date_key]), row) for row in rows]
    return [row for day, row in dated if day <= cutoff], [row for day, row in dated if day > cutoff]


@mutant("split_by_date", caught_by="test_the_past_trains", says="the wrong way round")
def future_in_train(rows, date_key, cutoff):
    """Gives the later rows first."""
    dated = [(datetime.date.fromisoformat(row[date_key]), row) for row in rows]
    return [row for day, row in dated if day >= cutoff], [row for day, row in dated if day < cutoff]


@mutant("split_by_date", caught_by="test_unsorted_rows", says="Rows come in any order")
def assumed_sorted(rows, date_key, cutoff):
    """Cuts the list at the first late row."""
    for i, row in enumerate(rows):
        if datetime.date.fromisoformat(row[date_key]) >= cutoff:
            return rows[:i], rows[i:]
    return list(rows), []


@mutant("split_by_date", caught_by="test_order_is_kept", says="order")
def sorts_by_date(rows, date_key, cutoff):
    """Sorts, then cuts."""
    rows = sorted(rows, key=lambda row: row[date_key])
    dated = [(datetime.date.fromisoformat(row[date_key]), row) for row in rows]
    return [row for day, row in dated if day < cutoff], [row for day, row in dated if day >= cutoff]


@mutant("split_by_date", caught_by="test_across_years", says="another year")
def months_and_days_only(rows, date_key, cutoff):
    """Compares months and days, which is right as long as all is of one year."""
    dated = [(datetime.date.fromisoformat(row[date_key]), row) for row in rows]
    early = [(day.month, day.day) < (cutoff.month, cutoff.day) for day, _ in dated]
    return [row for yes, (_, row) in zip(early, dated) if yes], [row for yes, (_, row) in zip(early, dated) if not yes]


@mutant("split_by_date", caught_by="test_dates_that_are_none", says="raised nothing")
def compares_text_unchecked(rows, date_key, cutoff):
    """Compares the texts of the dates, whatever stands there."""
    limit = cutoff.isoformat()
    return [row for row in rows if row[date_key] < limit], [row for row in rows if row[date_key] >= limit]


@mutant("split_by_date", caught_by="test_dates_that_are_none", says="raised nothing")
def bad_dates_left_out(rows, date_key, cutoff):
    """Passes over what can't be read, without a word."""
    before, after = [], []
    for row in rows:
        try:
            day = datetime.date.fromisoformat(row[date_key])
        except ValueError:
            continue
        (before if day < cutoff else after).append(row)
    return before, after


# ---------------------------------------------------------------- tokenize_dataset


@mutant("tokenize_dataset", caught_by="test_nothing_is_padded", says="padded")
def pads_to_the_maximum(dataset, tokenizer, max_length):
    """Makes all rows equally long, as an example on the net did."""
    return dataset.map(
        lambda batch: tokenizer(batch["text"], truncation=True, padding="max_length", max_length=max_length),
        batched=True,
        remove_columns=[name for name in dataset.column_names if name != "label"],
    )


@mutant("tokenize_dataset", caught_by="test_nothing_is_padded", says="padded")
def pads_to_the_longest(dataset, tokenizer, max_length):
    """`padding=True` pads to the longest text of each thousand."""
    return dataset.map(
        lambda batch: tokenizer(batch["text"], truncation=True, padding=True, max_length=max_length),
        batched=True,
        remove_columns=[name for name in dataset.column_names if name != "label"],
    )


@mutant("tokenize_dataset", caught_by="test_long_texts_keep_their_end_token", says="last token")
def slices_the_ids(dataset, tokenizer, max_length):
    """Cuts the finished list, and with it the end token."""

    def encode(batch):
        encoded = tokenizer(batch["text"])
        return {name: [row[:max_length] for row in rows] for name, rows in encoded.items()}

    return dataset.map(encode, batched=True, remove_columns=[name for name in dataset.column_names if name != "label"])


@mutant("tokenize_dataset", caught_by="test_ids_of_each_text", says="special tokens")
def without_special_tokens(dataset, tokenizer, max_length):
    """Leaves the special tokens out."""
    return dataset.map(
        lambda batch: tokenizer(batch["text"], truncation=True, max_length=max_length, add_special_tokens=False),
        batched=True,
        remove_columns=[name for name in dataset.column_names if name != "label"],
    )


@mutant("tokenize_dataset", caught_by="test_long_texts_keep_their_end_token", says="longer than `max_length`")
def not_truncated(dataset, tokenizer, max_length):
    """Leaves long texts as they are."""
    return dataset.map(
        lambda batch: tokenizer(batch["text"]), batched=True, remove_columns=[name for name in dataset.column_names if name != "label"]
    )


@mutant("tokenize_dataset", caught_by="test_labels_stay", says="no column `label`")
def drops_the_labels(dataset, tokenizer, max_length):
    """Removes all columns that were there."""
    return dataset.map(
        lambda batch: tokenizer(batch["text"], truncation=True, max_length=max_length), batched=True, remove_columns=dataset.column_names
    )


@mutant("tokenize_dataset", caught_by="test_nothing_else_stays", says="`text`")
def keeps_the_text(dataset, tokenizer, max_length):
    """map() adds columns; nobody took the old ones away."""
    return dataset.map(lambda batch: tokenizer(batch["text"], truncation=True, max_length=max_length), batched=True)


@mutant("tokenize_dataset", caught_by="test_many_texts_at_once", says="one text at a time")
def row_by_row(dataset, tokenizer, max_length):
    """map() without `batched`."""
    return dataset.map(
        lambda row: tokenizer(row["text"], truncation=True, max_length=max_length),
        remove_columns=[name for name in dataset.column_names if name != "label"],
    )


@mutant("tokenize_dataset", caught_by="test_rows_keep_their_order", says="another order")
def sorted_by_length(dataset, tokenizer, max_length):
    """Sorts by length, so that less would be padded."""
    done = dataset.map(
        lambda batch: tokenizer(batch["text"], truncation=True, max_length=max_length),
        batched=True,
        remove_columns=[name for name in dataset.column_names if name != "label"],
    )
    lengths = [len(ids) for ids in done["input_ids"]]
    return done.select(sorted(range(len(done)), key=lambda i: lengths[i]))


# ---------------------------------------------------------------- collate


@mutant("collate", caught_by="test_the_mask_tells_padding_apart", says="all ones")
def mask_of_ones(batch, pad_id, multiple_of=None):
    """Every place is something to read."""
    width = max(len(item["input_ids"]) for item in batch)
    width = width if multiple_of is None else -(-width // multiple_of) * multiple_of
    ids = torch.tensor([item["input_ids"] + [pad_id] * (width - len(item["input_ids"])) for item in batch])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": torch.tensor([item["label"] for item in batch])}


@mutant("collate", caught_by="test_the_mask_tells_padding_apart", says="equals `pad_id`")
def mask_by_comparing(batch, pad_id, multiple_of=None):
    """Whatever equals `pad_id` is taken for padding, though it may be a token of the text."""
    width = max(len(item["input_ids"]) for item in batch)
    width = width if multiple_of is None else -(-width // multiple_of) * multiple_of
    ids = torch.tensor([item["input_ids"] + [pad_id] * (width - len(item["input_ids"])) for item in batch])
    return {"input_ids": ids, "attention_mask": (ids != pad_id).long(), "labels": torch.tensor([item["label"] for item in batch])}


@mutant("collate", caught_by="test_padding_is_pad_id", says="Which id means padding differs")
def pads_with_zero(batch, pad_id, multiple_of=None):
    """0 is the padding token of one tokenizer, not of all."""
    width = max(len(item["input_ids"]) for item in batch)
    width = width if multiple_of is None else -(-width // multiple_of) * multiple_of
    ids = torch.zeros(len(batch), width, dtype=torch.int64)
    mask = torch.zeros(len(batch), width, dtype=torch.int64)
    for i, item in enumerate(batch):
        ids[i, : len(item["input_ids"])] = torch.tensor(item["input_ids"])
        mask[i, : len(item["input_ids"])] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([item["label"] for item in batch])}


@mutant("collate", caught_by="test_as_wide_as_the_longest_text", says="longest text of this batch")
def pads_to_512(batch, pad_id, multiple_of=None):
    """Pads to what the model can take."""
    width = 512
    ids = torch.tensor([item["input_ids"] + [pad_id] * (width - len(item["input_ids"])) for item in batch])
    mask = torch.tensor([[1] * len(item["input_ids"]) + [0] * (width - len(item["input_ids"])) for item in batch])
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([item["label"] for item in batch])}


@mutant("collate", caught_by="test_labels_are_whole_numbers", says="float")
def labels_as_float(batch, pad_id, multiple_of=None):
    """Labels as numbers with a point."""
    width = max(len(item["input_ids"]) for item in batch)
    width = width if multiple_of is None else -(-width // multiple_of) * multiple_of
    ids = torch.tensor([item["input_ids"] + [pad_id] * (width - len(item["input_ids"])) for item in batch])
    mask = torch.tensor([[1] * len(item["input_ids"]) + [0] * (width - len(item["input_ids"])) for item in batch])
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([float(item["label"]) for item in batch])}


@mutant("collate", caught_by="test_a_multiple_of_eight", says="isn't a multiple")
def multiple_ignored(batch, pad_id, multiple_of=None):
    """`multiple_of` stands in the signature only."""
    width = max(len(item["input_ids"]) for item in batch)
    ids = torch.tensor([item["input_ids"] + [pad_id] * (width - len(item["input_ids"])) for item in batch])
    mask = torch.tensor([[1] * len(item["input_ids"]) + [0] * (width - len(item["input_ids"])) for item in batch])
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([item["label"] for item in batch])}


@mutant("collate", caught_by="test_a_multiple_of_eight", says="already a multiple")
def always_one_more(batch, pad_id, multiple_of=None):
    """Adds what is missing to the next multiple, a whole one where nothing is missing."""
    width = max(len(item["input_ids"]) for item in batch)
    width = width if multiple_of is None else width + multiple_of - width % multiple_of
    ids = torch.tensor([item["input_ids"] + [pad_id] * (width - len(item["input_ids"])) for item in batch])
    mask = torch.tensor([[1] * len(item["input_ids"]) + [0] * (width - len(item["input_ids"])) for item in batch])
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([item["label"] for item in batch])}


@mutant("collate", caught_by="test_the_mask_tells_padding_apart", says="On which side")
def padded_on_the_left_masked_on_the_right(batch, pad_id, multiple_of=None):
    """Ids on the right, mask on the left."""
    width = max(len(item["input_ids"]) for item in batch)
    width = width if multiple_of is None else -(-width // multiple_of) * multiple_of
    ids = torch.tensor([[pad_id] * (width - len(item["input_ids"])) + item["input_ids"] for item in batch])
    mask = torch.tensor([[1] * len(item["input_ids"]) + [0] * (width - len(item["input_ids"])) for item in batch])
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([item["label"] for item in batch])}


@mutant("collate", caught_by="test_the_batch_stays_as_it_was", says="changed the lists")
def pads_in_place(batch, pad_id, multiple_of=None):
    """`+=` makes the caller's lists longer: the next epoch takes the padding for text."""
    lengths = [len(item["input_ids"]) for item in batch]
    width = max(lengths)
    width = width if multiple_of is None else -(-width // multiple_of) * multiple_of
    for item in batch:
        item["input_ids"] += [pad_id] * (width - len(item["input_ids"]))
    mask = torch.tensor([[1] * n + [0] * (width - n) for n in lengths])
    return {
        "input_ids": torch.tensor([item["input_ids"] for item in batch]),
        "attention_mask": mask,
        "labels": torch.tensor([item["label"] for item in batch]),
    }
