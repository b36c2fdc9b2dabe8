"""Other right solutions of "From text to numbers"."""

from autograder.authoring import alternative


@alternative("count_pairs")
def by_zip(words):
    """Puts each word beside itself, moved by one."""
    found = Counter()
    for symbols, times in words.items():
        found.update({pair: 0 for pair in zip(symbols, symbols[1:])})
        for pair in zip(symbols, symbols[1:]):
            found[pair] += times
    return found


@alternative("count_pairs")
def by_adding_counters(words):
    """Counts each word by itself and adds the counts, as many times as the word occurs."""
    from itertools import pairwise

    total = {}
    for symbols, times in words.items():
        for pair, places in Counter(pairwise(symbols)).items():
            total[pair] = total.get(pair, 0) + places * times
    return Counter(total)


@alternative("count_pairs")
def every_occurrence(words):
    """Counts each occurrence of each word by itself, slices as keys."""
    counts = Counter()
    for symbols, times in words.items():
        for _ in range(times):
            counts.update(symbols[i : i + 2] for i in range(len(symbols) - 1))
    return counts


@alternative("merge_pair")
def on_a_stack(word, pair):
    """Looks back: when the last symbol that was kept and the next one make the pair, they are joined."""
    kept = []
    for symbol in word:
        if kept and (kept[-1], symbol) == pair:
            kept[-1] = kept[-1] + symbol
        else:
            kept.append(symbol)
    return tuple(kept)


@alternative("merge_pair")
def beginning_and_rest(word, pair):
    """Deals with the beginning, and leaves the rest to itself."""

    def rest(symbols):
        if len(symbols) < 2:
            return tuple(symbols)
        if (symbols[0], symbols[1]) == tuple(pair):
            return ("".join(pair), *rest(symbols[2:]))
        return (symbols[0], *rest(symbols[1:]))

    return rest(word)


@alternative("merge_pair")
def in_place_of_two(word, pair):
    """Puts one symbol in place of two in a list, wherever the left one is found."""
    symbols, start = list(word), 0
    while pair[0] in symbols[start:]:
        start = symbols.index(pair[0], start)
        if symbols[start + 1 : start + 2] == [pair[1]]:
            symbols[start : start + 2] = ["".join(pair)]
        start += 1
    return tuple(symbols)


@alternative("merge_pair")
def by_an_iterator(word, pair):
    """A for loop with a flag that says whether to skip."""
    out, skip = (), False
    for i, symbol in enumerate(word):
        if skip:
            skip = False
        elif i + 1 < len(word) and symbol == pair[0] and word[i + 1] == pair[1]:
            out += (symbol + word[i + 1],)
            skip = True
        else:
            out += (symbol,)
    return out


@alternative("train_bpe")
def with_tuples_as_keys(frequencies, merges):
    """The vocabulary is a dict of tuples, made anew in every round; ties by sorting."""
    words = {tuple(word) + ("</w>",): n for word, n in frequencies.items()}
    result = []
    for _ in range(merges):
        counts = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                counts[pair] += n
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if not ranked:
            return result
        best = ranked[0][0]
        result.append(best)
        new = {}
        for word, n in words.items():
            kept = []
            for symbol in word:
                if kept and (kept[-1], symbol) == best:
                    kept[-1] += symbol
                else:
                    kept.append(symbol)
            new[tuple(kept)] = n
        words = new
    return result


@alternative("train_bpe")
def counts_of_changed_words_only(frequencies, merges):
    """Keeps the counts, and after each merge counts only the words in which the pair stood."""
    words = [[*word, "</w>"] for word in frequencies]
    times = list(frequencies.values())
    counts, places = Counter(), {}
    for i, symbols in enumerate(words):
        for pair in zip(symbols, symbols[1:]):
            counts[pair] += times[i]
            places.setdefault(pair, set()).add(i)
    learnt = []
    for _ in range(merges):
        top = max(counts.values(), default=0)
        if top <= 0:
            break
        best = min(pair for pair, count in counts.items() if count == top)
        learnt.append(best)
        for i in places.pop(best):
            old, new, j = words[i], [], 0
            while j < len(old):
                if tuple(old[j : j + 2]) == best:
                    new.append("".join(best))
                    j += 2
                else:
                    new.append(old[j])
                    j += 1
            for pair in zip(old, old[1:]):
                counts[pair] -= times[i]
            for pair in zip(new, new[1:]):
                counts[pair] += times[i]
                places.setdefault(pair, set()).add(i)
            words[i] = new
    return learnt


