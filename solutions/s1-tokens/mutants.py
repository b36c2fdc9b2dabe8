"""Wrong solutions of "From text to numbers", and the misconception behind each."""

from autograder.authoring import mutant

# ---------------------------------------------------------------- count_pairs


@mutant("count_pairs", caught_by="test_a_word_counts_as_often_as_it_occurs", says="each word once")
def frequency_ignored(words):
    """Counts in the list of different words, not in the text that they stand for."""
    counts = Counter()
    for word in words:
        counts.update(zip(word, word[1:]))
    return counts


@mutant("count_pairs", caught_by="test_overlapping_places_count", says="without overlap")
def overlaps_skipped(words):
    """Jumps over the second symbol of a pair that it has counted, as merging does."""
    counts = Counter()
    for word, n in words.items():
        i, before = 0, None
        while i < len(word) - 1:
            pair = (word[i], word[i + 1])
            if pair == before:
                before = None
            else:
                counts[pair] += n
                before = pair
            i += 1
    return counts


@mutant("count_pairs", caught_by="test_overlapping_places_count", says="once per word")
def once_per_word(words):
    """Asks whether a pair is in a word, not how often."""
    counts = Counter()
    for word, n in words.items():
        for pair in set(zip(word, word[1:])):
            counts[pair] += n
    return counts


@mutant("count_pairs", caught_by="test_words_stay_apart", says="two words")
def across_words(words):
    """Puts all words into one row of symbols."""
    counts, before = Counter(), None
    for word, n in words.items():
        for symbol in word:
            if before is not None:
                counts[before, symbol] += n
            before = symbol
    return counts


@mutant("count_pairs", caught_by="test_symbols_are_whole", says="letters of a symbol")
def pairs_of_letters(words):
    """Joins the symbols first, and pairs letters."""
    counts = Counter()
    for word, n in words.items():
        text = "".join(word)
        for pair in zip(text, text[1:]):
            counts[pair] += n
    return counts


@mutant("count_pairs", caught_by="test_neighbours_in_their_order", says="in their order")
def order_lost(words):
    """Takes (a, b) and (b, a) for the same pair."""
    counts = Counter()
    for word, n in words.items():
        for pair in zip(word, word[1:]):
            counts[tuple(sorted(pair))] += n
    return counts


@mutant("count_pairs", caught_by="test_neighbours_in_their_order", says="at the end of the word")
def last_pair_forgotten(words):
    """One too few: range(len(word) - 2)."""
    counts = Counter()
    for word, n in words.items():
        for i in range(len(word) - 2):
            counts[word[i], word[i + 1]] += n
    return counts


@mutant("count_pairs", caught_by="test_neighbours_in_their_order", says="A key is a pair")
def pairs_joined_to_text(words):
    """Joins the two symbols, so that ("a", "bc") and ("ab", "c") are the same."""
    counts = Counter()
    for word, n in words.items():
        for a, b in zip(word, word[1:]):
            counts[a + b] += n
    return counts


@mutant("count_pairs", caught_by="test_counts_add_up_over_words", says="add to it")
def last_word_wins(words):
    """Sets a count where it should add to it."""
    counts = Counter()
    for word, n in words.items():
        for pair, places in Counter(zip(word, word[1:])).items():
            counts[pair] = places * n
    return counts


@mutant("count_pairs", caught_by="test_neighbours_in_their_order", says="next to each other")
def any_two_symbols(words):
    """Pairs each symbol with all that come later in the word."""
    from itertools import combinations

    counts = Counter()
    for word, n in words.items():
        for pair in combinations(word, 2):
            counts[pair] += n
    return counts


@mutant("count_pairs", caught_by="test_a_word_counts_as_often_as_it_occurs", says="its end is not followed by its beginning")
def word_repeated(words):
    """Lays the word down as often as it occurs, so that its end meets its beginning."""
    counts = Counter()
    for word, n in words.items():
        row = word * n
        counts.update(zip(row, row[1:]))
    return counts


# ---------------------------------------------------------------- merge_pair


