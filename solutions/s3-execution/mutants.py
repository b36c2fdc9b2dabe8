"""Wrong solutions of "Running it", and the misconception behind each."""

from autograder.authoring import mutant

# ---------------------------------------------------------------- train_step


@mutant("train_step", caught_by="test_the_weights_move", says="Without `loss.backward()`")
def no_backward(model, batch, optimizer):
    """The optimizer will find the loss by itself."""
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    optimizer.step()
    return loss.item()


@mutant("train_step", caught_by="test_the_weights_move", says="cleared between backward pass and step")
def cleared_too_early(model, batch, optimizer):
    """Clears the gradients just when they are needed."""
    model.train()
    loss = model(**batch).loss
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@mutant("train_step", caught_by="test_the_weights_move", says="after the backward pass")
def step_before_backward(model, batch, optimizer):
    """Steps first, so that there is nothing to follow."""
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    optimizer.step()
    loss.backward()
    return loss.item()


@mutant("train_step", caught_by="test_each_step_has_its_own_gradient", says="the sum of all gradients so far")
def never_cleared(model, batch, optimizer):
    """backward() replaces the gradients of before."""
    model.train()
    loss = model(**batch).loss
    loss.backward()
    optimizer.step()
    return loss.item()


@mutant("train_step", caught_by="test_training_mode", says="`model.train()` turns dropout on")
def mode_not_set(model, batch, optimizer):
    """A model that is going to be trained is in training mode."""
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    optimizer.step()
    return loss.item()


@mutant("train_step", caught_by="test_training_mode", says="left the model in evaluation mode")
def back_to_evaluation(model, batch, optimizer):
    """Tidies up after itself."""
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    optimizer.step()
    model.eval()
    return loss.item()


@mutant("train_step", caught_by="test_the_loss_is_a_plain_number", says="hangs on its graph")
def a_tensor_for_a_number(model, batch, optimizer):
    """A tensor of one number is a number."""
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    optimizer.step()
    return loss


@mutant("train_step", caught_by="test_the_loss_of_the_batch_before_the_step", says="the loss after the step")
def loss_after_the_step(model, batch, optimizer):
    """Computes the loss again, to report the newest."""
    model.train()
    optimizer.zero_grad()
    model(**batch).loss.backward()
    optimizer.step()
    return model(**batch).loss.item()


@mutant("train_step", caught_by="test_the_loss_of_the_batch_before_the_step", says="the sum over the batch")
def sum_for_mean(model, batch, optimizer):
    """Reports the loss of all examples together."""
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    optimizer.step()
    return loss.item() * len(batch["labels"])


@mutant("train_step", caught_by="test_one_step_downhill", says="the optimizer that was passed")
def an_optimizer_of_its_own(model, batch, optimizer):
    """Makes an optimizer for each step, which forgets all at once."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    optimizer.step()
    return loss.item()


@mutant("train_step", caught_by="test_the_batch_is_left_alone", says="`pop` changes the caller's dict")
def labels_popped(model, batch, optimizer):
    """Takes the labels out of the batch to compute the loss."""
    model.train()
    optimizer.zero_grad()
    labels = batch.pop("labels")
    loss = torch.nn.functional.cross_entropy(model(**batch).logits, labels)
    loss.backward()
    optimizer.step()
    return loss.item()


# ---------------------------------------------------------------- train_epoch


@mutant("train_epoch", caught_by="test_accumulation_equals_the_big_batch", says="followed the sum of the mean losses")
def no_weighting(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """backward() adds gradients up, and that is that."""
    model.train()
    losses = []
    for start in range(0, len(batches), accumulate):
        window = batches[start : start + accumulate]
        total = 0.0
        for batch in window:
            loss = model(**batch).loss
            loss.backward()
            total += loss.item() * len(batch["labels"])
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(total / sum(len(batch["labels"]) for batch in window))
    return losses


@mutant("train_epoch", caught_by="test_a_last_window_with_fewer_batches", says="divided each loss by `accumulate`")
def divided_by_accumulate(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """Every window holds `accumulate` batches of one size."""
    model.train()
    losses, total = [], 0.0
    for number, batch in enumerate(batches, start=1):
        loss = model(**batch).loss / accumulate
        loss.backward()
        total += loss.item()
        if number % accumulate == 0 or number == len(batches):
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            losses.append(total)
            total = 0.0
    return losses


@mutant("train_epoch", caught_by="test_batches_of_unequal_size", says="gave each batch of a window the same weight")
def mean_of_means(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """The mean of the batches' means is the mean over the examples."""
    model.train()
    losses = []
    for start in range(0, len(batches), accumulate):
        window = batches[start : start + accumulate]
        total = 0.0
        for batch in window:
            loss = model(**batch).loss / len(window)
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(total)
    return losses


