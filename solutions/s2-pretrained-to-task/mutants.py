"""Wrong answers of "From pretrained to task", each with the misconception behind it."""

import math

import torch
from torch import nn

from autograder.authoring import mutant

# ---------------------------------------------------------------- mean_pool


@mutant("mean_pool", caught_by="test_own_tokens_alone", says="padding too")
def padding_averaged_in(hidden, mask):
    """A plain mean over the axis of tokens."""
    return hidden.mean(1)


@mutant("mean_pool", caught_by="test_own_tokens_alone", says="first place")
def first_token(hidden, mask):
    """Takes the vector of [CLS]."""
    return hidden[:, 0]


@mutant("mean_pool", caught_by="test_own_tokens_alone", says="last real token")
def last_token(hidden, mask):
    """Takes the vector of the last real token."""
    return hidden[torch.arange(len(hidden)), mask.sum(1) - 1]


@mutant("mean_pool", caught_by="test_own_tokens_alone", says="Now divide")
def sum_of_tokens(hidden, mask):
    """Adds up and doesn't divide."""
    return (hidden * mask.unsqueeze(-1).to(hidden.dtype)).sum(1)


@mutant("mean_pool", caught_by="test_own_tokens_alone", says="number of places")
def divided_by_the_longest(hidden, mask):
    """Blanks the padding but counts it."""
    return (hidden * mask.unsqueeze(-1).to(hidden.dtype)).mean(1)


@mutant("mean_pool", caught_by="test_a_row_of_padding", says="zero divided by zero")
def nan_for_padding(hidden, mask):
    """Divides by a count of zero."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1)


@mutant("mean_pool", caught_by="test_the_dtype_is_kept", says="float()")
def always_single_precision(hidden, mask):
    """Turns the mask into 32-bit floats, and the result with it."""
    weights = mask.unsqueeze(-1).float()
    return ((hidden.float() * weights).sum(1)) / weights.sum(1).clamp(min=1)


@mutant("mean_pool", caught_by="test_padding_on_the_left", says="on the left")
def padding_is_always_at_the_end(hidden, mask):
    """Counts the real tokens and takes as many from the left."""
    return torch.stack([row[: int(n)].mean(0) if n else torch.zeros_like(row[0]) for row, n in zip(hidden, mask.sum(1))])


# ---------------------------------------------------------------- ReviewClassifier


@mutant("ReviewClassifier", caught_by="test_mean_of_real_tokens", says="first token")
class ReadsTheFirstToken(nn.Module):
    """Reads [CLS] where the contract says mean."""

    def __init__(self, encoder, labels=2, dropout=0.1):
        super().__init__()
        self.encoder, self.dropout = encoder, nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, labels)

    def forward(self, input_ids, attention_mask):
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return self.head(self.dropout(states[:, 0]))


@mutant("ReviewClassifier", caught_by="test_dropout_before_the_head", says="after the head")
class DropoutAfterHead(nn.Module):
    """Drops logits."""

    def __init__(self, encoder, labels=2, dropout=0.1):
        super().__init__()
        self.encoder, self.dropout = encoder, nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, labels)

    def forward(self, input_ids, attention_mask):
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        real = attention_mask.unsqueeze(-1).to(states.dtype)
        return self.dropout(self.head((states * real).sum(1) / real.sum(1)))


@mutant("ReviewClassifier", caught_by="test_dropout_before_the_head", says="nothing was dropped")
class NoDropout(nn.Module):
    """Takes the rate and forgets it."""

    def __init__(self, encoder, labels=2, dropout=0.1):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.config.hidden_size, labels)

    def forward(self, input_ids, attention_mask):
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        real = attention_mask.unsqueeze(-1).to(states.dtype)
        return self.head((states * real).sum(1) / real.sum(1))


@mutant("ReviewClassifier", caught_by="test_mean_of_real_tokens", says="softmax")
class SoftmaxInForward(nn.Module):
    """Gives probabilities, of which the loss takes the softmax once more."""

    def __init__(self, encoder, labels=2, dropout=0.1):
        super().__init__()
        self.encoder, self.dropout = encoder, nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, labels)

    def forward(self, input_ids, attention_mask):
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        real = attention_mask.unsqueeze(-1).to(states.dtype)
        return self.head(self.dropout((states * real).sum(1) / real.sum(1))).softmax(-1)


@mutant("ReviewClassifier", caught_by="test_only_the_head_is_new", says="frozen")
class EncoderFrozen(nn.Module):
    """Freezes the encoder without being asked."""

    def __init__(self, encoder, labels=2, dropout=0.1):
        super().__init__()
        self.encoder, self.dropout = encoder.requires_grad_(False), nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, labels)

    def forward(self, input_ids, attention_mask):
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        real = attention_mask.unsqueeze(-1).to(states.dtype)
        return self.head(self.dropout((states * real).sum(1) / real.sum(1)))


@mutant("ReviewClassifier", caught_by="test_body_and_head_get_gradients", says="no_grad")
class EncoderWithoutGradients(nn.Module):
    """Runs the encoder under no_grad, so that it never learns."""

    def __init__(self, encoder, labels=2, dropout=0.1):
        super().__init__()
        self.encoder, self.dropout = encoder, nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, labels)

    def forward(self, input_ids, attention_mask):
        with torch.no_grad():
            states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        real = attention_mask.unsqueeze(-1).to(states.dtype)
        return self.head(self.dropout((states * real).sum(1) / real.sum(1)))


@mutant("ReviewClassifier", caught_by="test_only_the_head_is_new", says="`labels` outputs")
class TwoLabelsForEver(nn.Module):
    """Builds a head for two labels, whatever was asked for."""

    def __init__(self, encoder, labels=2, dropout=0.1):
        super().__init__()
        self.encoder, self.dropout = encoder, nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, 2)

    def forward(self, input_ids, attention_mask):
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        real = attention_mask.unsqueeze(-1).to(states.dtype)
        return self.head(self.dropout((states * real).sum(1) / real.sum(1)))


@mutant("ReviewClassifier", caught_by="test_padding_changes_nothing", says="the attention mask to the encoder")
class MaskKeptFromTheEncoder(nn.Module):
    """Pools with the mask, but lets the encoder look at padding."""

    def __init__(self, encoder, labels=2, dropout=0.1):
        super().__init__()
        self.encoder, self.dropout = encoder, nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, labels)

    def forward(self, input_ids, attention_mask):
        states = self.encoder(input_ids=input_ids).last_hidden_state
        real = attention_mask.unsqueeze(-1).to(states.dtype)
        return self.head(self.dropout((states * real).sum(1) / real.sum(1)))


@mutant("ReviewClassifier", caught_by="test_padding_changes_nothing", says="padding out of the mean")
class AveragesPadding(nn.Module):
    """Averages all places, padding too."""

    def __init__(self, encoder, labels=2, dropout=0.1):
        super().__init__()
        self.encoder, self.dropout = encoder, nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, labels)

    def forward(self, input_ids, attention_mask):
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return self.head(self.dropout(states.mean(1)))


# ---------------------------------------------------------------- load_partial


@mutant("load_partial", caught_by="test_what_fits_is_loaded", says="strict")
def strict(model, state):
    """Refuses whatever isn't complete."""
    for name, tensor in state.items():
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(name)
    model.load_state_dict(state)
    return LoadReport(list(state), [], [], [])  # noqa: F821


