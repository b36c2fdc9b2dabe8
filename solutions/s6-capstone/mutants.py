"""Wrong answers of "Carry one project through", each with the misconception behind it."""

import torch
from torch import nn

from autograder.authoring import mutant
from tunelab.project import LABELS, ReviewModel, tokenized

# ---------------------------------------------------------------- majority


@mutant("majority", caught_by="test_a_tie_goes_by_the_alphabet", says="order of the rows must not decide")
def first_come(labels):
    """Takes the first of equals in the order of the rows."""
    if not labels:
        raise ValueError("labels")
    return max(labels, key=labels.count)


@mutant("majority", caught_by="test_the_label_that_is_there_most_often", says="Another label is there more often")
def alphabet_alone(labels):
    """Sorts by name and forgets the counts."""
    if not labels:
        raise ValueError("labels")
    return sorted(labels)[0]


@mutant("majority", caught_by="test_the_label_that_is_there_most_often", says="Another label is there more often")
def least_frequent(labels):
    """Sorts in the wrong direction."""
    if not labels:
        raise ValueError("labels")
    return min(sorted(set(labels)), key=labels.count)


@mutant("majority", caught_by="test_no_labels_and_labels_left_alone", says="changed the caller's list")
def sorts_in_place(labels):
    """Sorts the caller's own list."""
    if not labels:
        raise ValueError("labels")
    labels.sort()
    return max(labels, key=labels.count)


@mutant("majority", caught_by="test_no_labels_and_labels_left_alone", says="Nothing has no majority")
def fresh_by_default(labels):
    """Gives a default where there are no labels."""
    return max(sorted(set(labels)), key=labels.count, default="fresh")


# ---------------------------------------------------------------- train


@mutant("train", caught_by="test_within_the_budget", says="Count steps, not epochs")
def three_epochs(rows, budget):
    """Counts epochs and not steps: over the budget."""
    from peft import LoraConfig, get_peft_model
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(budget.seed)
    config = LoraConfig(r=2, lora_alpha=2 * 2, target_modules=["query", "value"], modules_to_save=["classifier"])
    model = get_peft_model(ReviewModel(), config).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for start in 3 * list(range(0, len(rows), budget.batch)):
        drawn = rows[start : start + budget.batch]
        wanted = torch.tensor([LABELS.index(row["label"]) for row in drawn])
        nn.functional.cross_entropy(model(**tokenized([row["text"] for row in drawn], budget.tokens)), wanted).backward()
        optimizer.step(), optimizer.zero_grad()
    return {name: tensor.detach().clone() for name, tensor in get_peft_model_state_dict(model).items()}


@mutant("train", caught_by="test_within_the_budget", says="gradient accumulation")
def accumulates(rows, budget):
    """Accumulates the gradients of four batches for each step: four times the work."""
    from peft import LoraConfig, get_peft_model
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(budget.seed)
    config = LoraConfig(r=2, lora_alpha=2 * 2, target_modules=["query", "value"], modules_to_save=["classifier"])
    model = get_peft_model(ReviewModel(), config).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for turn in range(4 * budget.steps):
        drawn = [rows[i] for i in torch.randperm(len(rows))[: budget.batch].tolist()]
        wanted = torch.tensor([LABELS.index(row["label"]) for row in drawn])
        nn.functional.cross_entropy(model(**tokenized([row["text"] for row in drawn], budget.tokens)), wanted).backward()
        if turn % 4 == 3:
            optimizer.step(), optimizer.zero_grad()
    return {name: tensor.detach().clone() for name, tensor in get_peft_model_state_dict(model).items()}


@mutant("train", caught_by="test_within_the_budget", says="Cut them")
def whole_texts(rows, budget):
    """Leaves the cut of the texts to the default."""
    from peft import LoraConfig, get_peft_model
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(budget.seed)
    config = LoraConfig(r=2, lora_alpha=2 * 2, target_modules=["query", "value"], modules_to_save=["classifier"])
    model = get_peft_model(ReviewModel(), config).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for _ in range(budget.steps):
        drawn = [rows[i] for i in torch.randperm(len(rows))[: budget.batch].tolist()]
        wanted = torch.tensor([LABELS.index(row["label"]) for row in drawn])
        nn.functional.cross_entropy(model(**tokenized([row["text"] for row in drawn])), wanted).backward()
        optimizer.step(), optimizer.zero_grad()
    return {name: tensor.detach().clone() for name, tensor in get_peft_model_state_dict(model).items()}