@mutant("train_epoch", caught_by="test_accumulation_equals_the_big_batch", says="the last batch of each window alone")
def cleared_every_batch(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """Clears before each backward pass, as one does without accumulation."""
    model.train()
    losses = []
    for start in range(0, len(batches), accumulate):
        window = batches[start : start + accumulate]
        examples, total = sum(len(batch["labels"]) for batch in window), 0.0
        for batch in window:
            optimizer.zero_grad()
            loss = model(**batch).loss * len(batch["labels"]) / examples
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        scheduler.step()
        losses.append(total)
    return losses


@mutant("train_epoch", caught_by="test_one_step_per_batch_without_accumulation", says="let the gradients of one step add")
def never_cleared_at_all(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """The step uses the gradients up."""
    model.train()
    losses = []
    for start in range(0, len(batches), accumulate):
        window = batches[start : start + accumulate]
        examples, total = sum(len(batch["labels"]) for batch in window), 0.0
        for batch in window:
            loss = model(**batch).loss * len(batch["labels"]) / examples
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        scheduler.step()
        losses.append(total)
    return losses


@mutant("train_epoch", caught_by="test_clipping_comes_before_the_step", says="afterwards it is too late")
def clipped_after_the_step(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """Clips what is left over."""
    model.train()
    losses = []
    for start in range(0, len(batches), accumulate):
        window = batches[start : start + accumulate]
        examples, total = sum(len(batch["labels"]) for batch in window), 0.0
        for batch in window:
            loss = model(**batch).loss * len(batch["labels"]) / examples
            loss.backward()
            total += loss.item()
        optimizer.step()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        scheduler.step()
        optimizer.zero_grad()
        losses.append(total)
    return losses


@mutant("train_epoch", caught_by="test_clipping_comes_before_the_step", says="clipped each tensor by itself")
def clipped_one_by_one(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """Every tensor may have the norm that is allowed."""
    model.train()
    losses = []
    for start in range(0, len(batches), accumulate):
        window = batches[start : start + accumulate]
        examples, total = sum(len(batch["labels"]) for batch in window), 0.0
        for batch in window:
            loss = model(**batch).loss * len(batch["labels"]) / examples
            loss.backward()
            total += loss.item()
        for parameter in model.parameters():
            torch.nn.utils.clip_grad_norm_([parameter], max_norm)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(total)
    return losses


@mutant("train_epoch", caught_by="test_clipping_comes_before_the_step", says="cut off single numbers")
def clipped_by_value(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """Takes the limit of the norm for one of single numbers."""
    model.train()
    losses = []
    for start in range(0, len(batches), accumulate):
        window = batches[start : start + accumulate]
        examples, total = sum(len(batch["labels"]) for batch in window), 0.0
        for batch in window:
            loss = model(**batch).loss * len(batch["labels"]) / examples
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_value_(model.parameters(), max_norm)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(total)
    return losses


@mutant("train_epoch", caught_by="test_the_schedule_moves_after_each_step", says="the schedule's second rate")
def scheduler_first(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """Sets the rate, then steps."""
    model.train()
    losses = []
    for start in range(0, len(batches), accumulate):
        window = batches[start : start + accumulate]
        examples, total = sum(len(batch["labels"]) for batch in window), 0.0
        for batch in window:
            loss = model(**batch).loss * len(batch["labels"]) / examples
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        scheduler.step()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(total)
    return losses


@mutant("train_epoch", caught_by="test_the_schedule_moves_after_each_step", says="once per batch")
def schedule_per_batch(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """The schedule counts batches."""
    model.train()
    losses = []
    for start in range(0, len(batches), accumulate):
        window = batches[start : start + accumulate]
        examples, total = sum(len(batch["labels"]) for batch in window), 0.0
        for batch in window:
            loss = model(**batch).loss * len(batch["labels"]) / examples
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        for _ in window:
            scheduler.step()
        optimizer.zero_grad()
        losses.append(total)
    return losses


@mutant("train_epoch", caught_by="test_training_mode", says="`model.train()` turns dropout on")
def epoch_in_evaluation_mode(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """Leaves the mode to chance."""
    losses = []
    for start in range(0, len(batches), accumulate):
        window = batches[start : start + accumulate]
        examples, total = sum(len(batch["labels"]) for batch in window), 0.0
        for batch in window:
            loss = model(**batch).loss * len(batch["labels"]) / examples
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(total)
    return losses


@mutant("train_epoch", caught_by="test_a_last_window_with_fewer_batches", says="dropped the batches that don't fill a window")
def remainder_dropped(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """Steps when a window is full, and only then."""
    model.train()
    losses, window = [], []
    for batch in batches:
        window.append(batch)
        if len(window) < accumulate:
            continue
        examples, total = sum(len(b["labels"]) for b in window), 0.0
        for part in window:
            loss = model(**part).loss * len(part["labels"]) / examples
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(total)
        window = []
    return losses


@mutant("train_epoch", caught_by="test_one_loss_per_step", says="its window's last batch alone")
def loss_of_the_last_batch(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """Reports the loss of each window's last batch."""
    model.train()
    losses = []
    for start in range(0, len(batches), accumulate):
        window = batches[start : start + accumulate]
        examples = sum(len(batch["labels"]) for batch in window)
        for batch in window:
            loss = model(**batch).loss
            (loss * len(batch["labels"]) / examples).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


@mutant("train_epoch", caught_by="test_one_loss_per_step", says="a loss for each batch")
def a_loss_per_batch(model, batches, optimizer, scheduler, *, accumulate, max_norm):
    """Reports as many losses as there are batches."""
    model.train()
    losses = []
    for start in range(0, len(batches), accumulate):
        window = batches[start : start + accumulate]
        examples = sum(len(batch["labels"]) for batch in window)
        for batch in window:
            loss = model(**batch).loss
            (loss * len(batch["labels"]) / examples).backward()
            losses.append(loss.item())
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return losses


# ---------------------------------------------------------------- evaluate


@mutant("evaluate", caught_by="test_dropout_is_off", says="`model.eval()` turns it off")
def dropout_on(model, batches):
    """Thinks that no_grad is evaluation mode."""
    with torch.no_grad():
        logits = [model(**batch).logits.numpy() for batch in batches]
    return np.concatenate(logits), np.concatenate([batch["labels"].numpy() for batch in batches])


@mutant("evaluate", caught_by="test_the_mode_is_put_back", says="would go on without dropout")
def mode_not_put_back(model, batches):
    """Leaves the model in evaluation mode."""
    model.eval()
    with torch.no_grad():
        logits = [model(**batch).logits.numpy() for batch in batches]
    return np.concatenate(logits), np.concatenate([batch["labels"].numpy() for batch in batches])


@mutant("evaluate", caught_by="test_the_mode_is_put_back", says="put back that one")
def always_back_to_training(model, batches):
    """Takes for granted that training goes on."""
    model.eval()
    with torch.no_grad():
        logits = [model(**batch).logits.numpy() for batch in batches]
    model.train()
    return np.concatenate(logits), np.concatenate([batch["labels"].numpy() for batch in batches])


@mutant("evaluate", caught_by="test_no_graph_is_kept", says="`detach()` comes too late")
def graph_detached_later(model, batches):
    """Thinks that eval() or detach() stop the recording."""
    was_training = model.training
    model.eval()
    logits = [model(**batch).logits.detach().numpy() for batch in batches]
    model.train(was_training)
    return np.concatenate(logits), np.concatenate([batch["labels"].numpy() for batch in batches])


@mutant("evaluate", caught_by="test_every_example_in_its_place", says="a last one that is smaller")
def last_batch_lost(model, batches):
    """Counts full batches only."""
    was_training = model.training
    model.eval()
    size = len(batches[0]["labels"])
    full = [batch for batch in batches if len(batch["labels"]) == size] if len(batches) > 2 else batches
    with torch.no_grad():
        logits = [model(**batch).logits.numpy() for batch in full]
    model.train(was_training)
    return np.concatenate(logits), np.concatenate([batch["labels"].numpy() for batch in full])


@mutant("evaluate", caught_by="test_every_example_in_its_place", says="in another order")
def longest_first(model, batches):
    """Sorts batches so that the largest come last, and forgets to sort back."""
    was_training = model.training
    model.eval()
    ordered = sorted(batches, key=lambda batch: len(batch["labels"]))
    with torch.no_grad():
        logits = [model(**batch).logits.numpy() for batch in ordered]
    model.train(was_training)
    return np.concatenate(logits), np.concatenate([batch["labels"].numpy() for batch in ordered])


@mutant("evaluate", caught_by="test_every_example_in_its_place", says="rows of numbers that add up to 1")
def probabilities_for_logits(model, batches):
    """Takes probabilities for logits."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits = [model(**batch).logits.softmax(-1).numpy() for batch in batches]
    model.train(was_training)
    return np.concatenate(logits), np.concatenate([batch["labels"].numpy() for batch in batches])


@mutant("evaluate", caught_by="test_every_example_in_its_place", says="The logits are asked for")
def predictions_for_logits(model, batches):
    """Gives the class, where the logits are asked for."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits = [model(**batch).logits.argmax(-1).numpy() for batch in batches]
    model.train(was_training)
    return np.concatenate(logits), np.concatenate([batch["labels"].numpy() for batch in batches])


@mutant("evaluate", caught_by="test_nothing_is_changed", says="A loop that is accumulating still needs it")
def gradients_cleared(model, batches):
    """Clears the gradients, to be on the safe side."""
    was_training = model.training
    model.eval()
    model.zero_grad()
    with torch.no_grad():
        logits = [model(**batch).logits.numpy() for batch in batches]
    model.train(was_training)
    return np.concatenate(logits), np.concatenate([batch["labels"].numpy() for batch in batches])


@mutant("evaluate", caught_by="test_nothing_is_changed", says="next time it is missing")
def labels_popped_off(model, batches):
    """Takes the labels out of each batch."""
    was_training = model.training
    model.eval()
    logits, labels = [], []
    with torch.no_grad():
        for batch in batches:
            labels.append(batch.pop("labels").numpy())
            logits.append(model(**batch).logits.numpy())
    model.train(was_training)
    return np.concatenate(logits), np.concatenate(labels)


# ---------------------------------------------------------------- save_checkpoint


@mutant("save_checkpoint", caught_by="test_the_optimizer_goes_along", says="lost what the optimizer remembers")
def optimizer_without_its_memory(folder, model, optimizer, scheduler, step):
    """Takes the groups and their rates for all that the optimizer has."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "model": model.state_dict(),
        "optimizer": {"state": {}, "param_groups": optimizer.state_dict()["param_groups"]},
        "scheduler": scheduler.state_dict(),
        "random": torch.get_rng_state(),
        "step": step,
    }
    torch.save(state, folder / "checkpoint.part")
    (folder / "checkpoint.part").replace(folder / "checkpoint.pt")


@mutant("save_checkpoint", caught_by="test_the_random_state_goes_along", says="a seed only says where it began")
def seed_for_random_state(folder, model, optimizer, scheduler, step):
    """Takes the seed for the generator's state."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "random": torch.initial_seed(),
        "step": step,
    }
    torch.save(state, folder / "checkpoint.part")
    (folder / "checkpoint.part").replace(folder / "checkpoint.pt")


@mutant("save_checkpoint", caught_by="test_one_file_with_everything", says="has no 'random'")
def random_state_lost(folder, model, optimizer, scheduler, step):
    """Saves what has weights or counters, and forgets the dice."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict(), "step": step}
    torch.save(state, folder / "checkpoint.part")
    (folder / "checkpoint.part").replace(folder / "checkpoint.pt")


@mutant("save_checkpoint", caught_by="test_the_random_state_goes_along", says="than torch had at that moment")
def reseeds_before_saving(folder, model, optimizer, scheduler, step):
    """Sets the seed, so that everything is reproducible from here."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict(), "step": step}
    torch.manual_seed(0)
    state["random"] = torch.get_rng_state()
    torch.save(state, folder / "checkpoint.part")
    (folder / "checkpoint.part").replace(folder / "checkpoint.pt")


@mutant("save_checkpoint", caught_by="test_one_file_with_everything", says="the number of steps that are done")
def next_step_for_steps_done(folder, model, optimizer, scheduler, step):
    """Writes the step that comes next."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "random": torch.get_rng_state(),
        "step": step + 1,
    }
    torch.save(state, folder / "checkpoint.part")
    (folder / "checkpoint.part").replace(folder / "checkpoint.pt")


@mutant("save_checkpoint", caught_by="test_a_crash_leaves_the_old_checkpoint", says="Written in place")
def written_in_place(folder, model, optimizer, scheduler, step):
    """Writes straight to the name that counts."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "random": torch.get_rng_state(),
        "step": step,
    }
    torch.save(state, folder / "checkpoint.pt")


@mutant("save_checkpoint", caught_by="test_a_crash_leaves_the_old_checkpoint", says="nothing need be removed before")
def old_one_removed_first(folder, model, optimizer, scheduler, step):
    """Makes room for the new checkpoint before it is written."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "checkpoint.pt").unlink(missing_ok=True)
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "random": torch.get_rng_state(),
        "step": step,
    }
    torch.save(state, folder / "checkpoint.part")
    (folder / "checkpoint.part").replace(folder / "checkpoint.pt")


@mutant("save_checkpoint", caught_by="test_a_new_file_takes_the_place_of_the_old", says="wrote over the bytes")
def copied_over_the_old(folder, model, optimizer, scheduler, step):
    """Writes another file first, and then copies it over the old one."""
    import shutil

    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "random": torch.get_rng_state(),
        "step": step,
    }
    torch.save(state, folder / "checkpoint.part")
    shutil.copyfile(folder / "checkpoint.part", folder / "checkpoint.pt")
    (folder / "checkpoint.part").unlink()


@mutant("save_checkpoint", caught_by="test_one_file_with_everything", says="neither tensors nor plain data")
def whole_objects(folder, model, optimizer, scheduler, step):
    """Pickles the objects themselves."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {"model": model.base_model, "optimizer": optimizer, "scheduler": scheduler, "random": torch.get_rng_state(), "step": step}
    torch.save(state, folder / "checkpoint.part")
    (folder / "checkpoint.part").replace(folder / "checkpoint.pt")


@mutant("save_checkpoint", caught_by="test_one_file_with_everything", says="to the last bit")
def half_precision(folder, model, optimizer, scheduler, step):
    """Saves space."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "model": {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in model.state_dict().items()},
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "random": torch.get_rng_state(),
        "step": step,
    }
    torch.save(state, folder / "checkpoint.part")
    (folder / "checkpoint.part").replace(folder / "checkpoint.pt")


@mutant("save_checkpoint", caught_by="test_folder_and_leftovers", says="make the folder first")
def folder_taken_for_granted(folder, model, optimizer, scheduler, step):
    """The folder will be there."""
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "random": torch.get_rng_state(),
        "step": step,
    }
    torch.save(state, folder / "checkpoint.part")
    (folder / "checkpoint.part").replace(folder / "checkpoint.pt")


# ---------------------------------------------------------------- load_checkpoint


@mutant("load_checkpoint", caught_by="test_the_optimizer_is_put_back", says="without a memory")
def weights_only(folder, model, optimizer, scheduler):
    """A run is its weights."""
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    model.load_state_dict(state["model"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["random"])
    return state["step"]


@mutant("load_checkpoint", caught_by="test_model_and_schedule_are_put_back", says="It would begin again")
def schedule_begins_again(folder, model, optimizer, scheduler):
    """The optimizer knows its rate, so the schedule needs no state."""
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["random"])
    return state["step"]


@mutant("load_checkpoint", caught_by="test_the_random_state_is_put_back", says="as it was")
def dice_forgotten(folder, model, optimizer, scheduler):
    """Random is random."""
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    return state["step"]


@mutant("load_checkpoint", caught_by="test_the_random_state_is_put_back", says="a seed begins anew")
def seeded_anew(folder, model, optimizer, scheduler):
    """Seeds the generator, which begins its sequence from the start."""
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.manual_seed(state["step"])
    return state["step"]


@mutant("load_checkpoint", caught_by="test_the_step_comes_back", says="the number of steps that are done")
def the_step_to_come(folder, model, optimizer, scheduler):
    """Gives the number of the next step."""
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["random"])
    return state["step"] + 1


@mutant("load_checkpoint", caught_by="test_half_a_file_is_never_loaded", says="Only checkpoint.pt is to be read")
def the_newest_file(folder, model, optimizer, scheduler):
    """Takes the newest file in the folder."""
    newest = max((path for path in folder.iterdir() if "checkpoint" in path.name), key=lambda path: (path.stat().st_mtime_ns, path.name))
    if newest.name != "checkpoint.pt":
        newest = sorted(folder.glob("checkpoint*"))[-1]
    state = torch.load(newest, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["random"])
    return state["step"]


@mutant("load_checkpoint", caught_by="test_half_a_file_is_never_loaded", says="begins anew without being told")
def begins_anew_in_silence(folder, model, optimizer, scheduler):
    """Without a checkpoint the run begins at step 0, without a word."""
    if not (folder / "checkpoint.pt").exists():
        return 0
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["random"])
    return state["step"]


@mutant("load_checkpoint", caught_by="test_what_does_not_fit_is_an_error", says="where checkpoint.pt is damaged")
def every_error_swallowed(folder, model, optimizer, scheduler):
    """A file that can't be read is as good as none."""
    if not (folder / "checkpoint.pt").exists():
        raise FileNotFoundError(folder)
    try:
        state = torch.load(folder / "checkpoint.pt", weights_only=True)
    except Exception:
        return 0
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["random"])
    return state["step"]


@mutant("load_checkpoint", caught_by="test_what_does_not_fit_is_an_error", says="a model with one layer more")
def not_strict(folder, model, optimizer, scheduler):
    """Silences the complaint about names, and for good measure the optimizer's as well."""
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    model.load_state_dict(state["model"], strict=False)
    try:
        optimizer.load_state_dict(state["optimizer"])
    except ValueError:
        pass
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["random"])
    return state["step"]


@mutant("load_checkpoint", caught_by="test_no_code_is_run", says="ran code that was hidden in the file")
def anything_goes(folder, model, optimizer, scheduler):
    """Turns the safety off, as an answer on the web says."""
    state = torch.load(folder / "checkpoint.pt", weights_only=False)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["random"])
    return state["step"]


# ---------------------------------------------------------------- build_trainer


@mutant("build_trainer", caught_by="test_each_set_in_its_place", says="evaluates on the training set")
def evaluates_on_training_data(model, arguments, train, evaluation, tokenizer):
    """Reports how well the model knows what it has seen."""
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
        eval_dataset=train,
        processing_class=tokenizer,
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=metrics,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
    )


@mutant("build_trainer", caught_by="test_batches_are_padded", says="can't make batches")
def no_collator(model, arguments, train, evaluation, tokenizer):
    """Leaves the tokenizer out, and with it all that could pad."""
    from sklearn.metrics import accuracy_score, f1_score
    from transformers import EarlyStoppingCallback

    def metrics(eval_pred):
        logits, labels = eval_pred
        chosen = logits.argmax(axis=-1)
        return {"accuracy": accuracy_score(labels, chosen), "f1": f1_score(labels, chosen, average="macro", zero_division=0)}

    return Trainer(
        model=model,
        args=arguments,
        train_dataset=train,
        eval_dataset=evaluation,
        compute_metrics=metrics,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
    )


@mutant("build_trainer", caught_by="test_a_trainer_of_what_was_passed", says="isn't saved with the model")
def tokenizer_in_the_collator_only(model, arguments, train, evaluation, tokenizer):
    """The collator has the tokenizer, so the trainer needs none."""
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
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=metrics,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
    )


@mutant("build_trainer", caught_by="test_batches_are_padded", says="what is wider only costs time")
def pads_to_the_maximum(model, arguments, train, evaluation, tokenizer):
    """Pads every batch to one length."""
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
        data_collator=DataCollatorWithPadding(tokenizer, padding="max_length", max_length=32),
        compute_metrics=metrics,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
    )


@mutant("build_trainer", caught_by="test_it_stops_early", says="Early stopping is a callback")
def callback_missing(model, arguments, train, evaluation, tokenizer):
    """The arguments name a metric, so the run will stop by it."""
    from sklearn.metrics import accuracy_score, f1_score
    from transformers import DataCollatorWithPadding

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
    )


@mutant("build_trainer", caught_by="test_it_stops_early", says="two more without an improvement are needed")
def patience_of_one(model, arguments, train, evaluation, tokenizer):
    """Takes the callback as it comes, which loses patience at once."""
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
        callbacks=[EarlyStoppingCallback()],
    )


