"""Wrong solutions of "Inside a transformer", and the misconception behind each."""

from autograder.authoring import mutant

# ---------------------------------------------------------------- causal_mask


@mutant("causal_mask", caught_by="test_every_query_reads_itself_and_the_past", says="lets no token read itself")
def without_itself(n):
    """Leaves the diagonal out."""
    return torch.ones(n, n, dtype=torch.bool).tril(diagonal=-1)


@mutant("causal_mask", caught_by="test_every_query_reads_itself_and_the_past", says="Which axis is the query")
def transposed(n):
    """Takes rows for keys."""
    return torch.ones(n, n, dtype=torch.bool).triu()


@mutant("causal_mask", caught_by="test_every_query_reads_itself_and_the_past", says="are added to the scores")
def zeros_and_ones(n):
    """Floats instead of truth values."""
    return torch.tril(torch.ones(n, n))


@mutant("causal_mask", caught_by="test_every_query_reads_itself_and_the_past", says="are added to the scores")
def minus_infinity(n):
    """What is added to the scores, in place of what may be read."""
    return torch.full((n, n), -math.inf).triu(1)


@mutant("causal_mask", caught_by="test_every_query_reads_itself_and_the_past", says="True for what is forbidden")
def true_for_forbidden(n):
    """The convention of other interfaces."""
    return torch.ones(n, n, dtype=torch.bool).triu(1)


@mutant("causal_mask", caught_by="test_every_query_reads_itself_and_the_past", says="the very next token")
def one_too_far(n):
    """Lets each token see the next one."""
    return torch.ones(n, n, dtype=torch.bool).tril(1)


@mutant("causal_mask", caught_by="test_the_future_never_changes_the_past", says="what came before it")
def everything(n):
    """Hides nothing, as an encoder."""
    return torch.ones(n, n, dtype=torch.bool)


@mutant("causal_mask", caught_by="test_every_query_reads_itself_and_the_past", says="where (")
def with_a_batch_axis(n):
    """Adds an axis that wasn't asked for."""
    return torch.ones(1, n, n, dtype=torch.bool).tril()


@mutant("causal_mask", caught_by="test_every_query_reads_itself_and_the_past", says="upside down")
def upside_down(n):
    """Flips the table upside down."""
    return torch.ones(n, n, dtype=torch.bool).tril().flip(0)


# ---------------------------------------------------------------- attention


@mutant("attention", caught_by="test_an_average_of_the_values", says="square root of d_k")
def without_scaling(q, k, v, mask=None):
    """Forgets to divide."""
    scores = q @ k.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ v, weights


@mutant("attention", caught_by="test_an_average_of_the_values", says="width of the values")
def scaled_by_the_values(q, k, v, mask=None):
    """Takes the width of a value for that of a key."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(v.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ v, weights


@mutant("attention", caught_by="test_an_average_of_the_values", says="without the root")
def divided_by_the_width(q, k, v, mask=None):
    """Divides by d_k itself."""
    scores = q @ k.transpose(-2, -1) / q.shape[-1]
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ v, weights


@mutant("attention", caught_by="test_an_average_of_the_values", says="number of keys")
def scaled_by_the_keys(q, k, v, mask=None):
    """Takes the wrong axis for the width."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(k.shape[-2])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ v, weights


@mutant("attention", caught_by="test_an_average_of_the_values", says="add up to 1 over the queries")
def softmax_over_queries(q, k, v, mask=None):
    """Makes the columns add up to 1."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-2)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ v, weights


@mutant("attention", caught_by="test_batches_and_heads", says="over the second axis")
def softmax_over_queries_when_square(q, k, v, mask=None):
    """Counts the axes of a matrix from the front."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ v, weights


@mutant("attention", caught_by="test_an_average_of_the_values", says="before the softmax")
def scores_for_weights(q, k, v, mask=None):
    """Gives the scores back."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(-1).nan_to_num() @ v, scores


@mutant("attention", caught_by="test_an_average_of_the_values", says="first the outputs, then the weights")
def weights_first(q, k, v, mask=None):
    """Gives the two in the other order."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights, weights @ v


