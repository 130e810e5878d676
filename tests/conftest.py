"""A tiny project of invented diplomacy, copied afresh for each test that needs one."""

import shutil
from pathlib import Path
from typing import Protocol

import pytest
from click.testing import CliRunner, Result

from communique.cli import main

HERE = Path(__file__).parent


class Run(Protocol):
    """Runs the command as a user does."""

    def __call__(self, *args: str | Path, text: str | None = None) -> Result:
        """Return what it printed and its exit code."""


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the repository's own folder."""
    return HERE.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the tiny project, free to be spoilt."""
    return Path(shutil.copytree(HERE / "project", tmp_path / "project"))


@pytest.fixture
def run() -> Run:
    """Return a function that runs the command in this process."""

    def _run(*args: str | Path, text: str | None = None) -> Result:
        return CliRunner().invoke(main, [str(arg) for arg in args], input=text)

    return _run
