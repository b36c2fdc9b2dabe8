"""Wrong solutions of "How the weights change", and the misconception behind each."""

from autograder.authoring import mutant

# ---------------------------------------------------------------- clip_gradients


@mutant("clip_gradients", caught_by="test_one_factor_for_all", says="each tensor by its own length")
def per_tensor(parameters, max_norm):
    """Clips each tensor by itself."""
    total = 0.0
    for p in parameters:
        if p.grad is not None:
            norm = p.grad.norm().item()
            total += norm**2
            if norm > max_norm:
                p.grad.mul_(max_norm / norm)
    return total**0.5


@mutant("clip_gradients", caught_by="test_one_factor_for_all", says="each number by itself")
def by_value(parameters, max_norm):
    """Cuts single numbers off at the limit."""
    found = [p.grad for p in parameters if p.grad is not None]
    norm = sum(g.pow(2).sum().item() for g in found) ** 0.5
    for g in found:
        g.clamp_(-max_norm, max_norm)
    return norm


@mutant("clip_gradients", caught_by="test_short_gradients_stay", says="made it longer")
def scales_up(parameters, max_norm):
    """Scales to the limit, whatever the length."""
    found = [p.grad for p in parameters if p.grad is not None]
    norm = sum(g.pow(2).sum().item() for g in found) ** 0.5
    for g in found:
        g.mul_(max_norm / (norm + 1e-12))
    return norm


@mutant("clip_gradients", caught_by="test_the_length_before_clipping", says="after clipping")
def returns_the_clipped_length(parameters, max_norm):
    """Reports what is left."""
    found = [p.grad for p in parameters if p.grad is not None]
    norm = sum(g.pow(2).sum().item() for g in found) ** 0.5
    for g in found:
        g.mul_(min(1.0, max_norm / (norm + 1e-12)))
    return min(norm, float(max_norm))


@mutant("clip_gradients", caught_by="test_parameters_without_a_gradient", says="has none")
def stumbles_over_none(parameters, max_norm):
    """Takes for granted that every parameter has a gradient."""
    norm = sum(p.grad.pow(2).sum().item() for p in parameters) ** 0.5
    if norm > max_norm:
        for p in parameters:
            p.grad.mul_(max_norm / norm)
    return norm


@mutant("clip_gradients", caught_by="test_the_length_before_clipping", says="sum of the tensors' lengths")
def adds_lengths(parameters, max_norm):
    """Adds the lengths of the tensors."""
    found = [p.grad for p in parameters if p.grad is not None]
    norm = float(sum(g.norm().item() for g in found))
    if norm > max_norm:
        for g in found:
            g.mul_(max_norm / norm)
    return norm


@mutant("clip_gradients", caught_by="test_the_length_before_clipping", says="square root")
def forgets_the_root(parameters, max_norm):
    """Takes the sum of squares for the length."""
    found = [p.grad for p in parameters if p.grad is not None]
    norm = float(sum(g.pow(2).sum().item() for g in found))
    if norm > max_norm:
        for g in found:
            g.mul_(max_norm / norm)
    return norm


@mutant("clip_gradients", caught_by="test_weights_stay", says="changed the weights")
def clips_the_weights(parameters, max_norm):
    """Shortens the weights in place of their gradients."""
    found = [p for p in parameters if p.grad is not None]
    norm = sum(p.grad.pow(2).sum().item() for p in found) ** 0.5
    with torch.no_grad():
        for p in found:
            p.mul_(min(1.0, max_norm / norm))
            p.grad.mul_(min(1.0, max_norm / norm))
    return norm


# ---------------------------------------------------------------- cross_entropy


@mutant("cross_entropy", caught_by="test_large_logits", says="too large for its number format")
def overflow(logits, labels, ignore_index=-100):
    """Exponentials of the logits as they are."""
    kept = labels != ignore_index
    rows, wanted = logits[kept], labels[kept]
    return (rows.exp().sum(dim=1).log() - rows.gather(1, wanted[:, None])[:, 0]).mean()


@mutant("cross_entropy", caught_by="test_a_sure_mistake", says="rounds to zero")
def log_of_softmax(logits, labels, ignore_index=-100):
    """First probabilities, then their logarithm."""
    kept = labels != ignore_index
    return -torch.softmax(logits[kept], dim=1).gather(1, labels[kept][:, None]).log().mean()


@mutant("cross_entropy", caught_by="test_large_logits", says="its own row")
def one_maximum_for_all_rows(logits, labels, ignore_index=-100):
    """Subtracts the largest logit of the whole batch."""
    kept = labels != ignore_index
    rows = logits[kept] - logits[kept].max()
    return (rows.exp().sum(dim=1).log() - rows.gather(1, labels[kept][:, None])[:, 0]).mean()


