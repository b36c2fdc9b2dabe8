"""What is done once to fetched files, so that loading them later is fast: GGUF to safetensors, tables to Parquet.

Each function works on a folder of unpacked files, writes new files beside them and removes what is no longer needed.
"""

from __future__ import annotations

import ast
import contextlib
import io
from pathlib import Path


def as_it_is(folder: Path) -> None:
    """Nothing: the files are read as they come."""


def unix_lines(folder: Path) -> None:
    """Ends lines as WordNet's own files do. The package ends them with two characters, and then no entry is where the index says it is."""
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))


def gguf_to_safetensors(folder: Path) -> None:
    """Writes a model and its tokenizer, stored as `model.gguf`, as transformers' own files with 32-bit weights."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from tunelab.models import quietly

    # The bar of this conversion heeds no setting of transformers.
    with quietly(), contextlib.redirect_stderr(io.StringIO()):
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file="model.gguf", local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(folder, gguf_file="model.gguf", local_files_only=True, dtype=torch.float32)
        # The weights are plain numbers now, but the model still remembers that they were quantised, and then can't be saved.
        model.hf_quantizer = None
        for name in ("is_quantized", "quantization_method"):
            if hasattr(model, name):
                delattr(model, name)
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    (folder / "model.gguf").unlink()


def texts_to_parquet(folder: Path) -> None:
    """Film reviews, plots, headlines and the thesaurus as one table each."""
    import pandas as pd

    films = pd.read_csv(folder / "films.csv.bz2", keep_default_na=False)
    films = films.assign(text=films.text.str.strip()).rename(columns={"movie_name": "film"})
    films = films[films.text != ""]
    reviews = films[films.category != "plot"]
    reviews = reviews.assign(label=(reviews.category == "fresh").astype("int64"))
    reviews[["text", "label", "film"]].to_parquet(folder / "reviews.parquet", index=False)
    films[films.category == "plot"][["text", "film"]].to_parquet(folder / "plots.parquet", index=False)

    headlines = pd.read_csv(folder / "headlines.csv.bz2", keep_default_na=False).rename(columns={"Text": "text", "Date": "date"})
    headlines = headlines.assign(text=headlines.text.str.strip()).sort_values("date", kind="stable")
    headlines[["text", "date"]].to_parquet(folder / "headlines.parquet", index=False)

    words = pd.read_csv(folder / "thesaurus.csv.bz2", header=None, names=["word", "category"], keep_default_na=False)
    words = words.assign(word=words.word.str.strip(), category=words.category.str.strip())
    words[words.word != ""].drop_duplicates().to_parquet(folder / "thesaurus.parquet", index=False)
    _remove(folder, "*.csv.bz2")


def ratings_to_parquet(folder: Path) -> None:
    """Texts and the ratings that people gave them, one table for each domain.

    The mean is taken from the ratings: for 196 of the messages the published mean is another.
    """
    import pandas as pd

    for domain in sorted(path.name.removesuffix("-texts.txt") for path in folder.glob("*-texts.txt")):
        texts = {row[0]: row[2] for row in _rows(folder / f"{domain}-texts.txt", 3)}
        ratings = {row[0]: ast.literal_eval(row[3]) for row in _rows(folder / f"{domain}-ratings.txt", 4)}
        table = pd.DataFrame({"text": texts.values(), "ratings": [ratings[key] for key in texts]})
        table["mean"] = [sum(given) / len(given) for given in table.ratings]
        table[["text", "mean", "ratings"]].to_parquet(folder / f"{domain}.parquet", index=False)
    _remove(folder, "*.txt")


def _rows(path: Path, columns: int) -> list[list[str]]:
    with path.open(encoding="utf-8-sig") as file:
        return [line.rstrip("\r\n").split("\t", columns - 1) for line in file]


def _remove(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        path.unlink()