@alternative("train_bpe")
def the_first_of_the_sorted(frequencies, merges):
    """`max` gives the first of the largest, so it is given the pairs in their order; every occurrence is a word."""
    words = [[*word, "</w>"] for word, times in frequencies.items() for _ in range(times)]
    learnt = []
    while len(learnt) < merges and any(len(word) > 1 for word in words):
        counts = Counter()
        for word in words:
            counts.update(zip(word, word[1:]))
        best = max(sorted(counts), key=counts.__getitem__)
        learnt.append(best)
        for word in words:
            for i in range(len(word)):
                if tuple(word[i : i + 2]) == best:
                    word[i : i + 2] = ["".join(best)]
    return learnt


@alternative("encode")
def one_place_at_a_time(word, merges):
    """Joins the leftmost place of the best pair, then looks again."""
    rank = {pair: i for i, pair in enumerate(merges)}
    tokens = list(word) + ["</w>"]
    while len(tokens) > 1:
        best, place = min((rank.get(pair, len(merges)), i) for i, pair in enumerate(zip(tokens, tokens[1:])))
        if best == len(merges):
            break
        tokens[place : place + 2] = ["".join(merges[best])]
    return tokens


@alternative("encode")
def by_place_in_the_list(word, merges):
    """Asks the list itself for the place of each pair."""
    tokens = [*word, "</w>"]
    while known := [merges.index(pair) for pair in zip(tokens, tokens[1:]) if pair in merges]:
        left, right = merges[min(known)]
        out = []
        while tokens:
            token = tokens.pop(0)
            if token == left and tokens and tokens[0] == right:
                token += tokens.pop(0)
            out.append(token)
        tokens = out
    return tokens


@alternative("encode")
def from_the_top_each_time(word, merges):
    """Goes through the list from its beginning until a pair is found, joins it everywhere, and begins again."""
    tokens = list(word) + ["</w>"]

    def joined(pair):
        kept = []
        for token in tokens:
            if kept and (kept[-1], token) == pair:
                kept[-1] += token
            else:
                kept.append(token)
        return kept

    changed = True
    while changed:
        changed = False
        for pair in merges:
            new = joined(pair)
            if new != tokens:
                tokens, changed = new, True
                break
    return tokens


@alternative("encode")
def one_pair_and_the_rest(word, merges):
    """Joins one pair, and leaves the rest to itself."""

    def rest(tokens):
        found = set(zip(tokens, tokens[1:]))
        for left, right in merges:
            if (left, right) in found:
                kept, i = [], 0
                while i < len(tokens):
                    if tokens[i : i + 2] == [left, right]:
                        kept.append(left + right)
                        i += 2
                    else:
                        kept.append(tokens[i])
                        i += 1
                return rest(kept)
        return tokens

    return rest([*word, "</w>"])


@alternative("decode")
def by_replacing(tokens):
    """Joins all, puts a space for each mark, and takes the last one away."""
    text = "".join(tokens).replace("</w>", " ")
    return text[:-1] if text.endswith(" ") else text


@alternative("decode")
def by_splitting(tokens):
    """Splits at the marks; what stands behind the last one is the word that was cut off, or nothing."""
    words = "".join(tokens).split("</w>")
    return " ".join(words[:-1] if words[-1] == "" else words)


@alternative("decode")
def word_by_word(tokens):
    """Collects words, one character after the other."""
    words, current = [], ""
    for token in tokens:
        if token.endswith("</w>"):
            words.append(current + token[: -len("</w>")])
            current = ""
        else:
            current += token
    if current:
        words.append(current)
    return " ".join(words)


@alternative("decode")
def spaces_before_words(tokens):
    """Writes a space before each word but the first, when its first token comes."""
    text, ended = "", False
    for token in tokens:
        if ended and text:
            text += " "
        ended = token.endswith("</w>")
        text += token[:-4] if ended else token
    return text
