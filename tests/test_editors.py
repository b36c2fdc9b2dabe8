"""Other editors than JupyterLab: what VS Code and Colab write is taken, and their kernels find the assignment wherever they run.

What VS Code writes was seen in VS Code 1.100 (its own notebook editor, in code-server): what isn't edited stays byte for byte, with cell ids, metadata, an indent of one and the last newline; a cell of
one's own has an id of eight hex digits and empty metadata. Its Jupyter extension starts a plain ipykernel, in the notebook's folder or in the workspace's (`jupyter.notebookFileRoot`), sets
`__vsc_ipynb_file__` there, and writes what the kernel says of its language. Colab writes no cell ids but those in its metadata, and runs the kernel in /content, where no notebook lies.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

from autograder import bootstrap
from autograder.course import load_course
from autograder.release import pack
from tests.conftest import ROOT
from tests.fixtures.minicourse import NAME, make_whole_course
from tests.test_cli import RIGHT, WRONG, shelf, tunelab, write  # noqa: F401
from tests.test_intake import COUNT, DOUBLE, Document, Take, assignment, cell, document, take, workplace  # noqa: F401
from tunelab.grammar import GRADED_WITH, too_new
from tunelab.handout import lay_out
from tunelab.progress import Progress
from tunelab.shelf import ShelfError

# ---------------------------------------------------------------- what they write


def as_vs_code_saves(document: Document, language: bool = True) -> str:  # noqa: F811
    """A notebook as VS Code writes it, after a cell of code and one of text were added; with `language`, after its Jupyter extension ran it."""
    saved = copy.deepcopy(document)
    code = {"cell_type": "code", "execution_count": None, "id": "412ec0cf", "metadata": {}, "outputs": [], "source": ["note = 1  # mine"]}
    saved["cells"][1:1] = [code, {"cell_type": "markdown", "id": "4fb7be1f", "metadata": {}, "source": ["my words"]}]
    if language:
        saved["metadata"]["kernelspec"] = {"display_name": "course", "language": "python", "name": "python3"}
        saved["metadata"]["language_info"] = {
            "codemirror_mode": {"name": "ipython", "version": 3},
            "file_extension": ".py",
            "mimetype": "text/x-python",
            "name": "python",
            "nbconvert_exporter": "python",
            "pygments_lexer": "ipython3",
            "version": "3.11.2",
        }
        for some in saved["cells"]:
            if some["cell_type"] == "code":
                some["metadata"]["vscode"] = {"languageId": "python"}
    return json.dumps(saved, indent=1, ensure_ascii=False) + "\n"


def as_colab_saves(document: Document, marks: bool) -> str:  # noqa: F811
    """A notebook as Colab writes it: no cell ids but its own in the metadata. Without `marks`, all other metadata are gone, too."""
    saved = copy.deepcopy(document)
    for number, some in enumerate(saved["cells"]):
        del some["id"]
        kept = some["metadata"] if marks else {}
        some["metadata"] = {**kept, "id": f"aB3{number:09}", **({"outputId": "0d"} if some["cell_type"] == "code" else {})}
    about = {"tunelab": saved["metadata"]["tunelab"]} if marks else {}
    python = {"name": "python3", "display_name": "Python 3"}
    saved["metadata"] = {"colab": {"provenance": []}, "kernelspec": python, "language_info": {"name": "python"}, **about}
    return json.dumps(saved | {"nbformat": 4, "nbformat_minor": 0}, indent=2)


@pytest.mark.parametrize("language", [False, True], ids=["edited", "run"])
def test_the_intake_takes_what_vs_code_saves(take: Take, document: Document, language: bool) -> None:  # noqa: F811
    clean = take(as_vs_code_saves(document, language))
    assert clean.cells == {"double": DOUBLE, "count_words": COUNT}
    assert clean.notices == ()
    assert [note.source for note in clean.notes] == ["note = 1  # mine", "my words"]


def test_the_intake_takes_what_colab_saves(take: Take, document: Document) -> None:  # noqa: F811
    clean = take(as_colab_saves(document, marks=True))
    assert (clean.cells, clean.notices) == ({"double": DOUBLE, "count_words": COUNT}, ())


def test_the_intake_finds_the_answers_where_colab_has_dropped_all_marks(take: Take, document: Document) -> None:  # noqa: F811
    assert take(as_colab_saves(document, marks=False), name=f"Copy of {NAME}.ipynb").cells == {"double": DOUBLE, "count_words": COUNT}


@pytest.mark.parametrize("saves", [as_vs_code_saves, lambda notebook: as_colab_saves(notebook, marks=True)], ids=["VS Code", "Colab"])
def test_the_commands_take_what_they_save(shelf: Path, capsys: pytest.CaptureFixture, saves) -> None:  # noqa: F811
    write(shelf, double=RIGHT)
    path = shelf / "s9-numbers.ipynb"
    path.write_text(saves(json.loads(path.read_text())), encoding="utf-8")
    assert tunelab(capsys, "check", "double")[0] == 0
    said = tunelab(capsys, "submit", "--learner", "ada")[1]
    assert "is packed" in said and "! double" not in said and "! negate: still the stub" in said
    said = tunelab(capsys, "status")[1]
    assert "[x] double" in said and "[ ] negate" in said


# ---------------------------------------------------------------- their kernels


class Kernel:
    """A real kernel, started as VS Code's Jupyter extension and Colab do: ipykernel, and nothing that says where the notebook lies."""

    def __init__(self, home: Path):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("JPY_", "TUNELAB_RECORD"))}
        environment = kept | {"PYTHONPATH": f"{home / 'site'}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1"}
        self.manager, self.client = start_new_kernel(startup_timeout=180, kernel_name="python3", cwd=str(home), env=environment)

    def run(self, code: str, folder: Path | None = None) -> str:
        """What a cell prints and shows as text, run in a folder where one is given."""
        said = []

        def hear(message: dict) -> None:
            content = message["content"]
            said.append(content.get("text") or content.get("data", {}).get("text/plain") or content.get("evalue") or "")

        go = f"import os\nos.chdir({str(folder)!r})\n" if folder else ""
        for part in filter(None, (go, code)):
            self.client.execute_interactive(part, timeout=180, output_hook=hear)
        return "\n".join(said)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel; Colab's own package is on its path as a stand-in that shows `page.json`, the call being the one that wandb makes."""
    home = tmp_path_factory.mktemp("kernel")
    package = home / "site" / "google" / "colab"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "_message.py").write_text(
        "import json, pathlib\n"
        "def blocking_request(request_type, request='', timeout_sec=5, parent=None):\n"
        "    assert request_type == 'get_ipynb'\n"
        f"    return {{'ipynb': json.loads(pathlib.Path({str(home / 'page.json')!r}).read_text())}}\n"
    )
    running = Kernel(home)
    running.home = home
    yield running
    running.client.stop_channels()
    running.manager.shutdown_kernel(now=True)


