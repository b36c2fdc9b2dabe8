"""Wrong solutions of "What they are, and what they are for", each with the misconception behind it."""

from autograder.authoring import mutant

# ---------------------------------------------------------------- cosine_similarity


@mutant("cosine_similarity", caught_by="test_length_does_not_count", says="dot product")
def dot_products(a, b):
    """Takes the dot product for the cosine."""
    return a @ b.T


@mutant("cosine_similarity", caught_by="test_length_does_not_count", says="alone. A cosine is divided by both")
def one_side_normalised(a, b):
    """Divides by the lengths of one side only."""
    return torch.nn.functional.normalize(a, dim=1) @ b.T


@mutant("cosine_similarity", caught_by="test_each_row_with_each", says="along the rows")
def over_the_wrong_axis(a, b):
    """Normalises columns."""
    return torch.nn.functional.normalize(a, dim=0) @ torch.nn.functional.normalize(b, dim=0).T


@mutant("cosine_similarity", caught_by="test_zero_vectors_are_like_nothing", says="NaN")
def nan_for_zeros(a, b):
    """Divides by the length of zero vectors too."""
    return (a / a.norm(dim=1, keepdim=True)) @ (b / b.norm(dim=1, keepdim=True)).T


@mutant("cosine_similarity", caught_by="test_each_row_with_each", says="every row")
def only_the_diagonal(a, b):
    """Compares row i with row i, and with no other."""
    rows = min(len(a), len(b))
    return torch.nn.functional.cosine_similarity(a[:rows], b[:rows])


@mutant("cosine_similarity", caught_by="test_each_row_with_each", says="swapped")
def transposed(a, b):
    """A row for each row of b."""
    return torch.nn.functional.normalize(b, dim=1) @ torch.nn.functional.normalize(a, dim=1).T


@mutant("cosine_similarity", caught_by="test_opposite_is_minus_one", says="sign")
def without_sign(a, b):
    """Takes opposite for alike."""
    return (torch.nn.functional.normalize(a, dim=1) @ torch.nn.functional.normalize(b, dim=1).T).abs()


@mutant("cosine_similarity", caught_by="test_arguments_are_left_alone", says="changed")
def normalises_in_place(a, b):
    """Divides the caller's vectors by their lengths."""
    a /= a.norm(dim=1, keepdim=True).clamp(min=1e-12)
    b /= b.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return a @ b.T


@mutant("cosine_similarity", caught_by="test_each_row_with_each", says="one length for each")
def length_of_the_whole_table(a, b):
    """Takes one length for the whole table."""
    return (a / a.norm().clamp(min=1e-12)) @ (b / b.norm().clamp(min=1e-12)).T


@mutant("cosine_similarity", caught_by="test_each_row_with_each", says="root of the sum of squares")
def sums_for_lengths(a, b):
    """Divides by the sum of a row's numbers, not by its length."""
    return (a / a.abs().sum(dim=1, keepdim=True).clamp(min=1e-12)) @ (b / b.abs().sum(dim=1, keepdim=True).clamp(min=1e-12)).T


@mutant("cosine_similarity", caught_by="test_length_does_not_count", says="tiny beside the lengths")
def too_much_added(a, b):
    """Adds to the denominator what isn't small beside the lengths of short vectors."""
    return (a @ b.T) / (a.norm(dim=1)[:, None] * b.norm(dim=1)[None, :] + 1e-6)


@mutant("cosine_similarity", caught_by="test_length_does_not_count", says="tiny beside the lengths")
def too_much_added_to_each(a, b):
    """Adds to each length what isn't small beside those of short vectors."""
    return (a / (a.norm(dim=1, keepdim=True) + 1e-6)) @ (b / (b.norm(dim=1, keepdim=True) + 1e-6)).T


@mutant("cosine_similarity", caught_by="test_single_precision", says="the dtype of a")
def always_32_bits(a, b):
    """Works with 32 bits, whatever it was given."""
    return torch.nn.functional.normalize(a.float(), dim=1) @ torch.nn.functional.normalize(b.float(), dim=1).T


