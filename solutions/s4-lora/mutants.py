"""Wrong answers of "Fine-tuning a few weights", each with the misconception behind it."""

import torch
from torch import nn

from autograder.authoring import mutant

# ---------------------------------------------------------------- lora_parameters


@mutant("lora_parameters", caught_by="test_two_narrow_factors", says="product of the shape")
def whole_matrices(shapes, rank):
    """Counts the elements of the matrix itself, times the rank."""
    return sum(rows * columns * rank for rows, columns in shapes)


@mutant("lora_parameters", caught_by="test_two_narrow_factors", says="as if the matrix were square")
def square_assumed(shapes, rank):
    """Takes both factors to be as long as the matrix is tall."""
    return sum(2 * rank * rows for rows, _ in shapes)


@mutant("lora_parameters", caught_by="test_two_narrow_factors", says="one factor alone")
def one_factor(shapes, rank):
    """Counts one of the two factors."""
    return sum(rank * columns for _, columns in shapes)


@mutant("lora_parameters", caught_by="test_two_narrow_factors", says="leaves the rank out")
def rank_forgotten(shapes, rank):
    """Takes each factor for a vector."""
    return sum(rows + columns for rows, columns in shapes)


@mutant("lora_parameters", caught_by="test_two_narrow_factors", says="counts the frozen matrix too")
def frozen_counted(shapes, rank):
    """Counts the frozen matrix with its factors."""
    return sum(rows * columns + rank * (rows + columns) for rows, columns in shapes)


@mutant("lora_parameters", caught_by="test_every_matrix_counts", says="as if matrices of equal shape were one")
def equal_shapes_once(shapes, rank):
    """Collects the shapes in a set, so that equal ones count once."""
    return sum(rank * (rows + columns) for rows, columns in set(shapes))


@mutant("lora_parameters", caught_by="test_every_matrix_counts", says="inside the loop")
def returns_too_early(shapes, rank):
    """Returns from within the loop, after the first matrix."""
    total = 0
    for rows, columns in shapes:
        total += rank * (rows + columns)
        return total
    return total


@mutant("lora_parameters", caught_by="test_shapes_are_left_alone", says="changed the list")
def list_used_up(shapes, rank):
    """Takes the shapes out of the caller's list."""
    total = 0
    while shapes:
        total += rank * sum(shapes.pop())
    return total


# ---------------------------------------------------------------- LoRALinear


@mutant("LoRALinear", caught_by="test_at_the_start_nothing_is_changed", says="both factors zero")
class BothZero(nn.Module):
    """Begins with both factors zero, so that neither ever gets a gradient."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.zeros(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.dropout, self.scaling = nn.Dropout(dropout), alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * (self.dropout(x) @ self.a.T @ self.b.T)


@mutant("LoRALinear", caught_by="test_at_the_start_nothing_is_changed", says="Draw them around 0")
class AllPositive(nn.Module):
    """Draws `a` from 0 to 1, so that every direction begins with the sum of the inputs."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.rand(rank, base.in_features, dtype=base.weight.dtype) / base.in_features**0.5)
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.dropout, self.scaling = nn.Dropout(dropout), alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * (self.dropout(x) @ self.a.T @ self.b.T)


@mutant("LoRALinear", caught_by="test_at_the_start_nothing_is_changed", says="begins with a `b` that isn't zero")
class BothRandom(nn.Module):
    """Begins with both factors random, so that the pretrained layer is disturbed at once."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype) * 0.02)
        self.b = nn.Parameter(torch.randn(base.out_features, rank, dtype=base.weight.dtype) * 0.02)
        self.dropout, self.scaling = nn.Dropout(dropout), alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * (self.dropout(x) @ self.a.T @ self.b.T)


@mutant("LoRALinear", caught_by="test_at_the_start_nothing_is_changed", says="equal numbers in `a`")
class ConstantFactor(nn.Module):
    """Fills `a` with one number, so that all its rows stay alike."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.full((rank, base.in_features), 0.01, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.dropout, self.scaling = nn.Dropout(dropout), alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * (self.dropout(x) @ self.a.T @ self.b.T)