PREDICT = 'from tunelab import check, predict\npredict("What is twice two?", {"4": "Two and two.", "22": "As text."}, answer="4")'
RECORDED = 'from tunelab.records import recorded\nprint(recorded("slow", lambda: 1)["kept"])'


def record(folder: Path) -> None:
    (folder / "records").mkdir()
    (folder / "records" / "slow.json").write_text(json.dumps({"seconds": 300.0, "processors": 2, "value": {"kept": "from the record"}}))


@pytest.mark.parametrize("where", ["the notebook's folder", "the workspace", "elsewhere"])
def test_a_kernel_of_vs_code(kernel: Kernel, shelf: Path, tmp_path: Path, where: str) -> None:  # noqa: F811
    """`check`, `predict` and records work, and the check is remembered, whichever folder VS Code starts the kernel in."""
    record(shelf)
    places = {"the notebook's folder": shelf, "the workspace": shelf.parent, "elsewhere": tmp_path}
    kernel.run(f"__vsc_ipynb_file__ = {str(shelf / 's9-numbers.ipynb')!r}", places[where])
    assert "Your prediction. What is twice two?" in kernel.run(PREDICT)
    assert "from the record" in kernel.run(RECORDED)
    kernel.run(WRONG)
    assert "double(2) gave 3, not 4." in kernel.run('check("double")')
    kernel.run(RIGHT)
    assert "double: all 1 checks pass." in kernel.run('check("double")')
    assert Progress(shelf.parent).is_done("s9-numbers", "double", RIGHT)
    assert Progress(shelf.parent).seen_in_editor("s9-numbers", "double") is not None


def test_the_terminal_says_when_vs_code_hasnt_saved(kernel: Kernel, shelf: Path, capsys: pytest.CaptureFixture) -> None:  # noqa: F811
    write(shelf, double=WRONG)
    os.utime(shelf / "s9-numbers.ipynb", (1_800_000_000 - 10**8,) * 2)
    kernel.run(f"__vsc_ipynb_file__ = {str(shelf / 's9-numbers.ipynb')!r}\n{PREDICT}", shelf.parent)
    kernel.run(RIGHT)
    kernel.run('check("double")')
    said = tunelab(capsys, "check", "double")[1]
    assert "double(2) gave 3, not 4." in said and "s9-numbers.ipynb on disk is older (" in said


