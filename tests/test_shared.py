"""A class that shares one machine: models and data lie once, in a folder that learners can't write to, and what each of them has reached lies beside their own assignments."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_assets import entries, offer, shop, wheel  # noqa: F401
from tests.test_cli import RIGHT, shelf, write  # noqa: F401
from tunelab import assets
from tunelab.progress import Progress


def as_a_learner(code: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Runs Python where everything but a learner's own folder, the cache of models and data included, is read-only, also for root."""
    jail = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/dev/shm", "--bind", str(folder), str(folder)]
    variables = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "TUNELAB_HOME": str(home), "HOME": str(folder)}
    command = [*jail, sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300)


def test_a_read_only_copy_of_all_models_and_data_is_enough(shelf: Path) -> None:  # noqa: F811
    write(shelf, double=RIGHT)
    code = (
        "from tunelab import assets, cli, models\n"
        "for words in (['fetch'], ['check', 'double'], ['submit', '--learner', 'ada']):\n"
        "    try:\n        cli.main(words)\n    except SystemExit as end:\n        print(words[0], 'ended with', end.code)\n"
        "print(len(models.minilm_tokenizer().tokenize('a few words')), 'tokens')\n"
        "try:\n    (assets.cache_folder() / 'mine').touch()\nexcept OSError as error:\n    print(error.strerror)\n"
    )
    done = as_a_learner(code, shelf.parent, assets.cache_folder())
    assert done.returncode == 0, done.stderr
    assert "fetch ended with 0" in done.stdout and str(assets.cache_folder()) in done.stdout
    assert "check ended with 0" in done.stdout and "submit ended with 0" in done.stdout
    assert done.stdout.endswith("3 tokens\nRead-only file system\n")
    progress = Progress(shelf.parent)
    assert progress.is_done("s9-numbers", "double", RIGHT) and progress.learner == "ada"
    assert list((shelf.parent / "submissions").glob("*.zip"))


def test_a_read_only_copy_that_lacks_something_says_whom_to_ask(shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # noqa: F811
    first, learner = wheel(shop, {"data/words.txt": "one two three"}), tmp_path / "learner"
    offer(monkeypatch, first)
    assets.fetch(say=lambda line: None)
    there = entries()
    learner.mkdir()
    code = (
        "from tunelab import assets, cli\nfrom tunelab.assets import Asset\n"
        f"first = {first!r}\nother = {wheel(shop, {'data/words.txt': 'of another version'})!r}\n"
        "for offered in (first, other):\n"
        "    assets.catalogue = lambda: {offered.name: offered}\n"
        "    try:\n        cli.main(['fetch'])\n    except SystemExit as end:\n        print('ended with', end.code)\n"
    )
    done = as_a_learner(code, learner, assets.cache_folder())
    assert done.stdout.count("ended with") == 2 and "ended with 0" in done.stdout and "ended with 2" in done.stdout, done.stderr
    assert f"tunelab fetch: words isn't in {assets.cache_folder()}, which can't be written to (Read-only file system)." in done.stderr
    assert "When a class shares that folder, ask whoever looks after it to run `tunelab fetch`." in done.stderr
    assert entries() == there
