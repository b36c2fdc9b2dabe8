"""Other right solutions of "Inside a transformer"."""

from autograder.authoring import alternative


@alternative("causal_mask")
def by_comparing_positions(n):
    """A key may be read when its position isn't larger than the query's."""
    position = torch.arange(n)
    return position[None, :] <= position[:, None]


@alternative("causal_mask")
def by_rows(n):
    """Writes the rows one by one."""
    mask = torch.zeros(n, n, dtype=torch.bool)
    for query in range(n):
        mask[query, : query + 1] = True
    return mask


@alternative("causal_mask")
def by_forbidding_the_future(n):
    """Takes the upper triangle away."""
    return ~torch.triu(torch.ones(n, n), diagonal=1).bool()


@alternative("attention")
def by_torchs_own(q, k, v, mask=None):
    """Lets torch mix the rows of an identity matrix, which gives the weights themselves."""
    one_per_key = torch.eye(k.shape[-2], dtype=k.dtype).expand(*k.shape[:-1], k.shape[-2])
    weights = F.scaled_dot_product_attention(q, k, one_per_key, attn_mask=mask)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask), weights


@alternative("attention")
def by_exponentials(q, k, v, mask=None):
    """Takes off the largest score, then divides exponentials by their sum, and by 1 where nothing may be read."""
    scores = torch.einsum("...qd,...kd->...qk", q, k) * q.shape[-1] ** -0.5
    allowed = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask.expand(scores.shape)
    scores = torch.where(allowed, scores, torch.full_like(scores, -1e30))
    powers = torch.exp(scores - scores.amax(-1, keepdim=True)) * allowed
    total = powers.sum(-1, keepdim=True)
    weights = powers / torch.where(total == 0, torch.ones_like(total), total)
    return torch.einsum("...qk,...kv->...qv", weights, v), weights


@alternative("attention")
def by_taking_nans_out(q, k, v, mask=None):
    """Adds minus infinity and replaces the rows of NaN afterwards."""
    scores = (q / math.sqrt(q.size(-1))).matmul(k.mT)
    if mask is not None:
        extra = torch.zeros(mask.shape, dtype=q.dtype)
        extra[~mask] = float("-inf")
        scores = scores + extra
    weights = torch.nan_to_num(torch.softmax(scores, -1), nan=0.0)
    return weights.matmul(v), weights


@alternative("multi_head_attention")
def one_head_after_the_other(x, weights, heads, mask=None):
    """Cuts the matrices into one slice per head, and adds up what each head contributes to the output."""
    width = x.shape[-1]
    size = width // heads
    out = weights["attention.output.dense.bias"].expand_as(x).clone()
    for head in range(heads):
        rows = slice(head * size, (head + 1) * size)
        q, k, v = (
            x @ weights[f"attention.self.{name}.weight"][rows].T + weights[f"attention.self.{name}.bias"][rows]
            for name in ("query", "key", "value")
        )
        scores = q @ k.transpose(1, 2) / size**0.5
        if mask is not None:
            scores = torch.where(mask, scores, -math.inf)
        out = out + scores.softmax(-1) @ v @ weights["attention.output.dense.weight"][:, rows].T
    return out


@alternative("multi_head_attention")
def by_torchs_function_for_all(x, weights, heads, mask=None):
    """Hands everything to torch's function, which wants tokens first, three matrices in one, and True for what is forbidden."""
    batch, tokens, width = x.shape
    names = ("query", "key", "value")
    if mask is not None:
        mask = (~mask).expand(batch, tokens, tokens).repeat_interleave(heads, dim=0)
    first = x.transpose(0, 1)
    out, _ = F.multi_head_attention_forward(
        first,
        first,
        first,
        width,
        heads,
        torch.cat([weights[f"attention.self.{name}.weight"] for name in names]),
        torch.cat([weights[f"attention.self.{name}.bias"] for name in names]),
        None,
        None,
        False,
        0.0,
        weights["attention.output.dense.weight"],
        weights["attention.output.dense.bias"],
        training=False,
        attn_mask=mask,
    )
    return out.transpose(0, 1)


@alternative("layer_norm")
def by_torchs_variance(x, gain, bias, eps):
    """The library's variance, without its correction."""
    variance, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
    return gain * (x - mean) * torch.rsqrt(variance + eps) + bias


@alternative("layer_norm")
def by_mean_of_squares(x, gain, bias, eps):
    """Variance as the mean of squares minus the square of the mean."""
    width = x.shape[-1]
    mean = x.sum(-1, keepdim=True) / width
    variance = ((x * x).sum(-1, keepdim=True) / width - mean * mean).clamp(min=0)
    return (x - mean) / (variance + eps) ** 0.5 * gain + bias


@alternative("layer_norm")
def by_the_librarys_function(x, gain, bias, eps):
    """The library's function."""
    return F.layer_norm(x, x.shape[-1:], gain, bias, eps)


@alternative("encoder_layer")
def by_heads(x, weights, heads, mask=None):
    """Each head by itself, everything else written out."""
    width = x.shape[-1]
    size = width // heads
    parts = []
    for head in range(heads):
        rows = slice(head * size, (head + 1) * size)
        q, k, v = (
            x @ weights[f"attention.self.{name}.weight"][rows].T + weights[f"attention.self.{name}.bias"][rows]
            for name in ("query", "key", "value")
        )
        scores = q @ k.transpose(1, 2) / size**0.5
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        parts.append(scores.softmax(-1) @ v)

    def normed(vectors, name):
        vectors = vectors - vectors.mean(-1, keepdim=True)
        vectors = vectors / (vectors.pow(2).mean(-1, keepdim=True) + 1e-12).sqrt()
        return vectors * weights[name + ".weight"] + weights[name + ".bias"]

    attended = torch.cat(parts, -1) @ weights["attention.output.dense.weight"].T + weights["attention.output.dense.bias"]
    middle = normed(attended + x, "attention.output.LayerNorm")
    inner = middle @ weights["intermediate.dense.weight"].T + weights["intermediate.dense.bias"]
    inner = inner * 0.5 * (1 + torch.erf(inner / math.sqrt(2)))
    outer = inner @ weights["output.dense.weight"].T + weights["output.dense.bias"]
    return normed(outer + middle, "output.LayerNorm")


@alternative("encoder_layer")
def by_the_library(x, weights, heads, mask=None):
    """Builds one of the library's layers of the right size and fills it."""
    from transformers import BertConfig
    from transformers.models.bert.modeling_bert import BertLayer

    config = BertConfig(
        hidden_size=x.shape[-1],
        num_attention_heads=heads,
        intermediate_size=weights["intermediate.dense.bias"].shape[0],
        layer_norm_eps=1e-12,
        attn_implementation="sdpa",
    )
    layer = BertLayer(config).to(x.dtype).eval()
    layer.load_state_dict(weights)
    with torch.no_grad():
        return layer(x, None if mask is None else mask.unsqueeze(-3))
