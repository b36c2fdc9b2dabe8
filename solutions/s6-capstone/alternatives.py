"""Other right answers of "Carry one project through"."""

import torch
from torch import nn

from autograder.authoring import alternative
from tunelab.project import LABELS, TOKENS, ReviewModel, tokenized


@alternative("majority")
def by_counter(labels):
    """Counts with a Counter, and sorts by count and name."""
    from collections import Counter

    if len(labels) == 0:
        raise ValueError("labels: none given")
    counts = Counter(labels)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[0][0]


@alternative("train")
def written_by_hand(rows, budget):
    """No peft: factors in a module of its own around each linear layer, and the head's start taken from a ridge regression on the frozen vectors."""

    class Beside(nn.Module):
        def __init__(self, layer, rank, random):
            super().__init__()
            self.layer = layer
            self.a = nn.Parameter(torch.randn(rank, layer.in_features, generator=random) * layer.in_features**-0.5)
            self.b = nn.Parameter(torch.zeros(layer.out_features, rank))

        def forward(self, x):
            return self.layer(x) + 2 * nn.functional.linear(nn.functional.linear(x, self.a), self.b)

    random = torch.Generator().manual_seed(budget.seed)
    torch.manual_seed(budget.seed + 7)
    model = ReviewModel().requires_grad_(False)
    texts, wanted = [row["text"] for row in rows], torch.tensor([LABELS.index(row["label"]) for row in rows])
    with torch.no_grad():
        seen = torch.cat([model.vectors(**tokenized(texts[i : i + 32], budget.tokens)) for i in range(0, len(texts), 32)])
        middle = seen.mean(0)
        gram = (seen - middle).T @ (seen - middle) + 0.02 * len(rows) * torch.eye(seen.shape[1])
        direction = torch.linalg.solve(gram, (seen - middle).T @ (2.0 * wanted - 1))
        model.classifier.weight.copy_(2 * torch.stack([-direction, direction]))
        model.classifier.bias.copy_(2 * torch.stack([direction @ middle, -direction @ middle]))
    rank = 1 if budget.adapter_bytes < 1_000_000 else 4
    layers = {name: module for name, module in model.encoder.named_modules() if isinstance(module, nn.Linear)}
    beside = {name: Beside(layer, rank, random) for name, layer in layers.items()}
    for name, module in beside.items():
        parent, _, last = name.rpartition(".")
        setattr(model.encoder.get_submodule(parent), last, module)
    model.classifier.requires_grad_(True)
    learnt = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW([{"params": learnt[:-2], "lr": 2e-3}, {"params": learnt[-2:], "lr": 2e-3}])
    model.train()
    for step in range(budget.steps):
        optimizer.param_groups[0]["lr"] = 2e-3 * (1 - step / budget.steps)
        drawn = torch.randint(len(rows), (min(budget.batch, len(rows)),), generator=random).tolist()
        logits = model(**tokenized([texts[i] for i in drawn], budget.tokens))
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(logits, wanted[drawn]).backward()
        nn.utils.clip_grad_norm_(learnt, 1.0)
        optimizer.step()
    head = {f"base_model.model.classifier.{end}": getattr(model.classifier, end) for end in ("weight", "bias")}
    factors = {f"base_model.model.encoder.{n}.lora_{s.upper()}.weight": getattr(m, s) for n, m in beside.items() for s in "ab"}
    return {name: tensor.detach().clone() for name, tensor in {**factors, **head}.items()}


@alternative("pack_adapter")
def checked_afterwards(adapter, budget):
    """Looks at all tensors in one go, and copies them by way of NumPy."""
    from safetensors.numpy import save

    wrong = [
        name for name, t in adapter.items() if t.dtype is not torch.float32 or bool((t != t).any()) or bool((t.abs() == float("inf")).any())
    ]
    if wrong or len(adapter) == 0:
        raise ValueError("can't be packed: " + (", ".join(wrong) or "there is nothing in it"))
    content = save({name: t.detach().numpy().copy(order="C") for name, t in adapter.items()})
    if not len(content) <= budget.adapter_bytes:
        raise ValueError(f"too long: {len(content)}")
    return content


@alternative("predict")
def merged_by_hand(adapter, texts):
    """Changes the weights themselves, and sorts texts by length to save padding."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                layer = model.get_submodule(place[: place.index(".lora_A")])
                layer.weight.add_(adapter[name.replace(".lora_A.", ".lora_B.")] @ tensor, alpha=2)
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        by_length = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        labels = {}
        for start in range(0, len(texts), 16):
            chosen = by_length[start : start + 16]
            scores = model(**tokenized([texts[i] for i in chosen], TOKENS))
            labels.update({i: "fresh" if fresh > rotten else "rotten" for i, (rotten, fresh) in zip(chosen, scores.tolist(), strict=True)})
    return [labels[i] for i in range(len(texts))]


@alternative("model_card")
def with_scikit_learn(adapter_file, labels, steps, truth, predicted):
    """F1 by scikit-learn with both labels named, and a bootstrap written out."""
    from hashlib import sha256

    import numpy as np
    from sklearn.metrics import f1_score

    def score(rows):
        return float(
            f1_score(np.array(truth)[rows], np.array(predicted)[rows], labels=["fresh", "rotten"], average="macro", zero_division=0)
        )

    random, n = np.random.default_rng(1), len(truth)
    drawn = [score(random.integers(n, size=n)) for _ in range(500)]
    return {
        "intended_use": "A first guess whether a sentence from an English film review is praise, for people who read the sentence anyway before they use it.",
        "limits": "Not for other languages or whole pages, nor for decisions about people. In our tests it often missed a negation, and its score on films it hadn't seen is far from perfect.",
        "interval": [float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975))],
        "macro_f1": score(np.arange(n)),
        "sha256": sha256(adapter_file).hexdigest(),
        "bytes": len(adapter_file),
        "steps": steps,
        "labels": len(labels),
    }
