"""The `tunelab` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tunelab import __version__, assets
from tunelab.notebook import NotebookError

OK, OPEN, WRONG = 0, 1, 2
"""Exit statuses: everything is right; something is still open; the command could not be carried out."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command with `arguments`, those of the process by default, and exits with its status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a Windows console may not know every character
    options = _parser().parse_args(arguments)
    from tunelab.shelf import ShelfError

    try:
        status = options.run(options)
    except (ShelfError, NotebookError, assets.AssetError) as error:
        print(f"tunelab {options.command}: {error}", file=sys.stderr)
        status = WRONG
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        print(
            f"tunelab {options.command}: {error.strerror or error}{place}. Is the disk full, or the folder not yours to write to?",
            file=sys.stderr,
        )
        status = WRONG
    except ModuleNotFoundError as error:
        from tunelab.surroundings import not_installed

        print(f"tunelab {options.command}: {not_installed(error.name)}", file=sys.stderr)
        status = WRONG
    except KeyboardInterrupt:
        print(file=sys.stderr)
        status = 130
    sys.exit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tunelab", description="Everything you need beside the notebooks of the course.")
    parser.add_argument("--version", action="version", version=f"tunelab {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    which = "an assignment, an exercise, or both; the assignment of the current folder when left out"

    fetch = _command(commands, "fetch", _fetch, "bring models and data onto this machine, once")
    fetch.add_argument("--quiet", action="store_true", help="say nothing when everything is there already")
    _command(commands, "get", _get, "lay out the assignments that came with the package, for where there is no folder of them")
    _command(commands, "status", _status, "where you are in the course, and what's next")
    _command(commands, "check", _check, "run the checks of an exercise, or of a whole assignment").add_argument(
        "what", nargs="*", help=which
    )
    _command(commands, "watch", _watch, "check again whenever you save the notebook").add_argument("what", nargs="*", help=which)
    hint = _command(commands, "hint", _hint, "the next hint for an exercise; they begin with a question")
    hint.add_argument("what", nargs="+", metavar="[assignment] exercise", help="the exercise")
    submit = _command(commands, "submit", _submit, "pack an assignment so that you can hand it in")
    submit.add_argument("assignment", nargs="?", help="the assignment; that of the current folder when left out")
    submit.add_argument("--learner", metavar="ID", help="the id that your instructor knows you by; remembered after the first time")
    return parser


def _command(
    commands: argparse._SubParsersAction, name: str, run: Callable[[argparse.Namespace], int], about: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
    parser.set_defaults(run=run)
    return parser


# ---------------------------------------------------------------- the commands


def _fetch(options: argparse.Namespace) -> int:
    assets.fetch(say=lambda line: print(line, flush=True))
    if not options.quiet:
        print(f"Models and data are in {assets.cache_folder()}:")
        for asset in assets.given_out().values():
            size = sum(path.stat().st_size for path in asset.folder.iterdir()) / 2**20
            print(f"  {asset.name:10} {size:6.0f} MB  {asset.about} (licence: {asset.licence})")
    return OK


def _get(options: argparse.Namespace) -> int:
    from tunelab.handout import lay_out

    handout = lay_out(Path.cwd())
    if handout.new:
        _say(f"Laid out in {handout.root}: {', '.join(handout.new)}.")
    if handout.kept:
        _say(f"Left as they are, because they were there: {', '.join(handout.kept)}.")
    return OK


def _status(options: argparse.Namespace) -> int:
    from tunelab.progress import Progress
    from tunelab.shelf import find_shelf
    from tunelab.status import status_lines

    shelf = find_shelf(Path.cwd())
    for line in status_lines(shelf, Progress(shelf.root)):
        _say(line)
    return OK


def _check(options: argparse.Namespace) -> int:
    from tunelab.checks import check_notebook
    from tunelab.progress import Progress
    from tunelab.shelf import find_shelf, meant
    from tunelab.surroundings import unsaved

    shelf = find_shelf(Path.cwd())
    assignment, exercise = meant(shelf, Path.cwd(), _two(options.what))
    notebook, progress = assignment.notebook(), Progress(shelf.root)
    names = [exercise] if exercise else assignment.exercises()
    passed = 0
    for name in names:
        report = check_notebook(notebook.path, name)
        if name in notebook.exercises:
            progress.record(assignment.name, report, notebook.exercises[name])
        _show(report)
        if name in notebook.exercises and (older := unsaved(assignment.name, name, notebook.exercises[name], notebook.path, progress)):
            _say(f"! {older}")
        passed += report.passed
    if len(names) > 1:
        _say(f"{assignment.name}: {passed} of {len(names)} exercises pass.")
    return OK if passed == len(names) else OPEN


def _watch(options: argparse.Namespace) -> int:
    from tunelab.progress import Progress
    from tunelab.shelf import find_shelf, meant
    from tunelab.watch import watch

    shelf = find_shelf(Path.cwd())
    assignment, exercise = meant(shelf, Path.cwd(), _two(options.what))
    _say(f"Watching {assignment.notebook().path.name}. Save it to see what the checks say; Ctrl+C ends this.")
    try:
        watch(assignment, exercise, Progress(shelf.root), _show)
    except KeyboardInterrupt:
        _say("Stopped watching.")
    return OK


def _hint(options: argparse.Namespace) -> int:
    from tunelab.hints import next_hint
    from tunelab.progress import Progress
    from tunelab.shelf import ShelfError, find_shelf, meant

    shelf = find_shelf(Path.cwd())
    assignment, exercise = meant(shelf, Path.cwd(), _two(options.what))
    if exercise is None:
        raise ShelfError(f"{assignment.name} is an assignment; hints are for its exercises: {', '.join(assignment.exercises())}.")
    hints = next_hint(assignment, exercise, Progress(shelf.root))
    for number, rung in enumerate(hints.taken, 1):
        _say(f"{number}. {rung}")
    left = hints.total - len(hints.taken)
    if left:
        _say(f"{left} more when you want {'it' if left == 1 else 'them'}: try first, then run the same command again.")
    elif hints.had_all:
        _say("That is all there is. Read the stub's docstring once more, or ask your instructor.")
    return OK


def _submit(options: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from tunelab.progress import Progress
    from tunelab.shelf import ShelfError, find_shelf, one_assignment
    from tunelab.submit import pack

    shelf = find_shelf(Path.cwd())
    assignment, progress = one_assignment(shelf, Path.cwd(), options.assignment), Progress(shelf.root)
    learner = options.learner or progress.learner
    if not learner:
        raise ShelfError("Who are you? Say it once: tunelab submit --learner ID, with the id that your instructor knows you by.")
    submission = pack(assignment, learner, progress)
    if options.learner:
        progress.set_learner(options.learner)
    for warning in submission.warnings:
        _say(f"! {warning}")
    if assignment.due:
        passed = "That has passed: it counts as late, unless you were given more time." if assignment.due < datetime.now(UTC) else ""
        _say(f"Due {assignment.due_here}. {passed}".strip())
    _say(f"{assignment.name} of {learner}, as saved at {submission.saved:%H:%M on %Y-%m-%d}, is packed.")
    _say(f"The notebook's SHA-256 digest begins with {submission.digest}: note it, it tells later which one you handed in.")
    _say("Hand in this file:")
    print(submission.archive)
    return OK


def _two(words: Sequence[str]) -> Sequence[str]:
    from tunelab.shelf import ShelfError

    if len(words) > 2:
        raise ShelfError(f"{' '.join(words)}: name one assignment, one exercise, or an assignment and one exercise of it.")
    return words


# ---------------------------------------------------------------- saying it

COLOURS = {"✓": "green", "[x]": "green", "✗": "dark_orange", "!": "yellow", "[~]": "yellow", "Next:": "bold", "Section": "bold"}


def _show(report) -> None:
    from tunelab.display import as_text

    for line in as_text(report).splitlines():
        _say(line)


def _say(line: str) -> None:
    """Prints a line, in colour where the terminal has it. What it says never hangs on the colour."""
    first = line.strip().partition(" ")[0]
    Console(highlight=False).print(Text(line, style=COLOURS.get(first, "")), soft_wrap=True)
