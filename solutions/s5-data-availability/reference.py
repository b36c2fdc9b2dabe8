"""The reference solutions of "Enough data, and the right data"."""

import numpy as np


def audit(rows, text_key, label_key):
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
        imbalance=max(sizes.values()) / min(sizes.values()),
        words=tuple(float(q) for q in np.quantile(lengths, [0.05, 0.5, 0.95])),
    )


def near_duplicates(texts, n, threshold):
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
            if shared / (len(pieces) + len(sets[i]) - shared) >= threshold:
                pairs.append((i, j))
        for piece in telling:
            having[piece].append(j)
    return sorted(pairs)


def leaks(train, test, encode, threshold):
    if not train or not test:
        return []

    def directions(texts):
        vectors = np.asarray(encode([" ".join(text.casefold().split()) for text in texts]), dtype=np.float64)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(lengths == 0, 1.0, lengths)

    cosine = np.round(directions(test) @ directions(train).T, 6)
    nearest = cosine.argmax(axis=1)
    best = cosine.max(axis=1)
    return [(i, int(nearest[i]), float(best[i])) for i in range(len(test)) if best[i] >= threshold]


def cohen_kappa(a, b):
    from collections import Counter

    if len(a) != len(b) or not a:
        raise ValueError(f"a has {len(a)} labels and b has {len(b)}: both must label the same items, at least one")
    total = len(a)
    observed = sum(x == y for x, y in zip(a, b)) / total
    if observed == 1:
        return 1.0
    of_a, of_b = Counter(a), Counter(b)
    chance = sum(of_a[label] * of_b[label] for label in of_a) / total**2
    return (observed - chance) / (1 - chance)


def fleiss_kappa(counts):
    raters = counts.sum(axis=1)
    if len(counts) == 0 or (raters < 2).any():
        raise ValueError("counts must have at least one item, and at least 2 raters for each")
    agreement = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    shares = (counts / raters[:, None]).mean(axis=0)
    if (shares > 0).sum() == 1:
        return 1.0
    chance = (shares**2).sum()
    return float((agreement.mean() - chance) / (1 - chance))


def usable_sources(cards, purpose):
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
        if made_from is None or set(made_from) & set(purpose["test_from"]):
            return "overlap"
        return "usable"

    return {card["name"]: verdict(card) for card in cards}


def labels_needed(sizes, errors, target):
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
    return max(1, math.ceil(first * (rise / (target - floor)) ** (1 / power)))


def pick_to_label(probabilities, k, strategy):
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
    return np.argsort(sureness, kind="stable")[:k].tolist()
