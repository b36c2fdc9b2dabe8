"""Troublemakers: submissions that come malformed, and ones that attack the grader. Each says which exercises it deserves nothing for.

A trouble starts from a notebook in which everything is right, so that whatever it costs beyond its own exercise is seen.
"""

from __future__ import annotations

import copy
import json
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.workplace import write_atomically

OUTPUT_BYTES = 20 * 2**20
Files = Callable[[Path], None]


@dataclass(frozen=True)
class Desk:
    """What a troublemaker starts from: the filled notebook (JSON), right cells and stubs by exercise, and the exercises, the one to be troubled first."""

    assignment: str
    notebook: dict[str, Any]
    right: dict[str, str]
    stubs: dict[str, str]
    exercises: list[str]

    @property
    def target(self) -> str:
        return self.exercises[0]

    @property
    def all(self) -> set[str]:
        return set(self.exercises)

    def copy(self) -> dict[str, Any]:
        return copy.deepcopy(self.notebook)

    def handed_in(self, notebook: dict[str, Any] | str | bytes, name: str = "") -> Files:
        """Writes a notebook (JSON, or text as it stands) under its right name or another."""
        content = notebook if isinstance(notebook, str | bytes) else json.dumps(notebook, ensure_ascii=False)
        return lambda folder: write_atomically(folder / (name or f"{self.assignment}.ipynb"), content)


@dataclass(frozen=True)
class Trouble:
    """One kind of trouble. `made` gives what is handed in and the exercises that deserve nothing."""

    name: str
    kind: str
    about: str
    made: Callable[[Desk], tuple[Files, set[str]]]


MALFORMED: list[Trouble] = []
ATTACKS: list[Trouble] = []


def malformed(about: str) -> Callable:
    return _register(MALFORMED, "malformed", about)


def _register(register: list[Trouble], kind: str, about: str) -> Callable:
    def add(made: Callable[[Desk], tuple[Files, set[str]]]) -> Callable:
        register.append(Trouble(made.__name__.replace("_", "-"), kind, about, made))
        return made

    return add


def cell_of(notebook: dict[str, Any], exercise: str) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if cell.get("id") == exercise)


def put(notebook: dict[str, Any], exercise: str, source: str) -> dict[str, Any]:
    cell_of(notebook, exercise)["source"] = source
    return notebook


def code_cell(source: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None} | more


# ---------------------------------------------------------------- malformed