@mutant("merge_pair", caught_by="test_every_place", says="first place only")
def first_place_only(word, pair):
    """Stops after the first merge."""
    for i in range(len(word) - 1):
        if word[i : i + 2] == pair:
            return (*word[:i], word[i] + word[i + 1], *word[i + 2 :])
    return word


@mutant("merge_pair", caught_by="test_symbols_are_compared_whole", says="compared whole")
def replaced_in_a_string(word, pair):
    """Replaces "b c" by "bc" in a text, where "b" may be the end of a longer symbol."""
    return tuple(" ".join(word).replace(" ".join(pair), "".join(pair)).split(" "))


@mutant("merge_pair", caught_by="test_overlapping_places", says="used twice")
def overlaps_merged_twice(word, pair):
    """Joins at each place where the pair stands, without skipping what was joined."""
    merged, i = [], 0
    while i < len(word):
        if word[i : i + 2] == pair:
            merged.append("".join(pair))
            if word[i + 1 : i + 3] != pair:
                i += 1
        else:
            merged.append(word[i])
        i += 1
    return tuple(merged)


@mutant("merge_pair", caught_by="test_overlapping_places", says="from the right")
def from_the_right(word, pair):
    """Begins at the end of the word."""
    merged, i = [], len(word)
    while i > 0:
        if word[max(i - 2, 0) : i] == pair:
            merged.insert(0, "".join(pair))
            i -= 2
        else:
            merged.insert(0, word[i - 1])
            i -= 1
    return tuple(merged)


@mutant("merge_pair", caught_by="test_both_ends_of_the_word", says="last symbol")
def last_symbol_lost(word, pair):
    """Loops over places that have a right neighbour, and forgets that the last one must be copied, too."""
    merged, i = [], 0
    while i < len(word) - 1:
        if word[i : i + 2] == pair:
            merged.append("".join(pair))
            i += 2
        else:
            merged.append(word[i])
            i += 1
    return tuple(merged)


@mutant("merge_pair", caught_by="test_order_of_the_pair", says="the other way round")
def either_order(word, pair):
    """Joins (b, a) as well."""
    merged, i = [], 0
    while i < len(word):
        if sorted(word[i : i + 2]) == sorted(pair):
            merged.append(word[i] + word[i + 1])
            i += 2
        else:
            merged.append(word[i])
            i += 1
    return tuple(merged)


@mutant("merge_pair", caught_by="test_every_place", says="where a tuple is asked for")
def gives_a_list(word, pair):
    """Gives the list in which it collected the symbols."""
    merged, i = [], 0
    while i < len(word):
        if word[i : i + 2] == pair:
            merged.append("".join(pair))
            i += 2
        else:
            merged.append(word[i])
            i += 1
    return merged


@mutant("merge_pair", caught_by="test_every_place", says="kept the two symbols")
def marked_but_kept(word, pair):
    """Adds the joined symbol, and copies its parts as well."""
    merged = []
    for i, symbol in enumerate(word):
        merged.append(symbol)
        if word[i : i + 2] == pair:
            merged.append("".join(pair))
    return tuple(merged)


@mutant("merge_pair", caught_by="test_every_place", says="can't skip a place")
def skips_in_a_for_loop(word, pair):
    """Adds to the place of a `for` loop, which takes no notice."""
    merged = []
    for i in range(len(word)):
        if word[i : i + 2] == pair:
            merged.append("".join(pair))
            i += 2
        else:
            merged.append(word[i])
    return tuple(merged)


@mutant("merge_pair", caught_by="test_symbols_are_compared_whole", says="give the same text")
def compared_as_text(word, pair):
    """Compares the texts put together, so that ("ab", "c") passes for ("a", "bc")."""
    merged, i = [], 0
    while i < len(word):
        if "".join(word[i : i + 2]) == "".join(pair) and len(word[i : i + 2]) == 2:
            merged.append("".join(pair))
            i += 2
        else:
            merged.append(word[i])
            i += 1
    return tuple(merged)


