"""What nbgrader calls: the intake before it converts anything, the scores instead of running cells, and zip_collect's extractor."""

from __future__ import annotations

import json
import os
import shutil
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbgrader.api
import nbgrader.dbutil
import nbgrader.nbgraderformat.common
from alembic.script import ScriptDirectory
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.plugins import ExportPlugin, LateSubmissionPlugin
from nbgrader.plugins.zipcollect import ExtractorPlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from sqlalchemy import event, inspect
from sqlalchemy.engine import Engine as SQLEngine
from traitlets import Unicode
from traitlets.config import Config, PyFileConfigLoader

from autograder.archives import UNREADABLE, BadArchive, unpacked
from autograder.collect import People, find_uploads
from autograder.course import ROOT, Assignment, load_course, load_hints
from autograder.deadlines import Deadlines
from autograder.intake import clean_notebook, clean_submission, read_clean, read_release, stand_in
from autograder.roster import roster_of
from autograder.workplace import VARIABLE, Workplace, open_workplace, write_atomically

BUSY_SECONDS = 60
"""How long to wait for a gradebook that somebody else is writing to."""


# ---------------------------------------------------------------- configuration


def configuration(workplace: Workplace, clean: bool = False) -> Config:
    """What nbgrader_config.py says for this workplace. With `clean`, submissions are read from `clean/`, where the intake has put them."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(workplace.root)
    try:
        config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
    if clean:
        config.CourseDirectory.submitted_directory = workplace.clean.name
    return config


def prepare_process() -> None:
    """Lets nbgrader find what it calls by name, wherever this process was started from, and makes it wait for a busy gradebook."""
    commands, templates = str(Path(sys.executable).parent), str(Path(sys.prefix) / "share" / "jupyter")
    _prepend("PATH", commands)
    _prepend("JUPYTER_PATH", templates)
    if not event.contains(SQLEngine, "connect", _wait_for_others):
        event.listen(SQLEngine, "connect", _wait_for_others)
        # nbgrader opens the gradebook nine times for a submission, each time with a new engine, which compiles every statement anew.
        nbgrader.api.create_engine = cache(nbgrader.api.create_engine)
        # Each time it also asks of every table whether it is there.
        nbgrader.api.Base.metadata.create_all = _once_each(nbgrader.api.Base.metadata.create_all)
        # For each cell nbgrader also checks the schema that it checks the cell by.
        nbgrader.nbgraderformat.common.jsonschema = SimpleNamespace(validate=check_metadata)
        # For each new gradebook nbgrader starts a Python of its own, which takes seconds, to ask which version its tables have.
        nbgrader.api.get_alembic_version = _tables_version


@cache
def _tables_version() -> str:
    """The newest version of the tables of nbgrader's gradebook."""
    return ScriptDirectory(nbgrader.dbutil.ALEMBIC_DIR).get_current_head()


def _once_each(create_all: Callable[[SQLEngine], None]) -> Callable[[SQLEngine], None]:
    """Makes a gradebook's tables when it is opened first, and again when they have gone since."""
    made = weakref.WeakSet()

    def create(bind: SQLEngine) -> None:
        if bind not in made or not inspect(bind).has_table(nbgrader.api.Grade.__tablename__):
            create_all(bind=bind)
            made.add(bind)

    return create