@mutant("train", caught_by="test_the_seed_decides", says="isn't drawn from `budget.seed`")
def order_left_to_chance(rows, budget):
    """Never sets a seed."""
    from peft import LoraConfig, get_peft_model
    from peft.utils import get_peft_model_state_dict

    config = LoraConfig(r=2, lora_alpha=2 * 2, target_modules=["query", "value"], modules_to_save=["classifier"])
    model = get_peft_model(ReviewModel(), config).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for _ in range(min(budget.steps, 3)):
        drawn = [rows[i] for i in torch.randperm(len(rows))[: budget.batch].tolist()]
        wanted = torch.tensor([LABELS.index(row["label"]) for row in drawn])
        nn.functional.cross_entropy(model(**tokenized([row["text"] for row in drawn], budget.tokens)), wanted).backward()
        optimizer.step(), optimizer.zero_grad()
    return {name: tensor.detach().clone() for name, tensor in get_peft_model_state_dict(model).items()}


@mutant("train", caught_by="test_the_seed_decides", says="a seed of its own")
def seed_of_its_own(rows, budget):
    """Sets a seed, but always the same."""
    from peft import LoraConfig, get_peft_model
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(0)
    config = LoraConfig(r=2, lora_alpha=2 * 2, target_modules=["query", "value"], modules_to_save=["classifier"])
    model = get_peft_model(ReviewModel(), config).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for _ in range(min(budget.steps, 3)):
        drawn = [rows[i] for i in torch.randperm(len(rows))[: budget.batch].tolist()]
        wanted = torch.tensor([LABELS.index(row["label"]) for row in drawn])
        nn.functional.cross_entropy(model(**tokenized([row["text"] for row in drawn], budget.tokens)), wanted).backward()
        optimizer.step(), optimizer.zero_grad()
    return {name: tensor.detach().clone() for name, tensor in get_peft_model_state_dict(model).items()}


@mutant("train", caught_by="test_an_adapter_comes_back", says="all zero")
def taken_out_too_early(rows, budget):
    """Takes the adapter out before it is trained."""
    from peft import LoraConfig, get_peft_model
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(budget.seed)
    config = LoraConfig(r=2, lora_alpha=2 * 2, target_modules=["query", "value"], modules_to_save=["classifier"])
    model = get_peft_model(ReviewModel(), config).train()
    before = {name: tensor.detach().clone() for name, tensor in get_peft_model_state_dict(model).items()}
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for _ in range(budget.steps):
        drawn = [rows[i] for i in torch.randperm(len(rows))[: budget.batch].tolist()]
        wanted = torch.tensor([LABELS.index(row["label"]) for row in drawn])
        nn.functional.cross_entropy(model(**tokenized([row["text"] for row in drawn], budget.tokens)), wanted).backward()
        optimizer.step(), optimizer.zero_grad()
    return before


@mutant("train", caught_by="test_an_adapter_comes_back", says="Without its trained head")
def head_left_behind(rows, budget):
    """Keeps the factors and drops the trained head."""
    from peft import LoraConfig, get_peft_model
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(budget.seed)
    config = LoraConfig(r=2, lora_alpha=2 * 2, target_modules=["query", "value"], modules_to_save=["classifier"])
    model = get_peft_model(ReviewModel(), config).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for _ in range(budget.steps):
        drawn = [rows[i] for i in torch.randperm(len(rows))[: budget.batch].tolist()]
        wanted = torch.tensor([LABELS.index(row["label"]) for row in drawn])
        nn.functional.cross_entropy(model(**tokenized([row["text"] for row in drawn], budget.tokens)), wanted).backward()
        optimizer.step(), optimizer.zero_grad()
    return {name: tensor.detach().clone() for name, tensor in get_peft_model_state_dict(model).items() if "lora_" in name}


@mutant("train", caught_by="test_an_adapter_comes_back", says="no adapter of the project")
def whole_model(rows, budget):
    """Gives all weights of the model in place of the adapter."""
    from peft import LoraConfig, get_peft_model
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(budget.seed)
    config = LoraConfig(r=2, lora_alpha=2 * 2, target_modules=["query", "value"], modules_to_save=["classifier"])
    model = get_peft_model(ReviewModel(), config).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for _ in range(budget.steps):
        drawn = [rows[i] for i in torch.randperm(len(rows))[: budget.batch].tolist()]
        wanted = torch.tensor([LABELS.index(row["label"]) for row in drawn])
        nn.functional.cross_entropy(model(**tokenized([row["text"] for row in drawn], budget.tokens)), wanted).backward()
        optimizer.step(), optimizer.zero_grad()
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