@mutant("load_partial", caught_by="test_the_four_lists", says="in `missing`")
def silent(model, state):
    """Loads what fits, and tells of nothing else."""
    own = model.state_dict()
    fits = {name: tensor for name, tensor in state.items() if name in own and tensor.shape == own[name].shape}
    model.load_state_dict(fits, strict=False)
    return LoadReport([name for name in own if name in fits], [], [], [])  # noqa: F821


@mutant("load_partial", caught_by="test_another_shape_stays_out", says="rows that fit")
def slices_copied(model, state):
    """Copies the corner that two shapes have in common."""
    own, loaded, mismatched = model.state_dict(), [], []
    for name in own:
        if name in state:
            tensor = state[name]
            if tensor.shape == own[name].shape:
                loaded.append(name)
                own[name].copy_(tensor)
            else:
                mismatched.append(name)
                if tensor.dim() == own[name].dim():
                    corner = tuple(slice(min(a, b)) for a, b in zip(tensor.shape, own[name].shape))
                    own[name][corner].copy_(tensor[corner])
    missing = [name for name in own if name not in state]
    return LoadReport(loaded, missing, [name for name in state if name not in own], mismatched)  # noqa: F821


@mutant("load_partial", caught_by="test_another_shape_stays_out", says="stretch")
def stretched(model, state):
    """Leaves the comparison of shapes to copy_, which stretches what can be stretched."""
    own, loaded, mismatched = model.state_dict(), [], []
    for name in own:
        if name in state:
            try:
                own[name].copy_(state[name])
                loaded.append(name)
            except RuntimeError:
                mismatched.append(name)
    missing = [name for name in own if name not in state]
    return LoadReport(loaded, missing, [name for name in state if name not in own], mismatched)  # noqa: F821


