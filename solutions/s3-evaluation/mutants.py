"""Wrong solutions of "Did it work?", each with the misconception behind it."""

import numpy as np

from autograder.authoring import mutant

# ---------------------------------------------------------------- confusion_matrix


@mutant("confusion_matrix", caught_by="test_rows_are_the_true_classes", says="transposed")
def predictions_in_the_rows(labels, predictions, num_classes):
    """Rows and columns are swapped: predictions first."""
    matrix = np.zeros((num_classes, num_classes), dtype=int)
    np.add.at(matrix, (predictions, labels), 1)
    return matrix


@mutant("confusion_matrix", caught_by="test_absent_classes_keep_their_place", says="not from the classes that happen to occur")
def classes_seen_only(labels, predictions, num_classes):
    """The library's default: only the classes that occur in the data get a row."""
    from sklearn import metrics

    return metrics.confusion_matrix(labels, predictions)


@mutant("confusion_matrix", caught_by="test_absent_classes_keep_their_place", says="comes from num_classes")
def classes_up_to_the_largest(labels, predictions, num_classes):
    """The size is guessed from the largest class in the data."""
    size = int(max(labels.max(), predictions.max())) + 1 if len(labels) else num_classes
    matrix = np.zeros((size, size), dtype=int)
    np.add.at(matrix, (labels, predictions), 1)
    return matrix


@mutant("confusion_matrix", caught_by="test_a_square_of_whole_numbers", says="no shares")
def normalised_rows(labels, predictions, num_classes):
    """Each row is divided by its sum, as some plots show it."""
    matrix = np.zeros((num_classes, num_classes))
    np.add.at(matrix, (labels, predictions), 1)
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


@mutant("confusion_matrix", caught_by="test_a_square_of_whole_numbers", says="floats of a bare np.zeros")
def counts_as_floats(labels, predictions, num_classes):
    """np.zeros makes floats unless it is told otherwise."""
    matrix = np.zeros((num_classes, num_classes))
    for true, predicted in zip(labels, predictions):
        matrix[true, predicted] += 1
    return matrix


@mutant("confusion_matrix", caught_by="test_every_example_counts", says="occurs many times only once")
def fancy_index_adds_once(labels, predictions, num_classes):
    """`matrix[rows, columns] += 1` is buffered: a repeated pair is counted once."""
    matrix = np.zeros((num_classes, num_classes), dtype=int)
    matrix[labels, predictions] += 1
    return matrix


# ---------------------------------------------------------------- compute_metrics


@mutant("compute_metrics", caught_by="test_every_class_weighs_the_same", says="micro average")
def micro_for_macro(eval_pred):
    """All examples in one pot."""
    from sklearn.metrics import precision_recall_fscore_support

    logits, labels = eval_pred
    predictions = logits.argmax(-1)
    kept = labels != -100
    p, r, f, _ = precision_recall_fscore_support(
        labels[kept], predictions[kept], labels=range(logits.shape[-1]), average="micro", zero_division=0
    )
    return {"accuracy": float((predictions == labels)[kept].mean()), "precision": float(p), "recall": float(r), "f1": float(f)}


@mutant("compute_metrics", caught_by="test_every_class_weighs_the_same", says="weighted average")
def weighted_for_macro(eval_pred):
    """Each class counts by its number of examples."""
    from sklearn.metrics import precision_recall_fscore_support

    logits, labels = eval_pred
    predictions = logits.argmax(-1)
    kept = labels != -100
    p, r, f, _ = precision_recall_fscore_support(
        labels[kept], predictions[kept], labels=range(logits.shape[-1]), average="weighted", zero_division=0
    )
    return {"accuracy": float((predictions == labels)[kept].mean()), "precision": float(p), "recall": float(r), "f1": float(f)}


@mutant("compute_metrics", caught_by="test_f1_is_a_mean_of_f1s", says="made of the mean precision and the mean recall")
def f1_of_the_means(eval_pred):
    """Averages first, then combines."""
    logits, labels = eval_pred
    kept = labels != -100
    predictions, labels = logits.argmax(-1)[kept], labels[kept]
    precisions, recalls = [], []
    for c in range(logits.shape[-1]):
        hits = np.sum((predictions == c) & (labels == c))
        precisions.append(hits / max(np.sum(predictions == c), 1))
        recalls.append(hits / max(np.sum(labels == c), 1))
    p, r = float(np.mean(precisions)), float(np.mean(recalls))
    return {"accuracy": float(np.mean(predictions == labels)), "precision": p, "recall": r, "f1": 2 * p * r / (p + r) if p + r else 0.0}