@mutant("cosine_similarity", caught_by="test_zero_vectors_are_like_nothing", says="NaN")
def one_side_thought_of(a, b):
    """Takes care of zeros in a, and forgets b."""
    return torch.nn.functional.normalize(a, dim=1) @ (b / b.norm(dim=1, keepdim=True)).T


# ---------------------------------------------------------------- semantic_search


@mutant("semantic_search", caught_by="test_best_first", says="the worst first")
def ascending(query, documents, encode, k):
    """Sorts upwards."""
    if not documents:
        return []
    units = torch.nn.functional.normalize(encode([query, *documents]), dim=1)
    scores = (units[1:] @ units[0]).tolist()
    return sorted(enumerate(scores), key=lambda pair: (pair[1], pair[0]))[:k]


@mutant("semantic_search", caught_by="test_scores_are_cosines", says="distance")
def distances(query, documents, encode, k):
    """Gives distances, smallest first."""
    if not documents:
        return []
    units = torch.nn.functional.normalize(encode([query, *documents]), dim=1)
    far = (units[1:] - units[0]).norm(dim=1).tolist()
    return sorted(enumerate(far), key=lambda pair: (pair[1], pair[0]))[:k]


@mutant("semantic_search", caught_by="test_scores_are_cosines", says="dot product")
def dots(query, documents, encode, k):
    """Ranks by dot products, so that long texts win."""
    if not documents:
        return []
    vectors = encode([query, *documents])
    scores = (vectors[1:] @ vectors[0]).tolist()
    return sorted(enumerate(scores), key=lambda pair: (-pair[1], pair[0]))[:k]


@mutant("semantic_search", caught_by="test_each_text_is_encoded_once", says="one call")
def one_by_one(query, documents, encode, k):
    """Calls the encoder for each document by itself."""
    asked = encode([query])
    scores = [float(torch.nn.functional.cosine_similarity(asked, encode([d]))[0]) for d in documents]
    return sorted(enumerate(scores), key=lambda pair: (-pair[1], pair[0]))[:k]


@mutant("semantic_search", caught_by="test_ties_by_index", says="equal scores")
def loses_ties(query, documents, encode, k):
    """Turns an ascending order around, and with it the order of ties."""
    if not documents:
        return []
    units = torch.nn.functional.normalize(encode([query, *documents]), dim=1)
    scores = (units[1:] @ units[0]).tolist()
    return sorted(enumerate(scores), key=lambda pair: pair[1])[::-1][:k]


@mutant("semantic_search", caught_by="test_k_beyond_the_number", says="fewer documents than k")
def k_as_it_comes(query, documents, encode, k):
    """topk with a k that may be too large."""
    if not documents:
        return []
    units = torch.nn.functional.normalize(encode([query, *documents]), dim=1)
    values, order = (units[1:] @ units[0]).topk(k)
    return list(zip(order.tolist(), values.tolist(), strict=True))


@mutant("semantic_search", caught_by="test_pairs_of_plain_numbers", says="index")
def texts_for_indices(query, documents, encode, k):
    """Gives back the texts themselves."""
    if not documents:
        return []
    units = torch.nn.functional.normalize(encode([query, *documents]), dim=1)
    scores = (units[1:] @ units[0]).tolist()
    best = sorted(enumerate(scores), key=lambda pair: (-pair[1], pair[0]))[:k]
    return [(documents[i], score) for i, score in best]


@mutant("semantic_search", caught_by="test_nothing_to_search", says="empty list of documents")
def empty_not_thought_of(query, documents, encode, k):
    """Encodes an empty list."""
    asked = torch.nn.functional.normalize(encode([query]), dim=1)[0]
    scores = (torch.nn.functional.normalize(encode(documents), dim=1) @ asked).tolist()
    return sorted(enumerate(scores), key=lambda pair: (-pair[1], pair[0]))[:k]