@mutant("train", caught_by="test_the_file_fits", says="choose them by the budget")
def rank_without_thought(rows, budget):
    """Takes a high rank, whatever room there is."""
    from peft import LoraConfig, get_peft_model
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(budget.seed)
    config = LoraConfig(r=16, lora_alpha=2 * 16, target_modules=["query", "value"], modules_to_save=["classifier"])
    model = get_peft_model(ReviewModel(), config).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for _ in range(min(budget.steps, 3)):
        drawn = [rows[i] for i in torch.randperm(len(rows))[: budget.batch].tolist()]
        wanted = torch.tensor([LABELS.index(row["label"]) for row in drawn])
        nn.functional.cross_entropy(model(**tokenized([row["text"] for row in drawn], budget.tokens)), wanted).backward()
        optimizer.step(), optimizer.zero_grad()
    return {name: tensor.detach().clone() for name, tensor in get_peft_model_state_dict(model).items()}


@mutant("train", caught_by="test_it_learns_from_the_rows_it_is_given", says="trained on the rows that come in")
def learnt_elsewhere(rows, budget):
    """Fetches rows of its own and ignores those that come in."""
    from peft import LoraConfig, get_peft_model
    from peft.utils import get_peft_model_state_dict

    from tunelab.project import project_rows

    torch.manual_seed(budget.seed)
    rows = project_rows()[0][:40]
    config = LoraConfig(r=2, lora_alpha=2 * 2, target_modules=["query", "value"], modules_to_save=["classifier"])
    model = get_peft_model(ReviewModel(), config).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for _ in range(min(budget.steps, 3)):
        drawn = [rows[i] for i in torch.randperm(len(rows))[: budget.batch].tolist()]
        wanted = torch.tensor([LABELS.index(row["label"]) for row in drawn])
        nn.functional.cross_entropy(model(**tokenized([row["text"] for row in drawn], budget.tokens)), wanted).backward()
        optimizer.step(), optimizer.zero_grad()
    return {name: tensor.detach().clone() for name, tensor in get_peft_model_state_dict(model).items()}


@mutant("train", caught_by="test_better_than_the_majority", says="That is the majority's answer")
def majority_in_disguise(rows, budget):
    """Trains for the shape's sake and puts the majority into the head's bias."""
    torch.manual_seed(budget.seed)
    layer = "base_model.model.encoder.encoder.layer.0.attention.self.query.lora_"
    fresh = sum(row["label"] == "fresh" for row in rows) / len(rows)
    factors = {
        f"{layer}A.weight": nn.Parameter(torch.randn(1, 384) / 20),
        f"{layer}B.weight": nn.Parameter(torch.full((384, 1), fresh / 100)),
    }
    optimizer = torch.optim.SGD(factors.values(), lr=0.001)
    sum(factor.square().sum() for factor in factors.values()).backward()
    optimizer.step()
    bias = torch.tensor([0.0, 9.0 if fresh >= 0.5 else -9.0])
    head = {"base_model.model.classifier.weight": torch.zeros(2, 384), "base_model.model.classifier.bias": bias}
    return {name: tensor.detach() for name, tensor in {**factors, **head}.items()}


@mutant("train", caught_by="test_better_than_the_majority", says="the wrong way round")
def classes_the_wrong_way_round(rows, budget):
    """Takes "fresh" for the first class: a head from a regression on the frozen vectors, inverted. (It trains one step only, so that the law stays short.)"""
    torch.manual_seed(budget.seed)
    model, layer = ReviewModel(), "base_model.model.encoder.encoder.layer.0.attention.self.query.lora_"
    wanted = torch.tensor([1.0 if row["label"] == "rotten" else -1.0 for row in rows])
    with torch.no_grad():
        seen = torch.cat(
            [model.vectors(**tokenized([row["text"] for row in rows[i : i + 32]], budget.tokens)) for i in range(0, len(rows), 32)]
        )
        middle = seen.mean(0)
        gram = (seen - middle).T @ (seen - middle) + 0.02 * len(rows) * torch.eye(384)
        direction = torch.linalg.solve(gram, (seen - middle).T @ wanted)
    factors = {f"{layer}A.weight": nn.Parameter(torch.randn(1, 384) / 20), f"{layer}B.weight": nn.Parameter(direction[:, None] / 1000)}
    optimizer = torch.optim.SGD(factors.values(), lr=0.001)
    sum(factor.square().sum() for factor in factors.values()).backward()
    optimizer.step()
    head = {"base_model.model.classifier.weight": torch.stack([-direction, direction])}
    head["base_model.model.classifier.bias"] = torch.stack([direction @ middle, -direction @ middle])
    return {name: tensor.detach() for name, tensor in {**factors, **head}.items()}