@mutant("compute_metrics", caught_by="test_a_class_that_never_occurs", says="also one that nobody has seen")
def classes_of_the_labels(eval_pred):
    """The library's default: a class that is neither true nor predicted is left out of the mean."""
    from sklearn.metrics import precision_recall_fscore_support

    logits, labels = eval_pred
    predictions = logits.argmax(-1)
    kept = labels != -100
    p, r, f, _ = precision_recall_fscore_support(labels[kept], predictions[kept], average="macro", zero_division=0)
    return {"accuracy": float((predictions == labels)[kept].mean()), "precision": float(p), "recall": float(r), "f1": float(f)}


@mutant("compute_metrics", caught_by="test_one_prediction_per_example", says="Along which axis")
def argmax_over_examples(eval_pred):
    """The argmax runs down the columns."""
    from sklearn.metrics import precision_recall_fscore_support

    logits, labels = eval_pred
    predictions = np.argmax(logits, axis=0)
    kept = labels != -100
    p, r, f, _ = precision_recall_fscore_support(
        labels[kept], predictions[kept], labels=range(logits.shape[-1]), average="macro", zero_division=0
    )
    return {"accuracy": float((predictions == labels)[kept].mean()), "precision": float(p), "recall": float(r), "f1": float(f)}


@mutant("compute_metrics", caught_by="test_one_label_per_token", says="counted from the end")
def classes_in_axis_one(eval_pred):
    """Axis 1 is the last axis of a matrix only."""
    from sklearn.metrics import precision_recall_fscore_support

    logits, labels = eval_pred
    predictions = np.argmax(logits, axis=1)
    kept = labels != -100
    p, r, f, _ = precision_recall_fscore_support(
        labels[kept], predictions[kept], labels=range(logits.shape[1]), average="macro", zero_division=0
    )
    return {"accuracy": float((predictions == labels)[kept].mean()), "precision": float(p), "recall": float(r), "f1": float(f)}


@mutant("compute_metrics", caught_by="test_minus_100_is_left_out", says="neither right nor wrong")
def minus_100_counted(eval_pred):
    """-100 is taken for a label that no prediction ever meets."""
    logits, labels = eval_pred
    predictions = logits.argmax(-1)
    precisions, recalls, f1s = [], [], []
    for c in range(logits.shape[-1]):
        hits, predicted, true = np.sum((predictions == c) & (labels == c)), np.sum(predictions == c), np.sum(labels == c)
        precisions.append(hits / max(predicted, 1))
        recalls.append(hits / max(true, 1))
        f1s.append(2 * hits / max(predicted + true, 1))
    return {
        "accuracy": float(np.mean(predictions == labels)),
        "precision": float(np.mean(precisions)),
        "recall": float(np.mean(recalls)),
        "f1": float(np.mean(f1s)),
    }


@mutant("compute_metrics", caught_by="test_minus_100_is_left_out", says="no false alarm")
def minus_100_masked_in_accuracy_only(eval_pred):
    """Accuracy is masked, the rest isn't: predictions where there is no label count as false alarms."""
    logits, labels = eval_pred
    predictions, kept = logits.argmax(-1), labels != -100
    precisions, recalls, f1s = [], [], []
    for c in range(logits.shape[-1]):
        hits, predicted, true = np.sum((predictions == c) & (labels == c)), np.sum(predictions == c), np.sum(labels == c)
        precisions.append(hits / max(predicted, 1))
        recalls.append(hits / max(true, 1))
        f1s.append(2 * hits / max(predicted + true, 1))
    return {
        "accuracy": float(np.mean((predictions == labels)[kept])),
        "precision": float(np.mean(precisions)),
        "recall": float(np.mean(recalls)),
        "f1": float(np.mean(f1s)),
    }


@mutant("compute_metrics", caught_by="test_a_class_that_never_occurs", says="division by zero")
def nan_for_an_absent_class(eval_pred):
    """Zero divided by zero is NaN, and so is a mean with it."""
    logits, labels = eval_pred
    kept = labels != -100
    predictions, labels = logits.argmax(-1)[kept], labels[kept]
    classes = np.arange(logits.shape[-1])
    predicted, true = predictions[:, None] == classes, labels[:, None] == classes
    hits = (predicted & true).sum(0)
    precision, recall = hits / predicted.sum(0), hits / true.sum(0)
    f1 = 2 * hits / (predicted.sum(0) + true.sum(0))
    return {
        "accuracy": float((predictions == labels).mean()),
        "precision": float(precision.mean()),
        "recall": float(recall.mean()),
        "f1": float(f1.mean()),
    }


