"""The reference solutions of "From pretrained to task"."""

import math

import torch
from torch import nn


def mean_pool(hidden, mask):
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)


class ReviewClassifier(nn.Module):
    def __init__(self, encoder, labels=2, dropout=0.1):
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, labels)

    def forward(self, input_ids, attention_mask):
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        real = attention_mask[:, :, None].to(states.dtype)
        pooled = (states * real).sum(dim=1) / real.sum(dim=1)
        return self.head(self.dropout(pooled))


def load_partial(model, state):
    for name, tensor in state.items():
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(f"{name} is a {type(tensor).__name__}, not a tensor")
    own = model.state_dict()
    prefix = getattr(model, "base_model_prefix", "")
    found, unexpected = {name: tensor for name, tensor in state.items() if name in own}, []
    for name, tensor in state.items():
        if name in own:
            continue
        candidates = [f"{prefix}.{name}", name.removeprefix(f"{prefix}.")] if prefix else []
        target = next((c for c in candidates if c in own and c not in found), None)
        if target is None:
            unexpected.append(name)
        else:
            found[target] = tensor
    fitting = [name for name in own if name in found and found[name].shape == own[name].shape]
    with torch.no_grad():
        for name in fitting:
            own[name].copy_(found[name])
    missing = [name for name in own if name not in found]
    mismatched = [name for name in own if name in found and found[name].shape != own[name].shape]
    return LoadReport(fitting, missing, unexpected, mismatched)  # noqa: F821


def weight_change(before, after):
    for name in before.keys() ^ after.keys():
        raise ValueError(f"{name} is in one of the two states only")
    moved, length, end = {}, {}, {}
    for name, old in before.items():
        new = after[name]
        if new.shape != old.shape:
            raise ValueError(f"{name} has the shapes {tuple(old.shape)} and {tuple(new.shape)}")
        if not old.is_floating_point():
            continue
        words = name.split(".")
        number = next((i for i, word in enumerate(words) if word.isdigit()), None)
        part = ".".join(words[: number + 1] if number is not None else words[: max(1, len(words) - 2)])
        old, new = old.double(), new.double()
        moved[part] = moved.get(part, 0.0) + float((new - old).square().sum())
        length[part] = length.get(part, 0.0) + float(old.square().sum())
        end[part] = end.get(part, 0.0) + float(new.square().sum())
    return {part: (moved[part] / (length[part] or end[part] or 1.0)) ** 0.5 for part in moved}


def forgetting(before, after):
    for domain in before.keys() ^ after.keys():
        raise ValueError(f"{domain} was measured only once")
    return {domain: math.expm1(after[domain] - before[domain]) for domain in before}
