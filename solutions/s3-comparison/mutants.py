"""Wrong solutions of "Is it better, and better at what?", each with the misconception behind it."""

import numpy as np

from autograder.authoring import mutant

# ---------------------------------------------------------------- head_to_head


@mutant("head_to_head", caught_by="test_right_means_like_the_label", says="They may agree and both be wrong")
def agreement_for_correctness(labels, predictions_a, predictions_b):
    """Takes agreement with each other for being right."""
    a, b = predictions_a == labels, predictions_b == labels
    both = int((predictions_a == predictions_b).sum())
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    return {"both": both, "only_a": only_a, "only_b": only_b, "neither": len(labels) - both - only_a - only_b}


@mutant("head_to_head", caught_by="test_four_whole_numbers", says="needn't be the same wrong answer")
def wrong_in_the_same_way(labels, predictions_a, predictions_b):
    """Counts 'neither' only where both give the same wrong answer."""
    a, b = predictions_a == labels, predictions_b == labels
    same_mistake = (predictions_a == predictions_b) & ~a
    return {"both": int((a & b).sum()), "only_a": int((a & ~b).sum()), "only_b": int((b & ~a).sum()), "neither": int(same_mistake.sum())}


@mutant("head_to_head", caught_by="test_who_wins_where", says="swapped")
def winners_swapped(labels, predictions_a, predictions_b):
    """Counts for a where a is wrong."""
    a, b = predictions_a == labels, predictions_b == labels
    return {"both": int((a & b).sum()), "only_a": int((~a & b).sum()), "only_b": int((a & ~b).sum()), "neither": int((~a & ~b).sum())}


@mutant("head_to_head", caught_by="test_who_wins_where", says="all that a gets right")
def accuracies_for_wins(labels, predictions_a, predictions_b):
    """Puts each model's number of right answers where its wins belong."""
    a, b = predictions_a == labels, predictions_b == labels
    return {"both": int((a & b).sum()), "only_a": int(a.sum()), "only_b": int(b.sum()), "neither": int((~a & ~b).sum())}


@mutant("head_to_head", caught_by="test_four_whole_numbers", says="no shares")
def shares_of_the_examples(labels, predictions_a, predictions_b):
    """Divides by the number of examples."""
    a, b = predictions_a == labels, predictions_b == labels
    parts = {"both": a & b, "only_a": a & ~b, "only_b": ~a & b, "neither": ~a & ~b}
    return {name: float(part.mean()) for name, part in parts.items()}


@mutant("head_to_head", caught_by="test_four_whole_numbers", says="turns a NumPy or torch number into one")
def numpy_integers(labels, predictions_a, predictions_b):
    """Returns NumPy's integers, which JSON doesn't take."""
    a, b = predictions_a == labels, predictions_b == labels
    return {"both": (a & b).sum(), "only_a": (a & ~b).sum(), "only_b": (~a & b).sum(), "neither": (~a & ~b).sum()}


# ---------------------------------------------------------------- paired_bootstrap


@mutant("paired_bootstrap", caught_by="test_examples_are_drawn_in_pairs", says="unpaired")
def each_drawn_by_itself(a, b, resamples, seed):
    """Draws examples for a and other examples for b."""
    if len(a) != len(b):
        raise ValueError(f"lengths {len(a)} and {len(b)}")
    rng = np.random.default_rng(seed)
    difference = (b - a).mean()
    drawn = np.array([rng.choice(b, len(b)).mean() - rng.choice(a, len(a)).mean() for _ in range(resamples)])
    count = (np.abs(drawn - difference) >= abs(difference) - 1e-12).sum()
    return Gain(float(difference), float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)), float((1 + count) / (1 + resamples)))


@mutant("paired_bootstrap", caught_by="test_equals", says="is the pairing lost")
def two_generators_drifting(a, b, resamples, seed):
    """A generator for each system, with different seeds: not the same examples."""
    if len(a) != len(b):
        raise ValueError(f"lengths {len(a)} and {len(b)}")
    first, second = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    difference = (b - a).mean()
    drawn = np.array([second.choice(b, len(b)).mean() - first.choice(a, len(a)).mean() for _ in range(resamples)])
    count = (np.abs(drawn - difference) >= abs(difference) - 1e-12).sum()
    return Gain(float(difference), float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)), float((1 + count) / (1 + resamples)))