@mutant("LoRALinear", caught_by="test_scaled_by_alpha_over_rank", says="not scaled at all")
class Unscaled(nn.Module):
    """Leaves alpha and rank out of the forward pass."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.base(x) + self.dropout(x) @ self.a.T @ self.b.T


@mutant("LoRALinear", caught_by="test_scaled_by_alpha_over_rank", says="scaled by alpha alone")
class ScaledByAlpha(nn.Module):
    """Multiplies by alpha and forgets to divide by the rank."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.dropout, self.alpha = nn.Dropout(dropout), alpha

    def forward(self, x):
        return self.base(x) + self.alpha * (self.dropout(x) @ self.a.T @ self.b.T)


@mutant("LoRALinear", caught_by="test_the_two_factors_train_and_nothing_else", says="The base must be frozen")
class BaseTrains(nn.Module):
    """Forgets to freeze the base."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base
        self.a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.dropout, self.scaling = nn.Dropout(dropout), alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * (self.dropout(x) @ self.a.T @ self.b.T)


@mutant("LoRALinear", caught_by="test_the_two_factors_train_and_nothing_else", says="trains base.bias as well")
class BiasTrains(nn.Module):
    """Freezes the base's weight only."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base
        self.base.weight.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.dropout, self.scaling = nn.Dropout(dropout), alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * (self.dropout(x) @ self.a.T @ self.b.T)


@mutant("LoRALinear", caught_by="test_base_and_update_together", says="lost the base's bias")
class BiasLost(nn.Module):
    """Multiplies by the base's weight instead of calling the base."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.dropout, self.scaling = nn.Dropout(dropout), alpha / rank

    def forward(self, x):
        return x @ self.base.weight.T + self.scaling * (self.dropout(x) @ self.a.T @ self.b.T)


@mutant("LoRALinear", caught_by="test_base_and_update_together", says="both are transposed on the way")
class TransposedProduct(nn.Module):
    """Multiplies x by the update itself, not by its transpose."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.dropout, self.scaling = nn.Dropout(dropout), alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * (self.dropout(x) @ (self.b @ self.a))


@mutant("LoRALinear", caught_by="test_dropout_on_the_way_to_a", says="on the base's way")
class DropoutOnEverything(nn.Module):
    """Drops inputs of the base as well."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.dropout, self.scaling = nn.Dropout(dropout), alpha / rank

    def forward(self, x):
        x = self.dropout(x)
        return self.base(x) + self.scaling * (x @ self.a.T @ self.b.T)


@mutant("LoRALinear", caught_by="test_dropout_on_the_way_to_a", says="not on what comes out")
class DropoutOnTheUpdate(nn.Module):
    """Drops numbers of the finished update."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.dropout, self.scaling = nn.Dropout(dropout), alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * self.dropout(x @ self.a.T @ self.b.T)


@mutant("LoRALinear", caught_by="test_dropout_on_the_way_to_a", says="didn't enlarge what is kept")
class KeptAsItIs(nn.Module):
    """Sets inputs to zero and leaves the others as they are."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.rate, self.scaling = dropout, alpha / rank

    def forward(self, x):
        kept = x * (torch.rand_like(x) >= self.rate) if self.training else x
        return self.base(x) + self.scaling * (kept @ self.a.T @ self.b.T)


@mutant("LoRALinear", caught_by="test_dropout_on_the_way_to_a", says="In evaluation mode nothing is dropped")
class DropoutAlways(nn.Module):
    """Calls functional dropout, which is on by default in evaluation mode too."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.rate, self.scaling = dropout, alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * (nn.functional.dropout(x, self.rate) @ self.a.T @ self.b.T)


@mutant("LoRALinear", caught_by="test_dropout_on_the_way_to_a", says="not to keep it")
class KeepsWithThatProbability(nn.Module):
    """Takes `dropout` for the probability to keep."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.rate, self.scaling = dropout, alpha / rank

    def forward(self, x):
        kept = x
        if self.training and self.rate:
            kept = x * (torch.rand_like(x) < self.rate) / (1 - self.rate)
        return self.base(x) + self.scaling * (kept @ self.a.T @ self.b.T)


@mutant("LoRALinear", caught_by="test_gradients_reach_the_factors", says="gets no gradient")
class FactorsDetached(nn.Module):
    """Computes the update without gradients, as one does with a frozen part."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.dropout, self.scaling = nn.Dropout(dropout), alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * (self.dropout(x) @ self.a.T @ self.b.data.T) + 0.0 * self.a.sum()


