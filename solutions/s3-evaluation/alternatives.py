"""Other right solutions of "Did it work?"."""

import numpy as np

from autograder.authoring import alternative


@alternative("confusion_matrix")
def by_counting_pairs(labels, predictions, num_classes):
    """A plain loop over the examples."""
    matrix = np.zeros((num_classes, num_classes), dtype=int)
    for true, predicted in zip(labels, predictions):
        matrix[true, predicted] += 1
    return matrix


@alternative("confusion_matrix")
def by_scikit_learn(labels, predictions, num_classes):
    """The library's function, told which classes there are."""
    from sklearn import metrics

    return metrics.confusion_matrix(labels, predictions, labels=np.arange(num_classes))


@alternative("confusion_matrix")
def by_adding_at(labels, predictions, num_classes):
    """Adds in place, repeated pairs included."""
    matrix = np.zeros((num_classes, num_classes), dtype=np.int32)
    np.add.at(matrix, (labels, predictions), 1)
    return matrix


@alternative("compute_metrics")
def with_scikit_learn(eval_pred):
    """The library's function, told about absent classes and about divisions by zero."""
    from sklearn.metrics import precision_recall_fscore_support

    logits, labels = eval_pred
    predictions = np.argmax(logits, axis=-1)
    mask = labels != -100
    predictions, labels = predictions[mask], labels[mask]
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, predictions, labels=range(logits.shape[-1]), average="macro", zero_division=0
    )
    return {
        "accuracy": float(np.mean(predictions == labels)),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
    }


@alternative("compute_metrics")
def with_plain_numbers(eval_pred):
    """One class after the other, in plain Python."""
    logits, labels = eval_pred[0], eval_pred[1]
    num_classes = logits.shape[-1]
    pairs = [(int(true), int(np.argmax(row))) for row, true in zip(logits.reshape(-1, num_classes), labels.reshape(-1)) if true != -100]
    precisions, recalls, f1s = [], [], []
    for c in range(num_classes):
        tp = sum(true == c and predicted == c for true, predicted in pairs)
        fp = sum(true != c and predicted == c for true, predicted in pairs)
        fn = sum(true == c and predicted != c for true, predicted in pairs)
        p = tp / (tp + fp) if tp + fp else 0.0
        r = tp / (tp + fn) if tp + fn else 0.0
        precisions.append(p)
        recalls.append(r)
        f1s.append(2 * p * r / (p + r) if p + r else 0.0)
    return {
        "accuracy": sum(true == predicted for true, predicted in pairs) / len(pairs),
        "precision": sum(precisions) / num_classes,
        "recall": sum(recalls) / num_classes,
        "f1": sum(f1s) / num_classes,
    }


@alternative("bootstrap_interval")
def one_resample_at_a_time(correct, confidence, resamples, seed):
    """A loop of draws, and percentiles in percent."""
    if confidence <= 0 or confidence >= 1:
        raise ValueError("confidence is a share, such as 0.95")
    rng = np.random.default_rng(seed)
    accuracies = [rng.choice(correct, size=len(correct), replace=True).mean() for _ in range(resamples)]
    low = np.percentile(accuracies, 100 * (1 - confidence) / 2)
    high = np.percentile(accuracies, 100 * (1 + confidence) / 2)
    return low.item(), high.item()


@alternative("bootstrap_interval")
def by_counting_right_answers(correct, confidence, resamples, seed):
    """The number of right answers in a resample is binomial, so it can be drawn at once; the ends are order statistics."""
    if not 0 < confidence < 1:
        raise ValueError("confidence is a share, such as 0.95")
    rng = np.random.default_rng(seed)
    n = len(correct)
    accuracies = np.sort(rng.binomial(n, correct.sum() / n, size=resamples) / n)
    tail = (1 - confidence) / 2
    low = accuracies[int(tail * resamples)]
    high = accuracies[min(int((1 - tail) * resamples), resamples - 1)]
    return float(low), float(high)


@alternative("bootstrap_interval")
def with_the_standard_library(correct, confidence, resamples, seed):
    """A generator of the random module's own."""
    import random

    if not 0 < confidence < 1:
        raise ValueError("confidence is a share, such as 0.95")
    generator = random.Random(seed)
    answers = [int(answer) for answer in correct]
    accuracies = [sum(generator.choices(answers, k=len(answers))) / len(answers) for _ in range(resamples)]
    low, high = np.quantile(accuracies, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


@alternative("bootstrap_interval")
def with_scipy(correct, confidence, resamples, seed):
    """The library's bootstrap, told which kind."""
    from scipy import stats

    if not 0 < confidence < 1:
        raise ValueError("confidence is a share, such as 0.95")
    result = stats.bootstrap(
        (correct.astype(float),), np.mean, n_resamples=resamples, confidence_level=confidence, method="percentile", rng=seed
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


@alternative("expected_calibration_error")
def by_digitize(probabilities, labels, bins):
    """Sorts into bins at once, and adds up per bin with bincount."""
    confidence = probabilities.max(axis=-1)
    right = (probabilities.argmax(axis=-1) == labels).astype(float)
    bin_of = np.digitize(confidence, np.linspace(0, 1, bins + 1), right=True) - 1
    gap = np.bincount(bin_of, weights=right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(labels))


@alternative("expected_calibration_error")
def by_rounding_up(probabilities, labels, bins):
    """The bin's number is the confidence times the number of bins, rounded up."""
    gaps = {}
    for row, label in zip(probabilities, labels):
        predicted = int(row.argmax())
        bin_number = int(np.ceil(row[predicted] * bins))
        gaps[bin_number] = gaps.get(bin_number, 0.0) + float(row[predicted]) - (predicted == label)
    return float(sum(abs(gap) for gap in gaps.values()) / len(labels))