@mutant("load_partial", caught_by="test_names_that_fit_stay", says="stripped from every name")
def prefix_always_stripped(model, state):
    """Strips the prefix from everything, also where the model has it itself."""
    own, prefix = model.state_dict(), getattr(model, "base_model_prefix", "") + "."
    state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    fits = {name: tensor for name, tensor in state.items() if name in own and tensor.shape == own[name].shape}
    model.load_state_dict(fits, strict=False)
    return LoadReport(  # noqa: F821
        [name for name in own if name in fits],
        [name for name in own if name not in state],
        [name for name in state if name not in own],
        [name for name in own if name in state and name not in fits],
    )


@mutant("load_partial", caught_by="test_prefixes_come_and_go", says="base_model_prefix")
def names_as_they_are(model, state):
    """Knows of no prefix."""
    own = model.state_dict()
    fits = {name: tensor for name, tensor in state.items() if name in own and tensor.shape == own[name].shape}
    model.load_state_dict(fits, strict=False)
    return LoadReport(  # noqa: F821
        [name for name in own if name in fits],
        [name for name in own if name not in state],
        [name for name in state if name not in own],
        [name for name in own if name in state and name not in fits],
    )


@mutant("load_partial", caught_by="test_nothing_is_half_loaded", says="before")
def half_loaded(model, state):
    """Looks at each value only when its turn comes."""
    own, loaded, mismatched = model.state_dict(), [], []
    for name, tensor in state.items():
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(f"{name} is no tensor")
        if name in own and tensor.shape == own[name].shape:
            own[name].copy_(tensor)
            loaded.append(name)
        elif name in own:
            mismatched.append(name)
    missing = [name for name in own if name not in state]
    return LoadReport(loaded, missing, [name for name in state if name not in own], mismatched)  # noqa: F821


@mutant("load_partial", caught_by="test_another_shape_stays_out", says="both missing and mismatched")
def mismatched_is_missing_too(model, state):
    """Counts as missing all that wasn't loaded."""
    own = model.state_dict()
    fits = {name: tensor for name, tensor in state.items() if name in own and tensor.shape == own[name].shape}
    model.load_state_dict(fits, strict=False)
    return LoadReport(  # noqa: F821
        [name for name in own if name in fits],
        [name for name in own if name not in fits],
        [name for name in state if name not in own],
        [name for name in own if name in state and name not in fits],
    )


# ---------------------------------------------------------------- weight_change


@mutant("weight_change", caught_by="test_relative_to_the_start", says="absolute")
def absolute(before, after):
    """Doesn't divide by the length of the start."""
    moved = {}
    for name in before:
        words = name.split(".")
        number = next((i for i, word in enumerate(words) if word.isdigit()), None)
        part = ".".join(words[: number + 1] if number is not None else words[: max(1, len(words) - 2)])
        moved[part] = moved.get(part, 0.0) + float((after[name].double() - before[name].double()).square().sum())
    return {part: value**0.5 for part, value in moved.items()}


@mutant("weight_change", caught_by="test_all_elements_weigh_alike", says="mean of the tensors")
def mean_of_tensors(before, after):
    """Takes the ratio of each tensor, and averages the ratios."""
    ratios = {}
    for name in before:
        words = name.split(".")
        number = next((i for i, word in enumerate(words) if word.isdigit()), None)
        part = ".".join(words[: number + 1] if number is not None else words[: max(1, len(words) - 2)])
        way, size = (after[name].double() - before[name].double()).norm().item(), before[name].double().norm().item()
        ratios.setdefault(part, []).append(way / size if size else float(way > 0))
    return {part: sum(values) / len(values) for part, values in ratios.items()}


@mutant("weight_change", caught_by="test_a_start_at_zero", says="zero")
def infinite_for_zeros(before, after):
    """Divides by zero where a part began at zero."""
    moved, length = {}, {}
    for name in before:
        if not before[name].is_floating_point():
            continue
        words = name.split(".")
        number = next((i for i, word in enumerate(words) if word.isdigit()), None)
        part = ".".join(words[: number + 1] if number is not None else words[: max(1, len(words) - 2)])
        moved[part] = moved.get(part, 0.0) + (after[name].double() - before[name].double()).square().sum()
        length[part] = length.get(part, 0.0) + before[name].double().square().sum()
    return {part: float((moved[part] / length[part]).sqrt()) for part in moved}