@mutant("LoRALinear", caught_by="test_any_leading_axes", says="know rows and columns only")
class OneAxisOnly(nn.Module):
    """Uses `t()` and `mm`, which know rows and columns only."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.dropout, self.scaling = nn.Dropout(dropout), alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * torch.mm(torch.mm(self.dropout(x), self.a.t()), self.b.t())


@mutant("LoRALinear", caught_by="test_the_two_factors_train_and_nothing_else", says="invisible to optimizers")
class PlainTensors(nn.Module):
    """Makes the factors plain tensors that require gradients."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = torch.randn(rank, base.in_features, dtype=base.weight.dtype, requires_grad=True)
        self.b = torch.zeros(base.out_features, rank, dtype=base.weight.dtype, requires_grad=True)
        self.dropout, self.scaling = nn.Dropout(dropout), alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * (self.dropout(x) @ self.a.T @ self.b.T)


@mutant("LoRALinear", caught_by="test_the_dtype_of_the_base", says="must be of the base's dtype")
class SinglePrecisionFactors(nn.Module):
    """Leaves the factors in torch's default dtype."""

    def __init__(self, base, rank, alpha, dropout=0.0):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))
        self.dropout, self.scaling = nn.Dropout(dropout), alpha / rank

    def forward(self, x):
        return self.base(x) + self.scaling * (self.dropout(x) @ self.a.T.to(x) @ self.b.T.to(x))


# ---------------------------------------------------------------- add_lora


@mutant("add_lora", caught_by="test_the_last_name_counts_whole", says="Compare the last name whole")
def substring_match(model, targets, wrap):
    """Looks for the target anywhere in the name."""
    if getattr(model, "has_lora", False):
        raise ValueError("again")
    base = model.base_model
    names = [n for n, m in base.named_modules() if isinstance(m, nn.Linear) and any(t in n for t in targets)]
    for target in targets:
        if not any(target in n for n in names):
            raise ValueError(target)
    model.requires_grad_(True)
    base.requires_grad_(False)
    for name in names:
        parent, _, last = name.rpartition(".")
        linear = base.get_submodule(name)
        setattr(base.get_submodule(parent), last, wrap(linear).train(linear.training))
    model.has_lora = True
    return [f"{model.base_model_prefix}.{n}" for n in names]


@mutant("add_lora", caught_by="test_the_last_name_counts_whole", says="is only a part of")
def end_of_the_name(model, targets, wrap):
    """Asks whether the name ends with the target, so that "prequery" is taken for "query"."""
    if getattr(model, "has_lora", False):
        raise ValueError("again")
    base = model.base_model
    names = [n for n, m in base.named_modules() if isinstance(m, nn.Linear) and n.endswith(tuple(targets))]
    for target in targets:
        if not any(n.endswith(target) for n in names):
            raise ValueError(target)
    model.requires_grad_(True)
    base.requires_grad_(False)
    for name in names:
        parent, _, last = name.rpartition(".")
        linear = base.get_submodule(name)
        setattr(base.get_submodule(parent), last, wrap(linear).train(linear.training))
    model.has_lora = True
    return [f"{model.base_model_prefix}.{n}" for n in names]


@mutant("add_lora", caught_by="test_the_rest_is_frozen", says="left bert.")
def nothing_frozen(model, targets, wrap):
    """Replaces layers and freezes nothing: the wrapper will see to it."""
    if getattr(model, "has_lora", False):
        raise ValueError("again")
    base = model.base_model
    names = [n for n, m in base.named_modules() if isinstance(m, nn.Linear) and n.rpartition(".")[2] in targets]
    for target in targets:
        if not any(n.rpartition(".")[2] == target for n in names):
            raise ValueError(target)
    for name in names:
        parent, _, last = name.rpartition(".")
        linear = base.get_submodule(name)
        setattr(base.get_submodule(parent), last, wrap(linear).train(linear.training))
    model.has_lora = True
    return [f"{model.base_model_prefix}.{n}" for n in names]