@mutant("paired_bootstrap", caught_by="test_p_counts_both_sides", says="one-sided")
def share_beyond_zero(a, b, resamples, seed):
    """Counts the resamples in which the sign turns, and no others."""
    if len(a) != len(b):
        raise ValueError(f"lengths {len(a)} and {len(b)}")
    gains = b - a
    rng = np.random.default_rng(seed)
    drawn = np.array([rng.choice(gains, len(gains)).mean() for _ in range(resamples)])
    difference = gains.mean()
    count = (drawn <= 0).sum() if difference > 0 else (drawn >= 0).sum()
    return Gain(float(difference), float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)), float((1 + count) / (1 + resamples)))


@mutant("paired_bootstrap", caught_by="test_p_counts_both_sides", says="lie around the measured difference, not around 0")
def distances_from_zero(a, b, resamples, seed):
    """Forgets to move the resamples to where no difference would put them."""
    if len(a) != len(b):
        raise ValueError(f"lengths {len(a)} and {len(b)}")
    gains = b - a
    rng = np.random.default_rng(seed)
    drawn = np.array([rng.choice(gains, len(gains)).mean() for _ in range(resamples)])
    difference = gains.mean()
    count = (np.abs(drawn) >= abs(difference) - 1e-12).sum()
    return Gain(float(difference), float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)), float((1 + count) / (1 + resamples)))


@mutant("paired_bootstrap", caught_by="test_p_is_never_zero", says="nobody can know that")
def share_without_the_sample(a, b, resamples, seed):
    """Count over resamples, which can be 0."""
    if len(a) != len(b):
        raise ValueError(f"lengths {len(a)} and {len(b)}")
    gains = b - a
    rng = np.random.default_rng(seed)
    drawn = np.array([rng.choice(gains, len(gains)).mean() for _ in range(resamples)])
    p = (np.abs(drawn - gains.mean()) >= abs(gains.mean()) - 1e-12).mean()
    return Gain(float(gains.mean()), float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)), float(p))


@mutant("paired_bootstrap", caught_by="test_scores_between_zero_and_one", says="turned into right and wrong")
def right_or_wrong_only(a, b, resamples, seed):
    """Takes every score above 0 for a right answer."""
    if len(a) != len(b):
        raise ValueError(f"lengths {len(a)} and {len(b)}")
    gains = b.astype(bool).astype(float) - a.astype(bool).astype(float)
    rng = np.random.default_rng(seed)
    drawn = np.array([rng.choice(gains, len(gains)).mean() for _ in range(resamples)])
    count = (np.abs(drawn - gains.mean()) >= abs(gains.mean()) - 1e-12).sum()
    return Gain(
        float(gains.mean()), float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)), float((1 + count) / (1 + resamples))
    )


@mutant("paired_bootstrap", caught_by="test_a_gain_of_four_floats", says="It is b's gain over a")
def gain_of_a_over_b(a, b, resamples, seed):
    """Subtracts the wrong way round."""
    if len(a) != len(b):
        raise ValueError(f"lengths {len(a)} and {len(b)}")
    gains = a - b
    rng = np.random.default_rng(seed)
    drawn = np.array([rng.choice(gains, len(gains)).mean() for _ in range(resamples)])
    count = (np.abs(drawn - gains.mean()) >= abs(gains.mean()) - 1e-12).sum()
    return Gain(
        float(gains.mean()), float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)), float((1 + count) / (1 + resamples))
    )