@mutant("semantic_search", caught_by="test_best_first", says="keeps its sign")
def sign_lost(query, documents, encode, k):
    """Takes the opposite for alike."""
    if not documents:
        return []
    units = torch.nn.functional.normalize(encode([query, *documents]), dim=1)
    scores = (units[1:] @ units[0]).abs().tolist()
    return sorted(enumerate(scores), key=lambda pair: (-pair[1], pair[0]))[:k]


@mutant("semantic_search", caught_by="test_best_first", says="not one text by itself")
def query_without_a_list(query, documents, encode, k):
    """Hands the query to encode as it is."""
    if not documents:
        return []
    scores = torch.nn.functional.cosine_similarity(encode(documents), encode(query)).tolist()
    return sorted(enumerate(scores), key=lambda pair: (-pair[1], pair[0]))[:k]


@mutant("semantic_search", caught_by="test_ties_by_index", says="documents of their own")
def the_text_for_the_index(query, documents, encode, k):
    """Keeps scores by text, so that equal documents become one."""
    if not documents:
        return []
    units = torch.nn.functional.normalize(encode([query, *documents]), dim=1)
    scores = dict(zip(documents, (units[1:] @ units[0]).tolist(), strict=True))
    best = sorted(scores, key=lambda text: -scores[text])[:k]
    return [(documents.index(text), scores[text]) for text in best]


@mutant("semantic_search", caught_by="test_each_text_is_encoded_once", says="belongs to the caller")
def query_put_into_the_documents(query, documents, encode, k):
    """Puts the query in front of the caller's own list."""
    if not documents:
        return []
    documents.insert(0, query)
    units = torch.nn.functional.normalize(encode(documents), dim=1)
    scores = (units[1:] @ units[0]).tolist()
    return sorted(enumerate(scores), key=lambda pair: (-pair[1], pair[0]))[:k]


# ---------------------------------------------------------------- few_shot_prompt


@mutant("few_shot_prompt", caught_by="test_tokens_are_counted_by_count_tokens", says="count_tokens")
def counts_words(examples, query, count_tokens, budget):
    """Counts words, whatever the tokenizer says."""
    shown = [f"Input: {text}\nOutput: {answer}\n\n" for text, answer in examples if text != query]
    for start in range(len(shown) + 1):
        prompt = "".join(shown[start:]) + f"Input: {query}\nOutput:"
        if len(prompt.split()) <= budget or start == len(shown):
            return prompt


@mutant("few_shot_prompt", caught_by="test_parts_do_not_add_up", says="count the whole prompt")
def adds_parts(examples, query, count_tokens, budget):
    """Adds up the counts of the parts."""
    prompt = f"Input: {query}\nOutput:"
    used = count_tokens(prompt)
    for text, answer in reversed(examples):
        if text == query:
            continue
        part = f"Input: {text}\nOutput: {answer}\n\n"
        used += count_tokens(part)
        if used > budget:
            break
        prompt = part + prompt
    return prompt


@mutant("few_shot_prompt", caught_by="test_the_query_always", says="query")
def drops_the_query(examples, query, count_tokens, budget):
    """Cuts the whole prompt off when nothing fits."""
    shown = [f"Input: {text}\nOutput: {answer}\n\n" for text, answer in examples if text != query]
    for start in range(len(shown) + 1):
        prompt = "".join(shown[start:]) + f"Input: {query}\nOutput:"
        if count_tokens(prompt) <= budget:
            return prompt
    return ""


@mutant("few_shot_prompt", caught_by="test_the_most_recent_that_fit", says="cut in two")
def splits_an_example(examples, query, count_tokens, budget):
    """Cuts letters off the front until it fits."""
    shown = "".join(f"Input: {text}\nOutput: {answer}\n\n" for text, answer in examples if text != query)
    end = f"Input: {query}\nOutput:"
    while shown and count_tokens(shown + end) > budget:
        shown = shown[1:]
    return shown + end