@pytest.fixture
def content(shelf: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """Colab's folder: empty, then with what `tunelab get` lays out of the package."""
    record(shelf)
    folder = tmp_path_factory.mktemp("content")
    monkeypatch.chdir(folder)
    assert lay_out(folder, packed=shelf.parent).new == ("s9-numbers",)
    return folder


def test_a_kernel_where_no_notebook_lies(kernel: Kernel, content: Path, capsys: pytest.CaptureFixture) -> None:
    """As in Colab, where its page can't be asked."""
    kernel.run("globals().pop('__vsc_ipynb_file__', None)", content)
    kernel.run(PREDICT)
    assert "from the record" in kernel.run(RECORDED)
    kernel.run(RIGHT)
    assert "double: all 1 checks pass." in kernel.run('check("double")')
    assert "There is no test_other.py" in kernel.run('check("other")')
    laid_out = content / "assignments" / "s9-numbers" / "s9-numbers.ipynb"
    assert RIGHT not in json.dumps(json.loads(laid_out.read_text())), "outside Colab nothing is written there"
    assert tunelab(capsys, "hint", "double")[0] == 0
    assert "What is twice three?" in tunelab(capsys, "hint", "double")[1]


def test_in_colab_check_brings_the_notebook_down(kernel: Kernel, content: Path, shelf: Path, capsys: pytest.CaptureFixture) -> None:  # noqa: F811
    """So that `!tunelab check`, `status` and `submit` see what the page shows; the notebook of another assignment is never written there."""
    page = kernel.home / "page.json"
    write(shelf, double=RIGHT)
    shown = as_colab_saves(json.loads((shelf / "s9-numbers.ipynb").read_text()), marks=True)
    kernel.run("globals().pop('__vsc_ipynb_file__', None)\nimport google.colab", content)
    try:
        kernel.run(PREDICT)
        kernel.run(RIGHT)
        page.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 0}))
        kernel.run('check("double")')
        assert "Colab hasn't given" not in tunelab(capsys, "check", "double")[1]
        with pytest.MonkeyPatch.context() as colab:
            colab.setenv("COLAB_RELEASE_TAG", "release")
            assert "Colab hasn't given the notebook to this machine" in tunelab(capsys, "check", "double")[1]
        assert "[ ] double" in tunelab(capsys, "status")[1], "a notebook without the exercise was written there"
        page.write_text(shown)
        assert "double: all 1 checks pass." in kernel.run('check("double")')
        assert "[x] double" in tunelab(capsys, "status")[1]
        assert "on disk is older" not in tunelab(capsys, "check", "double")[1]
        assert "! double" not in tunelab(capsys, "submit", "--learner", "ada")[1]
        brought = (content / "assignments" / "s9-numbers" / "s9-numbers.ipynb").read_bytes()
        page.write_text("no notebook")
        assert "double: all 1 checks pass." in kernel.run('check("double")')
        assert (content / "assignments" / "s9-numbers" / "s9-numbers.ipynb").read_bytes() == brought
    finally:
        kernel.run("import sys\nfor name in [name for name in sys.modules if name.startswith('google')]:\n    del sys.modules[name]")


# ---------------------------------------------------------------- one wheel is the whole course


def test_the_wheel_holds_what_is_released_and_nothing_of_a_learners(tmp_path: Path) -> None:
    root = make_whole_course(tmp_path / "course")
    course = load_course(root)
    from autograder.release import release

    release(course)
    released = root / "assignments" / NAME
    (released / ".tunelab").mkdir()
    (released / ".tunelab" / "progress.json").write_text("{}")
    shutil.copyfile(ROOT / "pyproject.toml", root / "pyproject.toml")
    wheel = pack(course, out=tmp_path / "dist")
    site = tmp_path / "site"
    shutil.unpack_archive(wheel, site, "zip")
    packed = site / "tunelab" / "assignments"
    files = {path.relative_to(packed).as_posix() for path in packed.rglob("*") if path.is_file()}
    wanted = {
        path.relative_to(released.parent).as_posix() for path in released.rglob("*") if path.is_file() and ".tunelab" not in path.parts
    }
    assert files == wanted | {"course.toml"} and f"{NAME}/test_double.py" in files
    handout = lay_out(tmp_path / "content", packed)
    assert (handout.root / NAME / f"{NAME}.ipynb").read_bytes() == (released / f"{NAME}.ipynb").read_bytes()