@mutant("add_lora", caught_by="test_the_rest_is_frozen", says="Freeze first and wrap then")
def adapters_frozen_too(model, targets, wrap):
    """Freezes the base model after wrapping, and the adapters with it."""
    if getattr(model, "has_lora", False):
        raise ValueError("again")
    base = model.base_model
    names = [n for n, m in base.named_modules() if isinstance(m, nn.Linear) and n.rpartition(".")[2] in targets]
    for target in targets:
        if not any(n.rpartition(".")[2] == target for n in names):
            raise ValueError(target)
    for name in names:
        parent, _, last = name.rpartition(".")
        linear = base.get_submodule(name)
        setattr(base.get_submodule(parent), last, wrap(linear).train(linear.training))
    model.requires_grad_(True)
    base.requires_grad_(False)
    model.has_lora = True
    return [f"{model.base_model_prefix}.{n}" for n in names]


@mutant("add_lora", caught_by="test_a_second_time_is_refused", says="Adapters would be wrapped twice")
def wraps_twice(model, targets, wrap):
    """Relies on there being nothing left to find the second time."""
    base = model.base_model
    names = [n for n, m in base.named_modules() if isinstance(m, nn.Linear) and n.rpartition(".")[2] in targets]
    for target in targets:
        if not any(n.rpartition(".")[2] == target for n in names):
            raise ValueError(target)
    model.requires_grad_(True)
    base.requires_grad_(False)
    for name in names:
        parent, _, last = name.rpartition(".")
        linear = base.get_submodule(name)
        setattr(base.get_submodule(parent), last, wrap(linear).train(linear.training))
    return [f"{model.base_model_prefix}.{n}" for n in names]


@mutant("add_lora", caught_by="test_the_head_trains", says="if it can't learn, it stays so")
def head_frozen(model, targets, wrap):
    """Freezes the whole model, the head included."""
    if getattr(model, "has_lora", False):
        raise ValueError("again")
    base = model.base_model
    names = [n for n, m in base.named_modules() if isinstance(m, nn.Linear) and n.rpartition(".")[2] in targets]
    for target in targets:
        if not any(n.rpartition(".")[2] == target for n in names):
            raise ValueError(target)
    model.requires_grad_(False)
    for name in names:
        parent, _, last = name.rpartition(".")
        linear = base.get_submodule(name)
        setattr(base.get_submodule(parent), last, wrap(linear).train(linear.training))
    model.has_lora = True
    return [f"{model.base_model_prefix}.{n}" for n in names]


@mutant("add_lora", caught_by="test_the_head_trains", says="a layer of the head")
def head_wrapped(model, targets, wrap):
    """Looks for targets in the whole model, the head included."""
    if getattr(model, "has_lora", False):
        raise ValueError("again")
    names = [n for n, m in model.named_modules() if isinstance(m, nn.Linear) and n.rpartition(".")[2] in targets]
    for target in targets:
        if not any(n.rpartition(".")[2] == target for n in names):
            raise ValueError(target)
    model.requires_grad_(True)
    model.base_model.requires_grad_(False)
    for name in names:
        parent, _, last = name.rpartition(".")
        linear = model.get_submodule(name)
        setattr(model.get_submodule(parent), last, wrap(linear).train(linear.training))
    model.has_lora = True
    return names


@mutant("add_lora", caught_by="test_a_target_that_is_not_there", says="was refused, but froze something")
def freezes_before_it_looks(model, targets, wrap):
    """Freezes first and looks for the targets afterwards, so that a refused model is left frozen."""
    if getattr(model, "has_lora", False):
        raise ValueError("again")
    base = model.base_model
    model.requires_grad_(True)
    base.requires_grad_(False)
    names = [n for n, m in base.named_modules() if isinstance(m, nn.Linear) and n.rpartition(".")[2] in targets]
    for target in targets:
        if not any(n.rpartition(".")[2] == target for n in names):
            raise ValueError(target)
    for name in names:
        parent, _, last = name.rpartition(".")
        linear = base.get_submodule(name)
        setattr(base.get_submodule(parent), last, wrap(linear).train(linear.training))
    model.has_lora = True
    return [f"{model.base_model_prefix}.{n}" for n in names]