@mutant("paired_bootstrap", caught_by="test_examples_are_drawn_in_pairs", says="too narrow")
def five_percent_at_each_end(a, b, resamples, seed):
    """Leaves 5% outside at each end."""
    if len(a) != len(b):
        raise ValueError(f"lengths {len(a)} and {len(b)}")
    gains = b - a
    rng = np.random.default_rng(seed)
    drawn = np.array([rng.choice(gains, len(gains)).mean() for _ in range(resamples)])
    count = (np.abs(drawn - gains.mean()) >= abs(gains.mean()) - 1e-12).sum()
    return Gain(float(gains.mean()), float(np.quantile(drawn, 0.05)), float(np.quantile(drawn, 0.95)), float((1 + count) / (1 + resamples)))


@mutant("paired_bootstrap", caught_by="test_examples_are_drawn_in_pairs", says="too wide")
def two_intervals_subtracted(a, b, resamples, seed):
    """Makes an interval for each system, and takes the distances between their far ends."""
    if len(a) != len(b):
        raise ValueError(f"lengths {len(a)} and {len(b)}")
    gains = b - a
    rows = np.random.default_rng(seed).integers(len(a), size=(resamples, len(a)))
    of_a, of_b = (np.quantile(x[rows].mean(axis=1), [0.025, 0.975]) for x in (a, b))
    drawn = gains[rows].mean(axis=1)
    count = (np.abs(drawn - gains.mean()) >= abs(gains.mean()) - 1e-12).sum()
    return Gain(float(gains.mean()), float(of_b[0] - of_a[1]), float(of_b[1] - of_a[0]), float((1 + count) / (1 + resamples)))


@mutant("paired_bootstrap", caught_by="test_draws_follow_the_seed", says="global random state")
def seeds_the_world(a, b, resamples, seed):
    """np.random.seed changes everybody's random numbers."""
    if len(a) != len(b):
        raise ValueError(f"lengths {len(a)} and {len(b)}")
    gains = b - a
    np.random.seed(seed)
    drawn = np.array([np.random.choice(gains, len(gains)).mean() for _ in range(resamples)])
    count = (np.abs(drawn - gains.mean()) >= abs(gains.mean()) - 1e-12).sum()
    return Gain(
        float(gains.mean()), float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)), float((1 + count) / (1 + resamples))
    )


@mutant("paired_bootstrap", caught_by="test_draws_follow_the_seed", says="gave two different answers")
def seed_forgotten(a, b, resamples, seed):
    """A generator without the seed."""
    if len(a) != len(b):
        raise ValueError(f"lengths {len(a)} and {len(b)}")
    gains = b - a
    rng = np.random.default_rng()
    drawn = np.array([rng.choice(gains, len(gains)).mean() for _ in range(resamples)])
    count = (np.abs(drawn - gains.mean()) >= abs(gains.mean()) - 1e-12).sum()
    return Gain(
        float(gains.mean()), float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)), float((1 + count) / (1 + resamples))
    )


@mutant("paired_bootstrap", caught_by="test_lengths_must_agree", says="stretches a single score")
def lengths_not_looked_at(a, b, resamples, seed):
    """Trusts NumPy to complain, which it doesn't when one array has a single score."""
    gains = b - a
    rng = np.random.default_rng(seed)
    drawn = np.array([rng.choice(gains, len(gains)).mean() for _ in range(resamples)])
    count = (np.abs(drawn - gains.mean()) >= abs(gains.mean()) - 1e-12).sum()
    return Gain(
        float(gains.mean()), float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)), float((1 + count) / (1 + resamples))
    )


# ---------------------------------------------------------------- mcnemar


@mutant("mcnemar", caught_by="test_exact_for_small_counts", says="chi-squared approximation")
def chi_squared_without_saying(a, b):
    """The approximation that the textbook gives first."""
    from scipy.stats import chi2

    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    if only_a + only_b == 0:
        return 1.0
    return float(chi2.sf((only_a - only_b) ** 2 / (only_a + only_b), 1))


@mutant("mcnemar", caught_by="test_exact_for_small_counts", says="chi-squared approximation with a correction")
def chi_squared_with_continuity_correction(a, b):
    """The approximation with Edwards' correction."""
    from scipy.stats import chi2

    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    if only_a + only_b == 0:
        return 1.0
    return float(chi2.sf((abs(only_a - only_b) - 1) ** 2 / (only_a + only_b), 1))