def test_what_is_there_stays_when_assignments_are_laid_out_again(shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:  # noqa: F811
    packed = Path(shutil.copytree(shelf.parent, tmp_path / "packed"))
    shutil.copytree(packed / "s9-numbers", packed / "s9-later")
    (packed / "course.toml").write_text((packed / "course.toml").read_text().replace("2027-02-01", "2027-03-01"))
    write(shelf, double=RIGHT)
    before = (shelf / "s9-numbers.ipynb").read_bytes()
    handout = lay_out(shelf, packed)
    assert (handout.root, handout.new, handout.kept) == (shelf.parent, ("s9-later",), ("s9-numbers",))
    assert (shelf / "s9-numbers.ipynb").read_bytes() == before
    assert "2027-03-01" in (shelf.parent / "course.toml").read_text()


def test_a_package_without_assignments_says_so(tmp_path: Path) -> None:
    with pytest.raises(ShelfError, match="came without assignments"):
        lay_out(tmp_path, tmp_path / "none")


# ---------------------------------------------------------------- their Pythons


def test_learners_may_have_newer_pythons_and_the_texts_agree() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert wanted == ">=3.11,<3.14"
    assert "sys.version_info[:2] != (3, 11)" in Path(bootstrap.__file__).read_text() and GRADED_WITH == (3, 11)
    for text in ("README.md", "docs/learner.md"):
        assert "3.11, 3.12 or 3.13" in (ROOT / text).read_text(), text
    assert "Tunelab needs Python 3.11, 3.12 or 3.13" in (ROOT / "tunelab" / "__init__.py").read_text()
    assert "`Tunelab needs Python 3.11" in (ROOT / "docs" / "learner.md").read_text()


CELLS = [
    *("type X = int", "def f[T](x: T) -> T:\n    return x", "class A[T]: pass", "type = 3\nprint(type)", "match x:\n    case 1: pass"),
    *('x = f"{d["a"]}"', "x = f\"{'a'}\"", 'x = f"""{d["a"]}"""', 'x = f"{chr(10).join([1])}"', "x = f\"{'\\n'.join(a)}\""),
    *('x = f"{\n1}"', 'x = f"""{\n1}"""', 'x = f"""{1 # c\n}"""', 'x = f"{a:{b}}"', 'x = f"{a:{d["b"]}}"', 'x = f"{{}}"', 'x = f"a\\n{b}"'),
    *('x = f"{a!r:>{w}}"', 'x = f"{ {1:2}[1] }"', 'x = f"{f"{1}"}"', 'x = f"{1}" "abc"', "x = f'{f\"{f'{1}'}\"}'", "f'{f\"it's\"}'"),
    *(
        "f'{\"it's\"}'",
        "f'''{\"it's\"}'''",
        "f'{f\"{x}\\n\"}'",
        "f'{f\"ab{x}\"}'",
        "f'{'''x'''}'",
        'f\'{"""x"""}\'',
        "f'{x=}'",
        'f"{x:\\n}"',
    ),
    *("f'{(lambda y: y)(1)}'", "f'{x:%H:%M}'", "f'''{x\n+1:{w}\n}'''", 'f\'{x["a"]:>{w["b"]}}\'', "f'{x:{'>'}10}'", "rf'{x}\\d'"),
    *("f'\\N{EM DASH}{x}'", "f'{b\"a\"}'", "try:\n    pass\nexcept* ValueError:\n    pass", "def f(a, /, *b): pass"),
]


def newer_python() -> str | None:
    """A Python from 3.12 on, which needs no packages: one on PATH, or one beside this one's own folder, as pyenv lays them."""
    beside = [str(path) for path in sorted(Path(sys.base_prefix).parent.glob("3.1[2-9]*/bin/python3"))]
    for name in (*beside, *filter(shutil.which, ("python3.13", "python3.12", "python3"))):
        done = subprocess.run([name, "-c", "import sys; print(sys.version_info >= (3, 12))"], capture_output=True, text=True)
        if done.stdout.strip() == "True":
            return name
    return None


@pytest.mark.skipif(newer_python() is None, reason="needs a Python 3.12 or newer beside this one")
def test_a_newer_python_names_the_cells_that_grading_cant_read() -> None:
    """Held against this Python, which is the one that grades."""
    program = "import json, sys\nfrom tunelab.grammar import too_new\nprint(json.dumps([too_new(cell) for cell in json.load(sys.stdin)]))"
    asked = {"input": json.dumps(CELLS), "capture_output": True, "text": True, "check": True}
    newer = json.loads(subprocess.run([newer_python(), "-c", program], cwd=ROOT, **asked).stdout)
    for source, found in zip(CELLS, newer, strict=True):
        try:
            compile(source, "<cell>", "exec", dont_inherit=True)
        except SyntaxError:
            assert found.startswith("Grading runs Python 3.11, this is 3.1"), source
        else:
            assert found == "", source


def test_the_grading_python_finds_nothing_too_new() -> None:
    assert sys.version_info[:2] == GRADED_WITH
    assert [too_new(source) for source in CELLS] == [""] * len(CELLS)