@mutant("attention", caught_by="test_an_average_of_the_values", says="tuple")
def outputs_only(q, k, v, mask=None):
    """Forgets the weights."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ v


@mutant("attention", caught_by="test_true_means_may_attend", says="after the softmax")
def mask_after_softmax(q, k, v, mask=None):
    """Strikes weights out when they already add up to 1."""
    weights = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1)
    if mask is not None:
        weights = weights * mask
    return weights @ v, weights


@mutant("attention", caught_by="test_true_means_may_attend", says="the other way round")
def inverted(q, k, v, mask=None):
    """True for what is hidden."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(mask, -math.inf)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(mask, 0.0)
    return weights @ v, weights


@mutant("attention", caught_by="test_true_means_may_attend", says="hardly changes a score")
def hardly_negative(q, k, v, mask=None):
    """-1e-9 for a very negative number."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores + torch.where(mask, 0.0, -1e-9)
    weights = scores.softmax(-1)
    return weights @ v, weights


@mutant("attention", caught_by="test_true_means_may_attend", says="a score of 0 is not")
def zero_for_minus_infinity(q, k, v, mask=None):
    """Sets the scores of hidden keys to 0."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores * mask
    weights = scores.softmax(-1)
    return weights @ v, weights


@mutant("attention", caught_by="test_true_means_may_attend", says="as if there were no mask")
def mask_ignored(q, k, v, mask=None):
    """Doesn't look at the mask."""
    weights = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1)
    return weights @ v, weights


@mutant("attention", caught_by="test_a_query_that_may_read_nothing", says="NaN")
def rows_of_nan(q, k, v, mask=None):
    """Softmax over nothing but minus infinity."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1)
    return weights @ v, weights


@mutant("attention", caught_by="test_a_query_that_may_read_nothing", says="evenly over all keys")
def rows_spread_evenly(q, k, v, mask=None):
    """A large number in place of infinity, and nothing after."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    weights = scores.softmax(-1)
    return weights @ v, weights


@mutant("attention", caught_by="test_large_scores", says="largest score")
def exponentials_overflow(q, k, v, mask=None):
    """Takes exponentials of scores as they come."""
    powers = torch.exp(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]))
    if mask is not None:
        powers = powers * mask
    weights = powers / powers.sum(-1, keepdim=True)
    weights = torch.where(powers.sum(-1, keepdim=True) == 0, 0.0, weights)
    return weights @ v, weights


@mutant("attention", caught_by="test_batches_and_heads", says="last two")
def first_two_axes(q, k, v, mask=None):
    """Turns round the first two axes."""
    scores = q @ (k.T if k.dim() == 2 else k.transpose(0, 1)) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ v, weights


@mutant("attention", caught_by="test_nothing_else_changes", says="left changed")
def scales_in_place(q, k, v, mask=None):
    """Divides the caller's queries."""
    q /= math.sqrt(q.shape[-1])
    scores = q @ k.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ v, weights


@mutant("attention", caught_by="test_torch_agrees", says="float64")
def single_precision(q, k, v, mask=None):
    """Computes in single precision whatever comes."""
    dtype, q, k, v = q.dtype, q.float(), k.float(), v.float()
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1).nan_to_num()
    return (weights @ v).to(dtype), weights.to(dtype)


# ---------------------------------------------------------------- multi_head_attention