@mutant("cross_entropy", caught_by="test_the_mean_surprise", says="sum over the examples")
def a_sum(logits, labels, ignore_index=-100):
    """Adds up."""
    kept = labels != ignore_index
    return -torch.log_softmax(logits[kept], dim=1).gather(1, labels[kept][:, None]).sum()


@mutant("cross_entropy", caught_by="test_the_mean_surprise", says="The sign is turned round")
def sign_lost(logits, labels, ignore_index=-100):
    """The mean log-probability."""
    kept = labels != ignore_index
    return torch.log_softmax(logits[kept], dim=1).gather(1, labels[kept][:, None]).mean()


@mutant("cross_entropy", caught_by="test_ignored_labels", says="counted in the mean")
def divides_by_all(logits, labels, ignore_index=-100):
    """Ignored examples have a loss of zero, and count."""
    kept = labels != ignore_index
    return -torch.log_softmax(logits[kept], dim=1).gather(1, labels[kept][:, None]).sum() / len(labels)


@mutant("cross_entropy", caught_by="test_ignored_labels", says="taken for a class")
def ignores_nothing(logits, labels, ignore_index=-100):
    """Every label is a class."""
    return -torch.log_softmax(logits, dim=1)[torch.arange(len(labels)), labels].mean()


@mutant("cross_entropy", caught_by="test_another_mark", says="mean over all examples")
def the_mark_is_fixed(logits, labels, ignore_index=-100):
    """Looks for -100, whatever was asked for."""
    kept = labels != -100
    return -torch.log_softmax(logits[kept], dim=1).gather(1, labels[kept][:, None]).mean()


@mutant("cross_entropy", caught_by="test_it_can_be_trained_with", says="graph")
def cut_off(logits, labels, ignore_index=-100):
    """A number, put back into a tensor."""
    kept = labels != ignore_index
    return torch.tensor(-torch.log_softmax(logits[kept], dim=1).gather(1, labels[kept][:, None]).mean().item(), dtype=logits.dtype)


# ---------------------------------------------------------------- adamw_step


@mutant("adamw_step", caught_by="test_decay_apart_from_the_gradient", says="added to the gradient")
def decay_in_the_gradient(parameter, gradient, state, lr, betas, eps, weight_decay):
    """Adam with an L2 penalty."""
    with torch.no_grad():
        gradient = gradient + weight_decay * parameter
        count = state.step + 1
        mean = betas[0] * state.mean + (1 - betas[0]) * gradient
        square = betas[1] * state.square + (1 - betas[1]) * gradient**2
        parameter -= lr * (mean / (1 - betas[0] ** count)) / ((square / (1 - betas[1] ** count)).sqrt() + eps)
    return AdamWState(count, mean, square)


@mutant("adamw_step", caught_by="test_the_first_step", says="bias correction")
def no_bias_correction(parameter, gradient, state, lr, betas, eps, weight_decay):
    """The averages as they are."""
    mean = betas[0] * state.mean + (1 - betas[0]) * gradient
    square = betas[1] * state.square + (1 - betas[1]) * gradient**2
    with torch.no_grad():
        parameter.mul_(1 - lr * weight_decay).sub_(lr * mean / (square.sqrt() + eps))
    return AdamWState(state.step + 1, mean, square)


@mutant("adamw_step", caught_by="test_where_eps_stands", says="eps stands under the root")
def eps_under_the_root(parameter, gradient, state, lr, betas, eps, weight_decay):
    """The small number is added before the root is taken."""
    count = state.step + 1
    mean = betas[0] * state.mean + (1 - betas[0]) * gradient
    square = betas[1] * state.square + (1 - betas[1]) * gradient**2
    with torch.no_grad():
        parameter.mul_(1 - lr * weight_decay)
        parameter.sub_(lr * (mean / (1 - betas[0] ** count)) / (square / (1 - betas[1] ** count) + eps).sqrt())
    return AdamWState(count, mean, square)


@mutant("adamw_step", caught_by="test_decay_apart_from_the_gradient", says="learning rate was left out of the decay")
def decay_without_the_rate(parameter, gradient, state, lr, betas, eps, weight_decay):
    """Shrinks by the weight decay alone."""
    count = state.step + 1
    mean = betas[0] * state.mean + (1 - betas[0]) * gradient
    square = betas[1] * state.square + (1 - betas[1]) * gradient**2
    with torch.no_grad():
        parameter.mul_(1 - weight_decay)
        parameter.sub_(lr * (mean / (1 - betas[0] ** count)) / ((square / (1 - betas[1] ** count)).sqrt() + eps))
    return AdamWState(count, mean, square)


