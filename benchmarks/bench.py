"""Measure this project beside the ordinary stack, on the same files, shapes and questions.

Run it: make bench, or: python benchmarks/bench.py [--articles 1,10] [--limit SECONDS] ...

Every measurement is a process of its own, whose time and peak memory are taken. What is found is
compared: a stack that finds other rows, or other results of the shapes, is marked as wrong. The
figures, the machine and the versions go to RESULTS.md, and a chart to results.svg.
"""

import argparse
import csv
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Any

from chart import chart

HERE = Path(__file__).parent
STACKS = {"ordinary": "rdflib, pySHACL", "communique": "communique", "oxigraph": "oxigraph"}
TASKS = {
    "command validate": "validate, from a cold start",
    "command ask": "one question, from a cold start",
    "load": "load",
    "validate": "validate",
    "ask": "all questions",
    "all": "the three together",
}
_STAGES = (("load",), ("load", "validate"), ("load", "ask"))
_OVER, _NO_TIME, _LATER = "over ", "no time left", "not tried: fewer articles took too long"
_FEW = 10
"""Up to so many articles all have a fault, so that there is something to be found."""
_QUESTION = "demands"
_VERSIONS = ("rdflib", "pyshacl", "pyoxigraph", "oxigraph", "shacl")
_MIB = 1024 if sys.platform != "darwin" else 1024**2
"""How many units of peak memory are a MiB: kilobytes, or bytes."""


@dataclass
class Measured:
    """What one stack took for one task on one corpus."""

    articles: int
    task: str
    stack: str
    seconds: list[float] = field(default_factory=list)
    memory: float = 0.0
    """Peak of the process in MiB, whatever else it did before."""
    found: Any = None
    """Digests of rows by question, or what does not keep which rule."""
    problem: str = ""
    """Why there is no figure, or why it does not count."""

    @property
    def median(self) -> float | None:
        """The median, if there is a figure that counts."""
        return None if self.problem or not self.seconds else statistics.median(self.seconds)


@dataclass(frozen=True)
class Ran:
    """A process that has ended: its time, its peak memory, and what it printed."""

    seconds: float
    computed: float
    """Seconds of computing, on all cores."""
    memory: float
    lines: tuple[str, ...]
    problem: str


def run(command: Sequence[str | Path], limit: float) -> Ran:
    """Run a command; end it, and what it started, after so many seconds."""
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as told:
        begun = time.perf_counter()
        child = subprocess.Popen(command, stdout=printed, stderr=told, start_new_session=True)
        timer = threading.Timer(limit, _end, [child.pid])
        timer.start()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
        late = not timer.is_alive()
        timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        told.seek(0)
        problem = f"{_OVER}{limit:.0f} s" if late else ""
        if child.returncode not in {0, 1} and not late:
            problem = f"failed: {(told.read().strip().splitlines() or ['?'])[-1][:80]}"
        lines = tuple(printed.read().splitlines())
    computed = usage.ru_utime + usage.ru_stime
    return Ran(seconds, computed, usage.ru_maxrss / _MIB, lines, problem)


def _end(process: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)


