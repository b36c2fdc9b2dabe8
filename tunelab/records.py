"""Records: what a long computation of a lesson gave when its author ran it in full, kept beside the notebook, so that a reader needn't wait for it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tunelab import budget, places

FOLDER = "records"
RECORDING = "TUNELAB_RECORD"
"""The environment variable that asks for everything to be computed anew."""


class RecordError(ValueError):
    """A record that isn't there, can't be read, or couldn't be written, with what to do."""


def recorded(name: str, compute: Callable[[], Any]) -> Any:
    """What `compute` gave in full, read from `records/<name>.json` beside the notebook.

    With `TUNELAB_RECORD=1` in the environment it is computed and written there. On the small budget it is computed too, to see that it still runs, and what was recorded in full is returned.

    Args:
        name: of the record: letters, digits, `-` and `_`.
        compute: takes nothing and gives plain data: dicts with strings as keys, lists, numbers, strings, None.

    Returns:
        The data as JSON gives it back: lists for tuples, whether it was computed just now or read.

    Raises:
        RecordError: there is no such record, it can't be read, or what was computed isn't plain data.
    """
    path = places.beside(f"{FOLDER}/{name}.json", places.notebook_namespace()) or Path(FOLDER) / f"{name}.json"
    if os.environ.get(RECORDING) == "1":
        return _record(path, compute)
    if budget.small():
        fresh = _plain(name, compute())
        return _read(path)["value"] if path.is_file() else fresh
    kept = _read(path)
    print(
        f"From the record {_shown(path)}: computed in {_length(kept['seconds'])} on {kept['processors']} processors. "
        f"With {RECORDING}=1 in Jupyter's environment this cell computes it anew."
    )
    return kept["value"]


def _record(path: Path, compute: Callable[[], Any]) -> Any:
    start = time.monotonic()
    value = _plain(path.stem, compute())
    kept = {"seconds": round(time.monotonic() - start, 1), "processors": os.cpu_count(), "value": value}
    path.parent.mkdir(exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)
    print(f"Recorded in {_shown(path)}: computed in {_length(kept['seconds'])} on {kept['processors']} processors.")
    return value


def _plain(name: str, value: Any) -> Any:
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError) as error:
        raise RecordError(
            f"recorded({name!r}, …): what was computed isn't plain data ({error}). Turn arrays into lists, and numbers into int or float."
        ) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {key: kept[key] for key in ("seconds", "processors", "value")}
    except FileNotFoundError:
        raise RecordError(
            f"{_shown(path)} isn't in {Path.cwd()}. Open the notebook in the folder of its assignment, or go there in a cell (%cd …); or compute it, which takes long: "
            f"start Jupyter with {RECORDING}=1 in its environment."
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{_shown(path)} can't be read ({error}). Copy it again from the assignment as it was handed out.") from None


def _shown(path: Path) -> str:
    return f"{FOLDER}/{path.name}"


def _length(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