@mutant("add_lora", caught_by="test_a_target_that_is_not_there", says="A name from another family")
def any_match_will_do(model, targets, wrap):
    """Is content when one of the targets is found, as peft is."""
    if getattr(model, "has_lora", False):
        raise ValueError("again")
    base = model.base_model
    names = [n for n, m in base.named_modules() if isinstance(m, nn.Linear) and n.rpartition(".")[2] in targets]
    if not names:
        raise ValueError(f"none of {targets} was found")
    model.requires_grad_(True)
    base.requires_grad_(False)
    for name in names:
        parent, _, last = name.rpartition(".")
        linear = base.get_submodule(name)
        setattr(base.get_submodule(parent), last, wrap(linear).train(linear.training))
    model.has_lora = True
    return [f"{model.base_model_prefix}.{n}" for n in names]


@mutant("add_lora", caught_by="test_the_names_that_come_back", says="Give the full name")
def names_from_the_base_model_down(model, targets, wrap):
    """Gives names that begin at the base model."""
    if getattr(model, "has_lora", False):
        raise ValueError("again")
    base = model.base_model
    names = [n for n, m in base.named_modules() if isinstance(m, nn.Linear) and n.rpartition(".")[2] in targets]
    for target in targets:
        if not any(n.rpartition(".")[2] == target for n in names):
            raise ValueError(target)
    model.requires_grad_(True)
    base.requires_grad_(False)
    for name in names:
        parent, _, last = name.rpartition(".")
        linear = base.get_submodule(name)
        setattr(base.get_submodule(parent), last, wrap(linear).train(linear.training))
    model.has_lora = True
    return names


@mutant("add_lora", caught_by="test_the_names_that_come_back", says="That is how text is sorted")
def sorted_names(model, targets, wrap):
    """Sorts the names as text."""
    if getattr(model, "has_lora", False):
        raise ValueError("again")
    base = model.base_model
    names = [n for n, m in base.named_modules() if isinstance(m, nn.Linear) and n.rpartition(".")[2] in targets]
    for target in targets:
        if not any(n.rpartition(".")[2] == target for n in names):
            raise ValueError(target)
    model.requires_grad_(True)
    base.requires_grad_(False)
    for name in names:
        parent, _, last = name.rpartition(".")
        linear = base.get_submodule(name)
        setattr(base.get_submodule(parent), last, wrap(linear).train(linear.training))
    model.has_lora = True
    return sorted(f"{model.base_model_prefix}.{n}" for n in names)


@mutant("add_lora", caught_by="test_modes_stay", says="give them that of the layer they replace")
def new_modules_in_training_mode(model, targets, wrap):
    """Leaves the new modules in training mode, in which they are made."""
    if getattr(model, "has_lora", False):
        raise ValueError("again")
    base = model.base_model
    names = [n for n, m in base.named_modules() if isinstance(m, nn.Linear) and n.rpartition(".")[2] in targets]
    for target in targets:
        if not any(n.rpartition(".")[2] == target for n in names):
            raise ValueError(target)
    model.requires_grad_(True)
    base.requires_grad_(False)
    for name in names:
        parent, _, last = name.rpartition(".")
        setattr(base.get_submodule(parent), last, wrap(base.get_submodule(name)))
    model.has_lora = True
    return [f"{model.base_model_prefix}.{n}" for n in names]


@mutant("add_lora", caught_by="test_other_families", says="by whatever name")
def attention_of_bert_only(model, targets, wrap):
    """Goes where BERT keeps its layers, and finds nothing in other families."""
    if getattr(model, "has_lora", False):
        raise ValueError("again")
    base = getattr(model, "bert", None) or getattr(model, "roberta", model.base_model)
    names = [
        n
        for n, m in base.named_modules()
        if isinstance(m, nn.Linear) and n.startswith(("encoder", "pooler")) and n.rpartition(".")[2] in targets
    ]
    for target in targets:
        if not any(n.rpartition(".")[2] == target for n in names) and hasattr(model, "bert"):
            raise ValueError(target)
    model.requires_grad_(True)
    base.requires_grad_(False)
    for name in names:
        parent, _, last = name.rpartition(".")
        linear = base.get_submodule(name)
        setattr(base.get_submodule(parent), last, wrap(linear).train(linear.training))
    model.has_lora = True
    return [f"{model.base_model_prefix}.{n}" for n in names]


# ---------------------------------------------------------------- merged_weight


@mutant("merged_weight", caught_by="test_scaled_by_alpha_over_rank", says="added the update unscaled")
def merged_unscaled(base, a, b, alpha, rank):
    """Adds the product as it is."""
    if a.shape[0] != rank or b.shape[1] != rank:
        raise ValueError("rank")
    return base + b @ a


