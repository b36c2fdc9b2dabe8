"""Wrong answers of "Seeing it and stopping it", each with the misconception behind it."""

import numpy as np
import torch
from transformers import TrainerCallback

from autograder.authoring import mutant


@mutant("early_stop", caught_by="test_as_good_is_not_better", says="below, not at most")
def as_good_is_better(losses, patience, min_delta):
    """Takes `<=` for `<`."""
    best, lowest, waited = None, float("inf"), 0
    for position, loss in enumerate(losses):
        if np.isfinite(loss) and loss <= lowest - min_delta:
            best, lowest, waited = position, loss, 0
        else:
            waited += 1
        if waited == patience:
            return Stop(best, position)
    return Stop(best, None)


@mutant("early_stop", caught_by="test_patience_is_used_up", says="is the last that is read")
def one_too_many(losses, patience, min_delta):
    """Waits until patience is exceeded."""
    best, lowest, waited = None, float("inf"), 0
    for position, loss in enumerate(losses):
        if loss < lowest - min_delta:
            best, lowest, waited = position, loss, 0
        else:
            waited += 1
        if waited > patience:
            return Stop(best, position)
    return Stop(best, None)


@mutant("early_stop", caught_by="test_the_best_is_not_the_last", says="gave one position for both")
def keeps_the_last(losses, patience, min_delta):
    """Keeps the weights with which the run ended."""
    lowest, waited = float("inf"), 0
    for position, loss in enumerate(losses):
        if loss < lowest - min_delta:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return Stop(position, position)
    return Stop(len(losses) - 1 if losses else None, None)


@mutant("early_stop", caught_by="test_an_improvement_starts_the_count_anew", says="does each improvement set the count to 0")
def never_forgives(losses, patience, min_delta):
    """Counts all failures, not those in a row."""
    best, lowest, waited = None, float("inf"), 0
    for position, loss in enumerate(losses):
        if loss < lowest - min_delta:
            best, lowest = position, loss
        else:
            waited += 1
        if waited == patience:
            return Stop(best, position)
    return Stop(best, None)


@mutant("early_stop", caught_by="test_nan_never_improves", says="is never an improvement")
def nan_is_welcome(losses, patience, min_delta):
    """Asks whether a loss is not worse, which NaN never is."""
    best, lowest, waited = None, float("inf"), 0
    for position, loss in enumerate(losses):
        if not loss >= lowest - min_delta:
            best, lowest, waited = position, loss, 0
        else:
            waited += 1
        if waited == patience:
            return Stop(best, position)
    return Stop(best, None)


@mutant("early_stop", caught_by="test_nan_never_improves", says="no improvement and counts against patience")
def nan_is_passed_over(losses, patience, min_delta):
    """Passes over losses that aren't finite."""
    best, lowest, waited = None, float("inf"), 0
    for position, loss in enumerate(losses):
        if not np.isfinite(loss):
            continue
        if loss < lowest - min_delta:
            best, lowest, waited = position, loss, 0
        else:
            waited += 1
        if waited == patience:
            return Stop(best, position)
    return Stop(best, None)


@mutant("early_stop", caught_by="test_as_good_is_not_better", says="it is the count that isn't")
def stops_one_late(losses, patience, min_delta):
    """Stops at the loss after the one that uses patience up: the comparison is right."""
    best, lowest, waited = None, float("inf"), 0
    for position, loss in enumerate(losses):
        if waited == patience:
            return Stop(best, position)
        if loss < lowest - min_delta:
            best, lowest, waited = position, loss, 0
        else:
            waited += 1
    return Stop(best, None)


@mutant("early_stop", caught_by="test_small_steps_add_up", says="compare with the loss of the last improvement")
def compares_with_the_loss_before(losses, patience, min_delta):
    """Lets the level creep down with losses that were no improvement."""
    best, lowest, waited = None, float("inf"), 0
    for position, loss in enumerate(losses):
        if loss < lowest - min_delta:
            best, waited = position, 0
        else:
            waited += 1
        if np.isfinite(loss):
            lowest = min(lowest, loss)
        if waited == patience:
            return Stop(best, position)
    return Stop(best, None)


# ---------------------------------------------------------------- the callback