@mutant("multi_head_attention", caught_by="test_every_head_by_itself", says="along the tokens")
def cut_along_tokens(x, weights, heads, mask=None):
    """Reshapes to (batch, heads, tokens, size) at once, which mixes tokens."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = F.linear(x, weights[f"attention.self.{name}.weight"], weights[f"attention.self.{name}.bias"])
        return vectors.view(batch, heads, tokens, width // heads)

    if mask is not None:
        mask = mask.unsqueeze(-3)
    mixed = F.scaled_dot_product_attention(cut_up("query"), cut_up("key"), cut_up("value"), attn_mask=mask)
    joined = mixed.reshape(batch, tokens, width)
    return F.linear(joined, weights["attention.output.dense.weight"], weights["attention.output.dense.bias"])


@mutant("multi_head_attention", caught_by="test_every_head_by_itself", says="width of the whole vector")
def scaled_by_the_whole_width(x, weights, heads, mask=None):
    """Divides by the root of the width, not of a head's share."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = F.linear(x, weights[f"attention.self.{name}.weight"], weights[f"attention.self.{name}.bias"])
        return vectors.view(batch, tokens, heads, width // heads).transpose(1, 2)

    if mask is not None:
        mask = mask.unsqueeze(-3)
    mixed = F.scaled_dot_product_attention(cut_up("query"), cut_up("key"), cut_up("value"), attn_mask=mask, scale=width**-0.5)
    joined = mixed.transpose(1, 2).reshape(batch, tokens, width)
    return F.linear(joined, weights["attention.output.dense.weight"], weights["attention.output.dense.bias"])


@mutant("multi_head_attention", caught_by="test_every_head_by_itself", says="beside one another")
def heads_not_put_back(x, weights, heads, mask=None):
    """Reshapes without turning the axes back."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = F.linear(x, weights[f"attention.self.{name}.weight"], weights[f"attention.self.{name}.bias"])
        return vectors.view(batch, tokens, heads, width // heads).transpose(1, 2)

    if mask is not None:
        mask = mask.unsqueeze(-3)
    mixed = F.scaled_dot_product_attention(cut_up("query"), cut_up("key"), cut_up("value"), attn_mask=mask)
    joined = mixed.reshape(batch, tokens, width)
    return F.linear(joined, weights["attention.output.dense.weight"], weights["attention.output.dense.bias"])


@mutant("multi_head_attention", caught_by="test_every_head_by_itself", says="numbers lie side by side")
def interleaved_heads(x, weights, heads, mask=None):
    """Gives every head each so-manieth number."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = F.linear(x, weights[f"attention.self.{name}.weight"], weights[f"attention.self.{name}.bias"])
        return vectors.view(batch, tokens, width // heads, heads).permute(0, 3, 1, 2)

    if mask is not None:
        mask = mask.unsqueeze(-3)
    mixed = F.scaled_dot_product_attention(cut_up("query"), cut_up("key"), cut_up("value"), attn_mask=mask)
    joined = mixed.permute(0, 2, 3, 1).reshape(batch, tokens, width)
    return F.linear(joined, weights["attention.output.dense.weight"], weights["attention.output.dense.bias"])


@mutant("multi_head_attention", caught_by="test_every_head_by_itself", says="as if there were one head")
def one_wide_head(x, weights, heads, mask=None):
    """Never cuts the vectors up."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = F.linear(x, weights[f"attention.self.{name}.weight"], weights[f"attention.self.{name}.bias"])
        return vectors

    mixed = F.scaled_dot_product_attention(cut_up("query"), cut_up("key"), cut_up("value"), attn_mask=mask)
    joined = mixed
    return F.linear(joined, weights["attention.output.dense.weight"], weights["attention.output.dense.bias"])


@mutant("multi_head_attention", caught_by="test_every_head_by_itself", says="where (")
def heads_averaged(x, weights, heads, mask=None):
    """Takes the mean over heads."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = F.linear(x, weights[f"attention.self.{name}.weight"], weights[f"attention.self.{name}.bias"])
        return vectors.view(batch, tokens, heads, width // heads).transpose(1, 2)

    if mask is not None:
        mask = mask.unsqueeze(-3)
    mixed = F.scaled_dot_product_attention(cut_up("query"), cut_up("key"), cut_up("value"), attn_mask=mask)
    joined = mixed.mean(dim=1)
    return joined


@mutant("multi_head_attention", caught_by="test_every_head_by_itself", says="output matrix")
def output_matrix_forgotten(x, weights, heads, mask=None):
    """Stops when the heads are side by side."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = F.linear(x, weights[f"attention.self.{name}.weight"], weights[f"attention.self.{name}.bias"])
        return vectors.view(batch, tokens, heads, width // heads).transpose(1, 2)

    if mask is not None:
        mask = mask.unsqueeze(-3)
    mixed = F.scaled_dot_product_attention(cut_up("query"), cut_up("key"), cut_up("value"), attn_mask=mask)
    joined = mixed.transpose(1, 2).reshape(batch, tokens, width)
    return joined


@mutant("multi_head_attention", caught_by="test_every_head_by_itself", says="biases of queries, keys and values")
def biases_forgotten(x, weights, heads, mask=None):
    """Leaves three biases out."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = x @ weights[f"attention.self.{name}.weight"].T
        return vectors.view(batch, tokens, heads, width // heads).transpose(1, 2)

    if mask is not None:
        mask = mask.unsqueeze(-3)
    mixed = F.scaled_dot_product_attention(cut_up("query"), cut_up("key"), cut_up("value"), attn_mask=mask)
    joined = mixed.transpose(1, 2).reshape(batch, tokens, width)
    return F.linear(joined, weights["attention.output.dense.weight"], weights["attention.output.dense.bias"])


@mutant("multi_head_attention", caught_by="test_every_head_by_itself", says="bias of the output")
def output_bias_forgotten(x, weights, heads, mask=None):
    """Leaves the last bias out."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = F.linear(x, weights[f"attention.self.{name}.weight"], weights[f"attention.self.{name}.bias"])
        return vectors.view(batch, tokens, heads, width // heads).transpose(1, 2)

    if mask is not None:
        mask = mask.unsqueeze(-3)
    mixed = F.scaled_dot_product_attention(cut_up("query"), cut_up("key"), cut_up("value"), attn_mask=mask)
    joined = mixed.transpose(1, 2).reshape(batch, tokens, width)
    return joined @ weights["attention.output.dense.weight"].T


@mutant("multi_head_attention", caught_by="test_every_head_by_itself", says="transposed")
def matrices_not_turned(x, weights, heads, mask=None):
    """Multiplies by the matrices as they are stored."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = x @ weights[f"attention.self.{name}.weight"] + weights[f"attention.self.{name}.bias"]
        return vectors.view(batch, tokens, heads, width // heads).transpose(1, 2)

    if mask is not None:
        mask = mask.unsqueeze(-3)
    mixed = F.scaled_dot_product_attention(cut_up("query"), cut_up("key"), cut_up("value"), attn_mask=mask)
    joined = mixed.transpose(1, 2).reshape(batch, tokens, width)
    return joined @ weights["attention.output.dense.weight"] + weights["attention.output.dense.bias"]


@mutant("multi_head_attention", caught_by="test_every_head_by_itself", says="queries and keys")
def keys_and_queries_swapped(x, weights, heads, mask=None):
    """Lets keys ask."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = F.linear(x, weights[f"attention.self.{name}.weight"], weights[f"attention.self.{name}.bias"])
        return vectors.view(batch, tokens, heads, width // heads).transpose(1, 2)

    if mask is not None:
        mask = mask.unsqueeze(-3)
    mixed = F.scaled_dot_product_attention(cut_up("key"), cut_up("query"), cut_up("value"), attn_mask=mask)
    joined = mixed.transpose(1, 2).reshape(batch, tokens, width)
    return F.linear(joined, weights["attention.output.dense.weight"], weights["attention.output.dense.bias"])


@mutant("multi_head_attention", caught_by="test_masks_of_every_form", says="axis for the heads")
def no_axis_for_the_heads(x, weights, heads, mask=None):
    """A mask per sentence meets the axis of the heads."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = F.linear(x, weights[f"attention.self.{name}.weight"], weights[f"attention.self.{name}.bias"])
        return vectors.view(batch, tokens, heads, width // heads).transpose(1, 2)

    mixed = F.scaled_dot_product_attention(cut_up("query"), cut_up("key"), cut_up("value"), attn_mask=mask)
    joined = mixed.transpose(1, 2).reshape(batch, tokens, width)
    return F.linear(joined, weights["attention.output.dense.weight"], weights["attention.output.dense.bias"])


@mutant("multi_head_attention", caught_by="test_masks_of_every_form", says="as if there were no mask")
def mask_ignored(x, weights, heads, mask=None):
    """Never uses the mask."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = F.linear(x, weights[f"attention.self.{name}.weight"], weights[f"attention.self.{name}.bias"])
        return vectors.view(batch, tokens, heads, width // heads).transpose(1, 2)

    mixed = F.scaled_dot_product_attention(cut_up("query"), cut_up("key"), cut_up("value"))
    joined = mixed.transpose(1, 2).reshape(batch, tokens, width)
    return F.linear(joined, weights["attention.output.dense.weight"], weights["attention.output.dense.bias"])


@mutant("multi_head_attention", caught_by="test_masks_of_every_form", says="the other way round")
def mask_the_other_way(x, weights, heads, mask=None):
    """True for what is hidden."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = F.linear(x, weights[f"attention.self.{name}.weight"], weights[f"attention.self.{name}.bias"])
        return vectors.view(batch, tokens, heads, width // heads).transpose(1, 2)

    if mask is not None:
        mask = ~mask.unsqueeze(-3)
    mixed = F.scaled_dot_product_attention(cut_up("query"), cut_up("key"), cut_up("value"), attn_mask=mask)
    joined = mixed.transpose(1, 2).reshape(batch, tokens, width)
    return F.linear(joined, weights["attention.output.dense.weight"], weights["attention.output.dense.bias"])


@mutant("multi_head_attention", caught_by="test_every_head_by_itself", says="adds the input")
def residual_added(x, weights, heads, mask=None):
    """Adds what the layer around it adds."""
    batch, tokens, width = x.shape

    def cut_up(name):
        vectors = F.linear(x, weights[f"attention.self.{name}.weight"], weights[f"attention.self.{name}.bias"])
        return vectors.view(batch, tokens, heads, width // heads).transpose(1, 2)

    if mask is not None:
        mask = mask.unsqueeze(-3)
    mixed = F.scaled_dot_product_attention(cut_up("query"), cut_up("key"), cut_up("value"), attn_mask=mask)
    joined = mixed.transpose(1, 2).reshape(batch, tokens, width)
    return x + F.linear(joined, weights["attention.output.dense.weight"], weights["attention.output.dense.bias"])


# ---------------------------------------------------------------- layer_norm


@mutant("layer_norm", caught_by="test_every_vector_is_normalised", says="outside the root")
def eps_outside_the_root(x, gain, bias, eps):
    """Adds eps to the standard deviation."""
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.pow(2).mean(-1, keepdim=True).sqrt() + eps) * gain + bias


@mutant("layer_norm", caught_by="test_every_vector_is_normalised", says="one less than the width")
def unbiased_variance(x, gain, bias, eps):
    """torch's `var` as it comes."""
    return (x - x.mean(-1, keepdim=True)) / torch.sqrt(x.var(-1, keepdim=True) + eps) * gain + bias


@mutant("layer_norm", caught_by="test_every_vector_is_normalised", says="outside the root")
def unbiased_standard_deviation(x, gain, bias, eps):
    """torch's `std` as it comes, with eps beside it."""
    return (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + eps) * gain + bias


@mutant("layer_norm", caught_by="test_every_token_by_itself", says="other tokens")
def over_everything(x, gain, bias, eps):
    """One mean for all."""
    return (x - x.mean()) / torch.sqrt(x.var(correction=0) + eps) * gain + bias


@mutant("layer_norm", caught_by="test_every_token_by_itself", says="other tokens")
def over_the_tokens(x, gain, bias, eps):
    """Mean over the tokens, as batch normalisation does over the batch."""
    mean = x.mean(dim=0, keepdim=True)
    return (x - mean) / torch.sqrt(x.var(dim=0, correction=0, keepdim=True) + eps) * gain + bias


@mutant("layer_norm", caught_by="test_any_number_of_axes", says="last axis")
def second_axis(x, gain, bias, eps):
    """Counts the axes from the front."""
    axis = min(1, x.dim() - 1)
    mean = x.mean(dim=axis, keepdim=True)
    return (x - mean) / torch.sqrt(x.var(dim=axis, correction=0, keepdim=True) + eps) * gain + bias


@mutant("layer_norm", caught_by="test_every_vector_is_normalised", says="without the gain")
def gain_forgotten(x, gain, bias, eps):
    """Adds the bias only."""
    return (x - x.mean(-1, keepdim=True)) / torch.sqrt(x.var(-1, correction=0, keepdim=True) + eps) + bias


@mutant("layer_norm", caught_by="test_every_vector_is_normalised", says="without the bias")
def bias_forgotten(x, gain, bias, eps):
    """Multiplies by the gain only."""
    return (x - x.mean(-1, keepdim=True)) / torch.sqrt(x.var(-1, correction=0, keepdim=True) + eps) * gain


@mutant("layer_norm", caught_by="test_every_vector_is_normalised", says="bias comes last")
def bias_before_gain(x, gain, bias, eps):
    """Multiplies the bias as well."""
    return ((x - x.mean(-1, keepdim=True)) / torch.sqrt(x.var(-1, correction=0, keepdim=True) + eps) + bias) * gain


@mutant("layer_norm", caught_by="test_every_vector_is_normalised", says="root")
def variance_for_its_root(x, gain, bias, eps):
    """Divides by the variance."""
    return (x - x.mean(-1, keepdim=True)) / (x.var(-1, correction=0, keepdim=True) + eps) * gain + bias


@mutant("layer_norm", caught_by="test_every_vector_is_normalised", says="mean")
def mean_not_taken_off(x, gain, bias, eps):
    """Divides by the root of the mean square."""
    return x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + eps) * gain + bias


@mutant("layer_norm", caught_by="test_every_vector_is_normalised", says="eps")
def eps_ignored(x, gain, bias, eps):
    """Uses an eps of its own."""
    return (x - x.mean(-1, keepdim=True)) / torch.sqrt(x.var(-1, correction=0, keepdim=True) + 1e-5) * gain + bias


@mutant("layer_norm", caught_by="test_a_vector_of_equal_numbers", says="NaN")
def no_eps_at_all(x, gain, bias, eps):
    """Divides by nothing when all numbers are equal."""
    return (x - x.mean(-1, keepdim=True)) / x.std(-1, correction=0, keepdim=True) * gain + bias


@mutant("layer_norm", caught_by="test_nothing_else_changes", says="left changed")
def changes_its_input(x, gain, bias, eps):
    """Takes the mean off in place."""
    x -= x.mean(-1, keepdim=True)
    return x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + eps) * gain + bias


# ---------------------------------------------------------------- encoder_layer


@mutant("encoder_layer", caught_by="test_the_parts_in_their_order", says="before attention")
def pre_norm(x, weights, heads, mask=None):
    """Normalises before each part, as newer models do."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = norm("attention.output.LayerNorm", x)
    q, k, v = (
        linear(f"attention.self.{name}", source).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = x + attended
    thought = linear("output.dense", F.gelu(linear("intermediate.dense", norm("output.LayerNorm", x))))
    return x + thought


@mutant("encoder_layer", caught_by="test_the_parts_in_their_order", says="around attention")
def no_residual_around_attention(x, weights, heads, mask=None):
    """Leaves the first sum out."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = x
    q, k, v = (
        linear(f"attention.self.{name}", source).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = norm("attention.output.LayerNorm", attended)
    thought = linear("output.dense", F.gelu(linear("intermediate.dense", x)))
    return norm("output.LayerNorm", x + thought)


@mutant("encoder_layer", caught_by="test_the_parts_in_their_order", says="around the two linear maps")
def no_residual_around_the_rest(x, weights, heads, mask=None):
    """Leaves the second sum out."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = x
    q, k, v = (
        linear(f"attention.self.{name}", source).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = norm("attention.output.LayerNorm", x + attended)
    thought = linear("output.dense", F.gelu(linear("intermediate.dense", x)))
    return norm("output.LayerNorm", thought)


@mutant("encoder_layer", caught_by="test_the_parts_in_their_order", says="from the layer's input")
def second_residual_from_the_input(x, weights, heads, mask=None):
    """Adds what came into the layer a second time."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = x
    q, k, v = (
        linear(f"attention.self.{name}", source).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    before = x
    x = norm("attention.output.LayerNorm", x + attended)
    thought = linear("output.dense", F.gelu(linear("intermediate.dense", x)))
    return norm("output.LayerNorm", before + thought)


@mutant("encoder_layer", caught_by="test_the_parts_in_their_order", says="after the sum")
def residual_after_norm(x, weights, heads, mask=None):
    """Normalises what the parts say, then adds."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = x
    q, k, v = (
        linear(f"attention.self.{name}", source).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = x + norm("attention.output.LayerNorm", attended)
    thought = linear("output.dense", F.gelu(linear("intermediate.dense", x)))
    return x + norm("output.LayerNorm", thought)


@mutant("encoder_layer", caught_by="test_the_parts_in_their_order", says="tanh")
def gelu_by_tanh(x, weights, heads, mask=None):
    """The approximation that some models use."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = x
    q, k, v = (
        linear(f"attention.self.{name}", source).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = norm("attention.output.LayerNorm", x + attended)
    thought = linear("output.dense", F.gelu(linear("intermediate.dense", x), approximate="tanh"))
    return norm("output.LayerNorm", x + thought)


@mutant("encoder_layer", caught_by="test_the_parts_in_their_order", says="ReLU")
def relu(x, weights, heads, mask=None):
    """The bend of the first transformer."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = x
    q, k, v = (
        linear(f"attention.self.{name}", source).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = norm("attention.output.LayerNorm", x + attended)
    thought = linear("output.dense", F.relu(linear("intermediate.dense", x)))
    return norm("output.LayerNorm", x + thought)


@mutant("encoder_layer", caught_by="test_the_parts_in_their_order", says="a single linear map")
def no_bend(x, weights, heads, mask=None):
    """Two matrices with nothing between."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = x
    q, k, v = (
        linear(f"attention.self.{name}", source).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = norm("attention.output.LayerNorm", x + attended)
    thought = linear("output.dense", (linear("intermediate.dense", x)))
    return norm("output.LayerNorm", x + thought)


@mutant("encoder_layer", caught_by="test_the_parts_in_their_order", says="the first norm's weights")
def one_norm_for_both(x, weights, heads, mask=None):
    """Uses the first norm twice."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = x
    q, k, v = (
        linear(f"attention.self.{name}", source).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = norm("attention.output.LayerNorm", x + attended)
    thought = linear("output.dense", F.gelu(linear("intermediate.dense", x)))
    return norm("attention.output.LayerNorm", x + thought)


@mutant("encoder_layer", caught_by="test_the_parts_in_their_order", says="norms are swapped")
def norms_swapped(x, weights, heads, mask=None):
    """Takes the names in the other order."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = x
    q, k, v = (
        linear(f"attention.self.{name}", source).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = norm("output.LayerNorm", x + attended)
    thought = linear("output.dense", F.gelu(linear("intermediate.dense", x)))
    return norm("attention.output.LayerNorm", x + thought)


@mutant("encoder_layer", caught_by="test_the_parts_in_their_order", says="last norm")
def no_norm_at_the_end(x, weights, heads, mask=None):
    """Forgets the second norm."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = x
    q, k, v = (
        linear(f"attention.self.{name}", source).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = norm("attention.output.LayerNorm", x + attended)
    thought = linear("output.dense", F.gelu(linear("intermediate.dense", x)))
    return x + thought


@mutant("encoder_layer", caught_by="test_the_mask_reaches_attention", says="as if there were no mask")
def mask_forgotten(x, weights, heads, mask=None):
    """Never uses the mask."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = x
    q, k, v = (
        linear(f"attention.self.{name}", source).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None)
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = norm("attention.output.LayerNorm", x + attended)
    thought = linear("output.dense", F.gelu(linear("intermediate.dense", x)))
    return norm("output.LayerNorm", x + thought)


@mutant("encoder_layer", caught_by="test_the_mask_reaches_attention", says="the other way round")
def mask_upside_down(x, weights, heads, mask=None):
    """True for what is hidden."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = x
    q, k, v = (
        linear(f"attention.self.{name}", source).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else ~mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = norm("attention.output.LayerNorm", x + attended)
    thought = linear("output.dense", F.gelu(linear("intermediate.dense", x)))
    return norm("output.LayerNorm", x + thought)


@mutant("encoder_layer", caught_by="test_the_mask_reaches_attention", says="axis for the heads")
def mask_without_an_axis_for_heads(x, weights, heads, mask=None):
    """A mask per sentence meets the axis of the heads."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = x
    q, k, v = (
        linear(f"attention.self.{name}", source).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = norm("attention.output.LayerNorm", x + attended)
    thought = linear("output.dense", F.gelu(linear("intermediate.dense", x)))
    return norm("output.LayerNorm", x + thought)


@mutant("encoder_layer", caught_by="test_the_parts_in_their_order", says="heads")
def heads_along_tokens(x, weights, heads, mask=None):
    """Reshapes without turning the axes."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    source = x
    q, k, v = (linear(f"attention.self.{name}", source).view(batch, heads, tokens, -1) for name in ("query", "key", "value"))
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = norm("attention.output.LayerNorm", x + attended)
    thought = linear("output.dense", F.gelu(linear("intermediate.dense", x)))
    return norm("output.LayerNorm", x + thought)


@mutant("encoder_layer", caught_by="test_the_parts_in_their_order", says="another eps")
def eps_as_it_comes(x, weights, heads, mask=None):
    """The default eps of torch's layer_norm, 1e-5."""
    batch, tokens, width = x.shape

    def linear(name, vectors):
        return F.linear(vectors, weights[name + ".weight"], weights[name + ".bias"])

    def norm(name, vectors):
        return F.layer_norm(vectors, (width,), weights[name + ".weight"], weights[name + ".bias"])

    q, k, v = (linear(f"attention.self.{name}", x).view(batch, tokens, heads, -1).transpose(1, 2) for name in ("query", "key", "value"))
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.unsqueeze(-3))
    attended = linear("attention.output.dense", mixed.transpose(1, 2).reshape(batch, tokens, width))
    x = norm("attention.output.LayerNorm", x + attended)
    thought = linear("output.dense", F.gelu(linear("intermediate.dense", x)))
    return norm("output.LayerNorm", x + thought)


@mutant("encoder_layer", caught_by="test_nothing_else_changes", says="dropout")
def the_librarys_layer_in_training(x, weights, heads, mask=None):
    """Builds the library's layer and leaves its dropout on."""
    from transformers import BertConfig
    from transformers.models.bert.modeling_bert import BertLayer

    inner = weights["intermediate.dense.bias"].shape[0]
    config = BertConfig(hidden_size=x.shape[-1], num_attention_heads=heads, intermediate_size=inner, attn_implementation="sdpa")
    layer = BertLayer(config).to(x.dtype)
    layer.load_state_dict(weights)
    with torch.no_grad():
        return layer(x, None if mask is None else mask.unsqueeze(-3))
