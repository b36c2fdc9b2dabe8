"""Other right solutions of "Enough data, and the right data"."""

import numpy as np

from autograder.authoring import alternative


@alternative("audit")
def with_pandas(rows, text_key, label_key):
    """Groups a table."""
    import pandas as pd

    kept = [
        (row[text_key], row[label_key])
        for row in rows
        if row.get(text_key) is not None and not str(row[text_key]).isspace() and row[text_key] != "" and row.get(label_key) is not None
    ]
    if not kept:
        raise ValueError("rows hold nothing complete")
    frame = pd.DataFrame({"text": [t for t, _ in kept], "label": pd.Series([l for _, l in kept], dtype=object)})
    sizes = frame["label"].value_counts()
    words = frame["text"].map(lambda text: len(text.split()))
    return Audit(
        len(rows) - len(frame),
        int(frame["text"].duplicated().sum()),
        int((frame.groupby("text")["label"].nunique() > 1).sum()),
        {label: float(size) / len(frame) for label, size in sizes.items()},
        float(sizes.max() / sizes.min()),
        tuple(words.quantile([0.05, 0.5, 0.95]).tolist()),
    )


@alternative("audit")
def one_loop(rows, text_key, label_key):
    """Counts on the way."""
    missing = duplicates = 0
    seen, sizes, lengths = {}, {}, []
    for row in rows:
        text, label = row.get(text_key), row.get(label_key)
        if text is None or label is None or len(text.split()) == 0:
            missing += 1
            continue
        if text in seen:
            duplicates += 1
        seen.setdefault(text, []).append(label)
        sizes[label] = sizes.get(label, 0) + 1
        lengths.append(len(text.split()))
    if not lengths:
        raise ValueError("no complete row among the rows")
    conflicts = 0
    for labels in seen.values():
        if any(label != labels[0] for label in labels):
            conflicts += 1
    ordered = sorted(lengths)

    def quantile(share):
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))

    total = len(lengths)
    return Audit(
        missing, duplicates, conflicts, {k: v / total for k, v in sizes.items()}, max(sizes.values()) / min(sizes.values()),
        (quantile(0.05), quantile(0.5), quantile(0.95)),
    )  # fmt: skip


@alternative("near_duplicates")
def by_a_sparse_product(texts, n, threshold):
    """Counts all shared shingles at once, as the product of a sparse matrix with itself, in blocks."""
    from scipy.sparse import csr_matrix

    numbers, rows, columns = {}, [], []
    for row, text in enumerate(texts):
        folded = " ".join(text.casefold().split())
        pieces = {folded[i : i + n] for i in range(len(folded) - n + 1)} or ({folded} if folded else set())
        for piece in pieces:
            rows.append(row)
            columns.append(numbers.setdefault(piece, len(numbers)))
    if not rows:
        return []
    has = csr_matrix((np.ones(len(rows), dtype=np.int32), (rows, columns)), shape=(len(texts), len(numbers)))
    sizes = np.asarray(has.sum(axis=1)).ravel()
    found = []
    for start in range(0, len(texts), 500):
        shared = (has[start : start + 500] @ has.T).tocoo()
        left, right = shared.row + start, shared.col
        similar = shared.data / (sizes[left] + sizes[right] - shared.data)
        keep = (similar >= threshold) & (left < right)
        found += zip(left[keep].tolist(), right[keep].tolist())
    return sorted(found)


@alternative("near_duplicates")
def by_counting_what_is_shared(texts, n, threshold):
    """An index from each shingle to the texts that have it, and a count for each later text."""
    from collections import Counter, defaultdict

    def cut(text):
        text = " ".join(text.split()).casefold()
        if len(text) < n:
            return {text} if text else set()
        return {text[i : i + n] for i in range(len(text) - n + 1)}

    sets, index, pairs = [], defaultdict(list), []
    for j, text in enumerate(texts):
        pieces = cut(text)
        shared = Counter(i for piece in pieces for i in index[piece])
        pairs += [(i, j) for i, both in shared.items() if both / (len(pieces) + len(sets[i]) - both) >= threshold]
        for piece in pieces:
            index[piece].append(j)
        sets.append(pieces)
    return sorted(pairs)