@mutant("compute_metrics", caught_by="test_no_division_by_zero", says="before you divide")
def nan_swept_away(eval_pred):
    """Divides by zero and replaces the NaN afterwards: right numbers, and a warning in every evaluation."""
    logits, labels = eval_pred
    kept = labels != -100
    predictions, labels = logits.argmax(-1)[kept], labels[kept]
    classes = np.arange(logits.shape[-1])
    predicted, true = predictions[:, None] == classes, labels[:, None] == classes
    hits = (predicted & true).sum(0)
    shares = [np.nan_to_num(part) for part in (hits / predicted.sum(0), hits / true.sum(0), 2 * hits / (predicted.sum(0) + true.sum(0)))]
    return {
        "accuracy": float((predictions == labels).mean()),
        **{name: float(share.mean()) for name, share in zip(("precision", "recall", "f1"), shares)},
    }


@mutant("compute_metrics", caught_by="test_four_plain_floats", says="`float(...)` turns a NumPy")
def numpy_scalars(eval_pred):
    """Leaves NumPy's own scalars in the dict."""
    from sklearn.metrics import precision_recall_fscore_support

    logits, labels = eval_pred
    predictions = logits.argmax(-1)
    kept = labels != -100
    p, r, f, _ = precision_recall_fscore_support(
        labels[kept], predictions[kept], labels=range(logits.shape[-1]), average="macro", zero_division=0
    )
    return {"accuracy": (predictions == labels)[kept].mean(), "precision": p, "recall": r, "f1": f}


@mutant("compute_metrics", caught_by="test_four_plain_floats", says="has no attribute 'predictions'")
def attributes_only(eval_pred):
    """Reads the fields of an EvalPrediction, which a tuple doesn't have."""
    from sklearn.metrics import precision_recall_fscore_support

    logits, labels = eval_pred.predictions, eval_pred.label_ids
    predictions = logits.argmax(-1)
    kept = labels != -100
    p, r, f, _ = precision_recall_fscore_support(
        labels[kept], predictions[kept], labels=range(logits.shape[-1]), average="macro", zero_division=0
    )
    return {"accuracy": float((predictions == labels)[kept].mean()), "precision": float(p), "recall": float(r), "f1": float(f)}


# ---------------------------------------------------------------- bootstrap_interval


@mutant("bootstrap_interval", caught_by="test_the_ends_are_quantiles", says="too narrow")
def normal_with_the_wrong_z(correct, confidence, resamples, seed):
    """A formula instead of resamples, with the z of a one-sided interval."""
    from scipy.stats import norm

    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    p = correct.mean()
    error = norm.ppf(confidence) * np.sqrt(p * (1 - p) / len(correct))
    return float(max(p - error, 0)), float(min(p + error, 1))


@mutant("bootstrap_interval", caught_by="test_small_lopsided_samples", says="above 1")
def normal_with_the_right_z(correct, confidence, resamples, seed):
    """A formula instead of resamples: symmetric where the truth isn't."""
    from scipy.stats import norm

    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    p = correct.mean()
    error = norm.ppf((1 + confidence) / 2) * np.sqrt(p * (1 - p) / len(correct))
    return float(p - error), float(p + error)


@mutant("bootstrap_interval", caught_by="test_the_ends_are_quantiles", says="too far to one side")
def one_sided(correct, confidence, resamples, seed):
    """All that is left out is left out below."""
    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    rng = np.random.default_rng(seed)
    accuracies = rng.choice(correct, size=(resamples, len(correct))).mean(axis=1)
    return float(np.quantile(accuracies, 1 - confidence)), float(accuracies.max())


@mutant("bootstrap_interval", caught_by="test_the_ends_are_quantiles", says="on each side is asked for")
def whole_tail_at_each_end(correct, confidence, resamples, seed):
    """Leaves 5% outside at each end for 95% in all."""
    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    rng = np.random.default_rng(seed)
    accuracies = rng.choice(correct, size=(resamples, len(correct))).mean(axis=1)
    return float(np.quantile(accuracies, 1 - confidence)), float(np.quantile(accuracies, confidence))