# ---------------------------------------------------------------- train_bpe


@mutant("train_bpe", caught_by="test_equal_counts", says="which word came first")
def ties_by_insertion(frequencies, merges):
    """`max` with `key=counts.get` gives the first of the largest that it meets."""
    words = {(*word, "</w>"): n for word, n in frequencies.items()}
    learnt = []
    for _ in range(merges):
        counts = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                counts[pair] += n
        if not counts:
            break
        best = max(counts, key=counts.get)
        learnt.append(best)
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
    return learnt


@mutant("train_bpe", caught_by="test_equal_counts", says="the last in Python's order")
def ties_to_the_last(frequencies, merges):
    """`max` over (count, pair) takes the largest pair."""
    words = {(*word, "</w>"): n for word, n in frequencies.items()}
    learnt = []
    for _ in range(merges):
        counts = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                counts[pair] += n
        if not counts:
            break
        best = max(counts, key=lambda pair: (counts[pair], pair))
        learnt.append(best)
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
    return learnt


@mutant("train_bpe", caught_by="test_as_many_as_asked_for", says="range")
def one_too_many(frequencies, merges):
    """Checks the number after the merge."""
    words = {(*word, "</w>"): n for word, n in frequencies.items()}
    learnt = []
    while len(learnt) <= merges:
        counts = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                counts[pair] += n
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        learnt.append(best)
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
    return learnt


@mutant("train_bpe", caught_by="test_the_word_end", says="without their end")
def word_end_forgotten(frequencies, merges):
    """Begins with the characters alone."""
    words = {tuple(word): n for word, n in frequencies.items()}
    learnt = []
    for _ in range(merges):
        counts = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                counts[pair] += n
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        learnt.append(best)
        new = Counter()
        for word, n in words.items():
            kept = []
            for symbol in word:
                if kept and (kept[-1], symbol) == best:
                    kept[-1] += symbol
                else:
                    kept.append(symbol)
            new[tuple(kept)] += n
        words = new
    return learnt


@mutant("train_bpe", caught_by="test_the_word_end", says="a symbol of its own")
def mark_glued_to_the_last_letter(frequencies, merges):
    """The mark is a part of the last character from the beginning, as in later versions of the method."""
    words = {(*word[:-1], word[-1] + "</w>"): n for word, n in frequencies.items()}
    learnt = []
    for _ in range(merges):
        counts = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                counts[pair] += n
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        learnt.append(best)
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
    return learnt


@mutant("train_bpe", caught_by="test_the_word_end", says="one symbol of four characters")
def mark_in_four_characters(frequencies, merges):
    """Adds the mark to the text before it is cut into characters."""
    words = {tuple(word + "</w>"): n for word, n in frequencies.items()}
    learnt = []
    for _ in range(merges):
        counts = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                counts[pair] += n
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        learnt.append(best)
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
    return learnt


@mutant("train_bpe", caught_by="test_counts_are_made_anew", says="after each merge")
def counted_once(frequencies, merges):
    """Takes the most frequent pairs of the first count, and merges nothing."""
    counts = Counter()
    for word, n in frequencies.items():
        for pair in zip((*word, "</w>"), (*word[1:], "</w>")):
            counts[pair] += n
    return sorted(counts, key=lambda pair: (-counts[pair], pair))[:merges]


@mutant("train_bpe", caught_by="test_words_weigh_what_they_occur", says="how often a word occurs")
def frequencies_ignored(frequencies, merges):
    """Each different word counts once."""
    words = [[*word, "</w>"] for word in frequencies]
    learnt = []
    for _ in range(merges):
        counts = Counter(pair for word in words for pair in zip(word, word[1:]))
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        learnt.append(best)
        for i, word in enumerate(words):
            kept = []
            for symbol in word:
                if kept and (kept[-1], symbol) == best:
                    kept[-1] += symbol
                else:
                    kept.append(symbol)
            words[i] = kept
    return learnt


