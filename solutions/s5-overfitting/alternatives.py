"""Other right answers of "Seeing it and stopping it"."""

import math

import numpy as np
import torch
from transformers import TrainerCallback

from autograder.authoring import alternative


@alternative("early_stop")
def counts_from_the_best(losses, patience, min_delta):
    """Keeps no counter: the distance from the best position is one."""
    if not patience >= 1:
        raise ValueError("patience must be 1 or more")
    best = None
    for i, loss in enumerate(losses):
        if math.isfinite(loss) and (best is None or losses[best] - loss > min_delta):
            best = i
        since = i - best if best is not None else i + 1
        if since >= patience:
            return Stop(best=best, stopped=i)
    return Stop(best=best, stopped=None)


@alternative("early_stop")
def with_while(losses, patience, min_delta):
    """Goes on while there is patience left."""
    if patience <= 0:
        raise ValueError(f"patience={patience}")
    best, level, left, at = None, math.inf, patience, 0
    while at < len(losses) and left > 0:
        if losses[at] < level - min_delta:
            best, level, left = at, losses[at], patience
        else:
            left -= 1
        at += 1
    return Stop(best, at - 1 if left == 0 else None)


@alternative("EarlyStop")
class KeepsAllLosses(TrainerCallback):
    """Remembers every evaluation, and looks back."""

    def __init__(self, patience, min_delta=0.0):
        super().__init__()
        self.patience = patience
        self.min_delta = min_delta
        self.on_train_begin(None, None, None)

    def on_train_begin(self, args, state, control, **kwargs):
        self.best_loss = None
        self.best_step = None
        self.history = []

    def on_evaluate(self, args, state, control, metrics, **kwargs):
        value = metrics["eval_loss"]
        level = math.inf if self.best_loss is None else self.best_loss
        better = value < level - self.min_delta
        self.history.append(better)
        if better:
            self.best_loss = float(value)
            self.best_step = int(state.global_step)
        elif len(self.history) >= self.patience and not any(self.history[-self.patience :]):
            control.should_training_stop = True
        return control


@alternative("diagnose")
def with_convolution(train, dev):
    """Takes the means of three by NumPy."""
    curves = np.array([train, dev], dtype=float) if len(train) == len(dev) else np.zeros((2, 0))
    if curves.shape[1] <= 3:
        raise ValueError("two curves of one length, of four losses or more")
    if np.isnan(curves).any() or np.isinf(curves).any():
        return "diverging"
    means = np.array([np.convolve(curve, np.ones(3) / 3, mode="valid") for curve in curves])
    ends, lows = means[:, -1], means.min(axis=1)
    tests = {
        "diverging": ends[0] > lows[0] + 0.2 * train[0],
        "underfitting": ends[0] > 0.8 * train[0],
        "overfitting": ends[1] > 1.1 * lows[1],
        "good": True,
    }
    return next(name for name, true in tests.items() if true)


@alternative("smoothed_cross_entropy")
def with_a_target(logits, labels, epsilon):
    """Writes the whole target down, and multiplies."""
    if epsilon < 0 or epsilon > 1:
        raise ValueError("epsilon is out of range")
    rows = [i for i, label in enumerate(labels.tolist()) if label != -100]
    kept, wanted = logits[rows], labels[rows]
    classes = kept.shape[1]
    target = torch.full_like(kept, epsilon / classes, requires_grad=False)
    target[torch.arange(len(rows)), wanted] += 1 - epsilon
    logs = kept - torch.logsumexp(kept, dim=1, keepdim=True)
    return -(target * logs).sum() / len(rows)


@alternative("smoothed_cross_entropy")
def by_the_library(logits, labels, epsilon):
    """Leaves it to torch."""
    if not 0.0 <= epsilon <= 1.0:
        raise ValueError("epsilon: from 0 to 1")
    return torch.nn.functional.cross_entropy(logits, labels, label_smoothing=epsilon)