@mutant("build_trainer", caught_by="test_it_goes_on_while_it_gets_better", says="two evaluations in a row that don't beat the best")
def stops_by_the_clock(model, arguments, train, evaluation, tokenizer):
    """Counts evaluations, whether or not they were any better."""
    from sklearn.metrics import accuracy_score, f1_score
    from transformers import DataCollatorWithPadding, TrainerCallback

    class ThreeEvaluations(TrainerCallback):
        seen = 0

        def on_evaluate(self, args, state, control, **kwargs):
            self.seen += 1
            control.should_training_stop = self.seen >= 3

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
        callbacks=[ThreeEvaluations()],
    )


@mutant("build_trainer", caught_by="test_each_set_in_its_place", says="in another order")
def evaluation_shuffled(model, arguments, train, evaluation, tokenizer):
    """Shuffles both sets."""
    from sklearn.metrics import accuracy_score, f1_score
    from transformers import DataCollatorWithPadding, EarlyStoppingCallback

    def metrics(eval_pred):
        logits, labels = eval_pred
        chosen = logits.argmax(axis=-1)
        return {"accuracy": accuracy_score(labels, chosen), "f1": f1_score(labels, chosen, average="macro", zero_division=0)}

    return Trainer(
        model=model,
        args=arguments,
        train_dataset=train.shuffle(seed=0),
        eval_dataset=evaluation.shuffle(seed=0),
        processing_class=tokenizer,
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=metrics,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
    )