@mutant("few_shot_prompt", caught_by="test_the_query_is_no_example", says="gives the answer away")
def answer_leaks(examples, query, count_tokens, budget):
    """Shows the query among the examples, with its answer."""
    shown = [f"Input: {text}\nOutput: {answer}\n\n" for text, answer in examples]
    for start in range(len(shown) + 1):
        prompt = "".join(shown[start:]) + f"Input: {query}\nOutput:"
        if count_tokens(prompt) <= budget or start == len(shown):
            return prompt


@mutant("few_shot_prompt", caught_by="test_the_most_recent_that_fit", says="oldest")
def keeps_the_oldest(examples, query, count_tokens, budget):
    """Keeps the first examples and drops the recent ones."""
    shown = [f"Input: {text}\nOutput: {answer}\n\n" for text, answer in examples if text != query]
    for count in range(len(shown), -1, -1):
        prompt = "".join(shown[:count]) + f"Input: {query}\nOutput:"
        if count_tokens(prompt) <= budget or count == 0:
            return prompt


@mutant("few_shot_prompt", caught_by="test_the_most_recent_that_fit", says="order")
def newest_first(examples, query, count_tokens, budget):
    """Puts the examples in the prompt backwards."""
    prompt, end = "", f"Input: {query}\nOutput:"
    for text, answer in reversed(examples):
        if text == query:
            continue
        longer = prompt + f"Input: {text}\nOutput: {answer}\n\n"
        if count_tokens(longer + end) > budget:
            break
        prompt = longer
    return prompt + end


@mutant("few_shot_prompt", caught_by="test_none_is_jumped_over", says="jumped over")
def jumps_over(examples, query, count_tokens, budget):
    """Leaves out what is too long and goes on with older examples."""
    prompt = f"Input: {query}\nOutput:"
    for text, answer in reversed(examples):
        longer = f"Input: {text}\nOutput: {answer}\n\n" + prompt
        if text != query and count_tokens(longer) <= budget:
            prompt = longer
    return prompt


@mutant("few_shot_prompt", caught_by="test_the_form", says="space")
def space_at_the_end(examples, query, count_tokens, budget):
    """Ends with a space."""
    shown = [f"Input: {text}\nOutput: {answer}\n\n" for text, answer in examples if text != query]
    for start in range(len(shown) + 1):
        prompt = "".join(shown[start:]) + f"Input: {query}\nOutput: "
        if count_tokens(prompt) <= budget or start == len(shown):
            return prompt


@mutant("few_shot_prompt", caught_by="test_exactly_full", says="exactly")
def one_token_short(examples, query, count_tokens, budget):
    """Asks for less than the budget."""
    shown = [f"Input: {text}\nOutput: {answer}\n\n" for text, answer in examples if text != query]
    for start in range(len(shown) + 1):
        prompt = "".join(shown[start:]) + f"Input: {query}\nOutput:"
        if count_tokens(prompt) < budget or start == len(shown):
            return prompt


@mutant("few_shot_prompt", caught_by="test_the_query_is_left_out_first", says="takes no room")
def leaves_out_last(examples, query, count_tokens, budget):
    """Chooses what fits, and only then takes the query out."""
    kept = []
    for start in range(len(examples) + 1):
        kept = examples[start:]
        prompt = "".join(f"Input: {text}\nOutput: {answer}\n\n" for text, answer in kept) + f"Input: {query}\nOutput:"
        if count_tokens(prompt) <= budget:
            break
    return "".join(f"Input: {text}\nOutput: {answer}\n\n" for text, answer in kept if text != query) + f"Input: {query}\nOutput:"