@alternative("smoothed_cross_entropy")
def row_by_row(logits, labels, epsilon):
    """Fills the losses in, one by one, and masks at the end."""
    if not 0 <= epsilon <= 1:
        raise ValueError("epsilon must be a share")
    losses, counts = torch.zeros(len(logits), dtype=logits.dtype), labels != -100
    for i, row in enumerate(logits):
        if counts[i]:
            logs = row - row.logsumexp(dim=0)
            losses[i] = -(1 - epsilon) * logs[labels[i]] - epsilon / len(row) * logs.sum()
    loss = losses.sum() / counts.sum()
    assert bool((losses.sum() * 2).isfinite())
    return loss


@alternative("average_weights")
def sums_in_float32(states):
    """Adds up in float32, one state after the other."""
    names = set().union(*states)
    for name in names:
        if any(name not in state for state in states):
            raise ValueError(f"{name} isn't everywhere")
    if len(states) == 0:
        raise ValueError("no states")
    result = {}
    for name in states[0]:
        last = states[-1][name].detach()
        if last.dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
            total = torch.zeros_like(last, dtype=torch.float64 if last.dtype == torch.float64 else torch.float32)
            for state in states:
                total += state[name].detach()
            result[name] = (total / len(states)).to(last.dtype)
        else:
            result[name] = last.clone()
    return result


@alternative("average_weights")
def by_running_means(states):
    """Moves a double-precision mean towards each state by its share."""
    if not states:
        raise ValueError("give at least one state")
    first = states[0]
    for other in states[1:]:
        missing = [name for name in {**first, **other} if name not in first or name not in other]
        if missing:
            raise ValueError("not in all states: " + ", ".join(missing))
    with torch.no_grad():
        means = {name: tensor.double().clone() for name, tensor in first.items() if torch.is_floating_point(tensor)}
        for count, state in enumerate(states[1:], start=2):
            for name, average in means.items():
                average.add_((state[name].double() - average) / count)
        return {name: means[name].to(t.dtype) if name in means else states[-1][name].detach().clone() for name, t in first.items()}


@alternative("average_weights")
def in_a_deep_copy(states):
    """Begins with a deep copy of the last state, and goes by way of NumPy."""
    import copy

    if not states:
        raise ValueError("no state at all")
    known = list(states[0])
    for state in states:
        for name in [*state, *known]:
            if name not in state or name not in known:
                raise ValueError(name)
    result = {name: copy.deepcopy(states[-1][name].detach()) for name in known}
    for name, tensor in result.items():
        if tensor.dtype.is_floating_point:
            rows = np.stack([state[name].detach().double().numpy() for state in states])
            tensor.copy_(torch.from_numpy(np.asarray(rows.mean(axis=0))))
    return result


@alternative("cross_validate")
def dealt_by_hand(rows, group_key, label_key, folds, seed, fit_score):
    """Deals the groups, large ones first, each to the fold that it makes most even."""
    from collections import Counter

    from scipy.stats import t

    groups = {}
    for row in rows:
        groups.setdefault(row[group_key], []).append(row)
    if folds < 2 or len(groups) < folds:
        raise ValueError(f"{len(groups)} groups for {folds} folds")
    rng = np.random.default_rng(seed)
    names = list(groups)
    names = [names[i] for i in rng.permutation(len(names))]
    names.sort(key=lambda name: -len(groups[name]))
    counts, parts = [Counter() for _ in range(folds)], [[] for _ in range(folds)]
    for name in names:
        own = Counter(row[label_key] for row in groups[name])

        def unevenness(fold, own=own):
            return sum((counts[fold][label] + n) ** 2 - counts[fold][label] ** 2 for label, n in own.items()), counts[fold].total()

        chosen = min(range(folds), key=unevenness)
        counts[chosen] += own
        parts[chosen].append(name)
    scores = []
    for part in parts:
        inside = set(part)
        train = [row for row in rows if row[group_key] not in inside]
        test = [row for row in rows if row[group_key] in inside]
        scores.append(float(fit_score(train, test)))
    mean = float(np.mean(scores))
    half = float(t.ppf(0.975, folds - 1) * np.std(scores, ddof=1) / np.sqrt(folds))
    return CVResult(tuple(scores), mean, mean - half, mean + half)