@mutant("build_trainer", caught_by="test_the_metrics_of_the_evaluation_set", says="weighs each class by its size")
def weighted_f1(model, arguments, train, evaluation, tokenizer):
    """Takes weighted F1 for macro F1."""
    from sklearn.metrics import accuracy_score, f1_score
    from transformers import DataCollatorWithPadding, EarlyStoppingCallback

    def metrics(eval_pred):
        logits, labels = eval_pred
        chosen = logits.argmax(axis=-1)
        return {"accuracy": accuracy_score(labels, chosen), "f1": f1_score(labels, chosen, average="weighted", zero_division=0)}

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


@mutant("build_trainer", caught_by="test_the_metrics_of_the_evaluation_set", says="and no eval_accuracy")
def no_metrics(model, arguments, train, evaluation, tokenizer):
    """The loss says it all."""
    from transformers import DataCollatorWithPadding, EarlyStoppingCallback

    return Trainer(
        model=model,
        args=arguments,
        train_dataset=train,
        eval_dataset=evaluation,
        processing_class=tokenizer,
        data_collator=DataCollatorWithPadding(tokenizer),
        callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
    )


@mutant("build_trainer", caught_by="test_a_trainer_of_what_was_passed", says="has trained the model already")
def trains_at_once(model, arguments, train, evaluation, tokenizer):
    """Builds the trainer and starts it."""
    from sklearn.metrics import accuracy_score, f1_score
    from transformers import DataCollatorWithPadding, EarlyStoppingCallback

    def metrics(eval_pred):
        logits, labels = eval_pred
        chosen = logits.argmax(axis=-1)
        return {"accuracy": accuracy_score(labels, chosen), "f1": f1_score(labels, chosen, average="macro", zero_division=0)}

    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=train,
        eval_dataset=evaluation,
        processing_class=tokenizer,
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=metrics,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
    )
    trainer.train()
    return trainer
