"""Set-up: everything a machine needs, once. Runs on the system's Python 3.11 with nothing installed.

Makes the environment in `.venv` from `requirements.lock`, installs `tunelab` into it, installs bubblewrap (and, for the kit's own tests, a browser) through the system's package
manager, and fetches models and data, also what is held out from learners. What is done already isn't done again.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / "tunelab.stamp"
INPUTS = ("requirements.lock", "pyproject.toml")
PACKAGES = {"bwrap": "bubblewrap", "setpriv": "util-linux"}
BROWSER = {"chromium": "chromium"}


def main() -> None:
    parser = argparse.ArgumentParser(description="Sets up everything that the kit needs on this machine.")
    parser.add_argument("--browser", action="store_true", help="also install Chromium, which the kit's own tests look at pages with")
    arguments = parser.parse_args()
    if sys.version_info[:2] != (3, 11):
        sys.exit(
            f"Tunelab needs Python 3.11; this is {sys.version.split()[0]}. Install python3.11, or name it: make PYTHON=/path/to/python3.11 setup"
        )
    make_environment()
    install_system_packages(PACKAGES | (BROWSER if arguments.browser else {}))
    run([PYTHON, "-m", "autograder", "fetch"], "Models and data could not be fetched; the lines above say why.")


def make_environment() -> None:
    """The environment from the lock, unless it is there for this very lock."""
    wanted = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in INPUTS) + str(ROOT).encode()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted and PYTHON.exists():
        return
    say("Making the environment in .venv (a few minutes, once)")
    if not (ENVIRONMENT / "bin" / "pip").exists():
        make_venv()
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    trouble = "The environment could not be installed. Is the package index reachable (proxy?), and is there room for about 3 GB?"
    run([*pip, "-r", ROOT / "requirements.lock"], trouble)
    run([*pip, "--no-deps", "--no-build-isolation", "-e", ROOT], trouble)
    STAMP.write_text(wanted)


def make_venv() -> None:
    command = [sys.executable, "-m", "venv", ENVIRONMENT]
    if subprocess.run(command, capture_output=True).returncode == 0:
        return
    install_system_packages({"": "python3.11-venv"})
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    run(command, "Python's venv module doesn't work here. On Debian and Ubuntu: apt-get install python3.11-venv")


def install_system_packages(programs: dict[str, str]) -> None:
    """Installs the packages whose programs aren't there, when that is possible without a password; else says which command to run."""
    missing = sorted({package for program, package in programs.items() if not (program and shutil.which(program))})
    if not missing:
        return
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    allowed = shutil.which("apt-get") and (
        not prefix or (shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0)
    )
    command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *missing]
    if not allowed:
        sys.exit(
            f"{', '.join(missing)} is missing and can't be installed from here. Run this once, then start again:\n\n    sudo {' '.join(command)}\n"
        )
    say(f"Installing {', '.join(missing)} through the system's package manager")
    subprocess.run([*prefix, "apt-get", "update", "--quiet"], stdout=subprocess.DEVNULL)
    run([*prefix, *command], f"Installing {', '.join(missing)} failed.", quiet=True)


def run(command: list, trouble: str, quiet: bool = False) -> None:
    if subprocess.run([str(part) for part in command], cwd=ROOT, stdout=subprocess.DEVNULL if quiet else None).returncode:
        sys.exit(trouble)


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