@mutant("adamw_step", caught_by="test_the_notes", says="the two betas")
def betas_swapped(parameter, gradient, state, lr, betas, eps, weight_decay):
    """Each average with the other's beta."""
    second, first = betas
    count = state.step + 1
    mean = first * state.mean + (1 - first) * gradient
    square = second * state.square + (1 - second) * gradient**2
    with torch.no_grad():
        parameter.mul_(1 - lr * weight_decay)
        parameter.sub_(lr * (mean / (1 - first**count)) / ((square / (1 - second**count)).sqrt() + eps))
    return AdamWState(count, mean, square)


@mutant("adamw_step", caught_by="test_the_notes", says="corrected averages")
def keeps_what_was_corrected(parameter, gradient, state, lr, betas, eps, weight_decay):
    """Stores the averages after bias correction."""
    count = state.step + 1
    mean = (betas[0] * state.mean + (1 - betas[0]) * gradient) / (1 - betas[0] ** count)
    square = (betas[1] * state.square + (1 - betas[1]) * gradient**2) / (1 - betas[1] ** count)
    with torch.no_grad():
        parameter.mul_(1 - lr * weight_decay).sub_(lr * mean / (square.sqrt() + eps))
    return AdamWState(count, mean, square)


@mutant("adamw_step", caught_by="test_the_parameter_moves_in_place", says="in place")
def a_new_tensor(parameter, gradient, state, lr, betas, eps, weight_decay):
    """Computes a new tensor, which nobody else sees."""
    count = state.step + 1
    mean = betas[0] * state.mean + (1 - betas[0]) * gradient
    square = betas[1] * state.square + (1 - betas[1]) * gradient**2
    parameter = parameter * (1 - lr * weight_decay)
    parameter = parameter - lr * (mean / (1 - betas[0] ** count)) / ((square / (1 - betas[1] ** count)).sqrt() + eps)
    return AdamWState(count, mean, square)


@mutant("adamw_step", caught_by="test_the_first_step", says="counts from 1")
def counts_late(parameter, gradient, state, lr, betas, eps, weight_decay):
    """Corrects with the number of the steps before this one."""
    count = state.step
    mean = betas[0] * state.mean + (1 - betas[0]) * gradient
    square = betas[1] * state.square + (1 - betas[1]) * gradient**2
    with torch.no_grad():
        parameter.mul_(1 - lr * weight_decay)
        parameter.sub_(lr * (mean / max(1 - betas[0] ** count, 1e-12)) / ((square / max(1 - betas[1] ** count, 1e-12)).sqrt() + eps))
    return AdamWState(count + 1, mean, square)


# ---------------------------------------------------------------- l2_sp_penalty


@mutant("l2_sp_penalty", caught_by="test_the_head_is_held_to_zero", says="to its own start")
def head_to_its_start(model, start, strength, head_strength, head):
    """The head is pulled to its random start."""
    total = torch.zeros(())
    for name, p in model.named_parameters():
        factor = head_strength if name.startswith(head + ".") else strength
        total = total + factor / 2 * (p - start.get(name, 0)).square().sum()
    return total


@mutant("l2_sp_penalty", caught_by="test_the_body_is_held_to_its_start", says="to zero")
def body_to_zero(model, start, strength, head_strength, head):
    """Plain weight decay."""
    total = torch.zeros(())
    for name, p in model.named_parameters():
        total = total + (head_strength if name.startswith(head + ".") else strength) / 2 * p.square().sum()
    return total


@mutant("l2_sp_penalty", caught_by="test_it_can_be_trained_with", says="graph")
def no_gradient(model, start, strength, head_strength, head):
    """Computed on detached weights."""
    total = torch.zeros(())
    for name, p in model.state_dict().items():
        if name in dict(model.named_parameters()):
            in_head = name.startswith(head + ".")
            total = total + ((head_strength / 2 * p.square().sum()) if in_head else (strength / 2 * (p - start[name]).square().sum()))
    return total


@mutant("l2_sp_penalty", caught_by="test_the_body_is_held_to_its_start", says="a mean over each tensor")
def means_for_sums(model, start, strength, head_strength, head):
    """Averages over each tensor."""
    total = torch.zeros(())
    for name, p in model.named_parameters():
        in_head = name.startswith(head + ".")
        total = total + ((head_strength / 2 * p.square().mean()) if in_head else (strength / 2 * (p - start[name]).square().mean()))
    return total