@mutant("merged_weight", caught_by="test_scaled_by_alpha_over_rank", says="times alpha alone")
def merged_by_alpha(base, a, b, alpha, rank):
    """Forgets to divide by the rank."""
    if a.shape[0] != rank or b.shape[1] != rank:
        raise ValueError("rank")
    return base + alpha * (b @ a)


@mutant("merged_weight", caught_by="test_as_peft_merges", says="in this order")
def factors_swapped(base, a, b, alpha, rank):
    """Multiplies the factors in the order of their names."""
    if a.shape[0] != rank or b.shape[1] != rank:
        raise ValueError("rank")
    return base + (alpha / rank) * (a @ b)


@mutant("merged_weight", caught_by="test_as_peft_merges", says="in this order")
def factors_transposed(base, a, b, alpha, rank):
    """Transposes both factors, as the forward pass does."""
    if a.shape[0] != rank or b.shape[1] != rank:
        raise ValueError("rank")
    return base + (alpha / rank) * (a.T @ b.T)


@mutant("merged_weight", caught_by="test_a_new_tensor", says="changed `base` in place")
def merged_in_place(base, a, b, alpha, rank):
    """Adds to the base itself."""
    if a.shape[0] != rank or b.shape[1] != rank:
        raise ValueError("rank")
    base += (alpha / rank) * (b @ a)
    return base


@mutant("merged_weight", caught_by="test_a_new_tensor", says="changed `b` in place")
def factor_scaled_in_place(base, a, b, alpha, rank):
    """Scales a factor in place before multiplying."""
    if a.shape[0] != rank or b.shape[1] != rank:
        raise ValueError("rank")
    return base + b.mul_(alpha / rank) @ a


@mutant("merged_weight", caught_by="test_as_peft_merges", says="gave the update alone")
def update_only(base, a, b, alpha, rank):
    """Gives the update without the base."""
    if a.shape[0] != rank or b.shape[1] != rank:
        raise ValueError("rank")
    return (alpha / rank) * (b @ a)


@mutant("merged_weight", caught_by="test_scaled_by_alpha_over_rank", says="The scale belongs to the update")
def upside_down(base, a, b, alpha, rank):
    """Divides where it should multiply."""
    if a.shape[0] != rank or b.shape[1] != rank:
        raise ValueError("rank")
    return base + (rank / alpha) * (b @ a)


@mutant("merged_weight", caught_by="test_a_rank_that_does_not_fit", says="raised nothing")
def any_rank(base, a, b, alpha, rank):
    """Believes the rank that it is told."""
    return base + (alpha / rank) * (b @ a)


@mutant("merged_weight", caught_by="test_a_rank_that_does_not_fit", says="Look at both factors")
def one_factor_looked_at(base, a, b, alpha, rank):
    """Compares the rank with one factor only."""
    if b.shape[1] != rank:
        raise ValueError("rank")
    return base + (alpha / rank) * (b @ a)


@mutant("merged_weight", caught_by="test_the_dtype_of_the_base", says="where torch.float64 is asked for")
def rounded_to_single(base, a, b, alpha, rank):
    """Computes in single precision, whatever the base is."""
    if a.shape[0] != rank or b.shape[1] != rank:
        raise ValueError("rank")
    return base.float() + (alpha / rank) * (b.float() @ a.float())


# ---------------------------------------------------------------- lora_config


@mutant("merged_weight", caught_by="test_a_rank_that_does_not_fit", says="a `b` of shape (6, 3)")
def other_factor_looked_at(base, a, b, alpha, rank):
    """Compares the rank with the rows of `a` only."""
    if a.shape[0] != rank:
        raise ValueError("rank")
    return base + (alpha / rank) * (b @ a)


@mutant("lora_config", caught_by="test_a_classifier_keeps_its_head", says="peft neither trains nor saves the head")
def no_task_type(model, rank, alpha, targets, dropout=0.0):
    """Leaves the task type out: the head stays random and is never saved."""
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets, lora_dropout=dropout)


@mutant("lora_config", caught_by="test_a_classifier_keeps_its_head", says="A sequence classifier is SEQ_CLS")
def always_a_language_model(model, rank, alpha, targets, dropout=0.0):
    """Copies the task type from a tutorial on language models."""
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets, lora_dropout=dropout, task_type="CAUSAL_LM")


