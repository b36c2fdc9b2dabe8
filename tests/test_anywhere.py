"""The learner's half runs where there is no POSIX: its modules and the checks in this process work with what only POSIX has taken away."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_cli import RIGHT, shelf, write  # noqa: F401

MODULES = ("crypt", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "spwd", "syslog", "termios", "tty")
"""Modules of the standard library that Windows doesn't have."""

OF_OS = """
    chown chroot confstr ctermid fchdir fchown fdatasync fork forkpty getegid geteuid getgid getgroups getloadavg getpgid getpgrp getpriority getresuid getsid getuid
    getxattr initgroups killpg lchown lockf mkfifo mknod nice openpty pathconf pidfd_open pipe2 posix_fadvise posix_spawn pread preadv pwrite register_at_fork
    sched_getaffinity sched_setaffinity sched_yield sendfile setegid seteuid setgid setgroups setpgid setpriority setsid setuid setxattr statvfs sync sysconf
    tcgetpgrp tcsetpgrp ttyname uname unshare wait wait3 wait4 waitid WEXITSTATUS WNOHANG O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_NOCTTY O_SYNC
"""
OF_SIGNAL = """
    alarm setitimer getitimer pause sigwait sigwaitinfo sigtimedwait pthread_kill pthread_sigmask siginterrupt SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE
    SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 SIGWINCH SIGXCPU SIGXFSZ ITIMER_REAL
"""
"""What `os` and `signal` don't hold on Windows."""

SOURCES = sorted((ROOT / "tunelab").glob("*.py"))

TAKE_AWAY = """
import importlib, os, signal, sys
import IPython, filelock, nbformat, numpy, pandas, platformdirs, pytest, rich.console, torch, transformers, watchfiles  # theirs to know where they run
for name in {modules!r}:
    sys.modules[name] = None
for place, names in ((os, [name for name in {of_os!r}.split() if not name.startswith('O_')]), (signal, {of_signal!r}.split())):
    for name in names:
        if hasattr(place, name):
            delattr(place, name)
"""

ALL_MODULES = """
from pathlib import Path
names = sorted(path.stem for path in Path({lab!r}).glob("*.py") if path.stem not in ("__init__", "__main__"))
for name in names:
    importlib.import_module(f"tunelab.{{name}}")
print(len(names), "modules")
"""

CHECKS = """
from tunelab.cli import main
from tunelab.checks import check_namespace
for words in (["check", "double"], ["status"], ["hint", "double"], ["submit", "--learner", "ada"], ["fetch"]):
    try:
        main(words)
    except SystemExit as ended:
        assert not ended.code, (words, ended.code)
assert check_namespace("double", {{"double": lambda x: x + x}}).passed
print("all done")
"""


def without_posix(code: str, folder: Path) -> str:
    program = (TAKE_AWAY + code).format(modules=MODULES, of_os=OF_OS, of_signal=OF_SIGNAL, lab=str(ROOT / "tunelab"))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_module_is_imported_without_posix(tmp_path: Path) -> None:
    assert f"{len(SOURCES) - 2} modules" in without_posix(ALL_MODULES, tmp_path)


def test_the_commands_and_the_checks_in_this_process_run_without_posix(shelf: Path) -> None:  # noqa: F811
    write(shelf, double=RIGHT)
    said = without_posix(CHECKS, shelf)
    assert "double: all 1 checks pass." in said
    assert said.endswith("all done\n")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_no_source_names_what_only_posix_has(source: Path) -> None:
    """Imports anywhere in it, also within functions, and what is taken of `os` and `signal`."""
    found = []
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name in MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            found.append(node.module)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found += [f"os.{node.attr}"] if node.value.id == "os" and node.attr in OF_OS.split() else []
            found += [f"signal.{node.attr}"] if node.value.id == "signal" and node.attr in OF_SIGNAL.split() else []
    assert found == []