@mutant("train_bpe", caught_by="test_until_nothing_is_left", says="raised ValueError")
def nothing_left_raises(frequencies, merges):
    """Looks for the best of no pairs."""
    words = {(*word, "</w>"): n for word, n in frequencies.items()}
    learnt = []
    for _ in range(merges):
        counts = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                counts[pair] += n
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        learnt.append(best)
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
    return learnt


@mutant("train_bpe", caught_by="test_until_nothing_is_left", says="occur only once")
def stops_at_once(frequencies, merges):
    """Leaves pairs that occur only once alone, as some implementations do."""
    words = {(*word, "</w>"): n for word, n in frequencies.items()}
    learnt = []
    for _ in range(merges):
        counts = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                counts[pair] += n
        if not counts or max(counts.values()) < 2:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        learnt.append(best)
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
    return learnt


@mutant("train_bpe", caught_by="test_repeated_letters", says="overlapping places")
def overlaps_not_counted(frequencies, merges):
    """Counts "aaa" as one pair of a's."""
    words = {(*word, "</w>"): n for word, n in frequencies.items()}
    learnt = []
    for _ in range(merges):
        counts = Counter()
        for word, n in words.items():
            before = None
            for pair in zip(word, word[1:]):
                counts[pair] += n if pair != before else 0
                before = pair if pair != before else None
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        learnt.append(best)
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
    return learnt


@mutant("train_bpe", caught_by="test_equal_counts", says="not the texts put together")
def ties_by_text(frequencies, merges):
    """Compares joined texts on equal counts."""
    words = {(*word, "</w>"): n for word, n in frequencies.items()}
    learnt = []
    for _ in range(merges):
        counts = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                counts[pair] += n
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], "".join(pair)))
        learnt.append(best)
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
    return learnt


@mutant("train_bpe", caught_by="test_symbols_are_joined_whole", says="though no pair on the list says so")
def joined_in_a_string(frequencies, merges):
    """Replaces "b c" by "bc" in a text of all symbols, where "b" may be the end of a longer one."""
    words = {(*word, "</w>"): n for word, n in frequencies.items()}
    learnt = []
    for _ in range(merges):
        counts = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                counts[pair] += n
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        learnt.append(best)
        new = {}
        for word, n in words.items():
            new[tuple(" ".join(word).replace(" ".join(best), "".join(best)).split(" "))] = n
        words = new
    return learnt


@mutant("train_bpe", caught_by="test_real_headlines", says="a tuple of two symbols")
def joined_symbols_listed(frequencies, merges):
    """Lists the new symbols in place of the pairs."""
    words = {(*word, "</w>"): n for word, n in frequencies.items()}
    learnt = []
    for _ in range(merges):
        counts = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                counts[pair] += n
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        learnt.append("".join(best))
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
    return learnt


# ---------------------------------------------------------------- encode


@mutant("encode", caught_by="test_the_best_rank_first", says="longest piece")
def longest_match(word, merges):
    """Takes the longest piece that it knows from the left, as WordPiece does."""
    known = {a + b for a, b in merges}
    rest, tokens = word + "</w>", []
    while rest:
        size = next((n for n in range(len(rest), 1, -1) if rest[:n] in known), 4 if rest == "</w>" else 1)
        tokens.append(rest[:size])
        rest = rest[size:]
    return tokens


@mutant("encode", caught_by="test_pairs_that_come_about_later", says="down the list only once")
def one_pass(word, merges):
    """Goes down the list once."""
    tokens = [*word, "</w>"]
    for pair in merges:
        kept = []
        for token in tokens:
            if kept and (kept[-1], token) == pair:
                kept[-1] += token
            else:
                kept.append(token)
        tokens = kept
    return tokens


@mutant("encode", caught_by="test_the_best_rank_first", says="stands last in the list")
def rank_reversed(word, merges):
    """Joins the pair that was learnt last."""
    rank = {pair: i for i, pair in enumerate(merges)}
    tokens = [*word, "</w>"]
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in rank]
        if not known:
            return tokens
        best = max(known, key=rank.get)
        kept = []
        for token in tokens:
            if kept and (kept[-1], token) == best:
                kept[-1] += token
            else:
                kept.append(token)
        tokens = kept


