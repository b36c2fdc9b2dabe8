"""The reference solutions of "From text to numbers"."""


def count_pairs(words):
    counts = Counter()
    for symbols, times in words.items():
        for place in range(len(symbols) - 1):
            counts[symbols[place], symbols[place + 1]] += times
    return counts


def merge_pair(word, pair):
    merged, place = [], 0
    while place < len(word):
        if word[place : place + 2] == pair:
            merged.append(pair[0] + pair[1])
            place += 2
        else:
            merged.append(word[place])
            place += 1
    return tuple(merged)


def train_bpe(frequencies, merges):
    words = [[[*word, "</w>"], times] for word, times in frequencies.items()]
    learnt = []
    while len(learnt) < merges:
        counts = Counter()
        for symbols, times in words:
            for pair in zip(symbols, symbols[1:]):
                counts[pair] += times
        if not counts:
            break
        left, right = best = min(counts, key=lambda pair: (-counts[pair], pair))
        learnt.append(best)
        for symbols, _ in words:
            place = 0
            while place < len(symbols) - 1:
                if symbols[place] == left and symbols[place + 1] == right:
                    symbols[place : place + 2] = [left + right]
                place += 1
    return learnt


def encode(word, merges):
    rank = {pair: number for number, pair in enumerate(merges)}
    symbols = [*word, "</w>"]
    while True:
        known = [pair for pair in zip(symbols, symbols[1:]) if pair in rank]
        if not known:
            return symbols
        left, right = min(known, key=rank.get)
        place = 0
        while place < len(symbols) - 1:
            if symbols[place] == left and symbols[place + 1] == right:
                symbols[place : place + 2] = [left + right]
            place += 1


def decode(tokens):
    text = "".join(token.removesuffix("</w>") + " " * token.endswith("</w>") for token in tokens)
    return text.removesuffix(" ")
