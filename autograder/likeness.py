"""Pairs of submissions that are alike beyond what the exercise explains, by shared fingerprints of their code. Likeness is no proof of anything.

Fingerprints are those of winnowing (S. Schleimer, D. Wilkerson and A. Aiken, Winnowing: local algorithms for document fingerprinting, SIGMOD 2003), as `copydetect` computes them: names,
texts, comments and spaces don't count. What the stub, an answer that the authors know, or many of the class share is left out.
"""

from __future__ import annotations

import io
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from copydetect import CodeFingerprint, compare_files

LENGTH = 16
"""Signs of a fingerprint, in code whose names and texts are one sign each."""
LONGEST = 20_000
"""Characters of a cell that are looked at: whatever a learner wrote is split into tokens in the instructor's own process."""
LEAST = 40
"""Shared signs below which two submissions aren't called alike."""
PAIRS = 20
"""Pairs that are shown for an assignment."""
COMMON = 10
"""What more than one in so many of the class share, and more than three, is explained by the task."""


@dataclass(frozen=True)
class Shared:
    """An exercise of two learners: both sources by lines, and the numbers of the lines (from 0) that hold shared code."""

    exercise: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    left_lines: frozenset[int]
    right_lines: frozenset[int]


@dataclass(frozen=True)
class Pair:
    """Two learners whose code shares `signs` signs that nothing explains, `share` of what is unexplained in the smaller of both."""

    left: str
    right: str
    signs: int
    share: float
    exercises: tuple[Shared, ...]


def alike(cells: Mapping[str, Mapping[str, str]], known: Mapping[str, Iterable[str]]) -> list[Pair]:
    """The pairs of a class that are most alike, in `cells` (learner to exercise to source). `known` are, by exercise, sources that explain likeness: the stub, which comes first, and answers that the authors know."""
    found: dict[tuple[str, str], list[tuple[int, float, Shared]]] = defaultdict(list)
    for exercise, explained in known.items():
        explained = list(explained)
        stub = explained[0]
        sources = {learner: plain(own[exercise]) for learner, own in cells.items() if own.get(exercise, stub).strip() != stub.strip()}
        for pair, shared in _of_exercise(exercise, sources, explained).items():
            found[pair].append(shared)
    pairs = []
    for (left, right), parts in found.items():
        signs = sum(part[0] for part in parts)
        if signs >= LEAST:
            share = sum(part[0] for part in parts) / max(1, sum(part[0] / part[1] for part in parts))
            pairs.append(Pair(left, right, signs, min(1.0, share), tuple(part[2] for part in parts)))
    return sorted(pairs, key=lambda pair: (-pair.signs, pair.left, pair.right))[:PAIRS]


def _of_exercise(exercise: str, sources: Mapping[str, str], explained: Iterable[str]) -> dict[tuple[str, str], tuple[int, float, Shared]]:
    """For each pair that shares something unexplained: the signs, their share of what is unexplained in the smaller, and where they are."""
    prints = {learner: fingerprint(source) for learner, source in sources.items()}
    boring = set().union(*(fingerprint(plain(source)).hashes for source in explained))
    counts = Counter(itertools.chain.from_iterable(one.hashes for one in prints.values()))
    boring |= {value for value, count in counts.items() if count > max(3, len(prints) / COMMON)}
    holders: dict[int, list[str]] = defaultdict(list)
    for learner, one in prints.items():
        one.hashes = {value for value in one.hashes if value not in boring}
        one.hash_idx = {value: places for value, places in one.hash_idx.items() if value in one.hashes}
        for value in one.hashes:
            holders[value].append(learner)
    candidates = {pair for learners in holders.values() for pair in itertools.combinations(sorted(learners), 2)}
    found = {}
    for left, right in candidates:
        signs, _, slices = compare_files(prints[left], prints[right])
        least = min(_unexplained(prints[left]), _unexplained(prints[right]))
        sides = [(sources[learner], _lines(sources[learner], where)) for learner, where in zip((left, right), slices, strict=True)]
        shared = Shared(exercise, *(tuple(source.split("\n")) for source, _ in sides), *(lines for _, lines in sides))
        found[left, right] = int(signs), min(1.0, int(signs) / max(1, least)), shared
    return found


def plain(source: str) -> str:
    """The beginning of a cell, without what the library leaves out before it counts: tabs, and empty lines around."""
    return source[:LONGEST].replace("\t", "    ").strip("\n")


def fingerprint(source: str) -> CodeFingerprint:
    """The fingerprints of a plain source, whatever it holds."""
    made = CodeFingerprint("cell.py", LENGTH, 1, filter=True, language="python", fp=io.StringIO(source))
    if len(made.offsets):
        made.offsets[:, 1] = np.maximum.accumulate(made.offsets[:, 1])  # after a class's name the library starts counting anew
    return made


def _unexplained(one: CodeFingerprint) -> int:
    """Signs of a source that lie in fingerprints which nothing explains."""
    return len({place + step for places in one.hash_idx.values() for place in places for step in range(LENGTH)})


def _lines(source: str, slices: np.ndarray) -> frozenset[int]:
    """The lines of a source that shared slices touch, blank ones left out."""
    lines = source.split("\n")
    touched = {
        number
        for start, end in slices.T.tolist()
        for number in range(source.count("\n", 0, int(start)), source.count("\n", 0, max(int(start) + 1, int(end))) + 1)
    }
    return frozenset(number for number in touched if number < len(lines) and lines[number].strip())
