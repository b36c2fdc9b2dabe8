"""Keys and the store of results: what was graded once isn't graded again, and what changed is."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from autograder.workplace import write_atomically

KIT_FILES = (
    "tunelab/*.py",
    "tunelab/assets.toml",
    "autograder/engine.py",
    "autograder/suites_runner.py",
    "autograder/sandbox.py",
    "autograder/jail/*.py",
    "requirements.lock",
)


def _digest(paths: Iterable[Path], root: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"{path.relative_to(root).as_posix()}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


@functools.cache
def kit_digest(root: Path) -> str:
    """The digest of everything that can change a result but isn't of one assignment: kit, lock and assets."""
    return _digest((path for pattern in KIT_FILES for path in root.glob(pattern)), root)


@functools.cache
def lab_digest(root: Path) -> str:
    """The digest of what runs of trusted answers hang on: the learner's lab and the lock. The sandbox is no part of it."""
    total = hashlib.sha256()
    for path in sorted([*(root / "tunelab").glob("*.py"), root / "requirements.lock"]):
        total.update(path.read_bytes())
    return total.hexdigest()


def conditions(root: Path, mode: str, limits: Any, budget: Any) -> str:
    """The digest of what a result hangs on beside the submission and the suites."""
    return hashlib.sha256("\n".join([kit_digest(root), mode, repr(limits), repr(budget)]).encode()).hexdigest()


def suite_digests(root: Path, assignment: str) -> dict[str, str]:
    """For each exercise the digest of its suite and of the helpers that all suites of the assignment may use."""
    files = sorted((root / "autograder/suites" / assignment).glob("**/*.py"))
    suites = [path for path in files if path.name.startswith("test_")]
    helpers = [path for path in files if path not in suites]
    return {path.stem.removeprefix("test_"): _digest([path, *helpers], root) for path in suites}


def unaffected(old: Mapping[str, Any], digest: str, under: str, suites: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The exercises of an earlier result that would come out the same now: of the same submission, `under` the same conditions, by the same suite."""
    if old["digest"] != digest or old.get("conditions") != under:
        return {}
    return {row["exercise"]: row for row in old["exercises"] if old["suites"].get(row["exercise"]) == suites.get(row["exercise"])}


def result_key(root: Path, assignment: str, digest: str, mode: str, limits: Any, budget: Any) -> str:
    """The key of a submission's result: its digest, suites, helpers, kit, lock, assets, sandbox mode and limits."""
    suites = _digest((root / "autograder/suites" / assignment).glob("**/*.py"), root)
    return hashlib.sha256("\n".join([digest, suites, conditions(root, mode, limits, budget)]).encode()).hexdigest()


def submission_seed(root: Path, assignment: str, digest: str) -> int:
    """What suites draw a submission's inputs from: other for each submission, the same when it is graded again, not to be guessed without the course's secret."""
    return int.from_bytes(hmac.digest(course_secret(root), f"{assignment} {digest}".encode(), "sha256")[:7], "big")


def course_secret(root: Path) -> bytes:
    """The course's secret, from the file `.secret` in the course's root; made on first use, readable by its owner alone."""
    path = root / ".secret"
    if not path.exists():
        beside = root / f".secret.{os.getpid()}"
        beside.touch(mode=0o600)
        beside.write_text(secrets.token_hex(32))
        try:
            os.link(beside, path)
        except FileExistsError:
            pass
        finally:
            beside.unlink()
    return bytes.fromhex(path.read_text().strip())


class Store:
    """Results on disk, one file per key, written whole or not at all."""

    def __init__(self, folder: Path):
        self.folder = folder

    def path(self, assignment: str, key: str) -> Path:
        return self.folder / assignment / f"{key}.json"

    def get(self, assignment: str, key: str) -> dict[str, Any] | None:
        try:
            return json.loads(self.path(assignment, key).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def put(self, assignment: str, key: str, result: dict[str, Any]) -> None:
        write_atomically(self.path(assignment, key), json.dumps(result | {"key": key}, ensure_ascii=False, indent=1))