@mutant("encode", caught_by="test_the_best_rank_first", says="leftmost")
def leftmost_first(word, merges):
    """Joins the first pair in the word that is in the list, whatever its rank."""
    tokens = [*word, "</w>"]
    while True:
        known = [i for i, pair in enumerate(zip(tokens, tokens[1:])) if pair in merges]
        if not known:
            return tokens
        i = known[0]
        tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]


@mutant("encode", caught_by="test_characters_never_seen", says="left out")
def unknown_dropped(word, merges):
    """Leaves out characters that are in no merge."""
    seen = set("".join(a + b for a, b in merges))
    rank = {pair: i for i, pair in enumerate(merges)}
    tokens = [*(c for c in word if c in seen), "</w>"]
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in rank]
        if not known:
            return tokens
        best = min(known, key=rank.get)
        kept = []
        for token in tokens:
            if kept and (kept[-1], token) == best:
                kept[-1] += token
            else:
                kept.append(token)
        tokens = kept


@mutant("encode", caught_by="test_characters_never_seen", says="replaced")
def unknown_replaced(word, merges):
    """Writes [UNK] for characters that are in no merge."""
    seen = set("".join(a + b for a, b in merges))
    rank = {pair: i for i, pair in enumerate(merges)}
    tokens = [*(c if c in seen else "[UNK]" for c in word), "</w>"]
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in rank]
        if not known:
            return tokens
        best = min(known, key=rank.get)
        kept = []
        for token in tokens:
            if kept and (kept[-1], token) == best:
                kept[-1] += token
            else:
                kept.append(token)
        tokens = kept


@mutant("encode", caught_by="test_the_end_of_the_word", says="without the mark")
def mark_forgotten(word, merges):
    """Begins with the characters alone."""
    rank = {pair: i for i, pair in enumerate(merges)}
    tokens = list(word)
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in rank]
        if not known:
            return tokens
        best = min(known, key=rank.get)
        kept = []
        for token in tokens:
            if kept and (kept[-1], token) == best:
                kept[-1] += token
            else:
                kept.append(token)
        tokens = kept


@mutant("encode", caught_by="test_the_best_rank_first", says="stops after one join")
def one_merge_only(word, merges):
    """Joins the best pair, and stops."""
    rank = {pair: i for i, pair in enumerate(merges)}
    tokens = [*word, "</w>"]
    known = [pair for pair in zip(tokens, tokens[1:]) if pair in rank]
    if not known:
        return tokens
    best = min(known, key=rank.get)
    kept = []
    for token in tokens:
        if kept and (kept[-1], token) == best:
            kept[-1] += token
        else:
            kept.append(token)
    return kept


@mutant("encode", caught_by="test_the_best_rank_first", says="compared whole")
def replaced_in_a_string(word, merges):
    """Replaces "b c" by "bc" in a text of all symbols."""
    text = " ".join([*word, "</w>"])
    for _ in merges:
        for pair in merges:
            text = text.replace(" ".join(pair), "".join(pair))
    return text.split(" ")


@mutant("encode", caught_by="test_pairs_that_come_about_later", says="at the top of the list")
def pass_after_pass(word, merges):
    """Goes down the whole list again and again, and never turns back after a join."""
    tokens, before = [*word, "</w>"], None
    while tokens != before:
        before = tokens
        for pair in merges:
            kept = []
            for token in tokens:
                if kept and (kept[-1], token) == pair:
                    kept[-1] += token
                else:
                    kept.append(token)
            tokens = kept
    return tokens


@mutant("encode", caught_by="test_the_best_rank_first", says="compared whole")
def best_pair_replaced_in_a_string(word, merges):
    """Chooses the pair by its rank, and then replaces "b c" by "bc" in a text of all symbols."""
    rank = {pair: i for i, pair in enumerate(merges)}
    tokens = [*word, "</w>"]
    while known := [pair for pair in zip(tokens, tokens[1:]) if pair in rank]:
        left, right = min(known, key=rank.get)
        tokens = " ".join(tokens).replace(f"{left} {right}", left + right).split(" ")
    return tokens