@mutant("mcnemar", caught_by="test_agreements_do_not_count", says="only the disagreements enter")
def agreements_as_throws(a, b):
    """Counts every example as a throw of the coin."""
    from scipy.stats import binomtest

    if (a == b).all():
        return 1.0
    few, many = sorted([int((a & ~b).sum()), int((b & ~a).sum())])
    n = len(a) if (a == b).any() else few + many
    return float(binomtest(few, n, 0.5).pvalue)


@mutant("mcnemar", caught_by="test_agreements_do_not_count", says="only the disagreements enter")
def agreements_shared_out(a, b):
    """Compares the two numbers of right answers, agreements included, as if the examples were different ones."""
    from scipy.stats import binomtest

    right_a, right_b = int(a.sum()), int(b.sum())
    if (a == b).all():
        return 1.0
    return float(binomtest(right_a, right_a + right_b, 0.5).pvalue)


@mutant("mcnemar", caught_by="test_both_directions", says="one tail only")
def one_tail(a, b):
    """Half of the p-value: the smaller tail."""
    from scipy.stats import binom

    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    n = only_a + only_b
    return float(min(1.0, binom.cdf(min(only_a, only_b), n, 0.5))) if n else 1.0


@mutant("mcnemar", caught_by="test_both_directions", says="with a and b exchanged")
def doubled_in_one_direction(a, b):
    """Doubles the chance of b's wins or more, even when b is behind."""
    from scipy.stats import binom

    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    n = only_a + only_b
    return float(min(1.0, 2 * binom.sf(only_b - 1, n, 0.5))) if n else 1.0


@mutant("mcnemar", caught_by="test_an_even_split", says="above 1")
def above_one(a, b):
    """Doubles the tail and doesn't stop at 1."""
    from scipy.stats import binom

    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    n = only_a + only_b
    return float(2 * binom.cdf(min(only_a, only_b), n, 0.5)) if n else 1.0


@mutant("mcnemar", caught_by="test_no_disagreements", says="no coin to throw")
def no_throws_no_test(a, b):
    """Asks the library about zero throws, or divides by them."""
    from math import comb

    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    n = only_a + only_b
    share = min(only_a, only_b) / n
    return min(1.0, 2 * sum(comb(n, k) for k in range(round(share * n) + 1)) / 2**n)


@mutant("mcnemar", caught_by="test_thousands_of_disagreements", says="too large for a float")
def overflows(a, b):
    """A whole number times a power of 0.5, which works for a few hundred."""
    from math import comb

    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    n = only_a + only_b
    return min(1.0, 2 * sum(comb(n, k) * 0.5**n for k in range(min(only_a, only_b) + 1)))


@mutant("mcnemar", caught_by="test_exact_for_small_counts", says="at least as uneven")
def this_split_only(a, b):
    """The chance of exactly this split, doubled, without the more uneven ones."""
    from scipy.stats import binom

    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    n = only_a + only_b
    return float(min(1.0, 2 * binom.pmf(only_a, n, 0.5))) if n else 1.0


# ---------------------------------------------------------------- token_f1


@mutant("token_f1", caught_by="test_repeated_words", says="sets forget repetitions")
def overlap_of_sets(prediction, golds):
    """Each word counts once."""
    import string

    if not golds:
        raise ValueError("golds is empty")

    def words(text):
        kept = "".join(c for c in text.lower() if c not in string.punctuation)
        return {word for word in kept.split() if word not in ("a", "an", "the")}

    def f1(x, y):
        return 1.0 if not x and not y else 2 * len(x & y) / (len(x) + len(y))

    return max(f1(words(prediction), words(gold)) for gold in golds)


