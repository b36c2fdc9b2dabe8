"""Other right solutions of "The knobs"."""

from autograder.authoring import alternative


@alternative("schedule")
def by_the_library(step, warmup_steps, total_steps, shape):
    """Asks transformers' own schedules, and stops them at the end."""
    import torch
    from transformers import get_scheduler

    if shape != "linear" and shape != "cosine":
        raise ValueError("unknown shape: " + repr(shape))
    if step >= total_steps:
        return 0.0
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    made = get_scheduler(shape, optimizer, num_warmup_steps=warmup_steps, num_training_steps=total_steps)
    return float(made.lr_lambdas[0](step))


@alternative("schedule")
def by_interpolation(step, warmup_steps, total_steps, shape):
    """Draws the line through its corners, and bends its second half."""
    if shape not in {"linear", "cosine"}:
        raise ValueError(f"shape: {shape}")
    if step >= total_steps:
        return 0.0
    if step <= warmup_steps and warmup_steps > 0:
        return float(np.interp(step, [0, warmup_steps], [0, 1]))
    left = float(np.interp(step, [warmup_steps, total_steps], [1, 0]))
    return left if shape == "linear" else math.sin(math.pi / 2 * left) ** 2


@alternative("reduce_on_plateau")
def by_torch(losses, lr, factor, patience, min_lr):
    """Lets torch's scheduler do it, on an optimizer with nothing to learn."""
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=factor, patience=patience, min_lr=min_lr)
    rates = []
    for loss in losses:
        plateau.step(loss)
        rates.append(float(optimizer.param_groups[0]["lr"]))
    return rates


@alternative("reduce_on_plateau")
def by_the_step_of_the_last_event(losses, lr, factor, patience, min_lr):
    """Remembers when something last happened, an improvement or a drop, instead of counting."""
    best, last, rates = float("inf"), -1, []
    for place, loss in enumerate(losses):
        if not math.isnan(loss) and loss < 0.9999 * best:
            best, last = loss, place
        elif place - last > patience:
            lr, last = max(min_lr, lr * factor), place
        rates.append(lr)
    return rates


@alternative("parameter_groups")
def by_modules(model, learning_rate, weight_decay, head_learning_rate=None):
    """Walks over the modules, and remembers which parameters it has met."""
    head_rate = learning_rate if head_learning_rate is None else head_learning_rate
    base = list(model.parameters()) if head_learning_rate is None else list(model.base_model.parameters())
    base_ids, seen, buckets = {id(p) for p in base}, set(), {}
    for module in model.modules():
        norm = "Norm" in module.__class__.__name__
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad or id(parameter) in seen:
                continue
            seen.add(id(parameter))
            key = (id(parameter) in base_ids, norm or "bias" in name)
            buckets.setdefault(key, []).append(parameter)
    return [
        {"params": parameters, "lr": learning_rate if inside else head_rate, "weight_decay": 0.0 if spared else weight_decay}
        for (inside, spared), parameters in buckets.items()
    ]


@alternative("parameter_groups")
def by_axes(model, learning_rate, weight_decay, head_learning_rate=None):
    """Spares what has a single axis: in today's models, those are the biases and the parameters of norms."""
    outside = []
    if head_learning_rate is not None:
        inside = {id(p) for p in model.base_model.parameters()}
        outside = [p for p in model.parameters() if id(p) not in inside and p.requires_grad]
    rest = [p for p in model.parameters() if p.requires_grad and not any(p is q for q in outside)]
    groups = []
    for parameters, rate in ((rest, learning_rate), (outside, head_learning_rate)):
        for keep, decay in ((lambda p: p.dim() > 1, weight_decay), (lambda p: p.dim() <= 1, 0.0)):
            chosen = [p for p in parameters if keep(p)]
            if chosen:
                groups.append({"params": chosen, "lr": rate, "weight_decay": decay})
    return groups