@mutant("EarlyStop", caught_by="test_as_good_is_not_better", says="A loss that equals the best is no improvement")
class EqualIsBetter(TrainerCallback):
    """Takes `<=` for `<`."""

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.on_train_begin(None, None, None)

    def on_train_begin(self, args, state, control, **kwargs):
        self.best_loss = self.best_step = None
        self.waited = 0

    def on_evaluate(self, args, state, control, metrics, **kwargs):
        loss = metrics["eval_loss"]
        if np.isfinite(loss) and (self.best_loss is None or loss <= self.best_loss - self.min_delta):
            self.best_loss, self.best_step, self.waited = loss, state.global_step, 0
        else:
            self.waited += 1
        if self.waited >= self.patience:
            control.should_training_stop = True


@mutant("EarlyStop", caught_by="test_it_asks_for_the_end", says="The best one isn't a failure")
class OneTooMany(TrainerCallback):
    """Waits until patience is exceeded."""

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.on_train_begin(None, None, None)

    def on_train_begin(self, args, state, control, **kwargs):
        self.best_loss = self.best_step = None
        self.waited = 0

    def on_evaluate(self, args, state, control, metrics, **kwargs):
        loss = metrics["eval_loss"]
        if np.isfinite(loss) and (self.best_loss is None or loss < self.best_loss - self.min_delta):
            self.best_loss, self.best_step, self.waited = loss, state.global_step, 0
        else:
            self.waited += 1
        if self.waited > self.patience:
            control.should_training_stop = True


@mutant("EarlyStop", caught_by="test_it_remembers_the_best", says="the step at which the run stopped")
class RemembersTheLast(TrainerCallback):
    """Writes the step down at each evaluation."""

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.on_train_begin(None, None, None)

    def on_train_begin(self, args, state, control, **kwargs):
        self.best_loss = self.best_step = None
        self.waited = 0

    def on_evaluate(self, args, state, control, metrics, **kwargs):
        loss = metrics["eval_loss"]
        self.best_step = state.global_step
        if np.isfinite(loss) and (self.best_loss is None or loss < self.best_loss - self.min_delta):
            self.best_loss, self.waited = loss, 0
        else:
            self.waited += 1
        if self.waited >= self.patience:
            control.should_training_stop = True


@mutant("EarlyStop", caught_by="test_it_stops_a_trainer", says="Does on_train_begin forget everything")
class NeverForgets(TrainerCallback):
    """Carries the best loss of one run into the next."""

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.best_loss = self.best_step = None
        self.waited = 0

    def on_train_begin(self, args, state, control, **kwargs):
        pass

    def on_evaluate(self, args, state, control, metrics, **kwargs):
        loss = metrics["eval_loss"]
        if np.isfinite(loss) and (self.best_loss is None or loss < self.best_loss - self.min_delta):
            self.best_loss, self.best_step, self.waited = loss, state.global_step, 0
        else:
            self.waited += 1
        if self.waited >= self.patience:
            control.should_training_stop = True


@mutant("EarlyStop", caught_by="test_as_good_is_not_better", says="an improvement sets the count back")
class CountsAllFailures(TrainerCallback):
    """The counter isn't reset by an improvement."""

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.on_train_begin(None, None, None)

    def on_train_begin(self, args, state, control, **kwargs):
        self.best_loss = self.best_step = None
        self.waited = 0

    def on_evaluate(self, args, state, control, metrics, **kwargs):
        loss = metrics["eval_loss"]
        if np.isfinite(loss) and (self.best_loss is None or loss < self.best_loss - self.min_delta):
            self.best_loss, self.best_step = loss, state.global_step
        else:
            self.waited += 1
        if self.waited >= self.patience:
            control.should_training_stop = True


@mutant("EarlyStop", caught_by="test_nan_never_improves", says="never improves")
class NaNIsWelcome(TrainerCallback):
    """The first loss is the best, whatever it is; nothing is below NaN."""

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.on_train_begin(None, None, None)

    def on_train_begin(self, args, state, control, **kwargs):
        self.best_loss = self.best_step = None
        self.waited = 0

    def on_evaluate(self, args, state, control, metrics, **kwargs):
        loss = metrics["eval_loss"]
        if self.best_loss is None or not loss >= self.best_loss - self.min_delta:
            self.best_loss, self.best_step, self.waited = loss, state.global_step, 0
        else:
            self.waited += 1
        if self.waited >= self.patience:
            control.should_training_stop = True