@mutant("token_f1", caught_by="test_repeated_words", says="a plain `in` counts them too often")
def counted_too_often(prediction, golds):
    """Asks of each predicted word whether it is in the gold answer."""
    import string

    if not golds:
        raise ValueError("golds is empty")

    def words(text):
        kept = "".join(c for c in text.lower() if c not in string.punctuation)
        return [word for word in kept.split() if word not in ("a", "an", "the")]

    def f1(x, y):
        if not x or not y:
            return float(x == y)
        same = sum(word in y for word in x)
        return min(1.0, 2 * same / (len(x) + len(y)))

    return max(f1(words(prediction), words(gold)) for gold in golds)


@mutant("token_f1", caught_by="test_the_best_gold_counts", says="the mean over the gold answers")
def mean_over_golds(prediction, golds):
    """Averages over the gold answers."""
    import string
    from collections import Counter

    if not golds:
        raise ValueError("golds is empty")

    def words(text):
        kept = "".join(c for c in text.lower() if c not in string.punctuation)
        return [word for word in kept.split() if word not in ("a", "an", "the")]

    def f1(x, y):
        return 1.0 if not x and not y else 2 * sum((Counter(x) & Counter(y)).values()) / (len(x) + len(y))

    return sum(f1(words(prediction), words(gold)) for gold in golds) / len(golds)


@mutant("token_f1", caught_by="test_the_best_gold_counts", says="keep the best score")
def first_gold_only(prediction, golds):
    """Looks at the first gold answer."""
    import string
    from collections import Counter

    if not golds:
        raise ValueError("golds is empty")

    def words(text):
        kept = "".join(c for c in text.lower() if c not in string.punctuation)
        return [word for word in kept.split() if word not in ("a", "an", "the")]

    x, y = words(prediction), words(golds[0])
    return 1.0 if not x and not y else 2 * sum((Counter(x) & Counter(y)).values()) / (len(x) + len(y))


@mutant("token_f1", caught_by="test_articles_are_left_out", says="left out before anything is counted")
def articles_kept(prediction, golds):
    """Lower-cases and strips punctuation, and leaves the articles in."""
    import string
    from collections import Counter

    if not golds:
        raise ValueError("golds is empty")

    def words(text):
        return "".join(c for c in text.lower() if c not in string.punctuation).split()

    def f1(x, y):
        return 1.0 if not x and not y else 2 * sum((Counter(x) & Counter(y)).values()) / (len(x) + len(y))

    return max(f1(words(prediction), words(gold)) for gold in golds)


@mutant("token_f1", caught_by="test_articles_are_left_out", says="An article is a whole word")
def articles_cut_out_of_words(prediction, golds):
    """Replaces the letters of an article wherever they stand."""
    import string
    from collections import Counter

    if not golds:
        raise ValueError("golds is empty")

    def words(text):
        kept = "".join(c for c in text.lower() if c not in string.punctuation)
        for article in ("the", "an", "a"):
            kept = kept.replace(article, "")
        return kept.split()

    def f1(x, y):
        return 1.0 if not x and not y else 2 * sum((Counter(x) & Counter(y)).values()) / (len(x) + len(y))

    return max(f1(words(prediction), words(gold)) for gold in golds)


@mutant("token_f1", caught_by="test_articles_are_left_out", says="Punctuation goes first")
def articles_before_punctuation(prediction, golds):
    """Leaves articles out while they still wear their quotation marks."""
    import string
    from collections import Counter

    if not golds:
        raise ValueError("golds is empty")

    def words(text):
        kept = [word for word in text.lower().split() if word not in ("a", "an", "the")]
        return "".join(c for c in " ".join(kept) if c not in string.punctuation).split()

    def f1(x, y):
        return 1.0 if not x and not y else 2 * sum((Counter(x) & Counter(y)).values()) / (len(x) + len(y))

    return max(f1(words(prediction), words(gold)) for gold in golds)


@mutant("token_f1", caught_by="test_case_and_punctuation", says="not replaced by a space")
def punctuation_to_spaces(prediction, golds):
    """A regular expression for words: a hyphen parts them."""
    import re
    from collections import Counter

    if not golds:
        raise ValueError("golds is empty")

    def words(text):
        return [word for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in ("a", "an", "the")]

    def f1(x, y):
        return 1.0 if not x and not y else 2 * sum((Counter(x) & Counter(y)).values()) / (len(x) + len(y))

    return max(f1(words(prediction), words(gold)) for gold in golds)