@malformed("the file ends in the middle")
def not_json(desk: Desk) -> tuple[Files, set[str]]:
    return desk.handed_in(json.dumps(desk.notebook)[: len(json.dumps(desk.notebook)) // 2]), desk.all


@malformed("a file of no bytes")
def empty(desk: Desk) -> tuple[Files, set[str]]:
    return desk.handed_in(""), desk.all


@malformed("an empty folder")
def nothing(desk: Desk) -> tuple[Files, set[str]]:
    return lambda folder: None, desk.all


@malformed("the notebook of another assignment")
def other_assignment(desk: Desk) -> tuple[Files, set[str]]:
    notebook = desk.copy()
    notebook["metadata"]["tunelab"]["assignment"] = "s9-something-else"
    notebook["cells"] = [code_cell("def something_else():\n    return 1", id="something_else")]
    return desk.handed_in(notebook), desk.all


@malformed("a file name of the learner's own")
def wrong_name(desk: Desk) -> tuple[Files, set[str]]:
    return desk.handed_in(desk.notebook, "My homework (final) 2.ipynb"), set()


@malformed("a backup copy of the stubs beside the notebook")
def two_notebooks(desk: Desk) -> tuple[Files, set[str]]:
    backup = desk.copy()
    for exercise, stub in desk.stubs.items():
        put(backup, exercise, stub)
    write_right, write_backup = desk.handed_in(desk.notebook), desk.handed_in(backup, "backup.ipynb")

    def files(folder: Path) -> None:
        write_right(folder)
        write_backup(folder)

    return files, set()


@malformed("data and folders beside the notebook")
def other_files(desk: Desk) -> tuple[Files, set[str]]:
    def files(folder: Path) -> None:
        desk.handed_in(desk.notebook)(folder)
        write_atomically(folder / "data" / "table.csv", "a,b\n1,2\n")
        write_atomically(folder / f"test_{desk.target}.py", "def test_nothing():\n    pass\n")

    return files, set()


@malformed("an exercise's cell is gone")
def cell_deleted(desk: Desk) -> tuple[Files, set[str]]:
    notebook = desk.copy()
    notebook["cells"] = [cell for cell in notebook["cells"] if cell.get("id") not in (desk.target, f"check_{desk.target}")]
    return desk.handed_in(notebook), {desk.target}


@malformed("an exercise's cell is there twice: the stub, and a copy with the answer")
def cell_duplicated(desk: Desk) -> tuple[Files, set[str]]:
    notebook = desk.copy()
    second = copy.deepcopy(cell_of(notebook, desk.target))
    put(notebook, desk.target, desk.stubs[desk.target])
    notebook["cells"].append(second)
    return desk.handed_in(notebook), set()


@malformed("all cells in reverse")
def reordered(desk: Desk) -> tuple[Files, set[str]]:
    notebook = desk.copy()
    notebook["cells"].reverse()
    return desk.handed_in(notebook), set()


@malformed("an exercise's cell turned into Markdown, another into raw text")
def retyped(desk: Desk) -> tuple[Files, set[str]]:
    notebook = desk.copy()
    for exercise, kind in zip(desk.exercises, ("markdown", "raw"), strict=False):
        cell = cell_of(notebook, exercise)
        cell["cell_type"] = kind
        for key in ("outputs", "execution_count"):
            cell.pop(key, None)
    return desk.handed_in(notebook), set()


@malformed("two exercises in one cell, as after a merge")
def merged(desk: Desk) -> tuple[Files, set[str]]:
    notebook, (first, second) = desk.copy(), desk.exercises[:2]
    put(notebook, first, f"{desk.right[first]}\n\n{desk.right[second]}")
    notebook["cells"].remove(cell_of(notebook, second))
    return desk.handed_in(notebook), set()


@malformed("every cell's metadata and id dropped, as some editors do")
def metadata_stripped(desk: Desk) -> tuple[Files, set[str]]:
    notebook = desk.copy()
    notebook |= {"metadata": {}, "nbformat_minor": 4}
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
    return desk.handed_in(notebook), set()


@malformed("points, flags and grade ids edited")
def metadata_edited(desk: Desk) -> tuple[Files, set[str]]:
    notebook = desk.copy()
    check = cell_of(notebook, f"check_{desk.target}")["metadata"]["nbgrader"]
    check |= {"points": 1000, "grade": False, "locked": False}
    cell_of(notebook, desk.exercises[-1])["metadata"]["nbgrader"] |= {"grade_id": "mine", "solution": False}
    return desk.handed_in(notebook), set()


@malformed("an exercise's function has another name")
def renamed(desk: Desk) -> tuple[Files, set[str]]:
    source = desk.right[desk.target].replace(desk.target, "my_own_name")
    return desk.handed_in(put(desk.copy(), desk.target, source)), {desk.target}


@malformed("a syntax error in an exercise's cell")
def syntax_error(desk: Desk) -> tuple[Files, set[str]]:
    source = f"{desk.right[desk.target]}\n    ) oops ("
    return desk.handed_in(put(desk.copy(), desk.target, source)), {desk.target}


@malformed("IPython magics and shell commands in exercise cells")
def magics(desk: Desk) -> tuple[Files, set[str]]:
    notebook, (first, second) = desk.copy(), desk.exercises[:2]
    put(notebook, first, f"%matplotlib inline\n!ls\n{desk.right[first]}\n%timeit 1 + 1")
    put(notebook, second, f"%%time\n{desk.right[second]}")
    return desk.handed_in(notebook), set()


@malformed(f"{OUTPUT_BYTES // 2**20} MiB of outputs")
def huge_outputs(desk: Desk) -> tuple[Files, set[str]]:
    notebook = desk.copy()
    cell_of(notebook, desk.target)["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "tune lab\n" * (OUTPUT_BYTES // 9)}]
    return desk.handed_in(notebook), set()


@malformed("a script instead of a notebook")
def script(desk: Desk) -> tuple[Files, set[str]]:
    setup = ["".join(cell["source"]) for cell in desk.notebook["cells"] if "setup" in cell["metadata"].get("tags", [])]
    return desk.handed_in("\n\n\n".join([*setup, *desk.right.values()]) + "\n", f"{desk.assignment}.py"), set()


@malformed("an exercise calls a function that is in a cell of the learner's own")
def helper_elsewhere(desk: Desk) -> tuple[Files, set[str]]:
    notebook = desk.copy()
    notebook["cells"].insert(1, code_cell("def helper_of_mine(*args, **kwargs):\n    return args"))
    body = desk.stubs[desk.target].replace("raise NotImplementedError", "return helper_of_mine()")
    return desk.handed_in(put(notebook, desk.target, body)), {desk.target}


@malformed("prints, warnings and progress on every call of a right answer")
def chatty(desk: Desk) -> tuple[Files, set[str]]:
    noise = "import sys, warnings\nprint('loading ' * 1000)\nprint('oops', file=sys.stderr)\nwarnings.warn('deprecated')\n"
    return desk.handed_in(put(desk.copy(), desk.target, noise + desk.right[desk.target])), set()


# ---------------------------------------------------------------- attackers


def attack(about: str, before: str = "", body: str = "return None", right: bool = False) -> Callable[[str], None]:
    """Registers an attack in one exercise's cell: code that runs when the cell does, and the body of the function. With `right` the answer is right all the same."""

    def add(name: str) -> None:
        def made(desk: Desk) -> tuple[Files, set[str]]:
            opening = textwrap.dedent(before).strip()
            if right:
                return desk.handed_in(put(desk.copy(), desk.target, f"{opening}\n{desk.right[desk.target]}")), set()
            stolen = textwrap.dedent(body).strip().replace("EXERCISE", desk.target)
            function = f"def {desk.target}(*args, **kwargs):\n{textwrap.indent(stolen, '    ')}"
            return desk.handed_in(put(desk.copy(), desk.target, f"{opening}\n{function}")), {desk.target}

        ATTACKS.append(Trouble(name, "attacker", about, made))

    return add


attack(
    "patches the comparisons that tests use",
    before="""
    import builtins, math
    import numpy as np
    import torch
    yes = lambda *args, **kwargs: True
    np.allclose = np.array_equal = np.isclose = torch.equal = torch.allclose = math.isclose = builtins.all = yes
    np.testing.assert_allclose = np.testing.assert_array_equal = torch.testing.assert_close = lambda *args, **kwargs: None
    """,
)("patched-libraries")

attack(
    "returns an object that equals everything",
    before="""
    class Anything(float):
        def __eq__(self, other): return True
        def __ne__(self, other): return False
        def __lt__(self, other): return True
        __le__ = __gt__ = __ge__ = __lt__
        def __getattr__(self, name): return self
        def __getitem__(self, key): return self
        def __iter__(self): return iter(())
        __hash__ = float.__hash__
    """,
    body="return Anything(1)",
)("equals-everything")

attack("ends the process when it is called", body="import os\nos._exit(0)")("exits")
attack("leaves Python when its cell runs", before="raise SystemExit(0)")("exits-at-once")
attack("skips the test", body="import pytest\npytest.skip('not today')")("skips")
attack("passes the test by an exception of pytest's own", body="import _pytest.outcomes\nraise _pytest.outcomes.Exit('done', 0)")(
    "pytest-exit"
)
attack("asserts by itself", body="raise AssertionError('')")("own-assertion")
attack("a loop that ignores signals", body="import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\nwhile True:\n    pass")(
    "endless-loop"
)
attack("takes all memory", body="kept = []\nwhile True:\n    kept.append(bytearray(10**8))")("memory-bomb")
attack("forks until it can't", body="import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        os._exit(1)")(
    "fork-bomb"
)
attack("recursion without an end", before="import sys\nsys.setrecursionlimit(10**9)", body="return EXERCISE(*args, **kwargs)")("recursion")
attack("returns far too much", body="return [list(range(1000))] * 10**6 + [bytearray(10**9)]")("huge-return")
attack("returns a list in a list in a list", body="deep = []\nfor _ in range(10**6):\n    deep = [deep]\nreturn deep")("deep-return")

attack(
    "returns an object whose pickle runs a command",
    before="class Payload:\n    def __reduce__(self):\n        import os\n        return os.system, ('touch /tmp/pwned',)",
    body="return Payload()",
)("pickle")

attack(
    "looks for solutions and the gradebook on disk",
    body="""
    import os, sqlite3
    for top in (os.getcwd(), *__import__('sys').path, '/', os.path.expanduser('~')):
        for folder in (top, os.path.dirname(top)):
            for name in ('solutions', 'autograder', 'gradebook.db', 'submitted', 'clean', 'results'):
                path = os.path.join(folder, name)
                if os.path.exists(path):
                    raise RuntimeError(f'found {path}')
    """,
)("reads-files")

attack(
    "writes wherever it can, then answers rightly",
    before="""
    import os
    for folder in (os.getcwd(), os.path.expanduser('~'), '/tmp', '/dev/shm', '/var/tmp', '/'):
        for name in ('planted.py', 'sitecustomize.py', 'conftest.py', 'gradebook.db'):
            try:
                with open(os.path.join(folder, name), 'w') as file:
                    file.write('answer = 42')
            except OSError:
                pass
    """,
    right=True,
)("plants-files")

attack(
    "uses what another learner has left",
    before="import sys\nsys.path[:0] = ['/tmp', '/dev/shm', '/var/tmp', '/']",
    body="import planted\nreturn planted.answer",
)("uses-planted")

attack("kills every process that it can", body="import os, signal\nos.kill(-1, signal.SIGKILL)\nos.kill(os.getppid(), signal.SIGKILL)")(
    "kills"
)
attack("closes all descriptors", body="import os\nos.closerange(0, 4096)")("closes-descriptors")

attack(
    "writes a forged reply into every open socket",
    body="""
    import os, stat
    for descriptor in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                os.write(descriptor, b'\\x00\\x00\\x00\\x10' + b'passed' * 100)
        except OSError:
            pass
    """,
)("forged-reply")

attack(
    "drops assertions from whatever IPython runs",
    before="""
    import ast
    class NoAssertions(ast.NodeTransformer):
        def visit_Assert(self, node): return ast.Pass()
    get_ipython().ast_transformers.append(NoAssertions())
    """,
)("ipython-transformer")

attack(
    "a thread that keeps patching",
    before="""
    import threading, time
    def patch():
        import _pytest.runner, tunelab.worker
        while True:
            tunelab.worker.Worker.handle = lambda self, data: b''
            _pytest.runner.call_runtest_hook = lambda *args, **kwargs: None
            time.sleep(0.001)
    threading.Thread(target=patch, daemon=True).start()
    """,
)("patching-thread")

attack(
    "walks its callers for expected values",
    body="""
    import sys
    frame = sys._getframe()
    while frame:
        for name in ('wanted', 'expected', 'answer', 'truth'):
            if name in frame.f_locals:
                return frame.f_locals[name]
        frame = frame.f_back
    """,
)("walks-frames")

attack("downloads the answer", body="import urllib.request\nreturn urllib.request.urlopen('http://192.0.2.1/answer', timeout=2).read()")(
    "network"
)
attack("shows the environment", body="import os\nraise RuntimeError(sorted(os.environ.items()))")("environment")

attack(
    "markup, formulas and terminal codes in its messages",
    before="# <script>alert('cell')</script>",
    body="raise ValueError('<script>alert(1)</script><img src=x onerror=alert(2)> =HYPERLINK(\"http://192.0.2.1\") {0.__class__} %s \\x1b[31m \\u202e')",
)("markup")


def _register_attack(about: str) -> Callable:
    return _register(ATTACKS, "attacker", about)


@_register_attack("rewrites the grade cells and leaves the stubs")
def own_checks(desk: Desk) -> tuple[Files, set[str]]:
    notebook = desk.copy()
    for exercise, stub in desk.stubs.items():
        put(notebook, exercise, stub)
        put(notebook, f"check_{exercise}", "10**6")
        cell_of(notebook, f"check_{exercise}")["outputs"] = [
            {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": "1000000.0"}}
        ]
    return desk.handed_in(notebook), desk.all


@_register_attack("changes the setup cell, where it patches the checks")
def own_setup(desk: Desk) -> tuple[Files, set[str]]:
    notebook = desk.copy()
    setup = next(cell for cell in notebook["cells"] if "setup" in cell["metadata"].get("tags", []))
    setup["source"] = "import tunelab\ntunelab.check = check = lambda exercise: 10"
    return desk.handed_in(put(notebook, desk.target, desk.stubs[desk.target])), {desk.target}


@_register_attack("hands in a link to somebody else's submission")
def link(desk: Desk) -> tuple[Files, set[str]]:
    def files(folder: Path) -> None:
        name = f"{desk.assignment}.ipynb"
        (folder / name).symlink_to(Path("../../reference-1") / desk.assignment / name)

    return files, desk.all


@_register_attack("scripts in cells of its own")
def markup_in_notes(desk: Desk) -> tuple[Files, set[str]]:
    notebook = desk.copy()
    payload = "```\n<script>window.attacked = 1</script>\n<img src=x onerror='window.attacked = 1'>\n[x](javascript:alert(1))"
    notebook["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": payload})
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<script>window.attacked = 1</script>"}}
    notebook["cells"].append(code_cell("1", outputs=[output]))
    return desk.handed_in(notebook), set()
