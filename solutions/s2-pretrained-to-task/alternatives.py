"""Other right answers of "From pretrained to task"."""

import math

import torch
from torch import nn

from autograder.authoring import alternative


@alternative("mean_pool")
def row_by_row(hidden, mask):
    """Takes the mean of each row's own tokens, and zeros where there are none."""
    rows = [states[real.bool()] for states, real in zip(hidden, mask)]
    means = [row.mean(0) if len(row) else torch.zeros_like(hidden[0, 0]) for row in rows]
    return torch.stack(means) if means else hidden.new_zeros(0, hidden.shape[2])


@alternative("mean_pool")
def product_of_matrices(hidden, mask):
    """Gives each token its share first, and multiplies."""
    shares = mask.to(hidden.dtype) / mask.sum(1, keepdim=True).clamp(min=1).to(hidden.dtype)
    return torch.einsum("bt,bth->bh", shares, hidden)


@alternative("ReviewClassifier")
class BlankedAndSummed(nn.Module):
    """Blanks out the padding, adds up, and divides; takes the encoder's output by its place."""

    def __init__(self, encoder, labels=2, dropout=0.1):
        super().__init__()
        self.head = nn.Linear(encoder.config.hidden_size, labels)
        self.p = dropout
        self.encoder = encoder

    def forward(self, input_ids, attention_mask):
        output = self.encoder(input_ids, attention_mask)[0]
        output = output.masked_fill(attention_mask.unsqueeze(2) == 0, 0.0)
        pooled = output.sum(1) / attention_mask.sum(1, keepdim=True)
        return self.head(nn.functional.dropout(pooled, self.p, self.training))


@alternative("load_partial")
def by_load_state_dict(model, state):
    """Renames first, then leaves the copying to the library, with what fits alone."""
    wrong = [name for name, tensor in state.items() if not torch.is_tensor(tensor)]
    if wrong:
        raise TypeError(f"not a tensor: {wrong[0]}")
    own, prefix = model.state_dict(), getattr(model, "base_model_prefix", "") or ""
    source = {}
    for name in state:
        longer, shorter = f"{prefix}.{name}", name[len(prefix) + 1 :] if prefix and name.startswith(prefix + ".") else name
        if name in own:
            source[name] = name
        elif prefix and longer in own and longer not in state:
            source[longer] = name
        elif prefix and shorter in own and shorter not in state:
            source[shorter] = name
    fits = {entry: state[name] for entry, name in source.items() if state[name].shape == own[entry].shape}
    model.load_state_dict(fits, strict=False)
    used = set(source.values())
    return LoadReport(  # noqa: F821
        loaded=[name for name in own if name in fits],
        missing=[name for name in own if name not in source],
        unexpected=[name for name in state if name not in used],
        mismatched=[name for name in own if name in source and name not in fits],
    )


@alternative("weight_change")
def laid_end_to_end(before, after):
    """Lays all numbers of a part end to end, and takes the norms of the long vectors."""
    if set(before) != set(after):
        raise ValueError(f"not in both: {sorted(set(before) ^ set(after))}")
    parts = {}
    for name in before:
        if before[name].shape != after[name].shape:
            raise ValueError(f"the shapes of {name} differ")
        if before[name].dtype.is_floating_point:
            words = name.split(".")
            numbers = [i for i, word in enumerate(words) if word.isdigit()]
            count = numbers[0] + 1 if numbers else max(len(words) - 2, 1)
            parts.setdefault(".".join(words[:count]), []).append(name)
    result = {}
    for part, names in parts.items():
        old = torch.cat([before[name].double().flatten() for name in names])
        new = torch.cat([after[name].double().flatten() for name in names])
        way, size = torch.linalg.vector_norm(new - old).item(), torch.linalg.vector_norm(old).item()
        result[part] = way / size if size else float(way > 0)
    return result


@alternative("forgetting")
def ratio_of_perplexities(before, after):
    """Divides the two perplexities."""
    if set(before) != set(after):
        raise ValueError(f"other domains: {set(before) ^ set(after)}")
    return {name: math.exp(after[name]) / math.exp(loss) - 1 for name, loss in before.items()}