@mutant("EarlyStop", caught_by="test_others_may_ask_for_the_end", says="Set it only to True")
class TakesItBack(TrainerCallback):
    """Sets the flag anew at each evaluation."""

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.on_train_begin(None, None, None)

    def on_train_begin(self, args, state, control, **kwargs):
        self.best_loss = self.best_step = None
        self.waited = 0

    def on_evaluate(self, args, state, control, metrics, **kwargs):
        loss = metrics["eval_loss"]
        if np.isfinite(loss) and (self.best_loss is None or loss < self.best_loss - self.min_delta):
            self.best_loss, self.best_step, self.waited = loss, state.global_step, 0
        else:
            self.waited += 1
        control.should_training_stop = self.waited >= self.patience


@mutant("EarlyStop", caught_by="test_others_may_ask_for_the_end", says="no attribute 'waited'")
class CountsFromTheStart(TrainerCallback):
    """Leaves the count to on_train_begin, or to the first improvement."""

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.best_loss = self.best_step = None

    def on_train_begin(self, args, state, control, **kwargs):
        self.best_loss = self.best_step = None
        self.waited = 0

    def on_evaluate(self, args, state, control, metrics, **kwargs):
        loss = metrics["eval_loss"]
        if np.isfinite(loss) and (self.best_loss is None or loss < self.best_loss - self.min_delta):
            self.best_loss, self.best_step, self.waited = loss, state.global_step, 0
        else:
            self.waited += 1
        if self.waited >= self.patience:
            control.should_training_stop = True


@mutant("EarlyStop", caught_by="test_it_remembers_the_best", says="no attribute `best_step`")
class KeepsNoStep(TrainerCallback):
    """Remembers the loss, and not where it was measured."""

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.on_train_begin(None, None, None)

    def on_train_begin(self, args, state, control, **kwargs):
        self.best_loss, self.waited = None, 0

    def on_evaluate(self, args, state, control, metrics, **kwargs):
        loss = metrics["eval_loss"]
        if np.isfinite(loss) and (self.best_loss is None or loss < self.best_loss - self.min_delta):
            self.best_loss, self.waited = loss, 0
        else:
            self.waited += 1
        if self.waited >= self.patience:
            control.should_training_stop = True


# ---------------------------------------------------------------- diagnose


@mutant("diagnose", caught_by="test_one_bad_evaluation", says="Only the last loss of dev is high")
def last_epoch_only(train, dev):
    """Compares the last loss with the lowest one."""
    if not np.isfinite([*train, *dev]).all() or train[-1] - min(train) > 0.2 * train[0]:
        return "diverging"
    if train[-1] > 0.8 * train[0]:
        return "underfitting"
    return "overfitting" if dev[-1] > 1.1 * min(dev) else "good"


@mutant("diagnose", caught_by="test_a_gap_alone_is_no_overfitting", says="There is a wide gap")
def gap_only(train, dev):
    """Takes a gap between the curves for overfitting."""
    means = [sum(train[i : i + 3]) / 3 for i in range(len(train) - 2)]
    if not np.isfinite([*train, *dev]).all() or means[-1] - min(means) > 0.2 * train[0]:
        return "diverging"
    if means[-1] > 0.8 * train[0]:
        return "underfitting"
    return "overfitting" if sum(dev[-3:]) / 3 > 1.1 * means[-1] else "good"


@mutant("diagnose", caught_by="test_forty_noisy_curves", says="gave the wrong word for")
def sign_turned(train, dev):
    """Takes a fall of the development loss for a rise."""
    means = [[sum(curve[i : i + 3]) / 3 for i in range(len(curve) - 2)] for curve in (train, dev)]
    if not np.isfinite([*train, *dev]).all() or means[0][-1] - min(means[0]) > 0.2 * train[0]:
        return "diverging"
    if means[0][-1] > 0.8 * train[0]:
        return "underfitting"
    return "overfitting" if max(means[1]) > 1.1 * means[1][-1] else "good"