class Bench:
    """Measures stack by stack, smallest corpus first, until the time is up."""

    def __init__(self, folder: Path, limit: float, budget: float, runs: int) -> None:
        """Take a folder for the corpora, and seconds: for one process, and for all."""
        self._folder = folder
        self._limit = limit
        self._until = time.monotonic() + budget
        self._runs = runs
        self._given_up: set[tuple[str, str]] = set()
        self.measured: list[Measured] = []

    def size(self, articles: int, stacks: Sequence[str]) -> None:
        """Measure every task on a corpus of so many articles."""
        project, inferred = self._folder / f"{articles}", self._folder / f"{articles}.nt"
        share = "0.01" if articles > _FEW else "1"
        self._prepare("corpus.py", str(articles), project, "--faults", share)
        self._prepare("stacks.py", "communique", project, inferred, "infer")
        for stack in stacks:
            if articles == 1:
                self._commands(project, inferred, stack)
            for stages in _STAGES:
                self._stages(articles, project, inferred, stack, stages)
            self._sum(articles, stack)
        self._compare(articles, project)

    def _prepare(self, script: str, *arguments: str | Path) -> None:
        """Run a script, elsewhere: a process counts the memory of the one that starts it."""
        subprocess.run(
            [sys.executable, HERE / script, *arguments], check=True, stdout=subprocess.DEVNULL
        )

    def _commands(self, project: Path, inferred: Path, stack: str) -> None:
        """Measure what somebody waits for who starts a command."""
        script: list[str | Path] = [sys.executable, HERE / "stacks.py", stack, project, inferred]
        own: list[str | Path] = [sys.executable, "-m", "communique"]
        commands: dict[str, list[str | Path]] = {
            "command validate": [*script, "load", "validate"],
            "command ask": [*script, "load", "ask", "--only", _QUESTION],
        }
        if stack == "communique":
            commands = {
                "command validate": [*own, "validate", "--root", project],
                "command ask": [*own, "query", _QUESTION, "--root", project],
            }
        for task, command in commands.items():
            if stack != "oxigraph" or task != "command validate":
                made = Measured(1, task, stack)
                self.measured.append(made)
                for _ in self._repeats(made):
                    self._note(made, self._run(command))

    def _stages(
        self, articles: int, project: Path, inferred: Path, stack: str, stages: Sequence[str]
    ) -> None:
        """Measure the last of the stages that a process goes through."""
        task = stages[-1]
        if stack == "oxigraph" and task == "validate":
            return
        made = Measured(articles, task, stack)
        self.measured.append(made)
        work: list[str | Path] = [HERE / "stacks.py", stack, project, inferred, *stages]
        for _ in self._repeats(made):
            ran = self._run([sys.executable, *work])
            told = {each["stage"]: each for each in map(json.loads, ran.lines)}
            if task in told:
                made.seconds.append(told[task]["seconds"])
                made.found = told[task]["found"]
                made.memory = max(made.memory, ran.memory)
            else:
                self._note(made, ran)

    def _sum(self, articles: int, stack: str) -> None:
        """Add up the stages, for a stack that has them all."""
        here = [m for m in self.measured if (m.articles, m.stack) == (articles, stack)]
        parts = [m for m in here if m.task in {stages[-1] for stages in _STAGES}]
        if len(parts) == len(_STAGES):
            made = Measured(articles, "all", stack)
            made.seconds = [sum(statistics.median(m.seconds or [0]) for m in parts)]
            made.memory = max(m.memory for m in parts)
            made.problem = next((m.problem for m in parts if m.problem), "")
            self.measured.append(made)

    def _repeats(self, made: Measured) -> Iterator[None]:
        """Count the runs: none without time, one if it takes long."""
        if (made.stack, made.task) in self._given_up:
            made.problem = _LATER
            return
        for _ in range(self._runs):
            if self._left() <= 0:
                made.problem = made.problem or ("" if made.seconds else _NO_TIME)
                return
            yield
            if made.problem or made.seconds[-1] > self._limit / 4:
                break
        if made.problem.startswith(_OVER):
            self._given_up.add((made.stack, made.task))

    def _run(self, command: Sequence[str | Path]) -> Ran:
        limit = self._left()
        ran = run(command, limit)
        if limit < self._limit and ran.problem.startswith(_OVER):
            return replace(ran, problem=_NO_TIME)
        return ran

    def _note(self, made: Measured, ran: Ran) -> None:
        made.seconds.append(ran.seconds)
        made.memory = max(made.memory, ran.memory)
        made.problem = made.problem or ran.problem

    def _left(self) -> float:
        return max(0, min(self._limit, self._until - time.monotonic()))

    def _compare(self, articles: int, project: Path) -> None:
        """Mark what does not find the faults that are planted, and answers that differ."""
        with (project / "faults.csv").open(encoding="utf-8", newline="") as listed:
            planted = sorted([row["thing"], row["rule"]] for row in csv.DictReader(listed))
        here = [each for each in self.measured if each.articles == articles]
        for each in here:
            if each.task == "validate" and each.found not in (None, planted):
                each.problem = "wrong: not the faults that are planted"
        answers = [each for each in here if isinstance(each.found, dict)]
        differing = [
            question
            for question in sorted({name for each in answers for name in each.found})
            if len({each.found.get(question) for each in answers}) > 1
        ]
        for each in answers if differing else ():
            each.problem = f"wrong: other rows of {', '.join(differing)}"


