"""Where the notebook of this kernel lies, and what lies beside it. Editors start kernels in different folders, and some keep the notebook on no disk of this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SHELF = "assignments"
"""What the folder of the assignments is called."""


def notebook_namespace() -> dict[str, Any]:
    """The names that the cells of this kernel see; those of the main program where there is no kernel."""
    if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()) is not None:
        return shell.user_ns
    return sys.modules["__main__"].__dict__


def folders(namespace: Mapping[str, Any]) -> list[Path]:
    """Where the notebook may lie: the current folder, or where its editor says (VS Code by a name in the kernel, Jupyter's server by a variable)."""
    said = [namespace.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")]
    return [Path.cwd(), *(Path(str(path)).parent for path in said if path)]


def beside(name: str, namespace: Mapping[str, Any]) -> Path | None:
    """The file of that name beside the notebook. Where it lies is none, as in Colab: the only one of that name in an assignment around the current folder."""
    for folder in folders(namespace):
        if (path := folder / name).is_file():
            return path
    found = around(name)
    return found[0] if len(found) == 1 else None


def around(name: str) -> list[Path]:
    """The files of that name in the assignments around the current folder, sorted."""
    here = Path.cwd()
    roots = [root for root in (here / SHELF, here) if (root / "course.toml").is_file()]
    return sorted(roots[0].glob(f"*/{name}")) if roots else []
