"""A tiny project of invented diplomacy, copied afresh for each test that needs one."""

import shutil
import signal
from pathlib import Path
from typing import Protocol

import pytest
from click.testing import CliRunner, Result

from communique.cli import main

HERE = Path(__file__).parent

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as in a job in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)


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


_COUNTED = {
    "test_engines.py::test_both_say_the_same": "cases on which both engines say the same",
    "test_hostile.py::test_the_command_ends_as_listed": "hostile inputs that end as listed",
    "test_planted.py::test_a_planted_fault_is_told_once": "kinds of fault found at their place",
}
"""Beginnings of tests of which each is one of many, and what there are many of."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that the README states; a test adds one as the property `figure`."""
    passed, failed = (terminalreporter.stats.get(kind, []) for kind in ("passed", "failed"))
    for beginning, told in _COUNTED.items():
        good, bad = (sum(beginning in each.nodeid for each in found) for found in (passed, failed))
        if good or bad:
            terminalreporter.write_line(f"{good} {told}; {bad} otherwise")
    for name, figure in (each for report in passed for each in report.user_properties):
        if name == "figure":
            terminalreporter.write_line(str(figure))
