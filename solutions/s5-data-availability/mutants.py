"""Wrong solutions of "Enough data, and the right data", each with its misconception."""

import numpy as np

from autograder.authoring import mutant

# ---------------------------------------------------------------- audit


@mutant("audit", caught_by="test_missing_is_no_label", says="label of its own")
def missing_as_a_label(rows, text_key, label_key):
    """None counts like any label."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip():
            complete.append((text, label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    labels_of = defaultdict(set)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text.split()) for text, _ in complete]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=len(complete) - len(labels_of),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        shares={label: size / len(complete) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_conflicts_count_texts", says="it counts once")
def conflicts_by_rows(rows, text_key, label_key):
    """Counts the rows of texts in conflict."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label is not None:
            complete.append((text, label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    labels_of = defaultdict(set)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text.split()) for text, _ in complete]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=len(complete) - len(labels_of),
        conflicts=sum(len(labels_of[text]) > 1 for text, _ in complete),
        shares={label: size / len(complete) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_conflicts_count_texts", says="it counts once")
def conflicts_by_copies(rows, text_key, label_key):
    """Every copy with another label than the first is a conflict."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label is not None:
            complete.append((text, label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    labels_of, first = defaultdict(set), {}
    for text, label in complete:
        first.setdefault(text, label)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text.split()) for text, _ in complete]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=len(complete) - len(labels_of),
        conflicts=sum(label != first[text] for text, label in complete),
        shares={label: size / len(complete) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_conflicts_count_texts", says="always with the same label")
def copies_as_conflicts(rows, text_key, label_key):
    """Any text that stands there twice is a conflict."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label is not None:
            complete.append((text, label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    labels_of = defaultdict(set)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text.split()) for text, _ in complete]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=len(complete) - len(labels_of),
        conflicts=sum(count > 1 for count in Counter(text for text, _ in complete).values()),
        shares={label: size / len(complete) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_lengths_in_words", says="counted characters")
def quantiles_of_characters(rows, text_key, label_key):
    """Lengths in characters."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label is not None:
            complete.append((text, label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    labels_of = defaultdict(set)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text) for text, _ in complete]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=len(complete) - len(labels_of),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        shares={label: size / len(complete) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_lengths_in_words", says="counted spaces")
def words_between_spaces(rows, text_key, label_key):
    """Splits at single spaces."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label is not None:
            complete.append((text, label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    labels_of = defaultdict(set)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text.split(" ")) for text, _ in complete]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=len(complete) - len(labels_of),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        shares={label: size / len(complete) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_zero_is_a_label", says="ask whether it is None")
def false_labels_are_missing(rows, text_key, label_key):
    """0 and the empty string are false, so they count as missing."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label:
            complete.append((text, label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    labels_of = defaultdict(set)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text.split()) for text, _ in complete]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=len(complete) - len(labels_of),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        shares={label: size / len(complete) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_duplicates_beyond_the_first", says="is no duplicate")
def duplicates_with_the_first(rows, text_key, label_key):
    """Counts all rows of a text that stands there more than once."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label is not None:
            complete.append((text, label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    labels_of = defaultdict(set)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text.split()) for text, _ in complete]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=sum(c for c in Counter(text for text, _ in complete).values() if c > 1),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        shares={label: size / len(complete) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_duplicates_beyond_the_first", says="copies agree in the label")
def duplicates_of_whole_rows(rows, text_key, label_key):
    """A copy with another label is no copy."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label is not None:
            complete.append((text, label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    labels_of = defaultdict(set)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text.split()) for text, _ in complete]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=len(complete) - len(set(complete)),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        shares={label: size / len(complete) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_duplicates_beyond_the_first", says="compare as they stand")
def case_folded(rows, text_key, label_key):
    """Compares texts in lower case."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label is not None:
            complete.append((text.lower(), label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    labels_of = defaultdict(set)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text.split()) for text, _ in complete]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=len(complete) - len(labels_of),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        shares={label: size / len(complete) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_shares_and_imbalance", says="the other way round")
def imbalance_upside_down(rows, text_key, label_key):
    """The smallest class divided by the largest."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label is not None:
            complete.append((text, label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    labels_of = defaultdict(set)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text.split()) for text, _ in complete]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=len(complete) - len(labels_of),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        shares={label: size / len(complete) for label, size in sizes.items()},
        imbalance=min(sizes.values()) / max(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_missing_is_no_label", says="of the complete rows")
def shares_of_all_rows(rows, text_key, label_key):
    """Divides by all rows, incomplete ones too."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label is not None:
            complete.append((text, label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    labels_of = defaultdict(set)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text.split()) for text, _ in complete]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=len(complete) - len(labels_of),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        shares={label: size / len(rows) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_lengths_in_words", says="Copies count: each complete row")
def quantiles_of_different_texts(rows, text_key, label_key):
    """Lengths of different texts only."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label is not None:
            complete.append((text, label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    labels_of = defaultdict(set)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text.split()) for text in labels_of]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=len(complete) - len(labels_of),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        shares={label: size / len(complete) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_duplicates_beyond_the_first", says="an audit counts, and doesn't clean")
def shares_without_copies(rows, text_key, label_key):
    """Shares of the different pairs of text and label."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label is not None:
            complete.append((text, label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    labels_of = defaultdict(set)
    for text, label in complete:
        labels_of[text].add(label)
    different = set(complete)
    sizes = Counter(label for _, label in different)
    lengths = [len(text.split()) for text, _ in complete]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=len(complete) - len(labels_of),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        shares={label: size / len(different) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_missing_is_no_label", says="belong to the caller")
def takes_rows_out(rows, text_key, label_key):
    """Removes the incomplete rows from the list that it was given."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label is not None:
            complete.append((text, label))
    if not complete:
        raise ValueError(f"none of the {len(rows)} rows has both a text and a label")
    total = len(rows)
    rows[:] = [row for row in rows if row.get(text_key) is not None and row[text_key].strip() and row.get(label_key) is not None]
    labels_of = defaultdict(set)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text.split()) for text, _ in complete]
    return Audit(
        missing=total - len(complete),
        duplicates=len(complete) - len(labels_of),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        shares={label: size / len(complete) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


@mutant("audit", caught_by="test_nothing_complete", says="in your own words")
def division_by_nothing(rows, text_key, label_key):
    """No look at whether anything is complete."""
    from collections import Counter, defaultdict

    complete = []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is not None and text.strip() and label is not None:
            complete.append((text, label))
    labels_of = defaultdict(set)
    part = 1 / len(complete)
    for text, label in complete:
        labels_of[text].add(label)
    sizes = Counter(label for _, label in complete)
    lengths = [len(text.split()) for text, _ in complete]
    return Audit(
        missing=len(rows) - len(complete),
        duplicates=len(complete) - len(labels_of),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        shares={label: size / len(complete) for label, size in sizes.items()},
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


# ---------------------------------------------------------------- near_duplicates


@mutant("near_duplicates", caught_by="test_pieces_of_characters", says="whatever the words")
def sets_of_words(texts, n, threshold):
    """The Jaccard similarity of sets of words."""
    pieces = lambda t: set(t.split())
    sets = [pieces(" ".join(text.casefold().split())) for text in texts]
    pairs = []
    for j in range(min(len(sets), 300)):
        for i in range(j):
            if sets[i] and sets[j] and len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= threshold:
                pairs.append((i, j))
    return sorted(pairs)


@mutant("near_duplicates", caught_by="test_shared_among_all", says="not by that of the smaller")
def overlap_over_the_smaller(texts, n, threshold):
    """Divides by the smaller set."""
    pieces = lambda t: {t[i : i + n] for i in range(max(1, len(t) - n + 1))} if t else set()
    sets = [pieces(" ".join(text.casefold().split())) for text in texts]
    pairs = []
    for j in range(min(len(sets), 300)):
        for i in range(j):
            if sets[i] and sets[j] and len(sets[i] & sets[j]) / min(len(sets[i]), len(sets[j])) >= threshold:
                pairs.append((i, j))
    return sorted(pairs)


@mutant("near_duplicates", caught_by="test_at_the_threshold", says="at least, not more than")
def above_the_threshold(texts, n, threshold):
    """Leaves out what is exactly at the threshold."""
    import math
    from collections import Counter, defaultdict

    def shingles(text):
        folded = " ".join(text.casefold().split())
        if not folded:
            return set()
        return {folded[i : i + n] for i in range(max(1, len(folded) - n + 1))}

    sets = [shingles(text) for text in texts]
    frequency = Counter(piece for pieces in sets for piece in pieces)
    # Two sets that share enough must share one of their rarest pieces: all but the last ceil(threshold * size) - 1.
    having = defaultdict(list)
    pairs = []
    for j, pieces in enumerate(sets):
        rare_first = sorted(pieces, key=lambda piece: (frequency[piece], piece))
        telling = rare_first[: len(pieces) - math.ceil(threshold * len(pieces) - 1e-9) + 1]
        candidates = {i for piece in telling for i in having[piece]}
        for i in candidates:
            shared = len(pieces & sets[i])
            if shared / (len(pieces) + len(sets[i]) - shared) > threshold:
                pairs.append((i, j))
        for piece in telling:
            having[piece].append(j)
    return sorted(pairs)


@mutant("near_duplicates", caught_by="test_pairs_in_order", says="isn't its own duplicate")
def self_pairs(texts, n, threshold):
    """Compares each text with itself, too."""
    pieces = lambda t: {t[i : i + n] for i in range(max(1, len(t) - n + 1))} if t else set()
    sets = [pieces(" ".join(text.casefold().split())) for text in texts]
    pairs = []
    for j in range(min(len(sets), 300)):
        for i in range(j + 1):
            if sets[i] and sets[j] and len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= threshold:
                pairs.append((i, j))
    return sorted(pairs)


@mutant("near_duplicates", caught_by="test_at_the_threshold", says="ends one too early")
def last_shingle_left_out(texts, n, threshold):
    """The loop ends one start too early."""
    import math
    from collections import Counter, defaultdict

    def shingles(text):
        folded = " ".join(text.casefold().split())
        if not folded:
            return set()
        return {folded[i : i + n] for i in range(max(1, len(folded) - n))}

    sets = [shingles(text) for text in texts]
    frequency = Counter(piece for pieces in sets for piece in pieces)
    # Two sets that share enough must share one of their rarest pieces: all but the last ceil(threshold * size) - 1.
    having = defaultdict(list)
    pairs = []
    for j, pieces in enumerate(sets):
        rare_first = sorted(pieces, key=lambda piece: (frequency[piece], piece))
        telling = rare_first[: len(pieces) - math.ceil(threshold * len(pieces) - 1e-9) + 1]
        candidates = {i for piece in telling for i in having[piece]}
        for i in candidates:
            shared = len(pieces & sets[i])
            if shared / (len(pieces) + len(sets[i]) - shared) >= threshold:
                pairs.append((i, j))
        for piece in telling:
            having[piece].append(j)
    return sorted(pairs)


@mutant("near_duplicates", caught_by="test_at_the_threshold", says="Are both texts folded")
def folded_by_nobody(texts, n, threshold):
    """Texts as they stand."""
    import math
    from collections import Counter, defaultdict

    def shingles(text):
        folded = text
        if not folded:
            return set()
        return {folded[i : i + n] for i in range(max(1, len(folded) - n + 1))}

    sets = [shingles(text) for text in texts]
    frequency = Counter(piece for pieces in sets for piece in pieces)
    # Two sets that share enough must share one of their rarest pieces: all but the last ceil(threshold * size) - 1.
    having = defaultdict(list)
    pairs = []
    for j, pieces in enumerate(sets):
        rare_first = sorted(pieces, key=lambda piece: (frequency[piece], piece))
        telling = rare_first[: len(pieces) - math.ceil(threshold * len(pieces) - 1e-9) + 1]
        candidates = {i for piece in telling for i in having[piece]}
        for i in candidates:
            shared = len(pieces & sets[i])
            if shared / (len(pieces) + len(sets[i]) - shared) >= threshold:
                pairs.append((i, j))
        for piece in telling:
            having[piece].append(j)
    return sorted(pairs)


@mutant("near_duplicates", caught_by="test_pieces_of_characters", says="dividing by the smaller set")
def smaller_set_as_the_whole(texts, n, threshold):
    """Takes the smaller set for all pieces."""
    pieces = lambda t: {t[i : i + n] for i in range(max(1, len(t) - n + 1))} if t else set()
    sets = [pieces(" ".join(text.casefold().split())) for text in texts]
    pairs = []
    for j in range(min(len(sets), 300)):
        for i in range(j):
            if sets[i] and sets[j] and len(sets[i] & sets[j]) / min(len(sets[i]), len(sets[j])) >= threshold:
                pairs.append((i, j))
    return sorted(pairs)


@mutant("near_duplicates", caught_by="test_case_and_space_are_folded", says="Fold both before")
def case_kept(texts, n, threshold):
    """Folds white space only."""
    import math
    from collections import Counter, defaultdict

    def shingles(text):
        folded = " ".join(text.split())
        if not folded:
            return set()
        return {folded[i : i + n] for i in range(max(1, len(folded) - n + 1))}

    sets = [shingles(text) for text in texts]
    frequency = Counter(piece for pieces in sets for piece in pieces)
    # Two sets that share enough must share one of their rarest pieces: all but the last ceil(threshold * size) - 1.
    having = defaultdict(list)
    pairs = []
    for j, pieces in enumerate(sets):
        rare_first = sorted(pieces, key=lambda piece: (frequency[piece], piece))
        telling = rare_first[: len(pieces) - math.ceil(threshold * len(pieces) - 1e-9) + 1]
        candidates = {i for piece in telling for i in having[piece]}
        for i in candidates:
            shared = len(pieces & sets[i])
            if shared / (len(pieces) + len(sets[i]) - shared) >= threshold:
                pairs.append((i, j))
        for piece in telling:
            having[piece].append(j)
    return sorted(pairs)


@mutant("near_duplicates", caught_by="test_case_and_space_are_folded", says="made for comparing")
def lower_for_casefold(texts, n, threshold):
    """Lower case for casefold."""
    import math
    from collections import Counter, defaultdict

    def shingles(text):
        folded = " ".join(text.lower().split())
        if not folded:
            return set()
        return {folded[i : i + n] for i in range(max(1, len(folded) - n + 1))}

    sets = [shingles(text) for text in texts]
    frequency = Counter(piece for pieces in sets for piece in pieces)
    # Two sets that share enough must share one of their rarest pieces: all but the last ceil(threshold * size) - 1.
    having = defaultdict(list)
    pairs = []
    for j, pieces in enumerate(sets):
        rare_first = sorted(pieces, key=lambda piece: (frequency[piece], piece))
        telling = rare_first[: len(pieces) - math.ceil(threshold * len(pieces) - 1e-9) + 1]
        candidates = {i for piece in telling for i in having[piece]}
        for i in candidates:
            shared = len(pieces & sets[i])
            if shared / (len(pieces) + len(sets[i]) - shared) >= threshold:
                pairs.append((i, j))
        for piece in telling:
            having[piece].append(j)
    return sorted(pairs)


@mutant("near_duplicates", caught_by="test_case_and_space_are_folded", says="become one space, not nothing")
def spaces_taken_out(texts, n, threshold):
    """White space becomes nothing."""
    import math
    from collections import Counter, defaultdict

    def shingles(text):
        folded = "".join(text.casefold().split())
        if not folded:
            return set()
        return {folded[i : i + n] for i in range(max(1, len(folded) - n + 1))}

    sets = [shingles(text) for text in texts]
    frequency = Counter(piece for pieces in sets for piece in pieces)
    # Two sets that share enough must share one of their rarest pieces: all but the last ceil(threshold * size) - 1.
    having = defaultdict(list)
    pairs = []
    for j, pieces in enumerate(sets):
        rare_first = sorted(pieces, key=lambda piece: (frequency[piece], piece))
        telling = rare_first[: len(pieces) - math.ceil(threshold * len(pieces) - 1e-9) + 1]
        candidates = {i for piece in telling for i in having[piece]}
        for i in candidates:
            shared = len(pieces & sets[i])
            if shared / (len(pieces) + len(sets[i]) - shared) >= threshold:
                pairs.append((i, j))
        for piece in telling:
            having[piece].append(j)
    return sorted(pairs)


@mutant("near_duplicates", caught_by="test_short_and_blank_texts", says="has one shingle: itself")
def short_texts_have_none(texts, n, threshold):
    """A text of fewer than n characters has no shingle."""
    import math
    from collections import Counter, defaultdict

    def shingles(text):
        folded = " ".join(text.casefold().split())
        if not folded:
            return set()
        return {folded[i : i + n] for i in range(len(folded) - n + 1)}

    sets = [shingles(text) for text in texts]
    frequency = Counter(piece for pieces in sets for piece in pieces)
    # Two sets that share enough must share one of their rarest pieces: all but the last ceil(threshold * size) - 1.
    having = defaultdict(list)
    pairs = []
    for j, pieces in enumerate(sets):
        rare_first = sorted(pieces, key=lambda piece: (frequency[piece], piece))
        telling = rare_first[: len(pieces) - math.ceil(threshold * len(pieces) - 1e-9) + 1]
        candidates = {i for piece in telling for i in having[piece]}
        for i in candidates:
            shared = len(pieces & sets[i])
            if shared / (len(pieces) + len(sets[i]) - shared) >= threshold:
                pairs.append((i, j))
        for piece in telling:
            having[piece].append(j)
    return sorted(pairs)


@mutant("near_duplicates", caught_by="test_short_and_blank_texts", says="A blank text has no shingles")
def blank_texts_are_alike(texts, n, threshold):
    """Blank texts have an empty shingle in common."""
    import math
    from collections import Counter, defaultdict

    def shingles(text):
        folded = " ".join(text.casefold().split())
        return {folded[i : i + n] for i in range(max(1, len(folded) - n + 1))}

    sets = [shingles(text) for text in texts]
    frequency = Counter(piece for pieces in sets for piece in pieces)
    # Two sets that share enough must share one of their rarest pieces: all but the last ceil(threshold * size) - 1.
    having = defaultdict(list)
    pairs = []
    for j, pieces in enumerate(sets):
        rare_first = sorted(pieces, key=lambda piece: (frequency[piece], piece))
        telling = rare_first[: len(pieces) - math.ceil(threshold * len(pieces) - 1e-9) + 1]
        candidates = {i for piece in telling for i in having[piece]}
        for i in candidates:
            shared = len(pieces & sets[i])
            if shared / (len(pieces) + len(sets[i]) - shared) >= threshold:
                pairs.append((i, j))
        for piece in telling:
            having[piece].append(j)
    return sorted(pairs)


@mutant("near_duplicates", caught_by="test_pieces_of_characters", says="Pieces side by side give that")
def pieces_side_by_side(texts, n, threshold):
    """Cuts a text into pieces without an overlap."""
    import math
    from collections import Counter, defaultdict

    def shingles(text):
        folded = " ".join(text.casefold().split())
        if not folded:
            return set()
        return {folded[i : i + n] for i in range(0, max(1, len(folded) - n + 1), n)}

    sets = [shingles(text) for text in texts]
    frequency = Counter(piece for pieces in sets for piece in pieces)
    # Two sets that share enough must share one of their rarest pieces: all but the last ceil(threshold * size) - 1.
    having = defaultdict(list)
    pairs = []
    for j, pieces in enumerate(sets):
        rare_first = sorted(pieces, key=lambda piece: (frequency[piece], piece))
        telling = rare_first[: len(pieces) - math.ceil(threshold * len(pieces) - 1e-9) + 1]
        candidates = {i for piece in telling for i in having[piece]}
        for i in candidates:
            shared = len(pieces & sets[i])
            if shared / (len(pieces) + len(sets[i]) - shared) >= threshold:
                pairs.append((i, j))
        for piece in telling:
            having[piece].append(j)
    return sorted(pairs)


@mutant("near_duplicates", caught_by="test_shared_among_all", says="counts once")
def bags_of_pieces(texts, n, threshold):
    """Counts a piece as often as it stands there."""
    from collections import Counter

    def bag(text):
        t = " ".join(text.casefold().split())
        return Counter(t[i : i + n] for i in range(max(1, len(t) - n + 1))) if t else Counter()

    bags = [bag(text) for text in texts[:300]]
    union = lambda a, b: sum((a | b).values())
    return [
        (i, j)
        for i in range(len(bags))
        for j in range(i + 1, len(bags))
        if bags[i] and bags[j] and sum((bags[i] & bags[j]).values()) / union(bags[i], bags[j]) >= threshold
    ]


@mutant("near_duplicates", caught_by="test_no_pair_is_lost", says="lose pairs")
def neighbours_after_sorting(texts, n, threshold):
    """Compares each text with those that come next in the alphabet only."""

    def shingles(text):
        folded = " ".join(text.casefold().split())
        return {folded[i : i + n] for i in range(max(1, len(folded) - n + 1))} if folded else set()

    sets = [shingles(text) for text in texts]
    order = sorted(range(len(texts)), key=lambda i: " ".join(texts[i].casefold().split()))
    pairs = set()
    for place, i in enumerate(order):
        for j in order[place + 1 : place + 20]:
            if sets[i] and sets[j] and len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= threshold:
                pairs.add((min(i, j), max(i, j)))
    return sorted(pairs)


@mutant("near_duplicates", caught_by="test_at_the_threshold", says="short cut for speed")
def most_of_the_rarest_pieces(texts, n, threshold):
    """A prefix that is one piece too short loses pairs at the threshold."""
    import math
    from collections import Counter, defaultdict

    def shingles(text):
        folded = " ".join(text.casefold().split())
        if not folded:
            return set()
        return {folded[i : i + n] for i in range(max(1, len(folded) - n + 1))}

    sets = [shingles(text) for text in texts]
    frequency = Counter(piece for pieces in sets for piece in pieces)
    # Two sets that share enough must share one of their rarest pieces: all but the last ceil(threshold * size) - 1.
    having = defaultdict(list)
    pairs = []
    for j, pieces in enumerate(sets):
        rare_first = sorted(pieces, key=lambda piece: (frequency[piece], piece))
        telling = rare_first[: len(pieces) - math.ceil(threshold * len(pieces) - 1e-9)]
        candidates = {i for piece in telling for i in having[piece]}
        for i in candidates:
            shared = len(pieces & sets[i])
            if shared / (len(pieces) + len(sets[i]) - shared) >= threshold:
                pairs.append((i, j))
        for piece in telling:
            having[piece].append(j)
    return sorted(pairs)


# ---------------------------------------------------------------- leaks


@mutant("leaks", caught_by="test_paraphrases", says="needn't be equal")
def exact_only(train, test, encode, threshold):
    """Looks for equal texts."""
    if not train or not test:
        return []
    encode(list(test))
    fold = lambda text: " ".join(text.casefold().split())
    place = {fold(text): j for j, text in enumerate(train)}
    return [(i, place[fold(text)], 1.0) for i, text in enumerate(test) if fold(text) in place]


@mutant("leaks", caught_by="test_only_across", says="compare test with train only")
def within_test_too(train, test, encode, threshold):
    """Compares test texts with one another, too."""
    if not train or not test:
        return []
    fold = lambda text: " ".join(text.casefold().split())
    vectors = np.asarray(encode([fold(text) for text in [*train, *test]]), dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors / np.where(lengths == 0, 1.0, lengths)
    cosine = np.round(vectors[len(train) :] @ vectors.T, 6)
    cosine[np.arange(len(test)), len(train) + np.arange(len(test))] = 0
    nearest = cosine.argmax(axis=1)
    return [(i, int(nearest[i]) % len(train), float(row.max())) for i, row in enumerate(cosine) if row.max() >= threshold]


@mutant("leaks", caught_by="test_paraphrases", says="lengths of *both* vectors")
def dot_product(train, test, encode, threshold):
    """No division by the lengths."""
    if not train or not test:
        return []

    def directions(texts):
        vectors = np.asarray(encode([" ".join(text.casefold().split()) for text in texts]), dtype=np.float64)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / 1.0

    cosine = np.round(directions(test) @ directions(train).T, 6)
    nearest = cosine.argmax(axis=1)
    best = cosine.max(axis=1)
    return [(i, int(nearest[i]), float(best[i])) for i in range(len(test)) if best[i] >= threshold]


@mutant("leaks", caught_by="test_the_cosine_of_vectors_of_any_length", says="lengths of *both* vectors")
def length_of_one_side_only(train, test, encode, threshold):
    """Divides by the lengths of the test vectors squared."""
    if not train or not test:
        return []
    fold = lambda text: " ".join(text.casefold().split())
    a, b = (np.asarray(encode([fold(text) for text in texts]), dtype=np.float64) for texts in (test, train))
    squares = (a**2).sum(axis=1, keepdims=True)
    cosine = np.round(a @ b.T / np.where(squares == 0, 1.0, squares), 6)
    return [(i, int(row.argmax()), float(row.max())) for i, row in enumerate(cosine) if row.max() >= threshold]


@mutant("leaks", caught_by="test_case_and_space", says="Fold the texts of both sides")
def case_kept_for_the_encoder(train, test, encode, threshold):
    """Encodes texts as they stand."""
    if not train or not test:
        return []

    def directions(texts):
        vectors = np.asarray(encode([text for text in texts]), dtype=np.float64)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(lengths == 0, 1.0, lengths)

    cosine = np.round(directions(test) @ directions(train).T, 6)
    nearest = cosine.argmax(axis=1)
    best = cosine.max(axis=1)
    return [(i, int(nearest[i]), float(best[i])) for i in range(len(test)) if best[i] >= threshold]


@mutant("leaks", caught_by="test_only_across", says="more than once")
def every_pair(train, test, encode, threshold):
    """Every pair that is near enough."""
    if not train or not test:
        return []

    def directions(texts):
        vectors = np.asarray(encode([" ".join(text.casefold().split()) for text in texts]), dtype=np.float64)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(lengths == 0, 1.0, lengths)

    cosine = np.round(directions(test) @ directions(train).T, 6)
    nearest = cosine.argmax(axis=1)
    best = cosine.max(axis=1)
    return [(i, j, float(cosine[i, j])) for i in range(len(test)) for j in range(len(train)) if cosine[i, j] >= threshold]


@mutant("leaks", caught_by="test_exact_copies", says="with the place in `train` first")
def places_exchanged(train, test, encode, threshold):
    """The place in train first."""
    if not train or not test:
        return []

    def directions(texts):
        vectors = np.asarray(encode([" ".join(text.casefold().split()) for text in texts]), dtype=np.float64)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(lengths == 0, 1.0, lengths)

    cosine = np.round(directions(test) @ directions(train).T, 6)
    nearest = cosine.argmax(axis=1)
    best = cosine.max(axis=1)
    return [(int(nearest[i]), i, float(best[i])) for i in range(len(test)) if best[i] >= threshold]


@mutant("leaks", caught_by="test_few_calls_of_the_encoder", says="It is costly")
def one_call_for_each_text(train, test, encode, threshold):
    """Encodes text by text."""
    if not train or not test:
        return []

    def directions(texts):
        vectors = np.array([encode([" ".join(text.casefold().split())])[0] for text in texts], dtype=np.float64)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(lengths == 0, 1.0, lengths)

    cosine = np.round(directions(test) @ directions(train).T, 6)
    nearest = cosine.argmax(axis=1)
    best = cosine.max(axis=1)
    return [(i, int(nearest[i]), float(best[i])) for i in range(len(test)) if best[i] >= threshold]


@mutant("leaks", caught_by="test_few_calls_of_the_encoder", says="needs at least one text")
def no_look_for_empty_sides(train, test, encode, threshold):
    """Encodes whatever comes."""
    fold = lambda text: " ".join(text.casefold().split())
    a, b = (np.asarray(encode([fold(text) for text in texts]), dtype=np.float64) for texts in (test, train))
    if not len(a) or not len(b):
        return []
    a, b = (v / np.where((s := np.linalg.norm(v, axis=1, keepdims=True)) == 0, 1.0, s) for v in (a, b))
    cosine = np.round(a @ b.T, 6)
    return [(i, int(row.argmax()), float(row.max())) for i, row in enumerate(cosine) if row.max() >= threshold]


@mutant("leaks", caught_by="test_few_calls_of_the_encoder", says="look for an empty side first")
def an_axis_of_nothing(train, test, encode, threshold):
    """No care for empty sides: the vectors of nothing have no second axis."""
    fold = lambda text: " ".join(text.casefold().split())
    a, b = (np.asarray(encode([fold(text) for text in texts]), dtype=np.float64) for texts in (test, train))
    a, b = (v / np.where((s := np.linalg.norm(v, axis=1, keepdims=True)) == 0, 1.0, s) for v in (a, b))
    cosine = np.round(a @ b.T, 6)
    return [(i, int(row.argmax()), float(row.max())) for i, row in enumerate(cosine) if row.max() >= threshold]


@mutant("leaks", caught_by="test_case_and_space", says="lists of their own")
def folds_into_the_list(train, test, encode, threshold):
    """Writes the folded texts over those of `test`."""
    if not train or not test:
        return []
    fold = lambda text: " ".join(text.casefold().split())
    for i, text in enumerate(test):
        test[i] = fold(text)
    a, b = (np.asarray(encode(texts), dtype=np.float64) for texts in (test, [fold(text) for text in train]))
    a, b = (v / np.where((s := np.linalg.norm(v, axis=1, keepdims=True)) == 0, 1.0, s) for v in (a, b))
    cosine = np.round(a @ b.T, 6)
    return [(i, int(row.argmax()), float(row.max())) for i, row in enumerate(cosine) if row.max() >= threshold]


@mutant("leaks", caught_by="test_copies_at_threshold_one", says="round to 6 decimals")
def in_32_bits_unrounded(train, test, encode, threshold):
    """A copy has 0.9999999 now and then."""
    if not train or not test:
        return []

    def directions(texts):
        vectors = np.asarray(encode([" ".join(text.casefold().split()) for text in texts]), dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(lengths == 0, 1.0, lengths)

    cosine = (directions(test) @ directions(train).T) * np.float32(1 - 1e-7)
    nearest = cosine.argmax(axis=1)
    best = cosine.max(axis=1)
    return [(i, int(nearest[i]), float(best[i])) for i in range(len(test)) if best[i] >= threshold]


@mutant("leaks", caught_by="test_copies_at_threshold_one", says="vector of zeros")
def divides_by_zero(train, test, encode, threshold):
    """No care for vectors of zeros."""
    if not train or not test:
        return []

    def directions(texts):
        vectors = np.asarray(encode([" ".join(text.casefold().split()) for text in texts]), dtype=np.float64)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / lengths

    cosine = np.round(directions(test) @ directions(train).T, 6)
    nearest = cosine.argmax(axis=1)
    best = cosine.max(axis=1)
    return [(i, int(nearest[i]), float(best[i])) for i in range(len(test)) if best[i] >= threshold]


# ---------------------------------------------------------------- cohen_kappa


@mutant("cohen_kappa", caught_by="test_beyond_chance", says="take chance away")
def raw_agreement(a, b):
    """The share on which they agree."""
    from collections import Counter

    if len(a) != len(b) or not a:
        raise ValueError(f"a has {len(a)} labels and b has {len(b)}: both must label the same items, at least one")
    total = len(a)
    observed = sum(x == y for x, y in zip(a, b)) / total
    if observed == 1:
        return 1.0
    of_a, of_b = Counter(a), Counter(b)
    chance = sum(of_a[label] * of_b[label] for label in of_a) / total**2
    return observed


@mutant("cohen_kappa", caught_by="test_beyond_chance", says="not yet divided")
def not_rescaled(a, b):
    """Observed minus chance."""
    from collections import Counter

    if len(a) != len(b) or not a:
        raise ValueError(f"a has {len(a)} labels and b has {len(b)}: both must label the same items, at least one")
    total = len(a)
    observed = sum(x == y for x, y in zip(a, b)) / total
    if observed == 1:
        return 1.0
    of_a, of_b = Counter(a), Counter(b)
    chance = sum(of_a[label] * of_b[label] for label in of_a) / total**2
    return observed - chance


@mutant("cohen_kappa", caught_by="test_chance_from_both_annotators", says="a's shares alone")
def chance_from_one_annotator(a, b):
    """Squares a's shares."""
    from collections import Counter

    if len(a) != len(b) or not a:
        raise ValueError(f"a has {len(a)} labels and b has {len(b)}: both must label the same items, at least one")
    total = len(a)
    observed = sum(x == y for x, y in zip(a, b)) / total
    if observed == 1:
        return 1.0
    of_a, of_b = Counter(a), Counter(b)
    chance = sum(of_a[label] * of_a[label] for label in of_a) / total**2
    return (observed - chance) / (1 - chance)


@mutant("cohen_kappa", caught_by="test_chance_from_both_annotators", says="Scott's pi")
def scotts_pi(a, b):
    """Pools the two for chance."""
    from collections import Counter

    if len(a) != len(b) or not a:
        raise ValueError(f"a has {len(a)} labels and b has {len(b)}: both must label the same items, at least one")
    total = len(a)
    observed = sum(x == y for x, y in zip(a, b)) / total
    if observed == 1:
        return 1.0
    of_a, of_b = Counter(a), Counter(b)
    chance = sum((n / (2 * total)) ** 2 for n in (of_a + of_b).values())
    return (observed - chance) / (1 - chance)


@mutant("cohen_kappa", caught_by="test_chance_from_both_annotators", says="equal shares for all labels")
def equal_chances(a, b):
    """One over the number of labels."""
    from collections import Counter

    if len(a) != len(b) or not a:
        raise ValueError(f"a has {len(a)} labels and b has {len(b)}: both must label the same items, at least one")
    total = len(a)
    observed = sum(x == y for x, y in zip(a, b)) / total
    if observed == 1:
        return 1.0
    of_a, of_b = Counter(a), Counter(b)
    chance = 1 / len(of_a + of_b)
    return (observed - chance) / (1 - chance)


@mutant("cohen_kappa", caught_by="test_one_label_only", says="NaN")
def nan_for_one_label(a, b):
    """0 / 0 by NumPy."""
    from collections import Counter

    if len(a) != len(b) or not a:
        raise ValueError(f"a has {len(a)} labels and b has {len(b)}: both must label the same items, at least one")
    total = len(a)
    observed = sum(x == y for x, y in zip(a, b)) / total
    of_a, of_b = Counter(a), Counter(b)
    chance = sum(of_a[label] * of_b[label] for label in of_a) / total**2
    with np.errstate(all="ignore"):
        return float(np.float64(observed - chance) / np.float64(1 - chance))


@mutant("cohen_kappa", caught_by="test_one_label_only", says="They agree on every item")
def zero_for_one_label(a, b):
    """No disagreement was possible, so no agreement either."""
    from collections import Counter

    if len(a) != len(b) or not a:
        raise ValueError(f"a has {len(a)} labels and b has {len(b)}: both must label the same items, at least one")
    total = len(a)
    observed = sum(x == y for x, y in zip(a, b)) / total
    of_a, of_b = Counter(a), Counter(b)
    chance = sum(of_a[label] * of_b[label] for label in of_a) / total**2
    if chance == 1:
        return 0.0
    return (observed - chance) / (1 - chance)


@mutant("cohen_kappa", caught_by="test_below_chance", says="kappa is negative then")
def never_below_zero(a, b):
    """Cut off at 0."""
    from collections import Counter

    if len(a) != len(b) or not a:
        raise ValueError(f"a has {len(a)} labels and b has {len(b)}: both must label the same items, at least one")
    total = len(a)
    observed = sum(x == y for x, y in zip(a, b)) / total
    if observed == 1:
        return 1.0
    of_a, of_b = Counter(a), Counter(b)
    chance = sum(of_a[label] * of_b[label] for label in of_a) / total**2
    return max(0.0, (observed - chance) / (1 - chance))


@mutant("cohen_kappa", caught_by="test_lists_that_do_not_match", says="stops at the shorter list")
def zip_stops_early(a, b):
    """No look at the lengths."""
    from collections import Counter

    if not a or not b:
        raise ValueError(f"a has {len(a)} labels and b has {len(b)}: both must label the same items, at least one")
    total = min(len(a), len(b))
    observed = sum(x == y for x, y in zip(a, b)) / total
    if observed == 1:
        return 1.0
    of_a, of_b = Counter(a), Counter(b)
    chance = sum(of_a[label] * of_b[label] for label in of_a) / total**2
    return (observed - chance) / (1 - chance)


@mutant("cohen_kappa", caught_by="test_labels_that_one_of_them_never_used", says="share of 0 there")
def only_shared_labels(a, b):
    """Takes shares among the items whose labels both of them use."""
    from collections import Counter

    if len(a) != len(b) or not a:
        raise ValueError(f"a has {len(a)} labels and b has {len(b)}: both must label the same items, at least one")
    total = len(a)
    observed = sum(x == y for x, y in zip(a, b)) / total
    if observed == 1:
        return 1.0
    of_a, of_b = Counter(a), Counter(b)
    known = set(of_a) & set(of_b)
    chance = sum(of_a[x] * of_b[x] for x in known) / max(1, sum(of_a[x] for x in known) * sum(of_b[x] for x in known))
    return (observed - chance) / (1 - chance)


# ---------------------------------------------------------------- fleiss_kappa


@mutant("fleiss_kappa", caught_by="test_equally_many_raters", says="Take away what chance gives")
def observed_alone(counts):
    """The observed agreement."""
    raters = counts.sum(axis=1)
    if len(counts) == 0 or (raters < 2).any():
        raise ValueError("counts must have at least one item, and at least 2 raters for each")
    agreement = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    shares = (counts / raters[:, None]).mean(axis=0)
    if (shares > 0).sum() == 1:
        return 1.0
    chance = (shares**2).sum()
    return float(agreement.mean())


@mutant("fleiss_kappa", caught_by="test_pairs_of_two_different_raters", says="paired with themselves")
def pairs_with_oneself(counts):
    """Squared shares: everybody agrees with themselves."""
    raters = counts.sum(axis=1)
    if len(counts) == 0 or (raters < 2).any():
        raise ValueError("counts must have at least one item, and at least 2 raters for each")
    agreement = ((counts / raters[:, None]) ** 2).sum(axis=1)
    shares = (counts / raters[:, None]).mean(axis=0)
    if (shares > 0).sum() == 1:
        return 1.0
    chance = (shares**2).sum()
    return float((agreement.mean() - chance) / (1 - chance))


@mutant("fleiss_kappa", caught_by="test_pairs_of_two_different_raters", says="have everybody with themselves")
def divided_by_all_pairs(counts):
    """Agreeing pairs of two, divided by pairs with oneself."""
    raters = counts.sum(axis=1)
    if len(counts) == 0 or (raters < 2).any():
        raise ValueError("counts must have at least one item, and at least 2 raters for each")
    agreement = (counts * (counts - 1)).sum(axis=1) / raters**2
    shares = (counts / raters[:, None]).mean(axis=0)
    if (shares > 0).sum() == 1:
        return 1.0
    chance = (shares**2).sum()
    return float((agreement.mean() - chance) / (1 - chance))


@mutant("fleiss_kappa", caught_by="test_chance_is_one_number_for_all", says="item by item")
def chance_of_each_item(counts):
    """Chance from the own shares of each item."""
    raters = counts.sum(axis=1)
    if len(counts) == 0 or (raters < 2).any():
        raise ValueError("counts must have at least one item, and at least 2 raters for each")
    agreement = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    shares = (counts / raters[:, None]).mean(axis=0)
    if (shares > 0).sum() == 1:
        return 1.0
    chance = ((counts / raters[:, None]) ** 2).sum(axis=1).mean()
    return float((agreement.mean() - chance) / (1 - chance))


@mutant("fleiss_kappa", caught_by="test_chance_is_one_number_for_all", says="one in 3")
def one_in_so_many(counts):
    """All classes equally frequent."""
    raters = counts.sum(axis=1)
    if len(counts) == 0 or (raters < 2).any():
        raise ValueError("counts must have at least one item, and at least 2 raters for each")
    agreement = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    shares = (counts / raters[:, None]).mean(axis=0)
    if (shares > 0).sum() == 1:
        return 1.0
    chance = 1 / len(shares)
    return float((agreement.mean() - chance) / (1 - chance))


@mutant("fleiss_kappa", caught_by="test_any_number_of_raters", says="all ratings in one heap")
def ratings_in_one_heap(counts):
    """Shares from all ratings together."""
    raters = counts.sum(axis=1)
    if len(counts) == 0 or (raters < 2).any():
        raise ValueError("counts must have at least one item, and at least 2 raters for each")
    agreement = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    shares = counts.sum(axis=0) / counts.sum()
    if (shares > 0).sum() == 1:
        return 1.0
    chance = (shares**2).sum()
    return float((agreement.mean() - chance) / (1 - chance))


@mutant("fleiss_kappa", caught_by="test_pairs_of_two_different_raters", says="all ratings in one heap")
def shares_of_the_whole_table(counts):
    """The table's column sums, as if every item had equally many raters."""
    raters = counts.sum(axis=1)
    if len(counts) == 0 or (raters < 2).any():
        raise ValueError("counts must have at least one item, and at least 2 raters for each")
    agreement = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    shares = counts.sum(axis=0) / counts.sum()
    if (shares > 0).sum() == 1:
        return 1.0
    chance = (shares**2).sum()
    return float((agreement.mean() - chance) / (1 - chance))


@mutant("fleiss_kappa", caught_by="test_any_number_of_raters", says="pairs of raters were put in one heap")
def pairs_in_one_heap(counts):
    """Agreement from all pairs together."""
    raters = counts.sum(axis=1)
    if len(counts) == 0 or (raters < 2).any():
        raise ValueError("counts must have at least one item, and at least 2 raters for each")
    agreement = (counts * (counts - 1)).sum() / (raters * (raters - 1)).sum()
    shares = (counts / raters[:, None]).mean(axis=0)
    if (shares > 0).sum() == 1:
        return 1.0
    chance = (shares**2).sum()
    return float((agreement.mean() - chance) / (1 - chance))


@mutant("fleiss_kappa", caught_by="test_any_number_of_raters", says="Each row has a number of its own")
def raters_of_the_first_row(counts):
    """Every item has as many raters as the first."""
    raters = counts.sum(axis=1)
    if len(counts) == 0 or (raters < 2).any():
        raise ValueError("counts must have at least one item, and at least 2 raters for each")
    agreement = (counts * (counts - 1)).sum(axis=1) / (raters[0] * (raters[0] - 1))
    shares = (counts / raters[:, None]).mean(axis=0)
    if (shares > 0).sum() == 1:
        return 1.0
    chance = (shares**2).sum()
    return float((agreement.mean() - chance) / (1 - chance))


@mutant("fleiss_kappa", caught_by="test_full_agreement", says="NaN")
def nan_when_all_agree(counts):
    """0 / 0."""
    raters = counts.sum(axis=1)
    if len(counts) == 0 or (raters < 2).any():
        raise ValueError("counts must have at least one item, and at least 2 raters for each")
    agreement = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    shares = (counts / raters[:, None]).mean(axis=0)
    chance = (shares**2).sum()
    with np.errstate(all="ignore"):
        return float((agreement.mean() - chance) / (1 - chance))


@mutant("fleiss_kappa", caught_by="test_a_class_that_nobody_chose", says="kappa is below 0")
def never_negative(counts):
    """Cut off at 0."""
    raters = counts.sum(axis=1)
    if len(counts) == 0 or (raters < 2).any():
        raise ValueError("counts must have at least one item, and at least 2 raters for each")
    agreement = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    shares = (counts / raters[:, None]).mean(axis=0)
    if (shares > 0).sum() == 1:
        return 1.0
    chance = (shares**2).sum()
    return float(max(0.0, (agreement.mean() - chance) / (1 - chance)))


@mutant("fleiss_kappa", caught_by="test_too_few_raters", says="nobody can agree")
def single_raters_skipped(counts):
    """Leaves out items with fewer than two raters."""
    raters = counts.sum(axis=1)
    counts, raters = counts[raters >= 2], raters[raters >= 2]
    if len(counts) == 0:
        return 0.0
    agreement = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    shares = (counts / raters[:, None]).mean(axis=0)
    if (shares > 0).sum() == 1:
        return 1.0
    chance = (shares**2).sum()
    return float((agreement.mean() - chance) / (1 - chance))


# ---------------------------------------------------------------- usable_sources


@mutant("usable_sources", caught_by="test_no_licence_is_no_permission", says="No licence means no permission")
def no_licence_taken_as_free(cards, purpose):
    """What has no licence is free for all."""

    def verdict(card):
        conditions = LICENCES.get((card.get("licence") or "cc0-1.0").lower())
        free_of_personal_data = card.get("personal") is False
        made_from = card.get("made_from")
        if conditions is None:
            return "licence"
        if "non-commercial" in conditions and purpose["commercial"]:
            return "non-commercial"
        if "share-alike" in conditions and not purpose["share_alike"]:
            return "share-alike"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if not free_of_personal_data and card.get("consent") is not True:
            return "consent"
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if made_from is None or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


@mutant("usable_sources", caught_by="test_no_licence_is_no_permission", says="one that you don't know")
def unknown_licence_taken_as_free(cards, purpose):
    """A licence without known conditions has none."""

    def verdict(card):
        conditions = LICENCES.get(card["licence"].lower(), ()) if card.get("licence") else None
        free_of_personal_data = card.get("personal") is False
        made_from = card.get("made_from")
        if conditions is None:
            return "licence"
        if "non-commercial" in conditions and purpose["commercial"]:
            return "non-commercial"
        if "share-alike" in conditions and not purpose["share_alike"]:
            return "share-alike"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if not free_of_personal_data and card.get("consent") is not True:
            return "consent"
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if made_from is None or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


@mutant("usable_sources", caught_by="test_non_commercial", says="the licence forbids that")
def non_commercial_let_through(cards, purpose):
    """Takes any Creative Commons licence for free."""

    def verdict(card):
        conditions = LICENCES.get((card.get("licence") or "").lower())
        free_of_personal_data = card.get("personal") is False
        made_from = card.get("made_from")
        if conditions is None:
            return "licence"
        if "share-alike" in conditions and not purpose["share_alike"]:
            return "share-alike"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if not free_of_personal_data and card.get("consent") is not True:
            return "consent"
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if made_from is None or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


@mutant("usable_sources", caught_by="test_non_commercial", says="The purpose isn't commercial")
def non_commercial_for_nobody(cards, purpose):
    """Refuses a non-commercial licence whatever the purpose."""

    def verdict(card):
        conditions = LICENCES.get((card.get("licence") or "").lower())
        free_of_personal_data = card.get("personal") is False
        made_from = card.get("made_from")
        if conditions is None:
            return "licence"
        if "non-commercial" in conditions:
            return "non-commercial"
        if "share-alike" in conditions and not purpose["share_alike"]:
            return "share-alike"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if not free_of_personal_data and card.get("consent") is not True:
            return "consent"
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if made_from is None or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


@mutant("usable_sources", caught_by="test_good_sources_pass", says="Nothing speaks against any")
def refuses_all(cards, purpose):
    """Better safe than sorry."""
    return {card["name"]: "licence" for card in cards}


@mutant("usable_sources", caught_by="test_share_alike", says="the purpose doesn't accept that")
def share_alike_let_through(cards, purpose):
    """Never asks whether share-alike is accepted."""

    def verdict(card):
        conditions = LICENCES.get((card.get("licence") or "").lower())
        free_of_personal_data = card.get("personal") is False
        made_from = card.get("made_from")
        if conditions is None:
            return "licence"
        if "non-commercial" in conditions and purpose["commercial"]:
            return "non-commercial"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if not free_of_personal_data and card.get("consent") is not True:
            return "consent"
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if made_from is None or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


@mutant("usable_sources", caught_by="test_personal_data_and_consent", says="may hold some")
def silence_is_no_personal_data(cards, purpose):
    """Personal data only where the card says so."""

    def verdict(card):
        conditions = LICENCES.get((card.get("licence") or "").lower())
        free_of_personal_data = not card.get("personal")
        made_from = card.get("made_from")
        if conditions is None:
            return "licence"
        if "non-commercial" in conditions and purpose["commercial"]:
            return "non-commercial"
        if "share-alike" in conditions and not purpose["share_alike"]:
            return "share-alike"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if not free_of_personal_data and card.get("consent") is not True:
            return "consent"
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if made_from is None or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


@mutant("usable_sources", caught_by="test_personal_data_and_consent", says="Not to have been asked")
def silence_is_consent(cards, purpose):
    """Refuses only where the card says that nobody agreed."""

    def verdict(card):
        conditions = LICENCES.get((card.get("licence") or "").lower())
        free_of_personal_data = card.get("personal") is False
        made_from = card.get("made_from")
        if conditions is None:
            return "licence"
        if "non-commercial" in conditions and purpose["commercial"]:
            return "non-commercial"
        if "share-alike" in conditions and not purpose["share_alike"]:
            return "share-alike"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if not free_of_personal_data and card.get("consent") is False:
            return "consent"
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if made_from is None or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


@mutant("usable_sources", caught_by="test_personal_data_and_consent", says="nobody need be asked")
def consent_for_everything(cards, purpose):
    """Asks for consent where there are no personal data."""

    def verdict(card):
        conditions = LICENCES.get((card.get("licence") or "").lower())
        free_of_personal_data = card.get("personal") is False
        made_from = card.get("made_from")
        if conditions is None:
            return "licence"
        if "non-commercial" in conditions and purpose["commercial"]:
            return "non-commercial"
        if "share-alike" in conditions and not purpose["share_alike"]:
            return "share-alike"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if card.get("consent") is not True:
            return "consent"
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if made_from is None or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


@mutant("usable_sources", caught_by="test_language", says="must be one of the list, whole")
def language_in_a_string(cards, purpose):
    """Looks for the code in all codes joined."""

    def verdict(card):
        conditions = LICENCES.get((card.get("licence") or "").lower())
        free_of_personal_data = card.get("personal") is False
        made_from = card.get("made_from")
        if conditions is None:
            return "licence"
        if "non-commercial" in conditions and purpose["commercial"]:
            return "non-commercial"
        if "share-alike" in conditions and not purpose["share_alike"]:
            return "share-alike"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if not free_of_personal_data and card.get("consent") is not True:
            return "consent"
        if purpose["language"] not in ",".join(card.get("languages") or []):
            return "language"
        if made_from is None or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


@mutant("usable_sources", caught_by="test_overlap_with_the_test", says="Where nobody knows the origin")
def unknown_origin_is_clean(cards, purpose):
    """No known origin, no overlap."""

    def verdict(card):
        conditions = LICENCES.get((card.get("licence") or "").lower())
        free_of_personal_data = card.get("personal") is False
        made_from = card.get("made_from")
        if conditions is None:
            return "licence"
        if "non-commercial" in conditions and purpose["commercial"]:
            return "non-commercial"
        if "share-alike" in conditions and not purpose["share_alike"]:
            return "share-alike"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if not free_of_personal_data and card.get("consent") is not True:
            return "consent"
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if set(made_from or []) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


@mutant("usable_sources", caught_by="test_no_licence_is_no_permission", says="Upper or lower case")
def case_of_licences_kept(cards, purpose):
    """Licence names as they stand."""

    def verdict(card):
        conditions = LICENCES.get((card.get("licence") or ""))
        free_of_personal_data = card.get("personal") is False
        made_from = card.get("made_from")
        if conditions is None:
            return "licence"
        if "non-commercial" in conditions and purpose["commercial"]:
            return "non-commercial"
        if "share-alike" in conditions and not purpose["share_alike"]:
            return "share-alike"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if not free_of_personal_data and card.get("consent") is not True:
            return "consent"
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if made_from is None or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


@mutant("usable_sources", caught_by="test_no_licence_is_no_permission", says="write nothing back")
def writes_into_the_card(cards, purpose):
    """Keeps the folded licence in the card."""

    def verdict(card):
        if card.get("licence"):
            card["licence"] = card["licence"].lower()
        conditions = LICENCES.get((card.get("licence") or "").lower())
        free_of_personal_data = card.get("personal") is False
        made_from = card.get("made_from")
        if conditions is None:
            return "licence"
        if "non-commercial" in conditions and purpose["commercial"]:
            return "non-commercial"
        if "share-alike" in conditions and not purpose["share_alike"]:
            return "share-alike"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if not free_of_personal_data and card.get("consent") is not True:
            return "consent"
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if made_from is None or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


@mutant("usable_sources", caught_by="test_overlap_with_the_test", says="An empty list is known")
def empty_origin_is_unknown(cards, purpose):
    """An empty list is false, so it counts as unknown."""

    def verdict(card):
        conditions = LICENCES.get((card.get("licence") or "").lower())
        free_of_personal_data = card.get("personal") is False
        made_from = card.get("made_from")
        if conditions is None:
            return "licence"
        if "non-commercial" in conditions and purpose["commercial"]:
            return "non-commercial"
        if "share-alike" in conditions and not purpose["share_alike"]:
            return "share-alike"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if not free_of_personal_data and card.get("consent") is not True:
            return "consent"
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if not made_from or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


@mutant("usable_sources", caught_by="test_no_licence_is_no_permission", says="nobody need be asked")
def consent_before_all_else(cards, purpose):
    """Consent is asked for, whoever is concerned, right after the licence."""

    def verdict(card):
        conditions = LICENCES.get((card.get("licence") or "").lower())
        free_of_personal_data = card.get("personal") is False
        made_from = card.get("made_from")
        if conditions is None:
            return "licence"
        if card.get("consent") is not True:
            return "consent"
        if "non-commercial" in conditions and purpose["commercial"]:
            return "non-commercial"
        if "share-alike" in conditions and not purpose["share_alike"]:
            return "share-alike"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if made_from is None or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


@mutant("usable_sources", caught_by="test_the_first_reason", says="earlier in the contract's list")
def language_first(cards, purpose):
    """Looks at the easy things first."""

    def verdict(card):
        conditions = LICENCES.get((card.get("licence") or "").lower())
        free_of_personal_data = card.get("personal") is False
        made_from = card.get("made_from")
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if conditions is None:
            return "licence"
        if "non-commercial" in conditions and purpose["commercial"]:
            return "non-commercial"
        if "share-alike" in conditions and not purpose["share_alike"]:
            return "share-alike"
        if not free_of_personal_data and not purpose["personal_data"]:
            return "personal data"
        if not free_of_personal_data and card.get("consent") is not True:
            return "consent"
        if purpose["language"] not in (card.get("languages") or []):
            return "language"
        if made_from is None or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


# ---------------------------------------------------------------- labels_needed


@mutant("labels_needed", caught_by="test_beyond_what_was_measured", says="on a straight line")
def linear_extrapolation(sizes, errors, target):
    """Goes on in a straight line from the last two."""
    import math

    (n1, e1), (n2, e2) = sorted(zip(sizes, errors))[-2:]
    return max(1, math.ceil(n2 + (e2 - target) / (e1 - e2) * (n2 - n1)))


@mutant("labels_needed", caught_by="test_beyond_what_was_measured", says="logarithm of the size alone")
def logarithm_of_the_sizes_only(sizes, errors, target):
    """The error falls in a straight line over the logarithm of the size."""
    import math

    slope, level = np.polyfit(np.log(sizes), errors, 1)
    return max(1, math.ceil(math.exp((target - level) / slope)))


@mutant("labels_needed", caught_by="test_the_floor_counts", says="a power law without a floor")
def floor_ignored(sizes, errors, target):
    """A power law that goes down to 0."""
    import math

    slope, level = np.polyfit(np.log(sizes), np.log(errors), 1)
    if target <= 0:
        return None
    return max(1, math.ceil(math.exp((math.log(target) - level) / slope)))


@mutant("labels_needed", caught_by="test_the_floor_counts", says="a fixed share")
def nine_tenths_of_the_smallest_error(sizes, errors, target):
    """A floor that is guessed, at nine tenths of the smallest error."""
    import math

    floor = 0.9 * min(errors)
    if target <= floor:
        return None
    slope, level = np.polyfit(np.log(sizes), np.log(np.array(errors) - floor), 1)
    return max(1, math.ceil(math.exp((math.log(target - floor) - level) / slope)))


@mutant("labels_needed", caught_by="test_one_failed_run", says="Least squares runs after it")
def a_fit_of_squares(sizes, errors, target):
    """Fits the law by least squares."""
    import math

    from scipy.optimize import least_squares

    n, measured = np.array(sizes, dtype=float), np.array(errors, dtype=float)
    first = n.min()

    def off(parameters):
        floor, rise, power = parameters
        return floor + rise * (n / first) ** -power - measured

    bounds = ([0.0, 0.0, 0.1], [1.0, 2.0, 1.0])
    starts = [(measured.min() * share, np.ptp(measured) + 0.01, power) for power in (0.2, 0.5, 0.9) for share in (0.2, 0.9)]
    fits = [least_squares(off, start, bounds=bounds, x_scale=(0.1, 0.1, 0.3), xtol=1e-12, ftol=1e-12, gtol=1e-12) for start in starts]
    floor, rise, power = min(fits, key=lambda fit: fit.cost).x
    if floor >= target:
        return None
    return max(1, math.ceil(first * (rise / (target - floor)) ** (1 / power)))


@mutant("labels_needed", caught_by="test_one_failed_run", says="Least squares runs after it")
def huber_far_too_wide(sizes, errors, target):
    """A robust loss whose scale is larger than every error."""
    import math

    from scipy.optimize import least_squares

    n, measured = np.array(sizes, dtype=float), np.array(errors, dtype=float)
    first = n.min()

    def off(parameters):
        floor, rise, power = parameters
        return floor + rise * (n / first) ** -power - measured

    bounds = ([0.0, 0.0, 0.1], [1.0, 2.0, 1.0])
    starts = [(measured.min() * share, np.ptp(measured) + 0.01, power) for power in (0.2, 0.5, 0.9) for share in (0.2, 0.9)]
    fits = [
        least_squares(off, start, bounds=bounds, loss="soft_l1", x_scale=(0.1, 0.1, 0.3), xtol=1e-12, ftol=1e-12, gtol=1e-12)
        for start in starts
    ]
    floor, rise, power = min(fits, key=lambda fit: fit.cost).x
    if floor >= target:
        return None
    return max(1, math.ceil(first * (rise / (target - floor)) ** (1 / power)))


@mutant("labels_needed", caught_by="test_targets_below_the_floor", says="the answer is None")
def a_number_below_the_floor(sizes, errors, target):
    """Solves with the distance to the floor, on whichever side."""
    import math

    from scipy.optimize import least_squares

    n, measured = np.array(sizes, dtype=float), np.array(errors, dtype=float)
    first = n.min()

    def off(parameters):
        floor, rise, power = parameters
        return floor + rise * (n / first) ** -power - measured

    bounds = ([0.0, 0.0, 0.1], [1.0, 2.0, 1.0])
    starts = [(measured.min() * share, np.ptp(measured) + 0.01, power) for power in (0.2, 0.5, 0.9) for share in (0.2, 0.9)]
    fits = [
        least_squares(off, start, bounds=bounds, loss="soft_l1", f_scale=1e-4, x_scale=(0.1, 0.1, 0.3), xtol=1e-12, ftol=1e-12, gtol=1e-12)
        for start in starts
    ]
    floor, rise, power = min(fits, key=lambda fit: fit.cost).x
    return max(1, math.ceil(first * (rise / max(abs(target - floor), 1e-6)) ** (1 / power)))


@mutant("labels_needed", caught_by="test_beyond_what_was_measured", says="A built-in int is asked for")
def a_float(sizes, errors, target):
    """Not rounded up."""
    import math

    from scipy.optimize import least_squares

    n, measured = np.array(sizes, dtype=float), np.array(errors, dtype=float)
    first = n.min()

    def off(parameters):
        floor, rise, power = parameters
        return floor + rise * (n / first) ** -power - measured

    bounds = ([0.0, 0.0, 0.1], [1.0, 2.0, 1.0])
    starts = [(measured.min() * share, np.ptp(measured) + 0.01, power) for power in (0.2, 0.5, 0.9) for share in (0.2, 0.9)]
    fits = [
        least_squares(off, start, bounds=bounds, loss="soft_l1", f_scale=1e-4, x_scale=(0.1, 0.1, 0.3), xtol=1e-12, ftol=1e-12, gtol=1e-12)
        for start in starts
    ]
    floor, rise, power = min(fits, key=lambda fit: fit.cost).x
    if floor >= target:
        return None
    return max(1, float(first * (rise / (target - floor)) ** (1 / power)))


@mutant("labels_needed", caught_by="test_within_what_was_measured", says="one of the sizes that were measured")
def the_measured_sizes_only(sizes, errors, target):
    """The smallest measured size that is at the target, else the law."""
    import math

    from scipy.optimize import least_squares

    reached = [size for size, error in zip(sizes, errors) if error <= target]
    if reached:
        return min(reached)
    n, measured = np.array(sizes, dtype=float), np.array(errors, dtype=float)
    first = n.min()

    def off(parameters):
        floor, rise, power = parameters
        return floor + rise * (n / first) ** -power - measured

    bounds = ([0.0, 0.0, 0.1], [1.0, 2.0, 1.0])
    starts = [(measured.min() * share, np.ptp(measured) + 0.01, power) for power in (0.2, 0.5, 0.9) for share in (0.2, 0.9)]
    fits = [
        least_squares(off, start, bounds=bounds, loss="soft_l1", f_scale=1e-4, x_scale=(0.1, 0.1, 0.3), xtol=1e-12, ftol=1e-12, gtol=1e-12)
        for start in starts
    ]
    floor, rise, power = min(fits, key=lambda fit: fit.cost).x
    if floor >= target:
        return None
    return max(1, math.ceil(first * (rise / (target - floor)) ** (1 / power)))


@mutant("labels_needed", caught_by="test_any_order", says="the fit itself is off")
def a_line_through_the_logarithms(sizes, errors, target):
    """A power law that goes down to 0."""
    import math

    slope, level = np.polyfit(np.log(sizes), np.log(errors), 1)
    if target <= 0:
        return None
    return max(1, math.ceil(math.exp((math.log(target) - level) / slope)))


@mutant("labels_needed", caught_by="test_any_order", says="the last in the list is the largest")
def order_taken_for_granted(sizes, errors, target):
    """Sizes taken to rise."""
    import math

    from scipy.optimize import least_squares

    n, measured = np.array(sorted(sizes), dtype=float), np.array(errors, dtype=float)
    first = n.min()

    def off(parameters):
        floor, rise, power = parameters
        return floor + rise * (n / first) ** -power - measured

    bounds = ([0.0, 0.0, 0.1], [1.0, 2.0, 1.0])
    starts = [(measured.min() * share, np.ptp(measured) + 0.01, power) for power in (0.2, 0.5, 0.9) for share in (0.2, 0.9)]
    fits = [
        least_squares(off, start, bounds=bounds, loss="soft_l1", f_scale=1e-4, x_scale=(0.1, 0.1, 0.3), xtol=1e-12, ftol=1e-12, gtol=1e-12)
        for start in starts
    ]
    floor, rise, power = min(fits, key=lambda fit: fit.cost).x
    if floor >= target:
        return None
    return max(1, math.ceil(first * (rise / (target - floor)) ** (1 / power)))


# ---------------------------------------------------------------- pick_to_label


@mutant("pick_to_label", caught_by="test_least_confident", says="*most* sure")
def most_confident(probabilities, k, strategy):
    """The rows with the largest probabilities."""
    if not 0 <= k <= len(probabilities):
        raise ValueError(f"k is {k}, but there are {len(probabilities)} rows to choose from")
    ordered = np.sort(probabilities, axis=1)
    if strategy == "least_confident":
        sureness = -ordered[:, -1]
    elif strategy == "margin":
        sureness = ordered[:, -1] - ordered[:, -2]
    elif strategy == "entropy":
        logs = np.log(probabilities, where=probabilities > 0, out=np.zeros(probabilities.shape))
        sureness = (probabilities * logs).sum(axis=1)
    else:
        raise ValueError(f"there is no strategy {strategy!r}; there are least_confident, margin and entropy")
    return np.argsort(sureness, kind="stable")[:k].tolist()


@mutant("pick_to_label", caught_by="test_least_confident", says="smallest probability of any class")
def least_likely_class(probabilities, k, strategy):
    """The smallest probability of a row."""
    if not 0 <= k <= len(probabilities):
        raise ValueError(f"k is {k}, but there are {len(probabilities)} rows to choose from")
    ordered = np.sort(probabilities, axis=1)
    if strategy == "least_confident":
        sureness = ordered[:, 0]
    elif strategy == "margin":
        sureness = ordered[:, -1] - ordered[:, -2]
    elif strategy == "entropy":
        logs = np.log(probabilities, where=probabilities > 0, out=np.zeros(probabilities.shape))
        sureness = (probabilities * logs).sum(axis=1)
    else:
        raise ValueError(f"there is no strategy {strategy!r}; there are least_confident, margin and entropy")
    return np.argsort(sureness, kind="stable")[:k].tolist()


@mutant("pick_to_label", caught_by="test_margin", says="*largest* margin")
def margin_inverted(probabilities, k, strategy):
    """The largest margins."""
    if not 0 <= k <= len(probabilities):
        raise ValueError(f"k is {k}, but there are {len(probabilities)} rows to choose from")
    ordered = np.sort(probabilities, axis=1)
    if strategy == "least_confident":
        sureness = ordered[:, -1]
    elif strategy == "margin":
        sureness = ordered[:, -2] - ordered[:, -1]
    elif strategy == "entropy":
        logs = np.log(probabilities, where=probabilities > 0, out=np.zeros(probabilities.shape))
        sureness = (probabilities * logs).sum(axis=1)
    else:
        raise ValueError(f"there is no strategy {strategy!r}; there are least_confident, margin and entropy")
    return np.argsort(sureness, kind="stable")[:k].tolist()


@mutant("pick_to_label", caught_by="test_margin", says="*least* likely class")
def margin_to_the_last(probabilities, k, strategy):
    """From the likeliest to the least likely."""
    if not 0 <= k <= len(probabilities):
        raise ValueError(f"k is {k}, but there are {len(probabilities)} rows to choose from")
    ordered = np.sort(probabilities, axis=1)
    if strategy == "least_confident":
        sureness = ordered[:, -1]
    elif strategy == "margin":
        sureness = ordered[:, -1] - ordered[:, 0]
    elif strategy == "entropy":
        logs = np.log(probabilities, where=probabilities > 0, out=np.zeros(probabilities.shape))
        sureness = (probabilities * logs).sum(axis=1)
    else:
        raise ValueError(f"there is no strategy {strategy!r}; there are least_confident, margin and entropy")
    return np.argsort(sureness, kind="stable")[:k].tolist()


@mutant("pick_to_label", caught_by="test_margin", says="first two columns")
def margin_of_two_columns(probabilities, k, strategy):
    """The first two columns."""
    if not 0 <= k <= len(probabilities):
        raise ValueError(f"k is {k}, but there are {len(probabilities)} rows to choose from")
    ordered = np.sort(probabilities, axis=1)
    if strategy == "least_confident":
        sureness = ordered[:, -1]
    elif strategy == "margin":
        sureness = np.abs(probabilities[:, 0] - probabilities[:, 1])
    elif strategy == "entropy":
        logs = np.log(probabilities, where=probabilities > 0, out=np.zeros(probabilities.shape))
        sureness = (probabilities * logs).sum(axis=1)
    else:
        raise ValueError(f"there is no strategy {strategy!r}; there are least_confident, margin and entropy")
    return np.argsort(sureness, kind="stable")[:k].tolist()


@mutant("pick_to_label", caught_by="test_zeros_and_one_base", says="in another base")
def entropy_in_mixed_bases(probabilities, k, strategy):
    """Each entropy divided by the logarithm of its own number of possible classes."""
    if not 0 <= k <= len(probabilities):
        raise ValueError(f"k is {k}, but there are {len(probabilities)} rows to choose from")
    ordered = np.sort(probabilities, axis=1)
    if strategy == "least_confident":
        sureness = ordered[:, -1]
    elif strategy == "margin":
        sureness = ordered[:, -1] - ordered[:, -2]
    elif strategy == "entropy":
        logs = np.log(probabilities, where=probabilities > 0, out=np.zeros(probabilities.shape))
        sureness = (probabilities * logs).sum(axis=1) / np.log(np.maximum((probabilities > 0).sum(axis=1), 2))
    else:
        raise ValueError(f"there is no strategy {strategy!r}; there are least_confident, margin and entropy")
    return np.argsort(sureness, kind="stable")[:k].tolist()


@mutant("pick_to_label", caught_by="test_zeros_and_one_base", says="leave zeros out")
def nan_for_zeros(probabilities, k, strategy):
    """0 * log(0)."""
    if not 0 <= k <= len(probabilities):
        raise ValueError(f"k is {k}, but there are {len(probabilities)} rows to choose from")
    ordered = np.sort(probabilities, axis=1)
    if strategy == "least_confident":
        sureness = ordered[:, -1]
    elif strategy == "margin":
        sureness = ordered[:, -1] - ordered[:, -2]
    elif strategy == "entropy":
        logs = np.log(probabilities)
        sureness = (probabilities * logs).sum(axis=1)
    else:
        raise ValueError(f"there is no strategy {strategy!r}; there are least_confident, margin and entropy")
    return np.argsort(sureness, kind="stable")[:k].tolist()


@mutant("pick_to_label", caught_by="test_entropy", says="*most* sure")
def entropy_without_its_sign(probabilities, k, strategy):
    """The smallest entropies."""
    if not 0 <= k <= len(probabilities):
        raise ValueError(f"k is {k}, but there are {len(probabilities)} rows to choose from")
    ordered = np.sort(probabilities, axis=1)
    if strategy == "least_confident":
        sureness = ordered[:, -1]
    elif strategy == "margin":
        sureness = ordered[:, -1] - ordered[:, -2]
    elif strategy == "entropy":
        logs = np.log(probabilities, where=probabilities > 0, out=np.zeros(probabilities.shape))
        sureness = -(probabilities * logs).sum(axis=1)
    else:
        raise ValueError(f"there is no strategy {strategy!r}; there are least_confident, margin and entropy")
    return np.argsort(sureness, kind="stable")[:k].tolist()


@mutant("pick_to_label", caught_by="test_ties_keep_their_order", says="turns the ties round")
def ties_turned_round(probabilities, k, strategy):
    """Sorts up and turns the list round."""
    if not 0 <= k <= len(probabilities):
        raise ValueError(f"k is {k}, but there are {len(probabilities)} rows to choose from")
    ordered = np.sort(probabilities, axis=1)
    if strategy == "least_confident":
        sureness = ordered[:, -1]
    elif strategy == "margin":
        sureness = ordered[:, -1] - ordered[:, -2]
    elif strategy == "entropy":
        logs = np.log(probabilities, where=probabilities > 0, out=np.zeros(probabilities.shape))
        sureness = (probabilities * logs).sum(axis=1)
    else:
        raise ValueError(f"there is no strategy {strategy!r}; there are least_confident, margin and entropy")
    return np.argsort(-sureness, kind="stable")[::-1][:k].tolist()


@mutant("pick_to_label", caught_by="test_least_confident", says="in another order")
def numbers_in_order(probabilities, k, strategy):
    """The right rows, in ascending order."""
    if not 0 <= k <= len(probabilities):
        raise ValueError(f"k is {k}, but there are {len(probabilities)} rows to choose from")
    ordered = np.sort(probabilities, axis=1)
    if strategy == "least_confident":
        sureness = ordered[:, -1]
    elif strategy == "margin":
        sureness = ordered[:, -1] - ordered[:, -2]
    elif strategy == "entropy":
        logs = np.log(probabilities, where=probabilities > 0, out=np.zeros(probabilities.shape))
        sureness = (probabilities * logs).sum(axis=1)
    else:
        raise ValueError(f"there is no strategy {strategy!r}; there are least_confident, margin and entropy")
    return sorted(np.argsort(sureness, kind="stable")[:k].tolist())


@mutant("pick_to_label", caught_by="test_margin", says="belongs to the caller")
def sorts_in_place(probabilities, k, strategy):
    """Sorts the rows of the array itself."""
    if not 0 <= k <= len(probabilities):
        raise ValueError(f"k is {k}, but there are {len(probabilities)} rows to choose from")
    if strategy == "least_confident":
        sureness = probabilities.max(axis=1)
    elif strategy == "margin":
        probabilities.sort(axis=1)
        sureness = probabilities[:, -1] - probabilities[:, -2]
    elif strategy == "entropy":
        logs = np.log(probabilities, where=probabilities > 0, out=np.zeros(probabilities.shape))
        sureness = (probabilities * logs).sum(axis=1)
    else:
        raise ValueError(f"there is no strategy {strategy!r}; there are least_confident, margin and entropy")
    return np.argsort(sureness, kind="stable")[:k].tolist()


@mutant("pick_to_label", caught_by="test_zeros_and_one_base", says="belongs to the caller")
def writes_over_zeros(probabilities, k, strategy):
    """Replaces zeros in the array itself."""
    if not 0 <= k <= len(probabilities):
        raise ValueError(f"k is {k}, but there are {len(probabilities)} rows to choose from")
    ordered = np.sort(probabilities, axis=1)
    if strategy == "least_confident":
        sureness = ordered[:, -1]
    elif strategy == "margin":
        sureness = ordered[:, -1] - ordered[:, -2]
    elif strategy == "entropy":
        probabilities[probabilities == 0] = 1e-12
        logs = np.log(probabilities)
        sureness = (probabilities * logs).sum(axis=1)
    else:
        raise ValueError(f"there is no strategy {strategy!r}; there are least_confident, margin and entropy")
    return np.argsort(sureness, kind="stable")[:k].tolist()


@mutant("pick_to_label", caught_by="test_margin", says="the last two columns")
def margin_of_unsorted_rows(probabilities, k, strategy):
    """The last two columns."""
    if not 0 <= k <= len(probabilities):
        raise ValueError(f"k is {k}, but there are {len(probabilities)} rows to choose from")
    ordered = np.sort(probabilities, axis=1)
    if strategy == "least_confident":
        sureness = ordered[:, -1]
    elif strategy == "margin":
        sureness = np.abs(probabilities[:, -1] - probabilities[:, -2])
    elif strategy == "entropy":
        logs = np.log(probabilities, where=probabilities > 0, out=np.zeros(probabilities.shape))
        sureness = (probabilities * logs).sum(axis=1)
    else:
        raise ValueError(f"there is no strategy {strategy!r}; there are least_confident, margin and entropy")
    return np.argsort(sureness, kind="stable")[:k].tolist()


@mutant("pick_to_label", caught_by="test_how_many", says="A slice is silent")
def slice_is_silent(probabilities, k, strategy):
    """No look at k."""
    ordered = np.sort(probabilities, axis=1)
    if strategy == "least_confident":
        sureness = ordered[:, -1]
    elif strategy == "margin":
        sureness = ordered[:, -1] - ordered[:, -2]
    elif strategy == "entropy":
        logs = np.log(probabilities, where=probabilities > 0, out=np.zeros(probabilities.shape))
        sureness = (probabilities * logs).sum(axis=1)
    else:
        raise ValueError(f"there is no strategy {strategy!r}; there are least_confident, margin and entropy")
    return np.argsort(sureness, kind="stable")[:k].tolist()


@mutant("pick_to_label", caught_by="test_unknown_strategy", says="mistypes a name")
def anything_else_is_entropy(probabilities, k, strategy):
    """Any other name is taken for entropy."""
    if not 0 <= k <= len(probabilities):
        raise ValueError(f"k is {k}, but there are {len(probabilities)} rows to choose from")
    ordered = np.sort(probabilities, axis=1)
    if strategy == "least_confident":
        sureness = ordered[:, -1]
    elif strategy == "margin":
        sureness = ordered[:, -1] - ordered[:, -2]
    else:
        logs = np.log(probabilities, where=probabilities > 0, out=np.zeros(probabilities.shape))
        sureness = (probabilities * logs).sum(axis=1)
    return np.argsort(sureness, kind="stable")[:k].tolist()