@mutant("few_shot_prompt", caught_by="test_the_query_is_no_example", says="one holds it")
def leaves_out_what_holds_the_query(examples, query, count_tokens, budget):
    """Leaves out each example in which the query stands."""
    shown = [f"Input: {text}\nOutput: {answer}\n\n" for text, answer in examples if query not in text]
    for start in range(len(shown) + 1):
        prompt = "".join(shown[start:]) + f"Input: {query}\nOutput:"
        if count_tokens(prompt) <= budget or start == len(shown):
            return prompt


@mutant("few_shot_prompt", caught_by="test_exactly_full", says="query")
def budget_for_examples_alone(examples, query, count_tokens, budget):
    """Spends the budget on the examples, and puts the query behind them for nothing."""
    shown = [f"Input: {text}\nOutput: {answer}\n\n" for text, answer in examples if text != query]
    while shown and count_tokens("".join(shown)) > budget:
        shown = shown[1:]
    return "".join(shown) + f"Input: {query}\nOutput:"


# ---------------------------------------------------------------- extract_json


@mutant("extract_json", caught_by="test_the_first_of_two", says="last")
def first_brace_to_last(reply):
    """From the first opening brace to the last closing one."""
    import json

    try:
        return json.loads(reply[reply.index("{") : reply.rindex("}") + 1])
    except ValueError:
        return None


@mutant("extract_json", caught_by="test_the_first_of_two", says="greedy")
def greedy_expression(reply):
    """A greedy regular expression."""
    import json
    import re

    found = re.search(r"\{.*\}", reply, re.DOTALL)
    try:
        return json.loads(found.group(0)) if found else None
    except ValueError:
        return None


@mutant("extract_json", caught_by="test_nested_objects", says="nested")
def fails_on_nesting(reply):
    """Up to the first closing brace, which may belong to an inner object."""
    import json
    import re

    for found in re.finditer(r"\{[^{}]*\}", reply):
        try:
            return json.loads(found.group(0))
        except ValueError:
            continue
    return None


@mutant("extract_json", caught_by="test_braces_in_strings", says="inside a string")
def counts_all_braces(reply):
    """Counts braces in strings too."""
    import json

    for start in [i for i, c in enumerate(reply) if c == "{"]:
        depth = 0
        for end in range(start, len(reply)):
            depth += (reply[end] == "{") - (reply[end] == "}")
            if depth == 0:
                try:
                    return json.loads(reply[start : end + 1])
                except ValueError:
                    break
    return None


@mutant("extract_json", caught_by="test_an_object_in_a_list", says="list")
def returns_lists(reply):
    """Gives back whatever JSON comes first, lists too."""
    import json

    for start, c in enumerate(reply):
        if c in "{[":
            try:
                return json.JSONDecoder().raw_decode(reply, start)[0]
            except ValueError:
                continue
    return None


@mutant("extract_json", caught_by="test_chatter_around_it", says="chatter")
def the_whole_reply(reply):
    """Expects a reply that is nothing but JSON."""
    import json

    try:
        got = json.loads(reply)
    except ValueError:
        return None
    return got if isinstance(got, dict) else None


@mutant("extract_json", caught_by="test_false_starts", says="opening brace")
def only_the_first_brace(reply):
    """Gives up when the first opening brace begins nothing."""
    import json

    start = reply.find("{")
    if start < 0:
        return None
    try:
        return json.JSONDecoder().raw_decode(reply, start)[0]
    except ValueError:
        return None


@mutant("extract_json", caught_by="test_nothing_there_is_none", says="Python")
def python_literals(reply):
    """Reads Python's dicts as well."""
    import ast
    import json

    for start in [i for i, c in enumerate(reply) if c == "{"]:
        try:
            return json.JSONDecoder().raw_decode(reply, start)[0]
        except ValueError:
            for end in [i for i, c in enumerate(reply) if c == "}" and i > start]:
                try:
                    got = ast.literal_eval(reply[start : end + 1])
                except (ValueError, SyntaxError):
                    continue
                if isinstance(got, dict):
                    return got
    return None


