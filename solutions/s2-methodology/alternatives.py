"""Other right solutions of "How the weights change"."""

from autograder.authoring import alternative


@alternative("clip_gradients")
def one_long_vector(parameters, max_norm):
    """Lays all gradients out as one vector, and replaces each by a shorter one."""
    found = [p for p in parameters if p.grad is not None]
    if not found:
        return 0.0
    length = torch.cat([p.grad.flatten() for p in found]).norm().item()
    factor = min(1.0, max_norm / length) if length > 0 else 1.0
    for p in found:
        p.grad = p.grad * factor
    return length


@alternative("clip_gradients")
def the_library(parameters, max_norm):
    """Torch's own function, which adds a millionth to the length."""
    return float(torch.nn.utils.clip_grad_norm_(parameters, max_norm))


@alternative("cross_entropy")
def by_logsumexp(logits, labels, ignore_index=-100):
    """Torch's stable logarithm of the sum; sums over what counts and divides."""
    counts = (labels != ignore_index).to(logits.dtype)
    safe = labels.masked_fill(labels == ignore_index, 0)
    losses = torch.logsumexp(logits, dim=-1) - logits[torch.arange(len(labels)), safe]
    return (losses * counts).sum() / counts.sum()


@alternative("cross_entropy")
def by_log_softmax(logits, labels, ignore_index=-100):
    """One-hot labels against log-probabilities."""
    kept = labels != ignore_index
    chances = torch.log_softmax(logits[kept], dim=1)
    one_hot = torch.nn.functional.one_hot(labels[kept], logits.shape[1]).to(logits.dtype)
    return -(chances * one_hot).sum() / kept.sum()


@alternative("adamw_step")
def as_torch_writes_it(parameter, gradient, state, lr, betas, eps, weight_decay):
    """In place throughout: the state's own tensors are updated and the state given back."""
    first, second = betas
    state.step += 1
    state.mean.lerp_(gradient, 1 - first)
    state.square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
    with torch.no_grad():
        parameter.mul_(1 - lr * weight_decay)
        root = state.square.sqrt() / (1 - second**state.step) ** 0.5
        parameter.addcdiv_(state.mean, root.add_(eps), value=-lr / (1 - first**state.step))
    return state


@alternative("adamw_step")
def by_the_library(parameter, gradient, state, lr, betas, eps, weight_decay):
    """Torch's optimizer, with its state put in and taken out."""
    stand_in = torch.nn.Parameter(parameter.detach().clone())
    optimizer = torch.optim.AdamW([stand_in], lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
    optimizer.state[stand_in] = {"step": torch.tensor(float(state.step)), "exp_avg": state.mean.clone(), "exp_avg_sq": state.square.clone()}
    stand_in.grad = gradient.detach().clone()
    optimizer.step()
    notes = optimizer.state[stand_in]
    parameter.data.copy_(stand_in.detach())
    return AdamWState(int(notes["step"]), notes["exp_avg"], notes["exp_avg_sq"])


@alternative("l2_sp_penalty")
def by_norms(model, start, strength, head_strength, head):
    """A list of terms, from norms of differences."""
    terms = []
    for name, parameter in model.named_parameters():
        in_head = name.split(".")[: head.count(".") + 1] == head.split(".")
        target = torch.zeros_like(parameter) if in_head else start[name].detach()
        terms.append(0.5 * (head_strength if in_head else strength) * ((parameter - target) ** 2).sum())
    return torch.stack(terms).sum()


@alternative("l2_sp_penalty")
def by_one_vector(model, start, strength, head_strength, head):
    """Two long vectors, of the body's differences and of the head's weights."""
    named = dict(model.named_parameters())
    moved = [(p - start[n]).flatten() for n, p in named.items() if not n.startswith(f"{head}.")]
    fresh = [p.flatten() for n, p in named.items() if n.startswith(f"{head}.")]
    penalty = 0.0
    for weight, parts in ((strength, moved), (head_strength, fresh)):
        if parts:
            vector = torch.cat(parts)
            penalty = penalty + weight / 2 * vector @ vector
    return penalty


@alternative("fine_tune")
def by_cycling(model, batches, optimizer, steps, max_norm):
    """Cycles over the batches; clears gradients right after each step, and once before the first."""
    import itertools

    model.train()
    model.zero_grad(set_to_none=True)
    losses = []
    for batch in itertools.islice(itertools.cycle(batches), steps):
        loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(model.parameters()), max_norm)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    return losses


@alternative("fine_tune")
def clipping_by_hand(model, batches, optimizer, steps, max_norm):
    """Computes the length itself and scales when it is too long."""
    history = []
    model.train(True)
    while len(history) < steps:
        batch = batches[len(history) % len(batches)]
        for p in model.parameters():
            p.grad = None
        loss = model(**batch).loss
        loss.backward()
        found = [p.grad for p in model.parameters() if p.grad is not None]
        length = torch.sqrt(sum((g**2).sum() for g in found))
        if length > max_norm:
            for g in found:
                g *= max_norm / length
        optimizer.step()
        history.append(loss.item())
    return history
