"""Other right solutions of "Running it"."""

from autograder.authoring import alternative


@alternative("train_step")
def clears_after_the_step(model, batch, optimizer):
    """Clears at the end, so that the next call finds no gradients."""
    model.train(True)
    outputs = model(**batch)
    outputs[0].backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=False)
    return float(outputs["loss"].detach())


@alternative("train_step")
def clears_through_the_model(model, batch, optimizer):
    """Clears between the passes, through the model, and names the model's arguments."""
    if not model.training:
        model.train()
    output = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=batch["labels"])
    model.zero_grad()
    torch.autograd.backward(output.loss)
    optimizer.step()
    return output.loss.tolist()


@alternative("train_epoch")
def sums_then_divides(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """Adds up gradients of sums over examples, and divides them by the number of examples before clipping."""
    model.train()
    losses, total, examples = [], 0.0, 0
    optimizer.zero_grad()
    for number, batch in enumerate(batches, start=1):
        count = batch["labels"].shape[0]
        loss = model(**batch).loss * count
        loss.backward()
        total, examples = total + float(loss.detach()), examples + count
        if number % accumulate == 0 or number == len(batches):
            for parameter in model.parameters():
                if parameter.grad is not None:
                    parameter.grad /= examples
            torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], max_norm)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            losses.append(total / examples)
            total, examples = 0.0, 0
    return losses


@alternative("train_epoch")
def clips_by_hand(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """Collects windows first, clears at the beginning of each, and clips without the library."""
    windows = [[]]
    for batch in batches:
        if len(windows[-1]) == accumulate:
            windows.append([])
        windows[-1].append(batch)
    model.train()
    losses = []
    for window in windows:
        model.zero_grad()
        sizes = [batch["labels"].numel() for batch in window]
        shares = [size / sum(sizes) for size in sizes]
        parts = []
        for batch, share in zip(window, shares):
            loss = model(**batch).loss
            (share * loss).backward()
            parts.append(loss.item())
        found = [weight.grad for weight in model.parameters() if weight.grad is not None]
        norm = sum((g**2).sum() for g in found) ** 0.5
        if norm > max_norm:
            for g in found:
                g.mul_(max_norm / norm)
        optimizer.step()
        scheduler.step()
        losses.append(sum(share * part for share, part in zip(shares, parts)))
    return losses


@alternative("evaluate")
def in_inference_mode(model, batches):
    """Collects tensors under inference mode, and puts the mode back whatever happens."""
    before = model.training
    try:
        with torch.inference_mode():
            model.train(False)
            results = [model(**{k: v for k, v in batch.items() if k != "labels"}).logits for batch in batches]
    finally:
        model.train(before)
    return torch.cat(results).cpu().numpy(), torch.cat([batch["labels"] for batch in batches]).cpu().numpy()


@alternative("evaluate")
def row_by_row(model, batches):
    """Builds lists of rows, and remembers the mode of each part."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    rows, labels = [], []
    torch_was = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    for batch in batches:
        rows.extend(model(**batch).logits.tolist())
        labels.extend(batch["labels"].tolist())
    torch.set_grad_enabled(torch_was)
    for module, mode in modes.items():
        module.training = mode
    return np.array(rows, dtype=np.float32), np.array(labels)


@alternative("save_checkpoint")
def through_memory(folder, model, optimizer, scheduler, step):
    """Writes a temporary file with a name of its own, synchronises it, and renames it; takes it away when that fails."""
    import io
    import os
    import tempfile

    os.makedirs(folder, exist_ok=True)
    buffer = io.BytesIO()
    everything = dict(model=model.state_dict(), optimizer=optimizer.state_dict(), scheduler=scheduler.state_dict())
    torch.save(everything | {"random": torch.random.get_rng_state(), "step": int(step)}, buffer)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(buffer.getvalue())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.replace(file.name, os.path.join(folder, "checkpoint.pt"))
    except OSError:
        os.unlink(file.name)
        raise


@alternative("load_checkpoint")
def asks_first(folder, model, optimizer, scheduler):
    """Looks for the file itself, and puts the random state back first."""
    path = Path(folder) / "checkpoint.pt"
    if not path.exists():
        raise FileNotFoundError(f"There is no checkpoint in {folder}.")
    saved = torch.load(path, map_location="cpu")
    torch.random.set_rng_state(saved["random"])
    for thing, name in ((scheduler, "scheduler"), (optimizer, "optimizer"), (model, "model")):
        thing.load_state_dict(saved[name])
    return int(saved["step"])


@alternative("build_trainer")
def with_a_subclass_of_its_own(model, arguments, train, evaluation, tokenizer):
    """Leaves the collator to the tokenizer, computes metrics by NumPy, and adds the callback afterwards."""
    from transformers import EarlyStoppingCallback

    def compute_metrics(prediction):
        guesses, truth = np.argmax(prediction.predictions, axis=1), prediction.label_ids
        scores = []
        for c in range(prediction.predictions.shape[1]):
            hits = ((guesses == c) & (truth == c)).sum()
            both = (guesses == c).sum() + (truth == c).sum()
            scores.append(2 * hits / both if both else 0.0)
        return {"accuracy": float((guesses == truth).mean()), "f1": float(np.mean(scores))}

    class OurTrainer(Trainer):
        pass

    trainer = OurTrainer(model, arguments, None, train, evaluation, tokenizer, compute_metrics=compute_metrics)
    trainer.add_callback(EarlyStoppingCallback(2))
    return trainer


@alternative("build_trainer")
def with_a_collator_of_its_own(model, arguments, train, evaluation, tokenizer):
    """Pads by the tokenizer in a function, and stops early by a callback written by hand."""
    from transformers import TrainerCallback

    class Patience(TrainerCallback):
        best, worse = None, 0

        def on_evaluate(self, args, state, control, metrics, **kwargs):
            value = metrics["eval_" + args.metric_for_best_model.removeprefix("eval_")]
            value = value if args.greater_is_better else -value
            if self.best is None or value > self.best:
                self.best, self.worse = value, 0
            else:
                self.worse += 1
            if self.worse >= 2:
                control.should_training_stop = True

    def collate(rows):
        return tokenizer.pad(rows, return_tensors="pt")

    def metrics(pair):
        from sklearn.metrics import precision_recall_fscore_support

        predicted = pair.predictions.argmax(-1)
        f1 = precision_recall_fscore_support(pair.label_ids, predicted, average="macro", zero_division=0.0)[2]
        return {"accuracy": (predicted == pair.label_ids).mean(), "f1": f1}

    return Trainer(
        model,
        arguments,
        data_collator=collate,
        train_dataset=train,
        eval_dataset=evaluation,
        processing_class=tokenizer,
        compute_metrics=metrics,
        callbacks=[Patience()],
    )