@mutant("encode", caught_by="test_pairs_at_several_places", says="at all its places")
def first_place_of_each_pair(word, merges):
    """Goes down the list again and again, but joins each pair once only."""
    tokens, used = [*word, "</w>"], set()
    rank = {pair: i for i, pair in enumerate(merges)}
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in rank and pair not in used]
        if not known:
            return tokens
        best = min(known, key=rank.get)
        used.add(best)
        i = list(zip(tokens, tokens[1:])).index(best)
        tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]


@mutant("encode", caught_by="test_the_end_of_the_word", says="one symbol, of four characters")
def mark_in_four_characters(word, merges):
    """Adds the mark to the text before it is cut into characters."""
    rank = {pair: i for i, pair in enumerate(merges)}
    tokens = list(word + "</w>")
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in rank]
        if not known:
            return tokens
        i = list(zip(tokens, tokens[1:])).index(min(known, key=rank.get))
        tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]


# ---------------------------------------------------------------- decode


@mutant("decode", caught_by="test_pieces_of_a_word_are_joined", says="within a word")
def space_between_all_tokens(tokens):
    """Joins tokens by spaces, and takes the marks out."""
    return " ".join(token.replace("</w>", "") for token in tokens)


@mutant("decode", caught_by="test_words_are_parted_by_one_space", says="space at its end")
def trailing_space(tokens):
    """Each mark becomes a space, the last one too."""
    return "".join(tokens).replace("</w>", " ")


@mutant("decode", caught_by="test_words_are_parted_by_one_space", says="all in one")
def words_run_together(tokens):
    """Takes the marks out, and nothing for them."""
    return "".join(tokens).replace("</w>", "")


@mutant("decode", caught_by="test_words_are_parted_by_one_space", says="The mark itself")
def mark_left_in(tokens):
    """Puts a space behind the mark."""
    return "".join(tokens).replace("</w>", "</w> ").strip()


@mutant("decode", caught_by="test_letters_of_the_mark_in_words", says="a set of characters")
def strips_the_letters(tokens):
    """`rstrip("</w>")` takes any of the characters <, /, w and > away, as many as there are."""
    text = "".join(token.rstrip("</w>") + (" " if token.endswith("</w>") else "") for token in tokens)
    return text.strip()


@mutant("decode", caught_by="test_a_word_that_was_cut_off", says="has no mark")
def unfinished_word_lost(tokens):
    """Writes a word down when its mark comes, so that one without a mark is lost."""
    words, current = [], ""
    for token in tokens:
        current += token
        if current.endswith("</w>"):
            words.append(current.removesuffix("</w>"))
            current = ""
    return " ".join(words)


@mutant("decode", caught_by="test_a_word_that_was_cut_off", says="cut off at the end")
def four_characters_off_the_end(tokens):
    """Takes for granted that the last token has a mark."""
    return "".join(tokens)[:-4].replace("</w>", " ")


@mutant("decode", caught_by="test_the_mark_as_a_token", says="a token of its own")
def mark_alone_ignored(tokens):
    """Drops tokens that are a mark and nothing else, and the end of the word with them."""
    pieces = [token for token in tokens if token != "</w>"]
    text = "".join(pieces).replace("</w>", " ")
    return text.removesuffix(" ")


@mutant("decode", caught_by="test_words_are_parted_by_one_space", says="The mark itself")
def only_marks_alone(tokens):
    """Knows the mark as a token of its own only."""
    return "".join(" " if token == "</w>" else token for token in tokens).removesuffix(" ")


@mutant("decode", caught_by="test_letters_of_the_mark_in_words", says="together, at a token's end")
def ends_at_the_letter(tokens):
    """Takes a token that ends in > for a word's end."""
    text = "".join(token.removesuffix("</w>") + " " * token.endswith(">") for token in tokens)
    return text.removesuffix(" ")