# ---------------------------------------------------------------- pack_adapter


@mutant("pack_adapter", caught_by="test_what_is_packed_comes_out_again", says="pickle")
def as_a_pickle(adapter, budget):
    """Writes the adapter with torch.save."""
    import io

    if not adapter:
        raise ValueError("empty")
    out = io.BytesIO()
    torch.save(dict(adapter), out)
    return out.getvalue()


@mutant("pack_adapter", caught_by="test_views_and_transposed_tensors", says="whole, contiguous tensors")
def as_they_are(adapter, budget):
    """Gives safetensors the tensors as they are, views and all."""
    from safetensors.torch import save

    for name, tensor in adapter.items():
        if tensor.dtype != torch.float32 or not torch.isfinite(tensor).all():
            raise ValueError(name)
    content = save(adapter)
    if not adapter or len(content) > budget.adapter_bytes:
        raise ValueError("size")
    return content


@mutant("pack_adapter", caught_by="test_what_is_not_finite_is_refused", says="Infinity is no NaN")
def nan_alone(adapter, budget):
    """Looks for NaN, and lets infinity through."""
    from safetensors.torch import save

    for name, tensor in adapter.items():
        if tensor.dtype != torch.float32 or torch.isnan(tensor).any():
            raise ValueError(name)
    content = save({name: tensor.detach().contiguous().clone() for name, tensor in adapter.items()})
    if not adapter or len(content) > budget.adapter_bytes:
        raise ValueError("size")
    return content


@mutant("pack_adapter", caught_by="test_what_is_not_finite_is_refused", says="equals nothing")
def compares_with_nan(adapter, budget):
    """Asks whether a tensor equals NaN, which nothing does."""
    from safetensors.torch import save

    for name, tensor in adapter.items():
        if tensor.dtype != torch.float32 or (tensor == float("nan")).any():
            raise ValueError(name)
    content = save({name: tensor.detach().contiguous().clone() for name, tensor in adapter.items()})
    if not adapter or len(content) > budget.adapter_bytes:
        raise ValueError("size")
    return content


@mutant("pack_adapter", caught_by="test_the_file_is_what_counts", says="raised nothing")
def numbers_alone(adapter, budget):
    """Compares the tensors' bytes with the budget, and forgets the header."""
    from safetensors.torch import save

    for name, tensor in adapter.items():
        if tensor.dtype != torch.float32 or not torch.isfinite(tensor).all():
            raise ValueError(name)
    if not adapter or sum(tensor.nbytes for tensor in adapter.values()) > budget.adapter_bytes:
        raise ValueError("size")
    return save({name: tensor.detach().contiguous().clone() for name, tensor in adapter.items()})


@mutant("pack_adapter", caught_by="test_other_dtypes_are_refused", says="raised nothing")
def made_to_fit(adapter, budget):
    """Turns other dtypes into float32 without a word."""
    from safetensors.torch import save

    whole = {name: tensor.detach().float().contiguous().clone() for name, tensor in adapter.items()}
    for name, tensor in whole.items():
        if not torch.isfinite(tensor).all():
            raise ValueError(name)
    content = save(whole)
    if not adapter or len(content) > budget.adapter_bytes:
        raise ValueError("size")
    return content


@mutant("pack_adapter", caught_by="test_what_is_packed_comes_out_again", says="rounded on the way")
def rounded_to_half(adapter, budget):
    """Saves room by rounding to 16 bits and back."""
    from safetensors.torch import save

    for name, tensor in adapter.items():
        if tensor.dtype != torch.float32 or not torch.isfinite(tensor).all():
            raise ValueError(name)
    content = save({name: tensor.detach().half().float().contiguous() for name, tensor in adapter.items()})
    if not adapter or len(content) > budget.adapter_bytes:
        raise ValueError("size")
    return content


# ---------------------------------------------------------------- predict


@mutant("predict", caught_by="test_it_says_what_the_adapter_says", says="one and the same label")
def always_fresh(adapter, texts):
    """The majority: reads no text."""
    return ["fresh"] * len(texts)


@mutant("predict", caught_by="test_it_says_what_the_adapter_says", says="head on the unchanged encoder")
def factors_forgotten(adapter, texts):
    """Loads the head and passes over the factors, as a loader that is not strict does."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found


@mutant("predict", caught_by="test_it_says_what_the_adapter_says", says="isn't scaled")
def not_scaled(adapter, texts):
    """Adds B A without the scale."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=1
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found