@mutant("token_f1", caught_by="test_case_and_punctuation", says="Lower-case both answers")
def case_kept(prediction, golds):
    """Capital letters make another word."""
    import string
    from collections import Counter

    if not golds:
        raise ValueError("golds is empty")

    def words(text):
        kept = "".join(c for c in text if c not in string.punctuation)
        return [word for word in kept.split() if word.lower() not in ("a", "an", "the")]

    def f1(x, y):
        return 1.0 if not x and not y else 2 * sum((Counter(x) & Counter(y)).values()) / (len(x) + len(y))

    return max(f1(words(prediction), words(gold)) for gold in golds)


@mutant("token_f1", caught_by="test_nothing_shared", says="ZeroDivisionError")
def harmonic_mean_of_nothing(prediction, golds):
    """Divides by precision plus recall, which are both 0 when nothing is shared."""
    import string
    from collections import Counter

    if not golds:
        raise ValueError("golds is empty")

    def words(text):
        kept = "".join(c for c in text.lower() if c not in string.punctuation)
        return [word for word in kept.split() if word not in ("a", "an", "the")]

    def f1(x, y):
        if not x or not y:
            return float(x == y)
        same = sum((Counter(x) & Counter(y)).values())
        precision, recall = same / len(x), same / len(y)
        return 2 * precision * recall / (precision + recall)

    return max(f1(words(prediction), words(gold)) for gold in golds)


@mutant("token_f1", caught_by="test_nothing_shared", says="NaN")
def nan_when_nothing_is_shared(prediction, golds):
    """NumPy's 0 / 0 is NaN, and a maximum with NaN may be one, too."""
    import string
    from collections import Counter

    if not golds:
        raise ValueError("golds is empty")

    def words(text):
        kept = "".join(c for c in text.lower() if c not in string.punctuation)
        return [word for word in kept.split() if word not in ("a", "an", "the")]

    scores = []
    for gold in golds:
        x, y = words(prediction), words(gold)
        same = sum((Counter(x) & Counter(y)).values())
        with np.errstate(all="ignore"):
            precision, recall = np.float64(same) / len(x), np.float64(same) / len(y)
            scores.append(float(2 * precision * recall / (precision + recall)))
    return max(scores)


@mutant("token_f1", caught_by="test_empty_answers", says="the two agree")
def nothing_is_never_right(prediction, golds):
    """0 whenever nothing is shared, as SQuAD's first script has it."""
    import string
    from collections import Counter

    if not golds:
        raise ValueError("golds is empty")

    def words(text):
        kept = "".join(c for c in text.lower() if c not in string.punctuation)
        return [word for word in kept.split() if word not in ("a", "an", "the")]

    def f1(x, y):
        same = sum((Counter(x) & Counter(y)).values())
        return 2 * same / (len(x) + len(y)) if same else 0.0

    return max(f1(words(prediction), words(gold)) for gold in golds)


@mutant("token_f1", caught_by="test_a_float_from_shared_words", says="That is the recall")
def recall_only(prediction, golds):
    """The share of the gold answer's words that were said: long answers win."""
    import string
    from collections import Counter

    if not golds:
        raise ValueError("golds is empty")

    def words(text):
        kept = "".join(c for c in text.lower() if c not in string.punctuation)
        return [word for word in kept.split() if word not in ("a", "an", "the")]

    def recall(x, y):
        return sum((Counter(x) & Counter(y)).values()) / len(y) if y else float(not x)

    return max(recall(words(prediction), words(gold)) for gold in golds)