@mutant("extract_json", caught_by="test_an_empty_object_is_an_object", says="empty object")
def empty_is_none(reply):
    """Takes {} for nothing."""
    import json

    for start in [i for i, c in enumerate(reply) if c == "{"]:
        try:
            got = json.JSONDecoder().raw_decode(reply, start)[0]
        except ValueError:
            continue
        return got or None
    return None


@mutant("extract_json", caught_by="test_the_first_of_two", says="and the first is asked for")
def rest_of_the_reply(reply):
    """Reads from each opening brace to the end of the reply, so that what comes behind an object spoils it."""
    import json

    for start in [i for i, c in enumerate(reply) if c == "{"]:
        try:
            return json.loads(reply[start : reply.rfind("}") + 1])
        except ValueError:
            continue
    return None


@mutant("extract_json", caught_by="test_nothing_there_is_none", says="double quotation marks")
def quotation_marks_exchanged(reply):
    """Makes single quotation marks double before it reads."""
    import json

    for text in (reply, reply.replace("'", '"')):
        for start in [i for i, c in enumerate(text) if c == "{"]:
            try:
                return json.JSONDecoder().raw_decode(text, start)[0]
            except ValueError:
                continue
    return None


@mutant("extract_json", caught_by="test_nothing_there_is_none", says="catch the error")
def raises_at_the_end(reply):
    """Lets an error out when nothing was found."""
    import json

    for start in [i for i, c in enumerate(reply) if c == "{"]:
        try:
            return json.JSONDecoder().raw_decode(reply, start)[0]
        except ValueError:
            continue
    return json.loads(reply[reply.index("{") :])


# ---------------------------------------------------------------- summarize


@mutant("summarize", caught_by="test_what_repeats_is_passed_over", says="diversity")
def pure_relevance(sentences, encode, k, diversity):
    """Takes the k most relevant sentences."""
    if not 0 <= diversity <= 1:
        raise ValueError("diversity must lie between 0 and 1")
    if not sentences:
        return []
    vectors = encode(sentences)
    relevance = torch.nn.functional.cosine_similarity(vectors, vectors.mean(dim=0, keepdim=True)).tolist()
    return sorted(sorted(range(len(sentences)), key=lambda i: (-relevance[i], i))[:k])


@mutant("summarize", caught_by="test_document_order", says="order of the text")
def ranked_order(sentences, encode, k, diversity):
    """Returns the sentences in the order in which they were chosen."""
    if not 0 <= diversity <= 1:
        raise ValueError("diversity must lie between 0 and 1")
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
    return chosen


@mutant("summarize", caught_by="test_no_sentence_twice", says="twice")
def chosen_again(sentences, encode, k, diversity):
    """May choose the same sentence again."""
    if not 0 <= diversity <= 1:
        raise ValueError("diversity must lie between 0 and 1")
    if not sentences:
        return []
    vectors = encode(sentences)
    units = torch.nn.functional.normalize(vectors, dim=1)
    relevance = units @ torch.nn.functional.normalize(vectors.mean(dim=0), dim=0)
    alike = units @ units.T
    chosen = [int(relevance.argmax())]
    while len(chosen) < min(k, len(sentences)):
        worth = (1 - diversity) * relevance - diversity * alike[:, chosen].max(dim=1).values
        chosen.append(int(worth.argmax()))
    return sorted(chosen)


@mutant("summarize", caught_by="test_no_diversity_is_pure_relevance", says="the two weights are swapped")
def weights_swapped(sentences, encode, k, diversity):
    """Takes diversity for the weight of relevance."""
    if not 0 <= diversity <= 1:
        raise ValueError("diversity must lie between 0 and 1")
    if not sentences:
        return []
    vectors = encode(sentences)
    units = torch.nn.functional.normalize(vectors, dim=1)
    relevance = units @ torch.nn.functional.normalize(vectors.mean(dim=0), dim=0)
    alike = units @ units.T
    chosen = [int(relevance.argmax())]
    while len(chosen) < min(k, len(sentences)):
        worth = diversity * relevance - (1 - diversity) * alike[:, chosen].max(dim=1).values
        worth[chosen] = -torch.inf
        chosen.append(int(worth.argmax()))
    return sorted(chosen)