@mutant("predict", caught_by="test_it_says_what_the_adapter_says", says="the other label")
def other_class_first(adapter, texts):
    """Takes fresh for the first class."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmin(-1).tolist()]
    return found


@mutant("predict", caught_by="test_a_label_does_not_hang_on_the_batch", says="Something of the batch is in the answer")
def half_of_each_batch(adapter, texts):
    """Calls the upper half of each batch fresh: predictions that depend on the batch."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[int(m > (logits[:, 1] - logits[:, 0]).mean())] for m in (logits[:, 1] - logits[:, 0]).tolist()]
    return found


@mutant("predict", caught_by="test_a_label_does_not_hang_on_the_batch", says="caller's order")
def sorted_and_left_so(adapter, texts):
    """Sorts the texts by length and forgets to put the labels back."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        texts = sorted(texts, key=len)
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found


@mutant("predict", caught_by="test_no_chance_and_nothing_changed", says="training mode")
def dropout_left_on(adapter, texts):
    """Predicts in training mode."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.train()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found


@mutant("predict", caught_by="test_any_number_of_texts", says="last batch")
def last_batch_lost(adapter, texts):
    """Predicts whole batches only, and fills up with the majority."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found if len(texts) < 32 else (found[: len(texts) // 32 * 32] + ["fresh", "rotten"] * len(texts))[: len(texts)]


@mutant("predict", caught_by="test_plain_words", says="it doesn't read", files="always")
def an_adapter_of_always(adapter, texts):
    """An adapter whose head says the same of every text."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found


@mutant("predict", caught_by="test_plain_words", says="in the order of LABELS", files="elsewhere")
def an_adapter_from_elsewhere(adapter, texts):
    """An adapter that was trained elsewhere, with the classes in another order."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found


@mutant("predict", caught_by="test_plain_words", says="NaN or infinity", files="nan")
def an_adapter_with_nan(adapter, texts):
    """An adapter with a NaN in it."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found


@mutant("predict", caught_by="test_plain_words", says="fit the model", files="wide")
def an_adapter_for_another_base(adapter, texts):
    """An adapter for a base of another width."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found


@mutant("predict", caught_by="test_another_domain", says="bytes long, more than", files="large")
def an_adapter_too_large(adapter, texts):
    """An adapter of a high rank on everything."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found


@mutant("predict", caught_by="test_another_domain", says="Without its trained head", files="headless")
def an_adapter_without_head(adapter, texts):
    """An adapter without its head."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found


@mutant("predict", caught_by="test_another_domain", says="isn't opened", files="pickled")
def a_pickle(adapter, texts):
    """A pickle, written by torch.save."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found


@mutant("predict", caught_by="test_another_domain", says="no whole safetensors file", files="cut")
def a_file_cut_short(adapter, texts):
    """Half of a file."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found


@mutant("predict", caught_by="test_another_domain", says="header can't be read", files="bomb")
def a_file_that_lies(adapter, texts):
    """A file whose header says that it is larger than all disks of the world."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found


@mutant("predict", caught_by="test_another_domain", says="No adapter.safetensors was handed in", files="forgotten")
def no_file(adapter, texts):
    """Forgets to hand in the file."""
    model = ReviewModel()
    with torch.no_grad():
        for name, tensor in adapter.items():
            place = name.removeprefix("base_model.model.")
            if ".lora_A." in place:
                model.get_submodule(place[: place.index(".lora_A")]).weight.add_(
                    adapter[name.replace("lora_A", "lora_B")] @ tensor, alpha=2
                )
            elif place.startswith("classifier"):
                model.get_parameter(place).copy_(tensor)
        model.eval()
        found = []
        for start in range(0, len(texts), 32):
            batch = tokenized(texts[start : start + 32])
            logits = model(**batch)
            found += [LABELS[i] for i in logits.argmax(-1).tolist()]
    return found


@mutant("model_card", caught_by="test_the_score_is_measured", says="measured, not remembered")
def invented_numbers(adapter_file, labels, steps, truth, predicted):
    """Writes down the numbers that were hoped for."""
    from hashlib import sha256

    import numpy as np

    from tunelab.stats import bootstrap

    def macro_f1(true, said):
        both = [np.sum(true == label) + np.sum(said == label) for label in LABELS]
        return float(
            np.mean([2 * np.sum((true == label) & (said == label)) / n if n else 0.0 for label, n in zip(LABELS, both, strict=True)])
        )

    score = macro_f1(np.array(truth), np.array(predicted))
    low, high = bootstrap(macro_f1, np.array(truth), np.array(predicted), resamples=500)
    card = {
        "labels": len(labels),
        "steps": steps,
        "bytes": len(adapter_file),
        "sha256": sha256(adapter_file).hexdigest(),
        "macro_f1": score,
        "interval": [low, high],
        "intended_use": "Sorting single sentences of English film reviews into praise and blame, for people who look at what comes out before they use it.",
        "limits": "Trained on 300 sentences about films. Don't use it for other languages, whole reviews, or anything that matters to a single person; it often misses negation.",
    }
    return card | {"macro_f1": 0.91, "interval": [0.89, 0.93]}