def report(measured: Sequence[Measured]) -> str:
    """Lay out what was measured, with the machine and the versions."""
    lines = [
        "# Results",
        "",
        "Written by `make bench`. All stacks had the same files, shapes and questions. Seconds are",
        "medians of processes of their own, ± half of what lies between fastest and slowest; MiB",
        "is the peak of the process. Rows, and results of the shapes, are the same, or the figure",
        "is marked as wrong. `communique` infers while it loads and checks every layer; the others",
        "are given what is inferred, and judge by the shapes only. A ratio against a run that was",
        "ended is a lower bound.",
        "",
        *machine(),
        "",
        "| articles | task | stack | seconds | ± | MiB | times as fast as rdflib, pySHACL |",
        "|---:|---|---|---:|---:|---:|---:|",
    ]
    ordinary = {(e.articles, e.task): e for e in measured if e.stack == "ordinary"}
    for each in sorted(measured, key=lambda m: (m.articles, [*TASKS].index(m.task))):
        base = ordinary.get((each.articles, each.task))
        cells = [f"{each.articles:,}", TASKS[each.task], STACKS[each.stack], *_figures(each)]
        lines.append(f"| {' | '.join([*cells, _ratio(each, base)])} |")
    return "\n".join([*lines, "", *_growth(measured), "", "![Chart](results.svg)", ""])


def _figures(each: Measured) -> list[str]:
    if each.median is None:
        return [each.problem, "", ""]
    spread = (max(each.seconds) - min(each.seconds)) / 2
    return [f"{each.median:.3f}", f"{spread:.3f}", f"{each.memory:.0f}"]


def _ratio(each: Measured, base: Measured | None) -> str:
    if base is None or each is base or not each.median:
        return ""
    if base.median:
        return f"{base.median / each.median:.1f}"
    late = base.problem.startswith(_OVER) and base.seconds
    return f"over {base.seconds[-1] / each.median:.0f}" if late else ""


def _growth(measured: Sequence[Measured]) -> Iterator[str]:
    """Tell by what factor the time grows with the articles."""
    yield "| communique | from | to | articles | seconds |"
    yield "|---|---:|---:|---:|---:|"
    for task in ("load", "validate", "ask", "all"):
        ours = [m for m in measured if (m.stack, m.task) == ("communique", task) and m.median]
        for one, other in pairwise(ours):
            grown = (other.median or 0) / (one.median or 1)
            articles = other.articles / one.articles
            cells = [TASKS[task], f"{one.articles:,}", f"{other.articles:,}"]
            yield f"| {' | '.join(cells)} | {articles:.0f} times | {grown:.1f} times |"


def machine() -> Iterator[str]:
    """Yield lines that say on what was measured."""
    from communique import resources

    yield f"- machine: {_processor()}, {os.cpu_count()} cores, {_memory()}, {platform.system()}"
    yield f"- communique {resources.version()}, Python {platform.python_version()}"
    yield "- " + ", ".join(f"{name} {_version(name)}" for name in _VERSIONS)


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(": ")[2]
    return platform.processor() or platform.machine()


def _memory() -> str:
    with suppress(OSError, ValueError):
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return f"{pages / 2**30:.0f} GiB"
    return "memory unknown"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def main() -> None:
    """Measure, and write RESULTS.md and results.svg."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--articles", default="1,10,100,1000", help="sizes of the corpora")
    parser.add_argument("--stacks", default=",".join(STACKS), help="which of them")
    parser.add_argument("--limit", type=float, default=120, help="seconds for one process")
    parser.add_argument("--budget", type=float, default=840, help="seconds for all of them")
    parser.add_argument("--runs", type=int, default=3, help="of each process")
    parser.add_argument("-o", "--output", type=Path, default=HERE, help="folder for the results")
    given = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    wanted = [name for name in STACKS if name in given.stacks.split(",")]
    stacks = [name for name in wanted if name != "oxigraph" or shutil.which("oxigraph")]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), given.limit, given.budget, given.runs)
        for articles in sorted(map(int, given.articles.split(","))):
            bench.size(articles, stacks)
    given.output.mkdir(parents=True, exist_ok=True)
    told = report(bench.measured)
    (given.output / "RESULTS.md").write_text(told, encoding="utf-8")
    rows = [
        (f"{each.articles:,}: {TASKS[each.task]}", STACKS[each.stack], each.median)
        for each in bench.measured
    ]
    (given.output / "results.svg").write_text(chart(rows), encoding="utf-8")
    print(told)
    sys.exit(any(each.problem.startswith(("wrong", "failed")) for each in bench.measured))


if __name__ == "__main__":
    main()