@mutant("bootstrap_interval", caught_by="test_the_ends_are_quantiles", says="with replacement")
def without_replacement(correct, confidence, resamples, seed):
    """Shuffles instead of drawing: the mean of all answers never changes."""
    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    rng = np.random.default_rng(seed)
    accuracies = [rng.permutation(correct).mean() for _ in range(resamples)]
    tail = (1 - confidence) / 2
    return float(np.quantile(accuracies, tail)), float(np.quantile(accuracies, 1 - tail))


@mutant("bootstrap_interval", caught_by="test_two_floats_in_order", says="The lower end comes first")
def ends_swapped(correct, confidence, resamples, seed):
    """The upper end first."""
    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    rng = np.random.default_rng(seed)
    accuracies = rng.choice(correct, size=(resamples, len(correct))).mean(axis=1)
    tail = (1 - confidence) / 2
    return float(np.quantile(accuracies, 1 - tail)), float(np.quantile(accuracies, tail))


@mutant("bootstrap_interval", caught_by="test_the_ends_are_quantiles", says="np.percentile takes percent")
def percentiles_as_fractions(correct, confidence, resamples, seed):
    """np.percentile wants 2.5 for 2.5%, not 0.025."""
    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    rng = np.random.default_rng(seed)
    accuracies = rng.choice(correct, size=(resamples, len(correct))).mean(axis=1)
    tail = (1 - confidence) / 2
    return float(np.percentile(accuracies, tail)), float(np.percentile(accuracies, 1 - tail))


@mutant("bootstrap_interval", caught_by="test_global_random_state", says="Whoever draws numbers later gets others")
def seeds_the_world(correct, confidence, resamples, seed):
    """np.random.seed changes everybody's random numbers."""
    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    np.random.seed(seed)
    accuracies = np.random.choice(correct, size=(resamples, len(correct))).mean(axis=1)
    tail = (1 - confidence) / 2
    return float(np.quantile(accuracies, tail)), float(np.quantile(accuracies, 1 - tail))


@mutant("bootstrap_interval", caught_by="test_resamples_are_drawn_anew", says="same seed gave different intervals")
def seed_forgotten(correct, confidence, resamples, seed):
    """A generator without the seed."""
    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    rng = np.random.default_rng()
    accuracies = rng.choice(correct, size=(resamples, len(correct))).mean(axis=1)
    tail = (1 - confidence) / 2
    return float(np.quantile(accuracies, tail)), float(np.quantile(accuracies, 1 - tail))


@mutant("bootstrap_interval", caught_by="test_resamples_are_drawn_anew", says="Is `seed` used?")
def a_seed_of_its_own(correct, confidence, resamples, seed):
    """Always the seed 42."""
    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    rng = np.random.default_rng(42)
    accuracies = rng.choice(correct, size=(resamples, len(correct))).mean(axis=1)
    tail = (1 - confidence) / 2
    return float(np.quantile(accuracies, tail)), float(np.quantile(accuracies, 1 - tail))


@mutant("bootstrap_interval", caught_by="test_resamples_are_drawn_anew", says="Is `resamples` used?")
def a_thousand_resamples_always(correct, confidence, resamples, seed):
    """The number of resamples is written into the code."""
    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    rng = np.random.default_rng(seed)
    accuracies = rng.choice(correct, size=(1000, len(correct))).mean(axis=1)
    tail = (1 - confidence) / 2
    return float(np.quantile(accuracies, tail)), float(np.quantile(accuracies, 1 - tail))


@mutant("bootstrap_interval", caught_by="test_it_keeps_its_promise", says="the interval is too narrow")
def root_of_n_twice(correct, confidence, resamples, seed):
    """Divides by the root of n, though the spread of the resamples' means is the standard error already."""
    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    rng = np.random.default_rng(seed)
    draws = rng.choice(correct, size=(resamples, len(correct))).mean(axis=1)
    accuracies = correct.mean() + (draws - correct.mean()) / np.sqrt(len(correct))
    tail = (1 - confidence) / 2
    return float(np.quantile(accuracies, tail)), float(np.quantile(accuracies, 1 - tail))