@alternative("leaks")
def one_call_and_sklearn(train, test, encode, threshold):
    """Encodes both sides at once, and lets a library take the cosines."""
    from sklearn.metrics.pairwise import cosine_similarity

    if not (train and test):
        return []
    folded = [" ".join(text.split()).casefold() for text in [*train, *test]]
    vectors = encode(folded).astype("float64")
    similar = cosine_similarity(vectors[len(train) :], vectors[: len(train)]).round(6)
    found = []
    for i, row in enumerate(similar):
        j = int(np.argmax(row))
        if row[j] >= threshold:
            found.append((i, j, float(row[j])))
    return found


@alternative("leaks")
def pair_by_pair(train, test, encode, threshold):
    """Two loops over vectors."""
    import math

    if len(train) == 0 or len(test) == 0:
        return []
    fold = lambda text: " ".join(text.casefold().split())
    of_train = [[float(x) for x in v] for v in encode([fold(text) for text in train])]
    of_test = [[float(x) for x in v] for v in encode([fold(text) for text in test])]
    found = []
    for i, v in enumerate(of_test):
        best, where = -1.0, 0
        for j, w in enumerate(of_train):
            lengths = math.hypot(*v) * math.hypot(*w)
            similar = round(math.fsum(x * y for x, y in zip(v, w)) / lengths, 6) if lengths else 0.0
            if similar > best:
                best, where = similar, j
        if best >= threshold:
            found.append((i, where, best))
    return found


@alternative("cohen_kappa")
def from_a_table(a, b):
    """A contingency table of the two."""
    if not a or len(a) != len(b):
        raise ValueError("unequal or empty")
    names = {label: number for number, label in enumerate(dict.fromkeys([*a, *b]))}
    table = np.zeros((len(names), len(names)))
    for x, y in zip(a, b):
        table[names[x], names[y]] += 1
    table /= table.sum()
    chance = float(table.sum(axis=0) @ table.sum(axis=1))
    if len(names) == 1:
        return 1.0
    return float((np.trace(table) - chance) / (1 - chance))


@alternative("cohen_kappa")
def by_sklearn(a, b):
    """The library's, which has no answer where there is one label only."""
    from sklearn.metrics import cohen_kappa_score

    if len(a) != len(b):
        raise ValueError(f"{len(a)} labels and {len(b)}")
    if len(a) == 0:
        raise ValueError("nothing to compare")
    if a == b:
        return 1.0
    return float(cohen_kappa_score([str(x) for x in a], [str(x) for x in b]))


@alternative("fleiss_kappa")
def from_shares(counts):
    """The agreement from squared shares, with the pairs of people with themselves taken out."""
    if counts.shape[0] == 0:
        raise ValueError("no items")
    n = counts.sum(axis=1, keepdims=True)
    if n.min() < 2:
        raise ValueError(f"item {int(n.argmin())} has fewer than two raters")
    shares = counts / n
    agreement = ((shares**2).sum(axis=1, keepdims=True) * n - 1) / (n - 1)
    chance = float(np.square(shares.mean(axis=0)).sum())
    if chance > 1 - 1e-12:
        return 1.0
    return float((agreement.mean() - chance) / (1 - chance))


@alternative("fleiss_kappa")
def in_plain_loops(counts):
    """Row by row, in whole numbers."""
    rows = counts.tolist()
    if not rows or any(sum(row) < 2 for row in rows):
        raise ValueError("at least one item and two raters each")
    agreements, shares = [], [0.0] * len(rows[0])
    for row in rows:
        n = sum(row)
        agreements.append(sum(c * (c - 1) for c in row) / (n * (n - 1)))
        for c, count in enumerate(row):
            shares[c] += count / n / len(rows)
    if sum(share > 0 for share in shares) == 1:
        return 1.0
    chance = sum(share * share for share in shares)
    return (sum(agreements) / len(agreements) - chance) / (1 - chance)