@mutant("weight_change", caught_by="test_relative_to_the_start", says="cancel")
def signs_cancel(before, after):
    """Compares the sums."""
    moved, length = {}, {}
    for name in before:
        words = name.split(".")
        number = next((i for i, word in enumerate(words) if word.isdigit()), None)
        part = ".".join(words[: number + 1] if number is not None else words[: max(1, len(words) - 2)])
        moved[part] = moved.get(part, 0.0) + float((after[name].double() - before[name].double()).sum())
        length[part] = length.get(part, 0.0) + float(before[name].double().square().sum())
    return {part: abs(moved[part]) / length[part] ** 0.5 if length[part] else 0.0 for part in moved}


@mutant("weight_change", caught_by="test_relative_to_the_start", says="difference of the two lengths")
def difference_of_lengths(before, after):
    """Compares the lengths, which a turn leaves alone."""
    old, new = {}, {}
    for name in before:
        words = name.split(".")
        number = next((i for i, word in enumerate(words) if word.isdigit()), None)
        part = ".".join(words[: number + 1] if number is not None else words[: max(1, len(words) - 2)])
        old[part] = old.get(part, 0.0) + float(before[name].double().square().sum())
        new[part] = new.get(part, 0.0) + float(after[name].double().square().sum())
    return {part: abs(new[part] ** 0.5 - old[part] ** 0.5) / old[part] ** 0.5 if old[part] else 0.0 for part in old}


@mutant("weight_change", caught_by="test_relative_to_the_start", says="root")
def root_forgotten(before, after):
    """Stops at the ratio of the squares."""
    moved, length = {}, {}
    for name in before:
        words = name.split(".")
        number = next((i for i, word in enumerate(words) if word.isdigit()), None)
        part = ".".join(words[: number + 1] if number is not None else words[: max(1, len(words) - 2)])
        moved[part] = moved.get(part, 0.0) + float((after[name].double() - before[name].double()).square().sum())
        length[part] = length.get(part, 0.0) + float(before[name].double().square().sum())
    return {part: moved[part] / length[part] if length[part] else 0.0 for part in moved}


@mutant("weight_change", caught_by="test_the_parts_of_a_model", says="as the name of a part")
def one_per_tensor(before, after):
    """Gives each tensor a line of its own."""
    result = {}
    for name in before:
        way, size = (after[name].double() - before[name].double()).norm().item(), before[name].double().norm().item()
        result[name] = way / size if size else float(way > 0)
    return result


# ---------------------------------------------------------------- forgetting


@mutant("forgetting", caught_by="test_the_rise_of_perplexity", says="sign")
def wrong_sign(before, after):
    """Takes before minus after."""
    return {name: math.exp(before[name] - after[name]) - 1 for name in before}


@mutant("forgetting", caught_by="test_the_rise_of_perplexity", says="difference of the losses")
def difference(before, after):
    """Stops at the difference of the losses."""
    return {name: after[name] - before[name] for name in before}


@mutant("forgetting", caught_by="test_the_rise_of_perplexity", says="ratio of the losses")
def losses_divided(before, after):
    """Takes the losses for perplexities."""
    return {name: after[name] / before[name] - 1 for name in before}


@mutant("forgetting", caught_by="test_the_rise_of_perplexity", says="subtract 1")
def factor_for_rise(before, after):
    """Gives the factor, not the rise."""
    return {name: math.exp(after[name] - before[name]) for name in before}


@mutant("forgetting", caught_by="test_the_rise_of_perplexity", says="isn't relative")
def perplexities_subtracted(before, after):
    """Subtracts the perplexities."""
    return {name: math.exp(after[name]) - math.exp(before[name]) for name in before}


@mutant("forgetting", caught_by="test_getting_better_is_negative", says="cuts")
def never_negative(before, after):
    """Takes an improvement for no change."""
    return {name: max(0.0, math.exp(after[name] - before[name]) - 1) for name in before}


@mutant("forgetting", caught_by="test_domains_by_name", says="not by their place")
def by_place(before, after):
    """Pairs the values by their place in the two dicts."""
    if before.keys() != after.keys():
        raise ValueError(f"{before.keys() ^ after.keys()}")
    return {name: math.exp(b - a) - 1 for (name, a), b in zip(before.items(), after.values())}


@mutant("forgetting", caught_by="test_a_domain_measured_once", says="ValueError")
def common_domains(before, after):
    """Leaves out what was measured only once."""
    return {name: math.exp(after[name] - before[name]) - 1 for name in before if name in after}