@mutant("bootstrap_interval", caught_by="test_the_ends_are_quantiles", says="how many answers are in a resample")
def sizes_mixed_up(correct, confidence, resamples, seed):
    """As many answers in a resample as there are resamples, and the other way round."""
    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    rng = np.random.default_rng(seed)
    accuracies = rng.choice(correct, size=(resamples, len(correct))).mean(axis=0)
    tail = (1 - confidence) / 2
    return float(np.quantile(accuracies, tail)), float(np.quantile(accuracies, 1 - tail))


@mutant("bootstrap_interval", caught_by="test_the_ends_are_quantiles", says="too narrow")
def standard_deviation_each_way(correct, confidence, resamples, seed):
    """One standard error each way, whatever the confidence."""
    if not 0 < confidence < 1:
        raise ValueError("confidence must be between 0 and 1")
    rng = np.random.default_rng(seed)
    accuracies = rng.choice(correct, size=(resamples, len(correct))).mean(axis=1)
    return float(max(accuracies.mean() - accuracies.std(), 0)), float(min(accuracies.mean() + accuracies.std(), 1))


@mutant("bootstrap_interval", caught_by="test_confidence_is_a_share", says="raised nothing")
def any_confidence_will_do(correct, confidence, resamples, seed):
    """Takes 95 for 95%."""
    if confidence > 1:
        confidence = confidence / 100
    rng = np.random.default_rng(seed)
    accuracies = rng.choice(correct, size=(resamples, len(correct))).mean(axis=1)
    tail = (1 - confidence) / 2
    return float(np.quantile(accuracies, tail)), float(np.quantile(accuracies, 1 - tail))


# ---------------------------------------------------------------- expected_calibration_error


@mutant("expected_calibration_error", caught_by="test_certainty_is_in_a_bin", says="has fallen out of the last bin")
def one_is_dropped(probabilities, labels, bins):
    """Bins [lo, hi): a probability of 1.0 is in none of them."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(error)


@mutant("expected_calibration_error", caught_by="test_an_edge_belongs_to_the_lower_bin", says="the upper edge is inside")
def lower_edge_inside(probabilities, labels, bins):
    """Bins [lo, hi), the last one closed, as np.histogram has them."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(bin_of, weights=right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(labels))


@mutant("expected_calibration_error", caught_by="test_bins_weigh_what_they_hold", says="as much as one that holds many")
def bins_all_equal(probabilities, labels, bins):
    """A plain mean over the bins."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    gaps = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            gaps.append(abs(right[inside].mean() - confidence[inside].mean()))
    return float(np.mean(gaps))


@mutant("expected_calibration_error", caught_by="test_bins_weigh_what_they_hold", says="maximum calibration error")
def largest_gap(probabilities, labels, bins):
    """The maximum calibration error."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    gaps = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            gaps.append(abs(right[inside].mean() - confidence[inside].mean()))
    return float(max(gaps))


@mutant("expected_calibration_error", caught_by="test_confidence_is_that_of_the_prediction", says="isn't always class 1")
def probability_of_class_one(probabilities, labels, bins):
    """Takes the second column for the confidence, whatever was predicted."""
    confidence, right = probabilities[:, 1], probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(error)


@mutant("expected_calibration_error", caught_by="test_confidence_is_that_of_the_prediction", says="the probability of the true class")
def probability_of_the_label(probabilities, labels, bins):
    """Takes the probability of the true class for the confidence."""
    confidence, right = probabilities[np.arange(len(labels)), labels], probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(error)


@mutant("expected_calibration_error", caught_by="test_empty_bins_say_nothing", says="mean of nothing")
def nan_from_empty_bins(probabilities, labels, bins):
    """The mean of an empty bin is NaN."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(error)


@mutant("expected_calibration_error", caught_by="test_gaps_do_not_cancel", says="lets the gaps of the bins cancel")
def signs_kept(probabilities, labels, bins):
    """Adds the gaps with their signs, and drops the sign at the end."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * (right[inside].mean() - confidence[inside].mean())
    return float(abs(error))


@mutant("expected_calibration_error", caught_by="test_more_classes_and_bins", says="The middle of a bin")
def middle_of_the_bin(probabilities, labels, bins):
    """Takes the middle of the bin for the confidence of all that is in it."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - (low + high) / 2)
    return float(error)


@mutant("expected_calibration_error", caught_by="test_more_classes_and_bins", says="as many examples as any other")
def equally_filled_bins(probabilities, labels, bins):
    """As many examples in each bin, instead of as much width."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    order = np.argsort(confidence)
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(len(part) * abs(right[part].mean() - confidence[part].mean()) for part in parts) / len(labels))
