"""Google Colab: the notebook lives in the browser, so the commands would find only the stubs that `tunelab get` laid out. `check(…)` brings it down."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tunelab.checks import find_notebook
from tunelab.notebook import NotebookError, from_cells
from tunelab.progress import write_beside

PATIENCE = 10
"""Seconds that Colab's page may take to answer."""
DRIVE = "drive"
"""What lies below a folder of this name is the learner's Google Drive, where Colab itself writes the notebook."""


def bring_down(folder: Path, exercise: str) -> bool:
    """In Colab, writes the notebook as the browser shows it into its assignment's folder. Gives whether it did; does nothing elsewhere, on Drive, or where Colab doesn't answer.

    Args:
        folder: of the assignment, with its notebook as it was laid out.
        exercise: one of the notebook, so that no other notebook is written there.
    """
    if "google.colab" not in sys.modules or DRIVE in folder.parts:
        return False
    try:
        place = find_notebook(folder).path
        document = _shown()
        if exercise not in from_cells(place, document, [cell for cell in document["cells"] if isinstance(cell, dict)]).exercises:
            return False
        write_beside(place, (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
    except (NotebookError, OSError, KeyError, TypeError, ValueError):
        return False
    return True


def _shown() -> dict[str, Any]:
    """The notebook as the page shows it, asked for as other packages do (wandb, for one): Colab documents no way. Raises KeyError, TypeError or ValueError without one."""
    try:
        from google.colab import _message

        return _message.blocking_request("get_ipynb", timeout_sec=PATIENCE)["ipynb"]
    except Exception as error:  # whatever a page that has changed may do
        raise ValueError(str(error)) from None