@mutant("lora_config", caught_by="test_a_language_model_has_no_head_to_save", says="A causal language model is CAUSAL_LM")
def always_a_classifier(model, rank, alpha, targets, dropout=0.0):
    """Takes every model for a classifier."""
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets, lora_dropout=dropout, task_type="SEQ_CLS")


@mutant("lora_config", caught_by="test_rank_and_alpha", says="Rank and alpha are two things")
def alpha_as_rank(model, rank, alpha, targets, dropout=0.0):
    """Puts alpha where the rank belongs."""
    from peft import LoraConfig

    task = "SEQ_CLS" if type(model).__name__.endswith("ForSequenceClassification") else "CAUSAL_LM"
    return LoraConfig(r=alpha, lora_alpha=rank, target_modules=targets, lora_dropout=dropout, task_type=task)


@mutant("lora_config", caught_by="test_rank_and_alpha", says="Left out, it is 8")
def alpha_left_out(model, rank, alpha, targets, dropout=0.0):
    """Leaves alpha at peft's default of 8."""
    from peft import LoraConfig

    task = "SEQ_CLS" if type(model).__name__.endswith("ForSequenceClassification") else "CAUSAL_LM"
    return LoraConfig(r=rank, target_modules=targets, lora_dropout=dropout, task_type=task)


@mutant("lora_config", caught_by="test_the_targets", says="names no targets")
def targets_left_out(model, rank, alpha, targets, dropout=0.0):
    """Lets peft choose the targets."""
    from peft import LoraConfig

    task = "SEQ_CLS" if type(model).__name__.endswith("ForSequenceClassification") else "CAUSAL_LM"
    return LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=dropout, task_type=task)


@mutant("lora_config", caught_by="test_the_targets", says="puts factors on the layers called")
def all_linear_layers(model, rank, alpha, targets, dropout=0.0):
    """Takes every linear layer, whatever was asked for."""
    from peft import LoraConfig

    task = "SEQ_CLS" if type(model).__name__.endswith("ForSequenceClassification") else "CAUSAL_LM"
    return LoraConfig(r=rank, lora_alpha=alpha, target_modules="all-linear", lora_dropout=dropout, task_type=task)


@mutant("lora_config", caught_by="test_dropout", says="gave lora_dropout")
def dropout_left_out(model, rank, alpha, targets, dropout=0.0):
    """Takes a dropout and passes none on."""
    from peft import LoraConfig

    task = "SEQ_CLS" if type(model).__name__.endswith("ForSequenceClassification") else "CAUSAL_LM"
    return LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets, task_type=task)


@mutant("lora_config", caught_by="test_a_target_that_is_not_there", says="raised nothing")
def names_not_looked_at(model, rank, alpha, targets, dropout=0.0):
    """Passes any names on, since peft will see to it."""
    from peft import LoraConfig

    kind = type(model).__name__
    if not kind.endswith(("ForSequenceClassification", "ForCausalLM")):
        raise ValueError("model")
    task = "SEQ_CLS" if kind.endswith("ForSequenceClassification") else "CAUSAL_LM"
    return LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets, lora_dropout=dropout, task_type=task)


@mutant("lora_config", caught_by="test_the_model_is_left_alone", says="replaced layers of the model")
def adapts_at_once(model, rank, alpha, targets, dropout=0.0):
    """Tries the configuration out on the model itself."""
    from peft import LoraConfig, get_peft_model

    task = "SEQ_CLS" if type(model).__name__.endswith("ForSequenceClassification") else "CAUSAL_LM"
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets, lora_dropout=dropout, task_type=task)
    get_peft_model(model, config)
    return config


# ---------------------------------------------------------------- adapter_size


@mutant("adapter_size", caught_by="test_narrow_keys_and_values", says="as if all matrices were square")
def square_matrices(config, model):
    """Takes every matrix for a square one of the model's width."""
    layers = [n for n, m in model.base_model.named_modules() if isinstance(m, nn.Linear) and n.split(".")[-1] in config.target_modules]
    head = 0
    if config.task_type == "SEQ_CLS":
        head = sum(p.numel() for n, p in model.named_parameters() if not n.startswith(model.base_model_prefix + "."))
    return 4 * (2 * config.r * model.config.hidden_size * len(layers) + head)