@mutant("diagnose", caught_by="test_the_training_loss_rises", says="look for such losses first")
def nan_is_good(train, dev):
    """Lets NaN fall through all comparisons."""
    means = [[sum(curve[i : i + 3]) / 3 for i in range(len(curve) - 2)] for curve in (train, dev)]
    if means[0][-1] - min(means[0]) > 0.2 * train[0]:
        return "diverging"
    if means[0][-1] > 0.8 * train[0]:
        return "underfitting"
    return "overfitting" if means[1][-1] > 1.1 * min(means[1]) else "good"


@mutant("diagnose", caught_by="test_hardly_learnt", says="which comes first")
def overfitting_first(train, dev):
    """Asks in another order."""
    means = [[sum(curve[i : i + 3]) / 3 for i in range(len(curve) - 2)] for curve in (train, dev)]
    if not np.isfinite([*train, *dev]).all() or means[0][-1] - min(means[0]) > 0.2 * train[0]:
        return "diverging"
    if means[1][-1] > 1.1 * min(means[1]):
        return "overfitting"
    return "underfitting" if means[0][-1] > 0.8 * train[0] else "good"


# ---------------------------------------------------------------- label smoothing


@mutant("smoothed_cross_entropy", caught_by="test_the_share_of_all_classes", says="over the *wrong* classes")
def over_the_others(logits, labels, epsilon):
    """Spreads epsilon over the wrong classes only."""
    kept = labels != -100
    surprise = -torch.log_softmax(logits[kept], dim=1)
    right = surprise.gather(1, labels[kept][:, None]).squeeze(1)
    others = (surprise.sum(dim=1) - right) / (logits.shape[1] - 1)
    return ((1 - epsilon) * right + epsilon * others).mean()


@mutant("smoothed_cross_entropy", caught_by="test_the_share_of_all_classes", says="only the smooth part is there")
def hard_label_lost(logits, labels, epsilon):
    """Forgets the share of the right class."""
    surprise = -torch.log_softmax(logits[labels != -100], dim=1)
    return (epsilon * surprise.mean(dim=1)).mean()


@mutant("smoothed_cross_entropy", caught_by="test_the_share_of_all_classes", says="kept its whole share")
def on_top(logits, labels, epsilon):
    """Adds the smooth part to a whole hard one."""
    kept = labels != -100
    surprise = -torch.log_softmax(logits[kept], dim=1)
    right = surprise.gather(1, labels[kept][:, None]).squeeze(1)
    return (right + epsilon * surprise.mean(dim=1)).mean()


@mutant("smoothed_cross_entropy", caught_by="test_ignored_labels", says="still counts the ignored examples")
def ignored_is_smoothed(logits, labels, epsilon):
    """Leaves ignored examples out of the hard part only."""
    hard = torch.nn.functional.cross_entropy(logits, labels)
    return (1 - epsilon) * hard - epsilon * torch.log_softmax(logits, dim=1).mean()


@mutant("smoothed_cross_entropy", caught_by="test_large_logits", says="stay with log-probabilities")
def softmax_then_log(logits, labels, epsilon):
    """Goes by way of probabilities."""
    kept = labels != -100
    surprise = -torch.softmax(logits[kept], dim=1).log()
    right = surprise.gather(1, labels[kept][:, None]).squeeze(1)
    return ((1 - epsilon) * right + epsilon * surprise.mean(dim=1)).mean()


@mutant("smoothed_cross_entropy", caught_by="test_it_can_be_trained_with", says="from which there is no way back")
def a_graph_of_its_own(logits, labels, epsilon):
    """Makes the finished number ask for a gradient."""
    kept = labels != -100
    surprise = -torch.log_softmax(logits[kept], dim=1)
    right = surprise.gather(1, labels[kept][:, None]).squeeze(1)
    return ((1 - epsilon) * right + epsilon * surprise.mean(dim=1)).mean().detach().requires_grad_()


@mutant("smoothed_cross_entropy", caught_by="test_it_can_be_trained_with", says="that of the mean over all classes doesn't")
def smooth_half_is_detached(logits, labels, epsilon):
    """Takes the smooth half for a constant."""
    kept = labels != -100
    surprise = -torch.log_softmax(logits[kept], dim=1)
    right = surprise.gather(1, labels[kept][:, None]).squeeze(1)
    return ((1 - epsilon) * right + epsilon * surprise.detach().mean(dim=1)).mean()