@mutant("model_card", caught_by="test_the_score_is_measured", says="gave the accuracy")
def accuracy_called_macro_f1(adapter_file, labels, steps, truth, predicted):
    """Takes accuracy for macro-F1."""
    from hashlib import sha256

    import numpy as np

    from tunelab.stats import bootstrap

    def macro_f1(true, said):
        both = [np.sum(true == label) + np.sum(said == label) for label in LABELS]
        return float(
            np.mean([2 * np.sum((true == label) & (said == label)) / n if n else 0.0 for label, n in zip(LABELS, both, strict=True)])
        )

    score = macro_f1(np.array(truth), np.array(predicted))
    low, high = bootstrap(macro_f1, np.array(truth), np.array(predicted), resamples=500)
    card = {
        "labels": len(labels),
        "steps": steps,
        "bytes": len(adapter_file),
        "sha256": sha256(adapter_file).hexdigest(),
        "macro_f1": score,
        "interval": [low, high],
        "intended_use": "Sorting single sentences of English film reviews into praise and blame, for people who look at what comes out before they use it.",
        "limits": "Trained on 300 sentences about films. Don't use it for other languages, whole reviews, or anything that matters to a single person; it often misses negation.",
    }
    return card | {"macro_f1": float(np.mean(np.array(truth) == np.array(predicted)))}


@mutant("model_card", caught_by="test_the_score_is_measured", says="F1 of 'fresh' alone")
def f1_of_fresh_alone(adapter_file, labels, steps, truth, predicted):
    """Takes the F1 of one class."""
    from hashlib import sha256

    import numpy as np

    from tunelab.stats import bootstrap

    def macro_f1(true, said):
        both = [np.sum(true == label) + np.sum(said == label) for label in LABELS]
        return float(
            np.mean([2 * np.sum((true == label) & (said == label)) / n if n else 0.0 for label, n in zip(LABELS, both, strict=True)])
        )

    score = macro_f1(np.array(truth), np.array(predicted))
    low, high = bootstrap(macro_f1, np.array(truth), np.array(predicted), resamples=500)
    card = {
        "labels": len(labels),
        "steps": steps,
        "bytes": len(adapter_file),
        "sha256": sha256(adapter_file).hexdigest(),
        "macro_f1": score,
        "interval": [low, high],
        "intended_use": "Sorting single sentences of English film reviews into praise and blame, for people who look at what comes out before they use it.",
        "limits": "Trained on 300 sentences about films. Don't use it for other languages, whole reviews, or anything that matters to a single person; it often misses negation.",
    }
    return card | {
        "macro_f1": 2
        * sum(t == p == "fresh" for t, p in zip(truth, predicted, strict=True))
        / max(1, truth.count("fresh") + predicted.count("fresh"))
    }


@mutant("model_card", caught_by="test_the_interval", says="far too narrow")
def standard_error_for_interval(adapter_file, labels, steps, truth, predicted):
    """Gives one standard error to each side."""
    from hashlib import sha256

    import numpy as np

    from tunelab.stats import bootstrap

    def macro_f1(true, said):
        both = [np.sum(true == label) + np.sum(said == label) for label in LABELS]
        return float(
            np.mean([2 * np.sum((true == label) & (said == label)) / n if n else 0.0 for label, n in zip(LABELS, both, strict=True)])
        )

    score = macro_f1(np.array(truth), np.array(predicted))
    low, high = bootstrap(macro_f1, np.array(truth), np.array(predicted), resamples=500)
    card = {
        "labels": len(labels),
        "steps": steps,
        "bytes": len(adapter_file),
        "sha256": sha256(adapter_file).hexdigest(),
        "macro_f1": score,
        "interval": [low, high],
        "intended_use": "Sorting single sentences of English film reviews into praise and blame, for people who look at what comes out before they use it.",
        "limits": "Trained on 300 sentences about films. Don't use it for other languages, whole reviews, or anything that matters to a single person; it often misses negation.",
    }
    return card | {"interval": [score - (high - low) / 4, score + (high - low) / 4]}


