"""Other right solutions of "What they are, and what they are for"."""

from autograder.authoring import alternative


@alternative("cosine_similarity")
def a_little_added(a, b):
    """Adds a tiny number to each length, so that none is 0."""
    return (a / (a.norm(dim=1, keepdim=True) + 1e-8)) @ (b / (b.norm(dim=1, keepdim=True) + 1e-8)).transpose(0, 1)


@alternative("cosine_similarity")
def a_little_added_to_the_product(a, b):
    """Adds a tiny number to the product of the lengths."""
    return a @ b.T / (a.norm(dim=1)[:, None] * b.norm(dim=1) + 1e-8)


@alternative("cosine_similarity")
def zero_lengths_made_one(a, b):
    """Takes lengths of 0 for 1, by a sum over indices."""
    lengths = []
    for x in (a, b):
        length = (x * x).sum(dim=1).sqrt()
        length[length == 0] = 1.0
        lengths.append(length)
    return torch.einsum("nd,md->nm", a, b) / torch.outer(*lengths)


@alternative("cosine_similarity")
def by_the_library(a, b):
    """Lets torch compare each row with each."""
    return torch.nn.functional.cosine_similarity(a[:, None, :], b[None, :, :], dim=-1)


@alternative("cosine_similarity")
def products_over_lengths(a, b):
    """All dot products, divided by all products of lengths, and the NaN of zero vectors put right."""
    return torch.nan_to_num((a @ b.T) / (a.norm(dim=1)[:, None] * b.norm(dim=1)[None, :]), nan=0.0)


@alternative("cosine_similarity")
def row_by_row(a, b):
    """Two loops, in plain sight."""
    result = torch.zeros(len(a), len(b), dtype=a.dtype)
    for i in range(len(a)):
        for j in range(len(b)):
            lengths = (a[i] ** 2).sum().sqrt() * (b[j] ** 2).sum().sqrt()
            if lengths > 0:
                result[i, j] = (a[i] * b[j]).sum() / lengths
    return result


@alternative("semantic_search")
def by_lists_and_pairs(query, documents, encode, k):
    """Plain Python on lists, and pairs sorted by their negative score."""
    import math

    results = []
    if len(documents) > 0:
        asked, *others = encode([query] + documents).tolist()
        for index, vector in enumerate(others):
            lengths = math.sqrt(sum(x * x for x in asked)) * math.sqrt(sum(x * x for x in vector))
            results.append((-sum(x * y for x, y in zip(asked, vector, strict=True)) / lengths if lengths else 0.0, index))
    return [(index, -score) for score, index in sorted(results)[:k]]


@alternative("semantic_search")
def a_table_of_one_row(query, documents, encode, k):
    """The table of exercise 1 with one row, and a stable sort in reverse, which keeps ties in order."""
    if documents == []:
        return []
    one, many = encode([query]), encode(documents)
    table = (one / one.norm(dim=1, keepdim=True).clamp(min=1e-12)) @ (many / many.norm(dim=1, keepdim=True).clamp(min=1e-12)).T
    ranked = sorted(enumerate(table[0].tolist()), key=lambda pair: pair[1], reverse=True)
    return ranked[: min(k, len(ranked))]


@alternative("semantic_search")
def in_one_call(query, documents, encode, k):
    """Encodes query and documents together, and sorts with torch's stable sort."""
    if not documents:
        return []
    units = torch.nn.functional.normalize(encode([query, *documents]), dim=1)
    scores = units[1:] @ units[0]
    values, order = scores.sort(descending=True, stable=True)
    return list(zip(order[:k].tolist(), values[:k].tolist(), strict=True))


@alternative("semantic_search")
def one_maximum_after_the_other(query, documents, encode, k):
    """Takes the best of what is left, k times."""
    if not documents:
        return []
    vectors = encode(documents)
    scores = torch.nn.functional.cosine_similarity(vectors, encode([query])).tolist()
    left, found = list(range(len(documents))), []
    while left and len(found) < k:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        found.append((best, scores[best]))
    return found


@alternative("few_shot_prompt")
def all_prompts_then_the_longest(examples, query, count_tokens, budget):
    """Writes every possible prompt and takes the longest that fits."""
    others = [pair for pair in examples if not pair[0] == query]
    prompts = []
    for n in range(len(others) + 1):
        blocks = ["Input: %s\nOutput: %s\n" % pair for pair in others[len(others) - n :]]
        prompts.append("\n".join([*blocks, "Input: %s\nOutput:" % query]))
    fitting = [prompt for prompt in prompts[1:] if count_tokens(prompt) <= budget]
    return fitting[-1] if fitting else prompts[0]


@alternative("few_shot_prompt")
def dropping_the_oldest(examples, query, count_tokens, budget):
    """Begins with all, and drops the oldest while there are too many tokens."""

    def written(pairs):
        return "".join("Input: " + text + "\nOutput: " + answer + "\n\n" for text, answer in pairs) + "Input: " + query + "\nOutput:"

    left = list(filter(lambda pair: pair[0] != query, examples))
    while left and count_tokens(written(left)) > budget:
        left.pop(0)
    return written(left)


@alternative("few_shot_prompt")
def growing_backwards(examples, query, count_tokens, budget):
    """Puts one example after the other in front, until one is too many."""
    prompt = f"Input: {query}\nOutput:"
    for text, answer in reversed(examples):
        if text == query:
            continue
        longer = f"Input: {text}\nOutput: {answer}\n\n" + prompt
        if count_tokens(longer) > budget:
            break
        prompt = longer
    return prompt


@alternative("extract_json")
def where_the_reader_stops(reply):
    """Lets the reader complain of what comes behind the object, and cuts there."""
    import json

    place = reply.find("{")
    while place != -1:
        rest = reply[place:]
        try:
            return json.loads(rest)
        except json.JSONDecodeError as error:
            if error.msg == "Extra data":
                return json.loads(rest[: error.pos])
        place = reply.find("{", place + 1)
    return None


@alternative("extract_json")
def the_rest_after_the_rest(reply):
    """Calls itself with what comes behind a brace that begins nothing."""
    import json

    _, brace, behind = reply.partition("{")
    if not brace:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(brace + behind)
    except json.JSONDecodeError:
        return the_rest_after_the_rest(behind)
    return value


@alternative("extract_json")
def by_counting_braces(reply):
    """Finds the partner of each opening brace, with an eye on strings, and tries what lies between."""
    import json

    for start in [i for i, c in enumerate(reply) if c == "{"]:
        depth, in_string, escaped = 0, False, False
        for end in range(start, len(reply)):
            c = reply[end]
            if in_string:
                if escaped:
                    escaped = False
                elif c == "\\":
                    escaped = True
                elif c == '"':
                    in_string = False
            elif c == '"':
                in_string = True
            elif c in "{}":
                depth += 1 if c == "{" else -1
                if depth == 0:
                    try:
                        return json.loads(reply[start : end + 1])
                    except ValueError:
                        break
    return None


@alternative("extract_json")
def every_end_tried(reply):
    """Tries every closing brace for every opening one: slow, and right."""
    import json

    for start in [i for i, c in enumerate(reply) if c == "{"]:
        for end in [i for i, c in enumerate(reply) if c == "}" and i > start]:
            try:
                return json.loads(reply[start : end + 1])
            except ValueError:
                pass
    return None


@alternative("summarize")
def largest_so_far(sentences, encode, k, diversity):
    """Keeps, for each sentence, the largest cosine with a chosen one up to date."""
    if not (0.0 <= diversity <= 1.0):
        raise ValueError(f"diversity={diversity}: a number from 0 to 1 is needed")
    n = len(sentences)
    if n == 0:
        return []
    vectors = encode(sentences).double()
    relevance = torch.cosine_similarity(vectors, vectors.sum(0)[None])
    taken, closest = torch.zeros(n, dtype=torch.bool), torch.full((n,), -torch.inf, dtype=torch.float64)
    worth = relevance
    for _ in range(min(n, k)):
        best = worth.masked_fill(taken, -torch.inf).argmax()
        taken[best] = True
        closest = torch.maximum(closest, torch.cosine_similarity(vectors, vectors[best][None]))
        worth = relevance * (1 - diversity) - closest * diversity
    return taken.nonzero().flatten().tolist()


@alternative("summarize")
def with_a_set_of_what_is_left(sentences, encode, k, diversity):
    """Takes from a set what has the largest worth, until enough are taken or none is left."""
    if diversity < 0 or diversity > 1:
        raise ValueError("The diversity has to be from 0 to 1.")
    chosen, left = [], set(range(len(sentences)))
    if left:
        vectors = encode(sentences)
        table = torch.nn.functional.cosine_similarity(vectors[:, None], vectors[None], dim=-1).tolist()
        relevance = torch.nn.functional.cosine_similarity(vectors, vectors.mean(0)[None]).tolist()
    while left and len(chosen) < k:
        worth = {i: (1 - diversity) * relevance[i] - diversity * max(table[i][j] for j in chosen) if chosen else relevance[i] for i in left}
        best = max(worth, key=worth.get)
        chosen.append(best)
        left.discard(best)
    return sorted(chosen)


@alternative("summarize")
def in_plain_python(sentences, encode, k, diversity):
    """Vectors as lists, and a key for max."""
    import math

    if diversity < 0 or diversity > 1:
        raise ValueError("diversity is a share, from 0 to 1")
    if len(sentences) == 0:
        return []
    vectors = encode(sentences).tolist()
    middle = [sum(column) / len(vectors) for column in zip(*vectors, strict=True)]

    def cosine(x, y):
        lengths = math.hypot(*x) * math.hypot(*y)
        return sum(p * q for p, q in zip(x, y, strict=True)) / lengths if lengths else 0.0

    def worth(i):
        repeats = max(cosine(vectors[i], vectors[j]) for j in chosen)
        return (1 - diversity) * cosine(vectors[i], middle) - diversity * repeats

    left, chosen = list(range(len(sentences))), []
    for _ in range(min(k, len(sentences))):
        best = max(left, key=worth if chosen else lambda i: cosine(vectors[i], middle))
        left.remove(best)
        chosen.append(best)
    return sorted(chosen)