@mutant("smoothed_cross_entropy", caught_by="test_ignored_labels", says="changed the labels that it was given")
def marks_overwritten(logits, labels, epsilon):
    """Writes a class over the marks, in the caller's own labels."""
    counts = (labels != -100).to(logits.dtype)
    labels[labels == -100] = 0
    surprise = -torch.log_softmax(logits, dim=1)
    right = surprise.gather(1, labels[:, None]).squeeze(1)
    return (((1 - epsilon) * right + epsilon * surprise.mean(dim=1)) * counts).sum() / counts.sum()


# ---------------------------------------------------------------- averaging


@mutant("average_weights", caught_by="test_whole_numbers_come_from_the_last", says="copy it from the last state")
def counters_averaged(states):
    """Averages everything, and turns it back into its type."""
    mean = {name: torch.stack([state[name].detach().double() for state in states]).mean(dim=0) for name in states[0]}
    return {name: tensor.to(states[0][name].dtype) for name, tensor in mean.items()}


@mutant("average_weights", caught_by="test_the_states_stay_as_they_are", says="work in place")
def in_place(states):
    """Adds the others to the first state's own tensors."""
    total = dict(states[0])
    for name, tensor in total.items():
        if tensor.is_floating_point():
            for state in states[1:]:
                tensor += state[name]
            tensor /= len(states)
        else:
            total[name] = states[-1][name].clone()
    return total


@mutant("average_weights", caught_by="test_the_states_stay_as_they_are", says="A new dict isn't enough")
def one_is_its_own_average(states):
    """Hands a single state's own tensors on in a new dict."""
    if len(states) == 1:
        return {name: tensor.detach() for name, tensor in states[0].items()}
    result = {}
    for name, tensor in states[0].items():
        floating = tensor.is_floating_point()
        mean = torch.stack([state[name].detach().double() for state in states]).mean(dim=0) if floating else states[-1][name].clone()
        result[name] = mean.to(tensor.dtype)
    return result


@mutant("average_weights", caught_by="test_the_states_stay_as_they_are", says="under 'steps', a tensor that states[")
def counters_not_copied(states):
    """Puts the last state's own counters into the average."""
    result = {}
    for name, tensor in states[0].items():
        floating = tensor.is_floating_point()
        mean = torch.stack([state[name].detach().double() for state in states]).mean(dim=0) if floating else states[-1][name]
        result[name] = mean.to(tensor.dtype)
    return result


@mutant("average_weights", caught_by="test_half_precision", says="Each sum in float16 is rounded")
def sums_in_half(states):
    """Adds up in the entry's own precision."""
    result = {}
    for name, tensor in states[0].items():
        if not tensor.is_floating_point():
            result[name] = states[-1][name].clone()
            continue
        total = torch.zeros_like(tensor)
        for state in states:
            total = total + state[name].detach()
        result[name] = total / len(states)
    return result


@mutant("average_weights", caught_by="test_half_precision", says="where torch.float16 is asked for")
def stays_wide(states):
    """Forgets to go back to the entry's dtype."""
    result = {}
    for name, tensor in states[0].items():
        floating = tensor.is_floating_point()
        result[name] = torch.stack([state[name].detach().float() for state in states]).mean(dim=0) if floating else states[-1][name].clone()
    return result


@mutant("average_weights", caught_by="test_the_plain_mean", says="the last state has half of all the weight")
def mean_of_means(states):
    """Averages the average so far with the next state."""
    result = {name: tensor.detach().double() for name, tensor in states[0].items()}
    for state in states[1:]:
        result = {name: (tensor + state[name].detach().double()) / 2 for name, tensor in result.items()}
    return {
        name: tensor.to(states[0][name].dtype) if states[0][name].is_floating_point() else states[-1][name].clone()
        for name, tensor in result.items()
    }


# ---------------------------------------------------------------- cross-validation


