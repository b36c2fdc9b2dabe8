"""Solutions of "What they are, and what they are for"."""


def cosine_similarity(a: Float[Tensor, "n d"], b: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    lengths_a, lengths_b = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    unit_a = torch.where(lengths_a > 0, a / lengths_a, torch.zeros_like(a))
    unit_b = torch.where(lengths_b > 0, b / lengths_b, torch.zeros_like(b))
    return unit_a @ unit_b.T


def semantic_search(query: str, documents: list[str], encode: Encoder, k: int) -> list[tuple[int, float]]:
    if not documents:
        return []
    asked, vectors = encode([query])[0], encode(documents)
    lengths = vectors.norm(dim=1) * asked.norm()
    dots = vectors @ asked
    scores = [dot / length if length > 0 else 0.0 for dot, length in zip(dots.tolist(), lengths.tolist(), strict=True)]
    best = sorted(range(len(documents)), key=lambda index: (-scores[index], index))
    return [(index, scores[index]) for index in best[:k]]


def few_shot_prompt(examples: list[tuple[str, str]], query: str, count_tokens: Callable[[str], int], budget: int) -> str:
    shown = [f"Input: {text}\nOutput: {answer}\n\n" for text, answer in examples if text != query]
    open_slot = f"Input: {query}\nOutput:"
    for start in range(len(shown)):
        prompt = "".join(shown[start:]) + open_slot
        if count_tokens(prompt) <= budget:
            return prompt
    return open_slot


def extract_json(reply: str) -> dict | None:
    import json

    decoder = json.JSONDecoder()
    for start, character in enumerate(reply):
        if character == "{":
            try:
                return decoder.raw_decode(reply, start)[0]
            except ValueError:
                continue
    return None


def summarize(sentences: list[str], encode: Encoder, k: int, diversity: float) -> list[int]:
    if not 0 <= diversity <= 1:
        raise ValueError(f"diversity must lie between 0 and 1, not {diversity}")
    if not sentences:
        return []
    vectors = encode(sentences)
    units = torch.nn.functional.normalize(vectors, dim=1)
    relevance = units @ torch.nn.functional.normalize(vectors.mean(dim=0), dim=0)
    alike = units @ units.T
    chosen = [int(relevance.argmax())]
    while len(chosen) < min(k, len(sentences)):
        worth = (1 - diversity) * relevance - diversity * alike[:, chosen].max(dim=1).values
        worth[chosen] = -torch.inf
        chosen.append(int(worth.argmax()))
    return sorted(chosen)