@alternative("usable_sources")
def a_list_of_conditions(cards, purpose):
    """All conditions for each card, in order, and the first that holds."""
    verdicts = {}
    for card in cards:
        licence = str(card.get("licence")).casefold()
        terms = LICENCES.get(licence, ())
        risky = card.get("personal") in (True, None)
        origins = card.get("made_from")
        conditions = [
            ("licence", licence not in LICENCES),
            ("non-commercial", purpose["commercial"] and "non-commercial" in terms),
            ("share-alike", "share-alike" in terms and purpose["share_alike"] is False),
            ("personal data", risky and not purpose["personal_data"]),
            ("consent", risky and card.get("consent") in (False, None)),
            ("language", purpose["language"] not in (card.get("languages") or ())),
            ("overlap", origins is None or any(origin in purpose["test_from"] for origin in origins)),
        ]
        verdicts[card["name"]] = next((reason for reason, holds in conditions if holds), "usable")
    return verdicts


@alternative("labels_needed")
def least_absolute_errors(sizes, errors, target):
    """For each power the law is a line; the line with the least sum of absolute misses goes through two of the points (or one, with a floor of 0)."""
    from itertools import combinations
    from math import ceil

    n, e = np.asarray(sizes, float), np.asarray(errors, float)

    def best(power):
        x = (n / n.min()) ** -power
        lines = []
        for i, j in combinations(range(len(n)), 2):
            slope = (e[i] - e[j]) / (x[i] - x[j])
            lines.append((e[i] - slope * x[i], slope))
        lines += [(0.0, e[i] / x[i]) for i in range(len(n))]
        return min(
            (np.abs(floor + slope * x - e).sum(), max(floor, 0.0), slope, power) for floor, slope in lines if floor >= -1e-12 and slope > 0
        )

    low, high = 0.1, 1.0
    for _ in range(5):
        grid = np.linspace(low, high, 41)
        power = min(map(best, grid))[3]
        step = grid[1] - grid[0]
        low, high = max(0.1, power - step), min(1.0, power + step)
    _, floor, slope, power = best(power)
    if target <= floor:
        return None
    return max(1, int(ceil(n.min() * (slope / (target - floor)) ** (1 / power))))


@alternative("labels_needed")
def without_each_in_turn(sizes, errors, target):
    """Least squares without one point at a time, and the fit that the others follow best."""
    from math import ceil

    from scipy.optimize import least_squares

    n, e = np.array(sizes, float), np.array(errors, float)
    unit = n.min()
    best = None
    for left_out in [i for i in range(len(n)) if unit < n[i] < n.max()]:
        keep = np.arange(len(n)) != left_out
        for power in (0.25, 0.6):
            fit = least_squares(
                lambda q: q[0] + q[1] * (n[keep] / unit) ** -q[2] - e[keep],
                (e.min() / 2, np.ptp(e), power), bounds=([0, 1e-9, 0.1], [1, 5, 1]), xtol=1e-14, ftol=1e-14, gtol=1e-14,
            )  # fmt: skip
            if best is None or fit.cost < best.cost:
                best = fit
    floor, rise, power = best.x
    if floor >= target - 1e-9:
        return None
    return max(1, ceil(unit * ((target - floor) / rise) ** (-1 / power)))


@alternative("pick_to_label")
def with_sorted(probabilities, k, strategy):
    """Python's own sort, which is stable."""
    import math

    rows = probabilities.tolist()
    if k < 0 or k > len(rows):
        raise ValueError(f"k={k} of {len(rows)}")
    scores = {
        "least_confident": lambda row: 1 - max(row),
        "margin": lambda row: -(sorted(row)[-1] - sorted(row)[-2]),
        "entropy": lambda row: -math.fsum(p * math.log2(p) for p in row if p > 0),
    }
    if strategy not in scores:
        raise ValueError("unknown strategy: " + strategy)
    return sorted(range(len(rows)), key=lambda i: scores[strategy](rows[i]), reverse=True)[:k]


@alternative("pick_to_label")
def with_scipy(probabilities, k, strategy):
    """The library's entropy, in bits, and a partition for the two largest."""
    from scipy.stats import entropy

    if strategy not in ("least_confident", "margin", "entropy"):
        raise ValueError(f"strategy {strategy} isn't there")
    if k not in range(len(probabilities) + 1):
        raise ValueError("k is out of range")
    if strategy == "entropy":
        score = -entropy(probabilities, axis=1, base=2)
    elif strategy == "margin":
        top = np.partition(probabilities, -2, axis=1)[:, -2:]
        score = top[:, 1] - top[:, 0]
    else:
        score = probabilities.max(axis=1)
    return [int(i) for i in np.lexsort((np.arange(len(score)), score))[:k]]
