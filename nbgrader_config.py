"""How nbgrader works with this course; the only place where it is configured."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from autograder.course import load_course  # noqa: E402
from autograder.nbgrader_plugins import prepare_process  # noqa: E402
from autograder.workplace import open_workplace  # noqa: E402

prepare_process()
workplace = open_workplace()
c = get_config()

c.CourseDirectory.course_id = "tunelab"
c.CourseDirectory.root = str(workplace.root)
c.CourseDirectory.db_url = workplace.database
c.CourseDirectory.source_directory = str(ROOT / "build" / "source")
c.CourseDirectory.release_directory = str(ROOT / "assignments")
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", ".tunelab", "*.left-out", "*.handed-in"]

# No ClearSolutions, ClearHiddenTests or ClearMarkScheme: there are no answers in a source, and ClearSolutions would blank whole stubs.
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
]

c.Autograde.pre_convert_hook = "autograder.nbgrader_plugins.before_converting"
c.Autograde.sanitize_preprocessors = [
    "autograder.nbgrader_plugins.TakeIn",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "autograder.nbgrader_plugins.ReportScores",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.AssignLatePenalties.plugin_class = "autograder.nbgrader_plugins.LatePenalty"
c.OverwriteCells.add_missing_cells = True
c.ReportScores.workplace = str(workplace.root)

c.ExchangeFactory.collect = "autograder.exchange.Collect"
c.ExchangeFactory.release_feedback = "autograder.exchange.ReleaseFeedback"

c.ZipCollectApp.extractor_plugin = "autograder.nbgrader_plugins.OneNotebook"
c.FileNameCollectorPlugin.named_regexp = r".*/(?P<student_id>[^/]+)/(?P<file_id>[^/]+)$"
asked_for = {Path(name).suffix for assignment in load_course(ROOT).assignments for name in assignment.files}
c.FileNameCollectorPlugin.valid_ext = [".ipynb", ".py", ".txt", *sorted(asked_for)]

c.CsvExportPlugin.to = str(workplace.gradebook_csv)
c.RosterExport.workplace = str(workplace.root)
