"""A learner's code in the jail, for tests that look at the sandbox itself."""

from __future__ import annotations

import atexit
import contextlib
import functools
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.sandbox import Jailed, Limits, Sandbox, open_sandbox
from autograder.suites_runner import Wire
from tunelab.learner import Learner
from tunelab.notebook import Cell

LIMITS = Limits(wall_seconds=60, memory_mib=512, total_mib=1024, processes=16, files=64, file_mib=8, tmp_mib=16, cpu_seconds=30)


@functools.cache
def sandbox(mode: str) -> Sandbox:
    """A warm sandbox with small limits, shared by all tests. Its cache holds one file, `hello`."""
    folder = tempfile.TemporaryDirectory()
    cache = Path(folder.name)
    cache.chmod(0o755)
    (cache / "hello").write_text("from the cache")
    opened = open_sandbox(mode, LIMITS, cache)
    atexit.register(folder.cleanup)
    atexit.register(opened.close)
    return opened


@dataclass(frozen=True)
class Inside:
    """A worker in the jail and a learner's view of it."""

    jailed: Jailed
    wire: Wire
    learner: Learner


@contextlib.contextmanager
def inside(source: str, mode: str = "bubblewrap", seconds: float = 30, **limits: float) -> Iterator[Inside]:
    """A fresh jailed worker that has run `source` as a cell. Each call has `seconds`."""
    warm = sandbox(mode)
    usual, warm.limits = warm.limits, replace(warm.limits, **limits)
    try:
        jailed = warm.spawn()
    finally:
        warm.limits = usual
    wire = Wire(jailed.socket.detach())
    learner = Learner(lambda data: wire.exchange(data, seconds))
    try:
        learner.load((Cell("attack", textwrap.dedent(source)),))
        yield Inside(jailed, wire, learner)
    finally:
        wire.close()
        jailed.kill()
        jailed.close()