@mutant("l2_sp_penalty", caught_by="test_the_body_is_held_to_its_start", says="factor of one half is missing")
def halves_lost(model, start, strength, head_strength, head):
    """Without the factor of one half."""
    total = torch.zeros(())
    for name, p in model.named_parameters():
        in_head = name.startswith(head + ".")
        total = total + ((head_strength * p.square().sum()) if in_head else (strength * (p - start[name]).square().sum()))
    return total


@mutant("l2_sp_penalty", caught_by="test_the_head_is_held_to_zero", says="left the head out")
def head_free(model, start, strength, head_strength, head):
    """Only the pretrained part."""
    total = torch.zeros(())
    for name, p in model.named_parameters():
        if not name.startswith(head + "."):
            total = total + strength / 2 * (p - start[name]).square().sum()
    return total + 0 * sum(p.sum() for p in model.parameters())


@mutant("l2_sp_penalty", caught_by="test_a_name_is_not_a_beginning", says="dot")
def prefix_without_its_dot(model, start, strength, head_strength, head):
    """`head_norm.weight` begins with `head` too."""
    total = torch.zeros(())
    for name, p in model.named_parameters():
        in_head = name.startswith(head)
        total = total + ((head_strength / 2 * p.square().sum()) if in_head else (strength / 2 * (p - start[name]).square().sum()))
    return total


@mutant("l2_sp_penalty", caught_by="test_the_body_is_held_to_its_start", says="a sum of lengths")
def lengths_for_squares(model, start, strength, head_strength, head):
    """The distance itself."""
    total = torch.zeros(())
    for name, p in model.named_parameters():
        in_head = name.startswith(head + ".")
        total = total + ((head_strength / 2 * p.norm()) if in_head else (strength / 2 * (p - start[name]).norm()))
    return total


# ---------------------------------------------------------------- fine_tune


@mutant("fine_tune", caught_by="test_each_step_has_its_own_gradient", says="adds to the gradients")
def zero_grad_forgotten(model, batches, optimizer, steps, max_norm):
    """Gradients add up."""
    model.train()
    losses = []
    for number in range(steps):
        loss = model(**batches[number % len(batches)]).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses


@mutant("fine_tune", caught_by="test_one_step", says="before the backward pass")
def step_before_backward(model, batches, optimizer, steps, max_norm):
    """The step comes first."""
    model.train()
    model.zero_grad()
    losses = []
    for number in range(steps):
        loss = model(**batches[number % len(batches)]).loss
        optimizer.step()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        losses.append(loss.item())
    return losses


@mutant("fine_tune", caught_by="test_training_mode", says="evaluation mode")
def train_mode_forgotten(model, batches, optimizer, steps, max_norm):
    """The mode is left as it was."""
    losses = []
    for number in range(steps):
        model.zero_grad()
        loss = model(**batches[number % len(batches)]).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses


@mutant("fine_tune", caught_by="test_the_batches_take_turns", says="the first batch")
def the_same_batch_for_ever(model, batches, optimizer, steps, max_norm):
    """Takes the first batch each time."""
    model.train()
    losses = []
    for _ in range(steps):
        model.zero_grad()
        loss = model(**next(iter(batches))).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses


@mutant("fine_tune", caught_by="test_the_number_of_steps", says="runs out of batches")
def stops_after_one_round(model, batches, optimizer, steps, max_norm):
    """One round at the most."""
    model.train()
    losses = []
    for batch, _ in zip(batches, range(steps)):
        model.zero_grad()
        loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses


@mutant("fine_tune", caught_by="test_the_number_of_steps", says="every batch")
def steps_are_epochs(model, batches, optimizer, steps, max_norm):
    """Takes steps for rounds over all batches."""
    model.train()
    losses = []
    for _ in range(steps):
        for batch in batches:
            model.zero_grad()
            loss = model(**batch).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            losses.append(loss.item())
    return losses


@mutant("fine_tune", caught_by="test_the_gradient_is_clipped", says="as long as it was")
def clips_too_late(model, batches, optimizer, steps, max_norm):
    """Clips when the step is made already."""
    model.train()
    losses = []
    for number in range(steps):
        model.zero_grad()
        loss = model(**batches[number % len(batches)]).loss
        loss.backward()
        optimizer.step()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        losses.append(loss.item())
    return losses


@mutant("fine_tune", caught_by="test_losses_as_plain_numbers", says="tensor")
def losses_with_their_graphs(model, batches, optimizer, steps, max_norm):
    """Collects tensors."""
    model.train()
    losses = []
    for number in range(steps):
        model.zero_grad()
        loss = model(**batches[number % len(batches)]).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(loss)
    return losses