@mutant("token_f1", caught_by="test_without_golds", says="raised nothing")
def zero_without_golds(prediction, golds):
    """No gold answer, no points."""
    import string
    from collections import Counter

    def words(text):
        kept = "".join(c for c in text.lower() if c not in string.punctuation)
        return [word for word in kept.split() if word not in ("a", "an", "the")]

    def f1(x, y):
        return 1.0 if not x and not y else 2 * sum((Counter(x) & Counter(y)).values()) / (len(x) + len(y))

    return max((f1(words(prediction), words(gold)) for gold in golds), default=0.0)


# ---------------------------------------------------------------- contaminated


@mutant("contaminated", caught_by="test_words_in_a_row", says="words or of letters")
def grams_of_letters(test, corpus, n):
    """n letters in a row."""
    import string

    def clean(text):
        return " ".join("".join(c for c in text.lower() if c not in string.punctuation).split())

    pages = "\n".join(clean(text) for text in corpus)
    found = []
    for i, text in enumerate(map(clean, test)):
        size = min(n, len(text))
        if size and any(text[j : j + size] in pages for j in range(len(text) - size + 1)):
            found.append(i)
    return found


@mutant("contaminated", caught_by="test_short_texts_are_judged_whole", says="just because they are short")
def short_texts_always(test, corpus, n):
    """Every n-gram of a short text is known, since it has none."""
    import string

    def words(text):
        return "".join(c for c in text.lower() if c not in string.punctuation).split()

    known = {tuple(w[i : i + n]) for w in map(words, corpus) for i in range(len(w) - n + 1)}
    found = []
    for i, w in enumerate(map(words, test)):
        grams = [tuple(w[j : j + n]) for j in range(len(w) - n + 1)]
        if any(gram in known for gram in grams) or (w and not grams):
            found.append(i)
    return found


@mutant("contaminated", caught_by="test_short_texts_are_judged_whole", says="It has no 8-gram")
def short_texts_never(test, corpus, n):
    """A text without an n-gram shares none."""
    import string

    def words(text):
        return "".join(c for c in text.lower() if c not in string.punctuation).split()

    known = {tuple(w[i : i + n]) for w in map(words, corpus) for i in range(len(w) - n + 1)}
    return [i for i, w in enumerate(map(words, test)) if any(tuple(w[j : j + n]) in known for j in range(len(w) - n + 1))]


@mutant("contaminated", caught_by="test_short_texts_are_judged_whole", says="It has no 8-gram")
def short_texts_among_whole_texts(test, corpus, n):
    """Compares a short text with whole corpus texts only."""
    import string

    def words(text):
        return tuple("".join(c for c in text.lower() if c not in string.punctuation).split())

    pages = [words(text) for text in corpus]
    known = {w[i : i + n] for w in pages for i in range(len(w) - n + 1)} | set(pages)
    return [i for i, w in enumerate(map(words, test)) if w and (w in known or any(w[j : j + n] in known for j in range(len(w) - n + 1)))]


@mutant("contaminated", caught_by="test_case_punctuation_and_space", says="Bring both sides to the same form")
def case_and_punctuation_kept(test, corpus, n):
    """Splits at white space and compares as it is."""

    def grams(text, size):
        w = text.split()
        return {tuple(w[i : i + size]) for i in range(len(w) - size + 1)}

    found = []
    for i, text in enumerate(test):
        size = min(n, len(text.split()))
        if size and any(grams(text, size) & grams(page, size) for page in corpus):
            found.append(i)
    return found


@mutant("contaminated", caught_by="test_case_punctuation_and_space", says="what it joined becomes one word")
def punctuation_to_spaces(test, corpus, n):
    """Punctuation parts words, instead of vanishing."""
    import re

    def grams(text, size):
        w = re.findall(r"\w+", text.lower())
        return {tuple(w[i : i + size]) for i in range(len(w) - size + 1)}

    found = []
    for i, text in enumerate(test):
        size = min(n, len(re.findall(r"\w+", text)))
        if size and any(grams(text, size) & grams(page, size) for page in corpus):
            found.append(i)
    return found


