"""The reference solutions of "Inside a transformer"."""


def causal_mask(n):
    return torch.ones(n, n, dtype=torch.bool).tril()


def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ v, weights


def multi_head_attention(x, weights, heads, mask=None):
    batch, tokens, width = x.shape

    def heads_of(name):
        vectors = F.linear(x, weights[f"attention.self.{name}.weight"], weights[f"attention.self.{name}.bias"])
        return vectors.view(batch, tokens, heads, width // heads).transpose(1, 2)

    for_every_head = None if mask is None else mask.unsqueeze(-3)
    mixed = F.scaled_dot_product_attention(heads_of("query"), heads_of("key"), heads_of("value"), attn_mask=for_every_head)
    joined = mixed.transpose(1, 2).reshape(batch, tokens, width)
    return F.linear(joined, weights["attention.output.dense.weight"], weights["attention.output.dense.bias"])


def layer_norm(x, gain, bias, eps):
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.pow(2).mean(dim=-1, keepdim=True)
    return centred / torch.sqrt(variance + eps) * gain + bias


def encoder_layer(x, weights, heads, mask=None):
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[f"{name}.weight"], weights[f"{name}.bias"], eps=1e-12)

    q, k, v = (linear(f"attention.self.{name}", x).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value"))
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = norm("attention.output.LayerNorm", x + attended)

    thought = linear("output.dense", F.gelu(linear("intermediate.dense", x)))
    return norm("output.LayerNorm", x + thought)