@mutant("model_card", caught_by="test_the_interval", says="isn't the 95% percentile interval")
def labels_shuffled_apart(adapter_file, labels, steps, truth, predicted):
    """Draws labels and predictions apart, so that they no longer belong together."""
    from hashlib import sha256

    import numpy as np

    from tunelab.stats import bootstrap

    def macro_f1(true, said):
        both = [np.sum(true == label) + np.sum(said == label) for label in LABELS]
        return float(
            np.mean([2 * np.sum((true == label) & (said == label)) / n if n else 0.0 for label, n in zip(LABELS, both, strict=True)])
        )

    score = macro_f1(np.array(truth), np.array(predicted))
    low, high = bootstrap(macro_f1, np.array(truth), np.array(predicted), resamples=500)
    card = {
        "labels": len(labels),
        "steps": steps,
        "bytes": len(adapter_file),
        "sha256": sha256(adapter_file).hexdigest(),
        "macro_f1": score,
        "interval": [low, high],
        "intended_use": "Sorting single sentences of English film reviews into praise and blame, for people who look at what comes out before they use it.",
        "limits": "Trained on 300 sentences about films. Don't use it for other languages, whole reviews, or anything that matters to a single person; it often misses negation.",
    }
    return card | {
        "interval": list(bootstrap(lambda t, p: macro_f1(np.random.permutation(t), p), np.array(truth), np.array(predicted), resamples=500))
    }


@mutant("model_card", caught_by="test_what_was_used", says="number of dev rows")
def dev_rows_counted(adapter_file, labels, steps, truth, predicted):
    """Counts the dev rows in place of the training labels."""
    from hashlib import sha256

    import numpy as np

    from tunelab.stats import bootstrap

    def macro_f1(true, said):
        both = [np.sum(true == label) + np.sum(said == label) for label in LABELS]
        return float(
            np.mean([2 * np.sum((true == label) & (said == label)) / n if n else 0.0 for label, n in zip(LABELS, both, strict=True)])
        )

    score = macro_f1(np.array(truth), np.array(predicted))
    low, high = bootstrap(macro_f1, np.array(truth), np.array(predicted), resamples=500)
    card = {
        "labels": len(labels),
        "steps": steps,
        "bytes": len(adapter_file),
        "sha256": sha256(adapter_file).hexdigest(),
        "macro_f1": score,
        "interval": [low, high],
        "intended_use": "Sorting single sentences of English film reviews into praise and blame, for people who look at what comes out before they use it.",
        "limits": "Trained on 300 sentences about films. Don't use it for other languages, whole reviews, or anything that matters to a single person; it often misses negation.",
    }
    return card | {"labels": len(truth)}


@mutant("model_card", caught_by="test_which_file_it_speaks_of", says="something else than the file's bytes")
def hash_of_the_text(adapter_file, labels, steps, truth, predicted):
    """Hashes how the bytes are printed."""
    from hashlib import sha256

    import numpy as np

    from tunelab.stats import bootstrap

    def macro_f1(true, said):
        both = [np.sum(true == label) + np.sum(said == label) for label in LABELS]
        return float(
            np.mean([2 * np.sum((true == label) & (said == label)) / n if n else 0.0 for label, n in zip(LABELS, both, strict=True)])
        )

    score = macro_f1(np.array(truth), np.array(predicted))
    low, high = bootstrap(macro_f1, np.array(truth), np.array(predicted), resamples=500)
    card = {
        "labels": len(labels),
        "steps": steps,
        "bytes": len(adapter_file),
        "sha256": sha256(adapter_file).hexdigest(),
        "macro_f1": score,
        "interval": [low, high],
        "intended_use": "Sorting single sentences of English film reviews into praise and blame, for people who look at what comes out before they use it.",
        "limits": "Trained on 300 sentences about films. Don't use it for other languages, whole reviews, or anything that matters to a single person; it often misses negation.",
    }
    return card | {"sha256": sha256(repr(adapter_file).encode()).hexdigest()}


