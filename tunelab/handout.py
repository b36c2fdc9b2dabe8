"""Assignments that came with the package: `make wheel` puts them in, `tunelab get` lays them out. So one file is the whole course where there is no folder to give out."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tunelab.places import SHELF
from tunelab.shelf import ShelfError, find_shelf

PACKED = Path(__file__).with_name(SHELF)


@dataclass(frozen=True)
class Handout:
    """The folder of the assignments, the names of those that were laid out in it, and of those that were there and stayed as they are."""

    root: Path
    new: tuple[str, ...]
    kept: tuple[str, ...]


def lay_out(start: Path, packed: Path = PACKED) -> Handout:
    """Copies the assignments that came with the package into the folder of assignments around `start`, or into a new one. What is there is never touched, only the dates are renewed.

    Raises ShelfError where the package came without any.
    """
    names = sorted(path.name for path in packed.glob("*") if any(path.glob("*.ipynb")))
    if not names:
        raise ShelfError("This package came without assignments. Get their folder, or a wheel that holds them, from your instructor.")
    root = _root(start)
    root.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(packed / "course.toml", root / "course.toml")
    new = [name for name in names if not (root / name).exists()]
    for name in new:
        partial = root / f".{name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(packed / name, partial, copy_function=shutil.copyfile, ignore=shutil.ignore_patterns("__pycache__"))
        partial.rename(root / name)
    return Handout(root, tuple(new), tuple(name for name in names if name not in new))


def _root(start: Path) -> Path:
    try:
        return find_shelf(start).root
    except ShelfError:
        return start.absolute() if start.absolute().name == SHELF else start.absolute() / SHELF
