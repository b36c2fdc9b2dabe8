"""The reference solutions of "The knobs"."""


def schedule(step, warmup_steps, total_steps, shape):
    if shape not in ("linear", "cosine"):
        raise ValueError(f'shape must be "linear" or "cosine"; it is {shape!r}')
    if step >= total_steps:
        return 0.0
    if step < warmup_steps:
        return step / warmup_steps
    done = (step - warmup_steps) / (total_steps - warmup_steps)
    return 1.0 - done if shape == "linear" else (1.0 + math.cos(math.pi * done)) / 2


def reduce_on_plateau(losses, lr, factor, patience, min_lr):
    best, bad, rates = math.inf, 0, []
    for loss in losses:
        if loss < best * (1 - 1e-4):
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = max(lr * factor, min_lr), 0
        rates.append(lr)
    return rates


def parameter_groups(model, learning_rate, weight_decay, head_learning_rate=None):
    inner = set(model.parameters() if head_learning_rate is None else model.base_model.parameters())
    norms = [module for module in model.modules() if "Norm" in type(module).__name__]
    of_norms = {parameter for norm in norms for parameter in norm.parameters(recurse=False)}

    sorted_out = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            rate = learning_rate if parameter in inner else head_learning_rate
            spared = parameter in of_norms or "bias" in name.split(".")[-1]
            sorted_out.setdefault((rate, 0.0 if spared else weight_decay), []).append(parameter)
    return [{"params": params, "lr": rate, "weight_decay": decay} for (rate, decay), params in sorted_out.items()]


def plan_batches(examples, target_batch, device_limit, epochs, warmup_share):
    if device_limit < 1:
        raise ValueError(f"device_limit must be at least 1, since an example can't be cut; it is {device_limit}")
    if not 0 <= warmup_share <= 1:
        raise ValueError(f"warmup_share must be from 0 to 1, as 0.1 for 10%; it is {warmup_share}")
    micro_batch = max(size for size in range(1, min(target_batch, device_limit) + 1) if target_batch % size == 0)
    steps_per_epoch = math.ceil(examples / target_batch)
    total_steps = steps_per_epoch * epochs
    return BatchPlan(
        micro_batch=micro_batch,
        accumulation=target_batch // micro_batch,
        epochs=epochs,
        steps_per_epoch=steps_per_epoch,
        total_steps=total_steps,
        warmup_steps=math.ceil(total_steps * warmup_share),
    )


def training_arguments(plan, output_dir, learning_rate, weight_decay, seed):
    return TrainingArguments(
        output_dir=output_dir,
        per_device_train_batch_size=plan.micro_batch,
        gradient_accumulation_steps=plan.accumulation,
        num_train_epochs=plan.epochs,
        learning_rate=learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=plan.warmup_steps,
        weight_decay=weight_decay,
        max_grad_norm=1.0,
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="f1",
        greater_is_better=True,
        seed=seed,
        report_to="none",
    )


def suggest_learning_rate(losses, rates):
    finite = 0
    while finite < len(losses) and math.isfinite(losses[finite]):
        finite += 1
    smooth = []
    for i in range(finite):
        window = losses[max(0, i - 5) : min(finite, i + 6)]
        smooth.append(sum(window) / len(window))
    if finite < 3 or smooth.index(min(smooth)) == 0:
        raise ValueError("losses must begin with at least three finite values, and fall somewhere")
    lowest = smooth.index(min(smooth))
    slopes = np.gradient(smooth, np.log(rates[:finite]))[: lowest + 1]
    return rates[int(np.argmin(slopes))]
