"""Right solutions of "How the weights change"."""


def clip_gradients(parameters: list[Tensor], max_norm: float) -> float:
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = float(sum(float(g.pow(2).sum()) for g in gradients)) ** 0.5
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm


def cross_entropy(
    logits: Float[Tensor, "examples classes"], labels: Int[Tensor, "examples"], ignore_index: int = -100
) -> Float[Tensor, ""]:
    kept = labels != ignore_index
    rows, wanted = logits[kept], labels[kept]
    lifted = rows - rows.max(dim=1, keepdim=True).values
    surprise = lifted.exp().sum(dim=1).log() - lifted.gather(1, wanted[:, None]).squeeze(1)
    return surprise.mean()


def adamw_step(
    parameter: Float[Tensor, "*shape"],
    gradient: Float[Tensor, "*shape"],
    state: AdamWState,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
) -> AdamWState:
    count = state.step + 1
    average = betas[0] * state.mean + (1 - betas[0]) * gradient
    spread = betas[1] * state.square + (1 - betas[1]) * gradient**2
    direction = (average / (1 - betas[0] ** count)) / ((spread / (1 - betas[1] ** count)).sqrt() + eps)
    with torch.no_grad():
        parameter.mul_(1 - lr * weight_decay)
        parameter.sub_(lr * direction)
    return AdamWState(count, average, spread)


def l2_sp_penalty(model: nn.Module, start: dict[str, Tensor], strength: float, head_strength: float, head: str) -> Float[Tensor, ""]:
    body, new = torch.zeros(()), torch.zeros(())
    for name, weight in model.named_parameters():
        if name.startswith(head + "."):
            new = new + weight.square().sum()
        else:
            body = body + (weight - start[name]).square().sum()
    return strength / 2 * body + head_strength / 2 * new


def fine_tune(model: nn.Module, batches: list[dict[str, Tensor]], optimizer: Optimizer, steps: int, max_norm: float) -> list[float]:
    model.train()
    losses = []
    for number in range(steps):
        optimizer.zero_grad()
        model.zero_grad()
        loss = model(**batches[number % len(batches)]).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses
