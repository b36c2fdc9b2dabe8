"""Other right solutions of "What they are, and what they are for"."""

from autograder.authoring import alternative


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