@mutant("contaminated", caught_by="test_words_in_a_row", says="not in this order")
def bags_of_words(test, corpus, n):
    """n shared words, in any order and place."""
    import string

    def words(text):
        return set("".join(c for c in text.lower() if c not in string.punctuation).split())

    pages = [words(text) for text in corpus]
    return [i for i, w in enumerate(map(words, test)) if w and any(len(w & page) >= min(n, len(w)) for page in pages)]


@mutant("contaminated", caught_by="test_words_in_a_row", says="don't go across from text to text")
def corpus_in_one_piece(test, corpus, n):
    """Joins the corpus, so that the end of one text and the beginning of the next make n-grams."""
    import string

    def words(text):
        return "".join(c for c in text.lower() if c not in string.punctuation).split()

    page = words(" ".join(corpus))
    found = []
    for i, w in enumerate(map(words, test)):
        size = min(n, len(w))
        known = {tuple(page[j : j + size]) for j in range(len(page) - size + 1)}
        if size and any(tuple(w[j : j + size]) in known for j in range(len(w) - size + 1)):
            found.append(i)
    return found


@mutant("contaminated", caught_by="test_words_in_a_row", says="one n-gram too early")
def last_gram_forgotten(test, corpus, n):
    """range(len - n) leaves the last n-gram out."""
    import string

    def words(text):
        return "".join(c for c in text.lower() if c not in string.punctuation).split()

    def grams(w, size):
        return {tuple(w[i : i + size]) for i in range(max(len(w) - size, 1 if len(w) == size else 0))}

    pages = [words(text) for text in corpus]
    return [
        i for i, w in enumerate(map(words, test)) if w and any(grams(w, min(n, len(w))) & grams(page, min(n, len(w))) for page in pages)
    ]


@mutant("contaminated", caught_by="test_places_in_order", says="One shared n-gram is enough")
def all_grams_shared(test, corpus, n):
    """Flags a text only if all its n-grams are known."""
    import string

    def words(text):
        return "".join(c for c in text.lower() if c not in string.punctuation).split()

    def grams(w, size):
        return {tuple(w[i : i + size]) for i in range(len(w) - size + 1)}

    found = []
    for i, w in enumerate(map(words, test)):
        size = min(n, len(w))
        if size and grams(w, size) <= set().union(*(grams(words(page), size) for page in corpus)):
            found.append(i)
    return found


@mutant("contaminated", caught_by="test_words_are_whole", says="finds parts of words")
def string_in_string(test, corpus, n):
    """Looks for the n-gram as a string, so that its ends may lie inside of words."""
    import string

    def words(text):
        return "".join(c for c in text.lower() if c not in string.punctuation).split()

    pages = [" ".join(words(page)) for page in corpus]
    found = []
    for i, w in enumerate(map(words, test)):
        size = min(n, len(w))
        if size and any(" ".join(w[j : j + size]) in page for page in pages for j in range(len(w) - size + 1)):
            found.append(i)
    return found


@mutant("contaminated", caught_by="test_nothing_to_judge", says="A text without words")
def nothing_is_everywhere(test, corpus, n):
    """The empty text is a part of every text."""
    import string

    def words(text):
        return "".join(c for c in text.lower() if c not in string.punctuation).split()

    pages = [" " + " ".join(words(page)) + " " for page in corpus]
    found = []
    for i, w in enumerate(map(words, test)):
        size = min(n, len(w))
        grams = [" ".join(["", *w[j : j + size], ""]) if w else "" for j in range(len(w) - size + 1)]
        if any(gram in page for gram in grams for page in pages):
            found.append(i)
    return found


@mutant("contaminated", caught_by="test_places_in_order", says="as whole numbers")
def a_flag_for_each(test, corpus, n):
    """True or False for each text, instead of the places."""
    import string

    def words(text):
        return "".join(c for c in text.lower() if c not in string.punctuation).split()

    def grams(w, size):
        return {tuple(w[i : i + size]) for i in range(len(w) - size + 1)}

    pages = [words(text) for text in corpus]
    return [bool(w) and any(grams(w, min(n, len(w))) & grams(page, min(n, len(w))) for page in pages) for w in map(words, test)]