@alternative("plan_batches")
def by_counting_down(examples, target_batch, device_limit, epochs, warmup_share):
    """Counts down to a divisor, and rounds up with negative floors."""
    if device_limit <= 0:
        raise ValueError("device_limit: not even one example fits")
    if warmup_share < 0 or warmup_share > 1:
        raise ValueError("warmup_share is a share, not a percentage")
    micro = device_limit
    while micro > target_batch or target_batch % micro:
        micro -= 1
    steps = -(-examples // target_batch)
    warmup = int(-(-(steps * epochs * warmup_share) // 1))
    return BatchPlan(micro, target_batch // micro, epochs, steps, steps * epochs, warmup)


@alternative("plan_batches")
def by_cutting_micro_batches(examples, target_batch, device_limit, epochs, warmup_share):
    """Counts micro-batches first, as the Trainer does, and asks numpy for the divisors."""
    if device_limit < 1:
        raise ValueError("device_limit")
    if not 0 <= warmup_share <= 1:
        raise ValueError("warmup_share")
    sizes = np.arange(1, target_batch + 1)
    micro = int(sizes[(target_batch % sizes == 0) & (sizes <= device_limit)].max())
    accumulation = target_batch // micro
    micro_batches = math.ceil(examples / micro)
    steps = micro_batches // accumulation + (micro_batches % accumulation > 0)
    return BatchPlan(
        warmup_steps=int(np.ceil(steps * epochs * warmup_share)), total_steps=steps * epochs, steps_per_epoch=steps,
        epochs=epochs, accumulation=accumulation, micro_batch=micro,
    )  # fmt: skip


@alternative("training_arguments")
def by_steps(plan, output_dir, learning_rate, weight_decay, seed):
    """Says everything in steps of the optimizer."""
    return TrainingArguments(
        output_dir,
        max_steps=plan.total_steps,
        eval_strategy="steps",
        eval_steps=plan.steps_per_epoch,
        save_strategy="steps",
        save_steps=plan.steps_per_epoch,
        per_device_train_batch_size=plan.micro_batch,
        gradient_accumulation_steps=plan.accumulation,
        warmup_steps=plan.warmup_steps,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        load_best_model_at_end=True,
        metric_for_best_model="eval_f1",
        seed=seed,
        data_seed=seed,
        report_to=[],
    )


@alternative("training_arguments")
def by_setters(plan, output_dir, learning_rate, weight_decay, seed):
    """Begins with the folder, and sets one thing after the other."""
    arguments = TrainingArguments(
        output_dir=output_dir, eval_strategy="epoch", save_strategy="epoch", load_best_model_at_end=True, metric_for_best_model="f1"
    )
    arguments.set_lr_scheduler(name="linear", warmup_steps=plan.warmup_steps, num_epochs=plan.epochs)
    arguments.per_device_train_batch_size = plan.micro_batch
    arguments.gradient_accumulation_steps = plan.accumulation
    arguments.learning_rate, arguments.weight_decay = learning_rate, weight_decay
    arguments.seed, arguments.logging_steps, arguments.save_total_limit = seed, 10, 2
    return arguments


@alternative("suggest_learning_rate")
def by_loops(losses, rates):
    """Means and slopes one by one, without NumPy."""
    usable = []
    for loss in losses:
        if loss != loss or abs(loss) == float("inf"):
            break
        usable.append(loss)
    smooth = []
    for i in range(len(usable)):
        around = [usable[j] for j in range(len(usable)) if abs(j - i) <= 5]
        smooth.append(sum(around) / len(around))
    if len(usable) < 3:
        raise ValueError("losses: fewer than three are finite")
    lowest = min(range(len(smooth)), key=smooth.__getitem__)
    if lowest == 0:
        raise ValueError("losses never fall")
    steepest, where = float("inf"), None
    for i in range(lowest + 1):
        left, right = max(i - 1, 0), min(i + 1, len(smooth) - 1)
        slope = (smooth[right] - smooth[left]) / (math.log(rates[right]) - math.log(rates[left]))
        if slope < steepest:
            steepest, where = slope, i
    return rates[where]


@alternative("suggest_learning_rate")
def by_convolution(losses, rates):
    """Smooths with a convolution, and cuts at the lowest place before it takes slopes, as per reading: the rates are evenly spaced."""
    losses = np.asarray(losses, dtype=float)
    bad = ~np.isfinite(losses)
    losses = losses[: int(bad.argmax())] if bad.any() else losses
    if len(losses) < 3:
        raise ValueError("losses are too few")
    window = np.ones(11)
    smooth = np.array([losses[max(0, i - 5) : i + 6].mean() for i in range(len(losses))])
    if len(losses) > 11:
        smooth = np.convolve(losses, window, "same") / np.convolve(np.ones(len(losses)), window, "same")
    lowest = int(smooth.argmin())
    if lowest == 0:
        raise ValueError("losses do not fall at any rate")
    return float(rates[int(np.gradient(smooth[: lowest + 1]).argmin())])