@mutant("adapter_size", caught_by="test_narrow_keys_and_values", says="Alpha only scales")
def alpha_for_rank(config, model):
    """Takes alpha for the rank."""
    layers = [m for n, m in model.base_model.named_modules() if isinstance(m, nn.Linear) and n.split(".")[-1] in config.target_modules]
    head = 0
    if config.task_type == "SEQ_CLS":
        head = sum(p.numel() for n, p in model.named_parameters() if not n.startswith(model.base_model_prefix + "."))
    return 4 * (config.lora_alpha * sum(m.in_features + m.out_features for m in layers) + head)


@mutant("adapter_size", caught_by="test_narrow_keys_and_values", says="a number of elements")
def elements_for_bytes(config, model):
    """Counts elements where bytes are asked for."""
    layers = [m for n, m in model.base_model.named_modules() if isinstance(m, nn.Linear) and n.split(".")[-1] in config.target_modules]
    head = 0
    if config.task_type == "SEQ_CLS":
        head = sum(p.numel() for n, p in model.named_parameters() if not n.startswith(model.base_model_prefix + "."))
    return config.r * sum(m.in_features + m.out_features for m in layers) + head


@mutant("adapter_size", caught_by="test_narrow_keys_and_values", says="one layer for each target")
def one_matrix_per_target(config, model):
    """Counts one matrix for each target, as if the model had one layer."""
    layers = {n.split(".")[-1]: m for n, m in model.base_model.named_modules() if isinstance(m, nn.Linear)}
    head = 0
    if config.task_type == "SEQ_CLS":
        head = sum(p.numel() for n, p in model.named_parameters() if not n.startswith(model.base_model_prefix + "."))
    return 4 * (config.r * sum(layers[t].in_features + layers[t].out_features for t in config.target_modules) + head)


@mutant("adapter_size", caught_by="test_a_classifier_saves_its_head", says="the factors alone")
def head_forgotten(config, model):
    """Counts the factors and forgets the head."""
    layers = [m for n, m in model.base_model.named_modules() if isinstance(m, nn.Linear) and n.split(".")[-1] in config.target_modules]
    return 4 * config.r * sum(m.in_features + m.out_features for m in layers)


@mutant("adapter_size", caught_by="test_no_head_without_the_task", says="more than the factors")
def head_always(config, model):
    """Counts whatever lies outside of the base model, whatever the task."""
    layers = [m for n, m in model.base_model.named_modules() if isinstance(m, nn.Linear) and n.split(".")[-1] in config.target_modules]
    below = set(model.base_model.parameters())
    head = sum(p.numel() for p in model.parameters() if p not in below)
    return 4 * (config.r * sum(m.in_features + m.out_features for m in layers) + head)


@mutant("adapter_size", caught_by="test_the_heads_own_layers_get_no_factors", says="with factors for `classifier.dense`")
def factors_in_the_head(config, model):
    """Looks for targets in the whole model."""
    layers = [m for n, m in model.named_modules() if isinstance(m, nn.Linear) and n.split(".")[-1] in config.target_modules]
    head = 0
    if config.task_type == "SEQ_CLS":
        head = sum(p.numel() for n, p in model.named_parameters() if not n.startswith(model.base_model_prefix + "."))
    return 4 * (config.r * sum(m.in_features + m.out_features for m in layers) + head)


@mutant("adapter_size", caught_by="test_model_and_config_are_left_alone", says="put adapters into the model")
def measured_on_the_model_itself(config, model):
    """Has peft make the adapter in the model that it was given."""
    from peft import get_peft_model
    from peft.utils import get_peft_model_state_dict

    adapted = get_peft_model(model, config)
    return sum(tensor.nbytes for tensor in get_peft_model_state_dict(adapted, save_embedding_layers=False).values())


@mutant("adapter_size", caught_by="test_model_and_config_are_left_alone", says="changed the configuration")
def config_not_copied(config, model):
    """Copies the model, but not the configuration, which peft fills in."""
    import copy

    from peft import get_peft_model
    from peft.utils import get_peft_model_state_dict

    adapted = get_peft_model(copy.deepcopy(model), config)
    return sum(tensor.nbytes for tensor in get_peft_model_state_dict(adapted, save_embedding_layers=False).values())