@mutant("summarize", caught_by="test_the_closest_chosen_one_counts", says="the mean of the cosines")
def mean_for_maximum(sentences, encode, k, diversity):
    """Penalises the mean similarity to what is chosen."""
    if not 0 <= diversity <= 1:
        raise ValueError("diversity must lie between 0 and 1")
    if not sentences:
        return []
    vectors = encode(sentences)
    units = torch.nn.functional.normalize(vectors, dim=1)
    relevance = units @ torch.nn.functional.normalize(vectors.mean(dim=0), dim=0)
    alike = units @ units.T
    chosen = [int(relevance.argmax())]
    while len(chosen) < min(k, len(sentences)):
        worth = (1 - diversity) * relevance - diversity * alike[:, chosen].mean(dim=1)
        worth[chosen] = -torch.inf
        chosen.append(int(worth.argmax()))
    return sorted(chosen)


@mutant("summarize", caught_by="test_the_closest_chosen_one_counts", says="the sentence chosen last")
def last_chosen_only(sentences, encode, k, diversity):
    """Compares with the sentence chosen last only."""
    if not 0 <= diversity <= 1:
        raise ValueError("diversity must lie between 0 and 1")
    if not sentences:
        return []
    vectors = encode(sentences)
    units = torch.nn.functional.normalize(vectors, dim=1)
    relevance = units @ torch.nn.functional.normalize(vectors.mean(dim=0), dim=0)
    alike = units @ units.T
    chosen = [int(relevance.argmax())]
    while len(chosen) < min(k, len(sentences)):
        worth = (1 - diversity) * relevance - diversity * alike[:, chosen[-1]]
        worth[chosen] = -torch.inf
        chosen.append(int(worth.argmax()))
    return sorted(chosen)


@mutant("summarize", caught_by="test_both_sides_count", says="relevance plays no part")
def penalty_only(sentences, encode, k, diversity):
    """After the first choice, looks at repetition alone."""
    if not 0 <= diversity <= 1:
        raise ValueError("diversity must lie between 0 and 1")
    if not sentences:
        return []
    vectors = encode(sentences)
    units = torch.nn.functional.normalize(vectors, dim=1)
    relevance = units @ torch.nn.functional.normalize(vectors.mean(dim=0), dim=0)
    alike = units @ units.T
    chosen = [int(relevance.argmax())]
    while len(chosen) < min(k, len(sentences)):
        worth = -alike[:, chosen].max(dim=1).values
        worth[chosen] = -torch.inf
        chosen.append(int(worth.argmax()))
    return sorted(chosen)


@mutant("summarize", caught_by="test_the_mean_of_the_vectors_as_they_are", says="as encode gives them")
def mean_of_unit_vectors(sentences, encode, k, diversity):
    """Normalises before taking the mean."""
    if not 0 <= diversity <= 1:
        raise ValueError("diversity must lie between 0 and 1")
    if not sentences:
        return []
    vectors = encode(sentences)
    units = torch.nn.functional.normalize(vectors, dim=1)
    relevance = units @ torch.nn.functional.normalize(units.mean(dim=0), dim=0)
    alike = units @ units.T
    chosen = [int(relevance.argmax())]
    while len(chosen) < min(k, len(sentences)):
        worth = (1 - diversity) * relevance - diversity * alike[:, chosen].max(dim=1).values
        worth[chosen] = -torch.inf
        chosen.append(int(worth.argmax()))
    return sorted(chosen)