def check_metadata(metadata: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """What jsonschema's `validate` does, with a schema that was found sound before. Raises jsonschema's ValidationError."""
    if error := best_match(_validator(json.dumps(schema)).iter_errors(metadata)):
        raise error


@cache
def _validator(schema: str) -> Validator:
    read = json.loads(schema)
    kind = validator_for(read)
    kind.check_schema(read)
    return kind(read)


def open_gradebook(workplace: Workplace) -> nbgrader.api.Gradebook:
    """The workplace's gradebook, made if there is none. Use it as a context manager."""
    prepare_process()
    return nbgrader.api.Gradebook(workplace.database)


def _prepend(variable: str, folder: str) -> None:
    folders = [part for part in os.environ.get(variable, "").split(os.pathsep) if part]
    if folder not in folders:
        os.environ[variable] = os.pathsep.join([folder, *folders])


def _wait_for_others(connection: Any, record: Any) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


@cache
def _assignment(name: str) -> Assignment:
    return load_course(ROOT).assignment(name)


# ---------------------------------------------------------------- autograde


def before_converting(assignment: str, student: str, notebooks: list[str]) -> None:
    """nbgrader's `pre_convert_hook`: makes the folder of one submission fit to be read, and writes its extension to the gradebook. `notebooks` is nbgrader's own list, and is set to what it is to read."""
    folder = Path(notebooks[0]).parent
    if folder.parents[1].name != "clean":
        notebooks[:] = [str(stand_in(folder, _assignment(folder.name)))]
        Deadlines(open_workplace(), load_course(ROOT)).tell([folder])


class TakeIn(NbGraderPreprocessor):
    """The first step of sanitizing: puts the clean notebook in place of what was handed in, unless that is done already."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        assignment = _assignment(resources["nbgrader"]["assignment"])
        folder = Path(resources["metadata"]["path"]).absolute()
        if folder.parents[1].name == "clean":
            return nb, resources
        release = read_release(assignment)
        return clean_notebook(clean_submission(folder, assignment, release), release), resources


class ReportScores(NbGraderPreprocessor):
    """In place of running cells: looks up the result of a submission, or has it made, and puts report and score into the outputs of the grade cells."""

    workplace = Unicode("", help="The workplace whose results are used.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        from autograder.grade import result_for

        assignment = _assignment(resources["nbgrader"]["assignment"])
        clean = read_clean(nb, assignment, Path(resources["metadata"]["path"]))
        result = result_for(clean, assignment, open_workplace(self.workplace or None))
        by_exercise, hints = {row["exercise"]: row for row in result["exercises"]}, load_hints(assignment)
        for cell in nb.cells:
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade"):
                name = cell.metadata.get("name", "")
                cell.outputs = score_outputs(by_exercise.get(name), cell.metadata.nbgrader.points, result["sandbox"], hints.get(name, ()))
        return nb, resources


def score_outputs(row: Mapping[str, Any] | None, points: float, sandbox: str, hints: Sequence[str] = ()) -> list[NotebookNode]:
    """The outputs of a grade cell: the report as display data, which nbgrader passes over, then the score as the one thing it reads. Where points were lost, the exercise's hints stand below."""
    from tunelab.checks import CheckReport, TestResult
    from tunelab.display import as_html, as_text

    if row is None:
        return [_score(0.0, points)]
    note = " ".join(part for part in (row["note"], "" if sandbox == "bubblewrap" else "Graded without a sandbox's walls.") if part)
    tests = (TestResult(t["name"], t["title"], t["points"], t["outcome"], t["message"], t["traceback"]) for t in row["tests"])
    report = CheckReport(row["exercise"], tuple(tests), note, hints=tuple(hints) if row["score"] < points else ())
    return [new_output("display_data", {"text/html": as_html(report), "text/plain": as_text(report)}), _score(row["score"], points)]


def _score(score: float, points: float) -> NotebookNode:
    """A score as nbgrader must read it: anything but a plain number within range would count as full marks."""
    clamped = min(max(float(score), 0.0), float(points))
    return new_output("execute_result", {"text/plain": repr(clamped)}, execution_count=None)


class LatePenalty(LateSubmissionPlugin):
    """What `[late]` in course.toml says: a share of what was earned, for each day begun after the grace, up to the cap."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        policy = load_course(ROOT).late
        return score * policy.share(total_seconds_late) if policy else None


# ---------------------------------------------------------------- export


class RosterExport(ExportPlugin):
    """Grades as the class list with a column for each assignment, for the system from which the list came: `nbgrader export --exporter autograder.nbgrader_plugins.CanvasExport`."""

    workplace = Unicode("", help="The workplace whose roster.csv is used.").tag(config=True)
    system = "moodle"

    def export(self, gradebook: nbgrader.api.Gradebook) -> None:
        from autograder.roster import Column, RosterError, grades_csv, roster_of

        workplace = open_workplace(self.workplace or None)
        if (roster := roster_of(workplace)) is None:
            raise RosterError(f"There is no class list in {workplace.root}. Take one in first: python -m autograder roster FILE.")
        titles = {assignment.name: assignment.title for assignment in load_course(ROOT).assignments}
        columns = []
        for assignment in gradebook.assignments:
            if self.assignment and assignment.name not in self.assignment:
                continue
            scores = {
                submission.student_id: max(0.0, submission.score - (submission.late_submission_penalty or 0.0))
                for submission in gradebook.assignment_submissions(assignment.name)
            }
            columns.append(Column(assignment.name, titles.get(assignment.name, assignment.name), assignment.max_score, scores))
        write_atomically(Path(self.to) if self.to else workplace.grades(self.system), grades_csv(roster, columns, self.system == "moodle"))


class MoodleExport(RosterExport):
    """For Moodle's import of grades from CSV: map the column of addresses or ID numbers to the user, and each assignment's to its grade item."""


class CanvasExport(RosterExport):
    """For Canvas's import into its gradebook."""

    system = "canvas"


# ---------------------------------------------------------------- zip_collect


class OneNotebook(ExtractorPlugin):
    """Unpacks one notebook (or script) of each learner into `<learner>/`, and the files beside it that the course asks for, from archives as `tunelab submit`, Moodle and Canvas name them. What is wrong with one archive is logged and stops no other.

    Nothing else is unpacked: no links, no archives within a learner's archive, nothing above the size of a notebook. A file that is too large is cut just above what the intake takes, which says so.
    """

    def extract(self, archive_path: str, extracted_path: str) -> None:
        folder, target = Path(archive_path).absolute(), Path(extracted_path)
        assignment = folder.parent.name
        wanted = _files_of(assignment)
        found = find_uploads([folder], assignment, People(roster_of(Workplace(folder.parents[2]))))
        for name, why in found.left_out:
            self.log.error("%s was left out: %s", name, why)
        for learner, (newest, *rest) in found.newest().items():
            if rest:
                self.log.warning("%s handed in more than once: the newest by name is taken.", learner)
            try:
                with newest.at_hand() as path:
                    files = unpacked(path, assignment, wanted)
                for name, content in files.items():
                    write_atomically(target / learner / name, content)
                if newest.moment:
                    write_atomically(target / learner / "timestamp.txt", newest.moment)
            except (BadArchive, *UNREADABLE) as error:
                shutil.rmtree(target / learner, ignore_errors=True)
                self.log.error("%s was left out: %s", newest.label, error)


def _files_of(assignment: str) -> tuple[str, ...]:
    """What the course asks for beside the notebook of an assignment; nothing for one that it doesn't know."""
    return next((known.files for known in load_course(ROOT).assignments if known.name == assignment), ())