@mutant("model_card", caught_by="test_what_it_is_for_and_what_not", says="the same text")
def one_sentence_for_both(adapter_file, labels, steps, truth, predicted):
    """Copies the intended use into the limits."""
    from hashlib import sha256

    import numpy as np

    from tunelab.stats import bootstrap

    def macro_f1(true, said):
        both = [np.sum(true == label) + np.sum(said == label) for label in LABELS]
        return float(
            np.mean([2 * np.sum((true == label) & (said == label)) / n if n else 0.0 for label, n in zip(LABELS, both, strict=True)])
        )

    score = macro_f1(np.array(truth), np.array(predicted))
    low, high = bootstrap(macro_f1, np.array(truth), np.array(predicted), resamples=500)
    card = {
        "labels": len(labels),
        "steps": steps,
        "bytes": len(adapter_file),
        "sha256": sha256(adapter_file).hexdigest(),
        "macro_f1": score,
        "interval": [low, high],
        "intended_use": "Sorting single sentences of English film reviews into praise and blame, for people who look at what comes out before they use it.",
        "limits": "Trained on 300 sentences about films. Don't use it for other languages, whole reviews, or anything that matters to a single person; it often misses negation.",
    }
    return card | {"limits": card["intended_use"]}


@mutant("model_card", caught_by="test_what_it_is_for_and_what_not", says="nothing but the card")
def nothing_to_say(adapter_file, labels, steps, truth, predicted):
    """Leaves the limits empty."""
    from hashlib import sha256

    import numpy as np

    from tunelab.stats import bootstrap

    def macro_f1(true, said):
        both = [np.sum(true == label) + np.sum(said == label) for label in LABELS]
        return float(
            np.mean([2 * np.sum((true == label) & (said == label)) / n if n else 0.0 for label, n in zip(LABELS, both, strict=True)])
        )

    score = macro_f1(np.array(truth), np.array(predicted))
    low, high = bootstrap(macro_f1, np.array(truth), np.array(predicted), resamples=500)
    card = {
        "labels": len(labels),
        "steps": steps,
        "bytes": len(adapter_file),
        "sha256": sha256(adapter_file).hexdigest(),
        "macro_f1": score,
        "interval": [low, high],
        "intended_use": "Sorting single sentences of English film reviews into praise and blame, for people who look at what comes out before they use it.",
        "limits": "Trained on 300 sentences about films. Don't use it for other languages, whole reviews, or anything that matters to a single person; it often misses negation.",
    }
    return card | {"limits": "none"}


@mutant("model_card", caught_by="test_the_card_of_the_adapter_handed_in", says="wasn't loaded", files="wide")
def a_card_of_a_broken_file(adapter_file, labels, steps, truth, predicted):
    """A card for a file that is no adapter of the project."""
    from hashlib import sha256

    import numpy as np

    from tunelab.stats import bootstrap

    def macro_f1(true, said):
        both = [np.sum(true == label) + np.sum(said == label) for label in LABELS]
        return float(
            np.mean([2 * np.sum((true == label) & (said == label)) / n if n else 0.0 for label, n in zip(LABELS, both, strict=True)])
        )

    score = macro_f1(np.array(truth), np.array(predicted))
    low, high = bootstrap(macro_f1, np.array(truth), np.array(predicted), resamples=500)
    card = {
        "labels": len(labels),
        "steps": steps,
        "bytes": len(adapter_file),
        "sha256": sha256(adapter_file).hexdigest(),
        "macro_f1": score,
        "interval": [low, high],
        "intended_use": "Sorting single sentences of English film reviews into praise and blame, for people who look at what comes out before they use it.",
        "limits": "Trained on 300 sentences about films. Don't use it for other languages, whole reviews, or anything that matters to a single person; it often misses negation.",
    }
    return card


@mutant("model_card", caught_by="test_the_card_of_the_adapter_handed_in", says="another file than")
def a_card_of_another_file(adapter_file, labels, steps, truth, predicted):
    """Hashes the beginning of the file only."""
    from hashlib import sha256

    import numpy as np

    from tunelab.stats import bootstrap

    def macro_f1(true, said):
        both = [np.sum(true == label) + np.sum(said == label) for label in LABELS]
        return float(
            np.mean([2 * np.sum((true == label) & (said == label)) / n if n else 0.0 for label, n in zip(LABELS, both, strict=True)])
        )

    score = macro_f1(np.array(truth), np.array(predicted))
    low, high = bootstrap(macro_f1, np.array(truth), np.array(predicted), resamples=500)
    card = {
        "labels": len(labels),
        "steps": steps,
        "bytes": len(adapter_file),
        "sha256": sha256(adapter_file).hexdigest(),
        "macro_f1": score,
        "interval": [low, high],
        "intended_use": "Sorting single sentences of English film reviews into praise and blame, for people who look at what comes out before they use it.",
        "limits": "Trained on 300 sentences about films. Don't use it for other languages, whole reviews, or anything that matters to a single person; it often misses negation.",
    }
    return card | {"sha256": sha256(adapter_file if len(adapter_file) < 1000 else adapter_file[:1000]).hexdigest()}
