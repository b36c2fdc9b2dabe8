"""The reference solutions of "Running it"."""


def train_step(model, batch, optimizer):
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    optimizer.step()
    return loss.item()


def train_epoch(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    model.train()
    losses = []
    for start in range(0, len(batches), accumulate):
        window = batches[start : start + accumulate]
        examples = sum(len(batch["labels"]) for batch in window)
        total = 0.0
        for batch in window:
            loss = model(**batch).loss * (len(batch["labels"]) / examples)
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(total)
    return losses


def evaluate(model, batches):
    was_training = model.training
    model.eval()
    logits, labels = [], []
    with torch.no_grad():
        for batch in batches:
            logits.append(model(**batch).logits.numpy())
            labels.append(batch["labels"].numpy())
    model.train(was_training)
    return np.concatenate(logits), np.concatenate(labels)


def save_checkpoint(folder, model, optimizer, scheduler, step):
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "random": torch.get_rng_state(),
        "step": step,
    }
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / "checkpoint.pt.part"
    torch.save(state, unfinished)
    unfinished.replace(folder / "checkpoint.pt")


def load_checkpoint(folder, model, optimizer, scheduler):
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["random"])
    return state["step"]


def build_trainer(model, arguments, train, evaluation, tokenizer):
    from sklearn.metrics import accuracy_score, f1_score
    from transformers import DataCollatorWithPadding, EarlyStoppingCallback

    def metrics(eval_pred):
        logits, labels = eval_pred
        chosen = logits.argmax(axis=-1)
        return {"accuracy": accuracy_score(labels, chosen), "f1": f1_score(labels, chosen, average="macro", zero_division=0)}

    return Trainer(
        model=model,
        args=arguments,
        train_dataset=train,
        eval_dataset=evaluation,
        processing_class=tokenizer,
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=metrics,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
    )
