"""Right answers of "Seeing it and stopping it"."""

import numpy as np
import torch
from transformers import TrainerCallback


def early_stop(losses, patience, min_delta):
    if patience < 1:
        raise ValueError(f"early_stop: patience is {patience}; at least one loss must be waited for.")
    best, lowest, waited = None, float("inf"), 0
    for position, loss in enumerate(losses):
        if np.isfinite(loss) and loss < lowest - min_delta:
            best, lowest, waited = position, loss, 0
        else:
            waited += 1
        if waited == patience:
            return Stop(best, position)
    return Stop(best, None)


class EarlyStop(TrainerCallback):
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self._forget()

    def _forget(self):
        self.best_loss, self.best_step, self.waited = None, None, 0

    def on_train_begin(self, args, state, control, **kwargs):
        self._forget()

    def on_evaluate(self, args, state, control, metrics, **kwargs):
        loss = float(metrics["eval_loss"])
        if np.isfinite(loss) and (self.best_loss is None or loss < self.best_loss - self.min_delta):
            self.best_loss, self.best_step, self.waited = loss, state.global_step, 0
            return
        self.waited += 1
        if self.waited >= self.patience:
            control.should_training_stop = True


def diagnose(train, dev):
    if len(train) != len(dev) or len(train) < 4:
        raise ValueError(f"diagnose: {len(train)} losses in train and {len(dev)} in dev; give equally many, at least four.")
    if not np.isfinite([*train, *dev]).all():
        return "diverging"

    def thirds(curve):
        return [sum(curve[i : i + 3]) / 3 for i in range(len(curve) - 2)]

    seen, unseen = thirds(train), thirds(dev)
    if seen[-1] - min(seen) > 0.2 * train[0]:
        return "diverging"
    if seen[-1] > 0.8 * train[0]:
        return "underfitting"
    return "overfitting" if unseen[-1] > 1.1 * min(unseen) else "good"


def smoothed_cross_entropy(logits, labels, epsilon):
    if not 0 <= epsilon <= 1:
        raise ValueError(f"smoothed_cross_entropy: epsilon is {epsilon}; it is a share, from 0 to 1.")
    counts = labels != -100
    surprise = -torch.log_softmax(logits[counts], dim=1)
    hard = surprise.gather(1, labels[counts][:, None]).squeeze(1)
    return ((1 - epsilon) * hard + epsilon * surprise.mean(dim=1)).mean()


def average_weights(states):
    if not states:
        raise ValueError("average_weights: there is no state to average.")
    for state in states:
        if odd := set(state) ^ set(states[0]):
            raise ValueError(f"average_weights: {sorted(odd)[0]} isn't in all states.")
    averaged = {}
    for name, tensor in states[0].items():
        if tensor.is_floating_point():
            mean = torch.stack([state[name].detach().double() for state in states]).mean(dim=0)
            averaged[name] = mean.to(tensor.dtype)
        else:
            averaged[name] = states[-1][name].clone()
    return averaged


def cross_validate(rows, group_key, label_key, folds, seed, fit_score):
    from sklearn.model_selection import StratifiedGroupKFold

    from tunelab.stats import mean_interval

    labels, groups = [row[label_key] for row in rows], [row[group_key] for row in rows]
    if folds < 2:
        raise ValueError(f"cross_validate: folds is {folds}; something must be left to train on.")
    if len(set(groups)) < folds:
        raise ValueError(f"cross_validate: {len(set(groups))} groups can't be dealt into {folds} folds.")
    dealer = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    parts = dealer.split(np.zeros(len(rows)), [numbers[label] for label in labels], groups)
    scores = [float(fit_score([rows[i] for i in train], [rows[i] for i in test])) for train, test in parts]
    low, high = mean_interval(scores)
    return CVResult(tuple(scores), sum(scores) / folds, low, high)
