"""What can be wrong around a learner's answer: a notebook that wasn't saved, a kernel that is older than the lab, a package that isn't there."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

import tunelab
from tunelab.notebook import digest, without_magics
from tunelab.progress import Progress

SLACK = 2.0
"""Seconds by which clocks of a file system and of the machine may differ."""


def unsaved(assignment: str, exercise: str, source: str, path: Path, progress: Progress) -> str:
    """A sentence where the last check in the editor saw another cell than the notebook on disk, which was saved before that; empty elsewhere."""
    seen = progress.seen_in_editor(assignment, exercise)
    saved = path.stat().st_mtime
    if seen is None or seen[0] <= saved or seen[1] in (digest(source), digest(without_magics(source))):
        return ""
    if "COLAB_RELEASE_TAG" in os.environ:
        return (
            f'{exercise}: Colab hasn\'t given the notebook to this machine since {_clock(saved)}. Run check("{exercise}") in it once more, then this; '
            "or hand in the notebook itself (File, Download, Download .ipynb)."
        )
    return (
        f"{exercise}: {path.name} on disk is older ({_clock(saved)}) than your last check in the editor ({_clock(seen[0])}), and its cell is another one. "
        "Save the notebook (Ctrl+S), then run this again."
    )


def _clock(moment: float) -> str:
    there, now = datetime.fromtimestamp(moment), datetime.now()
    return f"{there:%H:%M:%S}" if there.date() == now.date() else f"{there:%Y-%m-%d %H:%M}"


def outdated_kernel(started: float = tunelab.LOADED) -> str:
    """A sentence where the lab was installed anew after this kernel had loaded it; empty elsewhere."""
    files = [getattr(module, "__file__", None) for name, module in list(sys.modules.items()) if name.partition(".")[0] == tunelab.__name__]
    newest = max((path.stat().st_mtime for file in files if file and (path := Path(file)).is_file()), default=0.0)
    if newest <= started + SLACK:
        return ""
    return "The tunelab package was updated after this kernel started, so it still runs the old one. Restart the kernel (Kernel, Restart Kernel), run the cells again, then check."


def not_installed(module: str | None) -> str:
    """A sentence for a package that is missing from the Python that runs this."""
    return (
        f"the Python that runs this ({sys.executable}) has no package {module}. Is it the one into which you installed the course? "
        "Activate that environment, or install the wheel that your instructor gave you into this one: python -m pip install tunelab-….whl"
    )