@mutant("summarize", caught_by="test_sentences_are_encoded_in_one_call", says="one call")
def one_at_a_time(sentences, encode, k, diversity):
    """Encodes each sentence by itself."""
    if not 0 <= diversity <= 1:
        raise ValueError("diversity must lie between 0 and 1")
    if not sentences:
        return []
    vectors = torch.cat([encode([sentence]) for sentence in sentences])
    units = torch.nn.functional.normalize(vectors, dim=1)
    relevance = units @ torch.nn.functional.normalize(vectors.mean(dim=0), dim=0)
    alike = units @ units.T
    chosen = [int(relevance.argmax())]
    while len(chosen) < min(k, len(sentences)):
        worth = (1 - diversity) * relevance - diversity * alike[:, chosen].max(dim=1).values
        worth[chosen] = -torch.inf
        chosen.append(int(worth.argmax()))
    return sorted(chosen)


@mutant("summarize", caught_by="test_diversity_out_of_range", says="raised nothing")
def any_diversity(sentences, encode, k, diversity):
    """Takes any number for the diversity."""
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


@mutant("summarize", caught_by="test_the_first_choice_at_any_diversity", says="nothing is chosen yet")
def first_choice_weighted(sentences, encode, k, diversity):
    """Weights the first choice with 1 - diversity, which leaves nothing of it at 1."""
    if not 0 <= diversity <= 1:
        raise ValueError("diversity must lie between 0 and 1")
    if not sentences:
        return []
    vectors = encode(sentences)
    units = torch.nn.functional.normalize(vectors, dim=1)
    relevance = units @ torch.nn.functional.normalize(vectors.mean(dim=0), dim=0)
    alike = units @ units.T
    chosen = [int(((1 - diversity) * relevance).argmax())]
    while len(chosen) < min(k, len(sentences)):
        worth = (1 - diversity) * relevance - diversity * alike[:, chosen].max(dim=1).values
        worth[chosen] = -torch.inf
        chosen.append(int(worth.argmax()))
    return sorted(chosen)


@mutant("summarize", caught_by="test_the_closest_chosen_one_counts", says="begins at 0")
def begins_at_zero(sentences, encode, k, diversity):
    """Looks for the largest cosine from 0 upwards."""
    if not 0 <= diversity <= 1:
        raise ValueError("diversity must lie between 0 and 1")
    if not sentences:
        return []
    vectors = encode(sentences)
    units = torch.nn.functional.normalize(vectors, dim=1)
    relevance = units @ torch.nn.functional.normalize(vectors.mean(dim=0), dim=0)
    alike = units @ units.T
    chosen = [int(relevance.argmax())]
    while len(chosen) < min(k, len(sentences)):
        worth = (1 - diversity) * relevance - diversity * alike[:, chosen].max(dim=1).values.clamp(min=0)
        worth[chosen] = -torch.inf
        chosen.append(int(worth.argmax()))
    return sorted(chosen)


@mutant("summarize", caught_by="test_the_first_choice_at_any_diversity", says="the first sentence is taken")
def like_the_first_sentence(sentences, encode, k, diversity):
    """Takes the first sentence for what the text is about."""
    if not 0 <= diversity <= 1:
        raise ValueError("diversity must lie between 0 and 1")
    if not sentences:
        return []
    vectors = encode(sentences)
    units = torch.nn.functional.normalize(vectors, dim=1)
    relevance = units @ units[0]
    alike = units @ units.T
    chosen = [int(relevance.argmax())]
    while len(chosen) < min(k, len(sentences)):
        worth = (1 - diversity) * relevance - diversity * alike[:, chosen].max(dim=1).values
        worth[chosen] = -torch.inf
        chosen.append(int(worth.argmax()))
    return sorted(chosen)


@mutant("summarize", caught_by="test_no_sentence_twice", says="index of its own")
def looks_sentences_up(sentences, encode, k, diversity):
    """Keeps the chosen sentences, and looks up afterwards where they stand."""
    if not 0 <= diversity <= 1:
        raise ValueError("diversity must lie between 0 and 1")
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
    return sorted({sentences.index(sentences[i]) for i in chosen})