@mutant("cross_validate", caught_by="test_groups_stay_whole", says="films in training and test at once")
def groups_torn(rows, group_key, label_key, folds, seed, fit_score):
    """Deals rows, not groups."""
    from sklearn.model_selection import StratifiedKFold

    from tunelab.stats import mean_interval

    dealer = StratifiedKFold(folds, shuffle=True, random_state=seed)
    labels = [str(row[label_key]) for row in rows]
    scores = []
    for train, test in dealer.split(np.zeros(len(rows)), labels):
        scores.append(float(fit_score([rows[i] for i in train], [rows[i] for i in test])))
    return CVResult(tuple(scores), float(np.mean(scores)), *mean_interval(scores))


@mutant("cross_validate", caught_by="test_every_row_is_tested_once", says="It is called once for each fold")
def fitted_once(rows, group_key, label_key, folds, seed, fit_score):
    """Holds one fold out, and believes its score for all."""
    from sklearn.model_selection import StratifiedGroupKFold

    dealer = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    labels, groups = [str(row[label_key]) for row in rows], [row[group_key] for row in rows]
    train, test = next(dealer.split(np.zeros(len(rows)), labels, groups))
    score = float(fit_score([rows[i] for i in train], [rows[i] for i in test]))
    return CVResult((score,) * folds, score, score, score)


@mutant("cross_validate", caught_by="test_mean_and_interval", says="has the deviation of the scores in it")
def deviation_for_error(rows, group_key, label_key, folds, seed, fit_score):
    """Takes the scatter of the scores for the error of their mean."""
    from scipy.stats import t
    from sklearn.model_selection import StratifiedGroupKFold

    dealer = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    labels, groups = [str(row[label_key]) for row in rows], [row[group_key] for row in rows]
    scores = []
    for train, test in dealer.split(np.zeros(len(rows)), labels, groups):
        scores.append(float(fit_score([rows[i] for i in train], [rows[i] for i in test])))
    mean, half = float(np.mean(scores)), float(t.ppf(0.975, folds - 1) * np.std(scores, ddof=1))
    return CVResult(tuple(scores), mean, mean - half, mean + half)


@mutant("cross_validate", caught_by="test_folds_are_balanced", says="gets its share of each label")
def not_stratified(rows, group_key, label_key, folds, seed, fit_score):
    """Deals the groups in the order of their labels, as they happen to lie in many files."""
    from tunelab.stats import mean_interval

    names = sorted({row[group_key] for row in rows})
    label_of = {row[group_key]: str(row[label_key]) for row in rows}
    names = np.random.default_rng(seed).permutation(names).tolist()
    names.sort(key=label_of.get)
    scores = []
    for part in np.array_split(np.array(names), folds):
        inside = set(part.tolist())
        train, test = ([row for row in rows if (row[group_key] in inside) == wanted] for wanted in (False, True))
        scores.append(float(fit_score(train, test)))
    return CVResult(tuple(scores), float(np.mean(scores)), *mean_interval(scores))


@mutant("cross_validate", caught_by="test_every_row_is_tested_once", says="rows that it then tested on")
def trained_on_everything(rows, group_key, label_key, folds, seed, fit_score):
    """Tests each fold with a model that has seen all rows."""
    from sklearn.model_selection import StratifiedGroupKFold

    from tunelab.stats import mean_interval

    dealer = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    labels, groups = [str(row[label_key]) for row in rows], [row[group_key] for row in rows]
    scores = [float(fit_score(list(rows), [rows[i] for i in test])) for _, test in dealer.split(np.zeros(len(rows)), labels, groups)]
    return CVResult(tuple(scores), float(np.mean(scores)), *mean_interval(scores))


@mutant("cross_validate", caught_by="test_folds_follow_the_seed", says="Is `seed` used?")
def without_the_seed(rows, group_key, label_key, folds, seed, fit_score):
    """Deals the groups always in the same way."""
    from sklearn.model_selection import StratifiedGroupKFold

    from tunelab.stats import mean_interval

    labels, groups = [str(row[label_key]) for row in rows], [row[group_key] for row in rows]
    parts = StratifiedGroupKFold(folds).split(np.zeros(len(rows)), labels, groups)
    scores = [float(fit_score([rows[i] for i in train], [rows[i] for i in test])) for train, test in parts]
    return CVResult(tuple(scores), float(np.mean(scores)), *mean_interval(scores))
